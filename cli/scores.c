/* Metrics on a line for people, as eval and train print them.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include <math.h>
#include <string.h>

void cli_print_scores(const tw_scores *of, int but_accuracy)
{
    const tw_score *s;
    const char *between = "";
    for (size_t i = 0; (s = tw_scores_at(of, i)) != NULL; i++) {
        if (s->matrix || (but_accuracy && strcmp(s->metric->name, "accuracy") == 0)) continue;
        if (isnan(s->value)) printf("%s%s undefined", between, s->metric->name);
        else printf("%s%s %.6g", between, s->metric->name, s->value);
        between = "  ";
    }
    if (between[0]) putchar('\n');
}
