/* A linear model on some rows: the sums over a leaf of the batch. A row is read twice, for its scores and for
 * its share of the gradient; between the two it is a slope per score.
 * SPDX-License-Identifier: MIT */
#include "models/linear/linear.h"
#include "models/linear/rows.h"
#include "base/cpu.h"
#include "data/data.h"
#include "math/sums.h"
#include <string.h>

typedef struct objective {
    tw__bound on;
    const tw__linear_state *s;
    const tw__rows *k, *k_f64; /* for weights in the model's type, and in double */
    double penalty;            /* at the present point, for one unit of weight */
    double *scratch;           /* per lane, scores and slopes of a row */
    /* per lane, a gradient that is 0 between two evaluations; NULL: no answers with lists */
    char *sums;
    int lanes;
    tw_glm glm;
    int is_streamed;    /* rows stay in a file */
    void *standardized; /* the rows' numbers; NULL: they are used as they are */
} objective;

/* Columns that the model does not have are left out: they stand at the end. */
static tw_row row_at(const objective *o, uint64_t i)
{
    const tw_data_info *d = &o->on.data;
    const char *x = d->x;
    const size_t bytes = tw_type_size(d->type);
    if (!d->starts) return (tw_row){.x = x + i * o->s->columns * bytes, .n = o->s->columns};
    const uint64_t first = d->starts[i];
    uint64_t end = d->starts[i + 1];
    while (end > first && d->columns[end - 1] >= o->s->columns) end--;
    return (tw_row){x + first * bytes, d->columns + first, (size_t)(end - first)};
}

static double weight_at(tw_type type, const void *w, size_t i)
{
    return type == TW_F64 ? ((const double *)w)[i] : (double)((const float *)w)[i];
}

/* ---- a row --------------------------------------------------------------------------------------------- */

static const void *weights_of(const objective *o, const void *w, size_t output)
{
    return (const char *)w + output * o->s->columns * tw_type_size(o->on.model->type);
}

static void scores_of(const objective *o, const void *w, const tw_row *r, double *score)
{
    const tw__linear_state *s = o->s;
    for (size_t k = 0; k < s->outputs; k++) {
        score[k] = o->k->dot(weights_of(o, w, k), r->x, r->columns, r->n);
        if (o->on.model->n_tensors > 1)
            score[k] += weight_at(o->on.model->type, w, s->outputs * s->columns + k);
    }
}

static double loss_of(const objective *o, uint64_t row, const double *score, double *slope)
{
    const tw__linear_state *s = o->s;
    if (o->on.targets) return s->loss->loss(score[0], o->on.targets[row], s->parameter, slope);
    const size_t class = (size_t)o->on.classes[row];
    if (s->loss->of_all) return s->loss->of_all(score, s->outputs, class, slope);
    if (s->outputs == 1) return s->loss->loss(score[0], class ? 1 : -1, s->parameter, slope);
    double sum = 0;
    for (size_t k = 0; k < s->outputs; k++)
        sum += s->loss->loss(score[k], k == class ? 1 : -1, s->parameter, &slope[k]);
    return sum;
}

static int is_correct(const objective *o, uint64_t row, const double *score)
{
    const size_t class = (size_t)o->on.classes[row];
    size_t best = 0;
    if (o->s->outputs == 1) return (score[0] > 0) == (class == 1);
    for (size_t k = 1; k < o->s->outputs; k++)
        if (score[k] > score[best]) best = k;
    return best == class;
}

static double weight_of(const objective *o, uint64_t row)
{
    const double *of_class = o->on.model->class_weights, *of_row = o->on.data.weights;
    return (of_row ? of_row[row] : 1) * (of_class && o->on.classes ? of_class[o->on.classes[row]] : 1);
}

static void add_gradient(const objective *o, void *g, const tw_row *r, const double *slope, double weight)
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
    for (size_t i = 0; i < n; i++) sum += __builtin_fabs(weight_at(type, w, i));
    return sum;
}

static int point(void *user, const void *w)
{
    objective *o = user;
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

/* weight: of the rows; 0: without a penalty */
static void add_penalty(const objective *o, void *g, const void *w, double weight)
{
    const tw__linear_state *s = o->s;
    const size_t n = s->outputs * s->columns, bias = o->on.model->size - n;
    const double l2 = weight * s->l2, l1 = weight * s->l1;
    if (o->on.model->type == TW_F64) {
        add_penalty_f64(g, w, n, l2, l1);
        add_penalty_f64((double *)g + n, (const double *)w + n, bias, 0, 0);
    } else {
        add_penalty_f32(g, w, n, (float)l2, (float)l1);
        add_penalty_f32((float *)g + n, (const float *)w + n, bias, 0, 0);
    }
}

/* ---- lists --------------------------------------------------------------------------------------------- */

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
    memcpy(to + n, a + i, (n_a - i) * sizeof *to);
    memcpy(to + n + n_a - i, b + j, (n_b - j) * sizeof *to);
    return n + n_a - i + n_b - j;
}

