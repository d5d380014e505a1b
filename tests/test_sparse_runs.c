/* Runs on an objective that answers with lists: the same bits as with vectors, whatever the rule, the
 * estimator, the batch and the threads; and the ways to step what a list touches.
 * SPDX-License-Identifier: MIT */
#include "estimator_runs.h"
#include "sparse_rows.h"

enum { MOST_COLUMNS = 20000, ROWS = 700 };

/* A run: what is stepped how, and how its objective answers. */
typedef struct plan {
    const char *rule, *estimator, *schedule, *control, *groups, *target;
    tw_type type;
    int columns, threads, lists;
    enum tw_run_sparse sparse;
    uint64_t batch, accumulate, eval_every;
    double zero, tiny;
    enum tw_nonfinite nonfinite;
    int bad_row; /* 0: none */
    /* steps; before the one with this number, if it is not 0, the state goes through another run, or is
     * saved */
    int steps, moved, saved, no_check;
} plan;

static const char *text(const plan *a)
{
    static char to[256];
    snprintf(to, sizeof to, "%s, %s, %s, sparse %s, batch %d, %d columns, %d threads", a->rule,
             a->estimator ? a->estimator : "minibatch", tw_type_name(a->type), tw_run_sparse_name(a->sparse),
             (int)a->batch, a->columns, a->threads);
    return to;
}

static void *start(const plan *a)
{
    void *w = calloc((size_t)a->columns + 1, 8);
    for (int i = 0; i <= a->columns; i++) {
        const double x = 0.2 * sr_x(99, i);
        if (a->type == TW_F32) ((float *)w)[i] = (float)x;
        else ((double *)w)[i] = x;
    }
    return w;
}

static tw_run_options options_of(const plan *a)
{
    tw_run_options o = options(a->rule, a->estimator ? a->estimator : "minibatch", a->batch);
    o.schedule = a->schedule;
    o.control = a->control;
    o.groups = a->groups;
    o.target = a->target;
    o.eval_every = a->eval_every;
    o.accumulate = a->accumulate;
    o.nonfinite = a->nonfinite;
    o.sparse = a->lists ? a->sparse : TW_RUN_SPARSE_EXACT;
    return o;
}

static tw_run *make_run(const plan *a, tw_context *ctx, const tw_objective *f, void *w)
{
    const tw_run_options o = options_of(a);
    tw_run *run = NULL;
    tw_error err = {0};
    if (tw_run_create(&run, ctx, f, a->no_check ? NULL : f, w, &o, &err) != TW_OK)
        fail_msg("%s: %s", text(a), err.message);
    return run;
}

/* The run's state after its steps. */
static ls_state go(const plan *a)
{
    sparse_rows p = {.rows = ROWS,
                     .columns = a->columns,
                     .zero = a->zero,
                     .tiny = a->tiny,
                     .bad_row = a->bad_row ? a->bad_row : -1};
    tw_context *ctx = context(a->threads, a->threads == 2 ? TW_ISA_BASE : TW_ISA_DETECT);
    tw_objective f = sr_objective(&p, a->type, a->lists);
    void *w = start(a), *other = start(a);
    ls_state s;
    tw_run *run = make_run(a, ctx, &f, w);
    for (int i = 0, status = TW_RUN_GOING; i < a->steps && status == TW_RUN_GOING; i++) {
        tw_error err = {0};
        if (a->saved && i == a->saved) {
            assert_int_equal(ls_save(&s, run), TW_OK);
            ls_forget(&s);
        }
        if (a->moved && i == a->moved) {
            assert_int_equal(ls_save(&s, run), TW_OK);
            tw_run_free(run);
            run = make_run(a, ctx, &f, other);
            assert_int_equal(ls_load(&s, run), TW_OK);
            ls_forget(&s);
        }
        if (tw_run_step(run, &status, &err) != TW_OK) fail_msg("%s: %s", text(a), err.message);
    }
    assert_int_equal(ls_save(&s, run), TW_OK);
    tw_run_free(run);
    tw_context_free(ctx);
    sr_free(&p);
    free(w);
    free(other);
    return s;
}

