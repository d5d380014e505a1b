/* What recurrent layers share: tensors, the products of all times, the walk through time. A layer gives its
 * cell, which computes one row at one time.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_NN_RECURRENT_H
#define TW_MODELS_NN_RECURRENT_H
#include "models/nn/layer.h"

/* One row at one time: pointers to its numbers. */
typedef struct tw__cell_at {
    const void *in, *hidden; /* forward: x W_ih' + b_ih, h_before W_hh' + b_hh */
    const void *h_before;
    void *kept;               /* what the layer keeps of this time */
    const void *state_before; /* the cell's state of the time before */
    void *h;
    /* With a reset: what it makes, which has a product of its own; forward that, backward its gradient. */
    void *reset;
    const void *of_reset;
    void *dh, *d_state; /* backward: the gradients of h and of the state by later times */
    void *d_in, *d_hidden;
} tw__cell_at;

typedef struct tw__cell {
    /* Each in numbers of a time: gates * n, kept * n, of which the last state * n are the cell's state, what
     * beside h passes from time to time; its gradient comes back likewise. */
    size_t gates, kept, state;
    void (*forward)(const tw__kernels *k, size_t n, const tw__cell_at *at);
    /* Sets d_in and d_hidden (which are the same place if `is_joint`), and dh to what goes to h_before beside
     * the product of d_hidden. */
    void (*backward)(const tw__kernels *k, size_t n, const tw__cell_at *at);
    int is_joint;
    /* NULL, or a first half of forward, which sets `reset`; the last gate's product is of that in place of
     * h. Backward the second half sets that gate's d_in, and the first half, with of_reset, the others', of
     * which d_hidden is a copy, and adds to dh. */
    void (*reset)(const tw__kernels *k, size_t n, const tw__cell_at *at);
    void (*reset_backward)(const tw__kernels *k, size_t n, const tw__cell_at *at);
    const char *onnx; /* its operator there, and where that has each of our gates */
    size_t onnx_order[4];
} tw__cell;

typedef struct tw__recurrent {
    size_t times, in, n;
    const tw__cell *cell;
    int only_last, carries;
} tw__recurrent;

enum {
    TW__RECURRENT_OUTPUT,
    TW__RECURRENT_INIT,
    TW__RECURRENT_HIDDEN_INIT,
    TW__RECURRENT_CARRY,
    TW__RECURRENT_OPTIONS = TW__RECURRENT_CARRY + 1 + TW__PENALTY_ROWS
};
extern const tw_option tw__recurrent_options[TW__RECURRENT_OPTIONS];
#define TW__RECURRENT_ROWS                                                                                   \
    {                                                                                                        \
        "output", TW_WORD, "all last", 0,                                                                    \
        0,        0,       TW_CLOSED,  "what comes out: h of all times, or of the last one"},                \
        TW__INIT_OPTION("init", TW__GLOROT_UNIFORM, "how the weights of the input begin"),                   \
        TW__INIT_OPTION("hidden_init", TW__ORTHOGONAL, "how those of h begin"),                              \
        {"carry",                                                                                            \
         TW_FLAG,                                                                                            \
         NULL,                                                                                               \
         0,                                                                                                  \
         0,                                                                                                  \
         1,                                                                                                  \
         TW_CLOSED,                                                                                          \
         "1: a row begins with the state that the row before it in its stream ended with; rows are read in " \
         "order"},                                                                                           \
        TW__PENALTY_OPTIONS

tw_status tw__recurrent_setup(tw__layer *l, const tw__layer_text *t, const tw__cell *cell, tw_error *err);
size_t tw__recurrent_place(const tw__layer *l, int tensor, size_t i);
size_t tw__recurrent_packed(const tw__layer *l, const tw__kernels *k);
void tw__recurrent_pack(const tw__layer *l, const tw__kernels *k, tw__part part, const char *w, char *packed);
size_t tw__recurrent_scratch(const tw__layer *l, const tw__kernels *k);
void tw__recurrent_forward(const tw__layer *l, const tw__pass *p, const void *x, void *y);
void tw__recurrent_backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y,
                            const void *dy, void *dx);

void tw__recurrent_onnx(const tw__layer *l, tw__onnx *g, tw__onnx_name *value);

#define TW__RECURRENT_FIELDS                                                                                \
    .reads = TW__READS_INPUT, .own_size = sizeof(tw__recurrent), .setup = setup,                            \
    .place = tw__recurrent_place, .packed = tw__recurrent_packed, .pack = tw__recurrent_pack,               \
    .scratch = tw__recurrent_scratch, .forward = tw__recurrent_forward, .backward = tw__recurrent_backward, \
    .onnx = tw__recurrent_onnx
#endif
