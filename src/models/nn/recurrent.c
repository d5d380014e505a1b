/* The walk through time. Forward: the products of the inputs of all times at once, then time after time those
 * of h. Backward: time after time the gradients before the gates' functions, kept for all times; from them
 * the weights' gradients and the input's, each as one product. Truncated where a row begins: h and the cell's
 * state begin there with 0, or with what the row before handed on. Werbos 1990; Williams & Peng 1990.
 * SPDX-License-Identifier: MIT */
#include "models/nn/recurrent.h"
#include <string.h>

enum { W_IN, W_HIDDEN, B_IN, B_HIDDEN, W_RESET, B_RESET };
enum { ALL, LAST };

const tw_option tw__recurrent_options[TW__RECURRENT_OPTIONS] = {TW__RECURRENT_ROWS};

/* Gates with a product of h. */
static size_t of_hidden(const tw__cell *cell) { return cell->gates - (cell->reset != NULL); }

static tw_status add_hidden(tw__layer *l, const tw__layer_text *t, const char *name, int64_t out,
                            tw_error *err)
{
    const int64_t n = (int64_t)((const tw__recurrent *)l->own)->n;
    return tw__layer_add_tensor(l,
                                &(tw__layer_tensor){.name = name,
                                                    .rank = 2,
                                                    .shape = {out, n},
                                                    .initial =
                                                        tw__initial_at(t->value[TW__RECURRENT_HIDDEN_INIT]),
                                                    .fan_in = (double)n,
                                                    .fan_out = (double)out},
                                err);
}

static tw_status add_tensors(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    const tw__recurrent *const own = l->own;
    const int64_t in = (int64_t)own->in, n = (int64_t)own->n, all = n * (int64_t)own->cell->gates,
                  hidden = n * (int64_t)of_hidden(own->cell);
    TW_TRY(tw__layer_add_tensor(l,
                                &(tw__layer_tensor){.name = "weight_ih_l0",
                                                    .rank = 2,
                                                    .shape = {all, in},
                                                    .initial = tw__initial_at(t->value[TW__RECURRENT_INIT]),
                                                    .fan_in = (double)in,
                                                    .fan_out = (double)all},
                                err));
    TW_TRY(add_hidden(l, t, "weight_hh_l0", hidden, err));
    TW_TRY(
        tw__layer_add_tensor(l, &(tw__layer_tensor){.name = "bias_ih_l0", .rank = 1, .shape = {all}}, err));
    TW_TRY(tw__layer_add_tensor(l, &(tw__layer_tensor){.name = "bias_hh_l0", .rank = 1, .shape = {hidden}},
                                err));
    if (!own->cell->reset) return TW_OK;
    TW_TRY(add_hidden(l, t, "weight_hr_l0", n, err));
    return tw__layer_add_tensor(l, &(tw__layer_tensor){.name = "bias_hr_l0", .rank = 1, .shape = {n}}, err);
}

tw_status tw__recurrent_setup(tw__layer *l, const tw__layer_text *t, const tw__cell *cell, tw_error *err)
{
    tw__recurrent *const own = l->own;
    int64_t n;
    TW_TRY(tw__layer_needs_sequence(l, t, err));
    TW_TRY(tw__layer_count(t, 0, "width", &n, err));
    TW_TRY(tw__layer_most_words(l, t, 1, err));
    *own = (tw__recurrent){.times = (size_t)l->in.n[0],
                           .in = (size_t)l->in.n[1],
                           .n = (size_t)n,
                           .cell = cell,
                           .only_last = t->value[TW__RECURRENT_OUTPUT] == LAST,
                           .carries = t->value[TW__RECURRENT_CARRY] != 0};
    if (own->carries) l->carry = own->n * (1 + cell->state);
    l->by_time = own->carries;
    l->out = own->only_last ? (tw__shape){.rank = 1, .n = {n}} : (tw__shape){.rank = 2, .n = {l->in.n[0], n}};
    size_t numbers;
    if (__builtin_mul_overflow(own->n * (cell->kept + 1 + (cell->reset != NULL)), own->times, &numbers) ||
        numbers > (size_t)1 << 31)
        return tw__fail(err, TW_ERR_SPEC, "layer %d (%s): what it keeps of a row is too large", l->source + 1,
                        t->text);
    l->saved = numbers * sizeof(double);
    return add_tensors(l, t, err);
}

