/* onnx: what is written is read back by a small interpreter of its own, and computes what the model does.
 * SPDX-License-Identifier: MIT */
#include "base/context.h"
#include "dense_data.h"
#include "fault_walk.h"
#include "files.h"
#include "proto_fields.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <thalweg/model.h>
#include <thalweg/train.h>

#define PATH TW_BINARY_DIR "/test_onnx.onnx"
enum { ROWS = 3, MOST_VALUES = 40, MOST = 1 << 16 };

/* ---- the interpreter ----------------------------------------------------------------------------------- */

/* Numbers with a shape. */
typedef struct value {
    char name[24];
    size_t n[4], size;
    int rank;
    double *x;
} value;

typedef struct machine {
    value values[MOST_VALUES];
    int n;
} machine;

static value *find(machine *m, proto_field name)
{
    for (int i = 0; i < m->n; i++)
        if (proto_is(name, m->values[i].name)) return &m->values[i];
    fail_msg("no value %.*s", (int)name.value, (const char *)name.at);
    return NULL;
}

static value *make(machine *m, proto_field name, int rank, const size_t *shape)
{
    assert_true(m->n < MOST_VALUES && name.value < sizeof m->values->name);
    value *v = &m->values[m->n++];
    *v = (value){.rank = rank, .n = {1, 1, 1, 1}, .size = 1};
    memcpy(v->name, name.at, name.value);
    for (int i = 0; i < rank; i++) v->size *= v->n[i] = shape[i];
    v->x = calloc(v->size, sizeof *v->x);
    return v;
}

static void read_tensor(machine *m, proto_field tensor)
{
    size_t shape[4];
    int rank = 0, type = 0;
    proto_field name = {0}, raw = {0};
    for (const uint8_t *at = tensor.at; at < tensor.at + tensor.value;) {
        const proto_field f = proto_next(&at);
        if (f.number == 1) shape[rank++] = f.value;
        else if (f.number == 2) type = (int)f.value;
        else if (f.number == 8) name = f;
        else if (f.number == 9) raw = f;
    }
    value *v = make(m, name, rank, shape);
    assert_int_equal(raw.value, v->size * (type == 11 ? 8 : 4));
    for (size_t i = 0; i < v->size; i++)
        if (type == 11) memcpy(&v->x[i], raw.at + 8 * i, 8);
        else {
            float x;
            memcpy(&x, raw.at + 4 * i, 4);
            v->x[i] = x;
        }
}

typedef struct node {
    proto_field in[3], out, operator;
    int n_in;
    size_t list[2][4]; /* of the first two attributes */
    int n_attributes;
} node;

static node read_node(proto_field from)
{
    node o = {.n_in = 0};
    for (const uint8_t *at = from.at; at < from.at + from.value;) {
        const proto_field f = proto_next(&at);
        if (f.number == 1) o.in[o.n_in++] = f;
        else if (f.number == 2) o.out = f;
        else if (f.number == 4) o.operator= f;
        else if (f.number == 5) {
            int n = 0;
            for (const uint8_t *a = f.at; a < f.at + f.value;) {
                const proto_field part = proto_next(&a);
                if (part.number == 3 || part.number == 8) o.list[o.n_attributes][n++] = part.value;
            }
            o.n_attributes++;
        }
    }
    return o;
}

static double function(const node *o, double x)
{
    if (proto_is(o->operator, "Relu")) return x > 0 ? x : 0;
    if (proto_is(o->operator, "Tanh")) return tanh(x);
    if (proto_is(o->operator, "Sigmoid")) return 1 / (1 + exp(-x));
    if (proto_is(o->operator, "Softplus")) return log1p(exp(x));
    if (proto_is(o->operator, "Neg")) return -x;
    if (proto_is(o->operator, "Exp")) return exp(x);
    if (proto_is(o->operator, "Elu")) return x > 0 ? x : expm1(x);
    if (proto_is(o->operator, "LeakyRelu")) return x > 0 ? x : 0.01 * x;
    if (proto_is(o->operator, "Identity")) return x;
    fail_msg("operator %.*s", (int)o->operator.value, (const char *)o->operator.at);
    return 0;
}

static void convolve(const value *x, const value *w, const value *b, value *y)
{
    for (size_t i = 0; i < y->size; i++) {
        const size_t column = i % y->n[3], row = i / y->n[3] % y->n[2], c = i / (y->n[3] * y->n[2]) % y->n[1],
                     image = i / (y->n[3] * y->n[2] * y->n[1]);
        y->x[i] = b->x[c];
        for (size_t d = 0; d < w->n[1]; d++)
            for (size_t p = 0; p < w->n[2]; p++)
                for (size_t q = 0; q < w->n[3]; q++)
                    y->x[i] += w->x[((c * w->n[1] + d) * w->n[2] + p) * w->n[3] + q] *
                               x->x[((image * x->n[1] + d) * x->n[2] + row + p) * x->n[3] + column + q];
    }
}

