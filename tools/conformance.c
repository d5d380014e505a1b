/* Runs a folder of reference cases (conformance/README.md) in double and in float and compares. What a case
 * calls its rule and its options is not always what we call them: the tables below are the dictionary.
 * SPDX-License-Identifier: MIT */
#include "conformance.h"
#include "conformance_sums.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <thalweg/estimator.h>
#include <thalweg/optimizer.h>
#include <thalweg/registry.h>

enum { VALUES = 17, SPEC = 512 };

/* ---- The folder ---------------------------------------------------------------------------------------- */

static void table_free(struct table *t)
{
    for (size_t i = 0; i < t->n; i++) free(t->rows[i]);
    free(t->rows);
    free(t->widths);
    free(t->text);
    free(t->path);
    *t = (struct table){.n = 0};
}

static char *read_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = NULL;
    size_t n = 0, capacity = 0, got = 1;
    while (f && got) {
        if (n + 65537 > capacity) {
            capacity = 2 * (n + 65537);
            char *more = realloc(text, capacity);
            if (!more) break;
            text = more;
        }
        got = fread(text + n, 1, 65536, f);
        n += got;
    }
    if (f) fclose(f);
    if (text) text[n] = 0;
    return text;
}

static int add_row(struct table *t, char *line)
{
    int width = 1;
    for (const char *c = line; *c; c++) width += *c == ',';
    if (t->n == t->capacity) {
        size_t capacity = t->capacity ? 2 * t->capacity : 256;
        char ***rows = realloc(t->rows, capacity * sizeof *rows);
        if (rows) t->rows = rows;
        int *widths = realloc(t->widths, capacity * sizeof *widths);
        if (widths) t->widths = widths;
        if (!rows || !widths) return 0;
        t->capacity = capacity;
    }
    char **cells = malloc((size_t)width * sizeof *cells);
    if (!cells) return 0;
    for (int i = 0; i < width; i++) {
        cells[i] = line;
        line += strcspn(line, ",");
        if (*line) *line++ = 0;
    }
    t->rows[t->n] = cells;
    t->widths[t->n++] = width;
    return 1;
}

/* A file of the folder, cut into cells. Rows shorter than `least` cells are an error. */
static tw_status table_read(struct table *t, const char *directory, const char *name, int least,
                            tw_error *err)
{
    size_t n = strlen(directory) + strlen(name) + 2;
    *t = (struct table){.path = malloc(n)};
    if (!t->path) return cli_fail(err, TW_ERR_MEMORY, "out of memory");
    snprintf(t->path, n, "%s/%s", directory, name);
    t->text = read_text(t->path);
    if (!t->text) return cli_fail(err, TW_ERR_NOT_FOUND, "cannot read %.300s", t->path);
    char *line = t->text;
    for (long number = 1; *line; number++) {
        char *next = line + strcspn(line, "\n"), *end = next;
        if (*next) next++;
        if (end > line && end[-1] == '\r') end--;
        *end = 0;
        if (*line && !add_row(t, line)) return cli_fail(err, TW_ERR_MEMORY, "out of memory");
        if (*line && t->widths[t->n - 1] < least)
            return cli_fail(err, TW_ERR_DATA, "%.300s:%ld: %d fields; at least %d are needed", t->path,
                            number, t->widths[t->n - 1], least);
        line = next;
    }
    return TW_OK;
}

int number(const char *text, double *to)
{
    char *end;
    double below = 1;
    *to = strtod(text, &end);
    if (end != text && *end == '/') {
        below = strtod(end + 1, &end);
        *to /= below;
    }
    return end != text && *end == 0;
}

static int numbers(char **cells, int n, double *to)
{
    for (int i = 0; i < n; i++)
        if (!number(cells[i], &to[i])) return 0;
    return 1;
}

/* The number of a step; -1: it is none. */
static long step_of(const char *text)
{
    double step;
    return number(text, &step) && step >= 1 && step <= 1e9 && step == floor(step) ? (long)step : -1;
}

