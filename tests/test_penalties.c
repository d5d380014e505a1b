/* Penalties of a network's layers: l2 and l1 in loss and gradient, max_norm after each update.
 * SPDX-License-Identifier: MIT */
#include "networks.h"

enum { MOST = 4096 };

/* In f64, with the means over all ROWS rows. */
typedef struct fit {
    tw_model *model;
    tw_objective o;
    tw_metrics m;
} fit;

static fit fit_of(tw_context *ctx, tw_data *data, const char *network)
{
    fit f = {.o = TW_OBJECTIVE_INIT};
    tw_error err;
    if (tw_model_create(&f.model, ctx, network, TW_F64, data, 5, &err) != TW_OK)
        fail_msg("%s: %s", network, err.message);
    assert_int_equal(tw_model_objective(f.model, data, &f.o, NULL), TW_OK);
    return f;
}

static void evaluate(fit *f, tw_context *ctx)
{
    assert_int_equal(tw_evaluate(ctx, &f->o, tw_model_weights(f->model), &f->m, NULL), TW_OK);
}

static void free_fit(fit *f)
{
    tw_model_objective_free(&f->o);
    tw_model_free(f->model);
}

static void step(fit *f, tw_context *ctx, const char *optimizer, const char *groups, int steps)
{
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    tw_run *run;
    tw_error err;
    int status = TW_RUN_GOING;
    o.optimizer = optimizer;
    o.groups = groups;
    o.batch = f->o.n_rows;
    o.epochs = (uint64_t)steps;
    if (tw_run_create(&run, ctx, &f->o, NULL, tw_model_weights(f->model), &o, &err) != TW_OK)
        fail_msg("%s: %s", tw_model_network(f->model), err.message);
    while (status == TW_RUN_GOING) assert_int_equal(tw_run_step(run, &status, NULL), TW_OK);
    tw_run_free(run);
}

/* The weights of tensor i as they are saved; returns how many. */
static size_t saved(const fit *f, size_t i, double to[MOST])
{
    size_t n = 1;
    for (int d = 0; d < f->o.tensors[i].rank; d++) n *= (size_t)f->o.tensors[i].shape[d];
    assert_true(n <= MOST);
    tw__model_save_tensor(f->model, i, tw_model_weights(f->model), to);
    return n;
}

static void gradients_equal_central_differences(void **state)
{
    (void)state;
    static const char *const stacks[] = {
        "flatten; dense 4 tanh l2=0.3; dense classes softmax",
        "flatten; dense 4 tanh l2=0.3 l1=0.02; dense classes l1=0.1 softmax",
        "conv2d 3 2x2 l2=0.2 l1=0.01 tanh; batchnorm; flatten; dense 4 l2=0.1; batchnorm; dense classes softmax",
        "flatten; dense 6 l2=0.1; reshape 3x2; lstm 3 l2=0.2 l1=0.01; attention 1 l2=0.5; flatten; dense classes "
        "softmax:class_weight=balanced",
    };
    for (size_t i = 0; i < sizeof stacks / sizeof stacks[0]; i++) {
        networks_check_gradient(stacks[i], 3);
        networks_check_instruction_sets(stacks[i], 3);
        networks_check_threads(stacks[i], 3);
    }
    networks_check_threads(
        "conv2d 3 2x2 max_norm=0.7 relu; flatten; dense 4 max_norm=0.5; dense classes softmax", 3);
}

/* Batches of leaves of 8 rows, of 16, of 17 and 16, of 9 and 8, of 70: more than go together. */
static const uint64_t batches[] = {5 * TW_LEAF + 4, 1024, 1026, 520, 4480};
enum { N_BATCHES = sizeof batches / sizeof *batches };

