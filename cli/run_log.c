/* The log of a run: appended to a file or pipe, cut where a run is resumed.
 * SPDX-License-Identifier: MIT */
#include "run_log.h"
#include "cli.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static tw_status fail(const struct run_log *log, int error, tw_error *err)
{
    return cli_fail(err, TW_ERR_SYSTEM, "--log %.300s: %s", log->o.path, strerror(error));
}

/* ---- opening ------------------------------------------------------------------------------------------- */

/* A directory is there, or its name ends with a slash. */
static tw_status choose(struct run_log *log, tw_error *err)
{
    const size_t n = strlen(log->o.path);
    const char *slash = n && log->o.path[n - 1] == '/' ? "" : "/";
    struct stat s;
    const int is_there = stat(log->o.path, &s) == 0;
    if (n == 0 || (*slash && !(is_there && S_ISDIR(s.st_mode)))) {
        log->format = n >= 4 && strcmp(log->o.path + n - 4, ".csv") == 0 ? TW_RUN_LOG_CSV : TW_RUN_LOG_JSON;
        snprintf(log->file, sizeof log->file, "%s", log->o.path);
        return TW_OK;
    }
    log->format = TW_RUN_LOG_EVENTS;
    if (snprintf(log->file, PATH_MAX, "%s%sevents.out.tfevents.thalweg", log->o.path, slash) >= PATH_MAX)
        return fail(log, ENAMETOOLONG, err);
    if (!is_there && mkdir(log->o.path, 0777) != 0) return fail(log, errno, err);
    if (!is_there) snprintf(log->directory, sizeof log->directory, "%s", log->o.path);
    return TW_OK;
}

tw_status run_log_open(struct run_log *log, const struct run_log_options *given, int resumed, tw_error *err)
{
    struct stat s;
    *log = (struct run_log){.o = *given, .fd = -1};
    if (!given->path && (given->every || given->norms))
        return cli_fail(err, TW_ERR_SPEC, "--log-%s can be used with --log only",
                        given->every ? "every" : "norms");
    if (!given->path) return TW_OK;
    CLI_TRY(choose(log, err));
    log->made = stat(log->file, &s) != 0;
    if (!resumed && log->format != TW_RUN_LOG_JSON && !log->made && s.st_size > 0)
        return cli_fail(err, TW_ERR_SPEC, "--log %.300s: %s holds the log of a run already (give another)",
                        given->path, log->file);
    /* a file to be cut is looked at; a pipe waits for its reader */
    const int mode = resumed && (log->made || S_ISREG(s.st_mode)) ? O_RDWR : O_WRONLY;
    log->fd = open(log->file, mode | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (log->fd < 0) log->fd = open(log->file, O_WRONLY | O_APPEND | O_CLOEXEC);
    return log->fd >= 0 ? TW_OK : fail(log, errno, err);
}

void run_log_undo(struct run_log *log)
{
    free(log->bytes);
    log->bytes = NULL;
    if (log->fd >= 0 && close(log->fd) == 0 && log->made) unlink(log->file);
    if (*log->directory) rmdir(log->directory);
    log->fd = -1;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

/* Waits for a pipe that nobody empties, but not after a signal; what poll lets through is short enough for
 * one write. */
static void put(struct run_log *log, const char *bytes, size_t n)
{
    struct pollfd at = {log->fd, POLLOUT, 0};
    while (poll(&at, 1, 100) <= 0)
        if (cli_interrupted()) return;
    for (ssize_t done; n; bytes += done, n -= (size_t)done) {
        done = write(log->fd, bytes, n);
        if (done < 0 && !log->error) log->error = errno;
        if (done < 0) return;
    }
}

/* The rate is asked for before its update. */
static void look_ahead(struct run_log *log, tw_run *run)
{
    tw_optimizer *optimizer = tw_run_optimizer(run);
    if (!optimizer || tw_optimizer_value(optimizer, "lr", &log->lr, NULL) != TW_OK) log->lr = NAN;
}

/* A pipe cannot be cut, and need not be. */
static tw_status cut(struct run_log *log, tw_run *run, tw_error *err)
{
    struct stat s;
    size_t epochs;
    if (fstat(log->fd, &s) != 0 || !S_ISREG(s.st_mode) || s.st_size == 0) return TW_OK;
    const size_t n = (size_t)s.st_size;
    void *bytes = mmap(NULL, n, PROT_READ, MAP_SHARED, log->fd, 0);
    if (bytes == MAP_FAILED) return fail(log, errno, err);
    const tw_epoch *history = tw_run_history(run, &epochs);
    const size_t kept =
        tw_run_log_kept(log->format, bytes, n, epochs ? history[epochs - 1].epoch : 0, tw_run_steps(run));
    munmap(bytes, n);
    return kept == n || ftruncate(log->fd, (off_t)kept) == 0 ? TW_OK : fail(log, errno, err);
}

tw_status run_log_begin(struct run_log *log, tw_run *run, int resumed, tw_error *err)
{
    struct stat s;
    size_t tensors;
    if (log->fd < 0 || !run) return TW_OK;
    tw_run_tensors(run, &tensors);
    log->bytes = cli_alloc(TW_RUN_LOG_MOST + (log->o.norms ? tensors : 0) * TW_RUN_LOG_TENSOR, 1, err);
    if (!log->bytes) return TW_ERR_MEMORY;
    if (resumed) CLI_TRY(cut(log, run, err));
    log->step = tw_run_steps(run);
    if (log->o.every) look_ahead(log, run);
    if (fstat(log->fd, &s) == 0 && s.st_size == 0)
        put(log, log->bytes,
            tw_run_log_head(log->format, (double)time(NULL), log->o.norms ? run : NULL, log->bytes));
    return TW_OK;
}

void run_log_event(struct run_log *log, tw_run *run, const tw_event *e)
{
    const int is_update = e->kind == TW_EVENT_STEP;
    if (log->fd < 0 || !run || (is_update ? !log->o.every : !e->line)) return;
    const tw_run_log_entry entry = {.size = sizeof entry,
                                    .step = tw_run_steps(run),
                                    .line = e->line,
                                    .epoch = e->epoch,
                                    .update_loss = e->update_loss,
                                    .lr = log->lr,
                                    .time = (double)time(NULL),
                                    .norms = log->o.norms ? run : NULL};
    if (!is_update || entry.step / log->o.every > log->step / log->o.every)
        put(log, log->bytes, tw_run_log_bytes(log->format, &entry, log->bytes));
    if (is_update) log->step = entry.step;
    if (is_update && (entry.step + 1) % log->o.every == 0) look_ahead(log, run);
}

tw_status run_log_close(struct run_log *log, tw_status status, tw_error *err)
{
    free(log->bytes);
    if (log->fd >= 0 && close(log->fd) != 0 && !log->error) log->error = errno;
    return log->error && status == TW_OK ? fail(log, log->error, err) : status;
}
