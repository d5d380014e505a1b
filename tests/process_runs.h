/* Runs in several processes, here threads with a link over memory: each makes its own run.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_PROCESS_RUNS_H
#define TESTS_PROCESS_RUNS_H
#include "worker_runs.h"
#include "memory_link.h"

/* One process: its run, and what became of it. */
struct process {
    const worker_run *run;
    const char *exchange;
    tw_link *link;
    size_t bytes, sent; /* sent: in messages, of all */
    void *weights;      /* of rank 0 */
    worker_run told;
    tw_error err;
};

static inline void *be_process(void *arg)
{
    struct process *p = arg;
    p->told = *p->run;
    p->told.o.link = p->link;
    p->told.threads = 1;
    p->weights = worker_weights(&p->told, p->exchange, &p->bytes, &p->err);
    const tw_status left = tw_link_close(p->link, p->weights ? NULL : &p->err, p->weights ? &p->err : NULL);
    if (left == TW_OK) return NULL;
    free(p->weights);
    p->weights = NULL;
    return NULL;
}

/* All processes of a run; run[i] may be another one. dies, user: of memory_net. */
static inline void be_all_but(const worker_run *const *run, const char *exchange, size_t n,
                              struct process *to,
                              enum memory_death (*dies)(void *, size_t, int, const void *, size_t),
                              void *user)
{
    memory_net net;
    pthread_t thread[MEMORY_MOST];
    tw_context *ctx = networks_context(1);
    memory_open(&net, n);
    net.dies = dies;
    net.user = user;
    for (size_t i = 0; i < n; i++) {
        const tw_link_carrier c = memory_carrier(&net, i);
        to[i] = (struct process){.run = run[i], .exchange = exchange};
        assert_int_equal(tw_link_create(&to[i].link, ctx, &c, NULL), TW_OK);
    }
    for (size_t i = 0; i < n; i++) assert_int_equal(pthread_create(&thread[i], NULL, be_process, &to[i]), 0);
    for (size_t i = 0; i < n; i++) pthread_join(thread[i], NULL);
    for (size_t i = 0; i < n; i++) to[i].sent = net.sent;
    memory_end_all(&net);
    tw_context_free(ctx);
}

static inline void be_all(const worker_run *const *run, const char *exchange, size_t n, struct process *to)
{
    be_all_but(run, exchange, n, to, NULL, NULL);
}

static inline void free_all(struct process *p, size_t n)
{
    for (size_t i = 0; i < n; i++) free(p[i].weights);
}

/* What becomes of a run in n processes: refused with one of these words, NULL where it is not. */
static inline const char *process_refusal(worker_run *r, const char *exchange, size_t n,
                                          const char *const *words)
{
    struct process p[MEMORY_MOST];
    const worker_run *const runs[] = {r, r, r, r};
    const char *found = NULL;
    be_all(runs, exchange, n, p);
    for (; !p[0].weights && !found; words++) {
        if (!*words) fail_msg("%s, %s: %s", r->model, exchange, p[0].err.message);
        if (strstr(p[0].err.message, *words)) found = *words;
    }
    if (found) assert_int_equal(p[0].err.code, TW_ERR_SPEC);
    free_all(p, n);
    return found;
}

/* The weights of rank 0 are those of another exchange in one process. */
static inline void same_as(worker_run *r, const char *exchange, size_t n, const char *other)
{
    struct process p[MEMORY_MOST];
    const worker_run *const runs[] = {r, r, r, r};
    tw_error err = {0};
    size_t bytes;
    void *local = worker_weights(r, other, &bytes, &err);
    if (!local) fail_msg("%s: %s", other, err.message);
    const double loss = r->loss;
    be_all(runs, exchange, n, p);
    for (size_t i = 0; i < n; i++)
        if (!p[i].weights)
            fail_msg("%s, %s, rank %zu of %zu: %s", r->model, exchange, i, n, p[i].err.message);
    if (p[0].bytes != bytes || memcmp(p[0].weights, local, bytes) != 0)
        fail_msg("%s with %s: %s in %zu processes and %s differ", r->model,
                 r->o.optimizer ? r->o.optimizer : "sgd", exchange, n, other);
    assert_true(p[0].told.loss == loss);
    free(local);
    free_all(p, n);
}
#endif
