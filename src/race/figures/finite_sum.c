/* SGD against the estimators that remember gradients, on logistic regression: what source 004 says beside
 * figures 3.3 and 4.5.
 * SPDX-License-Identifier: MIT */
#include "math/normal.h"
#include "race/figures/figure.h"

enum { ROWS = 500, COLUMNS = 20, SEED = 3, PASSES = 60, EVERY = 50 };
static const double l2 = 0.01;

static const tw__runner runners[] = {
    {"sgd", "SGD", "sgd:lr=0.5"},  {"sgd-falling", "SGD, falling lr", "sgd:lr=2"}, {"sag", "SAG", "sag:lr=1"},
    {"saga", "SAGA", "saga:lr=1"}, {"svrg", "SVRG", "svrg:m=1000,lr=1"},
};
enum { SGD, FALLING, SAG, SAGA, SVRG, N_RUNNERS };
/* Updates that look at PASSES times all rows: svrg looks at two rows an update and at all of them every 1000.
 * SGD is looked at in all phases of its passes: at their ends, as it draws without replacement, it is at its
 * best. */
static const struct {
    const char *schedule;
    uint64_t updates, every;
} plans[N_RUNNERS] = {
    [SGD] = {NULL, PASSES *ROWS, 450},
    [FALLING] = {"inverse_time:decay_rate=1,decay_steps=100", PASSES *ROWS, 450},
    [SAG] = {NULL, PASSES *ROWS, EVERY},
    [SAGA] = {NULL, PASSES *ROWS, EVERY},
    [SVRG] = {NULL, PASSES *ROWS * 2 / 5, EVERY},
};

enum { LINEAR_SAG, LINEAR_SVRG, MEMORY, STALLS };
static const tw__claim_text claim_texts[] = {
    [LINEAR_SAG] =
        {.id = "sag-linear",
         .source = "004, 3.2.3",
         .printed =
             "提出了一种对于数量较大的有限的训练集可以达到指数级收敛速度的算法——SAG 算法……收敛速度就比 SGD 算法更快",
         .english = "SAG converges exponentially on a finite training set, faster than SGD",
         .no = "It does not"},
    [LINEAR_SVRG] =
        {.id = "svrg-linear",
         .source = "004, 4.1.3",
         .printed = "具有线性收敛速度……在实际应用中要求精确的训练精度时，该算法表现出优于 SGD 算法的性能",
         .english = "SVRG converges linearly and is better than SGD where accuracy is asked for",
         .no = "It does not"},
    [MEMORY] = {.id = "svrg-memory",
                .source = "004, 4.1.3",
                .printed =
                    "和 SAG 算法对比可见，该算法不需要在内存中为每个样本都维护一个梯度从而大大节省了内存资源",
                .english = "SVRG need not keep a gradient for every row as SAG does",
                .no = "It keeps as much"},
    [STALLS] = {.id = "sgd-stalls",
                .source = "004, 4.1.3",
                .printed = "在 SGD 算法中需要假设样本梯度的方差有上界从而使得其无法线性收敛",
                .english = "SGD cannot converge linearly",
                .no = "It did"},
};

/* ---- The rows ---- */

static void fill(tw__rows *r)
{
    for (uint64_t i = 0; i < ROWS; i++) {
        double h = 0;
        for (size_t j = 0; j < COLUMNS; j++) {
            double *x = &r->x[i * COLUMNS + j];
            *x = tw__random_normal(SEED, TW__FOR_FIGURE, j, i) / 4;
            h += *x * 3 * tw__random_normal(SEED, TW__FOR_FIGURE, COLUMNS, j);
        }
        r->y[i] = tw__random_unit(SEED, TW__FOR_FIGURE, COLUMNS + 1, i) * (1 + tw__exp_f64(-h)) < 1 ? 1 : -1;
    }
}

