/* Formulas: values, the exact words for what is wrong, and the limits.
 * SPDX-License-Identifier: MIT */
#include "optimizer_bench.h"
#include <math.h>
#include "math/formula.h"

enum { TERMS = 64 };
static const double x = 3, y = -0.5;

static double value(const char *text)
{
    tw__term terms[TERMS];
    tw_formula f = {0, terms};
    tw_error err;
    const double values[] = {x, y};
    if (tw__formula_read(terms, TERMS, &f.n, tw__text_of(text), "x y", &err) != TW_OK)
        fail_msg("%s: %s", text, err.message);
    return tw__formula_value(&f, values);
}

static void near(const char *text, double want)
{
    double got = value(text);
    if (!(fabs(got - want) <= 1e-15 * fabs(want))) fail_msg("%s is %.17g, not %.17g", text, got, want);
}

static void values(void **state)
{
    (void)state;
    near("7", 7);
    near(".5", 0.5);
    near("1.5e-3", 0.0015);
    near("1E+2", 100);
    near("x", x);
    near("x + y", x + y);
    near("1 - 2 - 3", -4);
    near("24 / 4 / 2", 3);
    near("1 + 2 * 3", 7);
    near("(1 + 2) * 3", 9);
    near("-2^2", -4);
    near("2^3^2", 512);
    near("2^-1", 0.5);
    near("--x", x);
    near("-x * -y", x * y);
    near("(1 - x)^2 + 100 * (y - x^2)^2", 4 + 100 * 9.5 * 9.5);
    near("pi", acos(-1));
    near("e", exp(1));
    near("exp(y)", exp(y));
    near("log(x)", log(x));
    near("sqrt(x)", sqrt(x));
    near("sin(x)", sin(x));
    near("cos(x)", cos(x));
    near("tanh(y)", tanh(y));
    near("abs(y)", 0.5);
    near("floor(y)", -1);
    near("ceil(1.5)", 2);
    near("min(x, y)", y);
    near("max(x, y)", x);
    near("pow(x, 0.5)", sqrt(x));
    near("x < y", 0);
    near("x > y", 1);
    near("x <= 3", 1);
    near("x >= 4", 0);
    near("x == 3", 1);
    near("x != 3", 0);
    near("x > 1 ? 10 : 20", 10);
    near("x < 1 ? 10 : x < 5 ? 20 : 30", 20);
    near("if(y, 1, 2)", 1);
    near("if(0, 1, 2)", 2);
    near("if(x > 1, x, 1/0)", x);
    near("if(0/0, 1, 2)", 2);
    near("(x > 1) + (y > 1) == 1", 1);
    assert_true(isnan(value("max(0/0, 1)")) && isnan(value("max(1, 0/0)")) && isnan(value("min(0/0, 1)")) &&
                isnan(value("min(1, 0/0)")));
    assert_true(isnan(value("sqrt(y)")) && isnan(value("log(y)")) && isinf(value("1/0")));
}

static void names_are_the_callers(void **state)
{
    (void)state;
    tw__term terms[TERMS];
    tw_formula f = {0, terms};
    const double values[] = {1, 20, 300};
    assert_int_equal(tw__formula_read(terms, TERMS, &f.n, tw__text_of("e + exp1 + pi"), "e exp1 pi", NULL),
                     TW_OK);
    assert_true(tw__formula_value(&f, values) == 321);
    assert_true(tw__formula_uses(&f, 0) && tw__formula_uses(&f, 2) && !tw__formula_uses(&f, 3));
}

