/* Looks into a run while it trains a deep network of sigmoids: at steps, how much smaller the gradient of the
 * first layer is than that of the last (it vanishes on its way); at epochs, how good the network is; at
 * checkpoints, where the run could be continued; and afterwards at one of its steps once more.
 *
 *     cc -O2 watch_run.c -o watch_run $(pkg-config --cflags --libs thalweg-train)
 *     ./watch_run [DIRECTORY for data and run, default "."]
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <thalweg/replay.h>
#include <thalweg/train.h>

struct watcher {
    tw_job *job;
    double ratio; /* of the gradients, last seen */
    int checkpoints;
};

/* The norm of the last matrix's gradient by that of the first's; a bias comes after its matrix. */
static double ratio_of(const tw_run *run)
{
    size_t n;
    tw_norms first, last;
    tw_run_tensors(run, &n);
    if (tw_run_norms(run, 0, &first, NULL) != TW_OK || tw_run_norms(run, n - 2, &last, NULL) != TW_OK)
        return 0;
    return last.gradient / first.gradient;
}

static int watch(void *user, const tw_event *event)
{
    struct watcher *w = user;
    switch (event->kind) {
    case TW_EVENT_STEP:
        w->ratio = ratio_of(tw_job_run_of(w->job));
        if (event->step == 1)
            printf("epoch %llu, first step: loss %.3f, the first layer's gradient is %.0f times smaller\n",
                   (unsigned long long)event->epoch, event->update_loss, w->ratio);
        break;
    case TW_EVENT_EPOCH:
        printf("epoch %llu: loss %.3f, validation accuracy %.3f\n", (unsigned long long)event->epoch,
               event->line->loss, event->line->val_accuracy);
        break;
    case TW_EVENT_CHECKPOINT:
        w->checkpoints++;
        printf("checkpoint in %s\n", tw_job_directory(w->job));
        break;
    }
    return 0; /* anything else would stop the run */
}

/* The run's tenth step, which nothing but its settings has recorded. */
static tw_status look_again(tw_context *ctx, const char *directory, tw_error *err)
{
    tw_replay *replay = NULL;
    tw_replay_info info = {.size = sizeof info};
    double norm[TW_REPLAY_PARTS];
    tw_status s = tw_replay_create(&replay, ctx, directory, 10, NULL, err);
    if (s == TW_OK) s = tw_replay_read(replay, &info, err);
    for (size_t i = 0; s == TW_OK && i < info.n_tensors; i++) {
        s = tw_replay_norms(replay, i, norm, err);
        if (s == TW_OK)
            printf("step 10, %s: weights %.3g, gradient %.3g, update %.3g\n", info.tensors[i].name,
                   norm[TW_REPLAY_WEIGHTS], norm[TW_REPLAY_GRADIENT], norm[TW_REPLAY_UPDATE]);
    }
    tw_replay_free(replay);
    return s;
}

int main(int argc, char **argv)
{
    char digits[512], out[512];
    snprintf(digits, sizeof digits, "%s/watched-digits", argc > 1 ? argv[1] : ".");
    snprintf(out, sizeof out, "%s/watched-run", argc > 1 ? argv[1] : ".");
    struct watcher watcher = {NULL, 0, 0};
    tw_job_options options = TW_JOB_OPTIONS_INIT;
    options.data = digits;
    options.model = "flatten; dense 64 sigmoid; dense 64 sigmoid; dense 64 sigmoid; dense classes softmax";
    options.val = 0.1;
    options.out = out;
    options.force = 1;
    options.run.epochs = 3;
    options.run.seed = 1;
    options.run.event = watch;
    options.run.user = &watcher;
    tw_context *ctx = NULL;
    tw_error err;
    tw_status s = tw_context_create(&ctx, NULL, &err);
    if (s == TW_OK) s = tw_data_make_digits(ctx, digits, 0, 3000, 100, &err);
    if (s == TW_OK) s = tw_job_create(&watcher.job, ctx, &options, &err);
    if (s == TW_OK) s = tw_job_run(watcher.job, &err);
    tw_job_free(watcher.job); /* and with it the lock on the directory */
    if (s == TW_OK) s = look_again(ctx, out, &err);
    if (s != TW_OK) fprintf(stderr, "watch_run: %s\n", err.message);
    tw_context_free(ctx);
    return s != TW_OK || watcher.checkpoints != 3; /* so that a test sees it fail */
}
