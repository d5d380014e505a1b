/* A folder with MNIST's files. The I/O table lists no folders, so the names are tried one by one.
 * SPDX-License-Identifier: MIT */
#include "data/reader.h"
#include "data/idx.h"
#include <stdio.h>

static const char *const part_names[] = {"train", "t10k"};

/* *found: 1 and the path, or 0. images: 1 for the file of images, 0 for that of labels. */
static tw_status find(tw_context *ctx, const char *directory, int part, int images, char path[TW__PATH],
                      int *found, tw_error *err)
{
    *found = 0;
    for (int i = 0; i < 2 && !*found; i++) {
        char name[40];
        snprintf(name, sizeof name, "%s-%s%cidx%d-ubyte", part_names[part], images ? "images" : "labels",
                 i ? '.' : '-', images ? 3 : 1);
        TW_TRY(tw__find_packed(ctx, directory, name, path, found, err));
    }
    return TW_OK;
}

tw_status tw__idx_directory_has(int *has, tw_context *ctx, const char *directory, int part, tw_error *err)
{
    char path[TW__PATH];
    return find(ctx, directory, part, 1, path, has, err);
}

static tw_status read_labels(tw_context *ctx, const char *path, const tw__idx *images,
                             const char *images_path, uint64_t most_bytes, int32_t **labels, tw_error *err)
{
    tw__idx idx;
    TW_TRY(tw__idx_read(&idx, ctx, path, 1, most_bytes, err));
    tw_status s = TW_OK;
    if (idx.shape[0] != images->shape[0])
        s = tw__fail_in(err, TW_ERR_DATA, path, 0, 4, "%lld labels for %lld images (%.150s)",
                        (long long)idx.shape[0], (long long)images->shape[0], images_path);
    if (s == TW_OK) s = tw__alloc(ctx, labels, idx.n, sizeof **labels, err);
    for (size_t i = 0; s == TW_OK && i < idx.n; i++) (*labels)[i] = idx.bytes[i];
    tw__idx_free(&idx, ctx);
    return s;
}

tw_status tw__idx_directory_read(tw__block **block, char labels_path[TW__PATH], tw_context *ctx,
                                 const char *directory, int part, uint64_t most_bytes, tw_error *err)
{
    char path[TW__PATH];
    int images, labels = 0;
    *block = NULL;
    TW_TRY(find(ctx, directory, part, 1, path, &images, err));
    if (labels_path) TW_TRY(find(ctx, directory, part, 0, labels_path, &labels, err));
    else labels = images;
    if (!images && !labels) return TW_OK;
    if (!images || !labels)
        return tw__fail(err, TW_ERR_NOT_FOUND,
                        "%.300s has no %s-%s-ubyte (plain or .gz .xz .zst .bz2 .lz4) beside the %s",
                        directory, part_names[part], images ? "labels-idx1" : "images-idx3",
                        images ? "images" : "labels");
    tw__idx idx;
    int32_t *numbers = NULL;
    TW_TRY(tw__idx_read(&idx, ctx, path, 0, most_bytes, err));
    tw_status s = TW_OK;
    if (idx.rank < 2)
        s = tw__fail_in(err, TW_ERR_DATA, path, 0, 3,
                        "1 dimension where images have three (are these labels?)");
    if (s == TW_OK && labels_path) s = read_labels(ctx, labels_path, &idx, path, most_bytes, &numbers, err);
    if (s == TW_OK)
        return tw__block_of_bytes(block, ctx, (uint64_t)idx.shape[0], idx.rank - 1, idx.shape + 1, idx.bytes,
                                  numbers, path, err);
    tw__idx_free(&idx, ctx);
    return s;
}

tw_status tw__idx_directory_open(tw__parts *p, const tw__opening *opening, const char *directory,
                                 tw_error *err)
{
    tw_context *ctx = opening->ctx;
    const tw_data_options *o = opening->options;
    char *train_labels = o->unlabelled ? NULL : p->train_labels,
         *test_labels = o->unlabelled ? NULL : p->test_labels;
    if (opening->want_train)
        TW_TRY(tw__idx_directory_read(&p->train, train_labels, ctx, directory, TW__PART_TRAIN, o->most_bytes,
                                      err));
    return opening->want_test ? tw__idx_directory_read(&p->test, test_labels, ctx, directory, TW__PART_TEST,
                                                       o->most_bytes, err)
                              : TW_OK;
}

static tw_status holds(int *is, tw_context *ctx, const char *directory, tw_error *err)
{
    TW_TRY(tw__idx_directory_has(is, ctx, directory, TW__PART_TRAIN, err));
    return *is ? TW_OK : tw__idx_directory_has(is, ctx, directory, TW__PART_TEST, err);
}

static tw_status open_directory(tw__parts *p, const tw__opening *opening, tw_error *err)
{
    return tw__idx_directory_open(p, opening, opening->path, err);
}

const tw__reader tw__reader_idx_directory = {.supported = "a folder with MNIST's IDX files",
                                             .kind = TW_PATH_DIRECTORY,
                                             .holds = holds,
                                             .open = open_directory};