static void pool(const value *x, const size_t *window, value *y)
{
    for (size_t i = 0; i < y->size; i++) {
        const size_t column = i % y->n[3], row = i / y->n[3] % y->n[2], plane = i / (y->n[3] * y->n[2]);
        y->x[i] = -INFINITY;
        for (size_t p = 0; p < window[0]; p++)
            for (size_t q = 0; q < window[1]; q++)
                y->x[i] =
                    fmax(y->x[i],
                         x->x[(plane * x->n[2] + row * window[0] + p) * x->n[3] + column * window[1] + q]);
    }
}

static void soften(value *y)
{
    const size_t n = y->n[1];
    for (size_t row = 0; row < y->n[0]; row++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++) sum += exp(y->x[row * n + i]);
        for (size_t i = 0; i < n; i++) y->x[row * n + i] = exp(y->x[row * n + i]) / sum;
    }
}

/* Of two values: division by a number, products and sums of equals. */
static void combine(const node *o, const value *a, const value *b, value *y)
{
    for (size_t i = 0; i < y->size; i++)
        y->x[i] = proto_is(o->operator, "Div")   ? a->x[i] / b->x[0]
                  : proto_is(o->operator, "Add") ? a->x[i] + b->x[i]
                                                 : a->x[i] * b->x[i];
}

static void run_node(machine *m, const node *o)
{
    const value in = *find(m, o->in[0]), second = o->n_in > 1 ? *find(m, o->in[1]) : in,
                third = o->n_in > 2 ? *find(m, o->in[2]) : in;
    if (proto_is(o->operator, "Transpose")) {
        value *y = make(m, o->out, 4, (size_t[]){in.n[0], in.n[3], in.n[1], in.n[2]});
        const size_t plane = in.n[1] * in.n[2], c = in.n[3];
        assert_true(o->list[0][1] == 3 && o->list[0][3] == 2);
        for (size_t i = 0; i < in.size; i++)
            y->x[i / (plane * c) * plane * c + i % c * plane + i / c % plane] = in.x[i];
    } else if (proto_is(o->operator, "Conv"))
        convolve(&in, &second, &third,
                 make(m, o->out, 4,
                      (size_t[]){in.n[0], second.n[0], in.n[2] - second.n[2] + 1,
                                 in.n[3] - second.n[3] + 1}));
    else if (proto_is(o->operator, "MaxPool")) {
        assert_memory_equal(o->list[0], o->list[1], 2 * sizeof(size_t));
        pool(&in, o->list[0],
             make(m, o->out, 4,
                  (size_t[]){in.n[0], in.n[1], in.n[2] / o->list[0][0], in.n[3] / o->list[0][1]}));
    } else if (proto_is(o->operator, "Gemm")) {
        value *y = make(m, o->out, 2, (size_t[]){in.n[0], second.n[0]});
        assert_true(in.n[1] == second.n[1] && o->list[0][0] == 1);
        for (size_t i = 0; i < y->size; i++) {
            if (o->n_in > 2) y->x[i] = third.x[i % y->n[1]];
            for (size_t k = 0; k < in.n[1]; k++)
                y->x[i] += in.x[i / y->n[1] * in.n[1] + k] * second.x[i % y->n[1] * in.n[1] + k];
        }
    } else if (o->n_in > 1) combine(o, &in, &second, make(m, o->out, in.rank, in.n));
    else {
        const int is_flat = proto_is(o->operator, "Flatten");
        value *y = is_flat ? make(m, o->out, 2, (size_t[]){in.n[0], in.size / in.n[0]})
                           : make(m, o->out, in.rank, in.n);
        memcpy(y->x, in.x, in.size * sizeof *in.x);
        if (proto_is(o->operator, "Softmax")) soften(y);
        else if (!is_flat)
            for (size_t i = 0; i < y->size; i++) y->x[i] = function(o, in.x[i]);
    }
}

/* The output of the file's graph for these rows, and how many classes it names. */
static value run_file(machine *m, const double *x, int rank, const size_t *shape, int *classes)
{
    static uint8_t bytes[MOST];
    const size_t n = read_file(PATH, bytes, sizeof bytes);
    proto_field graph = {0};
    *classes = 0;
    for (const uint8_t *at = bytes; at < bytes + n;) {
        const proto_field f = proto_next(&at);
        if (f.number == 7) graph = f;
        *classes += f.number == 14 && memcmp(f.at + 2, "class_", 6) == 0;
        if (f.number == 1) assert_int_equal(f.value, 7);
    }
    m->n = 0;
    value *input = make(m, (proto_field){0, 5, (const uint8_t *)"input"}, rank, shape);
    memcpy(input->x, x, input->size * sizeof *x);
    for (int nodes = 0; nodes < 2; nodes++) /* tensors first */
        for (const uint8_t *at = graph.at; at < graph.at + graph.value;) {
            const proto_field f = proto_next(&at);
            if (!nodes && f.number == 5) read_tensor(m, f);
            if (!nodes || f.number != 1) continue;
            const node o = read_node(f);
            run_node(m, &o);
        }
    return *find(m, (proto_field){0, 6, (const uint8_t *)"output"});
}

static void free_machine(machine *m)
{
    for (int i = 0; i < m->n; i++) free(m->values[i].x);
}

