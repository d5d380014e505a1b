/* Downpour SGD with simulated workers, with AdaGrad on the server and without: what source 004 says of it in
 * 6.2.3, at many rates of the server and with few and many workers.
 * SPDX-License-Identifier: MIT */
#include "race/figures/figure.h"
#include <math.h>
#include <stdio.h>

enum { ROWS = 4000, COLUMNS = 20, PASSES = 20, BATCH = 64, EVERY = 5 };
enum { UPDATES = PASSES * ((ROWS + BATCH - 1) / BATCH) };
static const char replica[] = "sgd:lr=0.1";

static const tw__runner servers[] = {{"sgd", "SGD", "sgd"}, {"adagrad", "AdaGrad", "adagrad"}};
enum { SGD, ADAGRAD, N_SERVERS };
enum { N_CROWDS = 3, N_RATES = 9 };
static const int crowds[N_CROWDS] = {1, 8, 64};

/* Columns that are alike, or every second one a tenth of the others. */
static const struct {
    const char *key, *label;
    double spread;
} data[] = {{"alike", "columns alike", 1}, {"unlike", "columns of two sizes", 0.1}};
enum { ALIKE, UNLIKE, N_DATA };

enum { ROBUST, PARTS };
static const tw__claim_text claim_texts[] = {
    [ROBUST] = {.id = "downpour-adagrad",
                .source = "004, 6.2.3",
                .printed =
                    "正因为该算法结合了自适应学习率的 Adagrad 算法，这极大地提高了 Downpour SGD 的鲁棒性",
                .english = "AdaGrad makes Downpour SGD much more robust",
                .depends =
                    "Where columns differ in size; where they are alike it hangs on how far a run must come",
                .no = "It does not"},
    [PARTS] = {.id = "downpour-diverges",
               .source = "004, 6.2.3",
               .printed = "所以可能会出现参数发散的现象",
               .english = "As its replicas know little of each other, parameters may diverge",
               .no = "None of the runs did"},
};

/* ---- the runs ------------------------------------------------------------------------------------------ */

/* All runs on some rows. */
struct runs {
    tw__rows rows;
    double least, start;                       /* losses: the optimum's, and that at weights of 0 */
    double rate[N_RATES];                      /* of the server: powers of 4 */
    double late[N_SERVERS][N_CROWDS][N_RATES]; /* losses above the least */
    tw__trace path[N_SERVERS][N_CROWDS];       /* at the rate that is best with one worker */
};

static tw_status run(tw__trace *to, const struct runs *r, int server, int crowd, double rate, uint64_t every,
                     tw_error *err)
{
    char exchange[160];
    snprintf(exchange, sizeof exchange,
             "sim:workers=%d,jitter=exponential+downpour:push=%d,fetch=%d,server=\"%s:lr=%s\"", crowds[crowd],
             EVERY, EVERY, servers[server].spec, TW__SIX(rate));
    const tw__trace_setting s = {.optimizer = replica,
                                 .batch = BATCH,
                                 .exchange = exchange,
                                 .updates = UPDATES,
                                 .every = every};
    return tw__trace_make(to, &r->rows, &s, err);
}

static tw_status try_rates(struct runs *r, int server, int crowd, tw_error *err)
{
    for (int i = 0; i < N_RATES; i++) {
        tw__trace t;
        TW_TRY(run(&t, r, server, crowd, r->rate[i], UPDATES / 20, err));
        r->late[server][crowd][i] = tw__late_gap(&t, r->least);
        r->start = t.loss[0];
        tw__trace_free(&t);
    }
    return TW_OK;
}

static double best_rate(const struct runs *r, int server)
{
    int best = 0;
    for (int i = 1; i < N_RATES; i++)
        if (r->late[server][0][i] < r->late[server][0][best]) best = i;
    return r->rate[best];
}

static tw_status run_all(struct runs *r, tw_error *err)
{
    TW_TRY(tw__rows_least(&r->rows, &r->least, err));
    for (int i = 0; i < N_RATES; i++) r->rate[i] = ldexp(1, 2 * (i - N_RATES / 2) - 2);
    for (int k = 0; k < N_SERVERS; k++) {
        for (int c = 0; c < N_CROWDS; c++) TW_TRY(try_rates(r, k, c, err));
        for (int c = 0; c < N_CROWDS; c++) TW_TRY(run(&r->path[k][c], r, k, c, best_rate(r, k), 10, err));
    }
    return TW_OK;
}

static void free_runs(struct runs *r)
{
    for (int k = 0; k < N_SERVERS; k++)
        for (int c = 0; c < N_CROWDS; c++) tw__trace_free(&r->path[k][c]);
    tw__rows_free(&r->rows);
}

/* ---- the claims ---------------------------------------------------------------------------------------- */

/* How far a run must come: the late loss above the least, as a share of the first. */
enum { NEAR, FAR, N_ENDS };
static const struct {
    const char *name;
    double share;
} ends[N_ENDS] = {[NEAR] = {"a tenth", 0.1}, [FAR] = {"a quarter", 0.25}};

static int rates_that_learn(const struct runs *r, int server, int crowd, int end)
{
    int n = 0;
    for (int i = 0; i < N_RATES; i++)
        n += r->late[server][crowd][i] < (r->start - r->least) * ends[end].share;
    return n;
}

static tw_status begin(tw__figure_output *output, int which, tw_claim **c, tw_error *err)
{
    TW_TRY(tw__claim_add(output, &claim_texts[which], c, err));
    TW__APPEND(
        (*c)->setting,
        "logistic regression, %d rows of %d numbers, replicas with %s, batches of %d, %d passes, a push and a fetch every %d "
        "updates, simulated workers whose evaluations take exponential times",
        ROWS, COLUMNS, replica, BATCH, PASSES, EVERY);
    return TW_OK;
}

