/* Linear models with l2 on sparse rows, in batches: l2 as the rule's weight decay at the weights that are
 * stepped, or by the degree of columns, against l2 in the gradient of all weights.
 * SPDX-License-Identifier: MIT */
#include "linear_models.h"

enum { WIDE = 4000, MANY = 240, EACH = 6, MOST_WEIGHTS = 3 * (WIDE + 1) };

typedef struct wide_rows {
    double x[MANY * EACH];
    uint64_t starts[MANY + 1];
    uint32_t columns[MANY * EACH];
    int32_t labels[MANY];
} wide_rows;

/* Columns rise within a row; the last 400 are never touched. */
static tw_data *wide_data(tw_context *ctx, wide_rows *r, int classes)
{
    const tw_data_info info = {.size = sizeof info,
                               .rows = MANY,
                               .rank = 1,
                               .shape = {WIDE},
                               .type = TW_F64,
                               .x = r->x,
                               .starts = r->starts,
                               .columns = r->columns,
                               .labels = r->labels};
    tw_data *data;
    tw_error err;
    for (uint64_t i = 0; i < MANY * EACH; i++) {
        r->x[i] = unit(2, i) - 0.4;
        r->columns[i] = (uint32_t)(600 * (i % EACH) + (uint64_t)(600 * unit(1, i)));
        r->starts[i / EACH + 1] = i + 1;
    }
    for (int i = 0; i < MANY; i++) r->labels[i] = i * 5 % 7 % classes;
    if (tw_data_create(&data, ctx, &info, &err) != TW_OK) fail_msg("%s", err.message);
    return data;
}

typedef struct plan {
    const char *model, *rule;
    enum tw_run_sparse sparse;
    uint64_t batch;
    int classes, threads;
} plan;

/* The weights after two epochs, and the loss of the last one; NAN: refused, or not finite. */
static double try_training(const plan *a, double *w, tw_error *err)
{
    static wide_rows r;
    tw_context *ctx = context(a->threads);
    linear_problem p = open_rows(ctx, wide_data(ctx, &r, a->classes), a->model, TW_F64);
    const size_t size = tw_model_size(p.model);
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    tw_run *run = NULL;
    const void *reported;
    size_t n;
    double loss = NAN;
    int status = TW_RUN_GOING;
    o.optimizer = a->rule;
    o.batch = a->batch;
    o.epochs = 2;
    o.sparse = a->sparse;
    assert_true(size <= MOST_WEIGHTS);
    set_weights(p.model);
    tw_status s = tw_run_create(&run, ctx, &p.objective, NULL, tw_model_weights(p.model), &o, err);
    while (s == TW_OK && !tw_run_is_over(status)) s = tw_run_step(run, &status, err);
    if (s == TW_OK) {
        assert_int_equal(tw_run_weights(run, &reported, err), TW_OK);
        memset(w, 0, MOST_WEIGHTS * sizeof *w);
        memcpy(w, reported, size * sizeof *w);
        loss = tw_run_history(run, &n)[1].loss;
    }
    tw_run_free(run);
    close_problem(&p);
    return loss;
}

static double train(const plan *a, double *w)
{
    tw_error err = {0};
    const double loss = try_training(a, w, &err);
    if (isnan(loss)) fail_msg("%s: %s", a->rule, err.message);
    return loss;
}

static double w[MOST_WEIGHTS], other[MOST_WEIGHTS];

static void closed_forms_and_replays_are_l2(void **state)
{
    (void)state;
    static const char *const rules[] = {"sgd:lr=0.5",     "momentum:lr=0.1",
                                        "nag:lr=0.1",     "sgd:lr=0.1,momentum=0.9",
                                        "adagrad:lr=0.1", "adam"};
    static const plan models[] = {{.model = "logistic:l2=0.01", .classes = 2},
                                  {.model = "softmax:l2=0.02", .classes = 3},
                                  {.model = "svm:l2=0.01,intercept=0", .classes = 2}};
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < sizeof rules / sizeof *rules; k++) {
            double loss[2];
            for (int mode = TW_RUN_SPARSE_SKIP; mode <= TW_RUN_SPARSE_REPLAY; mode++) {
                plan a = models[i];
                a.rule = rules[k];
                a.threads = 1 + (int)k % 3;
                a.batch = k % 2 ? 1 : 7;
                train(&a, w);
                a.sparse = (enum tw_run_sparse)mode;
                const double with = train(&a, other);
                for (size_t j = 0; j < MOST_WEIGHTS; j++)
                    if (!(fabs(w[j] - other[j]) <= 1e-12))
                        fail_msg("%s, %s, %s: weight %zu is %.17g, not %.17g", a.model, a.rule,
                                 tw_run_sparse_name(a.sparse), j, other[j], w[j]);
                loss[mode == TW_RUN_SPARSE_SKIP] = with;
            }
            assert_true(fabs(loss[0] - loss[1]) < 1e-12 * loss[0]);
        }
}

