/* libthalweg-train. What changes training images at random, by name: for programs that list them or check a
 * spec. To use some, name them in tw_job_options.augment. Numbers are drawn by seed, epoch and row, so that
 * every number of threads and a resumed run see the same images.
 *
 * Nothing here allocates or keeps anything, so any thread may call it at any time. Descriptors live as long
 * as the program.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_AUGMENT_H
#define THALWEG_AUGMENT_H
#include <thalweg/registry.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tw_augmentation {
    size_t size;                           /* sizeof(tw_augmentation) */
    const char *name, *help, *paper, *use; /* use: when to use it, one sentence */
    const char *equation;                  /* lines separated by newlines */
    int n_options;
    const tw_option *options;
} tw_augmentation;

/* entry i of the list; NULL past its end */
TW_API const tw_augmentation *tw_augmentation_at(size_t i);
TW_API const tw_augmentation *tw_augmentation_find(const char *name); /* NULL if there is none */

/* What a spec says. */
typedef struct tw_augmentation_choice {
    const tw_augmentation *augmentation;
    double values[TW_OPTIONS_MAX]; /* of each option, in the order of the table */
    char spec[TW_SPEC_MAX];        /* canonical: shortest numbers, defaults left out */
} tw_augmentation_choice;

/* Reads "rotate:degrees=10". TW_ERR_SPEC, with the nearest name as a suggestion: unknown, malformed, out of
 * bounds or given twice. */
TW_API tw_status tw_augmentation_read(tw_augmentation_choice *out, const char *spec, tw_error *err);

#ifdef __cplusplus
}
#endif
#endif
