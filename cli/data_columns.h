/* What data info says of the columns and targets of rows.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_DATA_COLUMNS_H
#define CLI_DATA_COLUMNS_H
#include "cli.h"

/* Puts it into *json or, where json is NULL, prints it; nothing for images, or for more
 * columns than fit into memory. */
tw_status cli_data_columns(const tw_data *data, const tw_data_info *info, json_t **json, tw_error *err);
#endif
