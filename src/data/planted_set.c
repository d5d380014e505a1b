/* The data set "sparse": drawn into memory, or written as a LIBSVM file.
 * SPDX-License-Identifier: MIT */
#include "data/planted.h"
#include "data/reader.h"
#include "file/together.h"
#include <stdio.h>
#include <string.h>

/* ---- in memory ----------------------------------------------------------------------------------------- */

/* x and columns are made as long as they may have to be, and shortened at the end. */
static tw_status draw_rows(tw_data_info *to, const tw__planted *p, tw_context *ctx, uint64_t first,
                           tw__planted_row *row, tw_error *err)
{
    const size_t n = (size_t)to->rows;
    size_t capacity[2] = {n * tw__planted_most(p), n * tw__planted_most(p)};
    uint64_t *starts;
    int32_t *labels;
    float *x = NULL;
    uint32_t *columns = NULL;
    TW_TRY(tw__alloc(ctx, &labels, n, sizeof *labels, err));
    to->labels = labels;
    TW_TRY(tw__alloc(ctx, &starts, n + 1, sizeof *starts, err));
    to->starts = starts;
    tw_status s = tw__alloc(ctx, &x, capacity[0], sizeof *x, err);
    if (s == TW_OK) s = tw__alloc(ctx, &columns, capacity[1], sizeof *columns, err);
    for (size_t i = 0; s == TW_OK && i < n; i++) {
        tw__planted_draw(p, first + i, row);
        memcpy(columns + starts[i], row->column, row->n * sizeof *columns);
        for (size_t j = 0; j < row->n; j++) x[starts[i] + j] = (float)row->units[j] / TW__PLANTED_UNIT;
        starts[i + 1] = starts[i] + row->n;
        labels[i] = row->class;
    }
    if (s == TW_OK) s = tw__resize(ctx, &x, &capacity[0], (size_t)starts[n], sizeof *x, err);
    if (s == TW_OK) s = tw__resize(ctx, &columns, &capacity[1], (size_t)starts[n], sizeof *columns, err);
    if (s == TW_OK) {
        to->x = x;
        to->columns = columns;
        return TW_OK;
    }
    tw__free(ctx, x, capacity[0], sizeof *x);
    tw__free(ctx, columns, capacity[1], sizeof *columns);
    return s;
}

static tw_status draw_part(tw__block **block, const tw__planted *p, tw_context *ctx, uint64_t first,
                           uint64_t rows, tw_error *err)
{
    tw_data_info all = {.size = sizeof all,
                        .rows = rows,
                        .rank = 1,
                        .shape = {p->columns},
                        .type = TW_F32,
                        .name = "sparse"};
    tw__planted_row row;
    tw_status s = tw__planted_new(p, ctx, &row, err);
    if (s == TW_OK) s = draw_rows(&all, p, ctx, first, &row, err);
    tw__planted_free(p, ctx, &row);
    if (s == TW_OK) return tw__block_create(block, ctx, &all, NULL, err);
    tw__data_free_rows(ctx, &all, NULL);
    return s;
}

static tw_status open_sparse(tw__parts *to, const tw__opening *o, tw_error *err)
{
    static const tw__planted p = {.columns = TW__PLANTED_COLUMNS, .nonzeros = TW__PLANTED_NONZEROS};
    if (o->want_train) TW_TRY(draw_part(&to->train, &p, o->ctx, 0, TW__PLANTED_TRAIN, err));
    return o->want_test ? draw_part(&to->test, &p, o->ctx, TW__PLANTED_TEST_FIRST, TW__PLANTED_TEST, err)
                        : TW_OK;
}

const tw__reader tw__reader_sparse = {.name = "sparse", .open = open_sparse};

/* ---- as a file ----------------------------------------------------------------------------------------- */

enum { LABEL = 2, LONGEST = sizeof " 100000000:1.0000" }; /* bytes */

