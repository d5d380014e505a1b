/* Batch normalisation on four numbers whose result is known, running statistics of both dialects, a last
 * batch of one row.
 * SPDX-License-Identifier: MIT */
#include "networks.h"
#include "models/nn/layer.h"

enum { N = 4 };

/* The layer on one channel. */
typedef struct subject {
    tw__layer l;
    double own[16], tensors[4], gradient[4], scratch[8];
    tw__pass p;
} subject;

static void open_subject(subject *s, double eps, double unbiased)
{
    const tw__layer_text text = {.name = "batchnorm", .value = {0.1, eps, unbiased}};
    *s = (subject){.tensors = {1, 0, 0, 1}};
    assert_true(tw__layer_type_find("batchnorm")->own_size <= sizeof s->own);
    tw_context *ctx = networks_context(1);
    s->l = (tw__layer){.ctx = ctx,
                       .type = tw__layer_type_find("batchnorm"),
                       .in = {.rank = 1, .n = {1}},
                       .in_size = 1,
                       .out_size = 1,
                       .own = s->own};
    assert_int_equal(s->l.type->setup(&s->l, &text, NULL), TW_OK);
    for (size_t i = 0; i < 4; i++) s->l.tensor[i].offset = i;
    s->p = (tw__pass){.k = tw__kernels_for(TW_F64, TW_ISA_BASE),
                      .rows = N,
                      .training = 1,
                      .w = (const char *)s->tensors,
                      .gradient = (char *)s->gradient,
                      .scratch = s->scratch};
}

static void close_subject(subject *s)
{
    tw_context *ctx = s->l.ctx;
    tw__free(ctx, s->l.tensor, s->l.capacity, sizeof *s->l.tensor);
    tw_context_free(ctx);
}

static const double x[N] = {1, 2, 3, 4};

static void near(size_t n, const double *got, const double *want)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs(got[i] - want[i]) < 1e-10)) fail_msg("number %zu is %.12g, not %.12g", i, got[i], want[i]);
}

static void forward_and_backward(void **state)
{
    const double wants[N] = {-1.341635419969, -0.447211806656, 0.447211806656, 1.341635419969},
                 dwants[N] = {0.2683281573, -0.3577708764, -0.0894427191, 0.1788854382}, dy[N] = {1, 0, 0, 0};
    double y[N], dx[N], totals[3] = {0}, back[3] = {0};
    char settled[4 * sizeof(double)];
    subject s;
    (void)state;
    open_subject(&s, 1e-5, 1);
    s.l.type->join_forward(&s.l, &s.p, x, totals);
    s.p.settled = settled;
    s.l.type->settle(&s.l, s.p.k, totals, NULL, settled);
    s.l.type->forward(&s.l, &s.p, x, y);
    near(N, y, wants);
    close_subject(&s);
    open_subject(&s, 0, 1);
    s.p.settled = settled;
    s.l.type->settle(&s.l, s.p.k, totals, NULL, settled);
    s.l.type->join_backward(&s.l, &s.p, x, dy, back);
    s.l.type->settle(&s.l, s.p.k, totals, back, settled);
    s.l.type->backward(&s.l, &s.p, x, NULL, dy, dx);
    near(N, dx, dwants);
    near(2, s.gradient, (const double[]){-1.3416407865, 1});
    close_subject(&s);
}

static void running_statistics(void **state)
{
    (void)state;
    for (int unbiased = 0; unbiased < 2; unbiased++) {
        subject s;
        double totals[3] = {0};
        open_subject(&s, 1e-5, unbiased);
        s.l.type->join_forward(&s.l, &s.p, x, totals);
        s.l.type->commit(&s.l, totals, s.p.k, s.tensors);
        near(4, s.tensors, (const double[]){1, 0, 0.25, 0.9 + 0.1 * (unbiased ? 5.0 / 3 : 1.25)});
        close_subject(&s);
    }
}

/* 101 rows in batches of 10: the last one has one row. */
static void a_batch_of_one_vector_is_refused(void **state)
{
    (void)state;
    tw_context *ctx = networks_context(1);
    tw_data *data = networks_data(ctx, 101, 3);
    tw_model *model;
    tw_objective o = TW_OBJECTIVE_INIT;
    tw_run *run;
    tw_error err;
    tw_run_options options = TW_RUN_OPTIONS_INIT;
    options.batch = 10;
    assert_int_equal(tw_model_create(&model, ctx, "flatten; dense 4; batchnorm; dense 3 softmax", TW_F32,
                                     data, 1, NULL),
                     TW_OK);
    assert_int_equal(tw_model_objective(model, data, &o, NULL), TW_OK);
    assert_int_equal(tw_run_create(&run, ctx, &o, NULL, tw_model_weights(model), &options, &err),
                     TW_ERR_SPEC);
    assert_string_equal(err.message,
                        "batch normalisation of vectors needs batches of at least 2 rows, and of 101 "
                        "rows in batches of 10 the last has 1: take another batch");
    options.batch = 0;
    options.estimator = "saga";
    assert_int_equal(tw_run_create(&run, ctx, &o, NULL, tw_model_weights(model), &options, &err),
                     TW_ERR_SPEC);
    assert_non_null(strstr(err.message, "estimator saga needs gradients of rows by themselves"));
    options.estimator = NULL;
    options.solver = "lbfgs";
    assert_int_equal(tw_run_create(&run, ctx, &o, NULL, tw_model_weights(model), &options, &err),
                     TW_ERR_SPEC);
    assert_non_null(strstr(err.message, "rows depend on the batch"));
    tw_model_objective_free(&o);
    tw_model_free(model);
    tw_data_free(data);
    tw_context_free(ctx);
}

