/* Weights and an optimiser for every worker; see replicas.h.
 *
 * A mean is that of the ways from a common point and not of the weights: equal weights stay as they are, and
 * what is rounded is small.
 * SPDX-License-Identifier: MIT */
#include "exchange/replicas.h"
#include "base/pool.h"
#include "exchange/wire.h"
#include <string.h>

/* About what an optimiser takes without its state. */
enum { OPTIMIZER_BYTES = 1 << 15 };
enum { PIECE = 256, LEVELS = 32, PIECES_PER_TASK = 64 };

/* ---- making -------------------------------------------------------------------------------------------- */

uint64_t tw__replicas_update(const tw__workers *x, const tw__worker *me, uint64_t clock)
{
    return clock * x->n + me->index;
}

/* As many steps as the worker will make: schedules that end with the run end with these. */
static tw_status make_stepper(tw__workers *x, size_t i, tw__stepper *to, tw_error *err)
{
    const uint64_t steps = tw__updates_of(x, i, x->set.total);
    if (x->n == 1) return tw__stepper_create(x, 0, x->set.size, 0, to, err);
    const tw__optimizer_setting s = {.hi = x->set.size, .steps = steps ? steps : 1, .stream = i};
    *to = (tw__stepper){.hi = x->set.size, .is_own = 1, .takes_lists = x->set.steps_lists};
    return x->set.make_optimizer(x->set.user, &s, &to->opt, err);
}

tw_status tw__replicas_create(tw__workers *x, tw__replicas *r, tw_error *err)
{
    const size_t state = tw_optimizer_state_bytes(x->set.optimizer);
    if (x->n > 1) TW_TRY(tw__workers_keep(x, OPTIMIZER_BYTES + state, err));
    TW_TRY(tw__alloc(x->ctx, &r->stepper, x->n, sizeof *r->stepper, err));
    for (size_t i = 0; i < x->n; i++) TW_TRY(make_stepper(x, i, &r->stepper[i], err));
    x->has_several = x->n > 1;
    if (x->has_several) x->leading = r->stepper[0].opt;
    x->has_replicas = 1;
    return tw__copy_weights(x, err);
}

tw_status tw__replicas_make_means(tw__workers *x, tw__replicas *r, tw_error *err)
{
    TW_TRY(tw__alloc(x->ctx, &r->rows, x->n, sizeof *r->rows, err));
    TW_TRY(tw__alloc(x->ctx, &r->share, x->n, sizeof *r->share, err));
    return tw__alloc(x->ctx, &r->way, x->set.size, x->k->real, err);
}

void tw__replicas_free(tw__workers *x, tw__replicas *r)
{
    for (size_t i = 0; r->stepper && i < x->n; i++) tw__stepper_free(x, &r->stepper[i]);
    tw__free(x->ctx, r->stepper, x->n, sizeof *r->stepper);
    tw__free(x->ctx, r->way, x->set.size, x->k->real);
    tw__free(x->ctx, r->share, x->n, sizeof *r->share);
    tw__free(x->ctx, r->rows, x->n, sizeof *r->rows);
}

/* ---- steps --------------------------------------------------------------------------------------------- */

tw_status tw__replicas_step(tw__workers *x, tw__replicas *r, tw__worker *me, tw_error *err)
{
    return tw__replicas_step_by(x, r, me, tw__mean_gradient(x, &me->gradient), err);
}

tw_status tw__replicas_step_by(tw__workers *x, tw__replicas *r, tw__worker *me, const tw__sum *mean,
                               tw_error *err)
{
    TW_TRY(tw__stepper_step(x, &r->stepper[me->index], me->w, mean, NULL, err));
    if (r->rows) r->rows[me->index] += me->gradient.rows;
    me->clock++;
    return tw__count_later(x, me, err);
}

/* ---- means --------------------------------------------------------------------------------------------- */

struct task {
    const tw__workers *x;
    const tw__replicas *r;
    const void *from;
    void *to;
    double by;
};

/* A node of the tree is in the level of the number of its leaves; the next leaf joins those that are
 * complete. */
