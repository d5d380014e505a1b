/* A process that thalweg launch has had started is two: one that does the work, and its parent, which sees
 * how it ends and reports that. Launchers of MPI end the others when one is killed, and then may name any of
 * them.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include "launcher.h"
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const int passed_on[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};
static volatile pid_t worker;

static void pass_on(int signal_number) { kill(worker, signal_number); }

/* Both end with what has started them. */
static void end_with(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(TW_ERR_WORKER);
}

static _Noreturn void wait_for_worker(void)
{
    static const struct timespec a_moment = {0, 200000000};
    struct timespec now;
    int how = 0;
    pid_t ended;
    while ((ended = waitpid(worker, &how, 0)) < 0 && errno == EINTR) continue;
    clock_gettime(CLOCK_REALTIME, &now);
    /* it may have crashed since another was killed, of which we are to hear first */
    if (WIFSIGNALED(how) && WTERMSIG(how) != SIGKILL) nanosleep(&a_moment, NULL);
    const int code = ended < 0 ? TW_ERR_SYSTEM : WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how);
    cli_report("gone %d %lld.%06ld", code, (long long)now.tv_sec, now.tv_nsec / 1000);
    /* Hydra ends all once one has failed, and may not have read what the others and this one have said */
    if (code) nanosleep(&a_moment, NULL);
    _exit(code);
}

void cli_be_monitored(size_t rank, int fd)
{
    char host[HOST_NAME_MAX + 1] = "", machine[CLI_MACHINE];
    struct sigaction action;
    sigset_t all, before;
    const pid_t parent = getppid(), self = getpid();
    end_with(parent);
    cli_report_to(rank, fd);
    signal(SIGCHLD, SIG_DFL); /* ignored, as it may be inherited, it hides how a child ends */
    memset(&action, 0, sizeof action);
    action.sa_handler = pass_on;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    worker = fork();
    if (worker < 0) {
        cli_report("ended %d cannot start a process: %s", TW_ERR_SYSTEM, strerror(errno));
        _exit(TW_ERR_SYSTEM);
    }
    for (size_t i = 0; worker > 0 && i < sizeof passed_on / sizeof passed_on[0]; i++)
        sigaction(passed_on[i], &action, NULL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (worker > 0) wait_for_worker();
    end_with(self);
    gethostname(host, sizeof host - 1);
    cli_this_machine(machine);
    cli_report("started %ld %s %s", (long)getpid(), host, machine);
}
