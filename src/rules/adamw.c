/* AdamW: Adam with the decay taken from the weights, not from the gradient. As in every library weight_decay
 * is multiplied by lr; the paper multiplies it by the schedule alone (wd_mode=pure).
 * SPDX-License-Identifier: MIT */
#define RULE adamw
#define LIKE "adam"
#define DEFAULTS "weight_decay=0.01,wd_mode=lr"
#define PAPER "Loshchilov & Hutter 2019, Algorithm 2"
#define USE \
    "Transformers and large networks: Adam whose weight decay does not depend on the size of the gradients."
#define DIALECTS(DIALECT)                                                                 \
    DIALECT(paper, NULL, "weight_decay=0.01,wd_mode=pure",                                \
            "the decay is multiplied by the schedule's factor, not by the learning rate") \
    DIALECT(torch, NULL, "", "")                                                          \
    DIALECT(keras, NULL, "weight_decay=0.004,eps=1e-7,eps_place=hat", "")                 \
    DIALECT(optax, NULL, "weight_decay=1e-4,amsgrad_on=hat", "lr has no default there")
#include <thalweg/rule_like.h>
