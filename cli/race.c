/* thalweg race: several optimisers on the same data, weights and batches.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include <string.h>
#include <thalweg/race.h>
#include <unistd.h>

struct values {
    struct cli_common common;
    const char *model, *optimizers, *estimator, *schedule, *exchange, *dtype, *target, *out, *control, *groups, *nonfinite;
    uint64_t seeds, seed, epochs, batch, accumulate, limit;
    double val;
    int force;
};
#define AT(member) offsetof(struct values, member)

static const struct cli_option options[] = {
    { "model", 0, CLI_TEXT, AT(model), "M", 0, 0, "a preset (thalweg models) or a network" },
    { "optimizers", 0, CLI_TEXT, AT(optimizers), "\"A B C\"", 0, 0, "the update rules, specs separated by blanks (thalweg rules); saga: --estimator saga with sgd" },
    { "seeds", 0, CLI_NATURAL, AT(seeds), "N", 1, 10000, "runs of each, with seeds S, S + 1, ... (1)" },
    { "seed", 0, CLI_NATURAL, AT(seed), "S", 0, 0, "the first seed (0)" },
    { "estimator", 0, CLI_TEXT, AT(estimator), "E", 0, 0, "which gradient is looked at (minibatch) (thalweg estimators)" },
    { "schedule", 0, CLI_TEXT, AT(schedule), "S", 0, 0, "how hyperparameters change (constant)" },
    { "exchange", 0, CLI_TEXT, AT(exchange), "X", 0, 0, "how workers share their progress (local) (thalweg exchanges)" },
    { "control", 0, CLI_TEXT, AT(control), "\"C...\"", 0, 0, "what watches every run, e.g. \"plateau:factor=0.5 early_stop\" (thalweg controls)" },
    { "group", 0, CLI_TEXT, AT(groups), "\"G...\"", 0, 0, "options of some tensors, e.g. \"*.bias:weight_decay=0 0.*:lr_mult=10,freeze=0\"" },
    { "nonfinite", 0, CLI_TEXT, AT(nonfinite), "error|skip|zero", 0, 0, "a loss or gradient that is not finite ends the run (error), its update is left out, or it counts as 0" },
    { "epochs", 0, CLI_NATURAL, AT(epochs), "N", 1, 1e9, "passes over the training rows (5)" },
    { "batch", 0, CLI_NATURAL, AT(batch), "B", 1, 1e9, "rows per update (32)" },
    { "accumulate", 0, CLI_NATURAL, AT(accumulate), "K", 1, 1e9, "one update looks at K batches: the bits of --batch K*B, evaluated in pieces (1)" },
    { "val", 0, CLI_REAL, AT(val), "F", 0, 1, "share of the training rows kept for validation (0.1)" },
    { "dtype", 0, CLI_TEXT, AT(dtype), "T", 0, 0, "f32 or f64 (f32)" },
    { "limit", 0, CLI_NATURAL, AT(limit), "ROWS", 1, 0, "only the first so many training rows, after --val was cut off" },
    { "target", 0, CLI_TEXT, AT(target), "METRIC=VALUE", 0, 0, "what is raced to, e.g. val_accuracy=0.98" },
    { "out", 0, CLI_TEXT, AT(out), "DIR", 0, 0, "the folder for race.json and report.html (out/TIME-MODEL-race)" },
    { "force", 0, CLI_FLAG, AT(force), NULL, 0, 0, "replace a race that is there" },
    CLI_THREADS, CLI_JSON, CLI_QUIET, CLI_VERBOSE, CLI_END
};

static const struct values initial = { .seeds = 1, .val = 0.1 };

struct show { int quiet, live, shown; size_t diverged, runs; };

/* A line per epoch; on a terminal each replaces the one before. */
static int on_event(void *user, const tw_race_event *e)
{
    struct show *show = user;
    char line[250];
    show->diverged += !e->line;
    show->runs = e->runs;
    if (show->quiet) return cli_interrupted();
    size_t used = cli_append(line, sizeof line, 0, "run %zu/%zu  %.60s  seed %llu", e->run, e->runs, e->optimizer, (unsigned long long)e->seed);
    if (e->line) {
        used = cli_append(line, sizeof line, used, "  epoch %llu", (unsigned long long)e->line->epoch);
        used = cli_append_number(line, sizeof line, used, "loss", e->line->loss);
        used = cli_append_number(line, sizeof line, used, "acc", e->line->accuracy);
        used = cli_append_number(line, sizeof line, used, "val_loss", e->line->val_loss);
        used = cli_append_number(line, sizeof line, used, "val_acc", e->line->val_accuracy);
    } else {
        used = cli_append(line, sizeof line, used, "  %.120s", e->message ? e->message : "diverged");
    }
    cli_clean(line);
    int n = (int)used;
    if (show->live) fprintf(stderr, "\r%s%*s%s", line, show->shown > n ? show->shown - n : 0, "", e->line ? "" : "\n");
    else fprintf(stderr, "%s\n", line);
    show->shown = e->line ? n : 0;
    return cli_interrupted();
}

