/* file: unpacking. Every packing whole, in many members, damaged in each bit, cut at each byte, with
 * something behind it, and as a bomb.
 * SPDX-License-Identifier: MIT */
#include "base/context.h"
#include "fault_walk.h"
#include "file/archive.h"
#include <archive.h>
#include <archive_entry.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <cmocka.h>

#define PACKED TW_BINARY_DIR "/test_unpack.packed"
enum { GZIP, BZIP2, XZ, ZSTD, LZ4, KINDS, TEXT = 300000, MB = 1 << 20, MOST = 2 * MB, ROOM = 32 * MB };
static const int filters[KINDS] = {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_BZIP2, ARCHIVE_FILTER_XZ,
                                   ARCHIVE_FILTER_ZSTD, ARCHIVE_FILTER_LZ4};
static const char *const names[KINDS] = {"gzip", "bzip2", "xz", "zstd", "lz4"};
static const size_t magic[KINDS] = {2, 3, 6, 4, 4}; /* bytes by which it is recognised */
static uint8_t text[TEXT], packed[ROOM], piece[MB], unpacked[MOST];

static const char sentence[] = "the way down, the way down; thalweg is the way down the valley";
/* `zstd --check -19` of the sentence; libarchive writes no checksum */
static const uint8_t zstd_checked[] = {0x28, 0xb5, 0x2f, 0xfd, 0x24, 0x3e, 0x5d, 0x01, 0x00, 0x04, 0x02, 0x74,
                                       0x68, 0x65, 0x20, 0x77, 0x61, 0x79, 0x20, 0x64, 0x6f, 0x77, 0x6e, 0x2c,
                                       0x20, 0x3b, 0x20, 0x74, 0x68, 0x61, 0x6c, 0x77, 0x65, 0x67, 0x20, 0x69,
                                       0x73, 0x76, 0x61, 0x6c, 0x6c, 0x65, 0x79, 0x03, 0x10, 0x04, 0x20, 0x00,
                                       0x3e, 0x92, 0xe0, 0x94, 0xd3, 0x15, 0x70, 0x95};

/* A file in memory, which is all that a context of these tests can open; reads are short. */
typedef struct memory_file {
    const uint8_t *bytes;
    size_t n, at;
} memory_file;
static memory_file file;

static int memory_open(void *user, const char *path, int mode, void **to)
{
    (void)user, (void)path;
    file.at = 0;
    *to = &file;
    return mode == TW_OPEN_READ ? 0 : EACCES;
}

static int memory_read(void *user, void *handle, void *to, size_t n, size_t *got)
{
    memory_file *f = handle;
    (void)user;
    *got = n < 4 ? n : 3 + n / 2;
    if (*got > f->n - f->at) *got = f->n - f->at;
    memcpy(to, f->bytes + f->at, *got);
    f->at += *got;
    return 0;
}

static int memory_close(void *user, void *handle) { return (void)user, (void)handle, 0; }

static tw_context *context(faults *f)
{
    tw_context *ctx;
    tw_io io = tw__system_io;
    io.open = memory_open;
    io.read = memory_read;
    io.close = memory_close;
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    *f = (faults){.steps = 0};
    o.resize = faulty_resize;
    o.user = f;
    o.io = &io;
    o.threads = 1;
    assert_int_equal(tw_context_create(&ctx, &o, NULL), TW_OK);
    return ctx;
}

static void finish(tw_context *ctx, const faults *f)
{
    tw_context_free(ctx);
    assert_int_equal(f->live, 0);
}

/* Unpacks a file of n bytes into `unpacked`, where `most` 0 stands for all that fits. */
static tw_status unpack(tw_context *ctx, const void *bytes, size_t n, uint64_t most, size_t *got,
                        tw_error *err)
{
    tw__stream *s;
    file = (memory_file){bytes, n, 0};
    *got = 0;
    tw_status status = tw__stream_open(&s, ctx, "packed", TW__UNPACK, most, err);
    if (status != TW_OK) return status;
    do {
        size_t more;
        const size_t at = *got < MOST ? *got : 0; /* a bomb may write over what it gave before */
        status = tw__stream_read(s, unpacked + at, MOST - at, &more, err);
        *got += more;
        if (status == TW_OK && more < MOST - at) break;
    } while (status == TW_OK);
    tw__stream_close(s);
    return status;
}

