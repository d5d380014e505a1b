/* The schedules of a folder of reference cases. What a case calls its schedule and its options is translated
 * by patterns.
 * SPDX-License-Identifier: MIT */
#include "conformance.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <thalweg/registry.h>

enum { FIRST_VALUE = 2, SPEC = 512 };
static const double base_value = 0.1;
static const double nearly_0 = 1e-200; /* in place of a base of 0, which no factor lifts to a top */

/* A hole {a} is filled with the value of a, each member of a list by itself; {a/b}, {a-b} and {a+b+c} are
 * worked out first, from left to right. `base` is the case's own where it has one. {a?1}: 1 where the case
 * has no a; without that 0. */
static const struct {
    const char *theirs, *ours;
} schedule_names[] = {
    {"constant", "constant"},
    {"step", "step:step_size={step_size},gamma={gamma?0.1}"},
    {"multistep", "multistep:milestones={milestones},gamma={gamma?0.1}"},
    {"piecewise_keras", "piecewise:boundaries={boundaries},factors={values/base}"},
    {"exponential", "exponential:gamma={gamma}"},
    {"exponential_keras", "exponential:gamma={decay_rate},decay_steps={decay_steps}"},
    {"exponential_keras_staircase", "step:step_size={decay_steps},gamma={decay_rate}"},
    {"inverse_time_keras", "inverse_time:decay_rate={decay_rate},decay_steps={decay_steps}"},
    {"legacy_keras_decay", "inverse_time:decay_rate={decay}"},
    {"inv_sqrt", "inv_sqrt"},
    {"inv_caffe", "inv:gamma={gamma},power={power}"},
    {"polynomial", "polynomial:steps={total},power={power?1}"},
    {"polynomial_keras", "polynomial:steps={decay_steps},power={power?1},floor={end/base}"},
    {"polynomial_keras_cycle", "polynomial:steps={decay_steps},power={power?1},floor={end/base},cycle=1"},
    {"linear", "linear:steps={total},start_factor={start_factor},end_factor=1"},
    {"cosine", "cosine:steps={T_max},floor={eta_min/base},rise=1"},
    {"cosine_keras", "cosine:steps={decay_steps},floor={alpha}"},
    {"sgdr", "sgdr:T_0={T_0},T_mult={T_mult?1},floor={eta_min/base}"},
    {"cyclic_triangular", "triangular:step_size={step_size},max_factor={max/base}"},
    {"cyclic_triangular2", "triangular2:step_size={step_size},max_factor={max/base}"},
    {"cyclic_exp_range", "exp_range:step_size={step_size},max_factor={max/base},gamma={gamma}"},
    {"onecycle",
     "onecycle:steps={total},pct_start={pct_start?0.3},div_factor={div?25},final_div_factor={final_div?10000}"},
    {"warmup_linear_cosine", "warmup/{warmup};cosine:steps={total-warmup},rise=1"},
    {"noam", "noam:warmup={warmup}"},
    {"wsd", "wsd:steps={warmup+stable+decay},warmup={warmup},decay={decay}"},
};

/* The text of a key's value, up to ";" or the end; NULL: not given. */
static const char *option_text(const char *options, const char *key, size_t n)
{
    for (const char *c = options; c; c = strchr(c, ';')) {
        c += *c == ';';
        if (strncmp(c, key, n) == 0 && c[n] == '=') return c + n + 1;
    }
    return NULL;
}

/* Member `member` of the value of a key of n characters; 0: it is no number. */
static int option_value(const char *options, const char *key, size_t n, int member, double *to)
{
    const char *text = option_text(options, key, n);
    const int is_base = n == 4 && memcmp(key, "base", 4) == 0;
    char copy[64];
    *to = is_base ? base_value : 0;
    if (!text) return 1;
    for (; member && text[strcspn(text, "|;")] == '|'; member--) text += strcspn(text, "|;") + 1;
    snprintf(copy, sizeof copy, "%.*s", (int)strcspn(text, "|;"), text);
    if (!number(copy, to)) return 0;
    if (is_base && *to == 0) *to = nearly_0;
    return 1;
}

static int members(const char *options, const char *key, size_t n)
{
    const char *text = option_text(options, key, n);
    int count = 1;
    for (; text && *text && *text != ';'; text++) count += *text == '|';
    return count;
}

/* What stands in a hole, for one member of its list. */
static int hole_value(const char *hole, const char *options, int member, double *value)
{
    size_t n = strcspn(hole, "-/+?}");
    if (hole[n] == '?' && !option_text(options, hole, n)) {
        *value = strtod(hole + n + 1, NULL);
        return 1;
    }
    if (!option_value(options, hole, n, member, value)) return 0;
    while (strchr("-/+", hole[n])) {
        char sign = hole[n];
        double other;
        hole += n + 1;
        n = strcspn(hole, "-/+?}");
        if (!option_value(options, hole, n, 0, &other)) return 0;
        *value = sign == '-' ? *value - other : sign == '+' ? *value + other : *value / other;
    }
    return 1;
}

static int fill_holes(const char *pattern, const char *options, char to[SPEC])
{
    size_t used = 0;
    while (*pattern && used + 40 < SPEC) {
        if (*pattern != '{') {
            to[used++] = *pattern++;
            continue;
        }
        int n = members(options, pattern + 1, strcspn(pattern + 1, "-/+?}"));
        for (int i = 0; i < n && used + 40 < SPEC; i++) {
            double value;
            if (!hole_value(pattern + 1, options, i, &value)) return 0;
            used += (size_t)snprintf(to + used, SPEC - used, "%s%.17g", i ? "|" : "", value);
        }
        pattern += strcspn(pattern, "}") + 1;
    }
    to[used] = 0;
    return 1;
}

static tw_status compare_schedule(struct report *r, char **row, int width, const char *pattern, tw_error *err)
{
    char spec[SPEC];
    double worst = 0, want, got, base;
    if (!fill_holes(pattern, row[1], spec) || !option_value(row[1], "base", 4, 0, &base))
        return cli_fail(err, TW_ERR_DATA, "schedule %s: \"%s\" is not key=number", row[0], row[1]);
    const char *none = "warmup/0;",
               *ours = strncmp(spec, none, strlen(none)) == 0 ? spec + strlen(none) : spec;
    for (int i = FIRST_VALUE; i < width; i++) {
        tw_error why;
        if (!number(row[i], &want))
            return cli_fail(err, TW_ERR_DATA, "schedule %s: field %d is not a number", row[0], i + 1);
        if (tw_schedule_value(ours, base, (uint64_t)(i - FIRST_VALUE), (uint64_t)(width - FIRST_VALUE), &got,
                              &why) != TW_OK) {
            report_row(r, "schedule", row[0], 0, 0, -1, why.message);
            return TW_OK;
        }
        double m = miss(got, want);
        if (!(m <= worst)) worst = m >= 0 ? m : INFINITY;
    }
    report_row(r, "schedule", row[0], worst <= 1e-12, worst / 1e-12, -INFINITY, NULL);
    return TW_OK;
}

tw_status compare_schedules(const struct table *schedules, struct report *r, tw_error *err)
{
    for (size_t i = 0; i < schedules->n; i++) {
        char **row = schedules->rows[i];
        size_t k = 0, n = sizeof schedule_names / sizeof schedule_names[0];
        while (k < n && strcmp(row[0], schedule_names[k].theirs) != 0) k++;
        if (k == n) report_row(r, "schedule", row[0], 0, 0, -1, "unknown schedule");
        else CLI_TRY(compare_schedule(r, row, schedules->widths[i], schedule_names[k].ours, err));
    }
    return TW_OK;
}
