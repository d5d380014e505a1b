/* What the fits before a run say, as tables for people: a row for each penalty of a path, and one for each
 * fold, mean and deviation below; and what workers did. They are made of the result in JSON, so that a
 * finished run has them too.
 * SPDX-License-Identifier: MIT */
#include "train/job.h"
#include "base/decimal.h"
#include "exchange/protocol.h"
#include "train/json.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* A text that is as long as it may become. */
typedef struct text {
    char *at;
    size_t n, size;
} text;

static void put(text *t, int width, const char *word)
{
    const int n = snprintf(t->at + t->n, t->size - t->n, "%*s", width, word);
    if (n > 0) t->n = t->n + (size_t)n < t->size ? t->n + (size_t)n : t->size - 1;
}

static int width_of(const char *name) { return (int)strlen(name) < 9 ? 11 : (int)strlen(name) + 2; }

/* Of the rows that were held out. */
static int is_column(const char *key)
{
    return strcmp(key, "train_loss") != 0 && strcmp(key, "nonzero") != 0;
}

static void put_row(text *t, const char *head, const json_t *rows, const json_t *columns, const json_t *row)
{
    const char *key;
    json_t *unused;
    char word[32];
    put(t, -4, head);
    snprintf(word, sizeof word, "%lld", (long long)json_integer_value(rows));
    put(t, 10, rows ? word : "");
    json_object_foreach ((json_t *)(uintptr_t)columns, key, unused) {
        const double x = tw__json_number_of(row, key);
        if (!is_column(key)) continue;
        tw__format(word, sizeof word, "%.5g", x);
        put(t, width_of(key), isnan(x) ? "-" : word);
    }
    put(t, 0, "\n");
}

static void put_table(text *t, const json_t *cv)
{
    const json_t *folds = json_object_get(cv, "folds"), *mean = json_object_get(cv, "mean"), *row;
    const char *key;
    json_t *unused;
    char number[24];
    size_t i;
    put(t, -4, "fold");
    put(t, 10, "rows");
    json_object_foreach ((json_t *)(uintptr_t)mean, key, unused)
        if (is_column(key)) put(t, width_of(key), key);
    put(t, 0, "\n");
    json_array_foreach ((json_t *)(uintptr_t)folds, i, row) {
        snprintf(number, sizeof number, "%zu", i + 1);
        put_row(t, number, json_object_get(row, "val_rows"), mean, row);
    }
    put_row(t, "mean", NULL, mean, mean);
    put_row(t, "+-", NULL, mean, json_object_get(cv, "deviation"));
}

static void put_number(text *t, double x)
{
    char word[32];
    tw__format(word, sizeof word, "%.5g", x);
    put(t, 12, isnan(x) ? "-" : word);
}

static void put_path(text *t, const json_t *path)
{
    const json_t *row;
    size_t i;
    const size_t best = (size_t)json_integer_value(json_object_get(path, "best")),
                 sparest = (size_t)json_integer_value(json_object_get(path, "one_standard_error"));
    put(t, -40, "penalty");
    put(t, 0, "     nonzero  train_loss        loss          +-\n");
    json_array_foreach ((json_t *)(uintptr_t)json_object_get(path, "penalties"), i, row) {
        put(t, -40, json_string_value(json_object_get(row, "model")));
        put_number(t, tw__json_number_of(row, "nonzero"));
        put_number(t, tw__json_number_of(row, "train_loss"));
        put_number(t, tw__json_number_of(row, "loss"));
        put_number(t, tw__json_number_of(json_object_get(row, "deviation"), "loss"));
        const int is_compared = !isnan(tw__json_number_of(row, "loss"));
        put(t, 0,
            i + 1 == best      ? is_compared ? "  best" : "  taken"
            : i + 1 == sparest ? "  within a standard error"
                               : "");
        put(t, 0, "\n");
    }
    put(t, 0, "\n");
}

/* ---- workers ------------------------------------------------------------------------------------------- */

enum { MOST_ROWS = 8 };

/* Of a worker; 0 where it has none. */
static double seconds_of(const json_t *worker, const char *key)
{
    const json_t *seconds = json_object_get(worker, key);
    return seconds ? json_number_value(seconds) : 0;
}

/* A share of a worker's time. */
static double share(const json_t *worker, const char *key)
{
    const double all = seconds_of(worker, "computing") + seconds_of(worker, "waiting") +
                       seconds_of(worker, "exchanging") + seconds_of(worker, "down");
    return all > 0 ? seconds_of(worker, key) / all : 0;
}

