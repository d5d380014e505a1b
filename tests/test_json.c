/* JSON read, built and written: the same as jansson's where memory lasts, and where it does not, whichever
 * allocation fails, TW_ERR_MEMORY and nothing.
 * SPDX-License-Identifier: MIT */
#include "faulty_json.h"
#include "file/json.h"
#include "file/utf8.h"
#include "small_data.h"
#include "train/job.h"
#include "train/json.h"
#include "train/options.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define DATA TW_BINARY_DIR "/test_json.data"
#define OUT TW_BINARY_DIR "/test_json.out"

static tw_context *context(faults *f)
{
    tw_context *ctx;
    assert_int_equal(faulty_context(&ctx, f, 1, NULL), TW_OK);
    f->whole = 1;
    return ctx;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static const char *const right[] = {
    "{}",
    " [ ]\n",
    "[0, -0, 9223372036854775807, -9223372036854775808, 128, 1234567890123456789]",
    "[0.5, -0.0, 1e3, 1E+3, 1.25e-3, 123456789.123456789, 0.1, 0e-400, 4.9e-324, 1.7976931348623157e308]",
    "[true, false, null, [true], {\"a\": null}]",
    "{\"a\": {\"b\": [{\"c\": 1}, {}]}, \"\": 2, \"long key of more than sixteen characters\": 3}",
    "[\"\", \"a\", \"fifteen letters\", \"sixteen letters!\", \"flatten; dense 128 relu; dense classes softmax\"]",
    "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\", \"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\", \"\\u0001\\u007f\"]",
    "[\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\", \"a \xc3\xa9 of two bytes on a border of sixteen\"]",
    "\t\r\n{\"a\"\t:\r\n1 , \"b\":[ 1,2 ] }  ",
};
static const struct {
    const char *text, *message;
    int line, at;
} wrong[] = {
    {"", "this is not JSON, which begins with { or [", 1, 0},
    {"1,2,3", "this is not JSON, which begins with { or [", 1, 0},
    {"\"a\"", "this is not JSON, which begins with { or [", 1, 0},
    {"{", "ends where a key in quotes is needed", 1, 1},
    {"{\"a\"", "ends where a colon is needed", 1, 4},
    {"{\"a\":", "ends where a value is needed", 1, 5},
    {"{\"a\":1", "ends where a comma or } is needed", 1, 6},
    {"[1\n", "ends where a comma or ] is needed", 2, 3},
    {"{\"a\" 1}", "a colon is needed, not 1}", 1, 5},
    {"{\"a\":1,}", "a key in quotes is needed, not }", 1, 7},
    {"{\"a\":1 \"b\":2}", "a comma or } is needed, not \"b\":2}", 1, 7},
    {"{a: 1}", "a key in quotes is needed, not a:", 1, 1},
    {"[1,]", "a value is needed, not ]", 1, 3},
    {"[1 2]", "a comma or ] is needed, not 2]", 1, 3},
    {"[1]\n\n[2]", "the end of the file is needed, not [2]", 3, 5},
    {"[nul]", "a value is needed, not nul]", 1, 1},
    {"[truely]", "a comma or ] is needed, not ly]", 1, 5},
    {"[01]", "a number is needed, not 01]", 1, 1},
    {"[-]", "a number is needed, not -]", 1, 1},
    {"[.5]", "a value is needed, not .5]", 1, 1},
    {"[1.]", "a number is needed, not 1.]", 1, 1},
    {"[1e]", "a number is needed, not 1e]", 1, 1},
    {"[0x10]", "a comma or ] is needed, not x10]", 1, 2},
    {"[NaN]", "a value is needed, not NaN]", 1, 1},
    {"[9223372036854775808]", "a number is too large", 1, 1},
    {"[1e400]", "a number is too large", 1, 1},
    {"{\"val\": 0.1,\n \"val\": 0.2}", "the key \"val\" appears twice", 2, 14},
    {"[\"abc", "a text without its closing \"", 1, 1},
    {"[\"a\nb\"]", "a line break or control character in a text", 1, 3},
    {"[\"\\x41\"]", "a \\ in a text that begins none of", 1, 2},
    {"[\"\\", "a \\ in a text that begins none of", 1, 2},
    {"[\"\\u12", "\\u12 is no character", 1, 2},
    {"[\"\\u0000\"]", "a text contains the character \\u0000", 1, 2},
    {"[\"\\ud800\"]", "\\ud800 is no character", 1, 2},
    {"[\"\\ud800\\u0041\"]", "\\ud800 is no character", 1, 2},
    {"[\"\\udc00\"]", "\\udc00 is no character", 1, 2},
    {"[\"\xff\"]", "it is not valid UTF-8", 1, 2},
    {"[\"\xc0\x80\"]", "it is not valid UTF-8", 1, 2},
    {"[\xff]", "this is not JSON: byte 0xff", 1, 1},
};

static void what_jansson_reads_is_read(void **state)
{
    (void)state;
    faults f;
    tw_context *ctx = context(&f);
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        tw__json_fault fault;
        json_t *mine, *theirs = json_loads(right[i], JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(theirs);
        if (tw__json_parse(ctx, &mine, right[i], strlen(right[i]), &fault) != TW_OK)
            fail_msg("%s: %s", right[i], fault.text);
        if (!json_equal(mine, theirs)) fail_msg("%s is read as another", right[i]);
        json_decref(mine);
        json_decref(theirs);
    }
    tw_context_free(ctx);
    assert_int_equal(f.live, 0);
}

static void a_fault_is_said_with_its_place(void **state)
{
    (void)state;
    faults f;
    tw_context *ctx = context(&f);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        tw__json_fault fault;
        json_t *mine, *theirs = json_loads(wrong[i].text, JSON_REJECT_DUPLICATES, NULL);
        assert_null(theirs);
        assert_int_equal(tw__json_parse(ctx, &mine, wrong[i].text, strlen(wrong[i].text), &fault),
                         TW_ERR_DATA);
        assert_null(mine);
        if (!strstr(fault.text, wrong[i].message) || fault.line != wrong[i].line || fault.at != wrong[i].at)
            fail_msg("%s: line %d, byte %d: %s", wrong[i].text, (int)fault.line, (int)fault.at, fault.text);
    }
    tw__json_fault fault;
    json_t *json;
    assert_int_equal(tw__json_parse(ctx, &json, "[1\0]", 4, &fault), TW_ERR_DATA);
    assert_string_equal(fault.text, "this is not JSON: byte 0x00");
    /* which jansson takes for 0 */
    assert_int_equal(tw__json_parse(ctx, &json, "[-0.001e-1000]", 14, &fault), TW_ERR_DATA);
    assert_string_equal(fault.text, "a number is too small: it would be 0");
    char deep[3000];
    memset(deep, '[', sizeof deep);
    assert_int_equal(tw__json_parse(ctx, &json, deep, sizeof deep, &fault), TW_ERR_DATA);
    assert_non_null(strstr(fault.text, "more than 1000 lists"));
    tw_context_free(ctx);
    assert_int_equal(f.live, 0);
}

