/* Where the frames of an lz4 file end, from their headers and sizes alone: libarchive takes the 4 bytes
 * behind the last frame for a header and does not say that they are none.
 * SPDX-License-Identifier: MIT */
#ifndef TW_FILE_LZ4_FRAMES_H
#define TW_FILE_LZ4_FRAMES_H
#include <stddef.h>
#include <stdint.h>

/* {0} is at the beginning of a file. */
typedef struct tw__lz4_frames {
    int at;       /* what is read next: a magic number, a frame's flags, a size */
    int flags;    /* of the frame */
    int is_junk;  /* a magic number was none */
    int is_other; /* an older frame follows, whose end this cannot tell */
    uint64_t skip;
    uint8_t word[4];
    size_t held;
} tw__lz4_frames;

/* The next n bytes of the file. */
void tw__lz4_frames_take(tw__lz4_frames *frames, const uint8_t *bytes, size_t n);
/* 1: what was taken ends with a frame. */
int tw__lz4_frames_end(const tw__lz4_frames *frames);
#endif
