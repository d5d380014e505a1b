/* What the fits before a run say: a path of penalties as pictures and a table, folds as a table.
 * SPDX-License-Identifier: MIT */
#include "race/report/run.h"
#include "train/json.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct path {
    const json_t *rows;
    size_t n, best, sparest; /* from 1; 0: none */
    size_t folds;
    int has_l1, has_l2;
    int is_compared; /* by rows that were held out */
} path;

static const json_t *cv_of(const tw__page *g) { return json_object_get(g->run->result, "cv"); }
static const json_t *path_json_of(const tw__page *g) { return json_object_get(g->run->result, "path"); }
static int has_folds(const tw__page *g) { return json_object_size(json_object_get(cv_of(g), "mean")) > 0; }

static path path_of(const tw__page *g)
{
    const json_t *json = path_json_of(g), *rows = json_object_get(json, "penalties");
    path p = {.rows = rows,
              .n = json_array_size(rows),
              .best = (size_t)json_integer_value(json_object_get(json, "best")),
              .sparest = (size_t)json_integer_value(json_object_get(json, "one_standard_error")),
              .folds = json_array_size(json_object_get(cv_of(g), "folds"))};
    const json_t *best = json_array_get(rows, p.best - 1);
    p.has_l1 = tw__json_number_of(best, "l1") > 0;
    p.has_l2 = tw__json_number_of(best, "l2") > 0;
    p.is_compared = !isnan(tw__json_number_of(best, "loss"));
    return p;
}

static double penalty_at(const path *p, size_t i)
{
    return tw__json_number_of(json_array_get(p->rows, i), p->has_l1 ? "l1" : "l2");
}

/* With folds the mean and a standard error to each side. */
static tw__spread value_at(const path *p, size_t i, const char *key)
{
    const json_t *row = json_array_get(p->rows, i);
    const double mean = tw__json_number_of(row, key),
                 error = tw__json_number_of(json_object_get(row, "deviation"), key) / sqrt((double)p->folds);
    return (tw__spread){mean, mean - error, mean + error};
}

/* ---- pictures ------------------------------------------------------------------------------------------ */

/* Returns 0 where there is nothing to show. Neither a loss nor a number of weights is below 0. */
static int fit(const path *p, const char *key, tw__chart *c)
{
    const int is_count = strcmp(key, "nonzero") == 0;
    double left = INFINITY, right = 0, low = INFINITY, high = 0;
    for (size_t i = 0; i < p->n; i++) {
        const double x = penalty_at(p, i);
        const tw__spread y = value_at(p, i, key);
        if (!(x > 0) || !isfinite(y.median)) continue;
        const double least = isfinite(y.q1) ? y.q1 : y.median, most = isfinite(y.q3) ? y.q3 : y.median;
        left = x < left ? x : left;
        right = x > right ? x : right;
        low = least < low ? least : low;
        high = most > high ? most : high;
    }
    if (!(left <= right)) return 0;
    if (low < 0) low = 0;
    c->x = tw__page_scale(left, right, 1);
    c->y = tw__page_scale(low, high, !is_count && low > 0 && high > 10 * low);
    c->y.is_whole = is_count;
    return 1;
}

static void put_line(tw__chart *c, const path *p, const char *key)
{
    enum { FEW = 60 };
    if (p->folds) {
        tw__chart_begin(c, "band");
        for (size_t i = 0; i < p->n; i++) tw__chart_to(c, penalty_at(p, i), value_at(p, i, key).q3);
        for (size_t i = p->n; i-- > 0;) tw__chart_to(c, penalty_at(p, i), value_at(p, i, key).q1);
        tw__chart_end(c, 1);
    }
    tw__chart_begin(c, "line");
    for (size_t i = 0; i < p->n; i++) tw__chart_to(c, penalty_at(p, i), value_at(p, i, key).median);
    tw__chart_end(c, 0);
    for (size_t i = 0; i < p->n && p->n <= FEW; i++)
        tw__chart_mark(c, 'o', "dot", penalty_at(p, i), value_at(p, i, key).median);
}

static const char *chosen_name(const path *p) { return p->is_compared ? "best" : "taken"; }

static void put_picture(tw__page *g, const path *p, const char *key, const char *name)
{
    char label[128], y_name[128];
    const double chosen = penalty_at(p, p->best - 1), sparest = penalty_at(p, p->sparest - 1);
    tw__chart c = {.p = &g->p,
                   .label = label,
                   .x_name = !p->has_l1   ? "penalty l2 (log)"
                             : !p->has_l2 ? "penalty l1 (log)"
                                          : "penalty l1 (log), l2 in proportion",
                   .y_name = y_name};
    if (!fit(p, key, &c)) return;
    snprintf(y_name, sizeof y_name, "%s%s", name, c.y.is_log ? " (log)" : "");
    snprintf(label, sizeof label, "%s against the penalty; the table below says the same", name);
    tw__print(&g->p, "<figure>");
    tw__chart_open(&c);
    tw__chart_rule(&c, chosen);
    if (p->sparest != p->best) tw__chart_rule(&c, sparest);
    tw__print(&g->p, "<g class=\"c7 d0\">");
    put_line(&c, p, key);
    tw__print(&g->p, "</g>\n");
    tw__chart_note(&c, chosen, 1, chosen_name(p));
    if (p->sparest != p->best) tw__chart_note(&c, sparest, 2, "one standard error");
    tw__chart_close(&c);
    tw__print(&g->p, "</figure>\n");
}

