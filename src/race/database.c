/* race.db; see database.h.
 * SPDX-License-Identifier: MIT */
#include "race/database.h"
#include "base/io.h"
#include "file/directory.h"
#include "file/hash.h"
#include "race/lock.h"
#include "race/untrusted.h"
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <thalweg/train.h>

enum { APPLICATION = 0x54775261, FORMAT = 2, BUSY_MS = 10000 }; /* "TwRa" */

enum statement { DESCRIPTION, ROWS, LEFT, NEXT, IS_IN, RESULT, PUT, STATEMENTS };
static const char *const texts[STATEMENTS] = {
    [DESCRIPTION] = "SELECT description FROM race",
    [ROWS] = "SELECT count(*), min(id), max(id) FROM run",
    [LEFT] = "SELECT count(*) FROM run WHERE result IS NULL",
    [NEXT] =
        ("SELECT id FROM run r WHERE result IS NULL AND (phase = 'tune' OR NOT EXISTS "
         "(SELECT 1 FROM run t WHERE t.result IS NULL AND t.phase = 'tune' AND t.optimizer = r.optimizer)) ORDER BY id"),
    [IS_IN] = "SELECT result IS NOT NULL FROM run WHERE id = ?",
    [RESULT] = "SELECT result, race FROM run WHERE id = ?",
    [PUT] = "UPDATE run SET result = ?1, race = ?3 WHERE id = ?2 AND result IS NULL",
};
/* A race.db has these and nothing else. */
static const char *const schema[] = {
    "CREATE TABLE race (description TEXT NOT NULL)",
    "CREATE TABLE run (id INTEGER PRIMARY KEY, phase TEXT NOT NULL, optimizer TEXT NOT NULL, lr REAL, seed INTEGER NOT NULL, result TEXT, race TEXT)",
    "CREATE INDEX pending ON run (phase, optimizer) WHERE result IS NULL",
};
enum { SCHEMA = sizeof schema / sizeof schema[0] };

struct tw__database {
    tw_context *ctx;
    char *directory;
    sqlite3 *db;
    sqlite3_stmt *statement[STATEMENTS];
    uint64_t n;                     /* rows */
    char race[TW__HASH_DIGITS + 1]; /* the hash of its description, which every result carries */
    tw__race_lock lock;
};

/* ---- failures ------------------------------------------------------------------------------------------ */

static tw_status fail_db(const tw__database *s, const char *what, tw_error *err)
{
    const int code = sqlite3_errcode(s->db) & 0xff,
              is_bad = code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_ERROR ||
                       code == SQLITE_INTERRUPT || code == SQLITE_TOOBIG || code == SQLITE_FORMAT;
    const tw_status status = code == SQLITE_NOMEM ? TW_ERR_MEMORY : is_bad ? TW_ERR_DATA : TW_ERR_SYSTEM;
    if (code == SQLITE_BUSY)
        return tw__fail(err, status, "cannot %s %.300s/race.db: another program has had it locked for %d s",
                        what, s->directory, BUSY_MS / 1000);
    return tw__fail(err, status, "cannot %s %.300s/race.db: %.100s", what, s->directory,
                    code == SQLITE_NOMEM ? "out of memory" : sqlite3_errmsg(s->db));
}

static tw_status fail_data(const tw__database *s, const char *why, tw_error *err)
{
    char path[TW__PATH];
    TW_TRY(tw__path_in(s->directory, "race.db", path, err));
    return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "%s", why);
}

/* ---- the database -------------------------------------------------------------------------------------- */

static tw_status execute(const tw__database *s, const char *sql, const char *what, tw_error *err)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? TW_OK : fail_db(s, what, err);
}

static tw_status open_db(tw__database *s, const char *file, int flags, tw_error *err)
{
    char path[TW__PATH];
    TW_TRY(tw__path_in(s->directory, file, path, err));
    if (sqlite3_open_v2(path, &s->db, flags, NULL) != SQLITE_OK)
        return s->db ? fail_db(s, "open", err)
                     : tw__fail(err, TW_ERR_MEMORY, "out of memory: cannot open %.300s", path);
    sqlite3_busy_timeout(s->db, BUSY_MS);
    return TW_OK;
}

