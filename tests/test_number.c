/* Decimal numbers in files of rows: like strtod, bit for bit, but in any locale and floating-point mode.
 * SPDX-License-Identifier: MIT */
#include "base/cpu.h"
#include "base/random.h"
#include "data/number.h"
#include <fenv.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { TEXTS = 2000000, MOST = 128 };

/* Random numbers, one after the other. */
static uint32_t draw(uint64_t *at, uint32_t below)
{
    return (uint32_t)(tw__random_unit(1, TW__FOR_TEST, 0, (*at)++) * below);
}

static size_t put_digits(char *to, size_t n, uint64_t *at)
{
    for (size_t i = 0; i < n; i++) to[i] = (char)('0' + draw(at, 10));
    return n;
}

/* Digits with a point and an exponent, or a double as printf writes it. */
static void make_text(char to[MOST], uint64_t *at)
{
    size_t n = 0;
    const uint32_t form = draw(at, 8), longest = draw(at, 8) ? 12 : 30;
    if (form == 0) {
        const uint64_t bits = (uint64_t)draw(at, 0x7ff00000) << 32 | draw(at, UINT32_MAX);
        double x;
        memcpy(&x, &bits, sizeof x);
        snprintf(to, MOST, "%.*g\n", 1 + (int)draw(at, 19), x);
        return;
    }
    if (draw(at, 3) == 0) to[n++] = draw(at, 2) ? '-' : '+';
    const size_t whole = draw(at, longest);
    n += put_digits(to + n, whole, at);
    if (!whole || draw(at, 2)) {
        to[n++] = '.';
        n += put_digits(to + n, draw(at, longest) + !whole, at);
    }
    if (draw(at, 2)) {
        const int most = draw(at, 4) ? 30 : 400;
        n += (size_t)snprintf(to + n, MOST - n, "%c%+d", draw(at, 2) ? 'e' : 'E',
                              (int)draw(at, 2 * (uint32_t)most) - most);
    }
    snprintf(to + n, MOST - n, "%s", draw(at, 2) ? "\n" : " 5:2\n");
}

static int n_common; /* numbers that were common ones */

/* The same bits; where strtod gives 0 for what is none, NaN. */
static void compare(const char *text, size_t length)
{
    char *end;
    double x = -1;
    const double right = strtod(text, &end);
    const char *const behind = tw__number_take(text, text + length, &x);
    const int is_zero = right == 0 && text[strcspn(text, "123456789eE\n ")] >= '1' &&
                        text[strcspn(text, "123456789eE\n ")] <= '9';
    if (behind != end || (is_zero ? !isnan(x) : memcmp(&x, &right, sizeof x) != 0))
        fail_msg("%.60s: %a instead of %a, %zu bytes instead of %zu", text, x, right, (size_t)(behind - text),
                 (size_t)(end - text));
    char padded[MOST + 24] = {0};
    memcpy(padded, text, length < MOST ? length : MOST);
    const char *const common = tw__number_take_common(padded, padded + sizeof padded, &x);
    if (common && (common - padded != behind - text || memcmp(&x, &right, sizeof x) != 0))
        fail_msg("%.60s: as a common number %a instead of %a", text, x, right);
    n_common += common != NULL;
}

static void numbers_are_those_of_strtod(void **state)
{
    (void)state;
    char text[MOST];
    uint64_t at = 0;
    for (int i = 0; i < TEXTS; i++) {
        make_text(text, &at);
        compare(text, strlen(text));
    }
    assert_true(n_common > TEXTS / 200);
}

