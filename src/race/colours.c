/* Ten colours and which optimiser has which. Found by search: any two are far apart in CIELAB and OKLab, also
 * for eyes without red, green or blue cones (Machado 2009), nine have hues of their own beside the ink, and
 * all stand out from the page's grounds; tests/test_colours.c holds what was reached.
 * SPDX-License-Identifier: MIT */
#include "race/colours.h"
#include "base/spec.h"
#include <stdint.h>
#include <string.h>
#include <thalweg/registry.h>

enum { INK, GREEN, OLIVE, BLUE, BROWN, VIOLET, SKY, ORANGE, MAGENTA, ROSE };
const tw__colour tw__palette[TW__COLOURS] = {
    [INK] = {"#0f1f28", "#fff4f6"},  [GREEN] = {"#025e41", "#247b39"},  [OLIVE] = {"#889558", "#b1ff29"},
    [BLUE] = {"#214ceb", "#8a8ffe"}, [BROWN] = {"#5c4700", "#959100"},  [VIOLET] = {"#78009e", "#a500ff"},
    [SKY] = {"#0699ce", "#72ccf6"},  [ORANGE] = {"#e46d00", "#fabf83"}, [MAGENTA] = {"#ae2b88", "#dc039a"},
    [ROSE] = {"#c6788f", "#f48198"},
};

/* Those that are raced against each other most have a colour of their own. */
static const struct {
    const char *name;
    int place;
} known[] = {
    {"sgd", INK},        {"momentum", ORANGE}, {"nag", SKY},      {"adagrad", GREEN}, {"adadelta", OLIVE},
    {"rmsprop", VIOLET}, {"adam", MAGENTA},    {"adamw", BROWN},  {"nadam", ROSE},    {"adamax", BLUE},
    {"sag", ORANGE},     {"saga", SKY},        {"svrg", MAGENTA}, {"sarah", VIOLET},  {"sam", GREEN},
};

/* All others get theirs from their names alone, so that a new rule changes nobody's colour (FNV-1a, 32
 * bits). */
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

static int least_used(const int used[TW__COLOURS], int own)
{
    int place = own;
    for (int k = 1; k < TW__COLOURS; k++)
        if (used[(own + k) % TW__COLOURS] < used[place]) place = (own + k) % TW__COLOURS;
    return place;
}

/* First the rules at their defaults get their own colour, then other specs whose colour is still free, then
 * the rest get what is used least. */
void tw__choose_colours(tw__look *looks, size_t n)
{
    enum { DEFAULTS, OWN, REST, PASSES };
    int used[TW__COLOURS] = {0};
    for (size_t i = 0; i < n; i++) looks[i].colour = -1;
    for (int pass = 0; pass < PASSES; pass++)
        for (size_t i = 0; i < n; i++) {
            const int own = tw__place_of_rule(looks[i].spec);
            if (looks[i].colour >= 0 || (pass == DEFAULTS && strpbrk(looks[i].spec, "@:+")) ||
                (pass < REST && used[own]))
                continue;
            const int place = least_used(used, own);
            looks[i].colour = place + TW__COLOURS * used[place]++;
        }
}

int tw__dash_of(int colour) { return colour / TW__COLOURS % TW__DASHES; }

/* A square, a triangle, a diamond, a triangle on its tip, a plus: in turn for one colour, and begun elsewhere
 * for the next. */
char tw__mark_of(int colour)
{
    static const char marks[] = {'s', 't', 'd', 'v', '+'};
    return colour < TW__COLOURS ? 'o' : marks[(colour / TW__COLOURS - 1 + colour) % (int)sizeof marks];
}
