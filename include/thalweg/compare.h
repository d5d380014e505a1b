/* libthalweg-race. Two rules compared: their equations line by line, the options in which they differ, and
 * where their steps part on a probe, the same gradients for both.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_COMPARE_H
#define THALWEG_COMPARE_H
#include <thalweg/context.h>
#include <thalweg/registry.h>
#ifdef __cplusplus
extern "C" {
#endif

/* The probe: TW_PROBE_STEPS steps in double on a matrix of 2 rows, whose coordinates have the gradients that
 * rules treat differently: ordinary, tiny, large, alternating, constant, zero, rare, and one that jumps. All
 * weights begin at 0.5. From step TW_PROBE_DROP on lr is a tenth, which shows whether the rate is inside the
 * momentum or outside. */
enum { TW_PROBE_COORDINATES = 8, TW_PROBE_STEPS = 100, TW_PROBE_DROP = 51 };
/* Weights that differ by no more than this are the same, relative to the largest magnitude that the
 * coordinate has had. */
#define TW_PROBE_ROUNDING 1e-12

/* The reported weights of one coordinate after one step. */
typedef struct tw_probe_difference {
    int step, coordinate; /* step from 1 on, 0: nowhere; coordinate from 0 on */
    double a, b;
    double relative; /* |a - b|, as TW_PROBE_ROUNDING counts it */
} tw_probe_difference;

typedef struct tw_rule_comparison {
    size_t size; /* sizeof(tw_rule_comparison) */
    /* 0: lr stays the same throughout, as a rule without a schedule for lr is among the two */
    int lr_drops;
    tw_probe_difference first, furthest; /* where the two differ first, and by most */
} tw_rule_comparison;

/* Steps both rules, or chains, over the probe. TW_ERR_SPEC: a spec cannot be read. TW_ERR_NOT_FINITE: a rule
 * overflows on it. */
TW_API tw_status tw_rules_compare(tw_context *ctx, const char *a, const char *b, tw_rule_comparison *to,
                                  tw_error *err);
/* "tiny" and so on; NULL outside [0, TW_PROBE_COORDINATES). */
TW_API const char *tw_probe_coordinate(int coordinate);

/* Two texts cut into lines that face each other; NULL: no line on this side. */
typedef struct tw_line_pair {
    const char *a, *b;
} tw_line_pair;
enum { TW_LINES_MAX = 64, TW_LINE_PAIRS_MAX = 2 * TW_LINES_MAX };
/* Cuts both texts (tw_equation_text, say) at their newlines, in place, each into at most TW_LINES_MAX lines,
 * and pairs them: equal lines face each other, as many as can (a longest common subsequence), and lines
 * between them that differ face each other in order. Returns the number of pairs. */
TW_API int tw_pair_lines(char *a, char *b, tw_line_pair to[TW_LINE_PAIRS_MAX]);

/* An option whose value differs, or that one rule lacks (NULL) and that has an effect in the other. */
typedef struct tw_option_pair {
    const char *name;
    const tw_option *a, *b;
    double value_a, value_b;
} tw_option_pair;
enum { TW_OPTION_PAIRS_MAX = 2 * TW_OPTIONS_MAX };
/* Lists the options in which two choices of one rule each differ: a's in their order, then what only b has.
 * Returns how many there are. */
TW_API int tw_pair_options(const tw_choice *a, const tw_choice *b, tw_option_pair to[TW_OPTION_PAIRS_MAX]);

#ifdef __cplusplus
}
#endif
#endif
