/* Rounds of replicas; see rounds.h.
 * SPDX-License-Identifier: MIT */
#include "exchange/rounds.h"
#include <string.h>

enum { ARRIVED, SETTLED, ENDED };

/* ---- workers ------------------------------------------------------------------------------------------- */

tw_status tw__rounds_next(tw__workers *x, tw__worker *me, enum tw__act *act, tw_error *err)
{
    const tw__rounds *r = x->state;
    const uint64_t update = tw__replicas_update(x, me, me->clock);
    (void)err;
    if (r->waiting[me->index]) *act = TW__WAIT;
    else if (update >= atomic_load(&x->limit)) *act = TW__REST;
    else {
        me->update = update;
        *act = TW__COMPUTE;
    }
    return TW_OK;
}

/* Where the updates of a round without a length end. */
static uint64_t last_of(const tw__workers *x, const tw__rounds *r)
{
    return r->every == 0 && x->round_end ? x->round_end : x->set.total;
}

static int ends_round(const tw__workers *x, const tw__rounds *r, const tw__worker *me)
{
    if (r->every && me->clock % r->every == 0) return 1;
    return r->ends_with_run && tw__replicas_update(x, me, me->clock) >= last_of(x, r);
}

tw_status tw__rounds_computed(tw__workers *x, tw__worker *me, tw_error *err)
{
    tw__rounds *r = x->state;
    TW_TRY(r->step ? r->step(x, r, me, err) : tw__replicas_step(x, &r->replicas, me, err));
    if (!ends_round(x, r, me)) return TW_OK;
    if (x->wire) TW_TRY(tw__replicas_push_way(x, me, r->centre, err));
    const tw__message m = {.kind = ARRIVED,
                           .carries = x->wire ? TW__GRADIENT : TW__WEIGHTS,
                           .from = me->index,
                           .to = x->n,
                           .hi = x->set.size,
                           .clock = me->clock,
                           .version = r->replicas.rows ? r->replicas.rows[me->index] : 0};
    r->waiting[me->index] = 1;
    return tw__send(x, &m, err);
}

/* ---- the server ---------------------------------------------------------------------------------------- */

/* Workers that make an update in the round in which one makes its update number clock - 1. */
static size_t taking_part(const tw__workers *x, const tw__rounds *r, uint64_t clock)
{
    const uint64_t first = r->every ? (clock - 1) / r->every * r->every * x->n : x->round_begin,
                   updates = r->ends_with_run ? last_of(x, r) - first : x->n;
    return updates < x->n ? (size_t)updates : x->n;
}

/* Whether a worker has an update after the round of that one. */
static int continues(const tw__workers *x, const tw__rounds *r, size_t worker, uint64_t clock)
{
    const tw__worker *w = &x->worker[worker];
    const uint64_t end = r->every ? ((clock - 1) / r->every + 1) * r->every : w->clock;
    return tw__replicas_update(x, w, end) < x->set.total;
}

/* Nobody waits for a worker that has no more updates: so it does not read the centre itself. */
static tw_status settle(tw__workers *x, tw__rounds *r, uint64_t clock, tw_error *err)
{
    const size_t size = x->set.size * x->k->real;
    TW_TRY(r->settle(x, r, err));
    memcpy(x->set.w, r->centre, size);
    if (r->replicas.rows) memset(r->replicas.rows, 0, x->n * sizeof *r->replicas.rows);
    r->arrived = 0;
    for (size_t i = 0; i < x->n; i++) {
        const int is_last = !continues(x, r, i, clock);
        const tw__message m = {.kind = is_last ? ENDED : SETTLED,
                               .carries = TW__VECTOR,
                               .from = x->n,
                               .to = i,
                               .hi = x->set.size};
        if (r->takes_centre && (is_last || tw__is_elsewhere(x, i))) memcpy(x->worker[i].w, r->centre, size);
        TW_TRY(tw__send(x, &m, err));
    }
    return TW_OK;
}

