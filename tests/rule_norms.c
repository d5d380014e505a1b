/* A rule for the tests: of a kind that no optimiser steps yet.
 * SPDX-License-Identifier: MIT */
#define RULE norms
#define PAPER "none"
#define EQUATION "w = w - lr g"
#define HYPER(REAL, INT, FLAG, WORD) REAL(lr, 0.01, 0, TW_INF, TW_OPEN_MAX, "learning rate")
#define KIND TW_NORMS
#include <thalweg/rule.h>

struct coef { real lr; };

static void prepare(struct coef *k, const struct moment *now) { *k = (struct coef){.lr = now->h->lr}; }
static inline real update(real w, real g, const struct coef *k) { return w - k->lr * g; }

#include TW_RULE_END
