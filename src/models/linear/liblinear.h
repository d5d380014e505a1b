/* liblinear's text model, as a file that tw_model_load reads.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_LINEAR_LIBLINEAR_H
#define TW_MODELS_LINEAR_LIBLINEAR_H
#include "file/archive.h"
#include "models/model.h"

/* the bytes by which such a file is known; most bytes that one may have */
#define TW__LIBLINEAR_PEEK (sizeof "solver_type" - 1)
#define TW__LIBLINEAR_MOST ((uint64_t)1 << 36)
int tw__is_liblinear(const uint8_t *bytes, size_t n);
/* After an error *out may be a model, to be freed. */
tw_status tw__liblinear_load(tw_model **out, tw_context *ctx, tw__stream *s, const char *path, tw_error *err);
#endif
