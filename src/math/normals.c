/* Noise for rules: standard normal numbers by counting, in vectors. Numbers 2i and 2i + 1 are the two
 * branches of Box and Muller (1958) on two uniform numbers of 52 bits, which are Philox block i of (seed,
 * step).
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <thalweg/rule.h>
#include "base/random.h"
#include "math/elementary.h"

enum { PAIRS = 64, VECTOR = 8 }; /* of a block; pairs are made in eights, so that no loop has a rest */

typedef struct words {
    uint32_t word[4][PAIRS];
} words;

/* What tw__philox gives for each pair, round by round. */
static void philox(uint64_t seed, uint64_t t, uint64_t first, size_t n, words *c)
{
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (size_t i = 0; i < n; i++) {
        c->word[0][i] = (uint32_t)(first + i);
        c->word[1][i] = (uint32_t)((first + i) >> 32);
        c->word[2][i] = (uint32_t)t;
        c->word[3][i] = (uint32_t)TW__FOR_RULE << 16 | ((uint32_t)(t >> 32) & 0xffff);
    }
    for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u)
        for (size_t i = 0; i < n; i++) {
            const uint64_t a = (uint64_t)c->word[0][i] * 0xD2511F53u,
                           b = (uint64_t)c->word[2][i] * 0xCD9E8D57u;
            c->word[0][i] = (uint32_t)(b >> 32) ^ c->word[1][i] ^ k0;
            c->word[2][i] = (uint32_t)(a >> 32) ^ c->word[3][i] ^ k1;
            c->word[1][i] = (uint32_t)b;
            c->word[3][i] = (uint32_t)a;
        }
}

/* In [1, 2). */
static inline double from_words(uint32_t low, uint32_t high)
{
    return tw__from_bits_f64(((uint64_t)high << 32 | low) >> 12 | 0x3ff0000000000000u);
}

/* The first uniform number lies in (0, 1], so the root is finite. The second counts turns, of which quarters
 * come off exactly. */
static void make_pairs(uint64_t seed, uint64_t t, uint64_t first, size_t n, double *to)
{
    words c;
    double radius[PAIRS], turn[PAIRS];
    n = n / VECTOR * VECTOR;
    philox(seed, t, first, n, &c);
    for (size_t i = 0; i < n; i++) {
        radius[i] = 2 - from_words(c.word[0][i], c.word[1][i]);
        turn[i] = from_words(c.word[2][i], c.word[3][i]) - 1;
    }
    for (size_t i = 0; i < n; i++) {
        const double length = __builtin_sqrt(-2 * tw__log_f64(radius[i])),
                     quarters = turn[i] * 4 + TW__ROUND_F64;
        const double r = (turn[i] - (quarters - TW__ROUND_F64) / 4) * 0x1.921fb54442d18p2,
                     sine = tw__sin_near_f64(r, 0), cosine = tw__cos_near_f64(r, 0);
        to[2 * i] = length * tw__choose_f64(tw__bits_f64(quarters) + 1, sine, cosine);
        to[2 * i + 1] = length * tw__choose_f64(tw__bits_f64(quarters), sine, cosine);
    }
}

void tw_normals(uint64_t seed, uint64_t t, uint64_t first, size_t n, double *to)
{
    double made[2 * PAIRS];
    for (size_t done = 0; done < n;) {
        const uint64_t pair = (first + done) / 2;
        const size_t skip = (first + done) % 2, fits = 2 * PAIRS - skip,
                     take = n - done < fits ? n - done : fits;
        make_pairs(seed, t, pair, ((skip + take + 1) / 2 + VECTOR - 1) / VECTOR * VECTOR, made);
        memcpy(to + done, made + skip, take * sizeof *to);
        done += take;
    }
}
