/* A gzip file is a row of members, each ending in CRC-32 and length of its unpacked bytes. Where a member
 * ends is known to the unpacker only, so every place that looks like an end is noted and confirmed when the
 * unpacked bytes reach its length with its CRC.
 * SPDX-License-Identifier: MIT */
#include "file/gzip.h"
#include <string.h>

static uint32_t little(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

void tw__gzip_start(tw__gzip *g)
{
    memset(g, 0, sizeof *g);
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; bit++) c = c >> 1 ^ (c & 1 ? 0xEDB88320u : 0);
        g->table[0][i] = c;
    }
    for (uint32_t i = 0; i < 256; i++)
        for (int k = 1; k < 8; k++)
            g->table[k][i] = g->table[k - 1][i] >> 8 ^ g->table[0][g->table[k - 1][i] & 255];
}

uint32_t tw__gzip_crc(const tw__gzip *g, uint32_t crc, const uint8_t *p, size_t n)
{
    crc = ~crc;
    for (; n >= 8; n -= 8, p += 8) {
        uint32_t a = crc ^ little(p), b = little(p + 4);
        crc = g->table[7][a & 255] ^ g->table[6][a >> 8 & 255] ^ g->table[5][a >> 16 & 255] ^
              g->table[4][a >> 24] ^ g->table[3][b & 255] ^ g->table[2][b >> 8 & 255] ^
              g->table[1][b >> 16 & 255] ^ g->table[0][b >> 24];
    }
    for (; n > 0; n--, p++) crc = crc >> 8 ^ g->table[0][(crc ^ *p) & 255];
    return ~crc;
}

/* Notes the trailer before header byte 1f if 8b 08 follow. `p` points at 1f and at least 8 bytes stand before
 * it. */
static void note_end(tw__gzip *g, const uint8_t *p)
{
    if (p[0] != 0x1f || p[1] != 0x8b || p[2] != 8 || g->n_ends == TW__GZIP_ENDS) return;
    g->ends[g->n_ends++] = (tw__gzip_end){.crc = little(p - 8), .length = little(p - 4)};
}

void tw__gzip_packed(tw__gzip *g, const uint8_t *bytes, size_t n)
{
    enum { SEEN = sizeof g->tail };
    uint8_t seam[2 * SEEN];
    size_t head = n < SEEN ? n : SEEN, have = g->tail_length;
    memcpy(seam, g->tail, have);
    memcpy(seam + have, bytes, head);
    for (size_t i = TW__GZIP_TAIL; i < have && i + 3 <= have + head; i++) note_end(g, seam + i);
    size_t first = have >= TW__GZIP_TAIL ? 0 : TW__GZIP_TAIL - have;
    for (size_t i = first; i + 3 <= n; i++) {
        if (i < TW__GZIP_TAIL) note_end(g, seam + have + i);
        else note_end(g, bytes + i);
    }
    if (n >= SEEN) {
        memcpy(g->tail, bytes + n - SEEN, SEEN);
        g->tail_length = SEEN;
    } else {
        size_t all = have + n, keep = all < SEEN ? all : SEEN;
        memcpy(g->tail, seam + all - keep, keep);
        g->tail_length = keep;
    }
}

/* The noted end that the next n bytes reach first, or n_ends; *at is how many of the n bytes lie before
 * it. */
static size_t next_end(const tw__gzip *g, size_t n, size_t *at)
{
    size_t best = g->n_ends;
    for (size_t i = 0; i < g->n_ends; i++) {
        uint32_t ahead = g->ends[i].length - (uint32_t)g->length;
        if (ahead <= n && (best == g->n_ends || ahead < *at)) {
            best = i;
            *at = ahead;
        }
    }
    return best;
}

void tw__gzip_unpacked(tw__gzip *g, const uint8_t *bytes, size_t n)
{
    size_t at = 0, k;
    while ((k = next_end(g, n, &at)) < g->n_ends) {
        g->crc = tw__gzip_crc(g, g->crc, bytes, at);
        g->length += at;
        bytes += at;
        n -= at;
        int confirmed = g->crc == g->ends[k].crc;
        size_t from = confirmed ? 0 : k;
        memmove(g->ends + from, g->ends + k + 1, (g->n_ends - k - 1) * sizeof *g->ends);
        g->n_ends -= k + 1 - from;
        if (confirmed) {
            g->crc = 0;
            g->length = 0;
        }
    }
    g->crc = tw__gzip_crc(g, g->crc, bytes, n);
    g->length += n;
}

int tw__gzip_holds(const tw__gzip *g)
{
    if (g->tail_length < TW__GZIP_TAIL) return 0;
    const uint8_t *trailer = g->tail + g->tail_length - TW__GZIP_TAIL;
    return little(trailer) == g->crc && little(trailer + 4) == (uint32_t)g->length;
}
