/* Hogwild! on real threads, against locks, compare-and-swap, turns and one process: the time of an update and
 * what comes of it, from rows that touch few of the columns to rows that touch all. Times are those of this
 * machine at this moment, so that no verdict hangs on them, but for one of a large factor.
 * SPDX-License-Identifier: MIT */
#include "math/elementary.h"
#include "math/normal.h"
#include "race/figures/figure.h"
#include <math.h>
#include <stdio.h>
#include <thalweg/data.h>
#include <thalweg/model.h>

enum { ROWS = 2000, COLUMNS = 512, PASSES = 8, THREADS = 2, SEED = 7, N_DATA = 5 };
static const uint64_t touched[N_DATA] = {2, 8, 32, 128, 512};
static const char sgd[] = "sgd:lr=0.2", falling[] = "inverse_time:decay_rate=1,decay_steps=2000",
                  logistic[] = "logistic:l2=0.001";

static const tw__runner runners[] = {{"serial", "one process", "local"},
                                     {"hogwild", "Hogwild!", "hogwild"},
                                     {"cas", "compare-and-swap", "hogwild-cas"},
                                     {"aig", "a lock for each weight", "aig"},
                                     {"mutex", "one lock", "mutex"},
                                     {"turns", "round-robin", "roundrobin"}};
enum { SERIAL, HOGWILD, TURNS = 5, N_RUNNERS };

enum { SPARSE, SUBLINEAR };
static const tw__claim_text claim_texts[] = {
    [SPARSE] = {.id = "hogwild-sparse",
                .source = "004, 6.2.1",
                .printed = "这个算法适用于稀疏（高维）数据集",
                .english = "Hogwild! is for sparse data of many columns",
                .no = "Updates touch the same weights there, too, or it ends elsewhere"},
    [SUBLINEAR] =
        {.id = "hogwild-rate",
         .source = "004, 6.2.1",
         .printed = "该无锁算法相比于之前的并行算法收敛率虽然仍然是属于次线性收敛，但是大于之前的并行算法",
         .english = "It converges sublinearly, but faster than parallel methods before it, which took turns",
         .no = "It does not"},
};

/* ---- rows ---------------------------------------------------------------------------------------------- */

struct rows {
    float *x;
    uint32_t *columns;
    uint64_t *starts;
    int32_t *labels;
    uint64_t each;
};

static double normal(uint64_t stream, uint64_t i)
{
    return tw__random_normal(SEED, TW__FOR_FIGURE, stream, i);
}

/* A row has a number in each of `each` equal parts of the columns, at a place drawn there: two rows share a
 * column with the probability of each / columns. Its label is drawn by planted weights. */
static void fill(struct rows *r)
{
    const uint64_t part = COLUMNS / r->each;
    for (uint64_t i = 0, at = 0; i < ROWS; i++) {
        double h = 0;
        for (uint64_t k = 0; k < r->each; k++, at++) {
            const uint64_t column = k * part + tw__random_below(SEED, TW__FOR_FIGURE, 0, at, part);
            r->columns[at] = (uint32_t)column;
            r->x[at] = (float)(normal(1, at) / sqrt((double)r->each));
            h += 3 * (double)r->x[at] * normal(2, column);
        }
        r->labels[i] = tw__random_unit(SEED, TW__FOR_FIGURE, 3, i) * (1 + tw__exp_f64(-h)) < 1;
        r->starts[i + 1] = at;
    }
}

static tw_status fill_data(struct rows *r, tw_context *ctx, tw_data **out, tw_error *err)
{
    TW_TRY(tw__alloc(ctx, &r->x, ROWS * r->each, sizeof *r->x, err));
    TW_TRY(tw__alloc(ctx, &r->columns, ROWS * r->each, sizeof *r->columns, err));
    TW_TRY(tw__alloc(ctx, &r->starts, ROWS + 1, sizeof *r->starts, err));
    TW_TRY(tw__alloc(ctx, &r->labels, ROWS, sizeof *r->labels, err));
    fill(r);
    const tw_data_info info = {.size = sizeof info,
                               .rows = ROWS,
                               .rank = 1,
                               .shape = {COLUMNS},
                               .type = TW_F32,
                               .x = r->x,
                               .starts = r->starts,
                               .columns = r->columns,
                               .labels = r->labels};
    return tw_data_create(out, ctx, &info, err);
}

static tw_status make_data(tw_context *ctx, uint64_t each, tw_data **out, tw_error *err)
{
    struct rows r = {.each = each};
    const tw_status s = fill_data(&r, ctx, out, err);
    tw__free(ctx, r.x, ROWS * each, sizeof *r.x);
    tw__free(ctx, r.columns, ROWS * each, sizeof *r.columns);
    tw__free(ctx, r.starts, ROWS + 1, sizeof *r.starts);
    tw__free(ctx, r.labels, ROWS, sizeof *r.labels);
    return s;
}

/* ---- the runs ------------------------------------------------------------------------------------------ */

