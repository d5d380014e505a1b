/* A race's folder: stopped anywhere and taken up again it ends like one that was left alone; data that
 * changed is noticed; two are joined as if they had been one; and when memory ends or the disk is full
 * nothing is lost but the runs in work.
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/io.h"
#include "faulty_io.h"
#include "full_disk.h"
#include "race_db.h"
#include "race/database.h"
#include "race/render.h"
#include "races.h"
#include <stdio.h>

#define DIRECTORY TW_BINARY_DIR "/test_race_persist.data"
static const char data[] = DIRECTORY "/small", changed[] = DIRECTORY "/changed";

static int make_data(void **state)
{
    (void)state;
    disk_begin();
    if (system("rm -rf '" DIRECTORY "'") != 0) return 1; /* what a killed test has left */
    mkdir(DIRECTORY, 0777);
    return !small_data(data, 90, 30);
}

/* ---- going on ------------------------------------------------------------------------------------------ */

struct stop {
    long at, seen, waits;
};
static int stop_at(void *user, const tw_race_event *e)
{
    struct stop *s = user;
    s->waits += e->kind == TW_RACE_WAIT;
    return e->kind == TW_RACE_STEP && ++s->seen == s->at;
}

static json_t *undisturbed(tw_race_options o)
{
    tw_context *ctx = context(1);
    o.job.out = NULL;
    tw_race *race = races_run(races_created(ctx, &o));
    json_t *json = races_json(race);
    tw_race_free(race);
    tw_context_free(ctx);
    return json;
}

/* Stopped after every 7 steps, in the middle of epochs, by turns in memory of 1 and 3 threads. */
static void stopped_and_resumed(void **state)
{
    (void)state;
    static const char directory[] = DIRECTORY "/stopped";
    tw_race_options o = races_kept(data, directory, "sgd adam svrg:m=4 sgd:lr=1e30");
    o.optimizers = "sgd adam svrg:m=4";
    o.tune = 2;
    o.job.run.target = "val_accuracy=0.9";
    json_t *whole = undisturbed(o);
    tw_status s = TW_STOPPED;
    long stops = 0;
    for (; s == TW_STOPPED; stops++) {
        struct stop stop = {.at = 17};
        tw_context *ctx = context(stops % 2 ? 3 : 1);
        tw_error err = {0};
        tw_race *race;
        o.event = stop_at;
        o.user = &stop;
        s = stops ? tw_race_resume(&race, ctx, directory, &o, &err) : tw_race_create(&race, ctx, &o, &err);
        if (s == TW_OK) s = tw_race_run(race, &err);
        if (s != TW_OK && s != TW_STOPPED) fail_msg("%s", err.message);
        if (s == TW_OK) {
            json_t *json = races_json(race);
            assert_true(json_equal(json, whole));
            json_decref(json);
        }
        tw_race_free(race);
        tw_context_free(ctx);
        assert_true(stops < 100);
    }
    assert_true(stops > 5);
    json_decref(whole);
}

/* The page and everything else come out of the folder, without the data. */
static void a_finished_race_needs_no_data(void **state)
{
    (void)state;
    static const char directory[] = DIRECTORY "/finished";
    mkdir(changed, 0777);
    assert_true(small_data(changed, 60, 20));
    tw_context *ctx = context(1);
    tw_race_options o = races_kept(data, directory, "sgd sgd:lr=1e30");
    o.job.data = changed;
    tw_race *race = races_run(races_created(ctx, &o));
    json_t *json = races_json(race);
    char *table, *page, *again;
    assert_int_equal(tw__copy_text(ctx, &table, tw_race_table(race), NULL), TW_OK);
    assert_int_equal(tw__race_report(race, &page, NULL), TW_OK);
    tw_race_free(race);
    for (int i = 0; i < 4; i++) {
        char path[TW__PATH];
        snprintf(path, sizeof path, "%s/%s-%s", changed, i % 2 ? "train" : "t10k",
                 i / 2 ? "images-idx3-ubyte" : "labels-idx1-ubyte");
        assert_int_equal(unlink(path), 0);
    }
    race = races_resumed(ctx, directory);
    tw_race_count count = {.size = sizeof count};
    assert_int_equal(tw_race_counts(race, &count, NULL), TW_OK);
    assert_true(count.runs == 4 && count.left == 0);
    races_run(race);
    assert_int_equal(tw_race_counts(race, &count, NULL), TW_OK);
    assert_int_equal(count.diverged, 2);
    json_t *same = races_json(race);
    assert_true(json_equal(json, same));
    assert_string_equal(tw_race_table(race), table);
    assert_int_equal(tw__race_report(race, &again, NULL), TW_OK);
    assert_string_equal(again, page);
    json_decref(json);
    json_decref(same);
    tw__free_text(ctx, table);
    tw__free_text(ctx, page);
    tw__free_text(ctx, again);
    tw_race_free(race);
    tw_context_free(ctx);
}