/* ---- tests --------------------------------------------------------------------------------------------- */

static uint8_t number(size_t i) { return (uint8_t)(i * 97 + i / 7 * 31); }

static tw_data *rows_of(tw_context *ctx, int rank, const int64_t *shape)
{
    static uint8_t x[ROWS * 256];
    static const int32_t labels[ROWS] = {0, 1, 2};
    tw_data *data;
    for (size_t i = 0; i < sizeof x; i++) x[i] = number(i);
    assert_int_equal(dense_data(&data, ctx, TW_U8, ROWS, rank, shape, x, labels, NULL), TW_OK);
    return data;
}

static void compare(tw_context *ctx, const char *text, tw_type type, int rank, const int64_t *shape)
{
    tw_data *data = rows_of(ctx, rank, shape);
    tw_model *model;
    tw_objective objective = TW_OBJECTIVE_INIT;
    machine m;
    double x[ROWS * 256], outputs[ROWS * 8];
    size_t in[4] = {ROWS, 1, 1, 1};
    int classes;
    for (size_t i = 0; i < ROWS * 256; i++) x[i] = number(i);
    for (int i = 0; i < rank; i++) in[i + 1] = (size_t)shape[i];
    assert_int_equal(tw_model_create(&model, ctx, text, type, data, 5, NULL), TW_OK);
    for (size_t i = 0; i < tw_model_size(model); i++) /* a linear model begins at 0 */
        if (type == TW_F32) ((float *)tw_model_weights(model))[i] += (float)(0.05 * sin((double)i));
        else ((double *)tw_model_weights(model))[i] += 0.05 * sin((double)i);
    assert_int_equal(tw_model_save_onnx(model, NULL, PATH, NULL), TW_OK);
    assert_int_equal(tw_model_objective(model, data, &objective, NULL), TW_OK);
    assert_int_equal(tw_predict(ctx, &objective, tw_model_weights(model), 0, ROWS, outputs, NULL), TW_OK);
    const value y = run_file(&m, x, rank == 1 ? 2 : 4, in, &classes);
    assert_true(y.n[0] == ROWS && y.n[1] == objective.n_outputs);
    for (size_t i = 0; i < y.size; i++) {
        const double right = type == TW_F32 ? ((float *)outputs)[i] : outputs[i];
        if (!(fabs(y.x[i] - right) <= (type == TW_F32 ? 1e-5 : 1e-12) * (1 + fabs(right))))
            fail_msg("%s: output %zu is %.9g, not %.9g", text, i, y.x[i], right);
    }
    assert_int_equal(classes, tw_model_output(model) == TW_OUTPUT_VALUE ? 0 : 3);
    free_machine(&m);
    tw_model_objective_free(&objective);
    tw_model_free(model);
    tw_data_free(data);
}

static void graphs_compute_what_models_do(void **state)
{
    (void)state;
    static const int64_t image[] = {9, 8, 2}, grey[] = {6, 7}, vector[] = {12};
    tw_context *ctx;
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    for (tw_type type = TW_F32; type <= TW_F64; type++) {
        compare(
            ctx,
            "conv2d 3 3x2 relu; maxpool2d 3x2; conv2d 4 1x2 tanh; dropout 0.5; flatten; dense classes softmax",
            type, 3, image);
        compare(
            ctx,
            "flatten; dense 6 elu; dense 5 leaky_relu; dense 5 silu; dense 4 softplus; dense classes softmax",
            type, 2, grey);
        compare(ctx, "dense 5 sigmoid; dense 1 mse", type, 1, vector);
        compare(ctx, "softmax", type, 3, image);
        compare(ctx, "logistic", type, 1, vector);
        compare(ctx, "svm", type, 2, grey);
        compare(ctx, "poisson:intercept=0", type, 1, vector);
    }
    tw_context_free(ctx);
}

static void what_cannot_be_written_is_told(void **state)
{
    (void)state;
    static const int64_t vector[] = {4};
    tw_context *ctx;
    tw_model *model;
    tw_error err;
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    tw_data *data = rows_of(ctx, 1, vector);
    static const char *const cases[][2] = {
        {"dense 3 gelu; dense classes softmax",
         "layer 1 (dense 3 gelu): there is no ONNX export of such a layer"},
        {"dense 3; leaky_relu slope=0.2; dense classes softmax",
         "layer 2 (leaky_relu slope=0.2): ONNX export writes layers without options"},
    };
    for (int i = 0; i < 2; i++) {
        assert_int_equal(tw_model_create(&model, ctx, cases[i][0], TW_F32, data, 0, NULL), TW_OK);
        assert_int_equal(tw_model_save_onnx(model, NULL, PATH, &err), TW_ERR_SPEC);
        assert_string_equal(err.message, cases[i][1]);
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
            tw_data *data = rows_of(k.ctx, 3, image);
            tw_model *model;
            assert_int_equal(tw_model_create(&model, k.ctx, "conv2d 3 3x2; flatten; dense classes softmax",
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
        cmocka_unit_test(what_cannot_be_written_is_told),
        cmocka_unit_test(all_that_can_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
