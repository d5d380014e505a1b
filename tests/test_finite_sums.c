/* Finite sums on linear models: penalties apart from the losses, optima that are known.
 * SPDX-License-Identifier: MIT */
#include "linear_models.h"
#include "fault_walk.h"
#include "least_squares.h"
#include "train/steps.h"

static const char *const estimators[] = {"sag",
                                         "sag:norm=seen",
                                         "saga",
                                         "svrg",
                                         "svrg:option=II,m=7",
                                         "sarah:m=11",
                                         "svrg:option=loopless,m=9",
                                         "katyusha:m=10",
                                         "miso"};
/* the first ones have a fused form */
enum { N_ESTIMATORS = sizeof estimators / sizeof *estimators, N_BY_ROW = N_ESTIMATORS - 1 };

static tw_run_options options(const char *rule, const char *estimator, uint64_t batch, uint64_t epochs)
{
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    o.optimizer = rule;
    o.estimator = estimator;
    o.batch = batch;
    o.epochs = epochs;
    o.seed = 4;
    return o;
}

/* All epochs of a run, from the model's weights, which are then those to report. */
static tw_epoch train(linear_problem *p, const tw_run_options *o)
{
    tw_run *run;
    tw_error err = {0};
    size_t n;
    int status = TW_RUN_GOING;
    const void *w;
    if (tw_run_create(&run, p->ctx, &p->objective, NULL, tw_model_weights(p->model), o, &err) != TW_OK)
        fail_msg("%s: %s", o->estimator, err.message);
    while (!tw_run_is_over(status))
        if (tw_run_step(run, &status, &err) != TW_OK) fail_msg("%s: %s", o->estimator, err.message);
    assert_int_equal(tw_run_weights(run, &w, &err), TW_OK);
    const tw_epoch last = tw_run_history(run, &n)[n - 1];
    if (w != tw_model_weights(p->model))
        memcpy(tw_model_weights(p->model), w, tw_model_size(p->model) * tw_type_size(p->objective.type));
    tw_run_free(run);
    return last;
}

/* ---- penalties ----------------------------------------------------------------------------------------- */

static void check_parts(const char *text, int classes)
{
    static some_rows r;
    static const uint64_t some[] = {3, 0, 7, 1};
    fill_rows(&r, classes ? classes : 1);
    for (int sparse = 0; sparse < 2; sparse++) {
        tw_context *ctx = context(1);
        linear_problem p = open_rows(ctx, rows_data(ctx, &r, TW_F64, sparse, classes, 1), text, TW_F64);
        const tw_glm *f = p.objective.glm;
        const size_t n = tw_model_size(p.model);
        const double *w = tw_model_weights(p.model);
        double *g = calloc(2 * n, sizeof *g), *bare = g + n, penalty = 0;
        set_weights(p.model);
        const unsigned want = TW_WANT_LOSS | TW_WANT_GRADIENT;
        const tw_sums all = evaluate(&p.objective, w, want, some, 4, g, NULL),
                      part = evaluate(&p.objective, w, want | TW_NO_PENALTY, some, 4, bare, NULL);
        for (size_t i = 0; i < f->outputs * f->columns; i++) {
            penalty += f->l2 / 2 * w[i] * w[i] + f->l1 * fabs(w[i]);
            bare[i] += all.weight * (f->l2 * w[i] + f->l1 * ((w[i] > 0) - (w[i] < 0)));
        }
        assert_true(fabs(all.loss - part.loss - all.weight * penalty) < 1e-12 * all.loss);
        for (size_t i = 0; i < n; i++) assert_true(fabs(g[i] - bare[i]) < 1e-12);
        free(g);
        close_problem(&p);
    }
}

static void penalties_can_be_left_out(void **state)
{
    (void)state;
    for_each_model(check_parts);
}

/* ../shared/cases/data.md, R6: one weight, and one that is exactly 0; from l1 = 0.45, where rounding decides,
 * both are. */
