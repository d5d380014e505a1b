/* digits: the same bytes for ever, whoever draws them; the cache heals itself.
 * SPDX-License-Identifier: MIT */
#include "base/context.h"
#include "base/io.h"
#include "data/data.h"
#include "data/digits.h"
#include "data/idx.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

enum { SOME = 300 };
#define CACHE TW_BINARY_DIR "/test_digits.cache"
#define DIRECTORY CACHE "/nested/digits-1"

static char warning[600];

static void remember(void *user, int level, const char *text)
{
    (void)user;
    if (level == TW_LOG_WARNING) snprintf(warning, sizeof warning, "%s", text);
}

static tw_context *context(int threads, const tw_io *io)
{
    tw_context *ctx;
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    o.threads = threads;
    o.log = remember;
    o.io = io;
    assert_int_equal(tw_context_create(&ctx, &o, NULL), TW_OK);
    return ctx;
}

static void the_bytes_are_pinned(void **state)
{
    (void)state;
    static uint8_t images[2][2 * SOME][TW__DIGIT_PIXELS], labels[2][2 * SOME];
    for (int threads = 1; threads <= 3; threads += 2) {
        tw_context *ctx = context(threads, NULL);
        int k = threads > 1;
        tw__digits_draw(ctx, 0, 0, SOME, images[k][0], labels[k]);
        tw__digits_draw(ctx, 0, TW__DIGITS_TEST_FIRST, SOME, images[k][SOME], labels[k] + SOME);
        tw_context_free(ctx);
    }
    assert_memory_equal(images[0], images[1], sizeof images[0]);
    assert_memory_equal(labels[0], labels[1], sizeof labels[0]);
    tw__hash h;
    char hex[TW__HASH_DIGITS + 1];
    tw__hash_start(&h);
    tw__hash_add(&h, images[0], sizeof images[0]);
    tw__hash_add(&h, labels[0], sizeof labels[0]);
    tw__hash_hex(&h, hex);
    assert_string_equal(hex, "6e00e6f812531fab7bab7056be6a7ff0");
    for (int i = SOME - 1; i >= 0; i -= 37) { /* an image depends on its number alone */
        uint8_t one[TW__DIGIT_PIXELS];
        assert_int_equal(tw__digit_draw(0, (uint32_t)i, one), labels[0][i]);
        assert_memory_equal(one, images[0][i], sizeof one);
        tw__digit_draw(1, (uint32_t)i, one);
        assert_memory_not_equal(one, images[0][i], sizeof one);
    }
}

/* The class whose mean image is nearest: far from perfect, far from chance. */
static void digits_can_be_told_apart(void **state)
{
    (void)state;
    enum { N = 2000, M = 500 };
    static uint8_t image[TW__DIGIT_PIXELS];
    static double mean[10][TW__DIGIT_PIXELS];
    int count[10] = {0}, right = 0;
    for (uint32_t i = 0; i < N; i++) {
        int c = tw__digit_draw(0, i, image);
        count[c]++;
        for (int k = 0; k < TW__DIGIT_PIXELS; k++) mean[c][k] += image[k];
    }
    for (int c = 0; c < 10; c++) {
        assert_in_range(count[c], N / 10 - 60, N / 10 + 60);
        for (int k = 0; k < TW__DIGIT_PIXELS; k++) mean[c][k] /= count[c];
    }
    for (uint32_t i = 0; i < M; i++) {
        int c = tw__digit_draw(0, TW__DIGITS_TEST_FIRST + i, image), best = 0;
        double least = 1e300;
        for (int m = 0; m < 10; m++) {
            double d = 0;
            for (int k = 0; k < TW__DIGIT_PIXELS; k++) d += (image[k] - mean[m][k]) * (image[k] - mean[m][k]);
            if (d < least) {
                least = d;
                best = m;
            }
        }
        right += best == c;
    }
    assert_in_range(right, M * 65 / 100, M * 95 / 100);
}

static void forget_cache(void)
{
    remove(DIRECTORY "/train-images-idx3-ubyte");
    remove(DIRECTORY "/train-labels-idx1-ubyte");
    remove(DIRECTORY "/t10k-images-idx3-ubyte");
    remove(DIRECTORY "/t10k-labels-idx1-ubyte");
    remove(DIRECTORY);
    remove(CACHE "/nested");
    remove(CACHE);
}

