/* --l1, --l2 and --standardize: a linear model's options, for those who know them as a program's.
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
        return cli_fail(err, TW_ERR_SPEC,
                        "--%s is for linear models (thalweg models), not %.60s; rules have weight_decay",
                        name, spec);
    const size_t m =
        (size_t)snprintf(spec + n, TW_SPEC_MAX - n, "%c%s=%s", strchr(spec, ':') ? ',' : ':', name, value);
    return m < TW_SPEC_MAX - n ? TW_OK : cli_fail(err, TW_ERR_SPEC, "--%s %.60s: too long", name, value);
}

tw_status cli_add_penalties(const struct cli_penalties *given, tw_job_options *job, char to[TW_SPEC_MAX],
                            tw_error *err)
{
    const char *any = given->l2 ? "l2" : given->l1 ? "l1" : given->standardize ? "standardize" : NULL;
    if (!any) return TW_OK;
    if (!job->model)
        return cli_fail(err, TW_ERR_SPEC, "--%s needs --model with a linear model (thalweg models)", any);
    if (snprintf(to, TW_SPEC_MAX, "%s", job->model) >= TW_SPEC_MAX) return TW_OK; /* which is refused */
    CLI_TRY(add("l2", given->l2, to, err));
    CLI_TRY(add("l1", given->l1, to, err));
    CLI_TRY(add("standardize", given->standardize ? "1" : NULL, to, err));
    job->model = to;
    return TW_OK;
}
