/* Estimators: what they refuse, what fails under them, and the rows they are given or draw.
 * SPDX-License-Identifier: MIT */
#include "estimator_runs.h"

/* ---- what is refused, what fails ----------------------------------------------------------------------- */

static void bad_specs(void **state)
{
    (void)state;
    const struct {
        const char *optimizer, *estimator, *message;
        uint64_t batch, accumulate;
    } cases[] = {
        {"sgd", "svgr", "unknown estimator \"svgr\" (did you mean \"svrg\"?)", 0, 0},
        {"sgd", "svrg:opion=II", "svrg has no option \"opion\" (did you mean \"option\"?)", 0, 0},
        {"sgd", "svrg:option=III", "option = III is not one of I, II, loopless (did you mean \"II\"?)", 0, 0},
        {"sgd", "sag:norm=seen,norm=n", "norm is given twice", 0, 0},
        {"sgd", "sam:rho=-1", "rho = -1 is outside (0, inf)", 0, 0},
        {"sgd", "sarah:m=1.5", "m = 1.5 is not a whole number", 0, 0},
        {"sgd", "saga:norm=n", "saga has no option \"norm\"", 0, 0},
        {"sgd", "sam@torch", "estimator \"sam\" has no dialects", 0, 0},
        {"saga", "sam",
         "optimizer saga means estimator saga with optimizer sgd: it cannot be combined with estimator sam",
         0, 0},
        {"sag:norm=seen", "sag:norm=n",
         "optimizer sag:norm=seen means estimator sag with optimizer sgd: it cannot be combined with estimator sag:norm=n",
         0, 0},
        {"saga:momentun=0.9", NULL, "saga with sgd has no option \"momentun\" (did you mean \"momentum\"?)",
         0, 0},
        {"saga@torch", NULL, "estimator \"saga\" has no dialects", 0, 0},
        {"sgd", "single", "batch = 2 cannot be used with the estimator single", 2, 0},
        {"sgd", "full", "accumulate = 2 cannot be used with the estimator full", 0, 2},
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
    for (int k = FIRST_SUM; k < N_SPECS; k++) {
        tw_run_options o = options("sgd", all_specs[k], 0);
        o.nonfinite = TW_NONFINITE_SKIP;
        tw_status s = tw_run_create(&run, ctx, &f, NULL, w, &o, &err);
        if (s == TW_OK) tw_run_free(run);
        assert_int_equal(s, strcmp(all_specs[k], "sam") == 0 ? TW_OK : TW_ERR_SPEC);
        if (s != TW_OK) assert_non_null(strstr(err.message, "remembers gradients"));
    }
    none.n_rows = 0;
    for (int k = FIRST_SUM; k < SAM; k++) {
        tw_run_options o = options("sgd", all_specs[k], 0);
        assert_int_equal(tw_run_create(&run, ctx, &none, NULL, w, &o, &err), TW_ERR_SPEC);
        assert_non_null(strstr(err.message, "is for sums over rows"));
    }
    tw_context_free(ctx);
}

/* Estimators that move by lr itself, and what they cannot go with. */
static void another_pace(void **state)
{
    (void)state;
    const struct {
        const char *optimizer, *estimator, *schedule, *control, *message;
        int is_frozen;
    } cases[] = {
        {"adam", "katyusha", NULL, NULL, "it needs the rule sgd, with no option but lr", 0},
        {"sgd:momentum=0.9", "katyusha", NULL, NULL, "it needs the rule sgd", 0},
        {"sgd+ema", "miso", NULL, NULL, "it needs the rule sgd", 0},
        {"sgd", "katyusha", NULL, NULL, "moves all weights, and w is to stay", 1},
        {"sgd", "miso", "cosine:steps=10", NULL, "must be above 0 and stay: schedule constant", 0},
        {"sgd:lr=0", "miso", NULL, NULL, "must be above 0 and stay", 0},
        {"sgd", "miso", NULL, "plateau", "plateau lowers lr, which must stay with the estimator miso", 0},
        {"sgd:lr=search", "minibatch", NULL, NULL, "lr = search is for sag, saga and svrg, not", 0},
        {"sgd:lr=search", "sarah", NULL, NULL, "lr = search is for sag, saga and svrg, not", 0},
        {"saga:lr=search", NULL, "step:step_size=3", NULL, "schedule must be constant", 0},
        {"saga:lr=search", NULL, NULL, "plateau", "plateau lowers lr, which must stay with", 0},
    };
    tw_context *ctx = context(1, TW_ISA_DETECT);
    least_squares p = {.rows = 23, .columns = 5, .bad_row = -1};
    double w[5] = {0};
    tw_run *run;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_error err = {0};
        tw_objective f = ls_objective(&p, TW_F64);
        tw_run_options o = options(cases[i].optimizer, cases[i].estimator, 0);
        o.schedule = cases[i].schedule;
        o.control = cases[i].control;
        if (cases[i].is_frozen) p.tensor.flags = TW_TENSOR_FROZEN;
        assert_int_equal(tw_run_create(&run, ctx, &f, NULL, w, &o, &err), TW_ERR_SPEC);
        if (!strstr(err.message, cases[i].message)) fail_msg("%s", err.message);
    }
    tw_objective f = ls_objective(&p, TW_F64);
    tw_run_options o = options("sgd:lr=0.1", "katyusha", 4);
    o.schedule = "cosine:steps=30"; /* ends at a step of 0 */
    run = make(ctx, &f, w, &o);
    steps(run, 40);
    assert_true(isfinite(w[0]));
    tw_run_free(run);
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
    assert_string_equal(err.message, "an order of rows cannot be used with the estimator full");
    tw_context_free(ctx);
}

