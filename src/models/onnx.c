/* Writing a model as ONNX (onnx.proto of version 1.12, operators of version 13): rows as they are go in,
 * first scaled as in training, and tw_predict's outputs come out. Images come in as height, width, channels,
 * and are channels, height, width within, as ONNX's operators and saved weights have them.
 * SPDX-License-Identifier: MIT */
#include "base/io.h"
#include "file/protobuf.h"
#include "models/linear/linear.h"
#include "models/nn/network.h"
#include <stdio.h>
#include <string.h>

enum { IR_VERSION = 7, OPSET = 13, TYPE_F32 = 1, TYPE_F64 = 11 };
/* Fields, by message. */
enum { MODEL_IR = 1, MODEL_PRODUCER = 2, MODEL_GRAPH = 7, MODEL_OPSET = 8, MODEL_PROPERTY = 14 };
enum { OPSET_VERSION = 2, PROPERTY_KEY = 1, PROPERTY_VALUE = 2 };
enum { GRAPH_NODE = 1, GRAPH_NAME = 2, GRAPH_TENSOR = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_OPERATOR = 4, NODE_ATTRIBUTE = 5 };
enum {
    ATTRIBUTE_NAME = 1,
    ATTRIBUTE_INT = 3,
    ATTRIBUTE_INTS = 8,
    ATTRIBUTE_TYPE = 20,
    IS_INT = 2,
    IS_INTS = 7
};
enum { TENSOR_DIMENSION = 1, TENSOR_TYPE = 2, TENSOR_NAME = 8, TENSOR_BYTES = 9 };
enum {
    VALUE_NAME = 1,
    VALUE_TYPE = 2,
    TYPE_TENSOR = 1,
    TENSOR_ELEMENT = 1,
    TENSOR_SHAPE = 2,
    SHAPE_DIMENSION = 1
};
enum { DIMENSION_VALUE = 1, DIMENSION_NAME = 2 };

/* A graph while it is written. Its values have numbers, 0 that of the input. */
typedef struct graph {
    tw__proto p;
    const tw_model *m;
    const void *w;
    unsigned n;
    tw_error *err;
} graph;

/* ---- parts of a graph ---------------------------------------------------------------------------------- */

static const char *name_of(unsigned value, char to[24])
{
    if (value) snprintf(to, 24, "value_%u", value);
    else strcpy(to, "input");
    return to;
}

static unsigned element_type(const tw_model *m) { return m->type == TW_F64 ? TYPE_F64 : TYPE_F32; }

static void put_tensor(graph *g, const char *name, int rank, const int64_t *shape, const void *bytes,
                       size_t n)
{
    const size_t tensor = tw__proto_begin(&g->p, GRAPH_TENSOR);
    for (int i = 0; i < rank; i++) tw__proto_number(&g->p, TENSOR_DIMENSION, (uint64_t)shape[i]);
    tw__proto_number(&g->p, TENSOR_TYPE, element_type(g->m));
    tw__proto_text(&g->p, TENSOR_NAME, name);
    tw__proto_bytes(&g->p, TENSOR_BYTES, bytes, n);
    tw__proto_end(&g->p, tensor);
}

/* A whole number, or a list of them; {NULL} is none. */
typedef struct attribute {
    const char *name;
    int64_t value[4];
    int n; /* 0: a number, not a list */
} attribute;

static void put_attribute(tw__proto *p, const attribute *a)
{
    const size_t at = tw__proto_begin(p, NODE_ATTRIBUTE);
    tw__proto_text(p, ATTRIBUTE_NAME, a->name);
    for (int i = 0; i < a->n; i++) tw__proto_number(p, ATTRIBUTE_INTS, (uint64_t)a->value[i]);
    if (a->n == 0) tw__proto_number(p, ATTRIBUTE_INT, (uint64_t)a->value[0]);
    tw__proto_number(p, ATTRIBUTE_TYPE, a->n ? IS_INTS : IS_INT);
    tw__proto_end(p, at);
}

/* A node with up to three inputs (NULL: no more) that makes a new value, or the output, and its number. */
static unsigned put_node(graph *g, const char *operator, const char * a, const char *b, const char *c,
                         attribute with)
{
    const char *const in[] = {a, b, c};
    char name[24];
    const size_t node = tw__proto_begin(&g->p, GRAPH_NODE);
    for (int i = 0; i < 3 && in[i]; i++) tw__proto_text(&g->p, NODE_INPUT, in[i]);
    tw__proto_text(&g->p, NODE_OUTPUT, name_of(++g->n, name));
    tw__proto_text(&g->p, NODE_OPERATOR, operator);
    if (with.name) put_attribute(&g->p, &with);
    tw__proto_end(&g->p, node);
    return g->n;
}

