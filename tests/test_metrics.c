/* Metrics: the values of scikit-learn 1.2.1, what is not defined, exact sums.
 * SPDX-License-Identifier: MIT */
#include "linear_models.h"
#include "fault_walk.h"
#include "train/metrics/exact.h"
#include <thalweg/metrics.h>

typedef struct expected {
    const char *name;
    double value, weighted;
} expected;

static const double probability[] = {.1, .4, .4, .35, .8, .8, .2, .4, .6, 1},
                    binary_weights[] = {1, 2, .5, 1, 3, 1.5, 1, .25, .75, 2};
static const int32_t binary_classes[] = {0, 0, 1, 1, 1, 0, 0, 1, 0, 1};
static const tw_outcomes binary = {.size = sizeof binary,
                                   .rows = 10,
                                   .n_outputs = 1,
                                   .outputs = probability,
                                   .n_classes = 2,
                                   .classes = binary_classes};
static const expected of_binary[] = {{"accuracy", .5, .6923076923076923},
                                     {"balanced_accuracy", .5, .6903703703703703},
                                     {"auc", .66, .7881481481481482},
                                     {"log_loss", .647060547460748, .5275385430313622},
                                     {"perplexity", 1.909918455058997, 1.6947556023484431},
                                     {"precision", .5, .6896551724137931},
                                     {"recall", .4, .7407407407407407},
                                     {"f1", .4444444444444445, .7142857142857143},
                                     {"precision_macro", .5, .6926536731634183},
                                     {"recall_macro", .5, .6903703703703703},
                                     {"f1_macro", .4949494949494949, .6904761904761905}};
static const double binary_matrix[] = {4, 2.25, 1.75, 5};

static const double three_probabilities[] = {.5, .3, .2, .2, .5, .3, .1, .1, .8, .4, .4,
                                             .2, .3, .3, .4, .6, .2, .2, .2, .2, .6},
                    three_weights[] = {1, 2, 3, .5, .25, 1, 2};
static const int32_t three_classes[] = {0, 1, 2, 1, 0, 0, 1};
static const tw_outcomes three = {.size = sizeof three,
                                  .rows = 7,
                                  .n_outputs = 3,
                                  .outputs = three_probabilities,
                                  .n_classes = 3,
                                  .classes = three_classes};
static const expected of_three[] = {{"accuracy", .5714285714285714, .717948717948718},
                                    {"balanced_accuracy", .6666666666666666, .7777777777777777},
                                    {"auc", .9027777777777777, .9481481481481482},
                                    {"log_loss", .8357092835477546, .742329457566689},
                                    {"perplexity", 2.306449394865748, 2.1008235984195585},
                                    {"precision_macro", .6666666666666666, .7904761904761904},
                                    {"recall_macro", .6666666666666666, .7777777777777777},
                                    {"f1_macro", .5555555555555555, .7282542019384124}};
static const double three_matrix[] = {2, 0, .25, .5, 2, 2, 0, 0, 3};

static const double targets[] = {1, 2, 3, 4.5, -1}, predicted[] = {1.5, 2, 2, 5, 0},
                    number_weights[] = {1, 2, .5, 1, 3};
static const tw_outcomes numbers = {.size = sizeof numbers,
                                    .rows = 5,
                                    .output = TW_OUTPUT_VALUE,
                                    .n_outputs = 1,
                                    .outputs = predicted,
                                    .targets = targets};
static const expected of_numbers[] = {{"rmse", .7071067811865476, .7302967433402214},
                                      {"mae", .6, .6},
                                      {"r2", .8546511627906976, .8582398109864147}};

static tw_scores *scores_of(tw_context *ctx, const tw_outcomes *o, const char *names)
{
    tw_scores *s;
    tw_error err;
    if (tw_scores_create(&s, ctx, o, names, &err) != TW_OK) fail_msg("%s", err.message);
    return s;
}

/* The one score of this name. */
static tw_score score_of(tw_context *ctx, const tw_outcomes *o, const char *name)
{
    tw_scores *s = scores_of(ctx, o, name);
    const tw_score one = *tw_scores_at(s, 0);
    assert_string_equal(one.metric->name, name);
    assert_null(tw_scores_at(s, 1));
    tw_scores_free(s);
    return one;
}

