/* libthalweg. Status codes and error details.
 * Every call that can fail returns a tw_status and fills the tw_error it was given (NULL is allowed everywhere).
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_ERROR_H
#define THALWEG_ERROR_H
#include <stddef.h>
#include <stdint.h>
#include <thalweg/api.h>
#ifdef __cplusplus
extern "C" {
#endif

/* Codes 1 to 8 are the program's exit codes. Numbers are written out and never reused. */
typedef int32_t tw_status;
enum {
    TW_OK = 0,
    TW_ERR_INTERNAL = 1,   /* a bug of ours, or a self-check that did not hold */
    TW_ERR_SPEC = 2,       /* a spec, option, network or argument that cannot be */
    TW_ERR_DATA = 3,       /* data that exists but is malformed, or cannot be learnt from */
    TW_ERR_NOT_FINITE = 4, /* a NaN or infinity in loss, gradient, weights or state; see tensor, index, step */
    TW_ERR_SYSTEM = 5,     /* the system refused: permission, I/O error, disk full */
    TW_ERR_MEMORY = 6,     /* an allocation failed */
    TW_ERR_NOT_FOUND = 7,  /* the named file or object does not exist */
    TW_ERR_WORKER = 8,     /* a worker was lost */
    TW_ERR_STATE = 16,     /* the object cannot do this now: calls out of order, or stopped by an earlier error */
    TW_STOPPED = 17        /* not a failure: a callback asked to stop */
};

/* Filled by the call that failed, owned by the caller. Fields that do not apply are 0 or empty; line and column count from 1. */
typedef struct tw_error {
    tw_status code;
    int32_t callback;      /* what a callback returned, when it was one that stopped the call */
    int64_t line, column;
    int64_t offset;        /* byte in a binary file */
    uint64_t step, index;  /* TW_ERR_NOT_FINITE: the update that was refused, the element in its tensor */
    char file[256];
    char tensor[64];
    char message[512];     /* what was wrong, where, and what would be right; one line, no newline */
} tw_error;

/* "TW_ERR_DATA" for TW_ERR_DATA; "unknown" for a number that is none. Never NULL. */
TW_API const char *tw_status_name(tw_status status);

#ifdef __cplusplus
}
#endif
#endif
