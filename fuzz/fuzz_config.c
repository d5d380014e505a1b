/* Fuzz target: any bytes as a configuration, applied to the options of a run and of a race. What is taken
 * lies in its row's range, and comes back from JSON as it was.
 * SPDX-License-Identifier: MIT */
#include "one_file.h"
#include "train/options.h"
#include <thalweg/race.h>

static one_file file;
static tw_context *ctx;

static void apply(const tw_config *config, tw_fields *fields, void *options, void *again)
{
    tw_error err = {0};
    if (tw_config_apply(config, fields, options, &err) != TW_OK) {
        MUST(err.code == TW_ERR_DATA && err.message[0]);
        return;
    }
    MUST(tw__fields_check(fields, options, &err) == TW_OK);
    tw__json_builder b = {.err = &err};
    json_t *json = tw__fields_json(&b, fields, options, 0, 0), *twice;
    MUST(b.status == TW_OK && tw__fields_read(fields, again, json, 1, &err) == TW_OK);
    twice = tw__fields_json(&b, fields, again, 0, 0);
    MUST(b.status == TW_OK && json_equal(json, twice));
    json_decref(json);
    json_decref(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tw_config *config;
    tw_error err = {0};
    tw_job_options job = TW_JOB_OPTIONS_INIT, same_job = TW_JOB_OPTIONS_INIT;
    tw_race_options race = TW_RACE_OPTIONS_INIT, same_race = TW_RACE_OPTIONS_INIT;
    if (!ctx) ctx = one_file_context(&file);
    file.bytes = bytes;
    file.n = n;
    if (tw_config_read(&config, ctx, "input", &err) != TW_OK) {
        MUST(!config && err.message[0]);
        return 0;
    }
    apply(config, tw_job_fields, &job, &same_job);
    apply(config, tw_race_fields, &race, &same_race);
    tw_config_free(config);
    return 0;
}
