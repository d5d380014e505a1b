/* thalweg race: several optimisers on the same data, weights and batches, or on a surface.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include "race_show.h"
#include <string.h>
#include <unistd.h>

struct values {
    struct cli_common common;
    const char *surface, *model, *optimizers, *estimator, *schedule, *exchange, *dtype, *target, *out, *resume, *control, *groups, *nonfinite;
    uint64_t seeds, seed, epochs, steps, batch, accumulate, limit, tune, jobs;
    double val;
    int force, join;
};
#define AT(member) offsetof(struct values, member)

static const struct cli_option options[] = {
    { "model", 0, CLI_TEXT, AT(model), "M", 0, 0, "a preset (thalweg models) or a network (mlp)" },
    { "surface", 0, CLI_TEXT, AT(surface), "SURFACE", 0, 0, "in place of DATA and a model: a function of two variables (thalweg surfaces)" },
    { "optimizers", 0, CLI_TEXT, AT(optimizers), "\"A B C\"", 0, 0, "the update rules, specs separated by blanks (thalweg rules); saga: --estimator saga "
      "with sgd (sgd momentum nag adagrad adadelta rmsprop adam nadam)" },
    { "seeds", 0, CLI_NATURAL, AT(seeds), "N", 1, 10000, "runs of each, with seeds S, S + 1, ... (3; on a surface 1)" },
    { "seed", 0, CLI_NATURAL, AT(seed), "S", 0, 0, "the first seed (0)" },
    { "tune", 0, CLI_NATURAL, AT(tune), "N", 1, 100, "first try N learning rates of each, in its rule's own range, then race the best" },
    { "estimator", 0, CLI_TEXT, AT(estimator), "E", 0, 0, "which gradient is looked at (minibatch) (thalweg estimators)" },
    { "schedule", 0, CLI_TEXT, AT(schedule), "S", 0, 0, "how hyperparameters change (constant)" },
    { "exchange", 0, CLI_TEXT, AT(exchange), "X", 0, 0, "how workers share their progress (local) (thalweg exchanges)" },
    { "control", 0, CLI_TEXT, AT(control), "\"C...\"", 0, 0, "what watches every run, e.g. \"plateau:factor=0.5 early_stop\" (thalweg controls)" },
    { "group", 0, CLI_TEXT, AT(groups), "\"G...\"", 0, 0, "options of some tensors, e.g. \"*.bias:weight_decay=0 0.*:lr_mult=10,freeze=0\"" },
    { "nonfinite", 0, CLI_TEXT, AT(nonfinite), "error|skip|zero", 0, 0, "a loss or gradient that is not finite ends the run (error), its update is left out, or it counts as 0" },
    { "epochs", 0, CLI_NATURAL, AT(epochs), "N", 1, 1e9, "passes over the training rows (3)" },
    { "steps", 0, CLI_NATURAL, AT(steps), "N", 1, 100000, "on a surface, in place of epochs: steps (300)" },
    { "batch", 0, CLI_NATURAL, AT(batch), "B", 1, 1e9, "rows per update (32)" },
    { "accumulate", 0, CLI_NATURAL, AT(accumulate), "K", 1, 1e9, "one update looks at K batches: the bits of --batch K*B, evaluated in pieces (1)" },
    { "val", 0, CLI_REAL, AT(val), "F", 0, 1, "share of the training rows kept for validation (0.1)" },
    { "dtype", 0, CLI_TEXT, AT(dtype), "T", 0, 0, "f32 or f64 (f32; on a surface f64)" },
    { "limit", 0, CLI_NATURAL, AT(limit), "ROWS", 1, 0, "only the first so many training rows, after --val was cut off" },
    { "target", 0, CLI_TEXT, AT(target), "METRIC=VALUE", 0, 0, "what is raced to, e.g. val_accuracy=0.98; on a surface value=0.1" },
    { "out", 0, CLI_TEXT, AT(out), "DIR", 0, 0, "the race's folder, with race.json and report.html in the end (out/TIME-MODEL-race)" },
    { "force", 0, CLI_FLAG, AT(force), NULL, 0, 0, "replace a race that is there" },
    { "resume", 0, CLI_TEXT, AT(resume), "DIR", 0, 0, "go on with the race in DIR, also beside others that do; only --jobs, --threads, --json, -q and -v may "
      "stand beside it" },
    { "join", 0, CLI_FLAG, AT(join), NULL, 0, 0, "make one race of the finished races in the folders named" },
    { "jobs", 'j', CLI_NATURAL, AT(jobs), "N", 1, 256, "processes that make runs at the same time (as many as there are CPUs for); the result is the same for any "
      "number" },
    CLI_THREADS, CLI_JSON, CLI_QUIET, CLI_VERBOSE, CLI_END
};

static const struct values initial = { .val = 0.1 };
static const char *const usual = "sgd momentum nag adagrad adadelta rmsprop adam nadam";

/* ---- the line ----------------------------------------------------------------------------------------------------------- */

static int is_among(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (!strcmp(name, *names)) return 1;
    return 0;
}