/* What a run came to; loss: over all rows in the end, half: after half of the passes. */
struct outcome {
    double microseconds, loss, half, lost;
};
struct runs {
    double first[N_DATA], least[N_DATA]; /* losses: of weights of 0; of the optimum */
    struct outcome of[N_DATA][N_RUNNERS][THREADS];
};

/* Passes until so many are made, and the loss there. */
static tw_status pass(tw_run *run, tw_context *ctx, const tw_objective *f, uint64_t until, double *loss,
                      tw_error *err)
{
    const void *weights;
    tw_metrics m;
    int status = TW_RUN_GOING;
    while (tw_run_steps(run) < until * ROWS) TW_TRY(tw_run_step(run, &status, err));
    TW_TRY(tw_run_weights(run, &weights, err));
    TW_TRY(tw_evaluate(ctx, f, weights, &m, err));
    *loss = m.loss;
    return TW_OK;
}

static tw_status follow(tw_run *run, tw_context *ctx, const tw_objective *f, struct outcome *to,
                        tw_error *err)
{
    tw_exchange_info info = {.size = sizeof info};
    TW_TRY(pass(run, ctx, f, PASSES / 2, &to->half, err));
    TW_TRY(pass(run, ctx, f, PASSES, &to->loss, err));
    to->microseconds = tw_run_seconds(run) * 1e6 / ((double)PASSES * ROWS);
    const int has_workers = tw_run_exchange(run, &info, NULL) == TW_OK;
    to->lost = has_workers && info.stores ? (double)info.lost / (double)info.stores : 0;
    return TW_OK;
}

static tw_status train(tw_context *ctx, tw_model *model, const tw_objective *f, const char *exchange,
                       struct outcome *to, tw_error *err)
{
    tw_run *run;
    const tw_run_options o = {.size = sizeof o,
                              .optimizer = sgd,
                              .schedule = falling,
                              .exchange = exchange,
                              .batch = 1,
                              .epochs = PASSES,
                              .sparse = TW_RUN_SPARSE_DEGREE,
                              .seed = SEED};
    TW_TRY(tw_run_create(&run, ctx, f, NULL, tw_model_weights(model), &o, err));
    const tw_status s = follow(run, ctx, f, to, err);
    tw_run_free(run);
    return s;
}

/* From weights of 0. */
static tw_status try_one(tw_context *ctx, const tw_data *data, const char *exchange, struct outcome *to,
                         tw_error *err)
{
    tw_model *model;
    tw_objective f = TW_OBJECTIVE_INIT;
    TW_TRY(tw_model_create(&model, ctx, logistic, TW_F64, data, SEED, err));
    tw_status s = tw_model_objective(model, data, &f, err);
    if (s == TW_OK) s = train(ctx, model, &f, exchange, to, err);
    tw_model_objective_free(&f);
    tw_model_free(model);
    return s;
}

static tw_status descend(tw_context *ctx, tw_model *model, const tw_objective *f, double *first,
                         double *least, tw_error *err)
{
    tw_run *run;
    tw_metrics m;
    int status = TW_RUN_GOING;
    const tw_run_options o = {.size = sizeof o, .solver = "lbfgs", .epochs = 200};
    TW_TRY(tw_evaluate(ctx, f, tw_model_weights(model), &m, err));
    *first = m.loss;
    TW_TRY(tw_run_create(&run, ctx, f, NULL, tw_model_weights(model), &o, err));
    tw_status s = TW_OK;
    while (s == TW_OK && status == TW_RUN_GOING) s = tw_run_step(run, &status, err);
    if (s == TW_OK) s = tw_evaluate(ctx, f, tw_model_weights(model), &m, err);
    *least = m.loss;
    tw_run_free(run);
    return s;
}

static tw_status find_least(tw_context *ctx, const tw_data *data, double *first, double *least, tw_error *err)
{
    tw_model *model;
    tw_objective f = TW_OBJECTIVE_INIT;
    TW_TRY(tw_model_create(&model, ctx, logistic, TW_F64, data, SEED, err));
    tw_status s = tw_model_objective(model, data, &f, err);
    if (s == TW_OK) s = descend(ctx, model, &f, first, least, err);
    tw_model_objective_free(&f);
    tw_model_free(model);
    return s;
}

static tw_status run_on(struct runs *r, tw_context *ctx, int i, const tw_data *data, tw_error *err)
{
    char exchange[60];
    TW_TRY(find_least(ctx, data, &r->first[i], &r->least[i], err));
    for (int k = 0; k < N_RUNNERS; k++)
        for (int t = 0; t < THREADS; t++) {
            struct outcome *to = &r->of[i][k][t];
            snprintf(exchange, sizeof exchange, "%s:workers=%d", runners[k].spec, t + 1);
            if (k == SERIAL && t > 0) *to = r->of[i][k][0];
            else TW_TRY(try_one(ctx, data, k == SERIAL ? "local" : exchange, to, err));
        }
    return TW_OK;
}

static tw_status run_all(struct runs *r, tw_context *ctx, tw_error *err)
{
    for (int i = 0; i < N_DATA; i++) {
        tw_data *data;
        TW_TRY(make_data(ctx, touched[i], &data, err));
        const tw_status s = run_on(r, ctx, i, data, err);
        tw_data_free(data);
        TW_TRY(s);
    }
    return TW_OK;
}

