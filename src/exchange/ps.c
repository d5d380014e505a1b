/* ps: a parameter server. Workers send gradients to servers, each of which has a range of the weights and
 * steps it, and get its new weights in return.
 *
 *     bsp   a clock is an update: its rows are split among the workers, and when the servers have the
 *           gradients of all, these are added in the batch tree and stepped once: the bits of local.
 *     asp   a gradient is stepped when it arrives, at weights that others may have stepped meanwhile.
 *     ssp   likewise, but weights are handed out only to workers that are at most `staleness` updates
 *           ahead of the slowest. With staleness 0 nobody may see a clock's steps before all are made,
 *           which is bsp.
 *
 * Of asp and ssp a server may ignore gradients that are too old, whose rows are then evaluated again at its
 * weights of that moment, lower the rate of stale ones, or gather some of its current weights for a step.
 *
 * Li et al. 2014 (parameter servers); Ho et al. 2013 (SSP).
 * SPDX-License-Identifier: MIT */
#include "exchange/gather.h"
#include "exchange/merge.h"
#include "exchange/staleness.h"
#include "exchange/wire.h"
#include <string.h>

enum sync { BSP, SSP, ASP };
enum { PUSH, WEIGHTS, ASK, IGNORED };
enum { MOST_SERVERS = 256, MOST_STALENESS = 1 << 20 };

struct server {
    tw__stepper stepper;
    tw__staleness stale;
    uint64_t version;
    /* ssp: how many workers have made k updates, in place k mod (staleness + 2); the least k there is; who
     * waits for it to rise */
    uint64_t *at_clock, least;
    size_t *waiting, n_waiting;
};

/* A worker as seen from the servers: their weights' versions that it has, and the updates that each has of
 * it. */
struct client {
    uint64_t *version, *pushed;
};

struct ps {
    enum sync sync;
    uint64_t staleness, gather;
    struct server *server;
    struct client *client;
    uint64_t *numbers; /* of all clients */
    uint64_t *fresh;   /* of how many servers each has the weights */
    uint64_t *again;   /* whether each evaluates its update once more, as its gradient was ignored or lost */
    tw__gathered gathered; /* gather > 0: those of the next step */
    /* bsp: all servers' ranges, and the gradients of this clock that are there */
    tw__stepper all;
    tw__merge merge;
    _Atomic size_t arrived;
};

/* ---- workers ------------------------------------------------------------------------------------------- */

static int take(tw__workers *x, const struct ps *p, tw__worker *me)
{
    if (p->again[me->index]) {
        p->again[me->index] = 0;
        return 1;
    }
    if (p->sync != BSP) return tw__take_update(x, me);
    me->update = me->clock;
    return me->clock < atomic_load(&x->limit);
}

static tw_status next(tw__workers *x, tw__worker *me, enum tw__act *act, tw_error *err)
{
    const struct ps *p = x->state;
    (void)err;
    if (p->fresh[me->index] < x->n_servers) *act = TW__WAIT;
    else *act = take(x, p, me) ? TW__COMPUTE : TW__REST;
    return TW_OK;
}

/* To each server its range, beginning with another one than the other workers do. */
static tw_status computed(tw__workers *x, tw__worker *me, tw_error *err)
{
    struct ps *p = x->state;
    struct client *c = &p->client[me->index];
    if (p->sync != BSP) tw__mean_gradient(x, &me->gradient);
    p->fresh[me->index] = 0;
    me->clock++;
    for (size_t i = 0; i < x->n_servers; i++) {
        const size_t s = (me->index + i) % x->n_servers;
        const tw__message m = {.kind = PUSH,
                               .carries = TW__GRADIENT,
                               .from = me->index,
                               .to = x->n + s,
                               .lo = p->server[s].stepper.lo,
                               .hi = p->server[s].stepper.hi,
                               .clock = me->clock,
                               .version = c->version[s]};
        TW_TRY(tw__send(x, &m, err));
    }
    return TW_OK;
}

/* Without an answer to a push, the weights of a worker that has failed are gone: it asks for those of now. */
static tw_status returned(tw__workers *x, tw__worker *me, int *is_lost, tw_error *err)
{
    struct ps *p = x->state;
    *is_lost = p->sync != BSP;
    if (p->sync == BSP) return TW_OK;
    p->again[me->index] = 1;
    p->fresh[me->index] = 0;
    for (size_t s = 0; s < x->n_servers; s++) {
        const tw__message m = {.kind = ASK, .from = me->index, .to = x->n + s};
        TW_TRY(tw__send(x, &m, err));
    }
    return TW_OK;
}

