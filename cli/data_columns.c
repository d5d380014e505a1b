/* What data info says of the columns and targets of rows.
 * SPDX-License-Identifier: MIT */
#include "data_columns.h"
#include "table.h"
#include <math.h>
#include <stdlib.h>

enum {
    MOST_NAMED = 10,          /* columns or classes in a line for people */
    MOST_DESCRIBED = 10000000 /* columns: each takes memory, however few numbers there are */
};

static int is_constant(const tw_data_column *c) { return c->least == c->greatest; }

/* Deviations of the columns that vary, and how many do not. */
struct spread {
    double least, greatest, from, to;
    size_t constant;
};

static struct spread spread_of(const tw_data_column *c, size_t n)
{
    struct spread s = {INFINITY, -INFINITY, INFINITY, -INFINITY, 0};
    for (size_t i = 0; i < n; i++) {
        s.from = fmin(s.from, c[i].least);
        s.to = fmax(s.to, c[i].greatest);
        s.constant += (size_t)is_constant(&c[i]);
        if (is_constant(&c[i])) continue;
        s.least = fmin(s.least, c[i].deviation);
        s.greatest = fmax(s.greatest, c[i].deviation);
    }
    return s;
}

static const char *column_name(const tw_data_info *info, size_t i, char to[32])
{
    if (info->column_names) return info->column_names[i];
    snprintf(to, 32, "%zu", i + (size_t)info->first_column);
    return to;
}

static const char *class_name(const tw_data_info *info, int32_t i, char to[32])
{
    if (info->class_names) return info->class_names[i];
    snprintf(to, 32, "%d", info->class_labels ? (int)info->class_labels[i] : (int)i);
    return to;
}

static const char *target_name(const tw_data_info *info, size_t k, char to[32])
{
    if (info->target_names) return info->target_names[k];
    snprintf(to, 32, "target %zu", k + 1);
    return to;
}

static int is_text(const tw_data_info *info) { return info->n_labels > 1; }

/* Rows of each class, or how often each character comes; freed by free. */
static uint64_t *count_classes(const tw_data_info *info, tw_error *err)
{
    uint64_t *count = cli_alloc((size_t)info->classes + 1, sizeof *count, err);
    const uint64_t labels = info->rows * (is_text(info) ? info->n_labels : 1);
    for (uint64_t i = 0; count && i < labels; i++) {
        const int32_t *at = info->class_labels, label = info->labels[i];
        int32_t class = label;
        for (class = at ? 0 : label; at && at[class] != label; class ++) continue;
        count[class]++;
    }
    return count;
}

struct range {
    double least, greatest, mean;
};

static struct range range_of_target(const tw_data_info *info, size_t k)
{
    struct range r = {INFINITY, -INFINITY, 0};
    for (uint64_t i = 0; i < info->rows; i++) {
        const double y = info->targets[i * info->n_targets + k];
        r.least = fmin(r.least, y);
        r.greatest = fmax(r.greatest, y);
        r.mean += y / (double)info->rows;
    }
    return r;
}

/* ---- JSON ---------------------------------------------------------------------------------------------- */

static json_t *columns_json(const tw_data_info *info, const tw_data_column *c, size_t n)
{
    json_t *list = json_array();
    char name[32];
    for (size_t i = 0; i < n; i++)
        list = cli_add(list,
                       json_pack("{s:o, s:I, s:o, s:o, s:o, s:o}", "name",
                                 cli_string(column_name(info, i, name)), "nonzero", (json_int_t)c[i].nonzero,
                                 "least", cli_number(c[i].least), "greatest", cli_number(c[i].greatest),
                                 "mean", cli_number(c[i].mean), "deviation", cli_number(c[i].deviation)));
    return list;
}

static json_t *classes_json(const tw_data_info *info, const uint64_t *count)
{
    json_t *list = json_array();
    char name[32];
    for (int32_t i = 0; i < info->classes; i++)
        list = cli_add(list, json_pack("{s:o, s:I}", "name", cli_string(class_name(info, i, name)), "rows",
                                       (json_int_t)count[i]));
    return list;
}

static json_t *targets_json(const tw_data_info *info)
{
    json_t *list = json_array();
    char name[32];
    for (size_t k = 0; k < info->n_targets; k++) {
        const struct range r = range_of_target(info, k);
        list = cli_add(list, json_pack("{s:o, s:o, s:o, s:o}", "name", cli_string(target_name(info, k, name)),
                                       "least", cli_number(r.least), "greatest", cli_number(r.greatest),
                                       "mean", cli_number(r.mean)));
    }
    return list;
}

/* ---- text ---------------------------------------------------------------------------------------------- */

