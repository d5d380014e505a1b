/* Corrections for staleness: the rate of each step is what its rule says, for rules that divide by the size
 * of gradients as well; what is too old is ignored and evaluated again; gathered gradients make one step.
 * SPDX-License-Identifier: MIT */
#include "worker_runs.h"

/* A loss whose gradient is 1 everywhere: what sgd:lr=1 has moved the weights by is the sum of all factors. */
enum { UPDATES = 400, MOST_KEPT = 64 };

static int slope(void *user, const tw_eval *e)
{
    (void)user;
    *e->sums = (tw_sums){.weight = (double)e->n};
    if (e->want & TW_WANT_GRADIENT) *(double *)e->gradient = (double)e->n;
    return 0;
}

static tw_status fork_slope(void *user, tw_context *ctx, tw_objective *copy, tw_error *err)
{
    (void)ctx, (void)err;
    *copy = *(const tw_objective *)user;
    return TW_OK;
}
static void free_slope(tw_objective *copy) { (void)copy; }

static double moved_by(const char *exchange, const char *rule, tw_exchange_info *info)
{
    static const int64_t shape[] = {1};
    static const tw_tensor tensor = {.name = "w", .rank = 1, .shape = shape};
    tw_context *ctx = networks_context(2);
    tw_run *r;
    tw_error err = {0};
    double w = 0;
    tw_objective objective = {.size = sizeof objective,
                              .type = TW_F64,
                              .tensors = &tensor,
                              .n_tensors = 1,
                              .n_rows = UPDATES,
                              .eval = slope,
                              .fork = fork_slope,
                              .free_fork = free_slope};
    objective.user = &objective;
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    o.optimizer = rule;
    o.batch = o.epochs = 1;
    o.exchange = exchange;
    if (tw_run_create(&r, ctx, &objective, NULL, &w, &o, &err) != TW_OK) fail_msg("%s", err.message);
    if (worker_epochs(r, &err) != TW_OK) fail_msg("%s: %s", exchange, err.message);
    *info = (tw_exchange_info){.size = sizeof *info};
    assert_int_equal(tw_run_exchange(r, info, NULL), TW_OK);
    tw_run_free(r);
    tw_context_free(ctx);
    return -w;
}

static void assert_near(const char *what, double x, double right)
{
    if (!(fabs(x - right) < 1e-9 * (1 + fabs(right)))) fail_msg("%s: %.15g is not %.15g", what, x, right);
}

/* ---- rates --------------------------------------------------------------------------------------------- */

static double inverse(double tau) { return 1 / (1 + tau); }
static double root(double tau) { return 1 / sqrt(1 + tau); }
static double workers(double tau) { return tau > 5 ? 5 / tau : 1; }

static const struct {
    const char *name;
    double (*factor)(double tau);
} rates[] = {{"inverse", inverse}, {"root", root}, {"workers", workers}};
enum { N_RATES = sizeof rates / sizeof rates[0] };

/* Of each staleness as many steps as were counted. adam's steps have the length of lr here. */
static void rates_follow_staleness(void **state)
{
    static const char *const transports[] =
        {"sim:workers=5,jitter=exponential,stragglers=1,slow=4+ps:sync=asp",
         "sim:workers=5,jitter=lognormal+ps:sync=ssp,staleness=9", "ps:sync=asp,workers=5"};
    char exchange[160];
    (void)state;
    for (size_t k = 0; k < sizeof transports / sizeof transports[0]; k++)
        for (size_t i = 0; i < N_RATES; i++)
            for (int is_adam = 0; is_adam < 2; is_adam++) {
                tw_exchange_info info;
                double sum = 0;
                snprintf(exchange, sizeof exchange, "%s,rate=%s", transports[k], rates[i].name);
                const double moved = moved_by(exchange, is_adam ? "adam:lr=1,eps=1e-14" : "sgd:lr=1", &info);
                if (strstr(transports[k], "sim")) assert_true(info.most_stale < MOST_KEPT - 1);
                if (info.most_stale >= MOST_KEPT - 1) continue; /* threads may be put off for long */
                for (int tau = 0; tau < MOST_KEPT; tau++)
                    sum += (double)info.staleness[tau] * rates[i].factor(tau);
                assert_near(exchange, moved, sum);
            }
}

