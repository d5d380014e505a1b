/* onnx: what is written is read back by a small interpreter, and computes what the model does.
 * SPDX-License-Identifier: MIT */
#include "base/context.h"
#include "dense_data.h"
#include "fault_walk.h"
#include "files.h"
#include "onnx_machine.h"
#include <stdio.h>
#include <thalweg/model.h>
#include <thalweg/train.h>

#define PATH TW_BINARY_DIR "/test_onnx.onnx"
enum { ROWS = 3, MOST = 1 << 18 };

/* The output of the file's graph for these rows, and how many classes it names. */
static const onnx_value *run_file(onnx_machine *m, const double *x, int rank, const size_t *shape,
                                  int *classes)
{
    static uint8_t bytes[MOST];
    const size_t n = read_file(PATH, bytes, sizeof bytes);
    proto_field graph = {0};
    *classes = 0;
    for (const uint8_t *at = bytes; at < bytes + n;) {
        const proto_field f = proto_next(&at);
        if (f.number == 7) graph = f;
        *classes += f.number == 14 && memcmp(f.at + 2, "class_", 6) == 0;
        if (f.number == 1) assert_int_equal(f.value, 8);
    }
    return onnx_run(m, graph, x, rank, shape);
}

static uint8_t number(size_t i) { return (uint8_t)(i * 97 + i / 7 * 31); }

/* Bytes, or the same numbers as floats. */
static tw_data *rows_of(tw_context *ctx, tw_type type, int rank, const int64_t *shape)
{
    static uint8_t bytes[ROWS * 256];
    static float floats[ROWS * 256];
    static const int32_t labels[ROWS] = {0, 1, 2};
    tw_data *data;
    for (size_t i = 0; i < ROWS * 256; i++) floats[i] = bytes[i] = number(i);
    assert_int_equal(dense_data(&data, ctx, type, ROWS, rank, shape, type == TW_U8 ? (void *)bytes : floats,
                                labels, NULL),
                     TW_OK);
    return data;
}

static void compare(tw_context *ctx, const char *text, tw_type type, int rank, const int64_t *shape)
{
    tw_data *data = rows_of(ctx, strncmp(text, "embedding", 9) == 0 ? TW_F32 : TW_U8, rank, shape);
    tw_model *model;
    tw_objective objective = TW_OBJECTIVE_INIT;
    static onnx_machine m;
    tw_error err;
    double x[ROWS * 256], outputs[ROWS * 16];
    size_t in[4] = {ROWS, 1, 1, 1};
    int classes;
    for (size_t i = 0; i < ROWS * 256; i++) x[i] = number(i);
    for (int i = 0; i < rank; i++) in[i + 1] = (size_t)shape[i];
    if (tw_model_create(&model, ctx, text, type, data, 5, &err) != TW_OK)
        fail_msg("%s: %s", text, err.message);
    for (size_t i = 0; i < tw_model_size(model); i++) /* a linear model begins at 0 */
        if (type == TW_F32) ((float *)tw_model_weights(model))[i] += (float)(0.05 * sin((double)i));
        else ((double *)tw_model_weights(model))[i] += 0.05 * sin((double)i);
    assert_int_equal(tw_model_save_onnx(model, NULL, PATH, NULL), TW_OK);
    if (tw_model_objective(model, data, &objective, &err) != TW_OK) fail_msg("%s: %s", text, err.message);
    assert_int_equal(tw_predict(ctx, &objective, tw_model_weights(model), 0, ROWS, outputs, NULL), TW_OK);
    const onnx_value *y = run_file(&m, x, rank == 1 ? 2 : 4, in, &classes);
    assert_true(y->n[0] == ROWS && y->size == ROWS * objective.n_outputs);
    for (size_t i = 0; i < y->size; i++) {
        const double right = type == TW_F32 ? ((float *)outputs)[i] : outputs[i];
        if (!(fabs(y->x[i] - right) <= (type == TW_F32 ? 1e-5 : 1e-8) * (1 + fabs(right))))
            fail_msg("%s: output %zu is %.9g, not %.9g", text, i, y->x[i], right);
    }
    assert_int_equal(classes, tw_model_output(model) == TW_OUTPUT_VALUE ? 0 : objective.n_outputs);
    onnx_free(&m);
    tw_model_objective_free(&objective);
    tw_model_free(model);
    tw_data_free(data);
}

