/* Optimisers in ranges and slices; see shares.h.
 * SPDX-License-Identifier: MIT */
#include "exchange/shares.h"
#include "optimizer/optimizer.h"
#include <string.h>

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

int tw__shares_noise(const tw_optimizer *opt)
{
    for (int i = 0; i < opt->chain.n; i++)
        if (opt->links[i].r->traits(opt->links[i].choice->values) & TW_DRAWS_NOISE) return 1;
    return 0;
}

/* ---- slices -------------------------------------------------------------------------------------------- */

void tw__slices_copy(void *slice, void *whole, const tw_slice *slices, size_t n, size_t bytes, int to_whole)
{
    char *part = slice;
    for (size_t i = 0; i < n; i++) {
        const size_t width = slices[i].width * bytes;
        for (size_t row = 0; row < slices[i].rows; row++, part += width) {
            char *const at = (char *)whole + (slices[i].first + row * slices[i].step) * bytes;
            memcpy(to_whole ? at : part, to_whole ? part : at, width);
        }
    }
}

/* All of the state but what there is of it for each weight, one after the other; at NULL: it is counted. */
struct rest {
    tw_visitor visitor;
    unsigned char *at;
    size_t n;
};

static tw_status rest_field(tw_visitor *v, const char *name, tw_type type, int rank, const int64_t *shape,
                            void *data, tw_error *err)
{
    struct rest *const rest = v->user;
    size_t bytes = tw_type_size(type);
    for (int i = 0; i < rank; i++) bytes *= (size_t)shape[i];
    (void)err;
    if (strncmp(name, "slot.", 5) == 0) return TW_OK;
    if (rest->at) {
        unsigned char *const at = rest->at + rest->n;
        memcpy(v->loading == TW_LOAD ? data : at, v->loading == TW_LOAD ? at : data, bytes);
    }
    rest->n += bytes;
    return TW_OK;
}

/* The only one is what the optimiser is, and both are the same. */
static tw_status rest_list(tw_visitor *v, const char *name, tw_type type, size_t *n, void **data,
                           tw_context *ctx, tw_error *err)
{
    (void)v, (void)name, (void)type, (void)n, (void)data, (void)ctx, (void)err;
    return TW_OK;
}

static tw_status visit_rest(tw_optimizer *opt, int loading, unsigned char *at, size_t *n, tw_error *err)
{
    struct rest rest = {.visitor = {.loading = loading, .field = rest_field, .list = rest_list}, .at = at};
    rest.visitor.user = &rest;
    TW_TRY(tw_optimizer_visit(opt, &rest.visitor, err));
    *n = rest.n;
    return TW_OK;
}

static tw_status copy_rest(tw_optimizer *from, tw_optimizer *to, tw_error *err)
{
    unsigned char *bytes;
    size_t n;
    TW_TRY(visit_rest(from, TW_SHOW, NULL, &n, err));
    TW_TRY(tw__alloc(from->ctx, &bytes, n, 1, err));
    tw_status s = visit_rest(from, TW_SHOW, bytes, &n, err);
    if (s == TW_OK) s = visit_rest(to, TW_LOAD, bytes, &n, err);
    tw__free(from->ctx, bytes, n, 1);
    return s;
}

tw_status tw__shares_copy(tw_optimizer *slice, tw_optimizer *whole, const tw_slice *slices, size_t n,
                          int to_whole, tw_error *err)
{
    for (int i = 0; i < slice->chain.n; i++)
        for (int k = 0; k < TW_SLOTS_MAX; k++)
            if (slice->links[i].slots[k])
                tw__slices_copy(slice->links[i].slots[k], whole->links[i].slots[k], slices, n, slice->real,
                                to_whole);
    return to_whole ? copy_rest(slice, whole, err) : copy_rest(whole, slice, err);
}
