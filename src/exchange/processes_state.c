/* What rank 0 gets to know of the workers in other processes: what they have done, and on request their
 * state.
 * SPDX-License-Identifier: MIT */
#include "exchange/processes.h"
#include "exchange/shares.h"
#include "exchange/wire.h"
#include <string.h>

/* ---- what the others have done ------------------------------------------------------------------------- */

/* Of the worker here since the last time, for rank 0. */
struct summary {
    uint64_t update, clock, taken, messages, bytes, n_later, n_events;
    tw_worker_info info;
};

tw_status tw__processes_say_summary(tw__workers *x, tw__processes *c, tw_error *err)
{
    tw__worker *me = &x->worker[c->rank];
    const uint64_t messages = atomic_load(&x->messages), bytes = atomic_load(&x->bytes);
    size_t n_events = 0;
    const tw__trace_event *events = x->trace ? tw__tracer_events(x->trace, &n_events) : NULL;
    const struct summary s = {me->update,       me->clock,   c->taken[c->rank], messages - c->messages,
                              bytes - c->bytes, me->n_later, n_events,          me->info};
    const tw__parcel_head h = tw__parcel_head_of(x, TW__SUMMARY, NULL);
    tw__parcel *p;
    TW_TRY(
        tw__parcel_create(c->link,
                          sizeof h + sizeof s + me->n_later * sizeof *me->later + n_events * sizeof *events,
                          &p, err));
    tw__writer w = {.at = p->bytes};
    tw__write(&w, &h, sizeof h);
    tw__write(&w, &s, sizeof s);
    tw__write(&w, me->later, me->n_later * sizeof *me->later);
    tw__write(&w, events, n_events * sizeof *events);
    if (x->trace) TW_TRY(tw__tracer_flush(x->trace, err));
    tw__processes_run_clock(c, 0);
    me->n_later = 0;
    c->messages = messages;
    c->bytes = bytes;
    return tw__link_send(c->link, TW_LINK_MESSAGES, 0, p, err);
}

static tw_status note_events(const tw__workers *x, uint64_t n, tw__reader_of_bytes *r, tw_error *err)
{
    for (tw__trace_event e; n > 0; n--) {
        TW_TRY(tw__read(r, &e, sizeof e, err));
        if (x->trace && e.kind < TW__TRACE_KINDS) tw__tracer_add(x->trace, &e);
    }
    return TW_OK;
}

static tw_status note_summary(tw__workers *x, const tw__parcel *p, tw_error *err)
{
    tw__worker *of = &x->worker[p->from];
    tw__reader_of_bytes r = {p->bytes + sizeof(tw__parcel_head), p->n - sizeof(tw__parcel_head)};
    struct summary s;
    TW_TRY(tw__read(&r, &s, sizeof s, err));
    if (s.n_later > r.left / sizeof *of->later) return tw__processes_garbled(x, p->from, err);
    TW_TRY(tw__grow(x->ctx, &of->later, &of->later_capacity, s.n_later, sizeof *of->later, err));
    TW_TRY(tw__read(&r, of->later, s.n_later * sizeof *of->later, err));
    TW_TRY(note_events(x, s.n_events, &r, err));
    of->n_later = s.n_later;
    of->update = s.update;
    of->clock = s.clock;
    of->info = s.info;
    ((tw__processes *)x->carrier)->taken[p->from] = s.taken;
    atomic_fetch_add(&x->messages, s.messages);
    atomic_fetch_add(&x->bytes, s.bytes);
    atomic_fetch_add(&x->done, s.n_later);
    return TW_OK;
}

/* Rank 0: the stretch is over, for all. */
tw_status tw__processes_gather(tw__workers *x, tw__processes *c, tw_error *err)
{
    c->is_going = 0;
    TW_TRY(tw__processes_say_to_all(x, TW__PAUSE, NULL, 0, err));
    for (size_t left = x->n - 1; left > 0;) {
        tw__parcel *p;
        TW_TRY(tw__processes_next(x, 0, "what the others have done", &p, err));
        const tw__parcel_head h = tw__processes_head(p);
        tw_status s = TW_OK;
        if (h.kind == TW__SUMMARY) s = note_summary(x, p, err);
        else if (h.kind != TW__IDLE) s = tw__processes_garbled(x, p->from, err);
        left -= h.kind == TW__SUMMARY;
        tw__parcel_free(c->link, p);
        TW_TRY(s);
    }
    if (x->trace) tw__tracer_sort(x->trace);
    return TW_OK;
}

/* ---- state --------------------------------------------------------------------------------------------- */

/* A visitor that writes fields and lists one after the other, or reads them in the same order. */
struct bytes {
    tw_visitor visitor;
    tw__writer w;
    tw__reader_of_bytes r;
    tw__workers *notes; /* NULL, or where large fields are noted, */
    size_t rank, index; /* which are this rank's, the next the index-th */
};

static tw_status note(struct bytes *b, void *data, size_t n, tw_error *err)
{
    tw__processes *c = b->notes->carrier;
    TW_TRY(tw__grow(b->notes->ctx, &c->held, &c->held_capacity, c->n_held + 1, sizeof *c->held, err));
    c->held[c->n_held++] = (tw__held){.rank = b->rank, .index = b->index++, .at = data, .bytes = n};
    return TW_OK;
}

