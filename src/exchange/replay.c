/* replay: a run on threads once more, in one thread and in the order of its trace. What workers do by
 * themselves is done as soon as they can; evaluations and messages come when the trace has them, and a
 * worker takes the update that it took.
 * SPDX-License-Identifier: MIT */
#include "base/io.h"
#include "exchange/protocol.h"
#include <stdio.h>
#include <string.h>

/* A worker's side. */
struct seat {
    int is_busy, has_computed; /* it has an update, not yet handed over; its gradient is there */
    size_t takes;              /* the event in which it evaluates next; n: none */
    double since;              /* when it began what it does */
};

struct carrier {
    char path[TW__PATH];
    tw__traced trace;
    size_t at, end;  /* the next event; the next limit */
    size_t *next;    /* after an evaluation, the same worker's next one; after a step, the next step */
    size_t step;     /* the next one that is to be made */
    int has_strayed; /* one was made that is not the trace's */
    struct seat *seat;
    tw__message *mail;
    size_t n_mail, capacity;
    double now;
};

static tw_status wrong(const tw__workers *x, tw_error *err, const char *why)
{
    const struct carrier *c = x->carrier;
    const int64_t line = (int64_t)(c->trace.first_line + c->at);
    return tw__fail_in(err, TW_ERR_DATA, c->path, line, 0, "%s: the trace is of another run", why);
}

/* ---- workers ------------------------------------------------------------------------------------------- */

/* What a worker that is not evaluating does now. */
static tw_status look(tw__workers *x, tw__worker *me, tw_error *err)
{
    enum tw__act act = TW__REST;
    TW_TRY(x->protocol->next(x, me, &act, err));
    ((struct carrier *)x->carrier)->seat[me->index].is_busy = act == TW__COMPUTE;
    return TW_OK;
}

static int take(tw__workers *x, tw__worker *me)
{
    const struct carrier *c = x->carrier;
    const size_t event = c->seat[me->index].takes;
    if (event >= c->end || c->trace.event[event].update >= atomic_load(&x->limit)) return 0;
    me->update = c->trace.event[event].update;
    if (atomic_load(&x->given) <= me->update) atomic_store(&x->given, me->update + 1);
    return 1;
}

static tw_status compute(tw__workers *x, const tw__trace_event *e, tw_error *err)
{
    struct carrier *c = x->carrier;
    struct seat *seat = &c->seat[e->who];
    tw__worker *me = &x->worker[e->who];
    if (!seat->is_busy || seat->has_computed) return wrong(x, err, "this worker waits here");
    if (me->update != e->update) return wrong(x, err, "this worker has another update here");
    tw__note_computing(x, me, e->seconds);
    me->info.waiting += e->seconds - seat->since;
    seat->since = e->seconds;
    seat->takes = c->next[seat->takes];
    seat->has_computed = 1;
    return tw__worker_compute(x, me, err);
}

static tw_status computed(tw__workers *x, const tw__trace_event *e, tw_error *err)
{
    struct carrier *c = x->carrier;
    struct seat *seat = &c->seat[e->who];
    tw__worker *me = &x->worker[e->who];
    if (!seat->has_computed || me->update != e->update)
        return wrong(x, err, "this worker does not evaluate this update here");
    tw__note_computed(x, me, e->seconds);
    me->info.computing += e->seconds - seat->since;
    *seat = (struct seat){.takes = seat->takes, .since = e->seconds};
    TW_TRY(tw__worker_computed(x, me, err));
    return look(x, me, err);
}

static void stepped(tw__workers *x, const tw__worker *of, uint64_t update, uint64_t staleness)
{
    struct carrier *c = x->carrier;
    const tw__trace_event *e = &c->trace.event[c->step];
    if (c->step >= c->end || e->who != of->index || e->update != update || e->staleness != staleness)
        c->has_strayed = 1;
    else c->step = c->next[c->step];
}

/* ---- messages ------------------------------------------------------------------------------------------ */

static tw_status send(tw__workers *x, const tw__message *m, tw_error *err)
{
    struct carrier *c = x->carrier;
    tw__deliver_weights(x, m);
    TW_TRY(tw__grow(x->ctx, &c->mail, &c->capacity, c->n_mail + 1, sizeof *c->mail, err));
    c->mail[c->n_mail++] = *m;
    return TW_OK;
}

static tw_status receive(tw__workers *x, const tw__trace_event *e, tw_error *err)
{
    struct carrier *c = x->carrier;
    size_t i = 0;
    while (i < c->n_mail && (c->mail[i].from != e->from || c->mail[i].to != e->who)) i++;
    if (i == c->n_mail || c->mail[i].clock != e->update)
        return wrong(x, err, "there is no such message here");
    const tw__message m = c->mail[i];
    memmove(&c->mail[i], &c->mail[i + 1], (--c->n_mail - i) * sizeof m);
    TW_TRY(x->protocol->receive(x, &m, err));
    return m.to < x->n && !c->seat[m.to].is_busy ? look(x, &x->worker[m.to], err) : TW_OK;
}

/* ---- the run ------------------------------------------------------------------------------------------- */

