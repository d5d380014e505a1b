/* The host's locale: where it writes 0,1 for 0.1, specs, messages, files and pages have a point all the same,
 * and a run goes on that began under another locale. The locale is made here (localedef, LOCPATH), so that
 * this is tested everywhere.
 * SPDX-License-Identifier: MIT */
#include "base/decimal.h"
#include "base/options.h"
#include "file/json.h"
#include "race/strbuf.h"
#include "races.h"
#include "small_data.h"
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <thalweg/race.h>
#include <thalweg/registry.h>
#include <thalweg/surface.h>
#include <thalweg/train.h>

#define DATA TW_BINARY_DIR "/test_locale.data"
#define OUT TW_BINARY_DIR "/test_locale.out"
#define LOCALES TW_BINARY_DIR "/test_locale.locales"
static int has_locales;

static void put(FILE *to, const char *mark)
{
    fprintf(to, "LC_NUMERIC\ndecimal_point \"%s\"\nthousands_sep \".\"\ngrouping 3\nEND LC_NUMERIC\n", mark);
    fclose(to);
}

/* Two locales with no other category than numbers, in a charmap of a few characters: one writes 0,5 and one,
 * like Persian, a mark of two bytes. localedef finds much missing and writes them all the same, with or
 * without the system's own locale sources. */
static int make_locales(void **state)
{
    (void)state;
    if (!small_data(DATA, 130, 30)) return -1;
    if (system("command -v localedef >/dev/null") != 0) return 0;
    if (system("rm -rf '" LOCALES "' && mkdir '" LOCALES "'") != 0) return -1;
    FILE *map = fopen(LOCALES "/characters", "w");
    if (!map) return -1;
    fprintf(map, "<code_set_name> UTF-8\n<mb_cur_max> 2\n<escape_char> /\nCHARMAP\n");
    for (int i = 0; i < 128; i++) fprintf(map, "<U%04X> /x%02x\n", (unsigned)i, (unsigned)i);
    fprintf(map, "<U066B> /xd9/xab\nEND CHARMAP\n");
    fclose(map);
    static const char *const marks[] = {",", "<U066B>"}, *const names[] = {"xx_XX", "yy_YY"};
    for (int i = 0; i < 2; i++) {
        char command[1200];
        FILE *f = fopen(LOCALES "/source", "w");
        if (!f) return -1;
        put(f, marks[i]);
        snprintf(command, sizeof command,
                 "localedef -c -f '" LOCALES "/characters' -i '" LOCALES "/source' '" LOCALES
                 "/%s' >/dev/null 2>&1",
                 names[i]);
        if (system(command) == -1) return -1;
    }
    has_locales = setenv("LOCPATH", LOCALES, 1) == 0;
    return 0;
}

static void enter(const char *name, const char *half)
{
    char text[16];
    if (!has_locales) {
        print_message("there is no localedef here\n");
        skip();
    }
    if (!setlocale(LC_NUMERIC, name)) fail_msg("localedef made no locale %s", name);
    snprintf(text, sizeof text, "%.1f", 0.5);
    assert_string_equal(text, half);
}

static const char *const locales[][2] = {{"xx_XX", "0,5"},
                                         {"yy_YY", "0\xd9\xab"
                                                   "5"}};

static void leave(void) { setlocale(LC_NUMERIC, "C"); }

