/* The registry of readers: from a data set's name or path to its rows.
 * SPDX-License-Identifier: MIT */
#include "data/reader.h"
#include <stdio.h>
#include <string.h>

#define TW__READER(name) extern const tw__reader tw__reader_##name;
#include "data/list.h"
#undef TW__READER
#define TW__READER(name) &tw__reader_##name,
static const tw__reader *const readers[] = {
#include "data/list.h"
};
#undef TW__READER
enum { N_READERS = sizeof readers / sizeof readers[0] };

const char *tw_data_set(size_t i)
{
    for (size_t k = 0; k < N_READERS; k++)
        if (readers[k]->name && i-- == 0) return readers[k]->name;
    return NULL;
}

int tw_data_is_set(const char *name)
{
    const char *set;
    for (size_t i = 0; (set = tw_data_set(i)); i++)
        if (strcmp(name, set) == 0) return 1;
    return 0;
}

const char *tw__data_supported(char to[TW__SUPPORTED])
{
    int n = snprintf(to, TW__SUPPORTED, "supported: ");
    for (size_t i = 0; i < N_READERS && n < TW__SUPPORTED; i++) {
        const char *join = i == 0 ? "" : i + 1 < N_READERS ? ", " : " and ", *name = readers[i]->name;
        n += snprintf(to + n, (size_t)(TW__SUPPORTED - n), name ? "%s\"%s\"" : "%s%s", join,
                      name ? name : readers[i]->supported);
    }
    return to;
}

static tw_status open_parts(tw__parts *p, const tw__opening *o, tw_error *err)
{
    char supported[TW__SUPPORTED];
    int kind;
    for (size_t i = 0; i < N_READERS; i++)
        if (readers[i]->name && strcmp(o->path, readers[i]->name) == 0) return readers[i]->open(p, o, err);
    TW_TRY(tw__path_kind(o->ctx, o->path, &kind, err));
    if (kind == TW_PATH_NONE)
        return tw__fail(err, TW_ERR_NOT_FOUND, "%.300s does not exist; %s", o->path,
                        tw__data_supported(supported));
    if (kind == TW_PATH_OTHER) kind = TW_PATH_FILE; /* a pipe is read like a file */
    for (size_t i = 0; i < N_READERS; i++)
        if (readers[i]->kind == kind) return readers[i]->open(p, o, err);
    return tw__fail(err, TW_ERR_SPEC, "%.300s: %s", o->path, tw__data_supported(supported));
}

tw_status tw_data_open(tw_context *ctx, const char *path, const tw_data_options *options, tw_data **train,
                       tw_data **val, tw_data **test, tw_error *err)
{
    tw_data_options taken = TW_DATA_OPTIONS_INIT;
    const tw_data_options *o = &taken;
    tw__parts parts = {.train = NULL};
    if (train) *train = NULL;
    if (val) *val = NULL;
    if (test) *test = NULL;
    TW_NEEDS(err, ctx && path);
    if (options) TW_TRY(tw__sized_read(&taken, sizeof taken, options, "tw_data_options", err));
    if (!(o->val >= 0 && o->val < 1)) return tw__fail(err, TW_ERR_SPEC, "val = %g is outside [0, 1)", o->val);
    const tw__opening opening = {.ctx = ctx,
                                 .path = path,
                                 .options = o,
                                 .want_train = train || (val && o->val > 0),
                                 .want_test = test != NULL};
    tw_status s = open_parts(&parts, &opening, err);
    if (o->unlabelled) { /* some come with them all the same */
        tw__block_drop_labels(parts.train);
        tw__block_drop_labels(parts.test);
    }
    if (s == TW_OK) s = tw__data_split(&parts, o->val, o->limit, train, val, test, err);
    tw__block_release(parts.train);
    tw__block_release(parts.test);
    return s;
}
