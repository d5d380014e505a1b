/* JPEG, by libjpeg-turbo. libjpeg knows no other way out of an error than a jump, which never leaves this
 * file.
 * SPDX-License-Identifier: MIT */
#include "data/image.h"
#include <setjmp.h>
#include <stdio.h>
#include <jpeglib.h> /* needs stdio.h */
#include <jerror.h>

/* What libjpeg works with; the first member's address is that of all. */
typedef struct reading {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf out;
    const uint8_t *bytes;
    size_t n;
    const char *path;
    tw_error *err;
    tw_status status;
    uint8_t *to;
    size_t row_bytes;
} reading;

static void stop(j_common_ptr jpeg)
{
    reading *r = (reading *)jpeg;
    char text[JMSG_LENGTH_MAX];
    r->errors.format_message(jpeg, text);
    r->status =
        r->errors.msg_code == JERR_OUT_OF_MEMORY
            ? tw__fail(r->err, TW_ERR_MEMORY, "%.300s: out of memory", r->path)
            : tw__fail_in(r->err, TW_ERR_DATA, r->path, 0, -1, "the JPEG image is damaged: %.150s", text);
    longjmp(r->out, 1);
}

/* A warning says that pixels were made up, but for bytes that do not belong to the image. */
static void warn(j_common_ptr jpeg, int level)
{
    const int code = jpeg->err->msg_code;
    if (level < 0 && code != JWRN_EXTRANEOUS_DATA && code != JWRN_JFIF_MAJOR && code != JWRN_ADOBE_XFORM)
        stop(jpeg);
}

/* A small file may ask for any number of passes over a large image. */
static void watch(j_common_ptr jpeg)
{
    enum { MOST_SCANS = 500 };
    reading *r = (reading *)jpeg;
    if (r->jpeg.input_scan_number <= MOST_SCANS) return;
    r->status =
        tw__fail_in(r->err, TW_ERR_DATA, r->path, 0, -1, "the JPEG image has more than %d scans", MOST_SCANS);
    longjmp(r->out, 1);
}

static void read_head(reading *r)
{
    jpeg_create_decompress(&r->jpeg);
    r->progress.progress_monitor = watch;
    r->jpeg.progress = &r->progress;
    jpeg_mem_src(&r->jpeg, r->bytes, r->n);
    jpeg_read_header(&r->jpeg, TRUE);
}

static void read_pixels(reading *r)
{
    read_head(r);
    r->jpeg.out_color_space = r->jpeg.num_components == 3 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_start_decompress(&r->jpeg);
    while (r->jpeg.output_scanline < r->jpeg.output_height) {
        JSAMPROW row = r->to + r->jpeg.output_scanline * r->row_bytes;
        jpeg_read_scanlines(&r->jpeg, &row, 1);
    }
    jpeg_finish_decompress(&r->jpeg);
}

/* Does `what`, which may end with a jump. */
static tw_status run(reading *r, void (*what)(reading *))
{
    r->status = TW_OK;
    r->jpeg.err = jpeg_std_error(&r->errors);
    r->errors.error_exit = stop;
    r->errors.emit_message = warn;
    if (setjmp(r->out) == 0) what(r);
    jpeg_destroy_decompress(&r->jpeg);
    return r->status;
}

static tw_status head(tw__image *out, const uint8_t *bytes, size_t n, const char *path, tw_error *err)
{
    reading r = {.bytes = bytes, .n = n, .path = path, .err = err};
    TW_TRY(run(&r, read_head));
    *out = (tw__image){r.jpeg.image_height, r.jpeg.image_width, r.jpeg.num_components};
    if (out->channels == 1 || out->channels == 3) return TW_OK;
    return tw__fail_in(err, TW_ERR_DATA, path, 0, -1,
                       "has %d channels; images are grey, or red, green and blue", r.jpeg.num_components);
}

static tw_status decode(const tw__image *as, const uint8_t *bytes, size_t n, const char *path,
                        uint8_t *pixels, tw_error *err)
{
    reading r = {.bytes = bytes,
                 .n = n,
                 .path = path,
                 .err = err,
                 .to = pixels,
                 .row_bytes = (size_t)(as->width * as->channels)};
    return run(&r, read_pixels);
}

const tw__image_format tw__image_jpeg = {.magic = "\xff\xd8\xff",
                                         .magic_length = 3,
                                         .head = head,
                                         .decode = decode};
