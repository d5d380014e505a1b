/* Filling in a tw_error.
 * SPDX-License-Identifier: MIT */
#ifndef TW_BASE_ERROR_H
#define TW_BASE_ERROR_H
#include <thalweg/error.h>

/* Clears err (NULL allowed), writes code and message, returns code. */
__attribute__((format(printf, 3, 4))) tw_status tw__fail(tw_error *err, tw_status code, const char *format,
                                                         ...);
/* The same, with the file's name in err->file and "name:line: " or "name: byte offset: " before the message
 * where line or offset > 0. */
__attribute__((format(printf, 6, 7))) tw_status tw__fail_in(tw_error *err, tw_status code, const char *file,
                                                            int64_t line, int64_t offset, const char *format,
                                                            ...);
/* Adds to the message, up to its length. err may be NULL. */
__attribute__((format(printf, 2, 3))) void tw__fail_more(tw_error *err, const char *format, ...);
/* A required argument is NULL. */
tw_status tw__fail_null(tw_error *err);
/* The message for an errno value, thread-safe, into `to`. */
const char *tw__system_text(int error, char *to, size_t n);

/* A value for a message: compilers differ in the sign of a NaN, and messages are results. */
static inline double tw__shown(double value) { return value == value ? value : __builtin_nan(""); }

/* Refuses a call whose required arguments are not all given: TW_NEEDS(err, opt && w). */
#define TW_NEEDS(err, given)                     \
    do {                                         \
        if (!(given)) return tw__fail_null(err); \
    } while (0)
/* The same for a call that makes an object: *out is NULL after any failure. */
#define TW_MAKES(err, out, given)          \
    do {                                   \
        if (out) *(out) = NULL;            \
        TW_NEEDS((err), (out) && (given)); \
    } while (0)

/* Passes a failure up. */
#define TW_TRY(call)                      \
    do {                                  \
        tw_status tw__s = (call);         \
        if (tw__s != TW_OK) return tw__s; \
    } while (0)
#endif
