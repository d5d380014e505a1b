/* What the labels of a table are: classes or numbers, by their spellings.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_LABELS_H
#define TW_DATA_LABELS_H
#include "data/row_list.h"

/* One spelling of a label. */
typedef struct tw__spelling {
    const char *text;
    double number; /* NaN: it is none */
    uint32_t word;
    int32_t class;
} tw__spelling;

typedef struct tw__labels {
    tw_context *ctx;
    tw__spelling *each; /* n of them; by value or, where one is no number, by their bytes */
    size_t n;
    int are_numbers, are_whole;
    size_t different; /* values */
} tw__labels;

/* The model learns one label of each row, and not as many as there are. given: the schema of its training
 * rows, or NULL. */
int tw__learns_one(const tw_data_options *o, const tw__schema *given);
#define TW__LEARNS_ONE                         \
    "the model learns one label of each row; " \
    "networks that end in mse, l1_loss, huber_loss, bce_loss or cross_entropy_loss take several"
/* Sorts words, whose memory stays theirs, and numbers the classes that they stand for; of one class the first
 * word comes first. Freed also after an error. */
tw_status tw__labels_sort(tw__labels *l, tw_context *ctx, const tw__words *words, tw_error *err);
/* Sorts the spellings; whether they are classes, of training rows or of those with a schema; these are named
 * in the schema, or found there. TW_ERR_DATA: they are none, or others. name: of the file. Freed also after
 * an error. */
tw_status tw__labels_decide(tw__labels *l, const tw__row_list *t, const tw_data_options *o,
                            tw__schema *schema, int is_given, const char *name, int *are_classes,
                            tw_error *err);
void tw__labels_free(tw__labels *l);
#endif
