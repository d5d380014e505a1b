/* An interpreter of ONNX for tests: reads a file with a parser of its own and computes each operator as the
 * operators' specification says it, in double, one number after the other. Values have at most four
 * dimensions.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_ONNX_MACHINE_H
#define TESTS_ONNX_MACHINE_H
#include "proto_fields.h"
#include <math.h>
#include <stdlib.h>

enum { ONNX_MOST = 600, ONNX_INPUTS = 7, ONNX_OUTPUTS = 3, ONNX_ATTRIBUTES = 5, ONNX_STATES = 8 };

/* Numbers with a shape; dimensions beyond the rank are 1. */
typedef struct onnx_value {
    char name[64];
    size_t n[4], size;
    int rank;
    double *x;
} onnx_value;

typedef struct onnx_attribute {
    proto_field name;
    int64_t list[6];
    double real;
} onnx_attribute;

typedef struct onnx_node {
    proto_field operator, out; /* the first of its outputs that is wanted */
    proto_field outs[ONNX_OUTPUTS];
    const onnx_value *in[ONNX_INPUTS]; /* NULL: not given */
    int n_in, n_out;
    onnx_attribute with[ONNX_ATTRIBUTES];
    int n_with;
} onnx_node;

typedef struct onnx_machine {
    onnx_value values[ONNX_MOST];
    int n;
    onnx_value kept[ONNX_STATES]; /* outputs that are the next run's inputs, "1.Y_h" as "1.initial_h" */
    int n_kept;
} onnx_machine;

static inline const onnx_value *onnx_find(const onnx_machine *m, proto_field name)
{
    for (int i = 0; i < m->n; i++)
        if (proto_is(name, m->values[i].name)) return &m->values[i];
    fail_msg("no value %.*s", (int)name.value, (const char *)name.at);
    return NULL;
}

static inline onnx_value *onnx_make(onnx_machine *m, proto_field name, int rank, const size_t *shape)
{
    assert_true(m->n < ONNX_MOST && rank <= 4 && name.value < sizeof m->values->name);
    onnx_value *v = &m->values[m->n++];
    *v = (onnx_value){.rank = rank, .n = {1, 1, 1, 1}, .size = 1};
    memcpy(v->name, name.at, name.value);
    for (int i = 0; i < rank; i++) v->size *= v->n[i] = shape[i];
    v->x = calloc(v->size, sizeof *v->x);
    return v;
}

