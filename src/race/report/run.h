/* The page of a single run. To the charts its training, validation and test set are what optimizers are to a
 * race's.
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_REPORT_RUN_H
#define TW_RACE_REPORT_RUN_H
#include "race/report/report.h"
#include "train/job.h"

enum tw__set { TW__TRAINING, TW__VALIDATION, TW__TEST, TW__SETS };

typedef struct tw__run_page {
    tw_job *job;
    const tw_error *failure; /* why the run ended without a result; or NULL */
    const json_t *config;    /* borrowed from `owned` */
    json_t *owned;
    const tw_model *model;
    json_t *result;          /* its "test", "val", "path", "cv" and "exchange" */
    tw_model *loaded;        /* of a run that had finished before */
    uint64_t rows[TW__SETS]; /* 0: not known, or none */
    tw__race_run run;
    tw__entry lines[TW__SETS];   /* all of that run */
    enum tw__set sets[TW__SETS]; /* of each line */
    size_t order[TW__SETS];
    tw_race race; /* of these lines */
} tw__run_page;

/* page.c: what a line of such a page shows of a quantity: its set's loss or accuracy. */
enum tw__measure tw__run_page_measure(enum tw__set set, int is_share);
/* fits.c: what the fits before the run say, and links to it. */
void tw__page_fits(tw__page *g);
void tw__page_fits_nav(tw__page *g);
/* norms.c: the norms of a network's tensors, and a link to them; nothing where they were not measured. */
void tw__page_norms(tw__page *g);
void tw__page_norms_nav(tw__page *g);
/* workers.c: what the workers of the run did, and a link to it; nothing for exchange local. */
void tw__page_workers(tw__page *g);
void tw__page_workers_nav(tw__page *g);
/* run_parts.c: what is the page's own; ends with a row without a name. */
extern const tw__part tw__run_parts[];
#endif
