/* images: PNG and JPEG files become rows; directories of classes; what is no image, damaged or of another
 * form.
 * SPDX-License-Identifier: MIT */
#include "data/resize.h"
#include "fault_walk.h"
#include "files.h"
#include <jpeglib.h>
#include <math.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <thalweg/data.h>

#define DIRECTORY TW_BINARY_DIR "/test_images.d"
enum { HEIGHT = 5, WIDTH = 4, MOST = 1 << 16 };

/* ---- files --------------------------------------------------------------------------------------------- */

static uint8_t pixel(size_t i) { return (uint8_t)(i * 37 + 11); }

static size_t png_bytes(uint8_t *to, unsigned height, unsigned width, unsigned format)
{
    png_image png = {.version = PNG_IMAGE_VERSION, .height = height, .width = width, .format = format};
    static uint8_t pixels[MOST];
    size_t n = MOST;
    for (size_t i = 0; i < PNG_IMAGE_SIZE(png); i++) pixels[i] = pixel(i);
    assert_true(png_image_write_to_memory(&png, to, &n, 0, pixels, 0, NULL));
    return n;
}

static size_t jpeg_bytes(uint8_t *to, int channels)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *memory = NULL;
    unsigned long n = 0;
    uint8_t row[WIDTH * 4];
    JSAMPROW rows[] = {row};
    memset(row, 128, sizeof row);
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &memory, &n);
    jpeg.image_width = WIDTH;
    jpeg.image_height = HEIGHT;
    jpeg.input_components = channels;
    jpeg.in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    while (jpeg.next_scanline < HEIGHT) jpeg_write_scanlines(&jpeg, rows, 1);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    assert_true(n <= MOST);
    memcpy(to, memory, n);
    free(memory);
    return n;
}

static void put(const char *name, const uint8_t *bytes, size_t n)
{
    char path[512];
    snprintf(path, sizeof path, DIRECTORY "/%s", name);
    for (char *slash = path + strlen(DIRECTORY); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0777);
        *slash = '/';
    }
    write_file(path, bytes, n);
}

static void put_png(const char *name, unsigned height, unsigned width, unsigned format)
{
    static uint8_t bytes[MOST];
    put(name, bytes, png_bytes(bytes, height, width, format));
}

static void clear(void) { assert_int_equal(system("rm -rf '" DIRECTORY "'"), 0); }

/* Two classes of grey images, one more of which is to be tested. */
static void put_classes(void)
{
    static uint8_t bytes[MOST];
    clear();
    put_png("train/cat/2.png", HEIGHT, WIDTH, PNG_FORMAT_GRAY);
    put_png("train/cat/10.PNG", HEIGHT, WIDTH, PNG_FORMAT_GRAY);
    put("train/ant/a.jpeg", bytes, jpeg_bytes(bytes, 1));
    put("train/ant/.hidden", bytes, 3);
    put_png("test/cat/3.png", HEIGHT, WIDTH, PNG_FORMAT_GRAY);
}

/* ---- tests --------------------------------------------------------------------------------------------- */

static tw_data_info info_of(const tw_data *data)
{
    tw_data_info r = {.size = sizeof r};
    assert_int_equal(tw_data_info_get(data, &r, NULL), TW_OK);
    return r;
}

static void directories_are_classes(void **state)
{
    (void)state;
    tw_context *ctx;
    tw_data *train, *test;
    put_classes();
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    assert_int_equal(tw_data_open(ctx, DIRECTORY, NULL, &train, NULL, &test, NULL), TW_OK);
    const tw_data_info r = info_of(train), t = info_of(test);
    assert_true(r.rows == 3 && r.rank == 2 && r.shape[0] == HEIGHT && r.shape[1] == WIDTH && r.type == TW_U8);
    assert_true(r.classes == 2 && r.labels[0] == 0 && r.labels[1] == 1 && r.labels[2] == 1);
    assert_string_equal(r.class_names[0], "ant");
    for (size_t i = 0; i < HEIGHT * WIDTH; i++) {
        const uint8_t *x = r.x;
        assert_true(abs(x[i] - 128) <= 1);
        assert_int_equal(x[HEIGHT * WIDTH + i], pixel(i));
    }
    assert_true(t.rows == 1 && t.labels[0] == 1); /* the number of the training rows' class */
    tw_data_free(train);
    tw_data_free(test);
    tw_context_free(ctx);
}

/* Without train and test in it: training rows, drawn for validation; or test rows where those alone are
 * wanted. */
