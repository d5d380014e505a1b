/* Parts of JSON that jobs and races share.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_JSON_H
#define TW_TRAIN_JSON_H
#include "file/json.h"
#include <thalweg/metrics.h>
#include <thalweg/train.h>

/* Writing: file/json.h says how a tree is built. */
json_t *tw__json_epochs(tw__json_builder *b, const tw_epoch *lines, size_t n);
/* metrics/json.c: as tw_scores_json. */
json_t *tw__scores_json(tw__json_builder *b, const tw_scores *scores, const tw_model *m);
json_t *tw__json_metrics(tw__json_builder *b, const tw_metrics *m); /* {"loss", "accuracy"} */
/* {"train": "...", ...}: the hashes of the data that are there and of the model a run starts from (NULL:
 * none). */
tw_status tw__json_fingerprint(const tw_data *train, const tw_data *val, const tw_data *test,
                               const tw_model *from, json_t **out, tw_error *err);
/* from every object in it: "seconds", which equal runs may differ in */
void tw__json_remove(json_t *json, const char *key);
/* As text, every number the shortest that reads back as the same; freed by tw__free_text. flags: jansson's.
 */
tw_status tw__json_text(tw_context *ctx, const json_t *json, size_t flags, char **text, tw_error *err);
/* The same for what will be read again: the text is parsed and compared with the tree before it is
 * returned. */
tw_status tw__json_record(tw_context *ctx, const json_t *json, size_t flags, char **text, tw_error *err);
/* For a message, cut to what fits; needs no memory. Returns `to`. */
enum { TW__JSON_BRIEF = 64 };
const char *tw__json_brief(const json_t *value, char to[TW__JSON_BRIEF]);

/* Reading. A file of up to 64 MB; TW_ERR_DATA with the line where it is no JSON. */
tw_status tw__json_read_file(tw_context *ctx, const char *path, json_t **out, tw_error *err);
/* The format, if the file has a "config" and so is a run.json, and the type of what it records of the run. */
tw_status tw__json_check_run(const json_t *run, const char *path, tw_error *err);
/* JSON is UTF-8, and what a folder records of a run is JSON: `what` is named if a text is not; NULL is
 * fine. */
tw_status tw__json_check_text(const char *what, const char *text, tw_error *err);
/* The result that the run.json records, if it records one. */
tw_status tw__json_check_result(tw_context *ctx, const json_t *run, const char *path, tw_error *err);
/* read: a value; get: a member of an object. What must be there: TW_ERR_DATA where it is missing or of
 * another type, with its name. A number that is null was not finite: NaN. */
tw_status tw__json_read_natural(const json_t *value, const char *name, uint64_t least, uint64_t *to,
                                tw_error *err);
tw_status tw__json_get_natural(const json_t *object, const char *key, uint64_t least, uint64_t *to,
                               tw_error *err);
tw_status tw__json_read_real(const json_t *value, const char *name, double *to, tw_error *err);
tw_status tw__json_get_real(const json_t *object, const char *key, double *to, tw_error *err);
tw_status tw__json_get_text(const json_t *object, const char *key, const char **to, tw_error *err);
double tw__json_number_of(const json_t *object, const char *key); /* NaN: it is not there */
int tw__json_run_status(const char *name);                        /* -1: no status has this name */
tw_status tw__json_read_metrics(const json_t *from, tw_metrics *to, tw_error *err); /* NULL: none */
/* Epochs in order; what does not apply is absent, and NaN. */
tw_status tw__json_read_epochs(tw_context *ctx, const json_t *list, tw_epoch **lines, size_t *n,
                               tw_error *err);
#endif