static void check_values(const tw_outcomes *o, const double *weights, const expected *e, size_t n)
{
    tw_context *ctx = context(1);
    tw_outcomes weighted = *o;
    weighted.weights = weights;
    for (size_t i = 0; i < n; i++) {
        const tw_score a = score_of(ctx, o, e[i].name), b = score_of(ctx, &weighted, e[i].name);
        if (!(fabs(a.value - e[i].value) < 1e-14) || !(fabs(b.value - e[i].weighted) < 1e-14))
            fail_msg("%s: %.17g, %.17g", e[i].name, a.value, b.value);
        assert_string_equal(a.note, "");
    }
    tw_context_free(ctx);
}

static void values_are_those_of_scikit_learn(void **state)
{
    (void)state;
    check_values(&binary, binary_weights, of_binary, sizeof of_binary / sizeof of_binary[0]);
    check_values(&three, three_weights, of_three, sizeof of_three / sizeof of_three[0]);
    check_values(&numbers, number_weights, of_numbers, sizeof of_numbers / sizeof of_numbers[0]);
}

/* Of twelve classes, without equal scores: scikit-learn counts the last of equal ones as higher. */
static void the_right_class_is_among_the_first(void **state)
{
    (void)state;
    enum { N = 60, CLASSES = 12 };
    static const expected of_twelve[] = {{"top_2", .23333333333333334, .24166666666666667},
                                         {"top_3", .36666666666666664, .375},
                                         {"top_5", .5, .5},
                                         {"top_10", .8333333333333334, .8277777777777777}};
    static double scores[N * CLASSES], weights[N];
    static int32_t classes[N];
    const tw_outcomes twelve = {.size = sizeof twelve,
                                .rows = N,
                                .output = TW_OUTPUT_SCORE,
                                .n_outputs = CLASSES,
                                .outputs = scores,
                                .n_classes = CLASSES,
                                .classes = classes};
    for (int i = 0; i < N; i++) {
        for (int k = 0; k < CLASSES; k++) scores[i * CLASSES + k] = (i * 37 + k * 101 + i * k * 13) % 997;
        classes[i] = i * 7 % CLASSES;
        weights[i] = 1 + i % 5 / 4.;
    }
    check_values(&twelve, weights, of_twelve, sizeof of_twelve / sizeof of_twelve[0]);
    tw_context *ctx = context(1);
    static const double equal[] = {.4, .4, .2};
    static const int32_t second = 1, third = 2;
    tw_outcomes one =
        {.size = sizeof one, .rows = 1, .n_outputs = 3, .outputs = equal, .n_classes = 3, .classes = &second};
    assert_true(score_of(ctx, &one, "accuracy").value == 0 && score_of(ctx, &one, "top_2").value == 1);
    one.classes = &third;
    assert_true(score_of(ctx, &one, "top_2").value == 0);
    tw_context_free(ctx);
}

static void check_matrix(const tw_outcomes *o, const double *weights, const double *matrix)
{
    tw_context *ctx = context(1);
    tw_outcomes weighted = *o;
    weighted.weights = weights;
    tw_scores *s = scores_of(ctx, &weighted, "confusion");
    const tw_score *one = tw_scores_at(s, 0);
    assert_true(one->n == o->n_classes && isnan(one->value));
    assert_memory_equal(one->matrix, matrix, one->n * one->n * sizeof *matrix);
    tw_scores_free(s);
    tw_context_free(ctx);
}

static void the_confusion_matrix_has_weights(void **state)
{
    (void)state;
    check_matrix(&binary, binary_weights, binary_matrix);
    check_matrix(&three, three_weights, three_matrix);
}

/* Every metric fits one of the three, and the defaults are those that people expect. */
static void what_fits_is_taken(void **state)
{
    (void)state;
    static const struct {
        const tw_outcomes *o;
        const char *names;
    } cases[] = {
        {&binary, "accuracy balanced_accuracy auc log_loss precision recall f1 confusion "},
        {&three, "accuracy balanced_accuracy auc log_loss precision_macro recall_macro f1_macro confusion "},
        {&numbers, "rmse mae r2 "},
    };
    tw_context *ctx = context(1);
    const tw_score *one;
    for (size_t i = 0; i < 3; i++) {
        char names[200] = "";
        tw_scores *s = scores_of(ctx, cases[i].o, NULL);
        for (size_t k = 0; (one = tw_scores_at(s, k)) != NULL; k++)
            strcat(strcat(names, one->metric->name), " ");
        assert_string_equal(names, cases[i].names);
        tw_scores_free(s);
    }
    tw_context_free(ctx);
}

