/* thalweg race: several optimisers on the same data, weights and batches, or on a surface.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include "workers.h"
#include <string.h>
#include <unistd.h>

struct values {
    struct cli_common common;
    tw_race_options race;
    struct cli_penalties penalties;
    char model[TW_SPEC_MAX];
    const char *resume;
    uint64_t jobs;
    int join;
};
#define AT(member) offsetof(struct values, member)

static const struct cli_option options[] = {
    CLI_PENALTIES(struct values),
    {"resume", 0, CLI_TEXT, AT(resume), "DIR", 0, 0,
     "continue the race in DIR, also while others do; can be combined with --jobs, --threads, --json, -q and -v only"},
    {"join", 0, CLI_FLAG, AT(join), NULL, 0, 0, "make one race of the finished races in the folders named"},
    {"jobs", 'j', CLI_NATURAL, AT(jobs), "N", 1, 256,
     "processes that make runs at the same time; the result is the same for any number (default: as many as there are CPUs for)"},
    CLI_THREADS,
    CLI_JSON,
    CLI_QUIET,
    CLI_VERBOSE,
    CLI_END};

static const struct values initial = {.race = TW_RACE_OPTIONS_INIT};

/* ---- the line ------------------------------------------------------------------------------------------ */

static tw_status check_resume(const struct cli_call *call, tw_error *err)
{
    static const char *const beside[] = {"resume", "jobs", "threads", "json", "quiet", "verbose", NULL};
    const struct values *v = call->values;
    if (call->n)
        return cli_fail(err, TW_ERR_SPEC, "--resume %.100s takes no DATA: the race knows its own", v->resume);
    const char *odd = cli_first_given(call, beside, 0);
    if (!odd) return TW_OK;
    return cli_fail(
        err, TW_ERR_SPEC,
        "--%s cannot be combined with --resume: the race continues with its own (only --jobs, --threads, --json, -q and -v can)",
        odd);
}

static tw_status check_join(const struct cli_call *call, tw_error *err)
{
    static const char *const beside[] = {"join", "out", "force", "json", "quiet", "verbose", NULL};
    const struct values *v = call->values;
    if (call->n < 2) return cli_fail(err, TW_ERR_SPEC, "--join needs at least two races: --join DIR DIR");
    const char *odd = cli_first_given(call, beside, 0);
    if (odd)
        return cli_fail(
            err, TW_ERR_SPEC,
            "--%s cannot be combined with --join: races are joined as they were made (only --out, --force, --json, -q and -v can)",
            odd);
    return v->race.job.out ? cli_check_out(v->race.job.out, err) : TW_OK;
}

static tw_status check_surface(const struct cli_call *call, tw_error *err)
{
    const struct values *v = call->values;
    tw_field f;
    if (call->n) CLI_TRY(cli_check_quotes(call, call->word[0], err));
    if (call->n) return cli_fail(err, TW_ERR_SPEC, "--surface %.60s takes no DATA", v->race.surface);
    for (size_t i = 0; tw_race_fields(i, &f); i++)
        if (f.flag && f.traits & TW_FIELD_DATA_ONLY && cli_given(call, f.flag))
            return cli_fail(err, TW_ERR_SPEC, "--%s cannot be used on a surface", f.flag);
    return TW_OK;
}

static tw_status check_data(const struct cli_call *call, tw_error *err)
{
    if (!call->n)
        return cli_fail(err, TW_ERR_SPEC,
                        "missing DATA (or --surface SURFACE, --resume DIR, --join DIR DIR)");
    if (cli_given(call, "steps"))
        return cli_fail(err, TW_ERR_SPEC,
                        "--steps can be used with --surface only (on data there are --epochs)");
    if (cli_given(call, "cv") && (cli_given(call, "seeds") || cli_given(call, "val")))
        return cli_fail(err, TW_ERR_SPEC,
                        "--%s cannot be combined with --cv: each fold is a run, and validates it",
                        cli_given(call, "val") ? "val" : "seeds");
    if (!strcmp(call->word[0], "-"))
        return cli_fail(err, TW_ERR_SPEC, "-: the processes of a race cannot share the standard input");
    return TW_OK;
}

static tw_status check_line(const struct cli_call *call, tw_error *err)
{
    const struct values *v = call->values;
    if (v->resume) return check_resume(call, err);
    if (v->join) return check_join(call, err);
    CLI_TRY(v->race.surface ? check_surface(call, err) : check_data(call, err));
    return v->race.job.out ? cli_check_out(v->race.job.out, err) : TW_OK;
}

/* ---- the race ------------------------------------------------------------------------------------------ */

static tw_status open_race(const struct cli_call *call, tw_context *ctx, const tw_race_options *o,
                           tw_race **race, tw_error *err)
{
    const struct values *v = call->values;
    tw_status status = v->resume ? tw_race_resume(race, ctx, o->job.out, o, err)
                       : v->join
                           ? tw_race_join(race, ctx, (const char *const *)call->word, (size_t)call->n, o, err)
                           : tw_race_create(race, ctx, o, err);
    /* the data are not those the race began with */
    return status == TW_ERR_STATE ? TW_ERR_DATA : status;
}

