/* thalweg launch: starts train in several processes under a launcher of MPI, and all of them again from the
 * last checkpoint when one is lost.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include "launcher.h"
#include "mpirun.h"
#include "supervise.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct values {
    struct cli_common common;
    struct mpirun_options how;
    uint64_t restarts;
    int mpi;
};
#define AT(member) offsetof(struct values, member)

static const struct cli_option options[] =
    {{"processes", 'n', CLI_NATURAL, AT(how.processes), "N", 1, 1024, "how many processes"},
     {"restarts", 0, CLI_NATURAL, AT(restarts), "N", 0, 1e6,
      "how often all are started again, from the last checkpoint, when one is lost (default: 3)"},
     {"hostfile", 0, CLI_TEXT, AT(how.hostfile), "FILE", 0, 0,
      "the machines, as mpirun wants them: Open MPI \"east slots=2\" in a line, MPICH \"east:2\""},
     {"mpi", 0, CLI_WORD, AT(mpi), "any|openmpi|mpich", 0, 0,
      "whose mpirun to use (default: any, the first that has a plug-in)"},
     {"mpirun", 0, CLI_TEXT, AT(how.words), "\"OPTION...\"", 0, 0,
      "further options of mpirun, as in --mpirun \"--mca btl_tcp_if_include eth1\""},
     CLI_END};

static const struct values initial = {.restarts = 3};
static const char *const mpis[] = {NULL, "openmpi", "mpich"}; /* as --mpi has them */

struct launch {
    const struct values *values;
    const struct cli_call *train; /* the line to start */
    char self[PATH_MAX];
    int may_be_old; /* the run in the folder that the line names */
    struct mpirun by;
    struct supervision s;
    uint64_t restarts; /* so far */
};

/* ---- a start ------------------------------------------------------------------------------------------- */

/* Whether the folder that the line names has a run. */
static int has_run(const struct cli_call *train)
{
    char path[PATH_MAX + 16];
    const char *out = cli_text_value(train, "out");
    snprintf(path, sizeof path, "%s/run.json", out ? out : "");
    return out && access(path, F_OK) == 0;
}

/* The folder of the run that is to continue; NULL: it begins. A process may be killed before it can say that
 * there is one. */
static const char *directory_of(const struct launch *l)
{
    const char *resumed = cli_text_value(l->train, "resume");
    if (resumed || !l->restarts) return resumed;
    if (l->s.has_run) return l->s.directory;
    return !l->may_be_old && has_run(l->train) ? cli_text_value(l->train, "out") : NULL;
}

/* train's words, of the line as it was given, or to continue; argv has room for as many as the line has and
 * two more. made: those that are new, which the caller frees. */
static tw_status add_train(const struct launch *l, const char **argv, size_t n, char *made[16], tw_error *err)
{
    const char *directory = directory_of(l);
    size_t used = 0;
    argv[n++] = l->self;
    argv[n++] = "train";
    for (int i = 0; !directory && i < l->train->n_line; i++) argv[n++] = l->train->line[i];
    if (!directory) return TW_OK;
    argv[n++] = "--resume";
    argv[n++] = directory;
    for (const char *const *name = cli_with_resume + 1; *name; name++) {
        if (!cli_given(l->train, *name)) continue;
        made[used] = cli_option_word(l->train, *name, err);
        if (!made[used]) return TW_ERR_MEMORY;
        argv[n++] = made[used++];
    }
    return TW_OK;
}

static tw_status start(struct launch *l, tw_error *err)
{
    const char **argv = NULL;
    char *text = NULL, *made[16] = {NULL};
    size_t used = 0;
    memset(l->s.process, 0, l->s.processes * sizeof *l->s.process);
    l->s.begun = 0;
    l->s.rank_code = l->s.is_late = 0;
    l->s.lost[0] = l->s.why[0] = 0;
    tw_status status =
        cli_mpirun_line(&l->by, &l->values->how, (size_t)l->train->n_line + 20, &argv, &text, &used, err);
    if (status == TW_OK) status = add_train(l, argv, used, made, err);
    if (status == TW_OK) status = cli_supervise((char *const *)argv, &l->s, err);
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) free(made[i]);
    free(text);
    free(argv);
    return status;
}

/* ---- what came of it ----------------------------------------------------------------------------------- */

static void describe(const struct launch *l, char to[700])
{
    const struct supervision *s = &l->s;
    /* launchers end the others by SIGTERM */
    if (s->lost[0] && !(s->rank_code && s->lost_code == 128 + SIGTERM)) snprintf(to, 700, "%s", s->lost);
    else if (s->rank_code && s->rank == 0) snprintf(to, 700, "%s", s->why);
    else if (s->rank_code)
        snprintf(to, 700, "rank %llu of %llu: %s", (unsigned long long)s->rank,
                 (unsigned long long)s->processes, s->why);
    else if (s->begun < s->processes && s->code <= 128)
        snprintf(to, 700, "%s has started %llu of %llu processes%s", l->by.name, (unsigned long long)s->begun,
                 (unsigned long long)s->processes, s->is_late ? " within a minute" : "");
    else if (s->code > 128) snprintf(to, 700, "%s was killed by signal %d", l->by.name, s->code - 128);
    else snprintf(to, 700, "a process was lost (exit code %d of %s)", s->code, l->by.name);
}

