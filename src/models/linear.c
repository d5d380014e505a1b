/* tw_linear: regression on doubles in memory, as the sources have it, with its gradient in two forms. The
 * linear models that are trained by name are in models/linear/.
 * SPDX-License-Identifier: MIT */
#include <thalweg/linear.h>
#include "base/context.h"
#include "base/cpu.h"
#include "models/linear/linear.h"
#include <math.h>
#include <string.h>

/* rows whose slopes are known before their gradient is added */
enum { BLOCK = 64 };

struct tw_linear {
    tw_context *ctx;
    tw_linear_options o;
    int64_t columns, one;
    tw_tensor tensors[2];
};

/* ---- Evaluating: one body for both types ---- */

#define FOR_TYPE static inline __attribute__((always_inline))

FOR_TYPE double weight(tw_type type, const void *w, size_t j)
{
    return type == TW_F32 ? (double)((const float *)w)[j] : ((const double *)w)[j];
}

FOR_TYPE void add(tw_type type, void *g, size_t j, double x)
{
    if (type == TW_F32) ((float *)g)[j] = (float)((double)((float *)g)[j] + x);
    else ((double *)g)[j] += x;
}

static size_t size_of(const tw_linear *m) { return m->o.columns + (m->o.intercept != 0); }
static const double *row_of(const tw_linear *m, uint64_t row) { return m->o.x + row * m->o.columns; }

FOR_TYPE double score(const tw_linear *m, tw_type type, const void *w, uint64_t row)
{
    const double *x = row_of(m, row);
    double h = 0;
    for (size_t j = 0; j < m->o.columns; j++) h += x[j] * weight(type, w, j);
    return m->o.intercept ? h + weight(type, w, m->o.columns) : h;
}

static double loss_of(const tw_linear *m, double h, double y, double *slope)
{
    return m->o.loss == TW_LINEAR_SQUARED ? tw__squared_loss(h, y, 0, slope)
                                          : tw__logistic_loss(h, y, 0, slope);
}

/* Row by row: equation 3.3. */
FOR_TYPE void add_rows(const tw_linear *m, tw_type type, const uint64_t *rows, size_t n, const double *slope,
                       void *g)
{
    for (size_t i = 0; i < n; i++) {
        const double *x = row_of(m, rows[i]);
        for (size_t j = 0; j < m->o.columns; j++) add(type, g, j, slope[i] * x[j]);
        if (m->o.intercept) add(type, g, m->o.columns, slope[i]);
    }
}

/* X^T times the slopes, which are X theta - Y: equation 3.6. */
FOR_TYPE void add_product(const tw_linear *m, tw_type type, const uint64_t *rows, size_t n,
                          const double *slope, void *g)
{
    for (size_t j = 0; j < size_of(m); j++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++) sum += j < m->o.columns ? slope[i] * row_of(m, rows[i])[j] : slope[i];
        add(type, g, j, sum);
    }
}

FOR_TYPE void add_penalty(const tw_linear *m, tw_type type, const void *w, double n, tw_sums *sums, void *g)
{
    double square = 0;
    for (size_t j = 0; j < m->o.columns; j++) {
        square += weight(type, w, j) * weight(type, w, j);
        if (g) add(type, g, j, n * m->o.l2 * weight(type, w, j));
    }
    sums->loss += n * m->o.l2 / 2 * square;
}

static void predict(const tw_linear *m, tw_type type, double h, void *output, size_t i)
{
    if (m->o.loss == TW_LINEAR_LOGISTIC) h = tw__sigmoid(h);
    if (type == TW_F32) ((float *)output)[i] = (float)h;
    else ((double *)output)[i] = h;
}

FOR_TYPE void evaluate(const tw_linear *m, tw_type type, const tw_eval *e)
{
    void *g = e->want & TW_WANT_GRADIENT ? e->gradient : NULL;
    tw_sums *sums = e->sums;
    double slope[BLOCK];
    *sums = (tw_sums){.weight = (double)e->n};
    if (g) memset(g, 0, size_of(m) * tw_type_size(type));
    for (size_t done = 0; done < e->n; done += BLOCK) {
        const size_t block = e->n - done < BLOCK ? e->n - done : BLOCK;
        const uint64_t *rows = e->rows + done;
        for (size_t i = 0; i < block; i++) {
            const double h = score(m, type, e->w, rows[i]), y = m->o.y[rows[i]];
            sums->loss += loss_of(m, h, y, &slope[i]);
            sums->correct += (h > 0) == (y > 0);
            if (e->want & TW_WANT_OUTPUT) predict(m, type, h, e->output, done + i);
        }
        if (g && m->o.form == TW_LINEAR_MATRIX) add_product(m, type, rows, block, slope, g);
        else if (g) add_rows(m, type, rows, block, slope, g);
    }
    if (m->o.l2 > 0) add_penalty(m, type, e->w, (double)e->n, sums, g);
}