/* *found: race.db. SQLite also opens the files beside it. */
static tw_status check_files(const tw__database *s, int *found, tw_error *err)
{
    static const char *const names[] = {"race.lock", "race.db-wal", "race.db-shm", "race.db-journal",
                                        "race.db"};
    char path[TW__PATH];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        TW_TRY(tw__path_in(s->directory, names[i], path, err));
        TW_TRY(tw__find_file(s->ctx, path, found, err));
    }
    return TW_OK;
}

static tw_status prepare(tw__database *s, tw_error *err)
{
    for (int i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v2(s->db, texts[i], -1, &s->statement[i], NULL) != SQLITE_OK)
            return fail_db(s, "read", err);
    return TW_OK;
}

static tw_status pragma(const tw__database *s, const char *sql, int64_t *value, tw_error *err)
{
    sqlite3_stmt *p;
    if (sqlite3_prepare_v2(s->db, sql, -1, &p, NULL) != SQLITE_OK) return fail_db(s, "read", err);
    int code = sqlite3_step(p);
    *value = code == SQLITE_ROW ? sqlite3_column_int64(p, 0) : 0;
    tw_status status = code == SQLITE_ROW ? TW_OK : fail_db(s, "read", err);
    sqlite3_finalize(p);
    return status;
}

/* What the file says of itself, before any of its tables is looked at. */
static tw_status check_kind(const tw__database *s, tw_error *err)
{
    int64_t application, format;
    TW_TRY(pragma(s, "PRAGMA application_id", &application, err));
    TW_TRY(pragma(s, "PRAGMA user_version", &format, err));
    if (application == 0 && format == 0)
        return fail_data(s, "holds no race: it is empty, or another program's", err);
    if (application != APPLICATION) return fail_data(s, "is another program's database, not a race", err);
    if (format > FORMAT) return fail_data(s, "was written by a newer thalweg", err);
    return format == FORMAT ? TW_OK : fail_data(s, "was written by an older thalweg", err);
}

static tw_status check(const tw__database *s, tw_error *err)
{
    char fault[TW__FAULT];
    tw__untrusted_begin(s->db);
    TW_TRY(check_kind(s, err));
    if (tw__untrusted_check(s->db, schema, SCHEMA, fault) != SQLITE_OK) return fail_db(s, "read", err);
    return fault[0] ? fail_data(s, fault, err) : TW_OK;
}

static tw_status count_rows(tw__database *s, tw_error *err)
{
    sqlite3_stmt *q = s->statement[ROWS];
    tw_status status = sqlite3_step(q) == SQLITE_ROW ? TW_OK : fail_db(s, "read", err);
    s->n = (uint64_t)sqlite3_column_int64(q, 0);
    if (status == TW_OK &&
        (s->n == 0 || sqlite3_column_int64(q, 1) != 1 || (uint64_t)sqlite3_column_int64(q, 2) != s->n))
        status = fail_data(s, "its runs are not numbered from 1 on", err);
    sqlite3_reset(q);
    return status;
}

/* ---- what the race is ---------------------------------------------------------------------------------- */

static tw_status copy_column(tw__database *s, sqlite3_stmt *q, char **text, tw_error *err)
{
    const char *column = (const char *)sqlite3_column_text(q, 0);
    *text = NULL;
    if (column) return tw__copy_text(s->ctx, text, column, err);
    return sqlite3_column_type(q, 0) == SQLITE_NULL ? TW_OK : fail_db(s, "read", err);
}

tw_status tw__database_description(tw__database *s, char **text, tw_error *err)
{
    sqlite3_stmt *q = s->statement[DESCRIPTION];
    int code = sqlite3_step(q);
    *text = NULL;
    tw_status status = code == SQLITE_ROW    ? copy_column(s, q, text, err)
                       : code != SQLITE_DONE ? fail_db(s, "read", err)
                                             : TW_OK;
    if (status == TW_OK && !*text) status = fail_data(s, "says nothing of its race", err);
    sqlite3_reset(q);
    return status;
}

static void set_race(tw__database *s, const char *description)
{
    tw__hash h;
    tw__hash_start(&h);
    tw__hash_add(&h, description, strlen(description));
    tw__hash_hex(&h, s->race);
}