static tw_status make_rows(tw__rows *r, tw_context *ctx, tw_error *err)
{
    tw_linear_options o = TW_LINEAR_OPTIONS_INIT;
    o.loss = TW_LINEAR_LOGISTIC;
    o.intercept = 0;
    o.l2 = l2;
    TW_TRY(tw__rows_make(r, ctx, ROWS, COLUMNS, err));
    fill(r);
    return tw__rows_open(r, &o, err);
}

/* y, then the numbers of a row. */
static tw_status write_rows(tw__figure_output *output, const tw__rows *r, tw_error *err)
{
    double *block;
    const double *columns[1 + COLUMNS] = {r->y};
    char names[8 * COLUMNS] = "y";
    TW_TRY(tw__alloc(output->ctx, &block, (size_t)ROWS * COLUMNS, sizeof *block, err));
    for (size_t j = 0; j < COLUMNS; j++) {
        TW__APPEND(names, ",x%zu", j);
        columns[1 + j] = block + j * ROWS;
        for (size_t i = 0; i < ROWS; i++) block[j * ROWS + i] = r->x[i * COLUMNS + j];
    }
    const tw_status s = tw__output_columns(output, "rows", names, ROWS, 1 + COLUMNS, columns, err);
    tw__free(output->ctx, block, (size_t)ROWS * COLUMNS, sizeof *block);
    return s;
}

/* ---- The runs ---- */

struct runs {
    tw__rows rows;
    double least;
    tw__trace trace[N_RUNNERS];
};

/* Full steps, as long as they go down, are the most exact of all. */
static tw_status find_least(struct runs *r, tw_error *err)
{
    static const tw__trace_setting s = {.optimizer = "nag:lr=2,momentum=0.8",
                                        .estimator = "full",
                                        .updates = 1000,
                                        .every = 20};
    tw__trace c;
    TW_TRY(tw__trace_make(&c, &r->rows, &s, err));
    r->least = c.loss[0];
    for (size_t i = 1; i < c.n; i++) r->least = c.loss[i] < r->least ? c.loss[i] : r->least;
    tw__trace_free(&c);
    return TW_OK;
}

static tw_status run_all(struct runs *r, tw_error *err)
{
    TW_TRY(find_least(r, err));
    for (int i = 0; i < N_RUNNERS; i++) {
        const tw__trace_setting s = {.optimizer = runners[i].spec,
                                     .estimator = i <= FALLING ? "single" : NULL,
                                     .schedule = plans[i].schedule,
                                     .batch = i <= FALLING ? 0 : 1,
                                     .updates = plans[i].updates,
                                     .every = plans[i].every};
        TW_TRY(tw__trace_make(&r->trace[i], &r->rows, &s, err));
    }
    return TW_OK;
}

static double gap(const struct runs *r, int i, size_t k) { return r->trace[i].loss[k] - r->least; }
static double last_gap(const struct runs *r, int i) { return gap(r, i, r->trace[i].n - 1); }

/* The decades of the gap that a pass takes away, and how straight that line is, down to 1e-12, where rounding
 * begins. */
static double decades(const struct runs *r, int i, double *r2)
{
    enum { MOST = 1 + PASSES * ROWS / EVERY };
    double x[MOST], y[MOST];
    size_t n = 0;
    for (size_t k = 0; k < r->trace[i].n && gap(r, i, k) > 1e-12; k++) {
        x[n] = r->trace[i].passes[k];
        y[n++] = tw__log_f64(gap(r, i, k)) / tw__log_f64(10);
    }
    return -tw__slope(x, y, n, r2);
}

/* ---- The claims ---- */

static tw_status begin(tw__figure_output *output, int which, tw_claim **c, tw_error *err)
{
    TW_TRY(tw__claim_add(output, &claim_texts[which], c, err));
    TW__APPEND((*c)->setting,
               "logistic regression, %d rows of %d numbers (fig3.3-rows.csv), l2 %s, one row an update:",
               ROWS, COLUMNS, TW__REAL(l2));
    for (int i = 0; i < N_RUNNERS; i++) {
        const char *schedule = plans[i].schedule;
        TW__APPEND((*c)->setting, "%s %s%s%s", i ? "," : "", runners[i].spec, schedule ? " " : "",
                   schedule ? schedule : "");
    }
    return TW_OK;
}

