/* Controls step by step: plateau and early_stop against tables worked out by hand; what controls refuse;
 * resume and threads; and what the loop does with losses that are not finite.
 * SPDX-License-Identifier: MIT */
#include "control_runs.h"

/* ---- metrics from a table ------------------------------------------------------------------------------ */

struct table {
    const double *loss, *correct;
};

/* Without rows an epoch is one step; its loss stands in the table. */
static int look_up(void *user, const tw_eval *e)
{
    const struct table *t = user;
    *e->sums =
        (tw_sums){t->loss ? t->loss[e->draw->epoch] : 0, 1, t->correct ? t->correct[e->draw->epoch] : 0};
    if (e->want & TW_WANT_GRADIENT) *(double *)e->gradient = 0.125;
    return 0;
}

static tw_objective looked_up(struct table *t)
{
    return (tw_objective){.size = sizeof(tw_objective),
                          .type = TW_F64,
                          .tensors = &weight,
                          .n_tensors = 1,
                          .counts_correct = t->correct != NULL,
                          .lanes = 1,
                          .user = t,
                          .eval = look_up};
}

enum { MOST_EPOCHS = 12 };
static const struct {
    const char *control;
    double loss[MOST_EPOCHS], correct[MOST_EPOCHS];
    int n;
    double lr[MOST_EPOCHS];
} by_hand[] = {
    /* bad 0 1 2!, two epochs of rest, 0.9 is no improvement on 1 by a tenth, 0.89 is; 0.5; bad 1 2! */
    {"plateau:patience=1,factor=0.5,threshold=0.1,cooldown=2",
     {1, 0.95, 0.92, 0.91, 0.9, 0.89, 0.5, 0.49, 0.48, 0.47},
     {0},
     10,
     {1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25}},
    /* bad 1!, rest 1, rest 0 counts: bad 1!, rest 1, better, better, bad 1!, rest 1, bad 1! */
    {"plateau@keras:patience=1,factor=0.5,threshold=0.1,cooldown=2",
     {1, 0.95, 0.92, 0.91, 0.9, 0.89, 0.5, 0.49, 0.48, 0.47, 0.46},
     {0},
     11,
     {1, 1, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.125, 0.125, 0.0625}},
    /* without a threshold each smaller value is better; equal is not */
    {"plateau:patience=1,threshold=0",
     {1, 0.99, 0.99, 0.98, 0.98, 0.98, 0.98},
     {0},
     7,
     {1, 1, 1, 1, 1, 1, 0.1}},
    {"plateau:patience=0,factor=0.5,threshold=0.05,threshold_mode=abs,metric=accuracy,least=0.3",
     {0},
     {0.5, 0.54, 0.56, 0.6, 0.59, 0.7, 0.76, 0.7},
     8,
     {1, 1, 0.5, 0.5, 0.3, 0.3, 0.3, 0.3}},
    /* an accuracy must rise by a tenth of the best */
    {"plateau:patience=0,factor=0.5,threshold=0.1,metric=accuracy",
     {0},
     {0.5, 0.54, 0.56, 0.61, 0.7},
     5,
     {1, 1, 0.5, 0.5, 0.25}},
    /* two of them multiply */
    {"plateau:patience=0,factor=0.5,threshold=0 plateau:patience=1,factor=0.25,threshold=0",
     {1, 1, 1, 1, 1},
     {0},
     5,
     {1, 1, 0.5, 0.0625, 0.03125}},
};

static void plateau_lowers_when_it_should(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    for (size_t k = 0; k < sizeof by_hand / sizeof by_hand[0]; k++) {
        struct table t = {by_hand[k].loss,
                          strstr(by_hand[k].control, "accuracy") ? by_hand[k].correct : NULL};
        const tw_objective f = looked_up(&t);
        double w = 0;
        tw_run_options o = TW_RUN_OPTIONS_INIT;
        o.optimizer = "sgd:lr=1";
        o.control = by_hand[k].control;
        o.epochs = (uint64_t)by_hand[k].n;
        tw_run *run = new_run(ctx, &f, &w, &o);
        assert_int_equal(go_on(run), TW_RUN_FINISHED);
        size_t n;
        const tw_epoch *line = tw_run_history(run, &n);
        assert_int_equal(n, by_hand[k].n);
        double moved = 0;
        for (size_t i = 0; i < n; i++) {
            if (line[i].lr != by_hand[k].lr[i])
                fail_msg("%s: lr in epoch %zu is %g, not %g", o.control, i + 1, line[i].lr, by_hand[k].lr[i]);
            moved += by_hand[k].lr[i] * 0.125;
        }
        if (!(fabs(w + moved) < 1e-12))
            fail_msg("%s: the steps do not follow the rate: %g, not %g", o.control, w, -moved);
        tw_run_free(run);
    }
    tw_context_free(ctx);
}

