/* What all protocols share: workers and their weights, updates given out, and what is counted.
 * SPDX-License-Identifier: MIT */
#include "estimators/estimator.h"
#include "exchange/link.h"
#include "exchange/wire.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- making -------------------------------------------------------------------------------------------- */

static double value_of(const tw_exchange *about, const double *values, const char *option)
{
    for (int i = 0; i < about->n_options; i++)
        if (strcmp(about->options[i].name, option) == 0) return values[i];
    return 0;
}

tw_optimizer *tw__workers_optimizer(const tw__workers *x)
{
    return x->leading ? x->leading : x->set.optimizer;
}

double tw__exchange_value(const tw__workers *x, const char *option)
{
    return value_of(x->choice.protocol, x->choice.values, option);
}

double tw__transport_value(const tw__workers *x, const char *option)
{
    return value_of(x->choice.transport, x->choice.transport_values, option);
}

const double *tw__transport_list(const tw__workers *x, const char *option, size_t *n)
{
    const double *list = x->choice.lists + (size_t)tw__transport_value(x, option);
    *n = (size_t)list[0];
    return list + 1;
}

size_t tw__workers_count(const tw_exchange_choice *choice, const tw_context *ctx, const tw_link *link)
{
    if (tw__transport_of(choice->transport)->is_apart) return link ? tw_link_ranks(link) : 1;
    const double given = value_of(choice->transport, choice->transport_values, "workers");
    return given > 0 ? (size_t)given : (size_t)tw_context_threads(ctx);
}

uint64_t tw__exchange_steps(const tw_exchange_choice *choice, uint64_t updates)
{
    const tw__protocol *p = tw__protocol_of(choice->protocol);
    return p->steps ? p->steps(choice->values, updates) : updates;
}

static tw_status refuse_dedicated(const tw__workers *x, const char *why, tw_error *err)
{
    return tw__fail(err, TW_ERR_SPEC, "exchange %s: dedicated=%zu %s", x->choice.spec, x->dedicated, why);
}

static tw_status refuse_idle(const tw__workers *x, tw_error *err)
{
    return tw__fail(
        err, TW_ERR_SPEC,
        "exchange %s: dedicated=%zu processes, and there %s %zu server%s (servers=, at most one for "
        "every %d weights)",
        x->choice.spec, x->dedicated, x->n_servers == 1 ? "is" : "are", x->n_servers,
        x->n_servers == 1 ? "" : "s", TW_CHUNK);
}

static tw_status check_dedicated(const tw__workers *x, tw_error *err)
{
    if (x->set.trace)
        return refuse_dedicated(x, "and a trace: on threads, which repeat it, every worker trains", err);
    return x->dedicated < x->n ? TW_OK : refuse_dedicated(x, "leaves no process to train", err);
}

tw_status tw__workers_create(tw__workers **out, tw_context *ctx, const tw__workers_setting *setting,
                             tw_error *err)
{
    tw__workers *x;
    TW_TRY(tw__alloc(ctx, &x, 1, sizeof *x, err));
    *x = (tw__workers){.ctx = ctx,
                       .set = *setting,
                       .choice = *setting->choice,
                       .protocol = tw__protocol_of(setting->choice->protocol),
                       .transport = setting->replay ? &tw__transport_replay
                                                    : tw__transport_of(setting->choice->transport),
                       .k = tw__kernels_for(setting->type, tw_context_isa(ctx)),
                       .n = setting->workers,
                       .parts = 1};
    tw_status s = tw__workers_keep(x, sizeof *x->worker, err);
    if (s == TW_OK && x->transport->is_apart && !setting->link) {
        s = tw__link_alone(&x->alone, ctx, err);
        x->set.link = x->alone;
    }
    if (s == TW_OK) s = tw__alloc(ctx, &x->worker, x->n, sizeof *x->worker, err);
    if (s == TW_OK) s = tw__alloc(ctx, &x->first, TW__FIRST, sizeof *x->first, err);
    for (size_t i = 0; s == TW_OK && i < x->n; i++) {
        x->worker[i].index = i;
        x->worker[i].at = setting->w;
    }
    if (s == TW_OK && x->n > 1) x->dedicated = (size_t)tw__transport_value(x, "dedicated");
    if (s == TW_OK && x->dedicated) s = check_dedicated(x, err);
    if (s == TW_OK) s = x->protocol->create(x, err);
    if (s == TW_OK && x->dedicated > x->n_servers && x->serves_apart) s = refuse_idle(x, err);
    if (s == TW_OK && x->dedicated && !x->serves_apart)
        s = refuse_dedicated(x, "needs workers that do not wait for each other: ps:sync=asp or ssp, downpour",
                             err);
    if (s == TW_OK) s = tw__wire_create(x, err);
    if (s == TW_OK) s = x->transport->create(x, err);
    if (s == TW_OK && setting->trace)
        s = tw__tracer_create(&x->trace, ctx, tw__is_elsewhere(x, 0) ? NULL : setting->trace, setting->head,
                              x->n, err);
    x->set.choice = NULL;
    x->set.trace = x->set.replay = x->set.head = NULL;
    if (s == TW_OK) *out = x;
    else tw__workers_free(x);
    return s;
}

