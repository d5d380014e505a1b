/* What of workers is saved: what each has done and where it is, unless that follows from the updates that are
 * done (tw__workers_regroup).
 * SPDX-License-Identifier: MIT */
#include "exchange/wire.h"
#include <stdio.h>

/* ---- names --------------------------------------------------------------------------------------------- */

enum { LONGEST_NAME = 512 };

static const char *numbered_name(const tw__numbered *n, const char *name, char to[LONGEST_NAME])
{
    snprintf(to, LONGEST_NAME, "%s.%zu.%s", n->word, n->number, name);
    return to;
}

static tw_status numbered_field(tw_visitor *v, const char *name, tw_type type, int rank, const int64_t *shape,
                                void *data, tw_error *err)
{
    const tw__numbered *n = v->user;
    char full[LONGEST_NAME];
    return n->inner->field(n->inner, numbered_name(n, name, full), type, rank, shape, data, err);
}

static tw_status numbered_list(tw_visitor *v, const char *name, tw_type type, size_t *count, void **data,
                               tw_context *ctx, tw_error *err)
{
    const tw__numbered *n = v->user;
    char full[LONGEST_NAME];
    return n->inner->list(n->inner, numbered_name(n, name, full), type, count, data, ctx, err);
}

tw_visitor *tw__numbered_visitor(tw__numbered *to, tw_visitor *inner, const char *word, size_t number)
{
    *to =
        (tw__numbered){.visitor = {.loading = inner->loading, .field = numbered_field, .list = numbered_list},
                       .inner = inner,
                       .word = word,
                       .number = number};
    to->visitor.user = to;
    return &to->visitor;
}

enum { COUNTS = 5, SECONDS = 5 };

static void copy_counts(tw__workers *x, uint64_t *counts, double *seconds, int loading)
{
    for (size_t i = 0; i < x->n; i++, counts += COUNTS, seconds += SECONDS) {
        tw__worker *me = &x->worker[i];
        if (loading) {
            me->clock = counts[0];
            me->update = counts[1];
            me->info = (tw_worker_info){.updates = counts[2],
                                        .computing = seconds[0],
                                        .waiting = seconds[1],
                                        .exchanging = seconds[2],
                                        .failures = counts[3],
                                        .down = seconds[3],
                                        .bytes = counts[4]};
            me->began = seconds[4];
        } else {
            counts[0] = me->clock;
            counts[1] = me->update;
            counts[2] = me->info.updates;
            seconds[0] = me->info.computing;
            seconds[1] = me->info.waiting;
            seconds[2] = me->info.exchanging;
            counts[3] = me->info.failures;
            counts[4] = me->info.bytes;
            seconds[3] = me->info.down;
            seconds[4] = me->began;
        }
    }
}

int tw__workers_regroup(const tw__workers *x)
{
    return x->protocol->regroup && !x->wire && !x->transport->is_virtual &&
           (x->choice.is_exact || x->transport->is_apart);
}

int tw__workers_in_parts(const tw__workers *x)
{
    return x->transport->save_parts && x->n > 1 && tw__transport_value(x, "parts") != 0;
}

/* Updates that each has handed over and computed, and where it is: where workers regroup a list, and others
 * than as many begin to count anew. */
static tw_status visit_counts(tw__workers *x, tw_visitor *v, tw_error *err)
{
    const int64_t of_counts[] = {(int64_t)x->n, COUNTS}, of_seconds[] = {(int64_t)x->n, SECONDS};
    size_t n_counts = x->n * COUNTS, n_seconds = x->n * SECONDS;
    void *counts = NULL, *seconds = NULL;
    tw_status s = tw__alloc(x->ctx, &counts, n_counts, sizeof(uint64_t), err);
    if (s == TW_OK) s = tw__alloc(x->ctx, &seconds, n_seconds, sizeof(double), err);
    if (s == TW_OK) copy_counts(x, counts, seconds, 0);
    if (tw__workers_regroup(x)) {
        if (s == TW_OK) s = v->list(v, "exchange.workers", TW_I64, &n_counts, &counts, x->ctx, err);
        if (s == TW_OK) s = v->list(v, "exchange.worker_seconds", TW_F64, &n_seconds, &seconds, x->ctx, err);
    } else {
        if (s == TW_OK) s = v->field(v, "exchange.workers", TW_I64, 2, of_counts, counts, err);
        if (s == TW_OK) s = v->field(v, "exchange.worker_seconds", TW_F64, 2, of_seconds, seconds, err);
    }
    if (s == TW_OK && v->loading == TW_LOAD && n_counts == x->n * COUNTS && n_seconds == x->n * SECONDS)
        copy_counts(x, counts, seconds, 1);
    tw__free(x->ctx, seconds, n_seconds, sizeof(double));
    tw__free(x->ctx, counts, n_counts, sizeof(uint64_t));
    return s;
}

static tw_status visit_weights(tw__workers *x, tw_visitor *v, tw_error *err)
{
    const int64_t size = (int64_t)x->set.size;
    for (size_t i = 0; i < x->n; i++) {
        tw__numbered numbered;
        tw_visitor *const mine = tw__numbered_visitor(&numbered, v, "worker", i);
        if (x->worker[i].w) TW_TRY(mine->field(mine, "weights", x->set.type, 1, &size, x->worker[i].w, err));
    }
    return TW_OK;
}

tw_status tw__workers_visit(tw__workers *x, tw_visitor *v, tw_error *err)
{
    uint64_t counts[] = {atomic_load(&x->given),
                         atomic_load(&x->done),
                         atomic_load(&x->messages),
                         atomic_load(&x->bytes),
                         x->most_stale,
                         x->staleness_n,
                         x->ignored,
                         x->stores,
                         x->lost};
    if (v->loading == TW_SHOW && x->transport->collect) TW_TRY(x->transport->collect(x, 1, err));
    int64_t n = sizeof counts / sizeof counts[0], bins = TW_STALENESS_BINS;
    TW_TRY(v->field(v, "exchange.counts", TW_I64, 1, &n, counts, err));
    TW_TRY(v->field(v, "exchange.staleness", TW_I64, 1, &bins, x->staleness, err));
    TW_TRY(v->field(v, "exchange.staleness_sum", TW_F64, 0, NULL, &x->staleness_sum, err));
    if (v->loading == TW_LOAD) {
        if (counts[0] > x->set.total || counts[1] > x->set.total)
            return tw__fail(err, TW_ERR_DATA, "the stored exchange has more updates than the run, %llu",
                            (unsigned long long)x->set.total);
        atomic_store(&x->given, counts[0]);
        atomic_store(&x->done, counts[1]);
        atomic_store(&x->messages, counts[2]);
        atomic_store(&x->bytes, counts[3]);
        x->most_stale = counts[4];
        x->staleness_n = counts[5];
        x->ignored = counts[6];
        x->stores = counts[7];
        x->lost = counts[8];
    }
    TW_TRY(visit_counts(x, v, err));
    if (!tw__workers_regroup(x)) TW_TRY(visit_weights(x, v, err));
    TW_TRY(tw__wire_visit(x, v, err));
    if (x->counts_arrivals) TW_TRY(tw__arrived_visit(x, v, err));
    TW_TRY(x->protocol->visit(x, v, err));
    TW_TRY(x->transport->visit(x, v, err));
    return v->loading == TW_LOAD && tw__workers_regroup(x) ? x->protocol->regroup(x, counts[1], err) : TW_OK;
}