/* The first option on the line that is, or is not, among some; NULL: there is none. */
static const char *odd_one(const struct cli_call *call, const char *const *names, int among)
{
    for (int i = 0; options[i].name; i++)
        if (call->given >> i & 1 && is_among(options[i].name, names) == among) return options[i].name;
    return NULL;
}

static tw_status check_resume(const struct cli_call *call, tw_error *err)
{
    static const char *const beside[] = { "resume", "jobs", "threads", "json", "quiet", "verbose", NULL };
    const struct values *v = call->values;
    if (call->n) return cli_fail(err, TW_ERR_SPEC, "--resume %.100s: no DATA beside it; the race knows its own", v->resume);
    const char *odd = odd_one(call, beside, 0);
    if (!odd) return TW_OK;
    return cli_fail(err, TW_ERR_SPEC, "--%s cannot stand beside --resume; the race goes on with its own (only --jobs, --threads, --json, -q and -v may)", odd);
}

static tw_status check_join(const struct cli_call *call, tw_error *err)
{
    static const char *const beside[] = { "join", "out", "force", "json", "quiet", "verbose", NULL };
    const struct values *v = call->values;
    if (call->n < 2) return cli_fail(err, TW_ERR_SPEC, "--join needs at least two races: --join DIR DIR");
    const char *odd = odd_one(call, beside, 0);
    if (odd)
        return cli_fail(err, TW_ERR_SPEC, "--%s cannot stand beside --join; races are joined as they were made (only --out, --force, --json, -q and -v may)", odd);
    return v->out ? cli_check_out(v->out, err) : TW_OK;
}

static tw_status check_surface(const struct cli_call *call, tw_error *err)
{
    static const char *const on_data[] = { "model", "estimator", "exchange", "group", "nonfinite", "epochs", "batch", "accumulate", "val", "limit", NULL };
    const struct values *v = call->values;
    if (call->n) return cli_fail(err, TW_ERR_SPEC, "--surface %.60s: no DATA beside it", v->surface);
    const char *odd = odd_one(call, on_data, 1);
    return odd ? cli_fail(err, TW_ERR_SPEC, "--%s has no meaning on a surface", odd) : TW_OK;
}

static tw_status check_data(const struct cli_call *call, tw_error *err)
{
    if (!call->n) return cli_fail(err, TW_ERR_SPEC, "missing DATA (or --surface SURFACE, --resume DIR, --join DIR DIR)");
    if (call->n > 1)
        return cli_fail(err, TW_ERR_SPEC, "unexpected argument \"%.100s\" (usage: thalweg race %s)", call->word[1], call->command->usage);
    if (cli_given(call, "steps")) return cli_fail(err, TW_ERR_SPEC, "--steps has a meaning with --surface only (on data there are --epochs)");
    return cli_check_data(call->values, call->word[0], err);
}

static tw_status check_line(const struct cli_call *call, tw_error *err)
{
    const struct values *v = call->values;
    if (v->resume) return check_resume(call, err);
    if (v->join) return check_join(call, err);
    CLI_TRY(v->surface ? check_surface(call, err) : check_data(call, err));
    return v->out ? cli_check_out(v->out, err) : TW_OK;
}

static tw_status fill(const struct cli_call *call, tw_race_options *o, tw_error *err)
{
    const struct values *v = call->values;
    if (v->resume || v->join) {
        o->job.force = v->force;
        return TW_OK;
    }
    if (v->surface) {
        o->surface = v->surface;
        o->steps = v->steps;
    } else {
        o->job.data = call->n ? call->word[0] : NULL;
        o->job.model = v->model ? v->model : "mlp";
        o->job.run.epochs = v->epochs ? v->epochs : 3;
    }
    o->job.dtype = v->dtype;
    o->job.val = v->val;
    o->job.limit = v->limit;
    o->optimizers = v->optimizers ? v->optimizers : usual;
    o->seeds = v->seeds ? v->seeds : v->surface ? 1 : 3;
    o->job.run.seed = v->seed;
    o->job.run.batch = v->batch;
    o->job.run.accumulate = v->accumulate;
    o->job.run.estimator = v->estimator;
    o->job.run.schedule = v->schedule;
    o->job.run.exchange = v->exchange;
    o->job.run.target = v->target;
    o->job.run.control = v->control;
    o->job.run.groups = v->groups;
    o->tune = v->tune;
    o->job.force = v->force;
    return v->nonfinite ? tw_nonfinite_from_name(v->nonfinite, &o->job.run.nonfinite, err) : TW_OK;
}

/* ---- the race ----------------------------------------------------------------------------------------------------------- */

static tw_status open_race(const struct cli_call *call, tw_context *ctx, const tw_race_options *o, tw_race **race, tw_error *err)
{
    const struct values *v = call->values;
    tw_status status = v->resume ? tw_race_resume(race, ctx, o->job.out, o, err)
                     : v->join ? tw_race_join(race, ctx, (const char *const *)call->word, (size_t)call->n, o, err) : tw_race_create(race, ctx, o, err);
    return status == TW_ERR_STATE ? TW_ERR_DATA : status;       /* the data are not those the race began with */
}

