/* Ten colours and who has which. Okabe and Ito's eight and two more, moved until any two are far apart in CIELAB also for eyes without red, green
 * or blue cones (Machado 2009) and until all stand out from the page's grounds; tests/test_colours.c holds what was reached.
 * SPDX-License-Identifier: MIT */
#include "race/colours.h"
#include "base/spec.h"
#include "race/race.h"
#include <stdint.h>
#include <string.h>
#include <thalweg/registry.h>

enum { INK, ORANGE, SKY, GREEN, OLIVE, VIOLET, INDIGO, RED, PINK, MAROON };
const tw__colour tw__palette[TW__COLOURS] = {
    [INK] = {"#3c2037", "#e2ecf0"},    [ORANGE] = {"#d47700", "#f76d00"}, [SKY] = {"#0191fc", "#9ec3ff"},    [GREEN] = {"#2b7261", "#55dd9d"},
    [OLIVE] = {"#8d935c", "#d6c867"},  [VIOLET] = {"#6743ff", "#8560b4"}, [INDIGO] = {"#443388", "#0871f3"}, [RED] = {"#b12100", "#d41524"},
    [PINK] = {"#bd6db4", "#dd73aa"},   [MAROON] = {"#7b201f", "#945c5c"},
};

/* Those that are raced against each other most have a colour of their own. */
static const struct { const char *name; int place; } known[] = {
    {"sgd", INK},       {"momentum", ORANGE}, {"nag", SKY},       {"adagrad", GREEN},  {"adadelta", OLIVE}, {"rmsprop", VIOLET}, {"adam", RED},
    {"adamw", MAROON},  {"nadam", PINK},      {"adamax", INDIGO}, {"sag", ORANGE},     {"saga", SKY},       {"svrg", RED},       {"sarah", VIOLET},
    {"sam", GREEN},
};

/* All others share the palette by their names alone, so that a new rule changes nobody's colour (FNV-1a, 32 bits). */
static int place_of_name(tw__text name)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (tw__text_is(name, known[i].name)) return known[i].place;
    for (size_t i = 0; i < name.n; i++) hash = (hash ^ (unsigned char)name.at[i]) * 16777619u;
    return (int)(hash % TW__COLOURS);
}

static int is_transform(tw__text name)
{
    const tw_rule *transform;
    for (size_t i = 0; (transform = tw_transform_at(i)) != NULL; i++)
        if (tw__text_is(name, transform->name)) return 1;
    return 0;
}

int tw__place_of_rule(const char *spec)
{
    tw__text rest = tw__text_of(spec), name;
    for (;;) {
        size_t link = tw__spec_joint(rest), n = strcspn(rest.at, "@:+");
        name = (tw__text){rest.at, n < link ? n : link};
        if (link == rest.n || !is_transform(name)) return place_of_name(name);
        rest = (tw__text){rest.at + link + 1, rest.n - link - 1};
    }
}

const char *tw__colour_of_rule(const char *spec) { return tw__palette[tw__place_of_rule(spec)].light; }

/* The first racer of a place is drawn with whole lines, the next ones with dashes: their numbers stand above the place. Rules at their defaults
 * come first. */
void tw__race_colours(tw_race *race)
{
    int used[TW__COLOURS] = {0};
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < race->n; i++) {
            tw__racer *racer = &race->racers[i];
            if ((pass == 0) != !strpbrk(racer->spec, "@:+")) continue;
            int place = tw__place_of_rule(racer->spec);
            racer->colour = place + TW__COLOURS * used[place]++;
        }
}
