/* threads: every worker in a thread. A server acts in the thread of whoever sends to it, under its lock. A
 * worker without anything to do is idle; when all are, no message can be on its way, and the run may look
 * at the weights.
 * SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "base/cpu.h"
#include "exchange/protocol.h"
#include <pthread.h>
#include <signal.h>
#include <string.h>

enum { MAIL = 64, MOST_WORKERS = 1024, LOOKS = 1000 /* about 20 microseconds */ };

/* A worker's thread, and the messages to it: each other worker may have sent two that it has not read. */
struct seat {
    tw__workers *x;
    tw__worker *me;
    pthread_t thread;
    int is_started, is_idle;
    uint64_t round; /* of the last call that it has begun */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    tw__message *mail;
    size_t first, capacity;
    _Atomic size_t n;
    uint64_t reductions;
};

struct carrier {
    struct seat *seat;
    pthread_mutex_t *server;
    size_t n_servers;
    pthread_mutex_t lock; /* for what follows */
    pthread_cond_t quiet, reduced;
    size_t n_active;
    uint64_t round;
    int stops;         /* the threads are to end */
    _Atomic int halts; /* after an error */
    tw_status status;
    tw_error error;
    /* a reduction's numbers, those of one and the next; workers that are in it */
    double *part[2];
    size_t n_parts, arrived;
    uint64_t reductions;
    double seconds, began;
    int looks; /* for a message, before a thread sleeps */
};

static double now(const tw__workers *x)
{
    const struct carrier *c = x->carrier;
    return c->seconds + (c->began > 0 ? tw__seconds() - c->began : 0);
}

/* ---- workers ------------------------------------------------------------------------------------------- */

static void fail(struct carrier *c, tw_status s, const tw_error *error)
{
    pthread_mutex_lock(&c->lock);
    if (c->status == TW_OK) {
        c->status = s;
        c->error = *error;
    }
    atomic_store(&c->halts, 1);
    pthread_cond_broadcast(&c->reduced);
    pthread_mutex_unlock(&c->lock);
}

static void become_idle(struct carrier *c, struct seat *seat)
{
    seat->is_idle = 1;
    pthread_mutex_lock(&c->lock);
    if (--c->n_active == 0) pthread_cond_signal(&c->quiet);
    pthread_mutex_unlock(&c->lock);
}

/* A message comes sooner than the system wakes a thread, if whoever sends it has a CPU too. */
static void look_out(const struct carrier *c, const struct seat *seat)
{
    for (int i = 0; i < c->looks && atomic_load_explicit(&seat->n, memory_order_relaxed) == 0; i++)
        tw__relax();
}

/* Waits for a message or for the next call; 0: for neither, the thread is to end. */
static int wait_for_mail(struct carrier *c, struct seat *seat, tw__message *m, int *has_mail)
{
    const int waits = seat->n == 0;
    const double since = waits ? tw__seconds() : 0;
    look_out(c, seat);
    pthread_mutex_lock(&seat->lock);
    while ((seat->n == 0 || atomic_load(&c->halts)) && !c->stops && seat->round == c->round) {
        if (!seat->is_idle) become_idle(c, seat);
        pthread_cond_wait(&seat->wake, &seat->lock);
    }
    const int goes_on = !c->stops, is_new = seat->round != c->round;
    seat->round = c->round;
    *has_mail = goes_on && seat->n > 0 && !atomic_load(&c->halts);
    if (*has_mail) {
        *m = seat->mail[seat->first];
        seat->first = (seat->first + 1) % seat->capacity;
        seat->n--;
    }
    pthread_mutex_unlock(&seat->lock);
    if (waits && !is_new) seat->me->info.waiting += tw__seconds() - since;
    return goes_on;
}

static tw_status receive(tw__workers *x, const tw__message *m, tw_error *err)
{
    tw__note_received(x, m);
    return x->protocol->receive(x, m, err);
}

static tw_status read_mail(tw__workers *x, struct seat *seat, const tw__message *m, tw_error *err)
{
    const double start = tw__seconds();
    const tw_status s = receive(x, m, err);
    seat->me->info.exchanging += tw__seconds() - start;
    return s;
}

static void *work(void *arg)
{
    struct seat *seat = arg;
    tw__workers *x = seat->x;
    struct carrier *c = x->carrier;
    tw__message m;
    tw_error err;
    int has_mail;
    tw__fp_enter();
    while (wait_for_mail(c, seat, &m, &has_mail)) {
        tw_status s = has_mail ? read_mail(x, seat, &m, &err) : TW_OK;
        for (enum tw__act did = TW__COMPUTE; s == TW_OK && did == TW__COMPUTE && !atomic_load(&c->halts);)
            s = tw__worker_act(x, seat->me, &did, &err);
        if (s != TW_OK) fail(c, s, &err);
    }
    return NULL;
}