static tw_status hash_description(tw__database *s, tw_error *err)
{
    char *text;
    TW_TRY(tw__database_description(s, &text, err));
    set_race(s, text);
    tw__free_text(s->ctx, text);
    return TW_OK;
}

/* ---- life ---------------------------------------------------------------------------------------------- */

static tw_status begin(tw__database **out, tw_context *ctx, const char *directory, tw_error *err)
{
    TW_TRY(tw__alloc(ctx, out, 1, sizeof **out, err));
    **out = (tw__database){.ctx = ctx};
    tw_status status = tw__copy_text(ctx, &(*out)->directory, directory, err);
    (*out)->lock = tw__lock_of((*out)->directory);
    if (status == TW_OK) return TW_OK;
    tw__free(ctx, *out, 1, sizeof **out);
    *out = NULL;
    return status;
}

static void close_db(tw__database *s)
{
    for (int i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(s->statement[i]);
        s->statement[i] = NULL;
    }
    sqlite3_close(s->db);
    s->db = NULL;
}

void tw__database_close(tw__database *s)
{
    if (!s) return;
    close_db(s);
    tw__lock_close(&s->lock);
    tw__free_text(s->ctx, s->directory);
    tw__free(s->ctx, s, 1, sizeof *s);
}

static tw_status open_all(tw__database *s, tw_error *err)
{
    int found, got = 1;
    TW_TRY(check_files(s, &found, err));
    if (!found)
        return tw__fail(err, TW_ERR_NOT_FOUND, "%.300s is not a race's folder: it has no race.db",
                        s->directory);
    if (tw__lock_take(&s->lock, F_RDLCK, 1, &got, err) != TW_OK) {
        if (s->lock.fd >= 0) return TW_ERR_SYSTEM;
        got = 1; /* cannot be opened: nor can anything be written */
    }
    if (!got)
        return tw__fail(err, TW_ERR_SYSTEM, "the race in %.300s is being replaced by another process",
                        s->directory);
    TW_TRY(open_db(s, "race.db", SQLITE_OPEN_READWRITE, err));
    TW_TRY(check(s, err));
    TW_TRY(prepare(s, err));
    TW_TRY(count_rows(s, err));
    return hash_description(s, err);
}

tw_status tw__database_open(tw__database **out, tw_context *ctx, const char *directory, tw_error *err)
{
    TW_TRY(begin(out, ctx, directory, err));
    tw_status status = open_all(*out, err);
    if (status == TW_OK) return TW_OK;
    tw__database_close(*out);
    *out = NULL;
    return status;
}

/* ---- creation ------------------------------------------------------------------------------------------ */

static tw_status find(const tw__database *s, const char *file, int *there, tw_error *err)
{
    char path[TW__PATH];
    int kind;
    TW_TRY(tw__path_in(s->directory, file, path, err));
    TW_TRY(tw__path_kind(s->ctx, path, &kind, err));
    *there = kind != TW_PATH_NONE;
    return TW_OK;
}

static tw_status check_way(const tw__database *s, int replace, tw_error *err)
{
    int result, db;
    char word[TW_SHELL_WORD];
    TW_TRY(tw__directory_check(s->ctx, s->directory, TW__WORK_RACE, err));
    if (replace) return TW_OK;
    TW_TRY(find(s, "race.json", &result, err));
    TW_TRY(find(s, "race.db", &db, err));
    if (result)
        return tw__fail(err, TW_ERR_SPEC,
                        "%.300s holds a race already (give another --out, or --force to replace it)",
                        s->directory);
    if (!db) return TW_OK;
    return tw__fail(
        err, TW_ERR_SPEC,
        "%.150s holds an unfinished race (thalweg race --resume %s continues it; --force replaces it)",
        s->directory, tw_shell_word(s->directory, word));
}

static void remove_files(const tw__database *s, const char *const *name)
{
    char path[TW__PATH];
    for (; *name; name++)
        if (tw__path_in(s->directory, *name, path, NULL) == TW_OK) s->ctx->io.remove(s->ctx->io.user, path);
}

static const char *const files[] = {"race.json",   "report.html",     "race.db", "race.db-wal",
                                    "race.db-shm", "race.db-journal", NULL};
#define NEW "race.db" TW_PARTIAL
static const char *const new_files[] = {NEW, NEW "-wal", NEW "-shm", NEW "-journal", NULL};

