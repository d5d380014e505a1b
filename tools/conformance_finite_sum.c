/* Finite sums: ridge and logistic regression in double on the rows of the folder, the estimators in the order
 * of its list of rows. Step and penalty are those of conformance/README.md.
 * SPDX-License-Identifier: MIT */
#include "conformance_sums.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <thalweg/linear.h>
#include <thalweg/train.h>

#define RULE "sgd:lr=0.1"
static const double penalty = 0.05; /* times |w|^2, in every row */

struct problem {
    size_t n, d, n_order; /* rows, columns, rows in the list */
    double *x, *y;
    uint64_t *order;
    int logistic;
    tw_linear *model;
};

/* ---- Reading ------------------------------------------------------------------------------------------- */

static tw_status bad_row(const struct table *t, const char *name, tw_error *err)
{
    return cli_fail(err, TW_ERR_DATA, "%.300s: %s: not the numbers that the other rows call for", t->path,
                    name);
}

/* The row that is called `name`, its values behind the first two cells; -1 if there is none. */
static long find(const struct table *t, const char *name)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->rows[i][0], name) == 0) return (long)i;
    return -1;
}

static tw_status read_rows(struct problem *p, const struct table *t, tw_error *err)
{
    for (size_t i = 0; i < t->n; i++) {
        if (strcmp(t->rows[i][0], "X") != 0) continue;
        size_t width = (size_t)t->widths[i] - 2;
        if (p->n == 0) p->d = width;
        if (width != p->d || width == 0) return bad_row(t, "X", err);
        p->n++;
    }
    if (p->n == 0) return cli_fail(err, TW_ERR_DATA, "%.300s: no row X", t->path);
    p->x = cli_alloc(p->n * p->d, sizeof *p->x, err);
    p->y = cli_alloc(p->n, sizeof *p->y, err);
    if (!p->x || !p->y) return TW_ERR_MEMORY;
    for (size_t i = 0, k = 0; i < t->n; i++) {
        double place;
        if (strcmp(t->rows[i][0], "X") != 0) continue;
        if (!number(t->rows[i][1], &place) || place != (double)k) return bad_row(t, "X", err);
        for (size_t j = 0; j < p->d; j++)
            if (!number(t->rows[i][2 + j], &p->x[k * p->d + j])) return bad_row(t, "X", err);
        k++;
    }
    return TW_OK;
}

static tw_status read_order(struct problem *p, const struct table *t, tw_error *err)
{
    long at = find(t, "index");
    if (at < 0 || t->widths[at] < 3) return cli_fail(err, TW_ERR_DATA, "%.300s: no row index", t->path);
    p->n_order = (size_t)t->widths[at] - 2;
    p->order = cli_alloc(p->n_order, sizeof *p->order, err);
    if (!p->order) return TW_ERR_MEMORY;
    for (size_t i = 0; i < p->n_order; i++) {
        double row;
        if (!number(t->rows[at][2 + i], &row) || !(row >= 0 && row < (double)p->n) || row != floor(row))
            return bad_row(t, "index", err);
        p->order[i] = (uint64_t)row;
    }
    return TW_OK;
}

static void problem_free(struct problem *p)
{
    tw_linear_free(p->model);
    free(p->x);
    free(p->y);
    free(p->order);
}

