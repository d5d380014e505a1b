/* The program's curves in text: both axes, gaps, and both alphabets.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../cli/plot.h"

/* The lines of a plot; what is no line is empty. */
enum { LINES = 14 };
struct lines { char *text; const char *at[LINES]; };

static struct lines plotted(const struct cli_plot *p)
{
    struct lines l = {.text = NULL};
    size_t n;
    FILE *to = open_memstream(&l.text, &n);
    assert_non_null(to);
    cli_print_plot(to, p);
    fclose(to);
    char *rest = l.text;
    for (int i = 0; i < LINES; i++) l.at[i] = rest && *rest ? strsep(&rest, "\n") : "";
    return l;
}

static void logarithmic(void **state)
{
    (void)state;
    double x[] = {0, 1e-4, 1e-3, 1e-2, 1e-1, 1}, y[] = {99, 0, 1, 2, 3, 4}; /* a point at 0 has no place on such an axis */
    const struct cli_plot p = {.x = x, .y = y, .n = 6, .log_x = 1, .x_label = "lr", .y_label = "loss"};
    struct lines l = plotted(&p);
    assert_string_equal(l.at[0], "  loss");
    assert_string_equal(l.at[1], "  4 |                                                       ...''");
    assert_string_equal(l.at[6], "  2 |                             ...''");
    assert_string_equal(l.at[11], "  0 |..'''");
    assert_string_equal(l.at[12], "    +------------------------------------------------------------");
    assert_string_equal(l.at[13], "     0.0001                      0.01                           1  lr");
    free(l.text);
}

static void gaps(void **state)
{
    (void)state;
    double x[] = {0, 1, 2, 3, 4}, y[] = {0, 0, NAN, 1, 1};
    const struct cli_plot p = {.x = x, .y = y, .n = 5, .x_label = "x", .y_label = "y"};
    struct lines l = plotted(&p);
    assert_string_equal(l.at[1], "    1 |                                            ''''''''''''''''");
    for (int i = 2; i < 11; i++) assert_string_equal(l.at[i], i == 6 ? "  0.5 |" : "      |");
    assert_string_equal(l.at[11], "    0 |................");
    free(l.text);
}

static void braille(void **state)
{
    (void)state;
    double x[] = {0, 1}, y[] = {-3, -3};
    const struct cli_plot p = {.x = x, .y = y, .n = 2, .fine = 1, .x_label = "x", .y_label = "y"};
    struct lines l = plotted(&p);
    assert_string_equal(l.at[1], "     0 \u2502"); /* a constant is drawn with 0 */
    assert_true(strncmp(l.at[11], "    -3 \u2502\u28c0\u28c0\u28c0", 19) == 0);
    assert_true(strncmp(l.at[12], "       \u2514\u2500\u2500", 16) == 0);
    free(l.text);
}

static void nothing(void **state)
{
    (void)state;
    double x[] = {0, 1}, y[] = {NAN, INFINITY};
    const struct cli_plot p = {.x = x, .y = y, .n = 2, .x_label = "x", .y_label = "loss"};
    struct lines l = plotted(&p);
    assert_string_equal(l.at[0], "  loss: nothing that is finite");
    assert_string_equal(l.at[1], "");
    free(l.text);
    assert_false(cli_is_utf8_terminal(tmpfile()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(logarithmic), cmocka_unit_test(gaps), cmocka_unit_test(braille), cmocka_unit_test(nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
