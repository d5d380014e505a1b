/* The norms of a run's tensors, for people.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_NORMS_H
#define CLI_NORMS_H
#include <stdio.h>
#include <thalweg/replay.h>

/* A row for each tensor: its gradient's norm in the last update, and that of its weights after it. */
void cli_print_norms(FILE *to, const tw_run *run);
/* Of a step that was replayed: weights before it, gradient and update. */
void cli_print_replayed(const tw_replay *replay, const tw_replay_info *info);
#endif