static unsigned put_function(graph *g, const char *operator, unsigned value)
{
    char name[24];
    return put_node(g, operator, name_of(value, name), NULL, NULL, (attribute){NULL});
}

/* What is made of the input: numbers as the model has them. */
static unsigned put_scaling(graph *g)
{
    const float f32 = 255;
    const double f64 = 255;
    if (g->m->input != TW_U8) return 0;
    if (g->m->type == TW_F64) put_tensor(g, "scale", 0, NULL, &f64, sizeof f64);
    else put_tensor(g, "scale", 0, NULL, &f32, sizeof f32);
    return put_node(g, "Div", "input", "scale", NULL, (attribute){NULL});
}

/* ---- layers -------------------------------------------------------------------------------------------- */

static tw_status refuse(const graph *g, const tw__layer *l, const char *why)
{
    const tw__network *net = g->m->state;
    return tw__fail(g->err, TW_ERR_SPEC, "layer %d (%s): %s", l->source + 1,
                    tw__line_words(&net->source[l->source]), why);
}

static size_t first_tensor(const tw__network *net, const tw__layer *l)
{
    size_t n = 0;
    for (const tw__layer *other = net->layers; other < l; other++) n += other->n_tensors;
    return n;
}

/* The tensors of a layer, by the names that they have in its file. */
static tw_status put_tensors(graph *g, const tw__layer *l, const char *names[2])
{
    const tw__network *net = g->m->state;
    const size_t each = tw_type_size(g->m->type), first = first_tensor(net, l);
    for (size_t i = 0; i < l->n_tensors && i < 2; i++) {
        const tw_tensor *t = &net->tensors[first + i];
        void *saved;
        TW_TRY(tw__alloc(g->m->ctx, &saved, l->tensor[i].size, each, g->err));
        tw__network_export(net, first + i, g->m->type, g->w, saved);
        put_tensor(g, names[i] = t->name, t->rank, t->shape, saved, l->tensor[i].size * each);
        tw__free(g->m->ctx, saved, l->tensor[i].size, each);
    }
    return g->p.status;
}

static tw_status put_dense(graph *g, const tw__layer *l, unsigned *value)
{
    const char *names[2] = {NULL};
    char in[24];
    TW_TRY(put_tensors(g, l, names));
    *value = put_node(g, "Gemm", name_of(*value, in), names[0], names[1], (attribute){"transB", {1}, 0});
    return TW_OK;
}

static tw_status put_conv2d(graph *g, const tw__layer *l, unsigned *value)
{
    const int64_t *shape = l->tensor[0].shape;
    const char *names[2] = {NULL};
    char in[24];
    if (l->n_tensors != 2 || l->out.n[0] != l->in.n[0] - shape[2] + 1 ||
        l->out.n[1] != l->in.n[1] - shape[3] + 1)
        return refuse(g, l, "ONNX export writes convolutions with stride 1, bias and no padding");
    TW_TRY(put_tensors(g, l, names));
    *value = put_node(g, "Conv", name_of(*value, in), names[0], names[1],
                      (attribute){"kernel_shape", {shape[2], shape[3]}, 2});
    return TW_OK;
}

/* The node has two attributes, as windows stand side by side. */
static tw_status put_maxpool2d(graph *g, const tw__layer *l, unsigned *value)
{
    const tw__network *net = g->m->state;
    const char *word = strchr(tw__line_words(&net->source[l->source]), ' ');
    attribute window = {"kernel_shape", {0}, 2}, strides = {"strides", {0}, 2};
    char in[24], out[24];
    for (int i = 0; i < 2; i++) {
        if (word) word++;
        window.value[i] = strides.value[i] = word ? tw__shape_number(&word) : 0;
        if (window.value[i] < 1 || l->in.n[i] / window.value[i] != l->out.n[i])
            return refuse(g, l, "ONNX export writes windows that stand side by side");
    }
    const size_t node = tw__proto_begin(&g->p, GRAPH_NODE);
    tw__proto_text(&g->p, NODE_INPUT, name_of(*value, in));
    tw__proto_text(&g->p, NODE_OUTPUT, name_of(*value = ++g->n, out));
    tw__proto_text(&g->p, NODE_OPERATOR, "MaxPool");
    put_attribute(&g->p, &window);
    put_attribute(&g->p, &strides);
    tw__proto_end(&g->p, node);
    return TW_OK;
}

static tw_status put_silu(graph *g, const tw__layer *l, unsigned *value)
{
    char a[24], b[24];
    (void)l;
    const unsigned gate = put_function(g, "Sigmoid", *value);
    *value = put_node(g, "Mul", name_of(*value, a), name_of(gate, b), NULL, (attribute){NULL});
    return TW_OK;
}