static tw_status repeat(tw__workers *x, const tw__trace_event *e, tw_error *err)
{
    const struct carrier *c = x->carrier;
    switch (e->kind) {
    case TW__TRACE_COMPUTE: return compute(x, e, err);
    case TW__TRACE_COMPUTED: return computed(x, e, err);
    case TW__TRACE_RECEIVE: return receive(x, e, err);
    case TW__TRACE_STEP: return c->step > c->at ? TW_OK : wrong(x, err, "this step is not made");
    default: return TW_OK;
    }
}

static uint64_t limit_of(const tw__workers *x)
{
    const struct carrier *c = x->carrier;
    return c->at < c->trace.n ? c->trace.event[c->at].update : 0;
}

/* From one limit to the next. */
static tw_status run(tw__workers *x, uint64_t limit, tw_error *err)
{
    struct carrier *c = x->carrier;
    if (c->at == c->trace.n)
        return tw__fail_in(err, TW_ERR_DATA, c->path, (int64_t)(c->trace.first_line + c->at), 0,
                           "the trace ends after %llu updates, where its run was stopped",
                           (unsigned long long)atomic_load(&x->done));
    if (c->trace.event[c->at].kind != TW__TRACE_LIMIT) return wrong(x, err, "there is no limit here");
    atomic_store(&x->limit, limit);
    const double begins = c->trace.event[c->at++].seconds;
    for (c->end = c->at; c->end < c->trace.n && c->trace.event[c->end].kind != TW__TRACE_LIMIT;) c->end++;
    for (size_t i = 0; i < x->n; i++) {
        c->seat[i].since = begins;
        if (!c->seat[i].is_busy) TW_TRY(look(x, &x->worker[i], err));
    }
    for (; c->at < c->end; c->at++) {
        c->now = c->trace.event[c->at].seconds;
        TW_TRY(repeat(x, &c->trace.event[c->at], err));
        if (c->has_strayed) return wrong(x, err, "what follows has another step");
    }
    return atomic_load(&x->done) == limit ? TW_OK : wrong(x, err, "updates are missing before this line");
}

static tw_status end(tw__workers *x, const char *weights, tw_error *err)
{
    struct carrier *c = x->carrier;
    if (c->at < c->trace.n) return wrong(x, err, "the run ends before the trace does");
    if (!c->trace.weights[0]) return wrong(x, err, "the hash of the weights, which ends a trace, is missing");
    if (strcmp(c->trace.weights, weights) == 0) return TW_OK;
    return tw__fail_in(
        err, TW_ERR_DATA, c->path, (int64_t)(c->trace.first_line + c->at), 0,
        "the run ends with weights of hash %s, not %s: the trace is of other rows or of another "
        "version of this program",
        weights, c->trace.weights);
}

static double now(const tw__workers *x) { return ((const struct carrier *)x->carrier)->now; }

/* ---- making -------------------------------------------------------------------------------------------- */

/* Backwards, so that each worker's seat ends with its first evaluation. */
static tw_status link_events(tw__workers *x, tw_error *err)
{
    struct carrier *c = x->carrier;
    const size_t n = c->trace.n;
    TW_TRY(tw__alloc(x->ctx, &c->next, n + 1, sizeof *c->next, err));
    for (size_t i = 0; i < x->n; i++) c->seat[i].takes = n;
    c->step = n;
    for (size_t i = n; i-- > 0;) {
        const tw__trace_event *e = &c->trace.event[i];
        size_t *first = e->kind == TW__TRACE_COMPUTE ? &c->seat[e->who].takes
                        : e->kind == TW__TRACE_STEP  ? &c->step
                                                     : NULL;
        if (!first) continue;
        c->next[i] = *first;
        *first = i;
    }
    return TW_OK;
}

static tw_status create(tw__workers *x, tw_error *err)
{
    struct carrier *c;
    TW_TRY(tw__alloc(x->ctx, &c, 1, sizeof *c, err));
    x->carrier = c;
    TW_TRY(tw__traced_read(&c->trace, x->ctx, x->set.replay, x->set.head, x->n, err));
    snprintf(c->path, sizeof c->path, "%s", x->set.replay);
    TW_TRY(tw__alloc(x->ctx, &c->seat, x->n, sizeof *c->seat, err));
    return link_events(x, err);
}

static void destroy(tw__workers *x)
{
    struct carrier *c = x->carrier;
    if (!c) return;
    tw__free(x->ctx, c->next, c->trace.n + 1, sizeof *c->next);
    tw__traced_free(&c->trace, x->ctx);
    tw__free(x->ctx, c->seat, x->n, sizeof *c->seat);
    tw__free(x->ctx, c->mail, c->capacity, sizeof *c->mail);
    tw__free(x->ctx, c, 1, sizeof *c);
}

static tw_status visit(tw__workers *x, tw_visitor *v, tw_error *err)
{
    return v->field(v, "exchange.seconds", TW_F64, 0, NULL, &((struct carrier *)x->carrier)->now, err);
}

const tw__transport tw__transport_replay = {
    .about = {.size = sizeof(tw_exchange), .name = "replay", .is_transport = 1},
    .is_virtual = 1,
    .create = create,
    .free = destroy,
    .run = run,
    .send = send,
    .now = now,
    .visit = visit,
    .take = take,
    .stepped = stepped,
    .limit = limit_of,
    .end = end,
};