/* The row of inputs.csv for `what` at `index`, as numbers. */
static tw_status input(const struct table *inputs, const char *what, long index, double to[VALUES],
                       tw_error *err)
{
    for (size_t i = 0; i < inputs->n; i++) {
        char **row = inputs->rows[i];
        if (strcmp(row[0], what) != 0 || strtol(row[1], NULL, 10) != index) continue;
        return numbers(row + 2, VALUES, to) ? TW_OK
                                            : cli_fail(err, TW_ERR_DATA, "%.300s: %s,%ld is not all numbers",
                                                       inputs->path, what, index);
    }
    return cli_fail(err, TW_ERR_DATA, "%.300s: no row %s,%ld", inputs->path, what, index);
}

/* ---- The dictionary ------------------------------------------------------------------------------------ */

/* The transform that "wrap" stands for, and the keys of the case that are its own. */
static const struct wrap {
    const char *theirs, *ours, *keys[3][2];
    int is_behind;
} wraps[] = {
    {"value", "clip_value", {{"clip", "max"}}, 0},
    {"norm", "clip_norm", {{"clip", "max"}}, 0},
    {"global_norm", "clip_global_norm", {{"clip", "max"}}, 0},
    {"adaptive", "clip_adaptive", {{"clip", "clip"}, {"eps", "eps"}}, 0},
    {"centralize", "centralize", {{NULL, NULL}}, 0},
    {"update_norm", "clip_update", {{"clip", "max"}}, 1},
    {"update_value", "clip_update:by=value", {{"clip", "max"}}, 1},
    {"lookahead", "lookahead", {{"k", "k"}, {"alpha", "alpha"}}, 1},
    {"ema", "ema", {{"decay", "decay"}}, 1},
    {"polyak", "polyak", {{NULL, NULL}}, 1},
};

/* key, value: an option whose default is not ours. */
static const struct rule_name {
    const char *theirs, *ours, *key, *value;
} rule_names[] = {
    {"sgd", "sgd", NULL, NULL},
    {"sgd_velocity", "momentum", NULL, NULL},
    {"nag_lookahead", "nag", NULL, NULL},
    {"adagrad", "adagrad", NULL, NULL},
    {"adadelta", "adadelta", NULL, NULL},
    {"rmsprop", "rmsprop", NULL, NULL},
    {"adam", "adam", NULL, NULL},
    {"nadam", "nadam", "moment", "beta1"},
    {"adamax", "adamax", NULL, NULL},
    {"nadam_optax", "nadam", "momentum_schedule", "0"},
    {"radam", "radam", "threshold", "5"},
    {"rprop", "rprop", NULL, NULL},
    {"asgd", "asgd", "report", "weights"},
    {"lion", "lion", NULL, NULL},
    {"signum", "signum", NULL, NULL},
    {"lamb", "lamb", NULL, NULL},
    {"lars", "lars", NULL, NULL},
    {"adafactor", "adafactor", NULL, NULL},
    {"adabelief", "adabelief", NULL, NULL},
    {"yogi", "yogi", NULL, NULL},
    {"ftrl", "ftrl", NULL, NULL},
    {"qhm", "qhm", NULL, NULL},
    {"adan", "adan", NULL, NULL},
    {"schedule_free_sgd", "schedule-free-sgd", NULL, NULL},
    {"schedule_free_adamw", "schedule-free-adamw", NULL, NULL},
    {"muon", "muon", "eps", "1e-7"},
    {"novograd", "novograd", NULL, NULL},
    {"sam_sgd", "sgd", NULL, NULL},
    {"wrapped_sgd", "sgd", NULL, NULL},
    {"seed000_code", "source000-sgd", NULL, NULL},
    {"seed000_cubic", "sgdm-cubic", NULL, NULL},
    {"seed002_adagrad", "source002-adagrad", NULL, NULL},
    {"seed002_rmsprop", "source002-rmsprop", NULL, NULL},
    {"seed003_adam_steps6_7", "source003-adam", NULL, NULL},
};

/* Theirs that are a rule of ours behind an estimator; keys that are the estimator's options are its. */
static const struct {
    const char *theirs, *estimator;
} estimator_names[] = {{"sam_sgd", "sam"}};

