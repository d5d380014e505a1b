/* diloco without waiting: a round is one worker's. When its way arrives, the outer rule steps with that, at a
 * centre that others may have stepped since the worker began, and the worker begins again there.
 *
 *     worker 0   | round |s| round |s| round |s      s: an outer step
 *     worker 1   | round          |s| round
 *
 * With `grace`, workers that arrive within so many seconds of the first begin together.
 *
 * Updates k, k + n, k + 2n, ... are a shard, and a round takes the next ones of the shard that has most left:
 * so an epoch has every row once, however fast anybody is.
 * SPDX-License-Identifier: MIT */
#include "exchange/diloco.h"
#include <math.h>
#include <string.h>

enum { ARRIVED, BEGIN, GRACE_IS_OVER };
/* A worker waits: its way is still to come, or has come. */
enum { IS_COMING = 1, HAS_COME };

static tw__diloco_async *async_of(const tw__rounds *r) { return &((tw__diloco *)r->more)->async; }

/* ---- rounds -------------------------------------------------------------------------------------------- */

/* Dynamic local updates: a worker that is slower than the fastest makes fewer steps in a round. */
static uint64_t steps_of(const tw__workers *x, const tw__rounds *r, size_t worker)
{
    const tw__diloco_async *a = async_of(r);
    const double rounding = 1e-9;
    double fastest = a->seconds[worker];
    for (size_t i = 0; a->is_paced && i < x->n; i++)
        if (a->seconds[i] > 0 && a->seconds[i] < fastest) fastest = a->seconds[i];
    if (!a->is_paced || fastest <= 0) return r->every;
    const double steps = floor((double)r->every * fastest / a->seconds[worker] + rounding);
    return steps >= 1 ? (uint64_t)steps : 1; /* also if that is no number */
}

/* The worker's next round, from the centre; 0: no updates are left. */
static int assign(tw__workers *x, tw__rounds *r, size_t worker)
{
    tw__diloco_async *a = async_of(r);
    const size_t size = x->set.size * x->k->real;
    size_t shard = 0;
    for (size_t i = 1; i < x->n; i++)
        if (a->next[i] < a->next[shard]) shard = i;
    const uint64_t wanted = steps_of(x, r, worker), end = tw__updates_of(x, shard, x->set.total);
    if (a->next[shard] >= end) return 0;
    const uint64_t left = end - a->next[shard], steps = wanted < left ? wanted : left;
    a->round[worker] =
        (tw__diloco_round){.shard = shard, .first = a->next[shard], .steps = steps, .version = a->version};
    a->next[shard] += steps;
    memcpy(x->worker[worker].w, r->centre, size);
    memcpy(a->begin[worker], r->centre, size);
    return 1;
}

tw_status tw__diloco_async_next(tw__workers *x, tw__worker *me, enum tw__act *act, tw_error *err)
{
    const tw__rounds *r = x->state;
    const tw__diloco_round *mine = &async_of(r)->round[me->index];
    const uint64_t update = (mine->first + mine->made) * x->n + mine->shard;
    (void)err;
    *act = r->waiting[me->index] ? TW__WAIT : TW__REST;
    if (*act == TW__WAIT || mine->made == mine->steps || update >= atomic_load(&x->limit)) return TW_OK;
    me->update = update;
    *act = TW__COMPUTE;
    return TW_OK;
}

tw_status tw__diloco_async_computed(tw__workers *x, tw__worker *me, tw_error *err)
{
    tw__rounds *r = x->state;
    tw__diloco_round *mine = &async_of(r)->round[me->index];
    TW_TRY(tw__replicas_step(x, &r->replicas, me, err));
    if (++mine->made < mine->steps) return TW_OK;
    if (x->wire) TW_TRY(tw__replicas_push_way(x, me, async_of(r)->begin[me->index], err));
    const tw__message m = {.kind = ARRIVED,
                           .carries = x->wire ? TW__GRADIENT : TW__WEIGHTS,
                           .from = me->index,
                           .to = x->n,
                           .hi = x->set.size};
    r->waiting[me->index] = IS_COMING;
    return tw__send(x, &m, err);
}

/* ---- the server ---------------------------------------------------------------------------------------- */

static double weight_of(const tw__workers *x, const tw__diloco_async *a, uint64_t staleness)
{
    const double n = (double)x->n;
    switch (a->weight) {
    case TW__WEIGHT_MEAN: return 1 / n;
    case TW__WEIGHT_FULL: return 1;
    case TW__WEIGHT_STALE: return 1 / sqrt(n) / sqrt(1 + (double)staleness);
    default: return 1 / sqrt(n);
    }
}

/* Adds the way to those that have arrived since the last outer step, in the batch tree over the order in
 * which they come: level k has 2^k of them. When there are enough, the way is their sum. */
