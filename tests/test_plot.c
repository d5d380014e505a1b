/* The program's curves in text: both axes and their labels, gaps, and both alphabets.
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
#include "../cli/ticks.h"

/* The lines of a plot; what is no line is empty. */
enum { LINES = 15 };
struct lines {
    char *text;
    const char *at[LINES];
};

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
    /* a point at 0 has no place on such an axis */
    double x[] = {0, 1e-4, 1e-3, 1e-2, 1e-1, 1}, y[] = {99, 0, 1, 2, 3, 4};
    const struct cli_plot p = {.x = x, .y = y, .n = 6, .log_x = 1, .x_label = "lr", .y_label = "loss"};
    struct lines l = plotted(&p);
    assert_string_equal(l.at[0], "  loss");
    assert_string_equal(l.at[1], "  4 +                                                       ...''");
    assert_string_equal(l.at[6], "  2 +                             ...''");
    assert_string_equal(l.at[11], "  0 +..'''");
    assert_string_equal(l.at[12], "    ++--------------+--------------+-------------+--------------+");
    assert_string_equal(l.at[13], "   0.0001         0.001           0.01          0.1             1");
    assert_string_equal(l.at[14], "                                  lr");
    free(l.text);
}

static void gaps(void **state)
{
    (void)state;
    double x[] = {0, 1, 2, 3, 4}, y[] = {0, 0, NAN, 1, 1};
    const char *const labels[] = {"1", "", "0.8", "", "0.6", "", "0.4", "", "0.2", ""};
    char line[20];
    const struct cli_plot p = {.x = x, .y = y, .n = 5, .x_label = "x", .y_label = "y"};
    struct lines l = plotted(&p);
    assert_string_equal(l.at[1], "    1 +                                            ''''''''''''''''");
    for (int i = 1; i < 10; i++) {
        snprintf(line, sizeof line, "  %3s %c", labels[i], *labels[i] ? '+' : '|');
        assert_string_equal(l.at[1 + i], line);
    }
    assert_string_equal(l.at[11], "    0 +................");
    assert_string_equal(l.at[12], "      ++--------------+--------------+-------------+--------------+");
    assert_string_equal(l.at[13], "       0              1              2             3              4");
    free(l.text);
}

static void braille(void **state)
{
    (void)state;
    double x[] = {0, 1}, y[] = {-3, -3};
    const struct cli_plot p = {.x = x, .y = y, .n = 2, .fine = 1, .x_label = "x", .y_label = "y"};
    struct lines l = plotted(&p);
    assert_string_equal(l.at[1], "   0 \u2524"); /* a constant is drawn with 0 */
    assert_true(strncmp(l.at[11], "  -3 \u2524\u28c0\u28c0\u28c0", 17) == 0);
    assert_true(strncmp(l.at[12], "     \u2514\u252c\u2500", 14) == 0);
    free(l.text);
}

static void narrow(void **state)
{
    (void)state;
    double x[] = {0, 250, 999}, y[] = {1, 0.3, 0.7};
    struct cli_plot p = {.x = x, .y = y, .n = 3, .width = 40, .x_label = "steps done", .y_label = "lr"};
    struct lines l = plotted(&p);
    assert_string_equal(l.at[12], "      ++---------------+----------------");
    assert_string_equal(l.at[13], "       0              500");
    assert_string_equal(l.at[14], "                  steps done");
    for (int i = 0; i < LINES; i++) assert_true(strlen(l.at[i]) <= 40);
    free(l.text);
    p.width = 1; /* 20 columns of cells are the least */
    l = plotted(&p);
    assert_string_equal(l.at[12], "      ++---------+---------");
    free(l.text);
}

/* The labels of an axis with spaces between. kind: 'l' logarithmic, 'w' whole numbers. */
static const char *labels_of(double low, double high, int most, int kind, char to[400])
{
    struct cli_ticks t;
    if (kind == 'l') cli_find_log_ticks(&t, low, high, most);
    else cli_find_ticks(&t, low, high, most, kind == 'w');
    *to = 0;
    for (int i = 0; i < t.n; i++)
        snprintf(to + strlen(to), 400 - strlen(to), "%s%s", i ? " " : "", t.text[i]);
    return to;
}

