/* The checksums inside gzip files. libarchive unpacks gzip but compares neither CRC-32 nor length, so a
 * damaged file whose bits still decode would pass; this looks at the packed and the unpacked bytes as they go
 * by and compares.
 * SPDX-License-Identifier: MIT */
#ifndef TW_FILE_GZIP_H
#define TW_FILE_GZIP_H
#include <stddef.h>
#include <stdint.h>

/* Where a member may end: the trailer that stands before something that looks like the next member's
 * header. */
typedef struct tw__gzip_end {
    uint32_t crc, length;
} tw__gzip_end;
enum { TW__GZIP_ENDS = 4096, TW__GZIP_TAIL = 8 };

typedef struct tw__gzip {
    uint32_t table[8][256];
    uint32_t crc;                    /* of the member's bytes so far */
    uint64_t length;                 /* of the member so far */
    uint8_t tail[TW__GZIP_TAIL + 2]; /* the packed bytes seen last */
    size_t tail_length;
    size_t n_ends;
    tw__gzip_end ends[TW__GZIP_ENDS];
} tw__gzip;

void tw__gzip_start(tw__gzip *g);
/* packed bytes, before they are unpacked */
void tw__gzip_packed(tw__gzip *g, const uint8_t *bytes, size_t n);
void tw__gzip_unpacked(tw__gzip *g, const uint8_t *bytes, size_t n);
/* at the end: 1 if the checksums agree */
int tw__gzip_holds(const tw__gzip *g);
uint32_t tw__gzip_crc(const tw__gzip *g, uint32_t crc, const uint8_t *bytes, size_t n);
#endif