/* The columns of some rows, rising, each once, into `to`; returns how many. spare is as long. */
static size_t merge_columns(const objective *o, const uint64_t *rows, size_t n, uint32_t *to, uint32_t *spare)
{
    if (n == 1) {
        const tw_row r = row_at(o, rows[0]);
        memcpy(to, r.columns, r.n * sizeof *to);
        return r.n;
    }
    const size_t half = n / 2, a = merge_columns(o, rows, half, spare, to),
                 b = merge_columns(o, rows + half, n - half, spare + a, to + a);
    return merge(spare, a, spare + a, b, to);
}

/* From the columns to the weights of every output, then their biases. */
static size_t list_weights(const objective *o, uint32_t *index, size_t n)
{
    const size_t outputs = o->s->outputs, columns = o->s->columns;
    for (size_t k = outputs; k-- > 0;)
        for (size_t i = 0; i < n; i++) index[k * n + i] = (uint32_t)(k * columns + index[i]);
    n *= outputs;
    for (size_t at = outputs * columns; at < o->on.model->size; at++) index[n++] = (uint32_t)at;
    return n;
}

/* Moves the sum out of the lane's vector; the values' place is the merge's spare one. */
static void write_list(const objective *o, const tw_eval *e, void *sum)
{
    tw_sparse_sum *to = e->sparse;
    to->n = e->n ? merge_columns(o, e->rows, e->n, to->index, to->value) : 0;
    to->n = list_weights(o, to->index, to->n);
    for (size_t i = 0; i < to->n; i++)
        if (o->on.model->type == TW_F64) {
            ((double *)to->value)[i] = ((double *)sum)[to->index[i]] + 0;
            ((double *)sum)[to->index[i]] = 0;
        } else {
            ((float *)to->value)[i] = ((float *)sum)[to->index[i]] + 0;
            ((float *)sum)[to->index[i]] = 0;
        }
}

static size_t touched(void *user, const uint64_t *rows, size_t n, uint32_t *index)
{
    const objective *o = user;
    const size_t outputs = o->s->outputs, columns = o->s->columns,
                 biases = o->on.model->size - outputs * columns;
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        const tw_row r = row_at(o, rows[i]);
        for (size_t k = 0; index && k < outputs; k++)
            for (size_t j = 0; j < r.n; j++)
                index[count + k * r.n + j] = (uint32_t)(k * columns + r.columns[j]);
        count += outputs * r.n;
    }
    for (size_t k = 0; index && k < biases; k++) index[count + k] = (uint32_t)(outputs * columns + k);
    return count + biases;
}

/* ---- a leaf -------------------------------------------------------------------------------------------- */

static void write_outputs(const objective *o, double *score, void *to, size_t first)
{
    const size_t n = o->s->outputs;
    if (o->s->loss->output) o->s->loss->output(score, n);
    for (size_t k = 0; k < n; k++)
        if (o->on.model->type == TW_F64) ((double *)to)[first + k] = score[k];
        else ((float *)to)[first + k] = (float)score[k];
}

static void add_row(const objective *o, const tw_eval *e, size_t i, double *score, double *slope, void *g)
{
    const uint64_t at = e->rows[i];
    const tw_row r = row_at(o, at);
    scores_of(o, e->w, &r, score);
    if (e->want & (TW_WANT_LOSS | TW_WANT_GRADIENT)) {
        const double weight = weight_of(o, at);
        e->sums->loss += weight * loss_of(o, at, score, slope);
        e->sums->weight += weight;
        if (o->on.classes) e->sums->correct += weight * is_correct(o, at, score);
        if (e->want & TW_WANT_GRADIENT) add_gradient(o, g, &r, slope, weight);
    }
    if (e->want & TW_WANT_OUTPUT) write_outputs(o, score, e->output, i * o->s->outputs);
}

/* Counts rows that may stay in a file, many at a time. */
static void count_row(const objective *o, uint64_t row, int is_last, size_t *read)
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
    const objective *o = user;
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

/* ---- second derivatives -------------------------------------------------------------------------------- */

