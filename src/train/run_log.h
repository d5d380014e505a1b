/* What the formats of a run's log share.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_RUN_LOG_H
#define TW_TRAIN_RUN_LOG_H
#include <thalweg/run_log.h>

enum { TW__RUN_LOG_NUMBERS = 6 };
extern const char *const tw__run_log_names[TW__RUN_LOG_NUMBERS];
/* Those of an entry, in the order of their names; NaN: it has none. */
void tw__run_log_numbers(const tw_run_log_entry *entry, double to[TW__RUN_LOG_NUMBERS]);

/* The kinds of norms, with the names that come before a tensor's, and the norm of that kind. */
enum { TW__RUN_LOG_KINDS = 2 };
extern const char *const tw__run_log_kinds[TW__RUN_LOG_KINDS];
double tw__run_log_norm(const tw_run *run, int kind, size_t tensor);
size_t tw__run_log_tensors(const tw_run *run); /* 0 for NULL */
/* The name as formats can have it. Returns `to`. */
enum { TW__RUN_LOG_NAME = 201 };
const char *tw__run_log_name(const tw_run *run, size_t tensor, char to[TW__RUN_LOG_NAME]);

/* run_log_events.c: what begins a file, an entry, and tw_run_log_kept. */
size_t tw__run_log_version(double time, uint8_t to[TW_RUN_LOG_MOST]);
size_t tw__run_log_event(const tw_run_log_entry *entry, uint8_t *to);
size_t tw__run_log_events_kept(const uint8_t *bytes, size_t n, uint64_t steps);
#endif
