/* Opening a model together with the rows it is asked about.
 * SPDX-License-Identifier: MIT */
#include "model_file.h"
#include <string.h>

static tw_status check_weights(const tw_model *model, const char *path, tw_error *err)
{
    const size_t n = tw_model_size(model), bad = tw_model_not_finite(model);
    if (bad == n) return TW_OK;
    return cli_fail(err, TW_ERR_NOT_FINITE, "%.300s: weight %zu of %zu is not a finite number", path, bad, n);
}

tw_status cli_open_model(struct cli_model_on_data *m, const struct cli_call *call, tw_job_options *data,
                         int labels, tw_error *err)
{
    const char *path = call->word[0];
    memset(m, 0, sizeof *m);
    CLI_TRY(cli_take_data(call, 1, data, err));
    CLI_TRY(cli_context(call->values, &m->ctx, err));
    CLI_TRY(tw_model_load(&m->model, m->ctx, path, err));
    CLI_TRY(check_weights(m->model, path, err));
    CLI_TRY(cli_open_data(m->ctx, call->values, data, !labels, m->model, NULL, &m->data, err));
    if (!m->data)
        return cli_fail(err, TW_ERR_DATA, "%.200s: no test rows (t10k-images-idx3-ubyte and its labels)",
                        data->data);
    tw_data_info info = {.size = sizeof info};
    CLI_TRY(tw_data_info_get(m->data, &info, err));
    m->objective = (tw_objective)TW_OBJECTIVE_INIT;
    CLI_TRY(tw_model_objective(m->model, m->data, &m->objective, err));
    m->bound = 1;
    if (labels && m->objective.only_outputs)
        return cli_fail(err, TW_ERR_DATA, "%.200s: %s", data->data,
                        info.rank > 1
                            ? "images without labels; eval needs a folder with t10k images and labels"
                            : "rows without labels, which eval needs");
    return TW_OK;
}

void cli_close_model(struct cli_model_on_data *m)
{
    if (m->bound) tw_model_objective_free(&m->objective);
    tw_data_free(m->data);
    tw_model_free(m->model);
    tw_context_free(m->ctx);
}