/* Each layer that can be written: an operator, whose defaults are the layer's; or a function; or neither
 * where a prediction passes it by. */
static const struct translation {
    const char *layer, *operator;
    tw_status (*put)(graph *g, const tw__layer *l, unsigned *value);
} translations[] = {
    {"conv2d", NULL, put_conv2d},
    {"dense", NULL, put_dense},
    {"dropout", NULL, NULL},
    {"elu", "Elu", NULL},
    {"flatten", "Flatten", NULL},
    {"leaky_relu", "LeakyRelu", NULL},
    {"maxpool2d", NULL, put_maxpool2d},
    {"mse", NULL, NULL},
    {"relu", "Relu", NULL},
    {"sigmoid", "Sigmoid", NULL},
    {"silu", NULL, put_silu},
    {"softmax", "Softmax", NULL},
    {"softplus", "Softplus", NULL},
    {"tanh", "Tanh", NULL},
};

/* *value: that of the layer's input, then of its output. */
static tw_status put_layer(graph *g, const tw__layer *l, unsigned *value)
{
    const tw__network *net = g->m->state;
    for (size_t i = 0; i < sizeof translations / sizeof translations[0]; i++) {
        const struct translation *t = &translations[i];
        if (strcmp(t->layer, l->type->name) != 0) continue;
        if (strcmp(t->layer, "dropout") != 0 && strchr(net->source[l->source].text, '='))
            return refuse(g, l, "ONNX export writes layers without options");
        if (t->put) TW_TRY(t->put(g, l, value));
        else if (t->operator) *value = put_function(g, t->operator, * value);
        return g->p.status;
    }
    return refuse(g, l, "there is no ONNX export of such a layer");
}

static tw_status put_operations(graph *g, const tw__network *net, unsigned *value)
{
    char a[24], b[24];
    for (size_t i = 0; i < net->n_operations; i++) {
        const tw__operation *o = &net->operations[i];
        unsigned *out = &value[o->out];
        *out = value[o->in[0]];
        if (o->layer >= 0) TW_TRY(put_layer(g, &net->layers[o->layer], out));
        else
            *out = put_node(g, "Add", name_of(*out, a), name_of(value[o->in[1]], b), NULL, (attribute){NULL});
    }
    return g->p.status;
}

/* *last: the value of the outputs. */
static tw_status put_network(graph *g, unsigned *last)
{
    const tw__network *net = g->m->state;
    unsigned *value;
    char in[24];
    TW_TRY(tw__alloc(g->m->ctx, &value, net->n_values, sizeof *value, g->err));
    value[0] = put_scaling(g);
    if (net->in.rank == 3)
        value[0] =
            put_node(g, "Transpose", name_of(value[0], in), NULL, NULL, (attribute){"perm", {0, 3, 1, 2}, 4});
    const tw_status s = put_operations(g, net, value);
    *last = value[net->operations[net->n_operations - 1].out];
    tw__free(g->m->ctx, value, net->n_values, sizeof *value);
    return s;
}

/* ---- linear models ------------------------------------------------------------------------------------- */

/* From the scores of a linear model what its loss makes of them. */
static tw_status put_outputs(graph *g, unsigned *value)
{
    const char *kind = g->m->kind->about.name;
    const size_t n = g->m->kind->outputs(g->m);
    if (!g->m->kind->loss->output) return TW_OK;
    if (strcmp(kind, "softmax") == 0) *value = put_function(g, "Softmax", *value);
    else if (strcmp(kind, "poisson") == 0) *value = put_function(g, "Exp", *value);
    else if (strcmp(kind, "logistic") == 0 && n == 1) *value = put_function(g, "Sigmoid", *value);
    else if (strcmp(kind, "logistic") == 0)
        *value =
            put_function(g, "Softmax",
                         put_function(g, "Neg", put_function(g, "Softplus", put_function(g, "Neg", *value))));
    else return tw__fail(g->err, TW_ERR_SPEC, "there is no ONNX export of %.60s", kind);
    return TW_OK;
}

/* Weights for rows whose columns are not standardized, in the model's type. */
static void put_folded(graph *g, const double *w)
{
    const tw_model *m = g->m;
    const size_t each = tw_type_size(m->type);
    for (size_t i = 0; i < m->n_tensors; i++) {
        const tw_tensor *t = &m->tensors[i];
        size_t n = 1;
        for (int d = 0; d < t->rank; d++) n *= (size_t)t->shape[d];
        put_tensor(g, t->name, t->rank, t->shape, (const char *)w + t->offset * each, n * each);
    }
}