/* What their key is to us, and what it sets beside its value. */
static const struct {
    const char *theirs, *ours, *also, *value;
} key_names[] = {
    {"weight_decay_lr", "weight_decay", "wd_mode", "lr"},
    {"decoupled_weight_decay", "weight_decay", "wd_mode", "lr"},
    {"weight_decay_pure", "weight_decay", "wd_mode", "pure"},
    {"record", "report", NULL, NULL},
};

struct spec {
    /* why: what could not be understood; empty: nothing */
    char rule[SPEC], schedule[SPEC], why[SPEC];
    /* what comes before or after the rule; empty: nothing */
    char transform[SPEC];
    const struct wrap *wrap;
    const char *estimator_name; /* NULL: none */
    char estimator[SPEC];
    const struct rule_name *name;
    /* a rule that is called as we call it */
    struct rule_name same;
    const tw_rule *descriptor;
    double values[TW_OPTIONS_MAX];
    int given[TW_OPTIONS_MAX];
    /* RULE@DIALECT: what the case does not give is the dialect's default */
    int dialect;
};

static int word_place(const char *words, const char *wanted, double *to)
{
    size_t n = strlen(wanted);
    *to = 0;
    for (const char *c = words; c; c = strchr(c, ' ')) {
        c += *c == ' ';
        if (strncmp(c, wanted, n) == 0 && (c[n] == ' ' || c[n] == 0)) return 1;
        *to += 1;
    }
    return 0;
}

static void spec_set(struct spec *s, const char *key, const char *value)
{
    int i = tw_rule_option(s->descriptor, key), understood;
    if (i < 0) {
        snprintf(s->why, sizeof s->why, "%s has no option %s", s->descriptor->name, key);
        return;
    }
    const tw_option *o = &s->descriptor->options[i];
    if (o->type == TW_WORD) understood = word_place(o->words, value, &s->values[i]);
    else
        understood = number(strcmp(value, "True") == 0    ? "1"
                            : strcmp(value, "False") == 0 ? "0"
                                                          : value,
                            &s->values[i]);
    if (!understood && o->type == TW_REAL && o->words &&
        (understood = word_place(o->words, value, &s->values[i])))
        s->values[i] = o->min - 1 - s->values[i];
    if (!understood) snprintf(s->why, sizeof s->why, "%s=%s is not understood", key, value);
    s->given[i] = 1;
}

/* 1 if the key is an option of the estimator, whose spec it then joins. */
static int estimator_key(struct spec *s, const char *key, const char *value)
{
    const tw_estimator *e = s->estimator_name ? tw_estimator_find(s->estimator_name) : NULL;
    size_t n = strlen(s->estimator);
    int i = 0;
    while (e && i < e->n_options && strcmp(e->options[i].name, key) != 0) i++;
    if (!e || i == e->n_options) return 0;
    snprintf(s->estimator + n, sizeof s->estimator - n, "%c%s=%.60s", strchr(s->estimator, ':') ? ',' : ':',
             key, value);
    return 1;
}

/* One key=value of a case. None says that something is off: that is psi's own option, and 0 for the
 * others. */
static void spec_key(struct spec *s, const char *key, const char *value)
{
    if (estimator_key(s, key, value)) return;
    if (strcmp(value, "None") == 0) {
        if (strcmp(key, "psi") == 0) spec_set(s, "momentum_schedule", "0");
        return;
    }
    for (size_t i = 0; i < sizeof key_names / sizeof key_names[0]; i++)
        if (strcmp(key, key_names[i].theirs) == 0) {
            if (key_names[i].also) spec_set(s, key_names[i].also, key_names[i].value);
            key = key_names[i].ours;
        }
    spec_set(s, key, value);
}

/* A key of the case's transform: 1 if it was one. */
static int wrap_key(struct spec *s, const char *key, const char *value)
{
    for (int i = 0; s->wrap && i < 3 && s->wrap->keys[i][0]; i++) {
        if (strcmp(key, s->wrap->keys[i][0]) != 0) continue;
        size_t n = strlen(s->transform);
        snprintf(s->transform + n, sizeof s->transform - n, "%c%s=%s", strchr(s->transform, ':') ? ',' : ':',
                 s->wrap->keys[i][1], value);
        return 1;
    }
    return 0;
}

