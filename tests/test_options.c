/* The table of options: every field of the structs has a row, and what is read from JSON is what was written.
 * SPDX-License-Identifier: MIT */
#include "train/options.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <thalweg/race.h>
#include <thalweg/version.h>

#define FILE_NAME TW_BINARY_DIR "/test_options.json"

static tw_job_options filled(void)
{
    tw_job_options o = TW_JOB_OPTIONS_INIT;
    o.data = "digits";
    o.model = "mlp";
    o.val = 0.3;
    o.dtype = "f64";
    o.run.optimizer = "adam:lr=0.01";
    o.run.batch = 7;
    o.run.seed = INT64_MAX;
    o.run.nonfinite = TW_NONFINITE_ZERO;
    o.run.seconds = 1e-3;
    return o;
}

static void json_and_back(void **state)
{
    (void)state;
    const tw_job_options o = filled();
    tw_job_options again = TW_JOB_OPTIONS_INIT;
    tw__json_builder b = {.status = TW_OK};
    json_t *json = tw__fields_json(&b, tw_job_fields, &o, 0, 0), *twice;
    tw_error err = {0};
    if (tw__fields_read(tw_job_fields, &again, json, 1, &err) != TW_OK) fail_msg("%s", err.message);
    twice = tw__fields_json(&b, tw_job_fields, &again, 0, 0);
    assert_true(json_equal(json, twice));
    assert_true(again.val == 0.3 && again.run.batch == 7 && again.run.seed == INT64_MAX &&
                again.run.nonfinite == TW_NONFINITE_ZERO);
    assert_null(json_object_get(json, "groups"));
    json_object_del(json, "epochs");
    assert_int_equal(tw__fields_read(tw_job_fields, &again, json, 1, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "\"epochs\" is missing");
    json_decref(json);
    json_decref(twice);
}

static void defaults_are_written(void **state)
{
    (void)state;
    const tw_job_options o = TW_JOB_OPTIONS_INIT;
    tw__json_builder b = {.status = TW_OK};
    json_t *json = tw__fields_json(&b, tw_job_fields, &o, 1, 0);
    assert_int_equal(json_integer_value(json_object_get(json, "epochs")), 5);
    assert_string_equal(json_string_value(json_object_get(json, "optimizer")), "adam");
    assert_string_equal(json_string_value(json_object_get(json, "dtype")), "f32");
    json_decref(json);
}

/* Names are unique, in JSON and on the command line, and every row says what it is for. */
static void rows_are_whole(void **state)
{
    tw_fields *const tables[] = {tw_job_fields, tw_race_fields};
    (void)state;
    for (size_t t = 0; t < 2; t++) {
        tw_field a, b;
        for (size_t i = 0; tables[t](i, &a); i++) {
            if (!a.help || !*a.help || (a.flag && !a.arg && a.type != TW_FIELD_FLAG))
                fail_msg("%s has no help or name of its value", a.name);
            for (size_t k = 0; k < i && tables[t](k, &b); k++)
                if (!strcmp(a.name, b.name) || (a.flag && b.flag && !strcmp(a.flag, b.flag)) ||
                    a.offset == b.offset)
                    fail_msg("%s and %s", a.name, b.name);
        }
        assert_int_equal(tables[t](1000, &a), 0);
    }
}

/* Bytes of tw_job_options that are no row's and no member named here: a field was added without one. */
static void every_field_has_a_row(void **state)
{
    static const struct {
        size_t at, n;
    } others[] = {
#define OTHER(member) {offsetof(tw_job_options, member), sizeof(((tw_job_options *)0)->member)}
        OTHER(size),     OTHER(run.size),  OTHER(run.custom_rule), OTHER(run.event),
        OTHER(run.user), OTHER(run.order), OTHER(run.n_order),     OTHER(run.link),
    };
    static const size_t bytes[] =
        {[TW_FIELD_TEXT] = sizeof(char *), [TW_FIELD_NATURAL] = 8,        [TW_FIELD_REAL] = 8,
         [TW_FIELD_POSITIVE] = 8,          [TW_FIELD_WORD] = sizeof(int), [TW_FIELD_FLAG] = sizeof(int)};
    char covered[sizeof(tw_job_options)] = {0};
    tw_field f;
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        memset(covered + others[i].at, 1, others[i].n);
    for (size_t i = 0; tw_job_fields(i, &f); i++) memset(covered + f.offset, 1, bytes[f.type]);
    for (size_t i = 0; i + 4 < sizeof covered; i++)
        if (!covered[i] && (i % 8 < 4 || !covered[i - 4]))
            fail_msg("byte %zu of tw_job_options has no row in tw_job_fields", i);
}

static tw_status read_text(const char *text, tw_fields *fields, void *options, tw_config **config,
                           tw_error *err)
{
    static tw_context *ctx;
    FILE *f = fopen(FILE_NAME, "w");
    fputs(text, f);
    fclose(f);
    if (!ctx) assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    tw_status s = tw_config_read(config, ctx, FILE_NAME, err);
    return s == TW_OK ? tw_config_apply(*config, fields, options, err) : s;
}

static void a_configuration(void **state)
{
    (void)state;
    tw_job_options o = TW_JOB_OPTIONS_INIT;
    tw_config *config;
    tw_error err;
    o.run.batch = 9;
    assert_int_equal(
        read_text("{\"config\": {\"data\": \"x\", \"target\": null, \"val\": 0}, \"result\": {}}",
                  tw_job_fields, &o, &config, &err),
        TW_OK);
    assert_string_equal(o.data, "x");
    assert_int_equal(o.run.batch, 9);
    tw_config_free(config);
    static const struct {
        const char *text, *message;
    } wrong[] = {
        {"{\"epoch\": 3}", "unknown option \"epoch\" (did you mean \"epochs\"?)"},
        {"{\"epochs\": 0.5}", "epochs = 0.5 is not a whole number from 1 to 1000000000"},
        {"{\"epochs\": -1}", "epochs = -1 is not a whole number from 1 to 1000000000"},
        {"{\"batch\": 1000000001}", "batch = 1000000001 is outside [1, 1000000000]"},
        {"{\"val\": 1}", "val = 1 is outside [0, 1)"},
        {"{\"model\": 3}", "model = 3 is not a text"},
        {"{\"nonfinite\": \"stop\"}", "nonfinite = stop is not error, skip or zero"},
        {"{\"dtype\": \"f16\"}", "dtype = f16 is not f32 or f64"},
        {"{\"out\": \"x\"}", "unknown option \"out\""},
        {"{\"config\": [1]}", "an object with options is needed"},
        {"{\"config\": {}, \"result\": 3}", "result is not an object"},
        {"[1]", "an object with options is needed"},
        {"{\"val\": 0.1, \"val\": 0.2}", ":1: the key \"val\" appears twice"},
        {"", ":1: this is not JSON, which begins with { or ["},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(read_text(wrong[i].text, tw_job_fields, &o, &config, &err), TW_ERR_DATA);
        if (!strstr(err.message, wrong[i].message) || !strstr(err.message, FILE_NAME))
            fail_msg("\"%s\" in place of \"%s\"", err.message, wrong[i].message);
        tw_config_free(config);
    }
}

/* The words of the row are those that the enum has in C, in its order. */
static void nonfinite_has_one_set_of_names(void **state)
{
    tw_field f = {.name = ""};
    (void)state;
    for (size_t i = 0; strcmp(f.name, "nonfinite") != 0; i++) assert_int_equal(tw_job_fields(i, &f), 1);
    char words[64];
    enum tw_nonfinite policy;
    snprintf(words, sizeof words, "%s %s %s", tw_nonfinite_name(TW_NONFINITE_ERROR),
             tw_nonfinite_name(TW_NONFINITE_SKIP), tw_nonfinite_name(TW_NONFINITE_ZERO));
    assert_string_equal(f.words, words);
    assert_int_equal(tw_nonfinite_from_name("zero", &policy, NULL), TW_OK);
    assert_int_equal(policy, TW_NONFINITE_ZERO);
    assert_int_equal(tw_nonfinite_from_name("stop", &policy, NULL), TW_ERR_SPEC);
}

static void sparse_steps_have_one_set_of_names(void **state)
{
    tw_field f = {.name = ""};
    (void)state;
    for (size_t i = 0; strcmp(f.name, "sparse") != 0; i++) assert_int_equal(tw_job_fields(i, &f), 1);
    char words[64] = "";
    for (int i = TW_RUN_SPARSE_EXACT; i <= TW_RUN_SPARSE_DEGREE; i++)
        snprintf(words + strlen(words), sizeof words - strlen(words), "%s%s", i ? " " : "",
                 tw_run_sparse_name((enum tw_run_sparse)i));
    assert_string_equal(f.words, words);
    assert_string_equal(tw_run_sparse_name((enum tw_run_sparse)6), "unknown");
}

static void version_of_the_library_is_that_of_its_headers(void **state)
{
    (void)state;
    assert_string_equal(tw_version(), TW_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_and_back),
        cmocka_unit_test(defaults_are_written),
        cmocka_unit_test(rows_are_whole),
        cmocka_unit_test(every_field_has_a_row),
        cmocka_unit_test(a_configuration),
        cmocka_unit_test(nonfinite_has_one_set_of_names),
        cmocka_unit_test(sparse_steps_have_one_set_of_names),
        cmocka_unit_test(version_of_the_library_is_that_of_its_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