static void specs_and_messages(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        tw_chain c;
        tw_error err;
        double x;
        char text[TW_VALUE_MAX];
        enter(locales[i][0], locales[i][1]);
        assert_int_equal(tw_chain_read(&c, "clip_norm:max=0.25+sgd:lr=0.1,momentum=1e-3", NULL, NULL), TW_OK);
        assert_string_equal(c.spec, "clip_norm:max=0.25+sgd:lr=0.1,momentum=0.001");
        assert_int_equal(tw_chain_read(&c, "adam:beta1=1.25", NULL, &err), TW_ERR_SPEC);
        assert_string_equal(err.message, "beta1 = 1.25 is outside [0, 1)");
        assert_int_equal(tw_chain_read(&c, "sgd:lr=0,1", NULL, NULL), TW_ERR_SPEC);
        assert_int_equal(tw_schedule_value("expr:\"base*1.5*t^0.5\"", 0.25, 4, 10, &x, &err), TW_OK);
        assert_true(x == 0.75);
        for (int k = -300; k <= 300; k += 7) {
            const double want = ldexp(1 / 3.0, k);
            assert_int_equal(tw__number_read(tw__text_of(tw__number_text(want, text)), &x), 1);
            assert_true(x == want);
            assert_null(strpbrk(text, ",\xd9"));
        }
        tw__fail(&err, TW_ERR_DATA, "%g of %.2f", 0.5, 1.25);
        assert_string_equal(err.message, "0.5 of 1.25");
        assert_string_equal(tw__decimal((char[TW__DECIMAL]){""}, "%.3g", 0.125), "0.125");
        assert_true(strcmp(setlocale(LC_NUMERIC, NULL), locales[i][0]) == 0); /* and is as it was */
        leave();
    }
}

static void json(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        static const char text[] = "{\"a\":[0.5,1e-3,-2.25]}";
        tw__json_fault fault;
        tw_context *ctx;
        json_t *all;
        char *back;
        assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
        enter(locales[i][0], locales[i][1]);
        assert_int_equal(tw__json_parse(ctx, &all, text, strlen(text), &fault), TW_OK);
        assert_true(json_number_value(json_array_get(json_object_get(all, "a"), 1)) == 1e-3);
        assert_int_equal(tw__json_dump(ctx, all, JSON_COMPACT, &back, NULL), TW_OK);
        assert_string_equal(back, "{\"a\":[0.5,0.001,-2.25]}");
        tw__free_text(ctx, back);
        json_decref(all);
        leave();
        tw_context_free(ctx);
    }
}

static void surfaces(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        tw_surface *s;
        tw_error err;
        tw_context *ctx;
        enter(locales[i][0], locales[i][1]);
        assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
        if (tw_surface_create(&s, ctx, "expr:\"0.5*x^2 + 1.25*y\",x=0.75", TW_F64, &err) != TW_OK)
            fail_msg("%s", err.message);
        assert_string_equal(tw_surface_spec(s), "expr:\"0.5*x^2 + 1.25*y\",x=0.75");
        tw_surface_free(s);
        tw_context_free(ctx);
        leave();
    }
}

/* ---- A run --------------------------------------------------------------------------------------------- */

static int stop_after(void *user, const tw_event *event)
{
    int *left = user;
    return event->kind == TW_EVENT_STEP && (*left)-- == 0;
}

static char wanted[1 << 20], found[1 << 20];

static size_t bytes_of(const char *path, char *to)
{
    FILE *f = fopen(path, "rb");
    if (!f) fail_msg("%s is not there", path);
    const size_t n = fread(to, 1, sizeof wanted - 1, f);
    fclose(f);
    to[n] = 0;
    return n;
}

static void run(int stop, int resume)
{
    tw_context *ctx;
    tw_job *job;
    tw_error err;
    tw_job_options o = TW_JOB_OPTIONS_INIT;
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    if (!resume) {
        assert_int_equal(system("rm -rf '" OUT "'"), 0);
        o.data = DATA;
        o.model = "flatten; dropout 0.25; dense classes softmax";
        o.val = 0.125;
        o.out = OUT;
        o.run.epochs = 3;
        o.run.batch = 20;
        o.run.optimizer = "sgd:lr=0.05,momentum=0.9";
        o.run.schedule = "cosine";
        o.run.event = stop < 0 ? NULL : stop_after;
        o.run.user = &stop;
    }
    if ((resume ? tw_job_resume(&job, ctx, OUT, &o, &err) : tw_job_create(&job, ctx, &o, &err)) != TW_OK ||
        tw_job_run(job, &err) != TW_OK)
        fail_msg("%s", err.message);
    tw_job_free(job);
    tw_context_free(ctx);
}