tw_status tw__rounds_receive(tw__workers *x, const tw__message *m, tw_error *err)
{
    tw__rounds *r = x->state;
    if (m->to < x->n) {
        if (r->takes_centre && m->kind == SETTLED)
            memcpy(x->worker[m->to].w, r->centre, x->set.size * x->k->real);
        /* in one memory the server has done this, and may be in a round after the last of this worker */
        if (r->replicas.rows && x->transport->is_apart) r->replicas.rows[m->to] = 0;
        r->waiting[m->to] = 0;
        return TW_OK;
    }
    x->worker[m->from].clock = m->clock;
    if (r->replicas.rows) r->replicas.rows[m->from] = m->version;
    if (x->wire && tw__is_elsewhere(x, m->from)) tw__replicas_take_way(x, &x->worker[m->from]);
    return ++r->arrived < taking_part(x, r, m->clock) ? TW_OK : settle(x, r, m->clock, err);
}

void tw__rounds_content(tw__workers *x, const tw__message *m, tw__content *c)
{
    const tw__rounds *r = x->state;
    if (m->carries == TW__VECTOR && m->to < x->n)
        c->vector = r->moves_workers ? x->worker[m->to].w : r->centre;
}

tw_status tw__rounds_visit_worker(tw__workers *x, size_t worker, int whole, tw_visitor *v, tw_error *err)
{
    tw__rounds *r = x->state;
    if (r->replicas.rows) TW_TRY(v->field(v, "rows", TW_I64, 0, NULL, &r->replicas.rows[worker], err));
    if (!whole) return TW_OK;
    TW_TRY(v->field(v, "waiting", TW_I64, 0, NULL, &r->waiting[worker], err));
    return tw__stepper_visit(&r->replicas.stepper[worker], v, worker, err);
}

tw_status tw__rounds_gather(tw__workers *x, tw_error *err)
{
    (void)err;
    memcpy(x->set.w, ((const tw__rounds *)x->state)->centre, x->set.size * x->k->real);
    return TW_OK;
}

/* ---- making -------------------------------------------------------------------------------------------- */

tw_status tw__rounds_create(tw__workers *x, tw__rounds **out, tw_error *err)
{
    tw__rounds *r;
    TW_TRY(tw__alloc(x->ctx, &r, 1, sizeof *r, err));
    x->state = *out = r;
    x->n_servers = 1;
    TW_TRY(tw__alloc(x->ctx, &r->waiting, x->n, sizeof *r->waiting, err));
    TW_TRY(tw__alloc(x->ctx, &r->centre, x->set.size, x->k->real, err));
    memcpy(r->centre, x->set.w, x->set.size * x->k->real);
    return tw__replicas_create(x, &r->replicas, err);
}

void tw__rounds_free(tw__workers *x)
{
    tw__rounds *r = x->state;
    if (!r) return;
    tw__replicas_free(x, &r->replicas);
    tw__free(x->ctx, r->centre, x->set.size, x->k->real);
    tw__free(x->ctx, r->waiting, x->n, sizeof *r->waiting);
    tw__free(x->ctx, r, 1, sizeof *r);
}

tw_status tw__rounds_visit(tw__workers *x, tw_visitor *v, tw_error *err)
{
    tw__rounds *r = x->state;
    const int64_t workers = (int64_t)x->n, size = (int64_t)x->set.size;
    TW_TRY(tw__replicas_visit(x, &r->replicas, v, err));
    TW_TRY(v->field(v, "exchange.waiting", TW_I64, 1, &workers, r->waiting, err));
    TW_TRY(v->field(v, "exchange.centre", x->set.type, 1, &size, r->centre, err));
    /* who waits may still have a message on its way */
    uint64_t arrived = r->arrived;
    TW_TRY(v->field(v, "exchange.arrived", TW_I64, 0, NULL, &arrived, err));
    r->arrived = (size_t)arrived;
    return TW_OK;
}
