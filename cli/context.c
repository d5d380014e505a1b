/* The program's surroundings: context, environment, clock, signals. The libraries read none of these by
 * themselves.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include "launcher.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What is no whole number, or no width, is ignored in COLUMNS. */
int cli_width(FILE *to)
{
    const char *given = getenv("COLUMNS");
    const size_t digits = given ? strspn(given, "0123456789") : 0;
    const int columns = digits && digits < 6 && !given[digits] ? atoi(given) : 0;
    struct winsize size;
    if (columns) return columns;
    if (!isatty(fileno(to))) return 0;
    return ioctl(fileno(to), TIOCGWINSZ, &size) || !size.ws_col ? 80 : size.ws_col;
}

/* One call, as messages come from several threads; on a terminal the message covers a live line. */
static void log_all(void *user, int level, const char *text)
{
    (void)user;
    const char *begin = level == TW_LOG_WARNING ? "warning: " : "";
    const int live = isatty(STDERR_FILENO), columns = live ? cli_width(stderr) - (int)strlen(begin) - 1 : 0;
    char line[1024];
    fprintf(stderr, "%s%s%-*s\n", live ? "\r" : "", begin, columns > 0 ? columns : 0,
            tw_printable(text, line, sizeof line));
}

static void log_warnings(void *user, int level, const char *text)
{
    if (level == TW_LOG_WARNING) log_all(user, level, text);
}

/* Processes of one machine that a launcher has started together share its CPUs. */
static tw_status share_cpus(tw_context_options *o, tw_context **ctx, tw_error *err)
{
    struct cli_launcher launcher;
    const int cpus = tw_context_threads(*ctx);
    if (!cli_launched(&launcher) || o->threads || launcher.here == 1 || cpus == 1) return TW_OK;
    tw_context_free(*ctx);
    o->threads = cpus > (int)launcher.here ? cpus / (int)launcher.here : 1;
    return tw_context_create(ctx, o, err);
}

tw_status cli_context(const struct cli_common *common, tw_context **out, tw_error *err)
{
    tw_context_options options = TW_CONTEXT_OPTIONS_INIT;
    options.threads = (int)common->threads;
    if (common->verbose && common->quiet)
        return cli_fail(err, TW_ERR_SPEC, "--quiet and --verbose exclude each other");
    options.log = common->verbose ? log_all : common->quiet ? NULL : log_warnings;
    const char *isa = getenv("THALWEG_MAX_ISA");
    if (isa && *isa) {
        CLI_TRY(tw_isa_from_name(isa, &options.max_isa, err));
        if (options.max_isa > tw_isa_of_cpu())
            return cli_fail(err, TW_ERR_SPEC, "THALWEG_MAX_ISA=%.20s: this CPU has not more than %s", isa,
                            tw_isa_name(tw_isa_of_cpu()));
    }
    CLI_TRY(tw_context_create(out, &options, err));
    CLI_TRY(share_cpus(&options, out, err));
    if (common->verbose)
        fprintf(stderr, "instruction set %s, threads %d\n", tw_isa_name(tw_context_isa(*out)),
                tw_context_threads(*out));
    return TW_OK;
}

/* The first of: the variable itself, base/thalweg, ~/below/thalweg. A base that is no absolute path is
 * ignored (XDG base directories, "Basics"). */
static tw_status directory(const char *variable, const char *base, const char *below, char *to, tw_error *err)
{
    const char *given = getenv(variable), *root = getenv(base), *home = getenv("HOME");
    int n;
    if (given && *given) n = snprintf(to, PATH_MAX, "%s", given);
    else if (root && *root == '/') n = snprintf(to, PATH_MAX, "%s/thalweg", root);
    else if (home && *home) n = snprintf(to, PATH_MAX, "%s/%s/thalweg", home, below);
    else n = snprintf(to, PATH_MAX, "/tmp/thalweg");
    return n < PATH_MAX ? TW_OK : cli_fail(err, TW_ERR_SPEC, "%s: the folder's name is too long", variable);
}

tw_status cli_directories(struct cli_directories *out, tw_error *err)
{
    if (!getcwd(out->current, sizeof out->current))
        return cli_fail(err, TW_ERR_SYSTEM, "cannot tell the current directory: %s", strerror(errno));
    CLI_TRY(directory("THALWEG_CACHE", "XDG_CACHE_HOME", ".cache", out->cache, err));
    return directory("THALWEG_DATA", "XDG_DATA_HOME", ".local/share", out->home, err);
}

size_t cli_name_length(const char *spec)
{
    return strspn(spec, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
}

/* The first word of a spec, or "own" where it is no plain name. */
static void plain_name(const char *spec, char to[32])
{
    size_t n = strcspn(spec, ":@+;");
    int plain = n > 0 && n < 32 && cli_name_length(spec) >= n;
    snprintf(to, 32, "%.*s", plain ? (int)n : 3, plain ? spec : "own");
}

void cli_run_directory(const char *model, const char *optimizer, char to[PATH_MAX])
{
    char stamp[32], a[32], b[32];
    time_t now = time(NULL);
    struct tm when;
    localtime_r(&now, &when);
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &when);
    plain_name(model, a);
    plain_name(optimizer, b);
    snprintf(to, PATH_MAX, "out/%s-%s-%s", stamp, a, b);
}