static tw_status bytes_field(tw_visitor *v, const char *name, tw_type type, int rank, const int64_t *shape,
                             void *data, tw_error *err)
{
    struct bytes *b = v->user;
    size_t n = tw_type_size(type);
    (void)name;
    for (int i = 0; i < rank; i++) n *= (size_t)shape[i];
    if (b->notes && n >= TW__PART_FIELD) return note(b, data, n, err);
    if (v->loading == TW_LOAD) return tw__read(&b->r, data, n, err);
    tw__write(&b->w, data, n);
    return TW_OK;
}

static tw_status bytes_list(tw_visitor *v, const char *name, tw_type type, size_t *n, void **data,
                            tw_context *ctx, tw_error *err)
{
    struct bytes *b = v->user;
    const size_t each = tw_type_size(type);
    uint64_t now = *n;
    void *fresh = NULL;
    if (v->loading == TW_SHOW) {
        tw__write(&b->w, &now, sizeof now);
        tw__write(&b->w, *data, *n * each);
        return TW_OK;
    }
    TW_TRY(tw__read(&b->r, &now, sizeof now, err));
    if (now > b->r.left / each)
        return tw__fail(err, TW_ERR_DATA, "list \"%.60s\" of a worker in another process is too short", name);
    if (now > 0) {
        TW_TRY(tw__alloc(ctx, &fresh, (size_t)now, each, err));
        TW_TRY(tw__read(&b->r, fresh, (size_t)now * each, err));
    }
    tw__free(ctx, *data, *n, each);
    *data = fresh;
    *n = (size_t)now;
    return TW_OK;
}

static void bytes_begin(struct bytes *b, int loading, tw__workers *x, size_t rank, int whole)
{
    *b = (struct bytes){.visitor = {.loading = loading, .field = bytes_field, .list = bytes_list},
                        .notes = whole == TW__IN_PARTS ? x : NULL,
                        .rank = rank};
    b->visitor.user = b;
}

/* Where every process has all weights, and perhaps the optimiser's state, each has a range to write. */
static tw_status visit_range(tw__workers *x, size_t worker, tw_visitor *v, tw_error *err)
{
    const size_t lo = tw__range_begin(x->set.size, worker, x->n),
                 hi = tw__range_begin(x->set.size, worker + 1, x->n);
    const int64_t n = (int64_t)(hi - lo);
    if (!x->splits || x->n_servers > 0) return TW_OK;
    TW_TRY(v->field(v, "range", x->set.type, 1, &n, (char *)x->set.w + lo * x->k->real, err));
    return x->protocol->visit_worker ? TW_OK : tw__shares_visit(x->set.optimizer, lo, hi, v, err);
}

static tw_status visit_worker(tw__workers *x, size_t worker, int whole, tw_visitor *v, tw_error *err)
{
    const int64_t size = (int64_t)x->set.size;
    tw__worker *of = &x->worker[worker];
    const int is_looked_at = whole ? !tw__workers_regroup(x) : x->protocol->gather != NULL;
    if (of->w && is_looked_at) TW_TRY(v->field(v, "weights", x->set.type, 1, &size, of->w, err));
    if (whole) TW_TRY(tw__wire_visit_worker(x, worker, v, err));
    if (whole == TW__IN_PARTS) TW_TRY(visit_range(x, worker, v, err));
    return x->protocol->visit_worker ? x->protocol->visit_worker(x, worker, whole, v, err) : TW_OK;
}

tw_status tw__processes_say_state(tw__workers *x, const tw__parcel *request, tw_error *err)
{
    tw__processes *c = x->carrier;
    const tw__parcel_head h = tw__parcel_head_of(x, TW__STATE, NULL);
    const int whole = tw__processes_head(request).what;
    struct bytes b;
    tw__parcel *p;
    c->n_held = 0;
    bytes_begin(&b, TW_SHOW, x, c->rank, whole);
    TW_TRY(visit_worker(x, c->rank, whole, &b.visitor, err));
    TW_TRY(tw__parcel_create(c->link, sizeof h + b.w.n, &p, err));
    c->n_held = 0;
    bytes_begin(&b, TW_SHOW, x, c->rank, whole);
    b.w.at = p->bytes;
    tw__write(&b.w, &h, sizeof h);
    const tw_status s = visit_worker(x, c->rank, whole, &b.visitor, err);
    if (s == TW_OK) return tw__link_send(c->link, TW_LINK_MESSAGES, 0, p, err);
    tw__parcel_free(c->link, p);
    return s;
}

tw_status tw__processes_collect(tw__workers *x, int whole, tw_error *err)
{
    tw__processes *c = x->carrier;
    if (c->rank > 0 || x->n == 1 || (whole < TW__IN_PARTS && c->knows > whole)) return TW_OK;
    c->n_held = 0;
    TW_TRY(tw__processes_ask(x, TW__COLLECT, whole, err));
    for (size_t left = x->n - 1; left > 0; left--) {
        struct bytes b;
        tw__parcel *p;
        TW_TRY(tw__processes_next(x, 0, "the state of the others", &p, err));
        bytes_begin(&b, TW_LOAD, x, p->from, whole);
        b.r = (tw__reader_of_bytes){p->bytes + sizeof(tw__parcel_head), p->n - sizeof(tw__parcel_head)};
        const tw_status s = tw__processes_head(p).kind == TW__STATE
                                ? visit_worker(x, p->from, whole, &b.visitor, err)
                                : tw__processes_garbled(x, p->from, err);
        tw__parcel_free(c->link, p);
        TW_TRY(s);
    }
    if (whole < TW__IN_PARTS) c->knows = whole + 1;
    return TW_OK;
}
