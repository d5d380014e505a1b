/* What the parts of thalweg conformance share: the tables of a folder, and the report.
 * SPDX-License-Identifier: MIT */
#ifndef TOOLS_CONFORMANCE_H
#define TOOLS_CONFORMANCE_H
#include "cli.h"

/* A file of the folder, cut into cells: rows[i] has widths[i] of them. */
struct table {
    char *text;
    size_t n, capacity;
    char ***rows;
    int *widths;
    char *path;
};

/* A number, or a fraction such as 1/3; 0 if it is neither. */
int number(const char *text, double *to);
/* How far `got` is from `want`, relative where that is above 1. */
double miss(double got, double want);

struct report {
    json_t *rows;
    int json, passed, failed;
};
/* Errors as multiples of the tolerance; `why` in their place where there is none. */
void report_row(struct report *r, const char *kind, const char *name, int passed, double f64, double f32,
                const char *why);

tw_status compare_schedules(const struct table *schedules, struct report *r, tw_error *err);
#endif