static double number(tw_type type, const void *x, size_t i)
{
    return type == TW_F32 ? (double)((const float *)x)[i] : ((const double *)x)[i];
}

/* Weights, slots, tables, losses: exactly, or to `units` of what a number is rounded to. The times differ. */
static void compare(const plan *a, ls_state *x, ls_state *y, double units)
{
    assert_int_equal(x->n, y->n);
    for (int i = 0; i < x->n; i++) {
        const char *name = x->field[i].name;
        const size_t bytes = x->field[i].bytes;
        assert_string_equal(name, y->field[i].name);
        assert_int_equal(bytes, y->field[i].bytes);
        const int is_real = strncmp(name, "weight/", 7) == 0 || strncmp(name, "slot.", 5) == 0;
        if (strncmp(name, "run.", 4) == 0) continue;
        if (units > 0 && !is_real) continue;
        if (units == 0 && memcmp(x->field[i].data, y->field[i].data, bytes) != 0)
            fail_msg("%s: %s has other bits than with vectors", text(a), name);
        for (size_t k = 0; units > 0 && k < bytes / tw_type_size(a->type); k++) {
            const double one = number(a->type, x->field[i].data, k),
                         two = number(a->type, y->field[i].data, k);
            if (!(fabs(one - two) <= units * (a->type == TW_F32 ? 0x1p-23 : 0x1p-52) * fmax(1, fabs(one))))
                fail_msg("%s: %s, element %zu: %.17g with vectors, %.17g with lists", text(a), name, k, one,
                         two);
        }
    }
    const double *one = ls_find(x, "run.sums"), *two = ls_find(y, "run.sums");
    for (int i = 0; i < 3; i++)
        if (!(fabs(one[i] - two[i]) <= (units > 0 ? 1e-3 * fabs(one[i]) : 0)))
            fail_msg("%s: sum %d of the epoch is %.17g with vectors, %.17g with lists", text(a), i, one[i],
                     two[i]);
    ls_forget(x);
    ls_forget(y);
}

static void same_as_vectors(plan a, int threads, double units)
{
    plan b = a;
    b.threads = 1;
    b.lists = b.moved = 0;
    a.threads = threads;
    a.lists = 1;
    ls_state x = go(&b), y = go(&a);
    compare(&a, &x, &y, units);
}

/* ---- lists in the tree --------------------------------------------------------------------------------- */

/* Lists at every node, at some, and at none; with -0, and numbers too small to be normal. */
static void the_tree_of_lists_has_the_bits_of_vectors(void **state)
{
    (void)state;
    const uint64_t batches[] = {1, 7, 8, 9, 20, 32, 64, 100, 600, ROWS};
    const int columns[] = {12, 100, 3000, MOST_COLUMNS};
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 10; k++)
            for (int threads = 1; threads <= 3; threads++)
                for (int type = TW_F32; type <= TW_F64; type++)
                    same_as_vectors((plan){.rule = threads == 2 ? "sgd:momentum=0.9" : "sgd:lr=0.5",
                                           .type = (tw_type)type,
                                           .columns = columns[i],
                                           .batch = batches[k],
                                           .zero = threads == 1 ? 0 : -0.0,
                                           .tiny = type == TW_F32 ? 1e-39 : 1e-309,
                                           .steps = 6},
                                    threads, 0);
}

