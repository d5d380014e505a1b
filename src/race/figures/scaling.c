/* One to ten thousand simulated workers, one of which is ten times slower: the time to a loss with BSP, SSP
 * and ASP, each at the best of some learning rates, and at the rate of one worker.
 * SPDX-License-Identifier: MIT */
#include "math/elementary.h"
#include "race/figures/figure.h"
#include <math.h>
#include <stdio.h>

enum {
    ROWS = 4000,
    COLUMNS = 20,
    BATCH = 8,
    N_CROWDS = 5,
    N_RATES = 3,
    LEAST_UPDATES = 4000,
    UPDATES_EACH = 4
};
static const int crowds[N_CROWDS] = {1, 10, 100, 1000, 10000};
static const double rate_of_one = 0.25;

/* With BSP every worker has a batch of each step. */
static const tw__runner protocols[] = {{"bsp", "BSP", "average:every=1"},
                                       {"ssp", "SSP, staleness 4", "ps:sync=ssp,staleness=4"},
                                       {"asp", "ASP", "ps:sync=asp"}};
enum { BSP, SSP, ASP, N_PROTOCOLS };

enum { FASTER, SLOWER, CONVERGES };
static const tw__claim_text claim_texts[] = {
    [FASTER] = {.id = "scaling-asp",
                .source = "004, 6.1.1",
                .printed = "可见这种方式比上一种方式速度上快很多",
                .english = "ASP is much faster than BSP",
                .depends = "It is with few workers; many make up for it",
                .no = "It is not"},
    [SLOWER] = {.id = "scaling-slower",
                .source = "004, 6.1.2",
                .printed = "从而使得训练时间可能比单机时还要慢",
                .english = "With a slow worker synchronous updates may take longer than one machine",
                .depends = "With few workers; the batches of many add up to as much",
                .no = "They do not"},
    [CONVERGES] = {.id = "scaling-converges",
                   .source = "004, 6.1.3",
                   .printed = "所以一般情况下最后训练仍会收敛",
                   .english = "With stale gradients training converges all the same, in general",
                   .depends = "At a rate that falls with the number of workers",
                   .no = "It does not"},
};

/* ---- the runs ------------------------------------------------------------------------------------------ */

/* How a run came below the limit; infinite: it did not. */
struct reached {
    double seconds, passes;
};
struct runs {
    tw__rows rows;
    double least, limit;
    double rate[N_PROTOCOLS][N_CROWDS]; /* the best */
    struct reached best[N_PROTOCOLS][N_CROWDS], plain[N_PROTOCOLS][N_CROWDS];
};

static tw_status run(const struct runs *r, int protocol, int crowd, double rate, struct reached *to,
                     tw_error *err)
{
    char exchange[120], optimizer[40];
    const int workers = crowds[crowd], each = UPDATES_EACH * workers;
    snprintf(exchange, sizeof exchange, "sim:workers=%d,jitter=exponential%s+%s", workers,
             workers > 1 ? ",stragglers=1,slow=10" : "", protocols[protocol].spec);
    snprintf(optimizer, sizeof optimizer, "sgd:lr=%s", TW__SIX(rate));
    const tw__trace_setting s = {.optimizer = optimizer,
                                 .batch = BATCH,
                                 .exchange = exchange,
                                 .updates = (uint64_t)(each > LEAST_UPDATES ? each : LEAST_UPDATES),
                                 .every = workers < 20 ? 4 : (uint64_t)workers / 5,
                                 .enough = r->limit};
    tw__trace t;
    TW_TRY(tw__trace_make(&t, &r->rows, &s, err));
    const int64_t i = tw__first_below(t.loss, t.n, r->limit);
    *to = i == TW__NEVER ? (struct reached){INFINITY, INFINITY} : (struct reached){t.seconds[i], t.passes[i]};
    tw__trace_free(&t);
    return TW_OK;
}

/* The largest rate that may do: gradients that are as old as there are workers make what all of them step in
 * a second the limit; the mean of a step's batches has less noise the more there are. */
static double largest_rate(int protocol, int crowd)
{
    const double n = crowds[crowd], most = 4;
    if (protocol == BSP) return rate_of_one * n < most ? rate_of_one * n : most;
    return most / n < rate_of_one ? most / n : rate_of_one;
}

static tw_status try_rates(struct runs *r, int protocol, int crowd, tw_error *err)
{
    struct reached *best = &r->best[protocol][crowd], now;
    double rate = largest_rate(protocol, crowd);
    for (int i = 0; i < N_RATES; i++, rate /= 2) {
        TW_TRY(run(r, protocol, crowd, rate, &now, err));
        if (i > 0 && !(now.seconds < best->seconds)) continue;
        *best = now;
        r->rate[protocol][crowd] = rate;
    }
    return run(r, protocol, crowd, rate_of_one, &r->plain[protocol][crowd], err);
}