/* ---- servers ------------------------------------------------------------------------------------------- */

static tw_status give_as(tw__workers *x, const struct ps *p, size_t s, size_t worker, int kind, tw_error *err)
{
    struct server *server = &p->server[s];
    tw__staleness_give(&server->stale, worker);
    const tw__message m = {.kind = kind,
                           .carries = TW__WEIGHTS,
                           .from = x->n + s,
                           .to = worker,
                           .lo = server->stepper.lo,
                           .hi = server->stepper.hi,
                           .version = server->version};
    return tw__send(x, &m, err);
}

static tw_status give(tw__workers *x, const struct ps *p, size_t s, size_t worker, tw_error *err)
{
    return give_as(x, p, s, worker, WEIGHTS, err);
}

/* The gradients of all workers have arrived everywhere: one step of all ranges. */
static tw_status step_clock(tw__workers *x, struct ps *p, tw_error *err)
{
    tw__gradient *whole;
    TW_TRY(tw__merge_all(&p->merge, x, &whole, err));
    TW_TRY(tw__stepper_step(x, &p->all, x->set.w, tw__mean_gradient(x, whole), NULL, err));
    TW_TRY(tw__count_sums(x, &x->worker[0], x->set.w, &whole->leaf[0], whole->rows, err));
    for (size_t s = 0; s < x->n_servers; s++) p->server[s].version++;
    for (size_t s = 0; s < x->n_servers; s++)
        for (size_t i = 0; i < x->n; i++) TW_TRY(give(x, p, s, i, err));
    return TW_OK;
}

/* The server's weights for those that are not too far ahead any more: when the least clock rises, that is all
 * who wait. */
static tw_status give_in_turn(tw__workers *x, struct ps *p, size_t s, size_t worker, uint64_t clock,
                              tw_error *err)
{
    struct server *server = &p->server[s];
    const uint64_t places = p->staleness + 2;
    if (p->sync == ASP) return give(x, p, s, worker, err);
    server->at_clock[(clock - 1) % places]--;
    server->at_clock[clock % places]++;
    if (server->at_clock[server->least % places] > 0 && clock <= server->least + p->staleness)
        return give(x, p, s, worker, err);
    if (server->n_waiting == x->n)
        return tw__fail(err, TW_ERR_DATA, "a server has stored workers that wait more than once");
    server->waiting[server->n_waiting++] = worker;
    if (server->at_clock[server->least % places] > 0) return TW_OK;
    while (server->at_clock[server->least % places] == 0) server->least++;
    size_t still = 0;
    for (size_t i = 0; i < server->n_waiting; i++) {
        const size_t who = server->waiting[i];
        if (p->client[who].pushed[s] > server->least + p->staleness) server->waiting[still++] = who;
        else TW_TRY(give(x, p, s, who, err));
    }
    server->n_waiting = still;
    return TW_OK;
}

/* It counts as if it had not been sent. */
static tw_status ignore(tw__workers *x, struct ps *p, size_t s, size_t worker, tw_error *err)
{
    x->ignored++;
    return give_as(x, p, s, worker, IGNORED, err);
}

/* A step when there are enough, or no more will come. */
static tw_status add_push(tw__workers *x, struct ps *p, struct server *server, const tw__worker *from,
                          tw_error *err)
{
    TW_TRY(tw__gathered_add(x, &p->gathered, &from->gradient.node[0], err));
    if (p->gathered.n < p->gather && atomic_load(&x->done) + 1 < x->set.total) return TW_OK;
    server->version++;
    return tw__stepper_step(x, &server->stepper, x->set.w, tw__gathered_mean(x, &p->gathered), NULL, err);
}

