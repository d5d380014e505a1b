/* --loss, --labels, --l1, --l2 and --standardize: a model's options, for those who know them as a program's.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include <string.h>

static tw_status add(const char *name, const char *value, char spec[TW_SPEC_MAX], tw_error *err)
{
    const size_t n = strlen(spec);
    tw_model_choice choice;
    if (!value) return TW_OK;
    CLI_TRY(tw_model_read(&choice, spec, err));
    if (!choice.kind)
        return cli_fail(
            err, TW_ERR_SPEC,
            "--%s is for linear models (thalweg models), not %.60s; layers of networks have l2 and l1", name,
            spec);
    const size_t m =
        (size_t)snprintf(spec + n, TW_SPEC_MAX - n, "%c%s=%s", strchr(spec, ':') ? ',' : ':', name, value);
    return m < TW_SPEC_MAX - n ? TW_OK : cli_fail(err, TW_ERR_SPEC, "--%s %.60s: too long", name, value);
}

/* The last layer of a network is its loss; other models may have an option of this name. */
static tw_status add_loss(const char *loss, int of_input, char spec[TW_SPEC_MAX], tw_error *err)
{
    const char *const layers[][2] = {{"mse", "mse"},
                                     {"mae", "l1_loss"},
                                     {"huber", "huber_loss"},
                                     {"hinge", "hinge_loss"},
                                     {"binary_crossentropy", of_input ? "bce_loss" : "sigmoid"},
                                     {"crossentropy", "softmax"}};
    tw_model_choice choice;
    if (!loss) return TW_OK;
    CLI_TRY(tw_model_read(&choice, spec, err));
    if (choice.kind) return add("loss", loss, spec, err);
    if (!strpbrk(spec, " ;"))
        return cli_fail(err, TW_ERR_SPEC, "--loss %.60s cannot be used with %.60s, which has its own loss",
                        loss, spec);
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        const size_t n = strlen(spec);
        if (strcmp(loss, layers[i][0]) != 0) continue;
        return (size_t)snprintf(spec + n, TW_SPEC_MAX - n, "; %s", layers[i][1]) < TW_SPEC_MAX - n
                   ? TW_OK
                   : cli_fail(err, TW_ERR_SPEC, "--loss %s: the model's text is too long", loss);
    }
    return cli_fail(err, TW_ERR_SPEC,
                    "--loss %.60s is not mse, mae, huber, hinge, binary_crossentropy or crossentropy", loss);
}

/* The option target=input of the last layer, which is the text's last word or has a word of options there. */
static tw_status add_target(const char *labels, char spec[TW_SPEC_MAX], tw_error *err)
{
    if (!labels) return TW_OK;
    if (strcmp(labels, "input") != 0)
        return cli_fail(err, TW_ERR_SPEC, "--labels %.60s is not input (a column of a table is --label)",
                        labels);
    if (!strpbrk(spec, " ;"))
        return cli_fail(err, TW_ERR_SPEC, "--labels input is for networks with a loss of numbers, not %.60s",
                        spec);
    const size_t n = strlen(spec);
    size_t last = n;
    while (last > 0 && !strchr(" ;", spec[last - 1])) last--;
    const char *before = strchr(spec + last, ':') ? "," : strchr(spec + last, '=') ? " " : ":";
    return (size_t)snprintf(spec + n, TW_SPEC_MAX - n, "%starget=input", before) < TW_SPEC_MAX - n
               ? TW_OK
               : cli_fail(err, TW_ERR_SPEC, "--labels input: the model's text is too long");
}

/* Of a network, standardize is the first layer. */
static tw_status add_standardize(int given, char spec[TW_SPEC_MAX], tw_error *err)
{
    char layers[TW_SPEC_MAX];
    const char *name, *network;
    tw_model_choice choice;
    if (!given) return TW_OK;
    CLI_TRY(tw_model_read(&choice, spec, err));
    if (choice.kind) return add("standardize", "1", spec, err);
    snprintf(layers, sizeof layers, "%s", spec);
    for (size_t i = 0; (name = tw_model_preset(i, &network)); i++)
        if (strcmp(name, spec) == 0) snprintf(layers, sizeof layers, "%s", network);
    return (size_t)snprintf(spec, TW_SPEC_MAX, "standardize; %s", layers) < TW_SPEC_MAX
               ? TW_OK
               : cli_fail(err, TW_ERR_SPEC, "--standardize: the model's text is too long");
}

tw_status cli_add_penalties(const struct cli_penalties *given, tw_job_options *job, char to[TW_SPEC_MAX],
                            tw_error *err)
{
    const char *any = given->loss          ? "loss"
                      : given->labels      ? "labels"
                      : given->l2          ? "l2"
                      : given->l1          ? "l1"
                      : given->standardize ? "standardize"
                                           : NULL;
    if (!any) return TW_OK;
    if (!job->model) return cli_fail(err, TW_ERR_SPEC, "--%s needs --model (thalweg models)", any);
    if (snprintf(to, TW_SPEC_MAX, "%s", job->model) >= TW_SPEC_MAX) return TW_OK; /* which is refused */
    CLI_TRY(add_loss(given->loss, given->labels != NULL, to, err));
    CLI_TRY(add_target(given->labels, to, err));
    CLI_TRY(add("l2", given->l2, to, err));
    CLI_TRY(add("l1", given->l1, to, err));
    CLI_TRY(add_standardize(given->standardize, to, err));
    job->model = to;
    return TW_OK;
}
