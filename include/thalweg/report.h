/* libthalweg-race. The page of a single run: curves, result, network, optimizer and settings in one HTML file
 * that fetches nothing.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_REPORT_H
#define THALWEG_REPORT_H
#include <thalweg/train.h>
#ifdef __cplusplus
extern "C" {
#endif

/* Writes report.html into the job's directory, after tw_job_run or for a finished run that was resumed; an
 * older page stays until the new one is whole. A run that was stopped is marked unfinished. failure: NULL, or
 * the error of tw_job_run, which the page then shows. TW_ERR_SPEC: the job has no directory; TW_ERR_SYSTEM:
 * the page cannot be written. */
TW_API tw_status tw_job_report(tw_job *job, const tw_error *failure, tw_error *err);

#ifdef __cplusplus
}
#endif
#endif
