/* The linear family: gradients, row by row too, the same bits for dense and sparse rows, known optima.
 * SPDX-License-Identifier: MIT */
#include "linear_models.h"

static const uint64_t eight[] = {3, 0, 7, 1, 4, 2, 6, 5};

/* ---- the sums ------------------------------------------------------------------------------------------ */

static void check_gradient(const char *text, int classes)
{
    static some_rows r;
    tw_context *ctx = context(1);
    fill_rows(&r, classes ? classes : 1);
    tw_data *data = rows_data(ctx, &r, TW_F64, 0, classes, 1);
    tw_model *m = new_model(ctx, text, TW_F64, data);
    tw_objective o = TW_OBJECTIVE_INIT;
    const size_t n = tw_model_size(m);
    double *w = tw_model_weights(m), *g = calloc(n, sizeof *g), norm = 0;
    assert_int_equal(tw_model_objective(m, data, &o, NULL), TW_OK);
    set_weights(m);
    const double weight = evaluate(&o, w, TW_WANT_LOSS | TW_WANT_GRADIENT, eight, 8, g, NULL).weight;
    double wanted = 0;
    for (int i = 0; i < 8; i++) wanted += r.weights[i];
    assert_true(weight == wanted);
    for (size_t i = 0; i < n; i++) norm = fmax(norm, fabs(g[i]));
    assert_true(norm > 1e-2);
    for (size_t i = 0; i < n; i++) {
        const double h = 1e-6, was = w[i];
        w[i] = was + h;
        const double up = evaluate(&o, w, TW_WANT_LOSS, eight, 8, NULL, NULL).loss;
        w[i] = was - h;
        const double down = evaluate(&o, w, TW_WANT_LOSS, eight, 8, NULL, NULL).loss;
        w[i] = was;
        if (fabs((up - down) / (2 * h) - g[i]) > 1e-7 * norm)
            fail_msg("%s, %d classes: weight %zu: gradient %.12g, difference %.12g", text, classes, i, g[i],
                     (up - down) / (2 * h));
    }
    free(g);
    tw_model_objective_free(&o);
    tw_model_free(m);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void gradients_equal_central_differences(void **state)
{
    (void)state;
    for_each_model(check_gradient);
}

/* ---- row by row ---------------------------------------------------------------------------------------- */

enum { MOST_OUTPUTS = 3 };

/* Scores of a row; with g not NULL also adds the row's share of the gradient, of slopes that are given. */
static void with_row(const tw_glm *f, uint64_t row, const double *w, double *scores, const double *slopes,
                     double *g)
{
    tw_row r;
    f->row(f->user, row, &r);
    for (size_t k = 0; k < f->outputs; k++) {
        const size_t bias = f->outputs * f->columns + k;
        scores[k] = f->intercept ? w[bias] : 0;
        if (g && f->intercept) g[bias] += slopes[k];
        for (size_t j = 0; j < r.n; j++) {
            const size_t at = k * f->columns + (r.columns ? r.columns[j] : j);
            scores[k] += w[at] * ((const double *)r.x)[j];
            if (g) g[at] += slopes[k] * ((const double *)r.x)[j];
        }
    }
}

static void add_penalties(const tw_glm *f, const double *w, double weight, double *loss, double *g)
{
    for (size_t i = 0; i < f->outputs * f->columns; i++) {
        *loss += weight * (f->l2 / 2 * w[i] * w[i] + f->l1 * fabs(w[i]));
        g[i] += weight * (f->l2 * w[i] + f->l1 * ((w[i] > 0) - (w[i] < 0)));
    }
}

/* Slopes, curvature and smoothness of a row from these scores on, a little and a lot away. */
static void check_slopes(const char *text, const tw_glm *f, uint64_t row, const double *scores)
{
    double slopes[MOST_OUTPUTS], moved[MOST_OUTPUTS], others[MOST_OUTPUTS];
    f->loss(f->user, row, scores, slopes);
    for (int far = 0; far < 2; far++) {
        double change = 0, distance = 0;
        for (size_t k = 0; k < f->outputs; k++) {
            moved[k] = scores[k] + (far ? 3 * unit(5, k) - 1 : k == 0 ? 1e-6 : 0);
            distance += (moved[k] - scores[k]) * (moved[k] - scores[k]);
        }
        f->loss(f->user, row, moved, others);
        for (size_t k = 0; k < f->outputs; k++) change += (others[k] - slopes[k]) * (others[k] - slopes[k]);
        if (f->smoothness > 0 && sqrt(change) > (1 + 1e-7) * f->smoothness * sqrt(distance))
            fail_msg("%s: smoothness is not %g", text, f->smoothness);
        const double middle = (scores[0] + moved[0]) / 2;
        if (!far && f->curvature &&
            fabs((others[0] - slopes[0]) / 1e-6 - f->curvature(f->user, row, 0, middle)) > 1e-7)
            fail_msg("%s: row %d: the curvature is not %g", text, (int)row,
                     f->curvature(f->user, row, 0, middle));
    }
}

static void check_rows(const char *text, const tw_objective *o, const double *w, size_t n)
{
    const tw_glm *f = o->glm;
    double *g = calloc(2 * n, sizeof *g), *wanted = g + n, loss = 0, weight = 0;
    const tw_sums all = evaluate(o, w, TW_WANT_LOSS | TW_WANT_GRADIENT, eight, 8, wanted, NULL);
    for (size_t i = 0; i < 8; i++) {
        double scores[MOST_OUTPUTS], slopes[MOST_OUTPUTS];
        const double by = f->weight(f->user, eight[i]);
        with_row(f, eight[i], w, scores, NULL, NULL);
        loss += by * f->loss(f->user, eight[i], scores, slopes);
        check_slopes(text, f, eight[i], scores);
        for (size_t k = 0; k < f->outputs; k++) slopes[k] *= by;
        with_row(f, eight[i], w, scores, slopes, g);
        weight += by;
    }
    add_penalties(f, w, weight, &loss, g);
    assert_true(weight == all.weight && fabs(loss - all.loss) < 1e-12 * all.loss);
    for (size_t i = 0; i < n; i++)
        if (fabs(g[i] - wanted[i]) > 1e-12)
            fail_msg("%s: weight %zu: %.15g, not %.15g", text, i, g[i], wanted[i]);
    free(g);
}

static void check_glm(const char *text, int classes)
{
    static some_rows r;
    fill_rows(&r, classes ? classes : 1);
    for (int sparse = 0; sparse < 2; sparse++) {
        tw_context *ctx = context(1);
        tw_data *data = rows_data(ctx, &r, TW_F64, sparse, classes, 1);
        tw_model *m = new_model(ctx, text, TW_F64, data);
        tw_objective o = TW_OBJECTIVE_INIT;
        assert_int_equal(tw_model_objective(m, data, &o, NULL), TW_OK);
        set_weights(m);
        assert_non_null(o.glm);
        check_rows(text, &o, tw_model_weights(m), tw_model_size(m));
        tw_model_objective_free(&o);
        tw_model_free(m);
        tw_data_free(data);
        tw_context_free(ctx);
    }
}

static void rows_add_up_to_the_sums(void **state)
{
    (void)state;
    for_each_model(check_glm);
}

/* What one evaluation gives: sums, outputs, gradient. */
typedef struct result {
    tw_sums sums;
    double output[ROWS * 3], gradient[3 * (COLUMNS + 1)];
} result;

static result evaluate_once(const char *text, int classes, tw_type weights, tw_type rows, int sparse,
                            tw_isa isa)
{
    static some_rows r;
    tw_context *ctx;
    tw_context_options co = TW_CONTEXT_OPTIONS_INIT;
    result to;
    memset(&to, 0, sizeof to);
    co.max_isa = isa;
    assert_int_equal(tw_context_create(&ctx, &co, NULL), TW_OK);
    fill_rows(&r, classes ? classes : 1);
    tw_data *data = rows_data(ctx, &r, rows, sparse, classes, 1);
    tw_model *m = new_model(ctx, text, weights, data);
    tw_objective o = TW_OBJECTIVE_INIT;
    assert_int_equal(tw_model_objective(m, data, &o, NULL), TW_OK);
    set_weights(m);
    to.sums = evaluate(&o, tw_model_weights(m), TW_WANT_LOSS | TW_WANT_GRADIENT | TW_WANT_OUTPUT, eight, 8,
                       to.gradient, to.output);
    tw_model_objective_free(&o);
    tw_model_free(m);
    tw_data_free(data);
    tw_context_free(ctx);
    return to;
}

static void check_bits(const char *text, int classes)
{
    for (int weights = 0; weights < 2; weights++)
        for (int rows = 0; rows < 2; rows++) {
            const tw_type w = weights ? TW_F64 : TW_F32, x = rows ? TW_F64 : TW_F32;
            const result first = evaluate_once(text, classes, w, x, 0, TW_ISA_BASE);
            for (int sparse = 0; sparse < 2; sparse++)
                for (int isa = TW_ISA_BASE; isa <= (int)tw_isa_of_cpu(); isa++) {
                    const result now = evaluate_once(text, classes, w, x, sparse, (tw_isa)isa);
                    if (memcmp(&now, &first, sizeof now) != 0)
                        fail_msg("%s, %d classes, weights %s, %s rows of %s, %s: other bits", text, classes,
                                 tw_type_name(w), sparse ? "sparse" : "dense", tw_type_name(x),
                                 tw_isa_name((tw_isa)isa));
                }
        }
}

static void sparse_rows_have_the_bits_of_dense_ones(void **state)
{
    (void)state;
    for_each_model(check_bits);
}

/* The weights after some updates. */
static void train(tw_context *ctx, tw_model *m, const tw_data *data, const char *optimizer,
                  const char *estimator, uint64_t batch, uint64_t updates)
{
    tw_objective o = TW_OBJECTIVE_INIT;
    tw_run *run;
    tw_error err;
    int status = TW_RUN_GOING;
    tw_run_options ro = TW_RUN_OPTIONS_INIT;
    ro.optimizer = optimizer;
    ro.estimator = estimator;
    ro.batch = batch;
    ro.epochs = updates;
    assert_int_equal(tw_model_objective(m, data, &o, NULL), TW_OK);
    if (tw_run_create(&run, ctx, &o, NULL, tw_model_weights(m), &ro, &err) != TW_OK)
        fail_msg("%s", err.message);
    for (uint64_t i = 0; i < updates && status == TW_RUN_GOING; i++)
        if (tw_run_step(run, &status, &err) != TW_OK) fail_msg("%s", err.message);
    tw_run_free(run);
    tw_model_objective_free(&o);
}

static void runs_do_not_depend_on_threads(void **state)
{
    (void)state;
    static some_rows r;
    static const char *const estimators[] = {"minibatch", "saga", "svrg"};
    fill_rows(&r, 3);
    for (int e = 0; e < 3; e++) {
        double first[3 * (COLUMNS + 1)] = {0};
        for (int threads = 1; threads <= 3; threads++)
            for (int sparse = 0; sparse < 2; sparse++) {
                tw_context *ctx = context(threads);
                tw_data *data = rows_data(ctx, &r, TW_F64, sparse, 3, 1);
                tw_model *m = new_model(ctx, "softmax:l2=0.01", TW_F64, data);
                train(ctx, m, data, "sgd:lr=0.1", estimators[e], 9, 20);
                assert_int_equal(tw_model_size(m) * sizeof(double), sizeof first);
                if (threads == 1 && !sparse) memcpy(first, tw_model_weights(m), sizeof first);
                if (memcmp(first, tw_model_weights(m), sizeof first) != 0)
                    fail_msg("%s, %d threads, sparse %d: other bits", estimators[e], threads, sparse);
                tw_model_free(m);
                tw_data_free(data);
                tw_context_free(ctx);
            }
    }
}

/* Few columns of many: the loop takes lists of them, which dense rows never give. */
enum { LONG_ROWS = 150, LONG_COLUMNS = 3000, EACH = 4 };

static void long_rows(tw_data **dense, tw_data **sparse, tw_context *ctx)
{
    float *x = calloc((size_t)LONG_ROWS * LONG_COLUMNS, sizeof *x), values[LONG_ROWS * EACH];
    uint32_t columns[LONG_ROWS * EACH];
    uint64_t starts[LONG_ROWS + 1] = {0};
    int32_t labels[LONG_ROWS];
    size_t n = 0;
    for (size_t i = 0; i < LONG_ROWS; i++) {
        for (size_t k = 0; k < EACH && i % 11; k++, n++) { /* every eleventh row is empty */
            const double u = unit(5, i * EACH + k);
            columns[n] =
                (uint32_t)((double)k + u * u * LONG_COLUMNS / EACH) + (uint32_t)k * LONG_COLUMNS / EACH;
            if (k && columns[n] <= columns[n - 1]) columns[n] = columns[n - 1] + 1;
            values[n] = (float)(unit(6, n) - 0.5);
            x[i * LONG_COLUMNS + columns[n]] = values[n];
        }
        starts[i + 1] = n;
        labels[i] = (int32_t)(i * 5 % 7 % 3);
    }
    tw_data_info r = {.size = sizeof r,
                      .rows = LONG_ROWS,
                      .rank = 1,
                      .shape = {LONG_COLUMNS},
                      .type = TW_F32,
                      .x = x,
                      .labels = labels};
    assert_int_equal(tw_data_create(dense, ctx, &r, NULL), TW_OK);
    r.x = values, r.starts = starts, r.columns = columns;
    assert_int_equal(tw_data_create(sparse, ctx, &r, NULL), TW_OK);
    free(x);
}

static void lists_hold_the_gradient(void **state)
{
    (void)state;
    static uint64_t rows[LONG_ROWS];
    for (uint64_t i = 0; i < LONG_ROWS; i++) rows[i] = i * 7 % LONG_ROWS;
    tw_context *ctx = context(1);
    tw_data *dense, *sparse;
    long_rows(&dense, &sparse, ctx);
    for (int i = 0; i < 6; i++) {
        tw_model *m =
            new_model(ctx, i % 2 ? "logistic:intercept=0" : "softmax", i < 4 ? TW_F32 : TW_F64, dense);
        const size_t n = i % 3 == 0   ? 1
                         : i % 3 == 1 ? 8
                                      : LONG_ROWS,
                     size = tw_model_size(m), each = tw_type_size(tw_model_type(m));
        tw_objective o = TW_OBJECTIVE_INIT, of_dense = TW_OBJECTIVE_INIT;
        tw_sparse_sum list;
        tw_sums sums;
        const tw_draw draw = {.number = 0};
        tw_eval e = {.size = sizeof e,
                     .want = TW_WANT_LOSS | TW_WANT_GRADIENT,
                     .rows = rows,
                     .n = n,
                     .draw = &draw,
                     .sums = &sums,
                     .sparse = &list};
        set_weights(m);
        e.w = tw_model_weights(m);
        assert_int_equal(tw_model_objective(m, sparse, &o, NULL), TW_OK);
        assert_int_equal(tw_model_objective(m, dense, &of_dense, NULL), TW_OK);
        assert_true(o.touched && !of_dense.touched);
        char *g = calloc(size, each), *from_list = calloc(size, each);
        list.most = o.touched(o.user, rows, n, NULL);
        list.index = malloc(list.most * sizeof *list.index);
        list.value = malloc(list.most * each);
        evaluate(&of_dense, e.w, e.want, rows, n, g, NULL);
        for (int again = 0; again < 2; again++) { /* nothing is left of the first time */
            assert_int_equal(o.eval(o.user, &e), 0);
            assert_true(list.n <= list.most);
            memset(from_list, 0, size * each);
            for (size_t k = 0; k < list.n; k++) {
                assert_true(list.index[k] < size && (k == 0 || list.index[k] > list.index[k - 1]));
                memcpy(from_list + list.index[k] * each, (char *)list.value + k * each, each);
            }
            assert_memory_equal(from_list, g, size * each);
        }
        free(list.index), free(list.value), free(g), free(from_list);
        tw_model_objective_free(&o);
        tw_model_objective_free(&of_dense);
        tw_model_free(m);
    }
    tw_data_free(dense);
    tw_data_free(sparse);
    tw_context_free(ctx);
}

static void runs_on_lists_have_the_bits_of_dense_ones(void **state)
{
    (void)state;
    static const char *const rules[] = {"sgd:lr=0.5", "adagrad", "adam"};
    static const uint64_t batches[] = {1, 20, LONG_ROWS};
    for (int i = 0; i < 9; i++) {
        const tw_type type = i % 2 ? TW_F64 : TW_F32;
        void *first = NULL;
        for (int threads = 1; threads <= 3; threads++)
            for (int lists = 0; lists < 2; lists++) {
                tw_context *ctx = context(threads);
                tw_data *data[2];
                long_rows(&data[0], &data[1], ctx);
                tw_model *m = new_model(ctx, "softmax", type, data[lists]);
                const size_t bytes = tw_model_size(m) * tw_type_size(type);
                train(ctx, m, data[lists], rules[i % 3], "minibatch", batches[i / 3], 12);
                if (!first) memcpy(first = malloc(bytes), tw_model_weights(m), bytes);
                if (memcmp(first, tw_model_weights(m), bytes) != 0)
                    fail_msg("%s, batch %d, %d threads, lists %d: other bits", rules[i % 3],
                             (int)batches[i / 3], threads, lists);
                tw_model_free(m);
                tw_data_free(data[0]);
                tw_data_free(data[1]);
                tw_context_free(ctx);
            }
        free(first);
    }
}

/* ---- known values -------------------------------------------------------------------------------------- */

static void margins_of_a_thousand_are_exact(void **state)
{
    (void)state;
    static const double x[] = {1000, -1000, 40, -40, 0}, losses[] = {0, 1000, 4.248354255291589e-18, 40},
                        slopes[] = {0, -1, -4.248354255291589e-18, -1};
    static const int32_t labels[] = {1, 1, 1, 1, 0};
    static const char *const models[] = {"logistic:intercept=0", "softmax:intercept=0"};
    const tw_data_info rows =
        {.size = sizeof rows, .rows = 5, .rank = 1, .shape = {1}, .type = TW_F64, .x = x, .labels = labels};
    tw_context *ctx = context(1);
    tw_data *data;
    assert_int_equal(tw_data_create(&data, ctx, &rows, NULL), TW_OK);
    for (int i = 0; i < 2; i++) {
        tw_model *m = new_model(ctx, models[i], TW_F64, data);
        tw_objective o = TW_OBJECTIVE_INIT;
        double *w = tw_model_weights(m), g[2], p[2];
        assert_int_equal(tw_model_objective(m, data, &o, NULL), TW_OK);
        w[i] = 1; /* of the second class */
        for (uint64_t row = 0; row < 4; row++) {
            const tw_sums s = evaluate(&o, w, TW_WANT_LOSS | TW_WANT_GRADIENT, &row, 1, g, NULL);
            evaluate(&o, w, TW_WANT_OUTPUT, &row, 1, NULL, p);
            if (!(fabs(s.loss - losses[row]) <= 1e-12 * losses[row])) fail_msg("loss %.17g", s.loss);
            if (!(fabs(g[i] - slopes[row] * x[row]) <= 1e-12 * fabs(slopes[row] * x[row])))
                fail_msg("%s, row %d: slope %.17g", models[i], (int)row, g[i] / x[row]);
            assert_true(p[i] >= 0 && p[i] <= 1 && s.correct == (x[row] > 0));
        }
        tw_model_objective_free(&o);
        tw_model_free(m);
    }
    tw_data_free(data);
    tw_context_free(ctx);
}

/* ../shared/cases/data.md: R1, and R3, whose rows have weights. */
static void the_known_optima_are_reached(void **state)
{
    (void)state;
    static const double x1[] = {2, 0, 1, 0, 4, 0, 1, 1, 0, 0, 0, 0}, x3[] = {1, 2, 2, -1, -1, 1, 0, 3, 3, 0},
                        weights[] = {10, 1, 1, 5, 2};
    static const int32_t y1[] = {1, 0, 1, 0}, y3[] = {1, 0, 1, 1, 0};
    static const struct {
        tw_data_info rows;
        const char *model, *optimizer;
        double optimum[4], loss;
    } cases[] = {{{.size = sizeof(tw_data_info),
                   .rows = 4,
                   .rank = 1,
                   .shape = {3},
                   .type = TW_F64,
                   .x = x1,
                   .labels = y1},
                  "logistic:l2=0.1",
                  "sgd:lr=0.8",
                  {1.40057407114, -0.317504282019, 0.212431343287, -0.636953520747},
                  0.392026194019},
                 {{.size = sizeof(tw_data_info),
                   .rows = 5,
                   .rank = 1,
                   .shape = {2},
                   .type = TW_F64,
                   .x = x3,
                   .labels = y3,
                   .weights = weights},
                  "logistic:l2=0.05",
                  "sgd:lr=0.5",
                  {-1.004396769778, 1.248560494912, 1.520186218241},
                  0}};
    tw_context *ctx = context(1);
    for (int i = 0; i < 2; i++) {
        tw_data *data;
        tw_metrics metrics;
        tw_objective o = TW_OBJECTIVE_INIT;
        assert_int_equal(tw_data_create(&data, ctx, &cases[i].rows, NULL), TW_OK);
        tw_model *m = new_model(ctx, cases[i].model, TW_F64, data);
        train(ctx, m, data, cases[i].optimizer, "full", 0, 4000);
        for (size_t j = 0; j < tw_model_size(m); j++) {
            const double w = ((double *)tw_model_weights(m))[j];
            if (!(fabs(w - cases[i].optimum[j]) < 1e-8)) fail_msg("case %d: weight %zu is %.12g", i, j, w);
        }
        assert_int_equal(tw_model_objective(m, data, &o, NULL), TW_OK);
        assert_int_equal(tw_evaluate(ctx, &o, tw_model_weights(m), &metrics, NULL), TW_OK);
        if (cases[i].loss > 0) assert_true(fabs(metrics.loss - cases[i].loss) < 1e-10);
        assert_true(metrics.accuracy == 1);
        tw_model_objective_free(&o);
        tw_model_free(m);
        tw_data_free(data);
    }
    tw_context_free(ctx);
}

/* M1: without a feature and a penalty softmax gives the shares of the classes, in the order of the labels. */
static void probabilities_are_in_the_order_of_the_labels(void **state)
{
    (void)state;
    static const double x[10];
    static const int32_t labels[] = {7, 3, 5, 3, 7, 3, 5, 3, 7, 3};
    static const double shares[] = {0.5, 0.2, 0.3};
    static const int32_t order[] = {3, 5, 7};
    const tw_data_info rows =
        {.size = sizeof rows, .rows = 10, .rank = 1, .shape = {1}, .type = TW_F64, .x = x, .labels = labels};
    tw_context *ctx = context(1);
    tw_data *data;
    tw_objective o = TW_OBJECTIVE_INIT;
    double p[3];
    assert_int_equal(tw_data_create(&data, ctx, &rows, NULL), TW_OK);
    tw_model *m = new_model(ctx, "softmax", TW_F64, data);
    train(ctx, m, data, "sgd:lr=1", "full", 0, 200);
    assert_int_equal(tw_model_objective(m, data, &o, NULL), TW_OK);
    assert_int_equal(tw_predict(ctx, &o, tw_model_weights(m), 0, 1, p, NULL), TW_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_true(fabs(p[i] - shares[i]) < 1e-12);
        assert_int_equal(tw_model_class(m, i), order[i]);
    }
    tw_model_objective_free(&o);
    tw_model_free(m);
    tw_data_free(data);
    tw_context_free(ctx);
}

/* A weight of 2 is a row that is there twice; balanced classes weigh alike, in the accuracy too. */
static void weights_count_rows(void **state)
{
    (void)state;
    static const double x[] = {1, -1, 2, 3, 3}, twice[] = {1, 1, 1, 2};
    static const int32_t labels[] = {0, 0, 0, 1, 1};
    tw_data_info rows = {.size = sizeof rows,
                         .rows = 4,
                         .rank = 1,
                         .shape = {1},
                         .type = TW_F64,
                         .x = x,
                         .labels = labels,
                         .weights = twice};
    tw_context *ctx = context(1);
    tw_metrics weighted, repeated, balanced;
    for (int i = 0; i < 3; i++) {
        tw_data *data;
        tw_objective o = TW_OBJECTIVE_INIT;
        if (i > 0) rows.rows = 5, rows.weights = NULL;
        assert_int_equal(tw_data_create(&data, ctx, &rows, NULL), TW_OK);
        tw_model *m =
            new_model(ctx, i == 2 ? "logistic:class_weight=balanced" : "logistic:l2=0.5", TW_F64, data);
        ((double *)tw_model_weights(m))[0] = 0.5; /* right: the second row and the last two */
        assert_int_equal(tw_model_objective(m, data, &o, NULL), TW_OK);
        assert_int_equal(tw_evaluate(ctx, &o, tw_model_weights(m),
                                     i == 0   ? &weighted
                                     : i == 1 ? &repeated
                                              : &balanced,
                                     NULL),
                         TW_OK);
        tw_model_objective_free(&o);
        tw_model_free(m);
        tw_data_free(data);
    }
    assert_true(fabs(weighted.loss - repeated.loss) < 1e-15 && weighted.accuracy == 0.6 &&
                repeated.accuracy == 0.6);
    assert_true(fabs(balanced.accuracy - (1.0 / 3 + 1) / 2) < 1e-15);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_equal_central_differences),
        cmocka_unit_test(rows_add_up_to_the_sums),
        cmocka_unit_test(sparse_rows_have_the_bits_of_dense_ones),
        cmocka_unit_test(runs_do_not_depend_on_threads),
        cmocka_unit_test(lists_hold_the_gradient),
        cmocka_unit_test(runs_on_lists_have_the_bits_of_dense_ones),
        cmocka_unit_test(margins_of_a_thousand_are_exact),
        cmocka_unit_test(the_known_optima_are_reached),
        cmocka_unit_test(probabilities_are_in_the_order_of_the_labels),
        cmocka_unit_test(weights_count_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
