/* attention 4: multi-head self-attention of a sequence. Vaswani et al. 2017, section 3.2.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>
#include "models/nn/layer.h"

enum { W_IN, B_IN, W_OUT, B_OUT };
enum { CAUSAL, INIT, N_OPTIONS = INIT + 1 + TW__PENALTY_ROWS };

static const tw_option options[N_OPTIONS] = {{"causal", TW_FLAG, NULL, 0, 0, 1, TW_CLOSED,
                                              "a time looks at itself and those before it only"},
                                             TW__INIT,
                                             TW__PENALTY_OPTIONS};

struct attention {
    size_t times, width, heads;
    tw__head head;
};

static tw_status add_tensors(tw__layer *l, const tw__layer_text *t, int64_t width, tw_error *err)
{
    const tw__initial *const initial = tw__initial_at(t->value[INIT]);
    const double in = (double)width;
    TW_TRY(tw__layer_add_tensor(l,
                                &(tw__layer_tensor){.name = "in_proj_weight",
                                                    .rank = 2,
                                                    .shape = {3 * width, width},
                                                    .initial = initial,
                                                    .fan_in = in,
                                                    .fan_out = 3 * in},
                                err));
    TW_TRY(tw__layer_add_tensor(l,
                                &(tw__layer_tensor){.name = "in_proj_bias", .rank = 1, .shape = {3 * width}},
                                err));
    TW_TRY(tw__layer_add_tensor(l,
                                &(tw__layer_tensor){.name = "out_proj.weight",
                                                    .rank = 2,
                                                    .shape = {width, width},
                                                    .initial = initial,
                                                    .fan_in = in,
                                                    .fan_out = in},
                                err));
    return tw__layer_add_tensor(l, &(tw__layer_tensor){.name = "out_proj.bias", .rank = 1, .shape = {width}},
                                err);
}

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    int64_t heads;
    TW_TRY(tw__layer_needs_sequence(l, t, err));
    TW_TRY(tw__layer_count(t, 0, "heads", &heads, err));
    TW_TRY(tw__layer_most_words(l, t, 1, err));
    const int64_t width = l->in.n[1];
    if (width % heads)
        return tw__fail(err, TW_ERR_SPEC,
                        "layer %d (%s): %lld heads do not divide its %lld features into equal parts",
                        l->source + 1, t->text, (long long)heads, (long long)width);
    const size_t times = (size_t)l->in.n[0], each = (size_t)(width / heads);
    *(struct attention *)l->own = (struct attention){.times = times,
                                                     .width = (size_t)width,
                                                     .heads = (size_t)heads,
                                                     .head = {.times = times,
                                                              .width = each,
                                                              .step = 3 * (size_t)width,
                                                              .out_step = (size_t)width,
                                                              .is_causal = t->value[CAUSAL] != 0,
                                                              .scale = 1 / __builtin_sqrt((double)each)}};
    l->out = l->in;
    size_t shares, numbers;
    if (__builtin_mul_overflow(times * times, (size_t)heads, &shares) ||
        __builtin_add_overflow(shares, 4 * l->in_size, &numbers) || numbers > (size_t)1 << 31)
        return tw__fail(err, TW_ERR_SPEC, "layer %d (%s): what it keeps of a row is too large", l->source + 1,
                        t->text);
    l->saved = numbers * sizeof(double);
    return add_tensors(l, t, width, err);
}

static size_t place(const tw__layer *l, int tensor, size_t i)
{
    const size_t n = ((const struct attention *)l->own)->width;
    if (tensor == B_IN || tensor == B_OUT) return i;
    return tw__dense_at(n, tensor == W_IN ? 3 * n : n, i % n, i / n);
}

/* Those with weights, and of each time's query with all keys and of its shares with all values. */
static double products(const tw__layer *l)
{
    const struct attention *const own = l->own;
    return (double)own->times * (double)own->width * (4 * (double)own->width + 2 * (double)own->times);
}

static size_t packed(const tw__layer *l, const tw__kernels *k)
{
    const size_t n = ((const struct attention *)l->own)->width;
    return k->dense.packed(n, 3 * n) + k->dense.packed(n, n);
}

