/* Workers with weights of their own, simulated where messages are slow: local SGD and elastic averaging, over
 * the number of steps from one mean to the next.
 * SPDX-License-Identifier: MIT */
#include "race/figures/figure.h"
#include <math.h>
#include <stdio.h>

enum { ROWS = 4000, COLUMNS = 20, PASSES = 20, BATCH = 8, WORKERS = 8, EVERY = 50 };
enum { UPDATES = PASSES * (ROWS / BATCH) };
static const char machines[] = "jitter=exponential,latency=1";

static const tw__runner runners[] = {{"average", "local SGD", "average"}, {"easgd", "EASGD", "easgd"}};
enum { AVERAGE, EASGD, N_RUNNERS };
enum { N_STRETCHES = 4, LAST = 3 };
static const int stretches[N_STRETCHES] = {1, 4, 16, 64};

static const struct {
    const char *key, *rule;
} rates[] = {{"small", "sgd:lr=0.1"}, {"large", "sgd:lr=0.5"}};
enum { SMALL, LARGE, N_RATES };

enum { RATE, LITTLE, ELASTIC };
static const tw__claim_text claim_texts[] = {
    [RATE] = {.id = "local-sgd-rate",
              .source = "Stich 2019, abstract",
              .printed =
                  "converges at the same rate as mini-batch SGD in terms of number of evaluated gradients",
              .english = "Local SGD needs no more gradients than steps with the rows of all workers",
              .depends =
                  "At a small learning rate; at a large one means of more steps stay above those of one",
              .no = "It needs more"},
    [LITTLE] = {.id = "local-sgd-little",
                .source = "Stich 2019, title",
                .printed = "Local SGD Converges Fast and Communicates Little",
                .english = "Where messages are slow it is faster",
                .no = "It is not"},
    [ELASTIC] = {.id = "easgd-communication",
                 .source = "Zhang, Choromanska & LeCun 2015, abstract",
                 .printed = "furthermore is very communication efficient",
                 .english = "EASGD needs few messages",
                 .no = "It needs many"},
};

/* ---- the runs ------------------------------------------------------------------------------------------ */

struct runs {
    tw__rows rows;
    double least, limit; /* limit: of the loss, a hundredth of the way from the least to the first */
    tw__trace trace[N_RATES][N_RUNNERS][N_STRETCHES];
};

/* Of all traces, in any order. */
static tw__trace *trace_at(struct runs *r, int i) { return &r->trace[0][0][0] + i; }
enum { N_TRACES = N_RATES * N_RUNNERS * N_STRETCHES };

static tw_status run_all(struct runs *r, tw_error *err)
{
    char exchange[120];
    TW_TRY(tw__rows_least(&r->rows, &r->least, err));
    for (int i = 0; i < N_TRACES; i++) {
        snprintf(exchange, sizeof exchange, "sim:workers=%d,%s+%s:every=%d", WORKERS, machines,
                 runners[i / N_STRETCHES % N_RUNNERS].spec, stretches[i % N_STRETCHES]);
        const tw__trace_setting s = {.optimizer = rates[i / N_STRETCHES / N_RUNNERS].rule,
                                     .batch = BATCH,
                                     .exchange = exchange,
                                     .updates = UPDATES,
                                     .every = EVERY};
        TW_TRY(tw__trace_make(trace_at(r, i), &r->rows, &s, err));
    }
    r->limit = r->least + (trace_at(r, 0)->loss[0] - r->least) / 100;
    return TW_OK;
}

static void free_runs(struct runs *r)
{
    for (int i = 0; i < N_TRACES; i++) tw__trace_free(trace_at(r, i));
    tw__rows_free(&r->rows);
}

/* ---- the claims ---------------------------------------------------------------------------------------- */

/* A column where the loss is first below the limit; infinite: nowhere. */
static double at_limit(const struct runs *r, const tw__trace *t, const double *column)
{
    const int64_t i = tw__first_below(t->loss, t->n, r->limit);
    return i == TW__NEVER ? INFINITY : column[i];
}

/* At the small rate. */
static double passes(const struct runs *r, int runner, int stretch)
{
    const tw__trace *t = &r->trace[SMALL][runner][stretch];
    return at_limit(r, t, t->passes);
}

