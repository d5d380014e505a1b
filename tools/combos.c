/* thalweg combos: which estimators, rules and exchanges go together. Every cell is a run of three steps on
 * eight rows, in which the weights must move and stay finite, or is refused with its reason.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include "table.h"
#include <math.h>
#include <string.h>
#include <thalweg/registry.h>
#include <thalweg/train.h>

enum { WEIGHTS = 8, ROWS = 8, STEPS = 3, EPOCHS = 40, MOST_REASONS = 256 };

/* ---- The run ------------------------------------------------------------------------------------------- */

/* The mean of |w - row|^2 / 2; the rows' numbers are of both signs and none is 0. */
static double row_at(uint64_t row, int i) { return (double)((row * 7 + (uint64_t)i * 3) % 5) / 4 - 0.625; }

static int eval(void *user, const tw_eval *e)
{
    const double *w = e->w;
    double *g = e->gradient;
    (void)user;
    *e->sums = (tw_sums){0, (double)e->n, 0};
    for (int i = 0; i < WEIGHTS; i++) {
        double sum = 0;
        for (size_t k = 0; k < e->n; k++) {
            double off = w[i] - row_at(e->rows[k], i);
            e->sums->loss += off * off / 2;
            sum += off;
        }
        if (e->want & TW_WANT_GRADIENT) g[i] = sum;
    }
    return 0;
}

/* The rows' numbers are computed, so that any number of workers can. */
static tw_status fork_rows(void *user, tw_context *ctx, tw_objective *copy, tw_error *err);
static void free_rows(tw_objective *copy) { (void)copy; }

static const int64_t matrix[] = {2, 3}, vector[] = {2};
static const tw_tensor tensors[] = {{"matrix", 2, matrix, 0, 0}, {"vector", 1, vector, 6, 0}};
static const tw_objective problem = {.size = sizeof problem,
                                     .type = TW_F64,
                                     .tensors = tensors,
                                     .n_tensors = 2,
                                     .n_rows = ROWS,
                                     .lanes = 1,
                                     .eval = eval,
                                     .fork = fork_rows,
                                     .free_fork = free_rows};

static tw_status fork_rows(void *user, tw_context *ctx, tw_objective *copy, tw_error *err)
{
    (void)user, (void)ctx, (void)err;
    *copy = problem;
    return TW_OK;
}

static tw_status three_steps(tw_run *run, const double *w, const double *start, tw_error *err)
{
    const void *shown;
    int status = TW_RUN_GOING, moved = 0;
    /* where workers average seldom, the weights move with the end of the run */
    for (int i = 0; i < STEPS || (status == TW_RUN_GOING && memcmp(w, start, WEIGHTS * sizeof *w) == 0); i++)
        CLI_TRY(tw_run_step(run, &status, err));
    CLI_TRY(tw_run_weights(run, &shown, err));
    for (int i = 0; i < WEIGHTS; i++) {
        if (!isfinite(w[i]) || !isfinite(((const double *)shown)[i]))
            return cli_fail(err, TW_ERR_INTERNAL, "weight %d is not finite after %d steps", i, STEPS);
        moved |= w[i] != start[i];
    }
    return moved ? TW_OK : cli_fail(err, TW_ERR_INTERNAL, "no weight has moved in %d steps", STEPS);
}

static tw_status try_cell(tw_context *ctx, const tw_estimator *estimator, const tw_rule *rule,
                          const char *exchange, tw_error *err)
{
    static const double start[WEIGHTS] = {1, -1, 0.5, 1, -1, 0.5, 1, -1};
    double w[WEIGHTS];
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    tw_run *run;
    memcpy(w, start, sizeof w);
    o.optimizer = rule->name;
    o.estimator = estimator->name;
    o.exchange = exchange;
    o.batch = estimator->takes_batch ? 2 : 0;
    o.epochs = EPOCHS;
    CLI_TRY(tw_run_create(&run, ctx, &problem, NULL, w, &o, err));
    tw_status s = three_steps(run, w, start, err);
    tw_run_free(run);
    return s;
}

/* ---- The table ----------------------------------------------------------------------------------------- */

/* pad: spaces that the next cell of a line begins with, so that none ends with spaces. */
struct table {
    json_t *cells;
    int json, failed, pad, rule_width;
    char reasons[MOST_REASONS][sizeof((tw_error *)NULL)->message];
    int n_reasons;
};

/* The number of a reason, from 1; the first of its kind is kept. 0: no room. */
static int reason_number(struct table *t, const char *text)
{
    for (int i = 0; i < t->n_reasons; i++)
        if (strcmp(t->reasons[i], text) == 0) return i + 1;
    if (t->n_reasons == MOST_REASONS) return 0;
    snprintf(t->reasons[t->n_reasons], sizeof t->reasons[0], "%s", text);
    return ++t->n_reasons;
}

/* A column is as wide as its head, and as "no 999". */
static int column_width(const char *head) { return strlen(head) > 6 ? (int)strlen(head) : 6; }

