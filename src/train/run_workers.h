/* What a run has for its workers: for run_workers.c and run_ranges.c alone.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_RUN_WORKERS_H
#define TW_TRAIN_RUN_WORKERS_H
#include "exchange/split.h"
#include "train/run.h"

/* What a worker evaluates with. Where only one evaluates at a time, there is one, the run's. */
struct station {
    tw_run *r;
    tw_context *ctx;
    tw_objective objective;
    int is_fork;
    tw__batch *batch;
    tw__estimator *estimator;
    tw__collector collector;
    tw__touched touched;
    uint64_t *shard; /* rows of it */
    size_t shard_capacity;
    tw__follower follower; /* of a led estimator */
    tw__rank rank;         /* what a slice hears others through */
};

struct tw__run_workers {
    tw__workers *x;
    struct station *station;
    size_t n;
    const tw_optimizer_options *options; /* while it is made */
    tw_worker_info *info;                /* n_info of them */
    size_t n_info;
    uint64_t stretch; /* updates of a step */
};

/* run_ranges.c: of what workers step. */
tw_status tw__run_make_optimizer(void *run, const tw__optimizer_setting *setting, tw_optimizer **out,
                                 tw_error *err);
#endif
