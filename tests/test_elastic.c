/* Elastic averaging, seen from inside: what becomes of each worker's weights and of the centre.
 * SPDX-License-Identifier: MIT */
#include "context.h"
#include "exchange/protocol.h"
#include <math.h>
#include <string.h>

enum { SIZE = 6, MOST_WORKERS = 4 };

/* The gradient of an update at w is pull * (w - update), so that with pull 0 no weight moves by itself. */
typedef struct problem {
    tw_context *ctx;
    double pull, w[SIZE], gradient[MOST_WORKERS][SIZE];
    const char *rule;
    uint64_t total, counted;
    tw_optimizer *optimizer;
    tw__workers *x;
} problem;

static void gradient_at(const problem *p, uint64_t update, const double *w, double *g)
{
    for (int i = 0; i < SIZE; i++) g[i] = p->pull * (w[i] - (double)update - i);
}

static tw_status compute(void *user, size_t worker, uint64_t update, size_t part, size_t parts,
                         const void *at, tw__gradient *to, tw_error *err)
{
    problem *p = user;
    (void)part, (void)parts, (void)err;
    gradient_at(p, update, at, p->gradient[worker]);
    to->lo = 0;
    to->hi = to->n = 1;
    to->node[0] = (tw__sum){.dense = p->gradient[worker]};
    to->leaf[0] = (tw_sums){.loss = 0, .weight = 1};
    to->rows = 1;
    return TW_OK;
}

static tw_status make_optimizer(void *user, const tw__optimizer_setting *s, tw_optimizer **out, tw_error *err)
{
    static const int64_t shape[] = {SIZE};
    static const tw_tensor tensor = {"w", 1, shape, 0, 0};
    problem *p = user;
    tw_optimizer_options o = TW_OPTIMIZER_OPTIONS_INIT;
    (void)s;
    o.rule = p->rule;
    o.type = TW_F64;
    o.tensors = &tensor;
    o.n_tensors = 1;
    return tw_optimizer_create(out, p->ctx, &o, err);
}

static void commit(void *user, size_t worker, void *w) { (void)user, (void)worker, (void)w; }

static tw_status count(void *user, size_t worker, void *w, const tw_sums *sums, uint64_t rows, tw_error *err)
{
    (void)worker, (void)w, (void)err;
    ((problem *)user)->counted += rows + (sums->weight != 1);
    return TW_OK;
}

static void begin(problem *p, const char *exchange)
{
    tw_exchange_choice choice;
    tw_error err = {0};
    p->ctx = context(2);
    if (!p->rule) p->rule = "sgd:lr=0.125";
    if (tw_exchange_read(&choice, exchange, &err) != TW_OK) fail_msg("%s", err.message);
    assert_int_equal(make_optimizer(p, NULL, &p->optimizer, NULL), TW_OK);
    const tw__workers_setting s = {.choice = &choice,
                                   .workers = tw__workers_count(&choice, p->ctx, NULL),
                                   .type = TW_F64,
                                   .size = SIZE,
                                   .w = p->w,
                                   .total = p->total,
                                   .optimizer = p->optimizer,
                                   .user = p,
                                   .compute = compute,
                                   .make_optimizer = make_optimizer,
                                   .commit = commit,
                                   .count = count};
    if (tw__workers_create(&p->x, p->ctx, &s, &err) != TW_OK) fail_msg("%s: %s", exchange, err.message);
}

static void go(problem *p)
{
    tw_error err = {0};
    if (tw__workers_run(p->x, p->total, &err) != TW_OK) fail_msg("%s", err.message);
    assert_int_equal(tw__workers_gather(p->x, NULL), TW_OK);
    assert_int_equal(p->counted, p->total);
}

static void end(problem *p)
{
    tw__workers_free(p->x);
    tw_optimizer_free(p->optimizer);
    tw_context_free(p->ctx);
}

static double *weights(problem *p, size_t worker) { return p->x->worker[worker].w; }

/* Whole numbers, each worker's others. */
static void scatter(problem *p)
{
    for (size_t k = 0; k < p->x->n; k++)
        for (size_t i = 0; i < SIZE; i++) weights(p, k)[i] = (double)((k * 5 + i * 3) % 7);
}

/* ---- tests --------------------------------------------------------------------------------------------- */