/* Every prefix and every changed byte: the two agree on what is JSON. */
static void both_readers_agree_on_what_is_broken(void **state)
{
    (void)state;
    faults f;
    tw_context *ctx = context(&f);
    long agreed = 0;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        for (size_t at = 0; right[i][at]; at++)
            for (const char *put = "\"\\0{]:,x"; *put; put++) {
                char text[400];
                tw__json_fault fault;
                snprintf(text, sizeof text, "%s", right[i]);
                text[at] = *put == '0' ? 0 : *put;
                const size_t n = *put == '0' ? at : strlen(text);
                json_t *mine, *theirs = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
                tw_status s = tw__json_parse(ctx, &mine, text, n, &fault);
                if (!theirs != (s == TW_ERR_DATA) || (theirs && !json_equal(mine, theirs)))
                    fail_msg("%s: %s", text, s == TW_OK ? "is read" : fault.text);
                json_decref(mine);
                json_decref(theirs);
                agreed++;
            }
    assert_true(agreed > 4000);
    tw_context_free(ctx);
    assert_int_equal(f.live, 0);
}

/* ---- every allocation ---------------------------------------------------------------------------------- */

typedef tw_status made_by(tw_context *ctx, const char *given, char **text, tw_error *err);

/* Calls it with the n-th allocation failing, once and for good, for every n: it says TW_ERR_MEMORY, or the
 * text is the one of the undisturbed call. Returns how many allocations there are. */