/* Each as it is alone; of both the mean, of rmse that of the squares. */
static void several_targets_have_values_each(void **state)
{
    (void)state;
    enum { FEW = 5 };
    static const double second[FEW] = {10, 0, 4, -2, 1}, guessed[FEW] = {9, 1, 4, 0, 1};
    static const char *const names[] = {"rmse", "mae", "r2"};
    double both[2 * FEW], outputs[2 * FEW];
    tw_context *ctx = context(1);
    tw_outcomes two = numbers, other = numbers;
    for (int i = 0; i < FEW; i++) {
        both[2 * i] = targets[i], both[2 * i + 1] = second[i];
        outputs[2 * i] = predicted[i], outputs[2 * i + 1] = guessed[i];
    }
    two.n_outputs = 2, two.targets = both, two.outputs = outputs, two.each_target = 1;
    other.targets = second, other.outputs = guessed;
    for (int weighted = 0; weighted < 2; weighted++) {
        two.weights = other.weights = weighted ? number_weights : NULL;
        tw_outcomes one = other;
        one.targets = targets, one.outputs = predicted;
        tw_scores *s = scores_of(ctx, &two, "rmse mae r2");
        for (size_t k = 0; k < 3; k++) {
            const tw_score *of = tw_scores_at(s, k);
            const double a = score_of(ctx, &one, names[k]).value, b = score_of(ctx, &other, names[k]).value;
            assert_int_equal(of->n, 2);
            assert_true(of->of_target[0] == a && of->of_target[1] == b);
            assert_true(fabs(of->value - (k ? (a + b) / 2 : sqrt((a * a + b * b) / 2))) < 1e-14);
        }
        const char *json;
        assert_int_equal(tw_scores_json(s, NULL, &json, NULL), TW_OK);
        assert_non_null(strstr(json, "\"targets\": [\n    {\n      \"rmse\": 0.7"));
        tw_scores_free(s);
    }
    for (int i = 0; i < FEW; i++) both[2 * i + 1] = 7;
    tw_scores *s = scores_of(ctx, &two, "r2");
    assert_true(isnan(tw_scores_at(s, 0)->value) && isnan(tw_scores_at(s, 0)->of_target[1]));
    assert_true(tw_scores_at(s, 0)->of_target[0] > 0.8);
    assert_string_equal(tw_scores_at(s, 0)->note, "all of target 2 are 7: there is nothing to explain");
    tw_scores_free(s);
    for (int i = 0; i < FEW; i++) both[2 * i + 1] = 1e-200 * i, outputs[2 * i + 1] = 1e200;
    s = scores_of(ctx, &two, "r2");
    assert_true(isnan(tw_scores_at(s, 0)->value) && isnan(tw_scores_at(s, 0)->of_target[1]));
    assert_string_equal(tw_scores_at(s, 0)->note, "too large for a double");
    tw_scores_free(s);
    for (fault_walk k = {.for_ever = 1, .least = 2}; fault_walk_next(&k);) {
        fault_walk_arm(&k);
        const tw_status status = tw_scores_create(&s, k.ctx, &two, NULL, NULL);
        if (status == TW_OK) tw_scores_free(s);
        fault_walk_end(&k, status);
    }
    two.each_target = 0;
    s = scores_of(ctx, &two, NULL);
    assert_null(tw_scores_at(s, 0)->of_target);
    assert_null(tw_scores_at(s, 2));
    tw_scores_free(s);
    tw_error err;
    assert_int_equal(tw_scores_create(&s, ctx, &two, "r2", &err), TW_ERR_SPEC);
    assert_non_null(
        strstr(err.message, "r2 is a metric of targets, but the model predicts rows of 2 numbers"));
    tw_context_free(ctx);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    static const int32_t fourth[] = {0, 1, 2, 3, 0, 0, 1};
    static const double infinite[] = {1.5, 2, INFINITY, 5, 0}, no_weight[] = {1, 2, 0, 1, 3};
    tw_outcomes margins = binary, wrong = three, odd = numbers, weighted = numbers, none = numbers,
                narrow = three, empty = numbers;
    margins.output = TW_OUTPUT_SCORE;
    wrong.classes = fourth;
    odd.outputs = infinite;
    weighted.weights = no_weight;
    none.targets = NULL;
    narrow.n_outputs = 2;
    empty.rows = 0;
    const struct {
        const tw_outcomes *o;
        const char *names;
        tw_status status;
        const char *message;
    } cases[] = {
        {&numbers, "rmse auc", TW_ERR_SPEC, "auc is a metric of classes, but the model predicts numbers"},
        {&binary, "r2", TW_ERR_SPEC, "r2 is a metric of numbers, but the model predicts classes"},
        {&margins, "log_loss", TW_ERR_SPEC, "log_loss needs probabilities, but the model gives scores"},
        {&three, "top_3", TW_ERR_SPEC, "top_3 is always 1: the model has 3 classes"},
        {&numbers, "perplexity", TW_ERR_SPEC,
         "perplexity is a metric of classes, but the model predicts numbers"},
        {&three, "f1", TW_ERR_SPEC, "f1 is of two classes, but the model has 3; f1_macro is the mean"},
        {&binary, "f1x", TW_ERR_SPEC, "unknown metric \"f1x\" (did you mean \"f1\"?)"},
        {&binary, "f1 auc f1", TW_ERR_SPEC, "metric f1 is given twice"},
        {&binary, " ", TW_ERR_SPEC, "no metric is named"},
        {&wrong, NULL, TW_ERR_DATA, "row 3 has class 3 of 3"},
        {&odd, NULL, TW_ERR_NOT_FINITE, "row 2: the model's output is not a finite number"},
        {&weighted, NULL, TW_ERR_DATA, "row 2 has weight 0; weights are above 0"},
        {&none, NULL, TW_ERR_DATA, "the rows have no targets, which metrics need"},
        {&narrow, NULL, TW_ERR_DATA, "2 outputs do not fit 3 classes"},
        {&empty, NULL, TW_ERR_DATA, "no rows to compute metrics of"},
    };
    tw_context *ctx = context(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_scores *s = (tw_scores *)&ctx;
        tw_error err;
        const tw_status status = tw_scores_create(&s, ctx, cases[i].o, cases[i].names, &err);
        if (status != cases[i].status || !strstr(err.message, cases[i].message))
            fail_msg("case %zu: %d, %s", i, status, err.message);
        assert_null(s);
    }
    tw_context_free(ctx);
}

