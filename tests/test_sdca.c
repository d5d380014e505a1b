/* sdca: the optima of scikit-learn 1.2.1, also of the hinge, the same bits whatever runs it, refusals.
 * SPDX-License-Identifier: MIT */
#include "solver_runs.h"

/* LinearSVC (tol 1e-13, random_state 1 and 2: with 0 it ends elsewhere, at a higher loss), SVC with a linear
 * kernel (1e-12), LogisticRegression (newton-cholesky, 1e-14), Ridge (cholesky). SVC's intercept is not
 * penalised, as ours. */
static void scikit_learns_optima_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        int kind, weighted;
        double within, w[3 * D];
    } cases[] = {
        {"svm:loss=hinge,l2=0.05,intercept=0",
         OF_TWO,
         0,
         1e-8,
         {1.45234402958, -0.0298222593337, -0.0954312298716, -0.605391864488, 0.444351664082, 0.301204819277,
          0.313133723011, -0.274364785878}},
        {"svm:loss=hinge,l2=0.05",
         OF_TWO,
         0,
         1e-5,
         {1.55811349908, -0.0599017764034, -0.201197061228, -0.464440218635, 0.0259879040662, 0.784796444424,
          0.521553287017, -0.103440762525, 0.700900233938}},
        {"svm:loss=hinge,l2=0.05",
         OF_TWO,
         1,
         1e-5,
         {1.57696380016, 0.0341813550504, -0.220664456995, -0.233009049988, -0.0844942902975, 0.72576117102,
          0.40174467435, 0.00502361857514, 0.772055099328}},
        {"svm:l2=0.05,intercept=0",
         OF_TWO,
         0,
         1e-8,
         {1.10668002267, 0.00886088294761, -0.206247007544, -0.38925296171, 0.102489682368, 0.317771804998,
          0.0404689841584, -0.0240751812363}},
        {"logistic:l2=0.05",
         OF_TWO,
         0,
         1e-8,
         {1.39267556969, -0.0371717936859, -0.198244846122, -0.355171394131, 0.0513136220626, 0.640313235916,
          0.32054033723, -0.11407989075, 0.582049309099}},
        {"logistic:l2=0.05",
         OF_TWO,
         1,
         1e-8,
         {1.37500924929, -0.0232914775275, -0.242959703948, -0.0933465655093, -0.0261910821142,
          0.514629278949, 0.237914888271, -0.0597904694701, 0.556179205049}},
        {"ridge:l2=0.05",
         OF_NUMBERS,
         0,
         1e-8,
         {1.65050978071, 0.0480537864414, 0.00595266522084, -1.12169169777, 0.0614287397319, 0.489230356961,
          0.288276969988, 0.0504400071871, 0.613851216944}},
        {"svm:loss=hinge,l2=0.05,intercept=0",
         OF_THREE,
         0,
         1e-8,
         {-0.831039645429, -0.845571682596, 0.42843376384,   0.365111752489,  0.350579715322,
          0.0920283764839, 0.077496339317,  -0.540775900089, 0.934516276811,  -0.426944756636,
          -0.259474705586, 0.214043454547,  -0.628486494403, 0.181548872525,  0.33884325283,
          0.50631330388,   -0.24856985034,  0.0134495143066, -0.300223008651, -0.488833620937,
          -0.278522117779, 0.978739691326,  -0.54670266326,  0.140065395982}},
    };
    const table t = make_table();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_context *ctx = context(1);
        tw_data *data = table_data(ctx, &t, cases[i].kind, cases[i].weighted);
        check_weights("sdca:passes=100", cases[i].model, data, ctx, 1e-16, cases[i].within, cases[i].w);
        tw_data_free(data);
        tw_context_free(ctx);
    }
}

static void what_it_cannot_take_is_refused(void **state)
{
    (void)state;
    check_refuses(
        "sdca", "softmax:l2=1", OF_THREE,
        "solver sdca needs a linear model whose loss is a sum over the scores, which softmax is not: newton, newton-cg, lbfgs, cg and fista take it");
    check_refuses("sdca", "svm:l1=0.1", OF_THREE,
                  "solver sdca takes no l1: coordinate-descent, lbfgs and fista take it");
    check_refuses(
        "sdca", "logistic", OF_THREE,
        "solver sdca needs an l2 above 0, from which its dual problem comes: newton, newton-cg, coordinate-descent, lbfgs, cg and fista take it");
}

