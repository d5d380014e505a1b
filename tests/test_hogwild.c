/* Protocols whose workers step the same weights: exact with one worker and on rows that share nothing, with
 * no update lost where that is promised, refused where they cannot be used.
 * SPDX-License-Identifier: MIT */
#include "worker_runs.h"

static const char *const shared[] = {"hogwild", "hogwild-cas", "aig", "aig:block=64", "mutex"};
enum { N_SHARED = sizeof shared / sizeof shared[0] };

static const char *with_workers(char to[80], const char *protocol, int workers)
{
    snprintf(to, 80, "%s%cworkers=%d", protocol, strchr(protocol, ':') ? ',' : ':', workers);
    return to;
}

static void run(worker_run *r, const char *exchange)
{
    tw_error err = {0};
    size_t bytes;
    void *w = worker_weights(r, exchange, &bytes, &err);
    if (!w) fail_msg("%s: %s", exchange, err.message);
    free(w);
}

/* ---- the bits of one process --------------------------------------------------------------------------- */

static void one_worker_is_local(void **state)
{
    static const char *const rules[] = {"sgd:lr=0.05", "adagrad", "sgd:lr=0.05,momentum=0.9", "adam:lr=0.01"};
    char exchange[80];
    (void)state;
    for (size_t i = 0; i < N_SHARED; i++)
        for (size_t k = 0; k < sizeof rules / sizeof rules[0]; k++) {
            worker_run net = {.rows = networks_data,
                              .model = "flatten; dense 90 relu; dropout 0.2; dense 3 softmax",
                              .classes = 3,
                              .o.optimizer = rules[k],
                              .o.schedule = "cosine"};
            worker_run sparse = {.rows = worker_sparse,
                                 .model = "logistic",
                                 .classes = 2,
                                 .o.batch = k % 2 ? 1 : 0,
                                 .o.optimizer = rules[k],
                                 .o.sparse = k > 1 ? TW_RUN_SPARSE_TOUCHED : TW_RUN_SPARSE_EXACT};
            worker_run whole = {.rows = worker_sparse,
                                .model = "softmax:l2=0.01",
                                .classes = 3,
                                .type = TW_F32,
                                .o.optimizer = rules[k]};
            if (k < 2) {
                worker_run degree = sparse;
                degree.model = "softmax:l2=0.01";
                degree.classes = 3;
                degree.o.sparse = TW_RUN_SPARSE_DEGREE;
                worker_same(&degree, with_workers(exchange, shared[i], 1), "local");
            }
            worker_same(&net, with_workers(exchange, shared[i], 1), "local");
            worker_same(&sparse, with_workers(exchange, shared[i], 1), "local");
            worker_same(&whole, with_workers(exchange, shared[i], 1), "local");
        }
}

static tw_data *ratings(tw_context *ctx, uint64_t rows, int classes)
{
    tw_data *data, *val, *test;
    (void)rows, (void)classes;
    assert_int_equal(tw_data_open(ctx, "ratings", NULL, &data, &val, &test, NULL), TW_OK);
    tw_data_free(val);
    tw_data_free(test);
    return data;
}

/* Every row has columns of its own. */
static tw_data *apart(tw_context *ctx, uint64_t rows, int classes)
{
    enum { EACH = 3 };
    float *x = malloc(rows * EACH * sizeof *x);
    uint32_t *columns = malloc(rows * EACH * sizeof *columns);
    uint64_t *starts = malloc((rows + 1) * sizeof *starts);
    int32_t *labels = malloc(rows * sizeof *labels);
    for (uint64_t i = 0; i <= rows; i++) starts[i] = i * EACH;
    for (uint64_t i = 0; i < rows; i++) labels[i] = (int32_t)(i % (uint64_t)classes);
    for (uint64_t i = 0; i < rows * EACH; i++) {
        columns[i] = (uint32_t)i;
        x[i] = (float)tw__random_unit(1, TW__FOR_TEST, 8, i);
    }
    const tw_data_info info = {.size = sizeof info,
                               .rows = rows,
                               .rank = 1,
                               .shape = {(int64_t)(rows * EACH)},
                               .type = TW_F32,
                               .x = x,
                               .starts = starts,
                               .columns = columns,
                               .labels = labels};
    tw_data *data;
    assert_int_equal(tw_data_create(&data, ctx, &info, NULL), TW_OK);
    free(x);
    free(columns);
    free(starts);
    free(labels);
    return data;
}

