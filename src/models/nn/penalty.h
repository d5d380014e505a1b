/* Penalties on a layer's weights, as options of the layer: on its tensors of more than one dimension, not on
 * biases, gains and shifts.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_NN_PENALTY_H
#define TW_MODELS_NN_PENALTY_H
#include <thalweg/registry.h>

struct tw__network;

typedef struct tw__penalty {
    double l2, l1, max_norm;
} tw__penalty;

/* Rows of the table of a layer that has weights. */
#define TW__PENALTY_OPTIONS                                                                                   \
    {"l2", TW_REAL, NULL, 0, 0, TW_INF, TW_OPEN_MAX, "adds l2/2 times the sum of the squared weights"},       \
        {"l1", TW_REAL, NULL, 0, 0, TW_INF, TW_OPEN_MAX, "adds l1 times the sum of the weights' magnitudes"}, \
    {                                                                                                         \
        "max_norm", TW_REAL, NULL, 0, 0, TW_INF, TW_OPEN_MAX,                                                 \
            "largest norm of the weights into a unit, restored after each update; 0: any"                     \
    }
enum { TW__PENALTY_ROWS = 3 };

/* Whether any layer has l2 or l1, l1 alone, or max_norm. */
int tw__network_is_penalised(const struct tw__network *net);
int tw__network_has_l1(const struct tw__network *net);
int tw__network_has_max_norm(const struct tw__network *net);
/* What l2 and l1 add to the loss of a row at w. */
double tw__network_penalty(const struct tw__network *net, tw_type type, tw_isa isa, const void *w);
/* gradient += weight times its gradient, of the weights from .. to - 1 */
void tw__network_add_penalty(const struct tw__network *net, tw_type type, size_t from, size_t to,
                             double weight, const void *w, void *gradient);
/* Scales the weights into each unit whose norm is above max_norm down to it. Srivastava et al. 2014, section
 * 5.1. */
void tw__network_project(const struct tw__network *net, tw_type type, void *w);
#endif
