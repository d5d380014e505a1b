/* early_stop: ends the run when a metric has not improved for `patience` epochs. It restores nothing: --keep
 * best keeps the best weights.
 * SPDX-License-Identifier: MIT */
#include "train/controls/control.h"
#include <math.h>

static const tw_option options[] = {
    TW__METRIC_OPTION,
    {"patience", TW_INT, NULL, 5, 1, 0x1p53, TW_CLOSED,
     "epochs in a row without improvement after which the run ends"},
    {"threshold", TW_REAL, NULL, 0, 0, TW_INF, TW_OPEN_MAX, "an improvement must be larger"},
    {"threshold_mode", TW_WORD, "abs rel", 0, 0, 1, TW_CLOSED,
     "threshold is a difference, or a share of the best value"},
};
enum { METRIC, PATIENCE, THRESHOLD, THRESHOLD_MODE };
enum { BEST, BAD };
static const tw_alias aliases[] = {{"min_delta", "threshold"}, {"monitor", "metric"}, {NULL, NULL}};

static const char *ineffective(const double *h, int option)
{
    return option == THRESHOLD_MODE && h[THRESHOLD] == 0 ? "threshold is 0" : NULL;
}

static tw_status create(tw__control *c, const tw__control_setting *s, tw_error *err)
{
    const double patience = c->choice.values[PATIENCE];
    c->state[BEST] = NAN;
    TW_TRY(tw__metric_choose(c, METRIC, s, err));
    if (patience + 1 < (double)s->epochs) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "early_stop: with patience = %.0f it cannot act within %llu epochs",
                    patience, (unsigned long long)s->epochs);
}

static void epoch(tw__control *c, const tw_epoch *line)
{
    const double *h = c->choice.values, value = tw__metric_value(c, line);
    if (tw__metric_improved(c, value, c->state[BEST], h[THRESHOLD], h[THRESHOLD_MODE] == 1)) {
        c->state[BEST] = value;
        c->state[BAD] = 0;
    } else if (++c->state[BAD] >= h[PATIENCE]) c->status = TW_RUN_EARLY_STOP;
}

extern const tw__control_type tw__control_early_stop;
const tw__control_type tw__control_early_stop = {
    .about =
        {.size = sizeof(tw_control),
         .name = "early_stop",
         .help = "ends the run when a metric has stopped to improve",
         .paper = "Prechelt 1998; EarlyStopping of Keras",
         .use = "Against overfitting where data are few, with validation rows and --keep best.",
         .equation =
             "better, for a loss: value < best - threshold, or best (1 - threshold) with threshold_mode=rel; an accuracy likewise upwards\n"
             "bad = better ? 0 : bad + 1\nbad >= patience:  the run ends",
         .n_options = sizeof options / sizeof options[0],
         .options = options,
         .aliases = aliases,
         .ineffective = ineffective},
    .create = create,
    .epoch = epoch,
};
