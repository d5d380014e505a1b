/* Decimal numbers in files of rows, which are read by the million.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_NUMBER_H
#define TW_DATA_NUMBER_H
#include <stdint.h>
#include <string.h>

/* Reads the number that a text begins with: a sign, digits, a point, an exponent; neither nan, inf nor hex.
 * Returns what follows it; NULL: the text begins with no number. *x is the nearest double, to even at a tie,
 * whatever the thread's locale and floating-point mode; infinite where the number is too large for one, NaN
 * where it is not 0 and too small. Before its `end` the text holds a character that belongs to no number,
 * such as its line's end. */
const char *tw__number_take(const char *at, const char *end, double *x);

static inline int tw__is_digit(char c) { return (unsigned char)(c - '0') < 10; }
/* Of either sign. In the threads of a context a subnormal number, too, compares equal to 0. */
static inline int tw__is_zero(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits << 1 == 0;
}

enum { TW__DIGITS = 19 }; /* of which all numbers fit into 64 bits */
extern const uint64_t tw__power_of_ten[TW__DIGITS + 1];

/* Eight digits, the first one in the lowest byte: pairs, then both halves of four at once. */
static inline uint64_t tw__eight_digits(uint64_t digits)
{
    const uint64_t pairs = 10 * digits + (digits >> 8), mask = 0x000000ff000000ffu;
    return ((pairs & mask) * 0x000f424000000064u + (pairs >> 16 & mask) * 0x0000271000000001u) >> 32;
}

/* Appends the digits that a text begins with to *m, modulo 2^64; returns what follows them. A character that
 * is no digit comes before `end`. As far as there are eight bytes, they are one word: how many of them are
 * digits is then counted without a branch for each. */
static inline const char *tw__digits_take(const char *p, const char *end, uint64_t *m)
{
    uint64_t n = *m;
    while (end - p >= 8) {
        uint64_t word, others;
        memcpy(&word, p, sizeof word);
        if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) word = __builtin_bswap64(word);
        word ^= 0x3030303030303030u;
        others = ((word + 0x7676767676767676u) | word) & 0x8080808080808080u; /* right up to the first */
        if (others) {
            const int digits = __builtin_ctzll(others) / 8;
            *m = n * tw__power_of_ten[digits] + tw__eight_digits(word << 8 << (56 - 8 * digits));
            return p + digits;
        }
        n = 100000000 * n + tw__eight_digits(word);
        p += 8;
    }
    for (; tw__is_digit(*p); p++) n = 10 * n + (uint64_t)(*p - '0');
    *m = n;
    return p;
}
#endif