static double number_at(const objective *o, const tw_row *r, size_t i)
{
    const double x =
        o->on.data.type == TW_U8 ? ((const uint8_t *)r->x)[i] / 255.0 : weight_at(o->on.data.type, r->x, i);
    return o->on.model->type == TW_F64 ? x : (double)(float)x;
}

static double sign_of(const objective *o, uint64_t row, size_t k)
{
    return o->on.classes[row] == (int32_t)(o->s->outputs == 1 ? 1 : k) ? 1 : -1;
}

static double target_or_sign(const objective *o, uint64_t row, size_t k)
{
    return o->on.targets ? o->on.targets[row] : sign_of(o, row, k);
}

static double curvature_of(const objective *o, uint64_t row, size_t k, double score)
{
    return o->s->loss->curvature(score, target_or_sign(o, row, k), o->s->parameter);
}

/* The derivatives of the slopes by the scores; of softmax, whose slopes depend on all scores, the
 * probabilities that make them. */
static void curve(const objective *o, uint64_t row, double *score)
{
    const tw__linear_state *s = o->s;
    if (s->loss->of_all) {
        tw__softmax(score, s->outputs);
        return;
    }
    for (size_t k = 0; k < s->outputs; k++) score[k] = curvature_of(o, row, k, score[k]);
}

/* A part of a Hessian: `width` numbers per row of it; output k's weights begin at row k * columns, and its
 * bias is row `biases` + k. */
typedef struct part {
    double *h;
    size_t width, biases;
} part;

/* Adds c x x' of a row at the weights of output k and, up to the diagonal, of output l. */
static void add_square(const objective *o, const part *p, size_t k, size_t l, const tw_row *r, double c)
{
    const size_t columns = o->s->columns;
    double *bias = p->h + (p->biases + k) * p->width;
    for (size_t i = 0; i < r->n && l <= k; i++) {
        const double x = c * number_at(o, r, i);
        double *row = p->h + (k * columns + (r->columns ? r->columns[i] : i)) * p->width + l * columns;
        const size_t end = k == l ? i + 1 : r->n;
        for (size_t j = 0; x != 0 && j < end; j++)
            row[r->columns ? r->columns[j] : j] += x * number_at(o, r, j);
    }
    if (o->on.model->n_tensors == 1) return;
    for (size_t i = 0; i < r->n; i++)
        bias[l * columns + (r->columns ? r->columns[i] : i)] += c * number_at(o, r, i);
    if (l <= k) bias[p->biases + l] += c;
}

/* One block for each output, or of softmax one for all: the slope of score k changes with score l by
 * -P(k) P(l), and with its own by P(k) more. */
static void add_hessian(const objective *o, double *h, const tw_row *r, const double *kept, double weight)
{
    const size_t outputs = o->s->outputs, columns = o->s->columns, n = o->on.model->size, width = n / outputs;
    const part whole = {h, n, outputs * columns};
    for (size_t k = 0; k < outputs; k++) {
        const part block = {h + k * width * width, width, columns};
        if (!o->s->loss->of_all) add_square(o, &block, 0, 0, r, weight * kept[k]);
        for (size_t l = 0; o->s->loss->of_all && l < outputs; l++)
            add_square(o, &whole, k, l, r, weight * kept[k] * ((k == l) - kept[l]));
    }
}

static size_t hessian_blocks(const objective *o) { return o->s->loss->of_all ? 1 : o->s->outputs; }

static int hessian(void *user, const tw_eval *e)
{
    const objective *o = user;
    const size_t blocks = hessian_blocks(o), width = o->on.model->size / blocks,
                 penalised = o->s->outputs * o->s->columns / blocks;
    double *h = e->gradient, *score = o->scratch + (size_t)e->draw->lane * 2 * o->s->outputs;
    const tw__fp_mode mode = tw__fp_enter();
    *e->sums = (tw_sums){0};
    memset(h, 0, blocks * width * width * sizeof *h);
    for (size_t i = 0; i < e->n; i++) {
        const uint64_t at = e->rows[i];
        const tw_row r = row_at(o, at);
        const double weight = weight_of(o, at);
        scores_of(o, e->w, &r, score);
        curve(o, at, score);
        add_hessian(o, h, &r, score, weight);
        e->sums->weight += weight;
    }
    for (size_t k = 0; k < blocks; k++)
        for (size_t i = 0; i < penalised; i++) h[(k * width + i) * width + i] += e->sums->weight * o->s->l2;
    tw__fp_leave(mode);
    return 0;
}

