/* libthalweg-train. The log of a run in a file: what is written for an epoch or an update, as a line of JSON,
 * a line of a CSV table or a record of TensorBoard, and what of it a resumed run writes again. The caller
 * writes the bytes.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_RUN_LOG_H
#define THALWEG_RUN_LOG_H
#include <thalweg/train.h>
#ifdef __cplusplus
extern "C" {
#endif

/* JSON: an object in a line. CSV: a header, then lines. EVENTS: the records of a file events.out.tfevents.*,
 * with the tags loss, accuracy, val_loss, val_accuracy, lr and update_loss over the run's updates. */
enum tw_run_log { TW_RUN_LOG_JSON = 0, TW_RUN_LOG_CSV = 1, TW_RUN_LOG_EVENTS = 2 };

/* An epoch, or an update. Numbers that are not finite are left out. */
typedef struct tw_run_log_entry {
    size_t size;          /* sizeof(tw_run_log_entry) */
    uint64_t step;        /* updates that the run had made then */
    const tw_epoch *line; /* the epoch's; NULL: an update */
    /* of an update: the epoch in which it is, its loss before the step, and its rate */
    uint64_t epoch;
    double update_loss, lr;
    double time; /* EVENTS: seconds since 1970 */
    /* NULL, or the run, for the norms of its tensors as well (tw_run_norms): "gradient/0.weight" and
     * "weights/0.weight", in JSON objects "gradient" and "weights". Quotes, commas, backslashes and control
     * characters of a name become _. */
    const tw_run *norms;
} tw_run_log_entry;

/* bytes of an entry, and of each tensor in one with norms */
enum { TW_RUN_LOG_MOST = 1024, TW_RUN_LOG_TENSOR = 512 };
/* What comes before the first entry, and an entry: how many bytes there are in `to`, at most TW_RUN_LOG_MOST
 * and with `norms` TW_RUN_LOG_TENSOR more for each tensor. time: seconds since 1970. norms: NULL, or as in
 * all entries. 0: none. */
TW_API size_t tw_run_log_head(enum tw_run_log format, double time, const tw_run *norms, void *to);
TW_API size_t tw_run_log_bytes(enum tw_run_log format, const tw_run_log_entry *entry, void *to);
/* How many of the n bytes of a log stay when a run continues after so many epochs and updates: those before
 * the entries of later ones at its end, and before an entry that is not whole. A line of an epoch without a
 * step stays where no epoch is done. */
TW_API size_t tw_run_log_kept(enum tw_run_log format, const void *bytes, size_t n, uint64_t epochs,
                              uint64_t steps);

#ifdef __cplusplus
}
#endif
#endif
