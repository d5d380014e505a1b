/* Rows of files in tests: opening them, what they are, and what is said of them.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_ROW_FILES_H
#define TESTS_ROW_FILES_H
#include "fault_walk.h"
#include "files.h"
#include <archive.h>
#include <archive_entry.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thalweg/data.h>
#include <unistd.h>

enum { LOGGED = 4096, FINGERPRINT = 33 };

static inline void keep_log(void *user, int level, const char *text)
{
    char *log = user;
    const size_t used = strlen(log);
    if (level == TW_LOG_WARNING) snprintf(log + used, LOGGED - used, "%s\n", text);
}

/* log: LOGGED bytes for its warnings; NULL: silent. */
static inline tw_context *context(int threads, char *log)
{
    tw_context *ctx;
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    o.threads = threads;
    o.log = log ? keep_log : NULL;
    o.user = log;
    if (log) *log = 0;
    assert_int_equal(tw_context_create(&ctx, &o, NULL), TW_OK);
    return ctx;
}

static inline tw_data_info info_of(const tw_data *data)
{
    tw_data_info info = {.size = sizeof info};
    assert_int_equal(tw_data_info_get(data, &info, NULL), TW_OK);
    return info;
}

/* Rows of a file, which must open. */
static inline tw_data *open_path(tw_context *ctx, const char *path, const tw_data_options *options)
{
    tw_data *data;
    tw_error err;
    if (tw_data_open(ctx, path, options, &data, NULL, NULL, &err) != TW_OK) fail_msg("%s", err.message);
    return data;
}

static inline void convert(tw_context *ctx, const char *path, const tw_data_options *o, const char *to)
{
    tw_error err;
    if (tw_data_convert(ctx, path, o, to, &err) != TW_OK) fail_msg("%s", err.message);
}

static inline void fingerprint_of(tw_context *ctx, const char *path, const tw_data_options *o,
                                  char to[FINGERPRINT])
{
    tw_data *data = open_path(ctx, path, o);
    memcpy(to, info_of(data).fingerprint, FINGERPRINT);
    tw_data_free(data);
}

static inline void expect_error(tw_context *ctx, const char *path, const tw_data_options *o, tw_status status,
                                const char *message)
{
    tw_data *data;
    tw_error err;
    const tw_status s = tw_data_open(ctx, path, o, &data, NULL, NULL, &err);
    if (s == TW_OK) fail_msg("was read, not \"%s\"", message);
    if (s != status || !strstr(err.message, message))
        fail_msg("%d, \"%s\" instead of \"%s\"", s, err.message, message);
    assert_null(data);
}

static inline void pack(const char *path, const char *filter, const char *text, size_t n)
{
    struct archive *a = archive_write_new();
    struct archive_entry *e = archive_entry_new();
    assert_int_equal(archive_write_add_filter_by_name(a, filter), ARCHIVE_OK);
    assert_int_equal(archive_write_set_format_raw(a), ARCHIVE_OK);
    assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
    archive_entry_set_filetype(e, AE_IFREG);
    assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
    assert_int_equal(archive_write_data(a, text, n), n);
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_entry_free(e);
    archive_write_free(a);
}

/* Through a pipe, as from the standard input. */
static inline void fingerprint_of_pipe(tw_context *ctx, const char *pipe, const char *text, size_t n,
                                       const tw_data_options *o, char to[FINGERPRINT])
{
    remove(pipe);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    const pid_t child = fork();
    if (child == 0) {
        FILE *f = fopen(pipe, "wb");
        _exit(f && fwrite(text, 1, n, f) == n && fclose(f) == 0 ? 0 : 1);
    }
    int status;
    fingerprint_of(ctx, pipe, o, to);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    remove(pipe);
}
/* Opens a file and the test rows that the options name while each read or, with fail_allocations, each
 * allocation fails in turn, once or for ever. One that fails once may be made up for by a smaller one. */
static inline void survives_faults(const char *path, const tw_data_options *o, int fail_allocations,
                                   int for_ever)
{
    for (fault_walk k = {.in_files = !fail_allocations,
                        .for_ever = for_ever,
                        .may_recover = fail_allocations && !for_ever,
                        .least = 3,
                        .what = path};
         fault_walk_next(&k);) {
        tw_data *out[2];
        fault_walk_arm(&k);
        const tw_status s = tw_data_open(k.ctx, path, o, &out[0], NULL, &out[1], NULL);
        for (int i = 0; i < 2; i++) {
            if (s != TW_OK) assert_null(out[i]);
            tw_data_free(out[i]);
        }
        fault_walk_end(&k, s);
    }
}
#endif
