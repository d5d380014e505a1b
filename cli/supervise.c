/* A launcher of MPI as a child: its output is read and shown, but for what the processes report; signals are
 * passed on; and what does not end by itself is ended. mpirun may ignore SIGTERM for minutes when a machine
 * is gone, and leaves processes when it is killed: they become children of this one.
 * SPDX-License-Identifier: MIT */
#include "supervise.h"
#include "launcher.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* In seconds: for all processes to begin; for rank 0 to write its checkpoint when it is interrupted; for the
 * launcher to end after a process has; and after SIGTERM. */
static const double to_begin = 60, to_stop = 20, to_end = 3, to_clean = 1.5;

/* How far it has been told to end. */
enum stage { RUNS, IS_EXPECTED_TO_END, IS_TERMINATED, IS_KILLED };

enum { OUT, ERR, REPORTS, STREAMS };

/* One of its outputs, or what processes of this machine report. */
struct stream {
    int pipe[2]; /* -1, -1: there is none */
    FILE *to;
    char line[PATH_MAX + 256]; /* so far: */
    size_t n;
    char banner[4096]; /* likewise, of lines */
    size_t n_banner;
    int is_known; /* what it says */
};

struct child {
    struct supervision *s;
    pid_t pid;
    struct stream stream[STREAMS];
    char machine[CLI_MACHINE]; /* this one */
    enum stage stage;
    double deadline; /* of this stage */
};

/* ---- what it says -------------------------------------------------------------------------------------- */

/* The one that failed knows best, but perhaps it was ended before it could say so; of several the first. */
static void note_end(struct supervision *s, uint64_t rank, const char *text)
{
    char *why;
    const long code = strtol(text, &why, 10);
    why += *why == ' ';
    const int is_told = cli_is_of_another(why), was_told = cli_is_of_another(s->why);
    if (rank < s->processes) s->process[rank].has_ended = 1;
    if (!code || (s->rank_code && (is_told != was_told ? is_told : s->rank < rank))) return;
    s->rank_code = (int)code;
    s->rank = rank;
    snprintf(s->why, sizeof s->why, "%s", why);
}

static void note_start(struct supervision *s, uint64_t rank, const char *text)
{
    if (rank >= s->processes || s->process[rank].pid) return;
    struct started *p = &s->process[rank];
    s->begun += sscanf(text, "%ld %64s %79s", &p->pid, p->host, p->machine) > 0;
}

/* A process without last words was killed; the others end because of the first, and crash rather than be
 * killed from outside. */
static void note_gone(struct supervision *s, uint64_t rank, const char *text)
{
    char *when;
    double at = 0;
    const long code = strtol(text, &when, 10);
    if (rank >= s->processes || s->process[rank].has_ended || !tw_number_read(when + (*when == ' '), &at))
        return;
    if (code == 128 + SIGKILL) at -= 1;
    if (s->lost[0] && at > s->lost_at) return;
    s->lost_at = at;
    s->lost_code = (int)code;
    snprintf(s->lost, sizeof s->lost,
             code > 128 ? "rank %llu on %s was killed by signal %ld"
                        : "rank %llu on %s has ended with exit code %ld",
             (unsigned long long)rank, s->process[rank].host, code > 128 ? code - 128 : code);
}

/* "RANK WORD ..." */
static void note_report(struct supervision *s, const char *text)
{
    char *rest, *directory;
    const uint64_t rank = strtoull(text, &rest, 10);
    if (!strncmp(rest, " started ", 9)) note_start(s, rank, rest + 9);
    else if (!strncmp(rest, " ended ", 7)) note_end(s, rank, rest + 7);
    else if (!strncmp(rest, " gone ", 6)) note_gone(s, rank, rest + 6);
    else if (!strncmp(rest, " kept ", 6)) s->kept = strtoull(rest + 6, NULL, 10);
    else if (!strncmp(rest, " run ", 5)) {
        s->has_run = 1;
        s->kept = strtoull(rest + 5, &directory, 10);
        snprintf(s->directory, sizeof s->directory, "%s", directory + (*directory == ' '));
        if (s->is_restart && s->kept)
            cli_say("thalweg: the run continues after %llu updates, in %s", (unsigned long long)s->kept,
                    s->directory);
        else if (s->is_restart) cli_say("thalweg: the run begins again, in %s", s->directory);
    }
}

/* What the launchers add to an end is left out: it is said once, by us, and Hydra says it on the standard
 * output, of a process that it may have killed itself. */
