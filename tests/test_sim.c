/* The simulator: its state in checkpoints, its times, and what it refuses.
 * SPDX-License-Identifier: MIT */
#include "stored_runs.h"
#include "estimators/estimator.h"
#include "exchange/sim.h"
#include "files.h"
#include "file/checkpoint.h"
#include <unistd.h>

#define PATH TW_BINARY_DIR "/sim.state"
#define DELAYS TW_BINARY_DIR "/sim.delays"

/* ---- stopped and continued ----------------------------------------------------------------------------- */

static tw_status visit(void *run, tw_visitor *v, tw_error *err) { return tw_run_visit(run, v, err); }

/* Steps until that many updates are made or the run is over; whether it is not. */
static int step_until(subject *s, uint64_t updates, const char *exchange)
{
    int status = TW_RUN_GOING;
    tw_error err = {0};
    while (status == TW_RUN_GOING && tw_run_steps(s->run) < updates)
        if (tw_run_step(s->run, &status, &err) != TW_OK) fail_msg("%s: %s", exchange, err.message);
    return status == TW_RUN_GOING;
}

static void continue_in(subject *s, const subject *from, const char *exchange)
{
    tw_error err = {0};
    if (tw__checkpoint_save(from->ctx, PATH, "run", NULL, visit, from->run, &err) != TW_OK ||
        tw__checkpoint_load(s->ctx, PATH, "run", NULL, visit, s->run, &err) != TW_OK)
        fail_msg("%s after %llu updates: %s", exchange, (unsigned long long)tw_run_steps(from->run),
                 err.message);
}

static void same_info(const subject *a, const subject *b, const char *exchange)
{
    tw_exchange_info x = {.size = sizeof x}, y = {.size = sizeof y};
    assert_int_equal(tw_run_exchange(a->run, &x, NULL), TW_OK);
    assert_int_equal(tw_run_exchange(b->run, &y, NULL), TW_OK);
    if (x.seconds != y.seconds || x.messages != y.messages || x.bytes != y.bytes ||
        memcmp(x.staleness, y.staleness, sizeof x.staleness) != 0 ||
        memcmp(x.worker, y.worker, x.workers * sizeof *x.worker) != 0)
        fail_msg("%s: counts differ, as seconds %.17g and %.17g", exchange, x.seconds, y.seconds);
}

static void same_end(const subject *a, const subject *b, const char *exchange, uint64_t at)
{
    size_t n, others;
    const tw_epoch *x = tw_run_history(a->run, &n), *y = tw_run_history(b->run, &others);
    if (memcmp(tw_model_weights(a->model), tw_model_weights(b->model),
               tw_model_size(a->model) * sizeof(double)) != 0)
        fail_msg("%s: continued after %llu updates, other weights", exchange, (unsigned long long)at);
    assert_int_equal(n, others);
    for (size_t i = 0; i < n; i++) assert_true(x[i].loss == y[i].loss);
}

/* At every update: a run in one go, and one that is stored, loaded elsewhere and goes on. */
static void continues_with_the_same_bits(const worker_run *r, const char *exchange, int counts_too)
{
    subject whole;
    make(&whole, r, exchange);
    step_until(&whole, UINT64_MAX, exchange);
    const uint64_t all = tw_run_steps(whole.run);
    assert_true(all > 10);
    for (uint64_t at = 0; at < all; at++) {
        subject first, rest;
        make(&first, r, exchange);
        make(&rest, r, exchange);
        const int goes_on = step_until(&first, at, exchange);
        continue_in(&rest, &first, exchange);
        release(&first);
        if (goes_on) step_until(&rest, UINT64_MAX, exchange);
        same_end(&whole, &rest, exchange, at);
        if (counts_too) same_info(&whole, &rest, exchange);
        release(&rest);
    }
    release(&whole);
    unlink(PATH);
}

