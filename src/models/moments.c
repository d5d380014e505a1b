/* Mean and deviation of the columns of rows: three passes, so that numbers of any size lose nothing.
 * SPDX-License-Identifier: MIT */
#include "models/moments.h"
#include "base/context.h"
#include <math.h>

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
    size_t n, width; /* columns; numbers of a dense row, of which number i belongs to column i % n */
    column *of;
    double weight; /* of all numbers of a column */
} table;

/* Calls `take` for the numbers that are not 0, row by row: dense and sparse rows give the same bits. */
static void for_each(table *c, void (*take)(column *to, double x, double weight))
{
    const tw_data_info *d = c->rows;
    for (uint64_t row = 0; row < d->rows; row++) {
        const uint64_t first = d->starts ? d->starts[row] : row * c->width,
                       end = d->starts ? d->starts[row + 1] : first + c->width;
        for (uint64_t i = first; i < end; i++) {
            const double x = tw__stored_number(d, i);
            if (x != 0)
                take(&c->of[d->starts ? d->columns[i] : (i - first) % c->n], x,
                     d->weights ? d->weights[row] : 1);
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
    const uint64_t numbers = c->rows->rows * (c->width / c->n);
    for (uint64_t row = 0; row < c->rows->rows; row++)
        c->weight += c->rows->weights ? c->rows->weights[row] : 1;
    c->weight *= (double)(c->width / c->n);
    for_each(c, take_range);
    for (size_t j = 0; j < c->n; j++) {
        column *of = &c->of[j];
        const int has_zeros = of->n < numbers;
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

static double deviation_of(const table *c, const column *of)
{
    const double zero = of->mean * of->by,
                 zeros = of->n < c->rows->rows * (c->width / c->n) ? c->weight - of->weight : 0;
    return sqrt((of->sum + (zeros > 0 ? zeros * (zero * zero) : 0)) / c->weight) / of->by;
}

tw_status tw__column_moments(tw_context *ctx, const tw_data_info *rows, size_t width, size_t n, double *mean,
                             double *deviation, tw_error *err)
{
    table c = {.rows = rows, .n = n, .width = width};
    TW_TRY(tw__alloc(ctx, &c.of, n, sizeof *c.of, err));
    measure(&c);
    for (size_t j = 0; j < n; j++) {
        mean[j] = c.of[j].mean;
        deviation[j] = c.of[j].least == c.of[j].most ? 0 : deviation_of(&c, &c.of[j]);
    }
    tw__free(ctx, c.of, n, sizeof *c.of);
    return TW_OK;
}
