/* Matrix factorisation: scores and gradients against their definition, the same bits as vectors and lists,
 * how it begins, what it refuses, ratings whose noise is known.
 * SPDX-License-Identifier: MIT */
#include "linear_models.h"
#include "fault_walk.h"
#include <unistd.h>

#define PATH TW_BINARY_DIR "/test_mf.safetensors"
enum { RATINGS = 30, USERS = 5, ITEMS = 7, ALL = USERS + ITEMS };

/* Some ratings, of some users and items more than one; the last user and the last item have none. */
typedef struct ratings {
    float x[2 * RATINGS], dense[RATINGS * ALL];
    uint32_t columns[2 * RATINGS];
    uint64_t starts[RATINGS + 1];
    double targets[RATINGS], weights[RATINGS];
    tw_data_info info;
} ratings;

static void fill_ratings(ratings *r, int is_dense)
{
    memset(r, 0, sizeof *r);
    for (uint64_t i = 0; i < RATINGS; i++) {
        r->columns[2 * i] = (uint32_t)(i / 3 % (USERS - 1));
        r->columns[2 * i + 1] = USERS + (uint32_t)(i * 5 % 13 % (ITEMS - 1));
        for (int side = 0; side < 2; side++)
            r->x[2 * i + (size_t)side] = r->dense[i * ALL + r->columns[2 * i + (size_t)side]] = 1;
        r->starts[i + 1] = 2 * (i + 1);
        r->targets[i] = floor(5 * unit(11, i)) + 1;
        r->weights[i] = 0.5 + (double)(i % 3);
    }
    r->info = (tw_data_info){.size = sizeof r->info,
                             .rows = RATINGS,
                             .rank = 1,
                             .shape = {ALL},
                             .type = TW_F32,
                             .x = is_dense ? r->dense : r->x,
                             .starts = is_dense ? NULL : r->starts,
                             .columns = is_dense ? NULL : r->columns,
                             .targets = r->targets,
                             .n_targets = 1,
                             .weights = r->weights};
}

static const uint64_t some[] = {3, 0, 29, 1, 14, 2, 7, 3};
enum { SOME = sizeof some / sizeof some[0] };

/* ---- the definition ------------------------------------------------------------------------------------ */

static const double *tensor(const linear_problem *p, const char *name)
{
    for (size_t i = 0; i < p->objective.n_tensors; i++)
        if (strcmp(p->objective.tensors[i].name, name) == 0)
            return (const double *)tw_model_weights(p->model) + p->objective.tensors[i].offset;
    return NULL;
}

/* What one row adds, in plain arithmetic. */
static double loss_of(const linear_problem *p, const ratings *r, uint64_t row, size_t rank,
                      const double l2[2], double *score)
{
    static const char *const vectors[] = {"user.weight", "item.weight"}, *const biases[] = {"user.bias",
                                                                                            "item.bias"};
    const double *v[2], *mean = tensor(p, "mean");
    double penalty = 0;
    *score = mean ? *mean : 0;
    for (int side = 0; side < 2; side++) {
        const size_t id = r->columns[2 * row + (uint64_t)side] - (side ? USERS : 0);
        const double *b = tensor(p, biases[side]);
        v[side] = tensor(p, vectors[side]) + id * rank;
        if (b) *score += b[id];
        for (size_t k = 0; k < rank; k++) penalty += l2[side] / 2 * v[side][k] * v[side][k];
        if (b) penalty += l2[side] / 2 * b[id] * b[id];
    }
    for (size_t k = 0; k < rank; k++) *score += v[0][k] * v[1][k];
    return (*score - r->targets[row]) * (*score - r->targets[row]) / 2 + penalty;
}

/* The weight of all rows that have this one's user or item. */
static double weight_of(const ratings *r, uint64_t row, int side)
{
    double sum = 0;
    for (uint64_t i = 0; i < RATINGS; i++)
        if (r->columns[2 * i + (uint64_t)side] == r->columns[2 * row + (uint64_t)side]) sum += r->weights[i];
    return sum;
}

