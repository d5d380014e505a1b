/* The transport mpi: every worker is a process, and a link carries their messages. All processes make the
 * same run; that of rank 0 has the servers, decides how far the run goes, and counts it.
 *
 *     rank 0       GO limit  ...  PAUSE     .       looks at the run  GO ...  END
 *     the others   work      ...  .      SUMMARY    wait              work    end
 *
 * Between GO and PAUSE messages of the protocol go from each to each. A process without anything to do says
 * to rank 0 how many it has sent to and got from each of the others (IDLE). When all are idle and these
 * numbers fit, pair by pair, none is on its way: whoever was first to act after it had said so would have
 * got a message that its sender has counted and it has not.
 *
 * SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "base/cpu.h"
#include "exchange/processes.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>

double tw__processes_now(const tw__workers *x)
{
    const tw__processes *c = x->carrier;
    const double began = atomic_load(&c->began);
    return c->seconds + atomic_load(&c->ahead) + (began > 0 ? tw__seconds() - began : 0);
}

void tw__processes_run_clock(tw__processes *c, int goes)
{
    const double began = atomic_load(&c->began);
    if (goes == (began > 0)) return;
    if (!goes) c->seconds += tw__seconds() - began;
    atomic_store(&c->began, goes ? tw__seconds() : 0);
}

/* Clocks of processes are compared by their messages alone (Lamport 1978). */
void tw__processes_set_clock(tw__workers *x, const tw__parcel_head *h)
{
    tw__processes *c = x->carrier;
    const double least = 1e-9;
    if (h->kind == TW__MESSAGE || h->kind == TW__GO) tw__processes_run_clock(c, 1);
    else if (h->kind != TW__SUMMARY) return;
    const double late = h->time - tw__processes_now(x);
    if (late >= 0) atomic_store(&c->ahead, atomic_load(&c->ahead) + late + least);
}

/* ---- the same run -------------------------------------------------------------------------------------- */

/* Lines on the run, which must be the same in all processes: rank 0 hears those of the others. */
static tw_status say_hello(tw__workers *x, const char *mine, tw_error *err)
{
    const tw__processes *c = x->carrier;
    if (c->rank > 0) return tw__processes_say(x, 0, TW__HELLO, mine, strlen(mine) + 1, err);
    for (size_t left = x->n - 1; left > 0; left--) {
        tw__parcel *p;
        TW_TRY(tw__processes_next(x, 0, "the others to begin", &p, err));
        const tw__parcel_head h = tw__processes_head(p);
        const char *const theirs = (const char *)p->bytes + sizeof h;
        const int is_text = h.kind == TW__HELLO && p->n > sizeof h && !p->bytes[p->n - 1];
        const tw_status s = is_text ? tw__link_same(c->link, p->from, mine, theirs, err)
                                    : tw__processes_garbled(x, p->from, err);
        tw__parcel_free(c->link, p);
        TW_TRY(s);
    }
    return TW_OK;
}

/* Likewise, and nobody proceeds before rank 0 has heard all: what one says next would come before what
 * another says first. */
static tw_status meet(tw__workers *x, const char *mine, tw_error *err)
{
    const tw__processes *c = x->carrier;
    tw__parcel *p;
    TW_TRY(say_hello(x, mine, err));
    if (c->rank == 0) return tw__processes_say_to_all(x, TW__HELLO, NULL, 0, err);
    TW_TRY(tw__processes_next(x, 0, "rank 0 to compare the runs", &p, err));
    const int is_expected = p->from == 0 && tw__processes_head(p).kind == TW__HELLO;
    const size_t from = p->from;
    tw__parcel_free(c->link, p);
    return is_expected ? TW_OK : tw__processes_garbled(x, from, err);
}

static tw_status agree(tw__workers *x, const char *lines, tw_error *err)
{
    tw__processes *c = x->carrier;
    const tw_status s = meet(x, lines, err);
    c->is_broken = s != TW_OK;
    return s;
}

/* Once, when whatever was saved is loaded: all begin with the same weights after the same update. */
static tw_status compare_states(tw__workers *x, tw__processes *c, tw_error *err)
{
    char weights[TW__HASH_DIGITS + 1], line[TW__HASH_DIGITS + 80];
    if (c->has_begun) return TW_OK;
    c->has_begun = 1;
    tw__weights_hash(x->set.type, x->set.size, x->set.w, weights);
    snprintf(line, sizeof line, "after %llu updates weights %s\n", (unsigned long long)atomic_load(&x->done),
             weights);
    return say_hello(x, line, err);
}

