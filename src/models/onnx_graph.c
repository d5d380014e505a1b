/* Nodes and constants of a graph of ONNX (onnx.proto of version 1.12).
 * SPDX-License-Identifier: MIT */
#include "models/nn/network.h"
#include "models/onnx.h"
#include <stdio.h>
#include <string.h>

enum { GRAPH_NODE = 1, GRAPH_TENSOR = 5 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_OPERATOR = 4, NODE_ATTRIBUTE = 5 };
enum {
    ATTRIBUTE_NAME = 1,
    ATTRIBUTE_REAL = 2,
    ATTRIBUTE_INT = 3,
    ATTRIBUTE_INTS = 8,
    ATTRIBUTE_TYPE = 20,
    IS_REAL = 1,
    IS_INT = 2,
    IS_INTS = 7
};
enum { TENSOR_DIMENSION = 1, TENSOR_TYPE = 2, TENSOR_NAME = 8, TENSOR_BYTES = 9 };
enum { TYPE_F32 = 1, TYPE_I64 = 7, TYPE_F64 = 11 };

/* ---- nodes --------------------------------------------------------------------------------------------- */

static void put_attribute(tw__proto *p, const tw__onnx_attribute *a)
{
    const size_t at = tw__proto_begin(p, NODE_ATTRIBUTE);
    tw__proto_text(p, ATTRIBUTE_NAME, a->name);
    if (a->is_real) tw__proto_f32(p, ATTRIBUTE_REAL, (float)a->real);
    else if (a->n == 0) tw__proto_number(p, ATTRIBUTE_INT, (uint64_t)a->value[0]);
    for (int i = 0; i < a->n; i++) tw__proto_number(p, ATTRIBUTE_INTS, (uint64_t)a->value[i]);
    tw__proto_number(p, ATTRIBUTE_TYPE, a->is_real ? IS_REAL : a->n ? IS_INTS : IS_INT);
    tw__proto_end(p, at);
}

static tw__onnx_name new_name(tw__onnx *g, const char *kind)
{
    tw__onnx_name name;
    snprintf(name.text, sizeof name.text, "%s_%u", kind, ++g->n);
    return name;
}

tw__onnx_name tw__onnx_fresh(tw__onnx *g) { return new_name(g, "value"); }

tw__onnx_name tw__onnx_state(const tw__layer *l, int state, int is_output)
{
    static const char *const names[2][2] = {{"initial_h", "initial_c"}, {"Y_h", "Y_c"}};
    tw__onnx_name name;
    snprintf(name.text, sizeof name.text, "%s.%s", l->path, names[is_output][state]);
    return name;
}

void tw__onnx_put_node(tw__onnx *g, const char *operator, int n_in, const tw__onnx_name *in, int n_out,
                       const tw__onnx_name *out, int n_with, const tw__onnx_attribute *with)
{
    const size_t node = tw__proto_begin(&g->p, GRAPH_NODE);
    for (int i = 0; i < n_in; i++) tw__proto_text(&g->p, NODE_INPUT, in[i].text);
    for (int i = 0; i < n_out; i++) tw__proto_text(&g->p, NODE_OUTPUT, out[i].text);
    tw__proto_text(&g->p, NODE_OPERATOR, operator);
    for (int i = 0; i < n_with; i++) put_attribute(&g->p, &with[i]);
    tw__proto_end(&g->p, node);
}

tw__onnx_name tw__onnx_node(tw__onnx *g, const char *operator, int n_in, const tw__onnx_name *in, int n_with,
                            const tw__onnx_attribute *with)
{
    const tw__onnx_name out = tw__onnx_fresh(g);
    tw__onnx_put_node(g, operator, n_in, in, 1, &out, n_with, with);
    return out;
}

tw__onnx_name tw__onnx_one(tw__onnx *g, const char *operator, tw__onnx_name a)
{
    return tw__onnx_node(g, operator, 1, &a, 0, NULL);
}

tw__onnx_name tw__onnx_two(tw__onnx *g, const char *operator, tw__onnx_name a, tw__onnx_name b)
{
    return tw__onnx_node(g, operator, 2, (tw__onnx_name[]){a, b}, 0, NULL);
}

tw__onnx_name tw__onnx_transpose(tw__onnx *g, tw__onnx_name a, int n, const int64_t *order)
{
    tw__onnx_attribute perm = {.name = "perm", .n = n};
    memcpy(perm.value, order, (size_t)n * sizeof *order);
    return tw__onnx_node(g, "Transpose", 1, &a, 1, &perm);
}

tw__onnx_name tw__onnx_reshape(tw__onnx *g, tw__onnx_name a, int n, const int64_t *shape)
{
    return tw__onnx_two(g, "Reshape", a, tw__onnx_integers(g, n, shape));
}

/* ---- constants ----------------------------------------------------------------------------------------- */

static void put_tensor(tw__onnx *g, const char *name, unsigned type, int rank, const int64_t *shape,
                       const void *bytes, size_t n)
{
    const size_t tensor = tw__proto_begin(&g->p, GRAPH_TENSOR);
    for (int i = 0; i < rank; i++) tw__proto_number(&g->p, TENSOR_DIMENSION, (uint64_t)shape[i]);
    tw__proto_number(&g->p, TENSOR_TYPE, type);
    tw__proto_text(&g->p, TENSOR_NAME, name);
    tw__proto_bytes(&g->p, TENSOR_BYTES, bytes, n);
    tw__proto_end(&g->p, tensor);
}

