/* A curve as text, up to 60 characters by 11 lines and axes around, labelled at round numbers.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_PLOT_H
#define CLI_PLOT_H
#include <stddef.h>
#include <stdio.h>

struct cli_plot {
    /* n points, joined by lines in this order; one that is not finite leaves a gap */
    const double *x, *y;
    size_t n;
    /* points with x <= 0 are left out then */
    int log_x;
    /* of all of it, in characters; 0: no limit */
    int width;
    /* in Braille dots, 2 x 4 a character; otherwise ' . : */
    int fine;
    const char *x_label, *y_label;
};
void cli_print_plot(FILE *to, const struct cli_plot *p);
/* Whether `to` is a terminal that shows UTF-8. */
int cli_is_utf8_terminal(FILE *to);
#endif
