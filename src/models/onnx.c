/* Writing a model as ONNX (onnx.proto of version 1.12, operators of version 17): rows as they are go in,
 * first scaled as in training, and tw_predict's outputs come out. Images come in as height, width, channels.
 * Layers write themselves (tw__layer_type.onnx).
 * SPDX-License-Identifier: MIT */
#include "base/io.h"
#include "models/linear/linear.h"
#include "models/nn/network.h"
#include "models/onnx.h"
#include <stdio.h>
#include <string.h>

enum { IR_VERSION = 8, OPSET = 17, TYPE_F32 = 1, TYPE_F64 = 11 };
/* Fields, by message. */
enum { MODEL_IR = 1, MODEL_PRODUCER = 2, MODEL_GRAPH = 7, MODEL_OPSET = 8, MODEL_PROPERTY = 14 };
enum { OPSET_VERSION = 2, PROPERTY_KEY = 1, PROPERTY_VALUE = 2 };
enum { GRAPH_NODE = 1, GRAPH_NAME = 2, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_OPERATOR = 4 };
enum {
    VALUE_NAME = 1,
    VALUE_TYPE = 2,
    TYPE_TENSOR = 1,
    TENSOR_ELEMENT = 1,
    TENSOR_SHAPE = 2,
    SHAPE_DIMENSION = 1
};
enum { DIMENSION_VALUE = 1, DIMENSION_NAME = 2 };

static unsigned element_type(const tw_model *m) { return m->type == TW_F64 ? TYPE_F64 : TYPE_F32; }

/* What is made of the input: numbers as the model has them. */
static tw__onnx_name put_scaling(tw__onnx *g)
{
    const tw__onnx_name input = {"input"};
    return g->m->input == TW_U8 ? tw__onnx_two(g, "Div", input, tw__onnx_number(g, 255)) : input;
}

/* ---- networks ------------------------------------------------------------------------------------------ */

/* Indices are the rows' numbers as they are. */
static tw__onnx_name put_input(tw__onnx *g, const tw__network *net)
{
    if (net->layers[0].type->indices) return (tw__onnx_name){"input"};
    const tw__onnx_name scaled = put_scaling(g);
    return net->in.rank == 3 ? TW__ONNX_ORDER(g, scaled, 4, 0, 3, 1, 2) : scaled;
}

static void put_layer(tw__onnx *g, const tw__layer *l, tw__onnx_name *value)
{
    const tw__network *net = g->m->state;
    if (l->type->onnx) l->type->onnx(l, g, value);
    else
        g->p.status =
            tw__fail(g->p.err, TW_ERR_SPEC, "layer %d (%s): there is no ONNX export of such a layer",
                     l->source + 1, tw__line_words(&net->source[l->source]));
}

static tw_status put_network(tw__onnx *g, tw__onnx_name *last)
{
    const tw__network *net = g->m->state;
    tw__onnx_name *value;
    TW_TRY(tw__alloc(g->m->ctx, &value, net->n_values, sizeof *value, g->p.err));
    value[0] = put_input(g, net);
    for (size_t i = 0; i < net->n_operations && g->p.status == TW_OK; i++) {
        const tw__operation *o = &net->operations[i];
        value[o->out] = value[o->in[0]];
        if (o->layer >= 0) put_layer(g, &net->layers[o->layer], &value[o->out]);
        else value[o->out] = tw__onnx_two(g, "Add", value[o->in[0]], value[o->in[1]]);
    }
    *last =
        tw__onnx_native(g, &tw__network_last(net)->out, value[net->operations[net->n_operations - 1].out]);
    tw__free(g->m->ctx, value, net->n_values, sizeof *value);
    return g->p.status;
}

/* ---- linear models ------------------------------------------------------------------------------------- */

/* From the scores of a linear model what its loss makes of them. */
static tw_status put_outputs(tw__onnx *g, tw__onnx_name *value)
{
    const char *kind = g->m->kind->about.name;
    const size_t n = g->m->kind->outputs(g->m);
    if (!g->m->kind->loss->output) return TW_OK;
    if (strcmp(kind, "softmax") == 0) *value = tw__onnx_one(g, "Softmax", *value);
    else if (strcmp(kind, "poisson") == 0) *value = tw__onnx_one(g, "Exp", *value);
    else if (strcmp(kind, "logistic") == 0 && n == 1) *value = tw__onnx_one(g, "Sigmoid", *value);
    else if (strcmp(kind, "logistic") == 0) {
        const tw__onnx_name away = tw__onnx_one(g, "Softplus", tw__onnx_one(g, "Neg", *value));
        *value = tw__onnx_one(g, "Softmax", tw__onnx_one(g, "Neg", away));
    } else return tw__fail(g->p.err, TW_ERR_SPEC, "there is no ONNX export of %.60s", kind);
    return TW_OK;
}

/* Weights for rows whose columns are not standardized, in the model's type. */
static void put_folded(tw__onnx *g, const double *w, tw__onnx_name names[2])
{
    const tw_model *m = g->m;
    const size_t each = tw_type_size(m->type);
    for (size_t i = 0; i < m->n_tensors; i++) {
        const tw_tensor *t = &m->tensors[i];
        size_t n = 1;
        for (int d = 0; d < t->rank; d++) n *= (size_t)t->shape[d];
        names[i] =
            tw__onnx_constant(g, t->name, t->rank, t->shape, (const char *)w + t->offset * each, n * each);
    }
}

