/* A race's folder: rows are taken by one at a time, in their order, runs after their optimiser's trials; a
 * lock goes with its holder; what is damaged, foreign or of another version is said; a full disk and a failed
 * allocation leave nothing half-made.
 * SPDX-License-Identifier: MIT */
#include "base/io.h"
#include "full_disk.h"
#include "race/database.h"
#include "race_db.h"
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define DIRECTORY TW_BINARY_DIR "/test_race_database.data"

static void clear(const char *directory)
{
    static const char *const files[] = {"race.json",
                                        "report.html",
                                        "race.db",
                                        "race.db-wal",
                                        "race.db-shm",
                                        "race.db-journal",
                                        "race.lock",
                                        "race.db.thalweg-partial",
                                        "race.db.thalweg-partial-wal",
                                        "race.db.thalweg-partial-shm",
                                        "race.db.thalweg-partial-journal"};
    char path[TW__PATH];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, files[i]);
        unlink(path);
    }
    rmdir(directory);
}

static const tw__database_row rows[] = {{"sgd", 1, 0.1, 9},
                                        {"adam", 1, 0.2, 9},
                                        {"sgd", 0, NAN, 1},
                                        {"adam", 0, NAN, 1},
                                        {"adam", 0, NAN, 2}};
enum { ROWS = sizeof rows / sizeof rows[0] };

static tw__database *made(tw_context *ctx, const char *directory)
{
    tw__database *s;
    tw_error err = {0};
    clear(directory);
    if (tw__database_create(&s, ctx, directory, 0, "what it is", rows, ROWS, &err) != TW_OK)
        fail_msg("%s", err.message);
    return s;
}

static tw__database *opened(tw_context *ctx, const char *directory)
{
    tw__database *s;
    tw_error err = {0};
    if (tw__database_open(&s, ctx, directory, &err) != TW_OK) fail_msg("%s", err.message);
    return s;
}

static void takes(tw__database *s, uint64_t row, uint64_t left)
{
    uint64_t is, are_left;
    tw_error err = {0};
    if (tw__database_take(s, &is, &are_left, &err) != TW_OK) fail_msg("%s", err.message);
    assert_int_equal(is, row);
    assert_int_equal(are_left, left);
}

static void puts_in(tw_context *ctx, tw__database *s, uint64_t row, const char *result)
{
    char *text;
    tw_error err = {0};
    if (tw__database_put(s, row, result, &err) != TW_OK) fail_msg("%s", err.message);
    assert_int_equal(tw__database_get(s, row, &text, NULL), TW_OK);
    assert_string_equal(text, result);
    tw__free_text(ctx, text);
}

/* ---- work ---------------------------------------------------------------------------------------------- */

static void two_share_the_rows(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw__database *a = made(ctx, DIRECTORY "/shared"), *b = opened(ctx, DIRECTORY "/shared"),
                 *c = opened(ctx, DIRECTORY "/shared");
    char *text;
    assert_int_equal(tw__database_description(b, &text, NULL), TW_OK);
    assert_string_equal(text, "what it is");
    tw__free_text(ctx, text);
    assert_int_equal(tw__database_rows(b), ROWS);
    takes(a, 0, 5);
    takes(b, 1, 5);
    takes(c, ROWS, 5); /* the runs wait for the trials */
    puts_in(ctx, b, 1, "{\"adam\": 1}");
    takes(b, 3, 4); /* adam's are in, sgd's is not */
    takes(c, 4, 4);
    tw__database_release(c, 4);
    takes(c, 4, 4);
    puts_in(ctx, a, 0, "{}");
    takes(a, 2, 3);
    tw__database_close(b); /* gone, and its row is free again */
    puts_in(ctx, a, 2, "2");
    takes(a, 3, 2);
    puts_in(ctx, a, 3, "3");
    takes(a, ROWS, 1); /* the last one is in c's hands */
    puts_in(ctx, c, 4, "4");
    takes(a, ROWS, 0);
    tw__database_close(a);
    tw__database_close(c);
    tw_context_free(ctx);
}

/* A result stays as it came in first. */
static void a_result_is_not_replaced(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw__database *a = made(ctx, DIRECTORY "/once");
    char *text;
    puts_in(ctx, a, 0, "first");
    assert_int_equal(tw__database_put(a, 0, "second", NULL), TW_OK);
    assert_int_equal(tw__database_get(a, 0, &text, NULL), TW_OK);
    assert_string_equal(text, "first");
    tw__free_text(ctx, text);
    assert_int_equal(tw__database_get(a, 1, &text, NULL), TW_OK);
    assert_null(text);
    tw__database_close(a);
    tw_context_free(ctx);
}