tw__onnx_name tw__onnx_constant(tw__onnx *g, const char *name, int rank, const int64_t *shape,
                                const void *bytes, size_t n)
{
    tw__onnx_name out;
    snprintf(out.text, sizeof out.text, "%s", name);
    put_tensor(g, out.text, g->m->type == TW_F64 ? TYPE_F64 : TYPE_F32, rank, shape, bytes, n);
    return out;
}

tw__onnx_name tw__onnx_numbers(tw__onnx *g, int rank, const int64_t *shape, const double *x)
{
    const tw__onnx_name name = new_name(g, "constant");
    const size_t each = tw_type_size(g->m->type);
    size_t n = 1;
    char *bytes;
    for (int i = 0; i < rank; i++) n *= (size_t)shape[i];
    if (g->p.status != TW_OK) return name;
    g->p.status = tw__alloc(g->m->ctx, &bytes, n, each, g->p.err);
    if (g->p.status != TW_OK) return name;
    for (size_t i = 0; i < n; i++)
        if (g->m->type == TW_F64) ((double *)(void *)bytes)[i] = x[i];
        else ((float *)(void *)bytes)[i] = (float)x[i];
    tw__onnx_constant(g, name.text, rank, shape, bytes, n * each);
    tw__free(g->m->ctx, bytes, n, each);
    return name;
}

tw__onnx_name tw__onnx_number(tw__onnx *g, double x) { return tw__onnx_numbers(g, 0, NULL, &x); }

/* Bytes are in the order of the machine, as those of all tensors: the low one first. */
tw__onnx_name tw__onnx_integers(tw__onnx *g, int n, const int64_t *x)
{
    const tw__onnx_name name = new_name(g, "constant");
    put_tensor(g, name.text, TYPE_I64, 1, &(int64_t){n}, x, (size_t)n * sizeof *x);
    return name;
}

/* ---- tensors of layers --------------------------------------------------------------------------------- */

static size_t index_of(const tw__network *net, const tw__layer *l, size_t tensor)
{
    size_t n = tensor;
    for (const tw__layer *other = net->layers; other < l; other++) n += other->n_tensors;
    return n;
}

/* As it is saved; NULL after a failure. */
static void *saved_tensor(tw__onnx *g, const tw__layer *l, size_t tensor)
{
    const tw__network *net = g->m->state;
    void *saved = NULL;
    if (g->p.status == TW_OK)
        g->p.status =
            tw__alloc(g->m->ctx, &saved, l->tensor[tensor].size, tw_type_size(g->m->type), g->p.err);
    if (g->p.status != TW_OK) return NULL;
    tw__network_export(net, index_of(net, l, tensor), g->m->type, g->w, saved);
    return saved;
}

tw__onnx_name tw__onnx_tensor(tw__onnx *g, const tw__layer *l, size_t tensor)
{
    const tw__network *net = g->m->state;
    const tw_tensor *t = &net->tensors[index_of(net, l, tensor)];
    const size_t n = l->tensor[tensor].size, each = tw_type_size(g->m->type);
    tw__onnx_name name = {""};
    void *const saved = saved_tensor(g, l, tensor);
    if (!saved) return name;
    name = tw__onnx_constant(g, t->name, t->rank, t->shape, saved, n * each);
    tw__free(g->m->ctx, saved, n, each);
    return name;
}

double *tw__onnx_values(tw__onnx *g, const tw__layer *l, size_t tensor)
{
    const size_t n = l->tensor[tensor].size, each = tw_type_size(g->m->type);
    double *values = NULL;
    void *const saved = saved_tensor(g, l, tensor);
    if (!saved) return NULL;
    g->p.status = tw__alloc(g->m->ctx, &values, n, sizeof *values, g->p.err);
    for (size_t i = 0; values && i < n; i++)
        values[i] = g->m->type == TW_F64 ? ((double *)saved)[i] : (double)((float *)saved)[i];
    tw__free(g->m->ctx, saved, n, each);
    return values;
}

tw__onnx_name tw__onnx_each_time(tw__onnx *g, tw__onnx_name x, tw__onnx_name w, tw__onnx_name b)
{
    return tw__onnx_two(g, "Add", tw__onnx_two(g, "MatMul", x, TW__ONNX_ORDER(g, w, 2, 1, 0)), b);
}

/* ---- orders -------------------------------------------------------------------------------------------- */

static int was_image(const tw__shape *s) { return s->rank == 1 && s->image[2] > 1; }

tw__onnx_name tw__onnx_native(tw__onnx *g, const tw__shape *s, tw__onnx_name a)
{
    if (!was_image(s)) return a;
    a = TW__ONNX_SHAPE(g, a, 4, 0, s->image[2], s->image[0], s->image[1]);
    return TW__ONNX_SHAPE(g, TW__ONNX_ORDER(g, a, 4, 0, 2, 3, 1), 2, 0, -1);
}

tw__onnx_name tw__onnx_filed(tw__onnx *g, const tw__shape *s, tw__onnx_name a)
{
    if (!was_image(s)) return a;
    a = TW__ONNX_SHAPE(g, a, 4, 0, s->image[0], s->image[1], s->image[2]);
    return TW__ONNX_SHAPE(g, TW__ONNX_ORDER(g, a, 4, 0, 3, 1, 2), 2, 0, -1);
}
