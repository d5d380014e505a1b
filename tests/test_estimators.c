/* Estimators: what their directions are, that they converge as the papers say, and that nothing but the numbers decides the bits.
 * SPDX-License-Identifier: MIT */
#include "base/context.h"
#include "estimators/estimator.h"
#include "faulty_io.h"
#include "least_squares.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static tw_context *context(int threads, tw_isa isa)
{
    tw_context *ctx;
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    o.threads = threads;
    o.max_isa = isa;
    assert_int_equal(tw_context_create(&ctx, &o, NULL), TW_OK);
    return ctx;
}

static tw_run_options options(const char *rule, const char *estimator, uint64_t batch)
{
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    o.optimizer = rule;
    o.estimator = estimator;
    o.batch = batch;
    o.epochs = 100;
    o.seed = 4;
    return o;
}

static void steps(tw_run *run, int n)
{
    int status;
    tw_error err = {0};
    for (int i = 0; i < n; i++)
        if (tw_run_step(run, &status, &err) != TW_OK) fail_msg("step %llu: %s", (unsigned long long)tw_run_steps(run) + 1, err.message);
}

static tw_run *make(tw_context *ctx, const tw_objective *f, void *w, const tw_run_options *o)
{
    tw_run *run;
    tw_error err = {0};
    if (tw_run_create(&run, ctx, f, NULL, w, o, &err) != TW_OK) fail_msg("%s with %s: %s", o->estimator, o->optimizer, err.message);
    return run;
}

static double distance(const double *a, const double *b, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrt(sum);
}

/* ---- the directions ----------------------------------------------------------------------------------------------------- */

/* The sum that is carried along is that of the table, and the table holds what the equation says. */
static void the_sum_is_the_tables(void **state)
{
    (void)state;
    enum { ROWS = 23, COLUMNS = 5, BATCH = 4, BLOCKS = 6 };
    const char *const specs[] = {"sag", "sag:norm=seen", "saga"};
    for (int k = 0; k < 3; k++) {
        tw_context *ctx = context(1, TW_ISA_DETECT);
        least_squares p = {.rows = ROWS, .columns = COLUMNS, .penalty = 0.1, .uneven = 1, .bad_row = -1};
        tw_objective f = ls_objective(&p, TW_F64);
        double w[COLUMNS] = {1, 1, 1, 1, 1};
        tw_run_options o = options("momentum:lr=0.05", specs[k], BATCH);
        tw_run *run = make(ctx, &f, w, &o);
        for (int i = 0; i < 60; i++) {
            ls_state s;
            steps(run, 1);
            assert_int_equal(ls_save(&s, run), TW_OK);
            const double *table = ls_find(&s, "estimator.table"), *sum = ls_find(&s, "estimator.table_sum");
            for (int j = 0; j < COLUMNS; j++) {
                double all = 0;
                for (int b = 0; b < BLOCKS; b++) all += table[b * COLUMNS + j];
                if (fabs(all - sum[j]) > 1e-12) fail_msg("%s, step %d, weight %d: sum %.17g, table %.17g", specs[k], i + 1, j, sum[j], all);
            }
            ls_forget(&s);
        }
        tw_run_free(run);
        tw_context_free(ctx);
    }
}

/* The direction that follows when after `prefix` drawn rows row i is drawn, and the weights before it. */
static void direction_after(const char *estimator, least_squares *p, uint64_t batch, const uint64_t *prefix, size_t n, uint64_t row, double *before, double *direction)
{
    uint64_t order[256];
    double w[8] = {0.5, -0.5, 0.25, 1, -1};
    tw_context *ctx = context(1, TW_ISA_DETECT);
    tw_objective f = ls_objective(p, TW_F64);
    tw_run_options o = options("sgd:lr=0.125", estimator, batch);
    memcpy(order, prefix, n * sizeof *order);
    for (size_t i = n; i < n + batch; i++) order[i] = row;
    o.order = order;
    o.n_order = n + batch;
    tw_run *run = make(ctx, &f, w, &o);
    steps(run, (int)(strncmp(estimator, "sag", 3) == 0 ? n : n / batch));
    memcpy(before, w, sizeof w);
    steps(run, 1);
    for (int j = 0; j < p->columns; j++) direction[j] = (before[j] - w[j]) / 0.125;
    tw_run_free(run);
    tw_context_free(ctx);
}

