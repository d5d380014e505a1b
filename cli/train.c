/* thalweg train: fills in a job from the command line, shows its progress and prints its result.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include "find_lr.h"
#include "launcher.h"
#include "progress.h"
#include "layer_table.h"
#include <math.h>
#include <string.h>
#include <thalweg/report.h>
#include <unistd.h>

struct values {
    struct cli_common common;
    tw_job_options job;
    struct cli_penalties penalties;
    char model[TW_SPEC_MAX];
    const char *config, *resume;
    struct run_log_options log;
    uint64_t steps;
    double lr_from, lr_to;
    int find_lr;
};
#define AT(member) offsetof(struct values, member)

static const struct cli_option options[] = {
    CLI_PENALTIES(struct values),
    {"config", 0, CLI_TEXT, AT(config), "FILE", 0, 0,
     "take the options from FILE, a run.json or JSON like its config; options on the line override it"},
    {"resume", 0, CLI_TEXT, AT(resume), "DIR", 0, 0,
     "continue the run in DIR; can be combined with --threads, --time, --log, --log-every, --log-norms, --json, -q and -v only"},
    {"find-lr", 0, CLI_FLAG, AT(find_lr), NULL, 0, 0,
     "look for the learning rate instead: let it rise step by step until the loss explodes; trains nothing"},
    {"lr-from", 0, CLI_POSITIVE, AT(lr_from), "LR", 0, 0, "with --find-lr: the first rate (default: 1e-7)"},
    {"lr-to", 0, CLI_POSITIVE, AT(lr_to), "LR", 0, 0, "with --find-lr: the last rate (default: 10)"},
    {"steps", 0, CLI_NATURAL, AT(steps), "N", 10, 1e6,
     "with --find-lr: how many rates (default: 100; an epoch's updates where they are fewer, but not below 10)"},
    {"log", 0, CLI_TEXT, AT(log.path), "FILE", 0, 0,
     "write a line for each epoch to FILE: JSON, appended, or a CSV table where it ends with .csv; to a directory, DIR/: events for TensorBoard"},
    {"log-every", 0, CLI_NATURAL, AT(log.every), "STEPS", 1, 0,
     "with --log: also the loss and the rate of every STEPS-th update"},
    {"log-norms", 0, CLI_FLAG, AT(log.norms), NULL, 0, 0,
     "with --log: also the norms of every tensor's gradient and weights"},
    CLI_THREADS,
    CLI_JSON,
    CLI_QUIET,
    CLI_VERBOSE,
    CLI_END};

static const struct values initial = {.job = TW_JOB_OPTIONS_INIT};

/* What the range test does not look at; and what only it does. */
static tw_status check_find_lr(const struct cli_call *call, tw_error *err)
{
    static const char *const without[] = {"schedule",  "control", "epochs",           "target", "eval-every",
                                          "time",      "keep",    "checkpoint-every", "log",    "log-every",
                                          "log-norms", "augment", "pretrain"};
    static const char *const only[] = {"lr-from", "lr-to", "steps"};
    const struct values *v = call->values;
    for (size_t i = 0; v->find_lr && i < sizeof without / sizeof without[0]; i++)
        if (cli_given(call, without[i]))
            return cli_fail(err, TW_ERR_SPEC, "--%s cannot be used with --find-lr", without[i]);
    for (size_t i = 0; !v->find_lr && i < sizeof only / sizeof only[0]; i++)
        if (cli_given(call, only[i]))
            return cli_fail(err, TW_ERR_SPEC, "--%s can be used with --find-lr only", only[i]);
    if (v->find_lr && v->job.force && !v->job.out)
        return cli_fail(err, TW_ERR_SPEC, "--force cannot be used without --out: nothing is written");
    return TW_OK;
}

/* A run that has replaced what it started from could not be continued. */
static tw_status check_from(const char *from, const char *out, tw_error *err)
{
    char model[PATH_MAX];
    if (!from || !out) return TW_OK;
    snprintf(model, sizeof model, "%s/model.safetensors", out);
    if (!cli_is_same(from, out) && !cli_is_same(from, model)) return TW_OK;
    return cli_fail(err, TW_ERR_SPEC, "from = %.300s would be replaced by the run (give another out)", from);
}

