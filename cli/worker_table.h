/* What the workers of a run have done so far, for people.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_WORKER_TABLE_H
#define CLI_WORKER_TABLE_H
#include <stdio.h>
#include <thalweg/train.h>

/* A row for each of a few workers and one for all of them; nothing for a run that has none. */
void cli_print_workers(FILE *to, const tw_run *run);
#endif
