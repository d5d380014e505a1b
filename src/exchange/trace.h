/* Traces: what the workers of a run did, in an order in which it can be done again. A line of text for each
 * event, after lines about the run:
 *
 *     # thalweg trace 1
 *     # exchange ps:sync=asp,workers=2
 *     ...
 *     seconds,event,who,from,update,staleness
 *     0.000012345,compute,1,,17,          worker 1 begins to evaluate update 17
 *     0.000045678,computed,1,,17,         and has its gradient
 *     0.000046012,receive,s0,1,9,         server 0 has worker 1's message, after its 9th update
 *     0.000047345,step,1,,17,3            the gradient is stepped, 3 updates old
 *     0.000050000,limit,,,64,             numbers below 64 are given out from here on
 *     # weights 1b2f...                   a hash of them, when the run is done
 *
 * A worker's own acts follow from these: so replay.c does all again.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_TRACE_H
#define TW_EXCHANGE_TRACE_H
#include "base/context.h"
#include "file/hash.h"

enum tw__trace_kind {
    TW__TRACE_LIMIT,
    TW__TRACE_COMPUTE,
    TW__TRACE_COMPUTED,
    TW__TRACE_RECEIVE,
    TW__TRACE_STEP,
    TW__TRACE_KINDS
};

/* Workers are 0 .. n-1, servers follow them. */
typedef struct tw__trace_event {
    double seconds;
    enum tw__trace_kind kind;
    uint32_t who, from;
    uint64_t update, staleness;
    uint64_t number; /* set by the tracer: of those that it has got */
} tw__trace_event;

#define TW__TRACE_MAGIC "# thalweg trace 1"
#define TW__TRACE_COLUMNS "seconds,event,who,from,update,staleness"
#define TW__TRACE_WEIGHTS "# weights "
const char *tw__trace_word(enum tw__trace_kind kind);

/* ---- writing ------------------------------------------------------------------------------------------- */

typedef struct tw__tracer tw__tracer;

/* head: lines about the run, "name value\n"... The file has its name when it is ended or freed. path NULL: the
 * events are for another process, which takes them. */
tw_status tw__tracer_create(tw__tracer **out, tw_context *ctx, const char *path, const char *head,
                            size_t workers, tw_error *err);
/* From any thread. A failure is told by the next flush, which may write what there is, or end, which must:
 * neither while others add. */
void tw__tracer_add(tw__tracer *t, const tw__trace_event *e);
tw_status tw__tracer_flush(tw__tracer *t, tw_error *err);
/* Events that are not yet written: of a tracer without a file what is taken is forgotten when it is flushed;
 * in the order of their times, after those of other processes were added. */
const tw__trace_event *tw__tracer_events(const tw__tracer *t, size_t *n);
void tw__tracer_sort(tw__tracer *t);
/* weights: their hash; NULL: the run stops before its end */
tw_status tw__tracer_end(tw__tracer *t, const char *weights, tw_error *err);
void tw__tracer_free(tw__tracer *t); /* NULL is fine */

/* ---- reading ------------------------------------------------------------------------------------------- */

typedef struct tw__traced {
    tw__trace_event *event;
    size_t n, capacity;
    size_t first_line;                 /* event i stands in line first_line + i */
    char weights[TW__HASH_DIGITS + 1]; /* "": the run stopped before its end */
} tw__traced;

/* TW_ERR_DATA: it is no trace, or of a run with another head; with file and line. */
tw_status tw__traced_read(tw__traced *out, tw_context *ctx, const char *path, const char *head,
                          size_t workers, tw_error *err);
void tw__traced_free(tw__traced *t, tw_context *ctx);
#endif
