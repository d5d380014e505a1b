/* race: the same race twice is the same; what cannot be is said before anything is computed; divergence is a
 * result; the page fetches nothing.
 * SPDX-License-Identifier: MIT */
#include "base/context.h"
#include "base/io.h"
#include "context.h"
#include "race/render.h"
#include "race/strbuf.h"
#include "train/json.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define DIRECTORY TW_BINARY_DIR "/test_race.data"
static const char data[] = DIRECTORY "/digits", few[] = DIRECTORY "/few";
static const char network[] = "flatten; dense 12 relu; dense 10 softmax";

static int make_data(void **state)
{
    (void)state;
    tw_error err;
    tw_context *ctx = context(0);
    mkdir(DIRECTORY, 0777);
    mkdir(data, 0777);
    mkdir(few, 0777);
    tw_status s = tw_data_make_digits(ctx, data, 7, 300, 100, &err);
    if (s == TW_OK) s = tw_data_make_digits(ctx, few, 7, 40, 10, &err);
    if (s != TW_OK) print_error("%s\n", err.message);
    tw_context_free(ctx);
    return s;
}

static tw_race_options options(const char *optimizers)
{
    tw_race_options o = TW_RACE_OPTIONS_INIT;
    o.seeds = 1;
    o.job.data = data;
    o.job.model = network;
    o.optimizers = optimizers;
    o.job.run.epochs = 2;
    return o;
}

static tw_race *raced(tw_context *ctx, const tw_race_options *o)
{
    tw_error err = {0};
    tw_race *race;
    tw_status s = tw_race_create(&race, ctx, o, &err);
    if (s == TW_OK) s = tw_race_run(race, &err);
    if (s != TW_OK) print_error("%s\n", err.message);
    assert_int_equal(s, TW_OK);
    return race;
}

static char *file_text(tw_context *ctx, const char *path)
{
    uint8_t *bytes;
    size_t n;
    char *text;
    assert_int_equal(tw__read_file(ctx, path, 1 << 20, &bytes, &n, NULL), TW_OK);
    assert_int_equal(tw__alloc(ctx, &text, n + 1, 1, NULL), TW_OK);
    memcpy(text, bytes, n);
    tw__free(ctx, bytes, n, 1);
    assert_int_equal(strlen(text), n);
    return text;
}

/* ---- results ------------------------------------------------------------------------------------------- */

