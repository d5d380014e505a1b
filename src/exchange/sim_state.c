/* A simulation in a checkpoint: the clock, events to come, and the gradients that workers have in hand, each
 * kind in one list, since there may be very many workers.
 * SPDX-License-Identifier: MIT */
#include "exchange/sim.h"
#include <string.h>

enum {
    SEAT_TIMES = 3,
    SEAT_COUNTS = 2,
    EVENT_NUMBERS = 10,
    HEAD_NUMBERS = 6,
    NODE_NUMBERS = 3,
    SUM_NUMBERS = 3
};

static tw_status damaged(const char *what, tw_error *err)
{
    return tw__fail(err, TW_ERR_DATA, "the stored simulation has %s that do not fit together", what);
}

/* ---- the clock and seats ------------------------------------------------------------------------------- */

static tw_status visit_clock(tw__workers *x, tw_visitor *v, tw_error *err)
{
    tw__sim *c = x->carrier;
    const int64_t servers = (int64_t)x->n_servers;
    TW_TRY(v->field(v, "sim.now", TW_F64, 0, NULL, &c->now, err));
    TW_TRY(v->field(v, "sim.events", TW_I64, 0, NULL, &c->events, err));
    return v->field(v, "sim.server_free", TW_F64, 1, &servers, c->server_free, err);
}

static tw_status visit_seats(tw__workers *x, tw_visitor *v, double *times, uint64_t *counts, tw_error *err)
{
    tw__sim *c = x->carrier;
    const int64_t workers = (int64_t)x->n, in_times[] = {workers, SEAT_TIMES},
                  in_counts[] = {workers, SEAT_COUNTS};
    for (size_t i = 0; i < x->n; i++) {
        const tw__sim_seat *s = &c->seat[i];
        times[SEAT_TIMES * i] = s->ready;
        times[SEAT_TIMES * i + 1] = s->since;
        times[SEAT_TIMES * i + 2] = s->moving;
        counts[SEAT_COUNTS * i] = (uint64_t)s->is_busy;
        counts[SEAT_COUNTS * i + 1] = s->draws;
    }
    TW_TRY(v->field(v, "sim.seat_times", TW_F64, 2, in_times, times, err));
    TW_TRY(v->field(v, "sim.seat_counts", TW_I64, 2, in_counts, counts, err));
    for (size_t i = 0; v->loading == TW_LOAD && i < x->n; i++) {
        tw__sim_seat *s = &c->seat[i];
        s->ready = times[SEAT_TIMES * i];
        s->since = times[SEAT_TIMES * i + 1];
        s->moving = times[SEAT_TIMES * i + 2];
        s->is_busy = counts[SEAT_COUNTS * i] != 0;
        s->draws = counts[SEAT_COUNTS * i + 1];
    }
    return TW_OK;
}

/* ---- events -------------------------------------------------------------------------------------------- */

static void write_event(const tw__sim_event *e, uint64_t to[EVENT_NUMBERS])
{
    const tw__message *m = &e->message;
    const uint64_t numbers[EVENT_NUMBERS] = {e->number,  e->kind, (uint64_t)m->kind,
                                             m->carries, m->from, m->to,
                                             m->lo,      m->hi,   m->clock,
                                             m->version};
    memcpy(to, numbers, sizeof numbers);
}

static int read_event(const tw__workers *x, const uint64_t n[EVENT_NUMBERS], double time, tw__sim_event *to)
{
    const uint64_t nodes = x->n + x->n_servers;
    *to = (tw__sim_event){.time = time,
                          .number = n[0],
                          .kind = (enum tw__sim_kind)n[1],
                          .message = {.kind = (int)n[2],
                                      .carries = (unsigned)n[3],
                                      .from = n[4],
                                      .to = n[5],
                                      .lo = n[6],
                                      .hi = n[7],
                                      .clock = n[8],
                                      .version = n[9]}};
    if (n[1] >= TW__SIM_KINDS || n[4] >= nodes || n[5] >= nodes || n[6] > n[7] || n[7] > x->set.size)
        return 0;
    const int from_server = n[4] >= x->n, to_server = n[5] >= x->n;
    switch (to->kind) {
    case TW__SIM_ALARM: return to_server && n[4] == n[5];
    case TW__SIM_ARRIVED: return x->n_servers ? from_server != to_server : 1;
    default: return !to_server;
    }
}

