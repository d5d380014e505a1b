/* What the fits before a run say, as tables for people: a row for each penalty of a path, and one for each
 * fold, mean and deviation below. They are made of the result in JSON, so that a finished run has them too.
 * SPDX-License-Identifier: MIT */
#include "train/job.h"
#include "base/decimal.h"
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

/* Room for every cell, and for a model's text in a row of a path. */
static tw_status make(tw_job *job, const json_t *cv, const json_t *path, tw_error *err)
{
    enum { CELL = 32, ROW = TW_SPEC_MAX + 128 };
    const json_t *mean = json_object_get(cv, "mean");
    text t = {.size =
                  (json_array_size(json_object_get(cv, "folds")) + 4) * (json_object_size(mean) + 3) * CELL +
                  (json_array_size(json_object_get(path, "penalties")) + 2) * ROW};
    TW_TRY(tw__alloc(job->ctx, &t.at, t.size, 1, err));
    if (path) put_path(&t, path);
    if (json_object_size(mean)) put_table(&t, cv);
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
    const json_t *cv = json_object_get(result, "cv"), *path = json_object_get(result, "path");
    const tw_status s = cv || path ? make(job, cv, path, err) : TW_OK;
    json_decref(result);
    if (s == TW_OK) *out = cv || path ? job->table : "";
    return s;
}
