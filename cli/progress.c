/* The live line is drawn at most ten times a second and cut to the terminal's width.
 * SPDX-License-Identifier: MIT */
#include "progress.h"
#include "cli.h"
#include "launcher.h"
#include "norms.h"
#include "worker_table.h"
#include <math.h>
#include <string.h>
#include <unistd.h>

static const double redraw_seconds = 0.1;

void progress_start(struct progress *p, uint64_t epochs, uint64_t batch, int quiet, struct run_log *log)
{
    memset(p, 0, sizeof *p);
    p->epochs = epochs;
    p->batch = batch;
    p->quiet = quiet;
    p->live = !quiet && isatty(STDERR_FILENO);
    p->log = log;
    p->start = p->epoch_start = cli_seconds();
}

void progress_clear(struct progress *p)
{
    if (p->shown) fprintf(stderr, "\r%*s\r", p->shown, "");
    p->shown = 0;
}

/* "31.2k", "950" */
static const char *rate_text(double x, char *to, size_t n)
{
    if (x >= 1e6) snprintf(to, n, "%.1fM", x / 1e6);
    else if (x >= 1e3) snprintf(to, n, "%.1fk", x / 1e3);
    else snprintf(to, n, "%.0f", x);
    return to;
}

const char *progress_time(double s, char *to, size_t n)
{
    long t = s < 1e9 ? (long)(s + 0.5) : 1000000000;
    if (t < 60) snprintf(to, n, "%lds", t);
    else if (t < 3600) snprintf(to, n, "%ldm%02lds", t / 60, t % 60);
    else snprintf(to, n, "%ldh%02ldm", t / 3600, t % 3600 / 60);
    return to;
}

static void draw(struct progress *p, const tw_event *e, double now)
{
    enum { BAR = 10 };
    char line[256], bar[BAR + 1], rate[32], eta[32];
    double share = e->steps_per_epoch ? (double)e->step / (double)e->steps_per_epoch : 1.0,
           busy = now - p->start;
    int filled = (int)(share * BAR);
    memset(bar, '.', BAR);
    memset(bar, '#', (size_t)filled);
    bar[BAR] = 0;
    double per_second = busy > 0 ? (double)(p->done - p->first) / busy : 0;
    double left =
        (double)(p->epochs - e->epoch) * (double)e->steps_per_epoch + (double)(e->steps_per_epoch - e->step);
    size_t n = cli_append(line, sizeof line, 0, "epoch %llu/%llu  %2.0f%%  [%s]  %llu/%llu",
                          (unsigned long long)e->epoch, (unsigned long long)p->epochs, 100 * share, bar,
                          (unsigned long long)e->step, (unsigned long long)e->steps_per_epoch);
    n = cli_append_number(line, sizeof line, n, "loss", e->loss);
    n = cli_append_number(line, sizeof line, n, "acc", e->accuracy);
    if (per_second > 0 && p->batch)
        n = cli_append(line, sizeof line, n, "  %s rows/s",
                       rate_text(per_second * (double)p->batch, rate, sizeof rate));
    if (per_second > 0)
        n = cli_append(line, sizeof line, n, "  ETA %s", progress_time(left / per_second, eta, sizeof eta));
    int width = cli_width(stderr) - 1, shown = (int)n < width ? (int)n : width;
    if (shown < 0) shown = 0;
    fprintf(stderr, "\r%.*s%*s", shown, line, p->shown > shown ? p->shown - shown : 0, "");
    p->shown = shown;
    p->drawn = now;
}

static void redraw(struct progress *p, const tw_event *e)
{
    const double now = cli_seconds();
    if (now - p->drawn >= redraw_seconds) draw(p, e, now);
}

/* The line that stays: at most 250 bytes. */
static void print_epoch(struct progress *p, const tw_event *e, double images)
{
    char line[250], rate[32];
    const tw_epoch *l = e->line;
    size_t n = cli_append(line, sizeof line, 0, "epoch %llu/%llu", (unsigned long long)l->epoch,
                          (unsigned long long)p->epochs);
    if (e->step < e->steps_per_epoch)
        n = cli_append(line, sizeof line, n, ", step %llu/%llu", (unsigned long long)e->step,
                       (unsigned long long)e->steps_per_epoch);
    n = cli_append(line, sizeof line, n, "  %.2fs", l->seconds);
    n = cli_append_number(line, sizeof line, n, "loss", l->loss);
    n = cli_append_number(line, sizeof line, n, "acc", l->accuracy);
    n = cli_append_number(line, sizeof line, n, "val_loss", l->val_loss);
    n = cli_append_number(line, sizeof line, n, "val_acc", l->val_accuracy);
    if (!isnan(l->lr)) n = cli_append(line, sizeof line, n, "  lr %g", l->lr);
    if (images > 0 && l->seconds > 0)
        cli_append(line, sizeof line, n, "  %s rows/s", rate_text(images / l->seconds, rate, sizeof rate));
    progress_clear(p);
    fprintf(stderr, "%s\n", line);
}

int progress_event(void *progress, const tw_event *e)
{
    struct progress *p = progress;
    if (p->job) run_log_event(p->log, tw_job_run_of(p->job), e);
    if (e->kind == TW_EVENT_STEP) {
        p->done = (e->epoch - 1) * e->steps_per_epoch + e->step;
        if (p->live) redraw(p, e);
    } else if (e->kind == TW_EVENT_FIT) {
        if (p->live) redraw(p, e);
        p->start = cli_seconds();
    } else if (e->kind == TW_EVENT_CHECKPOINT) {
        cli_report("kept %llu", (unsigned long long)tw_run_steps(tw_job_run_of(p->job)));
    } else if (e->line) {
        if (!p->quiet) print_epoch(p, e, (double)(p->done - p->epoch_first) * (double)p->batch);
        if (p->details) {
            cli_print_norms(stderr, tw_job_run_of(p->job));
            cli_print_workers(stderr, tw_job_run_of(p->job));
        }
        p->epoch_first = p->done;
    }
    if (p->job && cli_checkpoint_wanted()) tw_job_checkpoint(p->job);
    return cli_interrupted();
}
