/* Lists in files; see spool.h.
 * SPDX-License-Identifier: MIT */
#include "data/spool.h"
#include "data/number.h"
#include "file/archive.h"
#include <stdio.h>
#include <string.h>

/* Bytes of a list that are in memory while it is read, and numbers that are written at a time. */
enum { WINDOW = 8 << 20, BLOCK = 1 << 13 };

static tw_status open_file(tw__spool *s, size_t i, const char *path, tw_error *err)
{
    static const char *const names[] = {"x", "columns", "starts", "label", "groups", "weights", "targets"};
    char name[TW__PATH + 16];
    snprintf(name, sizeof name, "%s.%s", path, names[i]);
    return tw__writer_open(&s->file[i], s->ctx, name, err);
}

tw_status tw__spool_create(tw__spool **out, tw_context *ctx, const char *path, tw_error *err)
{
    tw__spool *s;
    const uint64_t first = 0;
    TW_TRY(tw__alloc(ctx, &s, 1, sizeof *s, err));
    *s = (tw__spool){.ctx = ctx, .is_narrow = 1};
    tw_status status = TW_OK;
    for (size_t i = 0; i < TW__SPOOL_LISTS && status == TW_OK; i++) status = open_file(s, i, path, err);
    if (status == TW_OK) status = tw__writer_put(&s->file[TW__SPOOL_STARTS], &first, sizeof first, err);
    if (status == TW_OK) *out = s;
    else tw__spool_free(s);
    return status;
}

void tw__spool_free(tw__spool *s)
{
    if (!s) return;
    for (size_t i = 0; i < TW__SPOOL_LISTS; i++) {
        tw__mapped_free(s->ctx, &s->list[i]);
        tw__writer_abandon(&s->file[i]);
    }
    tw__free(s->ctx, s, 1, sizeof *s);
}

/* A subnormal double that becomes 0 compares equal to it. */
static int is_narrow(const double *x, size_t n)
{
    int is = 1;
    for (size_t i = 0; i < n; i++)
        is &= (double)(float)x[i] == x[i] && ((float)x[i] != 0 || tw__is_zero(x[i]));
    return is;
}

tw_status tw__spool_take(tw__spool *s, tw__row_list *t, tw_error *err)
{
    const void *const lists[] = {t->x,
                                 t->columns,
                                 t->width || !t->rows ? NULL : t->starts + 1,
                                 t->label,
                                 t->has_groups ? t->groups : NULL,
                                 t->has_weights ? t->weights : NULL,
                                 t->n_targets ? t->targets : NULL};
    const size_t bytes[] = {t->numbers * sizeof *t->x,
                            t->numbers * sizeof *t->columns,
                            t->rows * sizeof *t->starts,
                            t->rows * sizeof *t->label,
                            t->rows * sizeof *t->groups,
                            t->rows * sizeof *t->weights,
                            t->rows * t->n_targets * sizeof *t->targets};
    if (s->is_narrow) s->is_narrow = is_narrow(t->x, t->numbers);
    for (size_t i = 1; !t->width && i <= t->rows; i++) t->starts[i] += s->numbers;
    for (size_t i = 0; i < TW__SPOOL_LISTS; i++)
        if (lists[i]) TW_TRY(tw__writer_put(&s->file[i], lists[i], bytes[i], err));
    s->rows += t->rows;
    s->numbers += t->numbers;
    tw__row_list_cut(t, 0, 0);
    return TW_OK;
}

/* A list of so many bytes. */
static tw_status map(tw__spool *s, size_t i, uint64_t bytes, tw_error *err)
{
    tw__stream *stream;
    if (!bytes) return TW_OK;
    TW_TRY(tw__stream_open(&stream, s->ctx, s->file[i].temporary, TW__PLAIN, bytes, err));
    const tw_status status = tw__stream_map(stream, &s->list[i], err);
    tw__stream_close(stream);
    s->list[i].most = WINDOW;
    return status;
}

tw_status tw__spool_end(tw__spool *s, tw__row_list *t, tw_error *err)
{
    TW_TRY(tw__spool_take(s, t, err));
    const uint64_t rows = s->rows, numbers = s->numbers, is_sparse = !t->width;
    const uint64_t bytes[] = {numbers * sizeof *t->x,
                              is_sparse * numbers * sizeof *t->columns,
                              is_sparse * (rows + 1) * sizeof *t->starts,
                              rows * sizeof *t->label,
                              (uint64_t)t->has_groups * rows * sizeof *t->groups,
                              (uint64_t)t->has_weights * rows * sizeof *t->weights,
                              rows * t->n_targets * sizeof *t->targets};
    for (size_t i = 0; i < TW__SPOOL_LISTS; i++) TW_TRY(map(s, i, bytes[i], err));
    return TW_OK;
}

tw_status tw__spool_make_targets(tw__spool *s, size_t n,
                                 void (*set)(const void *user, uint32_t label, double *to), const void *user,
                                 tw_error *err)
{
    const size_t most = n < BLOCK ? BLOCK / n : 1; /* rows at a time */
    tw__mapped *const m = &s->list[TW__SPOOL_LABEL];
    const uint32_t *label = (const uint32_t *)(void *)m->bytes;
    uint64_t bytes;
    double *row;
    if (__builtin_mul_overflow((uint64_t)s->rows, (uint64_t)n * sizeof *row, &bytes))
        return tw__fail(err, TW_ERR_MEMORY, "%zu rows of %zu labels", s->rows, n);
    TW_TRY(tw__alloc(s->ctx, &row, most * n, sizeof *row, err));
    tw_status status = TW_OK;
    for (size_t i = 0, rows; i < s->rows && status == TW_OK; i += rows) {
        rows = s->rows - i < most ? s->rows - i : most;
        memset(row, 0, rows * n * sizeof *row);
        for (size_t k = 0; k < rows; k++) set(user, label[i + k], row + k * n);
        status = tw__writer_put(&s->file[TW__SPOOL_TARGETS], row, rows * n * sizeof *row, err);
        tw__mapped_touch(s->ctx, m, rows * sizeof *label);
    }
    tw__free(s->ctx, row, most * n, sizeof *row);
    return status == TW_OK ? map(s, TW__SPOOL_TARGETS, bytes, err) : status;
}
