/* Figures with any settings, in the order of their own, so that tests can see their verdicts change.
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_FIGURES_SETTINGS_H
#define TW_RACE_FIGURES_SETTINGS_H
#include "race/figures/figure.h"

enum {
    TW__SADDLE_RUNNERS = 7,
    TW__BEALE_RUNNERS = 6,
    TW__VALLEY_RUNNERS = 3,
    TW__AMOUNTS = 6,
    TW__NAG_RATES = 3
};
/* fig5.6 */
tw_status tw__saddle_make(tw__figure_output *output, const tw__runner *settings, tw_error *err);
/* fig5.8 */
tw_status tw__beale_make(tw__figure_output *output, const tw__runner *settings, tw_error *err);
/* fig4.2 */
tw_status tw__valley_make(tw__figure_output *output, const tw__runner *settings, tw_error *err);
/* fig5.5 */
tw_status tw__amounts_make(tw__figure_output *output, const tw__runner *settings, tw_error *err);
/* nag-rate */
tw_status tw__nag_rate_make(tw__figure_output *output, const tw__runner *settings, tw_error *err);
extern const tw__runner tw__saddle_settings[], tw__beale_settings[], tw__valley_settings[],
    tw__amounts_settings[], tw__nag_rate_settings[];
#endif
