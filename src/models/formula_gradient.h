/* The value of a formula of two variables together with its partial derivatives: forward-mode automatic
 * differentiation of the flat program that math/formula.h reads.
 *
 * In the chain rule 0 * inf is 0: what does not depend on a variable has the derivative 0, and sqrt(x^2 +
 * y^2) has it at the origin. Comparisons, floor and ceil have the derivative 0 everywhere, abs at 0; min, max
 * and if have that of the branch that they take. A power whose exponent is a whole number of at most 64 in
 * size is made by multiplications: x^2 is x*x.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_FORMULA_GRADIENT_H
#define TW_MODELS_FORMULA_GRADIENT_H
#include "math/formula.h"

/* f: read with two variables. Equal to tw__formula_value but for the rounding of such powers. */
double tw__formula_gradient(const tw_formula *f, const double point[2], double gradient[2]);
#endif