static void early_stop_stops_when_it_should(void **state)
{
    (void)state;
    static const struct {
        const char *control;
        double loss[MOST_EPOCHS], correct[MOST_EPOCHS];
        size_t n;
        int status;
    } cases[] = {
        {"early_stop:patience=2", {1, 0.9, 0.9, 0.8, 0.8, 0.8, 0.1}, {0}, 6, TW_RUN_EARLY_STOP},
        {"early_stop:patience=2,threshold=0.1", {1, 0.95, 0.85, 0.8, 0.79, 0.1}, {0}, 5, TW_RUN_EARLY_STOP},
        {"early_stop:patience=1,threshold=0.5,threshold_mode=rel",
         {1, 0.4, 0.3, 0.1},
         {0},
         3,
         TW_RUN_EARLY_STOP},
        {"early_stop:metric=accuracy,patience=1", {0}, {0.1, 0.2, 0.2, 0.9}, 3, TW_RUN_EARLY_STOP},
        /* at the end it is finished anyway */
        {"early_stop:patience=2", {1, 2, 0.9, 2, 0.8, 2, 0.7, 2, 0.6, 0.5, 2, 2}, {0}, 12, TW_RUN_FINISHED},
    };
    tw_context *ctx = context(1);
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        struct table t = {cases[k].loss, strstr(cases[k].control, "accuracy") ? cases[k].correct : NULL};
        const tw_objective f = looked_up(&t);
        double w = 0;
        size_t n;
        int status;
        tw_run_options o = TW_RUN_OPTIONS_INIT;
        o.optimizer = "sgd";
        o.control = cases[k].control;
        o.epochs = MOST_EPOCHS;
        tw_run *run = new_run(ctx, &f, &w, &o);
        assert_string_equal(tw_run_control(run), o.control);
        assert_string_equal(tw_run_status_name(go_on(run)), tw_run_status_name(cases[k].status));
        tw_run_history(run, &n);
        assert_int_equal(n, cases[k].n);
        assert_int_equal(tw_run_step(run, &status, NULL), TW_ERR_STATE);
        assert_true(tw_run_is_over(status));
        tw_run_free(run);
    }
    tw_context_free(ctx);
}

/* ---- what is refused ----------------------------------------------------------------------------------- */

