/* tune: every optimiser gets as many rates, in its own range, where the sequence says; the best one is raced,
 * by the measure that is said; and what cannot be tuned is refused.
 * SPDX-License-Identifier: MIT */
#include "race/render.h"
#include "race/run.h"
#include "races.h"
#include <math.h>

#define DIRECTORY TW_BINARY_DIR "/test_race_tune.data"
static const char data[] = DIRECTORY "/small";

static int make_data(void **state)
{
    (void)state;
    mkdir(DIRECTORY, 0777);
    return !small_data(data, 90, 30);
}

static tw__entry entry_for(const char *spec)
{
    tw_race race = {.o.job.run.estimator = NULL};
    tw__entry entry = {.spec = NULL};
    tw_error err = {0};
    if (tw__tune_range(&race, spec, &entry, &err) != TW_OK) fail_msg("%s: %s", spec, err.message);
    return entry;
}

static void rates_are_where_the_sequence_says(void **state)
{
    (void)state;
    /* 1e-4 to 1: at 1/2, 1/4, 3/4, 1/8, 5/8, 3/8, 7/8, 1/16 */
    static const double sgd[] = {0.01, 0.001, 0.1, 0.000316, 0.0316, 0.00316, 0.316, 0.000178};
    const tw__entry entry = entry_for("sgd");
    assert_true(entry.from == 1e-4 && entry.to == 1);
    for (uint64_t k = 0; k < sizeof sgd / sizeof sgd[0]; k++)
        if (tw__tune_rate(&entry, k) != sgd[k])
            fail_msg("rate %d is %g, not %g", (int)k, tw__tune_rate(&entry, k), sgd[k]);
    for (uint64_t k = 0; k < TW__MOST_TRIALS; k++)
        for (uint64_t i = 0; i < k; i++) assert_true(tw__tune_rate(&entry, k) != tw__tune_rate(&entry, i));
}

static void every_rule_has_its_range(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        double from, to;
    } cases[] = {
        {"momentum@torch", 1e-4, 1},
        {"adam@keras", 1e-4, 1},
        {"adamw", 1e-4, 1e-2},
        {"adadelta", 0.1, 10},
        {"prodigy", 0.5, 2},
        {"lion", 1e-4 / 30, 1e-4 * 30},
        {"svrg:m=5", 1e-4, 1},
        {"clip_norm:max=1+adam:beta1=0.8+ema", 1e-4, 1},
        {"muon", 0.02 / 30, 0.02 * 30},
    };
    const tw_rule *rule;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const tw__entry entry = entry_for(cases[i].spec);
        if (entry.from != cases[i].from || entry.to != cases[i].to)
            fail_msg("%s: %g to %g", cases[i].spec, entry.from, entry.to);
    }
    for (size_t i = 0; (rule = tw_rule_at(i)) != NULL; i++) {
        const tw__entry entry = entry_for(rule->name);
        assert_true(entry.from > 0 && entry.from < entry.to);
    }
}

static void the_rate_goes_to_the_rule(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        double lr;
        const char *with_rate;
    } cases[] = {
        {"adam", 0.5, "adam:lr=0.5"},
        {"adam:beta1=0.8", 0.5, "adam:lr=0.5,beta1=0.8"},
        {"clip_norm:max=2+adam+ema:decay=0.9", 0.5, "clip_norm:max=2+adam:lr=0.5+ema:decay=0.9"},
        {"svrg:m=5", 0.5, "svrg:m=5,lr=0.5"},
        {"saga", 0.5, "saga:lr=0.5"},
        {"clip_norm:max=2+sam:momentum=0.9", 0.5, "clip_norm:max=2+sam:lr=0.5,momentum=0.9"},
        /* defaults */
        {"momentum", 0.01, "momentum:lr=0.01"},
        {"clip_norm:max=2+adam:beta1=0.8+ema", 0.001, "clip_norm:max=2+adam:beta1=0.8,lr=0.001+ema"},
        {"svrg:m=5", 0.01, "svrg:m=5,lr=0.01"},
        {"sam", 0.01, "sam:lr=0.01"},
    };
    tw_race race = {.o.job.run.estimator = NULL};
    char text[TW_SPEC_MAX];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw__entry entry = {.spec = (char *)(uintptr_t)cases[i].spec};
        assert_int_equal(tw__tune_spec(&race, &entry, cases[i].lr, text, NULL), TW_OK);
        assert_string_equal(text, cases[i].with_rate);
    }
}