static const char *const of_images[] = {
    "conv2d 3 3x2 relu; maxpool2d 3x2; conv2d 4 1x2 tanh; dropout 0.5; flatten; dense classes softmax",
    "conv2d 4 3x3 stride=2 padding=same relu; batchnorm; conv2d 6 3x2 groups=2 dilation=2 padding=2 relu; avgpool2d 2x3; "
    "globalavgpool; dense classes softmax",
    "conv2d 3 3x3; layernorm; residual(conv2d 3 3x3 padding=1; batchnorm relu | conv2d 3 1x1) relu; flatten; dense "
    "classes softmax",
    "conv2d 3 2x3; flatten; batchnorm; layernorm sigmoid; reshape 12x12; conv1d 4 3 padding=same relu; batchnorm; "
    "conv1d 4 2 stride=2 dilation=2 groups=2; globalavgpool; dense classes softmax",
    "reshape 12x12; lstm 5; layernorm; gru 4; rnn 3 output=last; dense classes softmax",
    "reshape 9x16; lstm 5 output=last; dense classes softmax",
    "reshape 9x16; gru@cho 5; gru@cho 4 output=last; dense classes softmax",
    "reshape 12x12; dense 8; positions init=lecun_normal; residual(layernorm; attention 2 causal=1); residual(layernorm; "
    "dense 9 gelu; dense 8); attention 4; layernorm; globalavgpool; dense classes softmax",
    "conv2d 3 8x7; flatten softmax",
    "standardize; conv2d 3 3x3 relu; flatten; dense classes softmax",
};

static void graphs_compute_what_models_do(void **state)
{
    (void)state;
    static const int64_t image[] = {9, 8, 2}, grey[] = {6, 7}, vector[] = {12};
    tw_context *ctx;
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    for (tw_type type = TW_F32; type <= TW_F64; type++) {
        for (size_t i = 0; i < sizeof of_images / sizeof of_images[0]; i++)
            compare(ctx, of_images[i], type, 3, image);
        compare(
            ctx,
            "flatten; dense 6 elu:alpha=0.3; dense 5 leaky_relu; dense 5 silu; dense 4 softplus; dense 4 gelu; "
            "dense classes softmax:smoothing=0.1",
            type, 2, grey);
        compare(ctx, "dense 5 leaky_relu:slope=0.2; dense 1 huber_loss", type, 1, vector);
        compare(ctx, "embedding 256 3; positions init=lecun_normal; gru 4 output=last; dense classes softmax",
                type, 1, vector);
        compare(ctx, "dense 5 sigmoid; dense 1 mse", type, 1, vector);
        compare(ctx, "standardize; dense 5 sigmoid; dense 1 mse", type, 1, vector);
        compare(ctx, "softmax", type, 3, image);
        compare(ctx, "logistic", type, 1, vector);
        compare(ctx, "svm", type, 2, grey);
        compare(ctx, "poisson:intercept=0", type, 1, vector);
    }
    tw_context_free(ctx);
}

/* Two rows of each of 32 streams, as tw_predict reads them: the graph gets all first rows, then all second
 * ones, with the states that it has handed on. */
