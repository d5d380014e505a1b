/* Parameter servers with simulated workers: what source 004 says of BSP, ASP and SSP in its chapter 6,
 * whose author had no machines to try it on.
 * SPDX-License-Identifier: MIT */
#include "race/figures/figure.h"
#include <math.h>
#include <stdio.h>

enum { ROWS = 4000, COLUMNS = 20, PASSES = 20, BATCH = 64, WORKERS = 8 };
enum { UPDATES = PASSES * ((ROWS + BATCH - 1) / BATCH) };
static const char sgd[] = "sgd:lr=1", falling[] = "inverse_time:decay_rate=1,decay_steps=100";

static const tw__runner runners[] = {
    {"bsp", "BSP", "sync=bsp"},
    {"ssp", "SSP, staleness 4", "sync=ssp,staleness=4"},
    {"asp", "ASP", "sync=asp"},
};
enum { BSP, SSP, ASP, N_RUNNERS };

/* How long evaluations take: as long on all workers but at random, or ten times as long on one of them. */
static const struct {
    const char *key, *times;
} machines[] = {{"random", "jitter=lognormal,sigma=1"}, {"slow", "stragglers=1,slow=10"}};
enum { RANDOM, SLOW, N_MACHINES };

enum { COSTS, HOLDS_UP, STALE, UNSTEADY, BETWEEN };
static const tw__claim_text claim_texts[] = {
    [COSTS] = {.id = "workers-bsp",
               .source = "004, 6.1.1",
               .printed = "这种形式会产生多余的时间成本，但是其准确性是比较高的",
               .english = "BSP costs time, but is exact",
               .no = "It does not"},
    [HOLDS_UP] = {.id = "workers-straggler",
                  .source = "004, 6.1.2",
                  .printed = "若有一台 worker 的 GPU 较差，那么就会产生巨大的通信成本并且有短板效应",
                  .english = "One slow worker holds up all, where updates are synchronous",
                  .no = "It does not"},
    [STALE] = {.id = "workers-stale",
               .source = "004, 6.1.1",
               .printed = "这可能会导致梯度过期的现象",
               .english = "ASP has stale gradients",
               .no = "It has none"},
    [UNSTEADY] = {.id = "workers-unsteady",
                  .source = "004, 6.1.3",
                  .printed = "这种过期梯度的情况会导致梯度下降过程变得不稳定",
                  .english = "Stale gradients make descent unsteady",
                  .no = "They do not"},
    [BETWEEN] =
        {.id = "workers-ssp",
         .source = "004, 6.1.1",
         .printed = "这种算法保留了 ASP 协议的优势，同时也使得算法的收敛更加有效",
         .english = "SSP keeps ASP's advantage and converges better",
         .depends =
             "It is as fast where delays come and go; one worker that is always slow holds it up as it does BSP",
         .no = "It does not"},
};

/* ---- the runs ------------------------------------------------------------------------------------------ */

enum { MOST_UNSTEADY = 3 };
static const int crowds[MOST_UNSTEADY] = {1, 8, 64};

struct runs {
    tw__rows rows;
    double least;
    tw__trace local, trace[N_MACHINES][N_RUNNERS], crowd[MOST_UNSTEADY];
};

static tw_status run(tw__trace *to, const tw__rows *rows, const char *exchange, const char *schedule,
                     uint64_t every, tw_error *err)
{
    const tw__trace_setting s = {.optimizer = sgd,
                                 .batch = BATCH,
                                 .exchange = exchange,
                                 .schedule = schedule,
                                 .updates = UPDATES,
                                 .every = every};
    return tw__trace_make(to, rows, &s, err);
}

