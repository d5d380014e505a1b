/* Opening a model together with the rows it is asked about.
 * SPDX-License-Identifier: MIT */
#include "model_file.h"
#include <math.h>
#include <string.h>

static double weight_at(const void *w, int wide, size_t i)
{
    return wide ? ((const double *)w)[i] : ((const float *)w)[i];
}

static tw_status check_weights(tw_model *model, const char *path, tw_error *err)
{
    const void *w = tw_model_weights(model);
    const size_t n = tw_model_size(model);
    size_t i = 0;
    int odd = 0, wide = tw_model_type(model) == TW_F64;
    for (size_t j = 0; j < n; j++)
        odd |= !isfinite(weight_at(w, wide, j)); /* in vectors: it has no way out */
    if (!odd) return TW_OK;
    while (isfinite(weight_at(w, wide, i))) i++;
    return cli_fail(err, TW_ERR_NOT_FINITE, "%.300s: weight %zu of %zu is not a finite number", path, i, n);
}

tw_status cli_open_model(struct cli_model_on_data *m, const struct cli_common *common, const char *model,
                         const char *data, int labels, tw_error *err)
{
    memset(m, 0, sizeof *m);
    CLI_TRY(cli_context(common, &m->ctx, err));
    CLI_TRY(tw_model_load(&m->model, m->ctx, model, err));
    CLI_TRY(check_weights(m->model, model, err));
    if (!strcmp(data, "-")) data = "/dev/stdin";
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    o.unlabelled = !labels;
    CLI_TRY(cli_open_data(m->ctx, common, data, o, NULL, &m->data, err));
    if (!m->data)
        return cli_fail(err, TW_ERR_DATA, "%.200s: no test rows (t10k-images-idx3-ubyte and its labels)",
                        data);
    tw_data_info info = {.size = sizeof info};
    CLI_TRY(tw_data_info_get(m->data, &info, err));
    if (labels && !info.labels)
        return cli_fail(err, TW_ERR_DATA,
                        "%.200s: images without labels; eval needs a folder with t10k images and labels",
                        data);
    m->objective = (tw_objective)TW_OBJECTIVE_INIT;
    CLI_TRY(tw_model_objective(m->model, m->data, &m->objective, err));
    m->bound = 1;
    return TW_OK;
}

void cli_close_model(struct cli_model_on_data *m)
{
    if (m->bound) tw_model_objective_free(&m->objective);
    tw_data_free(m->data);
    tw_model_free(m->model);
    tw_context_free(m->ctx);
}