static void every_estimator_works_on_lists(void **state)
{
    (void)state;
    const uint64_t batches[] = {20, 7, 33, 12, 16, 300};
    for (int k = 0; k < N_SPECS; k++)
        for (int i = 0; i < 6; i++)
            same_as_vectors((plan){.rule = "sgd:lr=0.1",
                                   .estimator = all_specs[k],
                                   .type = i == 2 ? TW_F64 : TW_F32,
                                   .columns = i == 3 ? 1200 : 3000, /* 8 rows too many for a list, 4 not */
                                   .batch = takes_batch(all_specs[k]) ? batches[i] : 0,
                                   .tiny = 1e-39,
                                   .steps = 24},
                            1 + i % 3, 0);
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

/* ---- stepping lists ------------------------------------------------------------------------------------ */

static plan of_rule(const char *rule, enum tw_run_sparse sparse, tw_type type)
{
    tw_choice c;
    assert_int_equal(tw_rule_read(&c, rule, NULL, NULL), TW_OK);
    const int full = (c.rule->traits(c.values) & TW_FULL_BATCH) != 0;
    return (plan){.rule = rule,
                  .estimator = full ? "full" : "minibatch",
                  .type = type,
                  .columns = full ? MOST_COLUMNS : 3000,
                  .batch = full ? 0 : 7,
                  .sparse = sparse,
                  .steps = full ? 5 : 40};
}

/* Free, replayed, or a step of every weight. */
static void every_rule_has_the_bits_of_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; tw_rule_at(i); i++)
        for (int type = TW_F32; type <= TW_F64; type++) {
            const char *rule = tw_rule_at(i)->name;
            same_as_vectors(of_rule(rule, TW_RUN_SPARSE_EXACT, (tw_type)type), 1 + (int)i % 3, 0);
            same_as_vectors(of_rule(rule, TW_RUN_SPARSE_REPLAY, (tw_type)type), 1 + (int)i % 3, 0);
            same_as_vectors(of_rule(rule, TW_RUN_SPARSE_DENSE, (tw_type)type), 1 + (int)i % 3, 0);
        }
}

static void closed_forms_are_equal_up_to_rounding(void **state)
{
    (void)state;
    for (size_t i = 0; tw_rule_at(i); i++)
        for (int type = TW_F32; type <= TW_F64; type++)
            same_as_vectors(of_rule(tw_rule_at(i)->name, TW_RUN_SPARSE_SKIP, (tw_type)type), 1 + (int)i % 3,
                            500);
    static const char *const more[] = {"sgd:momentum=0.9,weight_decay=0.01",
                                       "sgd:weight_decay=0.1,wd_mode=lr", "nag:weight_decay=0.1"};
    for (int i = 0; i < 3; i++) same_as_vectors(of_rule(more[i], TW_RUN_SPARSE_SKIP, TW_F64), 2, 60);
}

/* Transforms, schedules, groups, controls, accumulation, targets: whatever does not leave weights alone. */
static void whatever_else_is_chosen(void **state)
{
    (void)state;
    const plan plans[] = {
        {.rule = "clip_global_norm:max=0.01+adam", .batch = 20},
        {.rule = "noise:eta=0.1+sgd", .batch = 20},
        {.rule = "adam+ema:decay=0.9", .batch = 20},
        {.rule = "sgd+lookahead:k=3", .batch = 8},
        {.rule = "nag:momentum=0.8,weight_decay=0.1", .batch = 8},
        {.rule = "sgd:lr=0.1", .schedule = "cosine", .batch = 8, .groups = "bias:lr_mult=3"},
        {.rule = "adagrad", .batch = 8, .groups = "bias:freeze=1"},
        {.rule = "momentum",
         .schedule = "momentum=step:step_size=9,gamma=0.5",
         .batch = 8,
         .groups = "w:freeze=1"},
        {.rule = "adagrad:lr=0.1", .batch = 5, .accumulate = 4},
        {.rule = "adam", .batch = 20, .control = "plateau:factor=0.5,patience=0"},
        {.rule = "sgd:lr=1", .batch = 20, .control = "armijo"},
        {.rule = "momentum:lr=0.5", .batch = 20, .control = "plateau:factor=0.5,patience=0"},
        {.rule = "momentum:lr=0.5", .batch = 20, .target = "val_loss=0.6", .eval_every = 4},
    };
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++)
        for (int mode = TW_RUN_SPARSE_EXACT; mode <= TW_RUN_SPARSE_DENSE; mode++) {
            plan a = plans[i];
            if (mode == TW_RUN_SPARSE_TOUCHED) continue;
            a.type = i % 2 ? TW_F32 : TW_F64;
            a.columns = 6000;
            a.sparse = (enum tw_run_sparse)mode;
            a.steps = 80;
            same_as_vectors(a, 2, mode == TW_RUN_SPARSE_SKIP ? 300 : 0);
        }
}