static void a_snapshot_needs_a_barrier(void **state)
{
    (void)state;
    tw_context *ctx = context(1, TW_ISA_DETECT);
    tw_error err;
    for (int k = 0; k < N_SPECS; k++) {
        tw__estimator *e;
        const tw__estimator_setting s = {.spec = all_specs[k], .n_rows = 23, .real = TW_F32, .size = 5};
        int needs = strncmp(all_specs[k], "svrg", 4) == 0 || strncmp(all_specs[k], "sarah", 5) == 0 ||
                    strncmp(all_specs[k], "katyusha", 8) == 0;
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
        tw_run_options o = options("sgd:lr=0.01", all_specs[k], takes_batch(all_specs[k]) ? 1 : 0);
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
    for (int i = 0; i < N_SPECS; i++)
        for (fault_walk k = {.what = all_specs[i], .least = 8}; fault_walk_next(&k);) {
            fault_walk_arm(&k);
            fault_walk_end(&k, go(k.ctx, all_specs[i]));
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
    const struct {
        size_t size;
        uint64_t rows;
        const char *bytes;
    } cases[] = {{(size_t)1 << 44, 3200, "140737488355328"}, {(size_t)1 << 60, 3200, NULL}};
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
        const tw__estimator_setting s = {.spec = "saga",
                                         .n_rows = cases[i].rows,
                                         .batch = i ? 32 : 1600,
                                         .real = TW_F32,
                                         .size = cases[i].size};
        assert_int_equal(tw__estimator_create(&e, ctx, &s, &err), TW_ERR_MEMORY);
        assert_non_null(strstr(err.message, "saga keeps a gradient of "));
        assert_non_null(strstr(err.message, "svrg keeps no table"));
        if (cases[i].bytes) assert_non_null(strstr(err.message, cases[i].bytes));
    }
    for (int k = FIRST_SUM; k < N_SPECS; k++) {
        tw__estimator *e;
        tw_error err;
        const tw__estimator_setting s = {.spec = all_specs[k],
                                         .n_rows = 32,
                                         .real = TW_F32,
                                         .size = (size_t)1 << 44};
        assert_int_equal(tw__estimator_create(&e, ctx, &s, &err), TW_ERR_MEMORY);
        if (!strstr(err.message, " keeps ")) fail_msg("%s: %s", all_specs[k], err.message);
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
    double *weight = ls_find(&s, "estimator.weight"), good = *weight;
    int status;
    *weight = NAN;
    assert_int_equal(ls_load(&s, run), TW_ERR_DATA);
    assert_int_equal(tw_run_step(run, &status, NULL), TW_ERR_STATE); /* until a load succeeds */
    *weight = good;
    assert_int_equal(ls_load(&s, run), TW_OK);
    steps(run, 1);
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
    const tw__estimator_setting s =
        {.spec = "saga", .n_rows = 39, .batch = 4, .seed = 1, .real = TW_F32, .size = 1};
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
    for (int i = 0; i < BLOCKS; i++)
        assert_true(count[i] > EPOCHS * 85 / 100 && count[i] < EPOCHS * 115 / 100);
    assert_true(complete < 5); /* 10! / 10^10 of them */
    tw__estimator_free(e);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_specs),
        cmocka_unit_test(another_pace),
        cmocka_unit_test(an_order_from_outside),
        cmocka_unit_test(a_snapshot_needs_a_barrier),
        cmocka_unit_test(a_row_that_is_not_finite_changes_nothing),
        cmocka_unit_test(any_allocation_may_fail),
        cmocka_unit_test(a_table_that_is_too_large),
        cmocka_unit_test(a_state_that_does_not_fit),
        cmocka_unit_test(blocks_are_drawn_uniformly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
