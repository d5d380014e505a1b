/* Solvers in several processes, here threads with a link over memory: rank 0 has the solver, and all share
 * its sums.
 * SPDX-License-Identifier: MIT */
#include "process_runs.h"
#include "exchange/ring.h"
#include "fault_walk.h"

/* More columns than a message has numbers, and than stay in their order. */
static tw_data *wide(tw_context *ctx, uint64_t rows, int classes)
{
    return worker_rows(ctx, rows, classes, 20000);
}

/* In two, three or four processes: each time another number. */
static void same_in_some(worker_run r, const char *solver)
{
    static size_t times;
    r.o.solver = solver;
    r.o.epochs = 4;
    same_as(&r, "mpi+allreduce", 2 + times++ % (MEMORY_MOST - 1), "local");
}

/* By passes over rows that are lines, or lists. */
static void bits_of_one_process(void **state)
{
    static const char *const solvers[] = {"newton", "newton-cg", "lbfgs", "cg", "fista", "auto"};
    (void)state;
    for (size_t i = 0; i < sizeof solvers / sizeof solvers[0]; i++) {
        same_in_some((worker_run){.rows = networks_data,
                                  .model = "logistic:l2=0.01",
                                  .classes = 3,
                                  .n_rows = 900},
                     solvers[i]);
        same_in_some((worker_run){.rows = worker_sparse,
                                  .model = "svm:l2=0.01",
                                  .classes = 2,
                                  .type = TW_F32,
                                  .n_rows = 20000},
                     i == 0 ? "lbfgs" : solvers[i]);
    }
    same_in_some((worker_run){.rows = wide, .model = "logistic:l2=0.01", .classes = 2, .n_rows = 90000},
                 "newton-cg");
    same_in_some((worker_run){.rows = worker_sparse,
                              .model = "logistic:l1=0.001",
                              .classes = 2,
                              .n_rows = 9000},
                 "lbfgs");
}

/* Whose sums are not cut: the first process has all of them. */
static void bits_of_one_process_with_few_rows(void **state)
{
    worker_run r = {.rows = worker_sparse, .model = "logistic:l2=0.01", .classes = 2};
    (void)state;
    r.o.solver = "newton-cg";
    r.o.epochs = 3;
    for (size_t n = 2; n <= MEMORY_MOST; n++) same_as(&r, "mpi+allreduce", n, "local");
}

/* By leaves of the batch tree, of which small data have few. */
static void bits_of_one_process_in_the_tree(void **state)
{
    (void)state;
    for (uint64_t rows = 6; rows < 6000; rows *= 3) {
        same_in_some((worker_run){.rows = networks_data,
                                  .model = "softmax:l2=0.01",
                                  .classes = 3,
                                  .n_rows = rows},
                     "newton");
        same_in_some((worker_run){.rows = worker_sparse,
                                  .model = "softmax:l2=0.01",
                                  .classes = 16,
                                  .n_rows = rows},
                     "newton-cg");
        same_in_some((worker_run){.rows = worker_sparse,
                                  .model = "softmax",
                                  .classes = 16,
                                  .type = TW_F32,
                                  .n_rows = rows},
                     "lbfgs");
        same_in_some((worker_run){.rows = networks_data,
                                  .model = "flatten; dense 9 tanh; dense 3 softmax",
                                  .classes = 3,
                                  .n_rows = rows},
                     "lbfgs");
    }
}

static void what_is_told(void **state)
{
    enum { N = 3 };
    struct process p[N];
    worker_run r = {.rows = networks_data, .model = "logistic", .classes = 3, .n_rows = 900};
    const worker_run *const runs[] = {&r, &r, &r};
    (void)state;
    r.o.solver = "lbfgs";
    r.o.epochs = 3;
    be_all(runs, "mpi:timeout=9.0+allreduce", N, p);
    assert_non_null(p[0].weights);
    assert_int_equal(p[0].told.info.workers, N);
    assert_string_equal(p[0].told.spec, "mpi:timeout=9+allreduce");
    assert_true(p[0].told.info.bytes > 0 && p[0].told.info.messages > 0);
    free_all(p, N);
}

/* A vector goes to each process and one comes back, where the tree is cut at its forks. */
static void as_few_vectors_as_processes(void **state)
{
    enum { INPUTS = HIGH * WIDE * CHANNELS, UNITS = 80, CLASSES = 3 };
    const double vector = (INPUTS * UNITS + UNITS + UNITS * CLASSES + CLASSES) * sizeof(double);
    worker_run r = {.rows = networks_data,
                    .model = "flatten; dense 80 tanh; dense 3 softmax",
                    .classes = CLASSES,
                    .n_rows = 4000};
    (void)state;
    r.o.solver = "lbfgs";
    r.o.epochs = 5;
    for (size_t n = 2; n <= 4; n += 2) {
        const worker_run *const runs[] = {&r, &r, &r, &r};
        struct process p[4];
        be_all(runs, "mpi+allreduce", n, p);
        assert_non_null(p[0].weights);
        const double requests = (double)p[0].told.info.messages / 2; /* and a sum of losses for each */
        assert_true((double)p[0].told.info.bytes < 1.3 * requests * 2 * (double)(n - 1) * vector);
        free_all(p, n);
    }
}