/* What the scores change by, in place, into what the slopes change by. */
static void times_curvature(const objective *o, const double *kept, double *by)
{
    const size_t n = o->s->outputs;
    double mean = 0;
    for (size_t k = 0; o->s->loss->of_all && k < n; k++) mean += kept[k] * by[k];
    for (size_t k = 0; k < n; k++) by[k] = kept[k] * (by[k] - mean);
}

static void add_product(const objective *o, const tw_eval *e, uint64_t row, double weight, double *by)
{
    const tw__linear_state *s = o->s;
    const tw_row r = row_at(o, row);
    const size_t biases = s->outputs * s->columns;
    double *to = e->gradient;
    for (size_t k = 0; k < s->outputs; k++) {
        by[k] = o->k_f64->dot(e->vector + k * s->columns, r.x, r.columns, r.n);
        if (o->on.model->n_tensors > 1) by[k] += e->vector[biases + k];
    }
    times_curvature(o, e->kept + row * s->outputs, by);
    for (size_t k = 0; k < s->outputs; k++) {
        if (by[k] == 0) continue;
        o->k_f64->add(to + k * s->columns, weight * by[k], r.x, r.columns, r.n);
        if (o->on.model->n_tensors > 1) to[biases + k] += weight * by[k];
    }
}

static void add_diagonal(const objective *o, const tw_eval *e, uint64_t row, double weight)
{
    const tw__linear_state *s = o->s;
    const tw_row r = row_at(o, row);
    double *kept = e->kept + row * s->outputs, *to = e->gradient;
    scores_of(o, e->w, &r, kept);
    curve(o, row, kept);
    for (size_t k = 0; k < s->outputs; k++) {
        const double c = weight * (s->loss->of_all ? kept[k] * (1 - kept[k]) : kept[k]);
        for (size_t i = 0; i < r.n; i++) {
            const double x = number_at(o, &r, i);
            to[k * s->columns + (r.columns ? r.columns[i] : i)] += c * x * x;
        }
        if (o->on.model->n_tensors > 1) to[s->outputs * s->columns + k] += c;
    }
}

static int hessian_times(void *user, const tw_eval *e)
{
    const objective *o = user;
    const size_t n = o->s->outputs * o->s->columns;
    double *to = e->gradient, *by = o->scratch + (size_t)e->draw->lane * 2 * o->s->outputs;
    const tw__fp_mode mode = tw__fp_enter();
    *e->sums = (tw_sums){0};
    for (size_t i = 0; i < e->n; i++) e->sums->weight += weight_of(o, e->rows[i]);
    const double l2 = e->sums->weight * o->s->l2;
    for (size_t i = 0; i < n; i++) to[i] = e->vector ? l2 * e->vector[i] : l2;
    memset(to + n, 0, (o->on.model->size - n) * sizeof *to);
    for (size_t i = 0; i < e->n; i++) {
        const double weight = weight_of(o, e->rows[i]);
        if (e->vector) add_product(o, e, e->rows[i], weight, by);
        else add_diagonal(o, e, e->rows[i], weight);
    }
    tw__fp_leave(mode);
    return 0;
}

/* ---- as a generalised linear model --------------------------------------------------------------------- */

static void glm_row(void *user, uint64_t i, tw_row *to) { *to = row_at(user, i); }

static double glm_weight(void *user, uint64_t i) { return weight_of(user, i); }

static double glm_loss(void *user, uint64_t i, const double *scores, double *slopes)
{
    return loss_of(user, i, scores, slopes);
}

static int glm_correct(void *user, uint64_t i, const double *scores) { return is_correct(user, i, scores); }

static double glm_curvature(void *user, uint64_t i, size_t k, double score)
{
    return curvature_of(user, i, k, score);
}

static double glm_conjugate(void *user, uint64_t i, const double *slopes)
{
    const objective *o = user;
    double sum = 0;
    for (size_t k = 0; k < o->s->outputs; k++)
        sum += o->s->loss->conjugate(slopes[k], target_or_sign(o, i, k), o->s->parameter);
    return sum;
}

static double glm_proximal(void *user, uint64_t i, size_t k, double t, double q)
{
    const objective *o = user;
    return o->s->loss->proximal(t, q, target_or_sign(o, i, k), o->s->parameter);
}

/* Targets or signs of some rows for output k. */
enum { SOME = 64 };

static size_t some_targets(const objective *o, uint64_t first, size_t n, size_t k, double y[SOME])
{
    n = n < SOME ? n : SOME;
    for (size_t i = 0; i < n; i++) y[i] = target_or_sign(o, first + i, k);
    return n;
}

