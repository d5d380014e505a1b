/* What is missing within structs of the caller: functions in tables, tensors, shapes. NULL as an argument is
 * for the contract null-arguments, which makes its calls from the headers.
 * SPDX-License-Identifier: MIT */
#include "subject.h"
#include <thalweg/data.h>
#include <thalweg/state.h>
#include <thalweg/train.h>
#include "base/io.h"

static void each_function_of_the_io_table(void **state)
{
    (void)state;
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    tw_io io;
    tw_context *ctx;
    tw_error err;
    o.io = &io;
    for (size_t at = offsetof(tw_io, open); at <= offsetof(tw_io, is_empty); at += sizeof(void *)) {
        if (at == offsetof(tw_io, user)) continue;
        io = tw__system_io;
        memset((char *)&io + at, 0, sizeof(void *));
        const int may_be_null = at == offsetof(tw_io, is_empty);
        assert_int_equal(tw_context_create(&ctx, &o, &err), may_be_null ? TW_OK : TW_ERR_SPEC);
        if (!may_be_null) assert_string_equal(err.message, "a function of tw_io is NULL: all ten are needed");
        if (!may_be_null) assert_null(ctx);
        tw_context_free(ctx);
    }
    io = (tw_io){.size = 0};
    assert_int_equal(tw_context_create(&ctx, &o, &err), TW_ERR_SPEC);
}

static void functions_of_a_visitor(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    struct subject s = {"adam", NULL};
    struct work a = begin(&s, ctx, TW_F32, 20, NULL);
    struct store kept;
    store_open(&kept);
    tw_visitor v = kept.v;
    v.field = NULL;
    assert_int_equal(tw_optimizer_visit(a.opt, &v, NULL), TW_ERR_SPEC);
    v = kept.v;
    v.list = NULL;
    assert_int_equal(tw_optimizer_visit(a.opt, &v, NULL), TW_ERR_SPEC);
    assert_int_equal(tw_optimizer_visit(a.opt, &kept.v, NULL), TW_OK);
    store_close(&kept);
    end(&a);
    tw_context_free(ctx);
}

static void tensors_and_their_shapes(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    static const int64_t four[] = {4};
    const tw_tensor good = {"w", 1, four, 0, 0}, bad[] = {{NULL, 1, four, 0, 0}, {"w", 1, NULL, 0, 0}};
    tw_optimizer *opt;
    tw_error err;
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(bench_create(&opt, ctx, "adam", NULL, NULL, 0, TW_F32, &bad[i], 1, 0, &err),
                         TW_ERR_SPEC);
    assert_int_equal(bench_create(&opt, ctx, "adam", NULL, NULL, 0, TW_F32, NULL, 1, 0, &err), TW_ERR_SPEC);
    assert_int_equal(bench_create(&opt, ctx, "adam", NULL, NULL, 0, TW_F32, &good, 0, 0, &err), TW_ERR_SPEC);
    assert_int_equal(bench_create(&opt, ctx, NULL, NULL, NULL, 0, TW_F32, &good, 1, 0, &err), TW_ERR_SPEC);
    assert_null(opt);
    assert_int_equal(bench_create(&opt, ctx, "sgd", NULL, NULL, 0, TW_F32, &good, 1, 0, &err), TW_OK);
    float w[4] = {0};
    assert_int_equal(tw_step_sparse_f32(opt, w, 0, NULL, NULL, &err), TW_OK);
    assert_int_equal(tw_sparse_flush_f32(opt, w, 4, NULL, &err), TW_OK);
    tw_optimizer_free(opt);
    tw_context_free(ctx);
}

static int no_eval(void *user, const tw_eval *e) { return (void)user, (void)e, 0; }

static void an_objective(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    static const int64_t four[] = {4};
    static const tw_tensor tensor = {"w", 1, four, 0, 0};
    tw_metrics metrics;
    tw_error err;
    float w[4] = {0};
    for (int i = 0; i < 4; i++) {
        tw_objective f = TW_OBJECTIVE_INIT;
        f.type = TW_F32;
        f.eval = i == 0 ? NULL : no_eval;
        f.tensors = i == 1 ? NULL : &tensor;
        f.n_tensors = i != 2;
        f.lanes = 1;
        if (i == 3) f.size = 0;
        assert_int_equal(tw_evaluate(ctx, &f, w, &metrics, &err), TW_ERR_SPEC);
    }
    tw_context_free(ctx);
}

static void rows_in_memory(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    static const float x[4] = {0};
    const tw_data_info good =
        {.size = sizeof good, .rows = 2, .rank = 1, .shape = {2}, .type = TW_F32, .x = x};
    tw_data *data;
    tw_data_info bad = good;
    bad.rows = 0;
    assert_int_equal(tw_data_create(&data, ctx, &bad, NULL), TW_ERR_DATA);
    bad = good;
    bad.x = NULL;
    assert_int_equal(tw_data_create(&data, ctx, &bad, NULL), TW_ERR_SPEC);
    for (int length = -1; length <= 0; length++) {
        bad = good;
        bad.shape[0] = length;
        assert_int_equal(tw_data_create(&data, ctx, &bad, NULL), TW_ERR_SPEC);
    }
    bad = good;
    bad.size = 0;
    assert_int_equal(tw_data_create(&data, ctx, &bad, NULL), TW_ERR_SPEC);
    assert_null(data);
    assert_int_equal(tw_data_create(&data, ctx, &good, NULL), TW_OK);
    tw_data_free(data);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_function_of_the_io_table),
        cmocka_unit_test(functions_of_a_visitor),
        cmocka_unit_test(tensors_and_their_shapes),
        cmocka_unit_test(an_objective),
        cmocka_unit_test(rows_in_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
