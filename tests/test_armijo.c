/* armijo against its own condition, on the same draw, as sgd; where nothing falls it stalls.
 * SPDX-License-Identifier: MIT */
#include "control_runs.h"

/* ---- armijo -------------------------------------------------------------------------------------------- */

/* The sum of k_i w_i^2 / 2 with k = 1, 10, 100, ...; turned: its gradient has the wrong sign. */
enum { STEEP = 4 };
struct quadratic {
    int turned;
    long calls;
};
static const int64_t steep_shape[] = {STEEP};
static const tw_tensor steep = {"w", 1, steep_shape, 0, 0};

#define QUADRATIC(real, t)                                                                               \
    static double value_##t(const real *w)                                                               \
    {                                                                                                    \
        double sum = 0, k = 1;                                                                           \
        for (int i = 0; i < STEEP; i++, k *= 10) sum += k * (double)w[i] * (double)w[i] / 2;             \
        return sum;                                                                                      \
    }                                                                                                    \
    static int eval_##t(void *user, const tw_eval *e)                                                    \
    {                                                                                                    \
        struct quadratic *q = user;                                                                      \
        const real *w = e->w;                                                                            \
        real *g = e->gradient, k = 1;                                                                    \
        q->calls++;                                                                                      \
        *e->sums = (tw_sums){value_##t(w), 1, 0};                                                        \
        for (int i = 0; i < STEEP && e->want & TW_WANT_GRADIENT; i++, k *= 10)                           \
            g[i] = q->turned ? -k * w[i] : k * w[i];                                                     \
        return 0;                                                                                        \
    }                                                                                                    \
    static void check_steps_##t(tw_run *run, real *w, double lr, double c, double shrink, double grow,   \
                                int steps)                                                               \
    {                                                                                                    \
        double last = 0;                                                                                 \
        int status = TW_RUN_GOING, shorter = 0;                                                          \
        for (int s = 0; s < steps; s++) {                                                                \
            real before[STEEP], g[STEEP], point[STEEP], k = 1;                                           \
            double squares = 0, f = value_##t(w), first = last > 0 && last * grow < 1 ? last * grow : 1; \
            memcpy(before, w, sizeof before);                                                            \
            for (int i = 0; i < STEEP; i++, k *= 10) g[i] = k * w[i];                                    \
            for (int i = 0; i < STEEP; i++) squares += (double)g[i] * (double)g[i];                      \
            assert_int_equal(tw_run_step(run, &status, NULL), TW_OK);                                    \
            const double factor = tw_optimizer_factor(tw_run_optimizer(run)), a = lr * factor;           \
            for (int i = 0; i < STEEP; i++) assert_true(w[i] == before[i] - (real)a * g[i]);             \
            assert_true(value_##t(w) < f);                                                               \
            assert_true(value_##t(w) <= f - c * a * squares * (1 - 1e-12));                              \
            last = factor;                                                                               \
            if (factor == first) continue;                                                               \
            shorter++;                                                                                   \
            assert_true(factor < first);                                                                 \
            for (int i = 0; i < STEEP; i++) point[i] = before[i] - (real)(a / shrink) * g[i];            \
            assert_true(value_##t(point) > f - c * (a / shrink) * squares * (1 + 1e-12));                \
        }                                                                                                \
        assert_true(shorter > 2 && shorter < steps);                                                     \
    }
QUADRATIC(float, f32)
QUADRATIC(double, f64)

static tw_objective quadratic(struct quadratic *q, tw_type type)
{
    return (tw_objective){.size = sizeof(tw_objective),
                          .type = type,
                          .tensors = &steep,
                          .n_tensors = 1,
                          .lanes = 1,
                          .user = q,
                          .eval = type == TW_F32 ? eval_f32 : eval_f64};
}

static void armijo_keeps_its_condition(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        double c, shrink, grow;
    } specs[] = {{"armijo", 1e-4, 0.5, 2}, {"armijo:c=0.3,shrink=0.25,grow=4", 0.3, 0.25, 4}};
    tw_context *ctx = context(2);
    for (size_t i = 0; i < 2; i++) {
        struct quadratic q = {0};
        double w[STEEP] = {1, -2, 0.5, 3};
        float v[STEEP] = {1, -2, 0.5, 3};
        tw_run_options o = TW_RUN_OPTIONS_INIT;
        o.optimizer = "sgd:lr=0.75";
        o.control = specs[i].spec;
        o.epochs = 100;
        tw_objective f = quadratic(&q, TW_F64);
        tw_run *run = new_run(ctx, &f, w, &o);
        check_steps_f64(run, w, 0.75, specs[i].c, specs[i].shrink, specs[i].grow, 60);
        tw_run_free(run);
        f = quadratic(&q, TW_F32);
        run = new_run(ctx, &f, v, &o);
        check_steps_f32(run, v, 0.75, specs[i].c, specs[i].shrink, specs[i].grow, 12);
        tw_run_free(run);
    }
    tw_context_free(ctx);
}

static void armijo_stalls_where_nothing_falls(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    struct quadratic q = {.turned = 1};
    const tw_objective f = quadratic(&q, TW_F64);
    double w[STEEP] = {1, -2, 0.5, 3}, start[STEEP];
    size_t n;
    int status;
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    o.optimizer = "sgd:lr=1";
    o.control = "armijo:most=7";
    memcpy(start, w, sizeof w);
    tw_run *run = new_run(ctx, &f, w, &o);
    assert_int_equal(go_on(run), TW_RUN_STALLED);
    assert_int_equal(q.calls, 1 + 7);
    assert_memory_equal(w, start, sizeof w);
    assert_int_equal(tw_run_steps(run), 0);
    tw_run_history(run, &n);
    assert_int_equal(n, 0);
    ls_state saved;
    assert_int_equal(ls_save(&saved, run), TW_OK);
    tw_run_free(run);
    run = new_run(ctx, &f, w, &o);
    assert_int_equal(ls_load(&saved, run), TW_OK);
    assert_int_equal(tw_run_status(run), TW_RUN_STALLED);
    assert_int_equal(tw_run_step(run, &status, NULL), TW_ERR_STATE);
    tw_run_free(run);
    ls_forget(&saved);
    tw_context_free(ctx);
}

/* The mean of (w - row)^2 / 2, which notes what it is asked for. */
struct asked {
    uint64_t number, epoch, seed, rows[16];
    size_t n, first;
    int is_training, calls, differs;
};

static int note_draw(void *user, const tw_eval *e)
{
    struct asked *a = user;
    const double w = *(const double *)e->w;
    struct asked now = {.number = e->draw->number,
                        .epoch = e->draw->epoch,
                        .seed = e->draw->seed,
                        .n = e->n,
                        .first = e->draw->first,
                        .is_training = (e->want & TW_TRAINING) != 0};
    memcpy(now.rows, e->rows, e->n * sizeof *e->rows);
    now.calls = e->want & TW_WANT_GRADIENT ? 1 : a->calls + 1;
    now.differs = a->differs;
    if (now.calls > 1)
        now.differs |= now.number != a->number || now.epoch != a->epoch || now.seed != a->seed ||
                       now.n != a->n || now.first != a->first || !now.is_training ||
                       memcmp(now.rows, a->rows, sizeof now.rows) != 0;
    *a = now;
    *e->sums = (tw_sums){0, (double)e->n, 0};
    double g = 0;
    for (size_t i = 0; i < e->n; i++) {
        e->sums->loss += (w - (double)e->rows[i]) * (w - (double)e->rows[i]) / 2;
        g += w - (double)e->rows[i];
    }
    if (e->want & TW_WANT_GRADIENT) *(double *)e->gradient = g;
    return 0;
}

static void armijo_asks_on_the_same_draw(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    struct asked a = {.calls = 0};
    const tw_objective f = {.size = sizeof f,
                            .type = TW_F64,
                            .tensors = &weight,
                            .n_tensors = 1,
                            .n_rows = 30,
                            .lanes = 1,
                            .user = &a,
                            .eval = note_draw};
    double w = 100;
    int status;
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    o.optimizer = "sgd:lr=16";
    o.control = "armijo";
    o.batch = 7;
    o.seed = 3;
    tw_run *run = new_run(ctx, &f, &w, &o);
    for (uint64_t i = 0; i < 12; i++) {
        assert_int_equal(tw_run_step(run, &status, NULL), TW_OK);
        assert_true(a.number == i && a.epoch == i / 5 && a.seed == 3 && a.calls > 1);
        assert_false(a.differs);
    }
    tw_run_free(run);
    tw_context_free(ctx);
}

/* Where the first trial is always taken, the run is the run without a control: the search changes no bit. */
static void armijo_steps_as_sgd(void **state)
{
    (void)state;
    enum { N = LS_MOST_COLUMNS };
    static float w[2][N];
    tw_context *ctx = context(3);
    for (int batch = 7; batch <= 40; batch += 33)
        for (int k = 0; k < 2; k++) {
            least_squares p = {.rows = 40, .columns = N, .uneven = 1, .penalty = 0.1, .bad_row = -1};
            const tw_objective f = ls_objective(&p, TW_F32);
            tw_run_options o = TW_RUN_OPTIONS_INIT;
            o.optimizer = "sgd:lr=1e-5";
            o.batch = (uint64_t)batch;
            o.epochs = 2;
            o.control = k ? "armijo:grow=1" : NULL;
            memset(w[k], 0, sizeof w[k]);
            tw_run *run = new_run(ctx, &f, w[k], &o);
            assert_int_equal(go_on(run), TW_RUN_FINISHED);
            assert_true(tw_optimizer_factor(tw_run_optimizer(run)) == 1);
            tw_run_free(run);
            if (k) assert_memory_equal(w[0], w[1], sizeof w[0]);
        }
    tw_context_free(ctx);
}

/* What is not stepped is not on the way either. */
static void armijo_leaves_frozen_tensors_out(void **state)
{
    (void)state;
    static const int64_t two[] = {2};
    const tw_tensor halves[] = {{"a", 1, two, 0, 0}, {"b", 1, two, 2, TW_TENSOR_FROZEN}};
    tw_context *ctx = context(1);
    struct quadratic q = {0};
    tw_objective f = quadratic(&q, TW_F64);
    f.tensors = halves;
    f.n_tensors = 2;
    double w[STEEP] = {1, 1, 1, 1};
    int status;
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    o.optimizer = "sgd:lr=0.125";
    o.control = "armijo";
    tw_run *run = new_run(ctx, &f, w, &o);
    assert_int_equal(tw_run_step(run, &status, NULL), TW_OK);
    /* with b's slope of 1,000 no step would be short enough */
    assert_true(w[0] == 1 - 0.125 && w[1] == 1 - 1.25 && w[2] == 1 && w[3] == 1);
    tw_run_free(run);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(armijo_keeps_its_condition),
        cmocka_unit_test(armijo_stalls_where_nothing_falls),
        cmocka_unit_test(armijo_asks_on_the_same_draw),
        cmocka_unit_test(armijo_steps_as_sgd),
        cmocka_unit_test(armijo_leaves_frozen_tensors_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
