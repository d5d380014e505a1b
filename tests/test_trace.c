/* Traces: a run on threads is repeated from one to the bit, what a trace says of a bound on staleness, and
 * traces that are of another run, or none.
 * SPDX-License-Identifier: MIT */
#include "worker_runs.h"
#include "files.h"
#include "faulty_io.h"
#include "exchange/trace.h"
#include <time.h>
#include <unistd.h>

static char path[] = "test_trace.XXXXXX";

/* ---- repeating ----------------------------------------------------------------------------------------- */

static void repeats(worker_run r, const char *exchange)
{
    tw_error err = {0};
    size_t bytes = 0;
    r.o.trace = path;
    void *first = worker_weights(&r, exchange, &bytes, &err);
    if (!first) fail_msg("%s: %s", exchange, err.message);
    const tw_exchange_info info = r.info;
    const double loss = r.loss;
    r.o.trace = NULL;
    r.o.replay = path;
    void *again = worker_weights(&r, exchange, &bytes, &err);
    if (!again) fail_msg("%s: %s", exchange, err.message);
    if (memcmp(first, again, bytes) != 0 || loss != r.loss) fail_msg("%s: other weights", exchange);
    assert_memory_equal(info.staleness, r.info.staleness, sizeof info.staleness);
    assert_int_equal(info.messages, r.info.messages);
    assert_int_equal(info.bytes, r.info.bytes);
    free(first);
    free(again);
}

static void runs_repeat(void **state)
{
    static const char *const exchanges[] = {"ps:workers=2",
                                            "ps:sync=asp,workers=2",
                                            "ps:sync=asp,workers=4,servers=3",
                                            "ps:sync=ssp,staleness=1,workers=3",
                                            "ps:sync=asp,workers=3,oldest=1",
                                            "ps:sync=asp,workers=3,gather=2",
                                            "ps:sync=asp,workers=3,rate=inverse",
                                            "allreduce:workers=3",
                                            "sharded:workers=3",
                                            "downpour:push=3,fetch=2,workers=3",
                                            "downpour:push=2,fetch=5,servers=2,workers=4",
                                            "roundrobin:workers=3",
                                            "roundrobin-delayed:workers=3",
                                            "average:every=3,workers=3",
                                            "topksvrg:workers=3",
                                            "easgd:every=2,workers=2",
                                            "easgd:every=1,sync=0,workers=3",
                                            "diloco:every=4,workers=2",
                                            "diloco:every=3,sync=0,workers=3",
                                            "delayed:workers=3"};
    (void)state;
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++) {
        worker_run net = {.rows = networks_data,
                          .model = "flatten; dense 9 relu; dropout 0.2; dense 3 softmax",
                          .classes = 3,
                          .o.optimizer = "adam"};
        worker_run sparse = {.rows = worker_sparse, .model = "logistic", .classes = 2, .o.batch = 1};
        repeats(net, exchanges[i]);
        repeats(sparse, exchanges[i]);
    }
    worker_run delayed = {.rows = worker_sparse,
                          .model = "softmax",
                          .classes = 3,
                          .o.optimizer = "dcasgd:lr=0.05",
                          .o.batch = 2};
    repeats(delayed, "ps:sync=asp,workers=3");
}

/* ---- without a trace ----------------------------------------------------------------------------------- */

