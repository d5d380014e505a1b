/* Rows that have any number of labels each, as "1,3" of LIBSVM's files: each label that occurs becomes a
 * target, 1 in the rows that have it and 0 in the others.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_LABEL_SETS_H
#define TW_DATA_LABEL_SETS_H
#include "data/row_list.h"

/* One of the rows' labels is a set. */
int tw__has_label_sets(const tw__row_list *table);
/* From sets, of which one label alone and none (TW__NO_LABEL) are some, to targets. The schema has their
 * names (tw__schema.labels) in rising order, which are put there or, where it `is_given`, looked up; then no
 * other label may occur. path: for messages. */
tw_status tw__label_sets_spread(tw__row_list *table, tw__schema *schema, int is_given, const char *path,
                                tw_error *err);
#endif