static void put_worker(text *t, const char *head, const json_t *worker, int has_failures, int has_hosts)
{
    static const char *const keys[] = {"computing", "waiting", "exchanging"};
    char word[32];
    put(t, -8, head);
    tw__format(word, sizeof word, "%.0f", tw__json_number_of(worker, "updates"));
    put(t, 10, word);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        tw__format(word, sizeof word, "%.1f%%", 100 * share(worker, keys[i]));
        put(t, 12, word);
    }
    if (has_failures) {
        tw__format(word, sizeof word, "%.1f%%", 100 * share(worker, "down"));
        put(t, 12, word);
        tw__format(word, sizeof word, "%.0f", seconds_of(worker, "failures"));
        put(t, 10, word);
    }
    tw__format(word, sizeof word, "%.4g", tw__json_number_of(worker, "bytes") / 1e6);
    put(t, 12, word);
    const char *const host = json_string_value(json_object_get(worker, "host"));
    if (has_hosts && host) {
        put(t, 0, "  ");
        put(t, 0, host);
    }
    put(t, 0, "\n");
}

/* The first of those with the least or the most updates. */
static size_t extreme(const json_t *each, int sign)
{
    size_t best = 0;
    for (size_t i = 1; i < json_array_size(each); i++)
        if (sign * (tw__json_number_of(json_array_get(each, i), "updates") -
                    tw__json_number_of(json_array_get(each, best), "updates")) >
            0)
            best = i;
    return best;
}

static void put_workers(text *t, const json_t *exchange)
{
    const json_t *each = json_object_get(exchange, "each"), *all = json_object_get(exchange, "all"), *row;
    const int has_failures = json_object_get(all, "failures") != NULL,
              has_hosts = json_object_get(json_array_get(each, 0), "host") != NULL;
    char number[24];
    size_t i, shown[2] = {extreme(each, -1), extreme(each, 1)};
    put(t, 0, "worker     updates   computing     waiting  exchanging");
    put(t, 0, has_failures ? "        down  failures" : "");
    put(t, 0, has_hosts ? "     MB sent  host\n" : "     MB sent\n");
    json_array_foreach ((json_t *)(uintptr_t)each, i, row) {
        if (json_array_size(each) > MOST_ROWS && i != shown[0] && i != shown[1]) continue;
        snprintf(number, sizeof number, "%zu", i);
        put_worker(t, number, row, has_failures, has_hosts);
    }
    put_worker(t, "all", all, has_failures, has_hosts);
}

/* Counts in groups that double: 0, 1, 2 to 3, 4 to 7, ... */
static void put_staleness(text *t, const json_t *staleness)
{
    const json_t *counts = json_object_get(staleness, "counts");
    const size_t bins = json_array_size(counts);
    char word[96];
    double all = 0;
    for (size_t i = 0; i < bins; i++) all += (double)json_integer_value(json_array_get(counts, i));
    tw__format(word, sizeof word, "staleness  mean %.4g, most %.0f:", tw__json_number_of(staleness, "mean"),
               tw__json_number_of(staleness, "most"));
    put(t, 0, word);
    for (size_t lo = 0, hi = 1; lo < bins; lo = hi, hi *= 2) {
        double n = 0;
        for (size_t i = lo; i < hi && i < bins; i++)
            n += (double)json_integer_value(json_array_get(counts, i));
        const double percent = all > 0 ? 100 * n / all : 0;
        if (hi >= TW_STALENESS_BINS) tw__format(word, sizeof word, "  %zu- %.1f%%", lo, percent);
        else if (hi - lo == 1) tw__format(word, sizeof word, "  %zu %.1f%%", lo, percent);
        else tw__format(word, sizeof word, "  %zu-%zu %.1f%%", lo, hi - 1, percent);
        put(t, 0, word);
    }
    put(t, 0, "\n");
}

/* For workers that wait. */
static const char *advice_against_waiting(const char *spec)
{
    tw_exchange_choice choice;
    if (tw_exchange_read(&choice, spec, NULL) != TW_OK) return NULL;
    const tw__protocol *protocol = tw__protocol_of(choice.protocol);
    return protocol->against_waiting ? protocol->against_waiting(choice.values) : NULL;
}