static void a_killed_worker_frees_its_row(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    int pipe_[2];
    char byte;
    tw__database_close(made(ctx, DIRECTORY "/killed"));
    assert_int_equal(pipe(pipe_), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        uint64_t row, left;
        tw__database *s;
        if (tw__database_open(&s, ctx, DIRECTORY "/killed", NULL) != TW_OK ||
            tw__database_take(s, &row, &left, NULL) != TW_OK || row != 0)
            _exit(1);
        if (write(pipe_[1], "x", 1) == 1) pause();
        _exit(1);
    }
    assert_int_equal(read(pipe_[0], &byte, 1), 1);
    tw__database *s = opened(ctx, DIRECTORY "/killed");
    takes(s, 1, 5);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    takes(s, 0, 5);
    tw__database_close(s);
    close(pipe_[0]);
    close(pipe_[1]);
    tw_context_free(ctx);
}

static void one_writes_the_result(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw__database *a = made(ctx, DIRECTORY "/result"), *b = opened(ctx, DIRECTORY "/result");
    int got;
    assert_int_equal(tw__database_lock_result(a, &got, NULL), TW_OK);
    assert_int_equal(got, 1);
    assert_int_equal(tw__database_lock_result(b, &got, NULL), TW_OK);
    assert_int_equal(got, 0);
    /* b still reads: it stays a database of several files */
    assert_int_equal(tw__database_settle(a, NULL), TW_OK);
    tw__database_unlock_result(a);
    assert_int_equal(tw__database_lock_result(b, &got, NULL), TW_OK);
    assert_int_equal(got, 1);
    tw__database_close(a);
    assert_int_equal(tw__database_settle(b, NULL), TW_OK);
    tw__database_unlock_result(b);
    tw__database_close(b);
    assert_int_equal(access(DIRECTORY "/result/race.db-wal", F_OK), -1);
    FILE *f = fopen(DIRECTORY "/result/race.db", "rb");
    assert_non_null(f);
    unsigned char head[20];
    assert_int_equal(fread(head, 1, sizeof head, f), sizeof head);
    assert_int_equal(head[18], 1); /* SQLite's format: 1 a journal, 2 WAL */
    fclose(f);
    tw_context_free(ctx);
}

/* ---- what cannot be ------------------------------------------------------------------------------------ */

static void refuse_create(tw_context *ctx, const char *directory, int replace, tw_status code,
                          const char *message)
{
    tw__database *s;
    tw_error err = {0};
    assert_int_equal(tw__database_create(&s, ctx, directory, replace, "other", rows, ROWS, &err), code);
    assert_null(s);
    if (!strstr(err.message, message)) fail_msg("\"%s\" is not in \"%s\"", message, err.message);
}

static void a_race_is_replaced_when_asked(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw__database *a = made(ctx, DIRECTORY "/old");
    uint64_t row, left;
    char *text;
    refuse_create(ctx, DIRECTORY "/old", 0, TW_ERR_SPEC,
                  "/old holds an unfinished race (thalweg race --resume ");
    refuse_create(ctx, DIRECTORY "/old", 1, TW_ERR_SPEC,
                  "/old is in use: another process works on the race in it");
    assert_int_equal(tw__database_take(a, &row, &left, NULL), TW_OK);
    tw__database_close(a);
    FILE *f = fopen(DIRECTORY "/old/race.json", "w");
    assert_non_null(f);
    fprintf(f, "{ \"format\": 2 }");
    fclose(f);
    refuse_create(ctx, DIRECTORY "/old", 0, TW_ERR_SPEC, "/old holds a race already");
    assert_int_equal(tw__database_create(&a, ctx, DIRECTORY "/old", 1, "new", rows, 2, NULL), TW_OK);
    assert_int_equal(access(DIRECTORY "/old/race.json", F_OK), -1);
    tw__database_close(a);
    a = opened(ctx, DIRECTORY "/old");
    assert_int_equal(tw__database_description(a, &text, NULL), TW_OK);
    assert_string_equal(text, "new");
    assert_int_equal(tw__database_rows(a), 2);
    tw__free_text(ctx, text);
    tw__database_close(a);
    tw_context_free(ctx);
}

static void stop_here(void) { _exit(0); }

