/* Checks of a database's schema and pages; see untrusted.h.
 * SPDX-License-Identifier: MIT */
#include "race/untrusted.h"
#include <stdio.h>
#include <string.h>

enum { STEPS = 100000 }; /* a small schema takes SQLite a few hundred */

static int stop(void *user) { return (void)user, 1; }

void tw__untrusted_begin(sqlite3 *db)
{
    static const struct {
        int setting, on;
    } settings[] = {{SQLITE_DBCONFIG_DEFENSIVE, 1},
                    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                    {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
                    {SQLITE_DBCONFIG_ENABLE_VIEW, 0}};
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        sqlite3_db_config(db, settings[i].setting, settings[i].on, NULL);
    sqlite3_progress_handler(db, STEPS, stop, NULL);
}

/* The first column; *text NULL: it is NULL. */
static int text_of(sqlite3 *db, sqlite3_stmt *q, const char **text)
{
    *text = (const char *)sqlite3_column_text(q, 0);
    return !*text && sqlite3_errcode(db) == SQLITE_NOMEM ? SQLITE_NOMEM : SQLITE_OK;
}

static int compare_schema(sqlite3 *db, sqlite3_stmt *q, const char *const *schema, int n, int *equal)
{
    int code = sqlite3_step(q), i = 0;
    for (*equal = 1; code == SQLITE_ROW && *equal; i++) {
        const char *text;
        if (text_of(db, q, &text) != SQLITE_OK) return SQLITE_NOMEM;
        *equal = i < n && text && strcmp(text, schema[i]) == 0;
        if (*equal) code = sqlite3_step(q);
    }
    *equal = *equal && i == n;
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

static int check_schema(sqlite3 *db, const char *const *schema, int n, char fault[TW__FAULT])
{
    sqlite3_stmt *q;
    int equal, code = sqlite3_prepare_v2(db, "SELECT sql FROM sqlite_schema ORDER BY rowid", -1, &q, NULL);
    if (code != SQLITE_OK) return code;
    code = compare_schema(db, q, schema, n, &equal);
    if (!equal) snprintf(fault, TW__FAULT, "its tables, views and triggers are not those of a race");
    sqlite3_finalize(q);
    return code;
}

/* Pages that lead to each other, an index of other rows: reading could take for ever. */
static int check_pages(sqlite3 *db, char fault[TW__FAULT])
{
    sqlite3_stmt *q;
    const char *text = NULL;
    int code = sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &q, NULL);
    if (code != SQLITE_OK) return code;
    code = sqlite3_step(q);
    if (code == SQLITE_ROW) code = text_of(db, q, &text);
    if (text && strcmp(text, "ok") != 0) {
        const char *line = strchr(text, '\n'); /* the first may be a heading */
        snprintf(fault, TW__FAULT, "it is damaged: %s", line ? line + 1 : text);
    }
    sqlite3_finalize(q);
    return code;
}

int tw__untrusted_check(sqlite3 *db, const char *const *schema, int n, char fault[TW__FAULT])
{
    fault[0] = 0;
    const int code = check_schema(db, schema, n, fault);
    if (code != SQLITE_OK || fault[0]) return code;
    sqlite3_progress_handler(db, 0, NULL, NULL);
    return check_pages(db, fault);
}