static double seconds(const struct runs *r, int runner, int stretch)
{
    const tw__trace *t = &r->trace[SMALL][runner][stretch];
    return at_limit(r, t, t->seconds);
}

static double late(const struct runs *r, int rate, int runner, int stretch)
{
    return tw__late_gap(&r->trace[rate][runner][stretch], r->least);
}

static tw_status begin(tw__figure_output *output, int which, tw_claim **c, tw_error *err)
{
    TW_TRY(tw__claim_add(output, &claim_texts[which], c, err));
    TW__APPEND(
        (*c)->setting,
        "logistic regression, %d rows of %d numbers, %s and %s, batches of %d of each worker, %d passes, %d simulated workers "
        "(%s: a message takes as long as an evaluation on the average)",
        ROWS, COLUMNS, rates[SMALL].rule, rates[LARGE].rule, BATCH, PASSES, WORKERS, machines);
    return TW_OK;
}

static void append_all(tw_claim *c, const struct runs *r, int runner)
{
    TW__APPEND(c->measured, "to a hundredth of the first loss above the least, a mean every");
    for (int k = 0; k < N_STRETCHES; k++)
        TW__APPEND(c->measured, "%s %d: %s passes, %s s", k ? ";" : "", stretches[k],
                   TW__REAL(passes(r, runner, k)), TW__REAL(seconds(r, runner, k)));
    for (int rate = 0; rate < N_RATES; rate++)
        TW__APPEND(c->measured, "; late with %s %s above the least every step, %s every %d", rates[rate].rule,
                   TW__REAL(late(r, rate, runner, 0)), TW__REAL(late(r, rate, runner, LAST)),
                   stretches[LAST]);
}

static int needs_no_more(const struct runs *r, int rate)
{
    return passes(r, AVERAGE, LAST) < 1.1 * passes(r, AVERAGE, 0) &&
           late(r, rate, AVERAGE, LAST) < 1.1 * late(r, rate, AVERAGE, 0);
}

static int is_sooner(const struct runs *r, int runner)
{
    return seconds(r, runner, LAST) < seconds(r, runner, 0) / 2;
}

static tw_status claim_one(tw__figure_output *output, const struct runs *r, int which, enum tw_holds holds,
                           tw_error *err)
{
    tw_claim *c;
    TW_TRY(begin(output, which, &c, err));
    append_all(c, r, which == ELASTIC ? EASGD : AVERAGE);
    tw__claim_decide(c, &claim_texts[which], holds);
    return TW_OK;
}

static tw_status claim_all(tw__figure_output *output, const struct runs *r, tw_error *err)
{
    const int average = is_sooner(r, AVERAGE), easgd = is_sooner(r, EASGD);
    TW_TRY(claim_one(output, r, RATE, tw__holds(needs_no_more(r, SMALL), needs_no_more(r, LARGE)), err));
    TW_TRY(claim_one(output, r, LITTLE, tw__holds(average, average), err));
    return claim_one(output, r, ELASTIC, tw__holds(easgd, easgd), err);
}

/* ---- the figure ---------------------------------------------------------------------------------------- */

static tw_status write_all(tw__figure_output *output, const struct runs *r, tw_error *err)
{
    char part[40];
    tw__output_runners(output, runners, N_RUNNERS);
    tw__output_number(output, "limit", r->limit - r->least);
    for (int rate = 0; rate < N_RATES; rate++)
        for (int i = 0; i < N_RUNNERS; i++)
            for (int k = 0; k < N_STRETCHES; k++) {
                snprintf(part, sizeof part, "%s-%s-%d", rates[rate].key, runners[i].key, stretches[k]);
                TW_TRY(tw__trace_write(output, part, &r->trace[rate][i][k], r->least, err));
            }
    return claim_all(output, r, err);
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

extern const unsigned char tw__asset_figure_averaging[];
extern const tw__figure tw__figure_averaging;
const tw__figure tw__figure_averaging = {
    .kind = {"averaging", "", "Stich 2019; Zhang et al. 2015",
             "local SGD and EASGD: loss by passes and by time, over the steps between two means", 0},
    .script = tw__asset_figure_averaging,
    .make = make,
};
