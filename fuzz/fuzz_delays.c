/* Fuzz target: any text as a file of measured delays. What is accepted is the same when written and read
 * again, and no delay reaches behind the first weights; what is refused has a message with the file's name.
 * SPDX-License-Identifier: MIT */
#include "one_file.h"
#include "exchange/delays.h"
#include <stdio.h>

static one_file file;
static tw_context *context;

static tw_status read_bytes(tw__delays *d, const void *bytes, size_t n, tw_error *err)
{
    file.bytes = bytes;
    file.n = n;
    *d = (tw__delays){0};
    return tw__delays_read(d, context, "input", err);
}

static char *text_of(const tw__delays *d, size_t *n)
{
    enum { DIGITS = 11 };
    char *text = malloc(d->rows * d->columns * DIGITS + 1), *to = text;
    if (!text) abort();
    for (size_t i = 0; i < d->rows; i++)
        for (size_t k = 0; k < d->columns; k++)
            to += sprintf(to, "%u%c", d->value[i * d->columns + k], k + 1 < d->columns ? ',' : '\n');
    *n = (size_t)(to - text);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tw__delays d, again;
    tw_error err = {0};
    if (!context) context = one_file_context(&file);
    if (read_bytes(&d, bytes, n, &err) != TW_OK) {
        MUST((err.code == TW_ERR_DATA || err.code == TW_ERR_MEMORY) && err.message[0]);
        tw__delays_free(&d, context);
        return 0;
    }
    size_t length;
    char *text = text_of(&d, &length);
    MUST(read_bytes(&again, text, length, NULL) == TW_OK);
    MUST(again.rows == d.rows && again.columns == d.columns && again.most == d.most);
    MUST(memcmp(again.value, d.value, d.rows * d.columns * sizeof *d.value) == 0);
    for (size_t i = 0; i < d.rows; i++)
        for (size_t k = 0; k < d.columns; k++)
            MUST(tw__delay(&d, i, k) <= i && tw__delay(&d, i, k) <= d.most);
    free(text);
    tw__delays_free(&d, context);
    tw__delays_free(&again, context);
    return 0;
}
