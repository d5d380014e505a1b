/* Structs that begin with their size, so that a program compiled against an older or newer header keeps
 * working: 0 always means the default.
 * SPDX-License-Identifier: MIT */
#ifndef TW_BASE_SIZED_H
#define TW_BASE_SIZED_H
#include "base/error.h"
#include <stddef.h>

/* Copies the caller's struct `from` into ours of `size` bytes. What a shorter one lacks becomes 0; a longer
 * one is refused (TW_ERR_SPEC) unless the bytes we do not know are 0. In both cases the copy's size is ours.
 * `name` is the struct's, for the message. */
tw_status tw__sized_read(void *to, size_t size, const void *from, const char *name, tw_error *err);
/* The other direction: fills the caller's struct `to`, whose size the caller has set, from ours. */
tw_status tw__sized_write(void *to, const void *from, size_t size, const char *name, tw_error *err);
/* Clears all of it but the size: before it is filled, so that nothing is left in it after an error. */
tw_status tw__sized_clear(void *to, const char *name, tw_error *err);
#endif
