/* The figure of the saddle point with any settings, so that tests can see its verdicts change.
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_FIGURES_SADDLE_H
#define TW_RACE_FIGURES_SADDLE_H
#include "race/figures/figure.h"

enum { TW__SADDLE_RUNNERS = 7 };
/* settings: SGD, Momentum, NAG, Adagrad, Adadelta, RMSprop, Adam. */
tw_status tw__saddle_make(tw__sheet *sheet, const tw__runner *settings, tw_error *err);
#endif
