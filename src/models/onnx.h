/* A graph of ONNX while it is written, for the layers that go into it. Between layers a vector is rows x
 * numbers, a sequence rows x times x features, an image rows x channels x height x width, as ONNX's operators
 * and saved weights have it; a flattened image is numbered likewise. The first failure stays in p.status;
 * what is written after it does nothing. What is written is named in its order: no two calls in one list of
 * arguments, whose order compilers choose.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_ONNX_H
#define TW_MODELS_ONNX_H
#include "file/protobuf.h"
#include "models/model.h"

struct tw__layer;

typedef struct tw__onnx {
    tw__proto p;
    const tw_model *m;
    const void *w;
    unsigned n; /* names made so far */
} tw__onnx;

/* A value's name. */
typedef struct tw__onnx_name {
    char text[64];
} tw__onnx_name;

/* Of a node: a whole number, a list of n of them, or a real number. */
typedef struct tw__onnx_attribute {
    const char *name;
    int n;
    int64_t value[6];
    int is_real;
    double real;
} tw__onnx_attribute;
#define TW__ONNX_INT(its_name, x)           \
    (tw__onnx_attribute)                    \
    {                                       \
        .name = (its_name), .value = {(x) } \
    }
#define TW__ONNX_REAL(its_name, x) \
    (tw__onnx_attribute) { .name = (its_name), .is_real = 1, .real = (x) }
#define TW__ONNX_LIST(its_name, count, ...)                        \
    (tw__onnx_attribute)                                           \
    {                                                              \
        .name = (its_name), .n = (count), .value = { __VA_ARGS__ } \
    }

/* A node with these inputs and attributes; what it makes, which is its first output. */
tw__onnx_name tw__onnx_node(tw__onnx *g, const char *operator, int n_in, const tw__onnx_name *in, int n_with,
                            const tw__onnx_attribute *with);
/* A node whose n_out outputs have names, "" for one that is not wanted; and a name that no value has yet. */
void tw__onnx_put_node(tw__onnx *g, const char *operator, int n_in, const tw__onnx_name *in, int n_out,
                       const tw__onnx_name *out, int n_with, const tw__onnx_attribute *with);
tw__onnx_name tw__onnx_fresh(tw__onnx *g);
/* The graph's input or output for what a row of a layer gets from the row before it, or hands on: state 0,
 * "1.initial_h" or "1.Y_h", or 1, "1.initial_c" or "1.Y_c". */
tw__onnx_name tw__onnx_state(const struct tw__layer *l, int state, int is_output);
tw__onnx_name tw__onnx_one(tw__onnx *g, const char *operator, tw__onnx_name a);
tw__onnx_name tw__onnx_two(tw__onnx *g, const char *operator, tw__onnx_name a, tw__onnx_name b);
/* Another order of the dimensions; other dimensions, of which 0 stays as it is and -1 is what is left. */
tw__onnx_name tw__onnx_transpose(tw__onnx *g, tw__onnx_name a, int n, const int64_t *order);
tw__onnx_name tw__onnx_reshape(tw__onnx *g, tw__onnx_name a, int n, const int64_t *shape);
#define TW__ONNX_ORDER(g, a, n, ...) tw__onnx_transpose(g, a, n, (const int64_t[]){__VA_ARGS__})
#define TW__ONNX_SHAPE(g, a, n, ...) tw__onnx_reshape(g, a, n, (const int64_t[]){__VA_ARGS__})

/* Constants: numbers of the model's type, whole numbers. */
tw__onnx_name tw__onnx_numbers(tw__onnx *g, int rank, const int64_t *shape, const double *x);
tw__onnx_name tw__onnx_number(tw__onnx *g, double x);
tw__onnx_name tw__onnx_integers(tw__onnx *g, int n, const int64_t *x);
/* A constant of these bytes, in the model's type, by a name of the caller's. */
tw__onnx_name tw__onnx_constant(tw__onnx *g, const char *name, int rank, const int64_t *shape,
                                const void *bytes, size_t n);
/* A tensor of a layer as it is saved, by its name in the file. */
tw__onnx_name tw__onnx_tensor(tw__onnx *g, const struct tw__layer *l, size_t tensor);
/* The same in memory; NULL after a failure. Freed by tw__free with its number. */
double *tw__onnx_values(tw__onnx *g, const struct tw__layer *l, size_t tensor);

/* x W' + b for each time of a sequence. */
tw__onnx_name tw__onnx_each_time(tw__onnx *g, tw__onnx_name x, tw__onnx_name w, tw__onnx_name b);

/* Between values numbered as in a file and as in memory, where a flattened image is numbered by row, column,
 * channel; without effect on all others. */
tw__onnx_name tw__onnx_native(tw__onnx *g, const tw__shape *shape, tw__onnx_name a);
tw__onnx_name tw__onnx_filed(tw__onnx *g, const tw__shape *shape, tw__onnx_name a);
#endif