/* ---- messages ------------------------------------------------------------------------------------------ */

static tw_status post(tw__workers *x, struct seat *seat, const tw__message *m, tw_error *err)
{
    struct carrier *c = x->carrier;
    tw_status s = TW_OK;
    pthread_mutex_lock(&seat->lock);
    tw__deliver_weights(x, m);
    if (seat->n == seat->capacity)
        s = tw__fail(err, TW_ERR_INTERNAL, "worker %zu has %zu messages that it has not read", m->to,
                     seat->n);
    else seat->mail[(seat->first + seat->n++) % seat->capacity] = *m;
    if (seat->is_idle) {
        seat->is_idle = 0;
        pthread_mutex_lock(&c->lock);
        c->n_active++;
        pthread_mutex_unlock(&c->lock);
        pthread_cond_signal(&seat->wake);
    }
    pthread_mutex_unlock(&seat->lock);
    return s;
}

static tw_status send(tw__workers *x, const tw__message *m, tw_error *err)
{
    struct carrier *c = x->carrier;
    if (m->to < x->n) return post(x, &c->seat[m->to], m, err);
    pthread_mutex_t *const lock = &c->server[m->to - x->n];
    pthread_mutex_lock(lock);
    const tw_status s = receive(x, m, err);
    pthread_mutex_unlock(lock);
    return s;
}

/* All numbers of all leaves in one place, where every worker adds them up: two places in turn, as a worker
 * may be one reduction ahead. */
static tw_status reduce(tw__workers *x, const tw__worker *me, double *sums, size_t lo, size_t hi,
                        size_t leaves, size_t n, tw_error *err)
{
    struct carrier *c = x->carrier;
    const uint64_t mine = ++c->seat[me->index].reductions;
    double *const all = c->part[mine % 2];
    memcpy(all + lo * n, sums + lo * n, (hi - lo) * n * sizeof *sums);
    pthread_mutex_lock(&c->lock);
    if (++c->arrived == x->n) {
        c->arrived = 0;
        c->reductions = mine;
        pthread_cond_broadcast(&c->reduced);
    }
    while (c->reductions < mine && !atomic_load(&c->halts)) pthread_cond_wait(&c->reduced, &c->lock);
    const int is_whole = c->reductions >= mine;
    pthread_mutex_unlock(&c->lock);
    if (!is_whole) return tw__fail(err, TW_ERR_STATE, "another worker has failed");
    memcpy(sums, all, leaves * n * sizeof *sums);
    return TW_OK;
}

/* ---- the run's thread ---------------------------------------------------------------------------------- */

static tw_status start_threads(tw__workers *x, tw_error *err)
{
    struct carrier *c = x->carrier;
    sigset_t all, was;
    size_t i = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &was);
    for (; i < x->n &&
           (c->seat[i].is_started || pthread_create(&c->seat[i].thread, NULL, work, &c->seat[i]) == 0);
         i++)
        c->seat[i].is_started = 1;
    pthread_sigmask(SIG_SETMASK, &was, NULL);
    if (i == x->n) return TW_OK;
    return tw__fail(err, TW_ERR_SYSTEM, "the system refuses to start thread %zu of %zu workers", i + 1, x->n);
}

static void wake_all(tw__workers *x)
{
    struct carrier *c = x->carrier;
    pthread_mutex_lock(&c->lock);
    c->n_active = x->n;
    pthread_mutex_unlock(&c->lock);
    for (size_t i = 0; i < x->n; i++) pthread_mutex_lock(&c->seat[i].lock);
    c->round++;
    for (size_t i = 0; i < x->n; i++) {
        c->seat[i].is_idle = 0;
        pthread_cond_signal(&c->seat[i].wake);
        pthread_mutex_unlock(&c->seat[i].lock);
    }
}

static tw_status run(tw__workers *x, uint64_t limit, tw_error *err)
{
    struct carrier *c = x->carrier;
    TW_TRY(start_threads(x, err));
    atomic_store(&x->limit, limit);
    tw__note_limit(x, limit);
    c->began = tw__seconds();
    wake_all(x);
    pthread_mutex_lock(&c->lock);
    while (c->n_active > 0) pthread_cond_wait(&c->quiet, &c->lock);
    pthread_mutex_unlock(&c->lock);
    c->seconds += tw__seconds() - c->began;
    c->began = 0;
    if (c->status != TW_OK) {
        if (err) *err = c->error;
        return c->status;
    }
    if (atomic_load(&x->done) >= limit) return TW_OK;
    return tw__fail(err, TW_ERR_INTERNAL, "all workers wait for each other after %llu of %llu updates",
                    (unsigned long long)atomic_load(&x->done), (unsigned long long)limit);
}

