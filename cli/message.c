/* Failures and exit codes.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include <errno.h>
#include <limits.h>
#include <math.h>
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

tw_status cli_unknown(tw_error *err, tw_status code, const char *problem, const char *word, const char *near,
                      const char *otherwise)
{
    if (near) return cli_fail(err, code, "%s \"%.80s\" (did you mean \"%s\"?)", problem, word, near);
    return cli_fail(err, code, "%s \"%.80s\"%s", problem, word, otherwise);
}

int cli_exit_code(tw_status status)
{
    if (status >= TW_OK && status <= TW_ERR_WORKER) return (int)status;
    if (status == TW_ERR_STATE) return TW_ERR_SPEC;
    return status == TW_STOPPED ? 130 : TW_ERR_INTERNAL;
}

tw_status cli_flush(tw_error *err)
{
    if (!fflush(stdout) && !ferror(stdout)) return TW_OK;
    return cli_fail(err, TW_ERR_SYSTEM, "cannot write to the standard output: %s",
                    errno ? strerror(errno) : "write error");
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

size_t cli_append(char *to, size_t size, size_t used, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(to + used, size - used, format, args);
    va_end(args);
    if (n < 0) to[used] = 0;
    else used = (size_t)n < size - used ? used + (size_t)n : size - 1;
    return used;
}

size_t cli_append_number(char *to, size_t size, size_t used, const char *name, double value)
{
    if (isnan(value)) return used;
    return cli_append(to, size, used, fabs(value) < 1e6 ? "  %s %.4f" : "  %s %.4g", name, value);
}

void cli_say(const char *format, ...)
{
    char line[2 * PATH_MAX], shown[sizeof line];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    fprintf(stderr, "%s\n", tw_printable(line, shown, sizeof shown));
}