#define MEAN(real, t)                                                                        \
    static void way_of_##t(size_t n, const real *from, const real *w, real share, real *to)  \
    {                                                                                        \
        for (size_t j = 0; !from && j < n; j++) to[j] = w[j] * share;                        \
        for (size_t j = 0; from && j < n; j++) to[j] = (from[j] - w[j]) * share;             \
    }                                                                                        \
    static void way_##t(const struct task *p, size_t lo, size_t n)                           \
    {                                                                                        \
        real level[LEVELS][PIECE];                                                           \
        const tw__workers *x = p->x;                                                         \
        const real *from = p->from ? (const real *)p->from + lo : NULL;                      \
        for (size_t i = 0; i < x->n; i++) {                                                  \
            const real *w = (const real *)x->worker[i].w + lo, share = (real)p->r->share[i]; \
            size_t k = 0;                                                                    \
            while (i >> k & 1) k++;                                                          \
            way_of_##t(n, from, w, share, level[k]);                                         \
            for (size_t l = 0; l < k; l++)                                                   \
                for (size_t j = 0; j < n; j++) level[k][j] = level[l][j] + level[k][j];      \
        }                                                                                    \
        size_t last = 0;                                                                     \
        while (!(x->n >> last & 1)) last++;                                                  \
        for (size_t k = last + 1; x->n >> k; k++) {                                          \
            if (!(x->n >> k & 1)) continue;                                                  \
            for (size_t j = 0; j < n; j++) level[k][j] = level[k][j] + level[last][j];       \
            last = k;                                                                        \
        }                                                                                    \
        memcpy((real *)p->to + lo, level[last], n * sizeof(real));                           \
    }                                                                                        \
    static void go_##t(const struct task *p, size_t lo, size_t n)                            \
    {                                                                                        \
        const real *from = (const real *)p->from + lo, *way = (const real *)p->r->way + lo;  \
        real *to = (real *)p->to + lo;                                                       \
        for (size_t j = 0; j < n; j++) to[j] = from[j] - (real)p->by * way[j];               \
    }
MEAN(float, f32)
MEAN(double, f64)

static void way_task(void *arg, size_t i, int worker)
{
    const struct task *p = arg;
    const size_t each = (size_t)PIECE * PIECES_PER_TASK, size = p->x->set.size;
    (void)worker;
    for (size_t lo = i * each; lo < size && lo < (i + 1) * each; lo += PIECE) {
        const size_t n = size - lo < PIECE ? size - lo : PIECE;
        TW__FOR_TYPE(p->x->set.type, way, p, lo, n);
    }
}

void tw__replicas_share(const tw__workers *x, tw__replicas *r, int by_rows)
{
    uint64_t all = 0;
    for (size_t i = 0; i < x->n; i++) all += r->rows[i];
    for (size_t i = 0; i < x->n; i++)
        r->share[i] = by_rows ? (double)r->rows[i] / (double)(all ? all : 1) : 1 / (double)x->n;
}

void tw__replicas_way(tw__workers *x, tw__replicas *r, const void *from)
{
    const size_t each = (size_t)PIECE * PIECES_PER_TASK;
    struct task p = {x, r, from, r->way, 0};
    tw__pool_run(x->ctx, (x->set.size + each - 1) / each, way_task, &p);
}

void tw__replicas_way_of(const tw__workers *x, tw__replicas *r, size_t worker, const void *from, double share)
{
    const void *w = x->worker[worker].w;
    if (x->set.type == TW_F32) way_of_f32(x->set.size, from, w, (float)share, r->way);
    else way_of_f64(x->set.size, from, w, share, r->way);
}

tw_status tw__replicas_push_way(tw__workers *x, tw__worker *me, const void *from, tw_error *err)
{
    tw__sum way = {.dense = me->w};
    if (x->set.type == TW_F32) way_of_f32(x->set.size, from, me->w, 1, me->w);
    else way_of_f64(x->set.size, from, me->w, 1, me->w);
    return tw__wire_push(x, me, &way, err);
}

void tw__replicas_take_way(const tw__workers *x, tw__worker *of)
{
    tw__sum *const way = &of->pushed->node[0];
    if (!way->is_list) memcpy(of->w, way->dense, x->set.size * x->k->real);
    way->dense = of->w;
    tw__sum_spread(way, x->set.type, x->set.size);
}

void tw__replicas_go(const tw__workers *x, const tw__replicas *r, const void *from, void *to, double by,
                     size_t first, size_t n)
{
    const struct task p = {x, r, from, to, by};
    TW__FOR_TYPE(x->set.type, go, &p, first, n);
}

/* ---- state --------------------------------------------------------------------------------------------- */

tw_status tw__replicas_visit(tw__workers *x, tw__replicas *r, tw_visitor *v, tw_error *err)
{
    const int64_t workers = (int64_t)x->n;
    if (r->rows) TW_TRY(v->field(v, "exchange.rows", TW_I64, 1, &workers, r->rows, err));
    for (size_t i = 0; i < x->n; i++) TW_TRY(tw__stepper_visit(&r->stepper[i], v, i, err));
    return TW_OK;
}