static tw_status insert(const tw__database *s, const char *description, const tw__database_row *rows,
                        size_t n, tw_error *err)
{
    sqlite3_stmt *q = NULL;
    int good = sqlite3_prepare_v2(s->db, "INSERT INTO race VALUES (?)", -1, &q, NULL) == SQLITE_OK &&
               sqlite3_bind_text(q, 1, description, -1, SQLITE_STATIC) == SQLITE_OK &&
               sqlite3_step(q) == SQLITE_DONE;
    sqlite3_finalize(q);
    q = NULL;
    good = good && sqlite3_prepare_v2(s->db, "INSERT INTO run VALUES (?, ?, ?, ?, ?, NULL, NULL)", -1, &q,
                                      NULL) == SQLITE_OK;
    for (size_t i = 0; good && i < n; i++) {
        sqlite3_bind_int64(q, 1, (sqlite3_int64)i + 1);
        sqlite3_bind_text(q, 2, rows[i].is_trial ? "tune" : "race", -1, SQLITE_STATIC);
        sqlite3_bind_text(q, 3, rows[i].optimizer, -1, SQLITE_STATIC);
        sqlite3_bind_double(q, 4, rows[i].lr); /* NaN becomes NULL */
        sqlite3_bind_int64(q, 5, (sqlite3_int64)rows[i].seed);
        good = sqlite3_step(q) == SQLITE_DONE && sqlite3_reset(q) == SQLITE_OK;
    }
    tw_status status = good ? TW_OK : fail_db(s, "write", err);
    sqlite3_finalize(q);
    return status;
}

static tw_status use_wal(const tw__database *s, tw_error *err)
{
    sqlite3_stmt *p;
    if (sqlite3_prepare_v2(s->db, "PRAGMA journal_mode = WAL", -1, &p, NULL) != SQLITE_OK)
        return fail_db(s, "make", err);
    int code = sqlite3_step(p);
    tw_status status = code != SQLITE_ROW ? fail_db(s, "make", err) : TW_OK;
    if (status == TW_OK && strcmp((const char *)sqlite3_column_text(p, 0), "wal") != 0)
        status = tw__fail(
            err, TW_ERR_SYSTEM,
            "cannot make %.300s/race.db: its file system has no memory that processes share (give an --out on a local "
            "disk)",
            s->directory);
    sqlite3_finalize(p);
    return status;
}

/* A whole race in new_files, closed again: in the first of them alone. */
static tw_status make_db(tw__database *s, const char *description, const tw__database_row *rows, size_t n,
                         tw_error *err)
{
    char *kind = sqlite3_mprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION, FORMAT);
    if (!kind) return tw__fail(err, TW_ERR_MEMORY, "out of memory: cannot make %.300s/race.db", s->directory);
    tw_status status = open_db(s, new_files[0], SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
    if (status == TW_OK) status = use_wal(s, err);
    if (status == TW_OK) status = execute(s, "BEGIN IMMEDIATE", "write", err);
    if (status == TW_OK) status = execute(s, kind, "write", err);
    for (int i = 0; status == TW_OK && i < SCHEMA; i++) status = execute(s, schema[i], "write", err);
    if (status == TW_OK) status = insert(s, description, rows, n, err);
    if (status == TW_OK) status = execute(s, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)", "write", err);
    sqlite3_free(kind);
    close_db(s);
    return status;
}

/* From here on there is a race, and what was there before is gone. */
static tw_status put_in_place(const tw__database *s, tw_error *err)
{
    const tw_io *io = &s->ctx->io;
    char from[TW__PATH], to[TW__PATH];
    TW_TRY(tw__path_in(s->directory, new_files[0], from, err));
    TW_TRY(tw__path_in(s->directory, "race.db", to, err));
    remove_files(s, files);
    int e = io->rename(io->user, from, to);
    if (!e) e = io->sync_directory(io->user, s->directory);
    return e ? tw__fail_system(err, e, "cannot make", to) : TW_OK;
}

/* Under the lock of all bytes, so that no process works on what is replaced. A race that cannot be made, or
 * is killed on the way, is none. */
