/* What has been made, from inside.
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_FIGURES_FIGURES_H
#define TW_RACE_FIGURES_FIGURES_H
#include "race/figures/figure.h"

struct tw_figures {
    tw_context *ctx;
    char *directory, *json;
    tw_claim *claims;
    size_t n, capacity;
    void *lock; /* of tw__directory_lock */
};

tw_status tw__figures_write(const tw_figures *figures, const char *file, const char *text, tw_error *err);
/* claims.c: claims.json, with the claims so far. */
tw_status tw__figures_write_json(tw_figures *figures, tw_error *err);
#endif