/* As many processes as the CPUs allow with the threads that were asked for, or one thread each. */
static tw_status share(const struct values *v, size_t left, uint64_t *jobs, uint64_t *threads, tw_error *err)
{
    tw_context *all;
    CLI_TRY(tw_context_create(&all, NULL, err));
    const uint64_t cpus = (uint64_t)tw_context_threads(all);
    tw_context_free(all);
    *jobs = v->jobs                    ? v->jobs
            : v->common.threads > cpus ? 1
            : v->common.threads        ? cpus / v->common.threads
                                       : cpus;
    if (*jobs > left) *jobs = left ? left : 1;
    *threads = v->common.threads ? v->common.threads : *jobs < cpus ? cpus / *jobs : 1;
    return TW_OK;
}

static tw_status print(const struct values *v, tw_race *race, const char *directory, tw_error *err)
{
    tw_race_count count = {.size = sizeof count};
    CLI_TRY(tw_race_counts(race, &count, err));
    const char *text = v->common.json ? tw_race_json(race) : tw_race_table(race);
    printf("%s%s", text, *text && text[strlen(text) - 1] == '\n' ? "" : "\n");
    if (!v->common.quiet) cli_say("report %s/report.html", directory);
    return count.diverged == count.raced ? cli_fail(err, TW_ERR_NOT_FINITE, "every run diverged") : TW_OK;
}

/* Opens the race and, where there is work for several processes, closes it again and lets them work, while
 * *hold keeps others from replacing it. *race NULL: it is to be opened once more. */
static tw_status begin(const struct cli_call *call, tw_context **ctx, const tw_race_options *o,
                       struct race_progress *show, tw_race **race, int *hold, tw_error *err)
{
    const struct values *v = call->values;
    uint64_t jobs, threads;
    tw_race_count count = {.size = sizeof count};
    CLI_TRY(open_race(call, *ctx, o, race, err));
    cli_running(1);
    CLI_TRY(tw_race_counts(*race, &count, err));
    CLI_TRY(share(v, count.left, &jobs, &threads, err));
    race_start(show, count.left);
    if (jobs == 1) return TW_OK;
    CLI_TRY(tw_race_hold(*race, hold, err));
    tw_race_free(*race);
    *race = NULL;
    tw_context_free(*ctx);
    *ctx = NULL;
    return race_jobs(&v->common, o->job.out, jobs, threads, show, err);
}

static tw_status go(const struct cli_call *call, const tw_race_options *o, struct race_progress *show,
                    tw_error *err)
{
    const struct values *v = call->values;
    tw_context *ctx = NULL;
    tw_race *race = NULL;
    int hold = -1;
    char word[TW_SHELL_WORD];
    struct cli_common again = v->common;
    again.verbose = 0;
    CLI_TRY(cli_context(&v->common, &ctx, err));
    tw_status status = begin(call, &ctx, o, show, &race, &hold, err);
    if (status == TW_OK && !race) status = cli_context(&again, &ctx, err);
    cli_running(race != NULL);
    if (status == TW_OK && !race) status = tw_race_resume(&race, ctx, o->job.out, o, err);
    cli_running(1);
    if (hold >= 0) close(hold);
    if (status == TW_OK) status = tw_race_run(race, err);
    race_clear(show);
    cli_running(0);
    if (status == TW_STOPPED)
        cli_fail(err, TW_STOPPED, "interrupted; to continue, run thalweg race --resume %s",
                 tw_shell_word(o->job.out, word));
    if (status == TW_OK) status = print(v, race, o->job.out, err);
    tw_race_free(race);
    tw_context_free(ctx);
    return status;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    struct values *v = call->values;
    tw_race_options *o = &v->race;
    struct race_progress show = {.quiet = v->common.quiet,
                                 .live = !v->common.quiet && isatty(STDERR_FILENO),
                                 .pipe = -1};
    struct cli_directories directories;
    char directory[PATH_MAX];
    CLI_TRY(check_line(call, err));
    CLI_TRY(cli_directories(&directories, err));
    if (v->resume || o->job.out)
        snprintf(directory, sizeof directory, "%s", v->resume ? v->resume : o->job.out);
    else
        cli_free_directory(v->join        ? "joined"
                           : o->surface   ? o->surface
                           : o->job.model ? o->job.model
                                          : "mlp",
                           "race", directory);
    if (!v->resume && !v->join && !o->surface) CLI_TRY(cli_take_data(call, 0, &o->job, err));
    CLI_TRY(cli_add_penalties(&v->penalties, &o->job, v->model, err));
    o->job.directory = directories.current;
    o->job.cache = directories.cache;
    o->job.home = directories.home;
    o->job.out = directory;
    o->event = race_event;
    o->user = &show;
    cli_catch_signals();
    return go(call, o, &show, err);
}

const struct cli_command cli_command_race = {
    .name = "race",
    .usage = "DATA [OPTION...] | --surface SURFACE [OPTION...] | --resume DIR | --join DIR DIR...",
    .help = "compare optimisers on the same data, weights and batches",
    .examples =
        "thalweg race digits\n"
        "thalweg race digits --model cnn --optimizers \"sgd:lr=0.1 nag adam\" --seeds 5 --target val_accuracy=0.97 --out out/race\n"
        "thalweg race digits --optimizers \"sgd momentum adam\" --tune 8 --out out/tuned\n"
        "thalweg race --surface beale --optimizers \"sgd:lr=0.01 momentum:lr=0.002 adam:lr=0.1\" --steps 500\n"
        "thalweg race --resume out/tuned\n"
        "thalweg race --join out/race out/other --out out/both",
    .most = 64,
    .options = options,
    .fields = tw_race_fields,
    .fields_at = AT(race),
    .size = sizeof(struct values),
    .initial = &initial,
    .run = run,
};
