/* What calls leave in their outputs when they fail (error.h): pointers are NULL, structs zero, numbers
 * unchanged.
 * SPDX-License-Identifier: MIT */
#include "dense_data.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include <thalweg/thalweg.h>

static tw_context *ctx;
static tw_error err;

static int is_zero(const void *p, size_t n)
{
    size_t i = 0;
    while (i < n && ((const unsigned char *)p)[i] == 0) i++;
    return i == n;
}

/* A struct that was full before a call that must fail with `status`. */
#define STAYS_ZERO(type, status, call)                                                        \
    do {                                                                                      \
        static type out;                                                                      \
        memset(&out, 0xee, sizeof out);                                                       \
        assert_int_equal(call, status);                                                       \
        if (!is_zero(&out, sizeof out)) fail_msg("%s leaves something in its output", #call); \
    } while (0)

/* The same for a struct that begins with its size, which stays. */
#define STAYS_CLEAR(type, status, call)                                                 \
    do {                                                                                \
        static type out;                                                                \
        memset(&out, 0xee, sizeof out);                                                 \
        out.size = sizeof out;                                                          \
        assert_int_equal(call, status);                                                 \
        if (out.size != sizeof out ||                                                   \
            !is_zero((const char *)&out + sizeof(size_t), sizeof out - sizeof(size_t))) \
            fail_msg("%s leaves something in its output", #call);                       \
        out.size = 0;                                                                   \
        assert_int_equal(call, TW_ERR_SPEC);                                            \
        assert_non_null(strstr(err.message, ".size = 0: set it to sizeof(" #type ")")); \
    } while (0)

/* A pointer to an object that was not NULL before. */
#define STAYS_NULL(type, status, call)                                 \
    do {                                                               \
        type *out = (type *)&err;                                      \
        assert_int_equal(call, status);                                \
        if (out) fail_msg("%s leaves something in its output", #call); \
    } while (0)

static void structs_of_specs(void **state)
{
    (void)state;
    STAYS_ZERO(tw_choice, TW_ERR_SPEC, tw_rule_read(&out, "adam:beta1=2", NULL, &err));
    STAYS_ZERO(tw_choice, TW_ERR_SPEC, tw_rule_read(&out, NULL, NULL, &err));
    STAYS_ZERO(tw_chain, TW_ERR_SPEC, tw_chain_read(&out, "clip_norm:max=1+adam:lr=2+adm", NULL, &err));
    STAYS_ZERO(tw_chain, TW_ERR_SPEC, tw_chain_read(&out, "adm", NULL, &err));
    STAYS_ZERO(tw_chain, TW_ERR_SPEC, tw_chain_read(&out, NULL, NULL, &err));
    STAYS_ZERO(tw_piece, TW_ERR_SPEC, tw_schedule_piece(&out, "cosin", 0, 100, &err));
    STAYS_ZERO(tw_piece, TW_ERR_SPEC,
               tw_schedule_piece(&out, "a23456789012345678901234567890123456789012345=cosine", 0, 100, &err));
    STAYS_ZERO(tw_control_choice, TW_ERR_SPEC, tw_control_read(&out, "plateau:factor=2", &err));
    STAYS_ZERO(tw_control_choice, TW_ERR_SPEC, tw_control_read(&out, "plateau@keras3", &err));
    STAYS_ZERO(tw_estimator_choice, TW_ERR_SPEC, tw_estimator_read(&out, "svrg:m=-1", &err));
}

static void numbers(void **state)
{
    (void)state;
    double value = 7, values[2] = {7, 7};
    tw_isa isa = TW_ISA_AVX2;
    enum tw_nonfinite policy = TW_NONFINITE_SKIP;
    assert_int_equal(tw_schedule_value("cosin", 1, 0, 10, &value, &err), TW_ERR_SPEC);
    assert_int_equal(tw_schedule_values("cosine", "beta1", 1, 10, 2, values, &err), TW_ERR_SPEC);
    assert_int_equal(tw_isa_from_name("avx3", &isa, &err), TW_ERR_SPEC);
    assert_int_equal(tw_nonfinite_from_name("stop", &policy, &err), TW_ERR_SPEC);
    assert_true(value == 7 && values[0] == 7 && values[1] == 7 && isa == TW_ISA_AVX2 &&
                policy == TW_NONFINITE_SKIP);
}

static int refuse(void *user, const tw_eval *e)
{
    (void)user, (void)e;
    return 5;
}

static const int64_t two[] = {2};
static const tw_tensor tensor = {.name = "w", .rank = 1, .shape = two};

static void objects(void **state)
{
    (void)state;
    const tw_objective bad = {.size = sizeof bad};
    const tw_data_options all = TW_DATA_OPTIONS_INIT;
    const tw_optimizer_options no_tensors = TW_OPTIMIZER_OPTIONS_INIT;
    const tw_context_options many = {.size = sizeof many, .threads = 1000};
    const tw_linear_options no_rows = TW_LINEAR_OPTIONS_INIT;
    const tw_run_options run = TW_RUN_OPTIONS_INIT;
    const tw_job_options job = TW_JOB_OPTIONS_INIT;
    const tw_race_options race = {.size = sizeof race,
                                  .optimizers = "adm",
                                  .surface = "bowl",
                                  .job = TW_JOB_OPTIONS_INIT};
    const tw_find_lr_options find = {.size = sizeof find, .from = 3, .to = 2, .job = TW_JOB_OPTIONS_INIT};
    const char *const directories[] = {"no such race", "nor this one"};
    STAYS_NULL(tw_context, TW_ERR_SPEC, tw_context_create(&out, &many, &err));
    STAYS_NULL(tw_optimizer, TW_ERR_SPEC, tw_optimizer_create(&out, ctx, &no_tensors, &err));
    STAYS_NULL(tw_data, TW_ERR_SPEC, dense_data(&out, ctx, TW_I64, 1, 1, two, NULL, NULL, &err));
    STAYS_NULL(tw_data, TW_ERR_NOT_FOUND, tw_data_open(ctx, "no such file", &all, &out, NULL, NULL, &err));
    STAYS_NULL(tw_data, TW_ERR_NOT_FOUND, tw_data_open(ctx, "no such file", &all, NULL, &out, NULL, &err));
    STAYS_NULL(tw_model, TW_ERR_NOT_FOUND, tw_model_load(&out, ctx, "no such file", &err));
    STAYS_NULL(tw_linear, TW_ERR_SPEC, tw_linear_create(&out, ctx, &no_rows, &err));
    STAYS_NULL(tw_surface, TW_ERR_SPEC, tw_surface_create(&out, ctx, "bowll", TW_F64, &err));
    STAYS_NULL(tw_run, TW_ERR_SPEC, tw_run_create(&out, ctx, &bad, NULL, NULL, &run, &err));
    STAYS_NULL(tw_job, TW_ERR_SPEC, tw_job_create(&out, ctx, &job, &err));
    STAYS_NULL(tw_job, TW_ERR_NOT_FOUND, tw_job_resume(&out, ctx, "no such run", &job, &err));
    STAYS_NULL(tw_config, TW_ERR_NOT_FOUND, tw_config_read(&out, ctx, "no such file", &err));
    STAYS_NULL(tw_race, TW_ERR_SPEC, tw_race_create(&out, ctx, &race, &err));
    STAYS_NULL(tw_race, TW_ERR_NOT_FOUND, tw_race_resume(&out, ctx, "no such race", &race, &err));
    STAYS_NULL(tw_race, TW_ERR_NOT_FOUND, tw_race_join(&out, ctx, directories, 2, &race, &err));
    STAYS_NULL(tw_find_lr, TW_ERR_SPEC, tw_find_lr_run(&out, ctx, &find, &err));
    STAYS_NULL(tw_figures, TW_ERR_SYSTEM, tw_figures_create(&out, ctx, "/dev/null", 0, &err));
}

static void evaluation(void **state)
{
    (void)state;
    const double w[2] = {0};
    const tw_objective f = {.size = sizeof f,
                            .type = TW_F64,
                            .tensors = &tensor,
                            .n_tensors = 1,
                            .n_rows = 1,
                            .lanes = 1,
                            .eval = refuse};
    STAYS_ZERO(tw_metrics, TW_STOPPED, tw_evaluate(ctx, &f, w, &out, &err));
    assert_int_equal(err.callback, 5);
}

static void parts_of_objects(void **state)
{
    (void)state;
    tw_optimizer_options o = TW_OPTIMIZER_OPTIONS_INIT;
    tw_optimizer *opt;
    double *sums = (double *)&err, value = 7;
    size_t n = 7;
    o.tensors = &tensor;
    o.n_tensors = 1;
    assert_int_equal(tw_optimizer_create(&opt, ctx, &o, &err), TW_OK);
    assert_int_equal(tw_step_sums(opt, &sums, &n, &err), TW_ERR_STATE);
    assert_true(sums == NULL && n == 0);
    assert_int_equal(tw_optimizer_value(opt, "gamma", &value, &err), TW_ERR_SPEC);
    assert_true(value == 7);
    tw_optimizer_free(opt);

    static const float x[2][2] = {{0, 1}, {1, 0}};
    static const int32_t labels[] = {0, 1};
    tw_data *data;
    tw_model *model;
    assert_int_equal(dense_data(&data, ctx, TW_F32, 2, 1, two, x, labels, &err), TW_OK);
    assert_int_equal(tw_model_create(&model, ctx, "dense 3 relu; dense classes softmax", TW_F32, data, 0,
                                     &err),
                     TW_OK);
    STAYS_CLEAR(tw_layer_info, TW_ERR_SPEC, tw_model_layer(model, 2, &out, &err));
    tw_data *other;
    assert_int_equal(dense_data(&other, ctx, TW_F32, 1, 1, (const int64_t[]){4}, x, labels, &err), TW_OK);
    STAYS_CLEAR(tw_objective, TW_ERR_DATA, tw_model_objective(model, other, &out, &err));
    tw_data_free(other);
    tw_model_free(model);
    tw_data_free(data);
}

static int set_up(void **state)
{
    (void)state;
    return tw_context_create(&ctx, NULL, &err) != TW_OK;
}

static int tear_down(void **state)
{
    (void)state;
    tw_context_free(ctx);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(structs_of_specs), cmocka_unit_test(numbers),
                                       cmocka_unit_test(objects), cmocka_unit_test(evaluation),
                                       cmocka_unit_test(parts_of_objects)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
