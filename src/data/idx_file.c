/* A single IDX file of images.
 * SPDX-License-Identifier: MIT */
#include "data/idx.h"
#include "data/reader.h"
#include <string.h>

static int recognises(const uint8_t *head, size_t n, int whole, const tw__schema *fit)
{
    (void)fit;
    if (n < 4) return whole && n > 0 && memcmp(head, "\0\0\10", n) == 0;
    return head[0] == 0 && head[1] == 0 && head[2] >= 8 && head[2] <= 0x0e;
}

/* Images to predict: a single file has no labels. */
static tw_status read_file(tw__block **out, const tw__source *source, tw_error *err)
{
    tw_context *ctx = source->ctx;
    const char *path = source->paths[0];
    tw__idx idx;
    *out = NULL;
    if (source->n > 1)
        return tw__fail(err, TW_ERR_SPEC, "%.200s: one IDX file at a time is read, not %zu", path, source->n);
    TW_TRY(tw__refuse_row_options(source->options, path, err));
    TW_TRY(tw__idx_read_stream(&idx, ctx, source->first, 0, source->options->most_bytes, err));
    if (idx.rank < 2) {
        tw__idx_free(&idx, ctx);
        return tw__fail_in(err, TW_ERR_DATA, path, 0, 3,
                           "one dimension, as labels have; name the image file, or the folder of both");
    }
    return tw__block_of_bytes(out, ctx, (uint64_t)idx.shape[0], idx.rank - 1, idx.shape + 1, idx.bytes, NULL,
                              path, err);
}

const tw__reader tw__reader_idx_file = {.name = "idx",
                                        .supported = "an IDX image file",
                                        .kind = TW_PATH_FILE,
                                        .recognises = recognises,
                                        .read = read_file};
