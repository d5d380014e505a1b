/* Option tables; see options.h.
 * SPDX-License-Identifier: MIT */
#include "base/options.h"
#include "base/decimal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Numbers ---- */

enum { LONGEST_NUMBER = 128 };

static size_t digits(tw__text t, size_t i)
{
    size_t n = 0;
    while (i + n < t.n && t.at[i + n] >= '0' && t.at[i + n] <= '9') n++;
    return n;
}

static int is_number(tw__text t)
{
    size_t i = t.n && (t.at[0] == '-' || t.at[0] == '+');
    size_t whole = digits(t, i), fraction = 0;
    i += whole;
    if (i < t.n && t.at[i] == '.') {
        fraction = digits(t, i + 1);
        i += 1 + fraction;
    }
    if (whole + fraction == 0) return 0;
    if (i < t.n && (t.at[i] == 'e' || t.at[i] == 'E')) {
        i++;
        if (i < t.n && (t.at[i] == '-' || t.at[i] == '+')) i++;
        size_t n = digits(t, i);
        if (n == 0) return 0;
        i += n;
    }
    return i == t.n;
}

int tw__number_read(tw__text t, double *to)
{
    char copy[LONGEST_NUMBER + 1];
    if (t.n > LONGEST_NUMBER || !is_number(t)) return 0;
    memcpy(copy, t.at, t.n);
    copy[t.n] = 0;
    *to = tw__decimal_read(copy);
    return *to - *to == 0 && (*to != 0 || tw__decimal_is_zero(copy)) ? 1 : -1;
}

int tw_number_read(const char *text, double *to) { return tw__number_read(tw__text_of(text), to); }

static void number_text(double x, char to[TW_VALUE_MAX])
{
    if (x - x != 0) snprintf(to, TW_VALUE_MAX, "%s", x > 0 ? "inf" : x < 0 ? "-inf" : "nan");
    else if (x == __builtin_floor(x) && __builtin_fabs(x) < 1e17)
        snprintf(to, TW_VALUE_MAX, "%.0f", x); /* 1000, which %g would shorten to 1e+03 */
    else
        for (int precision = 1; precision <= 17; precision++) {
            snprintf(to, TW_VALUE_MAX, "%.*g", precision, x);
            if (strtod(to, NULL) == x) break;
        }
}

const char *tw__number_text(double x, char to[TW_VALUE_MAX])
{
    tw__decimal_mode mode;
    tw__decimal_enter(&mode);
    number_text(x, to);
    tw__decimal_leave(&mode);
    return to;
}

/* ---- Rows ---- */

/* Names other libraries use for the same thing, wherever the name on the right exists. */
static const tw_alias common[] = {
    {"learning_rate", "lr"},
    {"beta_1", "beta1"},
    {"beta_2", "beta2"},
    {"epsilon", "eps"},
    {"wd", "weight_decay"},
    {"initial_accumulator_value", "initial_accumulator"},
    {NULL, NULL},
};

const char *tw__option_name(size_t i, const void *table)
{
    const tw__table *t = table;
    return i < (size_t)t->n ? t->options[i].name : NULL;
}

static int by_name(const tw__table *t, tw__text name) { return tw__name_find(name, tw__option_name, t); }

static int by_alias(const tw__table *t, const tw_alias *a, tw__text name)
{
    for (; a && a->alias; a++)
        if (tw__text_is(name, a->alias)) return by_name(t, tw__text_of(a->name));
    return -1;
}

int tw__option_allows(const tw_option *o, double x)
{
    return x >= o->min && x <= o->max && !(x == o->min && (o->open & TW_OPEN_MIN)) &&
           !(x == o->max && (o->open & TW_OPEN_MAX));
}

int tw__option_find(const tw__table *t, tw__text name)
{
    int i = by_name(t, name);
    if (i < 0) i = by_alias(t, t->aliases, name);
    return i >= 0 ? i : by_alias(t, common, name);
}

static int word_place(const char *words, tw__text wanted, tw__guess *guess)
{
    tw__text rest = tw__text_of(words);
    for (int place = 0; rest.at; place++) {
        tw__text word = tw__text_cut(&rest, ' ');
        if (word.n == wanted.n && memcmp(word.at, wanted.at, word.n) == 0) return place;
        tw__guess_offer(guess, word);
    }
    return -1;
}

