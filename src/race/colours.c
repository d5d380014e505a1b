/* Which colour of the page's palette an optimiser has: its rule's place in the list of rules, behind which come the estimators that stand for
 * sgd with them, so that a rule looks the same in every race; the next free colour where several share a place.
 * SPDX-License-Identifier: MIT */
#include "race/race.h"
#include <string.h>
#include <thalweg/registry.h>

static int place_of(const char *spec)
{
    const tw_rule *rule;
    const tw_estimator *estimator;
    size_t n = strcspn(spec, "@:+"), i = 0;
    for (; (rule = tw_rule_at(i)) != NULL; i++)
        if (strlen(rule->name) == n && strncmp(rule->name, spec, n) == 0) return (int)(i % TW__COLOURS);
    for (size_t k = 0; (estimator = tw_estimator_at(k)) != NULL; k++)
        if (strlen(estimator->name) == n && strncmp(estimator->name, spec, n) == 0) return (int)((i + k) % TW__COLOURS);
    return 0;
}

static int is_taken(const tw_race *race, int colour)
{
    for (size_t i = 0; i < race->n; i++)
        if (race->racers[i].colour == colour) return 1;
    return 0;
}

/* Colours from TW__COLOURS on are the same ones with dashes. */
static int next_free(const tw_race *race, int place)
{
    for (int round = 0;; round += TW__COLOURS)
        for (int step = 0; step < TW__COLOURS; step++)
            if (!is_taken(race, round + (place + step) % TW__COLOURS)) return round + (place + step) % TW__COLOURS;
}

/* A rule at its defaults has the first claim to its place, then the first of its variants. */
void tw__race_colours(tw_race *race)
{
    for (size_t i = 0; i < race->n; i++) race->racers[i].colour = -1;
    for (int pass = 0; pass < 3; pass++)
        for (size_t i = 0; i < race->n; i++) {
            tw__racer *racer = &race->racers[i];
            int place = place_of(racer->spec);
            if (racer->colour >= 0 || (pass == 0 && strpbrk(racer->spec, "@:+"))) continue;
            if (pass == 2) racer->colour = next_free(race, place);
            else if (!is_taken(race, place)) racer->colour = place;
        }
}
