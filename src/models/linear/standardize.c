/* standardize: columns of mean 0 and deviation 1, or of sparse rows of deviation 1, so that what is 0 stays
 * 0. Rows are transformed once, where model and data are bound: all that reads them sees the same numbers.
 * SPDX-License-Identifier: MIT */
#include "models/linear/linear.h"
#include "base/cpu.h"
#include "models/moments.h"
#include <math.h>
#include <string.h>

/* In place of deviations scales, of which there are as many as columns. */
static void keep(tw_model *m, const tw_data_info *rows, size_t n)
{
    size_t constant = 0;
    for (size_t j = 0; j < n; j++) {
        if (m->scale[j] >= 0x1p-1022 && isfinite(m->scale[j])) continue;
        m->scale[j] = 1;
        constant++;
    }
    if (constant)
        tw__log(m->ctx, TW_LOG_WARNING,
                "%s: %zu of %zu columns never change: standardize does not scale them", rows->name, constant,
                n);
}

tw_status tw__standardize_learn(tw_model *m, const tw_data_info *rows, tw_error *err)
{
    const size_t n = tw__shape_size(&m->in);
    TW_TRY(tw__alloc(m->ctx, &m->scale, n, sizeof *m->scale, err));
    TW_TRY(tw__alloc(m->ctx, &m->center, n, sizeof *m->center, err));
    const tw__fp_mode mode = tw__fp_enter();
    const tw_status s = tw__column_moments(m->ctx, rows, n, n, m->center, m->scale, err);
    if (s == TW_OK) keep(m, rows, n);
    tw__fp_leave(mode);
    if (!rows->starts && m->n_tensors > 1) return s;
    /* without an intercept a shift would make another model */
    tw__free(m->ctx, m->center, n, sizeof *m->center);
    m->center = NULL;
    return s;
}

/* ---- rows ---------------------------------------------------------------------------------------------- */

static uint64_t count_of(const tw_model *m, const tw_data_info *d)
{
    return d->starts ? d->starts[d->rows] : d->rows * tw__shape_size(&m->in);
}

static int transform(const tw_model *m, const tw_data_info *d, void *to, uint64_t *bad)
{
    const size_t n = tw__shape_size(&m->in);
    const uint64_t count = count_of(m, d);
    for (uint64_t i = 0; i < count; i++) {
        const size_t j = d->starts ? d->columns[i] : (size_t)(i % n);
        double x = tw__stored_number(d, i);
        if (j < n) x = (x - (m->center ? m->center[j] : 0)) / m->scale[j]; /* others count 0 */
        if (m->type == TW_F64) ((double *)to)[i] = x;
        else ((float *)to)[i] = (float)x;
        if (j < n && !isfinite(m->type == TW_F64 ? x : (double)(float)x)) return *bad = j, 0;
    }
    return 1;
}

tw_status tw__standardize_rows(const tw_model *m, tw_data_info *rows, void **made, tw_error *err)
{
    uint64_t bad;
    if (!m->scale) return TW_OK;
    if (rows->starts && m->center)
        return tw__fail(
            err, TW_ERR_DATA,
            "%s has sparse rows, but the model was standardized on dense ones, whose mean it takes off",
            rows->name);
    TW_TRY(tw__alloc(m->ctx, made, (size_t)count_of(m, rows), tw_type_size(m->type), err));
    const tw__fp_mode mode = tw__fp_enter();
    const int fits = transform(m, rows, *made, &bad);
    tw__fp_leave(mode);
    if (!fits) {
        tw__standardize_free(m, rows, *made);
        *made = NULL;
        return tw__fail(err, TW_ERR_DATA, "%s: column %llu has a number that is too large once standardized",
                        rows->name, (unsigned long long)bad + 1);
    }
    rows->x = *made;
    rows->type = m->type;
    return TW_OK;
}

void tw__standardize_free(const tw_model *m, const tw_data_info *rows, void *made)
{
    tw__free(m->ctx, made, (size_t)count_of(m, rows), tw_type_size(m->type));
}

/* ---- weights ------------------------------------------------------------------------------------------- */

static double get(const tw_model *m, const void *w, size_t i)
{
    return m->type == TW_F64 ? ((const double *)w)[i] : (double)((const float *)w)[i];
}

void tw__standardize_fold(const tw_model *m, const void *w, double *to)
{
    const size_t columns = tw__shape_size(&m->in), outputs = m->kind->outputs(m), biases = outputs * columns;
    for (size_t i = 0; i < m->size; i++) to[i] = get(m, w, i);
    for (size_t i = 0; m->scale && i < biases; i++) {
        to[i] /= m->scale[i % columns];
        if (m->center) to[biases + i / columns] -= to[i] * m->center[i % columns];
    }
}

void tw__standardize_unfold(tw_model *m, const double *from)
{
    const size_t columns = tw__shape_size(&m->in), outputs = m->kind->outputs(m), biases = outputs * columns;
    for (size_t i = 0; i < m->size; i++) {
        double x = from[i];
        if (m->scale && i < biases) x *= m->scale[i % columns];
        for (size_t j = 0; m->center && i >= biases && j < columns; j++)
            x += from[(i - biases) * columns + j] * m->center[j];
        if (m->type == TW_F64) ((double *)m->w)[i] = x;
        else ((float *)m->w)[i] = (float)x;
    }
}