/* ---- making -------------------------------------------------------------------------------------------- */

static tw_status create(tw__workers *x, tw_error *err)
{
    struct carrier *c;
    TW_TRY(tw__alloc(x->ctx, &c, 1, sizeof *c, err));
    x->carrier = c;
    c->looks = x->n <= (size_t)tw__cpus_allowed() ? LOOKS : 0;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->quiet, NULL);
    pthread_cond_init(&c->reduced, NULL);
    TW_TRY(tw__alloc(x->ctx, &c->server, x->n_servers, sizeof *c->server, err));
    for (; c->n_servers < x->n_servers; c->n_servers++) pthread_mutex_init(&c->server[c->n_servers], NULL);
    c->n_parts = x->splits ? TW_MOST_LEAVES * x->set.join_size : 0;
    for (int i = 0; i < 2; i++) TW_TRY(tw__alloc(x->ctx, &c->part[i], c->n_parts, sizeof *c->part[i], err));
    TW_TRY(tw__alloc(x->ctx, &c->seat, x->n, sizeof *c->seat, err));
    for (size_t i = 0; i < x->n; i++) {
        struct seat *s = &c->seat[i];
        *s = (struct seat){.x = x, .me = &x->worker[i], .is_idle = 1};
        pthread_mutex_init(&s->lock, NULL);
        pthread_cond_init(&s->wake, NULL);
    }
    for (size_t i = 0; i < x->n; i++)
        TW_TRY(tw__grow(x->ctx, &c->seat[i].mail, &c->seat[i].capacity, MAIL + x->n_servers + 2 * x->n,
                        sizeof *c->seat[i].mail, err));
    return TW_OK;
}

static void end_threads(tw__workers *x, struct carrier *c)
{
    for (size_t i = 0; i < x->n; i++) pthread_mutex_lock(&c->seat[i].lock);
    c->stops = 1;
    for (size_t i = 0; i < x->n; i++) {
        pthread_cond_signal(&c->seat[i].wake);
        pthread_mutex_unlock(&c->seat[i].lock);
    }
    for (size_t i = 0; i < x->n; i++) {
        if (c->seat[i].is_started) pthread_join(c->seat[i].thread, NULL);
        pthread_cond_destroy(&c->seat[i].wake);
        pthread_mutex_destroy(&c->seat[i].lock);
        tw__free(x->ctx, c->seat[i].mail, c->seat[i].capacity, sizeof *c->seat[i].mail);
    }
}

static void destroy(tw__workers *x)
{
    struct carrier *c = x->carrier;
    if (!c) return;
    if (c->seat) end_threads(x, c);
    for (size_t i = 0; i < c->n_servers; i++) pthread_mutex_destroy(&c->server[i]);
    pthread_cond_destroy(&c->reduced);
    pthread_cond_destroy(&c->quiet);
    pthread_mutex_destroy(&c->lock);
    for (int i = 0; i < 2; i++) tw__free(x->ctx, c->part[i], c->n_parts, sizeof *c->part[i]);
    tw__free(x->ctx, c->server, x->n_servers, sizeof *c->server);
    tw__free(x->ctx, c->seat, x->n, sizeof *c->seat);
    tw__free(x->ctx, c, 1, sizeof *c);
}

static tw_status visit(tw__workers *x, tw_visitor *v, tw_error *err)
{
    struct carrier *c = x->carrier;
    return v->field(v, "exchange.seconds", TW_F64, 0, NULL, &c->seconds, err);
}

static const tw_option options[] = {{"workers", TW_INT, NULL, 0, 0, MOST_WORKERS, TW_CLOSED,
                                     "workers, each with a thread; 0: one for every CPU"}};

const tw__transport tw__transport_threads = {
    .about = {.size = sizeof(tw_exchange),
              .name = "threads",
              .help = "workers are threads of one process; named by `workers` alone",
              .paper = "",
              .equation =
                  "a message is handed over in memory, and a server acts in the thread that sends to it",
              .n_options = 1,
              .options = options,
              .is_transport = 1},
    .create = create,
    .free = destroy,
    .run = run,
    .send = send,
    .reduce = reduce,
    .now = now,
    .visit = visit,
};
