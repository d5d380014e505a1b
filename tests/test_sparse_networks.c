/* Networks on sparse rows: each is laid out where it is read, so all bits are those of the same rows, dense.
 * SPDX-License-Identifier: MIT */
#include "networks.h"

enum { N = 37, WIDTH = 9, STEPS = 12 };

/* Numbers that floats and, of bytes, columns that sparse rows hold; about half are 0. */
typedef struct table {
    uint8_t bytes[N * WIDTH], few_bytes[N * WIDTH];
    float x[N * WIDTH], few[N * WIDTH];
    uint32_t columns[N * WIDTH];
    uint64_t starts[N + 1];
    int32_t labels[N];
} table;

static void fill(table *t)
{
    uint64_t n = 0;
    for (size_t i = 0; i < N; i++) {
        t->labels[i] = (int32_t)(i % 3);
        for (size_t j = 0; j < WIDTH; j++) {
            const double u = tw__random_unit(3, TW__FOR_TEST, 0, i * WIDTH + j);
            const uint8_t byte = u < 0.5 ? 0 : (uint8_t)(255 * (2 * u - 1));
            t->bytes[i * WIDTH + j] = byte;
            t->x[i * WIDTH + j] = (float)byte / 256;
            if (!byte) continue;
            t->columns[n] = (uint32_t)j;
            t->few_bytes[n] = byte;
            t->few[n++] = (float)byte / 256;
        }
        t->starts[i + 1] = n;
    }
}

static tw_data *data_of(tw_context *ctx, const table *t, int is_sparse, tw_type type, int64_t width)
{
    tw_data_info info = {.size = sizeof info,
                         .rows = N,
                         .rank = 1,
                         .shape = {width},
                         .type = type,
                         .labels = t->labels,
                         .name = is_sparse ? "sparse" : "dense"};
    tw_data *data;
    tw_error err;
    info.x =
        type == TW_U8 ? (is_sparse ? t->few_bytes : t->bytes) : (const void *)(is_sparse ? t->few : t->x);
    if (is_sparse) info.starts = t->starts, info.columns = t->columns;
    if (tw_data_create(&data, ctx, &info, &err) != TW_OK) fail_msg("%s", err.message);
    return data;
}

/* Weights after some steps, and the loss. */
static void train(const char *network, tw_type type, tw_data *data, tw_context *ctx, void *weights, size_t *n,
                  double *loss)
{
    tw_model *model;
    tw_objective o = TW_OBJECTIVE_INIT;
    tw_run_options options = TW_RUN_OPTIONS_INIT;
    tw_metrics metrics;
    tw_run *run;
    tw_error err;
    int status;
    options.batch = 16;
    options.epochs = STEPS;
    if (tw_model_create(&model, ctx, network, type, data, 1, &err) != TW_OK ||
        tw_model_objective(model, data, &o, &err) != TW_OK ||
        tw_run_create(&run, ctx, &o, NULL, tw_model_weights(model), &options, &err) != TW_OK)
        fail_msg("%s: %s", network, err.message);
    for (int i = 0; i < STEPS; i++)
        if (tw_run_step(run, &status, &err) != TW_OK) fail_msg("%s: %s", network, err.message);
    assert_int_equal(tw_evaluate(ctx, &o, tw_model_weights(model), &metrics, NULL), TW_OK);
    *loss = metrics.loss;
    *n = model->size * tw_type_size(type);
    assert_true(*n < 1 << 16);
    memcpy(weights, tw_model_weights(model), *n);
    tw_run_free(run);
    tw_model_objective_free(&o);
    tw_model_free(model);
}

