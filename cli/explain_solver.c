/* thalweg explain for solvers: equation, paper, options, when to use it.
 * SPDX-License-Identifier: MIT */
#include "describe.h"
#include "explain.h"

json_t *cli_solver_json(const tw_solver *s)
{
    return json_pack("{s:s, s:s*, s:s, s:s, s:s, s:s, s:o, s:I}", "name", s->name, "alias", s->alias, "help",
                     s->help, "paper", s->paper, "use", s->use, "equation", s->equation, "options",
                     cli_options_json(s->n_options, s->options, NULL), "epochs", (json_int_t)s->epochs);
}

tw_status cli_explain_solver(const struct cli_common *common, const char *spec, tw_error *err)
{
    tw_solver_choice choice;
    CLI_TRY(tw_solver_read(&choice, spec, err));
    const tw_solver *s = choice.solver;
    if (common->json) {
        json_t *all = cli_solver_json(s);
        all = cli_put(all, "spec", cli_string(choice.spec));
        all = cli_put(all, "options", cli_options_json(s->n_options, s->options, choice.values));
        return cli_print_json(all, err);
    }
    puts(choice.spec);
    if (s->alias) printf("\nalso called %s\n", s->alias);
    cli_print_method(s->paper, s->equation, s->n_options, s->options, choice.values);
    puts("\nwhen to use it");
    cli_print_sentence(2, "%s", s->use);
    return TW_OK;
}
