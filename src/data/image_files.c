/* Pictures, one in a file, to predict: without labels.
 * SPDX-License-Identifier: MIT */
#include "data/image.h"
#include "data/pictures.h"
#include "data/reader.h"

static int recognises(const uint8_t *head, size_t n, int whole, const tw__schema *fit)
{
    (void)whole, (void)fit;
    return tw__image_format_of(head, n) != NULL;
}

static tw_status read_files(tw__block **out, const tw__source *source, tw_error *err)
{
    tw__pictures list = {.ctx = source->ctx};
    tw__pictures_as as = {.most_bytes = source->options->most_bytes,
                          .name = source->paths[0],
                          .first = source->first};
    tw_status s = tw__refuse_row_options(source->options, source->paths[0], err);
    *out = NULL;
    if (s == TW_OK) s = tw__image_size(source->options->image_size, source->schema, as.size, err);
    for (size_t i = 0; i < source->n && s == TW_OK; i++)
        s = tw__pictures_add(&list, source->paths[i], 0, err);
    if (s == TW_OK) s = tw__pictures_read(out, &list, &as, err);
    tw__pictures_free(&list);
    return s;
}

const tw__reader tw__reader_image_files = {.name = "image",
                                           .supported = "PNG or JPEG images",
                                           .kind = TW_PATH_FILE,
                                           .of_images = 1,
                                           .recognises = recognises,
                                           .read = read_files};