size_t tw__recurrent_place(const tw__layer *l, int tensor, size_t i)
{
    const tw__recurrent *const own = l->own;
    if (tensor == B_IN || tensor == B_HIDDEN || tensor == B_RESET) return i;
    const size_t in = tensor == W_IN ? own->in : own->n, gates = tensor == W_IN      ? own->cell->gates
                                                                 : tensor == W_RESET ? 1
                                                                                     : of_hidden(own->cell);
    return tw__dense_at(in, own->n * gates, i % in, i / in);
}

/* Where what is packed of the products of h and of the reset begins, and where all of it ends. */
static size_t hidden_at(const tw__recurrent *own, const tw__kernels *k)
{
    return k->dense.packed(own->in, own->n * own->cell->gates);
}
static size_t reset_at(const tw__recurrent *own, const tw__kernels *k)
{
    return hidden_at(own, k) + k->dense.packed(own->n, own->n * of_hidden(own->cell));
}

size_t tw__recurrent_packed(const tw__layer *l, const tw__kernels *k)
{
    const tw__recurrent *const own = l->own;
    return reset_at(own, k) + (own->cell->reset ? k->dense.packed(own->n, own->n) : 0);
}

void tw__recurrent_pack(const tw__layer *l, const tw__kernels *k, tw__part part, const char *w, char *packed)
{
    const tw__recurrent *const own = l->own;
    k->dense.pack(own->in, own->n * own->cell->gates, part, w + l->tensor[W_IN].offset * k->real, packed);
    k->dense.pack(own->n, own->n * of_hidden(own->cell), part, w + l->tensor[W_HIDDEN].offset * k->real,
                  packed + hidden_at(own, k) * k->real);
    if (own->cell->reset)
        k->dense.pack(own->n, own->n, part, w + l->tensor[W_RESET].offset * k->real,
                      packed + reset_at(own, k) * k->real);
}

/* ---- memory -------------------------------------------------------------------------------------------- */

/* Saved: h of all times, then what the cell keeps, then what a reset makes, each row by row. Scratch: numbers
 * of all rows and times for the gates (two of them where d_in and d_hidden differ), h of the time before
 * each, and of one time what products need: h, the gates, dh and a product (forward: the reset and its
 * product), the state's gradient, a row of zeros; for backward the hidden weights and the reset's, turned. */
typedef struct memory {
    char *h, *kept, *reset;
    char *in, *hidden; /* of all times: forward the inputs' products, backward d_in and d_hidden */
    char *h_before;    /* of all times */
    char *state, *gates, *dh, *product, *d_state, *zeros, *turned, *turned_reset;
} memory;

static size_t times_of_pass(const tw__recurrent *own) { return TW__PASS_ROWS * own->times; }

static size_t most(size_t a, size_t b) { return a > b ? a : b; }

size_t tw__recurrent_scratch(const tw__layer *l, const tw__kernels *k)
{
    const tw__recurrent *const own = l->own;
    const size_t gates = own->cell->gates;
    (void)k;
    return own->n * (times_of_pass(own) * (2 * gates + 1) + TW__PASS_ROWS * (gates + 3 + own->cell->state) +
                     most(own->cell->state, 1) + own->n * gates);
}

