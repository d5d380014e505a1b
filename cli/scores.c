/* Metrics on a line for people, as eval and train print them.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include <math.h>
#include <string.h>

int cli_print_scores(const tw_scores *of, const char *before, int but_accuracy)
{
    const tw_score *s;
    int n = 0;
    for (size_t i = 0; (s = tw_scores_at(of, i)) != NULL; i++) {
        if (s->matrix || (but_accuracy && strcmp(s->metric->name, "accuracy") == 0)) continue;
        if (isnan(s->value)) printf("%s%s undefined", before, s->metric->name);
        else printf("%s%s %.6g", before, s->metric->name, s->value);
        before = "  ";
        n++;
    }
    return n;
}
