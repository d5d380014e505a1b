/* Structs that may grow: a program compiled against an older or a newer header works with this library, or is
 * told why not.
 * SPDX-License-Identifier: MIT */
#include "dense_data.h"
#include "base/sized.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <thalweg/trajectory.h>

struct thing {
    size_t size;
    int a, b;
    double c;
};
struct larger {
    struct thing known;
    double d[2];
};

static void read_or_refused(void **state)
{
    (void)state;
    struct thing out;
    tw_error err;
    const struct thing shorter = {offsetof(struct thing, b), 1, 2, 3};
    assert_int_equal(tw__sized_read(&out, sizeof out, &shorter, "thing", &err), TW_OK);
    assert_true(out.size == sizeof out && out.a == 1 && out.b == 0 && out.c == 0);

    struct larger newer = {{sizeof newer, 1, 2, 3}, {0, 0}};
    assert_int_equal(tw__sized_read(&out, sizeof out, &newer, "thing", &err), TW_OK);
    assert_true(out.size == sizeof out && out.a == 1 && out.b == 2 && out.c == 3);
    newer.d[1] = 1;
    assert_int_equal(tw__sized_read(&out, sizeof out, &newer, "thing", &err), TW_ERR_SPEC);
    assert_string_equal(
        err.message,
        "thing has 40 bytes, of which this library knows 24, and byte 38 is not 0: an option of a newer version");

    static const size_t wrong[] = {0, 7, 4097, SIZE_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const struct thing unset = {.size = wrong[i]};
        assert_int_equal(tw__sized_read(&out, sizeof out, &unset, "thing", &err), TW_ERR_SPEC);
        assert_non_null(strstr(err.message, "set it to sizeof(thing)"));
    }
}

static void written_as_far_as_there_is_room(void **state)
{
    (void)state;
    const struct thing from = {0, 1, 2, 3};
    struct thing shorter = {offsetof(struct thing, b), 7, 7, 7};
    assert_int_equal(tw__sized_write(&shorter, &from, sizeof from, "thing", NULL), TW_OK);
    assert_true(shorter.size == offsetof(struct thing, b) && shorter.a == 1 && shorter.b == 7 &&
                shorter.c == 7);
    struct larger newer = {{sizeof newer, 7, 7, 7}, {7, 7}};
    assert_int_equal(tw__sized_write(&newer, &from, sizeof from, "thing", NULL), TW_OK);
    assert_true(newer.known.size == sizeof newer && newer.known.b == 2 && newer.d[0] == 0 && newer.d[1] == 0);
}

/* An optimiser made by a program whose header ends before `member`; what it does not know is poisoned. */
static void older_program(size_t known)
{
    static const int64_t shape[] = {1};
    const tw_tensor point = {.name = "point", .rank = 1, .shape = shape};
    tw_context *ctx;
    tw_optimizer *opt;
    tw_error err;
    tw_optimizer_options o;
    memset(&o, 0xee, sizeof o);
    memset(&o, 0, known);
    o.size = known;
    o.rule = "momentum:lr=0.1";
    o.type = TW_F64;
    o.tensors = &point;
    o.n_tensors = 1;
    double w = 1;
    const double g = 1;
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    if (tw_optimizer_create(&opt, ctx, &o, &err) != TW_OK) fail_msg("%zu bytes: %s", known, err.message);
    assert_int_equal(tw_step_f64(opt, &w, &g, &err), TW_OK);
    assert_true(w == 0.9);
    tw_optimizer_free(opt);
    tw_context_free(ctx);
}

static void every_prefix_of_the_options(void **state)
{
    (void)state;
    size_t least = offsetof(tw_optimizer_options, n_tensors) + sizeof(size_t);
    const size_t type = offsetof(tw_optimizer_options, type) + sizeof(tw_type),
                 tensors = offsetof(tw_optimizer_options, tensors) + sizeof(void *);
    if (least < type) least = type;
    if (least < tensors) least = tensors;
    for (size_t known = least; known <= sizeof(tw_optimizer_options); known += 4) older_program(known);
}

/* A struct inside another stands last: its own size is the older one too. */
static void older_run_inside_a_job(void **state)
{
    (void)state;
    tw_context *ctx;
    tw_surface *bowl;
    tw_objective f = TW_OBJECTIVE_INIT;
    tw_run *run;
    tw_error err;
    double w[2] = {1, 1};
    tw_run_options o;
    const size_t known = offsetof(tw_run_options, order);
    memset(&o, 0xee, sizeof o);
    memset(&o, 0, known);
    o.size = known;
    o.optimizer = "sgd:lr=0.1";
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    assert_int_equal(tw_surface_create(&bowl, ctx, "bowl", TW_F64, &err), TW_OK);
    assert_int_equal(tw_surface_objective(bowl, 0, &f, &err), TW_OK);
    if (tw_run_create(&run, ctx, &f, NULL, w, &o, &err) != TW_OK) fail_msg("%s", err.message);
    tw_run_free(run);
    o.size = 0;
    assert_int_equal(tw_run_create(&run, ctx, &f, NULL, w, &o, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "tw_run_options.size = 0: set it to sizeof(tw_run_options)");
    tw_surface_free(bowl);
    tw_context_free(ctx);
    assert_int_equal(offsetof(tw_job_options, run) + sizeof(tw_run_options), sizeof(tw_job_options));
}

/* What the library fills is written no further than an older program's struct reaches. */
static void older_objective_is_filled_as_far_as_it_reaches(void **state)
{
    (void)state;
    static const float x[2] = {0, 1};
    static const int32_t labels[2] = {0, 1};
    static const int64_t shape[1] = {1};
    tw_context *ctx;
    tw_data *data;
    tw_model *model;
    tw_surface *bowl;
    tw_objective f;
    const size_t known = offsetof(tw_objective, point);
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    assert_int_equal(dense_data(&data, ctx, TW_F32, 2, 1, shape, x, labels, NULL), TW_OK);
    assert_int_equal(tw_model_create(&model, ctx, "dense 2 relu; dense classes softmax", TW_F32, data, 0,
                                     NULL),
                     TW_OK);
    assert_int_equal(tw_surface_create(&bowl, ctx, "bowl", TW_F64, NULL), TW_OK);
    memset(&f, 0xee, sizeof f);
    f.size = known;
    assert_int_equal(tw_surface_objective(bowl, 0, &f, NULL), TW_OK);
    assert_true(f.size == known && f.type == TW_F64 && f.n_tensors == 1);
    assert_int_equal(tw_model_objective(model, data, &f, NULL), TW_OK);
    assert_true(f.size == known && f.n_rows == 2 && f.user);
    tw_model_objective_free(&f);
    assert_true(f.size == known && !f.user);
    for (size_t i = known; i < sizeof f; i++) assert_int_equal(((unsigned char *)&f)[i], 0xee);
    tw_surface_free(bowl);
    tw_model_free(model);
    tw_data_free(data);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_or_refused),
        cmocka_unit_test(written_as_far_as_there_is_room),
        cmocka_unit_test(every_prefix_of_the_options),
        cmocka_unit_test(older_run_inside_a_job),
        cmocka_unit_test(older_objective_is_filled_as_far_as_it_reaches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
