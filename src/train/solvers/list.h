/* The solvers: one line each.
 * SPDX-License-Identifier: MIT */
TW__SOLVER(lbfgs)
TW__SOLVER(newton)