/* ---- the choice ---------------------------------------------------------------------------------------- */

struct trial {
    double lr, val_loss;
    int diverged, reached;
    uint64_t gradients;
};

static void chosen(const struct trial *trials, size_t n, const char *spec)
{
    tw_context *ctx = context(1);
    tw__trial of[4] = {{0}};
    tw_epoch line[4] = {{0}};
    tw__entry entry = {.spec = (char[]){"sgd"}, .trials = of};
    tw_race race = {.ctx = ctx, .o.tune = n, .n_val = 10};
    for (size_t i = 0; i < n; i++) {
        line[i].val_loss = trials[i].val_loss;
        of[i] = (tw__trial){.lr = trials[i].lr,
                            .run = {.diverged = trials[i].diverged,
                                    .reached = trials[i].reached,
                                    .gradients = trials[i].gradients,
                                    .epochs = &line[i],
                                    .n_epochs = 1}};
    }
    assert_int_equal(tw__tune_choose(&race, &entry, NULL), TW_OK);
    assert_string_equal(entry.tuned, spec);
    assert_string_equal(tw__tune_measure(&race), "val_loss");
    for (size_t i = 0; i < n; i++)
        assert_true(trials[i].diverged ? isnan(of[i].value) : of[i].value == trials[i].val_loss);
    tw__free_text(ctx, entry.tuned);
    tw_context_free(ctx);
}

static void the_best_is_raced(void **state)
{
    (void)state;
    chosen((struct trial[]){{0.1, 3, 0, 0, 9}, {0.2, 1, 0, 0, 9}, {0.3, 2, 0, 0, 9}}, 3, "sgd:lr=0.2");
    /* what diverged is worst */
    chosen((struct trial[]){{0.1, 1, 1, 0, 9}, {0.2, 5, 0, 0, 9}, {0.3, 9, 1, 0, 9}}, 3, "sgd:lr=0.2");
    /* no rate worked: the smallest */
    chosen((struct trial[]){{0.4, 1, 1, 0, 9}, {0.2, 1, 1, 0, 9}, {0.3, 1, 1, 0, 9}}, 3, "sgd:lr=0.2");
    /* the target, with the fewest gradients */
    chosen((struct trial[]){{0.1, 1, 0, 0, 9}, {0.2, 5, 0, 1, 9}, {0.3, 4, 0, 1, 8}}, 3, "sgd:lr=0.3");
    /* then the loss */
    chosen((struct trial[]){{0.1, 1, 0, 0, 9}, {0.2, 5, 0, 1, 8}, {0.3, 4, 0, 1, 8}}, 3, "sgd:lr=0.3");
    /* then who was first */
    chosen((struct trial[]){{0.1, 1, 0, 0, 9}, {0.2, 1, 0, 0, 9}}, 2, "sgd:lr=0.1");
}