static size_t write_row(const tw__planted_row *row, char *to)
{
    char *at = to;
    *at++ = row->class ? '1' : '0';
    for (size_t j = 0; j < row->n; j++)
        at += snprintf(at, LONGEST, " %u:%u.%04u", row->column[j] + 1, row->units[j] / TW__PLANTED_UNIT,
                       row->units[j] % TW__PLANTED_UNIT);
    *at++ = '\n';
    return (size_t)(at - to);
}

static tw_status write_rows(tw__writer *w, const tw__planted *p, uint64_t first, uint64_t rows, tw_error *err)
{
    const size_t longest = LABEL + LONGEST * tw__planted_most(p);
    tw__planted_row row;
    char *line = NULL;
    tw_status s = tw__planted_new(p, w->ctx, &row, err);
    if (s == TW_OK) s = tw__alloc(w->ctx, &line, longest, 1, err);
    for (uint64_t i = 0; s == TW_OK && i < rows; i++) {
        tw__planted_draw(p, first + i, &row);
        s = tw__writer_put(w, line, write_row(&row, line), err);
    }
    tw__free(w->ctx, line, longest, 1);
    tw__planted_free(p, w->ctx, &row);
    return s;
}

static tw_status check(const tw_sparse_set *set, tw_error *err)
{
    if (set->columns < 1 || set->columns > TW__PLANTED_MOST_COLUMNS)
        return tw__fail(err, TW_ERR_SPEC, "%llu columns are outside [1, %d]",
                        (unsigned long long)set->columns, TW__PLANTED_MOST_COLUMNS);
    if (set->nonzeros < 1 || set->nonzeros > TW__PLANTED_MOST_NONZEROS)
        return tw__fail(err, TW_ERR_SPEC, "%llu numbers in a row are outside [1, %d]",
                        (unsigned long long)set->nonzeros, TW__PLANTED_MOST_NONZEROS);
    if (set->train < 1 || set->train > TW__PLANTED_MOST_ROWS || set->test > TW__PLANTED_MOST_ROWS)
        return tw__fail(err, TW_ERR_SPEC, "%llu and %llu rows are outside [1, %d] and [0, %d]",
                        (unsigned long long)set->train, (unsigned long long)set->test, TW__PLANTED_MOST_ROWS,
                        TW__PLANTED_MOST_ROWS);
    return TW_OK;
}

static tw_status write_files(tw__writer w[2], tw_context *ctx, const char *path, const tw_sparse_set *set,
                             tw_error *err)
{
    const tw__planted p = {set->seed, (uint32_t)set->columns, (uint32_t)set->nonzeros};
    char test[TW__PATH];
    if (snprintf(test, sizeof test, "%s.t", path) >= (int)sizeof test)
        return tw__fail(err, TW_ERR_SPEC, "the file's name is too long");
    TW_TRY(tw__make_parents(ctx, path, err));
    TW_TRY(tw__writer_open(&w[0], ctx, path, err));
    TW_TRY(write_rows(&w[0], &p, 0, set->train, err));
    if (!set->test) return TW_OK;
    TW_TRY(tw__writer_open(&w[1], ctx, test, err));
    return write_rows(&w[1], &p, TW__PLANTED_TEST_FIRST, set->test, err);
}

tw_status tw_data_make_sparse(tw_context *ctx, const char *path, const tw_sparse_set *given, tw_error *err)
{
    tw_sparse_set set = TW_SPARSE_SET_INIT;
    tw__writer w[2];
    TW_NEEDS(err, ctx && path);
    if (given) TW_TRY(tw__sized_read(&set, sizeof set, given, "tw_sparse_set", err));
    TW_TRY(check(&set, err));
    memset(w, 0, sizeof w);
    const tw_status s = write_files(w, ctx, path, &set, err);
    if (s == TW_OK) return tw__together_finish(w, set.test ? 2 : 1, err);
    tw__together_abandon(w, 2);
    return s;
}
