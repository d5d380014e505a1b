/* What a layer is: one file per type, one line in list.h. A network is a list of operations, each a layer or
 * the sum of two values (network.h); the plan (plan.c) runs them over a few rows at a time, with all buffers
 * made once.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_NN_LAYER_H
#define TW_MODELS_NN_LAYER_H
#include <thalweg/model.h>
#include "base/context.h"
#include "base/error.h"
#include "math/kernels.h"
#include "models/balance.h"
#include "models/nn/initial.h"
#include "models/nn/penalty.h"
#include "models/onnx.h"
#include "models/shape.h"

enum { TW__LAYER_WORDS = 8, TW__LAYER_WORD = 64, TW__PASS_ROWS = 8 /* the most rows in a pass */ };

/* A layer as written: its name, the words after it, and the values of its type's options. */
typedef struct tw__layer_text {
    char name[32];
    int n_words;
    char word[TW__LAYER_WORDS][TW__LAYER_WORD];
    double value[TW_OPTIONS_MAX];
    char text[96];
} tw__layer_text;

typedef struct tw__layer tw__layer;

/* One run of the plan over some rows: what a layer may use beside its input and output. */
typedef struct tw__pass {
    const tw__kernels *k;
    size_t rows;
    /* For a layer with `wide`: above 0, rows come from several passes, whose memory begins so many numbers
     * apart, and are those of leaves of `leaf` rows. */
    size_t step, leaf;
    const tw_draw *draw;
    size_t first;          /* place in the batch of the pass's first row */
    const double *targets; /* of the rows, for a loss of numbers: as many of each as it has outputs */
    int training;
    int keeps;           /* backward is to follow: what it needs is to be saved */
    const char *settled; /* of a layer with a join, while training: what it made of the totals of its sums */
    const char *w;       /* the flat vector */
    const char *packed;  /* what the layer made of w once for this point */
    char *gradient;      /* like w, or NULL */
    tw__into into;
    /* of a layer with tw__layer.carry: what the first row gets from the row before it in its stream (NULL: 0)
     * and where what it hands on goes (NULL: nowhere); the next row's stand carry_step numbers on */
    const char *carry_in;
    char *carry_out;
    size_t carry_step;
    uint8_t *saved; /* the layer's bytes from forward to backward, l->saved for each of TW__PASS_ROWS rows */
    void *scratch;  /* this lane's numbers for the time of one call */
} tw__pass;

enum { TW__SAME_NUMBERS = 2 /* in_place: the output is the input as it stands */ };
/* What backward reads, beside dy. */
enum { TW__READS_INPUT = 1, TW__READS_OUTPUT = 2 };

