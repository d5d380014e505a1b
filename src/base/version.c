/* The library's own version.
 * SPDX-License-Identifier: MIT */
#include <thalweg/version.h>

const char *tw_version(void) { return TW_VERSION; }