static void expect(tw_context *ctx, const char *cache, int train_too)
{
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    tw_data *train = NULL, *test;
    tw_error err;
    tw_data_info info = {.size = sizeof info};
    o.cache = cache;
    assert_int_equal(tw_data_open(ctx, "digits", &o, train_too ? &train : NULL, NULL, &test, &err), TW_OK);
    assert_int_equal(tw_data_info_get(test, &info, NULL), TW_OK);
    assert_string_equal(info.fingerprint, TW__DIGITS_TEST_HASH);
    assert_true(info.rows == 10000 && info.classes == 10 && info.rank == 2 && info.shape[0] == 28);
    tw_data_free(test);
    if (!train_too) return;
    assert_int_equal(tw_data_info_get(train, &info, NULL), TW_OK);
    assert_string_equal(info.fingerprint, TW__DIGITS_TRAIN_HASH);
    assert_int_equal(info.rows, 60000);
    tw_data_free(train);
}

static int mark(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 ? (int)s.st_ino : 0;
}

static void the_cache_heals_itself(void **state)
{
    (void)state;
    static const char *const images = DIRECTORY "/t10k-images-idx3-ubyte", *const labels = DIRECTORY
                                                                           "/t10k-labels-idx1-ubyte";
    tw_context *ctx = context(0, NULL);
    forget_cache();
    expect(ctx, CACHE "/nested", 1);
    int first = mark(images);
    assert_true(first != 0);
    expect(ctx, CACHE "/nested", 1);
    assert_int_equal(mark(images), first); /* read, not drawn again */
    FILE *f = fopen(images, "r+b");
    fseek(f, 4000000, SEEK_SET);
    fputc(77, f);
    fclose(f);
    expect(ctx, CACHE "/nested", 0); /* right size, one byte wrong */
    expect(ctx, CACHE "/nested", 0);
    assert_int_equal(truncate(labels, 5000), 0);
    expect(ctx, CACHE "/nested", 0);
    assert_int_equal(remove(labels), 0);
    expect(ctx, CACHE "/nested", 0);
    assert_int_not_equal(mark(labels), 0);
    assert_string_equal(warning, "");
    tw_context_free(ctx);
    forget_cache();
}

static int full(void *user, void *file, const void *from, size_t n, size_t *put)
{
    (void)user, (void)file, (void)from, (void)n, (void)put;
    return ENOSPC;
}

static void a_full_disk_stops_nobody(void **state)
{
    (void)state;
    tw_io io = tw__system_io;
    io.write = full;
    tw_context *ctx = context(0, &io);
    forget_cache();
    expect(ctx, CACHE "/nested", 0);
    assert_non_null(strstr(warning, "digits are not kept: cannot write"));
    tw_error err;
    assert_int_equal(tw_data_make_digits(ctx, CACHE, 0, 10, 10, &err), TW_ERR_SYSTEM);
    assert_int_equal(tw_data_make_digits(ctx, CACHE, 0, 10, 0, &err), TW_ERR_SPEC);
    tw_context_free(ctx);
    forget_cache();
}

static void any_number_can_be_made(void **state)
{
    (void)state;
    tw_context *ctx = context(2, NULL);
    tw_data *train, *test;
    tw_data_info info = {.size = sizeof info};
    uint8_t first[TW__DIGIT_PIXELS];
    assert_int_equal(tw_data_make_digits(ctx, CACHE, 5, 70, 30, NULL), TW_OK);
    assert_int_equal(tw_data_open(ctx, CACHE, NULL, &train, NULL, &test, NULL), TW_OK);
    assert_int_equal(tw_data_info_get(test, &info, NULL), TW_OK);
    assert_int_equal(info.rows, 30);
    tw__digit_draw(5, TW__DIGITS_TEST_FIRST, first);
    assert_memory_equal(info.x, first, sizeof first);
    tw_data_free(train);
    tw_data_free(test);
    tw_context_free(ctx);
    for (int i = 0; i < 4; i++) {
        char path[300];
        snprintf(path, sizeof path, CACHE "/%s-%s-ubyte", i & 1 ? "train" : "t10k",
                 i & 2 ? "images-idx3" : "labels-idx1");
        assert_int_equal(remove(path), 0);
    }
    forget_cache();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_are_pinned),   cmocka_unit_test(digits_can_be_told_apart),
        cmocka_unit_test(the_cache_heals_itself), cmocka_unit_test(a_full_disk_stops_nobody),
        cmocka_unit_test(any_number_can_be_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