/* Workers of equal speed take turns: the first n gradients are 0, 1, ... n - 1 updates old, all others n - 1.
 * The factors again, by the sum over all steps since the gradient's weights. */
static void adaptive_rates_in_turns(void **state)
{
    enum { MOST = 8 };
    char exchange[160];
    (void)state;
    for (int n = 1; n <= MOST; n++)
        for (int kind = 1; kind <= 2; kind++) {
            double factor[UPDATES], sum = 0;
            tw_exchange_info info;
            for (int k = 0; k < UPDATES; k++) {
                const int tau = k < n ? k : n - 1;
                double rest = 1;
                for (int t = k - tau; t < k; t++) rest -= factor[t];
                if (kind == 1) factor[k] = 0.5 * (rest > 0 ? rest : 0);
                else factor[k] = 1.0 / (tau + 1) <= rest + 1e-9 ? 1.0 / (tau + 1) : 0;
                sum += factor[k];
            }
            snprintf(exchange, sizeof exchange, "sim:workers=%d+ps:sync=asp,rate=adaptive%d%s", n, kind,
                     kind == 1 ? ",alpha=0.5" : "");
            assert_near(exchange, moved_by(exchange, "sgd:lr=1", &info), sum);
            /* it is not so that nearly all steps are left out */
            assert_true(sum > 0.3 * UPDATES / n);
        }
}

/* With one worker nothing is stale. */
static void one_worker_is_local(void **state)
{
    static const char *const corrections[] = {"oldest=1",     "oldest=3",  "gather=1",      "rate=inverse",
                                              "rate=workers", "rate=root", "rate=adaptive2"};
    char exchange[80];
    (void)state;
    for (size_t i = 0; i < sizeof corrections / sizeof corrections[0]; i++) {
        worker_run net = {.rows = networks_data,
                          .model = "flatten; dense 9 relu; dense 3 softmax",
                          .classes = 3,
                          .o.optimizer = "adam:lr=0.01",
                          .o.schedule = "cosine"};
        worker_run sparse = {.rows = worker_sparse, .model = "logistic", .classes = 2, .o.batch = 1};
        snprintf(exchange, sizeof exchange, "ps:sync=asp,workers=1,%s", corrections[i]);
        worker_same(&net, exchange, "local");
        worker_same(&sparse, exchange, "local");
    }
}

/* ---- what is ignored ----------------------------------------------------------------------------------- */

static void too_old_is_ignored(void **state)
{
    static const char *const transports[] = {"sim:workers=6,jitter=exponential+ps:sync=asp",
                                             "sim:workers=6,stragglers=1,slow=9+ps:sync=ssp,staleness=3",
                                             "ps:sync=asp,workers=4", "ps:sync=ssp,workers=3,staleness=1"};
    char exchange[160];
    (void)state;
    for (size_t k = 0; k < sizeof transports / sizeof transports[0]; k++)
        for (unsigned oldest = 1; oldest < 5; oldest++) {
            tw_exchange_info info;
            snprintf(exchange, sizeof exchange, "%s,oldest=%u", transports[k], oldest);
            assert_near(exchange, moved_by(exchange, "sgd:lr=1", &info), UPDATES);
            assert_true(info.most_stale < oldest);
            if (k < 2) assert_true(info.ignored > 0);
        }
}

/* Workers that take turns are n - 1 updates old: at most as old as is allowed, or all but the first of a
 * clock ignored. */
