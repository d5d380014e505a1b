/* The colours of optimisers: a rule's own one wherever it is free, and up to ten different ones in a race or
 * figure.
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_COLOURS_H
#define TW_RACE_COLOURS_H
#include <stddef.h>

enum { TW__COLOURS = 10 };
/* "#rrggbb" on a white and on a dark ground */
typedef struct tw__colour {
    char light[8], dark[8];
} tw__colour;
extern const tw__colour tw__palette[TW__COLOURS];

/* The place in the palette of a spec: that of its rule, or of the estimator that stands for sgd with it;
 * transforms around it do not count. */
int tw__place_of_rule(const char *spec);
/* That colour, "#rrggbb", for a white ground. */
const char *tw__colour_of_rule(const char *spec);

/* colour % TW__COLOURS is the place in the palette. Only with more than ten entries is colour / TW__COLOURS
 * above 0: the number of the dashes and of the mark that tell apart those of one place. */
typedef struct tw__look {
    const char *spec;
    int colour;
} tw__look;
/* sets colour for each spec; they are all different */
void tw__choose_colours(tw__look *looks, size_t n);
/* Of such a colour: the number of its dashes, and its mark, a shape of race/svg.h, 'o' where it has none. */
enum { TW__DASHES = 4 }; /* .d0 to .d3 in assets/report.css */
int tw__dash_of(int colour);
char tw__mark_of(int colour);
#endif
