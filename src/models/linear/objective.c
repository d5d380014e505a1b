/* A linear model on some rows: the sums over a leaf of the batch. A row is read twice, for its scores and for
 * its share of the gradient; between the two it is a slope per score.
 * SPDX-License-Identifier: MIT */
#include "models/list_take.h"
#include "models/linear/objective.h"
#include "base/cpu.h"
#include "math/sums.h"
#include <float.h>
#include <string.h>

static void add_gradient(const tw__linear_objective *o, void *g, const tw_row *r, const double *slope,
                         double weight)
{
    const tw__linear_state *s = o->s;
    const tw_type type = o->on.model->type;
    for (size_t k = 0; k < s->outputs; k++) {
        const double by = weight * slope[k];
        const size_t bias = s->outputs * s->columns + k;
        if (by == 0) continue;
        o->k->add((char *)g + k * s->columns * tw_type_size(type), by, r->x, r->columns, r->n);
        if (o->on.model->n_tensors == 1) continue;
        if (type == TW_F64) ((double *)g)[bias] += by;
        else ((float *)g)[bias] += (float)by;
    }
}

/* ---- penalties ----------------------------------------------------------------------------------------- */

static double sum_magnitudes(tw_type type, const void *w, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += __builtin_fabs(tw__weight_at(type, w, i));
    return sum;
}

static int point(void *user, const void *w)
{
    tw__linear_objective *o = user;
    const tw__linear_state *s = o->s;
    const tw_type type = o->on.model->type;
    const tw__sums *sums = tw__sums_for(tw_context_isa(o->on.model->ctx));
    const size_t n = s->outputs * s->columns;
    const tw__fp_mode mode = tw__fp_enter();
    o->penalty = 0;
    if (s->l2 > 0)
        o->penalty =
            s->l2 / 2 * (type == TW_F64 ? tw__sum_squares_f64(sums, w, n) : tw__sum_squares_f32(sums, w, n));
    if (s->l1 > 0) o->penalty += s->l1 * sum_magnitudes(type, w, n);
    tw__fp_leave(mode);
    return 0;
}

/* The last step of a leaf's gradient; without a penalty it makes a -0 a 0. */
#define ADD_PENALTY(real, t)                                                                                 \
    static void add_penalty_##t(real *restrict g, const real *restrict w, size_t n, real l2, real l1)        \
    {                                                                                                        \
        for (size_t i = 0; i < n; i++) g[i] = g[i] + (l2 * w[i] + l1 * (real)((w[i] > 0) - (w[i] < 0))) + 0; \
    }
ADD_PENALTY(float, f32)
ADD_PENALTY(double, f64)

/* A penalty above what the type holds would make a weight of 0 NaN. */
static double within(double penalty, tw_type type)
{
    const double most = type == TW_F64 ? DBL_MAX : (double)FLT_MAX;
    return penalty < most ? penalty : most;
}

/* weight: of the rows; 0: without a penalty */
static void add_penalty(const tw__linear_objective *o, void *g, const void *w, double weight)
{
    const tw__linear_state *s = o->s;
    const size_t n = s->outputs * s->columns, bias = o->on.model->size - n;
    const tw_type type = o->on.model->type;
    const double l2 = within(weight * s->l2, type), l1 = within(weight * s->l1, type);
    if (type == TW_F64) {
        add_penalty_f64(g, w, n, l2, l1);
        add_penalty_f64((double *)g + n, (const double *)w + n, bias, 0, 0);
    } else {
        add_penalty_f32(g, w, n, (float)l2, (float)l1);
        add_penalty_f32((float *)g + n, (const float *)w + n, bias, 0, 0);
    }
}

/* ---- lists --------------------------------------------------------------------------------------------- */

/* Lists of no columns have no memory. */
static void copy_columns(uint32_t *to, const uint32_t *from, size_t n)
{
    if (n) memcpy(to, from, n * sizeof *to);
}

/* Without a branch on the numbers, which no CPU could foretell. */
static size_t merge(const uint32_t *a, size_t n_a, const uint32_t *b, size_t n_b, uint32_t *to)
{
    size_t i = 0, j = 0, n = 0;
    while (i < n_a && j < n_b) {
        const uint32_t x = a[i], y = b[j];
        to[n++] = x < y ? x : y;
        i += x <= y;
        j += y <= x;
    }
    copy_columns(to + n, a + i, n_a - i);
    copy_columns(to + n + n_a - i, b + j, n_b - j);
    return n + n_a - i + n_b - j;
}