static tw_status read_events(tw__workers *x, const double *times, const uint64_t *numbers, size_t n,
                             tw_error *err)
{
    tw__sim *c = x->carrier;
    TW_TRY(tw__grow(x->ctx, &c->heap, &c->capacity, n, sizeof *c->heap, err));
    c->n = n;
    for (size_t i = 0; i < n; i++)
        if (!read_event(x, numbers + i * EVENT_NUMBERS, times[i], &c->heap[i])) return damaged("events", err);
    return TW_OK;
}

static tw_status visit_events(tw__workers *x, tw_visitor *v, tw_error *err)
{
    const tw__sim *c = x->carrier;
    double *times = NULL;
    uint64_t *numbers = NULL;
    size_t n = c->n, many = c->n * EVENT_NUMBERS;
    tw_status s = tw__alloc(x->ctx, &times, n, sizeof *times, err);
    if (s == TW_OK) s = tw__alloc(x->ctx, &numbers, many, sizeof *numbers, err);
    for (size_t i = 0; s == TW_OK && i < n; i++) {
        times[i] = c->heap[i].time;
        write_event(&c->heap[i], numbers + i * EVENT_NUMBERS);
    }
    if (s == TW_OK) s = v->list(v, "sim.event_times", TW_F64, &n, (void **)&times, x->ctx, err);
    if (s == TW_OK) s = v->list(v, "sim.event_numbers", TW_I64, &many, (void **)&numbers, x->ctx, err);
    if (s == TW_OK && v->loading == TW_LOAD)
        s = many == n * EVENT_NUMBERS ? read_events(x, times, numbers, n, err) : damaged("events", err);
    tw__free(x->ctx, numbers, many, sizeof *numbers);
    tw__free(x->ctx, times, n, sizeof *times);
    return s;
}

/* ---- gradients ----------------------------------------------------------------------------------------- */

/* All workers' gradients: of each its head and its nodes' (place, whether it is a list, numbers), the sums of
 * its leaves, and the nodes' indices and values. `at` is where the next ones are. */
struct pack {
    uint64_t *head;
    double *sum;
    int64_t *index;
    char *value;
    size_t heads, sums, indices, values; /* numbers that there are */
    struct {
        size_t head, sum, index, value;
    } at;
};

/* The leaves whose sums are needed: where an evaluation has all, the first has the sum. */
static void leaves_of(const tw__workers *x, const tw__gradient *g, size_t *lo, size_t *hi)
{
    *lo = x->splits ? g->lo : 0;
    *hi = x->splits ? g->hi : g->n > 0;
}

static void measure(const tw__workers *x, struct pack *p)
{
    size_t lo, hi;
    for (size_t i = 0; i < x->n; i++) {
        const tw__gradient *g = &x->worker[i].gradient;
        leaves_of(x, g, &lo, &hi);
        p->heads += HEAD_NUMBERS + NODE_NUMBERS * g->n;
        p->sums += SUM_NUMBERS * (hi - lo);
        for (size_t k = 0; k < g->n; k++) {
            p->indices += g->node[k].is_list ? g->node[k].list->n : 0;
            p->values += g->node[k].is_list ? g->node[k].list->n : x->set.size;
        }
    }
}

static void write_node(const tw__workers *x, struct pack *p, size_t first, const tw__sum *sum)
{
    const size_t n = sum->is_list ? sum->list->n : x->set.size, real = x->k->real;
    p->head[p->at.head++] = first;
    p->head[p->at.head++] = (uint64_t)sum->is_list;
    p->head[p->at.head++] = n;
    for (size_t i = 0; sum->is_list && i < n; i++) p->index[p->at.index++] = sum->list->index[i];
    if (n > 0) memcpy(p->value + p->at.value * real, sum->is_list ? sum->list->value : sum->dense, n * real);
    p->at.value += n;
}

