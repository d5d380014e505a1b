/* How the distance from the optimum falls with the number of steps on a convex problem that is as bad as such
 * problems get: source 004's word on NAG, 4.1.2. Least squares with features of scales from 1 to 10^-4 and
 * true weights of 1, so that every decade of curvatures has its share.
 * SPDX-License-Identifier: MIT */
#include "math/elementary.h"
#include "race/figures/settings.h"

enum { FEATURES = 65, DECADES = 8, STEPS = 3000, FIRST = 30, LAST = 3000 };
const tw__runner tw__nag_rate_settings[] = {
    {"sgd", "GD", "sgd:lr=1"},
    {"nag-0.9", "NAG, momentum 0.9", "nag:lr=1,momentum=0.9"},
    {"nag", "NAG, momentum (t - 1)/(t + 2)", "nag:lr=1,momentum=convex"},
};
enum { GD, CONSTANT, CONVEX, N_RUNNERS = TW__NAG_RATES };

enum { SQUARE, PLAIN };
static const tw__claim_text claim_texts[] = {
    [SQUARE] =
        {.id = "nag-rate",
         .source = "004, 4.1.2",
         .printed = "对于 Lipshitz 凸函数，NAG 算法的收敛速度达到 O(1/t^2)",
         .english = "On convex functions NAG converges as O(1/t^2)",
         .depends =
             "With the momentum that grows as (t - 1)/(t + 2) it does; with the constant 0.9, as in the source's equation (4.6), it "
             "falls as 1/t like plain descent",
         .no = "Its slope is not -2"},
    [PLAIN] = {.id = "nag-rate-control",
               .source = "",
               .printed = "",
               .english = "Plain gradient descent falls as 1/t",
               .no = "Its slope is not -1",
               .is_control = 1},
};

/* Rows are features: the mean over them of (x theta - x)^2 / 2 has curvature x^2 / FEATURES, 1 for the
 * first. */
static tw_status make_rows(tw__rows *r, tw_context *ctx, tw_error *err)
{
    tw_linear_options o = TW_LINEAR_OPTIONS_INIT;
    o.intercept = 0;
    TW_TRY(tw__rows_make(r, ctx, FEATURES, FEATURES, err));
    for (size_t i = 0; i < FEATURES; i++) {
        const double curvature = tw__exp_f64(-tw__log_f64(10) * DECADES * (double)i / (FEATURES - 1));
        r->x[i * FEATURES + i] = r->y[i] = __builtin_sqrt(FEATURES * curvature);
    }
    return tw__rows_open(r, &o, err);
}

/* In log-log, with the steps spaced evenly there. */
static double slope(const tw__trace *c)
{
    double x[200], y[200];
    size_t n = 0;
    for (double at = FIRST; at <= LAST && at < (double)c->n; at *= 1.03) {
        x[n] = tw__log_f64(c->update[(size_t)at]);
        y[n++] = tw__log_f64(c->loss[(size_t)at]);
    }
    return tw__slope(x, y, n, NULL);
}

static double last_loss(const tw__trace *c) { return c->loss[c->n - 1]; }

static int is_about(double slope, double wanted) { return slope > wanted - 0.1 && slope < wanted + 0.1; }

static tw_status begin(tw__figure_output *output, const tw__runner *settings, int which, tw_claim **c,
                       tw_error *err)
{
    TW_TRY(tw__claim_add(output, &claim_texts[which], c, err));
    TW__APPEND(
        (*c)->setting,
        "least squares, %d rows, each with a feature of its own, curvatures from 1 to 1e-%d, evenly in their logarithm; weights begun "
        "at 0, 1 is right: %s; %s; %s",
        FEATURES, DECADES, settings[GD].spec, settings[CONSTANT].spec, settings[CONVEX].spec);
    return TW_OK;
}

static tw_status decide(tw__figure_output *output, const tw__runner *settings,
                        const tw__trace trace[N_RUNNERS], tw_error *err)
{
    double s[N_RUNNERS];
    tw_claim *c;
    for (int i = 0; i < N_RUNNERS; i++) s[i] = slope(&trace[i]);
    TW_TRY(begin(output, settings, SQUARE, &c, err));
    TW__APPEND(
        c->measured,
        "slope of log f against log t from t = %d to %d: %s with momentum (t - 1)/(t + 2), %s with momentum 0.9, %s without; f "
        "after %d steps: %s, %s, %s",
        FIRST, LAST, TW__REAL(s[CONVEX]), TW__REAL(s[CONSTANT]), TW__REAL(s[GD]), STEPS,
        TW__REAL(last_loss(&trace[CONVEX])), TW__REAL(last_loss(&trace[CONSTANT])),
        TW__REAL(last_loss(&trace[GD])));
    tw__claim_decide(c, &claim_texts[SQUARE], tw__holds(is_about(s[CONVEX], -2), is_about(s[CONSTANT], -2)));
    TW_TRY(begin(output, settings, PLAIN, &c, err));
    TW__APPEND(c->measured, "slope %s", TW__REAL(s[GD]));
    tw__claim_decide(c, &claim_texts[PLAIN], tw__holds(is_about(s[GD], -1), is_about(s[GD], -1)));
    return TW_OK;
}

tw_status tw__nag_rate_make(tw__figure_output *output, const tw__runner *settings, tw_error *err)
{
    tw__rows rows;
    tw__trace trace[N_RUNNERS] = {0};
    TW_TRY(make_rows(&rows, output->ctx, err));
    tw_status s = TW_OK;
    tw__output_runners(output, settings, N_RUNNERS);
    for (int i = 0; i < N_RUNNERS && s == TW_OK; i++) {
        const tw__trace_setting setting = {.optimizer = settings[i].spec,
                                           .estimator = "full",
                                           .updates = STEPS,
                                           .every = 1};
        s = tw__trace_make(&trace[i], &rows, &setting, err);
        if (s == TW_OK) s = tw__trace_write(output, settings[i].key, &trace[i], 0, err);
    }
    if (s == TW_OK) s = decide(output, settings, trace, err);
    for (int i = 0; i < N_RUNNERS; i++) tw__trace_free(&trace[i]);
    tw__rows_free(&rows);
    return s;
}

static tw_status make(tw__figure_output *output, tw_error *err)
{
    return tw__nag_rate_make(output, tw__nag_rate_settings, err);
}

extern const unsigned char tw__asset_figure_nag_rate[];
extern const tw__figure tw__figure_nag_rate;
const tw__figure tw__figure_nag_rate = {
    .kind = {"nag-rate", "", "004, 4.1.2",
             "how fast gradient descent and NAG are on a convex function: 1/t and 1/t^2", 0},
    .script = tw__asset_figure_nag_rate,
    .make = make,
};