static const char *const simulated[] = {
    "sim:workers=1",
    "sim:workers=3,jitter=exponential,latency=0.3,service=0.2",
    "sim:workers=5,sync=asp,jitter=lognormal",
    "sim:workers=5,sync=asp,jitter=exponential,latency=0.4,service=0.3,bandwidth=1e4",
    "sim:workers=4,stragglers=1,slow=5,jitter=exponential,latency=0.1+ps:sync=ssp,staleness=1",
    "sim:workers=40,sync=asp",
    "sim:workers=3,jitter=exponential,latency=0.3+ps:sync=asp,servers=2",
    "sim:workers=5,jitter=exponential,latency=0.2+ps:sync=ssp,staleness=2,oldest=2",
    "sim:workers=5,jitter=exponential,latency=0.2+ps:sync=asp,gather=3",
    "sim:workers=5,jitter=exponential,latency=0.2+ps:sync=asp,rate=adaptive2",
    "sim:workers=3,jitter=exponential,latency=0.3+allreduce",
    "sim:workers=3,jitter=exponential,latency=0.3,service=0.1+sharded",
    "sim:workers=3,jitter=exponential,latency=0.1+downpour:push=3,fetch=2",
    "sim:workers=2,jitter=exponential,latency=0.1,service=0.2+downpour:push=2,fetch=3,servers=2",
    "sim:workers=3,jitter=exponential,latency=0.1+easgd:every=2,sync=0",
    "sim:workers=3,jitter=exponential,latency=0.1+average:every=2,nearest=2",
    "sim:workers=4,jitter=exponential,latency=0.1+topksvrg",
    "sim:workers=3,jitter=exponential,latency=0.1+roundrobin",
    "sim:workers=3,jitter=exponential,latency=0.1+roundrobin-delayed",
    "sim:workers=4,times=1|1.3|2|3.1,latency=0.1+diloco:every=3,sync=0,grace=0.9,buffer=3,preview=1,outer=\"adam\"",
    "sim:workers=3,jitter=exponential,service=0.1+diloco:every=4,sync=0,paced=1,weight=stale",
    "sim:workers=3,jitter=exponential,latency=0.1,failures=1,restart=2",
    "sim:workers=3,jitter=exponential,latency=0.1+ps:sync=asp,wire=topk,keep=0.1",
    "sim:workers=3,jitter=exponential,latency=0.1+allreduce:wire=1bit",
    "sim:workers=3,jitter=exponential,latency=0.1+ps:sync=asp,servers=2,wire=powersgd",
    "sim:workers=3,jitter=exponential,latency=0.1+downpour:push=2,fetch=2,servers=2,wire=topk,keep=0.1",
    "sim:workers=3,jitter=exponential,latency=0.1+diloco:every=3,wire=topk,keep=0.1",
    "sim:workers=3,jitter=exponential,latency=0.1+diloco:every=3,sync=0,wire=2bit",
    "sim:workers=4,jitter=exponential,latency=0.1,failures=2,restart=1+ps:sync=ssp,staleness=1",
    "sim:workers=2,jitter=exponential,latency=0.1,rate=adaptive1,delays=\"" DELAYS "\"",
};

static void simulations_continue(void **state)
{
    (void)state;
    write_text(DELAYS, "0,0\n1,0\n0,2\n3,1\n");
    for (size_t i = 0; i < sizeof simulated / sizeof simulated[0]; i++) {
        worker_run net = {.rows = networks_data,
                          .model = "flatten; dense 60 relu; dropout 0.2; dense 3 softmax",
                          .classes = 3,
                          .n_rows = 70,
                          .o.batch = 10,
                          .o.optimizer = "adam:lr=0.01"};
        worker_run sparse = {.rows = worker_sparse,
                             .model = "logistic",
                             .classes = 2,
                             .n_rows = 90,
                             .o.batch = 9,
                             .o.optimizer = "adagrad"};
        continues_with_the_same_bits(&net, simulated[i], 1);
        continues_with_the_same_bits(&sparse, simulated[i], 1);
    }
}

