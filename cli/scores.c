/* Metrics on a line for people, as eval and train print them.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include <string.h>
#include <thalweg/metrics.h>

static int is_metric(const char *name)
{
    const tw_metric *m;
    size_t i = 0;
    while ((m = tw_metric_at(i)) != NULL && strcmp(m->name, name) != 0) i++;
    return m != NULL;
}

void cli_print_scores(const json_t *of, int but_accuracy)
{
    const char *key, *between = "";
    json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)of, key, value) {
        if (!is_metric(key) || json_is_array(value) || (but_accuracy && strcmp(key, "accuracy") == 0))
            continue;
        if (json_is_null(value)) printf("%s%s undefined", between, key);
        else printf("%s%s %.6g", between, key, json_number_value(value));
        between = "  ";
    }
    if (between[0]) putchar('\n');
}