static memory memory_of(const tw__layer *l, const tw__pass *p)
{
    const tw__recurrent *const own = l->own;
    const size_t n = own->n * p->k->real, gates = own->cell->gates, times = times_of_pass(own);
    memory m = {.h = (char *)p->saved, .in = p->scratch};
    m.kept = m.h + p->rows * own->times * n;
    m.reset = m.kept + p->rows * own->times * own->cell->kept * n;
    m.hidden = m.in + times * gates * n;
    m.h_before = m.hidden + times * gates * n;
    m.state = m.h_before + times * n;
    m.gates = m.state + TW__PASS_ROWS * n;
    m.dh = m.gates + TW__PASS_ROWS * gates * n;
    m.product = m.dh + TW__PASS_ROWS * n;
    m.d_state = m.product + TW__PASS_ROWS * n;
    m.zeros = m.d_state + TW__PASS_ROWS * own->cell->state * n;
    m.turned = m.zeros + most(own->cell->state, 1) * n;
    m.turned_reset = m.turned + own->n * of_hidden(own->cell) * n;
    memset(m.zeros, 0, most(own->cell->state, 1) * n);
    return m;
}

/* Where row r at a time has its `each` numbers in memory of all rows and times. */
static char *at(const tw__recurrent *own, const tw__pass *p, char *from, size_t r, size_t time, size_t each)
{
    return from + (r * own->times + time) * each * own->n * p->k->real;
}

/* The state among what the cell keeps. */
static char *state_of(const tw__recurrent *own, const tw__pass *p, char *kept)
{
    return kept + (own->cell->kept - own->cell->state) * own->n * p->k->real;
}

/* What row r ended with before this time: h, and the cell's state. */
static const char *h_before(const tw__recurrent *own, const tw__pass *p, const memory *m, size_t r,
                            size_t time)
{
    if (time) return at(own, p, m->h, r, time - 1, 1);
    return own->carries && p->carry_in ? p->carry_in + r * p->carry_step * p->k->real : m->zeros;
}

static const char *state_before(const tw__recurrent *own, const tw__pass *p, const memory *m, size_t r,
                                size_t time)
{
    const size_t n = own->n * p->k->real;
    if (time) return state_of(own, p, at(own, p, m->kept, r, time - 1, own->cell->kept));
    return own->carries && p->carry_in ? p->carry_in + r * p->carry_step * p->k->real + n : m->zeros;
}

static void hand_on(const tw__recurrent *own, const tw__pass *p, const memory *m)
{
    const size_t n = own->n * p->k->real, last = own->times - 1;
    for (size_t r = 0; r < p->rows; r++) {
        char *const to = p->carry_out + r * p->carry_step * p->k->real;
        memcpy(to, at(own, p, m->h, r, last, 1), n);
        memcpy(to + n, state_of(own, p, at(own, p, m->kept, r, last, own->cell->kept)), own->cell->state * n);
    }
}

/* Of the gradient of the reset gate's product, all rows and times: after those of h's products. */
static char *d_of_reset(const tw__recurrent *own, const tw__pass *p, const memory *m)
{
    return m->hidden + times_of_pass(own) * of_hidden(own->cell) * own->n * p->k->real;
}

/* Where row r has its numbers at a time. */
static tw__cell_at cell_at(const tw__recurrent *own, const tw__pass *p, const memory *m, size_t r,
                           size_t time)
{
    const tw__cell *const cell = own->cell;
    const size_t n = own->n * p->k->real;
    char *const in = at(own, p, m->in, r, time, cell->gates);
    return (tw__cell_at){.in = in,
                         .hidden = m->gates + r * of_hidden(cell) * n,
                         .h_before = h_before(own, p, m, r, time),
                         .kept = at(own, p, m->kept, r, time, cell->kept),
                         .state_before = state_before(own, p, m, r, time),
                         .h = at(own, p, m->h, r, time, 1),
                         .reset = at(own, p, m->reset, r, time, 1),
                         .of_reset = m->product + r * n,
                         .dh = m->dh + r * n,
                         .d_state = m->d_state + r * cell->state * n,
                         .d_in = in,
                         .d_hidden = cell->is_joint ? in : at(own, p, m->hidden, r, time, of_hidden(cell))};
}

