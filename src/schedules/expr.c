/* Any formula of the time: expr:"base * exp(-t/500)". What formulas are made of stands in src/math/formula.h.
 * SPDX-License-Identifier: MIT */
#include <thalweg/schedule.h>
#include "math/formula.h"

static const tw_option options[] = {
    {"formula", TW_FORMULA, "t T base", 0, 0, 0, TW_CLOSED,
     "the value in quotes, t: steps done in this piece, T: its steps, base: the hyperparameter"},
    {"steps", TW_INT, NULL, 0, 0, 0x1p53, TW_CLOSED, "T; 0: the steps of the piece, or the rest of the run"},
};
enum { FORMULA, STEPS };
enum { VARIABLE_T = 1 };

static double rate(const tw_instant *now)
{
    const double values[] = {(double)now->s, (double)now->length, now->base};
    return tw__formula_value(now->formula, values);
}

static const char *ineffective(const tw_instant *piece, int option)
{
    return option == STEPS && !tw__formula_uses(piece->formula, VARIABLE_T) ? "there is no T in the formula"
                                                                            : NULL;
}

extern const tw_schedule tw_schedule_expr;
const tw_schedule tw_schedule_expr = {
    .size = sizeof(tw_schedule),
    .name = "expr",
    .paper = "",
    .equation =
        "the formula, with numbers, t, T, base, pi, e, + - * / ^ ( ), < <= > >= == !=, c ? a : b,\n"
        "exp log sqrt sin cos tanh abs floor ceil of one and min max pow of two arguments, if(c, a, b)",
    .use =
        "What no other schedule does; a value outside the hyperparameter's range stops the run with its step.",
    .example = "expr:\"base * exp(-t/300) * (1 + cos(t/20)) / 2\"",
    .n_options = 2,
    .options = options,
    .length_option = STEPS,
    .rate = rate,
    .ineffective = ineffective,
};