const char *const cli_with_resume[] = {"resume",    "threads", "time",  "log",     "log-every",
                                       "log-norms", "json",    "quiet", "verbose", NULL};

static tw_status check_line(const struct cli_call *call, tw_error *err)
{
    const struct values *v = call->values;
    if (!v->resume) {
        if (!v->job.data)
            return cli_fail(err, TW_ERR_SPEC, "missing DATA (usage: thalweg train %s)", call->command->usage);
        if (!v->job.model && !v->job.from)
            return cli_fail(err, TW_ERR_SPEC, "missing --model (thalweg models lists them)");
        CLI_TRY(check_find_lr(call, err));
        CLI_TRY(check_from(v->job.from, v->job.out, err));
        return v->job.out ? cli_check_out(v->job.out, err) : TW_OK;
    }
    if (call->n)
        return cli_fail(err, TW_ERR_SPEC, "--resume %.100s takes no DATA: the run knows its own", v->resume);
    const char *odd = cli_first_given(call, cli_with_resume, 0);
    if (!odd) return TW_OK;
    return cli_fail(
        err, TW_ERR_SPEC,
        "--%s cannot be combined with --resume: the run continues with its own (only --threads, --time, --log, --log-every, --log-norms, --json, -q and -v can)",
        odd);
}

static tw_status fill(const struct cli_call *call, tw_context *ctx, const struct cli_directories *directories,
                      struct progress *progress, tw_config **config, tw_error *err)
{
    struct values *v = call->values;
    tw_job_options *o = &v->job;
    struct cli_launcher launcher;
    if (v->config && !v->resume) CLI_TRY(cli_apply_config(call, ctx, v->config, config, err));
    if (cli_launched(&launcher) && launcher.rank > 0) { /* rank 0 writes the files */
        o->out = NULL;
        v->log = (struct run_log_options){0};
    }
    CLI_TRY(cli_take_data(call, 0, o, err));
    CLI_TRY(cli_add_penalties(&v->penalties, o, v->model, err));
    o->directory = directories->current;
    o->cache = directories->cache;
    o->home = directories->home;
    o->run.event = progress_event;
    o->run.user = progress;
    return check_line(call, err);
}

static void print_setting(const tw_job_options *o, tw_model *model, const tw_run *run)
{
    tw_run_progress solver = {.size = sizeof solver};
    const int has_solver = tw_run_progress_get(run, &solver, NULL) == TW_OK;
    const char *const texts[][2] = {{has_solver ? "solver" : "optimizer",
                                     has_solver ? solver.solver : o->run.optimizer},
                                    {"  schedule", o->run.schedule},
                                    {"  estimator", o->run.estimator},
                                    {"  exchange", o->run.exchange},
                                    {"  control", o->run.control},
                                    {"  groups", o->run.groups},
                                    {"  nonfinite",
                                     o->run.nonfinite ? tw_nonfinite_name(o->run.nonfinite) : NULL},
                                    {"  sparse", o->run.sparse ? tw_run_sparse_name(o->run.sparse) : NULL}};
    cli_print_layers(stderr, model);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i][1]) fprintf(stderr, "%s %s", texts[i][0], texts[i][1]);
    if (has_solver && solver.why) fprintf(stderr, " (auto, for %s)", solver.why);
    if (tw_run_fused(run)) fprintf(stderr, "  fused: %s", tw_run_fused(run));
    fputc('\n', stderr);
}

static void print_rows(const char *name, double loss, double accuracy, const tw_scores *scores)
{
    if (isfinite(loss)) printf("%s  loss %.6g", name, loss);
    else printf("%s  loss not finite", name);
    if (!isnan(accuracy)) printf("  accuracy %.4f", accuracy);
    cli_print_scores(scores, "  ", 1);
    putchar('\n');
}

/* For people: the test set's line, or the last epoch's where there is none; and the validation set's where it
 * has metrics. */
