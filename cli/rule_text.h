/* What rules are shown with: names, memory, values.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_RULE_TEXT_H
#define CLI_RULE_TEXT_H
#include "describe.h"

/* Every rule as a page of docs/. */
tw_status cli_rules_markdown(tw_error *err);

/* bytes that are enough for an equation */
enum { CLI_EQUATION = 4096 };
/* The rule that a choice's spec names: adamw, where the one that runs is adam. */
const tw_rule *cli_rule_named(const tw_choice *choice);
const char *cli_extent_text(tw_extent extent); /* "per row of a matrix" */
/* Numbers kept for a matrix of rows x columns, or with rows 0 for a vector of as many columns. */
double cli_rule_keeps(const tw_choice *choice, double rows, double columns);
/* "8 bytes per weight in f32, 16 in f64", or what matrices and vectors take. Returns `to`. */
const char *cli_memory_text(const tw_choice *choice, char to[160]);
/* A rule's value as JSON shows it: words as text, flags as booleans. */
json_t *cli_value_json(const tw_option *option, double value);
#endif
