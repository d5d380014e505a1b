/* Opening DATA where no run does it: the folders of data sets are the program's to know.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include <string.h>
#include <unistd.h>

static void tell(const char *part, const char *name, const tw_data *data)
{
    tw_data_info info = {.size = sizeof info};
    tw_error why;
    char rows[32];
    if (!data || tw_data_info_get(data, &info, &why) != TW_OK) return;
    cli_say("%s: %s %s rows, fingerprint %s", name, cli_grouped(info.rows, rows), part,
            info.fingerprint ? info.fingerprint : "-");
}

tw_status cli_check_data(const struct cli_common *common, const char *name, tw_error *err)
{
    if (!strcmp(name, "-"))
        return cli_fail(err, TW_ERR_SPEC,
                        "-: this command does not read the standard input in this version (predict does)");
    if (tw_data_is_set(name) && !common->quiet && !access(name, F_OK))
        fprintf(stderr, "%s is the data set of that name; what is called %s here is ./%s\n", name, name,
                name);
    return TW_OK;
}

tw_status cli_open_data(tw_context *ctx, const struct cli_common *common, const char *name, tw_data_options o,
                        tw_data **train, tw_data **test, tw_error *err)
{
    struct cli_directories directories;
    CLI_TRY(cli_check_data(common, name, err));
    CLI_TRY(cli_directories(&directories, err));
    o.cache = directories.cache;
    o.home = directories.home;
    CLI_TRY(tw_data_open(ctx, name, &o, train, NULL, test, err));
    if (common->verbose && train) tell("training", name, *train);
    if (common->verbose && test) tell("test", name, *test);
    return TW_OK;
}
