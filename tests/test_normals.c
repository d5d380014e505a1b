/* The noise of rules: its distribution, and that a number depends on seed, step and index alone.
 * SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <thalweg/rule.h>
#include "base/random.h"
#include "math/elementary.h"

enum { N = 1 << 20 };
static double x[N];

static int ascending(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

/* Of N(0, 1): the moments, each within four of its standard errors. */
static void moments(void **state)
{
    static const double want[] = {0, 1, 0, 3, 0, 15}, variance[] = {1, 2, 15, 96, 945, 10170};
    (void)state;
    tw_normals(7, 3, 0, N, x);
    for (int k = 0; k < 6; k++) {
        double sum = 0;
        for (size_t i = 0; i < N; i++) sum += pow(x[i], k + 1);
        if (!(fabs(sum / N - want[k]) < 4 * sqrt(variance[k] / N)))
            fail_msg("moment %d is %g", k + 1, sum / N);
    }
}

/* The largest distance from the normal distribution (Kolmogorov, Smirnov): below 1.95/sqrt(N) in 999 of 1,000
 * samples. */
static void kolmogorov_smirnov(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        double most = 0;
        tw_normals(seed, 1, 12345, N, x);
        qsort(x, N, sizeof *x, ascending);
        for (size_t i = 0; i < N; i++) {
            const double p = erfc(-x[i] / sqrt(2)) / 2, above = (double)(i + 1) / N - p,
                         below = p - (double)i / N;
            most = fmax(most, fmax(above, below));
        }
        if (!(most < 1.95 / sqrt(N)))
            fail_msg("seed %llu: the distance is %g, more than %g", (unsigned long long)seed, most,
                     1.95 / sqrt(N));
        assert_true(x[0] < -4.4 && x[N - 1] > 4.4 && x[0] > -6.5 && x[N - 1] < 6.5);
    }
}

/* Numbers of a pair, neighbouring pairs, squares of a pair, other steps and other seeds are not
 * correlated. */
static void independence(void **state)
{
    static double y[N];
    (void)state;
    tw_normals(7, 3, 0, N, x);
    for (int k = 0; k < 4; k++) {
        double sum = 0, squares = 0;
        if (k < 2) memcpy(y, x + k + 1, (N - 2) * sizeof *y);
        else tw_normals(7 + (k == 3), 3 + (k == 2), 0, N, y);
        for (size_t i = 0; i < N - 2; i += 2)
            sum += x[i] * y[i], squares += (x[i] * x[i] - 1) * (y[i] * y[i] - 1);
        assert_true(fabs(sum) < 4 * sqrt(N / 2) && fabs(squares) < 4 * 2 * sqrt(N / 2));
    }
}

/* However a range is cut, the numbers are the same, and those of the definition. */
static void any_cut(void **state)
{
    static double part[600];
    (void)state;
    tw_normals(9, 0x1234567890ab, 1000, 600, x);
    for (size_t from = 0; from < 40; from++)
        for (size_t n = 0; n < 300; n += 7) {
            memset(part, 0, sizeof part);
            tw_normals(9, 0x1234567890ab, 1000 + from, n, part);
            assert_memory_equal(part, x + from, n * sizeof *x);
            assert_true(part[n] == 0);
        }
    for (uint64_t i = 0; i < 600; i++) {
        const tw__philox4 r =
            tw__philox(9, (uint32_t)(500 + i / 2), 0, 0x567890ab, (uint32_t)TW__FOR_RULE << 16 | 0x1234);
        const double u = 1 - (double)(((uint64_t)r.word[1] << 32 | r.word[0]) >> 12) * 0x1p-52,
                     v = (double)(((uint64_t)r.word[3] << 32 | r.word[2]) >> 12) * 0x1p-52;
        const double length = sqrt(-2 * tw__log_f64(u)), angle = 2 * 3.14159265358979323846 * v;
        assert_true(fabs(x[i] - length * (i % 2 ? sin(angle) : cos(angle))) < 4e-15);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(moments), cmocka_unit_test(kolmogorov_smirnov),
                                       cmocka_unit_test(independence), cmocka_unit_test(any_cut)};
    return cmocka_run_group_tests_name("normals", tests, NULL, NULL);
}