static tw_status step_push(tw__workers *x, struct ps *p, size_t s, const tw__message *m, tw_error *err)
{
    struct server *server = &p->server[s];
    const tw__worker *from = &x->worker[m->from];
    const uint64_t staleness = server->version - m->version;
    if (tw__staleness_ignores(&server->stale, staleness)) return ignore(x, p, s, m->from, err);
    if (p->gather > 0) TW_TRY(add_push(x, p, server, from, err));
    else {
        const void *at = x->set.needs_point ? from->w : NULL;
        const tw__sum *mean = &from->gradient.node[0];
        TW_TRY(
            tw__staleness_step(x, &server->stale, &server->stepper, from->index, mean, at, staleness, err));
        server->version++;
    }
    if (s == 0) {
        tw__note_staleness(x, from, from->update, staleness);
        TW_TRY(tw__count_update(x, from, x->set.w, err));
    }
    p->client[m->from].pushed[s] = m->clock;
    return give_in_turn(x, p, s, m->from, m->clock, err);
}

static tw_status receive(tw__workers *x, const tw__message *m, tw_error *err)
{
    struct ps *p = x->state;
    if (m->to < x->n) {
        struct client *c = &p->client[m->to];
        c->version[m->from - x->n] = m->version;
        p->fresh[m->to]++;
        if (m->kind == IGNORED) {
            x->worker[m->to].clock--;
            p->again[m->to] = 1;
        }
        return TW_OK;
    }
    if (m->kind == ASK) return give(x, p, m->to - x->n, m->from, err);
    if (p->sync != BSP) return step_push(x, p, m->to - x->n, m, err);
    if (atomic_fetch_add(&p->arrived, 1) + 1 < x->n * x->n_servers) return TW_OK;
    atomic_store(&p->arrived, 0);
    return step_clock(x, p, err);
}

/* Between updates, when all weights that were asked for have come, except for those whose worker must
 * wait. */
static tw_status visit_server(tw__workers *x, struct ps *p, size_t s, tw_visitor *v, tw_error *err)
{
    struct server *server = &p->server[s];
    tw__numbered numbered;
    tw_visitor *const mine = tw__numbered_visitor(&numbered, v, "server", s);
    const int64_t places = (int64_t)p->staleness + 2, two = 2, workers = (int64_t)x->n;
    uint64_t counts[] = {server->version, server->least}, waiting = server->n_waiting;
    TW_TRY(mine->field(mine, "counts", TW_I64, 1, &two, counts, err));
    TW_TRY(tw__stepper_visit(&server->stepper, v, s, err));
    TW_TRY(tw__staleness_visit(x, &server->stale, mine, err));
    if (p->gather > 0) TW_TRY(tw__gathered_visit(x, &p->gathered, mine, err));
    if (p->sync == SSP && !tw__workers_regroup(x)) {
        TW_TRY(mine->field(mine, "at_clock", TW_I64, 1, &places, server->at_clock, err));
        TW_TRY(mine->field(mine, "waiting", TW_I64, 0, NULL, &waiting, err));
        TW_TRY(mine->field(mine, "queue", TW_I64, 1, &workers, server->waiting, err));
    }
    if (v->loading != TW_LOAD) return TW_OK;
    server->version = counts[0];
    if (tw__workers_regroup(x)) return TW_OK;
    server->least = counts[1];
    server->n_waiting = (size_t)waiting;
    uint64_t known = 0;
    for (int64_t i = 0; p->sync == SSP && i < places; i++) known += server->at_clock[i];
    for (size_t i = 0; i < waiting; i++)
        if (i >= x->n || server->waiting[i] >= x->n)
            return tw__fail(err, TW_ERR_DATA, "a server has stored workers that wait and are not there");
    return p->sync == SSP && known != x->n - x->dedicated
               ? tw__fail(err, TW_ERR_DATA, "a server has stored clocks of %llu workers, not %zu",
                          (unsigned long long)known, x->n - x->dedicated)
               : TW_OK;
}

static tw_status visit(tw__workers *x, tw_visitor *v, tw_error *err)
{
    struct ps *p = x->state;
    const int64_t workers = (int64_t)x->n, each = (int64_t)(2 * x->n_servers), shape[] = {workers, each};
    if (!tw__workers_regroup(x)) {
        TW_TRY(v->field(v, "exchange.clients", TW_I64, 2, shape, p->numbers, err));
        TW_TRY(v->field(v, "exchange.fresh", TW_I64, 1, &workers, p->fresh, err));
        TW_TRY(v->field(v, "exchange.again", TW_I64, 1, &workers, p->again, err));
    }
    for (size_t s = 0; s < x->n_servers; s++) TW_TRY(visit_server(x, p, s, v, err));
    return TW_OK;
}

