/* What is made of a race's runs: summaries, JSON, table, page.
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_RENDER_H
#define TW_RACE_RENDER_H
#include "race/race.h"

/* summary.c: median and quartiles of n values, which are sorted for it; of a race's runs, or of its folds;
 * the spreads of every entry, and the order. */
tw__spread tw__race_spread_of(const tw_race *race, double *values, size_t n);
tw__spread tw__spread_of(double *values, size_t n);
tw_status tw__race_summarise(tw_race *race, tw_error *err);
uint64_t tw__race_in(const tw_race *race, const tw__entry *entry); /* an entry's runs that are in */
/* json.c: its settings; race.json. */
json_t *tw__race_config(tw__json_builder *b, const tw_race *race);
tw_status tw__race_json(const tw_race *race, json_t **out, tw_error *err);
/* table.c, report.c: freed by tw__free_text. */
tw_status tw__race_table(const tw_race *race, char **out, tw_error *err);
tw_status tw__race_report(const tw_race *race, char **out, tw_error *err);
/* partial_report.c: report.html of the runs that are in, every few seconds and by one process; and no more of
 * it from this one. */
tw_status tw__race_show(tw_race *race, tw_error *err);
void tw__race_show_end(tw_race *race);
#endif