/* Halfway between two doubles and just beside it, the largest and the smallest ones, and many digits. */
static void numbers_that_are_hard(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "9007199254740993\n",
        "9007199254740992\n",
        "9007199254740995\n",
        "0.500000000000000166533453693773481063544750213623046875\n",
        "0.1500000000000000083\n",
        "1.7976931348623157e308\n",
        "1.7976931348623158e308\n",
        "1.7976931348623159e308\n",
        "4.9e-324\n",
        "2.4703282292062328e-324\n",
        "2.2250738585072011e-308\n",
        "2.2250738585072014e-308\n",
        "18446744073709551615\n",
        "18446744073709551616\n",
        "9999999999999999999\n",
        "10000000000000000000\n",
        "0.0000000000000000001\n",
        "1e19\n",
        "1e-19\n",
        "1e20\n",
        "1e-20\n",
        "5e-20\n",
        "00000000000000000000000000001.5\n",
        "0.000000000000000000000000000000000000015\n",
        "0e999999999999999999999\n",
        "-0\n",
        "+.5\n",
        "5.\n",
        "5.e3\n",
        "1e\n",
        "1e+\n",
        "1E5x\n",
        "1e-5e5\n",
        "12345678\n",
        "123456789\n",
        "1234567.\n",
        "0.12345678\n",
        "0.123456789\n",
        "8.41e21\n",
        "1e400\n",
        "-1e400\n",
        "1e-400\n",
        "3.5e-45 7:1\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        for (size_t cut = 0; cut < 2;
             cut++) /* the text's end comes with its line's, and behind what is looked at at once */
            compare(texts[i], strlen(texts[i]) + cut);
}

static void what_is_no_number(void **state)
{
    (void)state;
    static const char *const texts[] = {"\n",   "nan\n", "inf\n", "-\n",  "+\n",   ".\n",   "-.\n",
                                        "e5\n", ".e5\n", "x\n",   " 1\n", "--1\n", "+-1\n", ":5\n"};
    static const struct {
        const char *text;
        size_t n; /* bytes that are a number */
    } parts[] = {{"0x1p3\n", 1}, {"1,5\n", 1},   {"1 5\n", 1}, {"1_000\n", 1},
                 {"1.5.5\n", 3}, {"1e5.5\n", 3}, {"1d5\n", 1}};
    double x;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_null(tw__number_take(texts[i], texts[i] + strlen(texts[i]), &x));
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        assert_int_equal(tw__number_take(parts[i].text, parts[i].text + strlen(parts[i].text), &x) -
                             parts[i].text,
                         parts[i].n);
}

/* Reads a text in every mode: those that a caller may have chosen, and that of the threads of a context. */
static void compare_modes(const char *text)
{
    static const int roundings[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    const char *const end = text + strlen(text);
    double right, x[4];
    tw__number_take(text, end, &right);
    for (int k = 0; k < 3; k++) {
        fesetround(roundings[k]);
        tw__number_take(text, end, &x[k]);
        fesetround(FE_TONEAREST);
    }
    const tw__fp_mode mode = tw__fp_enter();
    tw__number_take(text, end, &x[3]);
    const int is_zero = tw__is_zero(x[3]);
    tw__fp_leave(mode);
    for (int k = 0; k < 4; k++)
        if (memcmp(&x[k], &right, sizeof right) != 0)
            fail_msg("%.60s: %a instead of %a in mode %d", text, x[k], right, k);
    assert_int_equal(is_zero, right == 0);
}

static void the_mode_of_the_thread_changes_no_bit(void **state)
{
    (void)state;
    static const char *const texts[] = {"0.1\n",
                                        "-0.3\n",
                                        "4.9e-324\n",
                                        "1e-310\n",
                                        "123456789012345678\n",
                                        "8.41e21\n",
                                        "1e23\n",
                                        "1.7976931348623157e308\n"};
    char text[MOST];
    uint64_t at = 1 << 20;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) compare_modes(texts[i]);
    for (int i = 0; i < TEXTS / 20; i++) {
        make_text(text, &at);
        compare_modes(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_those_of_strtod),
        cmocka_unit_test(numbers_that_are_hard),
        cmocka_unit_test(what_is_no_number),
        cmocka_unit_test(the_mode_of_the_thread_changes_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
