/* What is done with an options struct by its table (include/thalweg/options.h).
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_OPTIONS_H
#define TW_TRAIN_OPTIONS_H
#include "file/json.h"
#include <thalweg/options.h>

/* The end of a message about an option that works on the validation loss or accuracy only. */
#define TW__NEEDS_VAL "needs validation data: --val 0.1 keeps a tenth of the training rows"

/* Texts become copies, freed by tw__fields_free. On failure those that were not copied are NULL. */
tw_status tw__fields_copy(tw_fields *fields, void *options, tw_context *ctx, tw_error *err);
void tw__fields_free(tw_fields *fields, void *options, tw_context *ctx);
/* Every value is of its row's words, range and encoding. */
tw_status tw__fields_check(tw_fields *fields, const void *options, tw_error *err);
/* The first field that is set and whose traits, of those in the mask, are these; NULL: there is none. The
 * text lives as long as the library. */
const char *tw__fields_set(tw_fields *fields, const void *options, unsigned mask, unsigned traits);
/* All that is recorded but for fields with a trait of `without`, as a JSON object. resolved: with the
 * defaults that 0 and NULL stand for. */
json_t *tw__fields_json(tw__json_builder *b, tw_fields *fields, const void *options, int resolved,
                        unsigned without);
/* Back, for the keys that are there; texts point into the JSON. whole: every key that is always recorded must
 * be there. */
tw_status tw__fields_read(tw_fields *fields, void *options, const json_t *from, int whole, tw_error *err);
/* The same, passing over keys that are no fields. */
tw_status tw__fields_read_known(tw_fields *fields, void *options, const json_t *from, tw_error *err);
/* TW_ERR_SPEC: the field cannot have this value; the message says what it can have. */
tw_status tw__field_wrong(const tw_field *f, const json_t *value, tw_error *err);
#endif