/* The first n bytes of `packed` unpack to `expected`. */
static void assert_unpacks(tw_context *ctx, const char *what, size_t n, const void *expected, size_t length)
{
    size_t got;
    tw_error err;
    if (unpack(ctx, packed, n, 0, &got, &err) != TW_OK) fail_msg("%s: %s", what, err.message);
    if (got != length || memcmp(unpacked, expected, length) != 0)
        fail_msg("%s: %zu bytes, not the %zu that were packed", what, got, length);
}

static void assert_refused(tw_context *ctx, const char *what, const void *bytes, size_t n, uint64_t most,
                           const char *message)
{
    size_t got;
    tw_error err;
    tw_status s = unpack(ctx, bytes, n, most, &got, &err);
    if (s != TW_ERR_DATA) fail_msg("%s: %s", what, tw_status_name(s));
    assert_string_equal(err.file, "packed");
    if (!strstr(err.message, ": byte ")) fail_msg("%s: \"%s\" names no byte", what, err.message);
    if (!strstr(err.message, message)) fail_msg("%s: \"%s\" does not say \"%s\"", what, err.message, message);
}

/* Packs with libarchive; `zeros` more zero bytes follow the n given. */
static size_t pack(int kind, const void *bytes, size_t n, size_t zeros, uint8_t *to, size_t capacity)
{
    static const uint8_t nothing[1 << 16];
    size_t used = 0;
    if (kind == LZ4 && n + zeros == 0) { /* which libarchive cannot write */
        memcpy(to, "\x04\x22\x4d\x18\x64\x40\xa7\0\0\0\0\x05\x5d\xcc\x02", 15);
        return 15;
    }
    struct archive *a = archive_write_new();
    struct archive_entry *e = archive_entry_new();
    assert_int_equal(archive_write_add_filter(a, filters[kind]), ARCHIVE_OK);
    archive_write_set_format_raw(a);
    archive_write_set_bytes_per_block(a, 0);
    assert_int_equal(archive_write_open_memory(a, to, capacity, &used), ARCHIVE_OK);
    archive_entry_set_filetype(e, AE_IFREG);
    assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
    assert_int_equal(archive_write_data(a, bytes, n), n);
    for (size_t left = zeros; left > 0;) {
        size_t some = left < sizeof nothing ? left : sizeof nothing;
        assert_int_equal(archive_write_data(a, nothing, some), some);
        left -= some;
    }
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    archive_entry_free(e);
    return used;
}

/* `packed` becomes `times` copies of the n bytes in `piece`. */
static size_t repeat(size_t n, size_t times)
{
    assert_true(n * times <= ROOM);
    for (size_t i = 0; i < times; i++) memcpy(packed + i * n, piece, n);
    return n * times;
}

static void make_text(void)
{
    uint32_t x = 1;
    for (size_t i = 0; i < TEXT; i++) {
        x = x * 1664525u + 1013904223u;
        text[i] = (uint8_t)((x >> 24) & (i % 3 ? 15 : 255));
    }
}

static void unpacks_what_was_packed(void **state)
{
    (void)state;
    faults f;
    tw_context *ctx = context(&f);
    make_text();
    for (int k = -1; k < KINDS; k++) {
        const char *name = k < 0 ? "plain" : names[k];
        size_t n = TEXT;
        if (k >= 0) n = pack(k, text, TEXT, 0, packed, ROOM);
        else memcpy(packed, text, TEXT);
        assert_unpacks(ctx, name, n, text, TEXT);
        size_t got;
        assert_int_equal(unpack(ctx, packed, n, TEXT, &got, NULL), TW_OK);
        assert_refused(ctx, name, packed, n, TEXT - 1, "longer than 299999 bytes");
        assert_unpacks(ctx, name, k < 0 ? 0 : pack(k, "", 0, 0, packed, ROOM), "", 0);
    }
    finish(ctx, &f);
}

/* Members of many lengths, 0 among them; lz4's of 0 only at the end: libarchive stops at it, and the file is
 * refused. */
static void members_are_joined(void **state)
{
    (void)state;
    faults f;
    tw_context *ctx = context(&f);
    make_text();
    for (int k = 0; k < KINDS; k++) {
        size_t used = 0, at = 0;
        for (size_t i = k == LZ4; i < 40; i++) {
            const size_t length = i % 13 == 0 && k != LZ4 ? 0 : i * 377;
            used += pack(k, text + at, length, 0, packed + used, ROOM - used);
            at += length;
        }
        assert_unpacks(ctx, names[k], used, text, at);
        used += pack(k, "", 0, 0, packed + used, ROOM - used);
        assert_unpacks(ctx, names[k], used, text, at);
        if (k != LZ4) continue;
        used += pack(k, "a", 1, 0, packed + used, ROOM - used);
        assert_refused(ctx, names[k], packed, used, 0, "something follows the lz4 data");
    }
    finish(ctx, &f);
}