/* ---- work ---------------------------------------------------------------------------------------------- */

static void *serve(void *arg)
{
    tw__workers *x = arg;
    tw__processes *c = x->carrier;
    tw__fp_enter();
    while (!atomic_load(&c->stops) && !atomic_load(&c->halts)) {
        c->status = tw__processes_pump(x, &c->error);
        if (c->status != TW_OK) atomic_store(&c->halts, 1);
        tw__link_rest(TW__LINK_LOOKS);
    }
    return NULL;
}

static tw_status start_serving(tw__workers *x, tw__processes *c, tw_error *err)
{
    sigset_t all, was;
    int serves = 0;
    for (size_t i = 0; i < x->n_servers; i++) serves |= tw__home(x, x->n + i) == c->rank;
    if (c->is_started || !serves || x->n == 1) return TW_OK;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &was);
    c->is_started = pthread_create(&c->thread, NULL, serve, x) == 0;
    pthread_sigmask(SIG_SETMASK, &was, NULL);
    return c->is_started ? TW_OK : tw__fail(err, TW_ERR_SYSTEM, "the system refuses to start a thread");
}

struct order {
    uint64_t limit;
    double factor; /* on the rate, which controls of rank 0 set */
};

static tw_status begin(tw__workers *x, const struct order *o, tw_error *err)
{
    tw__processes *c = x->carrier;
    atomic_store(&x->limit, o->limit);
    memset(c->is_idle, 0, x->n);
    c->is_going = 1;
    c->knows = 0;
    atomic_store(&c->has_said, 0);
    TW_TRY(start_serving(x, c, err));
    return o->factor == tw_optimizer_factor(x->set.optimizer)
               ? TW_OK
               : tw_optimizer_set_factor(x->set.optimizer, o->factor, err);
}

/* What another process has sent. *is_over: the run is. */
static tw_status open_parcel(tw__workers *x, tw__processes *c, const tw__parcel *p, int *is_over,
                             tw_error *err)
{
    const tw__parcel_head h = tw__processes_head(p);
    const double start = tw__seconds();
    struct order o;
    tw__reader_of_bytes r = {p->bytes + sizeof h, p->n - sizeof h};
    atomic_store(&c->has_said, 0);
    if (h.kind == TW__IDLE && c->rank == 0) return tw__processes_note_idle(x, c, p, err);
    if (h.kind == TW__MESSAGE) {
        const tw_status s = tw__processes_receive(x, p, err);
        x->worker[c->rank].info.exchanging += tw__seconds() - start;
        return s;
    }
    *is_over = h.kind == TW__END;
    const int is_for_rank_0 = h.kind == TW__HELLO || h.kind == TW__SUMMARY || h.kind == TW__IDLE ||
                              h.kind == TW__STATE || h.kind == TW__WRITTEN;
    if (c->rank == 0 || p->from != 0 || is_for_rank_0) return tw__processes_garbled(x, p->from, err);
    if (h.kind == TW__GO) {
        TW_TRY(tw__read(&r, &o, sizeof o, err));
        return begin(x, &o, err);
    }
    c->is_going = 0;
    if (h.kind == TW__COLLECT) return tw__processes_say_state(x, p, err);
    if (h.kind == TW__WRITE) return tw__processes_write_part(x, p, err);
    return h.kind == TW__PAUSE ? tw__processes_say_summary(x, c, err) : TW_OK;
}

/* Until rank 0 finds that all have nothing more to do; elsewhere until it ends the run. */
static tw_status work(tw__workers *x, tw_error *err)
{
    tw__processes *c = x->carrier;
    tw__worker *me = &x->worker[c->rank];
    for (int is_over = 0; !is_over;) {
        enum tw__act did = TW__COMPUTE;
        tw__parcel *p = NULL;
        while (c->is_going && did == TW__COMPUTE) {
            TW_TRY(tw__worker_act(x, me, &did, err));
            if (did == TW__COMPUTE) atomic_store(&c->has_said, 0);
            if (atomic_load(&c->halts)) return tw__processes_check(x, "", err);
        }
        TW_TRY(
            tw__processes_next(x, did == TW__REST, c->is_going ? "a message" : "the next updates", &p, err));
        if (!p) return TW_OK;
        const tw_status s = open_parcel(x, c, p, &is_over, err);
        tw__parcel_free(c->link, p);
        TW_TRY(s);
    }
    x->is_over = 1;
    return TW_OK;
}