static void check_note(tw_context *ctx, const tw_outcomes *o, const char *name, double value,
                       const char *note)
{
    const tw_score s = score_of(ctx, o, name);
    const double tolerance = 1e-14 * (1 + fabs(value));
    if (strcmp(s.note, note) != 0 || !(isnan(value) ? isnan(s.value) : fabs(s.value - value) <= tolerance))
        fail_msg("%s: %.17g, \"%s\"", name, s.value, s.note);
}

/* The means are scikit-learn's, too, but for the AUC, for which it has none. */
static void what_is_not_defined_is_said(void **state)
{
    (void)state;
    static const int32_t without_third[] = {0, 1, 0, 1, 0, 0, 1}, ones[10] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
                         zeros[10];
    static const double constant[] = {.1, .1, .1, .1, .1}, low[10], huge[] = {1e308, -1e308, 1e308, 0, 0},
                        tiny[] = {1e-200, -1e-200, 1e-200, 0, 0};
    static const char two_of_three[] = "1 of 3 classes have no rows: the mean is over 2",
                      all_three[] = "1 of 3 classes have no rows: the mean is over 3";
    tw_outcomes o = three;
    tw_context *ctx = context(1);
    o.classes = without_third;
    check_note(ctx, &o, "balanced_accuracy", .41666666666666663, two_of_three);
    check_note(ctx, &o, "precision_macro", .5555555555555555, all_three);
    check_note(ctx, &o, "recall_macro", .27777777777777773, all_three);
    check_note(ctx, &o, "f1_macro", .3571428571428572, all_three);
    check_note(ctx, &o, "auc", .7291666666666666, two_of_three);
    o = binary;
    o.classes = ones;
    check_note(ctx, &o, "auc", NAN, "all rows are of one class");
    o.classes = zeros;
    check_note(ctx, &o, "recall", NAN, "no row is of the second class");
    check_note(ctx, &o, "f1", 0, "no row is of the second class");
    o = binary;
    o.outputs = low;
    check_note(ctx, &o, "precision", 0, "no row is predicted as the second class, which counts 0");
    o = numbers;
    o.targets = constant;
    check_note(ctx, &o, "r2", NAN, "all targets are 0.1: there is nothing to explain");
    o.targets = huge;
    check_note(ctx, &o, "mae", 6e307, "");
    check_note(ctx, &o, "rmse", 1e308 * sqrt(.6), "");
    o.targets = tiny, o.outputs = low;
    assert_true(fabs(score_of(ctx, &o, "rmse").value / (1e-200 * sqrt(.6)) - 1) < 1e-15);
    tw_context_free(ctx);
}

