/* The copy of the rows, and what is done with them; see glm_rows.h.
 * SPDX-License-Identifier: MIT */
#include "train/glm_rows.h"
#include "models/row.h"

/* FEW: columns of a vector that stays in the first cache, however they are ordered; a matrix of columns by
 * columns has fewer */
enum { LANES = 8, FEW = 4096 };
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

static size_t numbers_of(const tw_objective *o, size_t first, size_t end)
{
    const tw_glm *glm = o->glm;
    size_t n = 0;
    tw_row r;
    for (size_t i = first; i < end; i++) {
        glm->row(glm->user, i, &r);
        for (size_t k = 0; k < r.n; k++) n += tw__row_number(glm->row_type, o->type, &r, k) != 0;
    }
    return n;
}

/* Adds to `count` for every column how many numbers it has. */
static void count_columns(const tw_objective *o, uint32_t *count)
{
    const tw_glm *glm = o->glm;
    tw_row r;
    for (uint64_t i = 0; i < o->n_rows; i++) {
        glm->row(glm->user, i, &r);
        for (size_t k = 0; k < r.n; k++)
            count[r.columns ? r.columns[k] : k] += tw__row_number(glm->row_type, o->type, &r, k) != 0;
    }
}

static void copy(tw__glm_rows *to, const tw_objective *o, size_t first, size_t end)
{
    const tw_glm *glm = o->glm;
    tw_row r;
    size_t at = 0;
    for (size_t i = first; i < end; i++) {
        glm->row(glm->user, i, &r);
        for (size_t k = 0; k < r.n; k++) {
            const double x = tw__row_number(glm->row_type, o->type, &r, k);
            const uint32_t column = r.columns ? r.columns[k] : (uint32_t)k;
            if (x == 0) continue;
            if (!to->column) to->x[at + column] = x;
            else to->column[at] = column, to->x[at++] = x;
        }
        if (!to->column) at += to->width;
        to->starts[i + 1] = at;
    }
    for (size_t i = end; i < to->n; i++) to->starts[i + 1] = at;
}

tw_status tw__glm_numbers_alloc(tw__solver *s, size_t n, uint32_t **index, double **x, tw_error *err)
{
    if ((!index || tw__solver_alloc(s, index, n, sizeof **index, NULL) == TW_OK) &&
        tw__solver_alloc(s, x, n, sizeof **x, NULL) == TW_OK)
        return TW_OK;
    return tw__fail(err, TW_ERR_MEMORY,
                    "out of memory: solver %s keeps a copy of the rows, %zu numbers in %.0f bytes",
                    s->type->about.name, n, (double)n * (sizeof **x + (index ? sizeof **index : 0)));
}

/* By the numbers of all rows, so that it is the same whichever are copied. Columns with as many stay in their
 * order. */
static tw_status set_order(tw__glm_rows *to, tw__solver *s, tw_error *err)
{
    const size_t columns = to->width, most = to->n;
    uint32_t *place; /* first how many numbers a column has */
    size_t *next, at = 0;
    TW_TRY(tw__solver_alloc(s, &to->order, columns, sizeof *to->order, err));
    TW_TRY(tw__solver_alloc(s, &place, columns, sizeof *place, err));
    TW_TRY(tw__solver_alloc(s, &next, most + 1, sizeof *next, err));
    if (to->starts[to->n] < to->numbers) count_columns(s->problem.objective, place);
    else
        for (size_t k = 0; k < to->numbers; k++) place[to->column[k]]++;
    for (size_t j = 0; j < columns; j++) next[place[j] < most ? place[j] : most]++;
    for (size_t n = most + 1; n-- > 0;) {
        const size_t alike = next[n];
        next[n] = at;
        at += alike;
    }
    for (size_t j = 0; j < columns; j++) {
        place[j] = (uint32_t)next[place[j] < most ? place[j] : most]++;
        to->order[place[j]] = (uint32_t)j;
    }
    for (size_t k = 0; k < to->starts[to->n]; k++) to->column[k] = place[to->column[k]];
    return TW_OK;
}

