/* The registry of estimators, and the order of rows they share.
 * SPDX-License-Identifier: MIT */
#include "estimators/estimator.h"
#include "base/random.h"
#include "base/options.h"
#include <string.h>
#include <thalweg/train.h>

#define TW__ESTIMATOR(name) extern const tw__estimator_type tw__estimator_##name;
#include "estimators/list.h"
#undef TW__ESTIMATOR
#define TW__ESTIMATOR(name) &tw__estimator_##name,
static const tw__estimator_type *const types[] = {
#include "estimators/list.h"
};
#undef TW__ESTIMATOR
enum { N_TYPES = sizeof types / sizeof types[0], DEFAULT_BATCH = 32 };

const char *tw_estimator_name(size_t i, const char **help)
{
    if (i >= N_TYPES) return NULL;
    if (help) *help = types[i]->help;
    return types[i]->name;
}

static tw_status find(const char *name, const tw__estimator_type **out, tw_error *err)
{
    tw__guess guess = tw__guess_for(tw__text_of(name));
    for (size_t i = 0; i < N_TYPES; i++) {
        tw__guess_offer(&guess, types[i]->name);
        if (strcmp(name, types[i]->name) == 0) {
            *out = types[i];
            return TW_OK;
        }
    }
    return tw__fail(err, TW_ERR_SPEC, "unknown estimator \"%.64s\"%s", name, tw__guess_hint(&guess));
}

tw_status tw__estimator_create(tw__estimator **out, tw_context *ctx, const char *spec, uint64_t n_rows, uint64_t wanted, uint64_t seed, tw_error *err)
{
    const tw__estimator_type *type = NULL;
    tw__estimator *e;
    TW_TRY(find(spec, &type, err));
    if (wanted && !type->takes_batch)
        return tw__fail(err, TW_ERR_SPEC, "batch = %llu has no meaning with the estimator %s", (unsigned long long)wanted, type->name);
    if (wanted && !n_rows)
        return tw__fail(err, TW_ERR_SPEC, "batch = %llu has no meaning for an objective without rows", (unsigned long long)wanted);
    TW_TRY(tw__alloc(ctx, &e, 1, sizeof *e, err));
    if (!wanted && type->takes_batch) wanted = DEFAULT_BATCH;
    *e = (tw__estimator){.type = type, .ctx = ctx, .n_rows = n_rows, .seed = seed, .asked = wanted, .batch = type->batch(n_rows, wanted)};
    tw_status s = tw__alloc(ctx, &e->order, n_rows, sizeof *e->order, err);
    if (s == TW_OK) *out = e;
    else tw__estimator_free(e);
    for (uint64_t i = 0; s == TW_OK && i < n_rows; i++) e->order[i] = i;
    return s;
}

void tw__estimator_free(tw__estimator *e)
{
    if (!e) return;
    tw__free(e->ctx, e->order, e->n_rows, sizeof *e->order);
    tw__free(e->ctx, e, 1, sizeof *e);
}

uint64_t tw__estimator_steps(const tw__estimator *e) { return e->n_rows ? (e->n_rows + e->batch - 1) / e->batch : 1; }

/* Fisher and Yates, from the data's order, so that an epoch's order does not depend on the epochs before. */
static void shuffle(tw__estimator *e, uint64_t epoch)
{
    for (uint64_t i = 0; i < e->n_rows; i++) e->order[i] = i;
    for (uint64_t i = e->n_rows; i-- > 1;) {
        uint64_t j = tw__random_below(e->seed, TW__FOR_SHUFFLE, (uint32_t)epoch, i, i + 1), t = e->order[i];
        e->order[i] = e->order[j];
        e->order[j] = t;
    }
}

void tw__estimator_draw(tw__estimator *e, uint64_t epoch, uint64_t step, const uint64_t **rows, size_t *n)
{
    if (e->type->shuffles && e->drawn_epoch != epoch + 1) {
        shuffle(e, epoch);
        e->drawn_epoch = epoch + 1;
    }
    uint64_t first = step * e->batch, left = e->n_rows - first;
    *rows = e->order + first;
    *n = left < e->batch ? left : e->batch;
}