static tw_status check_line(const struct values *v, tw_error *err)
{
    if (!v->model) return cli_fail(err, TW_ERR_SPEC, "missing --model (thalweg models lists the presets)");
    if (!v->optimizers) return cli_fail(err, TW_ERR_SPEC, "missing --optimizers \"A B C\" (thalweg rules lists them)");
    if (v->seed > INT64_MAX - (v->seeds - 1))
        return cli_fail(err, TW_ERR_SPEC, "--seed %llu: the last of %llu seeds is above %lld", (unsigned long long)v->seed, (unsigned long long)v->seeds,
                        (long long)INT64_MAX);
    return v->out ? cli_check_out(v->out, err) : TW_OK;
}

static tw_status race(const struct values *v, tw_context *ctx, const tw_race_options *o, struct show *show, tw_error *err)
{
    tw_race *r = NULL;
    CLI_TRY(tw_race_create(&r, ctx, o, err));
    tw_status status = tw_race_run(r, err);
    if (show->live && show->shown) fprintf(stderr, "\r%*s\r", show->shown, "");
    if (status == TW_STOPPED) cli_fail(err, TW_STOPPED, "interrupted; nothing was written");
    if (status == TW_OK) {
        const char *text = v->common.json ? tw_race_json(r) : tw_race_table(r);
        printf("%s%s", text, *text && text[strlen(text) - 1] == '\n' ? "" : "\n");
        if (!v->common.quiet) fprintf(stderr, "report %s/report.html\n", o->out);
        if (show->runs && show->diverged == show->runs) status = cli_fail(err, TW_ERR_NOT_FINITE, "every run diverged");
    }
    tw_race_free(r);
    return status;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct values *v = call->values;
    struct show show = { v->common.quiet, !v->common.quiet && isatty(STDERR_FILENO), 0, 0, 0 };
    struct cli_folders folders;
    tw_context *ctx = NULL;
    char folder[PATH_MAX];
    CLI_TRY(check_line(v, err));
    CLI_TRY(cli_check_data(call->word[0], err));
    CLI_TRY(cli_folders(&folders, err));
    cli_run_folder(v->model, "race", folder);
    tw_race_options o = TW_RACE_OPTIONS_INIT;
    o.data = call->word[0];
    o.model = v->model;
    o.dtype = v->dtype;
    o.val = v->val;
    o.limit = v->limit;
    o.cache = folders.cache;
    o.home = folders.home;
    o.optimizers = v->optimizers;
    o.seeds = v->seeds;
    o.first_seed = v->seed;
    o.epochs = v->epochs;
    o.batch = v->batch;
    o.accumulate = v->accumulate;
    o.estimator = v->estimator;
    o.schedule = v->schedule;
    o.exchange = v->exchange;
    o.target = v->target;
    o.control = v->control;
    o.groups = v->groups;
    if (v->nonfinite) CLI_TRY(tw_nonfinite_from_name(v->nonfinite, &o.nonfinite, err));
    o.out = v->out ? v->out : folder;
    o.force = v->force;
    o.event = on_event;
    o.user = &show;
    CLI_TRY(cli_context(&v->common, &ctx, err));
    cli_catch_signals();
    tw_status status = race(v, ctx, &o, &show, err);
    tw_context_free(ctx);
    return status;
}

const struct cli_command cli_command_race = {
    .name = "race", .usage = "DATA --model M --optimizers \"A B C\" [OPTION...]", .help = "compare optimisers on the same data, weights and batches",
    .examples = "thalweg race digits --model mlp --optimizers \"sgd momentum adam\"\n"
                "thalweg race digits --model cnn --optimizers \"sgd:lr=0.1 nag adam\" --seeds 5 --target val_accuracy=0.97 --out out/race",
    .least = 1, .most = 1, .options = options, .size = sizeof(struct values), .initial = &initial, .run = run,
};