/* 1e16 + 1 - 1e16 + 1e-16 and the like: whatever the order, the nearest double to the sum. */
static void sums_are_exact(void **state)
{
    (void)state;
    static const double terms[] = {1e16, 1, -1e16, 0x1p-60, 0x1p53, 1, 0x1p-80, -0x1p53, 1e100, -1e100};
    for (int turn = 0; turn < 10; turn++) {
        tw__exact sum = {.n = 0};
        for (int i = 0; i < 10; i++) tw__exact_add(&sum, terms[(i * 7 + turn * 3) % 10]);
        assert_true(tw__exact_value(&sum) == 2);
    }
    /* half a unit above 1 goes to the even neighbour, unless there is more below it, however small */
    tw__exact half = {.n = 0}, more = {.n = 0}, less = {.n = 0};
    tw__exact_add(&half, 0x1p-53), tw__exact_add(&half, 1);
    assert_true(tw__exact_value(&half) == 1);
    tw__exact_add(&more, 0x1p-120), tw__exact_add(&more, 0x1p-53), tw__exact_add(&more, 1);
    assert_true(tw__exact_value(&more) == 1 + 0x1p-52);
    tw__exact_add(&less, 1 + 0x1p-52), tw__exact_add(&less, 0x1p-53), tw__exact_add(&less, -0x1p-120);
    assert_true(tw__exact_value(&less) == 1 + 0x1p-52);
    /* as many parts as a double can need */
    tw__exact wide = {.n = 0};
    for (int e = -1020; e < 1020; e++) tw__exact_add(&wide, ldexp(e % 2 ? 1 : -1, e));
    assert_true(wide.n <= TW__EXACT_PARTS);
    for (int e = 1018; e >= -1020; e--) tw__exact_add(&wide, ldexp(e % 2 ? -1 : 1, e));
    assert_true(tw__exact_value(&wide) == 0x1p1019);
}

/* The rows of `all` in another order. */
static tw_data *turned(tw_context *ctx, const some_rows *r, int classes, uint64_t step)
{
    static double x[ROWS * COLUMNS], weights[ROWS], target[ROWS];
    static int32_t labels[ROWS];
    tw_data *data;
    for (uint64_t i = 0; i < ROWS; i++) {
        const uint64_t from = i * step % ROWS;
        memcpy(x + i * COLUMNS, r->wide + from * COLUMNS, COLUMNS * sizeof *x);
        labels[i] = r->labels[from], target[i] = r->targets[from], weights[i] = 0.1 + r->weights[from] / 3;
    }
    tw_data_info info =
        {.size = sizeof info, .rows = ROWS, .rank = 1, .shape = {COLUMNS}, .type = TW_F64, .x = x};
    info.weights = weights;
    if (classes) info.labels = labels;
    else info.targets = target, info.n_targets = 1;
    assert_int_equal(tw_data_create(&data, ctx, &info, NULL), TW_OK);
    return data;
}

