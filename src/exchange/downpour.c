/* downpour: replicas of the model on a parameter server. A worker steps weights of its own and adds its
 * gradients up; every `push` updates it sends their sum, perhaps in fewer bits, to the servers, each of which
 * has a range of the weights and steps it by a rule of its own, and every `fetch` updates it takes the
 * servers' weights. A worker waits for the servers, not for other workers.
 *
 * The paper pushes after updates 0, push, 2 push, ...; here every sum is of `push` updates, but for the last
 * of the run.
 *
 * Dean et al. 2012, Algorithm 7.1.
 * SPDX-License-Identifier: MIT */
#include "exchange/gather.h"
#include "exchange/replicas.h"
#include "exchange/wire.h"

enum { MOST_SERVERS = 256 };
/* What a worker asks for, and its answer. */
enum { PUSH = 1, FETCH = 2 };
static const char initial_rule[] = "adagrad";

struct server {
    tw__stepper stepper;
    uint64_t version; /* sums that it has stepped */
};

struct replica {
    tw__gathered sum;
    uint64_t waits;      /* for answers of so many servers */
    uint64_t seen;       /* the version of the first server's weights that it has */
    tw__gradient pushed; /* the sum as it was sent */
};

struct downpour {
    uint64_t push, fetch;
    tw__replicas replicas;
    struct replica *replica;
    struct server *server;
};

/* ---- workers ------------------------------------------------------------------------------------------- */

static tw_status ask(tw__workers *x, tw__worker *me, int kind, tw_error *err)
{
    struct downpour *d = x->state;
    struct replica *mine = &d->replica[me->index];
    mine->waits = x->n_servers;
    if (kind & PUSH) TW_TRY(tw__wire_push(x, me, &mine->sum.sum, err));
    for (size_t i = 0; i < x->n_servers; i++) {
        const size_t s = (me->index + i) % x->n_servers;
        const tw__message m = {.kind = kind,
                               .carries = kind & PUSH ? TW__GRADIENT : TW__NOTHING,
                               .from = me->index,
                               .to = x->n + s,
                               .lo = d->server[s].stepper.lo,
                               .hi = d->server[s].stepper.hi,
                               .clock = me->clock,
                               .version = mine->seen};
        TW_TRY(tw__send(x, &m, err));
    }
    return TW_OK;
}

static tw_status next(tw__workers *x, tw__worker *me, enum tw__act *act, tw_error *err)
{
    const struct downpour *d = x->state;
    const struct replica *mine = &d->replica[me->index];
    *act = TW__WAIT;
    if (mine->waits > 0) return TW_OK;
    *act = tw__take_update(x, me) ? TW__COMPUTE : TW__REST;
    if (*act == TW__COMPUTE || mine->sum.n == 0 || atomic_load(&x->limit) < x->set.total) return TW_OK;
    *act = TW__WAIT;
    return ask(x, me, PUSH, err);
}

static tw_status computed(tw__workers *x, tw__worker *me, tw_error *err)
{
    struct downpour *d = x->state;
    TW_TRY(tw__replicas_step(x, &d->replicas, me, err));
    TW_TRY(tw__gathered_add(x, &d->replica[me->index].sum, &me->gradient.node[0], err));
    const int kind = (me->clock % d->push == 0 ? PUSH : 0) | (me->clock % d->fetch == 0 ? FETCH : 0);
    return kind ? ask(x, me, kind, err) : TW_OK;
}

/* ---- servers ------------------------------------------------------------------------------------------- */

static tw_status step(tw__workers *x, size_t s, const tw__message *m, tw_error *err)
{
    struct downpour *d = x->state;
    struct server *server = &d->server[s];
    const tw__worker *from = &x->worker[m->from];
    const struct replica *replica = &d->replica[m->from];
    const int is_elsewhere = tw__is_elsewhere(x, m->from);
    const tw__sum *sent = is_elsewhere ? &replica->pushed.node[0] : &replica->sum.sum;
    if (!is_elsewhere && replica->sum.n == 0)
        return tw__fail(err, TW_ERR_DATA, "worker %zu has no gradients to push", m->from);
    TW_TRY(tw__stepper_step(x, &server->stepper, x->set.w, sent, NULL, err));
    if (s == 0) {
        tw__note_staleness(x, from, from->update, server->version - m->version);
        x->set.commit(x->set.user, m->from, x->set.w);
    }
    server->version++;
    return TW_OK;
}