static void same_race_same_json(void **state)
{
    (void)state;
    json_t *json[2];
    for (int i = 0; i < 2; i++) {
        tw_context *ctx;
        tw_context_options c = TW_CONTEXT_OPTIONS_INIT;
        c.threads = i ? 3 : 1;
        assert_int_equal(tw_context_create(&ctx, &c, NULL), TW_OK);
        tw_race_options o = options("sgd adam:lr=0.01");
        o.seeds = 3;
        o.job.run.seed = 5;
        o.job.run.target = "val_accuracy=0.5";
        tw_race *race = raced(ctx, &o);
        json[i] = json_loads(tw_race_json(race), JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(json[i]);
        tw__json_remove(json[i], "seconds");
        tw_race_free(race);
        tw_context_free(ctx);
    }
    assert_true(json_equal(json[0], json[1]));
    const char *spec, *status;
    int format, batch, seed, steps, n;
    double accuracy, test, median, q1, q3;
    assert_int_equal(
        json_unpack(
            json[0],
            "{s:i, s:{s:i}, s:[{s:[{}, {s:i, s:s, s:i, s:{s:F}, s:[{s:F}]}], s:{s:{s:F, s:F, s:F}, s:i}}, {s:s}]}",
            "format", &format, "config", "batch", &batch, "optimizers", "runs", "seed", &seed, "status",
            &status, "steps", &steps, "test", "accuracy", &test, "epochs", "val_accuracy", &accuracy,
            "summary", "val_loss", "median", &median, "q1", &q1, "q3", &q3, "diverged", &n, "spec", &spec),
        0);
    assert_int_equal(format, 2);
    assert_int_equal(batch, 32);
    assert_int_equal(seed, 6);
    assert_int_equal(n, 0);
    assert_true(steps == 9 || steps == 18); /* 270 rows in batches of 32, one epoch or two */
    assert_true(test > 0 && test <= 1 && accuracy > 0 && q1 <= median && median <= q3);
    assert_string_equal(spec, "adam:lr=0.01");
    json_decref(json[0]);
    json_decref(json[1]);
}

/* Steps to a target that is checked every two updates, of 9 in an epoch. */
static void a_target_is_reached_within_an_epoch(void **state)
{
    (void)state;
    tw_context *ctx = context(0);
    tw_race_options o = options("adam:lr=0.01 full:lr=0.01");
    o.seeds = 5;
    o.job.run.target = "val_accuracy=0.5";
    o.job.run.eval_every = 2;
    tw_race *race = raced(ctx, &o);
    json_t *json = json_loads(tw_race_json(race), JSON_REJECT_DUPLICATES, NULL),
           *optimizers = json_object_get(json, "optimizers");
    const json_t *adam = json_array_get(optimizers, 0), *run;
    double values[5];
    size_t i, n = 0, within = 0;
    json_array_foreach (json_object_get(adam, "runs"), i, run) {
        const json_t *reached = json_object_get(run, "reached");
        if (!reached) continue;
        const json_int_t steps = json_integer_value(json_object_get(reached, "steps"));
        const json_t *lines = json_object_get(run, "epochs");
        assert_true(steps % 2 == 0 || steps % 9 == 0);
        assert_true(json_number_value(json_object_get(reached, "epochs")) == (double)steps / 9);
        assert_int_equal(json_array_size(lines), (steps + 8) / 9);
        assert_true(json_number_value(json_object_get(json_array_get(lines, json_array_size(lines) - 1),
                                                      "val_accuracy")) >= 0.5);
        within += steps % 9 != 0;
        values[n++] = (double)steps;
    }
    assert_true(within > 0);
    double median;
    assert_int_equal(json_unpack((json_t *)(uintptr_t)adam, "{s:{s:{s:{s:F}}}}", "summary", "target", "steps",
                                 "median", &median),
                     0);
    assert_true(median == tw__spread_of(values, n).median);
    char *page;
    assert_int_equal(tw__race_report(race, &page, NULL), TW_OK);
    assert_non_null(strstr(page, "<dt>Target checked</dt><dd>after each epoch and every 2 updates</dd>"));
    tw__free_text(ctx, page);
    json_decref(json);
    tw_race_free(race);
    tw_context_free(ctx);
}

/* A seed's initial weights and batches are the same for all: an optimiser's runs do not depend on its
 * company. */
static void company_changes_nothing(void **state)
{
    (void)state;
    tw_context *ctx = context(0);
    json_t *run[2];
    const char *lists[] = {"adam", "sgd:lr=0.5 momentum adam"};
    for (int i = 0; i < 2; i++) {
        tw_race_options o = options(lists[i]);
        tw_race *race = raced(ctx, &o);
        json_t *json = json_loads(tw_race_json(race), 0, NULL);
        run[i] = json_incref(json_array_get(json_object_get(json, "optimizers"), i ? 2 : 0));
        json_decref(json);
        tw__json_remove(run[i], "seconds");
        tw_race_free(race);
    }
    assert_non_null(run[0]);
    assert_true(json_equal(run[0], run[1]));
    json_decref(run[0]);
    json_decref(run[1]);
    tw_context_free(ctx);
}

static void quartiles_lie_between(void **state)
{
    (void)state;
    tw_context *ctx = context(0);
    tw_epoch lines[5] = {{.val_loss = 4},
                         {.val_loss = 1},
                         {.val_loss = 3},
                         {.val_loss = 2},
                         {.val_loss = 100}};
    tw__race_run runs[5] = {0};
    tw__entry entry = {.runs = runs};
    size_t order[1];
    tw_race race = {.ctx = ctx, .o.seeds = 5, .entries = &entry, .n = 1, .order = order};
    for (int i = 0; i < 5; i++)
        runs[i] = (tw__race_run){.epochs = &lines[i], .n_epochs = 1, .diverged = i == 4};
    assert_int_equal(tw__race_summarise(&race, NULL), TW_OK);
    assert_true(entry.of[TW__VAL_LOSS].median == 2.5);
    assert_true(entry.of[TW__VAL_LOSS].q1 == 1.75);
    assert_true(entry.of[TW__VAL_LOSS].q3 == 3.25);
    assert_int_equal(entry.diverged, 1);
    tw_context_free(ctx);
}

/* The trace is the epoch's running mean taken apart again: its points, by the rows they stand for, add up to
 * the epoch's loss. */
static void trace_adds_up_to_the_epoch(void **state)
{
    (void)state;
    tw_context *ctx = context(0);
    tw_race_options o = options("adam");
    tw_race *race = raced(ctx, &o);
    const tw__race_run *run = &race->entries[0].runs[0];
    assert_int_equal(run->trace.n, 18);
    for (int e = 0; e < 2; e++) {
        double sum = 0;
        for (int i = 0; i < 9; i++) sum += run->trace.points[9 * e + i].loss * (i < 8 ? 32 : 14);
        assert_true(fabs(sum / 270 - run->epochs[e].loss) < 1e-12);
    }
    tw_race_free(race);
    tw_context_free(ctx);
}

struct seen {
    int lines, diverged, stop_at;
};
static int watch(void *user, const tw_race_event *e)
{
    struct seen *seen = user;
    if (e->kind == TW_RACE_EPOCH) seen->lines++;
    if (e->kind == TW_RACE_END && e->message && e->message[0] && strcmp(e->optimizer, "sgd:lr=1e+30") == 0)
        seen->diverged++;
    return seen->stop_at && seen->lines >= seen->stop_at;
}

static void divergence_is_a_result(void **state)
{
    (void)state;
    tw_context *ctx = context(0);
    struct seen seen = {0};
    tw_race_options o = options("sgd:lr=1e30 adam");
    o.event = watch;
    o.user = &seen;
    tw_race *race = raced(ctx, &o);
    assert_int_equal(seen.diverged, 1);
    assert_true(seen.lines >= 2);
    json_t *json = json_loads(tw_race_json(race), 0, NULL);
    const char *first, *second, *message;
    assert_int_equal(json_unpack(json, "{s:[{s:[{s:s, s:s}]}, {s:[{s:s}]}]}", "optimizers", "runs", "status",
                                 &first, "message", &message, "runs", "status", &second),
                     0);
    assert_string_equal(first, "diverged");
    assert_string_equal(second, "finished");
    const char *table = tw_race_table(race), *bad = strstr(table, "sgd:lr=1e+30  diverged: "),
               *good = strstr(table, "\nadam ");
    assert_non_null(bad);
    assert_non_null(good);
    assert_true(good < bad);
    for (const char *line = table; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 100);
    json_decref(json);
    tw_race_free(race);
    tw_context_free(ctx);
}

/* ---- what cannot be ------------------------------------------------------------------------------------ */

static void refuse(tw_race_options o, tw_status code, const char *message)
{
    tw_context *ctx = context(0);
    tw_error err = {0};
    tw_race *race;
    assert_int_equal(tw_race_create(&race, ctx, &o, &err), code);
    assert_null(race);
    if (!strstr(err.message, message)) print_error("%s\n", err.message);
    assert_non_null(strstr(err.message, message));
    tw_context_free(ctx);
}

static void specs_are_checked_first(void **state)
{
    (void)state;
    tw_race_options o = options("sgd adm");
    o.job.data = "/nowhere/at/all";
    refuse(o, TW_ERR_SPEC, "(did you mean \"adam\"?)");
    o.optimizers = "sgd adam";
    refuse(o, TW_ERR_NOT_FOUND, "/nowhere/at/all");
    refuse(options(" "), TW_ERR_SPEC, "no optimizers");
    refuse(options("adam sgd adam:lr=0.001"), TW_ERR_SPEC, "listed twice");
    o = options("sgd");
    o.job.run.target = "speed=1";
    refuse(o, TW_ERR_SPEC, "speed=1");
    o = options("sgd");
    o.job.run.eval_every = 5;
    refuse(o, TW_ERR_SPEC, "eval_every = 5 has no effect without target");
    o.job.run.target = "val_loss=1";
    o.job.run.eval_every = 18;
    refuse(o, TW_ERR_SPEC, "eval_every = 18 has no effect: after 18 updates training is over");
    o = options("sgd");
    o.job.run.schedule = "cosin";
    refuse(o, TW_ERR_SPEC, "cosin");
    o = options("sgd");
    o.job.model = "flatten; dens 10 softmax";
    refuse(o, TW_ERR_SPEC, "dens");
    o = options("sgd");
    o.job.out = DIRECTORY "/file/below";
    FILE *f = fopen(DIRECTORY "/file", "w");
    assert_non_null(f);
    fclose(f);
    refuse(o, TW_ERR_SYSTEM, "/file is a file");
}

static void an_old_race_stays(void **state)
{
    (void)state;
    tw_context *ctx = context(0);
    tw_race_options o = options("sgd");
    o.job.out = DIRECTORY "/a/old";
    o.job.force = 1;
    tw_race_free(raced(ctx, &o));
    o.job.force = 0;
    char *before = file_text(ctx, DIRECTORY "/a/old/race.json");
    refuse(o, TW_ERR_SPEC, "holds a race already");
    char *after = file_text(ctx, DIRECTORY "/a/old/race.json");
    assert_string_equal(before, after);
    o.job.force = 1;
    o.optimizers = "nag";
    tw_race_free(raced(ctx, &o));
    tw__free_text(ctx, after);
    after = file_text(ctx, DIRECTORY "/a/old/race.json");
    assert_non_null(strstr(after, "\"nag\""));
    tw__free_text(ctx, before);
    tw__free_text(ctx, after);
    tw_context_free(ctx);
}

static void refuse_unfinished(const char *directory)
{
    tw_race_options o = options("sgd");
    o.job.out = directory;
    refuse(o, TW_ERR_SPEC, "race --resume");
}

static void stopping_keeps_what_is_in(void **state)
{
    (void)state;
    tw_context *ctx = context(0);
    struct seen seen = {.stop_at = 3};
    tw_race_options o = options("sgd adam");
    o.job.out = DIRECTORY "/stopped";
    o.job.force = 1;
    o.event = watch;
    o.user = &seen;
    tw_race *race;
    tw_error err;
    tw_race_count count = {.size = sizeof count};
    assert_int_equal(tw_race_create(&race, ctx, &o, &err), TW_OK);
    assert_int_equal(tw_race_run(race, &err), TW_STOPPED);
    assert_int_equal(seen.lines, 3);
    assert_int_equal(tw_race_counts(race, &count, NULL), TW_OK);
    assert_int_equal(count.runs, 2);
    assert_int_equal(count.left, 1);
    tw_race_free(race);
    assert_int_equal(access(DIRECTORY "/stopped/race.json", F_OK), -1);
    refuse_unfinished(DIRECTORY "/stopped");
    seen = (struct seen){0};
    assert_int_equal(tw_race_resume(&race, ctx, DIRECTORY "/stopped", &o, &err), TW_OK);
    assert_int_equal(tw_race_run(race, &err), TW_OK);
    assert_int_equal(seen.lines, 2);
    assert_int_equal(access(DIRECTORY "/stopped/race.json", F_OK), 0);
    tw_race_free(race);
    tw_context_free(ctx);
}

/* Memory that ends after `left` allocations, and a count of what is out. */
struct memory {
    long left, out;
};
static void *some_memory(void *user, void *p, size_t old, size_t now, size_t align)
{
    struct memory *m = user;
    (void)align;
    if (now && m->left-- <= 0) return NULL;
    if (now && !p) m->out++;
    if (!now) {
        m->out -= p != NULL;
        free(p);
        return NULL;
    }
    void *q = aligned_alloc(64, (now + 63) / 64 * 64);
    if (p) memcpy(q, p, old < now ? old : now);
    free(p);
    return q;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    tw_status s = TW_ERR_MEMORY;
    tw_race_options o = options("sgd adam");
    o.job.data = few;
    o.job.run.epochs = 1;
    o.job.out = DIRECTORY "/memory";
    o.job.force = 1;
    for (long n = 20; s != TW_OK; n++) {
        struct memory memory = {n, 0};
        tw_context_options c = TW_CONTEXT_OPTIONS_INIT;
        tw_context *ctx;
        tw_race *race = NULL;
        c.resize = some_memory;
        c.user = &memory;
        c.threads = 1;
        s = tw_context_create(&ctx, &c, NULL);
        if (s == TW_OK) s = tw_race_create(&race, ctx, &o, NULL);
        if (s == TW_OK) s = tw_race_run(race, NULL);
        assert_true(s == TW_OK || s == TW_ERR_MEMORY);
        tw_race_free(race);
        tw_context_free(ctx);
        assert_int_equal(memory.out, 0);
        assert_true(n < 100000);
    }
}

/* ---- the page ------------------------------------------------------------------------------------------ */

/* No occurrence of `what` is followed by anything but what stands in `allowed` (first letters), spaces and
 * quotes skipped. */
static void only(const char *page, const char *what, const char *allowed)
{
    for (const char *at = strstr(page, what); at; at = strstr(at + 1, what)) {
        const char *value = at + strlen(what);
        value += strspn(value, " \"'");
        if (!*value || !strchr(allowed, *value)) print_error("%.80s\n", at);
        assert_true(*value && strchr(allowed, *value));
    }
}

static void the_page_fetches_nothing(void **state)
{
    (void)state;
    tw_context *ctx = context(0);
    tw_race_options o = options("sgd momentum adam adam:lr=0.01 sgd:lr=1e30");
    o.job.out = DIRECTORY "/report";
    o.seeds = 3;
    o.job.run.epochs = 3;
    o.job.force = 1;
    tw_race_free(raced(ctx, &o));
    char *page = file_text(ctx, DIRECTORY "/report/report.html");
    assert_true(strlen(page) < 600000);
    assert_non_null(strstr(page, "default-src 'none'"));
    assert_non_null(strstr(page, "</table>"));
    assert_null(strstr(page, "{{title}}"));
    assert_null(strstr(page, "sourceMappingURL"));
    assert_null(strstr(page, "@import"));
    assert_null(strstr(page, "fetch("));
    assert_null(strstr(page, "XMLHttpRequest("));
    only(page, " src=", "");
    only(page, " href=", "#");
    only(page, "url(", "#");
    const char *json = strstr(page, "<script type=\"application/json\" id=\"race\">");
    assert_non_null(json);
    json = strchr(json, '>') + 1;
    json_t *read = json_loadb(json, (size_t)(strstr(json, "</script>") - json), 0, NULL);
    assert_int_equal(json_array_size(json_object_get(read, "optimizers")), 5);
    json_decref(read);
    tw__free_text(ctx, page);
    tw_context_free(ctx);
}

static void names_cannot_break_the_page(void **state)
{
    (void)state;
    tw_context *ctx = context(0);
    char *text;
    tw__strbuf p = {.ctx = ctx};
    tw__put_escaped(&p, "<b>&\"");
    tw__put_count(&p, 1234567);
    assert_int_equal(tw__strbuf_take(&p, &text), TW_OK);
    assert_string_equal(text, "&lt;b&gt;&amp;&quot;1,234,567");
    tw__free_text(ctx, text);

    /* a folder "<img><" with "script>" in it */
    static const char evil[] = DIRECTORY "/<img><"
                                         "/script>";
    mkdir(DIRECTORY "/<img><", 0777);
    if (access(evil, F_OK) != 0) assert_int_equal(symlink(data, evil), 0);
    tw_race_options o = options("sgd");
    o.job.data = evil;
    o.job.out = DIRECTORY "/evil";
    o.job.force = 1;
    o.job.run.epochs = 1;
    tw_race_free(raced(ctx, &o));
    char *page = file_text(ctx, DIRECTORY "/evil/report.html");
    assert_null(strstr(page, "<img>"));
    assert_null(strstr(page, "</script>\""));
    tw__free_text(ctx, page);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_race_same_json),         cmocka_unit_test(company_changes_nothing),
        cmocka_unit_test(quartiles_lie_between),       cmocka_unit_test(divergence_is_a_result),
        cmocka_unit_test(specs_are_checked_first),     cmocka_unit_test(an_old_race_stays),
        cmocka_unit_test(stopping_keeps_what_is_in),   cmocka_unit_test(the_page_fetches_nothing),
        cmocka_unit_test(names_cannot_break_the_page), cmocka_unit_test(trace_adds_up_to_the_epoch),
        cmocka_unit_test(every_allocation_may_fail),   cmocka_unit_test(a_target_is_reached_within_an_epoch),
    };
    return cmocka_run_group_tests(tests, make_data, NULL);
}
