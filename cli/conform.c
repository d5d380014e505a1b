/* thalweg conformance: runs the reference cases in a folder and reports those that differ.
 * SPDX-License-Identifier: MIT */
#include "cli.h"

static const struct cli_option options[] = { CLI_THREADS, CLI_JSON, CLI_QUIET, CLI_VERBOSE, CLI_END };

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct cli_common *common = call->values;
    tw_context *ctx = NULL;
    int failed = 0;
    CLI_TRY(cli_context(common, &ctx, err));
    tw_status status = tw_cli_conformance(ctx, call->word[0], common->json, &failed, err);
    tw_context_free(ctx);
    if (status == TW_OK && failed) return cli_fail(err, TW_ERR_INTERNAL, "%d conformance case%s failed", failed, failed == 1 ? "" : "s");
    return status;
}

const struct cli_command cli_command_conformance = {
    .name = "conformance", .usage = "DIR [--json]", .help = "compare every rule with the reference cases in DIR",
    .examples = "thalweg conformance tests/conformance",
    .least = 1, .most = 1, .options = options, .size = sizeof(struct cli_common), .run = run,
};