static void pack(const tw__layer *l, const tw__kernels *k, tw__part part, const char *w, char *to)
{
    const size_t n = ((const struct attention *)l->own)->width;
    k->dense.pack(n, 3 * n, part, w + l->tensor[W_IN].offset * k->real, to);
    k->dense.pack(n, n, part, w + l->tensor[W_OUT].offset * k->real,
                  to + k->dense.packed(n, 3 * n) * k->real);
}

/* backward: the gradients of queries, keys and values, and of the heads' results; a head's own */
static size_t scratch(const tw__layer *l, const tw__kernels *k)
{
    const struct attention *const own = l->own;
    return TW__PASS_ROWS * own->times * 4 * own->width + k->attention.scratch(&own->head);
}

/* What is saved of all rows: queries, keys and values of each time side by side, the heads' results, then the
 * shares of each row and head. */
typedef struct memory {
    char *in, *out, *shares;
} memory;

static memory memory_of(const struct attention *own, const tw__pass *p)
{
    const size_t numbers = p->rows * own->times * own->width * p->k->real;
    char *const saved = (char *)p->saved;
    return (memory){saved, saved + 3 * numbers, saved + 4 * numbers};
}

static char *at(const tw__pass *p, char *from, size_t numbers) { return from + numbers * p->k->real; }

/* Calls of one head: where its numbers are in those of a row. */
typedef struct place_of_head {
    size_t in, out, share;
} place_of_head;

static place_of_head head_at(const struct attention *own, size_t row, size_t head)
{
    const size_t first = head * own->head.width;
    return (place_of_head){row * own->times * 3 * own->width + first, row * own->times * own->width + first,
                           (row * own->heads + head) * own->times * own->times};
}

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    const struct attention *const own = l->own;
    const memory m = memory_of(own, p);
    const size_t n = own->width, lines = p->rows * own->times;
    p->k->dense.forward(tw__rows_together(lines), n, 3 * n, x, tw__tensor_of(l, p, W_IN), p->packed,
                        tw__tensor_of(l, p, B_IN), m.in);
    for (size_t i = 0; i < p->rows * own->heads; i++) {
        const place_of_head h = head_at(own, i / own->heads, i % own->heads);
        p->k->attention.forward(&own->head, at(p, m.in, h.in), at(p, m.in, h.in + n),
                                at(p, m.in, h.in + 2 * n), at(p, m.shares, h.share), at(p, m.out, h.out),
                                p->scratch);
    }
    p->k->dense.forward(tw__rows_together(lines), n, n, m.out, tw__tensor_of(l, p, W_OUT),
                        p->packed + p->k->dense.packed(n, 3 * n) * p->k->real, tw__tensor_of(l, p, B_OUT), y);
}

static void backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                     void *dx)
{
    const struct attention *const own = l->own;
    const memory m = memory_of(own, p);
    const size_t n = own->width, lines = p->rows * own->times;
    char *const din = p->scratch, *const dout = at(p, din, TW__PASS_ROWS * own->times * 3 * n),
                *const rest = at(p, dout, TW__PASS_ROWS * own->times * n);
    (void)y;
    p->k->dense.weights(tw__rows_together(lines), n, n, m.out, dy, p->into, tw__gradient_of(l, p, W_OUT),
                        tw__gradient_of(l, p, B_OUT));
    p->k->dense.input(tw__rows_together(lines), n, n, dy, tw__tensor_of(l, p, W_OUT), TW__START, dout);
    for (size_t i = 0; i < p->rows * own->heads; i++) {
        const place_of_head h = head_at(own, i / own->heads, i % own->heads);
        p->k->attention.backward(&own->head, at(p, m.in, h.in), at(p, m.in, h.in + n),
                                 at(p, m.in, h.in + 2 * n), at(p, m.shares, h.share), at(p, dout, h.out),
                                 at(p, din, h.in), at(p, din, h.in + n), at(p, din, h.in + 2 * n), rest);
    }
    p->k->dense.weights(tw__rows_together(lines), n, 3 * n, x, din, p->into, tw__gradient_of(l, p, W_IN),
                        tw__gradient_of(l, p, B_IN));
    if (dx)
        p->k->dense.input(tw__rows_together(lines), n, 3 * n, din, tw__tensor_of(l, p, W_IN), TW__START, dx);
}

