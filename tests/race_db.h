/* A race's database, as nobody should change it, and races that are refused for it.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_RACE_DB_H
#define TESTS_RACE_DB_H
#include "base/io.h"
#include "races.h"
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

static inline void refuse_resume(const char *directory, tw_status code, const char *message)
{
    tw_context *ctx = context(1);
    tw_error err = {0};
    tw_race *race;
    const tw_race_options o = TW_RACE_OPTIONS_INIT;
    tw_status s = tw_race_resume(&race, ctx, directory, &o, &err);
    if (s == TW_OK) {
        s = tw_race_run(race, &err);
        tw_race_free(race);
    }
    if (s != code || !strstr(err.message, message))
        fail_msg("%d \"%s\" in place of %d \"%s\"", (int)s, err.message, (int)code, message);
    tw_context_free(ctx);
}

static inline void refuse_join(const char *a, const char *b, tw_status code, const char *message)
{
    const char *const directories[] = {a, b};
    tw_context *ctx = context(1);
    const tw_race_options o = TW_RACE_OPTIONS_INIT;
    tw_error err = {0};
    tw_race *race;
    tw_status s = tw_race_join(&race, ctx, directories, 2, &o, &err);
    if (s != code || !strstr(err.message, message))
        fail_msg("%d \"%s\" in place of \"%s\"", (int)s, err.message, message);
    assert_null(race);
    tw_context_free(ctx);
}
#endif
