/* thalweg explain for schedules: each piece with its equation and options, and a picture of the whole.
 * SPDX-License-Identifier: MIT */
#include "describe.h"
#include "explain.h"
#include "plot.h"
#include <stdlib.h>
#include <string.h>

static const char *rule_name(size_t i, const void *user)
{
    (void)user;
    return tw_rule_at(i) ? tw_rule_at(i)->name : NULL;
}

static const char *schedule_name(size_t i, const void *user)
{
    (void)user;
    return tw_schedule_at(i) ? tw_schedule_at(i)->name : NULL;
}

int cli_is_schedule(const char *spec)
{
    char name[40];
    size_t n = strcspn(spec, ":@+/;= ");
    snprintf(name, sizeof name, "%.*s", (int)(n < 39 ? n : 39), spec);
    if (tw_rule_find(name)) return 0;
    if (tw_schedule_find(name) || spec[n] == '=' || spec[n] == '/' || spec[n] == ';') return 1;
    return !tw_suggest(name, rule_name, NULL) && tw_suggest(name, schedule_name, NULL);
}

enum { USUAL = 1000, MOST = 1000000 };
#define ENDLESS ((uint64_t)1 << 53)

/* Steps that show every sequence: its last piece's own span, or as much again as comes before it. */
static tw_status natural_steps(const char *spec, uint64_t *steps, tw_error *err)
{
    tw_piece p;
    *steps = 0;
    for (size_t i = 0;; i++) {
        CLI_TRY(tw_schedule_piece(&p, spec, i, strchr(spec, '%') ? USUAL : ENDLESS, err));
        if (!p.schedule) break;
        if (p.steps) continue;
        const uint64_t needed = p.first + (p.span ? p.span : 2 * p.first < USUAL ? USUAL - p.first : p.first);
        if (needed > *steps) *steps = needed;
    }
    if (*steps > MOST) *steps = MOST;
    return TW_OK;
}

static void option_texts(const tw_piece *p, const char *to[TW_PIECE_OPTIONS_MAX])
{
    for (int i = 0; i < TW_PIECE_OPTIONS_MAX; i++) to[i] = p->values[i];
}

static void print_piece(const tw_piece *p)
{
    const tw_schedule *s = p->schedule;
    const char *values[TW_PIECE_OPTIONS_MAX];
    option_texts(p, values);
    char end[40] = "";
    if (p->steps) snprintf(end, sizeof end, " to step %llu", (unsigned long long)(p->first + p->steps - 1));
    cli_print_sentence(0, "%s: %s from step %llu%s", p->spec, p->key, (unsigned long long)p->first, end);
    if (*s->paper) cli_print_wrapped(0, s->paper);
    cli_print_wrapped(0, s->use);
    puts("\nequation, s: steps done in this piece");
    cli_print_equation(s->equation);
    if (s->n_options) puts("\noptions");
    cli_print_option_texts(s->n_options, s->options, values);
    putchar('\n');
}

static json_t *piece_json(const tw_piece *p)
{
    const char *values[TW_PIECE_OPTIONS_MAX];
    option_texts(p, values);
    json_t *all = cli_schedule_json(p->schedule);
    all =
        cli_put(all, "options", cli_option_texts_json(p->schedule->n_options, p->schedule->options, values));
    all = cli_put(all, "spec", cli_string(p->spec));
    all = cli_put(all, "hyperparameter", cli_string(p->key));
    all = cli_put(all, "first", json_integer((json_int_t)p->first));
    if (p->steps) all = cli_put(all, "steps", json_integer((json_int_t)p->steps));
    return all;
}

static json_t *values_json(const double *values, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) list = cli_add(list, cli_number(values[i]));
    return list;
}

/* For --json. A sequence is all the pieces of one hyperparameter: the first one's numbers are in `values`,
 * those of others in `more`. */
struct json {
    json_t *pieces, *values, *more;
};

/* A sequence, as a picture or, with --json, as numbers. */
static tw_status show_values(const struct cli_explain *v, const char *spec, const char *key, int is_first,
                             double *xy, struct json *json, tw_error *err)
{
    size_t n = (size_t)v->steps;
    double *x = xy, *y = xy + n;
    CLI_TRY(tw_schedule_values(spec, key, v->base, v->steps, n, y, err));
    if (!v->common.json) {
        for (size_t i = 0; i < n; i++) x[i] = (double)i;
        const struct cli_plot plot = {.x = x,
                                      .y = y,
                                      .n = n,
                                      .width = cli_columns(stdout, 0),
                                      .fine = cli_is_utf8_terminal(stdout),
                                      .x_label = "steps done",
                                      .y_label = key};
        if (!is_first) putchar('\n');
        cli_print_sentence(0, "%s over %llu steps, %g without the schedule", key, (unsigned long long)n,
                           v->base);
        cli_print_plot(stdout, &plot);
        return TW_OK;
    }
    if (is_first) json->values = values_json(y, n);
    else json->more = cli_put(json->more, key, values_json(y, n));
    return TW_OK;
}

/* Every piece, then every sequence. */
static tw_status show(const struct cli_explain *v, const char *spec, double *xy, struct json *json,
                      tw_error *err)
{
    tw_piece p;
    char key[sizeof p.key] = "";
    for (size_t i = 0;; i++) {
        CLI_TRY(tw_schedule_piece(&p, spec, i, v->steps, err));
        if (!p.schedule) break;
        if (v->common.json) json->pieces = cli_add(json->pieces, piece_json(&p));
        else print_piece(&p);
    }
    for (size_t i = 0;; i++) {
        CLI_TRY(tw_schedule_piece(&p, spec, i, v->steps, err));
        if (!p.schedule) return TW_OK;
        if (strcmp(p.key, key) != 0) CLI_TRY(show_values(v, spec, p.key, i == 0, xy, json, err));
        snprintf(key, sizeof key, "%s", p.key);
    }
}

static tw_status print_json(const struct cli_explain *v, const char *spec, const struct json *json,
                            tw_error *err)
{
    json_t *all =
        json_pack("{s:o, s:o, s:I, s:o, s:o}", "spec", cli_string(spec), "pieces", json->pieces, "steps",
                  (json_int_t)v->steps, "base", cli_number(v->base), "values", json->values);
    /* more is NULL where an allocation failed, and then so is all */
    if (!json->more || json_object_size(json->more)) all = cli_put(all, "more", json->more);
    else json_decref(json->more);
    return cli_print_json(all, err);
}

/* A bare name that cannot stand alone ("multistep") is explained by its example. */
static const char *or_example(const char *spec)
{
    const tw_schedule *s = tw_schedule_find(spec);
    tw_piece piece;
    tw_error why;
    return s && s->example && tw_schedule_piece(&piece, spec, 0, ENDLESS, &why) != TW_OK ? s->example : spec;
}

tw_status cli_explain_schedule(const struct cli_explain *given, const char *spec, tw_error *err)
{
    struct cli_explain chosen = *given, *v = &chosen;
    spec = or_example(spec);
    if (!v->steps) CLI_TRY(natural_steps(spec, &v->steps, err));
    double *xy = cli_alloc((size_t)v->steps, 2 * sizeof *xy, err);
    if (!xy) return err->code;
    struct json json = {NULL, NULL, NULL};
    if (v->common.json) json.pieces = json_array(), json.more = json_object();
    tw_status s = show(v, spec, xy, &json, err);
    free(xy);
    if (s == TW_OK && v->common.json) return print_json(v, spec, &json, err);
    json_decref(json.pieces);
    json_decref(json.values);
    json_decref(json.more);
    return s;
}
