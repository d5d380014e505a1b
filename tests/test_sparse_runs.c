/* Runs on an objective that answers with lists: the same bits as with vectors, whatever the rule, the
 * estimator, the batch and the threads.
 * SPDX-License-Identifier: MIT */
#include "estimator_runs.h"
#include "sparse_rows.h"

enum { MOST_COLUMNS = 20000, ROWS = 700 };

/* A run's rules and sizes; how its objective answers. */
typedef struct plan {
    const char *rule, *estimator, *schedule, *control;
    tw_type type;
    int columns, threads, lists;
    uint64_t batch, accumulate;
    double zero;
} plan;

static void start(double *w, tw_type type, int columns)
{
    for (int i = 0; i <= columns; i++) {
        const double x = 0.2 * sr_x(99, i);
        if (type == TW_F32) ((float *)w)[i] = (float)x;
        else w[i] = x;
    }
}

static tw_run_options options_of(const plan *a)
{
    tw_run_options o = options(a->rule, a->estimator ? a->estimator : "minibatch", a->batch);
    o.schedule = a->schedule;
    o.control = a->control;
    o.accumulate = a->accumulate;
    o.epochs = 3;
    return o;
}

/* The weights and the sum of the losses after some steps. */
static double go(const plan *a, int n, double *w)
{
    sparse_rows p = {.rows = ROWS, .columns = a->columns, .zero = a->zero, .bad_row = -1};
    tw_context *ctx = context(a->threads, TW_ISA_DETECT);
    tw_objective f = sr_objective(&p, a->type, a->lists);
    const tw_run_options o = options_of(a);
    double loss = 0;
    start(w, a->type, a->columns);
    tw_run *run = make(ctx, &f, w, &o);
    for (int i = 0, status = TW_RUN_GOING; i < n && status == TW_RUN_GOING; i++) {
        tw_error err = {0};
        if (tw_run_step(run, &status, &err) != TW_OK) fail_msg("%s: %s", a->rule, err.message);
    }
    size_t lines;
    const tw_epoch *line = tw_run_history(run, &lines);
    for (size_t i = 0; i < lines; i++) loss += line[i].loss;
    tw_run_free(run);
    tw_context_free(ctx);
    sr_free(&p);
    return loss;
}

static void same(const plan *a, int n)
{
    static double dense[MOST_COLUMNS + 1], lists[MOST_COLUMNS + 1];
    plan b = *a;
    b.threads = 1;
    b.lists = 0;
    const double loss = go(&b, n, dense);
    b.lists = 1;
    for (b.threads = 1; b.threads <= 3; b.threads++)
        for (int minus = 0; minus < 2; minus++) {
            b.zero = minus ? -0.0 : 0.0;
            const double other = go(&b, n, lists);
            if (memcmp(&loss, &other, sizeof loss) != 0 ||
                memcmp(dense, lists, ((size_t)a->columns + 1) * tw_type_size(a->type)) != 0)
                fail_msg("%s, %s, %s, batch %d, %d columns, %d threads: other bits than dense", a->rule,
                         a->estimator ? a->estimator : "minibatch", tw_type_name(a->type), (int)a->batch,
                         a->columns, b.threads);
        }
}

/* Lists at every node, at some, and at none. */
static void the_tree_of_lists_has_the_bits_of_vectors(void **state)
{
    (void)state;
    const uint64_t batches[] = {1, 7, 8, 9, 20, 32, 64, 100, 600, ROWS};
    const int columns[] = {12, 100, 3000, MOST_COLUMNS};
    for (int type = TW_F32; type <= TW_F64; type++)
        for (int i = 0; i < 4; i++)
            for (int k = 0; k < 10; k++)
                same(&(plan){.rule = "sgd:lr=0.5",
                             .type = (tw_type)type,
                             .columns = columns[i],
                             .batch = batches[k]},
                     12);
}

static void every_estimator_works_on_lists(void **state)
{
    (void)state;
    for (int k = 0; k < N_SPECS; k++)
        same(&(plan){.rule = "sgd:lr=0.1",
                     .estimator = all_specs[k],
                     .type = k % 2 ? TW_F32 : TW_F64,
                     .columns = 3000,
                     .batch = takes_batch(all_specs[k]) ? 20 : 0},
             45);
}

static void wrong_lists_are_refused(void **state)
{
    (void)state;
    for (int wrong = 1; wrong <= 3; wrong++)
        for (int threads = 1; threads <= 2; threads++) {
            sparse_rows p = {.rows = ROWS, .columns = 3000, .bad_row = -1, .wrong = wrong};
            tw_context *ctx = context(threads, TW_ISA_DETECT);
            tw_objective f = sr_objective(&p, TW_F64, 1);
            const tw_run_options o = options("sgd", "minibatch", 64);
            static double w[3001];
            tw_error err = {0};
            int status;
            tw_run *run = make(ctx, &f, w, &o);
            assert_int_equal(tw_run_step(run, &status, &err), TW_ERR_SPEC);
            assert_non_null(strstr(err.message, "answered leaf 0 of the batch with a list"));
            tw_run_free(run);
            tw_context_free(ctx);
            sr_free(&p);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tree_of_lists_has_the_bits_of_vectors),
        cmocka_unit_test(every_estimator_works_on_lists),
        cmocka_unit_test(wrong_lists_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
