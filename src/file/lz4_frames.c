/* The frames of an lz4 file; see lz4_frames.h. The format is "LZ4 Frame Format Description", 1.6.
 * SPDX-License-Identifier: MIT */
#include "file/lz4_frames.h"

enum { MAGIC, FLAGS, BLOCK, SKIPPABLE };
/* of a frame's first byte */
enum { DICTIONARY = 1, CHECKSUM = 4, SIZE = 8, BLOCK_CHECKSUM = 16 };

static void take_magic(tw__lz4_frames *f, uint32_t word)
{
    if (word == 0x184d2204) f->at = FLAGS;
    else if ((word & 0xfffffff0) == 0x184d2a50) f->at = SKIPPABLE;
    else if (word == 0x184c2102) f->is_other = 1;
    else f->is_junk = 1;
}

static void take_block(tw__lz4_frames *f, uint32_t size)
{
    f->skip = size & 0x7fffffff;
    if (size == 0) f->at = MAGIC;
    if (f->flags & (size == 0 ? CHECKSUM : BLOCK_CHECKSUM)) f->skip += 4;
}

static void take_word(tw__lz4_frames *f)
{
    const uint8_t *w = f->word;
    const uint32_t word = (uint32_t)w[0] | (uint32_t)w[1] << 8 | (uint32_t)w[2] << 16 | (uint32_t)w[3] << 24;
    f->held = 0;
    switch (f->at) {
    case MAGIC: take_magic(f, word); break;
    case FLAGS:
        f->flags = w[0];
        f->skip = 2 + (f->flags & SIZE ? 8 : 0) + (f->flags & DICTIONARY ? 4 : 0); /* and a checksum */
        f->at = BLOCK;
        break;
    case BLOCK: take_block(f, word); break;
    default: f->skip = word; f->at = MAGIC;
    }
}

void tw__lz4_frames_take(tw__lz4_frames *f, const uint8_t *bytes, size_t n)
{
    while (n > 0 && !f->is_junk && !f->is_other) {
        if (f->skip > 0) {
            const size_t part = f->skip < n ? (size_t)f->skip : n;
            f->skip -= part;
            bytes += part;
            n -= part;
            continue;
        }
        f->word[f->held++] = *bytes++;
        n--;
        if (f->held == (f->at == FLAGS ? 1 : 4)) take_word(f);
    }
}

int tw__lz4_frames_end(const tw__lz4_frames *f)
{
    return f->is_other || (f->at == MAGIC && !f->is_junk && f->held == 0 && f->skip == 0);
}