typedef struct tw__layer_type {
    const char *name, *usage, *help;
    /* forward, then backward: dx is the loss's gradient by x; lines separated by newlines */
    const char *equation;
    /* written behind the name, "conv2d:stride=2", or as words, "conv2d 32 3x3 stride=2" */
    const tw_option *options;
    int n_options;
    const tw_dialect *dialects; /* ends with a NULL name; may be NULL */
    /* may stand as a word after another layer's sizes */
    int activation;
    /* the output may take the input's memory where nothing else reads that, and dx that of dy */
    int in_place;
    /* each unit of its output, along the last dimension, follows from that unit of the input alone */
    int by_unit;
    unsigned reads;  /* TW__READS_INPUT | TW__READS_OUTPUT */
    int of_numbers;  /* as the last layer it predicts numbers, not a class; */
    int of_shares;   /* numbers from 0 to 1, and so are their targets; */
    int of_whole;    /* that add up to 1, and so should the targets of a row; */
    int of_scores;   /* scores, not probabilities */
    size_t own_size; /* bytes of tw__layer.own */
    /* From the words, the options and l->in: l->out, l->own, l->saved, tensors (tw__layer_add_tensor). Shapes
     * that do not fit: TW_ERR_SPEC. */
    tw_status (*setup)(tw__layer *l, const tw__layer_text *text, tw_error *err);
    /* Sets tensors in the flat vector that follow from the training rows. NULL: none do; only the first layer
     * of a network can. */
    tw_status (*learn)(const tw__layer *l, const tw_data_info *rows, const tw__kernels *k, void *w,
                       tw_error *err);
    /* Where element `i` of the saved tensor stands in the private one; NULL: at i. */
    size_t (*place)(const tw__layer *l, int tensor, size_t i);
    /* numbers pack() makes; NULL: none */
    size_t (*packed)(const tw__layer *l, const tw__kernels *k);
    /* its input are whole numbers below this, the rows' numbers as they are; NULL: any numbers */
    size_t (*indices)(const tw__layer *l);
    /* once per point, part by part, in any order or at the same time */
    void (*pack)(const tw__layer *l, const tw__kernels *k, tw__part part, const char *w, char *packed);
    /* numbers needed in tw__pass.scratch; NULL: none */
    size_t (*scratch)(const tw__layer *l, const tw__kernels *k);
    void (*forward)(const tw__layer *l, const tw__pass *p, const void *x, void *y);
    /* The gradient of the tensors into p->gradient as p->into says, and, unless dx is NULL, of the input. x
     * and y hold what `reads` says. */
    /* NULL: only as the last, or as the first without anything to train */
    void (*backward)(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                     void *dx);
    /* Multiplications of a row, where they are not those of each of its places with all weights; NULL: they
     * are */
    double (*products)(const tw__layer *l);
    /* NULL, or whether the layer goes through so many weights that it should see the rows of several passes
     * at once (pass.step). In backward they then begin a gradient; of several leaves into TW__TREE. */
    int (*wide)(const tw__layer *l);
    /* A layer whose forward and backward need sums over the whole batch while training: how many numbers they
     * have at most, and what adds a piece's to `sums`: before forward, and before backward, where the
     * gradient of the tensors is made too (backward then makes only dx). NULL: it needs none. */
    size_t (*join)(const tw__layer *l);
    void (*join_forward)(const tw__layer *l, const tw__pass *p, const void *x, double *sums);
    void (*join_backward)(const tw__layer *l, const tw__pass *p, const void *x, const void *dy, double *sums);
    /* What pass.settled has, of so many numbers, from the totals of its sums forward and, for backward, NULL
     * before that, of those backward. */
    size_t (*settled)(const tw__layer *l);
    void (*settle)(const tw__layer *l, const tw__kernels *k, const double *totals, const double *back_totals,
                   char *to);
    /* Sets running statistics in the flat vector from the totals of forward. */
    void (*commit)(const tw__layer *l, const double *totals, const tw__kernels *k, void *w);
    /* Writes what a prediction computes, from *value to *value; NULL: there is no ONNX export of it. */
    void (*onnx)(const tw__layer *l, tw__onnx *g, tw__onnx_name *value);
    /* Of what may end a network, and then stands for its loss: how many classes it has (TW_ERR_SPEC: no such
     * width), and, of rows with these labels, what belongs into sums->loss and sums->correct and, unless dx
     * is NULL, the loss's gradient by the layer's input x. NULL: it cannot. */
    tw_status (*classes)(const tw__layer *l, int64_t *n, tw_error *err);
    void (*loss)(const tw__layer *l, const tw__pass *p, const void *x, const int32_t *labels, tw_sums *sums,
                 void *dx);
    /* NULL, or how many units of its output, along the last dimension, a layer can be cut by: every tensor
     * has them first when saved, and side by side in memory. */
    size_t (*units)(const tw__layer *l);
    /* NULL, or for what can be cut or is by_unit: l->own and l->saved, when in, out and the tensors are those
     * of fewer units. */
    void (*narrow)(tw__layer *l);
} tw__layer_type;