static void check_definition(const char *text, size_t rank, double l2, int per_id)
{
    static ratings r;
    fill_ratings(&r, 0);
    linear_problem p = open_info(&r.info, text, 1);
    double output[SOME], loss = 0, weight = 0;
    set_weights(p.model);
    const tw_sums sums = evaluate(&p.objective, tw_model_weights(p.model), TW_WANT_LOSS | TW_WANT_OUTPUT,
                                  some, SOME, NULL, output);
    for (size_t i = 0; i < SOME; i++) {
        const double shares[] = {per_id ? l2 / weight_of(&r, some[i], 0) : l2,
                                 per_id ? l2 / weight_of(&r, some[i], 1) : l2};
        double score;
        loss += r.weights[some[i]] * loss_of(&p, &r, some[i], rank, shares, &score);
        weight += r.weights[some[i]];
        assert_true(fabs(score - output[i]) < 1e-14);
    }
    if (sums.weight != weight || fabs(sums.loss - loss) > 1e-13)
        fail_msg("%s: loss %.17g, not %.17g", text, sums.loss, loss);
    close_problem(&p);
}

static void scores_and_losses_are_those_of_the_equation(void **state)
{
    (void)state;
    check_definition("mf:rank=3", 3, 0, 0);
    check_definition("mf:rank=9,l2=0.3", 9, 0.3, 0);
    check_definition("mf:rank=1,l2=0.3,biases=0", 1, 0.3, 0);
    check_definition("mf:rank=3,l2=2,l2_per=id,mean=0", 3, 2, 1);
}

static void check_gradient(const char *text, const tw_data_info *rows)
{
    linear_problem p = open_info(rows, text, 1);
    const size_t n = tw_model_size(p.model);
    double *w = tw_model_weights(p.model), *g = calloc(n, sizeof *g), norm = 0;
    const int has_mean = strcmp(p.objective.tensors[p.objective.n_tensors - 1].name, "mean") == 0;
    set_weights(p.model);
    evaluate(&p.objective, w, TW_WANT_GRADIENT, some, SOME, g, NULL);
    for (size_t i = 0; i < n; i++) norm = fmax(norm, fabs(g[i]));
    assert_true(norm > 1);
    for (size_t i = 0; i < n; i++) {
        const double h = 1e-6, was = w[i];
        w[i] = was + h;
        const double up = evaluate(&p.objective, w, TW_WANT_LOSS, some, SOME, NULL, NULL).loss;
        w[i] = was - h;
        const double down = evaluate(&p.objective, w, TW_WANT_LOSS, some, SOME, NULL, NULL).loss;
        w[i] = was;
        if (has_mean && i + 1 == n) assert_true(g[i] == 0); /* it is not learnt */
        else if (fabs((up - down) / (2 * h) - g[i]) > 1e-7 * norm)
            fail_msg("%s: weight %zu: gradient %.12g, difference %.12g", text, i, g[i],
                     (up - down) / (2 * h));
    }
    free(g);
    close_problem(&p);
}

static void gradients_equal_central_differences(void **state)
{
    (void)state;
    static ratings r;
    fill_ratings(&r, 0);
    check_gradient("mf:rank=3,l2=0.2", &r.info);
    check_gradient("mf:rank=3,l2=2,l2_per=id", &r.info);
    check_gradient("mf:rank=2,biases=0,mean=0", &r.info);
    r.columns[2 * some[1] + 1] = 999; /* an item that there is not, and a user */
    r.starts[RATINGS] = 2 * RATINGS - 1;
    r.columns[2 * RATINGS - 2] = USERS;
    r.info.shape[0] = 1000;
    check_gradient("mf:rank=3,l2=0.2,unknown=mean,users=5", &r.info);
}

/* The penalty of all rows together is that of each user and item once. */
static void per_id_each_counts_once(void **state)
{
    (void)state;
    static ratings r;
    static uint64_t all[RATINGS];
    fill_ratings(&r, 0);
    linear_problem with = open_info(&r.info, "mf:rank=2,l2=3,l2_per=id,mean=0", 1),
                   without = open_info(&r.info, "mf:rank=2,mean=0", 1);
    const double *w = tw_model_weights(with.model);
    double squares = 0;
    set_weights(with.model);
    for (uint64_t i = 0; i < RATINGS; i++) all[i] = i;
    for (size_t i = 0; i < tw_model_size(with.model); i++) squares += w[i] * w[i];
    for (size_t k = 0; k < 2; k++) { /* those without a rating */
        squares -= pow(tensor(&with, "user.weight")[2 * (USERS - 1) + k], 2);
        squares -= pow(tensor(&with, "item.weight")[2 * (ITEMS - 1) + k], 2);
    }
    squares -= pow(tensor(&with, "user.bias")[USERS - 1], 2) + pow(tensor(&with, "item.bias")[ITEMS - 1], 2);
    const double more = evaluate(&with.objective, w, TW_WANT_LOSS, all, RATINGS, NULL, NULL).loss -
                        evaluate(&without.objective, w, TW_WANT_LOSS, all, RATINGS, NULL, NULL).loss;
    assert_true(fabs(more - 1.5 * squares) < 1e-12);
    close_problem(&with);
    close_problem(&without);
}