static void the_proximal_step_leaves_exact_zeros(void **state)
{
    (void)state;
    static const double x[] = {1, .2, 2, -.1, -1, .1, -2, .3, 1.5, .05};
    static const int32_t y[] = {1, 1, 0, 0, 0};
    const tw_data_info rows =
        {.size = sizeof rows, .rows = 5, .rank = 1, .shape = {2}, .type = TW_F64, .x = x, .labels = y};
    for (int i = 0; i < N_ESTIMATORS; i++)
        for (int strong = 0; strong < 2; strong++) {
            linear_problem p =
                open_info(&rows, strong ? "logistic:intercept=0,l1=0.46" : "logistic:intercept=0,l1=0.1", 1);
            double *w = tw_model_weights(p.model);
            tw_metrics m;
            const tw_run_options o = options("sgd:lr=0.05", estimators[i], 1, 3000);
            w[0] = w[1] = 0.5;
            train(&p, &o);
            if (!(fabs(w[0] - (strong ? 0 : 0.629454564551)) < 1e-11 && w[1] == 0 && (!strong || w[0] == 0)))
                fail_msg("%s: %.15g %.15g", estimators[i], w[0], w[1]);
            assert_int_equal(tw_evaluate(p.ctx, &p.objective, w, &m, NULL), TW_OK);
            const tw_run_options still = options("sgd:lr=1e-30", estimators[i], 5, 1);
            assert_true(strstr(estimators[i], "sa") == NULL || fabs(m.loss - train(&p, &still).loss) < 1e-15);
            close_problem(&p);
        }
}

/* R3: rows that weigh differently, and a penalty. */
static linear_problem open_r3(void)
{
    static const double x[] = {1, 2, 2, -1, -1, 1, 0, 3, 3, 0}, weights[] = {10, 1, 1, 5, 2};
    static const int32_t y[] = {1, 0, 1, 1, 0};
    const tw_data_info rows = {.size = sizeof rows,
                               .rows = 5,
                               .rank = 1,
                               .shape = {2},
                               .type = TW_F64,
                               .x = x,
                               .labels = y,
                               .weights = weights};
    return open_info(&rows, "logistic:l2=0.05", 1);
}

static void check_r3(const linear_problem *p, const char *estimator, double within)
{
    static const double optimum[] = {-1.004396769778, 1.248560494912, 1.520186218241};
    const double *w = tw_model_weights(p->model);
    for (int j = 0; j < 3; j++)
        if (!(fabs(w[j] - optimum[j]) < within)) fail_msg("%s: weight %d is %.15g", estimator, j, w[j]);
}

static void rows_with_weights_reach_the_known_optimum(void **state)
{
    (void)state;
    for (int i = 0; i < N_ESTIMATORS; i++) {
        linear_problem p = open_r3();
        /* a pass of miso is a step, not one for every row */
        const char *rule = strcmp(estimators[i], "miso") == 0 ? "sgd:lr=0.25" : "sgd:lr=0.08";
        const tw_run_options o = options(rule, estimators[i], 1, 12000);
        train(&p, &o);
        check_r3(&p, estimators[i], 1e-9);
        close_problem(&p);
    }
}

/* lr=auto: R3 again, at the estimators' own rates; L holds the rows' weights. */
static void the_rate_follows_from_the_smoothness(void **state)
{
    (void)state;
    static const double lengths[] = {1, 1, 3, 6, 6, 2, 6, 3, 1};
    for (int i = 0; i < N_ESTIMATORS; i++) {
        linear_problem p = open_r3();
        /* where l2 is in the proximal step, it is not in L */
        const double l = 0.25 * 10 * 6 * 5 / 19 + (strstr("katyusha:m=10 miso", estimators[i]) ? 0 : 0.05);
        const tw_run_options o = options("sgd:lr=auto", estimators[i], 1, 14000);
        const tw_epoch last = train(&p, &o);
        if (!(fabs(last.lr * lengths[i] * l - 1) < 1e-14))
            fail_msg("%s: lr is %.17g", estimators[i], last.lr);
        if (!strstr(estimators[i], "II")) check_r3(&p, estimators[i], 1e-8);
        close_problem(&p);
    }
}

