/* Estimators: what their directions are, that they converge as the papers say, and that nothing but the
 * numbers decides the bits.
 * SPDX-License-Identifier: MIT */
#include "estimator_runs.h"
#include "distance.h"

/* ---- the directions ------------------------------------------------------------------------------------ */

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
                if (fabs(all - sum[j]) > 1e-12)
                    fail_msg("%s, step %d, weight %d: sum %.17g, table %.17g", specs[k], i + 1, j, sum[j],
                             all);
            }
            ls_forget(&s);
        }
        tw_run_free(run);
        tw_context_free(ctx);
    }
}

/* The direction that follows when after `prefix` drawn rows row i is drawn, and the weights before it. */
static void direction_after(const char *estimator, least_squares *p, uint64_t batch, const uint64_t *prefix,
                            size_t n, uint64_t row, double *before, double *direction)
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

/* The mean over what may be drawn next is the full gradient: in the middle of a round, with a shorter last
 * block, with rows of unequal weight. */
static void svrg_and_saga_are_unbiased(void **state)
{
    (void)state;
    const struct {
        const char *spec;
        uint64_t batch;
        int blocks;
    } cases[] = {{"svrg:m=13", 1, 0},
                 {"svrg:option=loopless,m=30", 1, 0},
                 {"saga", 1, 1},
                 {"saga", 4, 1},
                 {"minibatch", 1, 0}};
    for (int k = 0; k < 5; k++)
        for (int uneven = 0; uneven < 2; uneven++) {
            enum { ROWS = 23, PREFIX = 75 };
            least_squares p = {.rows = ROWS, .columns = 5, .penalty = 0.1, .uneven = uneven, .bad_row = -1};
            uint64_t prefix[PREFIX];
            double before[8], direction[8], mean[8] = {0}, full[8];
            if (uneven && k == 4) continue; /* the mean over one row cannot know what other rows weigh */
            for (int i = 0; i < PREFIX; i++) prefix[i] = (uint64_t)(i * 7 + i / ROWS) % ROWS;
            int count = 0;
            for (uint64_t row = 0; row < ROWS; row += cases[k].blocks ? cases[k].batch : 1, count++) {
                direction_after(cases[k].spec, &p, cases[k].batch, prefix, PREFIX, row, before, direction);
                for (int j = 0; j < 5; j++) mean[j] += direction[j];
            }
            ls_gradient(&p, before, full);
            for (int j = 0; j < 5; j++)
                if (fabs(mean[j] / count - full[j]) > 1e-12)
                    fail_msg("%s, batch %d, weight %d: mean %.17g, gradient %.17g", cases[k].spec,
                             (int)cases[k].batch, j, mean[j] / count, full[j]);
        }
}

