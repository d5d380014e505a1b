/* libthalweg-race. The page of a single run, as a race has one: curves, result, network, optimizer and settings in one HTML file that fetches nothing.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_REPORT_H
#define THALWEG_REPORT_H
#include <thalweg/train.h>
#ifdef __cplusplus
extern "C" {
#endif

/* Writes report.html into the job's folder, whole or not at all, after tw_job_run or for a finished run that was resumed. A run that was stopped is
 * marked unfinished. failure: the error with which tw_job_run ended the run, which the page then tells; else NULL. TW_ERR_SPEC: the job has no folder. */
TW_API tw_status tw_job_report(tw_job *job, const tw_error *failure, tw_error *err);

#ifdef __cplusplus
}
#endif
#endif