/* A run that continues has the delays that it began with. */
static void delays_belong_to_the_run(void **state)
{
    static const char exchange[] = "sim:workers=2,delays=\"" DELAYS "\"";
    worker_run r = {.rows = worker_sparse, .model = "logistic", .classes = 2, .n_rows = 90, .o.batch = 9};
    tw_error err = {0};
    subject first, rest;
    (void)state;
    write_text(DELAYS, "0\n1\n");
    make(&first, &r, exchange);
    assert_true(step_until(&first, 5, exchange));
    assert_int_equal(tw__checkpoint_save(first.ctx, PATH, "run", NULL, visit, first.run, NULL), TW_OK);
    write_text(DELAYS, "0\n1\n1\n");
    make(&rest, &r, exchange);
    assert_int_equal(tw__checkpoint_load(rest.ctx, PATH, "run", NULL, visit, rest.run, &err), TW_ERR_DATA);
    assert_non_null(strstr(err.message, "sim.delays: these are not the delays that the run began with"));
    release(&first);
    release(&rest);
    unlink(PATH);
    unlink(DELAYS);
}

/* In rounds, whose snapshots all workers use: as vectors and as lists. */
static void rounds_continue(void **state)
{
    (void)state;
    for (int by_degree = 0; by_degree < 2; by_degree++) {
        worker_run r = {.rows = worker_sparse,
                        .model = "logistic:l2=0.01",
                        .classes = 2,
                        .n_rows = 40,
                        .o.batch = 4,
                        .o.optimizer = "svrg:m=7,lr=0.1",
                        .o.sparse = by_degree ? TW_RUN_SPARSE_DEGREE : TW_RUN_SPARSE_EXACT};
        continues_with_the_same_bits(&r, "sim:workers=3,jitter=exponential,latency=0.3+ps:sync=asp", 1);
        continues_with_the_same_bits(&r, "roundrobin:workers=2", 0);
        continues_with_the_same_bits(&r, "hogwild:workers=1", 0);
    }
    worker_run shards = {.rows = worker_sparse,
                         .model = "logistic:l2=0.01",
                         .classes = 2,
                         .n_rows = 40,
                         .o.batch = 4,
                         .o.optimizer = "adam"};
    continues_with_the_same_bits(&shards, "sim:workers=3,jitter=exponential,latency=0.3+admm:every=3", 1);
    continues_with_the_same_bits(&shards, "sim:workers=3,jitter=exponential,latency=0.3+average:every=3", 1);
    continues_with_the_same_bits(&shards, "sim:workers=3,jitter=exponential,latency=0.3+easgd:every=3", 1);
    continues_with_the_same_bits(&shards, "admm:every=2,workers=2", 0);
}

/* Threads that share updates make the same ones whenever they are stopped. */
static void exact_threads_continue(void **state)
{
    static const char *const exchanges[] = {"ps:workers=3", "ps:workers=2,servers=2"};
    (void)state;
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++) {
        worker_run net = {.rows = networks_data,
                          .model = "flatten; dense 60 relu; dense 3 softmax",
                          .classes = 3,
                          .n_rows = 70,
                          .o.batch = 10,
                          .o.optimizer = "adam:lr=0.01"};
        continues_with_the_same_bits(&net, exchanges[i], 0);
    }
}

/* Others make every update once, in all. */
static void asynchronous_threads_continue(void **state)
{
    static const char *const exchanges[] = {"ps:sync=asp,workers=3", "ps:sync=ssp,staleness=1,workers=3",
                                            "ps:sync=asp,workers=3,gather=4",
                                            "ps:sync=asp,workers=2,servers=2"};
    (void)state;
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++) {
        worker_run r = {.rows = worker_sparse,
                        .model = "logistic",
                        .classes = 2,
                        .n_rows = 300,
                        .o.batch = 1};
        for (uint64_t at = 0; at < 600; at += 100) {
            subject first, rest;
            tw_exchange_info info = {.size = sizeof info};
            uint64_t steps = 0, computed = 0;
            make(&first, &r, exchanges[i]);
            make(&rest, &r, exchanges[i]);
            const int goes_on = step_until(&first, at, exchanges[i]);
            continue_in(&rest, &first, exchanges[i]);
            release(&first);
            if (goes_on) step_until(&rest, UINT64_MAX, exchanges[i]);
            assert_int_equal(tw_run_exchange(rest.run, &info, NULL), TW_OK);
            for (int k = 0; k < TW_STALENESS_BINS; k++) steps += info.staleness[k];
            for (size_t k = 0; k < info.workers; k++) computed += info.worker[k].updates;
            assert_int_equal(steps, 600);
            assert_int_equal(computed - info.ignored, 600);
            assert_int_equal(tw_run_steps(rest.run), 600);
            release(&rest);
        }
    }
    unlink(PATH);
}

