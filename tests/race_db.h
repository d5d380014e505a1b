/* A race's database, as nobody should change it.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_RACE_DB_H
#define TESTS_RACE_DB_H
#include "base/io.h"
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static inline void run_sql(const char *directory, const char *sql)
{
    sqlite3 *db;
    char path[TW__PATH];
    snprintf(path, sizeof path, "%s/race.db", directory);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* The same after the checksums are gone: what a version without them may hold. */
static inline void run_sql_unsummed(const char *directory, const char *sql)
{
    const int is_description = strstr(sql, "UPDATE race") != NULL;
    run_sql(directory, is_description ? "UPDATE race SET description = json_remove(description, '$.checksum')"
                                      : "UPDATE run SET result = json_remove(result, '$.checksum')");
    run_sql(directory, sql);
}
#endif