static int is_known(const char *line)
{
    static const char *const texts[] = {"Primary job  terminated normally",
                                        " detected that one or more processes exited with non-zero status",
                                        " exited on signal ", "BAD TERMINATION OF ONE OF YOUR APPLICATION"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strstr(line, texts[i])) return 1;
    return 0;
}

static int is_after_banner(const char *line)
{
    static const char *const texts[] = {"YOUR APPLICATION TERMINATED WITH THE EXIT STRING",
                                        "This typically refers to a problem with your application",
                                        "Please see the FAQ page for debugging suggestions"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (!strncmp(line, texts[i], strlen(texts[i]))) return 1;
    return 0;
}

static void print_banner(struct stream *from)
{
    if (!from->is_known) fputs(from->banner, from->to);
    from->n_banner = 0;
    from->is_known = 0;
}

/* Lines from one edge to the next are kept until it is known what they say. Returns whether this is one. */
static int add_to_banner(struct stream *from, const char *end)
{
    const int is_edge = !strncmp(from->line, "----------", 10) || !strncmp(from->line, "==========", 10);
    if (!from->n_banner && !is_edge) return 0;
    const int is_last = is_edge && from->n_banner;
    from->is_known |= is_known(from->line);
    from->n_banner = cli_append(from->banner, sizeof from->banner, from->n_banner, "%s%s", from->line, end);
    if (is_last || from->n_banner + 1 == sizeof from->banner) print_banner(from);
    return 1;
}

/* end: "\n", or "" if more of the line is to come. */
static void show_line(struct child *c, struct stream *from, const char *end)
{
    const size_t prefix = strlen(CLI_REPORT);
    from->line[from->n] = 0;
    from->n = 0;
    if (!strncmp(from->line, CLI_REPORT, prefix)) {
        note_report(c->s, from->line + prefix);
        return;
    }
    if (!add_to_banner(from, end) && !is_after_banner(from->line)) fprintf(from->to, "%s%s", from->line, end);
}

/* What is there; 0: nothing. */
static int hear(struct child *c, struct stream *from)
{
    char bytes[4096];
    const ssize_t n = read(from->pipe[0], bytes, sizeof bytes);
    for (ssize_t i = 0; i < n; i++) {
        if (bytes[i] == '\n') show_line(c, from, "\n");
        else if (from->n + 1 == sizeof from->line) show_line(c, from, "");
        if (bytes[i] != '\n') from->line[from->n++] = bytes[i];
    }
    return n > 0;
}

static void hear_all(struct child *c)
{
    struct pollfd ends[STREAMS];
    for (int i = 0; i < STREAMS; i++) ends[i] = (struct pollfd){c->stream[i].pipe[0], POLLIN, 0};
    poll(ends, STREAMS, 20);
    for (int i = 0; i < STREAMS; i++) hear(c, &c->stream[i]);
    fflush(stdout);
}

/* What is left when all have ended; of a line that has no end yet, too. */
static void hear_the_rest(struct child *c, struct stream *from)
{
    while (hear(c, from)) continue;
    if (from->n) show_line(c, from, "");
    if (from->n_banner) print_banner(from);
}

/* ---- how it ends --------------------------------------------------------------------------------------- */

/* What a launcher that was killed has left has this process as its parent. Returns how many there were. */
static int kill_orphans(void)
{
    char path[64];
    long pid;
    int n = 0;
    snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
    FILE *children = fopen(path, "r");
    for (; children && fscanf(children, "%ld", &pid) == 1; n++) kill((pid_t)pid, SIGKILL);
    if (children) fclose(children);
    return n;
}

static void reap_orphans(void)
{
    const double until = cli_seconds() + to_clean;
    while (kill_orphans() > 0 && cli_seconds() < until) {
        while (waitpid(-1, NULL, WNOHANG) > 0) continue;
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
}

static void turn_to(struct child *c, enum stage stage, double seconds)
{
    c->stage = stage;
    c->deadline = cli_seconds() + seconds;
    if (stage == IS_TERMINATED) kill(c->pid, SIGTERM);
    if (stage != IS_KILLED) return;
    kill(-c->pid, SIGKILL);
    kill_orphans();
}

/* A process of this machine, whose number is one here; 0: it is elsewhere, or has not begun. */
static pid_t here(const struct child *c, uint64_t rank)
{
    const struct started *p = &c->s->process[rank];
    return p->pid > 0 && c->machine[0] && !strcmp(c->machine, p->machine) ? (pid_t)p->pid : 0;
}

/* Rank 0 ends the run for all, with a checkpoint. */
static void interrupt(struct child *c)
{
    const pid_t first = here(c, 0);
    turn_to(c, first && kill(first, SIGTERM) == 0 ? IS_EXPECTED_TO_END : IS_TERMINATED, to_stop);
}

static void look_at_the_clock(struct child *c, int *was_interrupted)
{
    const double now = cli_seconds();
    const pid_t first = here(c, 0);
    if (cli_checkpoint_wanted()) kill(first ? first : c->pid, SIGUSR1);
    if (cli_interrupted() && !*was_interrupted) {
        *was_interrupted = 1;
        interrupt(c);
    }
    if (c->stage == RUNS && (c->s->rank_code || c->s->lost[0])) turn_to(c, IS_EXPECTED_TO_END, to_end);
    if (c->stage == RUNS && now > c->deadline && c->s->begun < c->s->processes) {
        c->s->is_late = 1;
        turn_to(c, IS_TERMINATED, to_clean);
    }
    if (now < c->deadline || c->stage == RUNS) return;
    turn_to(c, c->stage == IS_EXPECTED_TO_END ? IS_TERMINATED : IS_KILLED, to_clean);
}

static tw_status wait_for_all(struct child *c, const char *name, tw_error *err)
{
    int how = 0, was_interrupted = 0;
    pid_t ended;
    while ((ended = waitpid(c->pid, &how, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
        hear_all(c);
        look_at_the_clock(c, &was_interrupted);
    }
    const int why = errno;
    reap_orphans();
    for (int i = 0; i < STREAMS; i++) hear_the_rest(c, &c->stream[i]);
    if (ended < 0) return cli_fail(err, TW_ERR_SYSTEM, "cannot wait for %s: %s", name, strerror(why));
    c->s->code = WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how);
    return TW_OK;
}

/* ---- how it begins ------------------------------------------------------------------------------------- */

/* In a session of its own: the terminal's signals come to this process alone. Should that be killed, the
 * launcher is told to end. */
static _Noreturn void become(char *const *argv, pid_t parent, const struct child *c)
{
    char reports[CLI_MACHINE + 64];
    struct stat pipe;
    const int null = open("/dev/null", O_RDONLY);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(c->stream[OUT].pipe[1], STDOUT_FILENO) < 0 || dup2(c->stream[ERR].pipe[1], STDERR_FILENO) < 0 ||
        fstat(c->stream[REPORTS].pipe[1], &pipe) != 0)
        _exit(TW_ERR_SYSTEM);
    setsid();
    snprintf(reports, sizeof reports, "%ld:%d:%lu:%s", (long)parent, c->stream[REPORTS].pipe[1],
             (unsigned long)pipe.st_ino, c->machine);
    setenv(CLI_SUPERVISED, reports, 1);
    execv(argv[0], argv);
    dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
    _exit(TW_ERR_SYSTEM);
}

/* Their first ends are read without waiting. */
static int make_pipes(struct child *c)
{
    for (struct stream *s = c->stream; s < c->stream + STREAMS; s++)
        if (pipe2(s->pipe, O_CLOEXEC) != 0 || fcntl(s->pipe[0], F_SETFL, O_NONBLOCK) != 0) return 0;
    return 1;
}

tw_status cli_supervise(char *const *argv, struct supervision *s, tw_error *err)
{
    struct child c = {.s = s, .stream = {{{-1, -1}, stdout}, {{-1, -1}, stderr}, {{-1, -1}, stderr}}};
    const pid_t self = getpid();
    cli_this_machine(c.machine);
    signal(SIGCHLD, SIG_DFL); /* ignored, as it may be inherited, it hides how a child ends */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    fflush(NULL);
    c.pid = make_pipes(&c) ? fork() : -1;
    if (c.pid == 0) become(argv, self, &c);
    const int why = errno;
    if (c.pid > 0) turn_to(&c, RUNS, to_begin);
    const tw_status status =
        c.pid > 0 ? wait_for_all(&c, argv[0], err)
                  : cli_fail(err, TW_ERR_SYSTEM, "cannot start %s: %s", argv[0], strerror(why));
    for (int i = 0; i < 2 * STREAMS; i++) close(c.stream[i / 2].pipe[i % 2]);
    return status;
}