/* What a process leaves that was killed while it made a race is no race, and is in nobody's way. */
static void a_race_is_made_in_one_step(void **state)
{
    (void)state;
    static const char directory[] = DIRECTORY "/begun";
    tw_context *ctx = context(1);
    for (int n = 0; n < 40; n++) {
        clear(directory);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            tw__database *s;
            disk_writes_left = n;
            disk_at_end = stop_here;
            _exit(tw__database_create(&s, ctx, directory, 0, "what it is", rows, ROWS, NULL) != TW_OK);
        }
        int how;
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_int_equal(how, 0);
        tw__database *s;
        tw_error err = {0};
        tw_status status = tw__database_open(&s, ctx, directory, &err);
        if (status == TW_ERR_NOT_FOUND)
            status = tw__database_create(&s, ctx, directory, 0, "what it is", rows, ROWS, &err);
        if (status != TW_OK) fail_msg("after %d writes: %d, %s", n, (int)status, err.message);
        takes(s, 0, ROWS);
        tw__database_close(s);
        assert_int_equal(access(DIRECTORY "/begun/race.db.thalweg-partial", F_OK), -1);
    }
    tw_context_free(ctx);
}

/* A race stays until the one that replaces it is whole. */
static void a_full_disk_replaces_nothing(void **state)
{
    (void)state;
    static const char directory[] = DIRECTORY "/stays";
    tw_context *ctx = context(1);
    tw__database *s = made(ctx, directory);
    char *text;
    tw__database_close(s);
    for (int n = 0; n < 6; n++) {
        disk_writes_left = n;
        refuse_create(ctx, directory, 1, TW_ERR_SYSTEM, "race.db");
        disk_writes_left = -1;
        s = opened(ctx, directory);
        assert_int_equal(tw__database_description(s, &text, NULL), TW_OK);
        assert_string_equal(text, "what it is");
        tw__free_text(ctx, text);
        tw__database_close(s);
    }
    tw_context_free(ctx);
}

static void refuse_open(const char *directory, tw_status code, const char *message)
{
    tw_context *ctx = context(1);
    tw__database *s;
    tw_error err = {0};
    tw_status is = tw__database_open(&s, ctx, directory, &err);
    if (is != code || !strstr(err.message, message))
        fail_msg("%d, \"%s\" in place of %d, \"%s\"", (int)is, err.message, (int)code, message);
    assert_null(s);
    tw_context_free(ctx);
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    static const char directory[] = DIRECTORY "/wrong";
    static const struct {
        const char *sql, *message;
    } cases[] = {
        {"PRAGMA application_id = 7", "is another program's database, not a race"},
        {"PRAGMA user_version = 3", "was written by a newer thalweg"},
        {"PRAGMA user_version = 1", "was written by an older thalweg"},
        {"PRAGMA application_id = 0; PRAGMA user_version = 0", "holds no race"},
        {"DROP TABLE run", "its tables, views and triggers are not those of a race"},
        {"DELETE FROM run WHERE id = 3", "its runs are not numbered from 1 on"},
        {"DELETE FROM run", "its runs are not numbered from 1 on"},
        {"DELETE FROM race", "says nothing of its race"},
    };
    tw_context *ctx = context(1);
    clear(directory);
    refuse_open(directory, TW_ERR_NOT_FOUND, "/wrong is not a race's folder: it has no race.db");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw__database_close(made(ctx, directory));
        run_sql(directory, cases[i].sql);
        refuse_open(directory, TW_ERR_DATA, cases[i].message);
    }
    tw_context_free(ctx);
}

/* What would be run without an end if the schema were trusted, or read without one. */
static void a_hostile_schema_runs_nothing(void **state)
{
    (void)state;
#define FOR_EVER "(WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n)"
    static const char directory[] = DIRECTORY "/hostile", other[] = "its tables, views and triggers are not";
    static const struct {
        const char *sql, *message;
    } cases[] = {
        {"CREATE TRIGGER t AFTER UPDATE ON run BEGIN UPDATE run SET lr = " FOR_EVER "; END", other},
        {"CREATE TEMP TABLE t(x); CREATE VIEW v AS SELECT " FOR_EVER " AS x", other},
        {"ALTER TABLE race RENAME TO r; CREATE VIEW race AS SELECT " FOR_EVER " AS description", other},
        {"ALTER TABLE run ADD COLUMN x AS (abs(id))", other},
        {"CREATE INDEX i ON run (abs(id))", other},
        {"CREATE TABLE other (x)", other},
        {"DROP INDEX pending", other},
        {"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET type = 'view' WHERE name = 'race'",
         "malformed"},
        /* of which the query for the next run would find no end */
        {"UPDATE run SET result = 1; PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, ' WHERE result IS NULL', '') WHERE name = 'pending'; PRAGMA writable_schema = RESET; REINDEX; PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = sql || ' WHERE result IS NULL' WHERE name = 'pending'",
         "it is damaged: "},
        {"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 3 WHERE name = 'pending'",
         "it is damaged: 2nd reference to page 3"},
    };
    tw_context *ctx = context(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw__database_close(made(ctx, directory));
        run_sql(directory, cases[i].sql);
        refuse_open(directory, TW_ERR_DATA, cases[i].message);
    }
    clear(directory);
    tw_context_free(ctx);
}