static long every_allocation(made_by *make, const char *given)
{
    faults f;
    tw_error err = {0};
    char *whole, *text;
    long n = 0;
    tw_context *ctx = context(&f);
    if (make(ctx, given, &whole, &err) != TW_OK) fail_msg("%s", err.message);
    for (int for_ever = 0; for_ever < 2; for_ever++) {
        tw_status s = TW_ERR_MEMORY;
        for (n = 0; s == TW_ERR_MEMORY; n++) {
            f.allocations = 0;
            f.fail_allocation = n + 1;
            f.for_ever = for_ever;
            faulty_json_use(&f);
            s = make(ctx, given, &text, &err);
            faulty_json_use(NULL);
            f.fail_allocation = 0;
            if (s != TW_OK && s != TW_ERR_MEMORY) fail_msg("allocation %ld: %s", n + 1, err.message);
            if (s == TW_ERR_MEMORY && !strstr(err.message, "out of memory") && !strstr(err.message, "alloc"))
                fail_msg("allocation %ld: %s", n + 1, err.message);
            if (s == TW_OK) assert_string_equal(text, whole);
            if (s == TW_OK) tw__free_text(ctx, text);
        }
    }
    tw__free_text(ctx, whole);
    tw_context_free(ctx);
    assert_int_equal(f.live, 0);
    return n;
}

static tw_status read_and_write(tw_context *ctx, const char *given, char **text, tw_error *err)
{
    json_t *json;
    tw__json_fault fault;
    tw_status s = tw__json_parse(ctx, &json, given, strlen(given), &fault);
    if (s != TW_OK) return tw__fail(err, s, "%s", fault.text);
    s = tw__json_record(ctx, json, JSON_INDENT(2), text, err);
    json_decref(json);
    return s;
}

static void what_is_read_and_written_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        assert_true(every_allocation(read_and_write, right[i]) > 3);
}

static tw_status build_all(tw_context *ctx, const char *given, char **text, tw_error *err)
{
    tw_job_options o = TW_JOB_OPTIONS_INIT;
    const tw_epoch lines[] = {{1, 0.5, 2.25, 0.5, 0.125, 0.25, 0.1}, {2, 0.75, 1.5, 0.5, 0.0625, 0.5, 0.1}};
    const tw_metrics m = {0.5, 0.75, 10};
    tw__json_builder b = {.err = err};
    json_t *all = tw__json_object(&b), *more = tw__json_object(&b);
    o.model = given;
    tw__json_put(&b, all, "config", tw__fields_json(&b, tw_job_fields, &o, 1, 0));
    tw__json_put(&b, all, "epochs", tw__json_epochs(&b, lines, 2));
    tw__json_put(&b, all, "metrics", tw__json_metrics(&b, &m));
    tw__json_put(&b, all, "numbers", tw__json_reals(&b, &lines[0].seconds, 6));
    tw__json_put_members(&b, more, all, "metrics");
    json_decref(all);
    TW_TRY(tw__json_take(&b, more, &more));
    tw_status s = tw__json_record(ctx, more, JSON_COMPACT, text, err);
    json_decref(more);
    return s;
}

static void what_is_built_is_whole(void **state)
{
    (void)state;
    assert_true(every_allocation(build_all, "flatten; dense 128 relu; dense classes softmax") > 100);
}

