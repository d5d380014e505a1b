/* augment: what each kind does to an image, and that images follow from seed, epoch and row alone.
 * SPDX-License-Identifier: MIT */
#include "augment/augment.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { HEIGHT = 11, WIDTH = 9, CHANNELS = 3, BYTES = HEIGHT * WIDTH * CHANNELS };
static const tw__picture size = {.height = HEIGHT, .width = WIDTH, .channels = CHANNELS};

static void image(uint8_t to[BYTES])
{
    for (size_t i = 0; i < BYTES; i++) to[i] = (uint8_t)(i * 73 % 251 + 1);
}

static void apply(const char *list, uint64_t seed, uint64_t epoch, uint64_t row, uint8_t to[BYTES])
{
    static double scratch[4 * HEIGHT * WIDTH];
    uint8_t from[BYTES];
    tw__augment a;
    image(from);
    assert_int_equal(tw__augment_read(&a, list, NULL), TW_OK);
    assert_int_equal(tw__augment_scratch(&size), sizeof scratch / sizeof *scratch);
    tw__augment_apply(&a, &size, seed, epoch, row, from, to, scratch);
}

/* The pixel at a place of an image, 0 outside. */
static int at(const uint8_t *x, long row, long column, size_t c)
{
    return row < 0 || column < 0 || row >= HEIGHT || column >= WIDTH
               ? 0
               : x[((size_t)row * WIDTH + (size_t)column) * CHANNELS + c];
}

/* 1: image a, moved down and right by so much, is b. */
static int is_moved(const uint8_t *a, const uint8_t *b, long down, long right, int mirrored)
{
    for (long row = 0; row < HEIGHT; row++)
        for (long column = 0; column < WIDTH; column++)
            for (size_t c = 0; c < CHANNELS; c++)
                if (at(b, row, column, c) !=
                    at(a, row - down, mirrored ? WIDTH - 1 - column : column - right, c))
                    return 0;
    return 1;
}

static void shifts_and_flips_are_exact(void **state)
{
    (void)state;
    uint8_t from[BYTES], to[BYTES];
    int seen[3][3] = {{0}}, mirrored = 0;
    image(from);
    for (uint64_t row = 0; row < 200; row++) {
        int found = 0;
        apply("shift:pixels=1", 7, 0, row, to);
        for (long down = -1; down <= 1; down++)
            for (long right = -1; right <= 1; right++)
                if (is_moved(from, to, down, right, 0)) seen[down + 1][right + 1]++, found++;
        assert_int_equal(found, 1);
        apply("flip", 7, 0, row, to);
        const int is_mirrored = is_moved(from, to, 0, 0, 1);
        assert_true(is_mirrored || memcmp(from, to, BYTES) == 0);
        mirrored += is_mirrored;
    }
    for (int i = 0; i < 9; i++) assert_in_range(seen[i / 3][i % 3], 8, 40);
    assert_in_range(mirrored, 70, 130);
}

static void squares_are_cut_out(void **state)
{
    (void)state;
    uint8_t from[BYTES], to[BYTES];
    size_t most = 0;
    image(from);
    for (uint64_t row = 0; row < 50; row++) {
        size_t cut = 0;
        apply("cutout:size=4", 1, 2, row, to);
        for (size_t i = 0; i < BYTES; i++) {
            if (to[i] == 0) cut++;
            else assert_int_equal(to[i], from[i]);
        }
        assert_true(cut >= 2 * 2 * CHANNELS && cut <= 4 * 4 * CHANNELS);
        if (cut > most) most = cut;
    }
    assert_int_equal(most, 4 * 4 * CHANNELS);
}

/* A quarter turn is exact but for rounding, and turns forward as they turn back. */
static void turns_keep_the_middle(void **state)
{
    (void)state;
    static const char *const lists[] = {"rotate:degrees=180", "scale:by=0.5"};
    uint8_t from[BYTES], to[BYTES];
    const size_t middle = (HEIGHT / 2 * WIDTH + WIDTH / 2) * CHANNELS;
    image(from);
    for (int i = 0; i < 2; i++)
        for (uint64_t row = 0; row < 20; row++) {
            apply(lists[i], 3, 0, row, to);
            assert_memory_equal(from + middle, to + middle, CHANNELS);
            assert_memory_not_equal(from, to, BYTES);
        }
}

/* The same bits on every machine. */
static void images_follow_from_seed_epoch_and_row(void **state)
{
    (void)state;
    const tw_augmentation *kind;
    uint8_t a[BYTES], b[BYTES];
    uint64_t hash = 1469598103934665603u;
    for (size_t i = 0; (kind = tw_augmentation_at(i)) != NULL; i++) {
        assert_ptr_equal(tw_augmentation_find(kind->name), kind);
        int differ[3] = {0};
        for (uint64_t row = 0; row < 16; row++) {
            apply(kind->name, 5, 1, row, a);
            for (size_t k = 0; k < BYTES; k++) hash = (hash ^ a[k]) * 1099511628211u;
            apply(kind->name, 5, 1, row, b);
            assert_memory_equal(a, b, BYTES);
            for (int other = 0; other < 3; other++) {
                apply(kind->name, other == 0 ? 6 : 5, other == 1 ? 2 : 1, other == 2 ? row + 1000 : row, b);
                differ[other] += memcmp(a, b, BYTES) != 0;
            }
        }
        for (int other = 0; other < 3; other++) assert_true(differ[other] >= 3);
    }
    apply("shift rotate scale flip elastic cutout", 5, 1, 0, a);
    for (size_t k = 0; k < BYTES; k++) hash = (hash ^ a[k]) * 1099511628211u;
    if (hash != 6519928440043658955u) fail_msg("the hash is %llu", (unsigned long long)hash);
}

static void lists_that_cannot_be(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"rotat", "unknown augmentation \"rotat\" (did you mean \"rotate\"?)"},
        {"flip flip:p=1", "augmentation flip is listed twice"},
        {"shift:pixels=0", "pixels = 0 is outside [1, 1024]"},
        {"scale@torch", "augmentation \"scale\" has no dialects"},
        {"  ", "augment is empty; thalweg augmentations lists what there is"},
    };
    tw__augment a;
    tw_error err;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(tw__augment_read(&a, cases[i][0], &err), TW_ERR_SPEC);
        assert_string_equal(err.message, cases[i][1]);
    }
}

static void specs_are_canonical(void **state)
{
    (void)state;
    tw_augmentation_choice choice;
    assert_int_equal(tw_augmentation_read(&choice, "elastic:sigma=4.0,alpha=20", NULL), TW_OK);
    assert_string_equal(choice.spec, "elastic:alpha=20");
    assert_true(choice.values[0] == 20 && choice.values[1] == 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shifts_and_flips_are_exact), cmocka_unit_test(squares_are_cut_out),
        cmocka_unit_test(turns_keep_the_middle),      cmocka_unit_test(images_follow_from_seed_epoch_and_row),
        cmocka_unit_test(lists_that_cannot_be),       cmocka_unit_test(specs_are_canonical),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
