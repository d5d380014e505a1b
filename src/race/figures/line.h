/* The line of source 004, chapter 5: y = 0.5 x + 1 and noise, and the line that fits it best.
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_FIGURES_LINE_H
#define TW_RACE_FIGURES_LINE_H
#include "race/figures/figure.h"

/* the best fit and its loss */
typedef struct tw__line {
    tw__rows rows;
    double slope, intercept, least;
} tw__line;
tw_status tw__line_make(tw__line *line, tw_context *ctx, tw_error *err);
/* FIGURE-rows.csv (x,y), and `slope`, `intercept`, `least` for the script. */
tw_status tw__line_write(tw__figure_output *output, const tw__line *line, tw_error *err);
/* The loss above the best fit's at the trace's end. */
double tw__line_excess(const tw__line *line, const tw__trace *trace);
#endif
