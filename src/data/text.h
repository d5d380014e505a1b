/* Reading rows from text: files are read in pieces of whole records, which threads turn into tables; these
 * are joined in the order of the files, so that nothing depends on the threads. A record is a row, or a line
 * without one; it ends with a line's end.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_TEXT_H
#define TW_DATA_TEXT_H
#include "data/reader.h"
#include "data/row_list.h"

/* Whole records in memory; each ends with "\n", which is added where a file's last has none, and a 0 byte
 * follows them. */
typedef struct tw__piece {
    const char *path;
    const char *text, *end;
    uint64_t line, offset; /* of its beginning in the file: from 1 on, and from 0 on */
} tw__piece;

typedef struct tw__text_format {
    /* Length of the first records of the n bytes that end at byte `least` or behind; 0: the text ends within
     * a record. */
    size_t (*cut)(const void *user, const char *text, size_t n, size_t least);
    /* NULL, or what is to be done at the beginning of each file, with its first bytes, at most
     * TW__TEXT_HEAD of them (`whole`: all): *used of them are read, as a header. */
    tw_status (*begin)(void *user, const char *path, const char *text, size_t n, int whole, size_t *used,
                       tw_error *err);
    /* The record at `at`, into `to`; *next: behind it. Called by several threads. TW_ERR_DATA by
     * tw__piece_fail: the record is bad, and nothing of it counts. */
    tw_status (*record)(const void *user, const tw__piece *piece, const char *at, const char **next,
                        tw__row_list *to, tw_error *err);
} tw__text_format;
enum { TW__TEXT_HEAD = 1 << 19 };

/* Reads all files of a source into `to`, whose width and lists are set up; each piece's table begins as a
 * copy of it. Up to options->skip_bad bad records are left out, with a warning. */
tw_status tw__text_read(tw__row_list *to, const tw__source *source, const tw__text_format *format, void *user,
                        tw_error *err);
/* As `cut`, where a record is a line. */
size_t tw__cut_lines(const void *user, const char *text, size_t n, size_t least);
/* Fails with "file:line: byte N: ..." for what is at `at` in a piece; N: from 1 on in the line. */
__attribute__((format(printf, 4, 5))) tw_status tw__piece_fail(tw_error *err, const tw__piece *piece,
                                                               const char *at, const char *format, ...);
#endif