static void find_wrap(struct spec *s, const char *options)
{
    const char *at = strstr(options, "wrap=");
    if (!at) return;
    size_t n = strcspn(at + 5, ";");
    for (size_t i = 0; i < sizeof wraps / sizeof wraps[0]; i++)
        if (strlen(wraps[i].theirs) == n && strncmp(at + 5, wraps[i].theirs, n) == 0) s->wrap = &wraps[i];
    if (s->wrap) snprintf(s->transform, sizeof s->transform, "%s", s->wrap->ours);
    else snprintf(s->why, sizeof s->why, "unknown wrap \"%.*s\"", (int)n, at + 5);
}

/* The spec: what was given, and 0 for a number that was not; without what has no effect, which we refuse and
 * the cases do not mind. */
static void spec_write(struct spec *s)
{
    const tw_rule *rule = s->descriptor;
    size_t n = (size_t)snprintf(s->rule, sizeof s->rule, "%s", s->name->ours);
    for (int i = 0; i < rule->n_options && !s->dialect; i++)
        if (!s->given[i] && rule->options[i].type == TW_REAL && rule->options[i].initial != 0) {
            s->given[i] = 1;
            s->values[i] = 0;
        }
    for (int i = 0, any = 0; i < rule->n_options; i++) {
        char text[TW_VALUE_MAX];
        if (!s->given[i] || (rule->ineffective && rule->ineffective(s->values, i))) continue;
        n += (size_t)snprintf(s->rule + n, sizeof s->rule - n, "%c%s=%s", any++ ? ',' : ':',
                              rule->options[i].name, tw_option_text(&rule->options[i], s->values[i], text));
        if (n >= sizeof s->rule) n = sizeof s->rule - 1;
    }
}

/* Whether lr is only what a slot begins with: a later drop of it then changes nothing, and we refuse to
 * schedule it. */
static int rate_is_a_start(const tw_rule *rule)
{
    for (int i = 0; i < rule->n_slots; i++)
        if (rule->slots[i].start == TW_START_OPTION &&
            strcmp(rule->options[rule->slots[i].option].name, "lr") == 0)
            return 1;
    return 0;
}

static void spec_read(struct spec *s, const char *rule, const char *options)
{
    char text[SPEC], drop[64] = "", *save = NULL;
    long at = 0;
    *s = (struct spec){.schedule = "constant"};
    for (size_t i = 0; i < sizeof rule_names / sizeof rule_names[0]; i++)
        if (strcmp(rule, rule_names[i].theirs) == 0) s->name = &rule_names[i];
    s->same = (struct rule_name){rule, rule, NULL, NULL};
    tw_choice choice;
    if (!s->name && tw_rule_read(&choice, rule, NULL, NULL) == TW_OK) s->name = &s->same;
    if (!s->name) snprintf(s->why, sizeof s->why, "unknown rule \"%s\"", rule);
    if (!s->name || tw_rule_read(&choice, s->name->ours, NULL, NULL) != TW_OK) return;
    s->descriptor = choice.rule;
    s->dialect = choice.dialect != NULL;
    for (int i = 0; i < s->descriptor->n_options; i++)
        s->values[i] = s->dialect ? choice.values[i] : s->descriptor->options[i].initial;
    for (size_t i = 0; i < sizeof estimator_names / sizeof estimator_names[0]; i++)
        if (strcmp(rule, estimator_names[i].theirs) == 0) s->estimator_name = estimator_names[i].estimator;
    if (s->estimator_name) snprintf(s->estimator, sizeof s->estimator, "%s", s->estimator_name);
    if (s->name->key) spec_set(s, s->name->key, s->name->value);
    find_wrap(s, options);
    if (strlen(options) >= sizeof text)
        snprintf(s->why, sizeof s->why, "its options are longer than %d characters", SPEC - 1);
    snprintf(text, sizeof text, "%s", options);
    for (char *item = strtok_r(text, ";", &save); item; item = strtok_r(NULL, ";", &save)) {
        char *value = item + strcspn(item, "=");
        if (*value) *value++ = 0;
        if (strcmp(item, "lr_drop_at") == 0) at = strtol(value, NULL, 10);
        else if (strcmp(item, "lr_drop") == 0) snprintf(drop, sizeof drop, "%s", value);
        else if (s->dialect && strcmp(item, "decay") == 0)
            snprintf(s->schedule, sizeof s->schedule, "inverse_time:decay_rate=%s", value);
        else if (strcmp(item, "wrap") != 0 && !wrap_key(s, item, value)) spec_key(s, item, value);
    }
    const int psi = tw_rule_option(s->descriptor, "psi");
    if (psi >= 0 && !s->given[psi] && !s->dialect) spec_key(s, "psi", "None");
    spec_write(s);
    if (s->wrap) {
        char inner[SPEC];
        snprintf(inner, sizeof inner, "%s", s->rule);
        snprintf(s->rule, sizeof s->rule, "%.250s+%.250s", s->wrap->is_behind ? inner : s->transform,
                 s->wrap->is_behind ? s->transform : inner);
    }
    if (at > 1 && rate_is_a_start(s->descriptor)) return;
    if (at > 1 && *drop)
        snprintf(s->schedule, sizeof s->schedule, "constant/%ld;constant:factor=%s", at - 1, drop);
    if (at == 1 && *drop) snprintf(s->schedule, sizeof s->schedule, "constant:factor=%s", drop);
}