/* The mean over what may be drawn next is the full gradient: in the middle of a round, with a shorter last block, with rows of unequal weight. */
static void svrg_and_saga_are_unbiased(void **state)
{
    (void)state;
    const struct { const char *spec; uint64_t batch; int blocks; } cases[] = {{"svrg:m=13", 1, 0}, {"saga", 1, 1}, {"saga", 4, 1}, {"minibatch", 1, 0}};
    for (int k = 0; k < 4; k++)
        for (int uneven = 0; uneven < 2; uneven++) {
            enum { ROWS = 23, PREFIX = 75 };
            least_squares p = {.rows = ROWS, .columns = 5, .penalty = 0.1, .uneven = uneven, .bad_row = -1};
            uint64_t prefix[PREFIX];
            double before[8], direction[8], mean[8] = {0}, full[8];
            if (uneven && k == 3) continue; /* the mean over one row cannot know what other rows weigh */
            for (int i = 0; i < PREFIX; i++) prefix[i] = (uint64_t)(i * 7 + i / ROWS) % ROWS;
            int count = 0;
            for (uint64_t row = 0; row < ROWS; row += cases[k].blocks ? cases[k].batch : 1, count++) {
                direction_after(cases[k].spec, &p, cases[k].batch, prefix, PREFIX, row, before, direction);
                for (int j = 0; j < 5; j++) mean[j] += direction[j];
            }
            ls_gradient(&p, before, full);
            for (int j = 0; j < 5; j++)
                if (fabs(mean[j] / count - full[j]) > 1e-12)
                    fail_msg("%s, batch %d, weight %d: mean %.17g, gradient %.17g", cases[k].spec, (int)cases[k].batch, j, mean[j] / count, full[j]);
        }
}

/* sag has no such mean, but its directions differ by what the new entry changes: (f_i' - y_i) / n. With everything drawn at one point it is exact. */
static void sag_at_a_standstill_is_the_full_gradient(void **state)
{
    (void)state;
    enum { ROWS = 23 };
    for (int uneven = 0; uneven < 2; uneven++)
        for (int batch = 1; batch <= 5; batch += 4) {
            least_squares p = {.rows = ROWS, .columns = 5, .penalty = 0.1, .uneven = uneven, .bad_row = -1};
            tw_context *ctx = context(1, TW_ISA_DETECT);
            tw_objective f = ls_objective(&p, TW_F64);
            double w[8] = {0.5, -0.5, 0.25, 1, -1}, before[8], full[8];
            uint64_t order[ROWS];
            for (int i = 0; i < ROWS; i++) order[i] = (uint64_t)(i * batch % ROWS);
            tw_run_options o = options("sgd:lr=0.125", "sag", (uint64_t)batch);
            o.schedule = "step:step_size=22,gamma=0"; /* nothing moves after the first 22 steps */
            if (batch == 5) o.schedule = "step:step_size=5,gamma=0";
            o.order = order;
            o.n_order = ROWS;
            tw_run *run = make(ctx, &f, w, &o);
            steps(run, batch == 5 ? 5 : 22);
            memcpy(before, w, sizeof w);
            steps(run, 2 * ROWS);
            assert_memory_equal(before, w, sizeof w);
            ls_state s;
            assert_int_equal(ls_save(&s, run), TW_OK);
            const double *sum = ls_find(&s, "estimator.table_sum"), *weight = ls_find(&s, "estimator.weight");
            ls_gradient(&p, w, full);
            assert_true(*weight == (uneven ? 23 + 22 : 23));
            for (int j = 0; j < 5; j++) assert_true(fabs(sum[j] / *weight - full[j]) < 1e-13);
            ls_forget(&s);
            tw_run_free(run);
            tw_context_free(ctx);
        }
}

static void options_I_and_II(void **state)
{
    (void)state;
    enum { M = 5, ROUNDS = 12 };
    int places = 0;
    for (int option = 0; option < 2; option++) {
        least_squares p = {.rows = 23, .columns = 5, .penalty = 0.1, .bad_row = -1};
        tw_context *ctx = context(1, TW_ISA_DETECT);
        tw_objective f = ls_objective(&p, TW_F64);
        double w[5] = {1, -1, 1, -1, 1}, iterate[M + 1][5], full[5];
        tw_run_options o = options("sgd:lr=0.125", option ? "svrg:option=II,m=5" : "svrg:m=5", 2);
        tw_run *run = make(ctx, &f, w, &o);
        for (int i = 0; i < M * ROUNDS; i++) {
            if (i % M == 0) memcpy(iterate[M], w, sizeof w);
            double before[5];
            memcpy(before, w, sizeof w);
            steps(run, 1);
            if (i > 0 && i % M == 0) { /* the step goes on from which of the last iterates? */
                int found = -1;
                for (int k = 0; k <= M; k++) {
                    ls_gradient(&p, iterate[k], full);
                    double off = 0;
                    for (int j = 0; j < 5; j++) off = fmax(off, fabs(iterate[k][j] - 0.125 * full[j] - w[j]));
                    if (off < 1e-14) found = k;
                }
                if (option ? found < 0 || found == M : found != M) fail_msg("option %s, round %d: goes on from iterate %d", option ? "II" : "I", i / M, found);
                if (option) places |= 1 << found;
                if (option) memcpy(before, iterate[found], sizeof w);
            }
            memcpy(iterate[i % M], before, sizeof w);
        }
        tw_run_free(run);
        tw_context_free(ctx);
    }
    assert_true(__builtin_popcount((unsigned)places) >= 3); /* drawn, not always the same */
}