/* A character as JSON has it. */
static tw_status quote(const char *character, char to[32], tw_error *err)
{
    json_t *const value = cli_string(character);
    const size_t n = value ? json_dumpb(value, to, 31, JSON_ENCODE_ANY) : 0;
    json_decref(value);
    if (n == 0 || n > 31) return cli_fail(err, TW_ERR_MEMORY, "out of memory for a character");
    to[n] = 0;
    return TW_OK;
}

static tw_status print_classes(const tw_data_info *info, const uint64_t *count, tw_error *err)
{
    char text[1024], name[32], rows[32];
    const char *const of = is_text(info) ? "characters" : "classes";
    size_t n = cli_append(text, sizeof text, 0, is_text(info) ? "characters: " : "rows of each class: ");
    for (int32_t i = 0; i < info->classes && i < MOST_NAMED; i++) {
        const char *shown = class_name(info, i, name);
        if (is_text(info)) {
            CLI_TRY(quote(shown, name, err));
            shown = name;
        }
        n = cli_append(text, sizeof text, n, "%s%.60s: %s", i ? ", " : "", shown,
                       cli_grouped(count[i], rows));
    }
    if (info->classes > MOST_NAMED)
        n = cli_append(text, sizeof text, n, " and %d more %s", (int)info->classes - MOST_NAMED, of);
    cli_print_sentence(7, "%s", text);
    return TW_OK;
}

static void print_targets(const tw_data_info *info)
{
    char name[32];
    const size_t n = info->n_targets, shown = n > MOST_NAMED ? MOST_NAMED : n;
    if (n > 1) cli_print_sentence(7, "%zu targets in each row", n);
    for (size_t k = 0; k < shown; k++) {
        const struct range r = range_of_target(info, k);
        if (n == 1) cli_print_sentence(7, "real targets from %g to %g, mean %g", r.least, r.greatest, r.mean);
        else
            cli_print_sentence(7, "%.60s from %g to %g, mean %g", target_name(info, k, name), r.least,
                               r.greatest, r.mean);
    }
    if (shown < n) cli_print_sentence(7, "and %zu more", n - shown);
}

static void print_constant(const tw_data_info *info, const tw_data_column *c, size_t n, size_t constant)
{
    char text[1024], name[32];
    size_t used = 0, named = 0;
    for (size_t i = 0; i < n && named < MOST_NAMED; i++)
        if (is_constant(&c[i]))
            used = cli_append(text, sizeof text, used, "%s%.60s", named++ ? ", " : "",
                              column_name(info, i, name));
    cli_print_sentence(7, "suspicious: %zu column%s the same in all rows: %s%s", constant,
                       constant == 1 ? " is" : "s are", text, constant > named ? ", ..." : "");
}

static void print_columns(const tw_data_info *info, const tw_data_column *c, size_t n)
{
    const struct spread s = spread_of(c, n);
    char stored[32];
    if (info->starts) {
        const uint64_t numbers = info->starts[info->rows] - info->starts[0];
        cli_print_sentence(7, "sparse: %s numbers, %.3g %% of all, %.3g in a row",
                           cli_grouped(numbers, stored),
                           100 * (double)numbers / ((double)info->rows * (double)n),
                           (double)numbers / (double)info->rows);
    }
    cli_print_sentence(7, "numbers from %g to %g; deviations of the columns from %g to %g", s.from, s.to,
                       s.constant < n ? s.least : 0, s.constant < n ? s.greatest : 0);
    if (s.constant) print_constant(info, c, n, s.constant);
    if (s.constant < n && s.greatest > 100 * s.least && !info->starts)
        cli_print_sentence(7, "suspicious: the columns have very different scales");
}

/* ---- either -------------------------------------------------------------------------------------------- */

tw_status cli_data_columns(const tw_data *data, const tw_data_info *info, json_t **json, tw_error *err)
{
    const size_t n = (size_t)info->shape[0];
    if (info->rank != 1 || n > MOST_DESCRIBED) return TW_OK;
    tw_data_column *columns = cli_alloc(n, sizeof *columns, err);
    uint64_t *count = info->labels ? count_classes(info, err) : NULL;
    tw_status status = !columns || (info->labels && !count) ? TW_ERR_MEMORY : TW_OK;
    if (status == TW_OK) status = tw_data_columns(data, columns, err);
    if (status == TW_OK && json) {
        if (count) *json = cli_put(*json, "class_rows", classes_json(info, count));
        if (info->n_targets > 1) *json = cli_put(*json, "targets", targets_json(info));
        if (!is_text(info)) *json = cli_put(*json, "columns", columns_json(info, columns, n));
    } else if (status == TW_OK) {
        if (count) status = print_classes(info, count, err);
        if (status == TW_OK && info->targets) print_targets(info);
        if (status == TW_OK && !is_text(info)) print_columns(info, columns, n);
    }
    free(columns);
    free(count);
    return status;
}
