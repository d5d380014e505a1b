/* libthalweg-train. Surfaces: functions of two variables on which optimisers are compared, known by name or given as a formula, with exact
 * gradients.
 *
 *   surface = name [ ":" item { "," item } ] | "expr:\"" formula "\"" { "," item }
 *   "rosenbrock"   "quadratic:condition=100"   "beale:noise=0.1,x=1,y=1.5"   expr:"x^2/20 + y^2",x=-7,y=2
 *
 * Every surface is a formula in x, y and its own options; the gradient is that of the formula by automatic differentiation, so a surface
 * is one line of a table. x and y say where to start; low and high, of expr alone, are the ends of its window. With noise = s the function
 * that a draw sees is f + s (a x + b y), a and b standard normal, drawn from the run's seed and the draw's number: unbiased, and the gradient
 * is still that of the value.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_SURFACE_H
#define THALWEG_SURFACE_H
#include <thalweg/objective.h>
#include <thalweg/rule.h>
#ifdef __cplusplus
extern "C" {
#endif

/* What is known of a surface with a name. */
typedef struct tw_surface_kind {
    const char *name, *formula, *use;
    const char *paper;                                                  /* where it comes from, or "" */
    int n_options;                                                      /* its own: "condition", "a", "b" */
    const tw_option *options;
    double start[2];                                                    /* where a race begins */
    double low[2], high[2];                                             /* the window that a picture shows */
    int n_minima;                                                       /* global minima with the default options; 0: none (unbounded) */
    double minima[4][2];
    double least;                                                       /* the value there */
} tw_surface_kind;
TW_API const tw_surface_kind *tw_surface_kind_at(size_t i);             /* NULL after the last; "expr" is not among them */

typedef struct tw_surface tw_surface;
/* type: TW_F32 or TW_F64, of the point and the gradient; values are computed in double. A formula that does not read is TW_ERR_SPEC with the place. */
TW_API tw_status tw_surface_create(tw_surface **out, tw_context *ctx, const char *spec, tw_type type, tw_error *err);
TW_API void tw_surface_free(tw_surface *surface);                       /* NULL is fine */
TW_API const char *tw_surface_spec(const tw_surface *surface);          /* canonical */
TW_API const char *tw_surface_formula(const tw_surface *surface);        /* of x and y, with numbers in place of options: expr reads it */
TW_API const tw_surface_kind *tw_surface_kind_of(const tw_surface *surface);    /* NULL for expr */
TW_API void tw_surface_start(const tw_surface *surface, double point[2]);
/* Widened where the start lies beyond it. */
TW_API void tw_surface_window(const tw_surface *surface, double low[2], double high[2]);
/* Without noise. gradient: NULL, or two numbers. Where the formula has no derivative (a kink) it is one of the one-sided ones, or 0. */
TW_API double tw_surface_value(const tw_surface *surface, const double point[2], double gradient[2]);
/* One tensor "point" of two numbers, no rows; with_noise 0 leaves the noise out (to see where one is). The surface must outlive it. */
TW_API tw_status tw_surface_objective(const tw_surface *surface, int with_noise, tw_objective *out, tw_error *err);

#ifdef __cplusplus
}
#endif
#endif