/* SQLite would wait for ever to open a pipe beside a database. */
static void only_files_are_opened(void **state)
{
    (void)state;
    static const char directory[] = DIRECTORY "/kinds";
    static const char *const names[] = {"race.db", "race.db-wal", "race.db-shm", "race.db-journal",
                                        "race.lock"};
    char path[TW__PATH], message[64];
    tw_context *ctx = context(1);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        tw__database_close(made(ctx, directory));
        snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        unlink(path);
        assert_int_equal(mkfifo(path, 0600), 0);
        snprintf(message, sizeof message, "/%s: is a pipe, socket or device, not a file", names[i]);
        alarm(60);
        refuse_open(directory, TW_ERR_DATA, message);
        alarm(0);
    }
    clear(directory);
    tw_context_free(ctx);
}

/* Every kilobyte of a race.db turned into something else: never a crash; a race.db that is no database, or a
 * part of one, is bad data. */
static void damage_is_bad_data(void **state)
{
    (void)state;
    static const char directory[] = DIRECTORY "/damaged";
    char path[TW__PATH], *bytes = NULL;
    tw_context *ctx = context(1);
    tw__database *s = made(ctx, directory);
    assert_int_equal(tw__database_settle(s, NULL), TW_OK);
    tw__database_unlock_result(s);
    tw__database_close(s);
    snprintf(path, sizeof path, "%s/race.db", directory);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    long n = ftell(f);
    rewind(f);
    bytes = malloc((size_t)n);
    assert_int_equal(fread(bytes, 1, (size_t)n, f), n);
    fclose(f);
    for (long at = 0; at < n; at += 1024)
        for (int cut = 0; cut < 2; cut++) {
            char *copy = malloc((size_t)n);
            tw_error err = {0};
            memcpy(copy, bytes, (size_t)n);
            if (!cut) memset(copy + at, 0x5a, (size_t)(n - at < 1024 ? n - at : 1024));
            f = fopen(path, "wb");
            fwrite(copy, 1, (size_t)(cut ? at : n), f);
            fclose(f);
            free(copy);
            tw_status status = tw__database_open(&s, ctx, directory, &err);
            if (status == TW_OK) tw__database_close(s);
            else if (status != TW_ERR_DATA)
                fail_msg("%s at %ld: %d, %s", cut ? "cut" : "overwritten", at, (int)status, err.message);
            /* not every byte is looked at */
            assert_true(status == TW_ERR_DATA || !(at == 0 || (cut && at < 4096)));
        }
    free(bytes);
    tw_context_free(ctx);
}

static void a_finished_race_is_read_where_nothing_is_written(void **state)
{
    (void)state;
    static const char directory[] = DIRECTORY "/read-only";
    if (geteuid() == 0) skip(); /* whom no permission stops */
    tw_context *ctx = context(1);
    chmod(directory, 0755);
    tw__database *s = made(ctx, directory);
    assert_int_equal(tw__database_settle(s, NULL), TW_OK);
    tw__database_unlock_result(s);
    tw__database_close(s);
    assert_int_equal(chmod(DIRECTORY "/read-only/race.db", 0444) |
                         chmod(DIRECTORY "/read-only/race.lock", 0444) | chmod(directory, 0555),
                     0);
    s = opened(ctx, directory);
    uint64_t row, left;
    tw_error err = {0};
    assert_int_equal(tw__database_take(s, &row, &left, &err), TW_ERR_SYSTEM);
    assert_non_null(strstr(err.message, "race.lock"));
    tw__database_close(s);
    chmod(directory, 0755);
    tw_context_free(ctx);
}

