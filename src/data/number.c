/* Decimal numbers, exactly. Up to 2^53 and a power of ten that is a double: one operation, which rounds once.
 * Up to 19 digits: whole numbers of 64 and 128 bits. All others: the C library.
 * SPDX-License-Identifier: MIT */
#include "data/number.h"
#include "base/decimal.h"

#define CONSTANT(power, zeros)                                                                           \
    {                                                                                                    \
        (uint64_t) power << zeros, zeros, (uint64_t)(~(unsigned __int128)0 / ((uint64_t)power << zeros)) \
    }

enum { MOST_EXPONENT = 99999 };

const double tw__exact_power_of_ten[TW__EXACT_POWERS + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                             1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                             1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

const uint64_t tw__power_of_ten[TW__DIGITS + 1] = {
    1u,
    10u,
    100u,
    1000u,
    10000u,
    100000u,
    1000000u,
    10000000u,
    100000000u,
    1000000000u,
    10000000000u,
    100000000000u,
    1000000000000u,
    10000000000000u,
    100000000000000u,
    1000000000000000u,
    10000000000000000u,
    100000000000000000u,
    1000000000000000000u,
    10000000000000000000u,
};

/* A power of ten shifted up to the highest bit, and what replaces a division by that: (2^128 - 1) / it -
 * 2^64. */
static const struct divisor {
    uint64_t shifted;
    int zeros;
    uint64_t inverse;
} divisors[TW__DIGITS + 1] = {
    CONSTANT(1u, 63),
    CONSTANT(10u, 60),
    CONSTANT(100u, 57),
    CONSTANT(1000u, 54),
    CONSTANT(10000u, 50),
    CONSTANT(100000u, 47),
    CONSTANT(1000000u, 44),
    CONSTANT(10000000u, 40),
    CONSTANT(100000000u, 37),
    CONSTANT(1000000000u, 34),
    CONSTANT(10000000000u, 30),
    CONSTANT(100000000000u, 27),
    CONSTANT(1000000000000u, 24),
    CONSTANT(10000000000000u, 20),
    CONSTANT(100000000000000u, 17),
    CONSTANT(1000000000000000u, 14),
    CONSTANT(10000000000000000u, 10),
    CONSTANT(100000000000000000u, 7),
    CONSTANT(1000000000000000000u, 4),
    CONSTANT(10000000000000000000u, 0),
};

static inline double of_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Bits of the double nearest to (top + rest) * 2^exponent, 0 <= rest < 1, where top's highest bit is set and
 * `more` says that rest is not 0. */
static inline uint64_t round_off(uint64_t top, int more, int exponent)
{
    const uint64_t kept = top >> 11, up = (top & 0x7ff) + (uint64_t)((kept & 1) | (uint64_t)more) > 0x400;
    return ((uint64_t)(exponent + 63 + 1022) << 52) + kept + up;
}

/* m / 10^n, m above 0. The quotient has 64 bits, by Moeller and Granlund, Improved Division by Invariant
 * Integers, 2011. */
static inline uint64_t quotient(uint64_t m, int n)
{
    const struct divisor *const d = &divisors[n];
    const int zeros = __builtin_clzll(m);
    m <<= zeros;
    const int half = m >= d->shifted; /* of m is divided: the quotient fits */
    const uint64_t high = m >> half, low = half ? m << 63 : 0;
    const unsigned __int128 guess =
        (unsigned __int128)high * d->inverse + (((unsigned __int128)high << 64) | low);
    uint64_t q = (uint64_t)(guess >> 64) + 1, rest = low - q * d->shifted;
    const uint64_t back = -(uint64_t)(rest > (uint64_t)guess); /* a mask, as no branch could be predicted */
    q += back, rest += back & d->shifted;
    if (rest >= d->shifted) q++, rest -= d->shifted;
    return round_off(q, rest != 0, d->zeros - zeros - 64 + half);
}

/* An exponent at `at`, if there is one, added to *exponent; returns what follows. */
static inline const char *take_exponent(const char *at, int64_t *exponent)
{
    const char *p = at + 1 + (at[1] == '-' || at[1] == '+');
    int64_t e = 0;
    if (!tw__is_digit(*p)) return at;
    for (; tw__is_digit(*p); p++)
        if (e <= MOST_EXPONENT) e = 10 * e + (*p - '0');
    *exponent += at[1] == '-' ? -e : e;
    return p;
}

/* Any number, with any number of digits. */
static __attribute__((noinline)) double read_slowly(const char *at)
{
    const double x = tw__decimal_read(at);
    return tw__is_zero(x) && !tw__decimal_is_zero(at) ? of_bits(0x7ff8000000000000u) : x;
}

const char *tw__number_take(const char *at, const char *end, double *x)
{
    const int negative = *at == '-';
    const char *const first = at + (negative || *at == '+');
    const int is_short =
        tw__is_digit(first[0]) && !tw__is_digit(first[1]); /* as most numbers are before the point */
    uint64_t m = is_short ? (uint64_t)(first[0] - '0') : 0;
    const char *p = is_short ? first + 1 : tw__digits_take(first, end, &m);
    int64_t exponent = 0, digits = p - first;
    if (*p == '.') {
        const char *const point = p + 1;
        p = tw__digits_take(point, end, &m);
        exponent = point - p;
        digits += p - point;
    }
    if (digits == 0) return NULL;
    if ((*p | 0x20) == 'e') p = take_exponent(p, &exponent);
    const uint64_t most = (uint64_t)1 << 53;
    /* up to `most`; of a uint64_t that is 0 clang makes -0 where numbers are rounded down */
    const double exact = (double)(int64_t)m;
    double size;
    if (digits > TW__DIGITS || exponent < -TW__EXACT_POWERS || exponent > TW__EXACT_POWERS) size = -1;
    else if (m == 0 || (m <= most && (exponent == 0 || tw__rounds_to_nearest())))
        size = exponent < 0 ? exact / tw__exact_power_of_ten[-exponent]
                            : exact * tw__exact_power_of_ten[exponent];
    else if (exponent <= 0 && exponent >= -TW__DIGITS) size = of_bits(quotient(m, (int)-exponent));
    else size = -1;
    *x = size < 0 ? read_slowly(at) : negative ? -size : size;
    return p;
}