static tw_status make(tw__database *s, int replace, const char *description, const tw__database_row *rows,
                      size_t n, tw_error *err)
{
    int got;
    TW_TRY(check_way(s, replace, err));
    remove_files(s, new_files);
    tw_status status = make_db(s, description, rows, n, err);
    if (status == TW_OK) status = put_in_place(s, err);
    remove_files(s, new_files);
    TW_TRY(status);
    TW_TRY(open_db(s, "race.db", SQLITE_OPEN_READWRITE, err));
    TW_TRY(prepare(s, err));
    s->n = n;
    set_race(s, description);
    tw__lock_drop(&s->lock, TW__OPEN_BYTE + 1, 0);
    return tw__lock_set(&s->lock, F_RDLCK, TW__OPEN_BYTE, 1, &got, err);
}

/* Removes the lock, and a new folder, where no race was made. */
static void leave(const tw__database *s, int was_there)
{
    static const char *const lock[] = {"race.lock", NULL};
    int db;
    if (find(s, "race.db", &db, NULL) != TW_OK || db) return;
    remove_files(s, lock);
    if (!was_there) s->ctx->io.remove(s->ctx->io.user, s->directory);
}

static tw_status create(tw__database *s, int replace, const char *description, const tw__database_row *rows,
                        size_t n, tw_error *err)
{
    char path[TW__PATH];
    int kind, got;
    TW_TRY(check_way(s, replace, err));
    TW_TRY(tw__path_kind(s->ctx, s->directory, &kind, err));
    TW_TRY(tw__path_in(s->directory, "", path, err)); /* "out/": out itself is above it */
    TW_TRY(tw__make_parents(s->ctx, path, err));
    tw_status status = tw__lock_take(&s->lock, F_WRLCK, 0, &got, err);
    if (status == TW_OK && !got)
        return tw__fail(
            err, TW_ERR_SPEC,
            "%.300s is in use: another process works on the race in it, or it is one of those to join (give another --out)",
            s->directory);
    if (status == TW_OK) status = make(s, replace, description, rows, n, err);
    if (status != TW_OK) leave(s, kind != TW_PATH_NONE);
    return status;
}

tw_status tw__database_create(tw__database **out, tw_context *ctx, const char *directory, int replace,
                              const char *description, const tw__database_row *rows, size_t n, tw_error *err)
{
    TW_TRY(begin(out, ctx, directory, err));
    tw_status status = create(*out, replace, description, rows, n, err);
    if (status == TW_OK) return TW_OK;
    tw__database_close(*out);
    *out = NULL;
    return status;
}

/* ---- rows ---------------------------------------------------------------------------------------------- */

/* A result carries the hash of its race: a row that was copied from another race is refused. */
static tw_status check_race(const tw__database *s, sqlite3_stmt *q, uint64_t row, tw_error *err)
{
    char why[80];
    const char *race = (const char *)sqlite3_column_text(q, 1);
    if (sqlite3_column_type(q, 0) == SQLITE_NULL || (race && strcmp(race, s->race) == 0)) return TW_OK;
    snprintf(why, sizeof why, "the result of run %llu is of another race", (unsigned long long)row + 1);
    return fail_data(s, why, err);
}

tw_status tw__database_get(tw__database *s, uint64_t row, char **result, tw_error *err)
{
    sqlite3_stmt *q = s->statement[RESULT];
    *result = NULL;
    sqlite3_bind_int64(q, 1, (sqlite3_int64)row + 1);
    tw_status status = sqlite3_step(q) == SQLITE_ROW ? check_race(s, q, row, err) : fail_db(s, "read", err);
    if (status == TW_OK) status = copy_column(s, q, result, err);
    sqlite3_reset(q);
    return status;
}

tw_status tw__database_hold(const tw__database *s, int *fd, tw_error *err)
{
    return tw__lock_hold(&s->lock, fd, err);
}

uint64_t tw__database_rows(const tw__database *s) { return s->n; }

tw_status tw__database_left(tw__database *s, uint64_t *left, tw_error *err)
{
    sqlite3_stmt *q = s->statement[LEFT];
    tw_status status = sqlite3_step(q) == SQLITE_ROW ? TW_OK : fail_db(s, "read", err);
    *left = status == TW_OK ? (uint64_t)sqlite3_column_int64(q, 0) : 0;
    sqlite3_reset(q);
    return status;
}

