/* thalweg explain for estimators: equation, paper, options, and what they keep.
 * SPDX-License-Identifier: MIT */
#include "describe.h"
#include "explain.h"
#include <thalweg/estimator.h>

enum { WEIGHTS = 54410, ROWS = 60000, BATCH = 32 };

json_t *cli_estimator_json(const tw_estimator *e)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:b, s:{s:i, s:i, s:i}}", "name", e->name, "help", e->help,
                     "paper", e->paper, "equation", e->equation, "options",
                     cli_options_json(e->n_options, e->options, NULL), "takes_batch", e->takes_batch, "keeps",
                     "vectors", e->vectors, "doubles", e->doubles, "vectors_per_block", e->per_block);
}

void cli_print_method(const char *paper, const char *equation, int n, const tw_option *options,
                      const double *values)
{
    if (*paper) {
        cli_print_wrapped(0, paper);
        putchar('\n');
    }
    puts("equation");
    cli_print_equation(equation);
    if (n) puts("\noptions");
    cli_print_options(n, options, values);
}

static void print_memory(const tw_estimator *e)
{
    char f32[32], f64[32], kept[160];
    puts("\nkeeps beside weights and rule");
    if (!e->vectors && !e->doubles && !e->per_block) {
        puts("  nothing");
        return;
    }
    size_t n = cli_append(kept, sizeof kept, 0, "%d vector%s of the weights' length", e->vectors,
                          e->vectors == 1 ? "" : "s");
    if (e->doubles) n = cli_append(kept, sizeof kept, n, ", %d in double", e->doubles);
    if (e->per_block) cli_append(kept, sizeof kept, n, ", %d for each block of `batch` rows", e->per_block);
    cli_print_sentence(2, "%s", kept);
    cli_print_sentence(2, "54,410 weights, 60,000 rows, batch %d: %s in f32, %s in f64", BATCH,
                       cli_bytes(tw_estimator_bytes(e, TW_F32, WEIGHTS, ROWS, BATCH), f32),
                       cli_bytes(tw_estimator_bytes(e, TW_F64, WEIGHTS, ROWS, BATCH), f64));
}

tw_status cli_explain_estimator(const struct cli_common *common, const char *spec, tw_error *err)
{
    tw_estimator_choice choice;
    CLI_TRY(tw_estimator_read(&choice, spec, err));
    const tw_estimator *e = choice.estimator;
    if (common->json) {
        json_t *all = cli_estimator_json(e);
        all = cli_put(all, "spec", cli_string(choice.spec));
        all = cli_put(all, "options", cli_options_json(e->n_options, e->options, choice.values));
        return cli_print_json(all, err);
    }
    puts(choice.spec);
    cli_print_method(e->paper, e->equation, e->n_options, e->options, choice.values);
    print_memory(e);
    putchar('\n');
    cli_print_sentence(0, "--optimizer %s is short for --estimator %s --optimizer sgd", e->name, e->name);
    return TW_OK;
}