/* Whether the last epoch's loss is above the first one's. */
static int has_risen(const json_t *epochs)
{
    const size_t n = json_array_size(epochs);
    return n > 1 && tw__json_number_of(json_array_get(epochs, n - 1), "loss") >
                        tw__json_number_of(json_array_get(epochs, 0), "loss");
}

/* What would help, if most of the time is lost, or old gradients lead astray. */
static void put_advice(text *t, const json_t *exchange, const json_t *epochs)
{
    const double half = 0.5;
    const json_t *all = json_object_get(exchange, "all");
    const char *spec = json_string_value(json_object_get(exchange, "spec"));
    const double staleness = tw__json_number_of(json_object_get(exchange, "staleness"), "mean");
    char word[200];
    if (!spec) return;
    const char *const advice = share(all, "waiting") > half ? advice_against_waiting(spec) : NULL;
    if (share(all, "exchanging") > half)
        put(t, 0,
            "more than half of the time goes into messages and steps: larger batches (--batch) need fewer of them\n");
    if (advice) {
        put(t, 0, "workers wait for more than half of the time");
        put(t, 0, advice);
        put(t, 0, "\n");
    }
    if (!(staleness >= 1) || !has_risen(epochs)) return;
    tw__format(
        word, sizeof word,
        "the loss has risen, and gradients were %.0f updates old: a lower rate helps, and of ps rate=inverse or "
        "oldest=N\n",
        staleness);
    put(t, 0, word);
}

static void put_exchange(text *t, const json_t *exchange, const json_t *epochs)
{
    const json_t *staleness = json_object_get(exchange, "staleness");
    const double virtual = tw__json_number_of(exchange, "virtual_seconds"),
                 ignored = tw__json_number_of(exchange, "ignored"),
                 lost = tw__json_number_of(exchange, "lost");
    char word[128];
    put_workers(t, exchange);
    if (staleness) put_staleness(t, staleness);
    tw__format(word, sizeof word, "ignored  %.0f gradients, which were too old\n", ignored);
    if (!isnan(ignored)) put(t, 0, word);
    tw__format(word, sizeof word, "lost  %.4g%% of the steps of weights, overwritten by others'\n",
               100 * lost);
    if (!isnan(lost)) put(t, 0, word);
    tw__format(word, sizeof word, "messages  %.0f, %.4g MB, in %.4g %s\n",
               tw__json_number_of(exchange, "messages"), tw__json_number_of(exchange, "bytes") / 1e6,
               isnan(virtual) ? tw__json_number_of(exchange, "seconds") : virtual,
               isnan(virtual) ? "s" : "virtual s");
    put(t, 0, word);
    put_advice(t, exchange, epochs);
    put(t, 0, "\n");
}

/* Room for every cell, and for a model's text in a row of a path. */
static tw_status make(tw_job *job, const json_t *result, tw_error *err)
{
    enum { CELL = 32, ROW = TW_SPEC_MAX + 128, EXCHANGE = 2048 };
    const json_t *cv = json_object_get(result, "cv"), *path = json_object_get(result, "path"),
                 *exchange = json_object_get(result, "exchange"), *mean = json_object_get(cv, "mean");
    text t = {.size =
                  (json_array_size(json_object_get(cv, "folds")) + 4) * (json_object_size(mean) + 3) * CELL +
                  (json_array_size(json_object_get(path, "penalties")) + 2) * ROW + EXCHANGE};
    TW_TRY(tw__alloc(job->ctx, &t.at, t.size, 1, err));
    if (path) put_path(&t, path);
    if (json_object_size(mean)) put_table(&t, cv);
    if (exchange) put_exchange(&t, exchange, json_object_get(result, "epochs"));
    tw__free_text(job->ctx, job->table);
    job->table = NULL;
    const tw_status s = tw__copy_text(job->ctx, &job->table, t.at, err);
    tw__free(job->ctx, t.at, t.size, 1);
    return s;
}

tw_status tw_job_table(tw_job *job, const char **out, tw_error *err)
{
    TW_MAKES(err, out, job);
    json_t *result = json_incref(job->finished);
    if (!result) TW_TRY(tw__job_result(job, &result, err));
    const int has_table = json_object_get(result, "cv") || json_object_get(result, "path") ||
                          json_object_get(result, "exchange");
    const tw_status s = has_table ? make(job, result, err) : TW_OK;
    json_decref(result);
    if (s == TW_OK) *out = has_table ? job->table : "";
    return s;
}
