/* The surfaces that have a name: one row each, in the order in which they are shown. A row's own options stand as names in its formula.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_SURFACES_H
#define TW_MODELS_SURFACES_H
#include <thalweg/surface.h>

static const tw_option quadratic_options[] = {
    {"condition", TW_REAL, NULL, 10, 0, TW_INF, TW_OPEN, "the larger eigenvalue; the other is 1"},
};
static const tw_option rosenbrock_options[] = {
    {"a", TW_REAL, NULL, 1, -1000, 1000, TW_CLOSED, "x of the minimum"},
    {"b", TW_REAL, NULL, 100, 0, TW_INF, TW_OPEN, "how steep the valley's walls are"},
};

static const tw_surface_kind kinds[] = {
    {.name = "quadratic", .formula = "(x^2 + condition*y^2)/2", .n_options = 1, .options = quadratic_options,
     .use = "What the condition number costs each method.", .paper = "Boyd & Vandenberghe 2004, Convex optimization, 9.3.2",
     .start = {10, 1}, .low = {-12, -4}, .high = {12, 4}, .n_minima = 1, .minima = {{0, 0}}, .least = 0},
    {.name = "bowl", .formula = "x^2/20 + y^2",
     .use = "A long bowl: plain descent zigzags across it.", .paper = "source 001, the paths of SGD, Momentum, AdaGrad and Adam",
     .start = {-7, 2}, .low = {-10, -5}, .high = {10, 5}, .n_minima = 1, .minima = {{0, 0}}, .least = 0},
    {.name = "valley", .formula = "0.5*x^2 + 2*y^2",
     .use = "Momentum against plain descent.", .paper = "source 004, figures 4.2 and 4.3",
     .start = {-5, -2}, .low = {-6, -3}, .high = {3, 3}, .n_minima = 1, .minima = {{0, 0}}, .least = 0},
    {.name = "saddle", .formula = "x^2 - y^2",
     .use = "Who leaves a saddle point, and how soon; it falls without end along y.", .paper = "source 004, figures 5.6 and 5.7",
     .start = {1, 1e-6}, .low = {-1.5, -1.5}, .high = {1.5, 1.5}, .n_minima = 0},
    {.name = "monkey-saddle", .formula = "x^3 - 3*x*y^2",
     .use = "A saddle point whose second derivatives are all 0; it falls without end on three sides.", .paper = "",
     .start = {1, 1e-3}, .low = {-1.5, -1.5}, .high = {1.5, 1.5}, .n_minima = 0},
    {.name = "beale", .formula = "(1.5 - x + x*y)^2 + (2.25 - x + x*y^2)^2 + (2.625 - x + x*y^3)^2",
     .use = "Flat ground between steep walls.",
     .paper = "Beale 1958, On an iterative method for finding a local minimum of a function of more than one variable",
     .start = {1, 1.5}, .low = {-4.5, -4.5}, .high = {4.5, 4.5}, .n_minima = 1, .minima = {{3, 0.5}}, .least = 0},
    {.name = "rosenbrock", .formula = "(a - x)^2 + b*(y - x^2)^2", .n_options = 2, .options = rosenbrock_options,
     .use = "A curved valley: easy to enter, long to follow.",
     .paper = "Rosenbrock 1960, An automatic method for finding the greatest or least value of a function",
     .start = {-1.2, 1}, .low = {-2, -1}, .high = {2, 3}, .n_minima = 1, .minima = {{1, 1}}, .least = 0},
    {.name = "himmelblau", .formula = "(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
     .use = "Four equal minima: which one is found.", .paper = "Himmelblau 1972, Applied nonlinear programming",
     .start = {0, 0}, .low = {-5, -5}, .high = {5, 5}, .n_minima = 4, .least = 0,
     .minima = {{3, 2}, {-2.805118086952745, 3.131312518250573}, {-3.779310253377747, -3.2831859912861694}, {3.584428340330492, -1.8481265269644036}}},
    {.name = "booth", .formula = "(x + 2*y - 7)^2 + (2*x + y - 5)^2",
     .use = "A bowl that lies across the axes.", .paper = "Jamil & Yang 2013, A literature survey of benchmark functions",
     .start = {-5, -5}, .low = {-10, -10}, .high = {10, 10}, .n_minima = 1, .minima = {{1, 3}}, .least = 0},
    {.name = "matyas", .formula = "0.26*(x^2 + y^2) - 0.48*x*y",
     .use = "A flat diagonal, which methods with a rate per coordinate cannot scale away.",
     .paper = "Jamil & Yang 2013, A literature survey of benchmark functions",
     .start = {-8, 4}, .low = {-10, -10}, .high = {10, 10}, .n_minima = 1, .minima = {{0, 0}}, .least = 0},
    {.name = "rastrigin", .formula = "20 + x^2 + y^2 - 10*(cos(2*pi*x) + cos(2*pi*y))",
     .use = "A lattice of local minima.", .paper = "Rastrigin 1974, Systems of extremal control",
     .start = {3.3, -2.3}, .low = {-5.12, -5.12}, .high = {5.12, 5.12}, .n_minima = 1, .minima = {{0, 0}}, .least = 0},
    {.name = "ackley", .formula = "20 + e - 20*exp(-0.2*sqrt((x^2 + y^2)/2)) - exp((cos(2*pi*x) + cos(2*pi*y))/2)",
     .use = "Flat and rough outside, with a kink at the minimum.", .paper = "Ackley 1987, A connectionist machine for genetic hillclimbing",
     .start = {-3.4, 2.3}, .low = {-5, -5}, .high = {5, 5}, .n_minima = 1, .minima = {{0, 0}}, .least = 0},
    {.name = "goldstein-price",
     .formula = "(1 + (x + y + 1)^2*(19 - 14*x + 3*x^2 - 14*y + 6*x*y + 3*y^2))*(30 + (2*x - 3*y)^2*(18 - 32*x + 12*x^2 + 48*y - 36*x*y + 27*y^2))",
     .use = "Values from 3 to a million within two units.", .paper = "Goldstein & Price 1971, On descent from local minima",
     .start = {-0.5, 0.5}, .low = {-2, -2}, .high = {2, 2}, .n_minima = 1, .minima = {{0, -1}}, .least = 3},
    {.name = "three-hump-camel", .formula = "2*x^2 - 1.05*x^4 + x^6/6 + x*y + y^2",
     .use = "Two local minima beside the global one.", .paper = "Jamil & Yang 2013, A literature survey of benchmark functions",
     .start = {2, -2}, .low = {-2.5, -2.5}, .high = {2.5, 2.5}, .n_minima = 1, .minima = {{0, 0}}, .least = 0},
    {.name = "six-hump-camel", .formula = "(4 - 2.1*x^2 + x^4/3)*x^2 + x*y + (4*y^2 - 4)*y^2",
     .use = "Six minima, two of them global.", .paper = "Dixon & Szegoe 1978, The global optimization problem: an introduction",
     .start = {-1.5, 0.5}, .low = {-2, -1.1}, .high = {2, 1.1}, .n_minima = 2,
     .minima = {{0.08984201310031806, -0.7126564030207396}, {-0.08984201310031806, 0.7126564030207396}}, .least = -1.031628453489877},
    {.name = "styblinski-tang", .formula = "(x^4 - 16*x^2 + 5*x + y^4 - 16*y^2 + 5*y)/2",
     .use = "Four basins, of which one is the deepest.", .paper = "Styblinski & Tang 1990, Experiments in nonconvex optimization",
     .start = {4, -1}, .low = {-5, -5}, .high = {5, 5}, .n_minima = 1, .minima = {{-2.903534027771177, -2.903534027771177}}, .least = -78.33233140754282},
};
#endif