/* Workers that meet nowhere: whoever makes an update, and when, it has the same bits. */
static void rows_apart_are_exact(void **state)
{
    char exchange[80];
    (void)state;
    for (size_t i = 0; i < N_SHARED; i++)
        for (int workers = 2; workers <= 4; workers++) {
            const int penalised = workers == 3;
            worker_run r = {.rows = apart,
                            .model = penalised ? "logistic:intercept=0,l2=0.001" : "logistic:intercept=0",
                            .o.sparse = penalised ? TW_RUN_SPARSE_DEGREE : TW_RUN_SPARSE_EXACT,
                            .classes = 2,
                            .n_rows = 2000,
                            .o.batch = 1,
                            .o.optimizer = "adagrad"};
            tw_error err = {0};
            size_t bytes;
            void *local = worker_weights(&r, "local", &bytes, &err);
            void *mine = worker_weights(&r, with_workers(exchange, shared[i], workers), &bytes, &err);
            assert_non_null(mine);
            assert_memory_equal(mine, local, bytes);
            assert_int_equal(r.info.lost, 0);
            free(mine);
            free(local);
        }
}

/* ---- rows that meet ------------------------------------------------------------------------------------ */

/* Every update counts once, and its rows lower the loss. */
static void all_updates_are_made(void **state)
{
    char exchange[80];
    (void)state;
    for (size_t i = 0; i < N_SHARED; i++) {
        worker_run r = {.rows = worker_sparse,
                        .model = "logistic",
                        .classes = 2,
                        .n_rows = 3001,
                        .o.batch = 1,
                        .type = TW_F32};
        run(&r, with_workers(exchange, shared[i], 4));
        uint64_t steps = 0;
        for (int k = 0; k < TW_STALENESS_BINS; k++) steps += r.info.staleness[k];
        assert_int_equal(steps, 3 * 3001);
        assert_int_equal(r.info.messages, 0);
        /* of one update in 64, each of five weights */
        assert_int_equal(r.info.stores, i == 0 ? (3 * 3001 + 63) / 64 * 5 : 0);
        assert_true(r.info.lost <= r.info.stores);
        assert_true(r.loss < 0.7);
    }
}

/* A loss whose gradient is a whole number, wherever it is taken: row i adds i % 5 to four of the weights.
 * So many rows that hogwild loses some every time. */
enum { COUNTED = 16, COUNTS = 200000 };

static int whole_numbers(void *user, const tw_eval *e)
{
    (void)user;
    *e->sums = (tw_sums){.weight = (double)e->n};
    if (!(e->want & TW_WANT_GRADIENT)) return 0;
    memset(e->gradient, 0, COUNTED * sizeof(float));
    for (size_t i = 0; i < e->n; i++)
        for (uint64_t k = 0; k < 4; k++)
            ((float *)e->gradient)[(e->rows[i] * 7 + k * 3) % COUNTED] -= (float)(e->rows[i] % 5);
    return 0;
}

static tw_status fork_whole(void *user, tw_context *ctx, tw_objective *copy, tw_error *err)
{
    (void)ctx, (void)err;
    *copy = *(const tw_objective *)user;
    return TW_OK;
}
static void free_whole(tw_objective *copy) { (void)copy; }

