/* thalweg train --find-lr: the learning-rate range test for people and scripts.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_FIND_LR_H
#define CLI_FIND_LR_H
#include "cli.h"
#include <thalweg/find_lr.h>

/* Makes the test and prints it. */
tw_status cli_find_lr(const struct cli_common *common, const tw_find_lr_options *o, tw_error *err);
#endif