static tw_status reply_to(tw__workers *x, size_t s, const tw__message *m, tw_error *err)
{
    const struct server *server = &((struct downpour *)x->state)->server[s];
    const tw__message reply = {.kind = m->kind,
                               .carries = m->kind & FETCH ? TW__WEIGHTS : TW__NOTHING,
                               .from = m->to,
                               .to = m->from,
                               .lo = server->stepper.lo,
                               .hi = server->stepper.hi,
                               .version = server->version};
    return tw__send(x, &reply, err);
}

static tw_status receive(tw__workers *x, const tw__message *m, tw_error *err)
{
    struct downpour *d = x->state;
    if (m->to >= x->n) {
        if (m->kind & PUSH) TW_TRY(step(x, m->to - x->n, m, err));
        return reply_to(x, m->to - x->n, m, err);
    }
    struct replica *mine = &d->replica[m->to];
    if (m->kind & FETCH && m->from == x->n) mine->seen = m->version;
    if (--mine->waits == 0 && m->kind & PUSH) mine->sum.n = 0;
    return TW_OK;
}

static void content(tw__workers *x, const tw__message *m, tw__content *c)
{
    /* all servers look at the same list, which each message brings anew */
    c->whole_lists = m->carries == TW__GRADIENT && x->n_servers > 1;
}

/* ---- state --------------------------------------------------------------------------------------------- */

static tw_status visit_replica(tw__workers *x, struct replica *r, size_t i, tw_visitor *v, tw_error *err)
{
    const int64_t two = 2;
    uint64_t numbers[] = {r->waits, r->seen};
    tw__numbered numbered;
    tw_visitor *const mine = tw__numbered_visitor(&numbered, v, "replica", i);
    TW_TRY(mine->field(mine, "numbers", TW_I64, 1, &two, numbers, err));
    r->waits = numbers[0];
    r->seen = numbers[1];
    return tw__gathered_visit(x, &r->sum, mine, err);
}

static tw_status visit_server(tw__workers *x, size_t s, tw_visitor *v, tw_error *err)
{
    struct server *server = &((struct downpour *)x->state)->server[s];
    tw__numbered numbered;
    tw_visitor *const mine = tw__numbered_visitor(&numbered, v, "server", s);
    TW_TRY(mine->field(mine, "version", TW_I64, 0, NULL, &server->version, err));
    return tw_optimizer_visit(server->stepper.opt, mine, err);
}

static tw_status visit_worker(tw__workers *x, size_t worker, int whole, tw_visitor *v, tw_error *err)
{
    struct downpour *d = x->state;
    for (size_t s = 0; tw__spreads(x) && s < x->n_servers; s++) {
        if (tw__home(x, x->n + s) != worker) continue;
        TW_TRY(tw__stepper_visit_weights(x, &d->server[s].stepper, v, err));
        if (whole) TW_TRY(visit_server(x, s, v, err));
    }
    if (!whole) return TW_OK;
    TW_TRY(tw__stepper_visit(&d->replicas.stepper[worker], v, worker, err));
    return visit_replica(x, &d->replica[worker], worker, v, err);
}

static tw_status visit(tw__workers *x, tw_visitor *v, tw_error *err)
{
    struct downpour *d = x->state;
    TW_TRY(tw__replicas_visit(x, &d->replicas, v, err));
    for (size_t i = 0; i < x->n; i++) TW_TRY(visit_replica(x, &d->replica[i], i, v, err));
    for (size_t s = 0; s < x->n_servers; s++) TW_TRY(visit_server(x, s, v, err));
    return TW_OK;
}

