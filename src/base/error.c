/* Status names and error details.
 * SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "base/decimal.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *tw_status_name(tw_status status)
{
    switch (status) {
    case TW_OK: return "TW_OK";
    case TW_ERR_INTERNAL: return "TW_ERR_INTERNAL";
    case TW_ERR_SPEC: return "TW_ERR_SPEC";
    case TW_ERR_DATA: return "TW_ERR_DATA";
    case TW_ERR_NOT_FINITE: return "TW_ERR_NOT_FINITE";
    case TW_ERR_SYSTEM: return "TW_ERR_SYSTEM";
    case TW_ERR_MEMORY: return "TW_ERR_MEMORY";
    case TW_ERR_NOT_FOUND: return "TW_ERR_NOT_FOUND";
    case TW_ERR_WORKER: return "TW_ERR_WORKER";
    case TW_ERR_STATE: return "TW_ERR_STATE";
    case TW_STOPPED: return "TW_STOPPED";
    default: return "unknown";
    }
}

tw_status tw__fail(tw_error *err, tw_status code, const char *format, ...)
{
    if (!err) return code;
    memset(err, 0, sizeof *err);
    err->code = code;
    va_list args;
    va_start(args, format);
    tw__vformat(err->message, sizeof err->message, format, args);
    va_end(args);
    return code;
}

void tw__fail_more(tw_error *err, const char *format, ...)
{
    if (!err) return;
    const size_t used = strlen(err->message);
    va_list args;
    va_start(args, format);
    tw__vformat(err->message + used, sizeof err->message - used, format, args);
    va_end(args);
}

tw_status tw__fail_null(tw_error *err) { return tw__fail(err, TW_ERR_SPEC, "a required argument is NULL"); }

tw_status tw__fail_in(tw_error *err, tw_status code, const char *file, int64_t line, int64_t offset,
                      const char *format, ...)
{
    if (!err) return code;
    char text[sizeof err->message];
    va_list args;
    va_start(args, format);
    tw__vformat(text, sizeof text, format, args);
    va_end(args);
    if (line > 0 || offset >= 0)
        tw__fail(err, code, line > 0 ? "%.200s:%lld: %.280s" : "%.200s: byte %lld: %.280s", file,
                 (long long)(line > 0 ? line : offset), text);
    else tw__fail(err, code, "%.200s: %.300s", file, text);
    snprintf(err->file, sizeof err->file, "%s", file);
    err->line = line > 0 ? line : 0;
    err->offset = offset > 0 ? offset : 0;
    return code;
}

const char *tw__system_text(int error, char *to, size_t n)
{
#if defined(__GLIBC__) && defined(_GNU_SOURCE)
    return strerror_r(error, to, n);
#else
    return strerror_r(error, to, n) == 0 ? to : "unknown error";
#endif
}