static void print_result(const tw_job *job)
{
    static const char *const names[] = {[TW_JOB_TEST] = "test", [TW_JOB_LAST_EPOCH] = "last epoch"};
    double loss, accuracy;
    tw_metrics m;
    const enum tw_job_rows rows = tw_job_score(job, &loss, &accuracy);
    if (rows != TW_JOB_NO_ROWS) print_rows(names[rows], loss, accuracy, tw_job_scores(job, 0, &m));
    const tw_scores *val = tw_job_scores(job, 1, &m);
    if (val) print_rows("val", m.loss, m.accuracy, val);
}

/* How a solver's run has ended. */
static void print_ending(tw_job *job)
{
    tw_run_progress p = {.size = sizeof p};
    if (!tw_job_run_of(job) || tw_run_progress_get(tw_job_run_of(job), &p, NULL) != TW_OK) return;
    const unsigned long long n = tw_run_steps(tw_job_run_of(job));
    if (n == 0)
        cli_say(
            "%s after 0 iterations: the gradient at the start is %.3g, and the weights are those of the start",
            tw_run_status_name(tw_job_status(job)), p.first_gradient);
    else
        cli_say(
            "%s after %llu iteration%s: gradient %.3g of %.3g at the start, last step %.3g, loss lowered by %.3g",
            tw_run_status_name(tw_job_status(job)), n, n == 1 ? "" : "s", p.gradient, p.first_gradient,
            p.step, p.decrease);
    if (tw_job_status(job) == TW_RUN_STALLED)
        cli_say("rounding lets neither loss nor gradient fall further%s",
                tw_model_type(tw_job_model(job)) == TW_F32 ? ", which goes further with --dtype f64" : "");
    if (!isnan(p.gap))
        cli_say("the loss is at most %.3g above the least (duality gap); %.0f weights are not 0", p.gap,
                p.nonzero);
    if (!isnan(p.l1_max)) cli_say("all weights are 0, as they are from l1 = %.6g on", p.l1_max);
    if (p.condition >= 1e6 && !strstr(tw_model_network(tw_job_model(job)), "standardize=1"))
        cli_say("the columns are of different scales: the Hessian's condition number is %.0e or more "
                "(--standardize brings them to one scale)",
                p.condition);
}

/* Prints the result; why->code becomes TW_ERR_NOT_FINITE if the run diverged. */
static tw_status finish(const struct values *v, tw_job *job, tw_error *why, tw_error *err)
{
    const char *text;
    tw_error reason;
    if (v->common.json) {
        CLI_TRY(tw_job_json(job, &text, err));
        printf("%s%s", text, text[0] && text[strlen(text) - 1] == '\n' ? "" : "\n");
    } else {
        CLI_TRY(tw_job_table(job, &text, err));
        fputs(text, stdout);
        print_result(job);
    }
    if (!v->common.quiet) print_ending(job);
    if (!v->common.quiet) cli_say("model %s/model.safetensors", tw_job_directory(job));
    if (tw_job_diverged(job, &reason) != TW_OK)
        cli_fail(why, TW_ERR_NOT_FINITE, "diverged: %.300s (%s)", reason.message,
                 v->job.run.solver ? "columns of one scale may help, --standardize, or a penalty, --l2"
                                   : "try a lower learning rate; --find-lr looks for one");
    return TW_OK;
}

/* The result, what came of writing its page, and whether the run diverged. */
static tw_status finish_with_page(const struct values *v, tw_job *job, tw_status page, const tw_error *why,
                                  tw_error *err)
{
    tw_error diverged = {0};
    CLI_TRY(finish(v, job, &diverged, err));
    if (page == TW_OK && !v->common.quiet) cli_say("report %s/report.html", tw_job_directory(job));
    CLI_TRY(cli_flush(err)); /* while other processes can be told */
    *err = page != TW_OK ? *why : diverged;
    return err->code;
}