/* A simulation at whose end workers have nothing left to do gets another epoch: they begin again. */
static void simulations_get_more_epochs(void **state)
{
    static const char exchange[] = "sim:workers=5,sync=asp,jitter=exponential";
    worker_run r = {.rows = worker_sparse, .model = "logistic", .classes = 2, .n_rows = 90, .o.batch = 9};
    tw_exchange_info info = {.size = sizeof info};
    subject first, rest;
    uint64_t before[5];
    (void)state;
    make(&rest, &r, exchange);
    r.o.epochs = 1;
    make(&first, &r, exchange);
    assert_true(step_until(&first, 9, exchange));
    continue_in(&rest, &first, exchange);
    assert_int_equal(tw_run_exchange(first.run, &info, NULL), TW_OK);
    for (size_t i = 0; i < 5; i++) before[i] = info.worker[i].updates;
    release(&first);
    step_until(&rest, UINT64_MAX, exchange);
    assert_int_equal(tw_run_steps(rest.run), 20);
    assert_int_equal(tw_run_exchange(rest.run, &info, NULL), TW_OK);
    size_t began = 0; /* the fifth was evaluating all the time */
    for (size_t i = 0; i < 5; i++) began += info.worker[i].updates > before[i];
    assert_true(began >= 4);
    release(&rest);
}

/* ---- times --------------------------------------------------------------------------------------------- */

static worker_run rows_one_by_one(void)
{
    return (
        worker_run){.rows = worker_sparse, .model = "logistic", .classes = 2, .n_rows = 3000, .o.batch = 1};
}

static void simulate(subject *s, tw_exchange_info *info, const char *exchange)
{
    const worker_run r = rows_one_by_one();
    *info = (tw_exchange_info){.size = sizeof *info};
    make(s, &r, exchange);
    step_until(s, UINT64_MAX, exchange);
    assert_int_equal(tw_run_exchange(s->run, info, NULL), TW_OK);
}

static void workers_have_their_times(void **state)
{
    static const double times[] = {0.58, 0.75, 1.51, 3.33};
    tw_exchange_info info;
    subject s;
    (void)state;
    simulate(&s, &info, "sim:workers=6,sync=asp,time=2,times=0.58|0.75|1.51|3.33");
    assert_string_equal(info.spec, "sim:workers=6,time=2,times=0.58|0.75|1.51|3.33+ps:sync=asp");
    for (size_t i = 0; i < info.workers; i++) {
        const double time = 2 * times[i % 4];
        assert_true(fabs(info.worker[i].computing - (double)info.worker[i].updates * time) < 1e-6);
        /* at the end of the run the fast ones have none left, while the slowest evaluates */
        assert_true(fabs((double)info.worker[i].updates - info.seconds / time) < 1 + 2 * times[3] / time);
    }
    release(&s);
}

static void evaluations_pause(void **state)
{
    tw_exchange_info info;
    subject s;
    (void)state;
    simulate(&s, &info, "sim:workers=1,sync=asp,pause=0.1,longer=11");
    assert_true(fabs(info.seconds / 6000 - 2) < 0.15);
    release(&s);
}

/* The looser the bound, the less time is lost; with none nothing is. */
static void time_of_ssp_is_between(void **state)
{
    static const char *const exchanges[] = {"sim:workers=8,sync=asp,jitter=exponential",
                                            "sim:workers=8,jitter=exponential+ps:sync=ssp,staleness=16",
                                            "sim:workers=8,jitter=exponential+ps:sync=ssp,staleness=4",
                                            "sim:workers=8,jitter=exponential+ps:sync=ssp,staleness=1"};
    double harmonic = 0, before = 0;
    (void)state;
    for (int i = 1; i <= 8; i++) harmonic += 1.0 / i;
    for (size_t i = 0; i < 4; i++) {
        tw_exchange_info info;
        subject s;
        simulate(&s, &info, exchanges[i]);
        const double each = info.seconds / (6000 / 8.0);
        if (i == 0) assert_true(fabs(each - 1) < 0.05);
        assert_true(each > before && each < harmonic);
        before = each;
        release(&s);
    }
}