static void put_pictures(tw__page *g, const path *p)
{
    tw__print(&g->p, "<div class=\"pictures\">\n");
    if (!p->is_compared) put_picture(g, p, "train_loss", "training loss");
    else put_picture(g, p, "loss", p->folds ? "mean loss of the folds" : "validation loss");
    if (p->has_l1) put_picture(g, p, "nonzero", "weights that are not 0");
    tw__print(&g->p, "</div>\n");
}

/* ---- tables -------------------------------------------------------------------------------------------- */

/* Means of counts have a digit or two after the point, large ones none. */
static enum tw__form form_of(const char *key, double x)
{
    if (strcmp(key, "nonzero") != 0 || !(x >= 0 && x < 1e15)) return TW__AS_LOSS;
    return x == floor(x) || x >= 100 ? TW__AS_COUNT : TW__AS_PLAIN;
}

static void put_number(tw__page *g, const json_t *row, const char *key)
{
    const double x = tw__json_number_of(row, key);
    tw__page_cell(g, form_of(key, x), (tw__spread){x, x, x}, 0);
}

static void put_penalty(tw__page *g, const path *p, size_t i)
{
    const json_t *row = json_array_get(p->rows, i);
    const char *model = json_string_value(json_object_get(row, "model"));
    tw__print(&g->p, "<tr><th scope=\"row\">");
    tw__page_spec(g, model ? model : "");
    if (i + 1 == p->best) tw__print(&g->p, "<small>%s</small>", chosen_name(p));
    else if (i + 1 == p->sparest) tw__print(&g->p, "<small>within a standard error</small>");
    tw__print(&g->p, "</th>");
    put_number(g, row, "nonzero");
    put_number(g, row, "train_loss");
    if (p->is_compared) tw__page_cell(g, TW__AS_LOSS, value_at(p, i, "loss"), i + 1 == p->best);
    tw__print(&g->p, "</tr>\n");
}

static const char *path_hint(const path *p)
{
    if (p->folds)
        return "Means over the folds; bands and ranges go a standard error to each side. The best penalty has the least mean loss, and the model that is saved is fitted with it to all rows.";
    if (p->is_compared)
        return "The best penalty has the least validation loss, and the model that is saved is fitted with it.";
    return "No rows are held out, so that the last penalty is taken; <code>--cv</code> or <code>--val</code> finds the best.";
}

static void put_path(tw__page *g)
{
    const path p = path_of(g);
    tw__page_open(g, "path", "Path of penalties");
    put_pictures(g, &p);
    tw__print(&g->p, "<p class=\"hint\">%s</p>\n", path_hint(&p));
    tw__page_open_table(g, "path", "penalty");
    tw__print(&g->p, "<th scope=\"col\">weights not 0</th><th scope=\"col\">training loss</th>");
    if (p.is_compared)
        tw__print(&g->p, "<th scope=\"col\">%s</th>", p.folds ? "loss of the folds" : "validation loss");
    tw__print(&g->p, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < p.n; i++) put_penalty(g, &p, i);
    tw__page_close_table(g);
    tw__print(&g->p, "</section>\n");
}

/* Puts a key of the JSON in words. */
static void put_head(tw__page *g, const char *key)
{
    char word[64];
    snprintf(word, sizeof word, "%s", key);
    for (char *c = word; *c; c++)
        if (*c == '_') *c = ' ';
    tw__print(&g->p, "<th scope=\"col\">");
    tw__put_escaped(&g->p, word);
    tw__print(&g->p, "</th>");
}

static void put_fold(tw__page *g, const char *head, const json_t *columns, const json_t *row)
{
    const json_t *rows = json_object_get(row, "val_rows");
    const char *key;
    json_t *unused;
    tw__print(&g->p, "<tr><th scope=\"row\">%s</th><td>", head);
    if (rows) tw__put_count(&g->p, (uint64_t)json_integer_value(rows));
    tw__print(&g->p, "</td>");
    json_object_foreach ((json_t *)(uintptr_t)columns, key, unused) put_number(g, row, key);
    tw__print(&g->p, "</tr>\n");
}

static void put_folds(tw__page *g)
{
    const json_t *cv = cv_of(g), *folds = json_object_get(cv, "folds"), *mean = json_object_get(cv, "mean");
    const char *key;
    json_t *unused;
    tw__page_open(g, "folds", "Cross-validation");
    tw__page_open_table(g, "folds", "fold");
    tw__print(&g->p, "<th scope=\"col\">rows</th>");
    json_object_foreach ((json_t *)(uintptr_t)mean, key, unused) put_head(g, key);
    tw__print(&g->p, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < json_array_size(folds); i++) {
        char number[24];
        snprintf(number, sizeof number, "%zu", i + 1);
        put_fold(g, number, mean, json_array_get(folds, i));
    }
    put_fold(g, "mean", mean, mean);
    put_fold(g, "deviation", mean, json_object_get(cv, "deviation"));
    tw__page_close_table(g);
    tw__print(
        &g->p,
        "<p class=\"hint\">Each model%s is fitted to the rows of the other folds and evaluated on those of its fold; loss is without a penalty.</p>\n"
        "</section>\n",
        path_json_of(g) ? ", with the best penalty," : "");
}

/* ---- both ---------------------------------------------------------------------------------------------- */

void tw__page_fits_nav(tw__page *g)
{
    if (path_json_of(g)) tw__print(&g->p, "<a href=\"#path\">Path</a>");
    if (has_folds(g)) tw__print(&g->p, "<a href=\"#folds\">Folds</a>");
}

void tw__page_fits(tw__page *g)
{
    if (path_json_of(g)) put_path(g);
    if (has_folds(g)) put_folds(g);
}