static tw_status run_all(struct runs *r, tw_error *err)
{
    enum { EVERY = 10 };
    char exchange[120];
    TW_TRY(tw__rows_least(&r->rows, &r->least, err));
    TW_TRY(run(&r->local, &r->rows, NULL, falling, EVERY, err));
    for (int m = 0; m < N_MACHINES; m++)
        for (int i = 0; i < N_RUNNERS; i++) {
            snprintf(exchange, sizeof exchange, "sim:workers=%d,%s+ps:%s", WORKERS, machines[m].times,
                     runners[i].spec);
            TW_TRY(run(&r->trace[m][i], &r->rows, exchange, falling, EVERY, err));
        }
    for (int i = 0; i < MOST_UNSTEADY; i++) {
        snprintf(exchange, sizeof exchange, "sim:workers=%d,jitter=exponential+ps:sync=asp", crowds[i]);
        TW_TRY(run(&r->crowd[i], &r->rows, exchange, NULL, 1, err));
    }
    return TW_OK;
}

static void free_runs(struct runs *r)
{
    tw__trace_free(&r->local);
    for (int m = 0; m < N_MACHINES; m++)
        for (int i = 0; i < N_RUNNERS; i++) tw__trace_free(&r->trace[m][i]);
    for (int i = 0; i < MOST_UNSTEADY; i++) tw__trace_free(&r->crowd[i]);
    tw__rows_free(&r->rows);
}

/* ---- the claims ---------------------------------------------------------------------------------------- */

static double seconds(const struct runs *r, int machine, int runner)
{
    const tw__trace *t = &r->trace[machine][runner];
    return t->seconds[t->n - 1];
}

static int is_local(const struct runs *r, const tw__trace *t)
{
    int same = t->n == r->local.n;
    for (size_t i = 0; i < t->n && same; i++) same = t->loss[i] == r->local.loss[i];
    return same;
}

static tw_status begin(tw__figure_output *output, int which, tw_claim **c, tw_error *err)
{
    TW_TRY(tw__claim_add(output, &claim_texts[which], c, err));
    TW__APPEND(
        (*c)->setting,
        "logistic regression, %d rows of %d numbers, %s %s, batches of %d, %d passes, %d simulated workers whose evaluations "
        "take lognormal times (sigma 1), or of which one takes ten times as long",
        ROWS, COLUMNS, sgd, which == UNSTEADY ? "constant" : falling, BATCH, PASSES, WORKERS);
    return TW_OK;
}

static void decide(tw_claim *c, int which, int here, int elsewhere)
{
    tw__claim_decide(c, &claim_texts[which], tw__holds(here, elsewhere));
}

static tw_status of_time(tw__figure_output *output, const struct runs *r, tw_error *err)
{
    tw_claim *c;
    const double costs = seconds(r, RANDOM, BSP) / seconds(r, RANDOM, ASP),
                 bsp = seconds(r, SLOW, BSP) / seconds(r, RANDOM, BSP),
                 asp = seconds(r, SLOW, ASP) / seconds(r, RANDOM, ASP);
    const int exact = is_local(r, &r->trace[RANDOM][BSP]);
    TW_TRY(begin(output, COSTS, &c, err));
    TW__APPEND(
        c->measured,
        "with times at random BSP takes %s times as long as ASP for the same passes; all its losses are those of one process "
        "to the bit: %s",
        TW__REAL(costs), exact ? "yes" : "no");
    decide(c, COSTS, costs > 1.2 && exact, costs > 1.2 && exact);
    TW_TRY(begin(output, HOLDS_UP, &c, err));
    TW__APPEND(c->measured,
               "one worker in %d that is ten times slower makes BSP take %s times as long, ASP %s times",
               WORKERS, TW__REAL(bsp), TW__REAL(asp));
    decide(c, HOLDS_UP, bsp > 2 && asp<1.5, bsp> 2 && asp < 1.5);
    return TW_OK;
}