/* Those of the launcher, for a command to copy; " OPTION..." where they are too long. */
static void name_options(const struct values *v, char to[160])
{
    const char *const given[][2] = {{"hostfile", v->how.hostfile},
                                    {"mpi", mpis[v->mpi]},
                                    {"mpirun", v->how.words}};
    char word[TW_SHELL_WORD];
    size_t used = 0;
    to[0] = 0;
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        if (!given[i][1]) continue;
        tw_shell_word(given[i][1], word);
        const int skipped = given[i][1][0] == '-' && word[0] == '.' ? 2 : 0; /* "./", which is for folders */
        used = cli_append(to, 160, used, " --%s %s", given[i][0], word + skipped);
    }
    if (used == 159) strcpy(to, " OPTION...");
}

/* Appends how the run is continued. */
static tw_status fail(const struct launch *l, tw_status code, const char *what, tw_error *err)
{
    char word[TW_SHELL_WORD], given[160], end[TW_SHELL_WORD + 260] = "";
    const char *directory = l->s.has_run ? l->s.directory : cli_text_value(l->train, "resume");
    name_options(l->values, given);
    if (directory)
        snprintf(end, sizeof end, "; to continue, run thalweg launch -n %llu%s train --resume %s",
                 (unsigned long long)l->s.processes, given, tw_shell_word(directory, word));
    return cli_fail(err, code, "%.*s%s", (int)(sizeof err->message - 1 - strlen(end)), what, end);
}

/* TW_OK and *again: a process was lost, and there are restarts left. */
static tw_status decide(struct launch *l, int *again, tw_error *err)
{
    const struct supervision *s = &l->s;
    char what[700];
    *again = 0;
    if (s->code == 0) return TW_OK;
    describe(l, what);
    if (s->rank_code == 130 || (cli_interrupted() && (!s->rank_code || s->rank_code == TW_ERR_WORKER)))
        return fail(l, TW_STOPPED, "interrupted", err);
    if (s->rank_code && s->rank_code != TW_ERR_WORKER)
        return cli_fail(err, s->rank_code, "%.*s", (int)sizeof err->message - 1, what);
    const int has_begun = s->lost[0] || s->rank_code || s->begun == s->processes || s->code > 128;
    if (!has_begun || s->is_late) return fail(l, l->restarts ? TW_ERR_WORKER : TW_ERR_SYSTEM, what, err);
    if (l->restarts == l->values->restarts) return fail(l, TW_ERR_WORKER, what, err);
    l->restarts++;
    *again = 1;
    l->s.is_restart = 1;
    cli_say("thalweg: %s; restart %llu of %llu", what, (unsigned long long)l->restarts,
            (unsigned long long)l->values->restarts);
    return TW_OK;
}

/* In place of train's own function. */
static tw_status launch(const struct cli_call *train, tw_error *err)
{
    struct launch l = {.values = train->command->user,
                       .train = train,
                       .may_be_old = has_run(train) || cli_given(train, "force")};
    int again = 1;
    if (cli_given(train, "find-lr"))
        return cli_fail(err, TW_ERR_SPEC, "--find-lr is of one process: run it without thalweg launch");
    if (cli_given(train, "trace") && l.values->restarts)
        return cli_fail(err, TW_ERR_SPEC,
                        "--trace needs --restarts 0: a run that continues is not traced from its beginning");
    CLI_TRY(cli_find_mpirun(mpis[l.values->mpi], &l.by, err));
    const ssize_t n = readlink("/proc/self/exe", l.self, sizeof l.self - 1);
    if (n <= 0) return cli_fail(err, TW_ERR_SYSTEM, "cannot read /proc/self/exe");
    l.s.processes = l.values->how.processes;
    l.s.process = cli_alloc(l.s.processes, sizeof *l.s.process, err);
    if (!l.s.process) return TW_ERR_MEMORY;
    cli_catch_signals();
    cli_running(1);
    tw_status status = TW_OK;
    while (status == TW_OK && again) {
        status = start(&l, err);
        if (status == TW_OK) status = decide(&l, &again, err);
    }
    cli_running(0);
    free(l.s.process);
    return status;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct values *v = call->values;
    const struct cli_command *command = NULL;
    int words = 0;
    if (!v->how.processes)
        return cli_fail(err, TW_ERR_SPEC, "missing -n N, how many processes (usage: thalweg launch %s)",
                        call->command->usage);
    if (!call->n)
        return cli_fail(err, TW_ERR_SPEC, "missing train and its options (usage: thalweg launch %s)",
                        call->command->usage);
    CLI_TRY(cli_find(call->n, call->word, &command, &words, err));
    if (strcmp(command->name, "train"))
        return cli_fail(err, TW_ERR_SPEC, "thalweg %s is of one process: launch starts train", command->name);
    struct cli_command launched = *command;
    launched.run = launch;
    launched.user = v;
    return cli_run(&launched, call->n - words, call->word + words, err);
}

const struct cli_command cli_command_launch = {
    .name = "launch",
    .usage = "-n N [OPTION...] train ...",
    .help = "train in several processes, on one machine or several, and continue when one is lost",
    .examples =
        "thalweg launch -n 2 train digits --model cnn --exchange allreduce --out out/launched\n"
        "thalweg launch -n 4 --hostfile hosts --restarts 10 train mnist --model cnn --exchange diloco",
    .most = INT_MAX,
    .options = options,
    .size = sizeof(struct values),
    .initial = &initial,
    .is_prefix = 1,
    .run = run,
};