static void rows_hand_on_their_states(void **state)
{
    (void)state;
    enum { STREAMS = 32, TIMES = 3, WIDTH = 4, N = TIMES * WIDTH, CLASSES = 2 };
    static const char *const texts[] = {
        "reshape 3x4; lstm 5 carry=1; gru 4 carry=1; rnn 3 carry=1 output=last; dense classes softmax",
        "reshape 3x4; lstm 5 carry=1 output=last; dense classes softmax",
        "reshape 3x4; residual(gru@cho 4 carry=1); lstm 3 output=last; dense classes softmax",
    };
    static float x[2 * STREAMS * N];
    static int32_t labels[2 * STREAMS];
    static onnx_machine m;
    tw_context *ctx;
    tw_data *data;
    for (size_t i = 0; i < 2 * STREAMS * N; i++) x[i] = (float)sin(0.1 * (double)i * (double)(i % 7));
    for (int i = 0; i < 2 * STREAMS; i++) labels[i] = i % CLASSES;
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    assert_int_equal(dense_data(&data, ctx, TW_F32, 2 * STREAMS, 1, (const int64_t[]){N}, x, labels, NULL),
                     TW_OK);
    for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
        tw_model *model;
        tw_objective objective = TW_OBJECTIVE_INIT;
        double right[2 * STREAMS * CLASSES], rows[STREAMS * N], alone = 0;
        int classes;
        assert_int_equal(tw_model_create(&model, ctx, texts[t], TW_F64, data, 5, NULL), TW_OK);
        for (size_t i = 0; i < tw_model_size(model); i++)
            ((double *)tw_model_weights(model))[i] += 0.1 * sin((double)i);
        assert_int_equal(tw_model_save_onnx(model, NULL, PATH, NULL), TW_OK);
        assert_int_equal(tw_model_objective(model, data, &objective, NULL), TW_OK);
        assert_int_equal(tw_predict(ctx, &objective, tw_model_weights(model), 0, 2 * STREAMS, right, NULL),
                         TW_OK);
        for (size_t row = 0; row < 3; row++) { /* the third time: second rows from 0 on, which are others */
            for (size_t i = 0; i < STREAMS * N; i++)
                rows[i] = (double)x[(2 * (i / N) + (row > 0)) * N + i % N];
            if (row == 2) onnx_forget(&m);
            const onnx_value *y = run_file(&m, rows, 2, (const size_t[]){STREAMS, N}, &classes);
            for (size_t i = 0; i < STREAMS * CLASSES; i++) {
                const double off =
                    fabs(y->x[i] - right[(2 * (i / CLASSES) + (row > 0)) * CLASSES + i % CLASSES]);
                if (row < 2 && off > 1e-12)
                    fail_msg("%s: output %zu of row %zu is off by %g", texts[t], i, row, off);
                if (row == 2) alone += off;
            }
            onnx_free(&m);
        }
        assert_true(alone > 1e-3);
        onnx_forget(&m);
        tw_model_objective_free(&objective);
        tw_model_free(model);
    }
    tw_data_free(data);
    tw_context_free(ctx);
}

static void all_that_can_fail(void **state)
{
    (void)state;
    static const int64_t image[] = {9, 8, 2};
    for (int in_files = 0; in_files < 2; in_files++)
        for (fault_walk k = {.in_files = in_files, .least = 3, .whole = 1}; fault_walk_next(&k);) {
            tw_data *data = rows_of(k.ctx, TW_U8, 3, image);
            tw_model *model;
            assert_int_equal(
                tw_model_create(
                    &model, k.ctx,
                    "conv2d 3 3x2; layernorm; reshape 7x21; lstm 2 carry=1; attention 1 causal=1; flatten; dense classes softmax",
                    TW_F32, data, 0, NULL),
                TW_OK);
            fault_walk_arm(&k);
            const tw_status s = tw_model_save_onnx(model, NULL, PATH, NULL);
            tw_model_free(model);
            tw_data_free(data);
            fault_walk_end(&k, s);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(graphs_compute_what_models_do),
        cmocka_unit_test(rows_hand_on_their_states),
        cmocka_unit_test(all_that_can_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