static int gather(tw__workers *x, tw__rounds *r)
{
    tw__diloco_async *a = async_of(r);
    void *const way = r->replicas.way;
    size_t k = 0;
    for (; a->gathered >> k & 1; k++) x->k->add(x->set.size, way, a->level[k]);
    memcpy(a->level[k], way, x->set.size * x->k->real);
    if (++a->gathered < a->buffer) return 0;
    size_t last = 0;
    while (!(a->gathered >> last & 1)) last++;
    if (k != last) memcpy(way, a->level[last], x->set.size * x->k->real);
    for (k = last + 1; a->gathered >> k; k++)
        if (a->gathered >> k & 1) x->k->add(x->set.size, way, a->level[k]);
    a->gathered = 0;
    return 1;
}

/* Delayed Nesterov: until the next outer step, which is made from the centre of the last one, workers begin
 * where the ways that have come lead by themselves. */
static tw_status preview(tw__workers *x, tw__rounds *r, tw_error *err)
{
    tw__diloco_async *a = async_of(r);
    double lr;
    if (a->gathered == 0) memcpy(a->settled, r->centre, x->set.size * x->k->real);
    TW_TRY(tw_optimizer_value(((tw__diloco *)r->more)->outer.opt, "lr", &lr, err));
    tw__replicas_go(x, &r->replicas, r->centre, r->centre, lr, 0, x->set.size);
    return TW_OK;
}

/* The way that has come, alone or with others. */
static tw_status step(tw__workers *x, tw__rounds *r, tw_error *err)
{
    tw__diloco_async *a = async_of(r);
    if (a->buffer == 1) return tw__diloco_step(x, r, err);
    if (a->settled) TW_TRY(preview(x, r, err));
    if (!gather(x, r)) return TW_OK;
    if (a->settled) memcpy(r->centre, a->settled, x->set.size * x->k->real);
    return tw__diloco_step(x, r, err);
}

static tw_status begin_round(tw__workers *x, tw__rounds *r, size_t worker, tw_error *err)
{
    const tw__message m = {.kind = BEGIN,
                           .carries = TW__VECTOR,
                           .from = x->n,
                           .to = worker,
                           .hi = x->set.size};
    if (assign(x, r, worker)) return tw__send(x, &m, err);
    r->waiting[worker] = 0;
    return TW_OK;
}

static tw_status arrive(tw__workers *x, tw__rounds *r, size_t worker, tw_error *err)
{
    tw__diloco_async *a = async_of(r);
    tw__worker *from = &x->worker[worker];
    const uint64_t staleness = a->version++ - a->round[worker].version;
    r->waiting[worker] = HAS_COME;
    TW_TRY(tw__hand_over(x, from, err));
    tw__note_staleness(x, from, from->update, staleness);
    if (from->info.computing > 0) a->seconds[worker] = from->info.computing / (double)from->info.updates;
    tw__replicas_way_of(x, &r->replicas, worker, x->wire ? NULL : a->begin[worker],
                        weight_of(x, a, staleness));
    TW_TRY(step(x, r, err));
    if (a->grace == 0) return begin_round(x, r, worker, err);
    const tw__message over = {.kind = GRACE_IS_OVER, .from = x->n, .to = x->n};
    if (a->is_waiting) return TW_OK;
    a->is_waiting = 1;
    return x->transport->alarm(x, &over, a->grace, err);
}

tw_status tw__diloco_async_receive(tw__workers *x, const tw__message *m, tw_error *err)
{
    tw__rounds *r = x->state;
    if (m->from < x->n) return arrive(x, r, m->from, err);
    if (m->to < x->n) {
        r->waiting[m->to] = 0;
        return TW_OK;
    }
    async_of(r)->is_waiting = 0;
    for (size_t i = 0; i < x->n; i++)
        if (r->waiting[i] == HAS_COME) TW_TRY(begin_round(x, r, i, err));
    return TW_OK;
}

/* ---- making -------------------------------------------------------------------------------------------- */

static tw_status check(const tw__workers *x, const tw__diloco_async *a, tw_error *err)
{
    if (a->grace > 0 && !x->transport->alarm)
        return tw__fail(
            err, TW_ERR_SPEC,
            "exchange %s: grace = %g needs a clock that knows who comes next, which only sim has; on %s "
            "leave grace out",
            x->choice.spec, a->grace, x->transport->about.name);
    if (tw__exchange_value(x, "preview") != 0 && a->buffer == 1)
        return tw__fail(
            err, TW_ERR_SPEC,
            "exchange %s: preview is of what has come since the last outer step, and with buffer=1 "
            "each way is one",
            x->choice.spec);
    if (a->is_paced && (x->set.trace || x->set.replay))
        return tw__fail(
            err, TW_ERR_SPEC,
            "exchange %s: paced rounds depend on seconds that are measured, and a trace cannot be "
            "repeated with others: leave paced or the trace out",
            x->choice.spec);
    return TW_OK;
}

static tw_status make_vectors(tw__workers *x, tw__diloco_async *a, tw_error *err)
{
    TW_TRY(tw__workers_keep(x, x->set.size * x->k->real, err));
    TW_TRY(tw__alloc(x->ctx, &a->begin, x->n, sizeof *a->begin, err));
    for (size_t i = 0; i < x->n; i++) TW_TRY(tw__alloc(x->ctx, &a->begin[i], x->set.size, x->k->real, err));
    for (size_t k = 0; a->buffer > 1 && a->buffer >> k; k++)
        TW_TRY(tw__alloc(x->ctx, &a->level[k], x->set.size, x->k->real, err));
    return tw__exchange_value(x, "preview") ? tw__alloc(x->ctx, &a->settled, x->set.size, x->k->real, err)
                                            : TW_OK;
}