static void refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "formula \"\": character 1: the end comes where a number, a name or \"(\" is needed"},
        {"1 +", "formula \"1 +\": character 4: the end comes where a number, a name or \"(\" is needed"},
        {"1 + * 2",
         "formula \"1 + * 2\": character 5: \"*\" stands where a number, a name or \"(\" is needed"},
        {"+1", "formula \"+1\": character 1: \"+\" stands where a number, a name or \"(\" is needed"},
        {"2 x", "formula \"2 x\": character 3: \"x\" stands where an operator or the end is needed"},
        {"(x", "formula \"(x\": character 3: the end comes where \")\" is needed"},
        {"x)", "formula \"x)\": character 2: \")\" stands where an operator or the end is needed"},
        {"max(x", "formula \"max(x\": character 6: the end comes where \",\" or \")\" is needed"},
        {"max(x)", "formula \"max(x)\": character 1: max takes 2 arguments, not 1"},
        {"x + exp(x, y)", "formula \"x + exp(x, y)\": character 5: exp takes 1 argument, not 2"},
        {"exp + 1", "formula \"exp + 1\": character 5: \"+\" stands where \"(\" behind exp is needed"},
        {"x + tahn(1)",
         "formula \"x + tahn(1)\": character 5: unknown name \"tahn\" (did you mean \"tanh\"?); there are x y, functions, pi and e"},
        {"zzzz", "formula \"zzzz\": character 1: unknown name \"zzzz\"; there are x y, functions, pi and e"},
        {"x ? 1", "formula \"x ? 1\": character 6: the end comes where \":\" is needed"},
        {"1 < 2 < 3",
         "formula \"1 < 2 < 3\": character 7: a second comparison; put one of them in parentheses"},
        {"x = 1", "formula \"x = 1\": character 3: \"=\" stands where an operator or the end is needed"},
        {"1.2.3", "formula \"1.2.3\": character 1: not a number"},
        {"x + 1e999", "formula \"x + 1e999\": character 5: a number too large for a double"},
        {"1e", "formula \"1e\": character 2: \"e\" stands where an operator or the end is needed"},
        {"x\ty",
         "formula \"x\ty\": character 2: a character that no formula has; an operator or the end is needed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw__term terms[TERMS];
        int n;
        tw_error err;
        assert_int_equal(tw__formula_read(terms, TERMS, &n, tw__text_of(cases[i][0]), "x y", &err),
                         TW_ERR_SPEC);
        assert_string_equal(err.message, cases[i][1]);
    }
}

/* `before` n times, then the middle, then `after` n times. */
static tw_status repeated(const char *before, const char *middle, const char *after, int n, int capacity,
                          char message[512])
{
    static char text[100000];
    static tw__term terms[4096];
    size_t used = 0;
    int got;
    tw_error err = {.code = TW_OK};
    for (int i = 0; i < n; i++) used += (size_t)sprintf(text + used, "%s", before);
    used += (size_t)sprintf(text + used, "%s", middle);
    for (int i = 0; i < n; i++) used += (size_t)sprintf(text + used, "%s", after);
    assert_true(capacity <= 4096);
    tw_status s = tw__formula_read(terms, capacity, &got, tw__text_of(text), "x", &err);
    snprintf(message, 512, "%s", err.message);
    return s;
}

static void limits(void **state)
{
    (void)state;
    static const struct {
        const char *before, *middle, *after;
        int fits;
    } depths[] = {
        {"(", "1", ")", 31},   {"-", "1", "", 62},    {"2^", "1", "", 31},       {"exp(", "x", ")", 31},
        {"1+(", "1", ")", 31}, {"1?2:", "3", "", 15}, {"if(1,2,", "x", ")", 15},
    };
    char message[512];
    for (size_t i = 0; i < sizeof depths / sizeof depths[0]; i++) {
        const int fits = depths[i].fits;
        assert_int_equal(repeated(depths[i].before, depths[i].middle, depths[i].after, fits, 4096, message),
                         TW_OK);
        for (int more = fits + 1; more < 10000; more += more)
            if (repeated(depths[i].before, depths[i].middle, depths[i].after, more, 4096, message) !=
                    TW_ERR_SPEC ||
                !strstr(message, "nested too deeply"))
                fail_msg("%s %d times: \"%s\"", depths[i].before, more, message);
    }
    assert_int_equal(repeated("1+", "1", "", 127, 255, message), TW_OK);
    assert_int_equal(repeated("1+", "1", "", 128, 255, message), TW_ERR_SPEC);
    assert_non_null(strstr(message, ": character 257: the formula is too long"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(values), cmocka_unit_test(names_are_the_callers),
                                       cmocka_unit_test(refused), cmocka_unit_test(limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