/* ---- Running a case ------------------------------------------------------------------------------------ */

struct bench {
    tw_context *ctx;
    struct table inputs, cases, expected, schedules, finite_sum;
    double theta0[VALUES], star[VALUES], curv[VALUES];
};

double miss(double got, double want) { return fabs(got - want) / fmax(1, fabs(want)); }

/* The parameters after each step, in double or in float; `worst` is the largest miss, infinite where
 * something is not a number. */
static tw_status run_steps(struct bench *b, char **row, tw_optimizer *opt, int in_float, double *worst,
                           tw_error *err)
{
    double w[VALUES], g[VALUES], shown[VALUES], noise[VALUES], want[VALUES];
    float wf[VALUES], gf[VALUES], shown_f[VALUES];
    long done = 0;
    int closed = strcmp(row[2], "closed") == 0, compared = 0;
    for (int i = 0; i < VALUES; i++) wf[i] = (float)(w[i] = b->theta0[i]);
    *worst = 0;
    for (size_t e = 0; e < b->expected.n; e++) {
        char **x = b->expected.rows[e];
        if (strcmp(x[0], row[0]) != 0) continue;
        long step = step_of(x[1]);
        if (step < 1 || step < done || !numbers(x + 2, VALUES, want))
            return cli_fail(err, TW_ERR_DATA, "%.300s: %s,%s: bad row", b->expected.path, x[0], x[1]);
        for (; done < step; done++) {
            CLI_TRY(input(&b->inputs, closed ? "noise" : "grad", done + 1, noise, err));
            for (int i = 0; i < VALUES; i++) {
                double at = in_float ? (double)wf[i] : w[i];
                g[i] = closed ? b->curv[i] * (at - b->star[i]) + noise[i] : noise[i];
                gf[i] = (float)g[i];
            }
            CLI_TRY(in_float ? tw_step_f32(opt, wf, gf, err) : tw_step_f64(opt, w, g, err));
        }
        CLI_TRY(in_float ? tw_view_f32(opt, wf, shown_f, err) : tw_view_f64(opt, w, shown, err));
        for (int i = 0; i < VALUES; i++) {
            double m = miss(in_float ? (double)shown_f[i] : shown[i], want[i]);
            if (!(m <= *worst)) *worst = m >= 0 ? m : INFINITY;
        }
        compared++;
    }
    return compared ? TW_OK : cli_fail(err, TW_ERR_DATA, "%.300s: nothing for %s", b->expected.path, row[0]);
}

static tw_status noise_of(void *user, long step, double *to, tw_error *err)
{
    struct bench *b = user;
    return input(&b->inputs, "noise", step, to, err);
}

