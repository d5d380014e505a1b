/* libthalweg. Status codes and error details, and the rules that every function of the library keeps.
 *
 * Errors. Every call that can fail returns a tw_status: 0 (TW_OK) or what went wrong. Its last argument, a
 * tw_error of the caller's, then says where and why; it may be NULL, and is to be read only after a call that
 * has failed. The library never prints, exits, aborts or reads the environment, and it frees what it
 * allocated when a call fails. (libarchive, with which libthalweg-train reads compressed files, may end the
 * process when it runs out of memory.)
 *
 * Outputs after an error. An object that was to be created, and any other pointer, is NULL; a struct that was
 * to be filled is all zero (but its `size`); a single number is unchanged; an array may have been filled in
 * part. A header says where more is promised.
 *
 * Arguments. A pointer may be NULL only where the header says so. Elsewhere a call that returns a tw_status
 * refuses NULL before it does anything: TW_ERR_SPEC. So it does where a function that it needs is missing in
 * a struct of functions (tw_io, tw_visitor, tw_objective). Calls that return anything else do not look, and
 * must not be given NULL; nor may a pointer point to less than the header says. Texts and structs are copied
 * unless the header says otherwise; texts that come from an object live as long as it, those of a registry as
 * long as the program. Texts are in UTF-8, and numbers in them have a point, whatever the locale.
 *
 * Threads. What only looks something up (tw_rule_find, tw_status_name) may be called from any thread. An
 * object is used by one thread at a time, different objects by different threads at once, unless its header
 * says more. The floating-point mode of the caller's thread is as before when a call returns.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_ERROR_H
#define THALWEG_ERROR_H
#include <stddef.h>
#include <stdint.h>
#include <thalweg/api.h>
#ifdef __cplusplus
extern "C" {
#endif

/* The result of a call. Codes 1 to 8 are also the program's exit codes. A number keeps its meaning in all
 * versions. */
typedef int32_t tw_status;
enum {
    TW_OK = 0,
    TW_ERR_INTERNAL = 1, /* a bug in the library: please report it */
    TW_ERR_SPEC = 2,     /* a spec, option, network or argument that is not allowed */
    TW_ERR_DATA = 3,     /* data or a file that exists but is malformed, or cannot be trained on */
    /* a NaN or infinity in loss, gradient, weights or state: see tensor, index, step */
    TW_ERR_NOT_FINITE = 4,
    TW_ERR_SYSTEM = 5,    /* the system refused: permission, I/O error, disk full */
    TW_ERR_MEMORY = 6,    /* an allocation failed */
    TW_ERR_NOT_FOUND = 7, /* the named file or object does not exist */
    TW_ERR_WORKER = 8,    /* a worker was lost */
    /* the object cannot do this now: calls out of order, or it was stopped by an earlier error */
    TW_ERR_STATE = 16,
    TW_STOPPED = 17 /* not a failure: a callback asked to stop */
};

/* Details of an error, in the caller's memory; a call that fails overwrites all of it. Fields that do not
 * apply are 0 or empty. */
typedef struct tw_error {
    tw_status code;
    int32_t callback;     /* TW_STOPPED: what the callback returned */
    int64_t line, column; /* in a text file, from 1 */
    int64_t offset;       /* byte in a binary file, from 0 */
    /* TW_ERR_NOT_FINITE: the step that was refused, from 1; the element in its tensor, from 0 */
    uint64_t step, index;
    char file[256]; /* cut where it is longer, as are the other two */
    char tensor[64];
    char message[512]; /* what was wrong, where, and what would be right; one line, no newline */
} tw_error;

/* "TW_ERR_DATA" for TW_ERR_DATA; "unknown" for a number that is no status. */
TW_API const char *tw_status_name(tw_status status);

#ifdef __cplusplus
}
#endif
#endif
