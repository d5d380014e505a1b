/* Fuzz target: any bytes as run.json of a run's folder. A run that is accepted has a known status, and is the
 * same when its JSON is written and read again; what is refused has a message.
 * SPDX-License-Identifier: MIT */
#include "one_file.h"
#include "base/context.h"
#include "file/json.h"
#include "train/job.h"

static one_file file;
static tw_context *ctx;

/* The input with the checksum that fits it, which a fuzzer would not find. */
static char *with_right_sum(const uint8_t *bytes, size_t n)
{
    tw__json_fault fault;
    tw_error err = {0};
    json_t *json;
    char *text = NULL;
    if (tw__json_parse(ctx, &json, (const char *)bytes, n, &fault) != TW_OK) return NULL;
    if (json_is_object(json) && json_object_del(json, "checksum") == 0) {
        tw__json_builder b = {.err = &err};
        tw__json_put_sum(&b, json);
        MUST(b.status == TW_OK && tw__json_dump(ctx, json, JSON_COMPACT, &text, &err) == TW_OK);
    }
    json_decref(json);
    return text;
}

static void read_run(const uint8_t *bytes, size_t n)
{
    json_t *run, *again;
    char *text;
    tw_error err = {0};
    file.bytes = bytes;
    file.n = n;
    if (tw__job_read_directory(ctx, ".", &run, &err) != TW_OK) {
        MUST(!run && err.message[0] && err.code != TW_ERR_NOT_FOUND);
        return;
    }
    tw__job_ended(run);
    MUST(tw__json_dump(ctx, run, JSON_COMPACT, &text, &err) == TW_OK);
    file.bytes = (const uint8_t *)text;
    file.n = strlen(text);
    MUST(tw__job_read_directory(ctx, ".", &again, &err) == TW_OK && tw__json_same(run, again));
    tw__free_text(ctx, text);
    json_decref(run);
    json_decref(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (!ctx) ctx = one_file_context(&file);
    read_run(bytes, n);
    char *text = with_right_sum(bytes, n);
    if (text) read_run((const uint8_t *)text, strlen(text));
    tw__free_text(ctx, text);
    return 0;
}