void cli_free_directory(const char *model, const char *optimizer, char to[PATH_MAX])
{
    struct stat there;
    cli_run_directory(model, optimizer, to);
    const size_t n = strlen(to);
    for (int i = 2; i < 1000 && !lstat(to, &there); i++) snprintf(to + n, PATH_MAX - n, "-%d", i);
}

tw_status cli_new_file(const char *path, int force, tw_error *err)
{
    struct stat there;
    if (lstat(path, &there)) return TW_OK;
    if (!force)
        return cli_fail(err, TW_ERR_SPEC,
                        "%.300s is there already (give another name, or --force to replace it)", path);
    if (stat(path, &there) || S_ISREG(there.st_mode)) return TW_OK;
    return cli_fail(err, TW_ERR_SPEC, "%.300s is a %s, which no file replaces", path,
                    S_ISDIR(there.st_mode) ? "folder" : "pipe, socket or device");
}

int cli_is_same(const char *a, const char *b)
{
    struct stat x, y;
    return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

double cli_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

tw_status cli_check_out(const char *out, tw_error *err)
{
    size_t n = strlen(out), first;
    while (n && out[n - 1] == '/') n--;
    for (first = n; first && out[first - 1] != '/';) first--;
    size_t length = n - first;
    if (length == 0 || (length <= 2 && !strncmp(out + first, "..", length)))
        return cli_fail(err, TW_ERR_SPEC, "--out %.100s names no folder of its own", out);
    return TW_OK;
}

static volatile sig_atomic_t interrupted, running, has_run, checkpoint_wanted;
static const int caught[] = {SIGINT, SIGTERM, SIGHUP};
enum { N_CAUGHT = sizeof caught / sizeof caught[0] };
static volatile sig_atomic_t ignored[N_CAUGHT];

/* What is removed when a signal ends the program. */
static struct {
    char path[4][PATH_MAX + sizeof TW_PARTIAL];
    volatile sig_atomic_t n;
} partial;

void cli_remove_if_interrupted(const char *path)
{
    snprintf(partial.path[partial.n], sizeof partial.path[0], "%s" TW_PARTIAL, path);
    partial.n++;
}

/* While there is nothing to keep, a read or write may wait for ever: the program ends at once. */
static void note(int signal_number)
{
    static const char before[] = "thalweg: interrupted; nothing was written\n",
                      after[] = "thalweg: interrupted; what was made is kept\n",
                      cut[] = "thalweg: interrupted; the file that was not whole is removed\n";
    const char *said = partial.n ? cut : has_run ? after : before;
    (void)signal_number;
    if (!running) {
        for (int i = 0; i < partial.n; i++) unlink(partial.path[i]);
        (void)!write(STDERR_FILENO, said, strlen(said));
        _exit(cli_exit_code(TW_STOPPED));
    }
    interrupted = 1;
    for (int i = 0; i < N_CAUGHT; i++)
        if (!ignored[i]) signal(caught[i], SIG_DFL);
}

static void note_checkpoint(int signal_number)
{
    (void)signal_number;
    checkpoint_wanted = 1;
}

void cli_catch_signals(void)
{
    static const int wanting[] = {SIGUSR1, SIGUSR2};
    struct sigaction action, before;
    memset(&action, 0, sizeof action);
    action.sa_flags = SA_RESTART;
    action.sa_handler = note_checkpoint;
    for (int i = 0; i < 2; i++)
        if (sigaction(wanting[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(wanting[i], &action, NULL);
    action.sa_handler = note;
    for (int i = 0; i < N_CAUGHT; i++) {
        ignored[i] = sigaction(caught[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN;
        if (!ignored[i]) sigaction(caught[i], &action, NULL);
    }
}

void cli_running(int is)
{
    running = is;
    has_run |= is;
}

int cli_interrupted(void) { return interrupted; }

int cli_checkpoint_wanted(void)
{
    const int wanted = checkpoint_wanted;
    checkpoint_wanted = 0;
    return wanted;
}

enum { STOP = SIGUSR1 };

static void note_stop(int signal_number)
{
    (void)signal_number;
    if (!running) _exit(0);
    interrupted = 1;
}

/* The terminal's signals go to all processes of a job: a worker leaves them to its parent, or two of them
 * would end it at once. It may be told to stop before it has done anything. */
pid_t cli_fork_worker(void)
{
    const pid_t parent = getpid();
    struct sigaction action, before;
    memset(&action, 0, sizeof action);
    action.sa_handler = note_stop;
    action.sa_flags = SA_RESTART;
    sigaction(STOP, &action, &before);
    const pid_t worker = fork();
    const int why = errno;
    if (worker != 0) {
        sigaction(STOP, &before, NULL);
        errno = why;
        return worker;
    }
    running = 0;
    for (int i = 0; i < N_CAUGHT; i++) signal(caught[i], SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(TW_ERR_WORKER);
    return 0;
}

void cli_stop_worker(pid_t worker) { kill(worker, STOP); }