static void senseless_controls_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *control, *optimizer, *estimator, *schedule, *groups;
        enum tw_nonfinite nonfinite;
        const char *why;
    } cases[] = {
        {"armijo", "adam", NULL, NULL, NULL, 0, "with adam the step is not along it"},
        {"armijo", "sgd:momentum=0.9", NULL, NULL, NULL, 0, "with sgd:momentum=0.9 the step"},
        {"armijo", "sgd:weight_decay=0.1", NULL, NULL, NULL, 0, "weight_decay=0.1 the step"},
        {"armijo", "sgd:maximize=1", NULL, NULL, NULL, 0, "maximize=1 the step"},
        {"armijo", "clip_norm+sgd", NULL, NULL, NULL, 0, "clip_norm+sgd the step"},
        {"armijo", "sgd+ema", NULL, NULL, NULL, 0, "sgd+ema the step"},
        {"armijo", "sgd", "saga", NULL, NULL, 0, "estimator saga makes a direction of its own"},
        {"armijo", "sgd", "sam", NULL, NULL, 0, "estimator sam makes"},
        {"armijo", "sgd", NULL, NULL, "w:lr_mult=2", 0, "parameter groups"},
        {"armijo", "sgd", NULL, NULL, NULL, TW_NONFINITE_ZERO, "nonfinite = zero"},
        {"armijo armijo:c=0.1", "sgd", NULL, NULL, NULL, 0, "only one control"},
        {"plateau:patience=1 plateau:patience=1", "sgd", NULL, NULL, NULL, 0, "listed twice"},
        {"plateau:patience=3", "sgd", NULL, NULL, NULL, 0, "cannot act within 5 epochs"},
        {"plateau@keras:patience=4", "sgd", NULL, NULL, NULL, 0, "cannot act within 5 epochs"},
        {"early_stop:patience=4", "sgd", NULL, NULL, NULL, 0, "cannot act within 5 epochs"},
        {"early_stop:patience=2,metric=val_loss", "sgd", NULL, NULL, NULL, 0, "needs validation data"},
        {"early_stop:patience=2,metric=accuracy", "sgd", NULL, NULL, NULL, 0, "counts no correct rows"},
        {"plateau:patience=1,threshold=0,threshold_mode=rel", "sgd", NULL, NULL, NULL, 0,
         "threshold_mode has no effect: threshold is 0"},
        {"plateau:factor=1", "sgd", NULL, NULL, NULL, 0, "factor = 1 is outside (0, 1)"},
        {"plateu", "sgd", NULL, NULL, NULL, 0, "did you mean \"plateau\"?"},
        {"plateau:patiense=3", "sgd", NULL, NULL, NULL, 0, "did you mean \"patience\"?"},
        {"plateau@kears", "sgd", NULL, NULL, NULL, 0, "did you mean \"keras\"?"},
        {"armijo@torch", "sgd", NULL, NULL, NULL, 0, "has no dialect \"torch\""},
    };
    tw_context *ctx = context(1);
    least_squares p = {.rows = 40, .columns = 3, .bad_row = -1};
    const tw_objective f = ls_objective(&p, TW_F64);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_run *run;
        tw_error err;
        double w[3] = {0};
        tw_run_options o = TW_RUN_OPTIONS_INIT;
        o.control = cases[i].control;
        o.optimizer = cases[i].optimizer;
        o.estimator = cases[i].estimator;
        o.schedule = cases[i].schedule;
        o.groups = cases[i].groups;
        o.nonfinite = cases[i].nonfinite;
        if (tw_run_create(&run, ctx, &f, NULL, w, &o, &err) != TW_ERR_SPEC ||
            !strstr(err.message, cases[i].why))
            fail_msg("%s with %s: \"%s\" instead of \"...%s...\"", o.control, o.optimizer,
                     run ? "no error" : err.message, cases[i].why);
    }
    tw_context_free(ctx);
}

#define TW__CONTROL(name) +1
enum {
    LISTED = 0
#include "train/controls/list.h"
};

static void specs_are_canonical(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"plateau:patience=10,factor=0.50", "plateau:factor=0.5"},
                                           {"plateau@keras:min_delta=0.01,threshold_mode=abs",
                                            "plateau@keras:threshold=0.01"},
                                           {"early_stop:monitor=val_loss", "early_stop:metric=val_loss"},
                                           {"armijo:c=1e-4", "armijo"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        tw_control_choice c, again;
        assert_int_equal(tw_control_read(&c, pairs[i][0], NULL), TW_OK);
        assert_string_equal(c.spec, pairs[i][1]);
        assert_int_equal(tw_control_read(&again, c.spec, NULL), TW_OK);
        assert_string_equal(again.spec, c.spec);
    }
    const tw_control *c;
    size_t n = 0;
    for (; (c = tw_control_at(n)) != NULL; n++) {
        assert_ptr_equal(tw_control_find(c->name), c);
        assert_true(c->size == sizeof *c && *c->help && *c->paper && *c->use && *c->equation &&
                    c->n_options <= TW_OPTIONS_MAX);
    }
    assert_int_equal(n, LISTED);
}

/* ---- resume, threads, memory --------------------------------------------------------------------------- */