/* Whether AdaGrad learns at more rates, all crowds together. */
static int compare_rates(const struct runs *r, int end, tw_claim *c)
{
    int all[N_SERVERS] = {0};
    for (int k = 0; k < N_CROWDS; k++) {
        const int sgd = rates_that_learn(r, SGD, k, end), adagrad = rates_that_learn(r, ADAGRAD, k, end);
        TW__APPEND(c->measured, " %d/%d", sgd, adagrad);
        all[SGD] += sgd;
        all[ADAGRAD] += adagrad;
    }
    return all[ADAGRAD] > all[SGD];
}

static tw_status of_rates(tw__figure_output *output, const struct runs *r, tw_error *err)
{
    tw_claim *c;
    int better = 0;
    TW_TRY(begin(output, ROBUST, &c, err));
    TW__APPEND(
        c->measured,
        "of %d rates of the server, powers of 4 from %s to %s, with %d/%d/%d workers so many of SGD/AdaGrad come to",
        N_RATES, TW__REAL(r->rate[0]), TW__REAL(r->rate[N_RATES - 1]), crowds[0], crowds[1], crowds[2]);
    for (int end = 0; end < N_ENDS; end++) {
        TW__APPEND(c->measured, "%s %s of the first loss above the least:", end ? "; to" : "",
                   ends[end].name);
        for (int i = 0; i < N_DATA; i++) {
            TW__APPEND(c->measured, "%s %s", i ? "," : "", data[i].label);
            better += compare_rates(&r[i], end, c);
        }
    }
    tw__claim_decide(c, &claim_texts[ROBUST],
                     better == 0 ? tw__holds(0, 0) : tw__holds(1, better == N_ENDS * N_DATA));
    return TW_OK;
}

/* A late loss above the first; columns alike. */
static tw_status of_divergence(tw__figure_output *output, const struct runs *r, tw_error *err)
{
    tw_claim *c;
    int any = 0;
    TW_TRY(begin(output, PARTS, &c, err));
    for (int k = 0; k < N_SERVERS; k++) {
        TW__APPEND(c->measured, "%s%s on the server, at its best rate with one worker, %s: late ",
                   k ? "; " : "", servers[k].label, TW__REAL(best_rate(r, k)));
        for (int i = 0; i < N_CROWDS; i++) {
            const double late = tw__late_gap(&r->path[k][i], r->least);
            TW__APPEND(c->measured, "%s%s (%d)", i ? ", " : "", TW__REAL(late), crowds[i]);
            any |= !(late < r->start - r->least);
        }
    }
    TW__APPEND(c->measured, " above the least; the first loss is %s above", TW__REAL(r->start - r->least));
    tw__claim_decide(c, &claim_texts[PARTS], tw__holds(any, any));
    return TW_OK;
}

/* ---- the figure ---------------------------------------------------------------------------------------- */

static tw_status write_rates(tw__figure_output *output, const struct runs *r, int i, tw_error *err)
{
    char part[40], names[80] = "rate";
    for (int c = 0; c < N_CROWDS; c++) TW__APPEND(names, ",late%d", crowds[c]);
    for (int k = 0; k < N_SERVERS; k++) {
        const double *columns[1 + N_CROWDS] = {r->rate};
        for (int c = 0; c < N_CROWDS; c++) columns[1 + c] = r->late[k][c];
        snprintf(part, sizeof part, "%s-%s", data[i].key, servers[k].key);
        TW_TRY(tw__output_columns(output, part, names, N_RATES, 1 + N_CROWDS, columns, err));
    }
    snprintf(part, sizeof part, "start_%s", data[i].key);
    tw__output_number(output, part, r->start - r->least);
    return TW_OK;
}

static tw_status write_paths(tw__figure_output *output, const struct runs *r, tw_error *err)
{
    char part[40];
    for (int k = 0; k < N_SERVERS; k++)
        for (int c = 0; c < N_CROWDS; c++) {
            snprintf(part, sizeof part, "path-%s-%d", servers[k].key, crowds[c]);
            TW_TRY(tw__trace_write(output, part, &r->path[k][c], r->least, err));
        }
    return TW_OK;
}

static tw_status make(tw__figure_output *output, tw_error *err)
{
    struct runs r[N_DATA] = {{.least = 0}};
    tw_status s = TW_OK;
    tw__output_runners(output, servers, N_SERVERS);
    for (int i = 0; s == TW_OK && i < N_DATA; i++) {
        s = tw__rows_logistic(&r[i].rows, output->ctx, ROWS, COLUMNS, data[i].spread, err);
        if (s == TW_OK) s = run_all(&r[i], err);
        if (s == TW_OK) s = write_rates(output, &r[i], i, err);
    }
    if (s == TW_OK) s = write_paths(output, &r[ALIKE], err);
    if (s == TW_OK) s = of_rates(output, r, err);
    if (s == TW_OK) s = of_divergence(output, &r[ALIKE], err);
    for (int i = 0; i < N_DATA; i++) free_runs(&r[i]);
    return s;
}

extern const unsigned char tw__asset_figure_downpour[];
extern const tw__figure tw__figure_downpour;
const tw__figure tw__figure_downpour = {
    .kind = {"downpour", "", "004, 6.2.3",
             "Downpour SGD with AdaGrad and without: loss by the server's rate and by passes", 0},
    .script = tw__asset_figure_downpour,
    .make = make,
};
