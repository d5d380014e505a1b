/* A configuration: the options in a JSON file or in a run's run.json, and the data that they name.
 * SPDX-License-Identifier: MIT */
#include "base/io.h"
#include "models/model.h"
#include "train/job.h"
#include "train/json.h"
#include "train/options.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

struct tw_config {
    tw_context *ctx;
    char *file;
    json_t *whole, *options;
};

/* Removes the rows that a comparison has converted, where they stay in a file. */
static void remove_converted(const tw_config *c, const char *stream)
{
    static const char *const ends[] = {".twd", ".test.twd"};
    char path[TW__PATH];
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(path, sizeof path, "%.4000s%s", stream, ends[i]);
        c->ctx->io.remove(c->ctx->io.user, path);
    }
}

/* Opens the data at `path` as the configuration does, other files from the directory where that is given.
 * *same: they have the recorded fingerprint. */
static tw_status compare_data(const tw_config *c, const char *path, const char *directory,
                              const json_t *recorded, int *same, tw_error *err)
{
    tw_job_options o = TW_JOB_OPTIONS_INIT;
    tw_data_options d = TW_DATA_OPTIONS_INIT;
    tw_data *train = NULL, *val = NULL, *test = NULL;
    char *more = NULL, *tests = NULL, stream[TW__PATH];
    json_t *now = NULL;
    tw_model *from = NULL;
    TW_TRY(tw__fields_read_known(tw_job_fields, &o, c->options, err));
    TW_TRY(tw_job_data_options(&o, &d, err));
    snprintf(stream, sizeof stream, "%.4000s.compared", c->file);
    if (o.stream) d.stream = stream;
    tw_status s = directory ? tw__paths_from(c->ctx, &more, directory, d.more, err) : TW_OK;
    if (s == TW_OK && directory) s = tw__paths_from(c->ctx, &tests, directory, d.test, err);
    if (directory) d.more = more, d.test = tests;
    if (s == TW_OK && o.from) s = tw__job_open_from(c->ctx, o.from, NULL, &from, err);
    if (s == TW_OK && from) s = tw_model_reads(from, &d, err);
    if (s == TW_OK) s = tw_data_open(c->ctx, path, &d, &train, &val, &test, err);
    if (s == TW_OK) s = tw__json_fingerprint(train, val, test, from, &now, err);
    tw_model_free(from);
    tw_data_free(train);
    tw_data_free(val);
    tw_data_free(test);
    if (o.stream) remove_converted(c, stream);
    tw__free_text(c->ctx, more);
    tw__free_text(c->ctx, tests);
    *same = s == TW_OK && json_equal(now, recorded);
    json_decref(now);
    return s;
}

/* The data are there, and so are the files beside them. */
static tw_status use_data(tw_config *c, const char *there, const char *directory, tw_error *err)
{
    static const char *const keys[] = {"more", "test"};
    tw__json_builder b = {.err = err};
    tw__json_put_text(&b, c->options, "data", there);
    for (size_t i = 0; b.status == TW_OK && i < sizeof keys / sizeof keys[0]; i++) {
        char *paths;
        const char *given = json_string_value(json_object_get(c->options, keys[i]));
        TW_TRY(tw__paths_from(c->ctx, &paths, directory, given, err));
        if (paths) tw__json_put_text(&b, c->options, keys[i], paths);
        tw__free_text(c->ctx, paths);
    }
    return b.status;
}

/* Without a fingerprint the name decides: here, else there. */
static tw_status find_by_name(tw_config *c, const char *data, const char *there, const char *directory,
                              tw_error *err)
{
    int kind;
    if (!there || tw__path_kind(c->ctx, data, &kind, NULL) != TW_OK || kind != TW_PATH_NONE) return TW_OK;
    if (tw__path_kind(c->ctx, there, &kind, NULL) != TW_OK || kind == TW_PATH_NONE) return TW_OK;
    return use_data(c, there, directory, err);
}

/* With one the rows decide. */
static tw_status find_by_fingerprint(tw_config *c, const char *data, const char *there, const char *directory,
                                     const json_t *recorded, tw_error *err)
{
    const char *const paths[] = {data, there}, *other = NULL;
    tw_error broken = {.code = TW_OK}, why;
    for (int i = 0; i < 2 && paths[i]; i++) {
        int same = 0;
        tw_status s = compare_data(c, paths[i], i ? directory : NULL, recorded, &same, &why);
        if (s == TW_OK && same) return i ? use_data(c, there, directory, err) : TW_OK;
        if (s == TW_OK && !other) other = paths[i];
        if (s == TW_ERR_DATA && broken.code == TW_OK) broken = why;
        if (s == TW_OK || s == TW_ERR_NOT_FOUND || s == TW_ERR_DATA) continue;
        if (err) *err = why;
        return s;
    }
    if (other)
        return tw__fail_in(err, TW_ERR_DATA, c->file, 0, -1,
                           "%.200s holds other data than the run was made with (give DATA to choose)", other);
    if (broken.code == TW_OK)
        return there
                   ? tw__fail(err, TW_ERR_NOT_FOUND,
                              "%.200s holds no data, nor does %.250s, where the run was started", data, there)
                   : tw__fail(err, TW_ERR_NOT_FOUND, "%.300s holds no data", data);
    if (err) *err = broken;
    return broken.code;
}

