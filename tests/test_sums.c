/* The fixed-lane sums against their definition written naively, for every instruction set, length and
 * alignment.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/random.h"
#include "math/sums.h"

enum { N = 5 * TW__CHUNK + 77 };
static float x32[N + 3];
static double x64[N + 3];

static int best_isa(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
        return TW_ISA_AVX512;
    if (__builtin_cpu_supports("avx2")) return TW_ISA_AVX2;
#endif
    return TW_ISA_BASE;
}

static int fill(void **state)
{
    (void)state;
    for (size_t i = 0; i < N + 3; i++) {
        /* magnitudes far apart, so that another order of additions shows */
        double scale = ldexp(1, (int)tw__random_below(1, TW__FOR_TEST, 0, i, 40) - 20);
        x64[i] = (tw__random_unit(1, TW__FOR_TEST, 1, i) - 0.5) * scale;
        x32[i] = (float)x64[i];
    }
    return 0;
}

static double square(int wide, size_t i)
{
    const double x = wide ? x64[i] : (double)x32[i];
    return x * x;
}

static double naive_chunk(int wide, size_t from, size_t to)
{
    double lane[16] = {0};
    for (size_t i = from; i < to; i++) lane[(i - from) % 16] += square(wide, i);
    for (size_t width = 8; width; width /= 2)
        for (size_t j = 0; j < width; j++) lane[j] = lane[j] + lane[j + width];
    return lane[0];
}

/* chunks first .. first + count - 1: the left side is the largest power of two below count */
static double naive_tree(const double *chunk, size_t count)
{
    if (count == 1) return chunk[0];
    size_t left = 1;
    while (left * 2 < count) left *= 2;
    return naive_tree(chunk, left) + naive_tree(chunk + left, count - left);
}

static double naive(int wide, size_t from, size_t n)
{
    double chunk[N / TW__CHUNK + 1];
    size_t count = 0;
    for (size_t at = 0; at < n; at += 4096)
        chunk[count++] = naive_chunk(wide, from + at, from + (at + 4096 < n ? at + 4096 : n));
    return count ? naive_tree(chunk, count) : 0;
}

static double ours(const tw__sums *s, int wide, size_t from, size_t n)
{
    return wide ? tw__sum_squares_f64(s, x64 + from, n) : tw__sum_squares_f32(s, x32 + from, n);
}

static void sums_equal_their_definition(void **state)
{
    (void)state;
    const size_t lengths[] = {0,    1,    2,    15,   16,   17,       31,           32, 100,
                              4095, 4096, 4097, 8191, 8192, 3 * 4096, 4 * 4096 + 1, N};
    for (int isa = TW_ISA_BASE; isa <= best_isa(); isa++)
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++)
            for (size_t from = 0; from < 4; from++)
                for (int wide = 0; wide < 2; wide++) {
                    double got = ours(tw__sums_for((tw_isa)isa), wide, from, lengths[k]),
                           want = naive(wide, from, lengths[k]);
                    if (memcmp(&got, &want, sizeof got))
                        fail_msg("%s, isa %d, %zu values from %zu: %a, not %a", wide ? "f64" : "f32", isa,
                                 lengths[k], from, got, want);
                }
}

static void the_order_of_additions_can_be_seen(void **state)
{
    (void)state; /* else the test above proves nothing */
    double straight = 0;
    for (size_t i = 0; i < N; i++) straight += x64[i] * x64[i];
    assert_true(straight != naive(1, 0, N));
}

static void chunks_summed_apart_give_the_whole(void **state)
{
    (void)state;
    const tw__sums *sums = tw__sums_for((tw_isa)best_isa());
    double chunk[N / TW__CHUNK + 1];
    for (size_t c = N / TW__CHUNK + 1; c-- > 0;) {
        size_t at = c * TW__CHUNK;
        chunk[c] = sums->sum_squares_f32(x32 + at, N - at < TW__CHUNK ? N - at : TW__CHUNK);
    }
    assert_true(tw__tree_sum(chunk, N / TW__CHUNK + 1) == tw__sum_squares_f32(sums, x32, N));
}

static void the_tree_is_the_same_for_any_number_of_chunks(void **state)
{
    (void)state;
    tw__tree tree = {0};
    assert_true(tw__tree_total(&tree) == 0 && tw__tree_sum(NULL, 0) == 0);
    for (size_t n = 1; n <= 300; n++) {
        tw__tree_add(&tree, x64[n - 1]);
        double want = naive_tree(x64, n);
        if (tw__tree_total(&tree) != want || tw__tree_sum(x64, n) != want)
            fail_msg("%zu chunks: %a and %a, not %a", n, tw__tree_total(&tree), tw__tree_sum(x64, n), want);
    }
}

static void check_first(const tw__sums *sums, size_t n, size_t want)
{
    size_t got32 = tw__first_not_finite_f32(sums, x32 + 1, n),
           got64 = tw__first_not_finite_f64(sums, x64 + 1, n);
    if (got32 != want || got64 != want)
        fail_msg("of %zu: %zu (float) and %zu (double), not %zu", n, got32, got64, want);
}

static void the_first_bad_value_is_found(void **state)
{
    (void)state;
    const double bad[] = {(double)INFINITY, -(double)INFINITY, (double)NAN, -(double)NAN};
    const size_t places[] = {0, 1, 15, 16, 17, 63, 64, 4095, 4096, 4100, 8191, 8192, N - 2, N - 1};
    enum { PLACES = sizeof places / sizeof *places };
    for (int isa = TW_ISA_BASE; isa <= best_isa(); isa++) {
        const tw__sums *sums = tw__sums_for((tw_isa)isa);
        for (size_t p = 0; p < PLACES; p++)
            for (size_t b = 0; b < 4; b++) {
                size_t place = places[p], later = place + 1 + b * 1000;
                float was32 = x32[place + 1], after32 = later < N ? x32[later + 1] : 0;
                double was64 = x64[place + 1], after64 = later < N ? x64[later + 1] : 0;
                x32[place + 1] = (float)bad[b], x64[place + 1] = bad[b];
                if (later < N) x32[later + 1] = (float)bad[0], x64[later + 1] = bad[0];
                check_first(sums, N, place);
                check_first(sums, place, place); /* not looked at: just beyond the end */
                check_first(sums, place + 1, place);
                x32[place + 1] = was32, x64[place + 1] = was64;
                if (later < N) x32[later + 1] = after32, x64[later + 1] = after64;
            }
        check_first(sums, N, N);
    }
}

static void large_and_tiny_values_are_finite(void **state)
{
    (void)state;
    const float f[] = {3.40282347e38f, -3.40282347e38f, 1e-45f, -0.0f, 1.17549435e-38f};
    const double d[] = {1.7976931348623157e308, -1.7976931348623157e308, 5e-324, -0.0};
    for (int isa = TW_ISA_BASE; isa <= best_isa(); isa++) {
        assert_int_equal(tw__first_not_finite_f32(tw__sums_for((tw_isa)isa), f, 5), 5);
        assert_int_equal(tw__first_not_finite_f64(tw__sums_for((tw_isa)isa), d, 4), 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_equal_their_definition),
        cmocka_unit_test(the_order_of_additions_can_be_seen),
        cmocka_unit_test(chunks_summed_apart_give_the_whole),
        cmocka_unit_test(the_tree_is_the_same_for_any_number_of_chunks),
        cmocka_unit_test(the_first_bad_value_is_found),
        cmocka_unit_test(large_and_tiny_values_are_finite),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