static const struct {
    const char *optimizer, *control;
    enum tw_nonfinite nonfinite;
    int bad_row;
} kinds[] = {
    {"sgd:lr=40", "armijo", TW_NONFINITE_ERROR, -1},
    {"sgd:lr=40", "armijo plateau:patience=0,threshold=0.3,factor=0.5", TW_NONFINITE_ERROR, -1},
    {"adam:lr=0.3", "plateau:patience=0,threshold=0.2,cooldown=1 early_stop:patience=2,threshold=0.02",
     TW_NONFINITE_ERROR, -1},
    {"momentum:lr=0.05", NULL, TW_NONFINITE_SKIP, 4},
};
enum { COLUMNS = 5, KINDS = sizeof kinds / sizeof kinds[0] };

/* The k-th control of the list that is in none of the kinds; NULL: there is none. */
static const char *other_control(size_t k)
{
    for (size_t i = 0; tw_control_at(i); i++) {
        int known = 0;
        for (size_t j = 0; j < KINDS; j++)
            known |= kinds[j].control && strstr(kinds[j].control, tw_control_at(i)->name);
        if (!known && k-- == 0) return tw_control_at(i)->name;
    }
    return NULL;
}
static const char *control_of(size_t kind)
{
    return kind < KINDS ? kinds[kind].control : other_control(kind - KINDS);
}

/* A run that is saved and taken up again after `stop` steps (0: never). *steps, if not 0, are how many there
 * were. */
static int whole_run(size_t kind, int threads, int stop, double w[COLUMNS], double lr[8], uint64_t *steps)
{
    tw_context *ctx = context(threads);
    least_squares p = {.rows = 30,
                       .columns = COLUMNS,
                       .uneven = 1,
                       .penalty = 0.05,
                       .bad_row = kind < KINDS ? kinds[kind].bad_row : -1};
    const tw_objective f = ls_objective(&p, TW_F64);
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    size_t n;
    int status = TW_RUN_GOING;
    o.optimizer = kind < KINDS ? kinds[kind].optimizer : "sgd:lr=0.05";
    o.control = control_of(kind);
    if (kind < KINDS) o.nonfinite = kinds[kind].nonfinite;
    o.batch = 8;
    o.epochs = 8;
    memset(w, 0, COLUMNS * sizeof *w);
    tw_run *run = new_run(ctx, &f, w, &o);
    for (int i = 0; i < stop; i++) assert_int_equal(tw_run_step(run, &status, NULL), TW_OK);
    if (stop) {
        ls_state saved;
        assert_int_equal(ls_save(&saved, run), TW_OK);
        tw_run_free(run);
        for (int i = 0; i < COLUMNS; i++) w[i] = 99;
        run = new_run(ctx, &f, w, &o);
        if (ls_load(&saved, run) != TW_OK) fail_msg("%s: not loaded after step %d", o.control, stop);
        ls_forget(&saved);
    }
    status = tw_run_is_over(tw_run_status(run)) ? tw_run_status(run) : go_on(run);
    const tw_epoch *line = tw_run_history(run, &n);
    for (size_t i = 0; i < 8; i++) lr[i] = i < n ? line[i].lr + line[i].loss : 0;
    *steps = tw_run_steps(run);
    tw_run_free(run);
    tw_context_free(ctx);
    return status;
}

static void resuming_and_threads_change_nothing(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS || control_of(k); k++) {
        double w[COLUMNS], again[COLUMNS], lr[8], lr_again[8];
        uint64_t steps, steps_again;
        const int status = whole_run(k, 1, 0, w, lr, &steps);
        if (k == 2) assert_int_equal(status, TW_RUN_EARLY_STOP);
        assert_int_equal(status, whole_run(k, 3, 0, again, lr_again, &steps_again));
        assert_memory_equal(w, again, sizeof w);
        for (int stop = 1; stop <= (int)steps; stop++) {
            assert_int_equal(status, whole_run(k, 1 + stop % 2, stop, again, lr_again, &steps_again));
            assert_int_equal(steps, steps_again);
            if (memcmp(w, again, sizeof w) != 0 || memcmp(lr, lr_again, sizeof lr) != 0)
                fail_msg("%s: stopped after %d steps it ends elsewhere",
                         control_of(k) ? control_of(k) : "skip", stop);
        }
    }
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    least_squares p = {.rows = 30, .columns = COLUMNS, .bad_row = -1};
    const tw_objective f = ls_objective(&p, TW_F64);
    for (fault_walk k = {.least = 10}; fault_walk_next(&k);) {
        tw_run *run = NULL;
        double w[COLUMNS] = {0};
        tw_run_options o = TW_RUN_OPTIONS_INIT;
        int status = TW_RUN_GOING;
        o.optimizer = "sgd";
        o.control = "armijo plateau:patience=1";
        fault_walk_arm(&k);
        tw_status s = tw_run_create(&run, k.ctx, &f, NULL, w, &o, NULL);
        while (s == TW_OK && status == TW_RUN_GOING) s = tw_run_step(run, &status, NULL);
        tw_run_free(run);
        fault_walk_end(&k, s);
    }
}

