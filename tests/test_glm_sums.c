/* The sums of solvers over all rows: against plain sums row by row, and the same bits for every instruction
 * set and any number of threads, whether most numbers are 0 or few.
 * SPDX-License-Identifier: MIT */
#include "linear_models.h"
#include "base/cpu.h"
#include "train/glm_sums.h"

enum { MANY = 700, NARROW = 13, MOST = 3 * (NARROW + 1) };

/* All that is asked for at a point. */
typedef struct found {
    tw_sums sums;
    double gradient[MOST], diagonal[MOST], product[MOST], matrix[3 * (NARROW + 1) * (NARROW + 1)];
} found;

static struct {
    double x[MANY * NARROW], targets[MANY], weights[MANY];
    int32_t labels[MANY];
} rows;

static unsigned share = 1; /* of the matrix */

static void fill(double filled, int classes)
{
    for (uint64_t i = 0; i < MANY * NARROW; i++) rows.x[i] = unit(1, i) < filled ? unit(2, i) - 0.4 : 0;
    for (uint64_t i = 0; i < MANY; i++) {
        rows.labels[i] = (int32_t)(i * 5 % 7 % (uint64_t)(classes ? classes : 1));
        rows.targets[i] = floor(4 * unit(3, i));
        rows.weights[i] = 0.5 + (double)(i % 3);
    }
}

static tw_context *capped(int threads, tw_isa isa)
{
    tw_context *ctx;
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    o.threads = threads;
    o.max_isa = isa;
    assert_int_equal(tw_context_create(&ctx, &o, NULL), TW_OK);
    return ctx;
}

static double vector_at(size_t i) { return unit(6, i) - 0.5; }

/* Row by row, as tw_glm defines it. */
static void sum_plainly(const tw_objective *o, const double *w, size_t n, found *to)
{
    const tw_glm *f = o->glm;
    const size_t width = f->columns + (f->intercept != 0), penalised = f->outputs * f->columns;
    memset(to, 0, sizeof *to);
    for (uint64_t i = 0; i < MANY; i++) {
        const double weight = f->weight(f->user, i), *x = rows.x + i * NARROW;
        double scores[3], slopes[3];
        for (size_t k = 0; k < f->outputs; k++) {
            scores[k] = f->intercept ? w[penalised + k] : 0;
            for (size_t j = 0; j < NARROW; j++) scores[k] += w[k * NARROW + j] * x[j];
        }
        to->sums.loss += weight * f->loss(f->user, i, scores, slopes);
        to->sums.weight += weight;
        if (f->correct) to->sums.correct += weight * f->correct(f->user, i, scores);
        for (size_t k = 0; k < f->outputs; k++) {
            const double c = weight * f->curvature(f->user, i, k, scores[k]);
            double full[NARROW + 1], along = 0;
            size_t at[NARROW + 1];
            for (size_t j = 0; j < width; j++) {
                full[j] = j < NARROW ? x[j] : 1;
                at[j] = j < NARROW ? k * NARROW + j : penalised + k;
                along += full[j] * vector_at(at[j]);
            }
            for (size_t j = 0; j < width; j++) {
                to->gradient[at[j]] += weight * slopes[k] * full[j];
                to->diagonal[at[j]] += c * full[j] * full[j];
                to->product[at[j]] += c * along * full[j];
                for (size_t l = 0; l <= j; l++)
                    to->matrix[(k * width + j) * width + l] += c * full[j] * full[l];
            }
        }
    }
    for (size_t i = 0; i < n; i++) {
        const double l2 = i < penalised ? f->l2 : 0;
        to->gradient[i] = to->gradient[i] / to->sums.weight + l2 * w[i];
        to->diagonal[i] = to->diagonal[i] / to->sums.weight + l2;
        to->product[i] = to->product[i] / to->sums.weight + l2 * vector_at(i);
        to->sums.loss += to->sums.weight * (l2 / 2 * w[i] * w[i] + (i < penalised ? f->l1 * fabs(w[i]) : 0));
    }
    for (size_t i = 0; i < f->outputs * width * width; i++) {
        const size_t row = i / width % width;
        to->matrix[i] = to->matrix[i] / to->sums.weight + (i % width == row && row < NARROW ? f->l2 : 0);
    }
}

