/* thalweg explain: one function for each kind of thing that can be explained.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H
#include "cli.h"

struct cli_explain {
    struct cli_common common;
    uint64_t steps;
    double base;
    int diff;
};

/* Whether a spec is a schedule's, or nearer to one than to a rule's. */
int cli_is_schedule(const char *spec);
tw_status cli_explain_schedule(const struct cli_explain *v, const char *spec, tw_error *err);
tw_status cli_explain_augmentation(const struct cli_common *common, const char *spec, tw_error *err);
tw_status cli_explain_control(const struct cli_common *common, const char *spec, tw_error *err);
tw_status cli_explain_solver(const struct cli_common *common, const char *spec, tw_error *err);
tw_status cli_explain_surface(const struct cli_common *common, const char *spec, tw_error *err);
tw_status cli_explain_estimator(const struct cli_common *common, const char *spec, tw_error *err);
/* explain_part.c: names that stand in the lists of layers, models, exchanges and metrics. */
int cli_is_layer(const char *name);
int cli_is_model(const char *name);
int cli_is_exchange(const char *name);
int cli_is_metric(const char *name);
const char *cli_metric_at(size_t i, const char **help); /* help may be NULL */
tw_status cli_explain_layer(const struct cli_common *common, const char *name, tw_error *err);
tw_status cli_explain_model(const struct cli_common *common, const char *spec, tw_error *err);
tw_status cli_explain_exchange(const struct cli_common *common, const char *name, tw_error *err);
tw_status cli_explain_metric(const struct cli_common *common, const char *name, tw_error *err);
/* A rule, a transform, or each link of a chain. */
tw_status cli_explain_rule(const struct cli_common *common, const char *spec, tw_error *err);
/* Two rules side by side. */
tw_status cli_explain_diff(const struct cli_common *common, const char *a, const char *b, tw_error *err);
#endif