/* A state that has gone through another run, in the middle of an epoch, changes no bit: where weights are
 * left out in closed form, beside a run that is saved there. */
static void stopped_and_continued(void **state)
{
    (void)state;
    static const char *const rules[] = {"sgd", "adagrad", "momentum", "adam", "ftrl"};
    for (int i = 0; i < 5; i++)
        for (int mode = TW_RUN_SPARSE_EXACT; mode <= TW_RUN_SPARSE_TOUCHED; mode++) {
            plan a = of_rule(rules[i], (enum tw_run_sparse)mode, TW_F32), b = a;
            a.moved = b.saved = 23;
            a.lists = b.lists = 1;
            a.threads = 3;
            b.threads = 1;
            if (mode != TW_RUN_SPARSE_SKIP) b.saved = 0;
            ls_state x = go(&b), y = go(&a);
            compare(&a, &x, &y, 0);
        }
}

/* An evaluation brings all weights up to date; without one the epoch's end does. */
static void an_evaluation_changes_no_bit(void **state)
{
    (void)state;
    plan a = of_rule("momentum", TW_RUN_SPARSE_SKIP, TW_F32), b;
    a.threads = a.lists = 1;
    a.batch = 70;
    a.columns = MOST_COLUMNS;
    b = a;
    b.no_check = 1;
    ls_state x = go(&a), y = go(&b);
    compare(&a, &x, &y, 0);
}

/* Rows whose gradient is not finite are left out, or count as 0, as with vectors. */
static void gradients_that_are_not_finite(void **state)
{
    (void)state;
    for (int policy = TW_NONFINITE_SKIP; policy <= TW_NONFINITE_ZERO; policy++)
        for (uint64_t batch = 1; batch <= 40; batch += 13)
            same_as_vectors((plan){.rule = "sgd:lr=0.1",
                                   .type = TW_F32,
                                   .columns = 12000,
                                   .batch = batch,
                                   .bad_row = 77,
                                   .nonfinite = (enum tw_nonfinite)policy,
                                   .steps = (int)(ROWS / batch)},
                            2, 0);
}

/* A mean over no weight is not finite, though the list is empty. */
static void rows_without_weight(void **state)
{
    (void)state;
    for (int lists = 0; lists < 2; lists++) {
        sparse_rows p = {.rows = ROWS, .columns = 3000, .bad_row = -1, .wrong = 4};
        const plan a = {.rule = "sgd", .type = TW_F64, .columns = 3000, .batch = 8, .lists = lists};
        tw_context *ctx = context(1, TW_ISA_DETECT);
        tw_objective f = sr_objective(&p, TW_F64, lists);
        void *w = start(&a);
        int status;
        tw_run *run = make_run(&a, ctx, &f, w);
        assert_int_equal(tw_run_step(run, &status, NULL), TW_ERR_NOT_FINITE);
        tw_run_free(run);
        tw_context_free(ctx);
        sr_free(&p);
        free(w);
    }
}

