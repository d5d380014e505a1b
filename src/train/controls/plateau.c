/* plateau: lowers the rate when a metric has stopped to improve. The two libraries count differently: PyTorch
 * lowers after more than `patience` epochs and counts none of a cooldown; Keras after `patience`, and counts
 * the epoch in which the cooldown ends.
 * SPDX-License-Identifier: MIT */
#include "train/controls/control.h"
#include <math.h>

static const tw_option options[] = {
    TW__METRIC_OPTION,
    {"factor", TW_REAL, NULL, 0.1, 0, 1, TW_OPEN, "lr is multiplied by it"},
    {"patience", TW_INT, NULL, 10, 0, 0x1p53, TW_CLOSED, "epochs without improvement that are waited for"},
    {"threshold", TW_REAL, NULL, 1e-4, 0, TW_INF, TW_OPEN_MAX, "an improvement must be larger"},
    {"threshold_mode", TW_WORD, "rel abs", 0, 0, 1, TW_CLOSED,
     "threshold is a share of the best value, or a difference"},
    {"cooldown", TW_INT, NULL, 0, 0, 0x1p53, TW_CLOSED,
     "epochs after each reduction in which nothing is counted"},
    {"least", TW_REAL, NULL, 0, 0, 1, TW_OPEN_MAX, "the smallest factor on lr in all"},
    {"counting", TW_WORD, "torch keras", 0, 0, 1, TW_CLOSED, "whose way of counting"},
};
enum { METRIC, FACTOR, PATIENCE, THRESHOLD, THRESHOLD_MODE, COOLDOWN, LEAST, COUNTING };
enum { BEST, BAD, REST };
static const tw_alias aliases[] = {{"min_delta", "threshold"}, {"monitor", "metric"}, {NULL, NULL}};
static const tw_dialect dialects[] = {
    {"torch", NULL, "", "min_lr is a rate there, least a factor here"},
    {"keras", NULL, "threshold_mode=abs,counting=keras", "min_lr is a rate there, least a factor here"},
    {NULL, NULL, NULL, NULL},
};

static const char *ineffective(const double *h, int option)
{
    return option == THRESHOLD_MODE && h[THRESHOLD] == 0 ? "threshold is 0" : NULL;
}

static tw_status create(tw__control *c, const tw__control_setting *s, tw_error *err)
{
    const double *h = c->choice.values;
    /* epoch after which the first reduction can be */
    const double first = h[PATIENCE] + (h[COUNTING] == 0 || h[PATIENCE] == 0 ? 2 : 1);
    double lr;
    c->state[BEST] = NAN;
    TW_TRY(tw__metric_choose(c, METRIC, s, err));
    if (s->lr_stays)
        return tw__fail(err, TW_ERR_SPEC, "plateau lowers lr, which must stay with the estimator %s",
                        s->estimator);
    if (tw_optimizer_value(s->optimizer, "lr", &lr, NULL) != TW_OK)
        return tw__fail(err, TW_ERR_SPEC, "plateau: %s has no lr to lower", tw_optimizer_spec(s->optimizer));
    if (first < (double)s->epochs) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "plateau: with patience = %.0f it cannot act within %llu epochs",
                    h[PATIENCE], (unsigned long long)s->epochs);
}

static void lower(tw__control *c)
{
    const double *h = c->choice.values, lower = c->factor * h[FACTOR];
    c->factor = lower > h[LEAST] ? lower : h[LEAST];
    c->state[REST] = h[COOLDOWN];
    c->state[BAD] = 0;
}

static void count_torch(tw__control *c, int improved)
{
    double *s = c->state;
    s[BAD] = improved ? 0 : s[BAD] + 1;
    if (s[REST] > 0) {
        s[REST]--;
        s[BAD] = 0;
    }
    if (s[BAD] > c->choice.values[PATIENCE]) lower(c);
}

static void count_keras(tw__control *c, int improved)
{
    double *s = c->state;
    if (s[REST] > 0) {
        s[REST]--;
        s[BAD] = 0;
    }
    if (improved) s[BAD] = 0;
    else if (s[REST] == 0 && ++s[BAD] >= c->choice.values[PATIENCE]) lower(c);
}

static void epoch(tw__control *c, const tw_epoch *line)
{
    const double *h = c->choice.values, value = tw__metric_value(c, line);
    const int improved = tw__metric_improved(c, value, c->state[BEST], h[THRESHOLD], h[THRESHOLD_MODE] == 0);
    if (improved) c->state[BEST] = value;
    if (h[COUNTING] == 0) count_torch(c, improved);
    else count_keras(c, improved);
}

extern const tw__control_type tw__control_plateau;
const tw__control_type tw__control_plateau = {
    .about =
        {.size = sizeof(tw_control),
         .name = "plateau",
         .help = "lowers the rate when a metric has stopped to improve",
         .paper = "ReduceLROnPlateau of PyTorch and Keras",
         .use =
             "Where no length of the run is known beforehand; with one, a schedule that ends with it does as well and is easier to compare.",
         .equation =
             "better, for a loss: value < best (1 - threshold), or best - threshold with threshold_mode=abs; an accuracy likewise upwards\n"
             "bad = better ? 0 : bad + 1, and 0 in a cooldown\n"
             "bad > patience (keras: bad >= patience):  lr factor = max(lr factor * factor, least), bad = 0",
         .n_options = sizeof options / sizeof options[0],
         .options = options,
         .aliases = aliases,
         .dialects = dialects,
         .ineffective = ineffective},
    .create = create,
    .epoch = epoch,
};