static void put_word(struct table *t, const char *word, const char *head)
{
    const int width = column_width(head);
    int n = printf("%*s%s", t->pad, "", word) - t->pad;
    t->pad = 2 + (width > n ? width - n : 0);
}

static void put_first(struct table *t, const char *word)
{
    int n = printf("%s", word);
    t->pad = 2 + (t->rule_width > n ? t->rule_width - n : 0);
}

static void put_cell(struct table *t, const tw_estimator *estimator, const tw_rule *rule,
                     const char *exchange, tw_status s, const tw_error *err)
{
    const char *verdict = s == TW_OK ? "runs" : s == TW_ERR_SPEC ? "refused" : "failed";
    t->failed += s != TW_OK && s != TW_ERR_SPEC;
    if (t->json) {
        json_t *cell = json_pack("{s:s, s:s, s:s, s:s}", "estimator", estimator->name, "rule", rule->name,
                                 "exchange", exchange, "verdict", verdict);
        if (s != TW_OK) cell = cli_put(cell, "why", cli_string(err->message));
        t->cells = cli_add(t->cells, cell);
        return;
    }
    char word[32];
    if (s == TW_OK) snprintf(word, sizeof word, "runs");
    else
        snprintf(word, sizeof word, "%s %d", s == TW_ERR_SPEC ? "no" : "FAILED",
                 reason_number(t, err->message));
    put_word(t, word, estimator->name);
}

/* The end of the estimators from `first` on whose columns fit beside the rules, of one at least. */
static size_t last_that_fits(const struct table *t, size_t first)
{
    const int limit = t->json ? 0 : cli_columns(stdout, 0);
    const tw_estimator *e;
    int width = t->rule_width;
    size_t k = first;
    for (; (e = tw_estimator_at(k)) != NULL; k++) {
        width += 2 + column_width(e->name);
        if (limit && width > limit && k > first) break;
    }
    return k;
}

/* The columns of the estimators from first to before last. */
static tw_status put_columns(struct table *t, tw_context *ctx, const char *exchange, size_t first,
                             size_t last, tw_error *err)
{
    const tw_rule *rule;
    if (!t->json) {
        printf("exchange %s\n", exchange);
        put_first(t, "rule");
        for (size_t k = first; k < last; k++) put_word(t, tw_estimator_at(k)->name, tw_estimator_at(k)->name);
    }
    for (size_t i = 0; (rule = tw_rule_at(i)) != NULL; i++) {
        if (!t->json) putchar('\n');
        if (!t->json) put_first(t, rule->name);
        for (size_t k = first; k < last; k++) {
            const tw_estimator *e = tw_estimator_at(k);
            const tw_status s = try_cell(ctx, e, rule, exchange, err);
            if (s == TW_ERR_MEMORY) return s;
            put_cell(t, e, rule, exchange, s, err);
        }
    }
    if (!t->json) puts("");
    return TW_OK;
}

static tw_status put_exchange(struct table *t, tw_context *ctx, const char *exchange, tw_error *err)
{
    for (size_t first = 0, last; tw_estimator_at(first); first = last) {
        last = last_that_fits(t, first);
        CLI_TRY(put_columns(t, ctx, exchange, first, last, err));
    }
    return TW_OK;
}

static tw_status print(struct table *t, tw_error *err)
{
    char line[sizeof t->reasons[0] + 16];
    for (int i = 0; i < t->n_reasons; i++) {
        snprintf(line, sizeof line, "%d: %s", i + 1, t->reasons[i]);
        cli_print_row(0, 3, line);
    }
    if (t->json) CLI_TRY(cli_print_json(t->cells, err));
    return t->failed
               ? cli_fail(err, TW_ERR_INTERNAL, "%d combinations neither run nor are refused", t->failed)
               : TW_OK;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct cli_common *common = call->values;
    const tw_exchange *exchange;
    struct table t = {.cells = common->json ? json_array() : NULL, .json = common->json};
    tw_context *ctx = NULL;
    const tw_rule *rule;
    for (size_t i = 0; (rule = tw_rule_at(i)) != NULL; i++)
        if ((int)strlen(rule->name) > t.rule_width) t.rule_width = (int)strlen(rule->name);
    tw_status status = cli_context(common, &ctx, err);
    for (size_t i = 0; status == TW_OK && (exchange = tw_exchange_at(i)) != NULL; i++)
        if (!exchange->is_transport && !exchange->stands_for)
            status = put_exchange(&t, ctx, exchange->name, err);
    tw_context_free(ctx);
    if (status == TW_OK) return print(&t, err);
    json_decref(t.cells);
    return status;
}

const struct cli_command cli_command_combos = {
    .name = "combos",
    .usage = "[--json]",
    .help = "try every estimator with every rule and exchange",
    .examples = "thalweg combos",
    .options = cli_list_options,
    .size = sizeof(struct cli_common),
    .run = run,
};
