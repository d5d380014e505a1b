/* The context's threads. Work is cut by its caller into a number of tasks that does not depend on the
 * threads; who runs which is free.
 * SPDX-License-Identifier: MIT */
#ifndef TW_BASE_POOL_H
#define TW_BASE_POOL_H
#include "base/context.h"

typedef struct tw__pool tw__pool;
/* worker: fewer than the threads and than the tasks of the call; one task at a time each */
typedef void tw__task(void *arg, size_t index, int worker);

tw_status tw__pool_create(tw__pool **out, tw_context *ctx, tw_error *err);
void tw__pool_free(tw__pool *pool);

/* Runs task 0 .. n-1, the caller helping as worker 0, and returns when all are done. Floating-point mode:
 * tw__fp_enter's. A pool that is busy (another thread's call, or a task that calls again) runs everything in
 * the calling thread. */
void tw__pool_run(tw_context *ctx, size_t n, tw__task *task, void *arg);
#endif