static void the_first_that_is_not_finite_is_named(void **state)
{
    (void)state;
    tw_error found[2] = {{0}, {0}};
    for (int lists = 0; lists < 2; lists++) {
        sparse_rows p = {.rows = ROWS, .columns = 3000, .bad_row = 77};
        const plan a = {.rule = "sgd", .type = TW_F64, .columns = 3000, .batch = 8, .lists = lists};
        tw_context *ctx = context(1, TW_ISA_DETECT);
        tw_objective f = sr_objective(&p, TW_F64, lists);
        void *w = start(&a);
        tw_run *run = make_run(&a, ctx, &f, w);
        tw_status s = TW_OK;
        for (int status; s == TW_OK;) s = tw_run_step(run, &status, &found[lists]);
        assert_int_equal(s, TW_ERR_NOT_FINITE);
        tw_run_free(run);
        tw_context_free(ctx);
        sr_free(&p);
        free(w);
    }
    assert_string_equal(found[0].message, found[1].message);
    assert_string_equal(found[0].tensor, "w");
    assert_int_equal(found[0].index, found[1].index);
}

/* Momentum carries on what is not touched, unless it is left alone. */
static void touched_leaves_alone_what_it_does_not_touch(void **state)
{
    (void)state;
    const uint64_t order[] = {3, 5};
    for (int mode = TW_RUN_SPARSE_EXACT; mode <= TW_RUN_SPARSE_TOUCHED; mode++) {
        sparse_rows p = {.rows = ROWS, .columns = 6000, .bad_row = -1};
        const plan a = {.type = TW_F64, .columns = 6000};
        tw_context *ctx = context(1, TW_ISA_DETECT);
        tw_objective f = sr_objective(&p, TW_F64, 1);
        double *w = start(&a), before[SR_EACH];
        const void *reported;
        tw_run_options o = options("momentum:lr=0.1", "minibatch", 1);
        o.sparse = (enum tw_run_sparse)mode;
        o.order = order;
        o.n_order = 2;
        tw_run *run = make(ctx, &f, w, &o);
        steps(run, 1);
        for (int k = 0; k < SR_EACH; k++) before[k] = w[sr_column(&p, 3, k)];
        steps(run, 1);
        assert_int_equal(tw_run_weights(run, &reported, NULL), TW_OK);
        for (int k = 0; k < SR_EACH; k++) {
            const double now = ((const double *)reported)[sr_column(&p, 3, k)];
            assert_true(sr_column(&p, 3, k) != sr_column(&p, 5, k));
            assert_true((now == before[k]) == (mode == TW_RUN_SPARSE_TOUCHED));
        }
        tw_run_free(run);
        tw_context_free(ctx);
        sr_free(&p);
        free(w);
    }
}

/* However many weights a batch touches: decay does not move the others. */
static void touched_does_so_in_dense_batches(void **state)
{
    (void)state;
    enum { BATCH = 150, COLUMNS = 3000 };
    sparse_rows p = {.rows = ROWS, .columns = COLUMNS, .bad_row = -1};
    plan a = {.rule = "sgd:weight_decay=0.1", .type = TW_F64, .columns = COLUMNS, .batch = BATCH, .lists = 1};
    uint64_t order[BATCH];
    static uint32_t touched[BATCH * (SR_EACH + 1)];
    for (uint64_t i = 0; i < BATCH; i++) order[i] = i;
    tw_context *ctx = context(2, TW_ISA_DETECT);
    tw_objective f = sr_objective(&p, TW_F64, 1);
    double *before = start(&a), *w = start(&a);
    tw_run_options o = options_of(&a);
    o.sparse = TW_RUN_SPARSE_TOUCHED;
    o.order = order;
    o.n_order = BATCH;
    tw_run *run = make(ctx, &f, w, &o);
    steps(run, 2);
    const size_t n = sr_sort(touched, sr_touched(&p, order, BATCH, touched));
    assert_true(n > COLUMNS / 8);
    for (size_t i = 0, at = 0; i < sr_size(&p); i++) {
        const int is_touched = at < n && touched[at] == i;
        assert_true((w[i] != before[i]) == is_touched);
        at += (size_t)is_touched;
    }
    tw_run_free(run);
    tw_context_free(ctx);
    sr_free(&p);
    free(before);
    free(w);
}

