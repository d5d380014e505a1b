/* The colour of an optimiser: its rule's, the same in every race, page and figure.
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_COLOURS_H
#define TW_RACE_COLOURS_H

enum { TW__COLOURS = 10 };
typedef struct tw__colour { char light[8], dark[8]; } tw__colour;       /* "#rrggbb" on a white and on a dark ground */
extern const tw__colour tw__palette[TW__COLOURS];

/* The place in the palette of a spec: that of its rule, or of the estimator that stands for sgd with it; transforms around it do not count. */
int tw__place_of_rule(const char *spec);
/* "#rrggbb" for a white ground. */
const char *tw__colour_of_rule(const char *spec);
#endif
