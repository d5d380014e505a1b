/* Optimisers for ranges of a run's weights, with the parts of its tensors that are there, and for a slice.
 * SPDX-License-Identifier: MIT */
#include "train/run_workers.h"

static int keeps_shape(const tw_tensor *t, size_t offset, size_t n, size_t lo, size_t hi)
{
    return (offset >= lo && offset + n <= hi) || t->rank < 2;
}

/* The part of a tensor that is in the range; of a matrix in one row, as it stays a matrix. */
static void cut(const tw_run *r, size_t i, size_t lo, size_t hi, tw_tensor *to, int64_t shape[2])
{
    const tw_tensor *t = &r->train.tensors[i];
    const size_t n = tw__tensor_size(r->train.tensors, r->train.n_tensors, i, r->size), end = t->offset + n,
                 from = t->offset > lo ? t->offset : lo, until = end < hi ? end : hi;
    *to = *t;
    to->offset = from - lo;
    if (until - from == n) return;
    shape[0] = keeps_shape(t, t->offset, n, lo, hi) ? (int64_t)(until - from) : 1;
    shape[1] = (int64_t)(until - from);
    to->shape = shape;
    to->rank = shape[0] == 1 && t->rank > 1 ? 2 : 1;
}

static tw_status make_range(tw_run *r, const tw__optimizer_setting *s, tw_tensor *tensors,
                            int64_t (*shapes)[2], tw_optimizer **out, tw_error *err)
{
    tw_optimizer_options o = *r->workers->options;
    size_t n = 0;
    for (size_t i = 0; i < r->train.n_tensors; i++) {
        const size_t first = r->train.tensors[i].offset,
                     end = first + tw__tensor_size(r->train.tensors, r->train.n_tensors, i, r->size);
        if (first >= s->hi || end <= s->lo) continue;
        cut(r, i, s->lo, s->hi, &tensors[n], shapes[n]);
        n++;
    }
    o.tensors = tensors;
    o.n_tensors = n;
    o.seed += s->stream;
    if (s->steps) o.total_steps = s->steps;
    if (s->rule) {
        o.rule = s->rule;
        o.custom = NULL;
        o.schedule = o.groups = NULL;
        o.sparse = TW_SPARSE_EXACT;
    }
    return tw_optimizer_create(out, r->stepping, &o, err);
}

static tw_status make_slice(const tw_run *r, tw_optimizer **out, tw_error *err)
{
    tw_optimizer_options o = *r->workers->options;
    o.tensors = r->workers->station[0].objective.tensors;
    o.n_tensors = r->workers->station[0].objective.n_tensors;
    return tw_optimizer_create(out, r->stepping, &o, err);
}

tw_status tw__run_make_optimizer(void *run, const tw__optimizer_setting *setting, tw_optimizer **out,
                                 tw_error *err)
{
    tw_run *r = run;
    if (setting->of_slice) return make_slice(r, out, err);
    const size_t n = r->train.n_tensors;
    tw_tensor *tensors = NULL;
    int64_t(*shapes)[2] = NULL;
    tw_status s = tw__alloc(r->ctx, &tensors, n, sizeof *tensors, err);
    if (s == TW_OK) s = tw__alloc(r->ctx, &shapes, n, sizeof *shapes, err);
    if (s == TW_OK) s = make_range(r, setting, tensors, shapes, out, err);
    tw__free(r->ctx, shapes, n, sizeof *shapes);
    tw__free(r->ctx, tensors, n, sizeof *tensors);
    if (s != TW_OK || setting->hi - setting->lo == r->size || tw_optimizer_passes(*out) == 0) return s;
    tw__fail(err, TW_ERR_SPEC, "%s measures whole tensors, of which servers have parts: use one server",
             tw_optimizer_spec(*out));
    tw_optimizer_free(*out);
    *out = NULL;
    return TW_ERR_SPEC;
}
