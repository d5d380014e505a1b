/* The solvers, in the order in which `auto` asks whether they suit: one line each.
 * SPDX-License-Identifier: MIT */
TW__SOLVER(auto)
TW__SOLVER(least_squares)
TW__SOLVER(newton)
TW__SOLVER(newton_cg)
TW__SOLVER(coordinate_descent)
TW__SOLVER(sdca)
TW__SOLVER(lbfgs)
TW__SOLVER(cg)
TW__SOLVER(fista)
