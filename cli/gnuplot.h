/* gnuplot at work: scripts of one folder, several at once.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_GNUPLOT_H
#define CLI_GNUPLOT_H
#include "cli.h"
#include <sys/types.h>

enum { CLI_GNUPLOTS = 16 };

struct cli_gnuplot {
    const char *directory;
    /* processes at once; whether its warnings are shown */
    int most, verbose;
    int running, drawn, failures;
    /* the first that could not be drawn */
    const char *failed;
    /* why gnuplot cannot be started (ENOENT: there is none); no more is then */
    int error;
    struct {
        pid_t pid;
        const char *name;
        int animated;
        FILE *said;
    } at[CLI_GNUPLOTS];
};

/* Draws NAME.gp, once a place is free: NAME.svg, NAME.png and, where it is animated, NAME.gif, without which
 * it is not drawn. What gnuplot says of the first that it cannot draw goes to stderr. TW_STOPPED after SIGINT
 * or SIGTERM. */
tw_status cli_gnuplot_start(struct cli_gnuplot *g, const char *name, int animated, tw_error *err);
tw_status cli_gnuplot_wait(struct cli_gnuplot *g, tw_error *err); /* for all of them */
/* TW_ERR_SYSTEM, if one could not be drawn or gnuplot not be started. There being none is no failure. */
tw_status cli_gnuplot_verdict(const struct cli_gnuplot *g, tw_error *err);
/* ends those that still run; fine when there is none */
void cli_gnuplot_stop(struct cli_gnuplot *g);
#endif
