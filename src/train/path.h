/* A path of penalties: the texts of a linear model with falling penalties.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_PATH_H
#define TW_TRAIN_PATH_H
#include <thalweg/model.h>

/* TW_ERR_SPEC: no model of this text has penalties. */
tw_status tw__path_check(const char *text, tw_error *err);
/* The text with its penalties times a scale: l1 and l2 in the text's proportion, or, without an l1, the scale
 * as l2. */
tw_status tw__path_text(const char *text, double scale, char to[TW_SPEC_MAX], tw_error *err);
/* The penalties of such a text. */
tw_status tw__path_penalties(const char *text, double *l1, double *l2, tw_error *err);
/* Sets n falling scales, evenly on a logarithm, the last `ratio` times the first: with l1 that at which all
 * weights become 0, otherwise the largest derivative of the loss by a weight, at weights of 0 with the best
 * intercept. */
tw_status tw__path_scales(tw_context *ctx, const char *text, const tw_data *rows, double ratio, uint64_t n,
                          double *scales, tw_error *err);
#endif