static int same_scores(const tw_scores *a, const tw_scores *b)
{
    const tw_score *x, *y;
    size_t i = 0;
    for (; (x = tw_scores_at(a, i)) && (y = tw_scores_at(b, i)); i++)
        if (memcmp(&x->value, &y->value, sizeof x->value) != 0 ||
            (x->matrix && memcmp(x->matrix, y->matrix, x->n * x->n * sizeof(double)) != 0))
            return 0;
    return i > 2 && !tw_scores_at(b, i);
}

static void check_orders(const char *text, int classes)
{
    static some_rows r;
    tw_scores *first = NULL;
    tw_context *held = context(1);
    tw_data *data = NULL;
    fill_rows(&r, classes ? classes : 2);
    for (uint64_t step = 1; step < ROWS; step += 6)
        for (int threads = 1; threads <= 3; threads++) {
            tw_scores *s;
            tw_context *ctx = step == 1 && threads == 1 ? held : context(threads);
            data = turned(ctx, &r, classes, step);
            tw_model *m = new_model(ctx, text, TW_F64, data);
            set_weights(m);
            assert_int_equal(tw_scores_of_model(&s, m, data, NULL, NULL, NULL), TW_OK);
            if (first && !same_scores(first, s)) fail_msg("%s: step %d", text, (int)step);
            if (first) tw_scores_free(s);
            else first = s;
            tw_model_free(m);
            tw_data_free(data);
            if (ctx != held) tw_context_free(ctx);
        }
    tw_scores_free(first);
    tw_context_free(held);
}

static void orders_and_threads_change_no_bit(void **state)
{
    (void)state;
    check_orders("logistic", 2);
    check_orders("svm", 3);
    check_orders("softmax", 3);
    check_orders("linear", 0);
}

/* The accuracy is the one of training, also where classes weigh alike; weights may be others than the model's
 * own. */
static void the_accuracy_is_that_of_training(void **state)
{
    (void)state;
    static some_rows r;
    tw_context *ctx = context(2);
    fill_rows(&r, 3);
    tw_data *data = rows_data(ctx, &r, TW_F64, 1, 3, 1);
    tw_model *m = new_model(ctx, "logistic:class_weight=balanced", TW_F32, data);
    set_weights(m);
    float *w = malloc(tw_model_size(m) * sizeof *w);
    memcpy(w, tw_model_weights(m), tw_model_size(m) * sizeof *w);
    memset(tw_model_weights(m), 0, tw_model_size(m) * sizeof *w);
    for (int own = 0; own < 2; own++) {
        tw_objective o = TW_OBJECTIVE_INIT;
        tw_metrics metrics;
        tw_scores *s;
        assert_int_equal(tw_model_objective(m, data, &o, NULL), TW_OK);
        assert_int_equal(tw_evaluate(ctx, &o, own ? tw_model_weights(m) : w, &metrics, NULL), TW_OK);
        assert_int_equal(tw_scores_of_model(&s, m, data, own ? NULL : w, "accuracy auc", NULL), TW_OK);
        assert_true(fabs(tw_scores_at(s, 0)->value - metrics.accuracy) < 1e-14);
        assert_true((tw_scores_at(s, 1)->value == .5) == own);
        tw_scores_free(s);
        tw_model_objective_free(&o);
    }
    free(w);
    tw_model_free(m);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    for (fault_walk k = {.least = 10}; fault_walk_next(&k);) {
        static some_rows r;
        tw_scores *scores;
        fill_rows(&r, 3);
        tw_data *data = rows_data(k.ctx, &r, TW_F64, 1, 3, 1);
        tw_model *m = new_model(k.ctx, "softmax", TW_F32, data);
        fault_walk_arm(&k);
        const tw_status s = tw_scores_of_model(&scores, m, data, NULL, NULL, NULL);
        tw_scores_free(scores);
        tw_model_free(m);
        tw_data_free(data);
        fault_walk_end(&k, s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_of_scikit_learn),
        cmocka_unit_test(the_right_class_is_among_the_first),
        cmocka_unit_test(the_confusion_matrix_has_weights),
        cmocka_unit_test(what_fits_is_taken),
        cmocka_unit_test(several_targets_have_values_each),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(what_is_not_defined_is_said),
        cmocka_unit_test(sums_are_exact),
        cmocka_unit_test(orders_and_threads_change_no_bit),
        cmocka_unit_test(the_accuracy_is_that_of_training),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
