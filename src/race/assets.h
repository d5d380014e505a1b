/* The files that are built into the library (cmake/embed.cmake), each with a zero behind it that is not
 * counted.
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_ASSETS_H
#define TW_RACE_ASSETS_H
#include <stddef.h>

extern const unsigned char tw__asset_page[], tw__asset_style[], tw__asset_script[],
    tw__asset_dygraphs_style[], tw__asset_dygraphs[];
extern const size_t tw__asset_page_size, tw__asset_style_size, tw__asset_script_size,
    tw__asset_dygraphs_style_size, tw__asset_dygraphs_size;
#endif