/* ---- bits ---------------------------------------------------------------------------------------------- */

/* The gradient as a list, put into a vector. */
static void gradient_by_list(const tw_objective *o, const void *w, void *g)
{
    const size_t each = tw_type_size(o->type);
    const tw_draw draw = {.number = 0};
    tw_sums sums;
    tw_sparse_sum list = {.most = o->touched(o->user, some, SOME, NULL)};
    const tw_eval e = {.size = sizeof e,
                       .want = TW_WANT_GRADIENT,
                       .w = w,
                       .rows = some,
                       .n = SOME,
                       .draw = &draw,
                       .sums = &sums,
                       .sparse = &list};
    uint32_t *touched = malloc(list.most * sizeof *touched);
    list.index = malloc(list.most * sizeof *list.index);
    list.value = malloc(list.most * each);
    assert_true(o->touched(o->user, some, SOME, touched) == list.most);
    for (int again = 0; again < 2; again++) { /* nothing is left of the first time */
        assert_int_equal(o->eval(o->user, &e), 0);
        for (size_t k = 0; k < list.n; k++) {
            size_t t = 0;
            assert_true(k == 0 || list.index[k] > list.index[k - 1]);
            while (t < list.most && touched[t] != list.index[k]) t++;
            assert_true(t < list.most);
            memcpy((char *)g + list.index[k] * each, (char *)list.value + k * each, each);
        }
    }
    free(touched);
    free(list.index);
    free(list.value);
}

static void check_bits(const char *text, tw_type type)
{
    static ratings r;
    static char first[2][256 * sizeof(double)], now[256 * sizeof(double)];
    for (int way = 0; way < 3; way++) /* dense rows; sparse ones, as a vector and as a list */
        for (int isa = TW_ISA_BASE; isa <= (int)tw_isa_of_cpu(); isa++) {
            tw_context *ctx = context_up_to(1, (tw_isa)isa);
            tw_data *data;
            fill_ratings(&r, way == 0);
            assert_int_equal(tw_data_create(&data, ctx, &r.info, NULL), TW_OK);
            linear_problem p = open_rows(ctx, data, text, type);
            const size_t bytes = tw_model_size(p.model) * tw_type_size(type);
            assert_true(bytes < sizeof now);
            memset(now, 0, sizeof now);
            set_weights(p.model);
            if (way < 2)
                evaluate(&p.objective, tw_model_weights(p.model), TW_WANT_GRADIENT, some, SOME, now, NULL);
            else gradient_by_list(&p.objective, tw_model_weights(p.model), now);
            if (way == 0 && isa == TW_ISA_BASE) memcpy(first[0], now, bytes);
            if (memcmp(first[0], now, bytes) != 0)
                fail_msg("%s, %s, way %d, %s: other bits", text, tw_type_name(type), way,
                         tw_isa_name((tw_isa)isa));
            close_problem(&p);
        }
}

static void vectors_and_lists_have_the_same_bits(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        check_bits("mf:rank=11,l2=0.1", i ? TW_F64 : TW_F32);
        check_bits("mf:rank=5,l2=3,l2_per=id,biases=0", i ? TW_F64 : TW_F32);
    }
}

static void train(tw_context *ctx, tw_model *m, const tw_data *data, const tw_run_options *o)
{
    tw_objective f = TW_OBJECTIVE_INIT;
    tw_run *run;
    tw_error err;
    int status = TW_RUN_GOING;
    assert_int_equal(tw_model_objective(m, data, &f, NULL), TW_OK);
    if (tw_run_create(&run, ctx, &f, NULL, tw_model_weights(m), o, &err) != TW_OK)
        fail_msg("%s", err.message);
    while (status == TW_RUN_GOING)
        if (tw_run_step(run, &status, &err) != TW_OK) fail_msg("%s", err.message);
    tw_run_free(run);
    tw_model_objective_free(&f);
}