/* ---- making -------------------------------------------------------------------------------------------- */

static tw_status make_servers(tw__workers *x, struct downpour *d, tw_error *err)
{
    const char *const rule = *x->choice.quoted ? x->choice.quoted : initial_rule;
    x->n_servers = tw__servers_count(x);
    x->has_several = x->has_server_rule = 1;
    x->serves_apart = 1;
    TW_TRY(tw__alloc(x->ctx, &d->server, x->n_servers, sizeof *d->server, err));
    for (size_t s = 0; s < x->n_servers; s++) {
        const size_t lo = tw__range_begin(x->set.size, s, x->n_servers),
                     hi = tw__range_begin(x->set.size, s + 1, x->n_servers);
        TW_TRY(tw__stepper_of_rule(x, rule, "server", lo, hi, &d->server[s].stepper, err));
    }
    return TW_OK;
}

static tw_status create(tw__workers *x, tw_error *err)
{
    struct downpour *d;
    TW_TRY(tw__alloc(x->ctx, &d, 1, sizeof *d, err));
    x->state = d;
    d->push = (uint64_t)tw__exchange_value(x, "push");
    d->fetch = (uint64_t)tw__exchange_value(x, "fetch");
    x->codes_sums = 1;
    TW_TRY(tw__alloc(x->ctx, &d->replica, x->n, sizeof *d->replica, err));
    for (size_t i = 0; i < x->n; i++) x->worker[i].pushed = &d->replica[i].pushed;
    TW_TRY(tw__replicas_create(x, &d->replicas, err));
    return make_servers(x, d, err);
}

static void destroy(tw__workers *x)
{
    struct downpour *d = x->state;
    if (!d) return;
    for (size_t s = 0; d->server && s < x->n_servers; s++) tw__stepper_free(x, &d->server[s].stepper);
    for (size_t i = 0; d->replica && i < x->n; i++) tw__gathered_free(x, &d->replica[i].sum);
    tw__replicas_free(x, &d->replicas);
    tw__free(x->ctx, d->server, x->n_servers, sizeof *d->server);
    tw__free(x->ctx, d->replica, x->n, sizeof *d->replica);
    tw__free(x->ctx, d, 1, sizeof *d);
}

static const tw_option options[] = {{"push", TW_INT, NULL, 1, 1, TW_STEPS, TW_CLOSED,
                                     "updates whose gradients a worker adds up and sends"},
                                    {"fetch", TW_INT, NULL, 1, 1, TW_STEPS, TW_CLOSED,
                                     "updates after which a worker takes the servers' weights"},
                                    {"server", TW_SPEC, initial_rule, 0, 0, 0, TW_CLOSED,
                                     "the rule that steps the servers' weights, with transforms if need be"},
                                    {"servers", TW_INT, NULL, 1, 1, MOST_SERVERS, TW_CLOSED,
                                     "servers, each with a range of the weights"},
                                    TW__WIRE_OPTIONS};
static const tw_alias aliases[] = {{"n_push", "push"}, {"n_fetch", "fetch"}, {NULL, NULL}};

const tw__protocol tw__protocol_downpour = {
    .about = {.size = sizeof(tw_exchange),
              .name = "downpour",
              .help =
                  "Downpour SGD: workers step weights of their own, and send sums of gradients to a server",
              .paper = "Dean et al. 2012, Algorithm 7.1",
              .equation = "w_i = step(w_i, g),  a_i = a_i + g,  g the mean of an update's rows at w_i\n"
                          "every `push` updates of worker i: w = server step(w, a_i),  a_i = 0\n"
                          "every `fetch` updates: w_i = w; w is reported",
              .n_options = sizeof options / sizeof options[0],
              .options = options,
              .aliases = aliases},
    .is_for_processes = 1,
    .create = create,
    .free = destroy,
    .next = next,
    .computed = computed,
    .receive = receive,
    .content = content,
    .visit = visit,
    .visit_worker = visit_worker,
};