void tw__workers_free(tw__workers *x)
{
    if (!x) return;
    tw__tracer_free(x->trace);
    x->transport->free(x);
    x->protocol->free(x);
    tw__wire_free(x);
    for (size_t i = 0; x->worker && i < x->n; i++) {
        tw__worker *me = &x->worker[i];
        tw__free(x->ctx, me->w, x->set.size, x->k->real);
        tw__free(x->ctx, me->later, me->later_capacity, sizeof *me->later);
    }
    tw__free(x->ctx, x->first, TW__FIRST, sizeof *x->first);
    tw__free(x->ctx, x->worker, x->n, sizeof *x->worker);
    tw__arrived_free(x);
    tw_link_close(x->alone, NULL, NULL);
    tw__free(x->ctx, x, 1, sizeof *x);
}

tw_status tw__workers_keep(tw__workers *x, size_t bytes, tw_error *err)
{
    x->kept += (double)bytes * (double)x->n;
    if (!(x->kept > tw__memory_of_machine())) return TW_OK;
    return tw__fail(err, TW_ERR_MEMORY,
                    "out of memory: exchange %s keeps %.0f bytes for %zu workers, and this machine has %.0f",
                    x->choice.spec, x->kept, x->n, tw__memory_of_machine());
}

tw_status tw__copy_weights(tw__workers *x, tw_error *err)
{
    if (!x->worker[0].w) TW_TRY(tw__workers_keep(x, x->set.size * x->k->real, err));
    for (size_t i = 0; i < x->n; i++) {
        tw__worker *me = &x->worker[i];
        if (!me->w) TW_TRY(tw__alloc(x->ctx, &me->w, x->set.size, x->k->real, err));
        memcpy(me->w, x->set.w, x->set.size * x->k->real);
        me->at = me->w;
    }
    return TW_OK;
}

/* Workers' updates that are kept, each worker's in rising order, in the order of their numbers. */
static tw_status count_kept(tw__workers *x, tw_error *err)
{
    size_t *next, left = 0;
    for (size_t i = 0; i < x->n; i++) left += x->worker[i].n_later;
    if (left == 0) return TW_OK;
    TW_TRY(tw__alloc(x->ctx, &next, x->n, sizeof *next, err));
    tw_status s = TW_OK;
    for (; s == TW_OK && left > 0; left--) {
        const struct tw__later *first = NULL;
        size_t who = 0;
        for (size_t i = 0; i < x->n; i++) {
            const tw__worker *w = &x->worker[i];
            if (next[i] == w->n_later || (first && w->later[next[i]].update > first->update)) continue;
            first = &w->later[next[i]];
            who = i;
        }
        next[who]++;
        s = x->set.count(x->set.user, who, NULL, &first->sums, first->rows, err);
    }
    for (size_t i = 0; i < x->n; i++) x->worker[i].n_later = 0;
    tw__free(x->ctx, next, x->n, sizeof *next);
    return s;
}

