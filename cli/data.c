/* Opening DATA where no run does it: the folders of data sets are the program's to know.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define STREAM "stream-"

static void tell(const char *part, const char *name, const tw_data *data)
{
    tw_data_info info = {.size = sizeof info};
    tw_error why;
    char rows[32];
    if (!data || tw_data_info_get(data, &info, &why) != TW_OK) return;
    cli_say("%s: %s %s rows, fingerprint %s", name, cli_grouped(info.rows, rows), part,
            info.fingerprint ? info.fingerprint : "-");
}

/* Several files are recorded as one text, with one in a line. */
static tw_status check_name(const char *name, tw_error *err)
{
    if (!strchr(name, '\n')) return TW_OK;
    return cli_fail(err, TW_ERR_SPEC, "%.300s: a line ends in this name; one file in a line is recorded",
                    name);
}

tw_status cli_take_data(const struct cli_call *call, int first, tw_job_options *to, tw_error *err)
{
    const struct cli_common *common = call->values;
    const char *name, *more = call->lines;
    if (to->test && cli_given(call, "test")) CLI_TRY(check_name(to->test, err));
    if (call->n <= first) return TW_OK;
    name = call->word[first];
    for (int i = 0; i <= first; i++) more += strlen(call->word[i]) + 1;
    for (int i = first + 1; i < call->n; i++) {
        CLI_TRY(cli_check_quotes(call, call->word[i], err));
        CLI_TRY(check_name(call->word[i], err));
    }
    to->data = strcmp(name, "-") ? name : "/dev/stdin";
    to->more = call->n > first + 1 ? more : NULL;
    if (tw_data_is_set(name) && !common->quiet && !access(name, F_OK))
        fprintf(stderr, "%s is the data set of that name; what is called %s here is ./%s\n", name, name,
                name);
    return TW_OK;
}

/* Removes what conversions that were killed have left: one that is at work has written within a day. */
static void sweep(const char *cache)
{
    enum { DAY = 24 * 60 * 60 };
    DIR *const directory = opendir(cache);
    const struct dirent *entry;
    struct stat file;
    char path[PATH_MAX + sizeof entry->d_name];
    while (directory && (entry = readdir(directory)) != NULL) {
        if (strncmp(entry->d_name, STREAM, strlen(STREAM)) != 0) continue;
        snprintf(path, sizeof path, "%.4000s/%s", cache, entry->d_name);
        if (lstat(path, &file) == 0 && S_ISREG(file.st_mode) && time(NULL) - file.st_mtime > DAY)
            unlink(path);
    }
    if (directory) closedir(directory);
}

/* Rows that are not converted are for the time being: the file has no name any more once it is open. */
static tw_status open_streamed(tw_context *ctx, const char *path, tw_data_options *o, tw_data **train,
                               tw_data **test, tw_error *err)
{
    char name[PATH_MAX], file[PATH_MAX + 16];
    sweep(o->cache);
    snprintf(name, sizeof name, "%.4000s/" STREAM "%ld", o->cache, (long)getpid());
    o->stream = name;
    const tw_status status = tw_data_open(ctx, path, o, train, NULL, test, err);
    for (int i = 0; i < 2; i++) {
        snprintf(file, sizeof file, "%s%s", name, i ? ".test.twd" : ".twd");
        unlink(file);
    }
    return status;
}

tw_status cli_open_data(tw_context *ctx, const struct cli_common *common, const tw_job_options *data,
                        int unlabelled, const tw_model *model, tw_data **train, tw_data **test, tw_error *err)
{
    struct cli_directories directories;
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    CLI_TRY(cli_directories(&directories, err));
    if (data->window && !data->stream)
        return cli_fail(err, TW_ERR_SPEC, "window = %llu has no effect without stream",
                        (unsigned long long)data->window);
    CLI_TRY(tw_job_data_options(data, &o, err));
    o.cache = directories.cache;
    o.home = directories.home;
    o.unlabelled = unlabelled;
    if (model) CLI_TRY(tw_model_reads(model, &o, err));
    tw_status status = data->stream ? open_streamed(ctx, data->data, &o, train, test, err)
                                    : tw_data_open(ctx, data->data, &o, train, NULL, test, err);
    if (status != TW_OK) return status;
    if (common->verbose && train) tell("training", data->data, *train);
    if (common->verbose && test) tell("test", data->data, *test);
    return TW_OK;
}