/* The problem comes before the slash. */
static tw_status choose_problem(struct problem *p, tw_context *ctx, const struct table *t, const char *name,
                                tw_objective *out, tw_error *err)
{
    char row[64];
    int n = (int)strcspn(name, "/");
    p->logistic = strncmp(name, "logistic/", 9) == 0;
    if (!p->logistic && strncmp(name, "ridge/", 6) != 0)
        return cli_fail(err, TW_ERR_SPEC, "unknown problem \"%.*s\"", n < 40 ? n : 40, name);
    snprintf(row, sizeof row, "y_%.*s", n, name);
    long at = find(t, row);
    if (at < 0 || (size_t)t->widths[at] != p->n + 2) return bad_row(t, row, err);
    for (size_t i = 0; i < p->n; i++)
        if (!number(t->rows[at][2 + i], &p->y[i])) return bad_row(t, row, err);
    const tw_linear_options o = {.size = sizeof o,
                                 .type = TW_F64,
                                 .loss = p->logistic ? TW_LINEAR_LOGISTIC : TW_LINEAR_SQUARED,
                                 .rows = p->n,
                                 .columns = p->d,
                                 .x = p->x,
                                 .y = p->y,
                                 .l2 = 2 * penalty};
    tw_linear_free(p->model);
    CLI_TRY(tw_linear_create(&p->model, ctx, &o, err));
    return tw_linear_objective(p->model, out, err);
}

/* ---- Comparing ----------------------------------------------------------------------------------------- */

/* Largest miss over the row's values; infinite where one is not a number. */
static tw_status compare_row(const struct table *t, size_t i, const struct problem *p, const double *w,
                             double *worst, tw_error *err)
{
    if ((size_t)t->widths[i] != 2 + p->d) return bad_row(t, t->rows[i][0], err);
    for (size_t j = 0; j < p->d; j++) {
        double want;
        if (!number(t->rows[i][2 + j], &want)) return bad_row(t, t->rows[i][0], err);
        double m = miss(w[j], want);
        if (!(m <= *worst)) *worst = m >= 0 ? m : INFINITY;
    }
    return TW_OK;
}

/* What they call a method: a number behind "_m" is m. 0: unknown. */
static int estimator_of(const char *method, char to[64])
{
    static const struct {
        const char *theirs, *ours;
    } names[] = {
        {"sgd", "minibatch"},
        {"sag_n", "sag:norm=n"},
        {"sag_seen", "sag:norm=seen"},
        {"saga", "saga"},
        {"svrg", "svrg"},
        {"sarah", "sarah"},
        {"katyusha", "katyusha"},
        {"katyusha_strong", "katyusha:sigma=0.1"},
        {"miso", "miso"},
    };
    const char *m = strstr(method, "_m");
    size_t n = m ? (size_t)(m - method) : strlen(method);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i].theirs) == n && strncmp(names[i].theirs, method, n) == 0) {
            const char *before = !m ? "" : strchr(names[i].ours, ':') ? ",m=" : ":m=";
            snprintf(to, 64, "%s%s%.20s", names[i].ours, before, m ? m + 2 : "");
            return 1;
        }
    return 0;
}

static tw_status follow(const struct table *t, struct problem *p, const char *name, tw_run *run,
                        const double *w, double *worst, tw_error *err)
{
    int status;
    for (size_t i = 0; i < t->n; i++) {
        double step;
        if (strcmp(t->rows[i][0], name) != 0) continue;
        if (!number(t->rows[i][1], &step) || step < (double)tw_run_steps(run)) return bad_row(t, name, err);
        while ((double)tw_run_steps(run) < step) CLI_TRY(tw_run_step(run, &status, err));
        CLI_TRY(compare_row(t, i, p, w, worst, err));
    }
    return TW_OK;
}

static tw_status run_method(tw_context *ctx, const struct table *t, struct problem *p, const tw_objective *f,
                            const char *name, double *w, double *worst, tw_error *err)
{
    char estimator[64];
    double steps = 0;
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    tw_run *run;
    if (!estimator_of(strchr(name, '/') + 1, estimator))
        return cli_fail(err, TW_ERR_SPEC, "unknown method \"%.60s\"", strchr(name, '/') + 1);
    for (size_t i = 0; i < t->n; i++) {
        double step;
        if (strcmp(t->rows[i][0], name) == 0 && number(t->rows[i][1], &step) && step > steps) steps = step;
    }
    if (!(steps < 1e9)) return bad_row(t, name, err);
    o.optimizer = RULE;
    o.estimator = estimator;
    o.epochs = (uint64_t)steps / p->n + 1;
    o.order = p->order;
    o.n_order = p->n_order;
    CLI_TRY(tw_run_create(&run, ctx, f, NULL, w, &o, err));
    tw_status s = follow(t, p, name, run, w, worst, err);
    tw_run_free(run);
    return s;
}