/* ---- forward ------------------------------------------------------------------------------------------- */

static void reset_forward(const tw__layer *l, const tw__pass *p, const memory *m, size_t time)
{
    const tw__recurrent *const own = l->own;
    const size_t n = own->n * p->k->real;
    for (size_t r = 0; r < p->rows; r++) {
        const tw__cell_at now = cell_at(own, p, m, r, time);
        own->cell->reset(p->k, own->n, &now);
        memcpy(m->dh + r * n, now.reset, n);
    }
    p->k->dense.forward(tw__rows_together(p->rows), own->n, own->n, m->dh, tw__tensor_of(l, p, W_RESET),
                        p->packed + reset_at(own, p->k) * p->k->real, tw__tensor_of(l, p, B_RESET),
                        m->product);
}

static void step_forward(const tw__layer *l, const tw__pass *p, const memory *m, size_t time)
{
    const tw__recurrent *const own = l->own;
    const size_t n = own->n * p->k->real;
    for (size_t r = 0; r < p->rows; r++) memcpy(m->state + r * n, h_before(own, p, m, r, time), n);
    p->k->dense.forward(tw__rows_together(p->rows), own->n, own->n * of_hidden(own->cell), m->state,
                        tw__tensor_of(l, p, W_HIDDEN), p->packed + hidden_at(own, p->k) * p->k->real,
                        tw__tensor_of(l, p, B_HIDDEN), m->gates);
    if (own->cell->reset) reset_forward(l, p, m, time);
    for (size_t r = 0; r < p->rows; r++) {
        const tw__cell_at now = cell_at(own, p, m, r, time);
        own->cell->forward(p->k, own->n, &now);
    }
}

void tw__recurrent_forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    const tw__recurrent *const own = l->own;
    const size_t n = own->n * p->k->real;
    const memory m = memory_of(l, p);
    p->k->dense.forward(tw__rows_together(p->rows * own->times), own->in, own->n * own->cell->gates, x,
                        tw__tensor_of(l, p, W_IN), p->packed, tw__tensor_of(l, p, B_IN), m.in);
    for (size_t time = 0; time < own->times; time++) step_forward(l, p, &m, time);
    if (own->carries && p->carry_out) hand_on(own, p, &m);
    if (!own->only_last) memcpy(y, m.h, p->rows * own->times * n);
    for (size_t r = 0; own->only_last && r < p->rows; r++)
        memcpy((char *)y + r * n, at(own, p, m.h, r, own->times - 1, 1), n);
}

/* ---- backward ------------------------------------------------------------------------------------------ */

/* From the gradient of the reset gate's product that of what it is of, and on. */
static void reset_backward(const tw__layer *l, const tw__pass *p, const memory *m, size_t time)
{
    const tw__recurrent *const own = l->own;
    const tw__cell *const cell = own->cell;
    const size_t n = own->n * p->k->real;
    for (size_t r = 0; r < p->rows; r++) {
        const char *const d = at(own, p, m->in, r, time, cell->gates) + of_hidden(cell) * n;
        memcpy(m->gates + r * n, d, n);
        memcpy(at(own, p, d_of_reset(own, p, m), r, time, 1), d, n);
    }
    p->k->dense.forward(tw__rows_together(p->rows), own->n, own->n, m->gates, m->turned_reset,
                        m->turned_reset, m->zeros, m->product);
    for (size_t r = 0; r < p->rows; r++) {
        const tw__cell_at now = cell_at(own, p, m, r, time);
        cell->reset_backward(p->k, own->n, &now);
        memcpy(now.d_hidden, now.d_in, of_hidden(cell) * n);
    }
}