static void runs_do_not_depend_on_threads(void **state)
{
    (void)state;
    static const char *const estimators[] = {"minibatch", "saga"}, *const modes[] = {"sgd:lr=0.1",
                                                                                     "adam:lr=0.01"};
    static ratings r;
    fill_ratings(&r, 0);
    for (int way = 0; way < 4; way++) {
        char first[100 * sizeof(double)];
        for (int threads = 1; threads <= 3; threads++)
            for (int dense = 0; dense < 2; dense++) { /* steps of the whole vector: the same bits */
                tw_run_options o = TW_RUN_OPTIONS_INIT;
                o.estimator = estimators[way / 2];
                o.optimizer = way / 2 ? modes[0] : modes[way % 2];
                o.batch = way % 2 ? 20 : 1;
                o.epochs = 3;
                if (dense) o.sparse = TW_RUN_SPARSE_DENSE;
                tw_context *ctx = context(threads);
                tw_data *data;
                assert_int_equal(tw_data_create(&data, ctx, &r.info, NULL), TW_OK);
                tw_model *m = new_model(ctx, "mf:rank=3,l2=0.01", TW_F32, data);
                const size_t bytes = tw_model_size(m) * sizeof(float);
                assert_true(bytes <= sizeof first);
                train(ctx, m, data, &o);
                if (threads == 1 && !dense) memcpy(first, tw_model_weights(m), bytes);
                if (memcmp(first, tw_model_weights(m), bytes) != 0)
                    fail_msg("way %d, %d threads, dense %d: other bits", way, threads, dense);
                tw_model_free(m);
                tw_data_free(data);
                tw_context_free(ctx);
            }
    }
}

/* ---- how it begins, and its file ----------------------------------------------------------------------- */