/* A run that had ended before has its page, unless the process was killed between the two. */
static tw_status finish_again(const struct values *v, tw_job *job, tw_error *err)
{
    char path[PATH_MAX + 16], word[TW_SHELL_WORD];
    tw_error why;
    snprintf(path, sizeof path, "%s/run.json", tw_job_directory(job));
    tw_shell_word(path, word);
    if (!v->common.quiet && tw_job_status(job) == TW_RUN_FINISHED)
        cli_say(
            "nothing was trained: this run has finished; for a longer one, from the start, run thalweg train --config %s --epochs N",
            word);
    else if (!v->common.quiet)
        cli_say("nothing was trained: this run has ended (%s)", tw_run_status_name(tw_job_status(job)));
    snprintf(path, sizeof path, "%s/report.html", tw_job_directory(job));
    return finish_with_page(v, job, access(path, F_OK) == 0 ? TW_OK : tw_job_report(job, NULL, &why), &why,
                            err);
}

static void start(const struct values *v, tw_job *job, struct progress *progress, struct run_log *log)
{
    tw_job_options o = TW_JOB_OPTIONS_INIT;
    tw_job_resolved(job, &o);
    progress_start(progress, o.run.epochs, tw_run_rows(tw_job_run_of(job)), v->common.quiet, log);
    if (!v->common.quiet) print_setting(&o, tw_job_model(job), tw_job_run_of(job));
}

/* How a run that has not come to its end is continued. Its limit of time counts from its start. */
static tw_status how_to_continue(const struct values *v, tw_job *job, tw_error *err)
{
    char word[TW_SHELL_WORD];
    tw_shell_word(tw_job_directory(job), word);
    tw_error why;
    if (tw_job_status(job) == TW_RUN_TIME && !v->common.quiet &&
        tw_run_diverged(tw_job_run_of(job), &why) != TW_OK)
        cli_say("warning: diverging: %s", why.message);
    if (tw_job_status(job) == TW_RUN_TIME && !v->common.quiet)
        fprintf(
            stderr,
            "stopped by its time limit; to continue, run thalweg train --resume %s --time SECONDS, with more than the %.3g so far\n",
            word, tw_run_seconds(tw_job_run_of(job)));
    if (tw_job_status(job) != TW_RUN_INTERRUPTED) return TW_OK;
    fflush(stdout);
    return cli_fail(err, TW_STOPPED, "interrupted; to continue, run thalweg train --resume %s", word);
}

static tw_status run_job(const struct values *v, tw_job *job, struct progress *progress, struct run_log *log,
                         tw_error *err)
{
    tw_error why;
    if (tw_run_is_over(tw_job_status(job))) return finish_again(v, job, err);
    start(v, job, progress, log);
    progress->job = job;
    progress->details = v->common.verbose;
    tw_status status = tw_job_run(job, err);
    progress_clear(progress);
    /* of this error the page is another account */
    if (status == TW_ERR_NOT_FINITE) tw_job_report(job, err, NULL);
    CLI_TRY(status);
    status = tw_job_report(job, NULL, &why);
    cli_running(0);
    CLI_TRY(finish_with_page(v, job, status, &why, err));
    return how_to_continue(v, job, err);
}

static tw_status open_job(const struct values *v, tw_context *ctx, const tw_job_options *o, tw_job **job,
                          struct run_log *log, tw_error *err)
{
    const int resumed = v->resume != NULL;
    CLI_TRY(run_log_open(log, &v->log, resumed, err));
    tw_status status = v->resume ? tw_job_resume(job, ctx, o->out, o, err) : tw_job_create(job, ctx, o, err);
    if (status == TW_OK) status = run_log_begin(log, tw_job_run_of(*job), resumed, err);
    if (status != TW_OK) run_log_undo(log);
    /* the data are not those the run began with */
    if (v->resume && status == TW_ERR_STATE) status = TW_ERR_DATA;
    cli_running(1);
    return status;
}

static int only_stop(void *user, const tw_event *event)
{
    (void)user, (void)event;
    return cli_interrupted();
}

/* A configuration may hold what the test leaves open. */
static tw_status find_lr(const struct values *v, tw_error *err)
{
    tw_find_lr_options f = TW_FIND_LR_OPTIONS_INIT;
    f.job = v->job;
    f.job.run.schedule = f.job.run.control = f.job.run.target = f.job.keep = NULL;
    f.job.run.eval_every = 0;
    f.job.run.seconds = 0;
    f.job.run.event = only_stop;
    f.from = v->lr_from;
    f.to = v->lr_to;
    f.steps = v->steps;
    return cli_find_lr(&v->common, &f, err);
}