/* 1 / L, L an upper bound of the curvature. */
static double safe_step(const struct problem *p)
{
    double largest = 0;
    for (size_t i = 0; i < p->n; i++) {
        double square = 0;
        for (size_t j = 0; j < p->d; j++) square += p->x[i * p->d + j] * p->x[i * p->d + j];
        largest = fmax(largest, square);
    }
    return 1 / (largest * (p->logistic ? 0.25 : 1) + 2 * penalty);
}

static tw_status until_nothing_moves(tw_run *run, const struct problem *p, const double *w, double *last,
                                     tw_error *err)
{
    double moved = 1;
    for (int status = TW_RUN_GOING; status == TW_RUN_GOING && moved > 0;) {
        memcpy(last, w, p->d * sizeof *w);
        CLI_TRY(tw_run_step(run, &status, err));
        moved = 0;
        for (size_t j = 0; j < p->d; j++) moved = fmax(moved, fabs(w[j] - last[j]));
    }
    return TW_OK;
}

/* The minimiser, by descent along the full gradient. */
static tw_status descend(tw_context *ctx, const struct problem *p, const tw_objective *f, double *w,
                         tw_error *err)
{
    enum { MOST_STEPS = 200000 };
    char rule[64];
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    tw_run *run;
    snprintf(rule, sizeof rule, "sgd:lr=%.17g", safe_step(p));
    o.optimizer = rule;
    o.estimator = "full";
    o.epochs = MOST_STEPS;
    CLI_TRY(tw_run_create(&run, ctx, f, NULL, w, &o, err));
    double *last = cli_alloc(p->d, sizeof *last, err);
    tw_status s = last ? until_nothing_moves(run, p, w, last, err) : TW_ERR_MEMORY;
    free(last);
    tw_run_free(run);
    return s;
}

static tw_status compare_sum(tw_context *ctx, const struct table *t, struct problem *p, const char *name,
                             double *worst, tw_error *err)
{
    tw_objective f = TW_OBJECTIVE_INIT;
    CLI_TRY(choose_problem(p, ctx, t, name, &f, err));
    double *w = cli_alloc(p->d, sizeof *w, err);
    if (!w) return TW_ERR_MEMORY;
    tw_status s;
    if (strcmp(strchr(name, '/'), "/optimum") == 0) {
        s = descend(ctx, p, &f, w, err);
        for (size_t i = 0; s == TW_OK && i < t->n; i++)
            if (strcmp(t->rows[i][0], name) == 0) s = compare_row(t, i, p, w, worst, err);
    } else s = run_method(ctx, t, p, &f, name, w, worst, err);
    free(w);
    return s;
}

tw_status compare_finite_sums(tw_context *ctx, const struct table *t, struct report *r, tw_error *err)
{
    struct problem p = {.n = 0};
    if (t->n == 0) return TW_OK; /* a folder without finite sums */
    tw_status s = read_rows(&p, t, err);
    if (s == TW_OK) s = read_order(&p, t, err);
    for (size_t i = 0; s == TW_OK && i < t->n; i++) {
        const char *name = t->rows[i][0];
        double worst = 0, tolerance = strstr(name, "/optimum") ? 1e-9 : 1e-12;
        tw_error why;
        if (!strchr(name, '/') || find(t, name) != (long)i) continue;
        tw_status one = compare_sum(ctx, t, &p, name, &worst, &why);
        if (one == TW_ERR_MEMORY) s = cli_fail(err, one, "%s", why.message);
        else
            report_row(r, "finite sum", name, one == TW_OK && worst <= tolerance, worst / tolerance,
                       -INFINITY, one == TW_OK ? NULL : why.message);
    }
    problem_free(&p);
    return s;
}