static void changed_data_is_noticed(void **state)
{
    (void)state;
    static const char directory[] = DIRECTORY "/fingerprint";
    tw_context *ctx = context(1);
    assert_true(small_data(changed, 60, 20));
    tw_race_options o = races_kept(data, directory, "sgd");
    o.job.data = changed;
    tw_race_free(races_created(ctx, &o));
    assert_true(small_part(changed, "train", 60, 7));
    refuse_resume(directory, TW_ERR_STATE, "the train data is not what the race in ");
    tw_context_free(ctx);
}

/* What others are making is waited for, and taken up when they are gone. */
static int let_go(void *user, const tw_race_event *e)
{
    tw__database **other = user;
    if (e->kind == TW_RACE_WAIT && *other) {
        tw__database_close(*other);
        *other = NULL;
    }
    return 0;
}

static void others_are_waited_for(void **state)
{
    (void)state;
    static const char directory[] = DIRECTORY "/others";
    tw_context *ctx = context(1);
    tw_race_options o = races_kept(data, directory, "sgd adam");
    json_t *whole = undisturbed(o);
    tw_race_free(races_created(ctx, &o));
    tw__database *other;
    uint64_t row, left;
    assert_int_equal(tw__database_open(&other, ctx, directory, NULL), TW_OK);
    assert_int_equal(tw__database_take(other, &row, &left, NULL), TW_OK);
    assert_int_equal(row, 0);
    o.event = let_go;
    o.user = &other;
    tw_race *race;
    assert_int_equal(tw_race_resume(&race, ctx, directory, &o, NULL), TW_OK);
    races_run(race);
    assert_null(other);
    json_t *json = races_json(race);
    assert_true(json_equal(json, whole));
    json_decref(json);
    json_decref(whole);
    tw_race_free(race);
    tw_context_free(ctx);
}

/* ---- joining ------------------------------------------------------------------------------------------- */

static void race_in(const char *directory, const char *optimizers, uint64_t first_seed, uint64_t seeds,
                    uint64_t tune)
{
    tw_context *ctx = context(1);
    tw_race_options o = races_kept(data, directory, optimizers);
    o.job.run.seed = first_seed;
    o.seeds = seeds;
    o.tune = tune;
    tw_race_free(races_run(races_created(ctx, &o)));
    tw_context_free(ctx);
}

static void joined_is_as_raced_together(void **state)
{
    (void)state;
    static const char *const directories[] = {DIRECTORY "/a", DIRECTORY "/b", DIRECTORY "/c"};
    static const char both[] = DIRECTORY "/both";
    race_in(directories[0], "sgd adam", 0, 2, 2);
    race_in(directories[1], "sgd adam", 1, 2, 2); /* seed 1 stands in both, and is taken once */
    race_in(directories[2], "nag", 0, 3, 2);
    tw_race_options o = races_kept(data, NULL, "sgd adam nag");
    o.seeds = 3;
    o.tune = 2;
    json_t *together = undisturbed(o);
    tw_context *ctx = context(1);
    for (int kept_too = 0; kept_too < 2; kept_too++) {
        tw_race_options j = TW_RACE_OPTIONS_INIT;
        tw_error err = {0};
        tw_race *race;
        j.job.out = kept_too ? both : NULL;
        j.job.force = 1;
        if (tw_race_join(&race, ctx, directories, 3, &j, &err) != TW_OK) fail_msg("%s", err.message);
        races_run(race);
        json_t *json = races_json(race);
        assert_true(json_equal(json, together));
        json_decref(json);
        tw_race_free(race);
    }
    tw_race *race = races_run(races_resumed(ctx, both));
    json_t *json = races_json(race);
    assert_true(json_equal(json, together));
    json_decref(json);
    json_decref(together);
    tw_race_free(race);
    tw_context_free(ctx);
}