/* Any change of content is noticed, none of layout. */
static void a_checksum_is_of_the_content(void **state)
{
    (void)state;
    static const char *const others[] = {
        "{\"a\": [1, 2.5, \"x\", true, null, {}], \"b\": {\"c\": -1}}",
        "{\"a\": [1, 2.5, \"x\", true, null, {}], \"b\": {\"c\": 2}}",
        "{\"a\": [1, 2.5, \"x\", true, null, {}], \"b\": {\"d\": 1}}",
        "{\"a\": [1, 2.5, \"x\", true, null, []], \"b\": {\"c\": 1}}",
        "{\"a\": [1, 2.5, \"x\", false, null, {}], \"b\": {\"c\": 1}}",
        "{\"a\": [1, 2.5, \"x\", true, null], \"b\": {\"c\": 1}}",
        "{\"a\": [1.0, 2.5, \"x\", true, null, {}], \"b\": {\"c\": 1}}",
        "{\"a\": [1, 2.5000000000000004, \"x\", true, null, {}], \"b\": {\"c\": 1}}",
        "{\"b\": {\"c\": 1}, \"a\": [1, 2.5, \"x\", true, null, {}]}",
        "{\"a\": [1, 2.5, \"x\", true, null, {}, \"b\"], \"c\": 1}",
    };
    static const char text[] = "{\"a\": [1, 2.5, \"x\", true, null, {}], \"b\": {\"c\": 1}}";
    faults f;
    tw_error err = {0};
    tw_context *ctx = context(&f);
    tw__json_fault fault;
    tw__json_builder b = {.err = &err};
    json_t *json, *other;
    char *compact;
    assert_int_equal(tw__json_parse(ctx, &json, text, strlen(text), &fault), TW_OK);
    assert_int_equal(tw__json_check_sum(json, &err), TW_OK); /* there is none */
    tw__json_put_sum(&b, json);
    assert_int_equal(b.status, TW_OK);
    json_t *sum = json_object_get(json, "checksum");
    assert_int_equal(tw__json_record(ctx, json, JSON_COMPACT, &compact, &err), TW_OK);
    assert_int_equal(tw__json_parse(ctx, &other, compact, strlen(compact), &fault), TW_OK);
    assert_int_equal(tw__json_check_sum(other, &err), TW_OK);
    json_decref(other);
    tw__free_text(ctx, compact);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(tw__json_parse(ctx, &other, others[i], strlen(others[i]), &fault), TW_OK);
        tw__json_put(&b, other, "checksum", json_incref(sum));
        if (tw__json_check_sum(other, &err) != TW_ERR_DATA) fail_msg("%s has the same checksum", others[i]);
        json_decref(other);
    }
    tw__json_put_natural(&b, json, "checksum", 7);
    assert_int_equal(tw__json_check_sum(json, &err), TW_ERR_DATA);
    json_decref(json);
    tw_context_free(ctx);
    assert_int_equal(f.live, 0);
}

static void what_json_cannot_hold(void **state)
{
    (void)state;
    tw_error err = {0};
    json_t *json;
    char text[TW__JSON_BRIEF];
    tw__json_builder b = {.err = &err};
    json = tw__json_object(&b);
    tw__json_put_real(&b, json, "loss", INFINITY);
    tw__json_put_real(&b, json, "accuracy", NAN);
    tw__json_put_text(&b, json, "target", NULL);
    tw__json_put(&b, json, "all", tw__json_reals(&b, (const double[]){0.1, NAN, -INFINITY}, 3));
    assert_int_equal(tw__json_take(&b, json, &json), TW_OK);
    assert_string_equal(tw__json_brief(json, text), "{\"loss\":null,\"all\":[0.1,null,null]}");
    json_decref(json);
    json = tw__json_list(&b);
    tw__json_append(&b, json, tw__json_text_value(&b, "\xff"));
    assert_int_equal(tw__json_take(&b, json, &json), TW_ERR_SPEC);
    assert_null(json);
}

/* ---- a run --------------------------------------------------------------------------------------------- */

static int make_data(void **state)
{
    (void)state;
    return !small_data(DATA, 20, 8);
}

static tw_job_options options(void)
{
    tw_job_options o = TW_JOB_OPTIONS_INIT;
    o.data = DATA;
    o.model = "flatten; dense 3 softmax";
    o.out = OUT;
    o.force = 1;
    o.val = 0.25;
    o.run.epochs = 1;
    o.run.batch = 16;
    return o;
}

static json_t *run_file(tw_context *ctx)
{
    json_t *run;
    tw_error err;
    if (tw__json_read_file(ctx, OUT "/run.json", &run, &err) != TW_OK) fail_msg("%s", err.message);
    if (tw__json_check_sum(run, &err) != TW_OK) fail_msg("%s", err.message);
    json_object_del(run, "checksum");
    tw__json_remove(run, "seconds");
    return run;
}

static int stop_at_once(void *user, const tw_event *event)
{
    (void)user;
    return event->kind == TW_EVENT_STEP;
}

enum how { NEW, NEW_AND_STOPPED, RESUMED };
static tw_status run_job(tw_context *ctx, enum how how, tw_error *err)
{
    tw_job_options o = options();
    tw_job *job;
    const char *text;
    if (how == NEW_AND_STOPPED) o.run.event = stop_at_once;
    tw_status s = how == RESUMED ? tw_job_resume(&job, ctx, OUT, &o, err) : tw_job_create(&job, ctx, &o, err);
    if (s == TW_OK) s = tw_job_run(job, err);
    if (s == TW_OK) s = tw_job_json(job, &text, err);
    tw_job_free(job);
    return s;
}

