/* Where an axis is labelled: at round numbers, 1, 2 or 5 times a power of ten.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_TICKS_H
#define CLI_TICKS_H

enum { CLI_TICKS = 16, CLI_TICK_TEXT = 24 };
struct cli_ticks {
    int n;
    double at[CLI_TICKS];
    char text[CLI_TICKS][CLI_TICK_TEXT];
};

/* The multiples of the smallest round number of which no more than `most`, 2 to CLI_TICKS, lie in [low,
 * high]; of 1 or more if `whole`. */
void cli_find_ticks(struct cli_ticks *t, double low, double high, int most, int whole);
/* The same for a logarithmic axis, 0 < low: 1, 2 and 5 times the powers of ten, or powers of ten, all or
 * every second, fifth, tenth...; if there are not two of them, those of a linear axis. */
void cli_find_log_ticks(struct cli_ticks *t, double low, double high, int most);
#endif
