/* Scales the gradient of every tensor whose norm is above max down to it.
 * SPDX-License-Identifier: MIT */
#define RULE clip_norm
#define PAPER "Pascanu, Mikolov & Bengio 2013, Algorithm 1, per tensor"
#define USE "As clip_global_norm, but a tensor with small gradients is left alone when another explodes."
#define EQUATION "g = g max/|g| where |g| > max, |g| the norm over the tensor"
#define ALIASES(ALIAS) ALIAS(clip, max) ALIAS(clipnorm, max)
#define SCOPE TW_PER_TENSOR
#include "transforms/by_norm.h"

#include TW_RULE_END