/* A process that rank 0 leads: nothing is written or printed. */
static tw_status follow(struct values *v, tw_context *ctx, tw_error *err)
{
    tw_job *job = NULL;
    struct run_log log = {0};
    v->job.out = v->resume;
    tw_status status = open_job(v, ctx, &v->job, &job, &log, err);
    if (status == TW_OK) status = tw_job_run(job, err);
    if (status != TW_OK) cli_report_end(status, err);
    tw_job_free(job);
    return status;
}

/* Under thalweg launch, which continues the run there. */
static void report_run(tw_job *job)
{
    if (!tw_run_is_over(tw_job_status(job)))
        cli_report("run %llu %s", (unsigned long long)tw_run_steps(tw_job_run_of(job)),
                   tw_job_directory(job));
}

static tw_status lead(struct values *v, tw_context *ctx, struct progress *progress, tw_error *err)
{
    char directory[PATH_MAX];
    tw_job *job = NULL;
    struct run_log log;
    if (v->resume || v->job.out)
        snprintf(directory, sizeof directory, "%s", v->resume ? v->resume : v->job.out);
    else
        cli_run_directory(v->job.model ? v->job.model : "from",
                          v->job.run.solver      ? v->job.run.solver
                          : v->job.run.optimizer ? v->job.run.optimizer
                          : v->job.path          ? "path"
                                                 : "adam",
                          directory);
    v->job.numbered = !v->resume && !v->job.out;
    v->job.out = directory;
    tw_status status = open_job(v, ctx, &v->job, &job, &log, err);
    if (status == TW_OK) {
        report_run(job);
        status = run_job(v, job, progress, &log, err);
    }
    status = run_log_close(&log, status, err);
    if (status != TW_OK) cli_report_end(status, err);
    tw_job_free(job);
    return status;
}

static tw_status train(struct values *v, tw_context *ctx, struct progress *progress, tw_error *err)
{
    char exchange[TW_SPEC_MAX];
    tw_link *link;
    CLI_TRY(cli_open_link(ctx, v->resume != NULL, &v->job.run.exchange, exchange, &link, err));
    cli_catch_signals();
    v->job.run.link = link;
    const tw_status status =
        link && tw_link_rank(link) > 0 ? follow(v, ctx, err) : lead(v, ctx, progress, err);
    if (status == TW_OK) return tw_link_close(link, NULL, err);
    tw_link_close(link, status == TW_STOPPED ? NULL : err, NULL);
    return status;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    struct values *v = call->values;
    struct cli_directories directories;
    struct progress progress;
    tw_context *ctx = NULL;
    tw_config *config = NULL;
    CLI_TRY(cli_directories(&directories, err));
    CLI_TRY(cli_context(&v->common, &ctx, err));
    tw_status status = fill(call, ctx, &directories, &progress, &config, err);
    if (status == TW_OK) status = v->find_lr ? find_lr(v, err) : train(v, ctx, &progress, err);
    tw_config_free(config);
    tw_context_free(ctx);
    return status;
}

const struct cli_command cli_command_train = {
    .name = "train",
    .usage = "DATA... --model M [OPTION...] | --config FILE [OPTION...] | --resume DIR [OPTION...]",
    .help = "train a model",
    .examples =
        "thalweg train digits --model cnn --optimizer adam --epochs 5 --out out/cnn\n"
        "thalweg train digits --model mlp --optimizer nag:lr=0.05 --schedule \"warmup/500;cosine\" --val 0.1 --json\n"
        "thalweg train digits --model mlp --optimizer sgd --find-lr\n"
        "thalweg train --config out/cnn/run.json --seed 2 --out out/cnn2\n"
        "thalweg train --resume out/cnn",
    .most = INT_MAX,
    .options = options,
    .fields = tw_job_fields,
    .fields_at = AT(job),
    .size = sizeof(struct values),
    .initial = &initial,
    .run = run,
};