static void write_gradient(const tw__workers *x, struct pack *p, const tw__gradient *g)
{
    size_t lo, hi;
    leaves_of(x, g, &lo, &hi);
    const uint64_t head[HEAD_NUMBERS] = {g->lo, g->hi, g->n, g->rows, (uint64_t)g->is_mean, g->leaves};
    memcpy(p->head + p->at.head, head, sizeof head);
    p->at.head += HEAD_NUMBERS;
    for (; lo < hi; lo++, p->at.sum += SUM_NUMBERS)
        memcpy(p->sum + p->at.sum, &g->leaf[lo], sizeof g->leaf[lo]);
    for (size_t k = 0; k < g->n; k++) write_node(x, p, g->first[k], &g->node[k]);
}

/* What was read is checked: a checkpoint's numbers may be anything. */
static tw_status read_node(tw__workers *x, struct pack *p, tw__sim_node *to, tw__gradient *g, size_t k,
                           tw_error *err)
{
    if (p->heads - p->at.head < NODE_NUMBERS) return damaged("gradients", err);
    const uint64_t first = p->head[p->at.head++], is_list = p->head[p->at.head++], n = p->head[p->at.head++];
    const size_t real = x->k->real;
    if (first < (k ? g->first[k - 1] + 1 : g->lo) || first >= g->hi || n > p->values - p->at.value ||
        (is_list ? n > p->indices - p->at.index : n != x->set.size))
        return damaged("gradients", err);
    g->first[k] = first;
    g->node[k] = (tw__sum){.is_list = is_list != 0, .list = &to->list};
    if (is_list) TW_TRY(tw__list_reserve(x->ctx, &to->list, n, real, err));
    else if (!to->dense) TW_TRY(tw__alloc(x->ctx, &to->dense, n, real, err));
    g->node[k].dense = to->dense;
    to->list.n = is_list ? n : 0;
    for (size_t i = 0; is_list && i < n; i++, p->at.index++) {
        if (p->index[p->at.index] < 0 || (uint64_t)p->index[p->at.index] >= x->set.size)
            return damaged("gradients", err);
        to->list.index[i] = (uint32_t)p->index[p->at.index];
    }
    if (n > 0) memcpy(is_list ? to->list.value : to->dense, p->value + p->at.value * real, n * real);
    p->at.value += n;
    return is_list && !tw__list_accept(&to->list, x->set.type, x->set.size) ? damaged("gradients", err)
                                                                            : TW_OK;
}

static tw_status read_gradient(tw__workers *x, struct pack *p, size_t worker, tw_error *err)
{
    tw__gradient *g = &x->worker[worker].gradient;
    tw__sim_seat *seat = &((tw__sim *)x->carrier)->seat[worker];
    size_t lo, hi;
    if (p->heads - p->at.head < HEAD_NUMBERS) return damaged("gradients", err);
    const uint64_t *head = p->head + p->at.head;
    p->at.head += HEAD_NUMBERS;
    if (head[0] > head[1] || head[1] > head[5] || head[5] > TW_MOST_LEAVES || head[2] > TW_MOST_LEAVES)
        return damaged("gradients", err);
    g->lo = head[0];
    g->hi = head[1];
    g->rows = head[3];
    g->is_mean = head[4] != 0;
    g->leaves = head[5];
    g->n = 0;
    TW_TRY(tw__grow(x->ctx, &seat->node, &seat->n_nodes, head[2], sizeof *seat->node, err));
    g->n = head[2];
    leaves_of(x, g, &lo, &hi);
    if (p->sums - p->at.sum < SUM_NUMBERS * (hi - lo)) return damaged("gradients", err);
    for (; lo < hi; lo++, p->at.sum += SUM_NUMBERS)
        memcpy(&g->leaf[lo], p->sum + p->at.sum, sizeof g->leaf[lo]);
    for (size_t k = 0; k < g->n; k++) TW_TRY(read_node(x, p, &seat->node[k], g, k, err));
    return TW_OK;
}

