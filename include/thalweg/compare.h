/* libthalweg-race. Two rules compared: where their steps part on a probe, the same gradients for both.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_COMPARE_H
#define THALWEG_COMPARE_H
#include <thalweg/context.h>
#ifdef __cplusplus
extern "C" {
#endif

/* The probe: TW_PROBE_STEPS steps in double on a matrix of 2 rows, whose coordinates have the gradients that
 * rules treat differently: ordinary, tiny, large, alternating, constant, zero, rare, and one that jumps. All
 * weights begin at 0.5. From step TW_PROBE_DROP on lr is a tenth, which tells a rate inside the momentum from
 * one outside it. */
enum { TW_PROBE_COORDINATES = 8, TW_PROBE_STEPS = 100, TW_PROBE_DROP = 51 };
/* Weights that differ by no more than this are the same, relative to the largest magnitude that the
 * coordinate has had. */
#define TW_PROBE_ROUNDING 1e-12

/* The reported weights of one coordinate after one step. */
typedef struct tw_probe_place {
    int step, coordinate; /* step from 1 on, 0: nowhere; coordinate from 0 on */
    double a, b;
    double relative; /* |a - b|, as TW_PROBE_ROUNDING counts it */
} tw_probe_place;

typedef struct tw_rule_comparison {
    size_t size; /* sizeof(tw_rule_comparison) */
    /* 0: lr stays the same throughout, as a rule without a schedule for lr is among the two */
    int lr_drops;
    tw_probe_place first, furthest; /* where the two differ first, and by most */
} tw_rule_comparison;

/* Steps both rules, or chains, over the probe. TW_ERR_SPEC: a spec cannot be read. TW_ERR_NOT_FINITE: a rule
 * overflows on it. */
TW_API tw_status tw_rules_compare(tw_context *ctx, const char *a, const char *b, tw_rule_comparison *to,
                                  tw_error *err);
/* "tiny" and so on; NULL outside [0, TW_PROBE_COORDINATES). */
TW_API const char *tw_probe_coordinate(int coordinate);

#ifdef __cplusplus
}
#endif
#endif