/* m->dh: the gradient of h at this time from later ones, to which that of the layer's output is added. */
static void step_backward(const tw__layer *l, const tw__pass *p, const memory *m, const char *dy, size_t time)
{
    const tw__recurrent *const own = l->own;
    const tw__cell *const cell = own->cell;
    const size_t n = own->n * p->k->real, hidden = of_hidden(cell) * n;
    for (size_t r = 0; r < p->rows; r++) {
        if (!own->only_last) p->k->add(own->n, m->dh + r * n, dy + (r * own->times + time) * n);
        else if (time + 1 == own->times) p->k->add(own->n, m->dh + r * n, dy + r * n);
        const tw__cell_at now = cell_at(own, p, m, r, time);
        cell->backward(p->k, own->n, &now);
    }
    if (cell->reset) reset_backward(l, p, m, time);
    for (size_t r = 0; r < p->rows; r++) {
        const tw__cell_at now = cell_at(own, p, m, r, time);
        memcpy(m->gates + r * hidden, now.d_hidden, hidden);
        memcpy(at(own, p, m->h_before, r, time, 1), now.h_before, n);
    }
    p->k->dense.forward(tw__rows_together(p->rows), own->n * of_hidden(cell), own->n, m->gates, m->turned,
                        m->turned, m->zeros, m->product);
    p->k->add(p->rows * own->n, m->dh, m->product);
}

void tw__recurrent_backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y,
                            const void *dy, void *dx)
{
    const tw__recurrent *const own = l->own;
    const size_t n = own->n, all = n * own->cell->gates, times = p->rows * own->times;
    const memory m = memory_of(l, p);
    (void)y;
    memset(m.dh, 0, p->rows * n * p->k->real);
    memset(m.d_state, 0, p->rows * own->cell->state * n * p->k->real);
    p->k->dense.turn(n, n * of_hidden(own->cell), tw__tensor_of(l, p, W_HIDDEN), m.turned);
    if (own->cell->reset) p->k->dense.turn(n, n, tw__tensor_of(l, p, W_RESET), m.turned_reset);
    for (size_t time = own->times; time-- > 0;) step_backward(l, p, &m, dy, time);
    p->k->dense.weights(tw__rows_together(times), own->in, all, x, m.in, p->into, tw__gradient_of(l, p, W_IN),
                        tw__gradient_of(l, p, B_IN));
    p->k->dense.weights(tw__rows_together(times), n, n * of_hidden(own->cell), m.h_before,
                        own->cell->is_joint ? m.in : m.hidden, p->into, tw__gradient_of(l, p, W_HIDDEN),
                        tw__gradient_of(l, p, B_HIDDEN));
    if (own->cell->reset)
        p->k->dense.weights(tw__rows_together(times), n, n, m.reset, d_of_reset(own, p, &m), p->into,
                            tw__gradient_of(l, p, W_RESET), tw__gradient_of(l, p, B_RESET));
    if (dx)
        p->k->dense.input(tw__rows_together(times), own->in, all, m.in, tw__tensor_of(l, p, W_IN), TW__START,
                          dx);
}

/* ---- onnx ---------------------------------------------------------------------------------------------- */

/* Numbers of all gates, n of each, in the operator's order: of a tensor, or with a reset of two, of which the
 * second has the last gate's. */
static void take_gates(const tw__layer *l, tw__onnx *g, const size_t tensors[2], size_t n, double *to)
{
    const tw__cell *const cell = ((const tw__recurrent *)l->own)->cell;
    for (size_t i = 0, done = 0; done < cell->gates; i++) {
        const size_t size = l->tensor[tensors[i]].size;
        double *const values = tw__onnx_values(g, l, tensors[i]);
        if (!values) return;
        for (size_t k = 0; k < size / n; k++, done++)
            memcpy(to + cell->onnx_order[done] * n, values + k * n, n * sizeof *to);
        tw__free(g->m->ctx, values, size, sizeof *values);
    }
}

