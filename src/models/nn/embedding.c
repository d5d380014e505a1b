/* embedding 65 32: a vector for each index, learnt. "embedding classes 32" has one for each symbol of a text.
 * Bengio, Ducharme, Vincent & Janvin 2003.
 * SPDX-License-Identifier: MIT */
#include "models/nn/layer.h"
#include <string.h>

static const tw_option options[] = {TW__INIT_OPTION("init", TW__LECUN_NORMAL,
                                                    "how the vectors begin; of each number as of one input"),
                                    TW__PENALTY_OPTIONS};
enum { INIT, N_OPTIONS = 1 + TW__PENALTY_ROWS };

enum { MOST_TIMES = 1 << 24 };

struct embedding {
    size_t times, count, width; /* indices of a row; vectors; numbers of one */
};

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    int64_t count, width;
    if (!l->is_first || l->in.rank != 1)
        return tw__fail(err, TW_ERR_SPEC,
                        "layer %d (%s): embedding takes the rows' numbers as indices, so it is the first "
                        "layer, of rows that are vectors",
                        l->source + 1, t->text);
    if (l->in.n[0] > MOST_TIMES)
        return tw__fail(err, TW_ERR_SPEC, "layer %d (%s): embedding takes at most %d indices in a row",
                        l->source + 1, t->text, MOST_TIMES);
    TW_TRY(tw__layer_count(t, 0, "number of vectors", &count, err));
    TW_TRY(tw__layer_count(t, 1, "width", &width, err));
    TW_TRY(tw__layer_most_words(l, t, 2, err));
    l->by_time = 1;
    l->out = (tw__shape){.rank = 2, .n = {l->in.n[0], width}};
    *(struct embedding *)l->own = (struct embedding){(size_t)l->in.n[0], (size_t)count, (size_t)width};
    return tw__layer_add_tensor(l,
                                &(tw__layer_tensor){.name = "weight",
                                                    .rank = 2,
                                                    .shape = {count, width},
                                                    .initial = tw__initial_at(t->value[INIT]),
                                                    .fan_in = 1,
                                                    .fan_out = (double)width},
                                err);
}

static size_t indices(const tw__layer *l) { return ((const struct embedding *)l->own)->count; }

static size_t index_at(const tw__pass *p, const void *x, size_t i)
{
    return (size_t)tw__number_at(p->k, x, i);
}

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    const struct embedding *const own = l->own;
    const size_t bytes = own->width * p->k->real;
    const char *const vectors = tw__tensor_of(l, p, 0);
    for (size_t i = 0; i < p->rows * own->times; i++)
        memcpy((char *)y + i * bytes, vectors + index_at(p, x, i) * bytes, bytes);
}

/* Where in a pass an index occurs first, and for each place where next; NONE: nowhere. */
struct places {
    uint32_t *first, *next;
};
#define NONE UINT32_MAX

/* A vector's sum, then the places. */
static size_t scratch(const tw__layer *l, const tw__kernels *k)
{
    const struct embedding *const own = l->own;
    (void)k;
    return own->width + own->count + TW__PASS_ROWS * own->times;
}

static struct places find_places(const tw__layer *l, const tw__pass *p, const void *x)
{
    const struct embedding *const own = l->own;
    struct places at = {.first = (uint32_t *)(void *)((char *)p->scratch + own->width * p->k->real)};
    at.next = at.first + own->count;
    for (size_t i = 0; i < own->count; i++) at.first[i] = NONE;
    for (size_t i = p->rows * own->times; i-- > 0;) {
        uint32_t *const first = &at.first[index_at(p, x, i)];
        at.next[i] = *first;
        *first = (uint32_t)i;
    }
    return at;
}

/* A vector's gradient is the sum over its places in their order. What is added to a leaf before goes through
 * a sum of its own, and where that is 0 turns -0 into 0, as adding two whole gradients does. */
static void backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                     void *dx)
{
    const struct embedding *const own = l->own;
    const size_t bytes = own->width * p->k->real;
    const struct places at = find_places(l, p, x);
    (void)y, (void)dx;
    for (size_t v = 0; v < own->count; v++) {
        char *const to = (char *)tw__gradient_of(l, p, 0) + v * bytes;
        char *const sum = p->into == TW__ADD ? p->scratch : to;
        if (p->into != TW__CONTINUE) memset(sum, 0, bytes);
        for (uint32_t i = at.first[v]; i != NONE; i = at.next[i])
            p->k->add(own->width, sum, (const char *)dy + i * bytes);
        if (p->into == TW__ADD) p->k->add(own->width, to, sum);
    }
}

static void onnx(const tw__layer *l, tw__onnx *g, tw__onnx_name *value)
{
    enum { INT64 = 7 };
    const tw__onnx_name index = tw__onnx_node(g, "Cast", 1, value, 1, &TW__ONNX_INT("to", INT64));
    *value = tw__onnx_two(g, "Gather", tw__onnx_tensor(g, l, 0), index);
}

const tw__layer_type tw__layer_embedding = {.name = "embedding",
                                            .usage = "embedding COUNT|classes WIDTH",
                                            .help =
                                                "a vector for each index, 0 to COUNT - 1, that a row holds",
                                            .equation = "y[t] = row x[t] of W\n"
                                                        "dW[i] = sum of dy[t] over the times t with x[t] = i",
                                            .options = options,
                                            .n_options = N_OPTIONS,
                                            .reads = TW__READS_INPUT,
                                            .own_size = sizeof(struct embedding),
                                            .setup = setup,
                                            .indices = indices,
                                            .scratch = scratch,
                                            .forward = forward,
                                            .backward = backward,
                                            .onnx = onnx};