static tw_exchange_info count_on(const char *protocol, float w[COUNTED])
{
    static const int64_t shape[] = {COUNTED};
    static const tw_tensor tensor = {.name = "w", .rank = 1, .shape = shape};
    char exchange[80];
    tw_context *ctx = networks_context(2);
    tw_run *r;
    tw_exchange_info info = {.size = sizeof info};
    tw_objective objective = {.size = sizeof objective,
                              .type = TW_F32,
                              .tensors = &tensor,
                              .n_tensors = 1,
                              .n_rows = COUNTS,
                              .lanes = 1024,
                              .eval = whole_numbers,
                              .fork = fork_whole,
                              .free_fork = free_whole};
    objective.user = &objective;
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    o.optimizer = "sgd:lr=1";
    o.batch = o.epochs = 1;
    o.exchange = with_workers(exchange, protocol, 4);
    tw_error err = {0};
    memset(w, 0, COUNTED * sizeof *w);
    if (tw_run_create(&r, ctx, &objective, NULL, w, &o, &err) != TW_OK) fail_msg("%s", err.message);
    assert_int_equal(worker_epochs(r, &err), TW_OK);
    assert_int_equal(tw_run_exchange(r, &info, NULL), TW_OK);
    tw_run_free(r);
    tw_context_free(ctx);
    return info;
}

static void no_update_is_lost(void **state)
{
    float right[COUNTED] = {0}, w[COUNTED];
    (void)state;
    for (uint64_t i = 0; i < COUNTS; i++)
        for (uint64_t k = 0; k < 4; k++) right[(i * 7 + k * 3) % COUNTED] += (float)(i % 5);
    for (size_t p = 1; p < N_SHARED; p++) {
        count_on(shared[p], w);
        assert_memory_equal(w, right, sizeof w);
    }
}

/* Threads that share sixteen weights overwrite each other's steps, and that is seen. */
static void losses_are_counted(void **state)
{
    enum { RUNS = 50 };
    float w[COUNTED];
    tw_exchange_info info = {.lost = 0};
    (void)state;
    for (int i = 0; i < RUNS && info.lost == 0; i++) info = count_on("hogwild", w);
    assert_true(info.lost > 0 && info.lost < info.stores);
}

/* Ratings, on which Hogwild! was shown: the loss of one process. */
static void ratings_are_learnt_alike(void **state)
{
    double loss[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        worker_run r = {.rows = ratings,
                        .model = "mf:rank=4,l2=0.05",
                        .n_rows = 1,
                        .type = TW_F32,
                        .o.batch = 1,
                        .o.epochs = 2};
        run(&r, i ? "hogwild:workers=4" : "local");
        loss[i] = r.loss;
    }
    assert_true(fabs(loss[1] / loss[0] - 1) < 0.01);
}

/* ---- what is refused ----------------------------------------------------------------------------------- */

static void refused(void **state)
{
    worker_run net = {.rows = networks_data, .model = "flatten; dense 3 softmax", .classes = 3};
    worker_run joined = {.rows = networks_data,
                         .model = "flatten; dense 5; batchnorm; dense 3 softmax",
                         .classes = 3};
    (void)state;
    worker_refused(&net, "sim+hogwild", "share memory, so it runs on threads alone");
    worker_refused(&net, "aig:block=0", "block = 0 is outside");
    worker_refused(&joined, "hogwild:workers=2", "the model moves weights after an update");
    net.o.optimizer = "lamb";
    worker_refused(&net, "hogwild:workers=2", "it looks at whole tensors");
    net.o.optimizer = "clip_value:max=1+adam";
    worker_refused(&net, "hogwild:workers=2", "a transform looks at every element");
    net.o.optimizer = "nadam";
    worker_refused(&net, "hogwild:workers=2", "it keeps a number that every step changes");
    net.o.optimizer = "dcasgd";
    worker_refused(&net, "hogwild:workers=2", "use ps:sync=asp");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_worker_is_local),
        cmocka_unit_test(rows_apart_are_exact),
        cmocka_unit_test(all_updates_are_made),
        cmocka_unit_test(no_update_is_lost),
        cmocka_unit_test(losses_are_counted),
        cmocka_unit_test(ratings_are_learnt_alike),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
