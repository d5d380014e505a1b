/* libthalweg-train. Surfaces: functions of two variables to compare optimisers on, by name or as a formula,
 * with exact gradients.
 *
 *   surface = name [ ":" item { "," item } ] | "expr:\"" formula "\"" { "," item }
 *   "rosenbrock"   "quadratic:condition=100"   "beale:noise=0.1,x=1,y=1.5"   expr:"x^2/20 + y^2",x=-7,y=2
 *
 * A surface is a formula in x, y and its options; the gradient comes from automatic differentiation. x and y
 * are where to start; low and high, of expr alone, are the ends of the window. With noise = s a draw sees f +
 * s (a x + b y), where a and b are standard normal and depend on the run's seed and the draw's number only:
 * unbiased, and the gradient is that of the value.
 *
 * A tw_surface does not change after its creation; any number of threads may use it at once.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_SURFACE_H
#define THALWEG_SURFACE_H
#include <thalweg/objective.h>
#include <thalweg/rule.h>
#ifdef __cplusplus
extern "C" {
#endif

/* A surface with a name. */
typedef struct tw_surface_kind {
    const char *name, *formula, *use; /* use: what it shows, one sentence */
    const char *paper;                /* where it comes from, or "" */
    int n_options;                    /* of its own, such as "condition" */
    const tw_option *options;
    double start[2];        /* the default start */
    double low[2], high[2]; /* the window of a picture */
    /* global minima with the default options; 0: none (unbounded) */
    int n_minima;
    double minima[4][2];
    double least; /* the value at the minima */
} tw_surface_kind;
/* NULL after the last; "expr" is not one of them */
TW_API const tw_surface_kind *tw_surface_kind_at(size_t i);

typedef struct tw_surface tw_surface;
/* Creates a surface from its spec. type: TW_F32 or TW_F64, of point and gradient in an objective; values are
 * computed in double. TW_ERR_SPEC: an unknown name or option, or an error in the formula, with its
 * position. */
TW_API tw_status tw_surface_create(tw_surface **out, tw_context *ctx, const char *spec, tw_type type,
                                   tw_error *err);
TW_API void tw_surface_free(tw_surface *surface);              /* NULL is allowed */
TW_API const char *tw_surface_spec(const tw_surface *surface); /* canonical */
/* of x and y, with numbers in place of options, as expr takes it */
TW_API const char *tw_surface_formula(const tw_surface *surface);
TW_API const tw_surface_kind *tw_surface_kind_of(const tw_surface *surface); /* NULL for expr */
/* where to start: the options x and y */
TW_API void tw_surface_start(const tw_surface *surface, double point[2]);
/* The window for pictures, from low to high; wider than the table's if the start lies outside. */
TW_API void tw_surface_window(const tw_surface *surface, double low[2], double high[2]);
/* The value at a point, without noise, and the gradient unless it is NULL: at a kink one of the one-sided
 * derivatives, or 0. */
TW_API double tw_surface_value(const tw_surface *surface, const double point[2], double gradient[2]);
/* Fills `out`, whose size is set, with the surface as an objective, which the surface must outlive: one
 * tensor "point" of two numbers, no rows. with_noise 0: without the noise. There is nothing to free. */
TW_API tw_status tw_surface_objective(const tw_surface *surface, int with_noise, tw_objective *out,
                                      tw_error *err);

#ifdef __cplusplus
}
#endif
#endif
