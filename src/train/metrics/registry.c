/* The registry of metrics.
 * SPDX-License-Identifier: MIT */
#include "train/metrics/metric.h"
#include "base/names.h"

#define TW__METRIC(name) extern const tw__metric_type tw__metric_##name;
#include "train/metrics/list.h"
#undef TW__METRIC
#define TW__METRIC(name) &tw__metric_##name,
static const tw__metric_type *const types[] = {
#include "train/metrics/list.h"
};
#undef TW__METRIC
enum { N_TYPES = sizeof types / sizeof types[0] };

const tw__metric_type *tw__metric_type_at(size_t i) { return i < N_TYPES ? types[i] : NULL; }

const tw_metric *tw_metric_at(size_t i) { return i < N_TYPES ? &types[i]->about : NULL; }

static const char *name_at(size_t i, const void *user)
{
    (void)user;
    return i < N_TYPES ? types[i]->about.name : NULL;
}

int tw__metric_is(const char *name) { return tw__name_find(tw__text_of(name), name_at, NULL) >= 0; }

tw_status tw__metric_find(const tw__metric_type **out, const char *name, size_t n, tw_error *err)
{
    const tw__text text = {name, n};
    const int i = tw__name_find(text, name_at, NULL);
    if (i < 0) return tw__name_unknown("unknown metric", text, name_at, NULL, err);
    *out = types[i];
    return TW_OK;
}
