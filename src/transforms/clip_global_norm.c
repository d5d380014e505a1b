/* Scales the whole gradient down to the norm max where its norm is above it: the direction stays.
 * SPDX-License-Identifier: MIT */
#define RULE clip_global_norm
#define PAPER "Pascanu, Mikolov & Bengio 2013, Algorithm 1"
#define USE "The usual cure for exploding gradients: the direction stays."
#define EQUATION "g = g max/|g| where |g| > max, |g| the norm over all weights"
#define ALIASES(ALIAS) ALIAS(clip, max) ALIAS(max_norm, max) ALIAS(global_clipnorm, max)
#define SCOPE TW_OVER_ALL
#include "transforms/by_norm.h"

#include TW_RULE_END
