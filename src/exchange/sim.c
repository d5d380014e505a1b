/* sim: workers and servers under a virtual clock, one event after the other in one thread. The protocol,
 * its steps and the gradients are real; how long an evaluation, a message and a server's work take is
 * drawn, so that the same run can be had with thousands of workers, and twice.
 *
 * Weights that are sent to a waiting worker are evaluated at once, when the server has just these, and
 * their gradient is kept until the virtual time at which the worker has it: no version of the weights is
 * ever copied.
 * SPDX-License-Identifier: MIT */
#include "exchange/sim.h"
#include <string.h>

enum { MOST_WORKERS = 1 << 20 };

/* ---- events: a binary heap ----------------------------------------------------------------------------- */

static int comes_before(const tw__sim_event *a, const tw__sim_event *b)
{
    const int waits = a->kind == TW__SIM_ALARM, others = b->kind == TW__SIM_ALARM;
    if (a->time != b->time) return a->time < b->time;
    return waits != others ? others : a->number < b->number;
}

static tw_status schedule(tw__workers *x, double time, enum tw__sim_kind kind, const tw__message *m,
                          tw_error *err)
{
    tw__sim *c = x->carrier;
    TW_TRY(tw__grow(x->ctx, &c->heap, &c->capacity, c->n + 1, sizeof *c->heap, err));
    const tw__sim_event new = {.time = time, .number = c->events++, .kind = kind, .message = *m};
    size_t i = c->n++;
    for (; i > 0 && comes_before(&new, &c->heap[(i - 1) / 2]); i = (i - 1) / 2)
        c->heap[i] = c->heap[(i - 1) / 2];
    c->heap[i] = new;
    return TW_OK;
}

static tw__sim_event take(tw__sim *c)
{
    const tw__sim_event first = c->heap[0], last = c->heap[--c->n];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < c->n; i = child) {
        if (child + 1 < c->n && comes_before(&c->heap[child + 1], &c->heap[child])) child++;
        if (!comes_before(&c->heap[child], &last)) break;
        c->heap[i] = c->heap[child];
    }
    if (c->n > 0) c->heap[i] = last;
    return first;
}

/* ---- workers ------------------------------------------------------------------------------------------- */

/* Of whole updates every worker has one in the end. */
static tw_status expect_vectors(tw__workers *x, tw_error *err)
{
    tw__sim *c = x->carrier;
    if (c->has_vectors || x->splits) return TW_OK;
    c->has_vectors = 1;
    return tw__workers_keep(x, x->set.size * x->k->real, err);
}

static tw_status keep_node(tw__workers *x, tw__sim_node *to, tw__sum *sum, tw_error *err)
{
    if (sum->is_list) {
        TW_TRY(tw__list_copy(x->ctx, &to->list, sum->list, sum->list->n, x->k->real, err));
        sum->list = &to->list;
        return TW_OK;
    }
    if (!to->dense) {
        TW_TRY(expect_vectors(x, err));
        TW_TRY(tw__alloc(x->ctx, &to->dense, x->set.size, x->k->real, err));
    }
    memcpy(to->dense, sum->dense, x->set.size * x->k->real);
    sum->dense = to->dense;
    return TW_OK;
}

tw_status tw__sim_keep(tw__workers *x, tw__worker *me, tw_error *err)
{
    tw__sim_seat *seat = &((tw__sim *)x->carrier)->seat[me->index];
    tw__gradient *g = &me->gradient;
    TW_TRY(tw__grow(x->ctx, &seat->node, &seat->n_nodes, g->n, sizeof *seat->node, err));
    for (size_t i = 0; i < g->n; i++) TW_TRY(keep_node(x, &seat->node[i], &g->node[i], err));
    return TW_OK;
}

