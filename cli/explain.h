/* What the two halves of thalweg explain share.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H
#include "cli.h"

struct cli_explain { struct cli_common common; uint64_t steps; double base; int diff; };

/* Whether a spec is a schedule's, or nearer to one than to a rule's. */
int cli_is_schedule(const char *spec);
tw_status cli_explain_schedule(const struct cli_explain *v, const char *spec, tw_error *err);
#endif