/* ---- non-finite values --------------------------------------------------------------------------------- */

struct seen {
    double loss, update_loss, sum, weight;
    int n;
};

static int look(void *user, const tw_event *e)
{
    struct seen *s = user;
    if (e->kind != TW_EVENT_STEP) return !isnan(e->update_loss);
    s->n++;
    s->loss = e->loss;
    s->update_loss = e->update_loss;
    return 0;
}

static void a_skipped_update_leaves_nothing(void **state)
{
    (void)state;
    tw_context *ctx = context(2);
    least_squares p = {.rows = 30, .columns = COLUMNS, .bad_row = 4};
    const tw_objective f = ls_objective(&p, TW_F64);
    double w[COLUMNS] = {0}, before[COLUMNS], sum = 0;
    struct seen seen = {0};
    int status = TW_RUN_GOING, left_out = 0, counted = 0;
    size_t n;
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    o.optimizer = "adam:lr=0.01";
    o.nonfinite = TW_NONFINITE_SKIP;
    o.batch = 10;
    o.epochs = 2;
    o.event = look;
    o.user = &seen;
    tw_run *run = new_run(ctx, &f, w, &o);
    for (int i = 0; status == TW_RUN_GOING; i++) {
        memcpy(before, w, sizeof w);
        assert_int_equal(tw_run_step(run, &status, NULL), TW_OK);
        if (i % 3 == 0) sum = counted = 0;
        if (isfinite(seen.update_loss)) {
            sum += seen.update_loss;
            counted++;
        } else {
            assert_memory_equal(w, before, sizeof w);
            left_out++;
        }
        if (counted) assert_true(fabs(seen.loss - sum / counted) < 1e-12);
        else assert_true(isnan(seen.loss));
    }
    assert_int_equal(status, TW_RUN_FINISHED);
    assert_int_equal(left_out, 2);
    assert_int_equal(tw_optimizer_skipped(tw_run_optimizer(run)), 2);
    assert_int_equal(tw_optimizer_steps(tw_run_optimizer(run)), 4);
    assert_int_equal(tw_run_steps(run), 6);
    const tw_epoch *line = tw_run_history(run, &n);
    assert_true(n == 2 && isfinite(line[0].loss) && isfinite(line[1].loss));
    tw_run_free(run);
    tw_context_free(ctx);
}

static void an_epoch_of_skipped_updates_ends_the_run(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    least_squares p = {.rows = 30, .columns = COLUMNS, .bad_row = 4};
    const tw_objective f = ls_objective(&p, TW_F64);
    double w[COLUMNS] = {0};
    int status;
    size_t n;
    tw_error err;
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    o.estimator = "full";
    o.nonfinite = TW_NONFINITE_SKIP;
    tw_run *run = new_run(ctx, &f, w, &o);
    assert_int_equal(tw_run_step(run, &status, &err), TW_ERR_NOT_FINITE);
    assert_string_equal(err.message, "loss or gradient was not finite in all 1 updates of epoch 1");
    const tw_epoch *line = tw_run_history(run, &n);
    assert_true(n == 1 && isnan(line[0].loss));
    assert_int_equal(tw_run_step(run, &status, &err), TW_ERR_STATE);
    tw_run_free(run);
    tw_context_free(ctx);
}