static void a_rate_that_does_not_exist_is_refused(void **state)
{
    (void)state;
    static some_rows r;
    static const struct {
        const char *model, *estimator, *message;
    } cases[] = {{"poisson", "saga", "needs a linear model"},
                 {"logistic", "minibatch", "is for sag, saga, svrg, sarah, katyusha and miso"}};
    for (int i = 0; i < 2; i++) {
        tw_context *ctx = context(1);
        fill_rows(&r, 2);
        linear_problem p =
            open_rows(ctx, rows_data(ctx, &r, TW_F64, 0, i ? 2 : 0, 0), cases[i].model, TW_F64);
        const tw_run_options o = options("sgd:lr=auto", cases[i].estimator, 1, 1);
        tw_run *run;
        tw_error err = {0};
        assert_int_equal(tw_run_create(&run, ctx, &p.objective, NULL, tw_model_weights(p.model), &o, &err),
                         TW_ERR_SPEC);
        if (!strstr(err.message, cases[i].message)) fail_msg("%s", err.message);
        close_problem(&p);
    }
}

/* ---- fused --------------------------------------------------------------------------------------------- */

/* Models and lengths; each is fused but where `plain` says so. */
static const struct {
    const char *model, *rule;
    int classes;
} fused_cases[] = {{"logistic:l2=0.1", "sgd:lr=0.05", 2},
                   {"logistic", "sgd:lr=0.05", 2},
                   {"softmax:l2=0.02", "sgd:lr=0.05", 3},
                   {"logistic:l1=0.02,l2=0.01", "sgd:lr=0.05", 3},
                   {"ridge:l2=0.3,intercept=0", "sgd:lr=0.02", 0},
                   {"huber:l1=0.05", "sgd:lr=0.02", 0},
                   {"svm:loss=hinge,l2=0.1", "sgd:lr=0.05", 2}};
enum { N_FUSED = sizeof fused_cases / sizeof *fused_cases };

static linear_problem open_case(const some_rows *r, int i, tw_type type, int sparse, int threads, tw_isa isa)
{
    tw_context *ctx;
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    o.threads = threads;
    o.max_isa = isa;
    assert_int_equal(tw_context_create(&ctx, &o, NULL), TW_OK);
    return open_rows(ctx, rows_data(ctx, r, type, sparse, fused_cases[i].classes, 1), fused_cases[i].model,
                     type);
}

static tw_run *new_run(linear_problem *p, const tw_run_options *o)
{
    tw_run *run;
    tw_error err = {0};
    if (tw_run_create(&run, p->ctx, &p->objective, NULL, tw_model_weights(p->model), o, &err) != TW_OK)
        fail_msg("%s: %s", o->estimator, err.message);
    return run;
}

/* A run on a case, from weights that are not 0. */
static tw_run *open_run(linear_problem *p, const some_rows *r, int i, tw_type type, int sparse,
                        const tw_run_options *o)
{
    *p = open_case(r, i, type, sparse, 1, TW_ISA_DETECT);
    set_weights(p->model);
    return new_run(p, o);
}

static void close_run(tw_run *run, linear_problem *p)
{
    tw_run_free(run);
    close_problem(p);
}

static void step(tw_run *run, int n)
{
    tw_error err = {0};
    for (int status; n > 0; n--)
        if (tw_run_step(run, &status, &err) != TW_OK) fail_msg("%s", err.message);
}