static tw_status run_all(struct runs *r, tw_error *err)
{
    TW_TRY(tw__rows_least(&r->rows, &r->least, err));
    r->limit = r->least + (tw__log_f64(2) - r->least) / 20;
    for (int i = 0; i < N_PROTOCOLS; i++)
        for (int k = 0; k < N_CROWDS; k++) TW_TRY(try_rates(r, i, k, err));
    return TW_OK;
}

/* ---- the claims ---------------------------------------------------------------------------------------- */

static tw_status begin(tw__figure_output *output, int which, tw_claim **c, tw_error *err)
{
    TW_TRY(tw__claim_add(output, &claim_texts[which], c, err));
    TW__APPEND(
        (*c)->setting,
        "logistic regression, %d rows of %d numbers, sgd, batches of %d of each worker, exponential times of mean 1 s, of one "
        "worker 10 s, until the loss is a twentieth of the first above the least",
        ROWS, COLUMNS, BATCH);
    return TW_OK;
}

static void append_times(tw_claim *c, const struct reached of[N_CROWDS], const char *what)
{
    TW__APPEND(c->measured, "%s%s", *c->measured ? "; " : "", what);
    for (int k = 0; k < N_CROWDS; k++)
        if (isinf(of[k].seconds)) TW__APPEND(c->measured, "%s never (%d)", k ? "," : "", crowds[k]);
        else TW__APPEND(c->measured, "%s %s s (%d)", k ? "," : "", TW__REAL(of[k].seconds), crowds[k]);
}

static tw_status claim_all(tw__figure_output *output, const struct runs *r, tw_error *err)
{
    tw_claim *c;
    const double few = r->best[BSP][1].seconds / r->best[ASP][1].seconds,
                 many = r->best[BSP][N_CROWDS - 1].seconds / r->best[ASP][N_CROWDS - 1].seconds,
                 alone = r->best[BSP][0].seconds;
    TW_TRY(begin(output, FASTER, &c, err));
    append_times(c, r->best[BSP], "BSP");
    append_times(c, r->best[ASP], "ASP");
    tw__claim_decide(c, &claim_texts[FASTER], tw__holds(few > 2, many > 2));
    TW_TRY(begin(output, SLOWER, &c, err));
    append_times(c, r->best[BSP], "BSP");
    tw__claim_decide(c, &claim_texts[SLOWER],
                     tw__holds(r->best[BSP][1].seconds > alone, r->best[BSP][N_CROWDS - 1].seconds > alone));
    TW_TRY(begin(output, CONVERGES, &c, err));
    append_times(c, r->best[ASP], "ASP at its best rate");
    append_times(c, r->plain[ASP], "at the rate of one worker");
    tw__claim_decide(c, &claim_texts[CONVERGES],
                     tw__holds(isfinite(r->best[ASP][N_CROWDS - 1].seconds) != 0,
                               isfinite(r->plain[ASP][N_CROWDS - 1].seconds) != 0));
    return TW_OK;
}

/* ---- the figure ---------------------------------------------------------------------------------------- */

/* NaN, which leaves a gap: never. */
static double or_gap(double x) { return isinf(x) ? NAN : x; }

static tw_status write_all(tw__figure_output *output, const struct runs *r, tw_error *err)
{
    for (int i = 0; i < N_PROTOCOLS; i++) {
        double column[6][N_CROWDS];
        const double *columns[6];
        for (int k = 0; k < N_CROWDS; k++) {
            column[0][k] = crowds[k];
            column[1][k] = r->rate[i][k];
            column[2][k] = or_gap(r->best[i][k].seconds);
            column[3][k] = or_gap(r->best[i][k].passes);
            column[4][k] = or_gap(r->plain[i][k].seconds);
            column[5][k] = or_gap(r->plain[i][k].passes);
        }
        for (int k = 0; k < 6; k++) columns[k] = column[k];
        TW_TRY(tw__output_columns(output, protocols[i].key,
                                  "workers,rate,seconds,passes,plain_seconds,plain_passes", N_CROWDS, 6,
                                  columns, err));
    }
    tw__output_runners(output, protocols, N_PROTOCOLS);
    return claim_all(output, r, err);
}

static tw_status make(tw__figure_output *output, tw_error *err)
{
    struct runs r = {0};
    TW_TRY(tw__rows_logistic(&r.rows, output->ctx, ROWS, COLUMNS, 1, err));
    tw_status s = run_all(&r, err);
    if (s == TW_OK) s = write_all(output, &r, err);
    tw__rows_free(&r.rows);
    return s;
}

extern const unsigned char tw__asset_figure_scaling[];
extern const tw__figure tw__figure_scaling;
const tw__figure tw__figure_scaling = {
    .kind = {"scaling", "", "004, 6.1",
             "1 to 10,000 simulated workers, one of them slow: the time to a loss with BSP, SSP and ASP", 0},
    .script = tw__asset_figure_scaling,
    .make = make,
};
