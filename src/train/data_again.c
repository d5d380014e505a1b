/* The data of a run or race that continues: found again, and compared with what it was started with.
 * SPDX-License-Identifier: MIT */
#include "base/io.h"
#include "train/job.h"
#include <stdio.h>
#include <string.h>

/* Of what is missing within a data set that is there: the data have changed, and are not unknown. */
static tw_status has_changed(tw_context *ctx, const char *data, tw_status s, tw_error *err)
{
    int kind;
    if (s != TW_ERR_NOT_FOUND || tw__path_kind(ctx, data, &kind, NULL) != TW_OK || kind == TW_PATH_NONE)
        return s;
    if (err) err->code = TW_ERR_DATA;
    return TW_ERR_DATA;
}

tw_status tw_job_data_options(const tw_job_options *given, tw_data_options *out, tw_error *err)
{
    tw_job_options o;
    TW_TRY(tw__sized_clear(out, "tw_data_options", err));
    TW_NEEDS(err, given);
    TW_TRY(tw__sized_read(&o, sizeof o, given, "tw_job_options", err));
    tw_data_options all = {.size = sizeof all,
                           .val = o.val,
                           .limit = o.limit,
                           .cache = o.cache,
                           .home = o.home,
                           .format = o.format,
                           .more = o.more,
                           .test = o.test,
                           .label = o.label,
                           .row_weight = o.row_weight,
                           .group_by = o.group_by,
                           .columns = o.columns,
                           .without = o.without,
                           .missing = o.missing,
                           .index_base = o.index_base,
                           .features = o.features,
                           .skip_bad = o.skip_bad,
                           .seed = o.run.seed,
                           .hash_bits = o.hash_bits,
                           .length = o.length,
                           .categories = o.categories,
                           .image_size = o.image_size,
                           .stream = !o.stream ? NULL
                                     : o.out   ? o.out
                                               : "",
                           .window = o.window << 20};
    if (o.model) TW_TRY(tw_model_needs(o.model, &all, err));
    return tw__sized_write(out, &all, sizeof all, "tw_data_options", err);
}

tw_status tw__paths_from(tw_context *ctx, char **out, const char *directory, const char *paths, tw_error *err)
{
    const size_t each = strlen(directory) + 1;
    size_t lines = 1;
    char *text;
    *out = NULL;
    if (!paths) return TW_OK;
    for (const char *p = paths; *p; p++) lines += *p == '\n';
    const size_t size = strlen(paths) + lines * each + 1;
    TW_TRY(tw__alloc(ctx, &text, size, 1, err));
    char *to = text;
    for (size_t n; *paths; paths += n) {
        if (*paths != '/' && *paths != '\n') to += snprintf(to, each + 1, "%s/", directory);
        n = strcspn(paths, "\n");
        n += paths[n] == '\n';
        memcpy(to, paths, n);
        to += n;
    }
    const tw_status s = tw__copy_text(ctx, out, text, err);
    tw__free(ctx, text, size, 1);
    return s;
}

/* From the directory in which the run was started. */
static tw_status open_there(tw_context *ctx, const tw_job_options *o, tw_data_options d, tw_data **train,
                            tw_data **val, tw_data **test, tw_error *err)
{
    char path[TW__PATH], *more = NULL, *tests = NULL;
    tw_status s = tw__path_in(o->directory, o->data, path, err);
    if (s == TW_OK) s = tw__paths_from(ctx, &more, o->directory, d.more, err);
    if (s == TW_OK) s = tw__paths_from(ctx, &tests, o->directory, d.test, err);
    d.more = more;
    d.test = tests;
    if (s == TW_OK) s = has_changed(ctx, path, tw_data_open(ctx, path, &d, train, val, test, err), err);
    tw__free_text(ctx, more);
    tw__free_text(ctx, tests);
    return s;
}

tw_status tw__job_open_from(tw_context *ctx, const char *path, const char *directory, tw_model **out,
                            tw_error *err)
{
    char there[TW__PATH];
    tw_status s = tw_model_load(out, ctx, path, err);
    if (s != TW_ERR_NOT_FOUND || !directory || path[0] == '/') return s;
    TW_TRY(tw__path_in(directory, path, there, err));
    s = tw_model_load(out, ctx, there, err);
    if (s != TW_ERR_NOT_FOUND) return s;
    return tw__fail(err, s, "%.200s does not exist, neither here nor in %.250s, where the run was started",
                    path, directory);
}

tw_status tw__job_open_data(tw_context *ctx, const tw_job_options *o, const tw_model *from, int again,
                            tw_data **train, tw_data **val, tw_data **test, tw_error *err)
{
    tw_data_options d = TW_DATA_OPTIONS_INIT;
    int kind;
    TW_TRY(tw_job_data_options(o, &d, err));
    if (from) TW_TRY(tw_model_reads(from, &d, err));
    tw_status s = tw_data_open(ctx, o->data, &d, train, val, test, err);
    if (again) s = has_changed(ctx, o->data, s, err);
    if (s != TW_ERR_NOT_FOUND || !again || !o->directory || o->data[0] == '/') return s;
    if (tw__path_kind(ctx, o->data, &kind, NULL) != TW_OK || kind != TW_PATH_NONE) return s;
    s = open_there(ctx, o, d, train, val, test, err);
    if (s != TW_ERR_NOT_FOUND) return s;
    return tw__fail(err, s, "%.200s does not exist, neither here nor in %.250s, where the run was started",
                    o->data, o->directory);
}

/* The names of the files that hold a part of the data, with spaces between. */
static void part_files(const tw_job_options *o, int is_test, char *to, size_t size)
{
    if (is_test && o->test) snprintf(to, size, "%s", o->test);
    else snprintf(to, size, "%s%s%s", o->data, o->more ? " " : "", o->more ? o->more : "");
    while ((to = strchr(to, '\n')) != NULL) *to = ' ';
}

static tw_status part_differs(const char *part, int was_there, int is_there, const char *work,
                              const char *directory, const tw_job_options *o, tw_error *err)
{
    const int is_test = strcmp(part, "test") == 0;
    char files[301];
    part_files(o, is_test, files, sizeof files);
    if (was_there && is_there)
        return tw__fail(err, TW_ERR_STATE, "%s: the %s data is not what the %s in %.100s was started with",
                        files, part, work, directory);
    if (is_there)
        return tw__fail(err, TW_ERR_STATE, "%s holds %s data, without which the %s in %.100s was started",
                        files, part, work, directory);
    return tw__fail(err, TW_ERR_STATE,
                    "%.250s: the %s data is missing%s, with which the %s in %.100s was started", files, part,
                    is_test ? " (t10k-images-idx3-ubyte and its labels)" : "", work, directory);
}

tw_status tw__same_data(const json_t *then, const json_t *now, const char *work, const char *directory,
                        const tw_job_options *o, tw_error *err)
{
    static const char *const parts[] = {"train", "val", "test"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const json_t *before = json_object_get(then, parts[i]), *after = json_object_get(now, parts[i]);
        if (!before && !after) continue;
        if (!before || !after || !json_equal(before, after))
            return part_differs(parts[i], before != NULL, after != NULL, work, directory, o, err);
    }
    return TW_OK;
}