#define EVAL(t, type)                                 \
    static int eval_##t(void *user, const tw_eval *e) \
    {                                                 \
        const tw__fp_mode mode = tw__fp_enter();      \
        evaluate(user, type, e);                      \
        tw__fp_leave(mode);                           \
        return 0;                                     \
    }
EVAL(f32, TW_F32)
EVAL(f64, TW_F64)

/* ---- Making ---- */

static tw_status check_options(const tw_linear_options *o, tw_error *err)
{
    size_t numbers;
    if (o->type != TW_F32 && o->type != TW_F64)
        return tw__fail(err, TW_ERR_SPEC, "a linear model's weights are f32 or f64, not %s",
                        tw_type_name(o->type));
    if (o->loss != TW_LINEAR_SQUARED && o->loss != TW_LINEAR_LOGISTIC)
        return tw__fail(err, TW_ERR_SPEC, "loss = %d is not one of enum tw_linear_loss", (int)o->loss);
    if (o->form != TW_LINEAR_ALGEBRAIC && o->form != TW_LINEAR_MATRIX)
        return tw__fail(err, TW_ERR_SPEC, "form = %d is not one of enum tw_linear_form", (int)o->form);
    if (!(o->l2 >= 0) || !isfinite(o->l2))
        return tw__fail(err, TW_ERR_SPEC, "l2 = %g is outside [0, inf)", o->l2);
    if (o->rows == 0 || o->columns == 0 || !o->x || !o->y)
        return tw__fail(err, TW_ERR_SPEC, "a linear model needs at least one row and one column, x and y");
    if (!tw__size_mul(o->rows, o->columns, &numbers) || !tw__size_mul(numbers, sizeof(double), &numbers) ||
        numbers > INT64_MAX)
        return tw__fail(err, TW_ERR_SPEC, "%llu rows of %zu columns are more than memory can hold",
                        (unsigned long long)o->rows, o->columns);
    return TW_OK;
}

static tw_status check_data(const tw_linear_options *o, tw_error *err)
{
    for (uint64_t i = 0; i < o->rows; i++) {
        const double *x = o->x + i * o->columns, y = o->y[i];
        for (size_t j = 0; j < o->columns; j++)
            if (!isfinite(x[j]))
                return tw__fail(err, TW_ERR_DATA,
                                "x: row %llu, column %zu is %g (rows and columns start at 0)",
                                (unsigned long long)i, j, x[j]);
        if (!isfinite(y))
            return tw__fail(err, TW_ERR_DATA, "y: row %llu is %g (rows start at 0)", (unsigned long long)i,
                            y);
        if (o->loss == TW_LINEAR_LOGISTIC && y != 1 && y != -1)
            return tw__fail(
                err, TW_ERR_DATA,
                "y: row %llu is %g (rows start at 0); the labels of logistic regression are -1 and 1",
                (unsigned long long)i, y);
    }
    return TW_OK;
}

tw_status tw_linear_create(tw_linear **out, tw_context *ctx, const tw_linear_options *given, tw_error *err)
{
    TW_MAKES(err, out, ctx && given);
    tw_linear *m;
    tw_linear_options options;
    TW_TRY(tw__sized_read(&options, sizeof options, given, "tw_linear_options", err));
    TW_TRY(check_options(&options, err));
    TW_TRY(check_data(&options, err));
    TW_TRY(tw__alloc(ctx, &m, 1, sizeof *m, err));
    *m = (tw_linear){.ctx = ctx, .o = options, .columns = (int64_t)options.columns, .one = 1};
    m->tensors[0] = (tw_tensor){.name = "weight", .rank = 1, .shape = &m->columns};
    m->tensors[1] = (tw_tensor){.name = "bias", .rank = 1, .shape = &m->one, .offset = options.columns};
    *out = m;
    return TW_OK;
}

void tw_linear_free(tw_linear *m)
{
    if (m) tw__free(m->ctx, m, 1, sizeof *m);
}

tw_status tw_linear_objective(tw_linear *m, tw_objective *out, tw_error *err)
{
    TW_TRY(tw__sized_clear(out, "tw_objective", err));
    TW_NEEDS(err, m);
    const tw_objective all = {.type = m->o.type,
                              .tensors = m->tensors,
                              .n_tensors = m->o.intercept ? 2 : 1,
                              .n_rows = m->o.rows,
                              .n_outputs = 1,
                              .counts_correct = m->o.loss == TW_LINEAR_LOGISTIC,
                              .lanes = tw_context_threads(m->ctx),
                              .user = m,
                              .eval = m->o.type == TW_F32 ? eval_f32 : eval_f64};
    return tw__sized_write(out, &all, sizeof all, "tw_objective", err);
}
