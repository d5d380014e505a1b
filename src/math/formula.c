/* Reading and evaluating formulas; see formula.h.
 * SPDX-License-Identifier: MIT */
#include "math/formula.h"
#include "base/options.h"
#include "math/elementary.h"
#include <stdio.h>

static const struct {
    const char *name;
    int takes;
    tw__operation operation;
} functions[] = {
    {"exp", 1, TW__EXP},   {"log", 1, TW__LOG},   {"sqrt", 1, TW__SQRT}, {"sin", 1, TW__SIN},
    {"cos", 1, TW__COS},   {"tanh", 1, TW__TANH}, {"abs", 1, TW__ABS},   {"floor", 1, TW__FLOOR},
    {"ceil", 1, TW__CEIL}, {"min", 2, TW__MIN},   {"max", 2, TW__MAX},   {"pow", 2, TW__POWER},
    {"if", 3, TW__IF},
};
static const struct {
    const char *name;
    double value;
} constants[] = {{"pi", 0x1.921fb54442d18p1}, {"e", 0x1.5bf0a8b145769p1}};
enum {
    N_FUNCTIONS = sizeof functions / sizeof functions[0],
    N_CONSTANTS = sizeof constants / sizeof constants[0]
};

int tw__operation_takes(tw__operation o) { return o < TW__NEGATE ? 0 : o < TW__ADD ? 1 : o < TW__IF ? 2 : 3; }

/* ---- Reading ---- */

struct reader {
    tw__text text;
    size_t at; /* the next character */
    const char *variables;
    tw__term *terms;
    int capacity, n, stack, nesting;
};

static tw_status formula(struct reader *r, tw_error *err);

/* The next character that is not a space; 0 at the end. */
static char peek(struct reader *r)
{
    while (r->at < r->text.n && r->text.at[r->at] == ' ') r->at++;
    return r->at < r->text.n ? r->text.at[r->at] : 0;
}

static int take(struct reader *r, char c)
{
    int is = peek(r) == c;
    r->at += (size_t)is;
    return is;
}

static tw_status wrong(const struct reader *r, size_t at, const char *what, tw_error *err)
{
    return tw__fail(err, TW_ERR_SPEC, "formula \"%.*s\": character %zu: %s", TW__SHOW(r->text), at + 1, what);
}

/* What was needed, and what stands there instead. */
static tw_status needed(struct reader *r, const char *what, tw_error *err)
{
    char text[160], c = peek(r);
    if (r->at == r->text.n) snprintf(text, sizeof text, "the end comes where %s is needed", what);
    else if (c > ' ' && c <= '~') snprintf(text, sizeof text, "\"%c\" stands where %s is needed", c, what);
    else snprintf(text, sizeof text, "a character that no formula has; %s is needed", what);
    return wrong(r, r->at, text, err);
}

static tw_status emit(struct reader *r, tw__operation operation, double number, tw_error *err)
{
    if (r->n == r->capacity) return wrong(r, r->at, "the formula is too long", err);
    r->stack += 1 - tw__operation_takes(operation);
    if (r->stack > TW__FORMULA_STACK) return wrong(r, r->at, "the formula is nested too deeply", err);
    r->terms[r->n].operation = operation;
    r->terms[r->n++].number = number;
    return TW_OK;
}

static int is_digit(char c) { return c >= '0' && c <= '9'; }
static int is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
static char at(const struct reader *r, size_t i) { return i < r->text.n ? r->text.at[i] : 0; }

static tw_status number(struct reader *r, tw_error *err)
{
    size_t i = r->at;
    double value;
    while (is_digit(at(r, i)) || at(r, i) == '.') i++;
    if (at(r, i) == 'e' || at(r, i) == 'E') {
        size_t sign = at(r, i + 1) == '-' || at(r, i + 1) == '+';
        if (is_digit(at(r, i + 1 + sign)))
            for (i += 1 + sign; is_digit(at(r, i));) i++;
    }
    tw__text text = {r->text.at + r->at, i - r->at};
    int is = tw__number_read(text, &value);
    if (is == 0) return wrong(r, r->at, "not a number", err);
    if (is < 0)
        return wrong(r, r->at,
                     value == 0 ? "a number too small for a double" : "a number too large for a double", err);
    TW_TRY(emit(r, TW__NUMBER, value, err));
    r->at = i;
    return TW_OK;
}

