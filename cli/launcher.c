/* Processes that a launcher of MPI has started together, and the plug-in that links them.
 * SPDX-License-Identifier: MIT */
#include "launcher.h"
#include "cli.h"
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <thalweg/exchange.h>
#include <unistd.h>

/* Who sets what, from the one that can be told by its names alone. PMIX_RANK says that there is a launcher,
 * and only Slurm says how many it starts. */
static const struct {
    const char *mpi, *ranks, *rank, *here;
} launchers[] = {
    {"openmpi", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE"},
    {"mpich", "PMI_SIZE", "PMI_RANK", "MPI_LOCALNRANKS"},
    {"openmpi", "SLURM_STEP_NUM_TASKS", "PMIX_RANK", "SLURM_NTASKS_PER_NODE"},
};

/* 0: it is not set, or no number below a million */
static size_t number(const char *variable, size_t add)
{
    const char *text = getenv(variable);
    char *end;
    if (!text || *text < '0' || *text > '9') return 0;
    const unsigned long n = strtoul(text, &end, 10);
    return *end || n > 1000000 ? 0 : (size_t)n + add;
}

int cli_launched(struct cli_launcher *out)
{
    for (size_t i = 0; i < sizeof launchers / sizeof launchers[0]; i++) {
        const size_t ranks = number(launchers[i].ranks, 0), rank = number(launchers[i].rank, 1);
        if (!ranks || !rank || rank > ranks) continue;
        const size_t here = number(launchers[i].here, 0);
        *out = (struct cli_launcher){.mpi = launchers[i].mpi,
                                     .ranks = ranks,
                                     .rank = rank - 1,
                                     .here = here && here <= ranks ? here : 1};
        return ranks > 1;
    }
    *out = (struct cli_launcher){.ranks = 1, .here = 1};
    return 0;
}

int cli_is_of_another(const char *message)
{
    return !strncmp(message, "rank ", 5) && strstr(message, " has failed: ") != NULL;
}

void cli_this_machine(char to[CLI_MACHINE])
{
    char boot[40], namespace[32];
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
    const ssize_t n = readlink("/proc/self/ns/pid", namespace, sizeof namespace);
    const int is_known = file && fscanf(file, "%39s", boot) == 1 && n > 0;
    if (file) fclose(file);
    to[0] = 0;
    if (is_known) snprintf(to, CLI_MACHINE, "%s/%.*s", boot, (int)n, namespace);
}

int cli_is_supervised(void) { return getenv(CLI_SUPERVISED) != NULL; }

static struct {
    size_t rank;
    int fd; /* 0: nothing is reported */
} reports;

void cli_report_to(size_t rank, int fd)
{
    char path[64], machine[CLI_MACHINE];
    const char *const told = getenv(CLI_SUPERVISED);
    struct stat is;
    unsigned long inode;
    int pid, end, n = 0;
    reports.rank = rank;
    reports.fd = fd < 0 ? STDERR_FILENO : fd;
    cli_this_machine(machine);
    if (!told || sscanf(told, "%d:%d:%lu:%n", &pid, &end, &inode, &n) < 3 || !told[n] ||
        strcmp(machine, told + n))
        return;
    snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, end);
    if (stat(path, &is) != 0 || !S_ISFIFO(is.st_mode) || is.st_ino != inode) return; /* of another start */
    if ((end = open(path, O_WRONLY | O_CLOEXEC)) >= 0) reports.fd = end;
}

/* In one write, as the launcher mixes the lines of all. Should that be gone, the process still ends as it is
 * to. */
void cli_report(const char *format, ...)
{
    char line[PATH_MAX + 64], shown[sizeof line];
    sigset_t pipe, before;
    va_list args;
    if (!reports.fd) return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    sigprocmask(SIG_BLOCK, &pipe, &before);
    if (dprintf(reports.fd, CLI_REPORT "%zu %s\n", reports.rank, tw_printable(line, shown, sizeof shown)) <
        0) {
        reports.fd = 0;
        sigtimedwait(&pipe, NULL, &(struct timespec){0, 0});
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
}

void cli_report_end(tw_status status, const tw_error *err)
{
    if (status == TW_OK) cli_report("ended 0");
    else
        cli_report("ended %d %s", cli_exit_code(status),
                   err->message[0] ? err->message : tw_status_name(status));
}

int cli_find_plugin(const char *mpi, char to[PATH_MAX])
{
    const char *given = getenv("THALWEG_PLUGINS");
    char self[PATH_MAX], *directory;
    const char *const below[] = {"", TW_PLUGINS "/"};
    if (given && *given) {
        snprintf(to, PATH_MAX, "%.3000s/thalweg-mpi-%s.so", given, mpi);
        return access(to, R_OK) == 0;
    }
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = 0;
    directory = dirname(self);
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++) {
        snprintf(to, PATH_MAX, "%.3000s/%sthalweg-mpi-%s.so", directory, below[i], mpi);
        if (access(to, R_OK) == 0) return 1;
    }
    return 0;
}

/* What is on threads in one process has a process for each worker here. */
static tw_status name_exchange(const struct cli_launcher *launcher, const char **exchange,
                               char text[TW_SPEC_MAX], tw_error *err)
{
    tw_exchange_choice choice;
    if (!*exchange || !strcmp(*exchange, "local"))
        return cli_fail(
            err, TW_ERR_SPEC,
            "a launcher has started %zu processes, which would all make the same run: add --exchange "
            "allreduce or another (thalweg exchanges), or start it without %s's launcher",
            launcher->ranks, launcher->mpi);
    CLI_TRY(tw_exchange_read(&choice, *exchange, err));
    if (strcmp(choice.transport->name, "threads")) return TW_OK;
    if (snprintf(text, TW_SPEC_MAX, "mpi+%s", *exchange) >= TW_SPEC_MAX)
        return cli_fail(err, TW_ERR_SPEC, "exchange \"%.60s\" is too long", *exchange);
    *exchange = text;
    return TW_OK;
}

tw_status cli_open_link(tw_context *ctx, int resumed, const char **exchange, char text[TW_SPEC_MAX],
                        tw_link **link, tw_error *err)
{
    struct cli_launcher launcher;
    char plugin[PATH_MAX];
    *link = NULL;
    const int is_one = !cli_launched(&launcher);
    const int on_mpi = *exchange && !strncmp(*exchange, "mpi", 3);
    if (is_one && on_mpi && !launcher.mpi)
        return cli_fail(
            err, TW_ERR_SPEC,
            "exchange %s: there is one process; to start several, run mpirun -n N thalweg train ...",
            *exchange);
    if (is_one && !on_mpi) return TW_OK;
    if (!resumed) CLI_TRY(name_exchange(&launcher, exchange, text, err));
    if (!cli_find_plugin(launcher.mpi, plugin))
        return cli_fail(
            err, TW_ERR_NOT_FOUND,
            "%s's launcher has started %zu processes, and there is no plug-in %.200s: build Thalweg where "
            "mpicc.%s is, or name the plug-in's folder in THALWEG_PLUGINS",
            launcher.mpi, launcher.ranks, plugin, launcher.mpi);
    const tw_link_options o = {.size = sizeof o, .ranks = launcher.ranks};
    return tw_link_open(link, ctx, plugin, &o, err);
}
