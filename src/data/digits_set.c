/* The data set "digits": drawn at its first use and kept in the cache, or written into a folder.
 * SPDX-License-Identifier: MIT */
#include "data/digits.h"
#include "data/idx.h"
#include "data/reader.h"
#include "file/together.h"
#include <string.h>

/* The labels' and the images' file of a part, written but for their names. */
static tw_status put_digits(tw__writer w[2], tw_context *ctx, const char *directory, int part, uint64_t rows,
                            const uint8_t *images, const uint8_t *labels, tw_error *err)
{
    const int64_t shape[] = {(int64_t)rows, TW__DIGIT_SIDE, TW__DIGIT_SIDE};
    const int is_train = part == TW__PART_TRAIN;
    char path[TW__PATH];
    TW_TRY(tw__path_in(directory, "", path, err)); /* "out/": out itself is above it */
    TW_TRY(tw__make_parents(ctx, path, err));
    TW_TRY(
        tw__path_in(directory, is_train ? "train-labels-idx1-ubyte" : "t10k-labels-idx1-ubyte", path, err));
    TW_TRY(tw__idx_put(&w[0], ctx, path, 1, shape, labels, err));
    TW_TRY(
        tw__path_in(directory, is_train ? "train-images-idx3-ubyte" : "t10k-images-idx3-ubyte", path, err));
    return tw__idx_put(&w[1], ctx, path, 3, shape, images, err);
}

/* Draws one part; both arrays freed by tw__free. */
static tw_status draw_part(tw_context *ctx, uint64_t seed, int part, uint64_t rows, uint8_t **images,
                           uint8_t **labels, tw_error *err)
{
    TW_TRY(tw__alloc(ctx, images, (size_t)rows, TW__DIGIT_PIXELS, err));
    tw_status s = tw__alloc(ctx, labels, (size_t)rows, 1, err);
    if (s == TW_OK)
        tw__digits_draw(ctx, seed, part == TW__PART_TRAIN ? 0 : TW__DIGITS_TEST_FIRST, (size_t)rows, *images,
                        *labels);
    else tw__free(ctx, *images, (size_t)rows, TW__DIGIT_PIXELS);
    return s;
}

/* No file is put in place before all are written: images of one seed beside labels of another would not be
 * noticed. */
tw_status tw_data_make_digits(tw_context *ctx, const char *directory, uint64_t seed, uint64_t train,
                              uint64_t test, tw_error *err)
{
    TW_NEEDS(err, ctx && directory);
    const uint64_t rows[] = {train, test};
    tw__writer w[4];
    tw_status s = TW_OK;
    memset(w, 0, sizeof w);
    for (int part = TW__PART_TRAIN; part <= TW__PART_TEST; part++)
        if (rows[part] == 0 || rows[part] > INT32_MAX)
            return tw__fail(err, TW_ERR_SPEC, "%llu digits are outside [1, 2^31)",
                            (unsigned long long)rows[part]);
    for (int part = TW__PART_TRAIN; part <= TW__PART_TEST && s == TW_OK; part++) {
        uint8_t *images, *labels;
        s = draw_part(ctx, seed, part, rows[part], &images, &labels, err);
        if (s != TW_OK) break;
        s = put_digits(w + 2 * part, ctx, directory, part, rows[part], images, labels, err);
        tw__free(ctx, images, (size_t)rows[part], TW__DIGIT_PIXELS);
        tw__free(ctx, labels, (size_t)rows[part], 1);
    }
    if (s == TW_OK) return tw__together_finish(w, 4, err);
    tw__together_abandon(w, 4);
    return s;
}

/* One part, into the cache. */
static tw_status write_digits(tw_context *ctx, const char *directory, int part, uint64_t rows,
                              const uint8_t *images, const uint8_t *labels, tw_error *err)
{
    tw__writer w[2];
    memset(w, 0, sizeof w);
    tw_status s = put_digits(w, ctx, directory, part, rows, images, labels, err);
    if (s == TW_OK) return tw__together_finish(w, 2, err);
    tw__together_abandon(w, 2);
    return s;
}

/* Draws a part for the cache. That the cache cannot be written is reported but stops nothing: the data are
 * there. TW_ERR_NOT_FOUND is the temporary file that a second program, drawing the same, has renamed under
 * us. */
static tw_status draw_digits(tw__block **block, tw_context *ctx, const char *directory, int part,
                             uint64_t rows, tw_error *err)
{
    const int64_t shape[] = {TW__DIGIT_SIDE, TW__DIGIT_SIDE};
    uint8_t *images, *bytes;
    int32_t *labels;
    tw_error why;
    TW_TRY(draw_part(ctx, 0, part, rows, &images, &bytes, err));
    tw_status s = write_digits(ctx, directory, part, rows, images, bytes, &why);
    if (s != TW_OK && s != TW_ERR_NOT_FOUND)
        tw__log(ctx, TW_LOG_WARNING, "digits are not kept: %s", why.message);
    s = tw__alloc(ctx, &labels, (size_t)rows, sizeof *labels, err);
    for (size_t i = 0; s == TW_OK && i < rows; i++) labels[i] = bytes[i];
    tw__free(ctx, bytes, (size_t)rows, 1);
    if (s == TW_OK) return tw__block_of_bytes(block, ctx, rows, 2, shape, images, labels, "digits", err);
    tw__free(ctx, images, (size_t)rows, TW__DIGIT_PIXELS);
    return s;
}

/* From the cache if it holds exactly what would be drawn; what a killed or a second program left half done is
 * drawn again. */
static tw_status open_digits_part(tw__block **block, char labels_path[TW__PATH], tw_context *ctx,
                                  const char *directory, int part, tw_error *err)
{
    tw_error why;
    char hash[TW__HASH_DIGITS + 1];
    tw_status s = tw__idx_directory_read(block, labels_path, ctx, directory, part, 0, &why);
    if (s == TW_OK && *block) {
        tw__data_hash_rows(&(*block)->all, NULL, hash);
        if (strcmp(hash, part == TW__PART_TRAIN ? TW__DIGITS_TRAIN_HASH : TW__DIGITS_TEST_HASH) == 0)
            return TW_OK;
        tw__block_release(*block);
        *block = NULL;
    }
    if (s == TW_ERR_MEMORY || s == TW_ERR_SYSTEM) {
        if (err) *err = why;
        return s;
    }
    return draw_digits(block, ctx, directory, part,
                       part == TW__PART_TRAIN ? TW__DIGITS_TRAIN : TW__DIGITS_TEST, err);
}

static tw_status open_digits(tw__parts *p, const tw__opening *o, tw_error *err)
{
    tw_context *ctx = o->ctx;
    const char *cache = o->options->cache;
    char directory[TW__PATH];
    if (!cache) return tw__fail(err, TW_ERR_SPEC, "\"digits\" needs a cache folder, and none was given");
    TW_TRY(tw__path_in(cache, "digits-1", directory, err));
    if (o->want_train)
        TW_TRY(open_digits_part(&p->train, p->train_labels, ctx, directory, TW__PART_TRAIN, err));
    return o->want_test ? open_digits_part(&p->test, p->test_labels, ctx, directory, TW__PART_TEST, err)
                        : TW_OK;
}

const tw__reader tw__reader_digits = {.name = "digits", .open = open_digits};
