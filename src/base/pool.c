/* Threads are started at the first call that has use for them, spin for a moment between calls and then
 * sleep.
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/pool.h"
#include "base/cpu.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

/* about 50 to 200 microseconds: longer than the gap between two steps of a small network */
enum { SPINS = 4000 };

struct tw__pool {
    tw_context *ctx;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct helper *helpers; /* room for threads - 1 */
    int started;            /* helpers running, beside the caller */
    int spins;
    pid_t owner; /* a forked child has none of the threads */
    atomic_flag busy;
    atomic_uint generation; /* calls so far */
    atomic_int sleeping, unfinished;
    atomic_size_t next;
    atomic_bool stop;
    size_t n;
    tw__task *task;
    void *arg;
};

struct helper {
    tw__pool *pool;
    pthread_t thread;
    int worker;
    unsigned seen; /* the last call it took part in */
};

static void work(tw__pool *p, int worker)
{
    for (size_t i; (i = atomic_fetch_add_explicit(&p->next, 1, memory_order_relaxed)) < p->n;)
        p->task(p->arg, i, worker);
}

static void wait_for_call(tw__pool *p, unsigned seen)
{
    for (int i = 0; i < p->spins; i++) {
        if (atomic_load(&p->generation) != seen || atomic_load(&p->stop)) return;
        tw__relax();
    }
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->sleeping, 1);
    while (atomic_load(&p->generation) == seen && !atomic_load(&p->stop))
        pthread_cond_wait(&p->wake, &p->lock);
    atomic_fetch_sub(&p->sleeping, 1);
    pthread_mutex_unlock(&p->lock);
}

static void *help(void *arg)
{
    struct helper *h = arg;
    tw__pool *p = h->pool;
    tw__fp_enter();
    for (;;) {
        wait_for_call(p, h->seen);
        if (atomic_load(&p->stop)) return NULL;
        h->seen = atomic_load(&p->generation);
        if ((size_t)h->worker < p->n) work(p, h->worker);
        atomic_fetch_sub(&p->unfinished, 1);
    }
}

/* Starts the helpers that are missing; with fewer than wanted everything still works. Signals stay with the
 * caller's threads. */
static void start_helpers(tw__pool *p)
{
    if (p->owner != getpid()) {
        pthread_mutex_init(&p->lock, NULL);
        pthread_cond_init(&p->wake, NULL);
        atomic_store(&p->sleeping, 0);
        p->started = 0;
        p->owner = getpid();
    }
    if (p->started == p->ctx->threads - 1) return;
    sigset_t all, was;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &was);
    while (p->started < p->ctx->threads - 1) {
        struct helper *h = &p->helpers[p->started];
        *h = (struct helper){.pool = p, .worker = p->started + 1, .seen = atomic_load(&p->generation)};
        if (pthread_create(&h->thread, NULL, help, h) != 0) break;
        p->started++;
    }
    pthread_sigmask(SIG_SETMASK, &was, NULL);
}

void tw__pool_run(tw_context *ctx, size_t n, tw__task *task, void *arg)
{
    tw__pool *p = ctx->pool;
    tw__fp_mode mode = tw__fp_enter();
    if (n <= 1 || ctx->threads == 1 || atomic_flag_test_and_set(&p->busy)) {
        for (size_t i = 0; i < n; i++) task(arg, i, 0);
        tw__fp_leave(mode);
        return;
    }
    start_helpers(p);
    p->n = n;
    p->task = task;
    p->arg = arg;
    atomic_store(&p->next, 0);
    atomic_store(&p->unfinished, p->started);
    atomic_fetch_add(&p->generation, 1);
    if (atomic_load(&p->sleeping) > 0) {
        pthread_mutex_lock(&p->lock);
        pthread_cond_broadcast(&p->wake);
        pthread_mutex_unlock(&p->lock);
    }
    work(p, 0);
    for (int i = 0; atomic_load(&p->unfinished) > 0; i++)
        if (i < p->spins) tw__relax();
        else sched_yield();
    atomic_flag_clear(&p->busy);
    tw__fp_leave(mode);
}

tw_status tw__pool_create(tw__pool **out, tw_context *ctx, tw_error *err)
{
    tw__pool *p;
    TW_TRY(tw__alloc(ctx, &p, 1, sizeof *p, err));
    p->ctx = ctx;
    p->spins = ctx->threads <= tw__cpus_allowed() ? SPINS : 0;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    tw_status s = tw__alloc(ctx, &p->helpers, (size_t)ctx->threads, sizeof *p->helpers, err);
    if (s != TW_OK) tw__free(ctx, p, 1, sizeof *p);
    else *out = p;
    return s;
}

void tw__pool_free(tw__pool *p)
{
    if (!p) return;
    if (p->owner == getpid()) {
        pthread_mutex_lock(&p->lock);
        atomic_store(&p->stop, 1);
        pthread_cond_broadcast(&p->wake);
        pthread_mutex_unlock(&p->lock);
        for (int i = 0; i < p->started; i++) pthread_join(p->helpers[i].thread, NULL);
    }
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    tw_context *ctx = p->ctx;
    tw__free(ctx, p->helpers, (size_t)ctx->threads, sizeof *p->helpers);
    tw__free(ctx, p, 1, sizeof *p);
}