static tw_status call(struct reader *r, int function, size_t start, tw_error *err)
{
    int n = 0, takes = functions[function].takes;
    char text[80];
    if (!take(r, '(')) {
        snprintf(text, sizeof text, "\"(\" behind %s", functions[function].name);
        return needed(r, text, err);
    }
    do {
        TW_TRY(formula(r, err));
        n++;
    } while (take(r, ','));
    if (peek(r) != ')') return needed(r, n < takes ? "\",\" or \")\"" : "\")\"", err);
    if (n != takes) {
        snprintf(text, sizeof text, "%s takes %d argument%s, not %d", functions[function].name, takes,
                 takes == 1 ? "" : "s", n);
        return wrong(r, start, text, err);
    }
    r->at++;
    return emit(r, functions[function].operation, 0, err);
}

static tw_status unknown(const struct reader *r, tw__text name, size_t start, tw_error *err)
{
    char text[200];
    tw__text rest = tw__text_of(r->variables);
    tw__guess guess = tw__guess_for(name);
    while (rest.at) tw__guess_offer(&guess, tw__text_cut(&rest, ' '));
    for (int i = 0; i < N_FUNCTIONS; i++) tw__guess_offer(&guess, tw__text_of(functions[i].name));
    snprintf(text, sizeof text, "unknown name \"%.*s\"%s; there are %s, functions, pi and e", TW__SHOW(name),
             tw__guess_hint(&guess), r->variables);
    return wrong(r, start, text, err);
}

static tw_status name(struct reader *r, tw_error *err)
{
    size_t start = r->at;
    while (is_letter(at(r, r->at)) || is_digit(at(r, r->at))) r->at++;
    tw__text word = {r->text.at + start, r->at - start}, rest = tw__text_of(r->variables);
    for (int i = 0; rest.at; i++) {
        tw__text variable = tw__text_cut(&rest, ' ');
        if (variable.n == word.n && memcmp(variable.at, word.at, word.n) == 0)
            return emit(r, TW__VARIABLE, i, err);
    }
    for (int i = 0; i < N_FUNCTIONS; i++)
        if (tw__text_is(word, functions[i].name)) return call(r, i, start, err);
    for (int i = 0; i < N_CONSTANTS; i++)
        if (tw__text_is(word, constants[i].name)) return emit(r, TW__NUMBER, constants[i].value, err);
    return unknown(r, word, start, err);
}

static tw_status primary(struct reader *r, tw_error *err)
{
    char c = peek(r);
    if (is_digit(c) || c == '.') return number(r, err);
    if (is_letter(c)) return name(r, err);
    if (!take(r, '(')) return needed(r, "a number, a name or \"(\"", err);
    TW_TRY(formula(r, err));
    return take(r, ')') ? TW_OK : needed(r, "\")\"", err);
}

/* Every way into the depth goes through here or through formula(): both count. */
static tw_status deeper(struct reader *r, tw_error *err)
{
    return ++r->nesting > TW__FORMULA_NESTING ? wrong(r, r->at, "the formula is nested too deeply", err)
                                              : TW_OK;
}

static tw_status factor(struct reader *r, tw_error *err)
{
    TW_TRY(deeper(r, err));
    if (take(r, '-')) {
        TW_TRY(factor(r, err));
        TW_TRY(emit(r, TW__NEGATE, 0, err));
    } else {
        TW_TRY(primary(r, err));
        if (take(r, '^')) {
            TW_TRY(factor(r, err));
            TW_TRY(emit(r, TW__POWER, 0, err));
        }
    }
    r->nesting--;
    return TW_OK;
}

static tw_status product(struct reader *r, tw_error *err)
{
    TW_TRY(factor(r, err));
    for (char c = peek(r); c == '*' || c == '/'; c = peek(r)) {
        r->at++;
        TW_TRY(factor(r, err));
        TW_TRY(emit(r, c == '*' ? TW__MULTIPLY : TW__DIVIDE, 0, err));
    }
    return TW_OK;
}

static tw_status sum(struct reader *r, tw_error *err)
{
    TW_TRY(product(r, err));
    for (char c = peek(r); c == '+' || c == '-'; c = peek(r)) {
        r->at++;
        TW_TRY(product(r, err));
        TW_TRY(emit(r, c == '+' ? TW__ADD : TW__SUBTRACT, 0, err));
    }
    return TW_OK;
}