tw_status tw__workers_run(tw__workers *x, uint64_t limit, tw_error *err)
{
    TW_TRY(x->transport->run(x, limit, err));
    if (!x->transport->stops_anywhere) TW_TRY(count_kept(x, err)); /* which counts at once */
    return x->trace ? tw__tracer_flush(x->trace, err) : TW_OK;
}

int tw__is_elsewhere(const tw__workers *x, size_t who)
{
    return x->transport->is_apart && tw__home(x, who) != tw_link_rank(x->set.link);
}

tw_status tw__workers_gather(tw__workers *x, tw_error *err)
{
    if ((x->protocol->gather || tw__spreads(x)) && x->protocol->visit_worker && x->transport->collect)
        TW_TRY(x->transport->collect(x, 0, err));
    return x->protocol->gather ? x->protocol->gather(x, err) : TW_OK;
}

tw_status tw__workers_end(tw__workers *x, tw_error *err)
{
    char weights[TW__HASH_DIGITS + 1];
    if (!x->trace && !x->transport->end) return TW_OK;
    tw__weights_hash(x->set.type, x->set.size, x->set.w, weights);
    if (x->transport->end) TW_TRY(x->transport->end(x, weights, err));
    return x->trace ? tw__tracer_end(x->trace, weights, err) : TW_OK;
}

void tw__weights_hash(tw_type type, size_t n, const void *w, char to[TW__HASH_DIGITS + 1])
{
    tw__hash h;
    tw__hash_start(&h);
    tw__hash_add(&h, w, n * tw_type_size(type));
    tw__hash_hex(&h, to);
}

/* ---- the trace ----------------------------------------------------------------------------------------- */

/* At this time; NAN: now. */
static void add_event(tw__workers *x, tw__trace_event e, double at)
{
    if (!x->trace) return;
    e.seconds = isnan(at) ? x->transport->now(x) : at;
    tw__tracer_add(x->trace, &e);
}

static void add_evaluation(tw__workers *x, enum tw__trace_kind kind, const tw__worker *me, double at)
{
    add_event(x, (tw__trace_event){.kind = kind, .who = (uint32_t)me->index, .update = me->update}, at);
}

void tw__note_computing(tw__workers *x, tw__worker *me, double at)
{
    me->began = at;
    add_evaluation(x, TW__TRACE_COMPUTE, me, at);
}

void tw__note_computed(tw__workers *x, const tw__worker *me, double at)
{
    if (atomic_load_explicit(&x->evaluations, memory_order_relaxed) < TW__FIRST) {
        const size_t i = atomic_fetch_add(&x->evaluations, 1);
        if (i < TW__FIRST) x->first[i] = (tw_worker_evaluation){me->index, me->began, at};
    }
    add_evaluation(x, TW__TRACE_COMPUTED, me, at);
}

void tw__note_received(tw__workers *x, const tw__message *m)
{
    add_event(x,
              (tw__trace_event){.kind = TW__TRACE_RECEIVE,
                                .who = (uint32_t)m->to,
                                .from = (uint32_t)m->from,
                                .update = m->clock},
              NAN);
}

void tw__note_limit(tw__workers *x, uint64_t limit)
{
    add_event(x, (tw__trace_event){.kind = TW__TRACE_LIMIT, .update = limit}, NAN);
}

/* ---- updates ------------------------------------------------------------------------------------------- */

uint64_t tw__take_updates(tw__workers *x, uint64_t most, uint64_t *first)
{
    const uint64_t limit = atomic_load(&x->limit);
    *first = atomic_load(&x->given);
    while (*first < limit) {
        const uint64_t end = limit - *first < most ? limit : *first + most;
        if (atomic_compare_exchange_weak(&x->given, first, end)) return end;
    }
    return *first;
}

int tw__take_update(tw__workers *x, tw__worker *me)
{
    uint64_t first;
    if (x->transport->take) return x->transport->take(x, me);
    if (tw__take_updates(x, 1, &first) == first) return 0;
    me->update = first;
    return 1;
}