/* The columns of some rows, rising, each once, into `to`; returns how many. spare is as long. */
static size_t merge_columns(const tw__linear_objective *o, const uint64_t *rows, size_t n, uint32_t *to,
                            uint32_t *spare)
{
    if (n == 1) {
        const tw_row r = tw__linear_row(o, rows[0]);
        copy_columns(to, r.columns, r.n);
        return r.n;
    }
    const size_t half = n / 2, a = merge_columns(o, rows, half, spare, to),
                 b = merge_columns(o, rows + half, n - half, spare + a, to + a);
    return merge(spare, a, spare + a, b, to);
}

/* From the columns to the weights of every output, then their biases. */
static size_t list_weights(const tw__linear_objective *o, uint32_t *index, size_t n)
{
    const size_t outputs = o->s->outputs, columns = o->s->columns;
    for (size_t k = outputs; k-- > 0;)
        for (size_t i = 0; i < n; i++) index[k * n + i] = (uint32_t)(k * columns + index[i]);
    n *= outputs;
    for (size_t at = outputs * columns; at < o->on.model->size; at++) index[n++] = (uint32_t)at;
    return n;
}

/* Moves the sum out of the lane's vector; the values' place is the merge's spare one. */
static void write_list(const tw__linear_objective *o, const tw_eval *e, void *sum)
{
    tw_sparse_sum *to = e->sparse;
    to->n = e->n ? merge_columns(o, e->rows, e->n, to->index, to->value) : 0;
    to->n = list_weights(o, to->index, to->n);
    tw__list_take(to, o->on.model->type, sum);
}

static size_t touched(void *user, const uint64_t *rows, size_t n, uint32_t *index)
{
    const tw__linear_objective *o = user;
    const size_t outputs = o->s->outputs, columns = o->s->columns,
                 biases = o->on.model->size - outputs * columns;
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        const tw_row r = tw__linear_row(o, rows[i]);
        for (size_t k = 0; index && k < outputs; k++)
            for (size_t j = 0; j < r.n; j++)
                index[count + k * r.n + j] = (uint32_t)(k * columns + r.columns[j]);
        count += outputs * r.n;
    }
    for (size_t k = 0; index && k < biases; k++) index[count + k] = (uint32_t)(outputs * columns + k);
    return count + biases;
}

/* ---- a leaf -------------------------------------------------------------------------------------------- */

static void write_outputs(const tw__linear_objective *o, double *score, void *to, size_t first)
{
    const size_t n = o->s->outputs;
    if (o->s->loss->output) o->s->loss->output(score, n);
    for (size_t k = 0; k < n; k++)
        if (o->on.model->type == TW_F64) ((double *)to)[first + k] = score[k];
        else ((float *)to)[first + k] = (float)score[k];
}

static void add_row(const tw__linear_objective *o, const tw_eval *e, size_t i, double *score, double *slope,
                    void *g)
{
    const uint64_t at = e->rows[i];
    const tw_row r = tw__linear_row(o, at);
    tw__linear_scores(o, e->w, &r, score);
    if (e->want & (TW_WANT_LOSS | TW_WANT_GRADIENT)) {
        const double weight = tw__bound_weight(&o->on, at);
        e->sums->loss += weight * tw__linear_row_loss(o, at, score, slope);
        e->sums->weight += weight;
        if (o->on.classes) e->sums->correct += weight * tw__linear_row_is_correct(o, at, score);
        if (e->want & TW_WANT_GRADIENT) add_gradient(o, g, &r, slope, weight);
    }
    if (e->want & TW_WANT_OUTPUT) write_outputs(o, score, e->output, i * o->s->outputs);
}

/* Counts rows that may stay in a file, many at a time. */
static void count_row(const tw__linear_objective *o, uint64_t row, int is_last, size_t *read)
{
    enum { MANY = 1 << 16 };
    if (!o->is_streamed) return;
    *read += tw__data_row_bytes(&o->on.data, row);
    if (*read < MANY && !is_last) return;
    tw__data_touch(o->on.source, *read);
    *read = 0;
}

