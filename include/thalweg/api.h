/* libthalweg. TW_API marks the functions that the shared libraries export; nothing else of them can be
 * called.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_API_H
#define THALWEG_API_H
#if defined(__GNUC__)
#define TW_API __attribute__((visibility("default")))
#else
#define TW_API
#endif
#endif