static void compare_leaves(const char *network, uint64_t rows, int threads)
{
    tw_context *ctx = networks_context(threads);
    tw_data *data = networks_data(ctx, rows, 3);
    fit together = fit_of(ctx, data, network), apart = fit_of(ctx, data, network);
    assert_true(together.o.together > 1);
    apart.o.together = 1;
    step(&together, ctx, "adam", NULL, 3);
    step(&apart, ctx, "adam", NULL, 3);
    assert_memory_equal(tw_model_weights(together.model), tw_model_weights(apart.model),
                        tw_model_size(apart.model) * sizeof(double));
    evaluate(&together, ctx);
    evaluate(&apart, ctx);
    assert_true(together.m.loss == apart.m.loss && together.m.accuracy == apart.m.accuracy);
    free_fit(&together), free_fit(&apart);
    tw_data_free(data);
    tw_context_free(ctx);
}

/* Where large layers take the rows of several leaves at once, a penalty still belongs to the first leaf: the
 * same weights after some steps as leaf by leaf. */
static void leaves_together_are_leaves_apart(void **state)
{
    static const char *const networks[] = {
        "flatten; dense 200 relu l2=0.3 l1=0.01; dense 90 tanh l2=0.1; dense classes l1=0.02 softmax",
        "batchnorm; flatten; dense 200 l2=0.3; batchnorm relu; dense 90 l1=0.01; batchnorm; dropout 0.2; dense "
        "classes l1=0.02 softmax"};
    (void)state;
    for (size_t i = 0; i < N_BATCHES; i++)
        for (int threads = 1; threads <= 2; threads++)
            for (size_t j = 0; j < sizeof networks / sizeof *networks; j++)
                compare_leaves(networks[j], batches[i], threads);
}

/* Worked out from the weights; biases do not count, nor what other layers have. */
static void the_loss_has_the_penalty(void **state)
{
    (void)state;
    tw_context *ctx = networks_context(2);
    tw_data *data = networks_data(ctx, ROWS, 3);
    fit plain = fit_of(ctx, data, "flatten; dense 5 tanh; dense classes softmax"),
        penalised = fit_of(ctx, data, "flatten; dense 5 tanh l2=0.3 l1=0.01; dense classes l1=0.02 softmax");
    double w[MOST], penalty = 0;
    step(&plain, ctx, "sgd:lr=0.1", NULL, 3); /* biases are not 0 then */
    memcpy(tw_model_weights(penalised.model), tw_model_weights(plain.model),
           tw_model_size(plain.model) * sizeof *w);
    for (size_t i = 0; i < 3; i += 2) { /* weights, between them a bias */
        const size_t n = saved(&plain, i, w);
        for (size_t k = 0; k < n; k++)
            penalty += i == 0 ? 0.15 * w[k] * w[k] + 0.01 * fabs(w[k]) : 0.02 * fabs(w[k]);
    }
    evaluate(&plain, ctx);
    evaluate(&penalised, ctx);
    assert_true(penalty > 0.1);
    assert_true(fabs(penalised.m.loss - plain.m.loss - penalty) < 1e-12);
    free_fit(&plain);
    free_fit(&penalised);
    tw_data_free(data);
    tw_context_free(ctx);
}

/* Of sgd the gradient of l2 is what its weight decay adds. */
static void l2_is_the_weight_decay_of_sgd(void **state)
{
    (void)state;
    tw_context *ctx = networks_context(2);
    tw_data *data = networks_data(ctx, ROWS, 3);
    fit a = fit_of(ctx, data, "flatten; dense 5 tanh l2=0.3; dense classes softmax"),
        b = fit_of(ctx, data, "flatten; dense 5 tanh; dense classes softmax");
    step(&a, ctx, "sgd:lr=0.1", NULL, 10);
    step(&b, ctx, "sgd:lr=0.1", "1.weight:weight_decay=0.3", 10);
    const double *v = tw_model_weights(a.model), *w = tw_model_weights(b.model);
    for (size_t i = 0; i < tw_model_size(a.model); i++) assert_true(fabs(v[i] - w[i]) < 1e-12);
    free_fit(&a);
    free_fit(&b);
    tw_data_free(data);
    tw_context_free(ctx);
}

/* The weights into unit u, a row of the saved tensor. */
static double norm_of(const double *row, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += row[i] * row[i];
    return sqrt(sum);
}