/* Evaluation takes the running statistics: it does not depend on which rows are there. */
static void evaluation_is_of_each_row(void **state)
{
    (void)state;
    tw_context *ctx = networks_context(2);
    tw_data *data = networks_data(ctx, 40, 3);
    tw_model *model;
    tw_objective o = TW_OBJECTIVE_INIT;
    float all[40 * 3], one[3];
    assert_int_equal(tw_model_create(&model, ctx, "conv2d 3 2x2; batchnorm relu; flatten; dense 3 softmax",
                                     TW_F32, data, 1, NULL),
                     TW_OK);
    assert_int_equal(tw_model_objective(model, data, &o, NULL), TW_OK);
    assert_int_equal(tw_predict(ctx, &o, tw_model_weights(model), 0, 40, all, NULL), TW_OK);
    for (uint64_t i = 0; i < 40; i++) {
        assert_int_equal(tw_predict(ctx, &o, tw_model_weights(model), i, 1, one, NULL), TW_OK);
        assert_memory_equal(one, all + 3 * i, sizeof one);
    }
    tw_model_objective_free(&o);
    tw_model_free(model);
    tw_data_free(data);
    tw_context_free(ctx);
}

struct folds {
    const char *what;
    int seen;
};

static void look_for(void *user, const tw_network_event *event)
{
    struct folds *const f = user;
    f->seen += event->what && strcmp(event->what, f->what) == 0;
}

/* Outputs with a gradient, which takes the layers one by one, and without. */
static void check_folded(const char *network, const char *what, tw_type type)
{
    tw_context *ctx = networks_context(1);
    tw_data *data = networks_data(ctx, ROWS, 3);
    tw_model *model;
    tw_objective o = TW_OBJECTIVE_INIT;
    const uint64_t rows[] = {0, 1, 2, 3, 4, 5, 6, 7};
    const tw_draw draw = {.number = 1};
    struct folds folds = {.what = what};
    tw_sums sums;
    assert_int_equal(tw_model_create(&model, ctx, network, type, data, 5, NULL), TW_OK);
    const size_t n = tw_model_size(model), bytes = ROWS * 3 * tw_type_size(type);
    char *const w = tw_model_weights(model), *const g = malloc(n * sizeof(double)),
                *const one_by_one = malloc(bytes), *const folded = malloc(bytes);
    for (size_t i = 0; i < n; i++) { /* gains, shifts and running statistics, too */
        const double by = 0.2 * tw__random_unit(2, TW__FOR_TEST, 1, i);
        if (type == TW_F32) ((float *)w)[i] += (float)by;
        else ((double *)w)[i] += by;
    }
    assert_int_equal(tw_model_objective(model, data, &o, NULL), TW_OK);
    assert_int_equal(tw_model_watch(&o, look_for, &folds, NULL), TW_OK);
    assert_int_equal(o.point(o.user, w), 0);
    tw_eval e = {.size = sizeof e,
                 .want = TW_WANT_OUTPUT | TW_WANT_LOSS | TW_WANT_GRADIENT,
                 .w = w,
                 .rows = rows,
                 .n = ROWS,
                 .draw = &draw,
                 .sums = &sums,
                 .gradient = g,
                 .output = one_by_one};
    assert_int_equal(o.eval(o.user, &e), 0);
    assert_int_equal(folds.seen, 0);
    e.want = TW_WANT_OUTPUT;
    e.output = folded;
    assert_int_equal(o.eval(o.user, &e), 0);
    assert_int_equal(folds.seen, 1);
    assert_memory_equal(one_by_one, folded, bytes);
    free(g), free(one_by_one), free(folded);
    tw_model_objective_free(&o);
    tw_model_free(model);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void folding_changes_no_bit(void **state)
{
    static const char pooled[] = "conv2d, batchnorm, relu, maxpool2d", plain[] = "batchnorm, relu";
    (void)state;
    for (int type = TW_F32; type <= TW_F64; type++) {
        check_folded("conv2d 5 3x3; batchnorm relu; maxpool2d 2x2; flatten; dense classes softmax", pooled,
                     (tw_type)type);
        check_folded("conv2d 19 3x3 padding=same; batchnorm@keras; relu; maxpool2d 2x2; conv2d 4 1x1; "
                     "batchnorm tanh; flatten; dense classes softmax",
                     pooled, (tw_type)type);
        check_folded("conv2d 4 3x3 stride=2; batchnorm relu; maxpool2d 2x2; flatten; dense classes softmax",
                     plain, (tw_type)type);
        check_folded(
            "flatten; dense 17; batchnorm relu; residual(batchnorm; dense 17); dense classes softmax", plain,
            (tw_type)type);
        check_folded("batchnorm relu; residual(conv2d 2 1x1; batchnorm); flatten; dense classes softmax",
                     plain, (tw_type)type);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_and_backward),
        cmocka_unit_test(running_statistics),
        cmocka_unit_test(a_batch_of_one_vector_is_refused),
        cmocka_unit_test(evaluation_is_of_each_row),
        cmocka_unit_test(folding_changes_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