static void sparse_rows_have_the_bits_of_dense_ones(void **state)
{
    (void)state;
    static const char *const networks[] = {"dense 5 relu; dense 3 softmax",
                                           "standardize; dense 5 tanh; dense 3 softmax",
                                           "dense 4 sigmoid; dense 9; bce_loss target=input",
                                           "dense 6; batchnorm; relu; dense 3 softmax"};
    static table t;
    static char weights[2][1 << 16];
    fill(&t);
    for (int threads = 1; threads <= 3; threads += 2)
        for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++)
            for (int bytes = 0; bytes < 2; bytes++)
                for (int wide = 0; wide < 2; wide++) {
                    tw_context *ctx = networks_context(threads);
                    size_t n[2];
                    double loss[2];
                    for (int sparse = 0; sparse < 2; sparse++) {
                        tw_data *data = data_of(ctx, &t, sparse, bytes ? TW_U8 : TW_F32, WIDTH);
                        train(networks[i], wide ? TW_F64 : TW_F32, data, ctx, weights[sparse], &n[sparse],
                              &loss[sparse]);
                        tw_data_free(data);
                    }
                    assert_int_equal(n[0], n[1]);
                    if (memcmp(weights[0], weights[1], n[0]) != 0 || loss[0] != loss[1])
                        fail_msg("%s, %s of %s: loss %.17g, of dense rows %.17g", networks[i],
                                 bytes ? "bytes" : "floats", wide ? "doubles" : "floats", loss[1], loss[0]);
                    tw_context_free(ctx);
                }
}

/* Columns that the training rows did not have count 0, as they do for linear models. */
static void other_rows_may_have_other_columns(void **state)
{
    (void)state;
    enum { NARROW = 6 };
    static table t;
    double p[2][N * 3];
    tw_context *ctx = networks_context(1);
    fill(&t);
    float x[N * NARROW];
    for (size_t i = 0; i < N * NARROW; i++) x[i] = t.x[i / NARROW * WIDTH + i % NARROW];
    const int64_t shape[] = {NARROW};
    tw_data *dense, *data = data_of(ctx, &t, 1, TW_F32, WIDTH);
    tw_model *model;
    assert_int_equal(dense_data(&dense, ctx, TW_F32, N, 1, shape, x, t.labels, NULL), TW_OK);
    assert_int_equal(tw_model_create(&model, ctx, "dense 4 relu; dense 3 softmax", TW_F64, dense, 1, NULL),
                     TW_OK);
    for (int i = 0; i < 2; i++) {
        tw_objective o = TW_OBJECTIVE_INIT;
        assert_int_equal(tw_model_objective(model, i ? data : dense, &o, NULL), TW_OK);
        assert_int_equal(tw_predict(ctx, &o, tw_model_weights(model), 0, N, p[i], NULL), TW_OK);
        tw_model_objective_free(&o);
    }
    assert_memory_equal(p[0], p[1], sizeof p[0]);
    tw_model_free(model);
    tw_data_free(dense);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void what_takes_no_sparse_rows_says_so(void **state)
{
    (void)state;
    static table t;
    tw_context *ctx = networks_context(1);
    tw_error err;
    tw_model *model;
    tw_objective o = TW_OBJECTIVE_INIT;
    fill(&t);
    tw_data *data = data_of(ctx, &t, 1, TW_F32, WIDTH), *images = networks_data(ctx, N, 3);
    assert_int_equal(tw_model_create(&model, ctx, "embedding 9 4; flatten; dense 3 softmax", TW_F32, data, 1,
                                     NULL),
                     TW_OK);
    assert_int_equal(tw_model_objective(model, data, &o, &err), TW_ERR_DATA);
    assert_string_equal(err.message,
                        "sparse has sparse rows of f32; embedding takes indices, as dense rows of f32");
    tw_model_free(model);
    assert_int_equal(tw_model_create(&model, ctx, "flatten; dense 3 softmax", TW_F32, images, 1, NULL),
                     TW_OK);
    assert_int_equal(tw_model_objective(model, data, &o, &err), TW_ERR_DATA);
    assert_string_equal(err.message, "sparse has rows of 9, the model takes 7x6x2");
    tw_model_free(model);
    tw_data_free(images);
    tw_data_free(data);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sparse_rows_have_the_bits_of_dense_ones),
        cmocka_unit_test(other_rows_may_have_other_columns),
        cmocka_unit_test(what_takes_no_sparse_rows_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