/* Many workers that send at random are nearly a Poisson stream: with a share rho of its time taken, a server
 * of constant service lets a message wait for rho / (2 (1 - rho)) services. */
static void busy_servers_have_queues(void **state)
{
    static const double services[] = {0.001, 0.002, 0.003};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        tw_exchange_info info;
        subject s;
        char exchange[100];
        double waiting = 0;
        snprintf(exchange, sizeof exchange, "sim:workers=200,sync=asp,jitter=exponential,service=%g",
                 services[i]);
        simulate(&s, &info, exchange);
        for (size_t k = 0; k < info.workers; k++) waiting += info.worker[k].waiting;
        const double rho = 200 * services[i], queue = rho / (2 * (1 - rho)) * services[i];
        if (!(fabs(waiting / 6000 - queue) < 0.15 * queue))
            fail_msg("%s: a message waits %g, not %g", exchange, waiting / 6000, queue);
        release(&s);
    }
}

static void times_are_refused(void **state)
{
    static const char *const wrong[][2] = {{"sim:times=1|-2", "times = "},
                                           {"sim:times=0|1", "times = "},
                                           {"sim:times=1|nan", "times = "},
                                           {"sim:time=-1", "time = -1"},
                                           {"sim:pause=1.5", "pause = 1.5"},
                                           {"sim:latency=-1", "latency = -1"},
                                           {"sim:service=nan", "service = nan"}};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        worker_run r = rows_one_by_one();
        worker_refused(&r, wrong[i][0], wrong[i][1]);
    }
}

/* Before that is taken, or at the first gradient that turns out to be a vector. */
static void memory_is_looked_at(void **state)
{
    enum { COLUMNS = 600, CLASSES = 3000 };
    static const char *const protocols[] =
        {"average", "easgd", "diloco:sync=0", "downpour", "ps:servers=2,sync=asp", "ps:sync=asp"};
    const double each = (double)COLUMNS * CLASSES * sizeof(double);
    const uint64_t workers = (uint64_t)(2 * tw__memory_of_machine() / each);
    (void)state;
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++) {
        worker_run r = {.rows = worker_sparse, .model = "softmax", .classes = CLASSES, .n_rows = 2 * CLASSES};
        char exchange[100];
        tw_error err = {0};
        size_t bytes;
        snprintf(exchange, sizeof exchange, "sim:workers=%llu+%s", (unsigned long long)workers, protocols[i]);
        void *w = worker_weights(&r, exchange, &bytes, &err);
        if (w || err.code != TW_ERR_MEMORY || !strstr(err.message, "out of memory: exchange sim:workers="))
            fail_msg("%s: \"%s\"", exchange, w ? "runs" : err.message);
    }
}

/* Each would send one to each other in every stage of an update. */
static void messages_are_looked_at(void **state)
{
    const double workers = sqrt(2 * tw__memory_of_machine() / sizeof(tw__sim_event));
    worker_run r = {.rows = worker_sparse, .model = "logistic", .classes = 2};
    char exchange[100];
    tw_error err = {0};
    size_t bytes;
    (void)state;
    snprintf(exchange, sizeof exchange, "sim:workers=%.0f+allreduce", workers);
    assert_null(worker_weights(&r, exchange, &bytes, &err));
    assert_int_equal(err.code, TW_ERR_MEMORY);
    assert_non_null(strstr(err.message, "out of memory: exchange sim:workers="));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simulations_continue),
        cmocka_unit_test(delays_belong_to_the_run),
        cmocka_unit_test(rounds_continue),
        cmocka_unit_test(exact_threads_continue),
        cmocka_unit_test(asynchronous_threads_continue),
        cmocka_unit_test(simulations_get_more_epochs),
        cmocka_unit_test(workers_have_their_times),
        cmocka_unit_test(evaluations_pause),
        cmocka_unit_test(time_of_ssp_is_between),
        cmocka_unit_test(busy_servers_have_queues),
        cmocka_unit_test(times_are_refused),
        cmocka_unit_test(memory_is_looked_at),
        cmocka_unit_test(messages_are_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
