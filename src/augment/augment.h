/* Images changed at random, as training sees them. One file per kind, one line in list.h.
 *
 * Kinds move where pixels are taken from, or paint over them in the end. All moves are one map, so that an
 * image is interpolated once, bilinearly; beyond its edges everything is 0. Only exact operations and those
 * of math/elementary.h are used: the same bits everywhere.
 * SPDX-License-Identifier: MIT */
#ifndef TW_AUGMENT_AUGMENT_H
#define TW_AUGMENT_AUGMENT_H
#include <thalweg/augment.h>
#include "base/context.h"

/* One image while it is changed. */
typedef struct tw__picture {
    size_t height, width, channels;
    uint64_t key;     /* of its draws */
    unsigned place;   /* of the present kind in the list */
    double map[2][3]; /* x and y of the source from x, y and 1 here, both from the middle on */
    double *moved;    /* of each pixel, how much further in x and y its source lies; height * width * 2 */
    double *scratch;  /* as many */
    int is_moved;     /* moved holds numbers */
    const uint8_t *from;
    uint8_t *to;
} tw__picture;

typedef struct tw__augmentation_type {
    tw_augmentation about;
    void (*move)(tw__picture *p, const double *h);  /* NULL: nothing */
    void (*paint)(tw__picture *p, const double *h); /* p->to, which holds the moved image; NULL: nothing */
} tw__augmentation_type;

/* Draw i of the present kind for this image: uniform in [0, 1), and in [-most, most). */
double tw__picture_draw(const tw__picture *p, uint64_t i);
double tw__picture_draw_around(const tw__picture *p, uint64_t i, double most);
/* Lets the present map follow this one. */
void tw__picture_turn(tw__picture *p, double xx, double xy, double yx, double yy);
void tw__picture_shift(tw__picture *p, double x, double y);

/* A list of kinds as they are applied. */
enum { TW__AUGMENT_MOST = 8 };
typedef struct tw__augment {
    int n;
    tw_augmentation_choice each[TW__AUGMENT_MOST];
} tw__augment;

/* Reads "shift rotate:degrees=10". */
tw_status tw__augment_read(tw__augment *out, const char *list, tw_error *err);
/* Changes the image of `row` as in this epoch: `from` and `to` have height * width * channels bytes, scratch
 * tw__augment_scratch numbers. */
size_t tw__augment_scratch(const tw__picture *size);
void tw__augment_apply(const tw__augment *a, const tw__picture *size, uint64_t seed, uint64_t epoch,
                       uint64_t row, const uint8_t *from, uint8_t *to, double *scratch);
#endif