static void glm_losses(void *user, uint64_t first, size_t n, size_t k, const double *scores, double *losses,
                       double *slopes)
{
    const objective *o = user;
    const tw__linear_loss *loss = o->s->loss;
    double y[SOME];
    for (size_t at = 0, m; at < n; at += m) {
        m = some_targets(o, first + at, n - at, k, y);
        if (loss->losses)
            loss->losses(tw_context_isa(o->on.model->ctx), scores + at, y, m, losses + at, slopes + at);
        else
            for (size_t i = at; i < at + m; i++)
                losses[i] = loss->loss(scores[i], y[i - at], o->s->parameter, &slopes[i]);
    }
}

static void glm_curvatures(void *user, uint64_t first, size_t n, size_t k, const double *scores,
                           double *curvatures)
{
    const objective *o = user;
    if (o->s->loss->curvatures)
        o->s->loss->curvatures(tw_context_isa(o->on.model->ctx), scores, n, curvatures);
    else
        for (size_t i = 0; i < n; i++) curvatures[i] = curvature_of(o, first + i, k, scores[i]);
}

static const char *kinks_of_loss(const tw__linear_state *s)
{
    return s->parameter == 0 ? s->loss->kinks : NULL;
}

static void fill_glm(objective *o)
{
    const tw__linear_state *s = o->s;
    o->glm = (tw_glm){.size = sizeof o->glm,
                      .columns = s->columns,
                      .outputs = s->outputs,
                      .intercept = o->on.model->n_tensors > 1,
                      .row_type = o->on.data.type,
                      .l2 = s->l2,
                      .l1 = s->l1,
                      .user = o,
                      .row = glm_row,
                      .weight = glm_weight,
                      .loss = glm_loss,
                      .curvature = s->loss->curvature && !kinks_of_loss(s) ? glm_curvature : NULL,
                      .is_squared = s->loss->is_squared,
                      .kinks = kinks_of_loss(s),
                      .correct = o->on.classes ? glm_correct : NULL,
                      .conjugate = s->loss->conjugate ? glm_conjugate : NULL,
                      .proximal = s->loss->proximal ? glm_proximal : NULL,
                      .smoothness = kinks_of_loss(s) ? 0 : s->loss->smoothness,
                      .losses = s->loss->of_all ? NULL : glm_losses,
                      .curvatures = s->loss->curvature && !kinks_of_loss(s) ? glm_curvatures : NULL};
}

/* ---- making -------------------------------------------------------------------------------------------- */

static void destroy(tw__bound *on)
{
    objective *o = (objective *)on;
    tw_context *ctx = on->model->ctx;
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

static tw_status fill(objective *o, tw_error *err)
{
    const tw_model *m = o->on.model;
    o->is_streamed = tw__data_window(o->on.source) > 0;
    if (o->is_streamed && m->scale)
        return tw__fail(
            err, TW_ERR_SPEC,
            "option stream: %.200s: standardize keeps a copy of all rows in memory (convert rows that "
            "are scaled)",
            o->on.data.name);
    TW_TRY(tw__standardize_rows(m, &o->on.data, &o->standardized, err));
    o->k = tw__rows_for(m->type, o->on.data.type, tw_context_isa(m->ctx));
    o->k_f64 = tw__rows_for(TW_F64, o->on.data.type, tw_context_isa(m->ctx));
    TW_TRY(tw__alloc(m->ctx, &o->scratch, (size_t)o->lanes * 2 * o->s->outputs, sizeof *o->scratch, err));
    warn_of_columns(m, &o->on.data, o->s->columns);
    if (!o->on.data.starts || m->size > UINT32_MAX) return TW_OK;
    return tw__alloc(m->ctx, &o->sums, (size_t)o->lanes * m->size, tw_type_size(m->type), err);
}

tw_status tw__linear_bind(const tw__bound *on, tw_objective *out, tw_error *err)
{
    const tw_model *m = on->model;
    objective *o;
    TW_TRY(tw__alloc(m->ctx, &o, 1, sizeof *o, err));
    *o = (objective){.on = *on, .s = m->state, .lanes = tw_context_threads(m->ctx)};
    o->on.free = destroy;
    const tw_status s = fill(o, err);
    if (s != TW_OK) {
        destroy(&o->on);
        return s;
    }
    fill_glm(o);
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
                          .hessian = is_smooth ? hessian : NULL,
                          .hessian_blocks = hessian_blocks(o),
                          .hessian_times = is_smooth ? hessian_times : NULL,
                          .n_kept = o->s->outputs,
                          .kinks = o->s->l1 > 0 ? "l1" : kinks_of_loss(o->s),
                          .glm = on->classes || o->on.targets ? &o->glm : NULL};
    return TW_OK;
}