static void what_cannot_be_joined(void **state)
{
    (void)state;
    static const char a[] = DIRECTORY "/j1", b[] = DIRECTORY "/j2";
    tw_context *ctx = context(1);
    race_in(a, "sgd", 0, 2, 0);
    refuse_join(a, DIRECTORY "/none", TW_ERR_NOT_FOUND, "is not a race's folder");
    tw_race_options o = races_kept(data, b, "adam");
    tw_race_free(races_created(ctx, &o));
    refuse_join(a, b, TW_ERR_SPEC, "/j2 is not finished, 2 of its runs are not in");
    o.job.run.epochs = 3;
    o.job.run.batch = 8;
    o.job.run.schedule = "cosine";
    o.job.model = "flatten; dense classes softmax";
    o.job.dtype = "f64";
    tw_race_free(races_run(races_created(ctx, &o)));
    refuse_join(
        a, b, TW_ERR_SPEC,
        "they differ in schedule (\"constant\", \"cosine\"), epochs (2, 3), batch (16, 8), dtype (\"f32\", \"f64\"), model (");
    o = races_kept(data, b, "adam");
    o.job.limit = 40;
    tw_race_free(races_run(races_created(ctx, &o)));
    refuse_join(a, b, TW_ERR_SPEC, "they differ in limit (0, 40), fingerprint (");
    race_in(b, "adam", 0, 3, 0);
    refuse_join(a, b, TW_ERR_SPEC, "sgd has no run with seed 2, which adam has");
    refuse_join(b, a, TW_ERR_SPEC, "sgd has no run with seed 2, which adam has");
    race_in(b, "sgd", 1, 2, 0);
    run_sql_unsummed(b, "UPDATE run SET result = json_set(result, '$.steps', 1) WHERE id = 1");
    refuse_join(a, b, TW_ERR_SPEC, "sgd has another result for seed 1 there");
    race_in(a, "sgd", 0, 1, 2);
    race_in(b, "sgd", 1, 1, 2);
    run_sql_unsummed(b, "UPDATE run SET result = json_set(result, '$.steps', 1) WHERE id = 2");
    refuse_join(a, b, TW_ERR_SPEC, "tuning sgd had other results there");
    o = races_on_surface("beale", "sgd");
    o.job.out = b;
    o.job.force = 1;
    tw_race_free(races_run(races_created(ctx, &o)));
    refuse_join(a, b, TW_ERR_SPEC, "/j2 is a race on a surface, the other one on data");
    refuse_join(b, a, TW_ERR_SPEC, "/j2 is a race on a surface, the other one on data");
    const char *one[] = {a};
    tw_race *race;
    assert_int_equal(tw_race_join(&race, ctx, one, 1, &o, NULL), TW_ERR_SPEC);
    tw_context_free(ctx);
}

/* ---- memory and files that fail ------------------------------------------------------------------------ */

/* A race is created, worked on, taken up, joined with itself. */
static tw_status whole_life(tw_context *ctx, int on_surface)
{
    static const char directory[] = DIRECTORY "/life", *const twice[] = {directory, directory};
    tw_race_options o = races_kept(data, directory, "sgd sgd:lr=1e30");
    if (on_surface) {
        o = races_on_surface("bowl", "sgd adam");
        o.job.out = directory;
        o.job.force = 1;
        o.steps = 3;
        o.tune = 2;
    }
    tw_race *race = NULL;
    tw_status s = tw_race_create(&race, ctx, &o, NULL);
    if (s == TW_OK) s = tw_race_work(race, NULL);
    tw_race_free(race);
    race = NULL;
    if (s == TW_OK) s = tw_race_resume(&race, ctx, directory, &o, NULL);
    if (s == TW_OK) s = tw_race_run(race, NULL);
    tw_race_free(race);
    race = NULL;
    o.job.out = DIRECTORY "/life-joined";
    if (s == TW_OK) s = tw_race_join(&race, ctx, twice, 2, &o, NULL);
    if (s == TW_OK) s = tw_race_run(race, NULL);
    tw_race_free(race);
    return s;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (int on_surface = 0; on_surface < 2; on_surface++) {
        tw_status s = TW_ERR_MEMORY;
        for (long n = 1; s != TW_OK; n += 1 + n / 60) {
            faults f;
            tw_context *ctx;
            assert_int_equal(faulty_context(&ctx, &f, 1, NULL), TW_OK);
            f.whole = 1;
            f.allocations = 0;
            f.fail_allocation = n;
            f.for_ever = n % 2 == 0;
            s = whole_life(ctx, on_surface);
            assert_true(s == TW_OK || s == TW_ERR_MEMORY);
            f.fail_allocation = 0;
            tw_context_free(ctx);
            assert_int_equal(f.live, 0);
            assert_true(n < 1000000);
        }
    }
}