static tw_status linear(tw__figure_output *output, const struct runs *r, int which, int runner, tw_error *err)
{
    double r2;
    const double fall = decades(r, runner, &r2);
    tw_claim *c;
    TW_TRY(begin(output, which, &c, err));
    TW__APPEND(
        c->measured,
        "%s takes %s decades a pass off the distance from the optimum, down to %s (r2 of the line %s); SGD is at %s after %d "
        "passes, at %s with a falling lr",
        runners[runner].label, TW__REAL(fall), TW__REAL(last_gap(r, runner)), TW__REAL(r2),
        TW__REAL(last_gap(r, SGD)), PASSES, TW__REAL(last_gap(r, FALLING)));
    const double sgd = last_gap(r, FALLING) < last_gap(r, SGD) ? last_gap(r, FALLING) : last_gap(r, SGD);
    const int holds = r2 > 0.95 && last_gap(r, runner) < 1e-9 && last_gap(r, runner) < sgd / 1000;
    tw__claim_decide(c, &claim_texts[which], tw__holds(holds, holds));
    return TW_OK;
}

static tw_status decide(tw__figure_output *output, const struct runs *r, tw_error *err)
{
    tw_claim *c;
    TW_TRY(linear(output, r, LINEAR_SAG, SAG, err));
    TW_TRY(linear(output, r, LINEAR_SVRG, SVRG, err));
    TW_TRY(begin(output, MEMORY, &c, err));
    TW__APPEND(c->measured, "beside the weights SAG keeps %llu numbers, SAGA %llu, SVRG %llu",
               (unsigned long long)r->trace[SAG].kept, (unsigned long long)r->trace[SAGA].kept,
               (unsigned long long)r->trace[SVRG].kept);
    const int less =
        r->trace[SAG].kept >= (uint64_t)ROWS * COLUMNS && r->trace[SVRG].kept < (uint64_t)10 * COLUMNS;
    tw__claim_decide(c, &claim_texts[MEMORY], tw__holds(less, less));
    TW_TRY(begin(output, STALLS, &c, err));
    const size_t half = r->trace[SGD].n / 2;
    TW__APPEND(c->measured,
               "SGD is at %s after half of the passes and at %s after all, with a falling lr at %s and %s",
               TW__REAL(gap(r, SGD, half)), TW__REAL(last_gap(r, SGD)), TW__REAL(gap(r, FALLING, half)),
               TW__REAL(last_gap(r, FALLING)));
    const int stalls =
        last_gap(r, SGD) > gap(r, SGD, half) / 10 && last_gap(r, FALLING) > gap(r, FALLING, half) / 10;
    tw__claim_decide(c, &claim_texts[STALLS], tw__holds(stalls, stalls));
    return TW_OK;
}

static tw_status make(tw__figure_output *output, tw_error *err)
{
    struct runs r = {0};
    TW_TRY(make_rows(&r.rows, output->ctx, err));
    tw_status s = run_all(&r, err);
    tw__output_runners(output, runners, N_RUNNERS);
    for (int i = 0; i < N_RUNNERS && s == TW_OK; i++)
        s = tw__trace_write(output, runners[i].key, &r.trace[i], r.least, err);
    if (s == TW_OK) s = write_rows(output, &r.rows, err);
    if (s == TW_OK) s = decide(output, &r, err);
    for (int i = 0; i < N_RUNNERS; i++) tw__trace_free(&r.trace[i]);
    tw__rows_free(&r.rows);
    return s;
}

extern const unsigned char tw__asset_figure_finite_sum[];
extern const tw__figure tw__figure_fig3_3;
const tw__figure tw__figure_fig3_3 = {
    .kind = {"fig3.3", "fig4.5", "004, figures 3.3 and 4.5",
             "SAG, SAGA and SVRG against SGD: distance from the optimum by passes", 0},
    .script = tw__asset_figure_finite_sum,
    .make = make,
};