static tw_status put_linear(graph *g, unsigned *last)
{
    const tw_model *m = g->m;
    double *w;
    char in[24];
    TW_TRY(tw__alloc(m->ctx, &w, m->size, sizeof *w, g->err));
    tw__standardize_fold(m, g->w, w);
    for (size_t i = 0; m->type == TW_F32 && i < m->size; i++) ((float *)w)[i] = (float)w[i];
    put_folded(g, w);
    tw__free(m->ctx, w, m->size, sizeof *w);
    *last = put_scaling(g);
    if (m->in.rank == 3) *last = put_function(g, "Flatten", *last);
    *last = put_node(g, "Gemm", name_of(*last, in), m->tensors[0].name,
                     m->n_tensors > 1 ? m->tensors[1].name : NULL, (attribute){"transB", {1}, 0});
    return put_outputs(g, last);
}

/* ---- the file ------------------------------------------------------------------------------------------ */

/* What goes in or comes out: of any number of rows. */
static void put_value(graph *g, unsigned field, const char *name, int rank, const int64_t *shape)
{
    tw__proto *p = &g->p;
    const size_t value = tw__proto_begin(p, field);
    tw__proto_text(p, VALUE_NAME, name);
    const size_t type = tw__proto_begin(p, VALUE_TYPE), tensor = tw__proto_begin(p, TYPE_TENSOR);
    tw__proto_number(p, TENSOR_ELEMENT, element_type(g->m));
    const size_t of = tw__proto_begin(p, TENSOR_SHAPE);
    for (int i = -1; i < rank; i++) {
        const size_t dimension = tw__proto_begin(p, SHAPE_DIMENSION);
        if (i < 0) tw__proto_text(p, DIMENSION_NAME, "rows");
        else tw__proto_number(p, DIMENSION_VALUE, (uint64_t)shape[i]);
        tw__proto_end(p, dimension);
    }
    tw__proto_end(p, of);
    tw__proto_end(p, tensor);
    tw__proto_end(p, type);
    tw__proto_end(p, value);
}

static tw_status put_graph(graph *g)
{
    const int64_t outputs = (int64_t)g->m->kind->outputs(g->m);
    unsigned last;
    char name[24];
    const size_t begun = tw__proto_begin(&g->p, MODEL_GRAPH);
    tw__proto_text(&g->p, GRAPH_NAME, "thalweg");
    put_value(g, GRAPH_INPUT, "input", g->m->in.rank, g->m->in.n);
    TW_TRY(g->m->kind->loss ? put_linear(g, &last) : put_network(g, &last));
    const size_t node = tw__proto_begin(&g->p, GRAPH_NODE);
    tw__proto_text(&g->p, NODE_INPUT, name_of(last, name));
    tw__proto_text(&g->p, NODE_OUTPUT, "output");
    tw__proto_text(&g->p, NODE_OPERATOR, "Identity");
    tw__proto_end(&g->p, node);
    put_value(g, GRAPH_OUTPUT, "output", 1, &outputs);
    tw__proto_end(&g->p, begun);
    return g->p.status;
}

static void put_property(tw__proto *p, const char *key, const char *text)
{
    const size_t property = tw__proto_begin(p, MODEL_PROPERTY);
    tw__proto_text(p, PROPERTY_KEY, key);
    tw__proto_text(p, PROPERTY_VALUE, text);
    tw__proto_end(p, property);
}

static tw_status put_model(graph *g)
{
    tw__proto *p = &g->p;
    tw__proto_number(p, MODEL_IR, IR_VERSION);
    tw__proto_text(p, MODEL_PRODUCER, "thalweg");
    TW_TRY(put_graph(g));
    const size_t opset = tw__proto_begin(p, MODEL_OPSET);
    tw__proto_number(p, OPSET_VERSION, OPSET);
    tw__proto_end(p, opset);
    put_property(p, g->m->kind->key, g->m->text);
    for (size_t i = 0; i < (size_t)g->m->labels; i++) {
        char key[32], number[TW_CLASS_TEXT];
        snprintf(key, sizeof key, "class_%zu", i);
        put_property(p, key, tw_model_class_text(g->m, i, number));
    }
    return p->status;
}

tw_status tw_model_save_onnx(const tw_model *m, const void *weights, const char *path, tw_error *err)
{
    TW_NEEDS(err, m && path);
    graph g = {.p = {.ctx = m->ctx, .err = err}, .m = m, .w = weights ? weights : m->w, .err = err};
    tw__writer w = {.file = NULL};
    tw_status s = put_model(&g);
    if (s == TW_OK) s = tw__writer_open(&w, m->ctx, path, err);
    if (s == TW_OK) s = tw__writer_put(&w, g.p.bytes, g.p.n, err);
    if (s == TW_OK) s = tw__writer_finish(&w, err);
    else tw__writer_abandon(&w);
    tw__proto_free(&g.p);
    return s;
}