/* A curve without rows: (w0^4 + 2 w1^2) / 2. */
static int eval_curve(void *user, unsigned want, const void *weights, const uint64_t *rows, size_t n, const tw_draw *draw, tw_sums *sums, void *gradient, void *output)
{
    const double *w = weights;
    double *g = gradient;
    (void)user, (void)rows, (void)n, (void)draw, (void)output;
    *sums = (tw_sums){(w[0] * w[0] * w[0] * w[0] + 2 * w[1] * w[1]) / 2, 1, 0};
    if (want & TW_WANT_GRADIENT) {
        g[0] = 2 * w[0] * w[0] * w[0];
        g[1] = 2 * w[1];
    }
    return 0;
}

static void sam_looks_uphill(void **state)
{
    (void)state;
    const int64_t shape[] = {2};
    const tw_tensor tensor = {"w", 1, shape, 0, 0};
    const tw_objective f = {.size = sizeof f, .type = TW_F64, .tensors = &tensor, .n_tensors = 1, .lanes = 1, .eval = eval_curve};
    tw_context *ctx = context(1, TW_ISA_DETECT);
    double w[2] = {0.8, -0.3}, v[2] = {0.8, -0.3};
    tw_run_options o = options("sgd:lr=0.125", "sam:rho=0.25", 0);
    tw_run *run = make(ctx, &f, w, &o);
    for (int i = 0; i < 20; i++) {
        double g[2] = {2 * v[0] * v[0] * v[0], 2 * v[1]}, norm = sqrt(g[0] * g[0] + g[1] * g[1]);
        double u[2] = {v[0] + 0.25 * g[0] / (norm + 1e-12), v[1] + 0.25 * g[1] / (norm + 1e-12)};
        v[0] -= 0.125 * 2 * u[0] * u[0] * u[0];
        v[1] -= 0.125 * 2 * u[1];
        steps(run, 1);
        assert_true(fabs(w[0] - v[0]) < 1e-14 && fabs(w[1] - v[1]) < 1e-14);
    }
    size_t n;
    assert_true(fabs(tw_run_history(run, &n)[0].loss - (0.8 * 0.8 * 0.8 * 0.8 + 2 * 0.09) / 2) < 1e-14); /* at w, not uphill */
    tw_run_free(run);
    tw_context_free(ctx);
}

/* ---- convergence -------------------------------------------------------------------------------------------------------- */

/* The distance to the optimum of a direct solve falls on a straight line in the logarithm; sgd with the same steps stays far above. */
static void linear_rates(void **state)
{
    (void)state;
    enum { EPOCHS = 60 };
    const char *const specs[] = {"sag", "saga", "svrg", "svrg:option=II", "sarah", "full"};
    for (int k = 0; k < 6; k++) {
        least_squares p = {.rows = 40, .columns = 6, .penalty = 0.2, .bad_row = -1};
        tw_context *ctx = context(1, TW_ISA_DETECT);
        tw_objective f = ls_objective(&p, TW_F64);
        double w[6] = {0}, v[6] = {0}, best[6], sx = 0, sy = 0, sxx = 0, sxy = 0, syy = 0;
        int full = strcmp(specs[k], "full") == 0, per_epoch = full ? 20 : 40;
        ls_optimum(&p, best);
        tw_run_options o = options(full ? "sgd:lr=1" : "sgd:lr=0.08", specs[k], full ? 0 : 1);
        o.epochs = 100000;
        tw_run *run = make(ctx, &f, w, &o);
        for (int e = 0; e < EPOCHS; e++) {
            steps(run, per_epoch);
            double d = distance(w, best, 6), x = e, y = log(d);
            if (d < 1e-13) y = log(1e-13);
            if (d < 1e-12) break;
            sx += x, sy += y, sxx += x * x, sxy += x * y, syy += y * y;
            v[0] += 1; /* points on the line */
        }
        double n = v[0], slope = (n * sxy - sx * sy) / (n * sxx - sx * sx);
        double fit = (n * sxy - sx * sy) / sqrt((n * sxx - sx * sx) * (n * syy - sy * sy));
        if (!(distance(w, best, 6) < 1e-8) || slope > -0.2 || fit > -0.97)
            fail_msg("%s: %g from the optimum, slope %g an epoch, correlation %g", specs[k], distance(w, best, 6), slope, fit);
        tw_run_free(run);
        o = options("sgd:lr=0.08", "single", 0);
        run = make(ctx, &f, w, &o);
        steps(run, 2000);
        assert_true(distance(w, best, 6) > 1e-3);
        tw_run_free(run);
        tw_context_free(ctx);
    }
}