/* All servers look at the same list, which each message brings anew. */
static void content(tw__workers *x, const tw__message *m, tw__content *c)
{
    c->whole_lists = m->carries == TW__GRADIENT && x->n_servers > 1;
}

/* A server that is in a worker's process. */
static tw_status visit_home(tw__workers *x, size_t s, int whole, tw_visitor *v, tw_error *err)
{
    struct ps *p = x->state;
    TW_TRY(tw__stepper_visit_weights(x, &p->server[s].stepper, v, err));
    return whole ? visit_server(x, p, s, v, err) : TW_OK;
}

static tw_status visit_worker(tw__workers *x, size_t worker, int whole, tw_visitor *v, tw_error *err)
{
    struct ps *p = x->state;
    const int64_t servers = (int64_t)x->n_servers;
    for (size_t s = 0; tw__spreads(x) && s < x->n_servers; s++)
        if (tw__home(x, x->n + s) == worker) TW_TRY(visit_home(x, s, whole, v, err));
    if (tw__workers_regroup(x)) return TW_OK;
    TW_TRY(v->field(v, "versions", TW_I64, 1, &servers, p->client[worker].version, err));
    TW_TRY(v->field(v, "fresh", TW_I64, 0, NULL, &p->fresh[worker], err));
    return v->field(v, "again", TW_I64, 0, NULL, &p->again[worker], err);
}

/* All have answered, and nothing is on its way. */
static tw_status refresh(tw__workers *x, tw_error *err)
{
    struct ps *p = x->state;
    for (size_t s = 0; s < x->n_servers; s++)
        for (size_t i = 0; i < x->n; i++) {
            p->client[i].version[s] = p->server[s].version;
            tw__staleness_give(&p->server[s].stale, i);
        }
    return x->worker[0].w ? tw__copy_weights(x, err) : TW_OK;
}

/* All have the weights of now. */
static tw_status regroup(tw__workers *x, uint64_t updates, tw_error *err)
{
    struct ps *p = x->state;
    const uint64_t places = p->staleness + 2;
    for (size_t s = 0; s < x->n_servers && p->sync == SSP; s++) {
        memset(p->server[s].at_clock, 0, places * sizeof *p->server[s].at_clock);
        p->server[s].least = updates / (x->n - x->dedicated);
        p->server[s].n_waiting = 0;
    }
    for (size_t i = 0; i < x->n; i++) {
        const uint64_t clock = p->sync == BSP ? updates : tw__updates_of(x, i, updates);
        x->worker[i].clock = clock;
        p->fresh[i] = x->n_servers;
        p->again[i] = 0;
        for (size_t s = 0; s < x->n_servers; s++) {
            p->client[i].pushed[s] = clock;
            if (p->sync == SSP && i >= x->dedicated) p->server[s].at_clock[clock % places]++;
        }
    }
    return refresh(x, err);
}

/* ---- making -------------------------------------------------------------------------------------------- */

static tw_status make_server(tw__workers *x, struct ps *p, size_t s, tw_error *err)
{
    struct server *server = &p->server[s];
    const size_t lo = tw__range_begin(x->set.size, s, x->n_servers),
                 hi = tw__range_begin(x->set.size, s + 1, x->n_servers);
    const int is_own = p->sync != BSP && x->n_servers > 1;
    TW_TRY(tw__stepper_create(x, lo, hi, is_own, &server->stepper, err));
    TW_TRY(tw__staleness_create(x, &server->stale, err));
    if (p->gather > 0) server->stale.oldest = 1;
    if (p->sync != SSP) return TW_OK;
    TW_TRY(tw__alloc(x->ctx, &server->at_clock, p->staleness + 2, sizeof *server->at_clock, err));
    server->at_clock[0] = x->n - x->dedicated;
    return tw__alloc(x->ctx, &server->waiting, x->n, sizeof *server->waiting, err);
}

static tw_status make_clients(tw__workers *x, struct ps *p, tw_error *err)
{
    const size_t each = x->n_servers;
    TW_TRY(tw__alloc(x->ctx, &p->client, x->n, sizeof *p->client, err));
    TW_TRY(tw__alloc(x->ctx, &p->numbers, x->n, 2 * each * sizeof *p->numbers, err));
    TW_TRY(tw__alloc(x->ctx, &p->fresh, x->n, sizeof *p->fresh, err));
    TW_TRY(tw__alloc(x->ctx, &p->again, x->n, sizeof *p->again, err));
    for (size_t i = 0; i < x->n; i++) {
        p->client[i] =
            (struct client){.version = p->numbers + 2 * i * each, .pushed = p->numbers + (2 * i + 1) * each};
        p->fresh[i] = each;
    }
    return TW_OK;
}