/* rows x heads x times x features of queries, keys or values. */
static tw__onnx_name head_of(const struct attention *own, tw__onnx *g, tw__onnx_name in, int64_t part)
{
    const int64_t n = (int64_t)own->width, heads = (int64_t)own->heads;
    const tw__onnx_name first = tw__onnx_integers(g, 1, &(int64_t){part * n}),
                        end = tw__onnx_integers(g, 1, &(int64_t){(part + 1) * n}),
                        axis = tw__onnx_integers(g, 1, &(int64_t){2}),
                        x = tw__onnx_node(g, "Slice", 4, (tw__onnx_name[]){in, first, end, axis}, 0, NULL);
    return TW__ONNX_ORDER(g, TW__ONNX_SHAPE(g, x, 4, 0, 0, heads, n / heads), 4, 0, 2, 1, 3);
}

/* Adds minus infinity where a time would look ahead. */
static tw__onnx_name hide(const struct attention *own, tw__onnx *g, tw__onnx_name scores)
{
    const size_t n = own->times;
    double *mask = NULL;
    if (!own->head.is_causal || g->p.status != TW_OK) return scores;
    g->p.status = tw__alloc(g->m->ctx, &mask, n * n, sizeof *mask, g->p.err);
    if (!mask) return scores;
    for (size_t i = 0; i < n * n; i++) mask[i] = i % n > i / n ? -INFINITY : 0;
    const tw__onnx_name hidden =
        tw__onnx_two(g, "Add", scores, tw__onnx_numbers(g, 2, (int64_t[]){(int64_t)n, (int64_t)n}, mask));
    tw__free(g->m->ctx, mask, n * n, sizeof *mask);
    return hidden;
}

static void onnx(const tw__layer *l, tw__onnx *g, tw__onnx_name *value)
{
    const struct attention *const own = l->own;
    tw__onnx_name tensor[4];
    for (size_t i = 0; i < 4; i++) tensor[i] = tw__onnx_tensor(g, l, i);
    const tw__onnx_name in = tw__onnx_each_time(g, *value, tensor[W_IN], tensor[B_IN]);
    const tw__onnx_name q = head_of(own, g, in, 0), k = head_of(own, g, in, 1), v = head_of(own, g, in, 2);
    const tw__onnx_name products = tw__onnx_two(g, "MatMul", q, TW__ONNX_ORDER(g, k, 4, 0, 1, 3, 2)),
                        scores = tw__onnx_two(g, "Mul", products, tw__onnx_number(g, own->head.scale)),
                        shares = tw__onnx_one(g, "Softmax", hide(own, g, scores)),
                        heads = TW__ONNX_ORDER(g, tw__onnx_two(g, "MatMul", shares, v), 4, 0, 2, 1, 3),
                        all = TW__ONNX_SHAPE(g, heads, 3, 0, 0, (int64_t)own->width);
    *value = tw__onnx_each_time(g, all, tensor[W_OUT], tensor[B_OUT]);
}

const tw__layer_type tw__layer_attention =
    {.name = "attention",
     .usage = "attention HEADS",
     .help = "multi-head self-attention of a sequence",
     .equation =
         "q, k, v = W x[t] + b; each head has a share of their features\n"
         "a[t, s] = softmax over s of q[t] . k[s]/sqrt(d), d features of a head; causal: s <= t\n"
         "y[t] = U (sum over s of a[t, s] v[s], the heads side by side) + c\n"
         "da[t, s] = do[t] . v[s]; ds = a (da - sum over s of da a)/sqrt(d); dq[t] = sum of ds[t, s] k[s], "
         "dk[s] = sum of ds[t, s] q[t], dv[s] = sum of a[t, s] do[t]",
     .options = options,
     .n_options = N_OPTIONS,
     .reads = TW__READS_INPUT,
     .own_size = sizeof(struct attention),
     .setup = setup,
     .place = place,
     .packed = packed,
     .pack = pack,
     .products = products,
     .scratch = scratch,
     .forward = forward,
     .backward = backward,
     .onnx = onnx};