static void refused(void **state)
{
    worker_run r = {.rows = networks_data, .model = "logistic:l2=0.01", .classes = 2};
    (void)state;
    r.o.solver = "sdca";
    assert_non_null(
        process_refusal(&r, "mpi+allreduce", 2,
                        (const char *[]){"solver sdca goes through the rows itself, and here several "
                                         "processes have them: newton, newton-cg, lbfgs",
                                         NULL}));
    r.o.solver = "coordinate-descent";
    assert_non_null(
        process_refusal(&r, "mpi+allreduce", 2, (const char *[]){"goes through the rows itself", NULL}));
    r.o.solver = "newton";
    static const char *const others[] = {"mpi+sharded", "mpi+allreduce:wire=bf16", "mpi:parts=1+allreduce",
                                         "mpi+ps:sync=asp"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_non_null(
            process_refusal(&r, others[i], 2,
                            (const char *[]){"cannot be given beside a solver, which has a loop of its own",
                                             NULL}));
    assert_non_null(
        process_refusal(&r, "local", 2, (const char *[]){"and with a solver mpi+allreduce", NULL}));
    assert_null(process_refusal(&r, "mpi+allreduce", 2, (const char *[]){NULL}));
}

/* Rank 0 refuses what rank 1 makes, and both say which line of it. */
static void other_runs(void **state)
{
    struct process p[2];
    worker_run r = {.rows = networks_data, .model = "logistic:l2=0.01", .classes = 2}, other = r;
    const worker_run *const runs[] = {&r, &other};
    (void)state;
    r.o.solver = "newton";
    other.o.solver = "lbfgs";
    be_all(runs, "mpi+allreduce", 2, p);
    assert_int_equal(p[0].err.code, TW_ERR_SPEC);
    assert_string_equal(p[0].err.message,
                        "rank 1 on east makes another run: solver lbfgs, and here solver newton");
    assert_non_null(strstr(p[1].err.message, "rank 0 on north has failed"));
    free_all(p, 2);
}

/* A process that sends something else, in the place of rank 1's sums. */
struct stranger {
    tw_link *link;
    size_t bytes;
};

static void *be_stranger(void *arg)
{
    const struct stranger *s = arg;
    tw__parcel *p;
    tw_error err;
    assert_int_equal(tw__parcel_create(s->link, s->bytes, &p, NULL), TW_OK);
    memset(p->bytes, 'x', s->bytes);
    assert_int_equal(tw__link_send(s->link, TW_LINK_SUMS, 0, p, NULL), TW_OK);
    assert_int_equal(tw_link_close(s->link, NULL, &err), TW_ERR_WORKER);
    return NULL;
}

/* A process whose partner is no process of a run: what it says of it. */
static void check_garbled(const char *solver, size_t rank, void *(*partner)(void *), void *arg,
                          tw_link **link, const char *message)
{
    memory_net net;
    pthread_t thread;
    tw_context *ctx = networks_context(1);
    memory_open(&net, 2);
    const tw_link_carrier mine = memory_carrier(&net, rank), theirs = memory_carrier(&net, 1 - rank);
    worker_run r = {.rows = networks_data, .model = "logistic", .classes = 2};
    struct process p = {.run = &r, .exchange = "mpi+allreduce"};
    r.o.solver = solver;
    assert_int_equal(tw_link_create(&p.link, ctx, &mine, NULL), TW_OK);
    assert_int_equal(tw_link_create(link, ctx, &theirs, NULL), TW_OK);
    assert_int_equal(pthread_create(&thread, NULL, partner, arg), 0);
    be_process(&p);
    pthread_join(thread, NULL);
    assert_null(p.weights);
    assert_int_equal(p.err.code, TW_ERR_WORKER);
    assert_non_null(strstr(p.err.message, message));
    memory_end_all(&net);
    tw_context_free(ctx);
}

static void garbled(void **state)
{
    struct stranger s = {.bytes = 0};
    (void)state;
    for (; s.bytes < 100; s.bytes += 33)
        check_garbled("newton", 0, be_stranger, &s, &s.link,
                      "rank 1 on east has sent what this version does not know");
}

/* A rank 0 that agrees to every run, and then requests what there is not. */
struct leader {
    tw_link *link;
    tw__request request;
    size_t n;
};

static void *be_leader(void *arg)
{
    enum { HEAD = 32 };
    const struct leader *l = arg;
    tw_context *ctx = networks_context(1);
    double *const x = calloc(l->n, sizeof *x);
    tw__parcel *p = NULL;
    tw__ring *ring;
    assert_non_null(x);
    assert_int_equal(tw__ring_create(&ring, ctx, l->link, 20, NULL), TW_OK);
    while (!p) assert_int_equal(tw__link_receive(l->link, TW_LINK_SUMS, 1, &p, NULL), TW_OK);
    p->n = HEAD;
    assert_int_equal(tw__link_send(l->link, TW_LINK_SUMS, 1, p, NULL), TW_OK);
    assert_int_equal(tw__ring_request(ring, l->request, x, l->n, NULL), TW_OK);
    tw__ring_free(ring);
    assert_int_equal(tw_link_close(l->link, NULL, NULL), TW_ERR_WORKER);
    tw_context_free(ctx);
    free(x);
    return NULL;
}

static void garbled_requests(void **state)
{
    static const tw__request requests[] = {{5, 0}, {UINT32_MAX, 0}, {2, 0}, {4, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct leader l = {.request = requests[i], .n = HIGH * WIDE * CHANNELS + 1};
        check_garbled("newton-cg", 1, be_leader, &l, &l.link,
                      "rank 0 on north has sent what this version does not know");
    }
}

/* ---- memory -------------------------------------------------------------------------------------------- */

/* One of two processes, whose run has a context of its own. */
struct half {
    tw_context *ctx;
    tw_link *link;
    tw_objective objective;
    double w[1000];
    const char *solver;
    tw_status status;
    tw_error err;
};

static tw_status solve(struct half *h)
{
    const tw_run_options o = {.size = sizeof o,
                              .solver = h->solver,
                              .exchange = "mpi:timeout=20+allreduce",
                              .epochs = 2,
                              .link = h->link};
    int status = TW_RUN_GOING;
    tw_run *run;
    tw_status s = tw_run_create(&run, h->ctx, &h->objective, NULL, h->w, &o, &h->err);
    while (s == TW_OK && status == TW_RUN_GOING) s = tw_run_step(run, &status, &h->err);
    tw_run_free(run);
    return s;
}

static void *be_half(void *arg)
{
    struct half *h = arg;
    h->status = solve(h);
    const tw_status left =
        tw_link_close(h->link, h->status == TW_OK ? NULL : &h->err, h->status == TW_OK ? &h->err : NULL);
    if (h->status == TW_OK) h->status = left;
    return NULL;
}

/* An allocation of the rank that the walk is in fails; the other one ends, too. */
static void solve_in_two(struct half half[2], fault_walk *k, size_t faulty)
{
    memory_net net;
    pthread_t thread;
    tw_context *ctx = networks_context(1);
    memory_open(&net, 2);
    for (size_t i = 0; i < 2; i++) {
        const tw_link_carrier c = memory_carrier(&net, i);
        half[i].ctx = i == faulty ? k->ctx : ctx;
        memset(half[i].w, 0, sizeof half[i].w);
        half[i].err = (tw_error){.code = TW_OK};
        assert_int_equal(tw_link_create(&half[i].link, ctx, &c, NULL), TW_OK);
    }
    fault_walk_arm(k);
    assert_int_equal(pthread_create(&thread, NULL, be_half, &half[1]), 0);
    be_half(&half[0]);
    pthread_join(thread, NULL);
    memory_end_all(&net);
    tw_context_free(ctx);
}

static void check_allocations(const char *model, networks_maker *rows, int classes, const char *solver,
                              size_t faulty)
{
    struct half half[2];
    tw_context *ctx = networks_context(1);
    tw_data *data = rows(ctx, 300, classes);
    tw_model *m;
    assert_int_equal(tw_model_create(&m, ctx, model, TW_F64, data, 5, NULL), TW_OK);
    for (size_t i = 0; i < 2; i++) {
        half[i].objective = (tw_objective)TW_OBJECTIVE_INIT;
        half[i].solver = solver;
        assert_int_equal(tw_model_objective(m, data, &half[i].objective, NULL), TW_OK);
    }
    for (fault_walk k = {.least = 20, .what = solver}; fault_walk_next(&k);) {
        solve_in_two(half, &k, faulty);
        if (half[1 - faulty].status != half[faulty].status)
            fail_msg("%s: rank %zu: %s, and the other: %s", solver, faulty, half[faulty].err.message,
                     half[1 - faulty].err.message);
        fault_walk_end(&k, half[faulty].status);
    }
    for (size_t i = 0; i < 2; i++) tw_model_objective_free(&half[i].objective);
    tw_model_free(m);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    check_allocations("logistic:l2=0.01", networks_data, 2, "newton", 0);
    check_allocations("softmax:l2=0.01", networks_data, 3, "newton-cg", 0);
    check_allocations("softmax:l2=0.01", networks_data, 3, "newton-cg", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_of_one_process),
        cmocka_unit_test(bits_of_one_process_with_few_rows),
        cmocka_unit_test(bits_of_one_process_in_the_tree),
        cmocka_unit_test(what_is_told),
        cmocka_unit_test(as_few_vectors_as_processes),
        cmocka_unit_test(refused),
        cmocka_unit_test(other_runs),
        cmocka_unit_test(garbled),
        cmocka_unit_test(garbled_requests),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