/* ---- the same bits ------------------------------------------------------------------------------------------------------ */

static const char *const specs[] = {"minibatch", "full", "single", "sag", "sag:norm=seen", "saga", "svrg:m=3", "svrg:option=II,m=4", "sarah:m=3", "sam"};
enum { N_SPECS = sizeof specs / sizeof specs[0] };
static int takes_batch(const char *spec)
{
    tw_estimator_choice c;
    assert_int_equal(tw_estimator_read(&c, spec, NULL), TW_OK);
    return c.estimator->takes_batch;
}

static void resume_at_every_step(void **state)
{
    (void)state;
    enum { STEPS = 13 };
    const char *const rules[] = {"sgd:lr=0.05", "nag:lr=0.05", "adam"};
    for (int k = 0; k < N_SPECS; k++)
        for (int r = 0; r < 3; r++) {
            least_squares p = {.rows = 23, .columns = 5, .penalty = 0.1, .uneven = 1, .bad_row = -1};
            tw_context *ctx = context(1, TW_ISA_DETECT);
            tw_objective f = ls_objective(&p, TW_F32);
            float w[5] = {1, -1, 1, -1, 1}, v[5];
            ls_state at[STEPS];
            tw_run_options o = options(rules[r], specs[k], takes_batch(specs[k]) ? 5 : 0);
            tw_run *run = make(ctx, &f, w, &o);
            for (int i = 0; i < STEPS; i++) {
                assert_int_equal(ls_save(&at[i], run), TW_OK);
                steps(run, 1);
            }
            for (int i = 0; i < STEPS; i++) {
                tw_run *again = make(ctx, &f, v, &o);
                assert_int_equal(ls_load(&at[i], again), TW_OK);
                steps(again, STEPS - i);
                if (memcmp(v, w, sizeof v) != 0) fail_msg("%s with %s: resumed after step %d it ends elsewhere", specs[k], rules[r], i);
                tw_run_free(again);
                ls_forget(&at[i]);
            }
            tw_run_free(run);
            tw_context_free(ctx);
        }
}

static void run_wide(const char *spec, const char *rule, tw_type type, int threads, tw_isa isa, void *reported)
{
    enum { COLUMNS = 8200 };
    least_squares p = {.rows = 20, .columns = COLUMNS, .penalty = 0.1, .bad_row = -1};
    tw_context *ctx = context(threads, isa);
    tw_objective f = ls_objective(&p, type);
    const void *shown;
    void *w = calloc(COLUMNS, 8);
    tw_run_options o = options(rule, spec, takes_batch(spec) ? 9 : 0);
    tw_run *run = make(ctx, &f, w, &o);
    steps(run, 4);
    assert_int_equal(tw_run_weights(run, &shown, NULL), TW_OK);
    memcpy(reported, shown, COLUMNS * tw_type_size(type));
    tw_run_free(run);
    tw_context_free(ctx);
    free(w);
}

