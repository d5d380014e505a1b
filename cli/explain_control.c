/* thalweg explain for controls: equation, paper, when to take it, options, dialects.
 * SPDX-License-Identifier: MIT */
#include "describe.h"
#include "explain.h"

json_t *cli_control_json(const tw_control *c)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:b}", "name", c->name, "help", c->help, "paper",
                     c->paper, "use", c->use, "equation", c->equation, "options",
                     cli_options_json(c->n_options, c->options, NULL), "dialects",
                     cli_dialects_json(c->dialects, c->name), "every_step", c->every_step);
}

tw_status cli_explain_control(const struct cli_common *common, const char *spec, tw_error *err)
{
    tw_control_choice choice;
    CLI_TRY(tw_control_read(&choice, spec, err));
    const tw_control *c = choice.control;
    if (common->json) {
        json_t *all = cli_control_json(c);
        all = cli_put(all, "spec", cli_string(choice.spec));
        all = cli_put(all, "options", cli_options_json(c->n_options, c->options, choice.values));
        return cli_print_json(all, err);
    }
    puts(choice.spec);
    cli_print_wrapped(0, c->paper);
    printf("\nequation, %s\n", c->every_step ? "before every step" : "at an epoch's end");
    cli_print_equation(c->equation);
    puts("\noptions");
    cli_print_options(c->n_options, c->options, choice.values);
    puts("\nwhen to use it");
    cli_print_sentence(2, "%s", c->use);
    cli_print_dialects(c->dialects, c->name);
    return TW_OK;
}
