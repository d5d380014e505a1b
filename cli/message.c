/* Failures, exit codes and suggestions.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

tw_status cli_fail(tw_error *err, tw_status code, const char *format, ...)
{
    memset(err, 0, sizeof *err);
    err->code = code;
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    return code;
}

int cli_exit_code(tw_status status)
{
    if (status >= TW_OK && status <= TW_ERR_WORKER) return (int)status;
    if (status == TW_ERR_STATE) return TW_ERR_SPEC;
    return status == TW_STOPPED ? 130 : TW_ERR_INTERNAL;
}

void *cli_alloc(size_t n, size_t size, tw_error *err)
{
    void *p = calloc(n ? n : 1, size);
    if (!p) cli_fail(err, TW_ERR_MEMORY, "out of memory (%zu items of %zu bytes)", n, size);
    return p;
}

char *cli_text(tw_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = NULL;
    if (vasprintf(&text, format, args) < 0) {
        text = NULL;
        cli_fail(err, TW_ERR_MEMORY, "out of memory");
    }
    va_end(args);
    return text;
}

enum { LONGEST = 40 };

/* Edits (insert, delete, replace, swap of neighbours) that lead from a to b. */
static int distance(const char *a, const char *b)
{
    int rows[3][LONGEST + 1];
    int n = (int)strlen(a), m = (int)strlen(b);
    if (n > LONGEST || m > LONGEST) return LONGEST;
    int *before = rows[0], *last = rows[1], *now = rows[2];
    for (int j = 0; j <= m; j++) last[j] = j;
    for (int i = 1; i <= n; i++) {
        now[0] = i;
        for (int j = 1; j <= m; j++) {
            int best = last[j - 1] + (a[i - 1] != b[j - 1]);
            if (last[j] + 1 < best) best = last[j] + 1;
            if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best) best = before[j - 2] + 1;
            now[j] = best;
        }
        int *oldest = before;
        before = last;
        last = now;
        now = oldest;
    }
    return last[m];
}

const char *cli_nearest(const char *word, const char *(*next)(size_t i, const void *user), const void *user)
{
    const char *best = NULL, *name;
    size_t length = strlen(word);
    int least = (int)(length + 2) / 3 + 1;                              /* as many edits as would turn any word into any other are no hint */
    for (size_t i = 0; (name = next(i, user)) != NULL; i++) {
        int d = distance(word, name);
        if (length >= 3 && !strncmp(word, name, length) && d > 1) d = 1;
        if (d < least) {
            least = d;
            best = name;
        }
    }
    return best;
}
