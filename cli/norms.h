/* The norms of a run's tensors, for people.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_NORMS_H
#define CLI_NORMS_H
#include <stdio.h>
#include <thalweg/train.h>

/* A row for each tensor: its gradient's norm in the last update, and that of its weights after it. */
void cli_print_norms(FILE *to, const tw_run *run);
#endif