/* In memory and time that are linear in the file: a quadratic reader would not end within the test's time. */
static void very_many_members(void **state)
{
    (void)state;
    faults f;
    tw_context *ctx = context(&f);
    static const size_t times[KINDS] = {500000, 5000, 5000, 5000, 5000}; /* most take megabytes for each */
    static uint8_t expected[1000000];
    for (size_t i = 0; i < sizeof expected; i++) expected[i] = "xy"[i % 2];
    for (int k = 0; k < KINDS; k++) {
        size_t n = pack(k, "x", 1, 0, piece, MB);
        n += pack(k, "y", 1, 0, piece + n, MB - n);
        assert_unpacks(ctx, names[k], repeat(n, times[k]), expected, 2 * times[k]);
        if (k == LZ4) continue;
        const size_t empties = k == BZIP2 ? times[k] : 1000000, empty = pack(k, "", 0, 0, piece, MB);
        assert_unpacks(ctx, names[k], repeat(empty, empties), "", 0);
    }
    static const uint8_t skippable[9] = {0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, '?'};
    for (int k = ZSTD; k <= LZ4; k++) {
        memcpy(piece, skippable, sizeof skippable);
        const size_t head = pack(k, "x", 1, 0, packed, ROOM);
        memmove(packed + ROOM - head, packed, head);
        const size_t n = repeat(sizeof skippable, 1000000);
        memmove(packed + head, packed, n);
        memcpy(packed, packed + ROOM - head, head);
        const size_t tail = pack(k, "y", 1, 0, packed + head + n, ROOM - head - n);
        assert_unpacks(ctx, names[k], head + n + tail, "xy", 2);
    }
    finish(ctx, &f);
}

