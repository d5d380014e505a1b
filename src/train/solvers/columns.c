/* Rows by columns; see columns.h.
 * SPDX-License-Identifier: MIT */
#include "train/solvers/columns.h"
#include "models/row.h"
#include "train/glm_rows.h"
#include <string.h>

/* starts[j + 1] = how many numbers column j has */
static void count(tw__columns *c, const tw_objective *o)
{
    const tw_glm *glm = o->glm;
    tw_row r;
    for (uint64_t i = 0; i < c->rows; i++) {
        glm->row(glm->user, i, &r);
        for (size_t k = 0; k < r.n; k++)
            c->starts[(r.columns ? r.columns[k] : k) + 1] +=
                tw__row_number(glm->row_type, o->type, &r, k) != 0;
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
            const double x = tw__row_number(glm->row_type, o->type, &r, k);
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

tw_status tw__columns_create(tw__columns *to, tw__solver *s, tw_error *err)
{
    const tw_objective *o = s->problem.objective;
    const tw_glm *glm = o->glm;
    *to = (tw__columns){.n = glm->columns + (glm->intercept != 0),
                        .penalised = glm->columns,
                        .rows = (size_t)o->n_rows};
    TW_TRY(tw__solver_needs_few_rows(s, err));
    TW_TRY(tw__solver_alloc(s, &to->starts, to->n + 1, sizeof *to->starts, err));
    count(to, o);
    TW_TRY(tw__glm_numbers_alloc(s, to->numbers, &to->row, &to->x, err));
    fill(to, o);
    return TW_OK;
}
