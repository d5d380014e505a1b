/* Solvers: known optima, when a run ends and what it says of itself, the same bits on any threads and
 * instructions and after a stop, what is refused.
 * SPDX-License-Identifier: MIT */
#include "solver_runs.h"
#include <thalweg/surface.h>

/* Those that take the logistic loss; least-squares, which does not, has tests of its own. */
static void for_each_solver(void (*check)(const char *name))
{
    const tw_solver *s;
    for (size_t i = 0; (s = tw_solver_at(i)) != NULL; i++)
        if (strcmp(s->name, "least-squares") != 0) check(s->name);
}

/* ---- optima -------------------------------------------------------------------------------------------- */

/* Rows of `columns` numbers with labels 0 and 1; the weights, then the bias. */
static void check_logistic(const char *solver, const tw_data_info *rows, const char *model,
                           const double *wanted, double wanted_loss)
{
    tw_context *ctx = context(1);
    tw_data *data;
    tw_objective f = TW_OBJECTIVE_INIT;
    assert_int_equal(tw_data_create(&data, ctx, rows, NULL), TW_OK);
    tw_model *m = new_model(ctx, model, TW_F64, data);
    assert_int_equal(tw_model_objective(m, data, &f, NULL), TW_OK);
    const tw_run_options o = {.size = sizeof o, .solver = solver, .tol = 1e-300};
    tw_run *run = new_run(ctx, &f, tw_model_weights(m), &o);
    assert_int_equal(go_on(run), TW_RUN_STALLED); /* where the tolerance is out of reach */
    const double *w = tw_model_weights(m);
    for (size_t i = 0; i < tw_model_size(m); i++)
        if (fabs(w[i] - wanted[i]) > 1e-10) fail_msg("%s: weight %zu is %.13g", solver, i, w[i]);
    const tw_run_progress p = progress_of(run);
    assert_true(p.gradient < 1e-13 * p.first_gradient && p.tol == 1e-300);
    size_t n;
    const tw_epoch *line = tw_run_history(run, &n);
    const int is_first_order = strcmp(solver, "fista") == 0; /* many steps, which cost little */
    assert_true(n == tw_run_steps(run) && n < (is_first_order ? 400 : 200));
    if (wanted_loss > 0) assert_true(fabs(line[n - 1].loss - wanted_loss) < 1e-12);
    assert_true(isnan(line[n - 1].lr) && line[n - 1].accuracy >= 0.5);
    assert_true(tw_run_gradients(run) < (is_first_order ? 6000 : 1500));
    tw_run_free(run);
    tw_model_objective_free(&f);
    tw_model_free(m);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void check_known(const char *solver)
{
    static const double x1[] = {2, 0, 1, 0, 4, 0, 1, 1, 0, 0, 0, 0}, x3[] = {1, 2, 2, -1, -1, 1, 0, 3, 3, 0},
                        weights3[] = {10, 1, 1, 5, 2};
    static const int32_t y1[] = {1, 0, 1, 0}, y3[] = {1, 0, 1, 1, 0};
    static const double w1[] = {1.40057407114, -0.317504282019, 0.212431343287, -0.636953520747},
                        w3[] = {-1.004396769778, 1.248560494912, 1.520186218241};
    const tw_data_info
        r1 = {.size = sizeof r1, .rows = 4, .rank = 1, .shape = {3}, .type = TW_F64, .x = x1, .labels = y1},
        r3 = {.size = sizeof r3,
              .rows = 5,
              .rank = 1,
              .shape = {2},
              .type = TW_F64,
              .x = x3,
              .labels = y3,
              .weights = weights3};
    check_logistic(solver, &r1, "logistic:l2=0.1", w1, 0.392026194019);
    check_logistic(solver, &r3, "logistic:l2=0.05", w3, 0);
}

static void find_optimum(const char *solver, const char *text, int classes, double *w)
{
    static some_rows r;
    tw_context *ctx = context(1);
    fill_rows(&r, classes);
    tw_data *data = rows_data(ctx, &r, TW_F64, 1, classes, 1);
    tw_model *m = new_model(ctx, text, TW_F64, data);
    tw_objective f = TW_OBJECTIVE_INIT;
    assert_int_equal(tw_model_objective(m, data, &f, NULL), TW_OK);
    const tw_run_options o = {.size = sizeof o, .solver = solver, .tol = 1e-12};
    tw_run *run = new_run(ctx, &f, tw_model_weights(m), &o);
    const int status = go_on(run);
    if (status != TW_RUN_CONVERGED) fail_msg("%s on %s: status %d", solver, text, status);
    memcpy(w, tw_model_weights(m), tw_model_size(m) * sizeof *w);
    tw_run_free(run);
    tw_model_objective_free(&f);
    tw_model_free(m);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void solvers_agree_on_several_classes(void **state)
{
    enum { MOST = 3 * (COLUMNS + 1) };
    static const char *const models[] = {"softmax:l2=0.01,intercept=0", "logistic:l2=0.01", "svm:l2=0.01"},
                             *const solvers[] = {"newton-cg", "lbfgs"};
    static double w[MOST], other[MOST];
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        find_optimum("newton", models[i], 3, w);
        for (size_t k = 0; k < sizeof solvers / sizeof *solvers; k++) {
            find_optimum(solvers[k], models[i], 3, other);
            for (size_t j = 0; j < 3 * COLUMNS; j++)
                if (!(fabs(w[j] - other[j]) < 1e-8))
                    fail_msg("%s: weight %zu is %g, by %s %g", models[i], j, w[j], solvers[k], other[j]);
        }
    }
}

/* More weights than rows and no penalty: the Hessian is singular, and every optimum has the loss 0. */
static void a_singular_hessian_is_shifted(void **state)
{
    static double w[COLUMNS + 1];
    (void)state;
    find_optimum("newton", "linear:intercept=0", 2, w);
    double norm = 0;
    for (size_t i = 0; i < COLUMNS; i++) norm += w[i] * w[i];
    assert_true(norm > 0.1 && norm < 1e4);
}

static void known_optima_are_found(void **state)
{
    (void)state;
    for_each_solver(check_known);
    check_known("cg:beta=fr"), check_known("cg:beta=hs");
}

/* With a valley that is bent, where the first lengths are far too long. */
static void a_curved_valley_is_followed(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw_surface *surface;
    tw_objective f = TW_OBJECTIVE_INIT;
    double w[] = {-1.2, 1};
    assert_int_equal(tw_surface_create(&surface, ctx, "rosenbrock", TW_F64, NULL), TW_OK);
    assert_int_equal(tw_surface_objective(surface, 0, &f, NULL), TW_OK);
    const tw_run_options o = {.size = sizeof o, .solver = "lbfgs", .tol = 1e-10};
    tw_run *run = new_run(ctx, &f, w, &o);
    assert_int_equal(go_on(run), TW_RUN_CONVERGED);
    assert_true(tw_run_steps(run) < 60);
    for (int i = 0; i < 2; i++) assert_true(fabs(w[i] - 1) < 1e-8);
    assert_true(tw_run_gradients(run) < 100);
    tw_run_free(run);
    tw_surface_free(surface);
    tw_context_free(ctx);
}

/* f = w - log w, which is infinite from 0 down. */
static int eval_barrier(void *user, const tw_eval *e)
{
    const double w = ((const double *)e->w)[0];
    (void)user;
    *e->sums = (tw_sums){.loss = w > 0 ? w - log(w) : INFINITY, .weight = 1};
    if (e->want & TW_WANT_GRADIENT) ((double *)e->gradient)[0] = w > 0 ? 1 - 1 / w : NAN;
    return 0;
}

static const int64_t one[] = {1};
static const tw_tensor weight = {"w", 1, one, 0, 0};
static const tw_objective barrier = {.size = sizeof barrier,
                                     .type = TW_F64,
                                     .tensors = &weight,
                                     .n_tensors = 1,
                                     .lanes = 1,
                                     .eval = eval_barrier};

static void where_the_loss_is_infinite_a_step_is_too_long(void **state)
{
    (void)state;
    for (double start = 1e-3; start < 1e4; start *= 10) {
        tw_context *ctx = context(1);
        double w[] = {start};
        const tw_run_options o = {.size = sizeof o, .solver = "lbfgs", .tol = 1e-9};
        tw_run *run = new_run(ctx, &barrier, w, &o);
        assert_int_equal(go_on(run), TW_RUN_CONVERGED);
        assert_true(fabs(w[0] - 1) < 1e-5);
        tw_run_free(run);
        tw_context_free(ctx);
    }
}

/* f = sqrt(1 + w^2), where a whole Newton step from beyond 1 goes farther away, and the double well w^4/4 -
 * w^2/2, which has a negative second derivative near 0. */
static int eval_root(void *user, const tw_eval *e)
{
    const double w = ((const double *)e->w)[0], root = sqrt(1 + w * w);
    (void)user;
    *e->sums = (tw_sums){.loss = root, .weight = 1};
    if (e->want & TW_WANT_GRADIENT) ((double *)e->gradient)[0] = w / root;
    return 0;
}

static int root_times(void *user, const tw_eval *e)
{
    const double w = ((const double *)e->w)[0], root = sqrt(1 + w * w);
    (void)user;
    *e->sums = (tw_sums){.weight = 1};
    ((double *)e->gradient)[0] = (e->vector ? e->vector[0] : 1) / (root * root * root);
    return 0;
}

static int eval_wells(void *user, const tw_eval *e)
{
    const double w = ((const double *)e->w)[0];
    (void)user;
    *e->sums = (tw_sums){.loss = w * w * (w * w / 4 - 0.5), .weight = 1};
    if (e->want & TW_WANT_GRADIENT) ((double *)e->gradient)[0] = w * w * w - w;
    return 0;
}

static int wells_times(void *user, const tw_eval *e)
{
    const double w = ((const double *)e->w)[0];
    (void)user;
    *e->sums = (tw_sums){.weight = 1};
    ((double *)e->gradient)[0] = (e->vector ? e->vector[0] : 1) * (3 * w * w - 1);
    return 0;
}

static void check_region(tw_objective f, double start, double wanted)
{
    tw_context *ctx = context(1);
    double w[] = {start};
    const tw_run_options o = {.size = sizeof o, .solver = "newton-cg", .tol = 1e-9};
    tw_run *run = new_run(ctx, &f, w, &o);
    assert_int_equal(go_on(run), TW_RUN_CONVERGED);
    if (!(fabs(w[0] - wanted) < 1e-5)) fail_msg("from %g to %g, not to %g", start, w[0], wanted);
    assert_true(tw_run_steps(run) < 30);
    tw_run_free(run);
    tw_context_free(ctx);
}

static void a_step_is_no_longer_than_the_model_is_trusted(void **state)
{
    (void)state;
    tw_objective root = barrier, wells = barrier;
    root.eval = eval_root, root.hessian_times = root_times, root.n_kept = 1;
    wells.eval = eval_wells, wells.hessian_times = wells_times, wells.n_kept = 1;
    for (double start = 0.5; start < 1000; start *= 5) check_region(root, start, 0);
    check_region(wells, 0.1, 1), check_region(wells, -0.5, -1), check_region(wells, 20, 1);
}

/* ---- the end of a run ---------------------------------------------------------------------------------- */

static least_squares problem(void)
{
    return (least_squares){.rows = 50, .columns = 8, .uneven = 1, .penalty = 0.01, .bad_row = -1};
}

static int run_to(const char *stop, double tol, uint64_t epochs, tw_run_progress *p, uint64_t *steps,
                  double *w)
{
    tw_context *ctx = context(1);
    least_squares ls = problem();
    const tw_objective f = ls_objective(&ls, TW_F64);
    const tw_run_options o = {.size = sizeof o,
                              .solver = "lbfgs",
                              .tol = tol,
                              .stop = stop,
                              .epochs = epochs};
    memset(w, 0, 8 * sizeof *w);
    tw_run *run = new_run(ctx, &f, w, &o);
    const int status = go_on(run);
    *p = progress_of(run);
    *steps = tw_run_steps(run);
    p->solver = NULL;
    tw_run_free(run);
    tw_context_free(ctx);
    return status;
}

static void a_run_ends_by_its_criterion(void **state)
{
    (void)state;
    double w[8], g[8], optimum[8], norm = 0;
    const least_squares ls = problem();
    tw_run_progress p;
    uint64_t n, few;
    ls_optimum(&ls, optimum);
    assert_int_equal(run_to(NULL, 1e-3, 0, &p, &few, w), TW_RUN_CONVERGED);
    assert_true(p.gradient <= 1e-3 * p.first_gradient && strcmp(p.stop, "grad") == 0);
    ls_gradient(&ls, w, g);
    for (int i = 0; i < 8; i++) norm += g[i] * g[i];
    assert_true(fabs(sqrt(norm) - p.gradient) < 1e-12);
    assert_int_equal(run_to("grad", 1e-10, 0, &p, &n, w), TW_RUN_CONVERGED);
    assert_true(n > few && p.gradient <= 1e-10 * p.first_gradient);
    assert_int_equal(run_to("step", 1e-5, 0, &p, &n, w), TW_RUN_CONVERGED);
    assert_true(p.step <= 1e-5 && p.step > 0 && strcmp(p.stop, "step") == 0);
    assert_int_equal(run_to("objective", 1e-6, 0, &p, &n, w), TW_RUN_CONVERGED);
    assert_true(fabs(p.decrease) <= 1e-6 && strcmp(p.stop, "objective") == 0);
    assert_int_equal(run_to(NULL, 1e-10, 2, &p, &n, w), TW_RUN_MAX_EPOCHS);
    assert_true(n == 2 && p.gradient > 1e-10 * p.first_gradient);
    assert_int_equal(run_to(NULL, 0, 0, &p, &n, w), TW_RUN_CONVERGED);
    assert_true(p.tol == 1e-6 && p.gradient <= 1e-6 * p.first_gradient);
    assert_int_equal(run_to(NULL, 1e-300, 0, &p, &n, w), TW_RUN_STALLED);
    for (int i = 0; i < 8; i++) assert_true(fabs(w[i] - optimum[i]) < 1e-12);
}

static void at_the_optimum_no_step_is_made(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    double w[] = {1};
    const tw_run_options o = {.size = sizeof o, .solver = "lbfgs", .tol = 1e-300};
    tw_run *run = new_run(ctx, &barrier, w, &o);
    size_t n;
    assert_int_equal(go_on(run), TW_RUN_CONVERGED);
    tw_run_history(run, &n);
    assert_true(n == 0 && tw_run_steps(run) == 0 && w[0] == 1 && isnan(progress_of(run).step));
    tw_run_free(run);
    tw_context_free(ctx);
}

static void a_start_that_is_not_finite_is_an_error(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    double w[] = {-1};
    int status;
    tw_error err;
    const tw_run_options o = {.size = sizeof o, .solver = "lbfgs", .tol = 1e-300};
    tw_run *run = new_run(ctx, &barrier, w, &o);
    assert_int_equal(tw_run_step(run, &status, &err), TW_ERR_NOT_FINITE);
    assert_string_equal(err.message, "the loss is inf at the start");
    assert_true(w[0] == -1);
    tw_run_free(run);
    tw_context_free(ctx);
}

/* ---- the same bits ------------------------------------------------------------------------------------- */

typedef struct outcome {
    double w[COLUMNS + 1];
    uint64_t steps;
    double loss;
} outcome;

/* stop: steps after which the run is thrown away, and another one loads its state; 0: none */
static outcome train(const char *solver, tw_type type, int sparse, int threads, tw_isa isa, uint64_t stop)
{
    static some_rows r;
    outcome to;
    memset(&to, 0, sizeof to);
    tw_context *ctx = context_up_to(threads, isa);
    fill_rows(&r, 2);
    tw_data *data = rows_data(ctx, &r, TW_F32, sparse, 2, 1);
    tw_model *m = new_model(ctx, "logistic:l2=0.001", type, data);
    tw_objective f = TW_OBJECTIVE_INIT;
    assert_int_equal(tw_model_objective(m, data, &f, NULL), TW_OK);
    const tw_run_options o = {.size = sizeof o, .solver = solver, .epochs = 25};
    tw_run *run = new_run(ctx, &f, tw_model_weights(m), &o);
    int status = TW_RUN_GOING;
    if (stop) {
        ls_state kept;
        while (status == TW_RUN_GOING && tw_run_steps(run) < stop)
            assert_int_equal(tw_run_step(run, &status, NULL), TW_OK);
        assert_int_equal(ls_save(&kept, run), TW_OK);
        tw_run_free(run);
        memset(tw_model_weights(m), 0, tw_model_size(m) * tw_type_size(type));
        run = new_run(ctx, &f, tw_model_weights(m), &o);
        assert_int_equal(ls_load(&kept, run), TW_OK);
        ls_forget(&kept);
        status = tw_run_status(run);
    }
    if (!tw_run_is_over(status)) go_on(run);
    memcpy(to.w, tw_model_weights(m), tw_model_size(m) * tw_type_size(type));
    to.steps = tw_run_steps(run);
    to.loss = tw_run_history(run, &(size_t){0})[to.steps - 1].loss;
    tw_run_free(run);
    tw_model_objective_free(&f);
    tw_model_free(m);
    tw_data_free(data);
    tw_context_free(ctx);
    return to;
}

static void check_bits(const char *solver)
{
    for (int type = 0; type < 2; type++) {
        const tw_type real = type ? TW_F64 : TW_F32;
        const outcome first = train(solver, real, 0, 1, TW_ISA_BASE, 0);
        assert_true(first.steps > 2 && first.loss < 0.5);
        for (int threads = 1; threads <= 3; threads++)
            for (int sparse = 0; sparse < 2; sparse++)
                for (int isa = TW_ISA_BASE; isa <= (int)tw_isa_of_cpu(); isa++) {
                    const outcome again = train(solver, real, sparse, threads, (tw_isa)isa, 0);
                    if (memcmp(&first, &again, sizeof first) != 0)
                        fail_msg("%s: other bits with %d threads, %s, sparse %d", solver, threads,
                                 tw_isa_name((tw_isa)isa), sparse);
                }
        for (uint64_t stop = 1; stop < first.steps; stop += 1 + stop / 3) {
            const outcome resumed = train(solver, real, 1, 1, TW_ISA_DETECT, stop);
            if (memcmp(&first, &resumed, sizeof first) != 0)
                fail_msg("%s: stopped after %d steps it ends elsewhere", solver, (int)stop);
        }
    }
}

static void threads_instructions_sparsity_and_a_stop_change_no_bit(void **state)
{
    (void)state;
    for_each_solver(check_bits);
}

/* ---- what cannot be ------------------------------------------------------------------------------------ */

static void check_refused(const tw_objective *f, tw_run_options o, tw_status status, const char *message)
{
    tw_context *ctx = context(1);
    double w[COLUMNS + 1] = {0};
    tw_run *run;
    tw_error err;
    o.size = sizeof o;
    assert_int_equal(tw_run_create(&run, ctx, f, NULL, w, &o, &err), status);
    assert_string_equal(err.message, message);
    assert_null(run);
    tw_context_free(ctx);
}

static void options_without_meaning_are_refused(void **state)
{
    (void)state;
    static const uint64_t order[] = {0};
    const tw_rule *rule = tw_rule_find("sgd");
#define BESIDE(name, ...)                                                                  \
    check_refused(&barrier, (tw_run_options){.solver = "lbfgs", __VA_ARGS__}, TW_ERR_SPEC, \
                  name " cannot be given beside a solver, which has a loop of its own")
    BESIDE("optimizer", .optimizer = "sgd");
    BESIDE("estimator", .estimator = "full");
    BESIDE("schedule", .schedule = "constant");
    BESIDE("control", .control = "early_stop");
    BESIDE("groups", .groups = "*:lr=1");
    BESIDE("nonfinite", .nonfinite = TW_NONFINITE_SKIP);
    BESIDE("sparse", .sparse = TW_RUN_SPARSE_DENSE);
    BESIDE("batch", .batch = 8);
    BESIDE("accumulate", .accumulate = 2);
    BESIDE("eval_every", .eval_every = 3, .target = "loss=1");
    BESIDE("order", .order = order, .n_order = 1);
    BESIDE("custom_rule", .custom_rule = rule);
    check_refused(&barrier, (tw_run_options){.solver = "lbfgs", .exchange = "easgd"}, TW_ERR_SPEC,
                  "exchange easgd cannot be given beside a solver, which has a loop of its own: threads and "
                  "processes share its sums over the rows, as allreduce, with no option but timeout");
    check_refused(&barrier, (tw_run_options){.tol = 0.1}, TW_ERR_SPEC,
                  "tol has no effect without a solver (the control early_stop ends other runs)");
    check_refused(&barrier, (tw_run_options){.solver = "lbfgs", .tol = -1}, TW_ERR_SPEC,
                  "tol = -1 is outside (0, inf)");
    check_refused(&barrier, (tw_run_options){.solver = "lbfgs", .tol = NAN}, TW_ERR_SPEC,
                  "tol = nan is outside (0, inf)");
    check_refused(&barrier, (tw_run_options){.stop = "step"}, TW_ERR_SPEC,
                  "stop has no effect without a solver (the control early_stop ends other runs)");
    check_refused(&barrier, (tw_run_options){.solver = "lbfgs", .stop = "gain", .tol = 1}, TW_ERR_SPEC,
                  "stop = gain is not grad, step, objective or gap");
    check_refused(&barrier, (tw_run_options){.solver = "lbfgs", .stop = "gap", .tol = 1}, TW_ERR_SPEC,
                  "stop = gap needs a loss with a dual problem");
    check_refused(&barrier, (tw_run_options){.solver = "lbfg"}, TW_ERR_SPEC,
                  "unknown solver \"lbfg\" (did you mean \"lbfgs\"?)");
    check_refused(&barrier, (tw_run_options){.solver = "lbfgs:memory=0"}, TW_ERR_SPEC,
                  "memory = 0 is outside [1, 1000]");
    check_refused(
        &barrier, (tw_run_options){.solver = "newton"}, TW_ERR_SPEC,
        "solver newton needs second derivatives, which linear models have: lbfgs, cg and fista take it");
    check_refused(
        &barrier, (tw_run_options){.solver = "newton-cg"}, TW_ERR_SPEC,
        "solver newton-cg needs second derivatives, which linear models have: lbfgs, cg and fista take it");
    check_refused(&barrier, (tw_run_options){.solver = "lbfgs@scipy"}, TW_ERR_SPEC,
                  "solver \"lbfgs\" has no dialects");
}

static void check_kinks(const char *model, const char *message)
{
    static some_rows r;
    tw_context *ctx = context(1);
    fill_rows(&r, 2);
    tw_data *data = rows_data(ctx, &r, TW_F64, 0, 2, 1);
    tw_model *m = new_model(ctx, model, TW_F64, data);
    tw_objective f = TW_OBJECTIVE_INIT;
    assert_int_equal(tw_model_objective(m, data, &f, NULL), TW_OK);
    if (message) check_refused(&f, (tw_run_options){.solver = "newton"}, TW_ERR_SPEC, message);
    else assert_null(f.kinks);
    tw_model_objective_free(&f);
    tw_model_free(m);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void a_loss_with_kinks_is_refused(void **state)
{
    (void)state;
    check_kinks(
        "logistic:l1=0.01",
        "solver newton needs a smooth loss, which one with l1 is not: coordinate-descent, lbfgs and fista take it");
    check_kinks(
        "svm:loss=hinge,l2=0",
        "solver newton needs a smooth loss, which one with loss=hinge is not: no solver takes it, an optimizer does");
    check_kinks("svm:loss=hinge,l2=0.1",
                "solver newton needs a smooth loss, which one with loss=hinge is not: sdca takes it");
    check_kinks("svm", NULL);
    check_kinks("logistic", NULL);
}

static void check_logistic_allocations(const char *solver)
{
    check_allocations(solver, "logistic:l2=0.1", 2);
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    for_each_solver(check_logistic_allocations);
}

static void stored_states_are_checked(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    double w[] = {3};
    ls_state kept;
    const tw_run_options o = {.size = sizeof o, .solver = "lbfgs", .tol = 1e-300};
    tw_run *run = new_run(ctx, &barrier, w, &o);
    assert_int_equal(tw_run_step(run, &(int){0}, NULL), TW_OK);
    assert_int_equal(ls_save(&kept, run), TW_OK);
    *(int64_t *)ls_find(&kept, "solver.lbfgs.n") = 21;
    assert_int_equal(ls_load(&kept, run), TW_ERR_DATA);
    *(int64_t *)ls_find(&kept, "solver.lbfgs.n") = -1;
    assert_int_equal(ls_load(&kept, run), TW_ERR_DATA);
    *(int64_t *)ls_find(&kept, "solver.lbfgs.n") = 1;
    assert_int_equal(ls_load(&kept, run), TW_OK);
    assert_int_equal(go_on(run), TW_RUN_CONVERGED);
    ls_forget(&kept);
    tw_run_free(run);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_optima_are_found),
        cmocka_unit_test(solvers_agree_on_several_classes),
        cmocka_unit_test(a_singular_hessian_is_shifted),
        cmocka_unit_test(a_curved_valley_is_followed),
        cmocka_unit_test(where_the_loss_is_infinite_a_step_is_too_long),
        cmocka_unit_test(a_step_is_no_longer_than_the_model_is_trusted),
        cmocka_unit_test(a_run_ends_by_its_criterion),
        cmocka_unit_test(at_the_optimum_no_step_is_made),
        cmocka_unit_test(a_start_that_is_not_finite_is_an_error),
        cmocka_unit_test(threads_instructions_sparsity_and_a_stop_change_no_bit),
        cmocka_unit_test(options_without_meaning_are_refused),
        cmocka_unit_test(a_loss_with_kinks_is_refused),
        cmocka_unit_test(any_allocation_may_fail),
        cmocka_unit_test(stored_states_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
