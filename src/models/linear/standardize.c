/* standardize: columns of mean 0 and deviation 1, or of sparse rows of deviation 1, so that what is 0 stays
 * 0. Rows are transformed once, where model and data are bound: all that reads them sees the same numbers.
 * SPDX-License-Identifier: MIT */
#include "models/linear/linear.h"
#include "base/cpu.h"
#include <math.h>
#include <string.h>

/* What is known of a column after each pass over the rows. Sums are in units of a power of two, so that
 * numbers of any size can be squared. */
typedef struct column {
    uint64_t n;           /* numbers that are not 0 */
    double least, most;   /* of these; then of all */
    double weight;        /* of their rows */
    double by, sum, mean; /* 1 / unit */
} column;

typedef struct table {
    const tw_data_info *rows;
    size_t n;
    column *of;
    double weight; /* of all rows */
} table;

static double number_at(const tw_data_info *d, uint64_t i)
{
    return d->type == TW_F64   ? ((const double *)d->x)[i]
           : d->type == TW_F32 ? (double)((const float *)d->x)[i]
                               : ((const uint8_t *)d->x)[i];
}

/* Calls `take` for the numbers that are not 0, row by row: dense and sparse rows give the same bits. */
static void for_each(table *c, void (*take)(column *to, double x, double weight))
{
    const tw_data_info *d = c->rows;
    for (uint64_t row = 0; row < d->rows; row++) {
        const uint64_t first = d->starts ? d->starts[row] : row * c->n,
                       end = d->starts ? d->starts[row + 1] : first + c->n;
        for (uint64_t i = first; i < end; i++) {
            const double x = number_at(d, i);
            if (x != 0)
                take(&c->of[d->starts ? d->columns[i] : i - first], x, d->weights ? d->weights[row] : 1);
        }
    }
}

static void take_range(column *to, double x, double weight)
{
    if (to->n == 0 || x < to->least) to->least = x;
    if (to->n == 0 || x > to->most) to->most = x;
    to->n++;
    to->weight += weight;
}

static void take_sum(column *to, double x, double weight) { to->sum += weight * (x * to->by); }

static void take_square(column *to, double x, double weight)
{
    const double r = (x - to->mean) * to->by;
    to->sum += weight * (r * r);
}

/* Sums begin anew, in units that this size fits into. */
static void begin_sum(column *c, double size)
{
    int exponent;
    frexp(size, &exponent);
    c->by = ldexp(1, exponent > 1000 ? -1000 : exponent < -1000 ? 1000 : -exponent);
    c->sum = 0;
}

static double larger(double a, double b) { return a > b ? a : b; }

static void measure(table *c)
{
    for (uint64_t row = 0; row < c->rows->rows; row++)
        c->weight += c->rows->weights ? c->rows->weights[row] : 1;
    for_each(c, take_range);
    for (size_t j = 0; j < c->n; j++) {
        column *of = &c->of[j];
        const int has_zeros = of->n < c->rows->rows;
        if (has_zeros && of->least > 0) of->least = 0;
        if (has_zeros && of->most < 0) of->most = 0;
        begin_sum(of, larger(fabs(of->least), fabs(of->most)));
    }
    for_each(c, take_sum);
    for (size_t j = 0; j < c->n; j++) {
        column *of = &c->of[j];
        of->mean = of->least == of->most ? of->least : of->sum / c->weight / of->by;
        begin_sum(of, larger(of->most - of->mean, of->mean - of->least));
    }
    for_each(c, take_square);
}

static double deviation(const table *c, const column *of)
{
    const double zero = of->mean * of->by, zeros = of->n < c->rows->rows ? c->weight - of->weight : 0;
    return sqrt((of->sum + (zeros > 0 ? zeros * (zero * zero) : 0)) / c->weight) / of->by;
}

static void keep(tw_model *m, const table *c)
{
    size_t constant = 0;
    for (size_t j = 0; j < c->n; j++) {
        const column *of = &c->of[j];
        const double scale = of->least == of->most ? 0 : deviation(c, of);
        const int changes = scale >= 0x1p-1022 && isfinite(scale);
        m->scale[j] = changes ? scale : 1;
        if (m->center) m->center[j] = of->mean;
        constant += !changes;
    }
    if (constant)
        tw__log(m->ctx, TW_LOG_WARNING,
                "%s: %zu of %zu columns never change: standardize does not scale them", c->rows->name,
                constant, c->n);
}

tw_status tw__standardize_learn(tw_model *m, const tw_data_info *rows, tw_error *err)
{
    table c = {.rows = rows, .n = tw__shape_size(&m->in)};
    TW_TRY(tw__alloc(m->ctx, &m->scale, c.n, sizeof *m->scale, err));
    /* without an intercept a shift would make another model */
    if (!rows->starts && m->n_tensors > 1) TW_TRY(tw__alloc(m->ctx, &m->center, c.n, sizeof *m->center, err));
    TW_TRY(tw__alloc(m->ctx, &c.of, c.n, sizeof *c.of, err));
    const tw__fp_mode mode = tw__fp_enter();
    measure(&c);
    keep(m, &c);
    tw__fp_leave(mode);
    tw__free(m->ctx, c.of, c.n, sizeof *c.of);
    return TW_OK;
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
        double x = number_at(d, i);
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