tw_status tw__worker_compute(tw__workers *x, tw__worker *me, tw_error *err)
{
    const size_t part = x->splits ? me->index / x->parts : 0, parts = x->splits ? x->n / x->parts : 1;
    me->info.updates++;
    me->gradient.is_mean = 0;
    return x->set.compute(x->set.user, me->index, me->update, part, parts, me->at, &me->gradient, err);
}

tw_status tw__worker_computed(tw__workers *x, tw__worker *me, tw_error *err)
{
    TW_TRY(tw__wire_gradient(x, me, err));
    return x->protocol->computed(x, me, err);
}

tw_status tw__worker_act(tw__workers *x, tw__worker *me, enum tw__act *did, tw_error *err)
{
    TW_TRY(x->protocol->next(x, me, did, err));
    if (*did != TW__COMPUTE) return TW_OK;
    const double start = x->transport->now(x);
    tw__note_computing(x, me, start);
    TW_TRY(tw__worker_compute(x, me, err));
    const double end = x->transport->now(x);
    me->info.computing += end - start;
    tw__note_computed(x, me, end);
    const tw_status s = tw__worker_computed(x, me, err);
    me->info.exchanging += x->transport->now(x) - end;
    return s;
}

void tw__mean_range(const tw__workers *x, const tw__gradient *g, size_t lo, size_t hi)
{
    const double weight = g->leaf[0].weight;
    if (weight != 1) x->k->divide(hi - lo, (char *)g->node[0].dense + lo * x->k->real, weight);
}

const tw__sum *tw__mean_gradient(const tw__workers *x, tw__gradient *g)
{
    tw__sum *const sum = &g->node[0];
    const double weight = g->leaf[0].weight;
    if (g->is_mean) return sum;
    if (!sum->is_list) tw__mean_range(x, g, 0, x->set.size);
    else if (weight != 1) x->k->divide(sum->list->n, sum->list->value, weight);
    g->is_mean = 1;
    return sum;
}

tw_status tw__count_sums(tw__workers *x, const tw__worker *of, void *w, const tw_sums *sums, uint64_t rows,
                         tw_error *err)
{
    atomic_fetch_add(&x->done, 1);
    return x->set.count(x->set.user, of->index, w, sums, rows, err);
}

tw_status tw__count_update(tw__workers *x, const tw__worker *of, void *w, tw_error *err)
{
    return tw__count_sums(x, of, w, &of->gradient.leaf[0], of->gradient.rows, err);
}

tw_status tw__count_later(tw__workers *x, tw__worker *me, tw_error *err)
{
    const tw__gradient *g = &me->gradient;
    x->set.commit(x->set.user, me->index, me->w);
    if (!x->counts_arrivals) {
        atomic_fetch_add(&x->done, 1);
        if (x->transport->stops_anywhere)
            return x->set.count(x->set.user, me->index, NULL, &g->leaf[0], g->rows, err);
    }
    TW_TRY(tw__grow(x->ctx, &me->later, &me->later_capacity, me->n_later + 1, sizeof *me->later, err));
    me->later[me->n_later++] =
        (struct tw__later){.worker = me->index, .update = me->update, .rows = g->rows, .sums = g->leaf[0]};
    return TW_OK;
}

void tw__note_staleness(tw__workers *x, const tw__worker *of, uint64_t update, uint64_t staleness)
{
    const uint64_t last = TW_STALENESS_BINS - 1;
    if (x->transport->stepped) x->transport->stepped(x, of, update, staleness);
    add_event(x,
              (tw__trace_event){.kind = TW__TRACE_STEP,
                                .who = (uint32_t)of->index,
                                .update = update,
                                .staleness = staleness},
              NAN);
    x->staleness[staleness < last ? staleness : last]++;
    if (staleness > x->most_stale) x->most_stale = staleness;
    x->staleness_sum += (double)staleness;
    x->staleness_n++;
}