/* Every rule of the list either refuses, or its weight decay is the penalty. */
static void decay_is_l2_or_refused(void **state)
{
    (void)state;
    plan a = {.model = "logistic:l2=0.3", .batch = 80, .classes = 2, .threads = 1};
    int n_refused = 0;
    for (size_t i = 0; tw_rule_at(i); i++) {
        tw_error err = {0};
        a.rule = tw_rule_at(i)->name;
        a.sparse = TW_RUN_SPARSE_EXACT;
        if (isnan(try_training(&a, w, &err))) continue; /* of the full batch */
        a.sparse = TW_RUN_SPARSE_REPLAY;
        const int is_refused = isnan(try_training(&a, other, &err));
        n_refused += is_refused;
        for (size_t j = 0; !is_refused && j < MOST_WEIGHTS; j++)
            if (!(fabs(w[j] - other[j]) <= 1e-11))
                fail_msg("%s: weight %zu is %.17g, not %.17g", a.rule, j, other[j], w[j]);
    }
    assert_true(n_refused >= 5);
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    plan a = {.model = "logistic:l2=0.01",
              .rule = "momentum:lr=0.1",
              .sparse = TW_RUN_SPARSE_SKIP,
              .batch = 16,
              .classes = 2,
              .threads = 1};
    train(&a, w);
    for (a.threads = 2; a.threads <= 3; a.threads++) {
        train(&a, other);
        assert_memory_equal(w, other, sizeof w);
    }
}

/* Decay reaches what no row touches, but not where only touched weights are stepped. */
static void touched_leaves_the_others_alone(void **state)
{
    (void)state;
    plan a = {.model = "logistic:l2=0.01",
              .rule = "sgd:lr=0.5",
              .sparse = TW_RUN_SPARSE_TOUCHED,
              .batch = 7,
              .classes = 2,
              .threads = 1};
    train(&a, w);
    a.sparse = TW_RUN_SPARSE_SKIP;
    train(&a, other);
    const double start = w[WIDE - 1], decay = pow(1 - 0.5 * 0.01, 2 * ((MANY + 6) / 7));
    assert_true(start != 0 && fabs(other[WIDE - 1] - decay * start) < 1e-14);
}

/* Of all rows it is l2, in one batch and as the sum of single rows' gradients, but for weights that no row
 * touches, which it leaves alone. A rate of almost 0 makes weights show their gradients. */
static void by_degree_all_rows_are_l2(void **state)
{
    static const plan models[] = {{.model = "logistic:l2=0.3", .classes = 2},
                                  {.model = "softmax:l2=0.2", .classes = 3},
                                  {.model = "svm:l2=0.1,intercept=0", .classes = 2}};
    const double rate = 0x1p-30;
    char touched[WIDE] = {0};
    (void)state;
    for (uint64_t i = 0; i < MANY * EACH; i++) touched[600 * (i % EACH) + (uint64_t)(600 * unit(1, i))] = 1;
    for (size_t i = 0; i < 3; i++)
        for (int single = 0; single < 2; single++) {
            plan a = models[i];
            a.threads = 2;
            a.rule = single ? "sgd:lr=9.31322574615478515625e-10" : "sgd:lr=0.5";
            a.batch = MANY;
            train(&a, w);
            a.sparse = TW_RUN_SPARSE_DEGREE;
            a.batch = single ? 1 : MANY;
            const double loss = train(&a, other);
            assert_true(loss > 0);
            for (size_t k = 0; k < (a.classes == 3 ? 3 : 1) * WIDE; k++) {
                const double start = unit(4, k) - 0.5, moved = (other[k] - start) / rate;
                if (!touched[k % WIDE]) assert_true(other[k] == start);
                else if (single) assert_true(fabs(moved / MANY - (w[k] - start) / rate) < 1e-6);
                else assert_true(fabs(other[k] - w[k]) < 1e-13);
            }
        }
}