/* The first row of the list whose lock is free, locked; 0: none. */
static tw_status lock_next(tw__database *s, uint64_t *id, tw_error *err)
{
    sqlite3_stmt *q = s->statement[NEXT];
    tw_status status = TW_OK;
    int code, got = 0;
    while (status == TW_OK && !got && (code = sqlite3_step(q)) == SQLITE_ROW) {
        *id = (uint64_t)sqlite3_column_int64(q, 0);
        status = tw__lock_set(&s->lock, F_WRLCK, *id, 1, &got, err);
    }
    if (status == TW_OK && !got && code != SQLITE_DONE) status = fail_db(s, "read", err);
    if (!got) *id = 0;
    sqlite3_reset(q);
    return status;
}

tw_status tw__database_has(tw__database *s, uint64_t row, int *in, tw_error *err)
{
    sqlite3_stmt *q = s->statement[IS_IN];
    sqlite3_bind_int64(q, 1, (sqlite3_int64)row + 1);
    tw_status status = sqlite3_step(q) == SQLITE_ROW ? TW_OK : fail_db(s, "read", err);
    *in = sqlite3_column_int(q, 0);
    sqlite3_reset(q);
    return status;
}

tw_status tw__database_take(tw__database *s, uint64_t *row, uint64_t *left, tw_error *err)
{
    *row = s->n;
    TW_TRY(tw__database_left(s, left, err));
    if (*left) TW_TRY(tw__lock_open(&s->lock, err));
    while (*left) {
        uint64_t id = 0;
        int in;
        TW_TRY(lock_next(s, &id, err));
        if (id == 0) break;
        /* which may have come in since the list was made */
        tw_status status = tw__database_has(s, id - 1, &in, err);
        if (status == TW_OK && !in) {
            *row = id - 1;
            return TW_OK;
        }
        tw__lock_drop(&s->lock, id, 1);
        TW_TRY(status);
    }
    return *left ? tw__database_left(s, left, err) : TW_OK;
}

void tw__database_release(tw__database *s, uint64_t row) { tw__lock_drop(&s->lock, row + 1, 1); }

tw_status tw__database_put(tw__database *s, uint64_t row, const char *result, tw_error *err)
{
    sqlite3_stmt *q = s->statement[PUT];
    sqlite3_bind_text(q, 1, result, -1, SQLITE_STATIC);
    sqlite3_bind_int64(q, 2, (sqlite3_int64)row + 1);
    sqlite3_bind_text(q, 3, s->race, -1, SQLITE_STATIC);
    tw_status status = tw__lock_check(&s->lock, err);
    if (status == TW_OK && sqlite3_step(q) != SQLITE_DONE) status = fail_db(s, "write", err);
    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
    tw__database_release(s, row);
    return status;
}

tw_status tw__database_lock_result(tw__database *s, int *got, tw_error *err)
{
    TW_TRY(tw__lock_open(&s->lock, err));
    TW_TRY(tw__lock_check(&s->lock, err));
    return tw__lock_set(&s->lock, F_WRLCK, s->n + 1, 1, got, err);
}

void tw__database_unlock_result(tw__database *s) { tw__lock_drop(&s->lock, s->n + 1, 1); }

int tw__database_is_unsettled(const tw__database *s)
{
    int journal, wal;
    return s->lock.fd >= 0 && find(s, "race.db-journal", &journal, NULL) == TW_OK &&
           find(s, "race.db-wal", &wal, NULL) == TW_OK && (journal || wal);
}

tw_status tw__database_settle(tw__database *s, tw_error *err)
{
    char change[80];
    sqlite3_busy_timeout(s->db, 0);
    /* cannot be done while others read, and need not */
    int code = sqlite3_exec(s->db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    /* with a change SQLite removes a journal that was left, too */
    snprintf(change, sizeof change, "BEGIN EXCLUSIVE; PRAGMA user_version = %d; COMMIT", FORMAT);
    if (code != SQLITE_NOMEM && tw__database_is_unsettled(s))
        code = sqlite3_exec(s->db, change, NULL, NULL, NULL);
    tw_status status = code == SQLITE_NOMEM ? fail_db(s, "write", err) : TW_OK;
    sqlite3_busy_timeout(s->db, BUSY_MS);
    return status;
}
