/* thalweg augmentations: every augmentation; and thalweg explain for one.
 * SPDX-License-Identifier: MIT */
#include "describe.h"
#include "explain.h"

static const char *at(size_t i, const char **help)
{
    const tw_augmentation *a = tw_augmentation_at(i);
    *help = a ? a->help : NULL;
    return a ? a->name : NULL;
}

tw_status cli_explain_augmentation(const struct cli_common *common, const char *spec, tw_error *err)
{
    tw_augmentation_choice choice;
    CLI_TRY(tw_augmentation_read(&choice, spec, err));
    const tw_augmentation *a = choice.augmentation;
    if (common->json)
        return cli_print_json(json_pack("{s:s, s:s, s:o}", "spec", choice.spec, "equation", a->equation,
                                        "options", cli_options_json(a->n_options, a->options, choice.values)),
                              err);
    puts(choice.spec);
    cli_print_method(a->paper, a->equation, a->n_options, a->options, choice.values);
    puts("\nwhen to use it");
    cli_print_sentence(2, "%s", a->use);
    return TW_OK;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    return cli_print_list(call, "augmentation", "help", at, err);
}

const struct cli_command cli_command_augmentations = {
    .name = "augmentations",
    .usage = "[--json]",
    .help = "list what changes training images at random (--augment)",
    .examples = "thalweg augmentations\nthalweg explain elastic",
    .options = cli_list_options,
    .size = sizeof(struct cli_common),
    .run = run,
};