static int flag_value(tw__text v, double *to)
{
    static const char *const words[][2] = {{"0", "1"}, {"false", "true"}, {"off", "on"}, {"no", "yes"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        for (int value = 0; value < 2; value++)
            if (tw__text_is(v, words[i][value])) {
                *to = value;
                return 1;
            }
    return 0;
}

static tw_status number_value(const tw_option *o, tw__text v, double *to, tw_error *err)
{
    char bounds[TW_VALUE_MAX];
    if (v.n > LONGEST_NUMBER)
        return tw__fail(err, TW_ERR_SPEC, "%s has a value of %zu characters; a number has at most %d",
                        o->name, v.n, (int)LONGEST_NUMBER);
    tw__guess guess = tw__guess_for(v);
    int is = tw__number_read(v, to),
        place = o->type == TW_REAL && o->words && is == 0 ? word_place(o->words, v, &guess) : -1;
    if (place >= 0) {
        *to = o->min - 1 - place;
        return TW_OK;
    }
    if (o->type == TW_REAL && o->words && is == 0)
        return tw__fail(err, TW_ERR_SPEC, "%s = %.*s is not in %s%s", o->name, TW__SHOW(v),
                        tw_option_bounds(o, bounds), tw__guess_hint(&guess));
    if (is == 0) return tw__fail(err, TW_ERR_SPEC, "%s = %.*s is not a number", o->name, TW__SHOW(v));
    if (is < 0)
        return tw__fail(err, TW_ERR_SPEC, "%s = %.*s is too %s for a number", o->name, TW__SHOW(v),
                        *to == 0 ? "small" : "large");
    if (!tw__option_allows(o, *to))
        return tw__fail(err, TW_ERR_SPEC, "%s = %.*s is outside %s", o->name, TW__SHOW(v),
                        tw_option_bounds(o, bounds));
    if (o->type == TW_INT && (*to != __builtin_floor(*to) || *to > 0x1p53 || *to < -0x1p53))
        return tw__fail(err, TW_ERR_SPEC, "%s = %.*s is not a whole number", o->name, TW__SHOW(v));
    return TW_OK;
}

static tw_status list_value(const tw__table *t, const tw_option *o, tw__text v, double *to, tw_error *err)
{
    tw__lists *l = t->lists;
    tw_option member = *o;
    tw__text rest = v;
    member.type = TW_REAL;
    int place = l->n;
    for (int i = place; rest.at; i = l->n) {
        int next = i == place ? i + 1 : i;
        if (next >= TW__LIST_NUMBERS)
            return tw__fail(err, TW_ERR_SPEC, "%s = %.*s: there is room for %d numbers in all lists", o->name,
                            TW__SHOW(v), (int)TW__LIST_NUMBERS - 2);
        TW_TRY(number_value(&member, tw__text_cut(&rest, '|'), &l->at[next], err));
        l->at[next] += 0.0; /* -0 is 0 */
        l->n = next + 1;
    }
    l->at[place] = l->n - place - 1;
    *to = place;
    return TW_OK;
}

static int is_quoted(const tw_option *o) { return o->type == TW_FORMULA || o->type == TW_SPEC; }

static tw_status quoted_value(const tw__table *t, const tw_option *o, tw__text v, double *to, tw_error *err)
{
    tw__text inside = {v.at + 1, v.n - 2};
    if (v.n < 3 || v.at[0] != '"' || v.at[v.n - 1] != '"' || memchr(inside.at, '"', inside.n))
        return tw__fail(err, TW_ERR_SPEC, "%s = %.*s is no text in quotes", o->name, TW__SHOW(v));
    *t->quoted = inside;
    *to = 1;
    return TW_OK;
}

static tw_status value_of(const tw__table *t, const tw_option *o, tw__text v, double *to, tw_error *err)
{
    if (o->type == TW_LIST && t->lists) return list_value(t, o, v, to, err);
    if (is_quoted(o) && t->quoted) return quoted_value(t, o, v, to, err);
    char bounds[TW_VALUE_MAX];
    if (o->type == TW_FLAG) {
        if (flag_value(v, to)) return TW_OK;
        return tw__fail(err, TW_ERR_SPEC, "%s = %.*s is neither 0 nor 1 (true, false, on, off, yes, no)",
                        o->name, TW__SHOW(v));
    }
    if (o->type != TW_WORD) return number_value(o, v, to, err);
    tw__guess guess = tw__guess_for(v);
    int place = word_place(o->words, v, &guess);
    if (place < 0)
        return tw__fail(err, TW_ERR_SPEC, "%s = %.*s is not one of %s%s", o->name, TW__SHOW(v),
                        tw_option_bounds(o, bounds), tw__guess_hint(&guess));
    *to = place;
    return TW_OK;
}

static int formula_option(const tw__table *t)
{
    int i = 0;
    while (i < t->n && t->options[i].type != TW_FORMULA) i++;
    return i < t->n ? i : -1;
}

/* "adam has no option "rho" (did you mean ...?)", or, with nothing near, those that there are. */
static tw_status no_such_option(const tw__table *t, tw__text name, tw_error *err)
{
    char list[240] = "";
    size_t n = 0;
    tw__guess guess = tw__guess_for(name);
    for (int k = 0; k < t->n; k++) tw__guess_offer(&guess, tw__text_of(t->options[k].name));
    for (int k = 0; k < t->n && !tw__guess_is_near(&guess) && n < sizeof list; k++)
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", k ? ", " : " (it has ", t->options[k].name);
    return tw__fail(err, TW_ERR_SPEC, "%s has no option \"%.*s\"%s%s%s", t->owner, TW__SHOW(name),
                    tw__guess_hint(&guess), list, n ? ")" : "");
}

tw_status tw__option_read(const tw__table *t, const tw__item *item, double *values, unsigned char *given,
                          tw_error *err)
{
    int i = item->key.n ? tw__option_find(t, item->key) : formula_option(t);
    if (i < 0 && item->key.n == 0)
        return tw__fail(err, TW_ERR_SPEC, "%s has no formula: %.*s is not key=value", t->owner,
                        TW__SHOW(item->value));
    if (i < 0) return no_such_option(t, item->key, err);
    if (given && given[i] && item->key.n && !tw__text_is(item->key, t->options[i].name))
        return tw__fail(err, TW_ERR_SPEC, "%s is given twice: %.*s is another name of it", t->options[i].name,
                        TW__SHOW(item->key));
    if (given && given[i]) return tw__fail(err, TW_ERR_SPEC, "%s is given twice", t->options[i].name);
    if (given) given[i] = 1;
    TW_TRY(value_of(t, &t->options[i], item->value, &values[i], err));
    values[i] += 0.0; /* -0 is 0, and is written as it */
    return TW_OK;
}

int tw__option_write(const tw__table *t, int i, double value, char *to, size_t n)
{
    char text[TW_VALUE_MAX];
    size_t used = 0;
    if (is_quoted(&t->options[i]) && value != 0)
        return snprintf(to, n, "\"%.*s\"", (int)t->quoted->n, t->quoted->at) < (int)n;
    if (t->options[i].type != TW_LIST)
        return snprintf(to, n, "%s", tw_option_text(&t->options[i], value, text)) < (int)n;
    const double *list = t->lists->at + (int)value;
    *to = 0;
    for (int k = 1; k <= (int)list[0] && used < n; k++)
        used +=
            (size_t)snprintf(to + used, n - used, "%s%s", k > 1 ? "|" : "", tw__number_text(list[k], text));
    return used < n;
}

int tw__options_write(const tw__table *t, const double *values, const double *from, char *to, size_t n)
{
    size_t used = 0;
    for (int i = 0; i < t->n; i++) {
        const tw_option *o = &t->options[i];
        if (values[i] == from[i]) continue;
        int named = o->type != TW_FORMULA;
        int wrote =
            snprintf(to + used, n - used, "%c%s%s", used ? ',' : ':', named ? o->name : "", named ? "=" : "");
        if (wrote < 0 || (size_t)wrote >= n - used) return 0;
        used += (size_t)wrote;
        if (!tw__option_write(t, i, values[i], to + used, n - used)) return 0;
        used += strlen(to + used);
    }
    return 1;
}

/* ---- Public ---- */

const char *tw_option_text(const tw_option *o, double value, char to[TW_VALUE_MAX])
{
    *to = 0;
    const int is_word =
        o->type == TW_WORD || o->type == TW_SPEC; /* of a spec the default, which is one word */
    if (o->type == TW_LIST || o->type == TW_FORMULA || (o->type == TW_SPEC && value != 0)) return to;
    if (!is_word && !(o->words && value < o->min)) return tw__number_text(value, to);
    int place = (int)(is_word ? value : o->min - 1 - value);
    tw__text rest = tw__text_of(o->words), word = {"", 0};
    for (int i = 0; rest.at && i <= place; i++) word = tw__text_cut(&rest, ' ');
    snprintf(to, TW_VALUE_MAX, "%.*s", TW__SHOW(word));
    return to;
}

/* "out hat in" as "out, hat, in", cut to what fits. */
static void words_text(const char *words, char *to, size_t size)
{
    size_t n = 0;
    for (const char *c = words; *c && n + 3 < size; c++) {
        if (*c == ' ') to[n++] = ',';
        to[n++] = *c;
    }
    to[n] = 0;
}

const char *tw_option_bounds(const tw_option *o, char to[TW_VALUE_MAX])
{
    char low[TW_VALUE_MAX], high[TW_VALUE_MAX];
    *to = 0;
    if (o->type == TW_SPEC) return to;
    if (o->type == TW_FLAG) snprintf(to, TW_VALUE_MAX, "0 or 1");
    else if (o->type == TW_WORD) words_text(o->words, to, TW_VALUE_MAX);
    else if (o->type == TW_FORMULA)
        words_text(o->words, to + snprintf(to, TW_VALUE_MAX, "of "), TW_VALUE_MAX - 3);
    else {
        int n = snprintf(to, TW_VALUE_MAX, "%s%c%.25s, %.25s%c", o->type == TW_LIST ? "each in " : "",
                         o->open & TW_OPEN_MIN ? '(' : '[', tw__number_text(o->min, low),
                         tw__number_text(o->max, high),
                         o->open & TW_OPEN_MAX || o->max - o->max != 0 ? ')' : ']');
        if (o->words && n > 0 && n + 5 < TW_VALUE_MAX) {
            memcpy(to + n, " or ", 4);
            words_text(o->words, to + n + 4, (size_t)(TW_VALUE_MAX - n - 4));
        }
    }
    return to;
}
