/* Fuzz target: any bytes as the trace of a run of two workers, which is repeated. A run that comes to its end
 * has made all its updates; what is refused has a message.
 * SPDX-License-Identifier: MIT */
#include "one_file.h"
#include <thalweg/train.h>

enum { ROWS = 6 };
static one_file file;

/* (w - i)^2 / 2, the sum over rows i */
static int distance(void *user, const tw_eval *e)
{
    const double w = *(const double *)e->w;
    (void)user;
    *e->sums = (tw_sums){.weight = (double)e->n};
    double slope = 0;
    for (size_t k = 0; k < e->n; k++) {
        const double apart = w - (double)e->rows[k];
        e->sums->loss += apart * apart / 2;
        slope += apart;
    }
    if (e->want & TW_WANT_GRADIENT) *(double *)e->gradient = slope;
    return 0;
}

static tw_status fork_it(void *user, tw_context *ctx, tw_objective *copy, tw_error *err)
{
    (void)ctx, (void)err;
    *copy = *(const tw_objective *)user;
    return TW_OK;
}
static void free_it(tw_objective *copy) { (void)copy; }

static void repeat(tw_context *ctx, const char *exchange)
{
    static const int64_t shape[] = {1};
    static const tw_tensor tensor = {.name = "w", .rank = 1, .shape = shape};
    tw_objective objective = {.size = sizeof objective,
                              .type = TW_F64,
                              .tensors = &tensor,
                              .n_tensors = 1,
                              .n_rows = ROWS,
                              .lanes = 1,
                              .eval = distance,
                              .fork = fork_it,
                              .free_fork = free_it};
    objective.user = &objective;
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    tw_run *run;
    tw_error err;
    double w = 0;
    int status = TW_RUN_GOING;
    o.optimizer = "sgd:lr=0.5";
    o.epochs = 2;
    o.batch = 1;
    o.exchange = exchange;
    o.replay = "input";
    tw_status s = tw_run_create(&run, ctx, &objective, NULL, &w, &o, &err);
    while (s == TW_OK && status == TW_RUN_GOING) s = tw_run_step(run, &status, &err);
    if (s == TW_OK) {
        tw_exchange_info info = {.size = sizeof info};
        MUST(tw_run_exchange(run, &info, NULL) == TW_OK &&
             info.worker[0].updates + info.worker[1].updates == 2 * ROWS);
    } else MUST(err.message[0] && s != TW_ERR_INTERNAL);
    tw_run_free(run);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static tw_context *ctx;
    if (!ctx) ctx = one_file_context(&file);
    file.bytes = bytes;
    file.n = n;
    repeat(ctx, "ps:sync=asp,workers=2,servers=1");
    repeat(ctx, "average:every=2,workers=2");
    repeat(ctx, "roundrobin-delayed:workers=2");
    return 0;
}