/* What is said to repeat by itself does. */
static void what_repeats_by_itself(void **state)
{
    static const struct {
        const char *exchange;
        int repeats;
    } cases[] = {{"ps:workers=3", 1},
                 {"ps:sync=ssp,staleness=0,workers=3", 1},
                 {"ps:sync=asp,workers=3", 0},
                 {"sim:workers=3,sync=asp,jitter=exponential", 1},
                 {"bigdl:workers=3", 1},
                 {"roundrobin:workers=3", 1},
                 {"roundrobin-delayed:workers=3", 1},
                 {"delayed:workers=3", 1},
                 {"average:workers=3", 1},
                 {"easgd:workers=3", 1},
                 {"easgd:sync=0,workers=3", 0},
                 {"diloco:every=4,workers=3", 1},
                 {"diloco:every=4,sync=0,workers=3", 0},
                 {"admm:workers=3", 1},
                 {"downpour:workers=3", 0},
                 {"hogwild:workers=3", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_exchange_choice choice;
        worker_run r = {.rows = worker_sparse, .model = "logistic", .classes = 2, .o.batch = 3};
        assert_int_equal(tw_exchange_read(&choice, cases[i].exchange, NULL), TW_OK);
        if (choice.is_repeatable != cases[i].repeats) fail_msg("%s", cases[i].exchange);
        if (choice.is_repeatable) worker_same(&r, cases[i].exchange, cases[i].exchange);
    }
}

/* ---- the bound of ssp ---------------------------------------------------------------------------------- */

enum { BOUND = 2, WORKERS = 2 };
static int forks;
static tw_objective whole;

static int slow(void *user, const tw_eval *e)
{
    const struct timespec ms = {.tv_nsec = 1000000};
    nanosleep(&ms, NULL);
    return whole.eval(user, e);
}

/* The first worker is slow. */
static tw_status fork_one(void *user, tw_context *ctx, tw_objective *copy, tw_error *err)
{
    TW_TRY(whole.fork(user, ctx, copy, err));
    if (forks++ == 0) copy->eval = slow;
    return TW_OK;
}

static void trace_a_straggler(tw_context *ctx)
{
    tw_data *data = worker_sparse(ctx, 120, 2);
    tw_model *model;
    tw_run *run;
    tw_error err;
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    whole = (tw_objective)TW_OBJECTIVE_INIT;
    assert_int_equal(tw_model_create(&model, ctx, "logistic", TW_F64, data, 5, NULL), TW_OK);
    assert_int_equal(tw_model_objective(model, data, &whole, NULL), TW_OK);
    tw_objective objective = whole;
    objective.fork = fork_one;
    o.optimizer = "sgd:lr=0.05";
    o.batch = 1;
    o.epochs = 1;
    o.exchange = "ps:sync=ssp,staleness=2,workers=2";
    o.trace = path;
    if (tw_run_create(&run, ctx, &objective, NULL, tw_model_weights(model), &o, &err) != TW_OK ||
        worker_epochs(run, &err) != TW_OK)
        fail_msg("%s", err.message);
    tw_run_free(run);
    tw_model_objective_free(&whole);
    tw_model_free(model);
    tw_data_free(data);
}

/* A worker that begins an evaluation is at most BOUND updates ahead of what the server has of the slowest. */
static void the_bound_holds_and_is_reached(void **state)
{
    uint64_t begun[WORKERS] = {0}, pushed[WORKERS] = {0}, furthest = 0, updates = 0;
    char line[200];
    unsigned who, from;
    double seconds;
    unsigned long long number;
    (void)state;
    tw_context *ctx = networks_context(2);
    trace_a_straggler(ctx);
    FILE *trace = fopen(path, "r");
    assert_non_null(trace);
    while (fgets(line, sizeof line, trace)) {
        if (sscanf(line, "%lf,compute,%u,,%llu", &seconds, &who, &number) == 3) {
            const uint64_t least = pushed[0] < pushed[1] ? pushed[0] : pushed[1];
            if (begun[who] - least > furthest) furthest = begun[who] - least;
            begun[who]++;
            updates++;
        } else if (sscanf(line, "%lf,receive,s0,%u,%llu", &seconds, &from, &number) == 3) {
            assert_int_equal(number, ++pushed[from]);
        }
    }
    fclose(trace);
    assert_int_equal(updates, 120);
    assert_int_equal(furthest, BOUND);
    assert_true(begun[1] > begun[0]);
    tw_context_free(ctx);
}

/* ---- what is refused ----------------------------------------------------------------------------------- */

static void replay_fails(const char *exchange, uint64_t epochs, tw_status code, const char *words)
{
    tw_error err = {0};
    size_t bytes = 0;
    worker_run r = {.rows = worker_sparse,
                    .model = "logistic",
                    .classes = 2,
                    .o.epochs = epochs,
                    .o.replay = path};
    void *w = worker_weights(&r, exchange, &bytes, &err);
    if (w || err.code != code || !strstr(err.message, words))
        fail_msg("%s: \"%s\" and not \"%s\"", exchange, w ? "runs" : err.message, words);
}

static char *read_whole(void)
{
    enum { ROOM = 1 << 20 };
    char *text = calloc(1, ROOM);
    assert_true(read_file(path, text, ROOM - 1) > 0);
    return text;
}

/* The trace with one word of it, wherever it first stands, replaced. */
static void replace(const char *text, const char *word, const char *by)
{
    const char *const at = strstr(text, word);
    char *copy = malloc(strlen(text) + strlen(by) + 1);
    assert_true(at && copy);
    sprintf(copy, "%.*s%s%s", (int)(at - text), text, by, at + strlen(word));
    write_text(path, copy);
    free(copy);
}

static void other_traces_are_refused(void **state)
{
    static const char asp[] = "ps:sync=asp,workers=2";
    tw_error err = {0};
    size_t bytes = 0;
    worker_run r = {.rows = worker_sparse, .model = "logistic", .classes = 2, .o.trace = path};
    (void)state;
    void *w = worker_weights(&r, asp, &bytes, &err);
    assert_non_null(w);
    free(w);
    replay_fails("ps:sync=asp,workers=3", 3, TW_ERR_DATA, ":2: \"# exchange ps:sync=asp,workers=2\", not");
    replay_fails(asp, 4, TW_ERR_DATA,
                 ":9: \"# updates 30\", not \"# updates 40\": the trace is of another run");
    replay_fails("hogwild:workers=2", 3, TW_ERR_SPEC, "in an order that no trace has");
    replay_fails("sim:workers=2", 3, TW_ERR_SPEC, "the same bits without a trace");
    replay_fails("local", 3, TW_ERR_SPEC, "exchange local has none");
    char *text = read_whole();
    replace(text, ",compute,", ",compete,");
    replay_fails(asp, 3, TW_ERR_DATA, "is no event of a trace of 2 workers");
    replace(text, ",computed,", ",compute,");
    replay_fails(asp, 3, TW_ERR_DATA, "the trace is of another run");
    replace(text, ",limit,,,", ",limit,1,,");
    replay_fails(asp, 3, TW_ERR_DATA, "is no event of a trace");
    char *const step = strstr(text, ",step,"), *const end = strchr(step, '\n'), digit = end[-1];
    end[-1] = digit == '7' ? '8' : '7';
    write_text(path, text);
    replay_fails(asp, 3, TW_ERR_DATA, "what follows has another step: the trace is of another run");
    end[-1] = digit;
    char *const received = strstr(text, ",receive,s0,"), *const number = strchr(received, '\n') - 2;
    *number = '9';
    write_text(path, text);
    replay_fails(asp, 3, TW_ERR_DATA, "there is no such message here");
    *number = '1';
    replace(text, "# weights ", "# weight ");
    replay_fails(asp, 3, TW_ERR_DATA, "is no event and not the hash of the weights");
    char *const weights = strstr(text, "# weights ");
    weights[10] = weights[10] == '0' ? '1' : '0';
    write_text(path, text);
    replay_fails(asp, 3, TW_ERR_DATA, "the run ends with weights of hash");
    weights[0] = 0;
    write_text(path, text);
    replay_fails(asp, 3, TW_ERR_DATA, "the hash of the weights, which ends a trace, is missing");
    *strrchr(text, 'l') = 0; /* of the last limit */
    strrchr(text, '\n')[1] = 0;
    write_text(path, text);
    replay_fails(asp, 3, TW_ERR_DATA, "updates, where its run was stopped");
    strrchr(text, ',')[-4] = 0;
    write_text(path, text);
    replay_fails(asp, 3, TW_ERR_DATA, "is no event of a trace");
    write_text(path, "seconds,event\n");
    replay_fails(asp, 3, TW_ERR_DATA, ":1: \"seconds,event\": not a trace");
    write_text(path, "");
    replay_fails(asp, 3, TW_ERR_DATA, "not a trace");
    unlink(path);
    replay_fails(asp, 3, TW_ERR_NOT_FOUND, "test_trace");
    free(text);
}

/* ---- faults -------------------------------------------------------------------------------------------- */

static tw_status write_and_read(tw_context *ctx, tw_error *err)
{
    enum { EVENTS = 9000 };
    tw__tracer *t;
    tw__traced traced;
    TW_TRY(tw__tracer_create(&t, ctx, path, "workers 2\n", 2, err));
    tw_status s = TW_OK;
    for (uint32_t i = 0; s == TW_OK && i < EVENTS; i++) {
        tw__tracer_add(t, &(tw__trace_event){.seconds = i / 8.0,
                                             .kind = TW__TRACE_STEP,
                                             .who = i % 2,
                                             .update = i,
                                             .staleness = 7});
        s = tw__tracer_flush(t, err);
    }
    if (s == TW_OK) s = tw__tracer_end(t, "00112233445566778899aabbccddeeff", err);
    tw__tracer_free(t);
    TW_TRY(s);
    TW_TRY(tw__traced_read(&traced, ctx, path, "workers 2\n", 2, err));
    assert_int_equal(traced.n, EVENTS);
    assert_int_equal(traced.first_line, 4);
    assert_string_equal(traced.weights, "00112233445566778899aabbccddeeff");
    for (uint32_t i = 0; i < EVENTS; i++) {
        const tw__trace_event *e = &traced.event[i];
        assert_true(e->seconds == i / 8.0 && e->kind == TW__TRACE_STEP && e->who == i % 2 && e->update == i &&
                    e->staleness == 7);
    }
    tw__traced_free(&traced, ctx);
    return TW_OK;
}

static void every_fault_is_told(void **state)
{
    faults f;
    tw_context *ctx;
    tw_error err;
    (void)state;
    assert_int_equal(faulty_context(&ctx, &f, 1, NULL), TW_OK);
    const long live = f.live, steps = f.steps, allocations = f.allocations;
    unlink(path);
    assert_int_equal(write_and_read(ctx, &err), TW_OK);
    const long most_steps = f.steps - steps, most_allocations = f.allocations - allocations;
    for (long i = 1; i <= most_steps + most_allocations; i++) {
        unlink(path);
        f.fail_step = i <= most_steps ? f.steps + i : 0;
        f.fail_allocation = i <= most_steps ? 0 : f.allocations + i - most_steps;
        const tw_status s = write_and_read(ctx, &err);
        assert_true(s == (i <= most_steps ? TW_ERR_SYSTEM : TW_ERR_MEMORY) && err.message[0]);
        assert_int_equal(f.live, live);
    }
    tw_context_free(ctx);
}

int main(void)
{
    const int fd = mkstemp(path);
    if (fd < 0) return 1;
    close(fd);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_repeat),
        cmocka_unit_test(what_repeats_by_itself),
        cmocka_unit_test(the_bound_holds_and_is_reached),
        cmocka_unit_test(other_traces_are_refused),
        cmocka_unit_test(every_fault_is_told),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
