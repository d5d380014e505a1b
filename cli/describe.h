/* Rules, schedules, estimators, controls and surfaces in words and as JSON, from their descriptors.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_DESCRIBE_H
#define CLI_DESCRIBE_H
#include "cli.h"
#include "table.h"
#include <thalweg/augment.h>
#include <thalweg/control.h>
#include <thalweg/solver.h>
#include <thalweg/estimator.h>
#include <thalweg/exchange.h>
#include <thalweg/model.h>
#include <thalweg/surface.h>

/* One line per option: name, value (NULL: the defaults), default, range, help. */
void cli_print_options(int n, const tw_option *options, const double *values);
/* The same, with the values as they stand in a spec, which lists and formulas need. */
void cli_print_option_texts(int n, const tw_option *options, const char *const *values);
/* The options as a table of Markdown, with their aliases (NULL: none). Nothing where n is 0. */
void cli_print_options_markdown(int n, const tw_option *options, const tw_alias *aliases);
/* values: NULL, or what the options are now. */
json_t *cli_option_json(const tw_option *option, const char *value);
json_t *cli_options_json(int n, const tw_option *options, const double *values);
json_t *cli_option_texts_json(int n, const tw_option *options, const char *const *values);
/* A rule or transform with its defaults. */
tw_status cli_default_choice(const tw_rule *rule, tw_choice *out, tw_error *err);
/* "the gradient", "the step": what a transform works on. */
const char *cli_place_text(tw_place place);
/* The slots that are in the mask, "m, v" or "nothing"; returns how many. */
int cli_slots_text(const tw_rule *rule, unsigned slots, char *to, size_t size);
/* Whose a dialect is, in which versions; the last row is NULL. Of other names (paper, source000) NULL. */
extern const struct cli_library {
    const char *dialect, *library;
} cli_libraries[];
const char *cli_library_of(const char *dialect);
enum { CLI_DIALECT_TEXT = 512 };
/* its library and its note; "" if it has neither */
const char *cli_dialect_text(const tw_dialect *d, char to[CLI_DIALECT_TEXT]);
/* of what is called `name`, under a heading; nothing if there are none */
void cli_print_dialects(const tw_dialect *dialects, const char *name);
/* of what is called `name`; dialects may be NULL */
json_t *cli_dialects_json(const tw_dialect *dialects, const char *name);
/* Rules or transforms: at(0), at(1), ... up to NULL. */
tw_status cli_rules_json(const tw_rule *(*at)(size_t i), tw_error *err);
json_t *cli_schedule_json(const tw_schedule *schedule);
json_t *cli_estimator_json(const tw_estimator *estimator);
json_t *cli_model_json(const tw_model_kind *kind);
json_t *cli_exchange_json(const tw_exchange *exchange);
/* Where a method comes from, its equation and options. */
void cli_print_method(const char *paper, const char *equation, int n, const tw_option *options,
                      const double *values);
json_t *cli_solver_json(const tw_solver *solver);
json_t *cli_control_json(const tw_control *control);
json_t *cli_surface_json(const tw_surface_kind *kind);
#endif
