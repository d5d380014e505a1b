/* Digits: 28x28 images of drawn digits, made by arithmetic alone, so that every machine has a data set like
 * MNIST without a download. Image i of a seed depends on (seed, i) only and has the same bytes everywhere.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_DIGITS_H
#define TW_DATA_DIGITS_H
#include "base/context.h"

enum { TW__DIGIT_SIDE = 28, TW__DIGIT_PIXELS = TW__DIGIT_SIDE * TW__DIGIT_SIDE };
enum { TW__DIGITS_TRAIN = 60000, TW__DIGITS_TEST = 10000 };
/* number of the first test image: the sets stay apart whatever their sizes */
#define TW__DIGITS_TEST_FIRST 0x80000000u

/* Hashes (tw__data_hash_rows) of the 60,000 training and the 10,000 test images of seed 0. */
#define TW__DIGITS_TRAIN_HASH "a7e813150d563525e723edd8cec8301f"
#define TW__DIGITS_TEST_HASH "3d0f13191e182881bd3da3fd5af22e8e"

/* Image `number` into 784 bytes; returns its class. */
uint8_t tw__digit_draw(uint64_t seed, uint32_t number, uint8_t *image);
/* Images first .. first + n - 1 on the context's threads. */
void tw__digits_draw(tw_context *ctx, uint64_t seed, uint32_t first, size_t n, uint8_t *images,
                     uint8_t *labels);
#endif