static tw_status follow_closed(struct bench *b, char **row, struct closed_run *run, double *worst,
                               tw_error *err)
{
    double shown[VALUES], want[VALUES];
    *worst = 0;
    for (size_t e = 0; e < b->expected.n; e++) {
        char **x = b->expected.rows[e];
        if (strcmp(x[0], row[0]) != 0) continue;
        long step = step_of(x[1]);
        if (step < 1 || !numbers(x + 2, VALUES, want))
            return cli_fail(err, TW_ERR_DATA, "%.300s: %s,%s: bad row", b->expected.path, x[0], x[1]);
        CLI_TRY(closed_run_to(run, step, shown, err));
        for (int i = 0; i < VALUES; i++) {
            double m = miss(shown[i], want[i]);
            if (!(m <= *worst)) *worst = m >= 0 ? m : INFINITY;
        }
    }
    return TW_OK;
}

/* A rule behind an estimator asks for gradients at points of its own, so the case must be a closed one. */
static tw_status run_estimator_case(struct bench *b, char **row, const struct spec *s, int in_float,
                                    double *worst, tw_error *err)
{
    long steps = 0;
    struct closed_run *run;
    const struct closed_case c = {s->rule, s->schedule, s->estimator, VALUES, b->theta0,
                                  b->star, b->curv,     noise_of,     b};
    if (strcmp(row[2], "closed") != 0)
        return cli_fail(err, TW_ERR_SPEC, "%s asks for gradients at points of its own; mode %s gives none",
                        s->estimator_name, row[2]);
    for (size_t e = 0; e < b->expected.n; e++)
        if (strcmp(b->expected.rows[e][0], row[0]) == 0 && step_of(b->expected.rows[e][1]) > steps)
            steps = step_of(b->expected.rows[e][1]);
    if (steps < 1) return cli_fail(err, TW_ERR_DATA, "%.300s: nothing for %s", b->expected.path, row[0]);
    CLI_TRY(closed_run_create(&run, b->ctx, &c, in_float, steps, err));
    tw_status status = follow_closed(b, row, run, worst, err);
    closed_run_free(run);
    return status;
}

/* Two tensors, as the cases have them. */
static tw_status run_case(struct bench *b, char **row, const struct spec *s, int in_float, double *worst,
                          tw_error *err)
{
    static const int64_t matrix[] = {3, 4}, vector[] = {5};
    const tw_tensor tensors[] = {{"matrix", 2, matrix, 0, 0}, {"vector", 1, vector, 12, 0}};
    tw_optimizer *opt;
    if (s->estimator_name) return run_estimator_case(b, row, s, in_float, worst, err);
    tw_optimizer_options o = TW_OPTIMIZER_OPTIONS_INIT;
    o.rule = s->rule;
    o.schedule = s->schedule;
    o.type = in_float ? TW_F32 : TW_F64;
    o.tensors = tensors;
    o.n_tensors = 2;
    CLI_TRY(tw_optimizer_create(&opt, b->ctx, &o, err));
    tw_status status = run_steps(b, row, opt, in_float, worst, err);
    tw_optimizer_free(opt);
    return status;
}

/* ---- Reporting ----------------------------------------------------------------------------------------- */

void report_row(struct report *r, const char *kind, const char *name, int passed, double f64, double f32,
                const char *why)
{
    const char *const verdict = passed ? "ok" : "failed";
    *(passed ? &r->passed : &r->failed) += 1;
    if (r->json) {
        json_t *row = json_pack("{s:s, s:s, s:s}", "kind", kind, "name", name, "verdict", verdict);
        if (!why && isfinite(f64)) row = cli_put(row, "f64", json_real(f64));
        if (!why && isfinite(f32)) row = cli_put(row, "f32", json_real(f32));
        if (why) row = cli_put(row, "why", json_string(why));
        r->rows = cli_add(r->rows, row);
        return;
    }
    char a[24] = "", c[24] = "";
    if (!why && f64 >= 0) snprintf(a, sizeof a, "%.3g", f64);
    if (!why && f32 >= 0) snprintf(c, sizeof c, "%.3g", f32);
    printf("%-9s  %-32s  %-9s  %9s  %9s%s%s\n", kind, name, verdict, a, c, why ? "  " : "", why ? why : "");
}