void tw__glm_rows_measure(tw__glm_rows *to, const tw_objective *o, int may_be_lines)
{
    const size_t columns = o->glm->columns, n = (size_t)o->n_rows, numbers = numbers_of(o, 0, n),
                 line = (columns + LANES - 1) / LANES * LANES;
    size_t all;
    *to = (tw__glm_rows){.n = n, .numbers = numbers, .width = columns};
    if (!may_be_lines || !tw__size_mul(n, line, &all) || all / 2 >= numbers) return;
    to->numbers = all;
    to->width = line;
    to->is_lines = 1;
}

tw_status tw__glm_rows_copy(tw__glm_rows *to, tw__solver *s, size_t first, size_t end, tw_error *err)
{
    const tw_objective *o = s->problem.objective;
    const size_t numbers = to->is_lines           ? (end - first) * to->width
                           : end - first == to->n ? to->numbers
                                                  : numbers_of(o, first, end);
    to->first = first;
    TW_TRY(tw__solver_alloc(s, &to->starts, to->n + 1, sizeof *to->starts, err));
    TW_TRY(tw__glm_numbers_alloc(s, numbers, to->is_lines ? NULL : &to->column, &to->x, err));
    copy(to, o, first, end);
    return to->is_lines || to->width <= FEW ? TW_OK : set_order(to, s, err);
}

/* ---- numbers that are not 0 ---------------------------------------------------------------------------- */

static void sparse_dot(const tw__glm_rows *x, size_t first, size_t end, const double *w, double bias,
                       double *to)
{
    for (size_t i = first; i < end; i++) {
        const size_t at = x->starts[i];
        to[i - first] = tw__sparse_dot(w, x->x + at, x->column + at, x->starts[i + 1] - at) + bias;
    }
}

static void sparse_add(const tw__glm_rows *x, size_t first, size_t end, const double *by, double *g)
{
    for (size_t i = first; i < end; i++) {
        const size_t at = x->starts[i];
        if (by[i - first] != 0)
            tw__sparse_add(g, by[i - first], x->x + at, x->column + at, x->starts[i + 1] - at);
    }
}

static void sparse_add_squares(const tw__glm_rows *x, size_t first, size_t end, const double *by, double *g)
{
    for (size_t i = first; i < end; i++)
        for (size_t k = x->starts[i]; k < x->starts[i + 1]; k++)
            g[x->column[k]] += by[i - first] * x->x[k] * x->x[k];
}

static void sparse_add_products(const tw__glm_rows *x, size_t first, size_t end, const double *by, double *h)
{
    for (size_t i = first; i < end; i++) {
        const size_t at = x->starts[i], n = x->starts[i + 1] - at;
        const double *number = x->x + at;
        const uint32_t *column = x->column + at;
        for (size_t k = 0; k < n && by[i - first] != 0; k++)
            tw__sparse_add(h + column[k] * x->width, by[i - first] * number[k], number, column, k + 1);
    }
}

static const tw__glm_kernels sparse = {sparse_dot, sparse_add, sparse_add_squares, sparse_add_products};

/* ---- lines --------------------------------------------------------------------------------------------- */

enum { TILE = 4 };

#define VECTOR 2
#define ISA(name) name##_base
#include "train/glm_lines.inc"
#if defined(__x86_64__)
#define VECTOR 4
#define ISA(name) name##_avx2
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#include "train/glm_lines.inc"
#pragma clang attribute pop
#else
#pragma GCC push_options
#pragma GCC target("avx2")
#include "train/glm_lines.inc"
#pragma GCC pop_options
#endif
#define VECTOR 8
#define ISA(name) name##_avx512
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl"))), apply_to = function)
#include "train/glm_lines.inc"
#pragma clang attribute pop
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512vl,prefer-vector-width=512")
#include "train/glm_lines.inc"
#pragma GCC pop_options
#endif
#endif

const tw__glm_kernels *tw__glm_kernels_for(const tw__glm_rows *x, tw_isa isa)
{
    if (x->column) return &sparse;
#if defined(__x86_64__)
    if (isa >= TW_ISA_AVX512) return &lines_avx512;
    if (isa >= TW_ISA_AVX2) return &lines_avx2;
#endif
    (void)isa;
    return &lines_base;
}