/* The matrix is asked for at another point than the gradient before it, whose scores it must not take. */
static void sum(tw_context *ctx, const tw_objective *o, const double *w, size_t n, found *to)
{
    tw__glm_sums *g;
    tw__solver *s;
    const tw__problem problem = {.objective = o, .n = n};
    double v[MOST], elsewhere[MOST] = {0};
    tw_sums there;
    const tw__fp_mode mode = tw__fp_enter();
    memset(to, 0, sizeof *to);
    for (size_t i = 0; i < n; i++) v[i] = vector_at(i);
    assert_int_equal(tw__solver_create(&s, ctx, "lbfgs", &problem, NULL), TW_OK);
    assert_int_equal(tw__glm_sums_create(&g, s, NULL, NULL), TW_OK);
    assert_non_null(g);
    assert_int_equal(tw__glm_sums_at(g, elsewhere, &there, NULL), TW_OK);
    assert_int_equal(tw__glm_sums_matrix(g, w, share, to->matrix, NULL), TW_OK);
    assert_int_equal(tw__glm_sums_at(g, w, &to->sums, NULL), TW_OK);
    memcpy(to->gradient, tw__glm_sums_gradient(g), n * sizeof(double));
    assert_int_equal(tw__glm_sums_diagonal(g, w, to->diagonal, NULL), TW_OK);
    assert_int_equal(tw__glm_sums_times(g, v, to->product, NULL), TW_OK);
    tw__solver_free(s);
    tw__fp_leave(mode);
}