/* A tensor of a layer. */
typedef struct tw__layer_tensor {
    const char *name; /* "weight"; in files the layer's path comes before it */
    int rank;
    int64_t shape[4];           /* as saved */
    unsigned flags;             /* TW_TENSOR_BUFFER: running statistics */
    const tw__initial *initial; /* of its numbers; NULL: 0 */
    double fan_in, fan_out;     /* for it */
    size_t size, offset;        /* in the flat vector; set when all layers are known */
} tw__layer_tensor;

struct tw__layer {
    tw_context *ctx;
    const tw__layer_type *type;
    int number;    /* in the order of the text, from 0 */
    char path[32]; /* as in torch.nn.Sequential: "4", inside of a residual "3.body.0" */
    int source;    /* which layer of the text it belongs to */
    tw__shape in, out;
    size_t in_size, out_size; /* numbers per row */
    tw__layer_tensor *tensor;
    size_t n_tensors, capacity;
    size_t saved;       /* bytes per row kept from forward to backward */
    size_t least_rows;  /* that a batch must have; 0: 1 */
    size_t carry;       /* numbers that a row hands to the next one of its stream */
    size_t predictions; /* of a row, each with a label, as the last layer; 0: 1 */
    int is_balanced;    /* the loss counts every class the same: the option class_weight */
    tw__penalty penalty;
    int of_input; /* the loss compares with the network's input: the option target */
    int is_first; /* its input is the network's */
    /* at a time it makes what follows from that time's input and from what rows hand on, alone */
    int by_time;
    /* Of a network that is split: its ranks, and how many units the whole layer has, of which this one has
     * some from first_unit on. NULL: it is not cut. Whether a layer before it is trained. */
    struct tw__comm *comm;
    size_t all_units, first_unit;
    int has_input_gradient;
    void *own; /* for the layer's file alone */
};

static inline const void *tw__tensor_of(const tw__layer *l, const tw__pass *p, int tensor)
{
    return p->w + l->tensor[tensor].offset * p->k->real;
}
static inline void *tw__gradient_of(const tw__layer *l, const tw__pass *p, int tensor)
{
    return p->gradient + l->tensor[tensor].offset * p->k->real;
}

/* The option of a loss of numbers. */
#define TW__TARGET_OPTION                                                                         \
    {                                                                                             \
        "target", TW_WORD, "data input", 0, 0, 1, TW_CLOSED,                                      \
            "what is to be predicted: the rows' targets, or the row itself, as by an autoencoder" \
    }

/* A number of the working precision, and a double rounded to one. */
static inline double tw__number_at(const tw__kernels *k, const void *from, size_t i)
{
    return k->real == sizeof(double) ? ((const double *)from)[i] : (double)((const float *)from)[i];
}
static inline void tw__set_number(const tw__kernels *k, void *to, size_t i, double value)
{
    if (k->real == sizeof(double)) ((double *)to)[i] = value;
    else ((float *)to)[i] = (float)value;
}

/* Appends a tensor, for setup. */
tw_status tw__layer_add_tensor(tw__layer *l, const tw__layer_tensor *tensor, tw_error *err);

/* Reading a layer's words (words.c): each fails with the layer's name, the word and what would be right. */
/* fails where there are more words */
tw_status tw__layer_most_words(const tw__layer *l, const tw__layer_text *t, int most, tw_error *err);
tw_status tw__layer_no_words(const tw__layer_text *t, tw_error *err);
tw_status tw__layer_count(const tw__layer_text *t, int i, const char *what, int64_t *value, tw_error *err);
tw_status tw__layer_window(const tw__layer_text *t, int i, const char *what, int64_t *high, int64_t *wide,
                           tw_error *err);
tw_status tw__layer_needs_image(const tw__layer *l, const tw__layer_text *t, tw_error *err);
tw_status tw__layer_needs_sequence(const tw__layer *l, const tw__layer_text *t, tw_error *err);

/* Multiplications of a row in products with weights or of its own numbers (types.c). */
double tw__layer_products(const tw__layer *l);

/* The list of types (types.c). */
const tw__layer_type *tw__layer_type_find(const char *name);
const char *tw__layer_type_name(size_t i, const void *unused);
#endif
