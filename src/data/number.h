/* Decimal numbers in files of rows, which are read by the million.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_NUMBER_H
#define TW_DATA_NUMBER_H
#include <float.h>
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

enum { TW__DIGITS = 19, TW__EXACT_POWERS = 22 }; /* of which all numbers fit into 64 bits; doubles */
extern const uint64_t tw__power_of_ten[TW__DIGITS + 1];
extern const double tw__exact_power_of_ten[TW__EXACT_POWERS + 1];

/* Eight digits, the first one in the lowest byte: pairs, then both halves of four at once. */
static inline uint64_t tw__eight_digits(uint64_t digits)
{
    const uint64_t pairs = 10 * digits + (digits >> 8), mask = 0x000000ff000000ffu;
    return ((pairs & mask) * 0x000f424000000064u + (pairs >> 16 & mask) * 0x0000271000000001u) >> 32;
}

/* How many of the next eight characters are digits, up to the first other one, without a branch for each;
 * *number: the one that they make. */
static inline int tw__digits_ahead(const char *p, uint64_t *number)
{
    uint64_t word, others;
    memcpy(&word, p, sizeof word);
    if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) word = __builtin_bswap64(word);
    word ^= 0x3030303030303030u;
    others = ((word + 0x7676767676767676u) | word) & 0x8080808080808080u; /* right up to the first */
    if (!others) {
        *number = tw__eight_digits(word);
        return 8;
    }
    const int last = __builtin_ctzll(others); /* of the other one's bits */
    *number = tw__eight_digits(word << 8 << (63 - last));
    return last / 8;
}

/* Appends the digits that a text begins with to *m, modulo 2^64; returns what follows them. A character that
 * is no digit comes before `end`. */
static inline const char *tw__digits_take(const char *p, const char *end, uint64_t *m)
{
    uint64_t n = *m, next;
    while (end - p >= 8) {
        const int digits = tw__digits_ahead(p, &next);
        n = n * tw__power_of_ten[digits] + next;
        p += digits;
        if (digits == 8) continue;
        *m = n;
        return p;
    }
    for (; tw__is_digit(*p); p++) n = 10 * n + (uint64_t)(*p - '0');
    *m = n;
    return p;
}

/* In any other mode one of the two is not 1. */
static inline int tw__rounds_to_nearest(void)
{
    const volatile float tiny = FLT_MIN;
    const float x = tiny;
    return 1 + x == 1 - x;
}

/* As tw__number_take, in a thread that rounds to nearest, for what most numbers are: a digit, a point, up to
 * 15 digits, and perhaps an exponent such as e-05. NULL: it may be another number, or none. */
static inline const char *tw__number_take_common(const char *at, const char *end, double *x)
{
    enum { LONGEST = 24 };
    const uint64_t most = (uint64_t)1 << 53;
    const int is_negative = *at == '-';
    const char *const first = at + is_negative, *p = first + 2;
    uint64_t m, next;
    if (end - first < LONGEST || !tw__is_digit(first[0]) || first[1] != '.') return NULL;
    int digits = tw__digits_ahead(p, &next);
    m = (uint64_t)(first[0] - '0') * tw__power_of_ten[digits] + next;
    p += digits;
    if (digits == 8) {
        digits = tw__digits_ahead(p, &next);
        if (digits == 8) return NULL;
        m = m * tw__power_of_ten[digits] + next;
        p += digits;
    }
    int power = (int)(p - first) - 2;
    if ((*p | 0x20) == 'e') {
        if (p[1] != '-' || !tw__is_digit(p[2]) || !tw__is_digit(p[3]) || tw__is_digit(p[4])) return NULL;
        power += 10 * (p[2] - '0') + (p[3] - '0');
        p += 4;
    }
    if (m > most || power > TW__EXACT_POWERS) return NULL;
    const double size = (double)(int64_t)m / tw__exact_power_of_ten[power];
    *x = is_negative ? -size : size;
    return p;
}
#endif
