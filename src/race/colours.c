/* Which colour of the page's palette an optimiser has: its rule's place in the list of rules, so that a rule looks the same in every
 * race; the next free colour where two would share one.
 * SPDX-License-Identifier: MIT */
#include "race/race.h"
#include "base/spec.h"
#include <string.h>
#include <thalweg/registry.h>

static int place_of(const char *spec)
{
    const tw_rule *rule;
    size_t n = strcspn(spec, "@:+");
    for (size_t i = 0; (rule = tw_rule_at(i)) != NULL; i++)
        if (strlen(rule->name) == n && strncmp(rule->name, spec, n) == 0) return (int)(i % TW__COLOURS);
    return 0;
}

/* Colours from TW__COLOURS on are the same ones with dashes. */
void tw__race_colours(tw_race *race)
{
    for (size_t i = 0; i < race->n; i++) {
        int round = (int)(i / TW__COLOURS) * TW__COLOURS, place = place_of(race->racers[i].spec), taken = 1;
        for (int step = 0; taken && step < TW__COLOURS; step++) {
            int colour = round + (place + step) % TW__COLOURS;
            taken = 0;
            for (size_t k = 0; k < i; k++) taken |= race->racers[k].colour == colour;
            if (!taken) race->racers[i].colour = colour;
        }
    }
}
