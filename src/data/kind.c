/* Knows a file by its first bytes; see kind.h.
 * SPDX-License-Identifier: MIT */
#include "data/kind.h"
#include "data/csv.h"
#include "data/libsvm_head.h"
#include <stdio.h>
#include <string.h>

static const struct {
    const char *magic;
    unsigned char at, length;
    const char *name;
} magics[] = {
    {"\x93NUMPY", 0, 6, "an npy file"},
    {"\x89PNG\r\n\x1a\n", 0, 8, "a PNG image"},
    {"\xff\xd8\xff", 0, 3, "a JPEG image"},
    {"GIF8", 0, 4, "a GIF image"},
    {"II*\0", 0, 4, "a TIFF image"},
    {"MM\0*", 0, 4, "a TIFF image"},
    {"WEBP", 8, 4, "a WebP image"},
    {"PK\3\4", 0, 4, "a zip archive (npz files are such)"},
    {"\x89HDF\r\n\x1a\n", 0, 8, "an HDF5 file"},
    {"PAR1", 0, 4, "a Parquet file"},
    {"SQLite format 3", 0, 16, "an SQLite database"},
    {"%PDF-", 0, 5, "a PDF document"},
    {"{\"", 8, 2, "a safetensors file, as models are"},
    {"@relation", 0, 9, "an ARFF file"},
    {"@RELATION", 0, 9, "an ARFF file"},
    {"\xff\xfe\0\0", 0, 4, "a text file in UTF-32, not in UTF-8"},
    {"\xff\xfe", 0, 2, "a text file in UTF-16, not in UTF-8"},
    {"\xfe\xff", 0, 2, "a text file in UTF-16, not in UTF-8"},
    {"<!DOCTYPE", 0, 9, "a web page"},
    {"<!doctype", 0, 9, "a web page"},
    {"<html", 0, 5, "a web page"},
    {"{", 0, 1, "a JSON file"},
    {"[", 0, 1, "a JSON file"},
};

size_t tw__text_length(const uint8_t *bytes, size_t n)
{
    size_t i = 0;
    if (n > TW__KIND_BYTES) n = TW__KIND_BYTES;
    while (i < n && bytes[i] != 0x7f && (bytes[i] >= ' ' || (bytes[i] && strchr("\t\r\n", bytes[i])))) i++;
    return i;
}

static int is_text(const uint8_t *bytes, size_t n) { return n > 0 && tw__text_length(bytes, n) == n; }

static const char *magic_of(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
        if (n >= (size_t)magics[i].at + magics[i].length &&
            memcmp(bytes + magics[i].at, magics[i].magic, magics[i].length) == 0)
            return magics[i].name;
    return NULL;
}

size_t tw__mark_length(const void *text, size_t n)
{
    return n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;
}

static void skip_mark(const uint8_t **bytes, size_t *n)
{
    const size_t mark = tw__mark_length(*bytes, *n);
    *bytes += mark;
    *n -= mark;
}

int tw__is_plain_text(const uint8_t **bytes, size_t *n)
{
    skip_mark(bytes, n);
    return is_text(*bytes, *n < TW__KIND_BYTES ? *n : TW__KIND_BYTES) && !magic_of(*bytes, *n);
}

static void text_kind(const char *text, size_t n, char to[TW__KIND_TEXT])
{
    char separator;
    size_t columns;
    if (tw__is_libsvm(text, n)) snprintf(to, TW__KIND_TEXT, "a LIBSVM file");
    else if (tw__csv_layout(text, n, n < TW__KIND_BYTES, &separator, &columns))
        snprintf(to, TW__KIND_TEXT, "a %s file with %zu column%s",
                 separator == '\t'  ? "TSV"
                 : separator == ' ' ? "text"
                                    : "CSV",
                 columns, columns == 1 ? "" : "s");
    else
        snprintf(to, TW__KIND_TEXT, "a text file%s",
                 memchr(text, '\r', n) && !memchr(text, '\n', n) ? " whose lines end with \\r alone" : "");
}

const char *tw__file_kind(const uint8_t *bytes, size_t n, char to[TW__KIND_TEXT])
{
    *to = 0;
    if (n > TW__KIND_BYTES) n = TW__KIND_BYTES;
    skip_mark(&bytes, &n);
    const char *magic = magic_of(bytes, n);
    if (magic) snprintf(to, TW__KIND_TEXT, "%s", magic);
    else if (is_text(bytes, n)) text_kind((const char *)bytes, n, to);
    return to;
}
