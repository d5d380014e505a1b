/* thalweg schedules: every schedule.
 * SPDX-License-Identifier: MIT */
#include "describe.h"
#include <string.h>

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct cli_common *common = call->values;
    const tw_schedule *s;
    if (common->json) {
        json_t *all = json_array();
        for (size_t i = 0; (s = tw_schedule_at(i)) != NULL; i++) json_array_append_new(all, cli_schedule_json(s));
        return cli_print_json(all, err);
    }
    printf("%-14s  %s\n", "schedule", "equation");
    for (size_t i = 0; (s = tw_schedule_at(i)) != NULL; i++) printf("%-14s  %.*s\n", s->name, (int)strcspn(s->equation, "\n"), s->equation);
    return TW_OK;
}

const struct cli_command cli_command_schedules = {
    .name = "schedules", .usage = "[--json]", .help = "list the schedules (--schedule)", .examples = "thalweg schedules\nthalweg explain cosine",
    .options = cli_list_options, .size = sizeof(struct cli_common), .run = run,
};
