/* A walk in which each allocation or each file operation fails in turn:
 *
 *     for (fault_walk k = {.least = 10}; fault_walk_next(&k);) {
 *         ... what must succeed, with k.ctx ...
 *         fault_walk_arm(&k);
 *         s = ... what may fail ...
 *         ... all is freed but k.ctx ...
 *         fault_walk_end(&k, s);
 *     }
 * It ends with the first round in which nothing failed, and checks the status and the memory held in each.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_FAULT_WALK_H
#define TESTS_FAULT_WALK_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "faulty_io.h"

typedef struct fault_walk {
    int in_files;     /* 1: file operations fail; 0: allocations */
    int for_ever;     /* 1: all that follow fail, too */
    int whole;        /* 1: reads and writes are not cut short */
    int may_recover;  /* 1: a failure may be made up for */
    long least;       /* rounds that must fail */
    const char *what; /* is tested, for messages; or NULL */
    long at;          /* the round, and what fails in it, from 1 on */
    int is_over;
    faults f;
    tw_context *ctx;
} fault_walk;

static inline int fault_walk_next(fault_walk *k)
{
    if (k->is_over) {
        if (k->at <= k->least) fail_msg("%s: %ld rounds are too few", k->what ? k->what : "walk", k->at);
        return 0;
    }
    k->at++;
    assert_int_equal(faulty_context(&k->ctx, &k->f, 1, NULL), TW_OK);
    k->f.whole = k->whole;
    return 1;
}

static inline void fault_walk_arm(fault_walk *k)
{
    k->f.for_ever = k->for_ever;
    if (k->in_files) k->f.fail_step = k->f.steps + k->at;
    else k->f.fail_allocation = k->f.allocations + k->at;
}

static inline void fault_walk_end(fault_walk *k, tw_status s)
{
    const char *what = k->what ? k->what : k->in_files ? "files" : "memory";
    const int has_failed =
        k->in_files ? k->f.steps >= k->f.fail_step : k->f.allocations >= k->f.fail_allocation;
    const tw_status right = !has_failed ? TW_OK : k->in_files ? TW_ERR_SYSTEM : TW_ERR_MEMORY;
    tw_context_free(k->ctx);
    if (s != right && !(k->may_recover && s == TW_OK))
        fail_msg("%s: failure %ld: %s", what, k->at, tw_status_name(s));
    if (k->f.live != 0) fail_msg("%s: failure %ld: %ld bytes are still held", what, k->at, k->f.live);
    k->is_over = !has_failed;
}
#endif