static void threads_and_instruction_sets(void **state)
{
    (void)state;
    enum { BYTES = 8200 * 8 };
    const char *const rules[] = {"sgd:lr=1e-4", "momentum:lr=1e-4", "nag:lr=1e-4", "adam"};
    static char first[BYTES], other[BYTES];
    for (int k = 3; k < N_SPECS; k++)
        for (int turn = 0; turn < 4; turn++) {
            const char *rule = rules[(turn + k) % 4];
            tw_type type = turn % 2 ? TW_F64 : TW_F32;
            size_t bytes = 8200 * tw_type_size(type);
            run_wide(specs[k], rule, type, 1, TW_ISA_BASE, first);
            for (int threads = 2; threads <= 3; threads++) {
                run_wide(specs[k], rule, type, threads, threads == 2 ? TW_ISA_BASE : TW_ISA_DETECT, other);
                if (memcmp(first, other, bytes) != 0) fail_msg("%s with %s: %d threads give other bits", specs[k], rule, threads);
            }
            for (tw_isa isa = TW_ISA_AVX2; isa <= tw_isa_of_cpu(); isa++) {
                run_wide(specs[k], rule, type, 1, isa, other);
                if (memcmp(first, other, bytes) != 0) fail_msg("%s with %s: %s gives other bits", specs[k], rule, tw_isa_name(isa));
            }
        }
}

/* One update of three batches of 20 is one of 60, which is cut at no multiple of a leaf's 8 rows. */
static void accumulation_is_a_larger_batch(void **state)
{
    (void)state;
    const char *const some[] = {"minibatch", "saga", "svrg:m=3", "sam"};
    for (int k = 0; k < 4; k++) {
        least_squares p = {.rows = 64, .columns = 500, .penalty = 0.1, .bad_row = -1};
        float w[2][500] = {{0}};
        for (int pieces = 0; pieces < 2; pieces++) {
            tw_context *ctx = context(2, TW_ISA_DETECT);
            tw_objective f = ls_objective(&p, TW_F32);
            tw_run_options o = options("adam", some[k], pieces ? 20 : 60);
            o.accumulate = pieces ? 3 : 0;
            tw_run *run = make(ctx, &f, w[pieces], &o);
            assert_int_equal(tw_run_rows(run), 60);
            assert_int_equal(tw_run_batch(run), pieces ? 20 : 60);
            assert_int_equal(tw_run_steps_per_epoch(run), 2);
            steps(run, 5);
            assert_int_equal(tw_optimizer_steps(tw_run_optimizer(run)), 5);
            tw_run_free(run);
            tw_context_free(ctx);
        }
        assert_memory_equal(w[0], w[1], sizeof w[0]);
    }
}