/* A tolerance without a criterion is one of the gap, since the gradient jumps. */
static void the_hinge_ends_by_its_gap(void **state)
{
    (void)state;
    const table t = make_table();
    tw_context *ctx = context(1);
    tw_data *data = table_data(ctx, &t, OF_TWO, 0);
    tw_objective f = TW_OBJECTIVE_INIT;
    tw_model *m = new_model(ctx, "svm:loss=hinge,l2=0.05", TW_F64, data);
    assert_int_equal(tw_model_objective(m, data, &f, NULL), TW_OK);
    const tw_run_options o = {.size = sizeof o, .solver = "sdca", .tol = 1e-6};
    tw_run *run = new_run(ctx, &f, tw_model_weights(m), &o);
    size_t n;
    assert_int_equal(go_on(run), TW_RUN_CONVERGED);
    const tw_run_progress p = progress_of(run);
    assert_string_equal(p.stop, "gap");
    assert_true(p.gap <= 1e-6 * tw_run_history(run, &n)[n - 1].loss && p.gap > 0);
    tw_run_free(run);
    tw_model_objective_free(&f);
    tw_model_free(m);
    tw_data_free(data);
    tw_context_free(ctx);
}

/* On columns of very different sizes the loss rises and falls for long, which is no end. */
static void a_long_way_is_no_end(void **state)
{
    (void)state;
    table t = make_table();
    tw_context *ctx = context(1);
    tw_objective f = TW_OBJECTIVE_INIT;
    for (size_t i = 0; i < N; i++) t.x[i * D] = 30 * t.x[i * D] + 40;
    tw_data *data = table_data(ctx, &t, OF_NUMBERS, 0);
    tw_model *m = new_model(ctx, "ridge:l2=0.01", TW_F64, data);
    assert_int_equal(tw_model_objective(m, data, &f, NULL), TW_OK);
    const tw_run_options o = {.size = sizeof o, .solver = "sdca", .tol = 1e-6, .epochs = 400};
    tw_run *run = new_run(ctx, &f, tw_model_weights(m), &o);
    assert_int_equal(go_on(run), TW_RUN_MAX_EPOCHS); /* and not STALLED */
    tw_run_free(run);
    tw_model_objective_free(&f);
    tw_model_free(m);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void every_loss_is_minimised_with_the_same_bits(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        int classes;
    } cases[] = {{"svm:loss=hinge,l2=0.05", 3},
                 {"svm:l2=0.1", 2},
                 {"huber:delta=0.5,l2=0.1", 0},
                 {"poisson:l2=0.1", 0},
                 {"logistic:l2=0.1", 3}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const ending first = solve("sdca", cases[i].model, cases[i].classes, TW_F64, 0, 1, 0),
                     narrow = solve("sdca", cases[i].model, cases[i].classes, TW_F32, 0, 1, 0);
        assert_true(fabs(narrow.loss - first.loss) < 1e-3);
        check_same_bits("sdca", cases[i].model, cases[i].classes, &first, &narrow);
    }
}

/* The model's own evaluation, which gives no number any more after some calls. */
static struct {
    tw_objective f;
    int left;
} broken;

static int eval_broken(void *user, const tw_eval *e)
{
    const int result = broken.f.eval(user, e);
    if (e->rows[0] == 0 && broken.left-- <= 0) e->sums->loss = NAN;
    return result;
}

static void where_there_is_no_loss_a_run_has_diverged(void **state)
{
    const table t = make_table();
    tw_context *ctx = context(1);
    tw_data *data = table_data(ctx, &t, OF_TWO, 0);
    tw_model *m = new_model(ctx, "svm:l2=0.1", TW_F64, data);
    double before[D + 1];
    int status = TW_RUN_GOING;
    tw_error err;
    (void)state;
    broken.f = (tw_objective)TW_OBJECTIVE_INIT;
    broken.left = 3;
    assert_int_equal(tw_model_objective(m, data, &broken.f, NULL), TW_OK);
    tw_objective f = broken.f;
    tw_glm glm = *f.glm;
    glm.losses = NULL, glm.curvatures = NULL;
    f.eval = eval_broken, f.glm = &glm;
    const tw_run_options o = {.size = sizeof o, .solver = "sdca", .tol = 1e-300};
    tw_run *run = new_run(ctx, &f, tw_model_weights(m), &o);
    while (status == TW_RUN_GOING) {
        memcpy(before, tw_model_weights(m), sizeof before);
        assert_int_equal(tw_run_step(run, &status, NULL), TW_OK);
    }
    assert_int_equal(status, TW_RUN_DIVERGED);
    assert_int_equal(tw_run_steps(run), 2);
    assert_memory_equal(before, tw_model_weights(m), sizeof before);
    assert_int_equal(tw_run_diverged(run, &err), TW_ERR_NOT_FINITE);
    assert_non_null(strstr(err.message, " after 2 iterations, and where the next went it is nan"));
    tw_run_free(run);
    tw_model_objective_free(&broken.f);
    tw_model_free(m);
    tw_data_free(data);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scikit_learns_optima_are_found),
        cmocka_unit_test(every_loss_is_minimised_with_the_same_bits),
        cmocka_unit_test(the_hinge_ends_by_its_gap),
        cmocka_unit_test(a_long_way_is_no_end),
        cmocka_unit_test(what_it_cannot_take_is_refused),
        cmocka_unit_test(where_there_is_no_loss_a_run_has_diverged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
