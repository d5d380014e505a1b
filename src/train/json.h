/* Parts of JSON that jobs and races share. Each gives NULL (or -1) where memory is lacking, as jansson does.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_JSON_H
#define TW_TRAIN_JSON_H
#include <jansson.h>
#include <thalweg/train.h>

/* the number, or null for a non-finite one, which JSON does not have */
json_t *tw__json_real(double value);
/* adds it, unless it does not apply (NaN) */
int tw__json_number(json_t *object, const char *key, double value);
int tw__json_skipped(json_t *object, uint64_t skipped); /* adds it if it is above 0 */
/* the object, or NULL and the object freed */
json_t *tw__json_unless(int bad, json_t *object);
/* from every object in it: "seconds", which equal runs may differ in */
void tw__json_remove(json_t *json, const char *key);
json_t *tw__json_epochs(const tw_epoch *lines, size_t n);
json_t *tw__json_metrics(const tw_metrics *m); /* {"loss", "accuracy"} */
json_t *tw__json_fingerprint(const tw_data *train, const tw_data *val, const tw_data *test);
tw_status tw__json_no_memory(tw_error *err);
/* JSON as text, every number the shortest that reads back as the same; freed by free(). flags: jansson's.
 * NULL for NULL. */
char *tw__json_text(const json_t *json, size_t flags);
/* A file of up to 64 MB; duplicate keys are refused. TW_ERR_DATA with the line where it is no JSON. */
tw_status tw__json_read_file(tw_context *ctx, const char *path, json_t **out, tw_error *err);
/* The format, if the file has a "config" and so is a run.json, and the type of what it records of the run. */
tw_status tw__json_check_run(const json_t *run, const char *path, tw_error *err);
/* JSON is UTF-8, and what a folder records of a run is JSON: `what` is named if a text is not; NULL is
 * fine. */
tw_status tw__json_check_text(const char *what, const char *text, tw_error *err);
/* Back from JSON: NaN where the key is absent; the status of this name, or -1. */
double tw__json_number_of(const json_t *object, const char *key);
int tw__json_run_status(const char *name);
tw_status tw__json_read_epochs(tw_context *ctx, const json_t *list, tw_epoch **lines, size_t *n,
                               tw_error *err);
#endif