/* Stopped under one locale, resumed under another: the model of a run left alone; the files hold points and
 * their cells fit the header. */
static void stopped_and_resumed(void **state)
{
    (void)state;
    run(-1, 0);
    const size_t n = bytes_of(OUT "/model.safetensors", wanted);
    for (int i = 0; i < 2; i++)
        for (int both = 0; both < 2; both++) {
            enter(locales[i][0], locales[i][1]);
            run(8, 0);
            if (!both) leave();
            run(0, 1);
            leave();
            assert_int_equal(bytes_of(OUT "/model.safetensors", found), n);
            assert_memory_equal(found, wanted, n);
            bytes_of(OUT "/history.csv", found);
            for (char *line = strtok(found, "\n"); line; line = strtok(NULL, "\n")) {
                int commas = 0;
                for (const char *c = line; *c; c++) commas += *c == ',';
                if (commas != 6 || strchr(line, '\xd9')) fail_msg("history.csv: %s", line);
            }
            bytes_of(OUT "/run.json", found);
            assert_non_null(strstr(found, "\"optimizer\": \"sgd:lr=0.05,momentum=0.9\""));
            json_error_t e;
            json_t *all = json_loads(found, 0, &e); /* under C: another program reads it */
            if (!all) fail_msg("run.json: %s", e.text);
            json_decref(all);
        }
}

/* ---- A race: table, JSON, database, page with its pictures --------------------------------------------- */

#define RACE TW_BINARY_DIR "/test_locale.race"

/* As another program reads it, without what a clock says. */
static char *without_seconds(const char *text)
{
    json_error_t e;
    json_t *all = json_loads(text, 0, &e);
    if (!all) fail_msg("race.json: %s", e.text);
    tw__json_remove(all, "seconds");
    char *rest = json_dumps(all, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
    json_decref(all);
    return rest;
}

/* The race's page is in `page` and its table in `table`; returns its JSON. */
static char *race(char *page, size_t *n, char table[1024])
{
    tw_context *ctx = context(1);
    tw_race_options o = races_on_surface("bowl:x=0.75,y=1.5", "sgd:lr=0.125 momentum:lr=0.05,momentum=0.8");
    o.steps = 40;
    o.job.run.target = "value=0.001";
    o.job.out = RACE;
    assert_int_equal(system("rm -rf '" RACE "'"), 0);
    tw_race *made = races_run(races_created(ctx, &o));
    char *text = strdup(tw_race_json(made));
    snprintf(table, 1024, "%s", tw_race_table(made));
    tw_race_free(made);
    *n = bytes_of(RACE "/report.html", page);
    tw_race_free(races_resumed(ctx, RACE)); /* race.db is read */
    tw_context_free(ctx);
    return text;
}

static void a_race(void **state)
{
    (void)state;
    size_t n, m;
    char tables[2][1024], *text = race(wanted, &n, tables[0]), *want = without_seconds(text);
    free(text);
    assert_true(n > 10000 && n < sizeof wanted - 1);
    for (int i = 0; i < 2; i++) {
        enter(locales[i][0], locales[i][1]);
        text = race(found, &m, tables[1]);
        leave();
        char *is = without_seconds(text);
        free(text);
        assert_string_equal(is, want);
        assert_string_equal(tables[1], tables[0]);
        assert_int_equal(m, n);
        assert_memory_equal(found, wanted, n);
        free(is);
    }
    free(want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(specs_and_messages), cmocka_unit_test(json),
                                       cmocka_unit_test(surfaces), cmocka_unit_test(stopped_and_resumed),
                                       cmocka_unit_test(a_race)};
    return cmocka_run_group_tests(tests, make_locales, NULL);
}
