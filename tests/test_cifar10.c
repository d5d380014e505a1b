/* cifar10: records become rows of height, width, channels; files and the directory; what is damaged.
 * SPDX-License-Identifier: MIT */
#include "data/data.h"
#include "fault_walk.h"
#include "files.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { RECORD = 3073 };
#define DIRECTORY TW_BINARY_DIR "/test_cifar10.d"
#define BATCH(n) DIRECTORY "/data_batch_" n ".bin"
#define TEST DIRECTORY "/test_batch.bin"
#define NAMES DIRECTORY "/batches.meta.txt"

/* Byte i of image k's planes. */
static uint8_t byte_of(size_t k, size_t i) { return (uint8_t)(k * 29 + i * 7 + i / 1024); }

/* n images, of the classes first, first + 1, ... */
static void write_images(const char *path, size_t n, int first)
{
    uint8_t *all = malloc(n * RECORD);
    for (size_t k = 0; k < n; k++) {
        all[k * RECORD] = (uint8_t)((first + (int)k) % 10);
        for (size_t i = 0; i < RECORD - 1; i++) all[k * RECORD + 1 + i] = byte_of(k, i);
    }
    write_file(path, all, n * RECORD);
    free(all);
}

static void clear(void)
{
    static const char *const names[] = {BATCH("1"), BATCH("2"), BATCH("3"), TEST, NAMES};
    mkdir(DIRECTORY, 0777);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) remove(names[i]);
}

static tw_data_info info_of(const tw_data *data)
{
    tw_data_info r = {.size = sizeof r};
    assert_int_equal(tw_data_info_get(data, &r, NULL), TW_OK);
    return r;
}

static void check_image(const tw_data_info *r, uint64_t row, size_t k)
{
    const uint8_t *x = (const uint8_t *)r->x + row * (RECORD - 1);
    for (size_t c = 0; c < 3; c++)
        for (size_t i = 0; i < 1024; i++) assert_int_equal(x[i * 3 + c], byte_of(k, c * 1024 + i));
}

static void directory_has_both_parts(void **state)
{
    (void)state;
    tw_context *ctx;
    tw_data *train, *test;
    clear();
    write_images(BATCH("1"), 4, 0);
    write_images(BATCH("3"), 2, 8); /* not all five need be there */
    write_images(TEST, 3, 5);
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    assert_int_equal(tw_data_open(ctx, DIRECTORY, NULL, &train, NULL, &test, NULL), TW_OK);
    tw_data_info r = info_of(train);
    assert_true(r.rows == 6 && r.rank == 3 && r.shape[0] == 32 && r.shape[1] == 32 && r.shape[2] == 3);
    assert_true(r.type == TW_U8 && r.classes == 10 && r.labels[0] == 0 && r.labels[5] == 9);
    assert_string_equal(r.class_names[9], "truck");
    check_image(&r, 3, 3);
    check_image(&r, 4, 0);
    r = info_of(test);
    assert_true(r.rows == 3 && r.labels[0] == 5);
    tw_data_free(train);
    tw_data_free(test);
    tw_context_free(ctx);
}

static void names_come_from_their_file(void **state)
{
    (void)state;
    static const char names[] = "a\r\nb\r\nc\r\nd\r\ne\r\nf\r\ng\r\nh\r\ni\r\nj\r\n\r\n";
    static const char *const paths[] = {DIRECTORY, BATCH("1")};
    tw_context *ctx;
    clear();
    write_images(BATCH("1"), 10, 0);
    write_file(NAMES, names, sizeof names - 1);
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    for (int i = 0; i < 2; i++) {
        tw_data *train;
        assert_int_equal(tw_data_open(ctx, paths[i], NULL, &train, NULL, NULL, NULL), TW_OK);
        assert_string_equal(info_of(train).class_names[9], "j");
        tw_data_free(train);
    }
    tw_context_free(ctx);
}

static void files_are_known_by_their_records(void **state)
{
    (void)state;
    tw_context *ctx;
    tw_data *train, *val, *test;
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    clear();
    write_images(BATCH("1"), 30, 0);
    write_images(BATCH("2"), 30, 0);
    write_images(TEST, 1, 2);
    o.more = BATCH("2");
    o.test = TEST;
    o.val = 0.5;
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    assert_int_equal(tw_data_open(ctx, BATCH("1"), &o, &train, &val, &test, NULL), TW_OK);
    assert_true(info_of(train).rows == 30 && info_of(val).rows == 30 && info_of(test).rows == 1);
    tw_data_free(train);
    tw_data_free(val);
    tw_data_free(test);
    tw_context_free(ctx);
}

static void expect(tw_context *ctx, const char *path, const char *message)
{
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    tw_data *train;
    tw_error err;
    if (strcmp(path, DIRECTORY) != 0) o.format = "cifar10";
    assert_int_equal(tw_data_open(ctx, path, &o, &train, NULL, NULL, &err), TW_ERR_DATA);
    if (!strstr(err.message, message)) fail_msg("\"%s\" instead of \"%s\"", err.message, message);
}

static void damage_is_told(void **state)
{
    (void)state;
    static uint8_t bytes[2 * RECORD];
    tw_context *ctx;
    clear();
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    write_file(BATCH("1"), bytes, 0);
    expect(ctx, BATCH("1"),
           "data_batch_1.bin: byte 0: ends inside image 1; an image of CIFAR-10 has 3073 bytes");
    write_file(BATCH("1"), bytes, RECORD + 5);
    expect(ctx, BATCH("1"), "data_batch_1.bin: byte 3078: ends inside image 2");
    bytes[RECORD] = 10;
    write_file(BATCH("1"), bytes, 2 * RECORD);
    expect(ctx, DIRECTORY, "data_batch_1.bin: byte 3073: class 10 of image 2 is outside 0 to 9");
    write_images(BATCH("1"), 1, 0);
    write_file(NAMES, "a\nb\n", 4);
    expect(ctx, BATCH("1"), "batches.meta.txt: byte 0: has 2 names of classes; CIFAR-10 has 10");
    write_file(NAMES, "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\n", 22);
    expect(ctx, DIRECTORY, "batches.meta.txt: byte 0: has more than 10 names of classes");
    write_file(NAMES, "a\nb\nc\nd\ne\nf\ng\nh\ni\na\n", 20);
    expect(ctx, DIRECTORY, "batches.meta.txt: byte 0: class a appears twice");
    tw_context_free(ctx);
}

static void all_that_can_fail(void **state)
{
    (void)state;
    clear();
    write_images(BATCH("1"), 2, 0);
    write_images(TEST, 1, 0);
    for (int in_files = 0; in_files < 2; in_files++)
        for (fault_walk k = {.in_files = in_files, .least = 5, .whole = 1}; fault_walk_next(&k);) {
            tw_data *train = NULL, *test = NULL;
            fault_walk_arm(&k);
            const tw_status s = tw_data_open(k.ctx, DIRECTORY, NULL, &train, NULL, &test, NULL);
            tw_data_free(train);
            tw_data_free(test);
            fault_walk_end(&k, s);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directory_has_both_parts),
        cmocka_unit_test(names_come_from_their_file),
        cmocka_unit_test(files_are_known_by_their_records),
        cmocka_unit_test(damage_is_told),
        cmocka_unit_test(all_that_can_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
