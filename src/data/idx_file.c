/* A single IDX file of images.
 * SPDX-License-Identifier: MIT */
#include "data/idx.h"
#include "data/reader.h"
#include <string.h>

/* Images to predict: a single file has no labels. */
static tw_status open_file(tw__parts *p, const tw__opening *o, tw_error *err)
{
    tw_context *ctx = o->ctx;
    const char *path = o->path;
    tw__idx idx;
    tw_error why;
    if (!o->want_test) return TW_OK;
    tw_status s = tw__idx_read(&idx, ctx, path, 0, o->options->most_bytes, &why);
    if (s == TW_ERR_DATA && why.offset == 0) { /* the very beginning: not ours */
        const char *text = strstr(why.message, "byte 0: ");
        char supported[TW__SUPPORTED];
        return tw__fail_in(err, s, path, 0, 0, "%.120s; %s", text ? text + 8 : why.message,
                           tw__data_supported(supported));
    }
    if (s != TW_OK) {
        if (err) *err = why;
        return s;
    }
    if (idx.rank < 2) {
        tw__idx_free(&idx, ctx);
        return tw__fail_in(err, TW_ERR_DATA, path, 0, 3,
                           "one dimension, as labels have; name the image file, or the folder of both");
    }
    return tw__block_of_bytes(&p->test, ctx, (uint64_t)idx.shape[0], idx.rank - 1, idx.shape + 1, idx.bytes,
                              NULL, path, err);
}

const tw__reader tw__reader_idx_file = {.supported = "an IDX image file",
                                        .kind = TW_PATH_FILE,
                                        .open = open_file};