/* What is put for each of `count` lists of tensors, one after the other: n numbers of a gate. */
static tw__onnx_name put_gates(const tw__layer *l, tw__onnx *g, size_t count, const size_t (*tensors)[2],
                               size_t n, int rank, const int64_t *shape)
{
    const size_t each = ((const tw__recurrent *)l->own)->cell->gates * n;
    double *values = NULL;
    tw__onnx_name name = {""};
    if (g->p.status == TW_OK)
        g->p.status = tw__alloc(g->m->ctx, &values, count * each, sizeof *values, g->p.err);
    for (size_t i = 0; values && i < count; i++) take_gates(l, g, tensors[i], n, values + i * each);
    if (g->p.status == TW_OK) name = tw__onnx_numbers(g, rank, shape, values);
    tw__free(g->m->ctx, values, count * each, sizeof *values);
    return name;
}

static tw__onnx_name put_matrix(const tw__layer *l, tw__onnx *g, size_t first, size_t second, size_t columns)
{
    const tw__recurrent *const own = l->own;
    const int64_t shape[] = {1, (int64_t)(own->cell->gates * own->n), (int64_t)columns};
    return put_gates(l, g, 1, &(const size_t[2]){first, second}, own->n * columns, 3, shape);
}

static tw__onnx_name put_biases(const tw__layer *l, tw__onnx *g)
{
    static const size_t tensors[2][2] = {{B_IN}, {B_HIDDEN, B_RESET}};
    const tw__recurrent *const own = l->own;
    const int64_t shape[] = {1, (int64_t)(2 * own->cell->gates * own->n)};
    return put_gates(l, g, 2, tensors, own->n, 2, shape);
}

/* The operator's output h, of all times or the last. A row begins with 0, or, where rows hand on their state,
 * with inputs of the graph; what it hands on are outputs. */
static tw__onnx_name put_operator(const tw__layer *l, tw__onnx *g, const tw__onnx_name of[4], int n_with,
                                  const tw__onnx_attribute *with)
{
    enum { IN = 4, STATES = 2 };
    const tw__recurrent *const own = l->own;
    tw__onnx_name in[IN + 1 + STATES], out[1 + STATES] = {{""}};
    const int states = own->carries ? (int)(l->carry / own->n) : 0;
    memcpy(in, of, IN * sizeof *in);
    in[IN] = (tw__onnx_name){""}; /* lengths: all rows have all times */
    for (int i = 0; i < states; i++) {
        in[IN + 1 + i] = tw__onnx_state(l, i, 0);
        out[1 + i] = tw__onnx_state(l, i, 1);
    }
    if (!own->only_last || !states) out[own->only_last] = tw__onnx_fresh(g);
    tw__onnx_put_node(g, own->cell->onnx, states ? IN + 1 + states : IN, in,
                      states ? 1 + states : 1 + own->only_last, out, n_with, with);
    return out[own->only_last];
}

/* Times come first there, and there is a dimension for directions. */
void tw__recurrent_onnx(const tw__layer *l, tw__onnx *g, tw__onnx_name *value)
{
    const tw__recurrent *const own = l->own;
    const tw__onnx_attribute with[] = {TW__ONNX_INT("hidden_size", (int64_t)own->n),
                                       TW__ONNX_INT("linear_before_reset", !own->cell->reset)};
    const int is_gru = strcmp(own->cell->onnx, "GRU") == 0;
    const tw__onnx_name x = TW__ONNX_ORDER(g, *value, 3, 1, 0, 2), w = put_matrix(l, g, W_IN, W_IN, own->in),
                        r = put_matrix(l, g, W_HIDDEN, W_RESET, own->n), b = put_biases(l, g),
                        y = put_operator(l, g, (tw__onnx_name[]){x, w, r, b}, 1 + is_gru, with),
                        axis = tw__onnx_integers(g, 1, &(int64_t){!own->only_last}),
                        h = tw__onnx_two(g, "Squeeze", y, axis);
    *value = own->only_last ? h : TW__ONNX_ORDER(g, h, 3, 1, 0, 2);
}
