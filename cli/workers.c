/* A race's progress, and its workers: processes forked from this one, which report through a pipe and are
 * stopped by a signal. Which process works on what belongs to the race's folder.
 * SPDX-License-Identifier: MIT */
#include "workers.h"
#include "progress.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a worker writes, whole, as it is shorter than PIPE_BUF: a line, or (code) what it ended with; and the
 * share of a run that was made since the last. */
struct note {
    tw_status code;
    int stays;
    double made;
    char text[512];
};

/* ---- lines --------------------------------------------------------------------------------------------- */

void race_clear(struct race_progress *s)
{
    if (s->live && s->shown) fprintf(stderr, "\r%*s\r", s->shown, "");
    s->shown = 0;
}

void race_start(struct race_progress *s, size_t left)
{
    s->start = cli_seconds();
    s->left = (double)left;
    s->made = s->share = 0;
}

/* When the last run may be in, if the others take as long as those before; "" while nothing is known. */
static const char *eta_text(const struct race_progress *s, char *to, size_t size)
{
    char time[32];
    const double seconds = cli_seconds() - s->start;
    if (!(s->made > 0) || s->made >= s->left) return "";
    snprintf(to, size, "  ETA %s", progress_time(seconds / s->made * (s->left - s->made), time, sizeof time));
    return to;
}

static void show_line(struct race_progress *s, const char *line, int stays)
{
    char eta[48];
    const int width = cli_width(stderr) - 1;
    if (!s->live || stays) {
        race_clear(s);
        fprintf(stderr, "%s\n", line);
        return;
    }
    const char *end = eta_text(s, eta, sizeof eta);
    int n = (int)strlen(line), columns = width - (int)strlen(end);
    if (columns < 0) columns = 0;
    if (n > columns) n = columns;
    const int shown = n + (int)strlen(end);
    fprintf(stderr, "\r%.*s%s%*s", n, line, end, s->shown > shown ? s->shown - shown : 0, "");
    s->shown = shown;
}

static void write_note(int pipe, const struct note *note)
{
    ssize_t n;
    do n = write(pipe, note, sizeof *note);
    while (n < 0 && errno == EINTR);
}

/* line "": none. */
static void say(struct race_progress *s, const char *line, int stays, double made)
{
    struct note note = {.stays = stays, .made = made};
    if (s->pipe < 0) {
        s->made += made;
        if (*line) show_line(s, line, stays);
        return;
    }
    snprintf(note.text, sizeof note.text, "%s", line);
    write_note(s->pipe, &note);
}

static size_t end_text(char *line, size_t size, size_t used, const tw_race_event *e)
{
    char message[151];
    if (e->message)
        return cli_append(line, size, used, "  diverged: %s",
                          tw_printable(e->message, message, sizeof message));
    return cli_append(line, size, used, "  value %.4g  %llu steps%s%s", e->value,
                      (unsigned long long)e->steps, strcmp(e->status, "finished") ? ", " : "",
                      strcmp(e->status, "finished") ? e->status : "");
}

static void write_line(const tw_race_event *e, int is_end, char *line, size_t size)
{
    char name[81];
    size_t used = cli_append(line, size, 0, "run %zu/%zu  %s  ", e->run, e->runs,
                             tw_printable(e->optimizer, name, sizeof name));
    used = e->is_trial ? cli_append(line, size, used, "trial")
                       : cli_append(line, size, used, "seed %llu", (unsigned long long)e->seed);
    if (is_end) {
        end_text(line, size, used, e);
    } else {
        used = cli_append(line, size, used, "  epoch %llu", (unsigned long long)e->line->epoch);
        used = cli_append_number(line, size, used, "loss", e->line->loss);
        used = cli_append_number(line, size, used, "acc", e->line->accuracy);
        used = cli_append_number(line, size, used, "val_loss", e->line->val_loss);
        cli_append_number(line, size, used, "val_acc", e->line->val_accuracy);
    }
}

int race_event(void *show, const tw_race_event *e)
{
    struct race_progress *s = show;
    char line[400] = "";
    const double made = e->share - s->share;
    if (s->quiet || (e->kind != TW_RACE_EPOCH && e->kind != TW_RACE_END)) return cli_interrupted();
    s->share = e->kind == TW_RACE_END ? 0 : e->share;
    const int is_end = e->kind == TW_RACE_END && (e->message || !isnan(e->value));
    /* the last epoch says how others end */
    if (e->kind == TW_RACE_EPOCH || is_end) write_line(e, is_end, line, sizeof line);
    say(s, line, is_end && e->message, made);
    return cli_interrupted();
}

/* ---- a worker ------------------------------------------------------------------------------------------ */

static tw_status work(const struct cli_common *common, const char *directory, struct race_progress *show,
                      tw_error *err)
{
    struct cli_directories directories;
    tw_context *ctx = NULL;
    tw_race *race = NULL;
    tw_race_options o = TW_RACE_OPTIONS_INIT;
    CLI_TRY(cli_directories(&directories, err));
    o.job.cache = directories.cache;
    o.job.home = directories.home;
    o.event = race_event;
    o.user = show;
    CLI_TRY(cli_context(common, &ctx, err));
    tw_status status = tw_race_resume(&race, ctx, directory, &o, err);
    cli_running(1);
    if (status == TW_OK) status = tw_race_work(race, err);
    tw_race_free(race);
    tw_context_free(ctx);
    return status;
}

