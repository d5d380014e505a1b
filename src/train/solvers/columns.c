/* Rows by columns; see columns.h.
 * SPDX-License-Identifier: MIT */
#include "train/solvers/columns.h"
#include "train/gap.h"
#include <string.h>

/* starts[j + 1] = how many numbers column j has */
static void count(tw__columns *c, const tw_objective *o)
{
    const tw_glm *glm = o->glm;
    tw_row r;
    for (uint64_t i = 0; i < c->rows; i++) {
        glm->row(glm->user, i, &r);
        for (size_t k = 0; k < r.n; k++)
            c->starts[(r.columns ? r.columns[k] : k) + 1] += tw__row_number(glm, o->type, &r, k) != 0;
    }
    if (c->n > c->penalised) c->starts[c->n] = c->rows;
    for (size_t j = 0; j < c->n; j++) c->starts[j + 1] += c->starts[j];
    c->numbers = c->starts[c->n];
}

/* Afterwards starts[j] is where column j ends, which is where the next one begins. */
static void fill(tw__columns *c, const tw_objective *o)
{
    const tw_glm *glm = o->glm;
    tw_row r;
    for (uint64_t i = 0; i < c->rows; i++) {
        glm->row(glm->user, i, &r);
        for (size_t k = 0; k < r.n; k++) {
            const double x = tw__row_number(glm, o->type, &r, k);
            if (x == 0) continue;
            const size_t at = c->starts[r.columns ? r.columns[k] : k]++;
            c->row[at] = (uint32_t)i;
            c->x[at] = x;
        }
        if (c->n == c->penalised) continue;
        const size_t at = c->starts[c->penalised]++;
        c->row[at] = (uint32_t)i;
        c->x[at] = 1;
    }
    memmove(c->starts + 1, c->starts, c->n * sizeof *c->starts);
    c->starts[0] = 0;
}

static tw_status check_rows(const tw__solver *s, tw_error *err)
{
    const unsigned long long rows = s->problem.objective->n_rows;
    if (rows <= UINT32_MAX) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "solver %s takes up to %u rows, and these are %llu",
                    s->type->about.name, UINT32_MAX, rows);
}

static tw_status allocate_numbers(tw__solver *s, size_t n, uint32_t **index, double **x, tw_error *err)
{
    if (tw__solver_alloc(s, index, n, sizeof **index, NULL) == TW_OK &&
        tw__solver_alloc(s, x, n, sizeof **x, NULL) == TW_OK)
        return TW_OK;
    return tw__fail(err, TW_ERR_MEMORY,
                    "out of memory: solver %s keeps a copy of the rows, %zu numbers in %.0f bytes",
                    s->type->about.name, n, (double)n * (sizeof **index + sizeof **x));
}

tw_status tw__columns_create(tw__columns *to, tw__solver *s, tw_error *err)
{
    const tw_objective *o = s->problem.objective;
    const tw_glm *glm = o->glm;
    *to = (tw__columns){.n = glm->columns + (glm->intercept != 0),
                        .penalised = glm->columns,
                        .rows = (size_t)o->n_rows};
    TW_TRY(check_rows(s, err));
    TW_TRY(tw__solver_alloc(s, &to->starts, to->n + 1, sizeof *to->starts, err));
    count(to, o);
    TW_TRY(allocate_numbers(s, to->numbers, &to->row, &to->x, err));
    fill(to, o);
    return TW_OK;
}

/* ---- by rows ------------------------------------------------------------------------------------------- */

/* Counts the numbers of each row, or copies them. */
static void walk(tw__row_copy *to, const tw_objective *o)
{
    const tw_glm *glm = o->glm;
    tw_row r;
    size_t at = 0;
    for (uint64_t i = 0; i < to->n; i++) {
        glm->row(glm->user, i, &r);
        for (size_t k = 0; k < r.n; k++) {
            const double x = tw__row_number(glm, o->type, &r, k);
            if (x == 0) continue;
            if (to->x) to->x[at] = x, to->column[at] = r.columns ? r.columns[k] : (uint32_t)k;
            at++;
        }
        to->starts[i + 1] = at;
    }
}

tw_status tw__row_copy_create(tw__row_copy *to, tw__solver *s, tw_error *err)
{
    const tw_objective *o = s->problem.objective;
    *to = (tw__row_copy){.n = (size_t)o->n_rows};
    TW_TRY(check_rows(s, err));
    TW_TRY(tw__solver_alloc(s, &to->starts, to->n + 1, sizeof *to->starts, err));
    walk(to, o);
    to->numbers = to->starts[to->n];
    TW_TRY(allocate_numbers(s, to->numbers, &to->column, &to->x, err));
    walk(to, o);
    return TW_OK;
}
