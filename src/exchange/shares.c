/* Optimisers in ranges; see shares.h.
 * SPDX-License-Identifier: MIT */
#include "exchange/shares.h"
#include "optimizer/optimizer.h"

const char *tw__shares_whole(const tw_optimizer *opt)
{
    for (int i = 0; i < opt->chain.n; i++)
        if (opt->links[i].r->kind == TW_WHOLE) return opt->links[i].r->name;
    return NULL;
}

size_t tw__shares_sums(const tw_optimizer *opt, double **sums)
{
    *sums = opt->piece;
    return opt->n_passes > 0 ? opt->first_piece[opt->n_chunks] * opt->most_sums : 0;
}

tw_status tw__shares_visit(tw_optimizer *opt, size_t lo, size_t hi, tw_visitor *v, tw_error *err)
{
    const int64_t n = (int64_t)(hi - lo);
    for (int i = 0; i < opt->chain.n; i++)
        for (int k = 0; k < TW_SLOTS_MAX; k++) {
            char *const slot = opt->links[i].slots[k];
            if (slot && opt->links[i].slot_n[k] == opt->n)
                TW_TRY(v->field(v, "slot", opt->type, 1, &n, slot + lo * opt->real, err));
        }
    return TW_OK;
}