static _Noreturn void be_worker(struct cli_common common, const char *directory, uint64_t threads, int pipe)
{
    tw_error err = {0};
    struct race_progress show = {.quiet = common.quiet, .pipe = pipe};
    common.threads = threads;
    common.verbose = 0;
    struct note note = {.code = work(&common, directory, &show, &err)};
    snprintf(note.text, sizeof note.text, "%s", err.message);
    if (note.code != TW_OK && note.code != TW_STOPPED) write_note(pipe, &note);
    fflush(stderr);
    _exit(0);
}

/* ---- all of them --------------------------------------------------------------------------------------- */

struct workers {
    pid_t pid[256]; /* 0: has ended */
    size_t n, lost;
    tw_error why; /* why they are to stop; TW_OK: they are not */
};

static void tell_all(struct workers *c)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->pid[i]) cli_stop_worker(c->pid[i]);
}

/* Takes note of those that have ended; wait: until all have. */
static void reap(struct workers *c, struct race_progress *show, int wait)
{
    for (size_t i = 0; i < c->n; i++) {
        int how;
        if (!c->pid[i] || waitpid(c->pid[i], &how, wait ? 0 : WNOHANG) <= 0) continue;
        c->pid[i] = 0;
        if (!WIFSIGNALED(how)) continue;
        char line[100];
        c->lost++;
        snprintf(line, sizeof line, "warning: a worker was lost (signal %d); its run is made again",
                 WTERMSIG(how));
        if (!show->quiet) show_line(show, line, 1);
    }
}

static void take_note(struct workers *c, struct race_progress *show, const struct note *note)
{
    if (note->code == TW_OK) {
        show->made += note->made;
        if (*note->text) show_line(show, note->text, note->stays);
        return;
    }
    if (c->why.code == TW_OK) cli_fail(&c->why, note->code, "%s", note->text);
}

/* The next note, if there is one within a tenth of a second; 0: the last worker has closed its end of the
 * pipe; below 0: it cannot be read. */
static ssize_t next_note(int pipe, struct note *note)
{
    struct pollfd end = {pipe, POLLIN, 0};
    const int ready = poll(&end, 1, 100);
    note->code = TW_OK;
    note->made = 0;
    note->text[0] = 0;
    const ssize_t n = ready > 0 ? read(pipe, note, sizeof *note) : ready < 0 ? -1 : 1;
    return n < 0 && errno == EINTR ? 1 : n;
}

static void listen_to(struct workers *c, struct race_progress *show, int pipe)
{
    struct note note;
    ssize_t n;
    while ((n = next_note(pipe, &note)) > 0) {
        take_note(c, show, &note);
        if (cli_interrupted() || c->why.code != TW_OK) tell_all(c);
        reap(c, show, 0);
    }
    if (n == 0) return;
    if (c->why.code == TW_OK)
        cli_fail(&c->why, TW_ERR_SYSTEM, "cannot read what the workers report: %s", strerror(errno));
    tell_all(c);
}

static tw_status spawn(struct workers *c, const struct cli_common *common, const char *directory,
                       uint64_t jobs, uint64_t threads, const int pipe[2], tw_error *err)
{
    fflush(NULL);
    while (c->n < jobs) {
        const pid_t pid = cli_fork_worker();
        if (pid < 0) return cli_fail(err, TW_ERR_SYSTEM, "cannot start a worker: %s", strerror(errno));
        if (pid == 0) {
            close(pipe[0]);
            be_worker(*common, directory, threads, pipe[1]);
        }
        c->pid[c->n++] = pid;
    }
    return TW_OK;
}

tw_status race_jobs(const struct cli_common *common, const char *directory, uint64_t jobs, uint64_t threads,
                    struct race_progress *show, tw_error *err)
{
    struct workers workers = {.n = 0};
    char word[TW_SHELL_WORD];
    int pipe[2];
    if (pipe2(pipe, O_CLOEXEC))
        return cli_fail(err, TW_ERR_SYSTEM, "cannot make a pipe: %s", strerror(errno));
    tw_status status = spawn(&workers, common, directory, jobs, threads, pipe, err);
    close(pipe[1]);
    if (status != TW_OK) workers.why = *err;
    listen_to(&workers, show, pipe[0]);
    close(pipe[0]);
    reap(&workers, show, 1);
    race_clear(show);
    CLI_TRY(status);
    if (workers.why.code != TW_OK) return cli_fail(err, workers.why.code, "%s", workers.why.message);
    if (cli_interrupted()) return TW_STOPPED;
    if (workers.lost < workers.n) return TW_OK;
    return cli_fail(err, TW_ERR_WORKER,
                    "all %zu workers were lost; to continue, run thalweg race --resume %s", workers.n,
                    tw_shell_word(directory, word));
}