static int eval(void *user, const tw_eval *e)
{
    const tw__linear_objective *o = user;
    const size_t n = o->s->outputs, bytes = o->on.model->size * tw_type_size(o->on.model->type),
                 lane = (size_t)e->draw->lane;
    const int wanted = (e->want & TW_WANT_GRADIENT) != 0, lists = wanted && e->sparse;
    double *score = o->scratch + lane * 2 * n;
    void *g = lists ? o->sums + lane * bytes : e->gradient;
    const tw__fp_mode mode = tw__fp_enter();
    *e->sums = (tw_sums){0};
    if (wanted && !lists) memset(g, 0, bytes);
    for (size_t i = 0, read = 0; i < e->n; i++) {
        add_row(o, e, i, score, score + n, g);
        count_row(o, e->rows[i], i + 1 == e->n, &read);
    }
    const double penalised = e->want & TW_NO_PENALTY ? 0 : e->sums->weight;
    e->sums->loss += penalised * o->penalty;
    if (lists) write_list(o, e, g);
    else if (wanted) add_penalty(o, g, e->w, penalised);
    tw__fp_leave(mode);
    return 0;
}

/* ---- making -------------------------------------------------------------------------------------------- */

static void destroy(tw__bound *on)
{
    tw__linear_objective *o = (tw__linear_objective *)on;
    tw_context *ctx = on->ctx;
    tw__standardize_free(on->model, &on->data, o->standardized);
    tw__free(ctx, o->scratch, (size_t)o->lanes * 2 * o->s->outputs, sizeof *o->scratch);
    tw__free(ctx, o->sums, (size_t)o->lanes * on->model->size, tw_type_size(on->model->type));
    tw__free(ctx, o, 1, sizeof *o);
}

static void warn_of_columns(const tw_model *m, const tw_data_info *d, size_t columns)
{
    if (d->starts && (uint64_t)d->shape[0] > columns)
        tw__log(m->ctx, TW_LOG_WARNING, "%s has %lld columns, the model %zu: those after them count 0",
                d->name, (long long)d->shape[0], columns);
}

static tw_status fill(tw__linear_objective *o, tw_error *err)
{
    const tw_model *m = o->on.model;
    o->is_streamed = tw__data_window(o->on.source) > 0;
    if (o->is_streamed && m->scale)
        return tw__fail(
            err, TW_ERR_SPEC,
            "option stream: %.200s: standardize keeps a copy of all rows in memory (convert rows that "
            "are scaled)",
            o->on.data.name);
    if (!o->on.is_fork) TW_TRY(tw__standardize_rows(m, &o->on.data, &o->standardized, err));
    o->k = tw__rows_for(m->type, o->on.data.type, tw_context_isa(m->ctx));
    o->k_f64 = tw__rows_for(TW_F64, o->on.data.type, tw_context_isa(m->ctx));
    TW_TRY(tw__alloc(o->on.ctx, &o->scratch, (size_t)o->lanes * 2 * o->s->outputs, sizeof *o->scratch, err));
    if (!o->on.is_fork) warn_of_columns(m, &o->on.data, o->s->columns);
    if (!o->on.data.starts || m->size > UINT32_MAX) return TW_OK;
    return tw__alloc(o->on.ctx, &o->sums, (size_t)o->lanes * m->size, tw_type_size(m->type), err);
}

tw_status tw__linear_bind(const tw__bound *on, tw_objective *out, tw_error *err)
{
    const tw_model *m = on->model;
    tw__linear_objective *o;
    TW_TRY(tw__alloc(on->ctx, &o, 1, sizeof *o, err));
    *o = (tw__linear_objective){.on = *on, .s = m->state, .lanes = tw_context_threads(on->ctx)};
    o->on.free = destroy;
    const tw_status s = fill(o, err);
    if (s != TW_OK) {
        destroy(&o->on);
        return s;
    }
    tw__linear_fill_glm(o);
    const int is_smooth = o->s->loss->curvature || o->s->loss->of_all;
    *out = (tw_objective){.size = sizeof *out,
                          .type = m->type,
                          .tensors = m->tensors,
                          .n_tensors = m->n_tensors,
                          .n_rows = on->data.rows,
                          .n_outputs = o->s->outputs,
                          .only_outputs = !on->classes && !on->targets,
                          .counts_correct = on->classes != NULL,
                          .lanes = o->lanes,
                          .user = o,
                          .point = point,
                          .eval = eval,
                          .touched = o->sums ? touched : NULL,
                          .hessian = is_smooth ? tw__linear_hessian : NULL,
                          .hessian_blocks = tw__linear_hessian_blocks(o),
                          .hessian_times = is_smooth ? tw__linear_hessian_times : NULL,
                          .n_kept = o->s->outputs,
                          .kinks = o->s->l1 > 0 ? "l1" : tw__linear_kinks(o->s),
                          .glm = on->classes || o->on.targets ? &o->glm : NULL};
    return TW_OK;
}