/* From its time `ready` on. A worker that fails meanwhile has lost it, and is back later. */
static tw_status evaluate(tw__workers *x, tw__worker *me, tw_error *err)
{
    tw__sim *c = x->carrier;
    tw__sim_seat *seat = &c->seat[me->index];
    const tw__gradient *g = &me->gradient;
    const uint64_t draw = seat->draws++;
    const double share = (double)(g->hi - g->lo) / (double)g->leaves,
                 takes = share * tw__sim_compute_time(&c->clock, me->index, draw),
                 lasts = tw__sim_failure_time(&c->clock, me->index, draw);
    const tw__message m = {.to = me->index};
    seat->is_busy = 1;
    if (lasts < takes) {
        const double down = lasts + c->clock.restart;
        me->info.failures++;
        me->info.down += down;
        return schedule(x, seat->ready + down, TW__SIM_RETURNED, &m, err);
    }
    me->info.computing += takes;
    tw__note_computing(x, me, seat->ready);
    return schedule(x, seat->ready + takes, TW__SIM_COMPUTED, &m, err);
}

/* What a worker does at its time `ready`. */
static tw_status advance(tw__workers *x, tw__worker *me, tw_error *err)
{
    tw__sim *c = x->carrier;
    tw__sim_seat *seat = &c->seat[me->index];
    enum tw__act act = TW__REST;
    TW_TRY(x->protocol->next(x, me, &act, err));
    if (act != TW__COMPUTE) {
        seat->since = seat->ready;
        return TW_OK;
    }
    TW_TRY(tw__worker_compute(x, me, err));
    TW_TRY(tw__sim_keep(x, me, err));
    if (seat->ready < c->now) seat->ready = c->now;
    return evaluate(x, me, err);
}

static tw_status finish(tw__workers *x, tw__worker *me, tw_error *err)
{
    tw__sim *c = x->carrier;
    tw__sim_seat *seat = &c->seat[me->index];
    seat->is_busy = 0;
    seat->ready = seat->since = c->now;
    tw__note_computed(x, me, c->now);
    TW_TRY(tw__worker_computed(x, me, err));
    return seat->is_busy ? TW_OK : advance(x, me, err);
}

/* After a failure: the same evaluation once more, whose result is there, or another one. */
static tw_status come_back(tw__workers *x, tw__worker *me, tw_error *err)
{
    tw__sim *c = x->carrier;
    tw__sim_seat *seat = &c->seat[me->index];
    int is_lost = 0;
    seat->is_busy = 0;
    seat->ready = seat->since = c->now;
    if (x->protocol->returned) TW_TRY(x->protocol->returned(x, me, &is_lost, err));
    if (!is_lost) return evaluate(x, me, err);
    me->info.updates--;
    return advance(x, me, err);
}

/* ---- messages ------------------------------------------------------------------------------------------ */

static tw_status hand_to_worker(tw__workers *x, const tw__message *m, double time, tw_error *err)
{
    tw__sim *c = x->carrier;
    tw__sim_seat *seat = &c->seat[m->to];
    tw__worker *me = &x->worker[m->to];
    tw__deliver_weights(x, m);
    tw__note_received(x, m);
    TW_TRY(x->protocol->receive(x, m, err));
    if (seat->is_busy) return TW_OK;
    if (time > seat->ready) {
        const double waited = time - seat->since;
        const double moved = seat->moving + tw__sim_message_time(&c->clock, tw__message_bytes(x, m));
        const double exchanging = moved < waited ? moved : waited;
        me->info.exchanging += exchanging;
        me->info.waiting += waited - exchanging;
        seat->ready = seat->since = time;
    }
    seat->moving = 0;
    return advance(x, me, err);
}

static tw_status send(tw__workers *x, const tw__message *m, tw_error *err)
{
    tw__sim *c = x->carrier;
    const double takes = tw__sim_message_time(&c->clock, tw__message_bytes(x, m)), arrives = c->now + takes;
    const double all = m->to < x->n ? takes : takes + c->clock.service;
    if (m->from < x->n && c->seat[m->from].moving < all) c->seat[m->from].moving = all;
    if (m->to < x->n && m->carries == TW__WEIGHTS && !c->seat[m->to].is_busy)
        return hand_to_worker(x, m, arrives, err);
    return schedule(x, arrives, TW__SIM_ARRIVED, m, err);
}

