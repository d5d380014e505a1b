/* thalweg schedules: every schedule, as a list or as the page docs/schedules.md.
 * SPDX-License-Identifier: MIT */
#include "describe.h"
#include "plot.h"

struct values {
    struct cli_common common;
    int markdown;
};

enum { PLOTTED = 1000 };

static tw_status print_section(const tw_schedule *s, tw_error *err)
{
    double x[PLOTTED], y[PLOTTED];
    CLI_TRY(tw_schedule_values(s->example, NULL, 1, PLOTTED, PLOTTED, y, err));
    for (int i = 0; i < PLOTTED; i++) x[i] = i;
    const struct cli_plot plot = {.x = x, .y = y, .n = PLOTTED, .x_label = "steps done", .y_label = "factor"};
    printf("## %s\n\n%s\n\n```\n%s\n```\n\n", s->name, s->use, s->equation);
    cli_print_options_markdown(s->n_options, s->options, s->aliases);
    if (*s->paper) printf("From: %s.\n\n", s->paper);
    printf("`%s` over %d steps:\n\n```\n", s->example, PLOTTED);
    cli_print_plot(stdout, &plot);
    printf("```\n\n");
    return TW_OK;
}

static tw_status print_page(tw_error *err)
{
    const tw_schedule *s;
    printf(
        "# Schedules\n\n"
        "<!-- thalweg schedules --markdown writes this page; tests/contracts/update does it for you. -->\n\n"
        "A schedule gives a hyperparameter's value at every step, as a pure function of the steps done: a run that is stopped and resumed sees the\n"
        "same values. `--schedule` takes pieces in sequence, each with its own count of steps s from 0, and sequences for several hyperparameters:\n"
        "`--schedule \"warmup/500;cosine;momentum=linear:start_factor=0.9,end_factor=1\"`. `base` is the value that the rule's spec sets. A list is\n"
        "written with bars, `milestones=30|60`. Where there is a length, it is the option `steps`, or the piece's `/steps` or `/5%%`, a share of the run, or the rest of it.\n"
        "What would begin after the end of the run is refused.\n"
        "Behind an option stand the other names by which it is known. `thalweg explain SPEC` draws any schedule.\n\n"
        "| schedule | when to use it |\n|---|---|\n");
    for (size_t i = 0; (s = tw_schedule_at(i)) != NULL; i++)
        printf("| [%s](#%s) | %s |\n", s->name, s->name, s->use);
    putchar('\n');
    for (size_t i = 0; (s = tw_schedule_at(i)) != NULL; i++) CLI_TRY(print_section(s, err));
    return TW_OK;
}

/* An equation's first line. */
static const char *at(size_t i, const char **equation)
{
    const tw_schedule *s = tw_schedule_at(i);
    *equation = s ? s->equation : NULL;
    return s ? s->name : NULL;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct values *v = call->values;
    const tw_schedule *s;
    if (v->markdown && v->common.json)
        return cli_fail(err, TW_ERR_SPEC,
                        "--markdown and --json are two forms of one list; give one of them");
    if (v->markdown) return print_page(err);
    if (v->common.json) {
        json_t *all = json_array();
        for (size_t i = 0; (s = tw_schedule_at(i)) != NULL; i++) all = cli_add(all, cli_schedule_json(s));
        return cli_print_json(all, err);
    }
    cli_print_names("schedule", "equation", at);
    return TW_OK;
}

static const struct cli_option options[] = {{"markdown", 0, CLI_FLAG, offsetof(struct values, markdown), NULL,
                                             0, 0, "print the page docs/schedules.md"},
                                            CLI_JSON,
                                            CLI_END};

const struct cli_command cli_command_schedules = {
    .name = "schedules",
    .usage = "[--json|--markdown]",
    .help = "list the schedules (--schedule)",
    .examples = "thalweg schedules\nthalweg explain cosine",
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
