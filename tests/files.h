/* Whole files, written and read by tests.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_FILES_H
#define TESTS_FILES_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static inline void write_file(const char *path, const void *bytes, size_t n)
{
    remove(path); /* some file systems wait for the disk when a file is truncated */
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static inline void write_text(const char *path, const char *text) { write_file(path, text, strlen(text)); }

/* How many bytes were read, at most `capacity`; 0: there is no such file. */
static inline size_t read_file(const char *path, void *to, size_t capacity)
{
    FILE *f = fopen(path, "rb");
    if (!f) return 0;
    const size_t n = fread(to, 1, capacity, f);
    fclose(f);
    return n;
}
#endif