/* The largest difference of two runs' weights, by the largest weight; both take this many steps. */
static double difference(tw_run *a, tw_run *b, int n, size_t size, tw_type type)
{
    const void *x, *y;
    double most = 0, off = 0;
    step(a, n);
    step(b, n);
    assert_int_equal(tw_run_weights(a, &x, NULL), TW_OK);
    assert_int_equal(tw_run_weights(b, &y, NULL), TW_OK);
    for (size_t i = 0; i < size; i++) {
        const double u = type == TW_F64 ? ((const double *)x)[i] : (double)((const float *)x)[i],
                     v = type == TW_F64 ? ((const double *)y)[i] : (double)((const float *)y)[i];
        most = fmax(most, fabs(v));
        off = fmax(off, fabs(u - v));
    }
    return off / most;
}

/* The stated tolerance: 1e-10 of the largest weight in double, here after 400 updates; in float what the
 * steps in vectors round. Weights that l1 makes 0 are 0 in both. */
static void fused_equals_vectors(void **state)
{
    (void)state;
    static some_rows r;
    for (int i = 0; i < N_FUSED * N_BY_ROW * 2; i++)
        for (int narrow = 0; narrow < 2; narrow++) {
            const int k = i / 2 % N_FUSED;
            const tw_type type = narrow ? TW_F32 : TW_F64;
            tw_run_options o = options(fused_cases[k].rule, estimators[i / 2 / N_FUSED], i % 2 ? 5 : 1, 100);
            if (k % 2) o.schedule = "inverse_time:decay_rate=0.01";
            fill_rows(&r, fused_cases[k].classes ? fused_cases[k].classes : 1);
            linear_problem p, q;
            tw_run *fused = open_run(&p, &r, k, type, i % 3 > 0, &o);
            o.fused = TW_RUN_FUSED_NO;
            tw_run *plain = open_run(&q, &r, k, type, i % 3 > 0, &o);
            const size_t n = tw_model_size(p.model);
            const int is_fused = !(strstr(o.estimator, "sarah") && strstr(fused_cases[k].model, "l1"));
            assert_true((tw_run_fused(fused) != NULL) == is_fused && tw_run_fused(plain) == NULL);
            for (int part = 0; part < 4; part++) {
                const double off = difference(fused, plain, part ? 133 : 1, n, type);
                if (!(off < (narrow ? 1e-4 : 1e-10)))
                    fail_msg("%s with %s, batch %d: off by %.2g", o.estimator, fused_cases[k].model,
                             (int)o.batch, off);
            }
            size_t ended;
            const tw_epoch *a = tw_run_history(fused, &ended), *b = tw_run_history(plain, &ended);
            assert_true(ended > 0 && fabs(a[ended - 1].loss - b[ended - 1].loss) < (narrow ? 1e-4 : 1e-10));
            assert_true(a[ended - 1].lr == b[ended - 1].lr);
            close_run(fused, &p);
            close_run(plain, &q);
        }
}

static void a_search_finds_the_same_fused(void **state)
{
    (void)state;
    static some_rows r;
    for (int i = 0; i < N_FUSED * N_BY_ROW; i++) {
        const int k = i % N_FUSED;
        tw_run_options o = options("sgd:lr=search", estimators[i / N_FUSED], 1, 100);
        if (strstr("sarah:m=11 katyusha:m=10", o.estimator)) continue;
        fill_rows(&r, fused_cases[k].classes ? fused_cases[k].classes : 1);
        linear_problem p, q;
        tw_run *fused = open_run(&p, &r, k, TW_F64, i % 2, &o);
        o.fused = TW_RUN_FUSED_NO;
        tw_run *plain = open_run(&q, &r, k, TW_F64, i % 2, &o);
        assert_true(tw_run_fused(fused) && !tw_run_fused(plain));
        for (int part = 0; part < 4; part++) {
            const double off = difference(fused, plain, 50, tw_model_size(p.model), TW_F64);
            if (!(off < 1e-9)) fail_msg("%s with %s: off by %.2g", o.estimator, fused_cases[k].model, off);
        }
        close_run(fused, &p);
        close_run(plain, &q);
    }
}

