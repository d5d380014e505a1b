/* The log of a run, as lines; records of TensorBoard are in run_log_events.c.
 * SPDX-License-Identifier: MIT */
#include "train/run_log.h"
#include "base/decimal.h"
#include "base/sized.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const tw__run_log_names[TW__RUN_LOG_NUMBERS] = {"loss",         "accuracy", "val_loss",
                                                            "val_accuracy", "lr",       "update_loss"};

void tw__run_log_numbers(const tw_run_log_entry *e, double to[TW__RUN_LOG_NUMBERS])
{
    const tw_epoch *l = e->line;
    const double epoch[] = {l ? l->loss : NAN,         l ? l->accuracy : NAN, l ? l->val_loss : NAN,
                            l ? l->val_accuracy : NAN, l ? l->lr : e->lr,     l ? NAN : e->update_loss};
    memcpy(to, epoch, sizeof epoch);
}

const char *const tw__run_log_kinds[TW__RUN_LOG_KINDS] = {"gradient", "weights"};

double tw__run_log_norm(const tw_run *run, int kind, size_t tensor)
{
    tw_norms norms;
    if (tw_run_norms(run, tensor, &norms, NULL) != TW_OK) return NAN;
    return kind == 0 ? norms.gradient : norms.weights;
}

size_t tw__run_log_tensors(const tw_run *run)
{
    size_t n = 0;
    if (run) tw_run_tensors(run, &n);
    return n;
}

const char *tw__run_log_name(const tw_run *run, size_t tensor, char to[TW__RUN_LOG_NAME])
{
    size_t n;
    snprintf(to, TW__RUN_LOG_NAME, "%s", tw_run_tensors(run, &n)[tensor].name);
    for (char *c = to; *c; c++)
        if ((unsigned char)*c < ' ' || strchr("\"\\,", *c)) *c = '_';
    return to;
}

/* ---- lines --------------------------------------------------------------------------------------------- */

typedef struct line {
    char *to;
    size_t n;
} line;

static void put(line *l, const char *text)
{
    const size_t n = strlen(text);
    memcpy(l->to + l->n, text, n + 1);
    l->n += n;
}

static void put_digits(line *l, double x)
{
    char text[32];
    tw__format(text, sizeof text, "%.17g", x);
    put(l, tw_json_shorten(text));
}

/* In JSON with its name; a number that is not finite is left out. */
static void put_number(line *l, enum tw_run_log format, const char *name, double x)
{
    if (format == TW_RUN_LOG_JSON && !isfinite(x)) return;
    put(l, format == TW_RUN_LOG_CSV ? "," : ", \"");
    if (format == TW_RUN_LOG_JSON) put(l, name);
    if (format == TW_RUN_LOG_JSON) put(l, "\": ");
    if (isfinite(x)) put_digits(l, x);
}

/* As an object of the tensors, or as cells. */
static void put_norms(line *l, enum tw_run_log format, const tw_run *run, int kind)
{
    const char *before = "";
    char name[TW__RUN_LOG_NAME];
    if (format == TW_RUN_LOG_JSON) {
        put(l, ", \"");
        put(l, tw__run_log_kinds[kind]);
        put(l, "\": {");
    }
    for (size_t i = 0; i < tw__run_log_tensors(run); i++) {
        const double norm = tw__run_log_norm(run, kind, i);
        if (format == TW_RUN_LOG_CSV) put_number(l, format, NULL, norm);
        if (format == TW_RUN_LOG_CSV || !isfinite(norm)) continue;
        put(l, before);
        put(l, "\"");
        put(l, tw__run_log_name(run, i, name));
        put(l, "\": ");
        put_digits(l, norm);
        before = ", ";
    }
    if (format == TW_RUN_LOG_JSON) put(l, "}");
}

static void put_natural(line *l, uint64_t x)
{
    l->n += (size_t)snprintf(l->to + l->n, 24, "%llu", (unsigned long long)x);
}