static void one_directory(void **state)
{
    (void)state;
    tw_context *ctx;
    tw_data *train, *val, *test;
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    o.val = 0.5;
    put_classes();
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    assert_int_equal(tw_data_open(ctx, DIRECTORY "/train", &o, &train, &val, &test, NULL), TW_OK);
    assert_true(info_of(train).rows == 1 && info_of(val).rows == 2 && !test);
    tw_data_free(train);
    tw_data_free(val);
    assert_int_equal(tw_data_open(ctx, DIRECTORY "/train", NULL, NULL, NULL, &test, NULL), TW_OK);
    assert_true(info_of(test).rows == 3 && info_of(test).labels);
    tw_data_free(test);
    assert_int_equal(tw_data_open(ctx, DIRECTORY "/train/cat", NULL, &train, NULL, &test, NULL), TW_OK);
    assert_true(info_of(test).rows == 2 && !info_of(test).labels && !train);
    tw_data_free(test);
    tw_context_free(ctx);
}

static void forms_of_pixels(void **state)
{
    (void)state;
    static const struct {
        unsigned format;
        int rank;
    } cases[] = {{PNG_FORMAT_GRAY, 2}, {PNG_FORMAT_RGB, 3}};
    static uint8_t bytes[MOST];
    tw_context *ctx;
    tw_data *test;
    clear();
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    for (int i = 0; i < 2; i++) {
        put_png("a.png", HEIGHT, WIDTH, cases[i].format);
        assert_int_equal(tw_data_open(ctx, DIRECTORY "/a.png", NULL, NULL, NULL, &test, NULL), TW_OK);
        const tw_data_info r = info_of(test);
        assert_true(r.rows == 1 && r.rank == cases[i].rank && (r.rank == 2 || r.shape[2] == 3));
        for (size_t k = 0; k < (size_t)(HEIGHT * WIDTH * (i ? 3 : 1)); k++)
            assert_int_equal(((const uint8_t *)r.x)[k], pixel(k));
        tw_data_free(test);
    }
    put("b.jpg", bytes, jpeg_bytes(bytes, 3));
    assert_int_equal(tw_data_open(ctx, DIRECTORY "/b.jpg", NULL, NULL, NULL, &test, NULL), TW_OK);
    assert_true(info_of(test).rank == 3 && info_of(test).shape[2] == 3);
    tw_data_free(test);
    tw_context_free(ctx);
}

/* One row or column of pixels, by hand: the weights when two become four are 3/4 and 1/4, when four become
 * two 3/7, 3/7 and 1/7. */
static void sides_are_interpolated(void **state)
{
    (void)state;
    static const struct {
        size_t m, n;
        uint8_t from[4], to[4];
    } cases[] = {{2, 4, {0, 100}, {0, 25, 75, 100}},   {4, 2, {7, 70, 140, 255}, {53, 179}},
                 {3, 3, {9, 200, 255}, {9, 200, 255}}, {1, 3, {77}, {77, 77, 77}},
                 {4, 1, {0, 0, 255, 255}, {128}},      {2, 3, {255, 0}, {255, 128, 0}}};
    tw_context *ctx;
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int upright = 0; upright < 2; upright++) {
            const int64_t m = (int64_t)cases[i].m, n = (int64_t)cases[i].n;
            const tw__image form = {upright ? m : 1, upright ? 1 : m, 1},
                            as = {upright ? n : 1, upright ? 1 : n, 1};
            uint8_t to[4];
            assert_int_equal(tw__image_resize(ctx, &form, cases[i].from, &as, to, NULL), TW_OK);
            for (size_t k = 0; k < cases[i].n; k++) assert_int_equal(to[k], cases[i].to[k]);
        }
    tw_context_free(ctx);
}

/* The definition, pixel by pixel. */
static double naive_weight(double o, double i, double n, double m)
{
    const double away = fabs(i + 0.5 - (o + 0.5) * m / n) / (m > n ? m / n : 1);
    return away < 1 ? 1 - away : 0;
}

static double naive_pixel(const tw__image *form, const uint8_t *from, const tw__image *as, int64_t y,
                          int64_t x, int64_t c)
{
    double sum = 0, total = 0;
    for (int64_t v = 0; v < form->height; v++)
        for (int64_t u = 0; u < form->width; u++) {
            const double w = naive_weight((double)y, (double)v, (double)as->height, (double)form->height) *
                             naive_weight((double)x, (double)u, (double)as->width, (double)form->width);
            sum += w * from[(v * form->width + u) * form->channels + c];
            total += w;
        }
    return sum / total;
}

