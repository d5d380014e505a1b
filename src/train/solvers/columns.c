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

tw_status tw__columns_create(tw__columns *to, const tw__solver *s, tw_error *err)
{
    const tw_objective *o = s->problem.objective;
    const tw_glm *glm = o->glm;
    *to = (tw__columns){.n = glm->columns + (glm->intercept != 0),
                        .penalised = glm->columns,
                        .rows = (size_t)o->n_rows};
    if (o->n_rows > UINT32_MAX)
        return tw__fail(err, TW_ERR_SPEC, "solver %s takes up to %u rows, and these are %llu",
                        s->type->about.name, UINT32_MAX, (unsigned long long)o->n_rows);
    TW_TRY(tw__alloc(s->ctx, &to->starts, to->n + 1, sizeof *to->starts, err));
    count(to, o);
    tw_status status = tw__alloc(s->ctx, &to->row, to->numbers, sizeof *to->row, NULL);
    if (status == TW_OK) status = tw__alloc(s->ctx, &to->x, to->numbers, sizeof *to->x, NULL);
    if (status != TW_OK)
        return tw__fail(err, TW_ERR_MEMORY,
                        "out of memory: solver %s keeps the rows by columns, %zu numbers in %.0f bytes",
                        s->type->about.name, to->numbers,
                        (double)to->numbers * (sizeof *to->row + sizeof *to->x));
    fill(to, o);
    return TW_OK;
}

void tw__columns_free(tw__columns *c, tw_context *ctx)
{
    tw__free(ctx, c->x, c->numbers, sizeof *c->x);
    tw__free(ctx, c->row, c->numbers, sizeof *c->row);
    if (c->starts) tw__free(ctx, c->starts, c->n + 1, sizeof *c->starts);
}