/* One update with max_norm is one without, with the rows above the bound scaled down to it. */
static void check_projection(const char *bound, const char *free, size_t n_tensors, double most)
{
    static double v[MOST], w[MOST];
    tw_context *ctx = networks_context(2);
    tw_data *data = networks_data(ctx, ROWS, 3);
    fit a = fit_of(ctx, data, bound), b = fit_of(ctx, data, free);
    size_t above = 0, below = 0;
    step(&a, ctx, "adam:lr=0.05", NULL, 1);
    step(&b, ctx, "adam:lr=0.05", NULL, 1);
    for (size_t t = 0; t < n_tensors; t++) {
        const size_t n = saved(&a, t, v), rows = (size_t)a.o.tensors[t].shape[0], columns = n / rows;
        saved(&b, t, w);
        for (size_t r = 0; r < rows; r++) {
            const double norm = norm_of(w + r * columns, columns);
            const int is_above = a.o.tensors[t].rank > 1 && norm > most;
            above += (size_t)is_above;
            below += !is_above;
            for (size_t i = r * columns; i < (r + 1) * columns; i++)
                if (fabs(v[i] - w[i] * (is_above ? most / norm : 1)) > 1e-15)
                    fail_msg("%s: tensor %zu, element %zu: %.17g of %.17g", bound, t, i, v[i], w[i]);
        }
    }
    assert_true(above > 0 && below > 0);
    free_fit(&a);
    free_fit(&b);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void max_norm_scales_units_down(void **state)
{
    (void)state;
    check_projection("flatten; dense 40 max_norm=1.16 relu; dense classes softmax",
                     "flatten; dense 40 relu; dense classes softmax", 2, 1.16);
    check_projection("conv2d 40 3x2 max_norm=0.31 relu; flatten; dense classes softmax",
                     "conv2d 40 3x2 relu; flatten; dense classes softmax", 2, 0.31);
    check_projection("reshape 14x6; lstm 9 max_norm=0.5; flatten; dense classes softmax",
                     "reshape 14x6; lstm 9; flatten; dense classes softmax", 2, 0.5);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *network, *estimator, *solver, *message;
    } cases[] = {
        {"flatten; dense classes max_norm=1 softmax", NULL, "lbfgs",
         "solver lbfgs cannot be used with max_norm"},
        {"flatten; dense classes max_norm=1 softmax", "katyusha", NULL,
         "estimator katyusha remembers points, and max_norm"},
        {"flatten; dense classes l1=1 softmax", NULL, "lbfgs", "l1"},
        {"flatten; dense classes l2=-1 softmax", NULL, NULL, "l2 = -1 is outside [0, inf)"},
        {"flatten; dense 4 relu:l2=1; dense classes softmax", NULL, NULL, "relu has no option \"l2\""},
    };
    tw_context *ctx = networks_context(1);
    tw_data *data = networks_data(ctx, ROWS, 3);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_model *model = NULL;
        tw_objective o = TW_OBJECTIVE_INIT;
        tw_run *run = NULL;
        tw_run_options options = TW_RUN_OPTIONS_INIT;
        tw_error err;
        options.optimizer = cases[i].solver ? NULL : "sgd:lr=0.1";
        options.estimator = cases[i].estimator;
        options.solver = cases[i].solver;
        tw_status s = tw_model_create(&model, ctx, cases[i].network, TW_F64, data, 5, &err);
        if (s == TW_OK) s = tw_model_objective(model, data, &o, &err);
        if (s == TW_OK) s = tw_run_create(&run, ctx, &o, NULL, tw_model_weights(model), &options, &err);
        assert_int_equal(s, TW_ERR_SPEC);
        if (!strstr(err.message, cases[i].message)) fail_msg("%s: %s", cases[i].network, err.message);
        tw_model_objective_free(&o);
        tw_model_free(model);
    }
    tw_data_free(data);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_equal_central_differences),
        cmocka_unit_test(the_loss_has_the_penalty),
        cmocka_unit_test(l2_is_the_weight_decay_of_sgd),
        cmocka_unit_test(max_norm_scales_units_down),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(leaves_together_are_leaves_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