static void trials_and_runs(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw_race_options o = races_on_data(data, "sgd adam");
    o.tune = 3;
    o.seeds = 2;
    o.job.run.seed = 4;
    tw_race *race = races_run(races_created(ctx, &o));
    tw_race_count count = {.size = sizeof count};
    assert_int_equal(tw_race_counts(race, &count, NULL), TW_OK);
    assert_int_equal(count.runs, 10);
    assert_int_equal(count.raced, 4);
    for (size_t i = 0; i < 2; i++) {
        const tw__entry *r = &race->entries[i];
        assert_int_equal(r->runs[1].seed, 5);
        for (int k = 0; k < 3; k++) {
            assert_int_equal(r->trials[k].run.seed, TW__TUNE_SEED);
            assert_int_equal(r->trials[k].run.gradients, 81); /* a tenth of the 90 rows is held out */
            if (r->trials[k].lr == r->tuned_lr)
                for (int j = 0; j < 3; j++) assert_true(r->trials[k].value <= r->trials[j].value);
        }
    }
    /* What is raced is the tuned optimiser and nothing else. */
    tw_race_options same = races_on_data(data, race->entries[1].tuned);
    same.seeds = 2;
    same.job.run.seed = 4;
    tw_race *alone = races_run(races_created(ctx, &same));
    assert_true(alone->entries[0].runs[1].epochs[0].val_loss == race->entries[1].runs[1].epochs[0].val_loss);
    /* The trials do not depend on the race's seeds, and the first N of N + 1 are the same. */
    o.tune = 4;
    o.job.run.seed = 9;
    tw_race *more = races_run(races_created(ctx, &o));
    for (int k = 0; k < 3; k++) {
        assert_true(more->entries[0].trials[k].lr == race->entries[0].trials[k].lr);
        assert_true(more->entries[0].trials[k].value == race->entries[0].trials[k].value);
    }
    json_t *json = races_json(race);
    const char *spec, *measure;
    double lr, from, value;
    int gradients;
    assert_int_equal(json_unpack(json, "{s:{s:i}, s:[{s:{s:s, s:F, s:F, s:s, s:[{s:F, s:i}]}}]}", "config",
                                 "tune", &gradients, "optimizers", "tuned", "spec", &spec, "lr", &lr, "from",
                                 &from, "measure", &measure, "trials", "value", &value, "gradients",
                                 &gradients),
                     0);
    assert_string_equal(spec, race->entries[0].tuned);
    assert_string_equal(measure, "val_loss");
    assert_true(lr == race->entries[0].tuned_lr && from == 1e-4 &&
                value == race->entries[0].trials[0].value && gradients == 81);
    assert_non_null(strstr(tw_race_table(race), "learning rate: the best of 3\n"));
    json_decref(json);
    tw_race_free(race);
    tw_race_free(alone);
    tw_race_free(more);
    tw_context_free(ctx);
}

static void no_rate_works(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw_race_options o = races_on_surface("expr:\"-exp(x^2 + 1000)\",x=0.01", "sgd");
    o.tune = 2;
    tw_race *race;
    tw_error err = {0};
    /* not finite where it begins */
    assert_int_equal(tw_race_create(&race, ctx, &o, &err), TW_ERR_SPEC);
    o = races_on_surface("expr:\"-exp(exp(x))\",x=3", "sgd adam");
    o.tune = 2;
    race = races_run(races_created(ctx, &o));
    assert_int_equal(race->entries[0].diverged, 1);
    assert_string_equal(race->entries[0].tuned, "sgd:lr=0.001");
    assert_non_null(
        strstr(tw_race_table(race),
               "sgd: with every rate that was tried it diverged; it was raced with the smallest"));
    assert_null(strstr(tw_race_table(race), "adam: with every rate"));
    tw_race_free(race);
    o = races_on_surface("saddle", "d-adaptation"); /* no trial has a value, on a scale of both signs */
    o.tune = 2;
    race = races_run(races_created(ctx, &o));
    assert_int_equal(race->entries[0].trials[0].run.diverged + race->entries[0].trials[1].run.diverged, 2);
    char *page;
    assert_int_equal(tw__race_report(race, &page, &err), TW_OK);
    assert_null(strstr(page, "\"nan"));
    assert_null(strstr(page, "NaN\""));
    tw__free_text(ctx, page);
    tw_race_free(race);
    tw_context_free(ctx);
}

static void what_cannot_be_tuned(void **state)
{
    (void)state;
    tw_race_options o = races_on_data(data, "sgd adam:lr=0.001");
    o.tune = 3;
    races_refused(&o, "adam:lr=0.001 comes with a learning rate, while the others' are tuned");
    o.optimizers = "saga:lr=0.1";
    races_refused(&o, "saga:lr=0.1 comes with a learning rate");
    o.optimizers = "sgd";
    o.tune = TW__MOST_TRIALS + 1;
    races_refused(&o, "tune = 101 is outside [1, 100]");
    o.tune = 1;
    o.job.run.seed = TW__TUNE_SEED;
    races_refused(&o, "is the one that learning rates are tried with");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_are_where_the_sequence_says),
        cmocka_unit_test(every_rule_has_its_range),
        cmocka_unit_test(the_rate_goes_to_the_rule),
        cmocka_unit_test(the_best_is_raced),
        cmocka_unit_test(trials_and_runs),
        cmocka_unit_test(no_rate_works),
        cmocka_unit_test(what_cannot_be_tuned),
    };
    return cmocka_run_group_tests(tests, make_data, NULL);
}