tw_status tw__diloco_async_create(tw__workers *x, tw__rounds *r, tw_error *err)
{
    tw__diloco_async *a = async_of(r);
    a->weight = (enum tw__diloco_weight)tw__exchange_value(x, "weight");
    a->grace = tw__exchange_value(x, "grace");
    a->buffer = (uint64_t)tw__exchange_value(x, "buffer");
    a->is_paced = tw__exchange_value(x, "paced") != 0;
    x->counts_arrivals = x->transport->stops_anywhere;
    TW_TRY(check(x, a, err));
    TW_TRY(tw__alloc(x->ctx, &a->round, x->n, sizeof *a->round, err));
    TW_TRY(tw__alloc(x->ctx, &a->seconds, x->n, sizeof *a->seconds, err));
    TW_TRY(tw__alloc(x->ctx, &a->next, x->n, sizeof *a->next, err));
    TW_TRY(make_vectors(x, a, err));
    for (size_t i = 0; i < x->n; i++) assign(x, r, i);
    return TW_OK;
}

void tw__diloco_async_free(tw__workers *x, tw__diloco_async *a)
{
    for (size_t i = 0; a->begin && i < x->n; i++) tw__free(x->ctx, a->begin[i], x->set.size, x->k->real);
    for (size_t k = 0; k < TW__DILOCO_LEVELS; k++) tw__free(x->ctx, a->level[k], x->set.size, x->k->real);
    tw__free(x->ctx, a->settled, x->set.size, x->k->real);
    tw__free(x->ctx, a->begin, x->n, sizeof *a->begin);
    tw__free(x->ctx, a->next, x->n, sizeof *a->next);
    tw__free(x->ctx, a->seconds, x->n, sizeof *a->seconds);
    tw__free(x->ctx, a->round, x->n, sizeof *a->round);
}

/* ---- state --------------------------------------------------------------------------------------------- */

static tw_status visit_vectors(tw__workers *x, tw__diloco_async *a, tw_visitor *v, tw_error *err)
{
    const int64_t size = (int64_t)x->set.size;
    tw__numbered numbered;
    for (size_t i = 0; i < x->n; i++) {
        tw_visitor *const to = tw__numbered_visitor(&numbered, v, "worker", i);
        TW_TRY(to->field(to, "begin", x->set.type, 1, &size, a->begin[i], err));
    }
    for (size_t k = 0; k < TW__DILOCO_LEVELS && a->level[k]; k++) {
        tw_visitor *const to = tw__numbered_visitor(&numbered, v, "gathered", k);
        TW_TRY(to->field(to, "way", x->set.type, 1, &size, a->level[k], err));
    }
    return a->settled ? v->field(v, "exchange.settled", x->set.type, 1, &size, a->settled, err) : TW_OK;
}

static int fits(const tw__workers *x, const tw__diloco_async *a)
{
    for (size_t i = 0; i < x->n; i++) {
        const tw__diloco_round *o = &a->round[i];
        if (o->shard >= x->n || o->made > o->steps || o->version > a->version) return 0;
        const uint64_t end = tw__updates_of(x, o->shard, x->set.total);
        if (o->first > end || o->steps > end - o->first || a->next[i] > tw__updates_of(x, i, x->set.total))
            return 0;
    }
    return a->gathered < a->buffer;
}

/* A run that gets more epochs has rounds again for workers that had none left. */
tw_status tw__diloco_async_visit(tw__workers *x, tw_visitor *v, tw_error *err)
{
    enum { NUMBERS = sizeof(tw__diloco_round) / sizeof(uint64_t), COUNTS = 3 };
    tw__rounds *r = x->state;
    tw__diloco_async *a = async_of(r);
    const int64_t workers = (int64_t)x->n, shape[] = {workers, NUMBERS}, n = COUNTS;
    uint64_t counts[COUNTS] = {a->version, a->gathered, (uint64_t)a->is_waiting};
    TW_TRY(v->field(v, "exchange.rounds", TW_I64, 2, shape, a->round, err));
    TW_TRY(v->field(v, "diloco.seconds", TW_F64, 1, &workers, a->seconds, err));
    TW_TRY(v->field(v, "exchange.shards", TW_I64, 1, &workers, a->next, err));
    TW_TRY(v->field(v, "exchange.arrivals", TW_I64, 1, &n, counts, err));
    TW_TRY(visit_vectors(x, a, v, err));
    if (v->loading != TW_LOAD) return TW_OK;
    a->version = counts[0];
    a->gathered = counts[1];
    a->is_waiting = counts[2] != 0;
    if (!fits(x, a))
        return tw__fail(err, TW_ERR_DATA, "the stored exchange has rounds that do not fit together");
    for (size_t i = 0; i < x->n; i++)
        if (!r->waiting[i] && a->round[i].made == a->round[i].steps) assign(x, r, i);
    return TW_OK;
}
