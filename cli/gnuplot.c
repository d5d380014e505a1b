/* Starting gnuplot, watching it, and showing what it says when it fails.
 * SPDX-License-Identifier: MIT */
#include "gnuplot.h"
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* Nobody's gnuplotrc is read (-d), so that a picture is the same everywhere. A picture that may not become as
 * large as it is ends gnuplot, which would not notice itself. */
static int spawn(const struct cli_gnuplot *g, const char *script, FILE *said, pid_t *pid)
{
    char *const argv[] = {"gnuplot", "-d", (char *)script, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t usual;
    int error = posix_spawn_file_actions_init(&actions);
    if (error) return error;
    if ((error = posix_spawnattr_init(&attributes)) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return error;
    }
    sigemptyset(&usual);
    sigaddset(&usual, SIGXFSZ);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    error = posix_spawn_file_actions_addchdir_np(&actions, g->directory);
    if (!error) error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", 0, 0);
    if (!error) error = posix_spawn_file_actions_adddup2(&actions, fileno(said), 1);
    if (!error) error = posix_spawn_file_actions_adddup2(&actions, fileno(said), 2);
    if (!error) error = posix_spawnp(pid, argv[0], &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static void show(FILE *said)
{
    char line[1024];
    rewind(said);
    while (fgets(line, sizeof line, said)) {
        line[strcspn(line, "\n")] = 0;
        if (line[0]) cli_say("%s", line);
    }
}

/* The picture's path, whose type is one of svg, png, gif; 0 if it is too long. */
static int picture_path(const struct cli_gnuplot *g, const char *name, int type, char to[PATH_MAX])
{
    static const char *const types[] = {"svg", "png", "gif"};
    return snprintf(to, PATH_MAX, "%s/%s.%s", g->directory, name, types[type]) < PATH_MAX;
}

/* What an earlier gnuplot drew, or one that failed, is no picture of this one. */
static void remove_pictures(const struct cli_gnuplot *g, const char *name, int animated)
{
    char path[PATH_MAX];
    for (int i = 0; i < 2 + animated; i++)
        if (picture_path(g, name, i, path)) unlink(path);
}

/* A picture that ends as its type does: on a full disk gnuplot leaves one that is cut, and says nothing. */
static int is_whole(const char *path, int type)
{
    static const char *const ends[] = {"</svg>", "IEND\xae\x42\x60\x82", ";"};
    char end[16];
    FILE *picture = fopen(path, "rb");
    size_t n = 0, length = strlen(ends[type]);
    if (!picture) return 0;
    if (fseek(picture, -(long)sizeof end, SEEK_END) == 0) n = fread(end, 1, sizeof end, picture);
    fclose(picture);
    while (n && end[n - 1] == '\n') n--;
    return n >= length && memcmp(end + n - length, ends[type], length) == 0;
}

static int are_drawn(const struct cli_gnuplot *g, const char *name, int animated)
{
    char path[PATH_MAX];
    for (int i = 0; i < 2 + animated; i++)
        if (!picture_path(g, name, i, path) || !is_whole(path, i)) return 0;
    return 1;
}

/* One that has ended, or none yet (0). */
static int reap(struct cli_gnuplot *g)
{
    for (int i = 0; i < g->running; i++) {
        int status;
        if (waitpid(g->at[i].pid, &status, WNOHANG) == 0) continue;
        const char *name = g->at[i].name;
        const int good =
            WIFEXITED(status) && WEXITSTATUS(status) == 0 && are_drawn(g, name, g->at[i].animated);
        if ((!good && !g->failures) || g->verbose) show(g->at[i].said);
        fclose(g->at[i].said);
        if (!good) remove_pictures(g, name, g->at[i].animated);
        g->at[i] = g->at[--g->running];
        g->drawn += good;
        g->failures += !good;
        if (!good && !g->failed) g->failed = name;
        return 1;
    }
    return 0;
}

/* Until fewer than `limit` run. */
static tw_status wait_below(struct cli_gnuplot *g, int limit, tw_error *err)
{
    while (g->running >= limit) {
        if (cli_interrupted())
            return cli_fail(err, TW_STOPPED, "interrupted; what was made so far is in %.300s", g->directory);
        if (!reap(g)) nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    return TW_OK;
}

tw_status cli_gnuplot_start(struct cli_gnuplot *g, const char *name, int animated, tw_error *err)
{
    char script[64];
    const int most = g->most < 1 ? 1 : g->most > CLI_GNUPLOTS ? CLI_GNUPLOTS : g->most;
    if (g->error) return TW_OK;
    CLI_TRY(wait_below(g, most, err));
    snprintf(script, sizeof script, "%s.gp", name);
    remove_pictures(g, name, animated);
    FILE *said = tmpfile();
    pid_t pid;
    g->error = said ? spawn(g, script, said, &pid) : errno;
    if (g->error) {
        if (said) fclose(said);
        return TW_OK;
    }
    g->at[g->running].pid = pid;
    g->at[g->running].name = name;
    g->at[g->running].animated = animated;
    g->at[g->running++].said = said;
    return TW_OK;
}

tw_status cli_gnuplot_wait(struct cli_gnuplot *g, tw_error *err) { return wait_below(g, 1, err); }

tw_status cli_gnuplot_verdict(const struct cli_gnuplot *g, tw_error *err)
{
    if (g->failures > 1)
        return cli_fail(err, TW_ERR_SYSTEM,
                        "gnuplot could not draw %.200s/%s.gp and %d more; data, scripts and claims are there",
                        g->directory, g->failed, g->failures - 1);
    if (g->failures)
        return cli_fail(err, TW_ERR_SYSTEM,
                        "gnuplot could not draw %.200s/%s.gp; data, script and claims are there",
                        g->directory, g->failed);
    if (g->error && g->error != ENOENT)
        return cli_fail(err, TW_ERR_SYSTEM,
                        "cannot start gnuplot: %s; data, scripts and claims are in %.200s",
                        strerror(g->error), g->directory);
    return TW_OK;
}

void cli_gnuplot_stop(struct cli_gnuplot *g)
{
    for (int i = 0; i < g->running; i++) kill(g->at[i].pid, SIGTERM);
    while (g->running) {
        waitpid(g->at[--g->running].pid, NULL, 0);
        fclose(g->at[g->running].said);
        remove_pictures(g, g->at[g->running].name, g->at[g->running].animated);
    }
}