/* As many processes as the CPUs allow with the threads that were asked for, or one thread each. */
static tw_status share(const struct values *v, size_t left, uint64_t *jobs, uint64_t *threads, tw_error *err)
{
    tw_context *all;
    CLI_TRY(tw_context_create(&all, NULL, err));
    const uint64_t cpus = (uint64_t)tw_context_threads(all);
    tw_context_free(all);
    *jobs = v->jobs ? v->jobs : v->common.threads > cpus ? 1 : v->common.threads ? cpus / v->common.threads : cpus;
    if (*jobs > left) *jobs = left ? left : 1;
    *threads = v->common.threads ? v->common.threads : *jobs < cpus ? cpus / *jobs : 1;
    return TW_OK;
}

static tw_status print(const struct values *v, tw_race *race, const char *folder, tw_error *err)
{
    tw_race_count count;
    CLI_TRY(tw_race_counts(race, &count, err));
    const char *text = v->common.json ? tw_race_json(race) : tw_race_table(race);
    printf("%s%s", text, *text && text[strlen(text) - 1] == '\n' ? "" : "\n");
    if (!v->common.quiet) fprintf(stderr, "report %s/report.html\n", folder);
    return count.diverged == count.raced ? cli_fail(err, TW_ERR_NOT_FINITE, "every run diverged") : TW_OK;
}

/* Opens the race and, where there is work for several processes, closes it again and lets them work. *race NULL: it is to be opened once more. */
static tw_status begin(const struct cli_call *call, tw_context **ctx, const tw_race_options *o, struct race_show *show, tw_race **race, tw_error *err)
{
    const struct values *v = call->values;
    uint64_t jobs, threads;
    tw_race_count count;
    CLI_TRY(open_race(call, *ctx, o, race, err));
    CLI_TRY(tw_race_counts(*race, &count, err));
    CLI_TRY(share(v, count.left, &jobs, &threads, err));
    if (jobs == 1) return TW_OK;
    tw_race_free(*race);
    *race = NULL;
    tw_context_free(*ctx);
    *ctx = NULL;
    return race_jobs(&v->common, o->job.out, jobs, threads, show, err);
}

static tw_status go(const struct cli_call *call, const tw_race_options *o, struct race_show *show, tw_error *err)
{
    const struct values *v = call->values;
    tw_context *ctx = NULL;
    tw_race *race = NULL;
    struct cli_common again = v->common;
    again.verbose = 0;
    CLI_TRY(cli_context(&v->common, &ctx, err));
    tw_status status = begin(call, &ctx, o, show, &race, err);
    if (status == TW_OK && !race) status = cli_context(&again, &ctx, err);
    if (status == TW_OK && !race) status = tw_race_resume(&race, ctx, o->job.out, o, err);
    if (status == TW_OK) status = tw_race_run(race, err);
    race_clear(show);
    if (status == TW_STOPPED) cli_fail(err, TW_STOPPED, "interrupted; thalweg race --resume %s goes on", o->job.out);
    if (status == TW_OK) status = print(v, race, o->job.out, err);
    tw_race_free(race);
    tw_context_free(ctx);
    return status;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct values *v = call->values;
    struct race_show show = { .quiet = v->common.quiet, .live = !v->common.quiet && isatty(STDERR_FILENO), .pipe = -1 };
    struct cli_folders folders;
    char folder[PATH_MAX];
    tw_race_options o = TW_RACE_OPTIONS_INIT;
    CLI_TRY(check_line(call, err));
    CLI_TRY(cli_folders(&folders, err));
    CLI_TRY(fill(call, &o, err));
    if (v->resume || v->out) snprintf(folder, sizeof folder, "%s", v->resume ? v->resume : v->out);
    else cli_run_folder(v->join ? "joined" : v->surface ? v->surface : o.job.model, "race", folder);
    o.job.cache = folders.cache;
    o.job.home = folders.home;
    o.job.out = folder;
    o.event = race_event;
    o.user = &show;
    cli_catch_signals();
    return go(call, &o, &show, err);
}

const struct cli_command cli_command_race = {
    .name = "race", .usage = "DATA [OPTION...] | --surface SURFACE [OPTION...] | --resume DIR | --join DIR DIR...",
    .help = "compare optimisers on the same data, weights and batches",
    .examples = "thalweg race mnist\n"
                "thalweg race digits --model cnn --optimizers \"sgd:lr=0.1 nag adam\" --seeds 5 --target val_accuracy=0.97 --out out/race\n"
                "thalweg race digits --optimizers \"sgd momentum adam\" --tune 8 --out out/tuned\n"
                "thalweg race --surface beale --optimizers \"sgd:lr=0.01 momentum adam:lr=0.1\" --steps 500\n"
                "thalweg race --resume out/tuned\n"
                "thalweg race --join out/race out/other --out out/both",
    .most = 64, .options = options, .size = sizeof(struct values), .initial = &initial, .run = run,
};