static size_t put_entry(enum tw_run_log format, const tw_run_log_entry *e, char *to)
{
    line l = {to, 0};
    double numbers[TW__RUN_LOG_NUMBERS];
    const int is_json = format == TW_RUN_LOG_JSON;
    tw__run_log_numbers(e, numbers);
    if (is_json) put(&l, "{\"epoch\": ");
    put_natural(&l, e->line ? e->line->epoch : e->epoch);
    if (!is_json || !e->line) {
        put(&l, is_json ? ", \"step\": " : ",");
        put_natural(&l, e->step);
    }
    put_number(&l, format, "seconds", e->line ? e->line->seconds : NAN);
    for (int i = 0; i < TW__RUN_LOG_NUMBERS; i++) put_number(&l, format, tw__run_log_names[i], numbers[i]);
    for (int kind = 0; kind < TW__RUN_LOG_KINDS && e->norms; kind++) put_norms(&l, format, e->norms, kind);
    put(&l, is_json ? "}\n" : "\n");
    return l.n;
}

size_t tw_run_log_head(enum tw_run_log format, double time, const tw_run *norms, void *to)
{
    line l = {to, 0};
    char name[TW__RUN_LOG_NAME];
    if (format == TW_RUN_LOG_EVENTS) return tw__run_log_version(time, to);
    if (format != TW_RUN_LOG_CSV) return 0;
    put(&l, "epoch,step,seconds");
    for (int i = 0; i < TW__RUN_LOG_NUMBERS; i++) {
        put(&l, ",");
        put(&l, tw__run_log_names[i]);
    }
    for (int kind = 0; kind < TW__RUN_LOG_KINDS; kind++)
        for (size_t i = 0; i < tw__run_log_tensors(norms); i++) {
            put(&l, ",");
            put(&l, tw__run_log_kinds[kind]);
            put(&l, "/");
            put(&l, tw__run_log_name(norms, i, name));
        }
    put(&l, "\n");
    return l.n;
}

size_t tw_run_log_bytes(enum tw_run_log format, const tw_run_log_entry *given, void *to)
{
    tw_run_log_entry e;
    if (tw__sized_read(&e, sizeof e, given, "tw_run_log_entry", NULL) != TW_OK) return 0;
    return format == TW_RUN_LOG_EVENTS ? tw__run_log_event(&e, to) : put_entry(format, &e, to);
}

/* ---- what stays ---------------------------------------------------------------------------------------- */

/* The number at `*at`, which comes behind `before`; 0: there is none. */
static int read_natural(const char **at, const char *end, const char *before, uint64_t *to)
{
    const size_t n = strlen(before);
    const char *p = *at;
    if ((size_t)(end - p) < n || memcmp(p, before, n) != 0) return 0;
    p += n;
    if (p == end || *p < '0' || *p > '9') return 0;
    for (*to = 0; p < end && *p >= '0' && *p <= '9'; p++)
        if (__builtin_mul_overflow(*to, (uint64_t)10, to) ||
            __builtin_add_overflow(*to, (uint64_t)(*p - '0'), to))
            return 0;
    *at = p;
    return 1;
}

static int is_later(enum tw_run_log format, const char *at, const char *end, uint64_t epochs, uint64_t steps)
{
    const int is_json = format == TW_RUN_LOG_JSON;
    uint64_t epoch, step;
    if (!read_natural(&at, end, is_json ? "{\"epoch\": " : "", &epoch)) return 0;
    if (read_natural(&at, end, is_json ? ", \"step\": " : ",", &step)) return step > steps;
    return epochs > 0 && epoch > epochs;
}

size_t tw_run_log_kept(enum tw_run_log format, const void *bytes, size_t n, uint64_t epochs, uint64_t steps)
{
    const char *text = bytes;
    if (format == TW_RUN_LOG_EVENTS) return tw__run_log_events_kept(bytes, n, steps);
    while (n > 0 && text[n - 1] != '\n') n--;
    while (n > 0) {
        size_t first = n - 1;
        while (first > 0 && text[first - 1] != '\n') first--;
        if (!is_later(format, text + first, text + n, epochs, steps)) break;
        n = first;
    }
    return n;
}
