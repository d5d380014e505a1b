/* Knows a file by its first bytes; see kind.h.
 * SPDX-License-Identifier: MIT */
#include "data/kind.h"
#include "base/options.h"
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
    {"<!DOCTYPE", 0, 9, "a web page"},
    {"<!doctype", 0, 9, "a web page"},
    {"<html", 0, 5, "a web page"},
    {"{", 0, 1, "a JSON file"},
    {"[", 0, 1, "a JSON file"},
};

static int is_text(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((bytes[i] < ' ' && !strchr("\t\r\n", bytes[i])) || bytes[i] == 0 || bytes[i] == 0x7f) return 0;
    return n > 0;
}

/* Cuts off the next line that is neither empty nor a comment; n = 0: there is none. */
static tw__text next_line(tw__text *rest)
{
    while (rest->at && rest->n) {
        tw__text line = tw__text_cut(rest, '\n');
        if (line.n && line.at[line.n - 1] == '\r') line.n--;
        if (line.n && line.at[0] != '#') return line;
    }
    return (tw__text){"", 0};
}

static int is_number(tw__text t)
{
    double number;
    return tw__number_read(t, &number) != 0;
}

/* How many columns the line has, and of these are numbers. */
static int columns(tw__text line, char separator, int *numbers)
{
    int n = 0;
    for (*numbers = 0; line.at; n++) *numbers += is_number(tw__text_cut(&line, separator));
    return n;
}

/* A table has numbers in its first line or, below a header, as many columns in its second. */
static int is_table(tw__text first, tw__text second, char separator, int *n)
{
    int numbers, more;
    *n = columns(first, separator, &numbers);
    return *n > 1 && (numbers || columns(second, separator, &more) == *n);
}

static void text_kind(const char *text, char to[TW__KIND_TEXT])
{
    static const struct {
        char separator;
        const char *name;
    } tables[] = {{',', "CSV"}, {';', "CSV"}, {'\t', "TSV"}, {' ', "text"}};
    tw__text rest = tw__text_of(text);
    const tw__text first = next_line(&rest), second = next_line(&rest);
    int n;
    if (tw__is_libsvm(text, strlen(text))) {
        snprintf(to, TW__KIND_TEXT, "a LIBSVM file");
        return;
    }
    for (size_t i = 0; i < sizeof tables / sizeof tables[0] && !*to; i++)
        if (is_table(first, second, tables[i].separator, &n))
            snprintf(to, TW__KIND_TEXT, "a %s file with %d columns", tables[i].name, n);
    if (!*to) snprintf(to, TW__KIND_TEXT, "a text file");
}

const char *tw__file_kind(const uint8_t *bytes, size_t n, char to[TW__KIND_TEXT])
{
    char text[TW__KIND_BYTES + 1];
    *to = 0;
    if (n > TW__KIND_BYTES) n = TW__KIND_BYTES;
    if (n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) bytes += 3, n -= 3;
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
        if (n >= (size_t)magics[i].at + magics[i].length &&
            memcmp(bytes + magics[i].at, magics[i].magic, magics[i].length) == 0) {
            snprintf(to, TW__KIND_TEXT, "%s", magics[i].name);
            return to;
        }
    if (!is_text(bytes, n)) return to;
    memcpy(text, bytes, n);
    text[n] = 0;
    text_kind(text, to);
    return to;
}