static inline void onnx_free(onnx_machine *m)
{
    for (int i = 0; i < m->n; i++) free(m->values[i].x);
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static inline void onnx_read_tensor(onnx_machine *m, proto_field tensor)
{
    enum { F32 = 1, I64 = 7, F64 = 11 };
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
    onnx_value *v = onnx_make(m, name, rank, shape);
    assert_int_equal(raw.value, v->size * (type == F32 ? 4 : 8));
    for (size_t i = 0; i < v->size; i++) {
        float f32;
        int64_t i64;
        if (type == F64) memcpy(&v->x[i], raw.at + 8 * i, 8);
        else if (type == I64) v->x[i] = (double)*(int64_t *)memcpy(&i64, raw.at + 8 * i, 8);
        else v->x[i] = *(float *)memcpy(&f32, raw.at + 4 * i, 4);
    }
}

static inline onnx_attribute onnx_read_attribute(proto_field from)
{
    onnx_attribute a = {.real = 0};
    int n = 0;
    for (const uint8_t *at = from.at; at < from.at + from.value;) {
        const proto_field f = proto_next(&at);
        float real;
        if (f.number == 1) a.name = f;
        else if (f.number == 2) a.real = *(float *)memcpy(&real, f.at, 4);
        else if (f.number == 3 || f.number == 8) a.list[n++] = (int64_t)f.value;
    }
    return a;
}

static inline onnx_node onnx_read_node(const onnx_machine *m, proto_field from)
{
    onnx_node o = {.n_in = 0};
    for (const uint8_t *at = from.at; at < from.at + from.value;) {
        const proto_field f = proto_next(&at);
        if (f.number == 1) o.in[o.n_in++] = f.value ? onnx_find(m, f) : NULL;
        else if (f.number == 2) o.outs[o.n_out++] = f;
        else if (f.number == 4) o.operator= f;
        else if (f.number == 5) o.with[o.n_with++] = onnx_read_attribute(f);
    }
    for (int i = o.n_out; i-- > 0;)
        if (o.outs[i].value) o.out = o.outs[i];
    return o;
}

static inline int onnx_is(const onnx_node *o, const char *operator)
{
    return proto_is(o->operator, operator);
}

/* An attribute; NULL: it is not given. */
static inline const onnx_attribute *onnx_with(const onnx_node *o, const char *name)
{
    for (int i = 0; i < o->n_with; i++)
        if (proto_is(o->with[i].name, name)) return &o->with[i];
    return NULL;
}

/* ---- number by number ---------------------------------------------------------------------------------- */

static inline double onnx_sigmoid(double x) { return 1 / (1 + exp(-x)); }

static inline double onnx_function(const onnx_node *o, double x)
{
    const onnx_attribute *alpha = onnx_with(o, "alpha");
    if (onnx_is(o, "Relu")) return x > 0 ? x : 0;
    if (onnx_is(o, "Tanh")) return tanh(x);
    if (onnx_is(o, "Sigmoid")) return onnx_sigmoid(x);
    if (onnx_is(o, "Softplus")) return log1p(exp(x));
    if (onnx_is(o, "Neg")) return -x;
    if (onnx_is(o, "Exp")) return exp(x);
    if (onnx_is(o, "Elu")) return x > 0 ? x : alpha->real * expm1(x);
    if (onnx_is(o, "LeakyRelu")) return x > 0 ? x : alpha->real * x;
    if (onnx_is(o, "Identity")) return x;
    if (onnx_is(o, "Cast")) return trunc(x);
    fail_msg("operator %.*s", (int)o->operator.value, (const char *)o->operator.at);
    return 0;
}

/* The place in a value, whose dimensions are 1 where they are repeated, of the place i in `shape`. */
static inline size_t onnx_place(const onnx_value *v, size_t i, const onnx_value *shape)
{
    size_t place = 0, step = 1;
    for (int d = shape->rank - 1, k = v->rank - 1; k >= 0; d--, k--) {
        const size_t at = i % shape->n[d];
        i /= shape->n[d];
        if (v->n[k] > 1) place += at * step;
        step *= v->n[k];
    }
    return place;
}

static inline void onnx_combine(onnx_machine *m, const onnx_node *o)
{
    const onnx_value *a = o->in[0], *b = o->in[1];
    size_t shape[4];
    const int rank = a->rank > b->rank ? a->rank : b->rank;
    for (int i = 1; i <= rank; i++) {
        const size_t p = i <= a->rank ? a->n[a->rank - i] : 1, q = i <= b->rank ? b->n[b->rank - i] : 1;
        assert_true(p == q || p == 1 || q == 1);
        shape[rank - i] = p > q ? p : q;
    }
    onnx_value *y = onnx_make(m, o->out, rank, shape);
    for (size_t i = 0; i < y->size; i++) {
        const double p = a->x[onnx_place(a, i, y)], q = b->x[onnx_place(b, i, y)];
        y->x[i] = onnx_is(o, "Div") ? p / q : onnx_is(o, "Add") ? p + q : onnx_is(o, "Sub") ? p - q : p * q;
    }
}

/* ---- shapes -------------------------------------------------------------------------------------------- */

static inline void onnx_transpose(onnx_machine *m, const onnx_node *o)
{
    const onnx_value *x = o->in[0];
    const int64_t *perm = onnx_with(o, "perm")->list;
    size_t shape[4], steps[4], step = 1;
    for (int i = x->rank - 1; i >= 0; i--) steps[i] = step, step *= x->n[i];
    for (int i = 0; i < x->rank; i++) shape[i] = x->n[perm[i]];
    onnx_value *y = onnx_make(m, o->out, x->rank, shape);
    for (size_t i = 0; i < y->size; i++) {
        size_t rest = i, from = 0;
        for (int d = y->rank - 1; d >= 0; d--) from += rest % y->n[d] * steps[perm[d]], rest /= y->n[d];
        y->x[i] = x->x[from];
    }
}

static inline void onnx_reshape(onnx_machine *m, const onnx_node *o)
{
    const onnx_value *x = o->in[0];
    size_t shape[4] = {x->n[0], x->size / x->n[0]}, n = 1, left = 4;
    int rank = 2;
    if (onnx_is(o, "Reshape")) {
        rank = (int)o->in[1]->size;
        for (int i = 0; i < rank; i++) {
            const double length = o->in[1]->x[i];
            if (length < 0) left = (size_t)i;
            shape[i] = length < 0 ? 1 : length == 0 ? x->n[i] : (size_t)length;
            n *= shape[i];
        }
        if (left < 4) shape[left] = x->size / n;
    } else if (onnx_is(o, "Squeeze")) {
        rank = 0;
        for (int i = 0; i < x->rank; i++)
            if (i != (int)o->in[1]->x[0]) shape[rank++] = x->n[i];
            else assert_int_equal(x->n[i], 1);
    }
    onnx_value *y = onnx_make(m, o->out, rank, shape);
    assert_int_equal(y->size, x->size);
    memcpy(y->x, x->x, x->size * sizeof *x->x);
}

/* Features from .. to of rows x times x features. */
static inline void onnx_slice(onnx_machine *m, const onnx_node *o)
{
    const onnx_value *x = o->in[0];
    const size_t from = (size_t)o->in[1]->x[0], n = (size_t)o->in[2]->x[0] - from;
    assert_true(x->rank == 3 && o->in[3]->x[0] == 2);
    onnx_value *y = onnx_make(m, o->out, 3, (size_t[]){x->n[0], x->n[1], n});
    for (size_t i = 0; i < y->size; i++) y->x[i] = x->x[i / n * x->n[2] + from + i % n];
}

static inline void onnx_gather(onnx_machine *m, const onnx_node *o)
{
    const onnx_value *w = o->in[0], *index = o->in[1];
    const size_t n = w->n[1];
    onnx_value *y = onnx_make(m, o->out, 3, (size_t[]){index->n[0], index->n[1], n});
    for (size_t i = 0; i < y->size; i++) y->x[i] = w->x[(size_t)index->x[i / n] * n + i % n];
}

/* ---- layers -------------------------------------------------------------------------------------------- */

/* Of images, and of sequences as lines of pixels. */
static inline void onnx_convolve(onnx_machine *m, const onnx_node *o)
{
    const onnx_value *x = o->in[0], *w = o->in[1], *b = o->in[2];
    const int line = x->rank == 3;
    const int64_t *stride = onnx_with(o, "strides")->list, *apart = onnx_with(o, "dilations")->list,
                  *pads = onnx_with(o, "pads")->list, groups = onnx_with(o, "group")->list[0],
                  *kernel = onnx_with(o, "kernel_shape")->list;
    const int64_t in[2] = {line ? 1 : (int64_t)x->n[2], (int64_t)x->n[x->rank - 1]},
                  k[2] = {line ? 1 : kernel[0], kernel[!line]}, before[2] = {line ? 0 : pads[0], pads[!line]},
                  after[2] = {line ? 0 : pads[2], pads[line ? 1 : 3]},
                  s[2] = {line ? 1 : stride[0], stride[!line]}, d[2] = {line ? 1 : apart[0], apart[!line]};
    int64_t out[2];
    for (int i = 0; i < 2; i++) out[i] = (in[i] + before[i] + after[i] - d[i] * (k[i] - 1) - 1) / s[i] + 1;
    const size_t channels = w->n[0], seen = w->n[1], each = channels / (size_t)groups;
    assert_true((int64_t)w->n[w->rank - 1] == k[1] && seen * (size_t)groups == x->n[1]);
    onnx_value *y = onnx_make(m, o->out, x->rank,
                              line ? (size_t[]){x->n[0], channels, (size_t)out[1]}
                                   : (size_t[]){x->n[0], channels, (size_t)out[0], (size_t)out[1]});
    for (size_t i = 0; i < y->size; i++) {
        const size_t c = i / (size_t)(out[0] * out[1]) % channels,
                     row = i / (size_t)(out[0] * out[1]) / channels;
        y->x[i] = b->x[c];
        for (size_t e = 0; e < seen; e++)
            for (int64_t j = 0; j < k[0] * k[1]; j++) {
                const int64_t p = (int64_t)i / out[1] % out[0] * s[0] + j / k[1] * d[0] - before[0],
                              q = (int64_t)i % out[1] * s[1] + j % k[1] * d[1] - before[1];
                if (p < 0 || p >= in[0] || q < 0 || q >= in[1]) continue;
                y->x[i] +=
                    w->x[(c * seen + e) * (size_t)(k[0] * k[1]) + (size_t)j] *
                    x->x[((row * x->n[1] + c / each * seen + e) * (size_t)in[0] + (size_t)p) * (size_t)in[1] +
                         (size_t)q];
            }
    }
}

static inline void onnx_pool(onnx_machine *m, const onnx_node *o)
{
    const onnx_value *x = o->in[0];
    const size_t high = (size_t)onnx_with(o, "kernel_shape")->list[0],
                 wide = (size_t)onnx_with(o, "kernel_shape")->list[1];
    const int is_mean = onnx_is(o, "AveragePool");
    assert_memory_equal(onnx_with(o, "kernel_shape")->list, onnx_with(o, "strides")->list,
                        2 * sizeof(int64_t));
    onnx_value *y = onnx_make(m, o->out, 4, (size_t[]){x->n[0], x->n[1], x->n[2] / high, x->n[3] / wide});
    for (size_t i = 0; i < y->size; i++) {
        const size_t column = i % y->n[3], row = i / y->n[3] % y->n[2], plane = i / (y->n[3] * y->n[2]);
        y->x[i] = is_mean ? 0 : -INFINITY;
        for (size_t j = 0; j < high * wide; j++) {
            const double at =
                x->x[(plane * x->n[2] + row * high + j / wide) * x->n[3] + column * wide + j % wide];
            y->x[i] = is_mean ? y->x[i] + at / (double)(high * wide) : fmax(y->x[i], at);
        }
    }
}

/* Over the times of a sequence, or the pixels of an image. */
static inline void onnx_mean(onnx_machine *m, const onnx_node *o)
{
    const onnx_value *x = o->in[0];
    const int64_t *axes = onnx_with(o, "axes")->list;
    const int is_image = x->rank == 4;
    assert_true(is_image ? axes[0] == 2 && axes[1] == 3 : axes[0] == 1);
    const size_t n = is_image ? x->n[1] : x->n[2], places = x->size / x->n[0] / n;
    onnx_value *y = onnx_make(m, o->out, 2, (size_t[]){x->n[0], n});
    for (size_t i = 0; i < x->size; i++)
        y->x[is_image ? i / places : i / (places * n) * n + i % n] += x->x[i] / (double)places;
}

static inline void onnx_multiply(onnx_machine *m, const onnx_node *o)
{
    const onnx_value *a = o->in[0], *b = o->in[1];
    const size_t rows = a->n[a->rank - 2], inner = a->n[a->rank - 1], columns = b->n[b->rank - 1];
    size_t shape[4];
    memcpy(shape, a->n, sizeof shape);
    shape[a->rank - 1] = columns;
    assert_true(b->n[b->rank - 2] == inner &&
                (b->rank == 2 || b->size / inner / columns == a->size / rows / inner));
    onnx_value *y = onnx_make(m, o->out, a->rank, shape);
    for (size_t i = 0; i < y->size; i++) {
        const size_t matrix = b->rank == 2 ? 0 : i / (rows * columns);
        for (size_t k = 0; k < inner; k++)
            y->x[i] += a->x[i / columns * inner + k] * b->x[(matrix * inner + k) * columns + i % columns];
    }
}

static inline void onnx_gemm(onnx_machine *m, const onnx_node *o)
{
    const onnx_value *x = o->in[0], *w = o->in[1];
    onnx_value *y = onnx_make(m, o->out, 2, (size_t[]){x->n[0], w->n[0]});
    assert_true(x->n[1] == w->n[1] && onnx_with(o, "transB")->list[0] == 1);
    for (size_t i = 0; i < y->size; i++) {
        if (o->n_in > 2) y->x[i] = o->in[2]->x[i % y->n[1]];
        for (size_t k = 0; k < x->n[1]; k++)
            y->x[i] += x->x[i / y->n[1] * x->n[1] + k] * w->x[i % y->n[1] * x->n[1] + k];
    }
}

static inline void onnx_normalise(onnx_machine *m, const onnx_node *o)
{
    const onnx_value *x = o->in[0];
    const double eps = onnx_with(o, "epsilon")->real;
    const int of_batch = onnx_is(o, "BatchNormalization");
    const size_t n = x->n[of_batch ? 1 : x->rank - 1], places = of_batch ? x->size / x->n[0] / n : 1;
    onnx_value *y = onnx_make(m, o->out, x->rank, x->n);
    for (size_t i = 0; i < x->size; i++) {
        const size_t c = i / places % n;
        double mean = 0, variance = 0;
        for (size_t k = 0; !of_batch && k < n; k++) mean += x->x[i / n * n + k] / (double)n;
        for (size_t k = 0; !of_batch && k < n; k++)
            variance += (x->x[i / n * n + k] - mean) * (x->x[i / n * n + k] - mean) / (double)n;
        if (of_batch) mean = o->in[3]->x[c], variance = o->in[4]->x[c];
        y->x[i] = (x->x[i] - mean) / sqrt(variance + eps) * o->in[1]->x[c] + o->in[2]->x[c];
    }
}

/* Over the last dimension. */
static inline void onnx_soften(onnx_machine *m, const onnx_node *o)
{
    const onnx_value *x = o->in[0];
    onnx_value *y = onnx_make(m, o->out, x->rank, x->n);
    const size_t n = x->n[x->rank - 1];
    for (size_t i = 0; i < x->size; i++) {
        double sum = 0;
        for (size_t k = 0; k < n; k++) sum += exp(x->x[i / n * n + k]);
        y->x[i] = exp(x->x[i]) / sum;
    }
}

/* ---- recurrent ----------------------------------------------------------------------------------------- */

/* W x + b and R h + c of one gate's unit, apart: gate `which` of `gates`, unit i. */
static inline void onnx_gate(const onnx_node *o, size_t which, size_t gates, size_t unit, const double *x,
                             const double *h, double to[2])
{
    const onnx_value *w = o->in[1], *r = o->in[2], *b = o->in[3];
    const size_t n = r->n[2], row = which * n + unit;
    to[0] = b->x[row];
    to[1] = b->x[gates * n + row];
    for (size_t k = 0; k < w->n[2]; k++) to[0] += w->x[row * w->n[2] + k] * x[k];
    for (size_t k = 0; k < n; k++) to[1] += r->x[row * n + k] * h[k];
}

/* GRU, gates z, r, h: the reset gate r comes after the product of h, or before it. */
static inline void onnx_gru(const onnx_node *o, size_t n, const double *x, const double *before, double *h)
{
    enum { UNITS = 64 };
    const int is_after = onnx_with(o, "linear_before_reset")->list[0] != 0;
    double reset[UNITS], r[UNITS], a[2];
    for (size_t i = 0; i < n; i++) {
        onnx_gate(o, 1, 3, i, x, before, a);
        r[i] = onnx_sigmoid(a[0] + a[1]);
        reset[i] = r[i] * before[i];
    }
    for (size_t i = 0; i < n; i++) {
        onnx_gate(o, 0, 3, i, x, before, a);
        const double z = onnx_sigmoid(a[0] + a[1]);
        onnx_gate(o, 2, 3, i, x, is_after ? before : reset, a);
        h[i] = (1 - z) * tanh(a[0] + (is_after ? r[i] : 1) * a[1]) + z * before[i];
    }
}

/* A time of a row: h and the cell's c from those before. LSTM has the gates i, o, f, c. */
static inline void onnx_cell(const onnx_node *o, size_t n, const double *x, const double *before, double *h,
                             double *c)
{
    double a[4][2];
    const size_t gates = onnx_is(o, "LSTM") ? 4 : 1;
    if (onnx_is(o, "GRU")) onnx_gru(o, n, x, before, h);
    for (size_t i = 0; i < n && !onnx_is(o, "GRU"); i++) {
        for (size_t k = 0; k < gates; k++) onnx_gate(o, k, gates, i, x, before, a[k]);
        if (gates == 1) h[i] = tanh(a[0][0] + a[0][1]);
        else {
            c[i] = onnx_sigmoid(a[2][0] + a[2][1]) * c[i] +
                   onnx_sigmoid(a[0][0] + a[0][1]) * tanh(a[3][0] + a[3][1]);
            h[i] = onnx_sigmoid(a[1][0] + a[1][1]) * tanh(c[i]);
        }
    }
}

/* times x rows x features to times x 1 x rows x units, and the last time's h and c; these are 0 before the
 * first time unless inputs say otherwise. */
static inline void onnx_recur(onnx_machine *m, const onnx_node *o)
{
    enum { UNITS = 64 };
    const onnx_value *x = o->in[0], *first[2] = {o->in[5], o->in[6]};
    const size_t n = (size_t)onnx_with(o, "hidden_size")->list[0], times = x->n[0], rows = x->n[1];
    onnx_value *y[ONNX_OUTPUTS] = {NULL};
    assert_true(n <= UNITS && n == o->in[2]->n[2] && !o->in[4]);
    for (int i = 0; i < o->n_out; i++)
        if (o->outs[i].value)
            y[i] = onnx_make(m, o->outs[i], i ? 3 : 4,
                             i ? (size_t[]){1, rows, n} : (size_t[]){times, 1, rows, n});
    for (size_t row = 0; row < rows; row++) {
        double state[2][UNITS] = {{0}}, before[UNITS];
        for (int i = 0; i < 2; i++)
            if (first[i]) memcpy(state[i], first[i]->x + row * n, n * sizeof *before);
        for (size_t t = 0; t < times; t++) {
            memcpy(before, state[0], sizeof before);
            onnx_cell(o, n, x->x + (t * rows + row) * x->n[2], before, state[0], state[1]);
            if (y[0]) memcpy(y[0]->x + (t * rows + row) * n, state[0], n * sizeof *before);
        }
        for (int i = 0; i < 2; i++)
            if (y[1 + i]) memcpy(y[1 + i]->x + row * n, state[i], n * sizeof *before);
    }
}

/* ---- a graph ------------------------------------------------------------------------------------------- */

static inline void onnx_run_node(onnx_machine *m, const onnx_node *o)
{
    static const struct {
        const char *operator;
        void (*run)(onnx_machine *m, const onnx_node *o);
    } operators[] = {{"Transpose", onnx_transpose},
                     {"Reshape", onnx_reshape},
                     {"Flatten", onnx_reshape},
                     {"Squeeze", onnx_reshape},
                     {"Slice", onnx_slice},
                     {"Gather", onnx_gather},
                     {"Conv", onnx_convolve},
                     {"MaxPool", onnx_pool},
                     {"AveragePool", onnx_pool},
                     {"ReduceMean", onnx_mean},
                     {"MatMul", onnx_multiply},
                     {"Gemm", onnx_gemm},
                     {"BatchNormalization", onnx_normalise},
                     {"LayerNormalization", onnx_normalise},
                     {"Softmax", onnx_soften},
                     {"RNN", onnx_recur},
                     {"GRU", onnx_recur},
                     {"LSTM", onnx_recur},
                     {"Add", onnx_combine},
                     {"Sub", onnx_combine},
                     {"Mul", onnx_combine},
                     {"Div", onnx_combine}};
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        if (onnx_is(o, operators[i].operator)) {
            operators[i].run(m, o);
            return;
        }
    onnx_value *y = onnx_make(m, o->out, o->in[0]->rank, o->in[0]->n);
    for (size_t i = 0; i < y->size; i++) y->x[i] = onnx_function(o, o->in[0]->x[i]);
}

/* The field of this number in a message, which must have it; the last, where it has several. */
static inline proto_field onnx_field(proto_field in, uint64_t number)
{
    proto_field found = {0};
    for (const uint8_t *at = in.at; at < in.at + in.value;) {
        const proto_field f = proto_next(&at);
        if (f.number == number) found = f;
    }
    assert_int_equal(found.number, number);
    return found;
}

/* An input that is a state of 1 x rows x n: what the last run made of it, or 0. */
static inline void onnx_begin_state(onnx_machine *m, proto_field declared, size_t rows)
{
    const proto_field name = onnx_field(declared, 1);
    char kept[64];
    const int layer = (int)name.value - (int)strlen("initial_h");
    if (proto_is(name, "input")) return;
    const proto_field shape = onnx_field(onnx_field(onnx_field(declared, 2), 1), 2);
    const size_t n = (size_t)onnx_field(onnx_field(shape, 1), 1).value;
    onnx_value *v = onnx_make(m, name, 3, (size_t[]){1, rows, n});
    snprintf(kept, sizeof kept, "%.*sY_%c", layer, (const char *)name.at, name.at[name.value - 1]);
    for (int i = 0; i < m->n_kept; i++)
        if (strcmp(m->kept[i].name, kept) == 0) memcpy(v->x, m->kept[i].x, v->size * sizeof *v->x);
}

static inline void onnx_forget(onnx_machine *m)
{
    for (int i = 0; i < m->n_kept; i++) free(m->kept[i].x);
    m->n_kept = 0;
}

static inline void onnx_keep_states(onnx_machine *m, proto_field graph)
{
    onnx_forget(m);
    for (const uint8_t *at = graph.at; at < graph.at + graph.value;) {
        const proto_field f = proto_next(&at);
        if (f.number != 12 || proto_is(onnx_field(f, 1), "output")) continue;
        const onnx_value *v = onnx_find(m, onnx_field(f, 1));
        onnx_value *to = &m->kept[m->n_kept++];
        assert_true(m->n_kept <= ONNX_STATES);
        *to = *v;
        to->x = memcpy(malloc(v->size * sizeof *v->x), v->x, v->size * sizeof *v->x);
    }
}

/* Runs the graph of a file for these rows; returns its output. Rows begin with the states that the last run
 * has kept; onnx_forget: with 0. */
static inline const onnx_value *onnx_run(onnx_machine *m, proto_field graph, const double *x, int rank,
                                         const size_t *shape)
{
    m->n = 0;
    onnx_value *input = onnx_make(m, (proto_field){0, 5, (const uint8_t *)"input"}, rank, shape);
    memcpy(input->x, x, input->size * sizeof *x);
    for (int nodes = 0; nodes < 2; nodes++) /* tensors first */
        for (const uint8_t *at = graph.at; at < graph.at + graph.value;) {
            const proto_field f = proto_next(&at);
            if (!nodes && f.number == 5) onnx_read_tensor(m, f);
            if (!nodes && f.number == 11) onnx_begin_state(m, f, shape[0]);
            if (!nodes || f.number != 1) continue;
            const onnx_node o = onnx_read_node(m, f);
            onnx_run_node(m, &o);
        }
    onnx_keep_states(m, graph);
    return onnx_find(m, (proto_field){0, 6, (const uint8_t *)"output"});
}
#endif