/* The model that the run started from, here or there: it is the recorded one. */
static tw_status find_from(tw_config *c, const char *directory, const json_t *recorded, tw_error *err)
{
    char there[TW__PATH], hash[TW__HASH_DIGITS + 1];
    const char *from = json_string_value(json_object_get(c->options, "from")), *paths[] = {from, NULL},
               *other = NULL;
    tw__json_builder b = {.err = err};
    if (!from) return TW_OK;
    if (directory && from[0] != '/') TW_TRY(tw__path_in(directory, from, there, err));
    if (directory && from[0] != '/') paths[1] = there;
    for (int i = 0; i < 2 && paths[i]; i++) {
        tw_model *m;
        tw_status s = tw_model_load(&m, c->ctx, paths[i], err);
        if (s == TW_ERR_NOT_FOUND) continue;
        TW_TRY(s);
        s = tw__model_hash(m, hash, err);
        tw_model_free(m);
        TW_TRY(s);
        other = paths[i];
        if (json_is_string(recorded) && strcmp(hash, json_string_value(recorded)) != 0) continue;
        tw__json_put_text(&b, c->options, "from", paths[i]);
        return b.status;
    }
    return other ? tw__fail_in(err, TW_ERR_DATA, c->file, 0, -1,
                               "%.200s is another model than the run started from", other)
                 : tw__fail(err, TW_ERR_NOT_FOUND,
                            "%.300s, the model that the run started from, does not exist", from);
}

tw_status tw_config_find_data(tw_config *c, tw_error *err)
{
    TW_NEEDS(err, c);
    const char *data = json_string_value(json_object_get(c->options, "data")),
               *directory = json_string_value(json_object_get(c->whole, "directory"));
    const json_t *recorded = json_object_get(c->whole, "fingerprint");
    char path[TW__PATH];
    TW_TRY(find_from(c, directory, json_object_get(recorded, "from"), err));
    const int relative = data && directory && data[0] != '/';
    /* the same everywhere */
    if (!data || tw_data_is_set(data)) return TW_OK;
    if (relative) TW_TRY(tw__path_in(directory, data, path, err));
    const char *there = relative ? path : NULL;
    return recorded ? find_by_fingerprint(c, data, there, directory, recorded, err)
                    : find_by_name(c, data, there, directory, err);
}

tw_status tw_config_read(tw_config **out, tw_context *ctx, const char *file, tw_error *err)
{
    TW_MAKES(err, out, ctx && file);
    tw_config *c;
    TW_TRY(tw__alloc(ctx, &c, 1, sizeof *c, err));
    c->ctx = ctx;
    tw_status s = tw__copy_text(ctx, &c->file, file, err);
    if (s == TW_OK) s = tw__json_read_file(ctx, file, &c->whole, err);
    if (s == TW_OK) s = tw__json_check_run(c->whole, file, err);
    if (s == TW_OK) {
        json_t *inside = json_object_get(c->whole, "config");
        c->options = inside ? inside : c->whole;
        if (!json_is_object(c->options))
            s = tw__fail_in(err, TW_ERR_DATA, file, 0, -1,
                            "an object with options is needed, as the \"config\" of a run.json");
    }
    if (s == TW_OK) *out = c;
    else tw_config_free(c);
    return s;
}

/* 0 is what a library caller leaves unset. A file that says 0 is refused as the line is, but where a run
 * records 0 for "not given". */
static tw_status check_zeros(tw_fields *fields, const json_t *from, tw_error *err)
{
    tw_field f;
    for (size_t i = 0; fields(i, &f); i++) {
        const json_t *value = json_object_get(from, f.name);
        if (f.type != TW_FIELD_NATURAL || f.least < 1 || !(f.usual || f.traits & TW_FIELD_IF_SET)) continue;
        if (json_is_integer(value) && json_integer_value(value) == 0) return tw__field_wrong(&f, value, err);
    }
    return TW_OK;
}

tw_status tw_config_apply(const tw_config *config, tw_fields *fields, void *options, tw_error *err)
{
    TW_NEEDS(err, config && fields && options);
    tw_error why;
    tw_status s = tw__fields_read(fields, options, config->options, 0, &why);
    if (s == TW_OK) s = check_zeros(fields, config->options, &why);
    return s == TW_OK ? TW_OK : tw__fail_in(err, TW_ERR_DATA, config->file, 0, -1, "%s", why.message);
}

void tw_config_free(tw_config *c)
{
    if (!c) return;
    json_decref(c->whole);
    tw__free_text(c->ctx, c->file);
    tw__free(c->ctx, c, 1, sizeof *c);
}