/* The same bits for dense and sparse rows, any threads and instruction set, looked at, killed and resumed;
 * also with a search for lr, for the estimators that take one. */
static void nothing_but_the_numbers_decides_the_bits(void **state)
{
    (void)state;
    static some_rows r;
    enum { STEPS = 90 };
    for (int i = 0; i < 2 * N_FUSED * N_BY_ROW; i++) {
        const int k = i % N_FUSED;
        const char *estimator = estimators[i / N_FUSED % N_BY_ROW],
                   *rule = i < N_FUSED * N_BY_ROW ? fused_cases[k].rule : "sgd:lr=search";
        const tw_run_options o = options(rule, estimator, 1, 100);
        double first[256] = {0};
        if (i >= N_FUSED * N_BY_ROW && strstr("sarah:m=11 katyusha:m=10", estimator)) continue;
        fill_rows(&r, fused_cases[k].classes ? fused_cases[k].classes : 1);
        for (int way = 0; way < 4; way++) {
            linear_problem p =
                open_case(&r, k, TW_F64, way % 2, 1 + way % 3, way == 2 ? TW_ISA_BASE : TW_ISA_DETECT);
            const size_t bytes = tw_model_size(p.model) * sizeof(double);
            const void *w;
            set_weights(p.model);
            tw_run *run = new_run(&p, &o);
            if (way == 3) {
                ls_state kept;
                step(run, 37);
                assert_int_equal(tw_run_weights(run, &w, NULL), TW_OK);
                assert_int_equal(ls_save(&kept, run), TW_OK);
                tw_run_free(run);
                memset(tw_model_weights(p.model), 0, bytes);
                run = new_run(&p, &o);
                assert_int_equal(ls_load(&kept, run), TW_OK);
                ls_forget(&kept);
            }
            step(run, way == 3 ? STEPS - 37 : STEPS);
            assert_int_equal(tw_run_weights(run, &w, NULL), TW_OK);
            if (way == 0) memcpy(first, w, bytes);
            else if (memcmp(first, w, bytes) != 0)
                fail_msg("%s, %s: way %d", o.estimator, fused_cases[k].model, way);
            tw_run_free(run);
            close_problem(&p);
        }
    }
}

static int count_steps(void *user, const tw_event *e)
{
    int *left = user;
    return e->kind == TW_EVENT_STEP && --*left == 0;
}

/* Steps taken several at once are those taken one by one: every one has its event, which may stop the run
 * among them, and none is made after an epoch's end, so that 24 are 16 and 8. */
static void steps_at_once_are_steps(void **state)
{
    (void)state;
    static some_rows r;
    fill_rows(&r, 2);
    for (int at_once = 0; at_once < 2; at_once++) {
        static double first[256];
        linear_problem p = open_case(&r, 0, TW_F64, 1, 1, TW_ISA_DETECT);
        int left = 2 * ROWS + 5, status = TW_RUN_GOING, calls = 0;
        tw_run_options o = options("sgd:lr=0.1", "saga", 1, 100);
        const void *w;
        o.event = count_steps;
        o.user = &left;
        tw_run *run = new_run(&p, &o);
        for (; status == TW_RUN_GOING; calls++)
            assert_int_equal(tw__run_steps(run, at_once ? UINT64_MAX : 1, &status, NULL), TW_OK);
        assert_true(status == TW_RUN_INTERRUPTED && left == 0 && tw_run_steps(run) == 2 * ROWS + 5);
        assert_int_equal(calls, at_once ? 2 * 2 + 1 : 2 * ROWS + 5);
        for (int more = 3; more > 0; more -= at_once ? 3 : 1)
            assert_int_equal(tw__run_steps(run, at_once ? 3 : 1, &status, NULL), TW_OK);
        assert_int_equal(tw_run_steps(run), 2 * ROWS + 8);
        assert_int_equal(tw_run_weights(run, &w, NULL), TW_OK);
        const size_t bytes = tw_model_size(p.model) * sizeof(double);
        if (!at_once) memcpy(first, w, bytes);
        else assert_memory_equal(first, w, bytes);
        close_run(run, &p);
    }
}