static tw_status lead(tw__workers *x, uint64_t limit, tw_error *err)
{
    tw__processes *c = x->carrier;
    const struct order o = {limit, tw_optimizer_factor(x->set.optimizer)};
    tw__note_limit(x, limit);
    TW_TRY(begin(x, &o, err));
    TW_TRY(tw__processes_say_to_all(x, TW__GO, &o, sizeof o, err));
    TW_TRY(work(x, err));
    TW_TRY(tw__processes_gather(x, c, err));
    if (atomic_load(&x->done) >= limit) return TW_OK;
    return tw__fail(err, TW_ERR_INTERNAL, "all workers wait for each other after %llu of %llu updates",
                    (unsigned long long)atomic_load(&x->done), (unsigned long long)limit);
}

static tw_status run(tw__workers *x, uint64_t limit, tw_error *err)
{
    tw__processes *c = x->carrier;
    if (c->rank == 0) tw__processes_run_clock(c, 1);
    tw_status s = compare_states(x, c, err);
    if (s == TW_OK) s = c->rank == 0 ? lead(x, limit, err) : work(x, err);
    tw__processes_run_clock(c, 0);
    c->is_broken = s != TW_OK;
    return s;
}

/* The others are at work, or wait for it: they have said hello. */
static tw_status collect(tw__workers *x, int whole, tw_error *err)
{
    tw__processes *c = x->carrier;
    if (c->saves_parts) return TW_OK;
    if (c->rank == 0) TW_TRY(compare_states(x, c, err));
    return tw__processes_collect(x, whole, err);
}

static tw_status save_parts(tw__workers *x, const tw__parts_saving *s, tw_error *err)
{
    TW_TRY(compare_states(x, x->carrier, err));
    return tw__processes_save_parts(x, s, err);
}

/* Updates k, k + n, ... are worker k's: no number is given out that others would have to know of. */
static int take(tw__workers *x, tw__worker *me)
{
    tw__processes *c = x->carrier;
    if (c->rank < x->dedicated) return 0;
    const uint64_t update = c->taken[c->rank] * (x->n - x->dedicated) + c->rank - x->dedicated;
    if (update >= atomic_load(&x->limit)) return 0;
    me->update = update;
    c->taken[c->rank]++;
    return 1;
}

/* ---- making -------------------------------------------------------------------------------------------- */

static tw_status refuse_protocol(const tw__workers *x, tw_error *err)
{
    const tw_exchange *e;
    char names[200] = "";
    for (size_t i = 0; (e = tw_exchange_at(i)) != NULL; i++) {
        const size_t n = strlen(names);
        if (!e->is_transport && !e->stands_for && tw__protocol_of(e)->is_for_processes)
            snprintf(names + n, sizeof names - n, "%s%s", n ? ", " : "", e->name);
    }
    return tw__fail(err, TW_ERR_SPEC, "exchange %s: %s does not run in several processes yet; these do: %s",
                    x->choice.spec, x->protocol->about.name, names);
}

static tw_status create(tw__workers *x, tw_error *err)
{
    tw__processes *c;
    if (!x->protocol->is_for_processes) return refuse_protocol(x, err);
    if (x->protocol->splits_models && tw__transport_value(x, "parts") != 0)
        return tw__fail(
            err, TW_ERR_SPEC,
            "exchange %s: parts are ranges of the weights, and %s has slices of layers: leave parts out",
            x->choice.spec, x->protocol->about.name);
    TW_TRY(tw__alloc(x->ctx, &c, 1, sizeof *c, err));
    x->carrier = c;
    c->link = x->set.link;
    c->rank = tw_link_rank(c->link);
    c->timeout = tw__transport_value(x, "timeout");
    tw__link_set_patience(c->link, c->timeout);
    pthread_mutex_init(&c->server, NULL);
    pthread_mutex_init(&c->pump, NULL);
    pthread_mutex_init(&c->lock, NULL);
    TW_TRY(tw__alloc(x->ctx, &c->stand_in, x->n, sizeof *c->stand_in, err));
    TW_TRY(tw__alloc(x->ctx, &c->sent, x->n, sizeof *c->sent, err));
    TW_TRY(tw__alloc(x->ctx, &c->got, x->n, sizeof *c->got, err));
    TW_TRY(tw__alloc(x->ctx, &c->said, x->n, 2 * x->n * sizeof *c->said, err));
    TW_TRY(tw__alloc(x->ctx, &c->is_idle, x->n, 1, err));
    TW_TRY(tw__alloc(x->ctx, &c->taken, x->n, sizeof *c->taken, err));
    c->is_broken = 1;
    return agree(x, x->set.head, err);
}

