/* A database that anyone may have written: no code in its schema is run, and every read of it ends
 * (sqlite.org/security.html).
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_UNTRUSTED_H
#define TW_RACE_UNTRUSTED_H
#include <sqlite3.h>

enum { TW__FAULT = 200 };

/* Before the first statement: triggers and views are off, and no statement takes many steps. */
void tw__untrusted_begin(sqlite3 *db);
/* Checks that it holds these tables and indexes and nothing else, on sound pages; then statements may be
 * long. SQLite's code; fault: "", or what is wrong. */
int tw__untrusted_check(sqlite3 *db, const char *const *schema, int n, char fault[TW__FAULT]);
#endif
