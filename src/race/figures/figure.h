/* What a figure is made with: its row, its output (data, script, claims), trajectories of several optimisers,
 * measures.
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_FIGURES_FIGURE_H
#define TW_RACE_FIGURES_FIGURE_H
#include <thalweg/figure.h>
#include <thalweg/linear.h>
#include <thalweg/trajectory.h>
#include "race/strbuf.h"

/* ---- A figure and its output ---- */

typedef struct tw__figure_output tw__figure_output;
typedef struct tw__figure {
    tw_figure_kind kind;
    /* gnuplot, after the output's names and style.gp; ends with 0 */
    const unsigned char *script;
    tw_status (*make)(tw__figure_output *output, tw_error *err);
} tw__figure;

struct tw__figure_output {
    tw_context *ctx;
    tw_figures *figures;
    const tw__figure *figure;
    tw__strbuf names; /* the script's head: name = value */
};

/* snprintf, appended to what `to` holds and cut to what fits. Real numbers go in as texts, with a point
 * whatever the locale, and steps, too. */
__attribute__((format(printf, 3, 4))) void tw__append(char *to, size_t size, const char *format, ...);
#define TW__APPEND(to, ...) tw__append(to, sizeof(to), __VA_ARGS__)
#define TW__REAL(x) tw__decimal((char[TW__DECIMAL]){""}, "%.3g", x)
#define TW__SIX(x) tw__decimal((char[TW__DECIMAL]){""}, "%.6g", x)
#define TW__STEP(step) tw__step_text(step, (char[TW__STEP_TEXT]){""})

/* FIGURE-part.csv: a line of names, then `rows` rows of columns. NaN is an empty field, which gnuplot leaves
 * out. */
tw_status tw__output_columns(tw__figure_output *output, const char *part, const char *names, size_t rows,
                             size_t n, const double *const *columns, tw_error *err);
/* A name that the script knows: a number, or a text (which holds no quote). */
void tw__output_number(tw__figure_output *output, const char *name, double value);
void tw__output_text(tw__figure_output *output, const char *name, const char *text);

/* ---- Claims ---- */

/* What a source says, and what is to be said where it does not hold. */
typedef struct tw__claim_text {
    const char *id, *source, *printed, *english, *depends, *no;
    int is_control;
} tw__claim_text;
/* A new claim with empty setting and measured; valid until the next one. */
tw_status tw__claim_add(tw__figure_output *output, const tw__claim_text *claim_text, tw_claim **out,
                        tw_error *err);
void tw__claim_decide(tw_claim *claim, const tw__claim_text *claim_text, enum tw_holds holds);
/* Yes where it holds here and with every other setting that was tried, depends where the two differ. */
enum tw_holds tw__holds(int here, int elsewhere);

/* ---- Trajectories on a surface ---- */

/* An optimiser in a figure: its name in files, in the legend, and its spec. */
typedef struct tw__runner {
    const char *key, *label, *spec;
} tw__runner;
enum { TW__RUNNERS = 8 };

typedef struct tw__trajectories {
    tw_context *ctx;
    tw_surface *surface;
    const tw__runner *runner;
    size_t n;
    uint64_t steps;
    tw_trajectory *trajectory[TW__RUNNERS];
} tw__trajectories;
/* All from the surface's own start. On failure nothing is left to free. */
tw_status tw__trajectories_make(tw__trajectories *trajectories, tw_context *ctx, const char *surface,
                                uint64_t steps, const tw__runner *runners, size_t n, tw_error *err);
void tw__trajectories_free(tw__trajectories *trajectories);
/* The window of a picture, how many points a side its surface is drawn with, and how many steps. */
typedef struct tw__window {
    double low[2], high[2];
    size_t points, steps;
} tw__window;
/* FIGURE-KEY.csv for each (step,x,y,f) and FIGURE-surface.csv (x,y,f; an empty line after each row); for the
 * script `n`, `keys`, `labels`, `settings`, `colours`, `about` (the function and the start) and `ends`, the
 * last step of each before it leaves the window or `steps` are over. */
tw_status tw__trajectories_write(tw__figure_output *output, const tw__trajectories *trajectories,
                                 const tw__window *window, tw_error *err);