/* Between a push and its answer a server steps with gradients of others, so that workers evaluate at
 * copies; but not where they all wait for that, or where an evaluation comes at once with the answer. */
static int has_copies(const tw__workers *x, const struct ps *p)
{
    return p->sync != BSP && (x->set.needs_point || x->n_servers > 1 || !x->transport->answers_at_once);
}

static tw_status refuse(const tw__workers *x, const char *why, tw_error *err)
{
    return tw__fail(err, TW_ERR_SPEC, "exchange %s: %s", x->choice.spec, why);
}

/* Corrections for staleness that could not matter. */
static tw_status check(const tw__workers *x, const struct ps *p, tw_error *err)
{
    const int ignores = tw__exchange_value(x, "oldest") > 0,
              scales = tw__exchange_value(x, "rate") != TW__FULL;
    if (p->sync == BSP && (ignores || scales || p->gather > 0))
        return refuse(x,
                      "oldest, rate and gather are for stale gradients, and with bsp none is: use asp or ssp",
                      err);
    if (p->gather > 0 && (ignores || scales))
        return refuse(x,
                      "gather takes gradients of the current weights alone: oldest and rate have no effect",
                      err);
    if ((p->gather > 0 || ignores) && x->n_servers > 1)
        return refuse(x, "several servers may not agree on what is too old: oldest and gather need servers=1",
                      err);
    return TW_OK;
}

static tw_status create(tw__workers *x, tw_error *err)
{
    struct ps *p;
    TW_TRY(tw__alloc(x->ctx, &p, 1, sizeof *p, err));
    x->state = p;
    p->sync = (enum sync)tw__exchange_value(x, "sync");
    p->staleness = (uint64_t)tw__exchange_value(x, "staleness");
    if (p->sync == SSP && p->staleness == 0) p->sync = BSP;
    p->gather = (uint64_t)tw__exchange_value(x, "gather");
    x->splits = p->sync == BSP;
    x->serves_apart = p->sync != BSP;
    x->n_servers = tw__servers_count(x);
    TW_TRY(check(x, p, err));
    TW_TRY(tw__stepper_create(x, 0, x->set.size, 0, &p->all, err));
    TW_TRY(make_clients(x, p, err));
    TW_TRY(tw__alloc(x->ctx, &p->server, x->n_servers, sizeof *p->server, err));
    for (size_t s = 0; s < x->n_servers; s++) TW_TRY(make_server(x, p, s, err));
    x->has_several = p->server[0].stepper.is_own;
    if (x->has_several) x->leading = p->server[0].stepper.opt;
    return has_copies(x, p) ? tw__copy_weights(x, err) : TW_OK;
}

static void destroy(tw__workers *x)
{
    struct ps *p = x->state;
    if (!p) return;
    for (size_t s = 0; p->server && s < x->n_servers; s++) {
        tw__stepper_free(x, &p->server[s].stepper);
        tw__staleness_free(x, &p->server[s].stale);
        tw__free(x->ctx, p->server[s].at_clock, p->staleness + 2, sizeof *p->server[s].at_clock);
        tw__free(x->ctx, p->server[s].waiting, x->n, sizeof *p->server[s].waiting);
    }
    tw__stepper_free(x, &p->all);
    tw__gathered_free(x, &p->gathered);
    tw__merge_free(&p->merge, x);
    tw__free(x->ctx, p->server, x->n_servers, sizeof *p->server);
    tw__free(x->ctx, p->client, x->n, sizeof *p->client);
    tw__free(x->ctx, p->fresh, x->n, sizeof *p->fresh);
    tw__free(x->ctx, p->again, x->n, sizeof *p->again);
    tw__free(x->ctx, p->numbers, x->n, 2 * x->n_servers * sizeof *p->numbers);
    tw__free(x->ctx, p, 1, sizeof *p);
}

/* The places of options. */
enum { SYNC, STALENESS, GATHER = 4, WIRE = 7 };