/* ---- what cannot be ------------------------------------------------------------------------------------ */

static void keep_log(void *user, int level, const char *text)
{
    if (level == TW_LOG_INFO) snprintf(user, 512, "%s", text);
}

/* The reason is given, once: as a message, or as an error where the bits would be others. */
static void why_every_weight_is_stepped(void **state)
{
    (void)state;
    const struct {
        const char *rule, *estimator, *control;
        enum tw_nonfinite nonfinite;
        enum tw_run_sparse sparse;
        const char *why; /* NULL: lists are stepped */
    } cases[] = {
        {"sgd", NULL, NULL, 0, TW_RUN_SPARSE_EXACT, NULL},
        {"adagrad", NULL, NULL, 0, TW_RUN_SPARSE_TOUCHED, NULL},
        {"momentum", NULL, NULL, 0, TW_RUN_SPARSE_EXACT, "in closed form (sparse = skip)"},
        {"momentum", NULL, NULL, 0, TW_RUN_SPARSE_SKIP, NULL},
        {"adam", NULL, NULL, 0, TW_RUN_SPARSE_EXACT, "is not known in closed form"},
        {"adam", NULL, NULL, 0, TW_RUN_SPARSE_REPLAY, NULL},
        {"adam", NULL, NULL, 0, TW_RUN_SPARSE_TOUCHED, NULL},
        {"adam", NULL, NULL, 0, TW_RUN_SPARSE_DENSE, NULL},
        {"adam+ema", NULL, NULL, 0, TW_RUN_SPARSE_REPLAY, "a transform looks at every element"},
        {"lamb", NULL, NULL, 0, TW_RUN_SPARSE_TOUCHED, "it looks at whole tensors"},
        {"sgld", NULL, NULL, 0, TW_RUN_SPARSE_EXACT, "its noise moves every element"},
        {"sgd", "svrg", NULL, 0, TW_RUN_SPARSE_EXACT, "the estimator svrg makes whole gradients"},
        {"sgd", "sam", NULL, 0, TW_RUN_SPARSE_TOUCHED, "the estimator sam makes whole gradients"},
        {"sgd", NULL, "armijo", 0, TW_RUN_SPARSE_SKIP, "a control looks at whole gradients"},
        {"sgd", NULL, NULL, TW_NONFINITE_SKIP, TW_RUN_SPARSE_EXACT, "no other nonfinite policy than error"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sparse_rows p = {.rows = ROWS, .columns = 3000, .bad_row = -1};
        char said[512] = "";
        static double w[3001];
        tw_context *ctx;
        tw_context_options c = TW_CONTEXT_OPTIONS_INIT;
        c.threads = 1;
        c.log = keep_log;
        c.user = said;
        assert_int_equal(tw_context_create(&ctx, &c, NULL), TW_OK);
        tw_objective f = sr_objective(&p, TW_F64, 1);
        tw_run_options o = options(cases[i].rule, cases[i].estimator, 8);
        o.control = cases[i].control;
        o.nonfinite = cases[i].nonfinite;
        o.sparse = cases[i].sparse;
        tw_run *run;
        tw_error err = {0};
        const int refused = cases[i].why && cases[i].sparse == TW_RUN_SPARSE_TOUCHED;
        assert_int_equal(tw_run_create(&run, ctx, &f, NULL, w, &o, &err), refused ? TW_ERR_SPEC : TW_OK);
        if (refused) assert_non_null(strstr(err.message, "sparse = touched cannot be used: "));
        else if (cases[i].why) assert_non_null(strstr(said, "every weight is stepped: "));
        else assert_string_equal(said, "");
        if (cases[i].why && !strstr(refused ? err.message : said, cases[i].why))
            fail_msg("%s: \"%s\" and \"%s\" do not say: %s", cases[i].rule, said, err.message, cases[i].why);
        tw_run_free(run);
        tw_context_free(ctx);
        sr_free(&p);
    }
}

static void options_without_effect_are_refused(void **state)
{
    (void)state;
    for (int mode = TW_RUN_SPARSE_EXACT; mode <= TW_RUN_SPARSE_DEGREE + 1; mode++)
        for (int lists = 0; lists < 2; lists++) {
            sparse_rows p = {.rows = ROWS, .columns = 3000, .bad_row = -1};
            static double w[3001];
            tw_context *ctx = context(1, TW_ISA_DETECT);
            tw_objective f = sr_objective(&p, TW_F64, lists);
            tw_run_options o = options("sgd", "minibatch", 8);
            tw_run *run;
            tw_error err;
            o.sparse = (enum tw_run_sparse)mode;
            const int fits = mode == TW_RUN_SPARSE_EXACT || (lists && mode <= TW_RUN_SPARSE_DENSE);
            assert_int_equal(tw_run_create(&run, ctx, &f, NULL, w, &o, &err), fits ? TW_OK : TW_ERR_SPEC);
            if (!fits) assert_non_null(strstr(err.message, "sparse"));
            tw_run_free(run);
            tw_context_free(ctx);
            sr_free(&p);
        }
}

/* ---- memory -------------------------------------------------------------------------------------------- */

static tw_status go_faulty(tw_context *ctx, const char *rule, enum tw_run_sparse sparse, uint64_t batch)
{
    sparse_rows p = {.rows = ROWS, .columns = 6000, .bad_row = -1};
    tw_objective f = sr_objective(&p, TW_F32, 1);
    tw_run_options o = options(rule, "minibatch", batch);
    float *w = calloc(6001, sizeof *w);
    tw_run *run;
    int status;
    o.sparse = sparse;
    tw_status s = tw_run_create(&run, ctx, &f, NULL, w, &o, NULL);
    for (int i = 0; s == TW_OK && i < 5; i++) s = tw_run_step(run, &status, NULL);
    tw_run_free(run);
    sr_free(&p);
    free(w);
    return s;
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    const struct {
        const char *rule;
        enum tw_run_sparse sparse;
        uint64_t batch;
    } cases[] = {{"sgd", TW_RUN_SPARSE_EXACT, 8},      {"sgd", TW_RUN_SPARSE_EXACT, 40},
                 {"adam", TW_RUN_SPARSE_EXACT, 20},    {"adam", TW_RUN_SPARSE_REPLAY, 20},
                 {"momentum", TW_RUN_SPARSE_SKIP, 20}, {"adam", TW_RUN_SPARSE_TOUCHED, 100}};
    for (int i = 0; i < 6; i++)
        for (fault_walk k = {.what = cases[i].rule, .least = 10}; fault_walk_next(&k);) {
            fault_walk_arm(&k);
            fault_walk_end(&k, go_faulty(k.ctx, cases[i].rule, cases[i].sparse, cases[i].batch));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tree_of_lists_has_the_bits_of_vectors),
        cmocka_unit_test(every_estimator_works_on_lists),
        cmocka_unit_test(wrong_lists_are_refused),
        cmocka_unit_test(every_rule_has_the_bits_of_vectors),
        cmocka_unit_test(closed_forms_are_equal_up_to_rounding),
        cmocka_unit_test(whatever_else_is_chosen),
        cmocka_unit_test(stopped_and_continued),
        cmocka_unit_test(an_evaluation_changes_no_bit),
        cmocka_unit_test(gradients_that_are_not_finite),
        cmocka_unit_test(rows_without_weight),
        cmocka_unit_test(the_first_that_is_not_finite_is_named),
        cmocka_unit_test(touched_leaves_alone_what_it_does_not_touch),
        cmocka_unit_test(touched_does_so_in_dense_batches),
        cmocka_unit_test(why_every_weight_is_stepped),
        cmocka_unit_test(options_without_effect_are_refused),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