/* ---- a full disk, and memory that ends ----------------------------------------------------------------- */

static tw_status fill_and_work(tw_context *ctx, const char *directory, tw_error *err)
{
    tw__database *s;
    tw_status status = tw__database_create(&s, ctx, directory, 0, "what it is", rows, ROWS, err);
    for (uint64_t i = 0; status == TW_OK && i < 2; i++)
        status = tw__database_put(s, i, i ? "two" : "one", err);
    tw__database_close(s);
    return status;
}

/* Whatever is refused: either there is no race, or a whole one with the results that were accepted. */
static void a_full_disk_leaves_nothing_half_made(void **state)
{
    (void)state;
    static const char directory[] = DIRECTORY "/full";
    tw_context *ctx = context(1);
    tw_status status = TW_ERR_SYSTEM;
    int kept = 0, none = 0;
    for (int n = 0; status != TW_OK; n++) {
        tw_error err = {0};
        assert_true(n < 1000);
        clear(directory);
        disk_writes_left = n;
        status = fill_and_work(ctx, directory, &err);
        disk_writes_left = -1;
        if (status != TW_OK && status != TW_ERR_SYSTEM)
            fail_msg("after %d writes: %d, %s", n, (int)status, err.message);
        if (access(DIRECTORY "/full/race.db", F_OK) != 0) {
            assert_int_equal(access(directory, F_OK), -1);
            none++;
            continue;
        }
        tw__database *s = opened(ctx, directory);
        char *text;
        for (uint64_t i = 0; i < 2; i++) {
            assert_int_equal(tw__database_get(s, i, &text, NULL), TW_OK);
            if (text) assert_string_equal(text, i ? "two" : "one");
            tw__free_text(ctx, text);
        }
        tw__database_close(s);
        kept++;
    }
    if (none < 4 || kept < 2) fail_msg("%d without a race, %d with one", none, kept);
    tw_context_free(ctx);
}

static sqlite3_mem_methods real_memory;
static long allocations_left;
static void *failing_malloc(int n) { return allocations_left-- > 0 ? real_memory.xMalloc(n) : NULL; }
static void *failing_realloc(void *p, int n)
{
    return allocations_left-- > 0 ? real_memory.xRealloc(p, n) : NULL;
}

static void sqlite_without_memory(void **state)
{
    (void)state;
    static const char directory[] = DIRECTORY "/memory";
    tw_context *ctx = context(1);
    disk_end();
    sqlite3_shutdown();
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory), SQLITE_OK);
    sqlite3_mem_methods failing = real_memory;
    failing.xMalloc = failing_malloc;
    failing.xRealloc = failing_realloc;
    allocations_left = 1000000;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &failing), SQLITE_OK);
    assert_int_equal(sqlite3_initialize(), SQLITE_OK);
    tw_status status = TW_ERR_MEMORY;
    for (long n = 0; status != TW_OK; n += 1 + n / 40) {
        tw_error err = {0};
        clear(directory);
        allocations_left = n;
        status = fill_and_work(ctx, directory, &err);
        allocations_left = 1000000;
        if (status != TW_OK && status != TW_ERR_MEMORY && status != TW_ERR_SYSTEM)
            fail_msg("after %ld allocations: %d, %s", n, (int)status, err.message);
        assert_true(n < 100000);
    }
    assert_int_equal(sqlite3_memory_used(), 0);
    sqlite3_shutdown();
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &real_memory), SQLITE_OK);
    tw_context_free(ctx);
}

static int make_directory(void **state)
{
    (void)state;
    disk_begin();
    return mkdir(DIRECTORY, 0777) != 0 && errno != EEXIST;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_share_the_rows),
        cmocka_unit_test(a_result_is_not_replaced),
        cmocka_unit_test(a_killed_worker_frees_its_row),
        cmocka_unit_test(one_writes_the_result),
        cmocka_unit_test(a_race_is_replaced_when_asked),
        cmocka_unit_test(a_race_is_made_in_one_step),
        cmocka_unit_test(a_full_disk_replaces_nothing),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(a_hostile_schema_runs_nothing),
        cmocka_unit_test(only_files_are_opened),
        cmocka_unit_test(damage_is_bad_data),
        cmocka_unit_test(a_finished_race_is_read_where_nothing_is_written),
        cmocka_unit_test(a_full_disk_leaves_nothing_half_made),
        cmocka_unit_test(sqlite_without_memory),
    };
    return cmocka_run_group_tests(tests, make_directory, NULL);
}