static enum tw__bits bits_with(const double *values)
{
    const int is_exact = values[SYNC] == BSP || (values[SYNC] == SSP && values[STALENESS] == 0);
    return !is_exact ? TW__BITS_VARY : values[WIRE] > 0 ? TW__BITS_REPEAT : TW__BITS_OF_LOCAL;
}

static const char *against_waiting(const double *values)
{
    if (values[SYNC] == BSP)
        return ": with ps:sync=ssp or ps:sync=asp nobody waits for the slowest in each update";
    return values[SYNC] == ASP
               ? ", for a server that is busy: larger batches (--batch) keep it less busy"
               : ", for the slowest or a busy server: a higher staleness, or larger batches (--batch), help";
}

static uint64_t steps(const double *values, uint64_t updates)
{
    const uint64_t gather = values[GATHER] > 0 ? (uint64_t)values[GATHER] : 1;
    return updates / gather + (updates % gather != 0);
}

static const tw_option options[] = {
    {"sync", TW_WORD, "bsp ssp asp", BSP, 0, 0, TW_CLOSED,
     "bsp: workers share each update and wait for each other; ssp: each has its own, and none gets too far ahead; asp: nobody "
     "waits"},
    {"staleness", TW_INT, NULL, 4, 0, MOST_STALENESS, TW_CLOSED,
     "ssp: updates that a worker may be ahead of the slowest; 0 is bsp"},
    {"servers", TW_INT, NULL, 1, 1, MOST_SERVERS, TW_CLOSED, "servers, each with a range of the weights"},
    {"oldest", TW_INT, NULL, 0, 0, TW_STEPS, TW_CLOSED,
     "asp, ssp: a gradient that is so many updates old, or older, is ignored, and its worker restarts at the weights of now; 0: none is"},
    {"gather", TW_INT, NULL, 0, 0, TW_STEPS, TW_CLOSED,
     "asp, ssp: so many gradients of the current weights make a step, and others are ignored; 0: each makes one"},
    {"rate", TW_WORD, TW__STALE_RATES, TW__FULL, 0, 0, TW_CLOSED,
     "asp, ssp: the rate of a step whose gradient is stale, see the equation"},
    {"alpha", TW_REAL, NULL, 0.9, 0, 1, TW_OPEN, "adaptive1: the share of what is left that a step takes"},
    TW__WIRE_OPTIONS};

const tw__protocol tw__protocol_ps = {
    .about =
        {.size = sizeof(tw_exchange),
         .name = "ps",
         .help = "a parameter server steps the gradients that workers send, together or as they come",
         .paper =
             "Li et al. 2014; ssp: Ho et al. 2013; oldest: Maranjyan, Tyurin & Richtarik 2025, Algorithm 4 (Ringmaster); gather: Tyurin & Richtarik 2023 (Rennala); inverse: Zhang, Gupta, Lian & Liu 2016, with tau + 1; workers: Mishchenko, Bach, Even & Woodworth 2022; adaptive1, adaptive2: Wu, Magnusson, Feyzmahdavian & Johansson 2022",
         .equation =
             "bsp: w = step(w, mean of the update's rows, which the workers share)\n"
             "asp, ssp: w = step(w, gradient at the weights that the worker had got)\n"
             "ssp: a worker with c updates waits until the slowest has c - staleness\n"
             "oldest=R: tau < R, tau the updates since its weights, or the gradient is ignored\n"
             "gather=B: w = step(w, mean of B gradients with tau = 0)\n"
             "rate: lr times  inverse 1/(1 + tau)  root 1/sqrt(1 + tau)  workers min(1, workers/tau)\n"
             "adaptive1 alpha (1 - s)  adaptive2 1/(1 + tau) if that is <= 1 - s, else 0\n"
             "s: the sum of the factors of the steps since its weights",
         .n_options = sizeof options / sizeof options[0],
         .options = options},
    .bits_with = bits_with,
    .against_waiting = against_waiting,
    .takes_rounds = 1,
    .is_for_processes = 1,
    .refresh = refresh,
    .steps = steps,
    .create = create,
    .free = destroy,
    .next = next,
    .computed = computed,
    .receive = receive,
    .returned = returned,
    .visit = visit,
    .regroup = regroup,
    .content = content,
    .visit_worker = visit_worker,
};