static tw_status compare_cases(struct bench *b, struct report *r, tw_error *err)
{
    for (size_t i = 0; i < b->cases.n; i++) {
        char **row = b->cases.rows[i];
        struct spec s;
        double tol64, tol32, f64 = 0, f32 = 0;
        spec_read(&s, row[1], row[6]);
        if (!number(row[3], &tol64) || !number(row[4], &tol32))
            return cli_fail(err, TW_ERR_DATA, "%.300s: %s: tolerances are not numbers", b->cases.path,
                            row[0]);
        tw_error why = {.code = TW_ERR_SPEC};
        snprintf(why.message, sizeof why.message, "%s", s.why);
        tw_status status = s.why[0] ? TW_ERR_SPEC : run_case(b, row, &s, 0, &f64, &why);
        if (status == TW_OK) status = run_case(b, row, &s, 1, &f32, &why);
        int passed = status == TW_OK && f64 <= tol64 && f32 <= tol32;
        report_row(r, "rule", row[0], passed, f64 / tol64, f32 / tol32, status == TW_OK ? NULL : why.message);
    }
    return TW_OK;
}

static tw_status compare(struct bench *b, const char *directory, struct report *r, tw_error *err)
{
    CLI_TRY(table_read(&b->inputs, directory, "inputs.csv", 2 + VALUES, err));
    CLI_TRY(table_read(&b->cases, directory, "cases.csv", 7, err));
    CLI_TRY(table_read(&b->expected, directory, "expected.csv", 2 + VALUES, err));
    CLI_TRY(table_read(&b->schedules, directory, "schedules.csv", 3, err));
    CLI_TRY(table_read(&b->finite_sum, directory, "finite_sum.csv", 2, err));
    CLI_TRY(input(&b->inputs, "theta0", 0, b->theta0, err));
    CLI_TRY(input(&b->inputs, "star", 0, b->star, err));
    CLI_TRY(input(&b->inputs, "curv", 0, b->curv, err));
    if (!r->json) printf("%-9s  %-32s  %-9s  %9s  %9s\n", "kind", "case", "verdict", "f64", "f32");
    CLI_TRY(compare_cases(b, r, err));
    CLI_TRY(compare_schedules(&b->schedules, r, err));
    CLI_TRY(compare_finite_sums(b->ctx, &b->finite_sum, r, err));
    return r->passed + r->failed ? TW_OK : cli_fail(err, TW_ERR_DATA, "%.300s: not one case", directory);
}

static tw_status print_report(struct report *r, tw_error *err)
{
    if (r->json)
        return cli_print_json(json_pack("{s:i, s:i, s:O}", "passed", r->passed, "failed", r->failed, "cases",
                                        r->rows),
                              err);
    printf("\n%d within tolerance, %d not. f64, f32: largest error as a multiple of the case's tolerance.\n",
           r->passed, r->failed);
    return TW_OK;
}

static const struct cli_option options[] = {CLI_THREADS, CLI_JSON, CLI_QUIET, CLI_VERBOSE, CLI_END};

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct cli_common *common = call->values;
    struct bench b = {.ctx = NULL};
    struct report r = {.json = common->json, .rows = json_array()};
    CLI_TRY(cli_context(common, &b.ctx, err));
    tw_status s = compare(&b, call->word[0], &r, err);
    if (s == TW_OK) s = print_report(&r, err);
    table_free(&b.inputs);
    table_free(&b.cases);
    table_free(&b.expected);
    table_free(&b.schedules);
    table_free(&b.finite_sum);
    json_decref(r.rows);
    tw_context_free(b.ctx);
    if (s != TW_OK || !r.failed) return s;
    return cli_fail(err, TW_ERR_INTERNAL, "%d cases do not hold", r.failed);
}

const struct cli_command cli_command_conformance = {
    .name = "conformance",
    .usage = "DIR [--json]",
    .help = "compare every rule with the reference cases in DIR",
    .examples = "thalweg conformance tests/conformance",
    .least = 1,
    .most = 1,
    .options = options,
    .size = sizeof(struct cli_common),
    .run = run,
};