/* Pulls move what they take: the sum of all weights and the centre stays, whoever comes first. */
static void pulls_conserve_the_sum(void **state)
{
    static const char *const exchanges[] =
        {"easgd:every=1,beta=0.75,sync=0,workers=3",
         "sim:workers=3,jitter=exponential+easgd:every=1,beta=0.75,sync=0"};
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        problem p = {.total = 12, .w = {8, 4, 0, 2, 1, 3}};
        double before[SIZE];
        begin(&p, exchanges[k]);
        scatter(&p);
        memcpy(before, p.w, sizeof before);
        for (int i = 0; i < SIZE; i++) before[i] += weights(&p, 0)[i] + weights(&p, 1)[i] + weights(&p, 2)[i];
        const double first = p.w[0];
        go(&p);
        assert_true(p.w[0] != first);
        for (int i = 0; i < SIZE; i++)
            assert_true(p.w[i] + weights(&p, 0)[i] + weights(&p, 1)[i] + weights(&p, 2)[i] == before[i]);
        end(&p);
    }
}

static void beta_1_makes_the_centre_the_mean(void **state)
{
    problem p = {.total = 4, .w = {8, 4, 0, 2, 1, 3}};
    double mean[SIZE], moved[SIZE];
    (void)state;
    begin(&p, "easgd:every=1,beta=1,workers=4");
    scatter(&p);
    for (int i = 0; i < SIZE; i++) {
        mean[i] = (weights(&p, 0)[i] + weights(&p, 1)[i] + weights(&p, 2)[i] + weights(&p, 3)[i]) / 4;
        moved[i] = weights(&p, 1)[i] - (weights(&p, 1)[i] - p.w[i]) / 4;
    }
    go(&p);
    assert_memory_equal(p.w, mean, sizeof mean);
    assert_memory_equal(weights(&p, 1), moved, sizeof moved);
    end(&p);
}

static void alone(problem *p, uint64_t first, uint64_t step, double *w)
{
    tw_optimizer *opt;
    double g[SIZE];
    assert_int_equal(make_optimizer(p, NULL, &opt, NULL), TW_OK);
    for (uint64_t u = first; u < p->total; u += step) {
        gradient_at(p, u, w, g);
        assert_int_equal(tw_step_f64(opt, w, g, NULL), TW_OK);
    }
    tw_optimizer_free(opt);
}

/* Without a pull, or with none so far, every worker goes its way. */
static void no_pull_is_independent(void **state)
{
    static const struct {
        const char *exchange;
        size_t workers;
    } cases[] = {{"easgd:every=1,beta=0,workers=1", 1},
                 {"easgd:every=1,beta=0,sync=0,workers=1", 1},
                 {"easgd:every=2,beta=0,workers=3", 3},
                 {"easgd:every=11,workers=3", 3},
                 {"sim:workers=2+easgd:every=16", 2}};
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        problem p = {.total = 30, .pull = 0.7, .rule = "adam:lr=0.1"};
        double w[SIZE], start[SIZE] = {0};
        begin(&p, cases[c].exchange);
        go(&p);
        for (size_t k = 0; k < cases[c].workers; k++) {
            memset(w, 0, sizeof w);
            alone(&p, k, cases[c].workers, w);
            assert_memory_equal(weights(&p, k), w, sizeof w);
        }
        assert_memory_equal(p.w, start, sizeof start);
        end(&p);
    }
}

/* With momentum or without, each pull takes a part of the distance. */
static void pulls_bring_workers_together(void **state)
{
    static const char *const exchanges[] = {"easgd:every=4,workers=3",
                                            "sim:workers=3,jitter=exponential+easgd:every=4,sync=0"};
    (void)state;
    for (int k = 0; k < 2; k++) {
        problem p = {.total = 3000, .pull = 0, .rule = "momentum:lr=0.01"};
        begin(&p, exchanges[k]);
        scatter(&p);
        go(&p);
        for (int i = 0; i < SIZE; i++) assert_true(fabs(weights(&p, 0)[i] - p.w[i]) < 1e-9);
        end(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pulls_conserve_the_sum),
        cmocka_unit_test(beta_1_makes_the_centre_the_mean),
        cmocka_unit_test(no_pull_is_independent),
        cmocka_unit_test(pulls_bring_workers_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