/* Meanwhile nothing reaches the server, or it comes before. */
static tw_status alarm(tw__workers *x, const tw__message *m, double seconds, tw_error *err)
{
    return schedule(x, ((const tw__sim *)x->carrier)->now + seconds, TW__SIM_ALARM, m, err);
}

/* A server takes messages one after the other, and only they change what it has: so one may be taken as
 * soon as it arrives, at the time at which its turn comes. */
static tw_status arrive(tw__workers *x, const tw__sim_event *e, tw_error *err)
{
    tw__sim *c = x->carrier;
    if (e->message.to < x->n) return hand_to_worker(x, &e->message, c->now, err);
    double *free_at = &c->server_free[e->message.to - x->n];
    if (*free_at > c->now || e->kind == TW__SIM_ALARM) c->now = *free_at;
    if (e->kind == TW__SIM_ARRIVED) *free_at = c->now += c->clock.service;
    tw__note_received(x, &e->message);
    return x->protocol->receive(x, &e->message, err);
}

/* ---- the run ------------------------------------------------------------------------------------------- */

/* Who is not evaluating looks for something to do: everybody, or in a run that continues those who had
 * nothing left. */
static tw_status begin(tw__workers *x, tw_error *err)
{
    tw__sim *c = x->carrier;
    c->has_begun = 1;
    for (size_t i = 0; i < x->n; i++)
        if (!c->seat[i].is_busy) TW_TRY(advance(x, &x->worker[i], err));
    return TW_OK;
}

static tw_status happen(tw__workers *x, const tw__sim_event *e, tw_error *err)
{
    switch (e->kind) {
    case TW__SIM_COMPUTED: return finish(x, &x->worker[e->message.to], err);
    case TW__SIM_RETURNED: return come_back(x, &x->worker[e->message.to], err);
    default: return arrive(x, e, err);
    }
}

/* Messages that may follow one another without an update: of each node to each, more than once. */
static size_t most_messages(const tw__workers *x)
{
    const size_t nodes = x->n + x->n_servers;
    return nodes < 1 << 15 ? 1000 + 100 * nodes * nodes : SIZE_MAX;
}

static tw_status run(tw__workers *x, uint64_t limit, tw_error *err)
{
    tw__sim *c = x->carrier;
    const uint64_t end = x->round_end ? x->round_end : x->set.total;
    size_t idle = 0; /* messages since the last update */
    atomic_store(&x->limit, end);
    if (!c->has_begun || c->n == 0) TW_TRY(begin(x, err));
    /* what the last updates are sent for is part of the run, or of its round */
    while (atomic_load(&x->done) < limit || (limit == end && c->n > 0)) {
        int counted = 0;
        if (atomic_load(&x->done) < limit) TW_TRY(tw__count_arrived(x, &counted, err));
        if (counted) continue;
        if (c->n == 0)
            return tw__fail(err, TW_ERR_INTERNAL,
                            "all workers wait for each other after %llu of %llu updates",
                            (unsigned long long)atomic_load(&x->done), (unsigned long long)limit);
        const tw__sim_event e = take(c);
        const uint64_t done = atomic_load(&x->done);
        c->now = e.time;
        TW_TRY(happen(x, &e, err));
        if (e.kind == TW__SIM_ARRIVED) idle++;
        if (atomic_load(&x->done) != done) idle = 0;
        if (idle > most_messages(x))
            return tw__fail(err, TW_ERR_INTERNAL, "messages go round without an update after %llu of %llu",
                            (unsigned long long)done, (unsigned long long)limit);
    }
    return TW_OK;
}