static tw_status of_staleness(tw__figure_output *output, const struct runs *r, tw_error *err)
{
    tw_claim *c;
    size_t rises[MOST_UNSTEADY];
    TW_TRY(begin(output, STALE, &c, err));
    TW__APPEND(c->measured, "a gradient of ASP is %s updates old on the average, of SSP %s, of BSP none",
               TW__REAL(r->trace[RANDOM][ASP].staleness), TW__REAL(r->trace[RANDOM][SSP].staleness));
    const int stale = r->trace[RANDOM][ASP].staleness > 1 && isnan(r->trace[RANDOM][BSP].staleness);
    decide(c, STALE, stale, stale);
    TW_TRY(begin(output, UNSTEADY, &c, err));
    for (int i = 0; i < MOST_UNSTEADY; i++) {
        rises[i] = tw__rises(r->crowd[i].loss, r->crowd[i].n);
        TW__APPEND(
            c->measured,
            "%s%d ASP worker%s, times exponential: %zu of %d updates make the loss rise, late %s above the least",
            i ? "; " : "", crowds[i], crowds[i] > 1 ? "s" : "", rises[i], UPDATES,
            TW__REAL(tw__late_gap(&r->crowd[i], r->least)));
    }
    const double calm = tw__late_gap(&r->crowd[0], r->least),
                 wild = tw__late_gap(&r->crowd[MOST_UNSTEADY - 1], r->least);
    decide(c, UNSTEADY, !(wild < 2 * calm), !(wild < 2 * calm));
    return TW_OK;
}

static tw_status of_ssp(tw__figure_output *output, const struct runs *r, tw_error *err)
{
    tw_claim *c;
    int fast[N_MACHINES];
    TW_TRY(begin(output, BETWEEN, &c, err));
    for (int m = 0; m < N_MACHINES; m++) {
        fast[m] = seconds(r, m, SSP) < 0.6 * seconds(r, m, BSP) &&
                  tw__late_gap(&r->trace[m][SSP], r->least) < tw__late_gap(&r->trace[m][ASP], r->least);
        TW__APPEND(c->measured,
                   "%s: BSP takes %s, SSP %s, ASP %s seconds, and is late %s, %s, %s above the least",
                   m ? "; one slow" : "at random", TW__REAL(seconds(r, m, BSP)), TW__REAL(seconds(r, m, SSP)),
                   TW__REAL(seconds(r, m, ASP)), TW__REAL(tw__late_gap(&r->trace[m][BSP], r->least)),
                   TW__REAL(tw__late_gap(&r->trace[m][SSP], r->least)),
                   TW__REAL(tw__late_gap(&r->trace[m][ASP], r->least)));
    }
    decide(c, BETWEEN, fast[RANDOM], fast[SLOW]);
    return TW_OK;
}

/* ---- the figure ---------------------------------------------------------------------------------------- */

static tw_status write_all(tw__figure_output *output, const struct runs *r, tw_error *err)
{
    char part[40];
    tw__output_runners(output, runners, N_RUNNERS);
    for (int m = 0; m < N_MACHINES; m++)
        for (int i = 0; i < N_RUNNERS; i++) {
            snprintf(part, sizeof part, "%s-%s", machines[m].key, runners[i].key);
            TW_TRY(tw__trace_write(output, part, &r->trace[m][i], r->least, err));
        }
    for (int i = 0; i < MOST_UNSTEADY; i++) {
        snprintf(part, sizeof part, "crowd-%d", crowds[i]);
        TW_TRY(tw__trace_write(output, part, &r->crowd[i], r->least, err));
    }
    TW_TRY(of_time(output, r, err));
    TW_TRY(of_staleness(output, r, err));
    return of_ssp(output, r, err);
}

static tw_status make(tw__figure_output *output, tw_error *err)
{
    struct runs r = {0};
    TW_TRY(tw__rows_logistic(&r.rows, output->ctx, ROWS, COLUMNS, 1, err));
    tw_status s = run_all(&r, err);
    if (s == TW_OK) s = write_all(output, &r, err);
    free_runs(&r);
    return s;
}

extern const unsigned char tw__asset_figure_workers[];
extern const tw__figure tw__figure_workers;
const tw__figure tw__figure_workers = {
    .kind = {"workers", "", "004, 6.1",
             "BSP, SSP and ASP with simulated workers: loss by time, and by staleness", 0},
    .script = tw__asset_figure_workers,
    .make = make,
};