static void destroy(tw__workers *x)
{
    tw__processes *c = x->carrier;
    if (!c) return;
    atomic_store(&c->stops, 1);
    if (c->is_started) pthread_join(c->thread, NULL);
    if (c->rank == 0 && !c->is_broken) tw__processes_say_to_all(x, TW__END, NULL, 0, NULL);
    for (tw__parcel *p; (p = tw__processes_take(c)) != NULL;) tw__parcel_free(c->link, p);
    for (size_t i = 0; c->stand_in && i < x->n; i++) tw__stand_in_free(x, &c->stand_in[i]);
    tw__free(x->ctx, c->held, c->held_capacity, sizeof *c->held);
    tw__free(x->ctx, c->taken, x->n, sizeof *c->taken);
    tw__free(x->ctx, c->is_idle, x->n, 1);
    tw__free(x->ctx, c->said, x->n, 2 * x->n * sizeof *c->said);
    tw__free(x->ctx, c->got, x->n, sizeof *c->got);
    tw__free(x->ctx, c->sent, x->n, sizeof *c->sent);
    tw__free(x->ctx, c->stand_in, x->n, sizeof *c->stand_in);
    pthread_mutex_destroy(&c->lock);
    pthread_mutex_destroy(&c->pump);
    pthread_mutex_destroy(&c->server);
    tw__free(x->ctx, c, 1, sizeof *c);
}

/* Of rank 0, from which all load it. */
static tw_status visit(tw__workers *x, tw_visitor *v, tw_error *err)
{
    tw__processes *c = x->carrier;
    const int64_t workers = (int64_t)x->n;
    TW_TRY(v->field(v, "exchange.seconds", TW_F64, 0, NULL, &c->seconds, err));
    if (!tw__workers_regroup(x)) TW_TRY(v->field(v, "exchange.taken", TW_I64, 1, &workers, c->taken, err));
    else if (v->loading == TW_LOAD)
        for (size_t i = 0; i < x->n; i++) c->taken[i] = tw__updates_of(x, i, atomic_load(&x->done));
    if (v->loading == TW_LOAD) c->knows = 0;
    c->messages = atomic_load(&x->messages);
    c->bytes = atomic_load(&x->bytes);
    return TW_OK;
}

static const tw_option options[] =
    {{"timeout", TW_REAL, NULL, 30, 2, 1e6, TW_CLOSED,
      "seconds without a sign of life after which a process is lost"},
     {"dedicated", TW_INT, NULL, 0, 0, 1024, TW_CLOSED,
      "so many processes, the first, have servers alone, and do not train (ps:sync=asp and ssp, downpour)"},
     {"parts", TW_FLAG, NULL, 0, 0, 1, TW_CLOSED,
      "each process writes its part of a checkpoint, in a directory that all share; 0: rank 0 writes all"}};

const tw__transport tw__transport_mpi = {
    .about = {.size = sizeof(tw_exchange),
              .name = "mpi",
              .help = "workers are processes, on one machine or several, started by mpirun or srun",
              .paper = "",
              .equation =
                  "as many workers as processes; servers are in that of rank 0, or of rank 0, 1, ... where\n"
                  "each steps its range apart (ps:sync=asp and ssp, downpour)\n"
                  "a message's content is sent with it, and acts as on threads",
              .n_options = sizeof options / sizeof options[0],
              .options = options,
              .is_transport = 1},
    .shares_objective = 1,
    .is_apart = 1,
    .create = create,
    .free = destroy,
    .run = run,
    .send = tw__processes_send,
    .reduce = tw__processes_reduce,
    .send_numbers = tw__processes_send_numbers,
    .receive_numbers = tw__processes_receive_numbers,
    .now = tw__processes_now,
    .visit = visit,
    .take = take,
    .collect = collect,
    .save_parts = save_parts,
    .agree = agree,
};