static void every_file_operation_may_fail(void **state)
{
    (void)state;
    tw_status s = TW_ERR_SYSTEM;
    for (long n = 1; s != TW_OK; n++) {
        faults f;
        tw_context *ctx;
        assert_int_equal(faulty_context(&ctx, &f, 1, NULL), TW_OK);
        f.whole = f.for_ever = 1;
        f.fail_step = n;
        s = whole_life(ctx, 1);
        assert_true(s == TW_OK || s == TW_ERR_SYSTEM);
        tw_context_free(ctx);
        assert_int_equal(f.live, 0);
        assert_true(n < 10000);
    }
}

/* The database's disk is full after n writes, for good. */
static void the_disk_may_be_full(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw_status s = TW_ERR_SYSTEM;
    for (int n = 0; s != TW_OK; n++) {
        disk_writes_left = n;
        s = whole_life(ctx, 1);
        disk_writes_left = -1;
        assert_true(s == TW_OK || s == TW_ERR_SYSTEM);
        assert_true(n < 10000);
    }
    tw_context_free(ctx);
}

/* ---- the page while runs come in ----------------------------------------------------------------------- */

struct watched {
    const char *page;
    char *first;
};

/* Keeps the page as it is when the last run has begun. */
static int read_page(void *user, const tw_race_event *e)
{
    struct watched *w = user;
    if (e->kind != TW_RACE_STEP || e->run != e->runs || w->first) return 0;
    FILE *f = fopen(w->page, "r");
    assert_non_null(f);
    w->first = calloc(1, 1 << 20);
    assert_non_null(w->first);
    assert_true(fread(w->first, 1, (1 << 20) - 1, f) > 0);
    fclose(f);
    return 0;
}

static int page_has(const char *path, const char *text)
{
    uint8_t *bytes;
    size_t n;
    tw_context *ctx = context(1);
    assert_int_equal(tw__read_file(ctx, path, 1 << 20, &bytes, &n, NULL), TW_OK);
    const int has = memmem(bytes, n, text, strlen(text)) != NULL;
    tw__free(ctx, bytes, n, 1);
    tw_context_free(ctx);
    return has;
}

static void an_unfinished_race_has_a_page(void **state)
{
    (void)state;
    static const char directory[] = DIRECTORY "/unfinished", page[] = DIRECTORY "/unfinished/report.html";
    struct watched w = {.page = page};
    tw_race_options o = races_kept(data, directory, "sgd adam nag");
    o.event = read_page;
    o.user = &w;
    tw_context *ctx = context(1);
    tw_race *race = races_run(races_created(ctx, &o));
    assert_non_null(w.first);
    assert_non_null(strstr(w.first, "<title>Unfinished: 1 of 3 optimizers so far on "));
    assert_non_null(strstr(w.first, "1 of 6 runs are in. The other optimizers follow"));
    assert_non_null(strstr(w.first, "<small class=\"part\">1 of 2 seeds</small>"));
    assert_non_null(strstr(w.first, "will be in race.json"));
    assert_null(strstr(w.first, "are in race.json"));
    assert_true(page_has(page, "<title>3 optimizers on "));
    assert_false(page_has(page, "Unfinished"));
    assert_false(page_has(page, "class=\"part\""));
    assert_true(page_has(page, "are in race.json"));
    free(w.first);
    tw_race_free(race);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stopped_and_resumed),         cmocka_unit_test(a_finished_race_needs_no_data),
        cmocka_unit_test(changed_data_is_noticed),     cmocka_unit_test(others_are_waited_for),
        cmocka_unit_test(joined_is_as_raced_together), cmocka_unit_test(what_cannot_be_joined),
        cmocka_unit_test(every_allocation_may_fail),   cmocka_unit_test(every_file_operation_may_fail),
        cmocka_unit_test(the_disk_may_be_full),        cmocka_unit_test(an_unfinished_race_has_a_page),
    };
    return cmocka_run_group_tests(tests, make_data, NULL);
}