/* Each makes as many evaluations as any other, one after the other, and all wait for the slowest. */
static void pass(tw__workers *x, double updates)
{
    tw__sim *c = x->carrier;
    double latest = c->now;
    for (size_t i = 0; i < x->n; i++) {
        tw__sim_seat *seat = &c->seat[i];
        double takes = 0;
        for (double left = updates / (double)x->n; left > 0; left--)
            takes += (left < 1 ? left : 1) * tw__sim_compute_time(&c->clock, i, seat->draws++);
        x->worker[i].info.computing += takes;
        seat->ready = c->now + takes;
        if (seat->ready > latest) latest = seat->ready;
    }
    for (size_t i = 0; i < x->n; i++) {
        x->worker[i].info.waiting += latest - c->seat[i].ready;
        c->seat[i].ready = c->seat[i].since = latest;
    }
    c->now = latest;
}

static double now(const tw__workers *x) { return ((const tw__sim *)x->carrier)->now; }

/* ---- making -------------------------------------------------------------------------------------------- */

static tw_status create(tw__workers *x, tw_error *err)
{
    tw__sim *c;
    TW_TRY(tw__alloc(x->ctx, &c, 1, sizeof *c, err));
    x->carrier = c;
    tw__sim_clock_read(&c->clock, x);
    TW_TRY(tw__sim_clock_check(&c->clock, x, err));
    /* who shares an update without a server sends a message to each other worker */
    const size_t messages = x->splits && x->n_servers == 0 ? x->n : 1;
    TW_TRY(tw__workers_keep(x, messages * sizeof *c->heap, err));
    TW_TRY(tw__alloc(x->ctx, &c->server_free, x->n_servers, sizeof *c->server_free, err));
    return tw__alloc(x->ctx, &c->seat, x->n, sizeof *c->seat, err);
}

static void free_seat(tw__workers *x, tw__sim_seat *seat)
{
    for (size_t i = 0; i < seat->n_nodes; i++) {
        tw__list_free(x->ctx, &seat->node[i].list, x->k->real);
        tw__free(x->ctx, seat->node[i].dense, x->set.size, x->k->real);
    }
    tw__free(x->ctx, seat->node, seat->n_nodes, sizeof *seat->node);
}

static void destroy(tw__workers *x)
{
    tw__sim *c = x->carrier;
    if (!c) return;
    for (size_t i = 0; c->seat && i < x->n; i++) free_seat(x, &c->seat[i]);
    tw__free(x->ctx, c->seat, x->n, sizeof *c->seat);
    tw__free(x->ctx, c->server_free, x->n_servers, sizeof *c->server_free);
    tw__free(x->ctx, c->heap, c->capacity, sizeof *c->heap);
    tw__free(x->ctx, c, 1, sizeof *c);
}

static const tw_option options[] = {{"workers", TW_INT, NULL, 4, 1, MOST_WORKERS, TW_CLOSED, "workers"},
                                    TW__SIM_OPTIONS};

const tw__transport tw__transport_sim = {
    .about =
        {.size = sizeof(tw_exchange),
         .name = "sim",
         .help = "workers and servers are simulated under a virtual clock, to the same bits every time",
         .paper = "",
         .equation =
             "a message takes latency + bytes / bandwidth; a server takes one after the other\n"
             "an evaluation takes time * times[worker] * jitter, of a part of an update its share of that\n"
             "a straggler's takes slow times as long, one with a pause longer times\n"
             "it fails with probability 1 - exp(-its time / failures): it is lost, and its worker back after restart",
         .n_options = sizeof options / sizeof options[0],
         .options = options,
         .is_transport = 1},
    .answers_at_once = 1,
    .shares_objective = 1,
    .stops_anywhere = 1,
    .is_virtual = 1,
    .keeps_gradients = 1,
    .create = create,
    .free = destroy,
    .run = run,
    .send = send,
    .alarm = alarm,
    .now = now,
    .pass = pass,
    .visit = tw__sim_visit,
};
