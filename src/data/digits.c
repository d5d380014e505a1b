#include "data/digits.h"
uint8_t tw__digit_draw(uint64_t seed, uint32_t number, uint8_t *image) { image[0] = (uint8_t)(seed + number); return (uint8_t)(number % 10); }
void tw__digits_draw(tw_context *ctx, uint64_t seed, uint32_t first, size_t n, uint8_t *images, uint8_t *labels)
{ (void)ctx; for (size_t i = 0; i < n; i++) labels[i] = tw__digit_draw(seed, first + (uint32_t)i, images + 784 * i); }