static void images_are_resized(void **state)
{
    (void)state;
    static const tw__image forms[] = {{5, 4, 3}, {9, 31, 1}, {40, 7, 3}}, sizes[] = {{8, 11, 0}, {3, 3, 0}};
    uint8_t from[40 * 31 * 3], to[8 * 11 * 3];
    tw_context *ctx;
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    for (size_t i = 0; i < sizeof from; i++) from[i] = pixel(i * i);
    for (size_t i = 0; i < 6; i++) {
        const tw__image form = forms[i / 2], as = {sizes[i % 2].height, sizes[i % 2].width, form.channels};
        assert_int_equal(tw__image_resize(ctx, &form, from, &as, to, NULL), TW_OK);
        for (int64_t k = 0; k < as.height * as.width * as.channels; k++) {
            const double want = naive_pixel(&form, from, &as, k / as.channels / as.width,
                                            k / as.channels % as.width, k % as.channels);
            if (fabs(to[k] - want) > 0.5 + 1e-9)
                fail_msg("image %zu: number %lld is %d, not %.12g", i, (long long)k, to[k], want);
        }
    }
    tw_context_free(ctx);
}

/* All that are read later as the training images were. */
static void a_schema_has_the_size(void **state)
{
    (void)state;
    tw_context *ctx;
    tw_data *train, *test;
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    tw_error err;
    put_classes();
    put_png("train/cat/4.png", 9, 13, PNG_FORMAT_GRAY);
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    o.image_size = "5x4";
    assert_int_equal(tw_data_open(ctx, DIRECTORY, &o, &train, NULL, &test, NULL), TW_OK);
    const tw_data_info r = info_of(train);
    assert_true(r.rows == 4 && r.shape[0] == HEIGHT && r.shape[1] == WIDTH);
    for (size_t i = 0; i < HEIGHT * WIDTH; i++) /* that is of this size */
        assert_int_equal(((const uint8_t *)r.x)[HEIGHT * WIDTH + i], pixel(i));
    assert_string_equal(r.schema, "{\"width\":20,\"image\":{\"height\":5,\"width\":4}}");
    tw_data_free(test);
    o.image_size = NULL;
    o.schema = r.schema;
    assert_int_equal(tw_data_open(ctx, DIRECTORY "/train/cat/4.png", &o, NULL, NULL, &test, NULL), TW_OK);
    assert_true(info_of(test).shape[0] == HEIGHT && info_of(test).shape[1] == WIDTH);
    tw_data_free(test);
    o.image_size = "5x5";
    assert_int_equal(tw_data_open(ctx, DIRECTORY, &o, NULL, NULL, &test, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "image_size = 5x5, but that of the training images is 5x4");
    o.schema = NULL;
    for (int i = 0; i < 6; i++) {
        static const char *const wrong[] = {"5", "0x4", "5x4x3", "5 x4", "5x-4", "5x99999999999999999999"};
        char want[120];
        o.image_size = wrong[i];
        assert_int_equal(tw_data_open(ctx, DIRECTORY, &o, NULL, NULL, &test, &err), TW_ERR_SPEC);
        snprintf(want, sizeof want, "image_size = %s is not HxW, such as 64x96, of at most 65536 each",
                 wrong[i]);
        assert_string_equal(err.message, want);
    }
    static const char *const damaged[] = {"{\"width\":20,\"image\":[5,4]}",
                                          "{\"width\":20,\"image\":{\"height\":5,\"width\":5}}",
                                          "{\"width\":0,\"image\":{\"height\":0,\"width\":4}}"};
    o.image_size = NULL;
    for (int i = 0; i < 3; i++) {
        o.schema = damaged[i];
        assert_int_equal(tw_data_open(ctx, DIRECTORY, &o, NULL, NULL, &test, &err), TW_ERR_DATA);
        assert_string_equal(err.message, "the description of the columns is damaged: image");
    }
    tw_data_free(train);
    tw_context_free(ctx);
}

static void expect(tw_context *ctx, const char *name, const char *message)
{
    char path[512];
    tw_data *train, *test;
    tw_error err;
    snprintf(path, sizeof path, DIRECTORY "/%s", name);
    assert_int_equal(tw_data_open(ctx, path, NULL, &train, NULL, &test, &err), TW_ERR_DATA);
    if (!strstr(err.message, message)) fail_msg("\"%s\" instead of \"%s\"", err.message, message);
}

static void what_is_no_image_is_told(void **state)
{
    (void)state;
    static uint8_t bytes[MOST];
    tw_context *ctx;
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    put_classes();
    put("test/cat/notes.txt", (const uint8_t *)"x", 1);
    expect(ctx, "", "test/cat/notes.txt: is no image: their names end with .png, .jpg or .jpeg");
    put_classes();
    put("train/cat/3.png", (const uint8_t *)"hello", 5);
    expect(ctx, "", "train/cat/3.png: a text file, not a PNG or JPEG image");
    put_classes();
    put_png("test/dog/1.png", HEIGHT, WIDTH, PNG_FORMAT_GRAY);
    expect(ctx, "", "test/dog: is not among the 2 training classes, ant to cat");
    put_classes();
    put_png("train/1.png", HEIGHT, WIDTH, PNG_FORMAT_GRAY);
    expect(ctx, "train", "train: has directories of classes, and 1.png is in none of them");
    put_classes();
    put_png("train/cat/4.png", HEIGHT, WIDTH + 1, PNG_FORMAT_GRAY);
    expect(ctx, "", "cat/4.png: has 5 x 5 pixels, where ");
    put_png("train/cat/4.png", HEIGHT, WIDTH, PNG_FORMAT_RGB);
    expect(ctx, "", "cat/4.png: is in colour, where ");
    put_png("train/cat/4.png", HEIGHT, WIDTH, PNG_FORMAT_RGBA);
    expect(ctx, "", "cat/4.png: is transparent; images are grey, or red, green and blue");
    put_png("train/cat/4.png", HEIGHT, WIDTH, PNG_FORMAT_LINEAR_Y);
    expect(ctx, "", "cat/4.png: has 16 bits for a channel; images have 8 or fewer");
    put("train/cat/4.png", bytes, jpeg_bytes(bytes, 4));
    expect(ctx, "", "cat/4.png: has 4 channels; images are grey, or red, green and blue");
    tw_context_free(ctx);
}

static void damage_is_told(void **state)
{
    (void)state;
    static uint8_t png[MOST], jpeg[MOST], huge[MOST];
    const size_t n_png = png_bytes(png, HEIGHT, WIDTH, PNG_FORMAT_GRAY), n_jpeg = jpeg_bytes(jpeg, 1);
    tw_context *ctx;
    clear();
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    for (size_t n = 8; n < n_png; n++) {
        put("a.png", png, n);
        expect(ctx, "a.png", ": the PNG image is damaged: it ends before its last chunk");
    }
    for (size_t n = 3; n < n_jpeg; n++) {
        put("a.jpg", jpeg, n);
        expect(ctx, "a.jpg", "a.jpg: the JPEG image is damaged: ");
    }
    memcpy(huge, jpeg, n_jpeg);
    size_t at = 0;
    while (huge[at] != 0xff || huge[at + 1] != 0xc0) at++;
    memset(huge + at + 5, 0xfd, 4); /* height and width */
    put("a.jpg", huge, n_jpeg);
    expect(ctx, "a.jpg", "a.jpg: declares 65021 x 65021 pixels; images have at most 268435456 bytes");
    png[40] ^= 1;
    put("a.png", png, n_png);
    expect(ctx, "a.png", "a.png: byte 33: the PNG image is damaged: the checksum of a chunk does not hold");
    tw_context_free(ctx);
}

static void all_that_can_fail(void **state)
{
    (void)state;
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    o.image_size = "4x3";
    put_classes();
    for (int in_files = 0; in_files < 2; in_files++)
        for (fault_walk k = {.in_files = in_files, .least = 20, .whole = 1}; fault_walk_next(&k);) {
            tw_data *train = NULL, *test = NULL;
            fault_walk_arm(&k);
            const tw_status s = tw_data_open(k.ctx, DIRECTORY, &o, &train, NULL, &test, NULL);
            tw_data_free(train);
            tw_data_free(test);
            fault_walk_end(&k, s);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directories_are_classes), cmocka_unit_test(one_directory),
        cmocka_unit_test(forms_of_pixels),         cmocka_unit_test(what_is_no_image_is_told),
        cmocka_unit_test(sides_are_interpolated),  cmocka_unit_test(images_are_resized),
        cmocka_unit_test(a_schema_has_the_size),   cmocka_unit_test(damage_is_told),
        cmocka_unit_test(all_that_can_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
