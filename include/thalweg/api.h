/* libthalweg. TW_API marks what the shared libraries export.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_API_H
#define THALWEG_API_H
#if defined(__GNUC__)
#define TW_API __attribute__((visibility("default")))
#else
#define TW_API
#endif
#endif