static tw_status put_linear(tw__onnx *g, tw__onnx_name *last)
{
    const tw_model *m = g->m;
    tw__onnx_name in[3];
    double *w;
    TW_TRY(tw__alloc(m->ctx, &w, m->size, sizeof *w, g->p.err));
    tw__standardize_fold(m, g->w, w);
    for (size_t i = 0; m->type == TW_F32 && i < m->size; i++) ((float *)w)[i] = (float)w[i];
    put_folded(g, w, in + 1);
    tw__free(m->ctx, w, m->size, sizeof *w);
    in[0] = put_scaling(g);
    if (m->in.rank == 3) in[0] = tw__onnx_one(g, "Flatten", in[0]);
    *last = tw__onnx_node(g, "Gemm", 1 + (int)m->n_tensors, in, 1, &TW__ONNX_INT("transB", 1));
    return put_outputs(g, last);
}

/* ---- the file ------------------------------------------------------------------------------------------ */

/* What goes in or comes out: of any number of rows, which is the dimension that is 0. */
static void put_value(tw__onnx *g, unsigned field, const char *name, int rank, const int64_t *shape)
{
    tw__proto *p = &g->p;
    const size_t value = tw__proto_begin(p, field);
    tw__proto_text(p, VALUE_NAME, name);
    const size_t type = tw__proto_begin(p, VALUE_TYPE), tensor = tw__proto_begin(p, TYPE_TENSOR);
    tw__proto_number(p, TENSOR_ELEMENT, element_type(g->m));
    const size_t of = tw__proto_begin(p, TENSOR_SHAPE);
    for (int i = 0; i < rank; i++) {
        const size_t dimension = tw__proto_begin(p, SHAPE_DIMENSION);
        if (shape[i] == 0) tw__proto_text(p, DIMENSION_NAME, "rows");
        else tw__proto_number(p, DIMENSION_VALUE, (uint64_t)shape[i]);
        tw__proto_end(p, dimension);
    }
    tw__proto_end(p, of);
    tw__proto_end(p, tensor);
    tw__proto_end(p, type);
    tw__proto_end(p, value);
}

static void put_rows(tw__onnx *g, unsigned field, const char *name, int rank, const int64_t *shape)
{
    int64_t all[4] = {0};
    memcpy(all + 1, shape, (size_t)rank * sizeof *shape);
    put_value(g, field, name, 1 + rank, all);
}

static void put_output(tw__onnx *g)
{
    const int64_t outputs = (int64_t)g->m->kind->outputs(g->m);
    const tw__shape *out = g->m->kind->loss ? NULL : &tw__network_last(g->m->state)->out;
    put_rows(g, GRAPH_OUTPUT, "output", out ? out->rank : 1, out ? out->n : &outputs);
}

/* What rows get from those before them, or hand on. */
static void put_states(tw__onnx *g, int are_outputs)
{
    const tw__network *net = g->m->kind->loss ? NULL : g->m->state;
    for (size_t i = 0; net && i < net->n_layers; i++) {
        const tw__layer *l = &net->layers[i];
        const int64_t shape[] = {1, 0, l->out.n[l->out.rank - 1]};
        for (int64_t state = 0; state < (int64_t)l->carry / shape[2]; state++)
            put_value(g, are_outputs ? GRAPH_OUTPUT : GRAPH_INPUT,
                      tw__onnx_state(l, (int)state, are_outputs).text, 3, shape);
    }
}

static tw_status put_graph(tw__onnx *g)
{
    tw__onnx_name last;
    const size_t begun = tw__proto_begin(&g->p, MODEL_GRAPH);
    tw__proto_text(&g->p, GRAPH_NAME, "thalweg");
    put_rows(g, GRAPH_INPUT, "input", g->m->in.rank, g->m->in.n);
    put_states(g, 0);
    TW_TRY(g->m->kind->loss ? put_linear(g, &last) : put_network(g, &last));
    const size_t node = tw__proto_begin(&g->p, GRAPH_NODE);
    tw__proto_text(&g->p, NODE_INPUT, last.text);
    tw__proto_text(&g->p, NODE_OUTPUT, "output");
    tw__proto_text(&g->p, NODE_OPERATOR, "Identity");
    tw__proto_end(&g->p, node);
    put_output(g);
    put_states(g, 1);
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

static tw_status put_model(tw__onnx *g)
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
    tw__onnx g = {.p = {.ctx = m->ctx, .err = err}, .m = m, .w = weights ? weights : m->w};
    tw__writer w = {.file = NULL};
    if (m->kind != &tw__model_network && !m->kind->loss)
        return tw__fail(err, TW_ERR_SPEC, "there is no ONNX export of %.60s", m->kind->about.name);
    tw_status s = put_model(&g);
    if (s == TW_OK) s = tw__writer_open(&w, m->ctx, path, err);
    if (s == TW_OK) s = tw__writer_put(&w, g.p.bytes, g.p.n, err);
    if (s == TW_OK) s = tw__writer_finish(&w, err);
    else tw__writer_abandon(&w);
    tw__proto_free(&g.p);
    return s;
}