/* Who evaluates, or has sent what it has, has a gradient; of a part of an update that may be empty. */
static tw_status check_gradients(const tw__workers *x, tw_error *err)
{
    const tw__sim *c = x->carrier;
    for (size_t i = 0; i < c->n; i++) {
        const tw__message *m = &c->heap[i].message;
        const int is_computed = c->heap[i].kind == TW__SIM_COMPUTED, is_sent = m->carries == TW__GRADIENT;
        if (!is_computed && !(is_sent && m->from < x->n)) continue;
        const tw__gradient *g = &x->worker[is_computed ? m->to : m->from].gradient;
        if (g->leaves == 0 || (g->n == 0 && !x->splits)) return damaged("gradients", err);
    }
    return TW_OK;
}

static tw_status fill(tw__workers *x, struct pack *p, tw_error *err)
{
    measure(x, p);
    TW_TRY(tw__alloc(x->ctx, &p->head, p->heads, sizeof *p->head, err));
    TW_TRY(tw__alloc(x->ctx, &p->sum, p->sums, sizeof *p->sum, err));
    TW_TRY(tw__alloc(x->ctx, &p->index, p->indices, sizeof *p->index, err));
    TW_TRY(tw__alloc(x->ctx, &p->value, p->values, x->k->real, err));
    for (size_t i = 0; i < x->n; i++) write_gradient(x, p, &x->worker[i].gradient);
    return TW_OK;
}

static tw_status show(tw__workers *x, tw_visitor *v, struct pack *p, tw_error *err)
{
    TW_TRY(v->list(v, "sim.gradients", TW_I64, &p->heads, (void **)&p->head, x->ctx, err));
    TW_TRY(v->list(v, "sim.gradient_sums", TW_F64, &p->sums, (void **)&p->sum, x->ctx, err));
    TW_TRY(v->list(v, "sim.gradient_indices", TW_I64, &p->indices, (void **)&p->index, x->ctx, err));
    return v->list(v, "sim.gradient_values", x->set.type, &p->values, (void **)&p->value, x->ctx, err);
}

static tw_status visit_gradients(tw__workers *x, tw_visitor *v, tw_error *err)
{
    struct pack p = {.head = NULL};
    tw_status s = v->loading == TW_SHOW ? fill(x, &p, err) : TW_OK;
    if (s == TW_OK) s = show(x, v, &p, err);
    for (size_t i = 0; s == TW_OK && v->loading == TW_LOAD && i < x->n; i++) s = read_gradient(x, &p, i, err);
    if (s == TW_OK && v->loading == TW_LOAD) s = check_gradients(x, err);
    tw__free(x->ctx, p.value, p.values, x->k->real);
    tw__free(x->ctx, p.index, p.indices, sizeof *p.index);
    tw__free(x->ctx, p.sum, p.sums, sizeof *p.sum);
    tw__free(x->ctx, p.head, p.heads, sizeof *p.head);
    return s;
}

tw_status tw__sim_visit(tw__workers *x, tw_visitor *v, tw_error *err)
{
    double *times = NULL;
    uint64_t *counts = NULL;
    tw_status s = visit_clock(x, v, err);
    if (s == TW_OK) s = tw__alloc(x->ctx, &times, x->n, SEAT_TIMES * sizeof *times, err);
    if (s == TW_OK) s = tw__alloc(x->ctx, &counts, x->n, SEAT_COUNTS * sizeof *counts, err);
    if (s == TW_OK) s = visit_seats(x, v, times, counts, err);
    tw__free(x->ctx, counts, x->n, SEAT_COUNTS * sizeof *counts);
    tw__free(x->ctx, times, x->n, SEAT_TIMES * sizeof *times);
    if (s == TW_OK) s = visit_events(x, v, err);
    return s == TW_OK ? visit_gradients(x, v, err) : s;
}