static void ticks(void **state)
{
    static const struct {
        double low, high;
        int most, kind;
        const char *labels;
    } axes[] = {
        {0, 1, 6, 0, "0 0.2 0.4 0.6 0.8 1"},
        {0.01, 1, 6, 0, "0.2 0.4 0.6 0.8 1"},
        {0, 999, 7, 'w', "0 200 400 600 800"},
        {0, 3, 7, 'w', "0 1 2 3"},
        {0, 3, 7, 0, "0 0.5 1 1.5 2 2.5 3"},
        {0, 1, 7, 'w', "0 1"},
        {-0.3, 0.3, 6, 0, "-0.2 0 0.2"},
        {-0.3, 0.3, 7, 0, "-0.3 -0.2 -0.1 0 0.1 0.2 0.3"},
        {100, 100.00001, 6, 0, "100 100.000002 100.000004 100.000006 100.000008 100.00001"},
        {0, 1.9e6, 6, 0, "0 500000 1e+06 1.5e+06"},
        {-1e308, 1e308, 6, 0, "-1e+308 -5e+307 0 5e+307 1e+308"},
        {1e-320, 3e-320, 6, 0, "0"},
        {1e-4, 1, 7, 'l', "0.0001 0.001 0.01 0.1 1"},
        {1e-7, 10, 7, 'l', "1e-06 0.0001 0.01 1"},
        {1e-7, 10, 9, 'l', "1e-07 1e-06 1e-05 0.0001 0.001 0.01 0.1 1 10"},
        {1e-300, 1e300, 7, 'l', "1e-300 1e-200 1e-100 1 1e+100 1e+200 1e+300"},
        {0.003, 0.4, 7, 'l', "0.005 0.01 0.02 0.05 0.1 0.2"},
        {0.0011, 0.0019, 6, 'l', "0.0012 0.0014 0.0016 0.0018"},
    };
    char text[400];
    (void)state;
    for (size_t i = 0; i < sizeof axes / sizeof axes[0]; i++)
        assert_string_equal(labels_of(axes[i].low, axes[i].high, axes[i].most, axes[i].kind, text),
                            axes[i].labels);
}

/* Whatever the axis: two ticks or more, inside it, evenly spaced by a round number, and labelled as what they
 * are. */
static void any_axis(void **state)
{
    uint64_t random = 1;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct cli_ticks t;
        double u[3];
        for (int k = 0; k < 3; k++)
            u[k] = (double)((random = random * 6364136223846793005u + 1442695040888963407u) >> 11) * 0x1p-53;
        const double scale = pow(10, 40 * u[0] - 20), low = (u[1] - 0.5) * scale,
                     high = low + (u[2] + 1e-3) * scale;
        cli_find_ticks(&t, low, high, 6, 0);
        assert_in_range(t.n, 2, 6);
        const double step = t.at[1] - t.at[0], lead = step / pow(10, floor(log10(step) + 1e-6));
        assert_true(fabs(lead - 1) < 1e-6 || fabs(lead - 2) < 1e-6 || fabs(lead - 5) < 1e-6);
        for (int k = 0; k < t.n; k++) {
            assert_true(t.at[k] >= low - 1e-8 * step && t.at[k] <= high + 1e-8 * step);
            assert_true(fabs(t.at[k] - t.at[0] - k * step) < 1e-6 * step);
            assert_true(fabs(strtod(t.text[k], NULL) - t.at[k]) < 1e-6 * step);
        }
        const double first = pow(10, 40 * u[0] - 20), end = first * pow(10, 0.5 + 20 * u[1]);
        cli_find_log_ticks(&t, first, end, 7);
        assert_in_range(t.n, 2, 7);
        for (int k = 0; k < t.n; k++)
            assert_true(t.at[k] > first * (1 - 1e-8) && t.at[k] < end * (1 + 1e-8) &&
                        strtod(t.text[k], NULL) > 0);
    }
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(logarithmic), cmocka_unit_test(gaps),
                                       cmocka_unit_test(braille),     cmocka_unit_test(narrow),
                                       cmocka_unit_test(ticks),       cmocka_unit_test(any_axis),
                                       cmocka_unit_test(nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
