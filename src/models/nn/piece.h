/* What a plan runs: pieces, at most TW__PASS_ROWS rows that go through the layers together, and groups of
 * pieces. For plan.c, piece.c and group.c alone.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_NN_PIECE_H
#define TW_MODELS_NN_PIECE_H
#include "models/nn/plan.h"
#include "models/nn/slice.h"
#include "models/nn/steps.h"

/* FRAMES: pieces of a group; LEVELS: right nodes of their tree. */
enum { TW__FRAMES = 16, TW__LEVELS = 4 };

/* Memory of a piece of rows: activations and gradients at the places of the steps, and what layers save, each
 * for so many rows. */
typedef struct tw__frame {
    char *numbers;
    uint8_t *saved;
    size_t rows;
} tw__frame;

/* What one evaluation writes to; two at the same time have different lanes. */
typedef struct tw__lane {
    tw__frame frame[TW__FRAMES]; /* one after the other in memory */
    char *scratch;
    char *settled;          /* of joins, for the present segment */
    char *node[TW__LEVELS]; /* gradients on their way into a node; only with wide steps */
    int32_t *labels;        /* of TW__PASS_ROWS rows of each frame */
    double *targets;        /* likewise */
    double weights[TW__FRAMES][TW__PASS_ROWS];
} tw__lane;

typedef struct tw__plan {
    tw__bound on;
    tw_context *ctx;
    const tw__kernels *k;
    const tw__network *net;
    /* of a network that is split: this rank's, which `net` then is, and what it has of the whole one */
    tw__network *slice;
    tw__comm comm;
    tw_slice *slices;
    size_t n_slices, buffer;    /* numbers of comm.buffer */
    size_t row_size, row_bytes; /* of the data */
    size_t labels, targets;     /* of a row */
    int is_weighted;            /* rows count differently */
    int is_penalised, has_max_norm;
    double penalty; /* at the present point */
    tw__steps steps;
    size_t frames, size; /* pieces that go together; weights */
    char *packed;
    tw__lane *lanes;
    int n_lanes;
    tw_network_watch *watch;
    void *watching; /* its user */
    /* With joins: the frames of a whole batch, leaf after leaf, which live from segment to segment; `rows`
     * are the batch's. */
    tw__frame batch;
    size_t numbers_capacity, saved_capacity;
} tw__plan;

/* What runs over the rows of a piece. */
typedef struct tw__piece {
    const tw__plan *p;
    tw__frame frame;
    int32_t *labels;
    double *targets, *weights;
    tw__pass pass; /* but for what is each step's own */
    const tw_eval *e;
    /* of its leaf, where not NULL also what the layers of joins add up */
    tw_sums *sums;
    double *join;
    const char *settled; /* where joins are settled; NULL: not training */
} tw__piece;

static inline void tw__plan_seen(const tw__plan *p, const char *what, size_t step, int backward, size_t rows,
                                 double products)
{
    const tw_network_event event = {what, step, backward, rows, products};
    if (p->watch) p->watch(p->watching, &event);
}

/* Steps of a piece: of all layers from .. to - 1, forward or backward, or of one layer. */
void tw__piece_forward(const tw__piece *b, size_t from, size_t to);
void tw__piece_forward_layer(const tw__piece *b, size_t i);
void tw__piece_backward(const tw__piece *b, size_t from, size_t to);
void tw__piece_backward_layer(const tw__piece *b, size_t i);
/* Only the gradient of the layer's tensors. */
void tw__piece_backward_tensors(const tw__piece *b, size_t i);
/* What backward_layer has put apart is added. */
void tw__piece_add_apart(const tw__piece *b, const tw__step *s);
/* The rows' numbers; what is right of them. */
void tw__piece_fetch(const tw__piece *b, const uint64_t *rows);
void tw__piece_fetch_right(const tw__piece *b, const uint64_t *rows);
/* The last step, which stands for the loss. Returns whether there is a way back. */
int tw__piece_end(const tw__piece *b, char *output);
/* What step i, a join, adds up before forward, and before backward, with its tensors' gradient. */
void tw__piece_join_forward(const tw__piece *b, size_t i);
void tw__piece_join_backward(const tw__piece *b, size_t i);

typedef struct tw__group {
    const tw__plan *p;
    const tw__lane *lane;
    tw__piece piece[TW__FRAMES];
    size_t n;
    size_t leaf; /* pieces of a leaf; a penalty belongs to the first */
    /* Segments are as in tw_objective.joins: the part of the network between two joins, forward, or backward
     * from the step after a join to the next one; the segment in the middle does both. Without joins it is
     * the only one. */
    size_t joins, segment;
} tw__group;

/* A segment: forward, the loss, backward. */
void tw__group_run(const tw__group *g, const uint64_t *rows, char *output);
#endif
