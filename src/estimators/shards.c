/* Shards; see shards.h.
 * SPDX-License-Identifier: MIT */
#include "estimators/shards.h"
#include "models/leaves.h"
#include <string.h>

/* The first place of part k of a batch of so many rows. */
static uint64_t place(const tw__shards *s, uint64_t rows, size_t k)
{
    const tw__leaves l = tw__leaves_of(rows), whole = tw__leaves_of(s->batch);
    const size_t leaf = tw__part_begin(l.n, whole.n, k, s->n);
    return rows && leaf < l.n ? tw__leaf_first(&l, leaf) : rows;
}

static uint64_t places(const tw__shards *s, uint64_t rows, size_t k)
{
    return place(s, rows, k + 1) - place(s, rows, k);
}

/* The first row of shard k. */
static uint64_t row(const tw__shards *s, size_t k)
{
    return s->rows / s->batch * place(s, s->batch, k) + place(s, s->rows % s->batch, k);
}

static tw_status refuse(const tw__shards *s, size_t k, tw_error *err)
{
    return tw__fail(err, TW_ERR_SPEC,
                    "shards = %zu: batches of %llu rows are shared out by leaves of %d, and shard %zu would "
                    "have none (fewer shards, or a batch above %zu)",
                    s->n, (unsigned long long)s->batch, TW_LEAF, k + 1, (s->n - 1) * TW_LEAF);
}

tw_status tw__shards_create(tw__shards *s, tw_context *ctx, uint64_t seed, uint64_t rows, uint64_t batch,
                            uint64_t window, size_t n, tw_error *err)
{
    *s = (tw__shards){.ctx = ctx, .seed = seed, .rows = rows, .batch = batch, .window = window, .n = n};
    tw_status status = tw__alloc(ctx, &s->shard, n, sizeof *s->shard, err);
    if (status == TW_OK && n > 1) status = tw__alloc(ctx, &s->drawn, batch, sizeof *s->drawn, err);
    for (size_t k = 0; status == TW_OK && k < n; k++)
        status = places(s, batch, k) == 0 ? refuse(s, k, err)
                                          : tw__windows_create(&s->shard[k], ctx, seed, row(s, k),
                                                               row(s, k + 1) - row(s, k), window, batch, err);
    if (status != TW_OK) tw__shards_free(s);
    return status;
}

tw_status tw__shards_even(tw__shards *s, tw_error *err)
{
    const uint64_t each = s->rows / s->n, longer = s->rows % s->n;
    s->is_even = 1;
    for (uint64_t k = 0, first = 0, n; k < s->n; k++, first += n) {
        n = each + (k < longer);
        tw__windows_free(&s->shard[k]);
        TW_TRY(tw__windows_create(&s->shard[k], s->ctx, s->seed, first, n, s->window, s->batch, err));
    }
    return TW_OK;
}

void tw__shards_free(tw__shards *s)
{
    for (size_t k = 0; s->shard && k < s->n; k++) tw__windows_free(&s->shard[k]);
    tw__free(s->ctx, s->drawn, s->batch, sizeof *s->drawn);
    tw__free(s->ctx, s->shard, s->n, sizeof *s->shard);
    *s = (tw__shards){.ctx = s->ctx};
}

/* Of an update that is one worker's: the next of its shard. */
static const uint64_t *draw_of_one(tw__shards *s, uint64_t update, size_t *n)
{
    tw__windows *const mine = &s->shard[update % s->n];
    const uint64_t steps = (mine->rows + s->batch - 1) / s->batch, turn = update / s->n,
                   first = turn % steps * s->batch;
    *n = mine->rows - first < s->batch ? mine->rows - first : s->batch;
    return tw__windows_draw(mine, turn / steps, first, *n);
}

const uint64_t *tw__shards_draw(tw__shards *s, uint64_t epoch, uint64_t step, uint64_t steps, size_t *n)
{
    const uint64_t first = step * s->batch, left = s->rows - first;
    if (s->is_even) return draw_of_one(s, epoch * steps + step, n);
    *n = left < s->batch ? left : s->batch;
    if (s->n == 1) return tw__windows_draw(&s->shard[0], epoch, first, *n);
    for (size_t k = 0; k < s->n; k++) {
        const uint64_t at = place(s, *n, k), mine = places(s, *n, k);
        if (mine == 0) continue;
        memcpy(s->drawn + at, tw__windows_draw(&s->shard[k], epoch, step * places(s, s->batch, k), mine),
               mine * sizeof *s->drawn);
    }
    return s->drawn;
}