static int comparison_sign(struct reader *r, tw__operation *to)
{
    char c = peek(r);
    int equal = at(r, r->at + 1) == '=';
    if (c != '<' && c != '>' && !((c == '=' || c == '!') && equal)) return 0;
    *to = c == '<'   ? (equal ? TW__AT_MOST : TW__LESS)
          : c == '>' ? (equal ? TW__AT_LEAST : TW__MORE)
          : c == '=' ? TW__EQUAL
                     : TW__DIFFERENT;
    r->at += 1 + (size_t)equal;
    return 1;
}

static tw_status comparison(struct reader *r, tw_error *err)
{
    tw__operation first, second;
    TW_TRY(sum(r, err));
    if (!comparison_sign(r, &first)) return TW_OK;
    TW_TRY(sum(r, err));
    TW_TRY(emit(r, first, 0, err));
    size_t start = (peek(r), r->at);
    return comparison_sign(r, &second)
               ? wrong(r, start, "a second comparison; put one of them in parentheses", err)
               : TW_OK;
}

static tw_status formula(struct reader *r, tw_error *err)
{
    TW_TRY(deeper(r, err));
    TW_TRY(comparison(r, err));
    if (take(r, '?')) {
        TW_TRY(formula(r, err));
        if (!take(r, ':')) return needed(r, "\":\"", err);
        TW_TRY(formula(r, err));
        TW_TRY(emit(r, TW__IF, 0, err));
    }
    r->nesting--;
    return TW_OK;
}

tw_status tw__formula_read(tw__term *terms, int capacity, int *n, tw__text text, const char *variables,
                           tw_error *err)
{
    struct reader r = {.text = text, .variables = variables, .terms = terms, .capacity = capacity};
    *n = 0;
    TW_TRY(formula(&r, err));
    peek(&r);
    if (r.at < text.n) return needed(&r, "an operator or the end", err);
    *n = r.n;
    return TW_OK;
}

/* ---- Evaluating ---- */

double tw__operation_of_one(tw__operation o, double x)
{
    switch (o) {
    case TW__NEGATE: return -x;
    case TW__EXP: return tw__exp_f64(x);
    case TW__LOG: return tw__log_f64(x);
    case TW__SQRT: return __builtin_sqrt(x);
    case TW__SIN: return tw__sin_f64(x);
    case TW__COS: return tw__cos_f64(x);
    case TW__TANH: return tw__tanh_f64(x);
    case TW__ABS: return __builtin_fabs(x);
    case TW__FLOOR: return __builtin_floor(x);
    default: return __builtin_ceil(x);
    }
}

double tw__operation_of_two(tw__operation o, double x, double y)
{
    switch (o) {
    case TW__ADD: return x + y;
    case TW__SUBTRACT: return x - y;
    case TW__MULTIPLY: return x * y;
    case TW__DIVIDE: return x / y;
    case TW__POWER: return tw__pow_f64(x, y);
    case TW__MIN: return x < y || x != x ? x : y;
    case TW__MAX: return x > y || x != x ? x : y;
    case TW__LESS: return x < y;
    case TW__AT_MOST: return x <= y;
    case TW__MORE: return x > y;
    case TW__AT_LEAST: return x >= y;
    case TW__EQUAL: return x == y;
    default: return x != y;
    }
}

double tw__formula_value(const tw_formula *f, const double *values)
{
    double stack[TW__FORMULA_STACK] = {0};
    int n = 0;
    for (int i = 0; i < f->n; i++) {
        const tw__term *t = &f->terms[i];
        int takes = tw__operation_takes(t->operation);
        double *x = stack + (n - takes);
        if (takes == 0) *x = t->operation == TW__NUMBER ? t->number : values[(int)t->number];
        else if (takes == 1) *x = tw__operation_of_one(t->operation, x[0]);
        else if (takes == 2) *x = tw__operation_of_two(t->operation, x[0], x[1]);
        else *x = x[0] != 0 && x[0] == x[0] ? x[1] : x[2];
        n += 1 - takes;
    }
    return stack[0];
}

int tw__formula_uses(const tw_formula *f, int variable)
{
    for (int i = 0; i < f->n; i++)
        if (f->terms[i].operation == TW__VARIABLE && (int)f->terms[i].number == variable) return 1;
    return 0;
}