/* A loss that is not finite beside a gradient that is. */
static void a_bad_loss_alone(void **state)
{
    (void)state;
    static const double loss[] = {1, NAN, 2, INFINITY};
    for (int policy = TW_NONFINITE_SKIP; policy <= TW_NONFINITE_ZERO; policy++) {
        tw_context *ctx = context(1);
        struct table t = {loss, NULL};
        const tw_objective f = looked_up(&t);
        double w = 0;
        int status;
        size_t n;
        tw_error err;
        tw_run_options o = TW_RUN_OPTIONS_INIT;
        o.optimizer = "sgd:lr=1";
        o.epochs = 4;
        o.nonfinite = (enum tw_nonfinite)policy;
        tw_run *run = new_run(ctx, &f, &w, &o);
        assert_int_equal(tw_run_step(run, &status, &err), TW_OK);
        const tw_status second = tw_run_step(run, &status, &err);
        const tw_epoch *line = tw_run_history(run, &n);
        assert_true(n == 2 && line[0].loss == 1 && isnan(line[1].loss));
        if (policy == TW_NONFINITE_SKIP) {
            assert_int_equal(second, TW_ERR_NOT_FINITE); /* an epoch is one update here */
            assert_true(w == -0.125);
            assert_int_equal(tw_optimizer_skipped(tw_run_optimizer(run)), 1);
        } else {
            assert_int_equal(second, TW_OK);
            assert_true(w == -0.25);
            assert_int_equal(go_on(run), TW_RUN_DIVERGED);
            assert_true(w == -0.5);
        }
        tw_run_free(run);
        tw_context_free(ctx);
    }
}

static void a_run_diverges_by_its_losses(void **state)
{
    (void)state;
    static const struct {
        double loss[6];
        const char *control;
        int status;
        const char *message;
    } cases[] = {
        {{2, 3, 2001}, NULL, TW_RUN_DIVERGED, "the loss rose from 2 to 2001 (step 3) and is 2001 in the end"},
        {{2, 3, 2000}, NULL, TW_RUN_FINISHED, NULL},
        /* it came down again, or not far enough */
        {{2, 1e30, 2}, NULL, TW_RUN_FINISHED, NULL},
        {{2, 1e30, 2.5},
         NULL,
         TW_RUN_DIVERGED,
         "the loss rose from 2 to 1e+30 (step 2) and is 2.5 in the end"},
        /* a first loss near 0, or below, says nothing of the losses' scale */
        {{1e-9, 1, 999}, NULL, TW_RUN_FINISHED, NULL},
        {{-5, -1, 1001},
         NULL,
         TW_RUN_DIVERGED,
         "the loss rose from -5 to 1001 (step 3) and is 1001 in the end"},
        {{-1e9, -1e12, -1}, NULL, TW_RUN_FINISHED, NULL},
        {{2, 5000, 6000},
         "early_stop:patience=1",
         TW_RUN_DIVERGED,
         "the loss rose from 2 to 5000 (step 2) and is 5000 in the end"},
    };
    tw_context *ctx = context(1);
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        struct table t = {cases[k].loss, NULL};
        const tw_objective f = looked_up(&t);
        double w = 0;
        tw_error err = {0};
        tw_run_options o = TW_RUN_OPTIONS_INIT;
        o.optimizer = "sgd:lr=1";
        o.control = cases[k].control;
        o.epochs = 3;
        tw_run *run = new_run(ctx, &f, &w, &o);
        assert_int_equal(tw_run_diverged(run, &err), TW_OK);
        const int ended = go_on(run);
        if (ended != cases[k].status) fail_msg("case %zu: %s", k, tw_run_status_name(ended));
        assert_int_equal(tw_run_diverged(run, &err), cases[k].message ? TW_ERR_NOT_FINITE : TW_OK);
        if (cases[k].message) assert_string_equal(err.message, cases[k].message);
        tw_run_free(run);
    }
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plateau_lowers_when_it_should),
        cmocka_unit_test(early_stop_stops_when_it_should),
        cmocka_unit_test(senseless_controls_are_refused),
        cmocka_unit_test(specs_are_canonical),
        cmocka_unit_test(resuming_and_threads_change_nothing),
        cmocka_unit_test(any_allocation_may_fail),
        cmocka_unit_test(a_skipped_update_leaves_nothing),
        cmocka_unit_test(an_epoch_of_skipped_updates_ends_the_run),
        cmocka_unit_test(a_bad_loss_alone),
        cmocka_unit_test(a_run_diverges_by_its_losses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