/* `sum` is that of the slopes times the rows. */
static void the_sum_is_the_slopes(void **state)
{
    (void)state;
    static some_rows r;
    fill_rows(&r, 2);
    for (int i = 0; i < 3; i++) {
        linear_problem p = open_case(&r, 0, TW_F64, 1, 1, TW_ISA_DETECT);
        const tw_run_options o = options("sgd:lr=0.1", estimators[i], 1, 100);
        tw_run *run = new_run(&p, &o);
        ls_state s;
        step(run, 100);
        assert_int_equal(ls_save(&s, run), TW_OK);
        const double *slopes = ls_find(&s, "estimator.slopes"), *cells = ls_find(&s, "estimator.weights");
        for (int j = 0; j < COLUMNS; j++) {
            double sum = 0;
            for (int row = 0; row < ROWS; row++) sum += slopes[row] * r.wide[row * COLUMNS + j];
            assert_true(fabs(sum - cells[4 * j + 1]) < 1e-13);
        }
        ls_forget(&s);
        close_run(run, &p);
    }
}

/* The distance to the optimum falls by a like factor in every 30 epochs; that of sgd does not fall any
 * more. */
static void the_error_is_a_straight_line(void **state)
{
    (void)state;
    static some_rows r;
    fill_rows(&r, 2);
    for (int i = -1; i < N_BY_ROW; i++) {
        linear_problem p = open_case(&r, 0, TW_F64, 1, 1, TW_ISA_DETECT);
        const size_t n = tw_model_size(p.model);
        double best[256], distance[5] = {0};
        const tw_run_options long_ago = options("sgd:lr=0.2", "saga", 1, 2000),
                             o = options("sgd:lr=0.2", i < 0 ? "minibatch" : estimators[i], 1, 1000);
        train(&p, &long_ago);
        memcpy(best, tw_model_weights(p.model), n * sizeof *best);
        memset(tw_model_weights(p.model), 0, n * sizeof *best);
        tw_run *run = new_run(&p, &o);
        for (int k = 0; k < 5; k++) {
            const void *w;
            assert_int_equal(tw_run_weights(run, &w, NULL), TW_OK);
            for (size_t j = 0; j < n; j++) distance[k] += pow(((const double *)w)[j] - best[j], 2);
            distance[k] = log10(distance[k]) / 2;
            step(run, 30 * ROWS);
        }
        for (int k = 1; k < 5; k++) {
            const double fall = distance[k - 1] - distance[k];
            if (i >= 0 && distance[k - 1] > -11 &&
                !(fall > 0.3 && (k == 1 || fall > 0.4 * (distance[0] - distance[1]))))
                fail_msg("%s: 10^%.3g, then 10^%.3g", o.estimator, distance[k - 1], distance[k]);
            if (i < 0) assert_true(distance[k] > -3);
        }
        close_run(run, &p);
    }
}

/* Stored numbers that would be used as indices or divided by. */
static void stored_clocks_are_checked(void **state)
{
    (void)state;
    static some_rows r;
    fill_rows(&r, 3);
    linear_problem p = open_case(&r, 3, TW_F64, 1, 1, TW_ISA_DETECT);
    const tw_run_options o = options("sgd:lr=0.1", "saga", 1, 100);
    tw_run *run = new_run(&p, &o);
    ls_state s;
    step(run, 10);
    assert_int_equal(ls_save(&s, run), TW_OK);
    double *last = (double *)ls_find(&s, "estimator.weights") + 2,
           *instant = ls_find(&s, "estimator.instant"), *const places[] = {last,        last,
                                                                           last,        &instant[6],
                                                                           &instant[6], &instant[2]};
    static const double wrong[] = {-1, 11, 0.5, -1, 5000, 0};
    for (int i = 0; i < 6; i++) {
        const double was = *places[i];
        *places[i] = wrong[i];
        assert_int_equal(ls_load(&s, run), TW_ERR_DATA);
        *places[i] = was;
    }
    assert_int_equal(ls_load(&s, run), TW_OK);
    ls_forget(&s);
    close_run(run, &p);
}