static void a_preset_is_an_estimator_with_sgd(void **state)
{
    (void)state;
    const struct { const char *preset, *estimator, *rule; } cases[] = {
        {"saga", "saga", "sgd"}, {"svrg:m=5,lr=0.1,option=II", "svrg:option=II,m=5", "sgd:lr=0.1"}, {"sam:momentum=0.9", "sam", "sgd:momentum=0.9"}, {"full", "full", "sgd"},
        {"clip_global_norm:max=0.01+saga:lr=0.1+ema", "saga", "clip_global_norm:max=0.01+sgd:lr=0.1+ema"}, {"sag:norm=seen+lookahead", "sag:norm=seen", "sgd+lookahead"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        least_squares p = {.rows = 23, .columns = 5, .penalty = 0.1, .bad_row = -1};
        double w[2][5] = {{0}};
        for (int i = 0; i < 2; i++) {
            tw_context *ctx = context(1, TW_ISA_DETECT);
            tw_objective f = ls_objective(&p, TW_F64);
            tw_run_options o = options(i ? cases[k].rule : cases[k].preset, i ? cases[k].estimator : NULL, 0);
            tw_run *run = make(ctx, &f, w[i], &o);
            char text[TW_SPEC_MAX];
            tw__preset preset;
            assert_int_equal(tw__preset_read(&preset, cases[k].preset, NULL, NULL, NULL), TW_OK);
            assert_int_equal(tw__preset_text(&preset, text, NULL), TW_OK);
            assert_string_equal(text, k == 1 ? "svrg:option=II,m=5,lr=0.1" : cases[k].preset);
            assert_string_equal(tw_run_estimator(run), cases[k].estimator);
            assert_string_equal(tw_optimizer_spec(tw_run_optimizer(run)), cases[k].rule);
            steps(run, 7);
            tw_run_free(run);
            tw_context_free(ctx);
        }
        assert_memory_equal(w[0], w[1], sizeof w[0]);
    }
}

/* ---- what is refused, what fails ---------------------------------------------------------------------------------------- */

static void bad_specs(void **state)
{
    (void)state;
    const struct { const char *optimizer, *estimator, *message; uint64_t batch, accumulate; } cases[] = {
        {"sgd", "svgr", "unknown estimator \"svgr\" (did you mean \"svrg\"?)", 0, 0},
        {"sgd", "svrg:opion=II", "svrg has no option \"opion\" (did you mean \"option\"?)", 0, 0},
        {"sgd", "svrg:option=III", "option = III is not one of I, II (did you mean \"II\"?)", 0, 0},
        {"sgd", "sag:norm=seen,norm=n", "norm is given twice", 0, 0},
        {"sgd", "sam:rho=-1", "rho = -1 is outside (0, inf)", 0, 0},
        {"sgd", "sarah:m=1.5", "m = 1.5 is not a whole number", 0, 0},
        {"sgd", "saga:norm=n", "saga has no option \"norm\"", 0, 0},
        {"sgd", "sam@torch", "estimator \"sam\" has no dialects", 0, 0},
        {"saga", "sam", "optimizer saga is the estimator saga with the rule sgd; the estimator sam beside it is one too many", 0, 0},
        {"sag:norm=seen", "sag:norm=n", "optimizer sag:norm=seen is the estimator sag with the rule sgd; the estimator sag:norm=n beside it is one too many", 0, 0},
        {"saga:momentun=0.9", NULL, "saga with sgd has no option \"momentun\" (did you mean \"momentum\"?)", 0, 0},
        {"saga@torch", NULL, "estimator \"saga\" has no dialects", 0, 0},
        {"sgd", "single", "batch = 2 has no meaning with the estimator single", 2, 0},
        {"sgd", "full", "accumulate = 2 has no meaning with the estimator full", 0, 2},
    };
    tw_context *ctx = context(1, TW_ISA_DETECT);
    least_squares p = {.rows = 23, .columns = 5, .bad_row = -1};
    tw_objective f = ls_objective(&p, TW_F64), none = f;
    double w[5] = {0};
    tw_run *run;
    tw_error err;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_run_options o = options(cases[i].optimizer, cases[i].estimator, cases[i].batch);
        o.accumulate = cases[i].accumulate;
        assert_int_equal(tw_run_create(&run, ctx, &f, NULL, w, &o, &err), TW_ERR_SPEC);
        assert_string_equal(err.message, cases[i].message);
    }
    for (int k = 3; k < N_SPECS; k++) {
        tw_run_options o = options("sgd", specs[k], 0);
        o.nonfinite = TW_NONFINITE_SKIP;
        tw_status s = tw_run_create(&run, ctx, &f, NULL, w, &o, &err);
        if (s == TW_OK) tw_run_free(run);
        assert_int_equal(s, strcmp(specs[k], "sam") == 0 ? TW_OK : TW_ERR_SPEC);
        if (s != TW_OK) assert_non_null(strstr(err.message, "remembers gradients"));
    }
    none.n_rows = 0;
    for (int k = 3; k < 9; k++) {
        tw_run_options o = options("sgd", specs[k], 0);
        assert_int_equal(tw_run_create(&run, ctx, &none, NULL, w, &o, &err), TW_ERR_SPEC);
        assert_non_null(strstr(err.message, "is for sums over rows"));
    }
    tw_context_free(ctx);
}