/* At a point, of a model on the rows. */
static void find(const char *text, int classes, int threads, tw_isa isa, int is_plain, found *to)
{
    tw_context *ctx = capped(threads, isa);
    tw_data_info info = {.size = sizeof info, .rows = MANY, .rank = 1, .shape = {NARROW}, .type = TW_F64};
    tw_data *data;
    tw_objective o = TW_OBJECTIVE_INIT;
    info.x = rows.x;
    info.weights = rows.weights;
    if (classes) info.labels = rows.labels;
    else info.targets = rows.targets, info.n_targets = 1;
    assert_int_equal(tw_data_create(&data, ctx, &info, NULL), TW_OK);
    tw_model *m = new_model(ctx, text, TW_F64, data);
    assert_int_equal(tw_model_objective(m, data, &o, NULL), TW_OK);
    set_weights(m);
    if (is_plain) sum_plainly(&o, tw_model_weights(m), tw_model_size(m), to);
    else sum(ctx, &o, tw_model_weights(m), tw_model_size(m), to);
    tw_model_objective_free(&o);
    tw_model_free(m);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void check_near(const char *text, const found *now, const found *plain)
{
    const double *a = (const double *)now, *b = (const double *)plain;
    for (size_t i = 0; i < sizeof *now / sizeof *a; i++)
        if (fabs(a[i] - b[i]) > 1e-12 * (1 + fabs(b[i])))
            fail_msg("%s: number %d: %.15g, not %.15g", text, (int)i, a[i], b[i]);
}

/* Above the diagonal anything may stand. */
static void clear_upper(found *f, size_t width)
{
    for (size_t i = 0; i < 3 * width * width; i++)
        if (i % width > i / width % width) f->matrix[i] = 0;
}

static void check(const char *text, int classes, double filled)
{
    const size_t width = NARROW + (strstr(text, "intercept=0") == NULL);
    found plain, first, now;
    fill(filled, classes);
    find(text, classes, 1, TW_ISA_BASE, 1, &plain);
    find(text, classes, 1, TW_ISA_BASE, 0, &first);
    clear_upper(&first, width);
    check_near(text, &first, &plain);
    for (int threads = 1; threads <= 3; threads++)
        for (int isa = TW_ISA_BASE; isa <= (int)tw_isa_of_cpu(); isa++) {
            find(text, classes, threads, (tw_isa)isa, 0, &now);
            clear_upper(&now, width);
            if (memcmp(&first, &now, sizeof now) != 0)
                fail_msg("%s: other bits with %s on %d threads", text, tw_isa_name((tw_isa)isa), threads);
        }
}

static void sums_are_those_of_the_rows(void **state)
{
    static const struct {
        const char *text;
        int classes;
    } models[] = {{"logistic:l2=0.01,l1=0.003", 2},
                  {"logistic:l2=0.01,intercept=0", 3},
                  {"svm:l2=0.1", 2},
                  {"ridge:l2=0.1,intercept=0", 0},
                  {"huber:l1=0.1", 0},
                  {"poisson", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
        for (int dense = 0; dense < 2; dense++) check(models[i].text, models[i].classes, dense ? 0.9 : 0.2);
}

/* Where all rows are alike, one in 8 has the mean of all. */
static void a_hessian_may_be_of_some_rows(void **state)
{
    (void)state;
    fill(0.9, 2);
    for (size_t i = NARROW; i < MANY * NARROW; i++) rows.x[i] = rows.x[i - NARROW];
    found plain, now;
    share = 8;
    for (int intercept = 0; intercept < 2; intercept++) {
        const char *text = intercept ? "logistic:l2=0.01" : "logistic:l2=0.01,intercept=0";
        find(text, 2, 2, tw_isa_of_cpu(), 1, &plain);
        find(text, 2, 2, tw_isa_of_cpu(), 0, &now);
        clear_upper(&now, NARROW + (size_t)intercept);
        check_near(text, &now, &plain);
    }
    share = 1;
}

/* Rows of so many columns that these are kept in another order: those of the narrow rows, far apart. */
static void columns_may_lie_in_another_order(void **state)
{
    enum { APART = 400, WIDE = NARROW * APART };
    static uint64_t starts[MANY + 1];
    static uint32_t columns[MANY * NARROW];
    static double x[MANY * NARROW], v[WIDE], product[WIDE], diagonal[WIDE];
    const char *text = "logistic:l2=0.01,intercept=0";
    found narrow;
    tw_sums sums;
    (void)state;
    fill(0.2, 2);
    find(text, 2, 1, TW_ISA_BASE, 1, &narrow);
    for (uint64_t i = 0, n = 0; i < MANY * NARROW; i++) {
        columns[n] = (uint32_t)(i % NARROW * APART);
        x[n] = rows.x[i];
        n += rows.x[i] != 0;
        starts[i / NARROW + 1] = n;
    }
    const tw_data_info info = {.size = sizeof info,
                               .rows = MANY,
                               .rank = 1,
                               .shape = {WIDE},
                               .type = TW_F64,
                               .x = x,
                               .starts = starts,
                               .columns = columns,
                               .labels = rows.labels,
                               .weights = rows.weights};
    tw_context *ctx = capped(2, TW_ISA_BASE);
    tw_data *data;
    tw_objective o = TW_OBJECTIVE_INIT;
    tw__solver *s;
    tw__glm_sums *g;
    assert_int_equal(tw_data_create(&data, ctx, &info, NULL), TW_OK);
    tw_model *m = new_model(ctx, text, TW_F64, data), *other = new_model(ctx, text, TW_F64, data);
    double *w = tw_model_weights(m), *of_narrow = tw_model_weights(other);
    set_weights(other);
    for (size_t j = 0; j < NARROW; j++) w[j * APART] = of_narrow[j], v[j * APART] = vector_at(j);
    assert_int_equal(tw_model_objective(m, data, &o, NULL), TW_OK);
    const tw__problem problem = {.objective = &o, .n = WIDE};
    assert_int_equal(tw__solver_create(&s, ctx, "lbfgs", &problem, NULL), TW_OK);
    assert_int_equal(tw__glm_sums_create(&g, s, NULL, NULL), TW_OK);
    assert_int_equal(tw__glm_sums_at(g, w, &sums, NULL), TW_OK);
    assert_int_equal(tw__glm_sums_diagonal(g, w, diagonal, NULL), TW_OK);
    assert_int_equal(tw__glm_sums_times(g, v, product, NULL), TW_OK);
    assert_true(fabs(sums.loss - narrow.sums.loss) < 1e-12 * narrow.sums.loss);
    for (size_t i = 0; i < WIDE; i++) {
        const size_t j = i / APART;
        const int is_one = i % APART == 0;
        assert_true(fabs(tw__glm_sums_gradient(g)[i] - (is_one ? narrow.gradient[j] : 0)) < 1e-12);
        assert_true(fabs(diagonal[i] - (is_one ? narrow.diagonal[j] : 0.01)) < 1e-12);
        assert_true(fabs(product[i] - (is_one ? narrow.product[j] : 0)) < 1e-12);
    }
    tw__solver_free(s);
    tw_model_objective_free(&o);
    tw_model_free(m);
    tw_model_free(other);
    tw_data_free(data);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_those_of_the_rows),
        cmocka_unit_test(a_hessian_may_be_of_some_rows),
        cmocka_unit_test(columns_may_lie_in_another_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
