/* The fused form of estimators; see by_row.h.
 * SPDX-License-Identifier: MIT */
#include "estimators/by_row.h"
#include "math/soft.h"
#include "models/row.h"
#include <math.h>
#include <string.h>

/* Steps after which all weights are brought up to date: the clock stays exact, and with l1 its history
 * short. */
enum { MOST_TICKS = 65536, MOST_TICKS_L1 = 4096 };
#define LEAST_SCALE 1e-100

#define INLINE inline __attribute__((always_inline))
/* Calls one of those below with the rows drawn and the outputs; where both are one, as constants. */
#define ONE_OR_MORE(call, ...)                                                \
    do {                                                                      \
        if (u->n == 1 && z->f->outputs == 1) call(z, u, 1, 1, ##__VA_ARGS__); \
        else call(z, u, u->n, z->f->outputs, ##__VA_ARGS__);                  \
    } while (0)

/* ---- one row ------------------------------------------------------------------------------------------- */

typedef struct tw__row_kernels {
    /* the product of a row with v, as it is at this clock */
    double (*dot)(const tw__cell *c, const tw_row *r, double clock);
    /* brings v to this clock, then takes pull times the row off v and adds `add` times it to sum */
    void (*add)(tw__cell *c, const tw_row *r, double clock, double pull, double add);
    /* brings the weights that a row touches up to date, with l1 */
    void (*settle)(const tw__by_row *z, tw__cell *c, const tw_row *r);
} tw__row_kernels;

/* The missed proximal steps. While a weight keeps its sign they are one; at 0 it stays if its sum is within
 * l1. */
static void settle_cell(const tw__by_row *z, tw__cell *c)
{
    size_t t = (size_t)c->last;
    const double moved = (z->clocks[z->ticks] - z->clocks[t]) * c->sum,
                 shrunk = z->shrunk[z->ticks] - z->shrunk[t];
    const int stays = z->is_steady && __builtin_fabs(c->sum) <= z->f->l1 * z->divisor;
    const int sign = c->v > 0 ? 1 : c->v < 0 ? -1 : c->sum > 0 ? -1 : 1;
    const double end = c->v - moved - sign * shrunk;
    c->last = (double)z->ticks;
    if (t == z->ticks || (c->v == 0 && stays)) return;
    if (z->is_steady && end * sign > 0) {
        c->v = end;
        return;
    }
    for (; t < z->ticks && !(c->v == 0 && stays); t++)
        c->v = tw__soft(c->v - (z->clocks[t + 1] - z->clocks[t]) * c->sum, z->shrunk[t + 1] - z->shrunk[t]);
}

#define AS_F32(x) ((double)(float)(x))
#define AS_F64(x) ((double)(x))
#define BYTE_AS_F32(x) ((double)((float)(x) / 255))
#define BYTE_AS_F64(x) ((double)(x) / 255)

static inline void add_to(tw__cell *c, double clock, double pull, double add)
{
    const double sum = c->sum;
    c->v -= (clock - c->last) * sum + pull;
    c->sum = sum + add;
    c->last = clock;
}

/* A row's numbers that are not 0, in order: y, and the cell. */
#define EACH(number, value, body)              \
    const number *x = r->x;                    \
    for (size_t i = 0, n = r->n; i < n; i++) { \
        const double y = value(x[i]);          \
        if (y == 0) continue;                  \
        body;                                  \
    }
#define KERNELS(name, number, value)                                                            \
    static double dot_##name(const tw__cell *c, const tw_row *r, double clock)                  \
    {                                                                                           \
        double dot = 0;                                                                         \
        const uint32_t *columns = r->columns;                                                   \
        if (columns) {                                                                          \
            EACH(number, value, const tw__cell *at = &c[columns[i]];                            \
                 dot += y * (at->v - (clock - at->last) * at->sum))                             \
        } else {                                                                                \
            EACH(number, value, const tw__cell *at = &c[i];                                     \
                 dot += y * (at->v - (clock - at->last) * at->sum))                             \
        }                                                                                       \
        return dot;                                                                             \
    }                                                                                           \
    static void add_##name(tw__cell *c, const tw_row *r, double clock, double pull, double add) \
    {                                                                                           \
        const uint32_t *columns = r->columns;                                                   \
        if (columns) {                                                                          \
            EACH(number, value, add_to(&c[columns[i]], clock, pull *y, add *y))                 \
        } else {                                                                                \
            EACH(number, value, add_to(&c[i], clock, pull *y, add *y))                          \
        }                                                                                       \
    }                                                                                           \
    static void settle_##name(const tw__by_row *z, tw__cell *c, const tw_row *r)                \
    {                                                                                           \
        EACH(number, value, (void)y; settle_cell(z, &c[r->columns ? r->columns[i] : i]))        \
    }
KERNELS(u8_f32, uint8_t, BYTE_AS_F32)
KERNELS(u8_f64, uint8_t, BYTE_AS_F64)
KERNELS(f32, float, AS_F64)
KERNELS(f64_f32, double, AS_F32)
KERNELS(f64_f64, double, AS_F64)
#define TABLE(name)                           \
    {                                         \
        dot_##name, add_##name, settle_##name \
    }

static const tw__row_kernels *kernels_for(tw_type weights, tw_type rows)
{
    static const tw__row_kernels u8_f32 = TABLE(u8_f32), u8_f64 = TABLE(u8_f64), f32 = TABLE(f32),
                                 f64_f32 = TABLE(f64_f32), f64_f64 = TABLE(f64_f64);
    if (rows == TW_U8) return weights == TW_F32 ? &u8_f32 : &u8_f64;
    if (rows == TW_F32) return &f32;
    return weights == TW_F32 ? &f64_f32 : &f64_f64;
}

static int has_l1(const tw__by_row *z) { return z->clocks != NULL; }

/* What `last` is where a weight is up to date. */
static double clock_of(const tw__by_row *z) { return has_l1(z) ? (double)z->ticks : z->now.clock; }

static void read_row(const tw__by_row *z, uint64_t i, tw_row *to)
{
    z->f->row(z->f->user, i, to);
    for (size_t k = 0; has_l1(z) && k < z->f->outputs; k++)
        z->kernels->settle(z, z->cell + k * z->f->columns, to);
}

/* Scores now, or one update before. */
static INLINE void scores_of(const tw__by_row *z, const tw_row *r, size_t outputs, int before)
{
    const tw__instant *at = before ? &z->before : &z->now;
    const double clock = before ? at->clock : clock_of(z);
    for (size_t k = 0; k < outputs; k++) {
        z->score[k] = at->scale * z->kernels->dot(z->cell + k * z->f->columns, r, clock);
        if (z->f->intercept) z->score[k] += before ? z->bias[k].before : z->bias[k].v;
    }
}

/* A row's slopes at the present scores, times its weight; its share of the sums. */
static INLINE void slopes_of(const tw__by_row *z, uint64_t row, size_t outputs, double *to, tw_sums *sums)
{
    const tw_glm *f = z->f;
    const double weight = f->weight(f->user, row), loss = f->loss(f->user, row, z->score, z->row_slope);
    for (size_t k = 0; k < outputs; k++) to[k] = weight * z->row_slope[k];
    if (!sums) return;
    sums->loss += weight * loss;
    sums->weight += weight;
    if (f->correct) sums->correct += weight * f->correct(f->user, row, z->score);
}

void tw__by_row_slopes(tw__by_row *z, uint64_t row, double *to, tw_sums *sums)
{
    slopes_of(z, row, z->f->outputs, to, sums);
}

static INLINE void move_row(tw__by_row *z, const tw_row *r, size_t k, double pull, double add)
{
    z->kernels->add(z->cell + k * z->f->columns, r, clock_of(z), pull / (z->now.scale * z->rho), add);
    if (!z->f->intercept) return;
    z->bias[k].v -= pull;
    z->bias[k].sum += add;
}

double tw__row_square(const tw_glm *f, const tw_row *r)
{
    double sum = 0;
    for (size_t i = 0; i < r->n; i++) {
        const double x = tw__row_number(f->row_type, TW_F64, r, i);
        sum += x * x;
    }
    return sum;
}

/* ---- lr=search, on the loss of one row ----------------------------------------------------------------- */

struct along {
    tw__by_row *z;
    uint64_t row;
    double share, reach; /* of the row in the mean; what a step of 1 along a slope of 1 takes off its score */
};

static tw_status loss_along(void *user, double step, double *loss, tw_error *err)
{
    const struct along *a = user;
    tw__by_row *z = a->z;
    (void)err;
    for (size_t k = 0; k < z->f->outputs; k++) z->trial[k] = z->score[k] - step * a->reach * z->fresh[k];
    *loss = a->share * z->f->loss(z->f->user, a->row, z->trial, z->row_slope);
    return TW_OK;
}

static void set_lr(tw__by_row *z, double lr)
{
    z->lr = lr;
    z->rho = 1 - lr * z->f->l2;
}

/* After the row was looked at. */
static void search(tw__by_row *z, const tw__update *u)
{
    const double unit = z->e->weight / (double)z->e->n_rows,
                 square = tw__row_square(z->f, &z->row[0]) + (z->f->intercept ? 1 : 0);
    struct along a = {z, u->rows[0], u->sums.weight / unit, square / unit};
    double slopes = 0, lr = z->lr;
    for (size_t k = 0; k < z->f->outputs; k++) slopes += z->fresh[k] * z->fresh[k];
    const tw__line line = {u->sums.loss / unit, slopes * square / (unit * unit), &a, loss_along};
    (void)tw__estimator_search(z->e, &line, &lr, NULL); /* loss_along does not fail */
    set_lr(z, lr);
}

/* ---- for the estimators -------------------------------------------------------------------------------- */

/* Of one row: few, most often one. */
static INLINE void copy_slopes(double *to, const double *from, size_t outputs)
{
    for (size_t k = 0; k < outputs; k++) to[k] = from[k];
}

static INLINE void look(tw__by_row *z, tw__update *u, size_t n, size_t outputs)
{
    u->sums = (tw_sums){0};
    z->evaluated += n;
    for (size_t i = 0; i < n; i++) {
        read_row(z, u->rows[i], &z->row[i]);
        scores_of(z, &z->row[i], outputs, 0);
        slopes_of(z, u->rows[i], outputs, z->fresh + i * outputs, &u->sums);
        if (z->slope) copy_slopes(z->other + i * outputs, z->slope + u->rows[i] * outputs, outputs);
    }
    if (z->trial) search(z, u);
    if (!z->seen || z->seen[u->block]) return;
    z->seen[u->block] = 1;
    z->seen_weight += u->sums.weight;
}

void tw__by_row_look(tw__by_row *z, tw__update *u) { ONE_OR_MORE(look); }

void tw__by_row_look_before(tw__by_row *z, const tw__update *u)
{
    z->evaluated += u->n;
    for (size_t i = 0; i < u->n; i++) {
        scores_of(z, &z->row[i], z->f->outputs, 1);
        slopes_of(z, u->rows[i], z->f->outputs, z->other + i * z->f->outputs, NULL);
    }
}

static INLINE void move(tw__by_row *z, const tw__update *u, size_t n, size_t outputs, double pull, double add)
{
    (void)u;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < outputs; k++) {
            const double change = z->fresh[i * outputs + k] - z->other[i * outputs + k];
            move_row(z, &z->row[i], k, z->lr * pull * change, add * change);
        }
}

void tw__by_row_move(tw__by_row *z, const tw__update *u, double pull, double add)
{
    ONE_OR_MORE(move, pull, add);
}

static INLINE void remember(tw__by_row *z, const tw__update *u, size_t n, size_t outputs)
{
    for (size_t i = 0; i < n; i++)
        copy_slopes(z->slope + u->rows[i] * outputs, z->fresh + i * outputs, outputs);
}

void tw__by_row_remember(tw__by_row *z, const tw__update *u) { ONE_OR_MORE(remember); }

static void set_sums(tw__by_row *z, double by)
{
    for (size_t i = 0; i < z->n; i++) z->cell[i].sum *= by;
    for (size_t k = 0; k < z->f->outputs; k++) z->bias[k].sum *= by;
}

void tw__by_row_full(tw__by_row *z, tw__update *u)
{
    const tw__estimator *e = z->e;
    const size_t outputs = z->f->outputs;
    const double share = (double)e->batch / (double)e->n_rows;
    tw_sums all = {0};
    tw__by_row_settle(z);
    set_sums(z, 0);
    for (uint64_t i = 0; i < e->n_rows; i++) {
        tw_row r;
        read_row(z, i, &r);
        scores_of(z, &r, outputs, 0);
        slopes_of(z, i, outputs, z->fresh, &all);
        for (size_t k = 0; k < outputs; k++) move_row(z, &r, k, 0, z->fresh[k]);
        if (z->slope) copy_slopes(z->slope + i * outputs, z->fresh, outputs);
    }
    set_sums(z, 1 / all.weight);
    z->evaluated += e->n_rows;
    z->row_weight = all.weight / (double)e->n_rows;
    u->sums = (tw_sums){all.loss * share, all.weight * share, all.correct * share};
}

void tw__by_row_keep(tw__by_row *z)
{
    tw__by_row_settle(z);
    for (size_t i = 0; i < z->n; i++) z->cell[i].kept = z->cell[i].v;
    for (size_t k = 0; k < z->f->outputs; k++) z->bias[k].kept = z->bias[k].v;
}

void tw__by_row_return(tw__by_row *z)
{
    tw__by_row_settle(z);
    for (size_t i = 0; i < z->n; i++) z->cell[i].v = z->cell[i].kept;
    for (size_t k = 0; k < z->f->outputs; k++) z->bias[k].v = z->bias[k].kept;
}

/* ---- all weights --------------------------------------------------------------------------------------- */

static const tw__points_type *points_of(const tw__by_row *z) { return z->e->type->by_row->points; }

static double value_of(const tw__by_row *z, tw__cell c)
{
    if (has_l1(z)) settle_cell(z, &c);
    else c.v -= (z->now.clock - c.last) * c.sum;
    return z->now.scale * c.v;
}

void tw__by_row_settle(tw__by_row *z)
{
    if (points_of(z)) {
        points_of(z)->settle(z);
        return;
    }
    for (size_t i = 0; z->ticks > 0 && i < z->n; i++) {
        z->cell[i].v = value_of(z, z->cell[i]);
        z->cell[i].last = 0;
    }
    z->before =
        (tw__instant){z->before.scale / z->now.scale, (z->before.clock - z->now.clock) * z->now.scale};
    z->now = (tw__instant){1, 0};
    z->ticks = 0;
}

double tw__by_row_weight(const tw__estimator *e, const void *w, size_t i)
{
    return e->real == TW_F64 ? ((const double *)w)[i] : (double)((const float *)w)[i];
}

static void start(tw__by_row *z, const void *w)
{
    for (size_t i = 0; i < z->n; i++) z->cell[i].v = tw__by_row_weight(z->e, w, i);
    for (size_t k = 0; z->f->intercept && k < z->f->outputs; k++)
        z->bias[k].v = tw__by_row_weight(z->e, w, z->n + k);
}

void tw__by_row_write(const tw__by_row *z, void *w)
{
    for (size_t i = 0; i < z->e->size; i++) {
        const double x = points_of(z) ? points_of(z)->weight(z, i)
                         : i < z->n   ? value_of(z, z->cell[i])
                                      : z->bias[i - z->n].v;
        if (z->e->real == TW_F64) ((double *)w)[i] = x;
        else ((float *)w)[i] = (float)x;
    }
}

/* ---- an update ----------------------------------------------------------------------------------------- */

/* The step that all weights make: lr / divisor times `sum`, the decay, l1's. */
static void tick(tw__by_row *z)
{
    const double scale = z->now.scale * z->rho, step = z->lr / (z->divisor * scale);
    z->before = z->now;
    z->now = (tw__instant){scale, z->now.clock + step};
    z->ticks++;
    for (size_t k = 0; z->f->intercept && k < z->f->outputs; k++) {
        z->bias[k].v -= z->lr / z->divisor * z->bias[k].sum;
        z->bias[k].before = z->bias[k].now;
    }
    if (!has_l1(z)) return;
    z->clocks[z->ticks] = z->now.clock;
    z->shrunk[z->ticks] = z->shrunk[z->ticks - 1] + z->lr * z->f->l1 / scale;
}

tw_status tw__by_row_update(tw__by_row *z, tw__update *u, double lr, tw_error *err)
{
    if (z->trial) lr = tw__estimator_search_rate(z->e);
    if (!(lr * z->f->l2 <= TW__MOST_DECAY))
        return tw__fail(
            err, TW_ERR_SPEC,
            "lr = %g times l2 = %g is above %g, which the fused %s does not take (fused = no does)", lr,
            z->f->l2, TW__MOST_DECAY, z->e->type->about.name);
    z->evaluated = 0;
    if (points_of(z)) {
        z->lr = lr;
        z->e->type->by_row->update(z, u);
        return TW_OK;
    }
    if (u->number == 0) start(z, u->w);
    if (z->ticks == (has_l1(z) ? MOST_TICKS_L1 : MOST_TICKS) || z->now.scale < LEAST_SCALE)
        tw__by_row_settle(z);
    set_lr(z, lr);
    for (size_t k = 0; k < z->f->outputs; k++) z->bias[k].now = z->bias[k].v;
    z->e->type->by_row->update(z, u);
    tick(z);
    return TW_OK;
}

static void fetch(const void *at, size_t bytes)
{
    enum { LINE = 64, MOST = 8 * LINE };
    const size_t before = (uintptr_t)at % LINE; /* in its first line */
    for (size_t i = 0; i < before + bytes && i < MOST; i += LINE)
        __builtin_prefetch((const char *)at - before + i);
}

void tw__by_row_fetch(const tw__by_row *z, uint64_t epoch, uint64_t step)
{
    tw_row row[TW__AHEAD];
    uint64_t at[TW__AHEAD];
    for (uint64_t i = 0; i < TW__AHEAD; i++) at[i] = tw__estimator_first_row(z->e, epoch, step + i);
    for (size_t i = 0; i < TW__AHEAD; i++) {
        if (z->seen) __builtin_prefetch(z->e->order + at[i]);
        if (z->slope) __builtin_prefetch(z->slope + at[i] * z->f->outputs);
        z->f->row(z->f->user, at[i], &row[i]);
    }
    for (size_t i = 0; i < TW__AHEAD; i++) {
        fetch(row[i].x, row[i].n * tw_type_size(z->f->row_type));
        if (row[i].columns) fetch(row[i].columns, row[i].n * sizeof *row[i].columns);
    }
}

/* ---- making and keeping -------------------------------------------------------------------------------- */

static size_t n_slopes(const tw__by_row *z)
{
    return z->e->type->by_row->remembers ? (size_t)z->e->n_rows * z->f->outputs : 0;
}
static size_t n_blocks(const tw__by_row *z)
{
    return z->e->type->sampling == TW__BLOCKS ? (size_t)tw__estimator_steps(z->e) : 0;
}
static size_t n_drawn(const tw__by_row *z) { return (size_t)z->e->batch * z->f->outputs; }

double tw__by_row_bytes(const tw__by_row *z)
{
    const double weights = points_of(z) ? points_of(z)->bytes(z) : (double)z->n * sizeof *z->cell;
    return weights + (double)n_slopes(z) * sizeof *z->slope;
}

static tw_status allocate(tw__by_row *z, tw_error *err)
{
    tw_context *ctx = z->e->ctx;
    const size_t outputs = z->f->outputs;
    if (points_of(z)) TW_TRY(points_of(z)->create(z, err));
    else TW_TRY(tw__alloc(ctx, &z->cell, z->n, sizeof *z->cell, err));
    TW_TRY(tw__alloc(ctx, &z->bias, outputs, sizeof *z->bias, err));
    if (n_slopes(z)) TW_TRY(tw__alloc(ctx, &z->slope, n_slopes(z), sizeof *z->slope, err));
    TW_TRY(tw__alloc(ctx, &z->row, (size_t)z->e->batch, sizeof *z->row, err));
    TW_TRY(tw__alloc(ctx, &z->fresh, n_drawn(z), sizeof *z->fresh, err));
    TW_TRY(tw__alloc(ctx, &z->other, n_drawn(z), sizeof *z->other, err));
    TW_TRY(tw__alloc(ctx, &z->score, outputs, sizeof *z->score, err));
    TW_TRY(tw__alloc(ctx, &z->row_slope, outputs, sizeof *z->row_slope, err));
    if (z->e->lipschitz > 0) TW_TRY(tw__alloc(ctx, &z->trial, outputs, sizeof *z->trial, err));
    if (n_blocks(z)) TW_TRY(tw__alloc(ctx, &z->seen, n_blocks(z), 1, err));
    if (!(z->f->l1 > 0) || points_of(z)) return TW_OK;
    TW_TRY(tw__alloc(ctx, &z->clocks, MOST_TICKS_L1 + 1, sizeof *z->clocks, err));
    return tw__alloc(ctx, &z->shrunk, MOST_TICKS_L1 + 1, sizeof *z->shrunk, err);
}

tw_status tw__by_row_create(tw__by_row **out, tw__estimator *e, const tw_glm *f, tw_error *err)
{
    tw__by_row *z;
    TW_TRY(tw__alloc(e->ctx, &z, 1, sizeof *z, err));
    *z = (tw__by_row){.e = e,
                      .f = f,
                      .kernels = kernels_for(e->real, f->row_type),
                      .n = f->outputs * f->columns,
                      .now = {1, 0},
                      .before = {1, 0},
                      .divisor = 1,
                      .is_steady = 1};
    const double bytes = tw__by_row_bytes(z);
    if (bytes <= tw__memory_of_machine() && allocate(z, NULL) == TW_OK) {
        *out = z;
        return TW_OK;
    }
    tw__by_row_free(z);
    return tw__fail(err, TW_ERR_MEMORY,
                    "out of memory: the fused %s keeps %.0f bytes for %zu weights and %llu rows",
                    e->type->about.name, bytes, e->size, (unsigned long long)e->n_rows);
}

void tw__by_row_free(tw__by_row *z)
{
    if (!z) return;
    tw_context *ctx = z->e->ctx;
    const size_t outputs = z->f->outputs;
    if (points_of(z)) points_of(z)->free(z);
    tw__free(ctx, z->cell, z->n, sizeof *z->cell);
    tw__free(ctx, z->bias, outputs, sizeof *z->bias);
    tw__free(ctx, z->slope, n_slopes(z), sizeof *z->slope);
    tw__free(ctx, z->row, (size_t)z->e->batch, sizeof *z->row);
    tw__free(ctx, z->fresh, n_drawn(z), sizeof *z->fresh);
    tw__free(ctx, z->other, n_drawn(z), sizeof *z->other);
    tw__free(ctx, z->score, outputs, sizeof *z->score);
    tw__free(ctx, z->row_slope, outputs, sizeof *z->row_slope);
    tw__free(ctx, z->trial, outputs, sizeof *z->trial);
    tw__free(ctx, z->seen, n_blocks(z), 1);
    tw__free(ctx, z->clocks, MOST_TICKS_L1 + 1, sizeof *z->clocks);
    tw__free(ctx, z->shrunk, MOST_TICKS_L1 + 1, sizeof *z->shrunk);
    tw__free(ctx, z, 1, sizeof *z);
}

/* The clock's numbers must fit one another; with l1 a weight's last tick is an index. */
static tw_status check(tw__by_row *z, const double *numbers, tw_error *err)
{
    const double most = has_l1(z) ? MOST_TICKS_L1 : MOST_TICKS;
    int fits = numbers[6] >= 0 && numbers[6] <= most && numbers[6] == floor(numbers[6]) && numbers[2] > 0;
    for (int i = 0; i < 9; i++) fits = fits && isfinite(numbers[i]);
    for (size_t i = 0; fits && has_l1(z) && i < z->n; i++) {
        const double last = z->cell[i].last;
        fits = last >= 0 && last <= numbers[6] && last == floor(last);
    }
    return fits ? TW_OK
                : tw__fail(err, TW_ERR_DATA, "the stored weights of %s do not fit its clock",
                           z->e->type->about.name);
}

static tw_status visit_cells(tw__by_row *z, tw_visitor *v, tw_error *err)
{
    double numbers[] = {z->seen_weight,  z->row_weight,    z->now.scale, z->now.clock,        z->before.scale,
                        z->before.clock, (double)z->ticks, z->divisor,   (double)z->is_steady};
    int64_t cells[] = {(int64_t)z->n, 4}, biases[] = {(int64_t)z->f->outputs, 5},
            blocks = (int64_t)n_blocks(z), n = 9, history = MOST_TICKS_L1 + 1;
    TW_TRY(v->field(v, "estimator.weights", TW_F64, 2, cells, z->cell, err));
    TW_TRY(v->field(v, "estimator.intercepts", TW_F64, 2, biases, z->bias, err));
    if (z->seen) TW_TRY(v->field(v, "estimator.seen", TW_U8, 1, &blocks, z->seen, err));
    if (has_l1(z)) TW_TRY(v->field(v, "estimator.clocks", TW_F64, 1, &history, z->clocks, err));
    if (has_l1(z)) TW_TRY(v->field(v, "estimator.shrunk", TW_F64, 1, &history, z->shrunk, err));
    TW_TRY(v->field(v, "estimator.instant", TW_F64, 1, &n, numbers, err));
    if (v->loading != TW_LOAD) return TW_OK;
    TW_TRY(check(z, numbers, err));
    z->seen_weight = numbers[0];
    z->row_weight = numbers[1];
    z->now = (tw__instant){numbers[2], numbers[3]};
    z->before = (tw__instant){numbers[4], numbers[5]};
    z->ticks = (size_t)numbers[6];
    z->divisor = numbers[7];
    z->is_steady = numbers[8] != 0;
    return TW_OK;
}

tw_status tw__by_row_visit(tw__by_row *z, tw_visitor *v, tw_error *err)
{
    int64_t slopes[] = {(int64_t)z->e->n_rows, (int64_t)z->f->outputs};
    if (z->slope) TW_TRY(v->field(v, "estimator.slopes", TW_F64, 2, slopes, z->slope, err));
    return points_of(z) ? points_of(z)->visit(z, v, err) : visit_cells(z, v, err);
}
