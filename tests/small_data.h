/* A tiny image data set for tests: 8x8 images of three classes in the four IDX files of MNIST's names.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TESTS_SMALL_DATA_H
#define TW_TESTS_SMALL_DATA_H
#include "base/random.h"
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

enum { SMALL_SIDE = 8, SMALL_CLASSES = 3 };

static inline void small_number(FILE *f, uint32_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8) fputc((int)(v >> shift & 255), f);
}

/* Class c has a bright bar of rows 2c .. 2c+1 under noise. Returns 0 if a file cannot be written. */
static inline int small_part(const char *directory, const char *part, uint32_t rows, uint32_t stream)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s-images-idx3-ubyte", directory, part);
    FILE *images = fopen(path, "wb");
    snprintf(path, sizeof path, "%s/%s-labels-idx1-ubyte", directory, part);
    FILE *labels = fopen(path, "wb");
    if (!images || !labels) return 0;
    small_number(images, 0x803);
    small_number(images, rows);
    small_number(images, SMALL_SIDE);
    small_number(images, SMALL_SIDE);
    small_number(labels, 0x801);
    small_number(labels, rows);
    for (uint32_t r = 0; r < rows; r++) {
        uint32_t c = r % SMALL_CLASSES;
        for (uint32_t i = 0; i < SMALL_SIDE * SMALL_SIDE; i++) {
            double noise = tw__random_unit(3, TW__FOR_TEST, stream, (uint64_t)r * 64 + i);
            fputc((int)(noise * 120) + (i / SMALL_SIDE / 2 == c ? 100 : 0), images);
        }
        fputc((int)c, labels);
    }
    int bad = fclose(images) != 0;
    return fclose(labels) == 0 && !bad;
}

static inline int small_data(const char *directory, uint32_t train, uint32_t test)
{
    mkdir(directory, 0777);
    return small_part(directory, "train", train, 1) && small_part(directory, "t10k", test, 2);
}
#endif
