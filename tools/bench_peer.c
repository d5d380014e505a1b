/* Other programs, measured beside ours in the same run: scripts in Python that print JSON.
 * SPDX-License-Identifier: MIT */
#include "bench.h"
#include "cli.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_WORDS = 48 };

/* Runs a program and keeps what it prints; its exit status, -1 if it could not run. Its messages go to stderr
 * where `loud`. */
static int run_program(const char *const *argv, int loud, char *output, size_t size)
{
    int ends[2];
    if (pipe(ends)) return -1;
    pid_t child = fork();
    if (child < 0) return -1;
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        int null = loud ? -1 : open("/dev/null", O_WRONLY);
        if (null >= 0) dup2(null, STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    close(ends[1]);
    size_t n = 0;
    for (ssize_t got = 1; got > 0 && n + 1 < size;) {
        got = read(ends[0], output + n, size - 1 - n);
        if (got > 0) n += (size_t)got;
        if (got < 0 && errno == EINTR) got = 1;
    }
    output[n] = 0;
    close(ends[0]);
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int bench_run_python(const char *python, const char *const *arguments, int loud, char *output, size_t size)
{
    char words[512], *rest = NULL;
    const char *argv[MOST_WORDS + 1];
    int n = 0;
    snprintf(words, sizeof words, "%s", python);
    for (char *word = strtok_r(words, " ", &rest); word && n < MOST_WORDS; word = strtok_r(NULL, " ", &rest))
        argv[n++] = word;
    while (*arguments && n < MOST_WORDS) argv[n++] = *arguments++;
    argv[n] = NULL;
    return run_program(argv, loud, output, size);
}

tw_status bench_peer_ready(const char *script, const char *python, int *ready, tw_error *err)
{
    static const char *const nothing[] = {"-c", "", NULL}, *const try_torch[] = {"-c", "import torch", NULL};
    char output[256];
    *ready = 0;
    if (!script) return TW_OK;
    if (access(script, R_OK)) return cli_fail(err, TW_ERR_NOT_FOUND, "%.200s: %s", script, strerror(errno));
    if (strcmp(python, BENCH_PYTHON) && (!python[strspn(python, " ")] || strlen(python) > 400 ||
                                         bench_run_python(python, nothing, 1, output, sizeof output)))
        return cli_fail(
            err, TW_ERR_SPEC,
            "--python \"%.200s\" does not run Python: a program is needed, with the words before the script's name",
            python);
    *ready = bench_run_python(python, try_torch, 0, output, sizeof output) == 0;
    if (!*ready) fprintf(stderr, "PyTorch is missing (Debian: python3-torch); only our own figures follow\n");
    return TW_OK;
}

int bench_peer_has(const char *rule)
{
    static const char *const names[] = {"sgd",     "momentum", "nag",   "adagrad", "adadelta",
                                        "rmsprop", "adam",     "adamw", "adamax",  "nadam"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(names[i], rule)) return 1;
    return 0;
}

/* The least ns_per_elem of the lines of JSON; 0: there is none. */
static double best_of(char *lines)
{
    double best = 0;
    char *rest = NULL;
    for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        json_t *one = json_loads(line, 0, NULL);
        const double ns = json_number_value(json_object_get(one, "ns_per_elem"));
        if (ns > 0 && (best == 0 || ns < best)) best = ns;
        json_decref(one);
    }
    return best;
}

tw_status bench_peer_step(const char *python, const char *script, const char *rule, const char *layout,
                          int threads, double *ns, tw_error *err)
{
    char count[16], output[8192];
    snprintf(count, sizeof count, "%d", threads);
    const char *argv[] = {script,      "--threads", count,       "--only", rule,
                          "--layouts", layout,      "--seconds", "0.3",    NULL};
    const int code = bench_run_python(python, argv, 1, output, sizeof output);
    *ns = best_of(output);
    if (code || *ns <= 0)
        return cli_fail(err, TW_ERR_INTERNAL, "%.200s: failed with exit code %d, or printed no ns_per_elem",
                        script, code);
    return TW_OK;
}
