/* Files that belong together: none is replaced before all are written, and of two processes that write them
 * at the same time one is refused, as it cannot open all of them.
 * SPDX-License-Identifier: MIT */
#ifndef TW_FILE_TOGETHER_H
#define TW_FILE_TOGETHER_H
#include "base/io.h"

/* Puts n files in place whose writers are all open and written. Killed on the way, it leaves none of the old
 * files beside a new one. On failure the temporary files are removed. */
tw_status tw__together_finish(tw__writer *w, size_t n, tw_error *err);
void tw__together_abandon(tw__writer *w, size_t n); /* fine after finish, and for zeros */
#endif