static void an_order_from_outside(void **state)
{
    (void)state;
    const uint64_t order[] = {2, 2, 7}, bad[] = {2, 23};
    tw_context *ctx = context(1, TW_ISA_DETECT);
    least_squares p = {.rows = 23, .columns = 1, .bad_row = -1};
    tw_objective f = ls_objective(&p, TW_F64);
    double w = 0, v = 0;
    tw_run *run;
    tw_error err;
    tw_run_options o = options("sgd:lr=0.5", NULL, 0);
    o.order = order;
    o.n_order = 3;
    run = make(ctx, &f, &w, &o);
    assert_int_equal(tw_run_rows(run), 1);
    steps(run, 30); /* over an epoch's end, and round and round */
    for (int i = 0; i < 30; i++) {
        int row = (int)order[i % 3];
        v -= 0.5 * (ls_x(row, 0) * v - ls_y(row)) * ls_x(row, 0);
    }
    assert_true(fabs(w - v) < 1e-15);
    tw_run_free(run);
    o.order = bad;
    o.n_order = 2;
    assert_int_equal(tw_run_create(&run, ctx, &f, NULL, &w, &o, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "order[1] = 23 is outside [0, 23)");
    o.order = order;
    o.estimator = "full";
    assert_int_equal(tw_run_create(&run, ctx, &f, NULL, &w, &o, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "an order of rows has no meaning with the estimator full");
    tw_context_free(ctx);
}

static void a_snapshot_needs_a_barrier(void **state)
{
    (void)state;
    tw_context *ctx = context(1, TW_ISA_DETECT);
    tw_error err;
    for (int k = 0; k < N_SPECS; k++) {
        tw__estimator *e;
        const tw__estimator_setting s = {.spec = specs[k], .n_rows = 23, .real = TW_F32, .size = 5};
        int needs = strncmp(specs[k], "svrg", 4) == 0 || strncmp(specs[k], "sarah", 5) == 0;
        assert_int_equal(tw__estimator_create(&e, ctx, &s, NULL), TW_OK);
        assert_int_equal(tw__estimator_needs(e, "local", 1, NULL), TW_OK);
        assert_int_equal(tw__estimator_needs(e, "rush", 0, &err), needs ? TW_ERR_SPEC : TW_OK);
        if (needs) assert_non_null(strstr(err.message, "exchange rush has no barrier"));
        tw__estimator_free(e);
    }
    tw_context_free(ctx);
}

static void a_row_that_is_not_finite_changes_nothing(void **state)
{
    (void)state;
    for (int k = 0; k < N_SPECS; k++) {
        least_squares p = {.rows = 8, .columns = 3, .bad_row = 5};
        tw_context *ctx = context(1, TW_ISA_DETECT);
        tw_objective f = ls_objective(&p, TW_F64);
        double w[3] = {1, 2, 3}, before[3];
        tw_run_options o = options("sgd:lr=0.01", specs[k], takes_batch(specs[k]) ? 1 : 0);
        tw_error err = {0};
        int status;
        tw_status s = TW_OK;
        tw_run *run = make(ctx, &f, w, &o);
        for (int i = 0; s == TW_OK && i < 200; i++) {
            memcpy(before, w, sizeof w);
            s = tw_run_step(run, &status, &err);
        }
        assert_int_equal(s, TW_ERR_NOT_FINITE);
        assert_string_equal(err.tensor, "w");
        assert_memory_equal(w, before, sizeof w);
        assert_int_equal(tw_run_step(run, &status, &err), TW_ERR_STATE);
        tw_run_free(run);
        tw_context_free(ctx);
    }
}

static tw_status go(tw_context *ctx, const char *spec)
{
    least_squares p = {.rows = 23, .columns = 5, .penalty = 0.1, .bad_row = -1};
    tw_objective f = ls_objective(&p, TW_F32);
    tw_run_options o = options("sgd:lr=0.01", spec, takes_batch(spec) ? 4 : 0);
    float w[5] = {0};
    const uint64_t order[] = {3, 4, 5};
    tw_run *run;
    int status;
    if (strcmp(spec, "full") != 0) o.order = order, o.n_order = 3;
    tw_status s = tw_run_create(&run, ctx, &f, NULL, w, &o, NULL);
    for (int i = 0; s == TW_OK && i < 7; i++) s = tw_run_step(run, &status, NULL);
    tw_run_free(run);
    return s;
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    for (int k = 0; k < N_SPECS; k++) {
        long n = 1;
        for (;; n++) {
            faults faulty;
            tw_context *ctx;
            assert_int_equal(faulty_context(&ctx, &faulty, 1, NULL), TW_OK);
            faulty.fail_allocation = faulty.allocations + n;
            tw_status s = go(ctx, specs[k]);
            int reached = faulty.allocations >= faulty.fail_allocation;
            tw_context_free(ctx);
            if (faulty.live != 0) fail_msg("%s, allocation %ld fails: %ld bytes are still held", specs[k], n, faulty.live);
            if (!reached) break;
            if (s != TW_ERR_MEMORY) fail_msg("%s, allocation %ld fails: %s", specs[k], n, tw_status_name(s));
        }
        assert_true(n > 8);
    }
}

/* A machine with a terabyte. */
static void *terabyte_resize(void *user, void *p, size_t old, size_t now, size_t align)
{
    return now > (size_t)1 << 40 ? NULL : faulty_resize(user, p, old, now, align);
}

static void a_table_that_is_too_large(void **state)
{
    (void)state;
    const struct { size_t size; uint64_t rows; const char *bytes; } cases[] = {{(size_t)1 << 44, 3200, "140737488355328"}, {(size_t)1 << 60, 3200, NULL}};
    faults none = {.steps = 0};
    tw_context *ctx;
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    o.resize = terabyte_resize;
    o.user = &none;
    o.threads = 1;
    assert_int_equal(tw_context_create(&ctx, &o, NULL), TW_OK);
    for (int i = 0; i < 2; i++) {
        tw__estimator *e;
        tw_error err;
        const tw__estimator_setting s = {.spec = "saga", .n_rows = cases[i].rows, .batch = i ? 32 : 1600, .real = TW_F32, .size = cases[i].size};
        assert_int_equal(tw__estimator_create(&e, ctx, &s, &err), TW_ERR_MEMORY);
        assert_non_null(strstr(err.message, "saga keeps a gradient of "));
        assert_non_null(strstr(err.message, "svrg keeps no table"));
        if (cases[i].bytes) assert_non_null(strstr(err.message, cases[i].bytes));
    }
    assert_true(tw_estimator_bytes(tw_estimator_find("saga"), TW_F32, 54410, 60000, 1) > 13e9);
    assert_true(tw_estimator_bytes(tw_estimator_find("sag"), TW_F64, 10, 100, 32) == 10 * (8 + 8 + 4 * 8));
    assert_true(tw_estimator_bytes(tw_estimator_find("minibatch"), TW_F32, 54410, 60000, 32) == 0);
    tw_context_free(ctx);
}

/* A stored table of another run's shape is not read; a weight that cannot be is refused. */
static void a_state_that_does_not_fit(void **state)
{
    (void)state;
    tw_context *ctx = context(1, TW_ISA_DETECT);
    least_squares p = {.rows = 23, .columns = 5, .bad_row = -1};
    tw_objective f = ls_objective(&p, TW_F64);
    double w[5] = {0};
    ls_state s;
    tw_run_options o = options("sgd", "saga", 4), other = options("sgd", "saga", 5);
    tw_run *run = make(ctx, &f, w, &o), *wrong = make(ctx, &f, w, &other);
    steps(run, 3);
    assert_int_equal(ls_save(&s, run), TW_OK);
    assert_int_equal(ls_load(&s, wrong), TW_ERR_DATA);
    assert_int_equal(ls_load(&s, run), TW_OK);
    *(double *)ls_find(&s, "estimator.weight") = NAN;
    assert_int_equal(ls_load(&s, run), TW_ERR_DATA);
    ls_forget(&s);
    tw_run_free(run);
    tw_run_free(wrong);
    tw_context_free(ctx);
}

/* With replacement: over many updates every block about equally often, and not each once an epoch. */
static void blocks_are_drawn_uniformly(void **state)
{
    (void)state;
    enum { BLOCKS = 10, EPOCHS = 400 };
    tw_context *ctx = context(1, TW_ISA_DETECT);
    tw__estimator *e;
    const tw__estimator_setting s = {.spec = "saga", .n_rows = 39, .batch = 4, .seed = 1, .real = TW_F32, .size = 1};
    int count[BLOCKS] = {0}, complete = 0;
    assert_int_equal(tw__estimator_create(&e, ctx, &s, NULL), TW_OK);
    for (uint64_t epoch = 0; epoch < EPOCHS; epoch++) {
        unsigned seen = 0;
        for (uint64_t step = 0; step < BLOCKS; step++) {
            tw__update u = {.number = 0};
            tw__estimator_draw(e, epoch, step, &u);
            assert_true(u.block < BLOCKS && u.rows[0] == 4 * u.block && u.n == (u.block == 9 ? 3 : 4));
            count[u.block]++;
            seen |= 1u << u.block;
        }
        complete += seen == (1u << BLOCKS) - 1;
    }
    for (int i = 0; i < BLOCKS; i++) assert_true(count[i] > EPOCHS * 85 / 100 && count[i] < EPOCHS * 115 / 100);
    assert_true(complete < 5); /* 10! / 10^10 of them */
    tw__estimator_free(e);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sum_is_the_tables), cmocka_unit_test(svrg_and_saga_are_unbiased), cmocka_unit_test(sag_at_a_standstill_is_the_full_gradient),
        cmocka_unit_test(options_I_and_II), cmocka_unit_test(sam_looks_uphill), cmocka_unit_test(linear_rates), cmocka_unit_test(resume_at_every_step),
        cmocka_unit_test(threads_and_instruction_sets), cmocka_unit_test(accumulation_is_a_larger_batch), cmocka_unit_test(a_preset_is_an_estimator_with_sgd),
        cmocka_unit_test(bad_specs), cmocka_unit_test(an_order_from_outside), cmocka_unit_test(a_snapshot_needs_a_barrier),
        cmocka_unit_test(a_row_that_is_not_finite_changes_nothing), cmocka_unit_test(any_allocation_may_fail), cmocka_unit_test(a_table_that_is_too_large),
        cmocka_unit_test(a_state_that_does_not_fit), cmocka_unit_test(blocks_are_drawn_uniformly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
