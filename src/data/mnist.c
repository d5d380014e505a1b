/* MNIST by its name: in the folder of data sets.
 * SPDX-License-Identifier: MIT */
#include "data/reader.h"

static tw_status open_mnist(tw__parts *p, const tw__opening *opening, tw_error *err)
{
    const tw_data_options *o = opening->options;
    char directory[TW__PATH];
    if (!o->home)
        return tw__fail(err, TW_ERR_NOT_FOUND,
                        "\"mnist\" needs a folder of data sets, and none was given; \"digits\" needs none");
    TW_TRY(tw__path_in(o->home, "mnist", directory, err));
    const char *const places[] = {directory, o->home};
    for (int i = 0; i < 2; i++) {
        int has;
        TW_TRY(tw__idx_directory_has(&has, opening->ctx, places[i], TW__PART_TRAIN, err));
        if (has) return tw__idx_directory_open(p, opening, places[i], err);
    }
    return tw__fail(
        err, TW_ERR_NOT_FOUND,
        "MNIST is not in %.150s/mnist: put its four files there (train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, "
        "t10k-labels-idx1-ubyte, plain or .gz .xz .zst .bz2 .lz4); \"digits\" is generated and needs none",
        o->home);
}

const tw__reader tw__reader_mnist = {.name = "mnist", .open = open_mnist};