/* `n`, `keys`, `labels`, `settings`, `colours` for runners without trajectories. */
void tw__output_runners(tw__figure_output *output, const tw__runner *runners, size_t n);
/* FIGURE-surface.csv of any function of two variables. */
tw_status tw__output_surface(tw__figure_output *output, double (*f)(const void *user, const double at[2]),
                             const void *user, const tw__window *window, tw_error *err);
/* What was run: the surface, the start, the steps, and the specs of some runners. */
void tw__append_trajectories(char *to, size_t size, const tw__trajectories *trajectories, size_t first,
                             size_t n);

/* ---- Runs over rows ---- */

/* Rows for a linear model, made up by the figure. */
typedef struct tw__rows {
    tw_context *ctx;
    double *x, *y; /* n x columns; n */
    uint64_t n;
    size_t columns;
    tw_linear *model;
    tw_objective objective;
} tw__rows;
/* Of zeros; filled in, then opened. `options`: loss, intercept, l2. On failure nothing is left to free. */
tw_status tw__rows_make(tw__rows *rows, tw_context *ctx, uint64_t n, size_t columns, tw_error *err);
tw_status tw__rows_open(tw__rows *rows, const tw_linear_options *options, tw_error *err);
void tw__rows_free(tw__rows *rows);
/* Rows of normal numbers, in every second column times `spread`, with labels for logistic regression,
 * opened. */
tw_status tw__rows_logistic(tw__rows *rows, tw_context *ctx, uint64_t n, size_t columns, double spread,
                            tw_error *err);
/* The least loss of smooth rows. */
tw_status tw__rows_least(const tw__rows *rows, double *least, tw_error *err);

typedef struct tw__trace_setting {
    const char *optimizer, *estimator, *schedule, *exchange;
    uint64_t seed, batch, updates, every;
    double enough; /* it ends with a loss below this */
} tw__trace_setting;
/* A run from weights of 0, evaluated every `every` updates: the loss over all rows at the reported
 * weights, passes: rows whose gradient was evaluated by then, in multiples of all; the first two weights
 * (0 where there is one); seconds, which repeat where workers are simulated. It ends before a loss that is
 * not finite. */
typedef struct tw__trace {
    tw_context *ctx;
    size_t n, capacity;
    double *update, *passes, *loss, *first, *second, *seconds;
    /* numbers that the estimator remembers */
    uint64_t kept;
    int is_simulated;
    double staleness; /* mean; NaN: there was none */
} tw__trace;
tw_status tw__trace_make(tw__trace *trace, const tw__rows *rows, const tw__trace_setting *setting,
                         tw_error *err);
void tw__trace_free(tw__trace *trace);
/* The loss above the least, a mean over the second half of the run. */
double tw__late_gap(const tw__trace *trace, double least);
/* FIGURE-part.csv: update,passes,loss,gap,w0,w1; gap: the loss above `least`. Of simulated workers then also
 * seconds. */
tw_status tw__trace_write(tw__figure_output *output, const char *part, const tw__trace *trace, double least,
                          tw_error *err);

/* ---- Measures ---- */

enum { TW__NEVER = -1 };
/* The first step at which values (of n points, point 0 the start) are below the limit; from which on they
 * stay below; or TW__NEVER. */
int64_t tw__first_below(const double *values, size_t n, double limit);
int64_t tw__finally_below(const double *values, size_t n, double limit);
int64_t tw__first_beyond(const double *values, size_t n, double limit); /* |value| above it */
size_t tw__sign_changes(const double *values, size_t n);
/* the last one there is, if it ended before */
double tw__value_at(const tw_trajectory *trajectory, size_t step);
/* least distance of its points */
double tw__closest(const tw_trajectory *trajectory, double x, double y);
/* its greatest distance from the other's line */
double tw__strays(const tw_trajectory *trajectory, const tw_trajectory *from);
size_t tw__rises(const double *values, size_t n); /* steps that went up */
/* Least squares: y = a + slope x; r2: how much of y's variance that leaves nothing of. */
double tw__slope(const double *x, const double *y, size_t n, double *r2);
/* "17", "never". Returns `to`. */
enum { TW__STEP_TEXT = 24 };
const char *tw__step_text(int64_t step, char to[TW__STEP_TEXT]);
/* Whether step a comes before step b; never comes last. */
int tw__before(int64_t a, int64_t b);
#endif