/* ---- the claims ---------------------------------------------------------------------------------------- */

static tw_status begin(tw__figure_output *output, int which, tw_claim **c, tw_error *err)
{
    TW_TRY(tw__claim_add(output, &claim_texts[which], c, err));
    TW__APPEND(
        (*c)->setting,
        "%s, %d rows with 2 to %d numbers in %d columns, %s falling by %s, single rows, %d passes, %d threads",
        logistic, ROWS, COLUMNS, COLUMNS, sgd, falling, PASSES, THREADS);
    return TW_OK;
}

/* How far two threads end from one process, of its loss. */
static double off(const struct runs *r, int data)
{
    return r->of[data][HOGWILD][THREADS - 1].loss / r->of[data][SERIAL][0].loss - 1;
}

/* An update finds few weights that the one before has stepped, and none of it harms. */
static int goes_well(const struct runs *r, int data)
{
    return (double)touched[data] / COLUMNS < 0.05 && fabs(off(r, data)) < 0.02;
}

/* With a linear rate twice the passes would square what is left. */
static int is_sublinear(const struct runs *r, int data)
{
    const struct outcome *o = &r->of[data][HOGWILD][THREADS - 1];
    const double all = r->first[data] - r->least[data], half = (o->half - r->least[data]) / all;
    return (o->loss - r->least[data]) / all > 2 * half * half;
}

static tw_status claim_all(tw__figure_output *output, const struct runs *r, tw_error *err)
{
    enum { LAST = N_DATA - 1 };
    tw_claim *c;
    const int is_for_sparse = goes_well(r, 0) && !goes_well(r, LAST);
    TW_TRY(begin(output, SPARSE, &c, err));
    for (int i = 0; i < N_DATA; i += LAST)
        TW__APPEND(
            c->measured,
            "%srows that touch %s of the columns: the next update touches as large a share of the same weights; here %s of the "
            "steps of weights were lost, and the loss is %s from one process's",
            i ? "; " : "", TW__REAL((double)touched[i] / COLUMNS),
            TW__REAL(r->of[i][HOGWILD][THREADS - 1].lost), TW__REAL(off(r, i)));
    tw__claim_decide(c, &claim_texts[SPARSE], tw__holds(is_for_sparse, is_for_sparse));
    const struct outcome *o = &r->of[0][HOGWILD][THREADS - 1], *turns = &r->of[0][TURNS][THREADS - 1];
    const int holds = is_sublinear(r, 0) && o->microseconds < turns->microseconds;
    TW_TRY(begin(output, SUBLINEAR, &c, err));
    TW__APPEND(
        c->measured,
        "from %s above the least to %s after %d passes and %s after %d, of rows with 2 numbers; an update took %s us here, in "
        "turns %s us",
        TW__REAL(r->first[0] - r->least[0]), TW__REAL(o->half - r->least[0]), PASSES / 2,
        TW__REAL(o->loss - r->least[0]), PASSES, TW__REAL(o->microseconds), TW__REAL(turns->microseconds));
    tw__claim_decide(c, &claim_texts[SUBLINEAR], tw__holds(holds, holds));
    return TW_OK;
}

/* ---- the figure ---------------------------------------------------------------------------------------- */

static tw_status write_runner(tw__figure_output *output, const struct runs *r, int runner, int threads,
                              tw_error *err)
{
    double share[N_DATA], time[N_DATA], change[N_DATA], lost[N_DATA], pace[N_DATA];
    const double *const columns[] = {share, time, pace, change, lost};
    char part[40];
    for (int i = 0; i < N_DATA; i++) {
        const struct outcome *o = &r->of[i][runner][threads - 1], *serial = &r->of[i][SERIAL][0];
        share[i] = (double)touched[i] / COLUMNS;
        time[i] = o->microseconds;
        pace[i] = serial->microseconds / o->microseconds;
        change[i] = 100 * (o->loss / serial->loss - 1);
        lost[i] = o->lost;
    }
    snprintf(part, sizeof part, "%s-%d", runners[runner].key, threads);
    return tw__output_columns(output, part, "share,microseconds,speedup,percent,lost", N_DATA, 5, columns,
                              err);
}

static tw_status make(tw__figure_output *output, tw_error *err)
{
    struct runs r = {0};
    TW_TRY(run_all(&r, output->ctx, err));
    for (int k = 0; k < N_RUNNERS; k++)
        for (int t = 1; t <= THREADS; t++) TW_TRY(write_runner(output, &r, k, t, err));
    tw__output_runners(output, runners, N_RUNNERS);
    return claim_all(output, &r, err);
}

extern const unsigned char tw__asset_figure_hogwild[];
extern const tw__figure tw__figure_hogwild;
const tw__figure tw__figure_hogwild = {
    .kind = {"hogwild", "", "004, 6.2.1",
             "Hogwild! against locks and turns on this machine's threads, from sparse rows to dense ones", 0},
    .script = tw__asset_figure_hogwild,
    .make = make,
};