/* sag has no such mean, but its directions differ by what the new entry changes: (f_i' - y_i) / n. With
 * everything drawn at one point it is exact. */
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
                if (option ? found < 0 || found == M : found != M)
                    fail_msg("option %s, round %d: goes on from iterate %d", option ? "II" : "I", i / M,
                             found);
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
static int eval_curve(void *user, const tw_eval *e)
{
    const double *w = e->w;
    double *g = e->gradient;
    (void)user;
    *e->sums = (tw_sums){(w[0] * w[0] * w[0] * w[0] + 2 * w[1] * w[1]) / 2, 1, 0};
    if (e->want & TW_WANT_GRADIENT) {
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
    const tw_objective f = {.size = sizeof f,
                            .type = TW_F64,
                            .tensors = &tensor,
                            .n_tensors = 1,
                            .lanes = 1,
                            .eval = eval_curve};
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
    /* at w, not uphill */
    assert_true(fabs(tw_run_history(run, &n)[0].loss - (0.8 * 0.8 * 0.8 * 0.8 + 2 * 0.09) / 2) < 1e-14);
    tw_run_free(run);
    tw_context_free(ctx);
}

/* ---- convergence --------------------------------------------------------------------------------------- */

/* The distance to the optimum of a direct solve falls on a straight line in the logarithm; sgd with the same
 * steps stays far above. */
static void linear_rates(void **state)
{
    (void)state;
    enum { EPOCHS = 60 };
    const char *const specs[] = {"sag",   "saga", "svrg",     "svrg:option=II",
                                 "sarah", "full", "katyusha", "katyusha:sigma=0.2",
                                 "miso"};
    for (int k = 0; k < 9; k++) {
        least_squares p = {.rows = 40, .columns = 6, .penalty = 0.2, .bad_row = -1};
        tw_context *ctx = context(1, TW_ISA_DETECT);
        tw_objective f = ls_objective(&p, TW_F64);
        double w[6] = {0}, v[6] = {0}, best[6], sx = 0, sy = 0, sxx = 0, sxy = 0, syy = 0;
        int full = strcmp(specs[k], "full") == 0, per_epoch = full ? 20 : 40;
        ls_optimum(&p, best);
        const char *rule = full ? "sgd:lr=1" : strcmp(specs[k], "miso") == 0 ? "sgd:lr=0.8" : "sgd:lr=0.08";
        tw_run_options o = options(rule, specs[k], full ? 0 : 1);
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
            fail_msg("%s: %g from the optimum, slope %g an epoch, correlation %g", specs[k],
                     distance(w, best, 6), slope, fit);
        tw_run_free(run);
        o = options("sgd:lr=0.08", "single", 0);
        run = make(ctx, &f, w, &o);
        steps(run, 2000);
        assert_true(distance(w, best, 6) > 1e-3);
        tw_run_free(run);
        tw_context_free(ctx);
    }
}

/* ---- the same bits ------------------------------------------------------------------------------------- */

/* all_specs, and behind them every estimator of the list that is not among them; NULL: past the last. */
static const char *spec_at(int k)
{
    if (k < N_SPECS) return all_specs[k];
    for (size_t i = 0; tw_estimator_at(i); i++) {
        const char *name = tw_estimator_at(i)->name;
        int known = 0;
        for (int j = 0; j < N_SPECS; j++)
            known |= strncmp(all_specs[j], name, strlen(name)) == 0 &&
                     strchr(":", all_specs[j][strlen(name)]) != NULL;
        if (!known && k-- == N_SPECS) return name;
    }
    return NULL;
}

static void resume_at_every_step(void **state)
{
    (void)state;
    enum { STEPS = 13 };
    const char *const rules[] = {"sgd:lr=0.05", "nag:lr=0.05", "adam"};
    for (int k = 0; spec_at(k); k++)
        for (int r = 0; r < 3; r++) {
            const char *spec = spec_at(k);
            least_squares p = {.rows = 23, .columns = 5, .penalty = 0.1, .uneven = 1, .bad_row = -1};
            tw_context *ctx = context(1, TW_ISA_DETECT);
            tw_objective f = ls_objective(&p, TW_F32);
            float w[5] = {1, -1, 1, -1, 1}, v[5];
            ls_state at[STEPS];
            tw_run_options o = options(rule_for(spec, rules[r]), spec, takes_batch(spec) ? 5 : 0);
            tw_run *run = make(ctx, &f, w, &o);
            for (int i = 0; i < STEPS; i++) {
                assert_int_equal(ls_save(&at[i], run), TW_OK);
                steps(run, 1);
            }
            for (int i = 0; i < STEPS; i++) {
                tw_run *again = make(ctx, &f, v, &o);
                assert_int_equal(ls_load(&at[i], again), TW_OK);
                steps(again, STEPS - i);
                if (memcmp(v, w, sizeof v) != 0)
                    fail_msg("%s with %s: resumed after step %d it ends elsewhere", spec, rules[r], i);
                tw_run_free(again);
                ls_forget(&at[i]);
            }
            tw_run_free(run);
            tw_context_free(ctx);
        }
}

static void run_wide(const char *spec, const char *rule, tw_type type, int threads, tw_isa isa,
                     void *reported)
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
    for (int k = FIRST_SUM; spec_at(k); k++)
        for (int turn = 0; turn < 4; turn++) {
            const char *spec = spec_at(k);
            const char *rule = rule_for(spec, rules[(turn + k) % 4]);
            tw_type type = turn % 2 ? TW_F64 : TW_F32;
            size_t bytes = 8200 * tw_type_size(type);
            run_wide(spec, rule, type, 1, TW_ISA_BASE, first);
            for (int threads = 2; threads <= 3; threads++) {
                run_wide(spec, rule, type, threads, threads == 2 ? TW_ISA_BASE : TW_ISA_DETECT, other);
                if (memcmp(first, other, bytes) != 0)
                    fail_msg("%s with %s: %d threads give other bits", spec, rule, threads);
            }
            for (tw_isa isa = TW_ISA_AVX2; isa <= tw_isa_of_cpu(); isa++) {
                run_wide(spec, rule, type, 1, isa, other);
                if (memcmp(first, other, bytes) != 0)
                    fail_msg("%s with %s: %s gives other bits", spec, rule, tw_isa_name(isa));
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
    const struct {
        const char *preset, *estimator, *rule;
    } cases[] = {
        {"saga", "saga", "sgd"},
        {"svrg:m=5,lr=0.1,option=II", "svrg:option=II,m=5", "sgd:lr=0.1"},
        {"sam:momentum=0.9", "sam", "sgd:momentum=0.9"},
        {"full", "full", "sgd"},
        {"clip_global_norm:max=0.01+saga:lr=0.1+ema", "saga", "clip_global_norm:max=0.01+sgd:lr=0.1+ema"},
        {"sag:norm=seen+lookahead", "sag:norm=seen", "sgd+lookahead"},
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sum_is_the_tables),
        cmocka_unit_test(svrg_and_saga_are_unbiased),
        cmocka_unit_test(sag_at_a_standstill_is_the_full_gradient),
        cmocka_unit_test(options_I_and_II),
        cmocka_unit_test(sam_looks_uphill),
        cmocka_unit_test(linear_rates),
        cmocka_unit_test(resume_at_every_step),
        cmocka_unit_test(threads_and_instruction_sets),
        cmocka_unit_test(accumulation_is_a_larger_batch),
        cmocka_unit_test(a_preset_is_an_estimator_with_sgd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