/* run_job with the n-th allocation failing, if n is odd for good. */
static tw_status run_failing(tw_context *ctx, faults *f, enum how how, long n)
{
    tw_error err = {0};
    f->allocations = 0;
    f->fail_allocation = n;
    f->for_ever = n % 2;
    faulty_json_use(f);
    tw_status s = run_job(ctx, how, &err);
    faulty_json_use(NULL);
    f->fail_allocation = 0;
    if (s != TW_OK && s != TW_ERR_MEMORY) fail_msg("allocation %ld: %s", n, err.message);
    return s;
}

/* With any allocation failing a run that begins, is continued or is finished says so, and continued with
 * memory it ends with the same run.json. */
static void a_run_is_whole_or_can_be_continued(void **state)
{
    (void)state;
    faults f;
    tw_error err = {0};
    tw_context *ctx = context(&f);
    static const struct {
        enum how before, failing;
    } cases[] = {{NEW, NEW}, {NEW_AND_STOPPED, RESUMED}, {NEW, RESUMED}};
    assert_int_equal(run_job(ctx, NEW, &err), TW_OK);
    json_t *whole = run_file(ctx);
    for (int i = 0; i < 3; i++) {
        tw_status s = TW_ERR_MEMORY;
        long n;
        for (n = 1; s != TW_OK; n++) {
            assert_int_equal(run_job(ctx, cases[i].before, &err), TW_OK);
            s = run_failing(ctx, &f, cases[i].failing, n);
            if (s == TW_ERR_MEMORY && run_job(ctx, RESUMED, &err) != TW_OK)
                fail_msg("after allocation %ld: %s", n, err.message);
            json_t *run = run_file(ctx);
            if (!json_equal(run, whole)) fail_msg("after allocation %ld run.json is another", n);
            json_decref(run);
        }
        assert_true(n > 60);
    }
    json_decref(whole);
    tw_context_free(ctx);
    assert_int_equal(f.live, 0);
}

/* Numbers of a JSON text are the shortest that read back as the same, and nothing else changes. */
static void json_numbers_are_short(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"0.29999999999999999", "0.3"},
        {"[0.10000000000000001, 1.0, -2.0]", "[0.1, 1.0, -2.0]"},
        {"9.9999999999999995e-8", "1e-7"},
        {"{\"a 0.29999999999999999 \\\" 0.10000000000000001\": 5e-1}",
         "{\"a 0.29999999999999999 \\\" 0.10000000000000001\": 0.5}"},
        {"[12345678901234567890, 3, true, false, null, 1.7976931348623157e308]",
         "[12345678901234567890, 3, true, false, null, 1.7976931348623157e308]"},
        {"4.9406564584124654e-324", "5e-324"},
        {"-0.0", "-0.0"},
        {"1.0000000000000000e22", "1e22"},
        {"0.33333333333333331", "0.3333333333333333"},
        {"", ""},
        {"\"open", "\"open"},
        {"9.5367431640625e-7", "9.5367431640625e-7"},
        {"-1.5e", "-1.5e"},
    };
    char text[200];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(text, sizeof text, "%s", cases[i].from);
        assert_string_equal(tw_json_shorten(text), cases[i].to);
    }
    uint64_t bits = 1;
    for (int i = 0; i < 20000; i++) {
        double x;
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        memcpy(&x, &bits, sizeof x);
        if (!(x - x == 0)) continue;
        snprintf(text, sizeof text, "%.17g", x);
        const size_t before = strlen(text);
        assert_true(strlen(tw_json_shorten(text)) <= before);
        assert_true(strtod(text, NULL) == x);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_jansson_reads_is_read),
        cmocka_unit_test(a_fault_is_said_with_its_place),
        cmocka_unit_test(both_readers_agree_on_what_is_broken),
        cmocka_unit_test(what_is_read_and_written_is_whole),
        cmocka_unit_test(what_is_built_is_whole),
        cmocka_unit_test(what_json_cannot_hold),
        cmocka_unit_test(a_checksum_is_of_the_content),
        cmocka_unit_test(a_run_is_whole_or_can_be_continued),
        cmocka_unit_test(json_numbers_are_short),
    };
    return cmocka_run_group_tests(tests, make_data, NULL);
}