/* What looks like the end of a member and the header of the next, in data that are stored as they are. */
static void gzip_headers_within_the_data(void **state)
{
    (void)state;
    faults f;
    tw_context *ctx = context(&f);
    for (size_t i = 0; i < TEXT; i++) text[i] = (uint8_t) "\x1f\x8b\x08\0\0\0\0\0"[i % 8];
    size_t used = 0;
    for (int member = 0; member < 3; member++) {
        z_stream z = {.next_in = text,
                      .avail_in = TEXT,
                      .next_out = packed + used,
                      .avail_out = (unsigned)(ROOM - used)};
        assert_int_equal(deflateInit2(&z, 0, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
        assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
        used += z.total_out;
        deflateEnd(&z);
    }
    static uint8_t all[1 + 3 * TEXT];
    for (int member = 0; member < 3; member++) memcpy(all + 1 + member * TEXT, text, TEXT);
    assert_refused(ctx, "gzip of gzip's header", packed, used, 0, "packed more than once");
    const size_t n = pack(GZIP, "\0", 1, 0, piece, MB);
    memmove(packed + n, packed, used);
    memcpy(packed, piece, n);
    assert_unpacks(ctx, "gzip with headers in its data", n + used, all, sizeof all);
    finish(ctx, &f);
}

/* A small file of each kind, with the checksum that the packing has. */
static size_t pack_sentence(int kind)
{
    if (kind != ZSTD) return pack(kind, sentence, sizeof sentence - 1, 0, packed, ROOM);
    memcpy(packed, zstd_checked, sizeof zstd_checked);
    return sizeof zstd_checked;
}

/* The whole sentence, or an error: nothing else. Bits that mean nothing (gzip's time) may change, and a file
 * whose first bytes are another's is plain. */
static void any_flipped_bit_is_found(void **state)
{
    (void)state;
    faults f;
    tw_context *ctx = context(&f);
    for (int k = 0; k < KINDS; k++) {
        const size_t n = pack_sentence(k);
        assert_unpacks(ctx, names[k], n, sentence, sizeof sentence - 1);
        for (size_t bit = 0; bit < 8 * n; bit++) {
            size_t got;
            packed[bit / 8] ^= (uint8_t)(1 << bit % 8);
            tw_status s = unpack(ctx, packed, n, 0, &got, NULL);
            const int is_plain = bit < 8 * magic[k] && got == n && memcmp(unpacked, packed, n) == 0,
                      is_right = got == sizeof sentence - 1 && memcmp(unpacked, sentence, got) == 0;
            if (s != TW_ERR_DATA && (s != TW_OK || (!is_plain && !is_right)))
                fail_msg("%s: bit %zu of byte %zu gives %s and %zu bytes", names[k], bit % 8, bit / 8,
                         tw_status_name(s), got);
            packed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
    finish(ctx, &f);
}

static void ends_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
    } behind[] = {{"x", 1},        {"\0", 1},   {"\0\0\0\0\0\0\0\0", 8}, {"junk", 4},
                  {"garbage!", 8}, {"\x1f", 1}, {"\x1f\x8b", 2},         {"\x04\x22\x4d", 3}};
    faults f;
    tw_context *ctx = context(&f);
    for (int k = 0; k < KINDS; k++) {
        const size_t n = pack_sentence(k);
        for (size_t cut = magic[k]; cut < n; cut++) assert_refused(ctx, names[k], packed, cut, 0, names[k]);
        for (size_t i = 0; i < sizeof behind / sizeof *behind; i++) {
            memcpy(packed + n, behind[i].bytes, behind[i].n);
            if (k == XZ && i == 2) /* its format allows zeros, four at a time */
                assert_unpacks(ctx, names[k], n + 8, sentence, sizeof sentence - 1);
            else assert_refused(ctx, names[k], packed, n + behind[i].n, 0, names[k]);
        }
    }
    finish(ctx, &f);
}

static void packed_twice(void **state)
{
    (void)state;
    faults f;
    tw_context *ctx = context(&f);
    const size_t once = pack(XZ, sentence, 50, 0, piece, MB);
    for (int k = 0; k < KINDS; k++) {
        const size_t twice = pack(k, piece, once, 0, packed, ROOM);
        assert_refused(ctx, names[k], packed, twice, 0, "packed more than once");
    }
    finish(ctx, &f);
}

/* Many members of 4 MB of zeros each: 100 MB in all, by a ratio that only a bomb has. */
static void bombs_are_refused(void **state)
{
    (void)state;
    faults f;
    tw_context *ctx = context(&f);
    for (int k = 0; k < KINDS; k++) {
        const size_t n = repeat(pack(k, "", 0, (size_t)4 * MB, piece, MB), 25);
        f.peak = 0;
        assert_refused(ctx, names[k], packed, n, 0,
                       k == LZ4 ? "more than 200 times its size" : "more than 1000 times its size");
        assert_true(f.peak < (long)MB);
    }
    const size_t n = pack(ZSTD, "", 0, (size_t)90 * MB, packed, ROOM);
    assert_refused(ctx, "one frame", packed, n, 0, "more than 1000 times its size");
    finish(ctx, &f);
}

static tw_status take_whole(tw_context *ctx, uint8_t **bytes, size_t *n, tw_error *err)
{
    tw__stream *s;
    TW_TRY(tw__stream_open(&s, ctx, PACKED, TW__UNPACK, MB, err));
    tw_status status = tw__stream_take(s, MB, bytes, n, err);
    if (status == TW_OK && (status = tw__stream_end(s, err)) != TW_OK) tw__free(ctx, *bytes, *n, 1);
    tw__stream_close(s);
    return status;
}

static void reading_with_faults(void **state)
{
    (void)state;
    uint8_t *bytes;
    size_t n;
    make_text();
    for (int k = GZIP; k <= BZIP2; k++) {
        const size_t length = pack(k, text, TEXT, 0, packed, ROOM);
        remove(PACKED); /* some file systems wait for the disk when a file is truncated */
        FILE *to = fopen(PACKED, "wb");
        assert_non_null(to);
        assert_int_equal(fwrite(packed, 1, length, to), length);
        assert_int_equal(fclose(to), 0);
        for (int mode = 0; mode < 4; mode++)
            for (fault_walk w = {.in_files = !(mode & 2), .for_ever = mode & 1, .may_recover = 1};
                 fault_walk_next(&w);) {
                fault_walk_arm(&w);
                const tw_status s = take_whole(w.ctx, &bytes, &n, NULL);
                if (s == TW_OK) tw__free(w.ctx, bytes, n, 1);
                fault_walk_end(&w, s);
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unpacks_what_was_packed),
        cmocka_unit_test(members_are_joined),
        cmocka_unit_test(very_many_members),
        cmocka_unit_test(gzip_headers_within_the_data),
        cmocka_unit_test(any_flipped_bit_is_found),
        cmocka_unit_test(ends_are_found),
        cmocka_unit_test(packed_twice),
        cmocka_unit_test(bombs_are_refused),
        cmocka_unit_test(reading_with_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