/* One after the other: the run says so, and nothing is held. */
static void any_allocation_may_fail(void **state)
{
    (void)state;
    static some_rows r;
    fill_rows(&r, 3);
    for (fault_walk k = {.least = 10}; fault_walk_next(&k);) {
        tw_run *run = NULL;
        int status = TW_RUN_GOING;
        const tw_run_options o = options("sgd:lr=0.1", "saga", 2, 1);
        linear_problem p =
            open_rows(k.ctx, rows_data(k.ctx, &r, TW_F64, 1, 3, 1), "logistic:l1=0.02", TW_F64);
        fault_walk_arm(&k);
        tw_status s = tw_run_create(&run, k.ctx, &p.objective, NULL, tw_model_weights(p.model), &o, NULL);
        while (s == TW_OK && status == TW_RUN_GOING) s = tw_run_step(run, &status, NULL);
        tw_run_free(run);
        close_rows(&p);
        fault_walk_end(&k, s);
    }
}

/* A table of gradients that no machine holds is refused before it is touched, and fused it fits. */
static void a_table_too_large_is_refused(void **state)
{
    (void)state;
    enum { MANY = 4000000 };
    static double x[4];
    static uint32_t columns[4] = {0, 1, 999999, 3999999};
    static uint64_t starts[MANY + 1];
    static int32_t labels[MANY];
    tw_error err = {0};
    tw_run *run = NULL;
    for (int i = 0; i < MANY; i++)
        starts[i + 1] = i < 4 ? (uint64_t)i + 1 : 4, labels[i] = i % 2, x[i % 4] = 1;
    const tw_data_info rows = {.size = sizeof rows,
                               .rows = MANY,
                               .rank = 1,
                               .shape = {MANY},
                               .type = TW_F64,
                               .x = x,
                               .starts = starts,
                               .columns = columns,
                               .labels = labels};
    linear_problem p = open_info(&rows, "logistic", 1);
    tw_run_options o = options("sgd:lr=0.1", "saga", 1, 1);
    o.fused = TW_RUN_FUSED_NO;
    assert_int_equal(tw_run_create(&run, p.ctx, &p.objective, NULL, tw_model_weights(p.model), &o, &err),
                     TW_ERR_MEMORY);
    if (!strstr(err.message, "128000032000000 bytes")) fail_msg("%s", err.message);
    o.fused = TW_RUN_FUSED_AUTO;
    run = new_run(&p, &o);
    step(run, 3);
    close_run(run, &p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(penalties_can_be_left_out),
        cmocka_unit_test(the_proximal_step_leaves_exact_zeros),
        cmocka_unit_test(rows_with_weights_reach_the_known_optimum),
        cmocka_unit_test(the_rate_follows_from_the_smoothness),
        cmocka_unit_test(a_rate_that_does_not_exist_is_refused),
        cmocka_unit_test(fused_equals_vectors),
        cmocka_unit_test(a_search_finds_the_same_fused),
        cmocka_unit_test(nothing_but_the_numbers_decides_the_bits),
        cmocka_unit_test(steps_at_once_are_steps),
        cmocka_unit_test(the_sum_is_the_slopes),
        cmocka_unit_test(the_error_is_a_straight_line),
        cmocka_unit_test(stored_clocks_are_checked),
        cmocka_unit_test(any_allocation_may_fail),
        cmocka_unit_test(a_table_too_large_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
