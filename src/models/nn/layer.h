/* What a layer is: one file per type, one line in list.h. A network is a row of layers; the plan (plan.c)
 * runs them over a few rows at a time, with all buffers made once.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_NN_LAYER_H
#define TW_MODELS_NN_LAYER_H
#include <thalweg/model.h>
#include "base/error.h"
#include "math/kernels.h"
#include "models/shape.h"

enum { TW__LAYER_WORDS = 8, TW__LAYER_TENSORS = 2, TW__PASS_ROWS = 16 /* the most rows in a pass */ };

/* A layer as written: its name and the words after it. */
typedef struct tw__layer_text {
    char name[32];
    int n_words;
    char word[TW__LAYER_WORDS][32];
    char text[96];
} tw__layer_text;

typedef struct tw__layer tw__layer;

/* One run of the plan over some rows: what a layer may use beside its input and output. */
typedef struct tw__pass {
    const tw__kernels *k;
    size_t rows;
    const tw_draw *draw;
    size_t first;          /* place in the batch of the pass's first row */
    const double *targets; /* of the rows, for a loss of numbers */
    int training;
    const char *w;      /* the flat vector */
    const char *packed; /* what the layer made of w once for this point */
    char *gradient;     /* like w, or NULL */
    tw__into into;
    uint8_t *saved; /* this lane's bytes, `notes` per row and layer */
    void *scratch;  /* this lane's numbers for the time of one call */
} tw__pass;

enum { TW__SAME_NUMBERS = 2 /* in_place: the output is the input as it stands */ };

typedef struct tw__layer_type {
    const char *name, *usage, *help;
    /* forward, then backward: dx is the loss's gradient by x; lines separated by newlines */
    const char *equation;
    /* may stand as a word after another layer's sizes; backward may need its output */
    int activation;
    /* the output may take the input's memory, backward does not need the input */
    int in_place;
    int of_numbers; /* as the last layer it predicts a number, not a class */
    /* From the words and l->in: l->out, sizes, tensors (saved shapes), notes, packed. Shapes that do not fit:
     * TW_ERR_SPEC. */
    tw_status (*setup)(tw__layer *l, const tw__layer_text *text, tw_error *err);
    /* Where element `i` of the saved tensor stands in the private one; NULL: at i. */
    size_t (*place)(const tw__layer *l, int tensor, size_t i);
    /* numbers pack() makes; NULL: none */
    size_t (*packed)(const tw__layer *l, const tw__kernels *k);
    /* once per point */
    void (*pack)(const tw__layer *l, const tw__kernels *k, const char *w, char *packed);
    /* numbers needed in tw__pass.scratch; NULL: none */
    size_t (*scratch)(const tw__layer *l, const tw__kernels *k);
    void (*forward)(const tw__layer *l, const tw__pass *p, const void *x, void *y);
    /* The gradient of the tensors into p->gradient as p->into says, and, unless dx is NULL, of the input. */
    /* NULL: only as the last */
    void (*backward)(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                     void *dx);
    /* Of what may end a network, and then stands for its loss: how many classes it has (TW_ERR_SPEC: no such
     * width), and, of rows with these labels, what belongs into sums->loss and sums->correct and, unless dx
     * is NULL, the loss's gradient by the layer's input x. NULL: it cannot. */
    tw_status (*classes)(const tw__layer *l, int64_t *n, tw_error *err);
    void (*loss)(const tw__layer *l, const tw__pass *p, const void *x, const int32_t *labels, tw_sums *sums,
                 void *dx);
} tw__layer_type;

struct tw__layer {
    const tw__layer_type *type;
    int number; /* as in torch.nn.Sequential */
    int source; /* which layer of the text it belongs to */
    tw__shape in, out;
    size_t in_size, out_size; /* numbers per row */
    int n_tensors;            /* weight, bias */
    struct {
        int rank;
        int64_t shape[4];
        size_t size, offset;
        unsigned flags;          /* TW_TENSOR_BUFFER: running statistics */
    } tensor[TW__LAYER_TENSORS]; /* saved shape; place in the flat vector */
    double fan_in, fan_out;      /* for the initial weights */
    /* bytes per row kept from forward to backward; per row, those of the layers before */
    size_t saved, saved_at;
    tw__conv conv;
    tw__pooling pool;
    struct {
        uint32_t threshold;
        double scale;
    } dropout;
};

static inline const void *tw__tensor_of(const tw__layer *l, const tw__pass *p, int tensor)
{
    return p->w + l->tensor[tensor].offset * p->k->real;
}
static inline uint8_t *tw__saved_of(const tw__layer *l, const tw__pass *p)
{
    return p->saved + l->saved_at * TW__PASS_ROWS;
}
static inline void *tw__gradient_of(const tw__layer *l, const tw__pass *p, int tensor)
{
    return p->gradient + l->tensor[tensor].offset * p->k->real;
}

/* Reading a layer's words: each fails with the layer's name, the word and what would be right. */
/* fails where there are more words */
tw_status tw__layer_most_words(const tw__layer *l, const tw__layer_text *t, int most, tw_error *err);
tw_status tw__layer_no_words(const tw__layer_text *t, tw_error *err);
tw_status tw__layer_count(const tw__layer_text *t, int i, const char *what, int64_t *value, tw_error *err);
tw_status tw__layer_window(const tw__layer_text *t, int i, const char *what, int64_t *high, int64_t *wide,
                           tw_error *err);
tw_status tw__layer_needs_image(const tw__layer *l, const tw__layer_text *t, tw_error *err);

/* Fused fast paths (fused.c): if a row of layers from `l` on, `left` of them, can run as one, that one is put
 * into *out and their number returned; else 0. Only for layers whose input's gradient is not needed. Its
 * results are the same bits as those of the layers. */
size_t tw__layer_fuse(const tw__layer *l, size_t left, const tw__kernels *k, tw__layer *out);
#endif
