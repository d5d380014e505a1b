/* A database that anybody may have written: nothing that its schema says is run, and what is read of it comes
 * to an end (sqlite.org/security.html).
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_UNTRUSTED_H
#define TW_RACE_UNTRUSTED_H
#include <sqlite3.h>

enum { TW__FAULT = 200 };

/* Before the first statement: triggers and views are off, and no statement takes many steps. */
void tw__untrusted_begin(sqlite3 *db);
/* Whether it holds these tables and indexes and nothing else, on sound pages; then statements may be long.
 * SQLite's code; fault: "", or what is wrong. */
int tw__untrusted_check(sqlite3 *db, const char *const *schema, int n, char fault[TW__FAULT]);
#endif