static void weights_follow_from_the_seed(void **state)
{
    (void)state;
    static ratings r;
    fill_ratings(&r, 0);
    tw_context *ctx = context(1);
    tw_data *data;
    double sum = 0, weight = 0;
    assert_int_equal(tw_data_create(&data, ctx, &r.info, NULL), TW_OK);
    for (int i = 0; i < RATINGS; i++) sum += r.weights[i] * r.targets[i], weight += r.weights[i];
    tw_model *m[3];
    for (uint64_t i = 0; i < 3; i++)
        assert_int_equal(tw_model_create(&m[i], ctx, "mf:rank=4", TW_F64, data, i / 2, NULL), TW_OK);
    const double *w = tw_model_weights(m[0]);
    const size_t n = tw_model_size(m[0]);
    assert_int_equal(n, ALL * 5 + 1);
    assert_string_equal(tw_model_network(m[0]), "mf:rank=4,users=5");
    assert_memory_equal(w, tw_model_weights(m[1]), n * sizeof *w);
    assert_true(memcmp(w, tw_model_weights(m[2]), n * sizeof *w) != 0);
    for (size_t i = 0; i < ALL * 4; i++) {
        const size_t id = i / 4;
        if (id == USERS - 1 || id == ALL - 1) assert_true(w[i] == 0); /* of whom there is no rating */
        else assert_true(w[i] != 0 && fabs(w[i]) < 0.5);
    }
    for (size_t i = ALL * 4; i + 1 < n; i++) assert_true(w[i] == 0);
    assert_true(fabs(w[n - 1] - sum / weight) < 1e-14);
    for (int i = 0; i < 3; i++) tw_model_free(m[i]);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void a_file_has_all_of_it(void **state)
{
    (void)state;
    static ratings r;
    fill_ratings(&r, 0);
    for (int i = 0; i < 2; i++) {
        tw_context *ctx = context(1);
        tw_data *data;
        tw_model *loaded, *from;
        tw_error err;
        assert_int_equal(tw_data_create(&data, ctx, &r.info, NULL), TW_OK);
        tw_model *m = new_model(ctx, i ? "mf:rank=2,biases=0,mean=0" : "mf:rank=2,unknown=mean",
                                i ? TW_F64 : TW_F32, data);
        const size_t bytes = tw_model_size(m) * tw_type_size(tw_model_type(m));
        assert_int_equal(tw_model_save(m, NULL, PATH, NULL), TW_OK);
        if (tw_model_load(&loaded, ctx, PATH, &err) != TW_OK) fail_msg("%s", err.message);
        assert_string_equal(tw_model_network(loaded), tw_model_network(m));
        assert_true(tw_model_size(loaded) == tw_model_size(m));
        assert_memory_equal(tw_model_weights(loaded), tw_model_weights(m), bytes);
        if (tw_model_create_from(&from, ctx, loaded, i ? "mf:rank=2,biases=0,mean=0,l2=1" : NULL,
                                 tw_model_type(m), data, &err) != TW_OK)
            fail_msg("%s", err.message);
        assert_memory_equal(tw_model_weights(from), tw_model_weights(m), bytes);
        assert_int_equal(tw_model_save_onnx(m, NULL, PATH, &err), TW_ERR_SPEC);
        assert_string_equal(err.message, "there is no ONNX export of mf");
        assert_int_equal(tw_model_save_liblinear(m, NULL, PATH, &err), TW_ERR_SPEC);
        tw_model_free(from);
        tw_model_free(loaded);
        tw_model_free(m);
        tw_data_free(data);
        tw_context_free(ctx);
        unlink(PATH);
    }
}

/* ---- what is refused ----------------------------------------------------------------------------------- */

static void expect_refused(const tw_data_info *rows, const char *text, const char *message)
{
    tw_context *ctx = context(1);
    tw_data *data;
    tw_model *m;
    tw_error err;
    assert_int_equal(tw_data_create(&data, ctx, rows, NULL), TW_OK);
    assert_true(tw_model_create(&m, ctx, text, TW_F32, data, 0, &err) != TW_OK);
    if (!strstr(err.message, message)) fail_msg("%s, not %s", err.message, message);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void wrong_rows_are_refused(void **state)
{
    (void)state;
    static ratings r;
    static const uint8_t bytes[RATINGS * ALL];
    fill_ratings(&r, 0);
    r.x[5] = 0.5f;
    expect_refused(&r.info, "mf", "memory: row 3 has 0.5 in column");
    fill_ratings(&r, 1);
    r.dense[2 * ALL] = r.dense[2 * ALL + 1] = r.dense[2 * ALL + 2] = 1;
    expect_refused(&r.info, "mf",
                   "memory: row 3 has more than two numbers; a rating has one user and one item");
    fill_ratings(&r, 1);
    memset(r.dense + 2 * ALL, 0, ALL * sizeof *r.dense);
    expect_refused(&r.info, "mf", "memory: row 3 has 0 of two numbers, of its user and of its item");
    fill_ratings(&r, 0);
    r.columns[0] = 8, r.columns[1] = 9;
    expect_refused(&r.info, "mf", "column 8 comes first in row 1, as a user's, and column 5 second in row");
    expect_refused(&r.info, "mf:users=5", "memory: row 1 has two items, in columns 8 and 9");
    fill_ratings(&r, 0);
    expect_refused(&r.info, "mf:users=12", "mf: users = 12 leaves no item of 12 columns");
    expect_refused(&r.info, "mf:rank=0", "rank = 0 is outside [1, 10000]");
    r.info.targets = NULL, r.info.n_targets = 0;
    expect_refused(&r.info, "mf", "memory has no targets to learn from");
    r.info = (tw_data_info){.size = sizeof r.info,
                            .rows = RATINGS,
                            .rank = 1,
                            .shape = {ALL},
                            .type = TW_U8,
                            .x = bytes};
    expect_refused(&r.info, "mf", "memory has rows of bytes; mf takes a user and an item in each");
}

/* A user or an item that the model does not have. */
static void strangers(void **state)
{
    (void)state;
    static ratings r;
    for (int mean = 0; mean < 2; mean++) {
        fill_ratings(&r, 0);
        linear_problem p = open_info(&r.info, mean ? "mf:rank=2,unknown=mean" : "mf:rank=2", 1);
        tw_data *other;
        tw_objective o = TW_OBJECTIVE_INIT;
        tw_error err;
        double output[3];
        set_weights(p.model);
        r.columns[1] = ALL;
        r.starts[2] = 3, r.columns[2] = 2 + USERS; /* an item, no user */
        r.starts[3] = 3;                           /* neither */
        r.info.rows = 3;
        r.info.shape[0] = ALL + 1;
        r.info.targets = NULL, r.info.n_targets = 0;
        assert_int_equal(tw_data_create(&other, p.ctx, &r.info, NULL), TW_OK);
        const tw_status s = tw_model_objective(p.model, other, &o, &err);
        assert_int_equal(s, mean ? TW_OK : TW_ERR_DATA);
        if (!mean)
            assert_string_equal(err.message, "memory: row 1 has no item that the model has learnt (option "
                                             "unknown=mean of mf: it counts as an average one)");
        if (mean) {
            assert_int_equal(tw_predict(p.ctx, &o, tw_model_weights(p.model), 0, 3, output, NULL), TW_OK);
            const double m = *tensor(&p, "mean");
            assert_true(output[0] == m + tensor(&p, "user.bias")[0]);
            assert_true(output[1] == m + tensor(&p, "item.bias")[2] && output[2] == m);
        }
        tw_model_objective_free(&o);
        tw_data_free(other);
        close_problem(&p);
    }
}

/* ---- ratings whose noise is known ---------------------------------------------------------------------- */

static double rmse(tw_context *ctx, tw_model *m, const tw_data *data)
{
    tw_objective o = TW_OBJECTIVE_INIT;
    tw_data_info info = {.size = sizeof info};
    double sum = 0;
    assert_int_equal(tw_data_info_get(data, &info, NULL), TW_OK);
    float *output = malloc((size_t)info.rows * sizeof *output);
    assert_int_equal(tw_model_objective(m, data, &o, NULL), TW_OK);
    assert_int_equal(tw_predict(ctx, &o, tw_model_weights(m), 0, info.rows, output, NULL), TW_OK);
    for (uint64_t i = 0; i < info.rows; i++) sum += pow((double)output[i] - info.targets[i], 2);
    tw_model_objective_free(&o);
    free(output);
    return sqrt(sum / (double)info.rows);
}

/* The rows are drawn with noise of deviation 0.5; biases alone come to 0.7. */
static void planted_ratings_are_found(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw_data *data, *test;
    double reached[2];
    assert_int_equal(tw_data_open(ctx, "ratings", NULL, &data, NULL, &test, NULL), TW_OK);
    for (int i = 0; i < 2; i++) {
        tw_run_options o = TW_RUN_OPTIONS_INIT;
        o.optimizer = "sgd:lr=0.1";
        o.schedule = "cosine";
        o.batch = 1;
        o.epochs = 15;
        tw_model *m = new_model(ctx, i ? "mf:rank=8,l2=0.05" : "mf:rank=1,init=0,l2=0.05", TW_F32, data);
        train(ctx, m, data, &o);
        reached[i] = rmse(ctx, m, test);
        tw_model_free(m);
    }
    if (!(reached[0] > 0.68 && reached[1] < 0.59)) fail_msg("rmse %g and %g", reached[0], reached[1]);
    tw_data_free(data);
    tw_data_free(test);
    tw_context_free(ctx);
}

static tw_status make_and_bind(tw_context *ctx, const tw_data *data)
{
    tw_model *m = NULL;
    tw_objective o = TW_OBJECTIVE_INIT;
    tw_status s = tw_model_create(&m, ctx, "mf:rank=2,l2=1,l2_per=id", TW_F32, data, 0, NULL);
    if (s == TW_OK) s = tw_model_objective(m, data, &o, NULL);
    tw_model_objective_free(&o);
    tw_model_free(m);
    return s;
}

static void anything_may_fail(void **state)
{
    (void)state;
    static ratings r;
    fill_ratings(&r, 0);
    for (fault_walk k = {.least = 6}; fault_walk_next(&k);) {
        tw_data *data;
        assert_int_equal(tw_data_create(&data, k.ctx, &r.info, NULL), TW_OK);
        fault_walk_arm(&k);
        const tw_status s = make_and_bind(k.ctx, data);
        tw_data_free(data);
        fault_walk_end(&k, s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_and_losses_are_those_of_the_equation),
        cmocka_unit_test(gradients_equal_central_differences),
        cmocka_unit_test(per_id_each_counts_once),
        cmocka_unit_test(vectors_and_lists_have_the_same_bits),
        cmocka_unit_test(runs_do_not_depend_on_threads),
        cmocka_unit_test(weights_follow_from_the_seed),
        cmocka_unit_test(a_file_has_all_of_it),
        cmocka_unit_test(wrong_rows_are_refused),
        cmocka_unit_test(strangers),
        cmocka_unit_test(planted_ratings_are_found),
        cmocka_unit_test(anything_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
