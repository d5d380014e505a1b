/* Writing a trace. Events are kept as they come, and written while no worker waits for it.
 * SPDX-License-Identifier: MIT */
#include "exchange/trace.h"
#include "base/decimal.h"
#include "base/io.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 160, NAME = 24, TEXT = 1 << 16, MANY = 4096 };

struct tw__tracer {
    tw_context *ctx;
    tw__writer file;
    size_t workers;
    char text[TEXT]; /* that is to be written */
    size_t n_text;
    pthread_mutex_t lock; /* for what follows */
    tw__trace_event *event;
    size_t n, capacity;
    uint64_t added; /* events, ever */
    tw_status status;
    tw_error error;
};

const char *tw__trace_word(enum tw__trace_kind kind)
{
    static const char *const words[TW__TRACE_KINDS] = {"limit", "compute", "computed", "receive", "step"};
    return words[kind];
}

static tw_status write_text(tw__tracer *t, tw_error *err)
{
    const size_t n = t->n_text;
    t->n_text = 0;
    return tw__writer_put(&t->file, t->text, n, err);
}

static tw_status put(tw__tracer *t, const char *text, size_t n, tw_error *err)
{
    if (t->n_text + n > TEXT) TW_TRY(write_text(t, err));
    memcpy(t->text + t->n_text, text, n);
    t->n_text += n;
    return TW_OK;
}

static tw_status put_line(tw__tracer *t, const char *before, const char *line, size_t n, tw_error *err)
{
    TW_TRY(put(t, before, strlen(before), err));
    TW_TRY(put(t, line, n, err));
    return put(t, "\n", 1, err);
}

static tw_status put_head(tw__tracer *t, const char *head, tw_error *err)
{
    TW_TRY(put_line(t, "", TW__TRACE_MAGIC, strlen(TW__TRACE_MAGIC), err));
    for (const char *end; *head; head = end + 1) {
        end = strchr(head, '\n');
        TW_TRY(put_line(t, "# ", head, (size_t)(end - head), err));
    }
    return put_line(t, "", TW__TRACE_COLUMNS, strlen(TW__TRACE_COLUMNS), err);
}

/* Whether a file begins as a trace does, or is empty. */
static tw_status is_trace(tw_context *ctx, const char *path, int *is, tw_error *err)
{
    const size_t length = strlen(TW__TRACE_MAGIC);
    char head[sizeof TW__TRACE_MAGIC];
    void *file;
    size_t n = 0, got = 1;
    int e = ctx->io.open(ctx->io.user, path, TW_OPEN_READ, &file);
    if (e) return tw__fail_system(err, e, "cannot open", path);
    for (; !e && got > 0 && n < length; n += got)
        e = ctx->io.read(ctx->io.user, file, head + n, length - n, &got);
    ctx->io.close(ctx->io.user, file);
    if (e) return tw__fail_system(err, e, "cannot read", path);
    *is = n == 0 || (n == length && memcmp(head, TW__TRACE_MAGIC, n) == 0);
    return TW_OK;
}

/* An old trace may be replaced, and nothing else. */
static tw_status check_place(tw_context *ctx, const char *path, tw_error *err)
{
    int kind, is = 0;
    TW_TRY(tw__path_kind(ctx, path, &kind, err));
    if (kind == TW_PATH_NONE) return TW_OK;
    if (kind == TW_PATH_FILE) TW_TRY(is_trace(ctx, path, &is, err));
    return is ? TW_OK
              : tw__fail(err, TW_ERR_SPEC, "%.300s is %s, which a trace does not replace: give another name",
                         path,
                         kind == TW_PATH_FILE        ? "a file that is no trace"
                         : kind == TW_PATH_DIRECTORY ? "a folder"
                                                     : "a pipe, socket or device");
}