static void ignored_in_turns(void **state)
{
    tw_exchange_info info;
    (void)state;
    moved_by("sim:workers=4+ps:sync=asp,oldest=4", "sgd:lr=1", &info);
    assert_int_equal(info.ignored, 0);
    moved_by("sim:workers=4+ps:sync=asp,oldest=1", "sgd:lr=1", &info);
    assert_true(info.ignored >= 3 * (UPDATES - 4) && info.ignored <= 3 * UPDATES);
    assert_true(fabs(info.seconds - UPDATES) <= 1);
}

/* ---- gathering ----------------------------------------------------------------------------------------- */

static void gathered_make_a_step(void **state)
{
    static const char *const transports[] = {"sim:workers=5,jitter=exponential+ps:sync=asp",
                                             "sim:workers=5,jitter=exponential+ps:sync=ssp,staleness=2",
                                             "ps:sync=asp,workers=3"};
    char exchange[160];
    (void)state;
    for (size_t k = 0; k < sizeof transports / sizeof transports[0]; k++)
        for (int gather = 1; gather < 9; gather++) {
            tw_exchange_info info;
            snprintf(exchange, sizeof exchange, "%s,gather=%d", transports[k], gather);
            assert_near(exchange, moved_by(exchange, "sgd:lr=1", &info), ceil((double)UPDATES / gather));
            assert_int_equal(info.most_stale, 0);
        }
}

static void gathering_one_is_oldest_one(void **state)
{
    worker_run r = {.rows = worker_sparse, .model = "logistic", .classes = 2, .o.batch = 2};
    (void)state;
    worker_same(&r, "sim:workers=7,jitter=lognormal,latency=0.1+ps:sync=asp,gather=1",
                "sim:workers=7,jitter=lognormal,latency=0.1+ps:sync=asp,oldest=1");
}

/* The mean of four single rows, or of four rows at once: lists and vectors. */
static void gathering_is_a_batch(void **state)
{
    static const struct {
        networks_maker *rows;
        const char *model;
        int classes;
    } of[] = {{worker_sparse, "logistic", 2}, {networks_data, "flatten; dense 7 tanh; dense 3 softmax", 3}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        worker_run single = {.rows = of[i].rows,
                             .model = of[i].model,
                             .classes = of[i].classes,
                             .o.batch = 1,
                             .o.optimizer = "adagrad:lr=0.1"};
        worker_run four = single;
        tw_error err = {0};
        size_t bytes = 0;
        four.o.batch = 4;
        double *a = worker_weights(&single, "sim:workers=1+ps:sync=asp,gather=4", &bytes, &err);
        double *b = worker_weights(&four, "local", &bytes, &err);
        assert_non_null(a);
        for (size_t k = 0; k < bytes / sizeof *a; k++) assert_near(of[i].model, a[k], b[k]);
        free(a);
        free(b);
    }
}

/* ---- what is refused ----------------------------------------------------------------------------------- */

static void refused(void **state)
{
    worker_run net = {.rows = networks_data,
                      .model = "flatten; dense 90 relu; dense 3 softmax",
                      .classes = 3};
    (void)state;
    worker_refused(&net, "ps:oldest=3", "with bsp none is");
    worker_refused(&net, "ps:sync=ssp,staleness=0,rate=root", "with bsp none is");
    worker_refused(&net, "ps:sync=asp,gather=3,oldest=2", "oldest and rate have no effect");
    worker_refused(&net, "ps:sync=asp,gather=3,servers=2", "need servers=1");
    worker_refused(&net, "ps:sync=asp,oldest=3,servers=2", "need servers=1");
    worker_refused(&net, "ps:sync=asp,rate=half", "rate = ");
    worker_refused(&net, "ps:sync=asp,alpha=1", "alpha = 1 is outside (0, 1)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_follow_staleness),
        cmocka_unit_test(adaptive_rates_in_turns),
        cmocka_unit_test(one_worker_is_local),
        cmocka_unit_test(too_old_is_ignored),
        cmocka_unit_test(ignored_in_turns),
        cmocka_unit_test(gathered_make_a_step),
        cmocka_unit_test(gathering_one_is_oldest_one),
        cmocka_unit_test(gathering_is_a_batch),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