static void by_degree_threads_change_no_bit(void **state)
{
    (void)state;
    for (uint64_t batch = 1; batch < 100; batch *= 7) {
        plan a = {.model = "softmax:l2=0.01",
                  .rule = "adagrad:lr=0.1",
                  .sparse = TW_RUN_SPARSE_DEGREE,
                  .batch = batch,
                  .classes = 3,
                  .threads = 1};
        train(&a, w);
        for (a.threads = 2; a.threads <= 3; a.threads++) {
            train(&a, other);
            assert_memory_equal(w, other, sizeof w);
        }
    }
}

static void refused(const char *model, const char *rule, const char *groups, enum tw_run_sparse sparse,
                    const char *message)
{
    static wide_rows r;
    tw_context *ctx = context(1);
    linear_problem p = open_rows(ctx, wide_data(ctx, &r, 2), model, TW_F64);
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    tw_run *run;
    tw_error err = {0};
    o.optimizer = rule;
    o.groups = groups;
    o.sparse = sparse;
    assert_int_equal(tw_run_create(&run, ctx, &p.objective, NULL, tw_model_weights(p.model), &o, &err),
                     TW_ERR_SPEC);
    assert_string_equal(err.message, message);
    close_problem(&p);
}

static void what_would_not_be_l2_is_refused(void **state)
{
    (void)state;
    const char *const l2 = "logistic:l2=0.01";
    const enum tw_run_sparse skip = TW_RUN_SPARSE_SKIP;
    refused("logistic:l1=0.01", "sgd", NULL, skip,
            "sparse = skip steps l2 as weight decay: l1 has no such form (estimator saga has)");
    refused(l2, "clip_value:max=1+sgd", NULL, skip,
            "sparse = skip steps l2 as weight decay: that takes a rule without transforms");
    refused(l2, "sgd", "bias:lr_mult=2", skip,
            "sparse = skip steps l2 as weight decay: that leaves no groups");
    refused(l2, "adamw", NULL, TW_RUN_SPARSE_REPLAY,
            "sparse = replay steps l2 as weight decay: this rule has none that adds to the gradient");
    for (int i = 0; i < 5; i++)
        refused(l2, ((const char *[]){"lars", "lamb", "novograd", "adan", "sgd:maximize=1"})[i], NULL, skip,
                "sparse = skip steps l2 as weight decay: this rule has none that adds to the gradient");
    refused(l2, "sgd:weight_decay=0.1", NULL, TW_RUN_SPARSE_TOUCHED,
            "sparse = touched steps l2 as weight decay: the rule's own is given, too");
    refused(l2, "sgd", NULL, TW_RUN_SPARSE_DENSE,
            "sparse = dense has no effect: penalties move every weight");
    refused("logistic", "sgd", NULL, TW_RUN_SPARSE_DEGREE,
            "sparse = degree is for l2 of a linear model, and there is none");
    refused("logistic:l2=0.1,l1=0.1", "sgd", NULL, TW_RUN_SPARSE_DEGREE,
            "sparse = degree is for l2 of a linear model: l1 has no such form");
    refused(l2, "clip_value:max=1+sgd", NULL, TW_RUN_SPARSE_DEGREE,
            "sparse = degree cannot be used: \"clip_value+sgd\" cannot take sparse steps: a transform "
            "looks at every element");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(closed_forms_and_replays_are_l2),
                                       cmocka_unit_test(decay_is_l2_or_refused),
                                       cmocka_unit_test(threads_change_no_bit),
                                       cmocka_unit_test(touched_leaves_the_others_alone),
                                       cmocka_unit_test(by_degree_all_rows_are_l2),
                                       cmocka_unit_test(by_degree_threads_change_no_bit),
                                       cmocka_unit_test(what_would_not_be_l2_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