tw_status tw__tracer_create(tw__tracer **out, tw_context *ctx, const char *path, const char *head,
                            size_t workers, tw_error *err)
{
    tw__tracer *t;
    if (path) TW_TRY(check_place(ctx, path, err));
    TW_TRY(tw__alloc(ctx, &t, 1, sizeof *t, err));
    t->ctx = ctx;
    t->workers = workers;
    tw_status s = path ? tw__writer_open(&t->file, ctx, path, err) : TW_OK;
    if (s == TW_OK && path) s = put_head(t, head, err);
    if (s != TW_OK) {
        tw__writer_abandon(&t->file);
        tw__free(ctx, t, 1, sizeof *t);
        return s;
    }
    pthread_mutex_init(&t->lock, NULL);
    *out = t;
    return TW_OK;
}

void tw__tracer_add(tw__tracer *t, const tw__trace_event *e)
{
    pthread_mutex_lock(&t->lock);
    if (t->status == TW_OK)
        t->status = tw__grow(t->ctx, &t->event, &t->capacity, t->n + 1, sizeof *t->event, &t->error);
    if (t->status == TW_OK) {
        t->event[t->n] = *e;
        t->event[t->n++].number = ++t->added;
    }
    pthread_mutex_unlock(&t->lock);
}

static void write_node(const tw__tracer *t, uint32_t node, char to[NAME])
{
    if (node < t->workers) snprintf(to, NAME, "%u", node);
    else snprintf(to, NAME, "s%zu", node - t->workers);
}

static size_t write_event(const tw__tracer *t, const tw__trace_event *e, char line[LINE])
{
    char who[NAME] = "", from[NAME] = "", staleness[NAME] = "";
    if (e->kind != TW__TRACE_LIMIT) write_node(t, e->who, who);
    if (e->kind == TW__TRACE_RECEIVE) write_node(t, e->from, from);
    if (e->kind == TW__TRACE_STEP)
        snprintf(staleness, sizeof staleness, "%llu", (unsigned long long)e->staleness);
    return (size_t)tw__format(line, LINE, "%.9f,%s,%s,%s,%llu,%s", e->seconds, tw__trace_word(e->kind), who,
                              from, (unsigned long long)e->update, staleness);
}

static tw_status write_events(tw__tracer *t, tw_error *err)
{
    char line[LINE];
    for (size_t i = 0; i < t->n; i++) {
        const size_t n = write_event(t, &t->event[i], line);
        TW_TRY(put_line(t, "", line, n, err));
    }
    t->n = 0;
    return TW_OK;
}

const tw__trace_event *tw__tracer_events(const tw__tracer *t, size_t *n)
{
    *n = t->n;
    return t->event;
}

static int by_time(const void *a, const void *b)
{
    const tw__trace_event *x = a, *y = b;
    if (x->seconds != y->seconds) return x->seconds < y->seconds ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

void tw__tracer_sort(tw__tracer *t)
{
    if (t->n > 1) qsort(t->event, t->n, sizeof *t->event, by_time);
}

static tw_status settle(tw__tracer *t, int all, tw_error *err)
{
    if (!t->file.file) t->n = 0;
    if (t->status == TW_OK && (all || t->n >= MANY)) t->status = write_events(t, &t->error);
    if (t->status != TW_OK && err) *err = t->error;
    return t->status;
}

tw_status tw__tracer_flush(tw__tracer *t, tw_error *err) { return settle(t, 0, err); }

tw_status tw__tracer_end(tw__tracer *t, const char *weights, tw_error *err)
{
    TW_TRY(settle(t, 1, err));
    if (weights) TW_TRY(put_line(t, TW__TRACE_WEIGHTS, weights, strlen(weights), err));
    TW_TRY(write_text(t, err));
    return tw__writer_finish(&t->file, err);
}

void tw__tracer_free(tw__tracer *t)
{
    tw_error err;
    if (!t) return;
    if (t->added > 0 && t->status == TW_OK && t->file.file && tw__tracer_end(t, NULL, &err) != TW_OK)
        tw__log(t->ctx, TW_LOG_WARNING, "%s", err.message);
    tw__writer_abandon(&t->file);
    pthread_mutex_destroy(&t->lock);
    tw__free(t->ctx, t->event, t->capacity, sizeof *t->event);
    tw__free(t->ctx, t, 1, sizeof *t);
}