tw_status tw__workers_reduce(tw__workers *x, size_t me, double *sums, size_t lo, size_t hi, size_t leaves,
                             size_t n, tw_error *err)
{
    return x->transport->reduce(x, &x->worker[me], sums, lo, hi, leaves, n, err);
}

/* ---- messages ------------------------------------------------------------------------------------------ */

uint64_t tw__message_bytes(const tw__workers *x, const tw__message *m)
{
    if (m->carries == TW__NOTHING) return TW__MESSAGE_HEAD;
    const tw__sum *sum = m->from < x->n ? &tw__pushed(&x->worker[m->from])->node[0] : NULL;
    if (m->carries == TW__GRADIENT && sum) {
        if (!sum->is_list) return TW__MESSAGE_HEAD + tw__wire_vector_bytes(x, m->lo, m->hi);
        const size_t from = tw__list_place(sum->list, m->lo), to = tw__list_place(sum->list, m->hi);
        return TW__MESSAGE_HEAD + tw__wire_list_bytes(x, sum->list, from, to);
    }
    if (m->carries == TW__MEAN) return TW__MESSAGE_HEAD + tw__wire_bytes(x, TW__WIRE_MEAN, m->hi - m->lo);
    const size_t each = x->k->real + (m->carries == TW__LIST ? sizeof(uint32_t) : 0);
    return TW__MESSAGE_HEAD + (m->hi - m->lo) * each;
}

tw_status tw__send(tw__workers *x, const tw__message *m, tw_error *err)
{
    const uint64_t bytes = tw__message_bytes(x, m);
    atomic_fetch_add(&x->messages, 1);
    atomic_fetch_add(&x->bytes, bytes);
    if (m->from < x->n) x->worker[m->from].info.bytes += bytes;
    return x->transport->send(x, m, err);
}

void tw__deliver_weights(tw__workers *x, const tw__message *m)
{
    const size_t at = m->lo * x->k->real;
    if (m->carries == TW__WEIGHTS && m->to < x->n && x->worker[m->to].w)
        memcpy((char *)x->worker[m->to].w + at, (const char *)x->set.w + at, (m->hi - m->lo) * x->k->real);
}

size_t tw__range_begin(size_t size, size_t i, size_t n)
{
    const size_t chunks = (size + TW_CHUNK - 1) / TW_CHUNK, each = chunks / n, longer = chunks % n;
    const size_t begin = (each * i + (i < longer ? i : longer)) * TW_CHUNK;
    return begin < size ? begin : size;
}

size_t tw__servers_count(const tw__workers *x)
{
    const size_t chunks = (x->set.size + TW_CHUNK - 1) / TW_CHUNK,
                 wanted = (size_t)tw__exchange_value(x, "servers");
    return wanted < chunks ? wanted : chunks;
}

/* ---- looking at it ------------------------------------------------------------------------------------- */

void tw__workers_info(const tw__workers *x, tw_exchange_info *out, tw_worker_info *worker)
{
    for (size_t i = 0; i < x->n; i++) {
        worker[i] = x->worker[i].info;
        worker[i].host = x->n > 1 && x->set.link ? tw_link_host(x->set.link, i) : NULL;
    }
    *out = (tw_exchange_info){.spec = x->choice.spec,
                              .workers = x->n,
                              .worker = worker,
                              .seconds = x->transport->now(x),
                              .is_virtual = x->transport->is_virtual,
                              .messages = atomic_load(&x->messages),
                              .bytes = atomic_load(&x->bytes),
                              .most_stale = x->most_stale,
                              .ignored = x->ignored,
                              .stores = x->stores,
                              .lost = x->lost,
                              .mean_staleness =
                                  x->staleness_n ? x->staleness_sum / (double)x->staleness_n : NAN};
    memcpy(out->staleness, x->staleness, sizeof out->staleness);
    out->evaluation = x->first;
    out->n_evaluations = atomic_load(&x->evaluations);
    if (out->n_evaluations > TW__FIRST) out->n_evaluations = TW__FIRST;
}
