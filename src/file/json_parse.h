/* JSON as jansson reads and writes it, in every locale: where the decimal mark is longer than a byte jansson
 * itself fails.
 * SPDX-License-Identifier: MIT */
#ifndef TW_FILE_JSON_PARSE_H
#define TW_FILE_JSON_PARSE_H
#include <jansson.h>

/* Duplicate keys are refused. */
json_t *tw__json_parse(const char *text, size_t n, json_error_t *e);
/* As json_dumps; NULL of NULL. */
char *tw__json_dump(const json_t *json, size_t flags);
#endif
