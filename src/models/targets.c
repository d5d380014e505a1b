/* The numbers that a model of numbers is to predict: targets, or labels and class names that are numbers.
 * SPDX-License-Identifier: MIT */
#include "base/options.h"
#include "models/linear/linear.h"

/* Row i's target; 0: it has a class whose name is no number. */
static int target_of(const tw_data_info *d, uint64_t i, double *to)
{
    if (d->targets) *to = d->targets[i];
    else if (!d->class_names) *to = d->labels[i];
    else return tw__number_read(tw__text_of(d->class_names[d->labels[i]]), to);
    return 1;
}

static const char *name_of(const tw_model *m) { return m->kind->about.name ? m->kind->about.name : m->text; }

static tw_status read_targets(const tw_model *m, const tw_data_info *d, double *to, tw_error *err)
{
    const double least = m->kind->loss ? m->kind->loss->least : -TW_INF;
    for (uint64_t i = 0; i < d->rows; i++) {
        const unsigned long long row = i;
        if (!target_of(d, i, &to[i]))
            return tw__fail(err, TW_ERR_DATA, "%s: row %llu is of class \"%.60s\"; %s predicts numbers",
                            d->name, row, d->class_names[d->labels[i]], name_of(m));
        if (!(to[i] >= least))
            return tw__fail(err, TW_ERR_DATA, "%s: row %llu has target %g; those of %s are %g or more",
                            d->name, row, to[i], name_of(m), least);
    }
    return TW_OK;
}

tw_status tw__model_targets(const tw_model *m, const tw_data_info *d, double **to, tw_error *err)
{
    *to = NULL;
    if (!d->targets && !d->labels) return TW_OK;
    if (d->n_targets > 1)
        return tw__fail(err, TW_ERR_DATA, "%s has %zu targets per row, %s predicts one", d->name,
                        d->n_targets, name_of(m));
    TW_TRY(tw__alloc(m->ctx, to, (size_t)d->rows, sizeof **to, err));
    const tw_status s = read_targets(m, d, *to, err);
    if (s == TW_OK) return TW_OK;
    tw__free(m->ctx, *to, (size_t)d->rows, sizeof **to);
    *to = NULL;
    return s;
}

tw_status tw__model_learn_targets(const tw_model *m, const tw_data_info *d, tw_error *err)
{
    double *targets;
    TW_TRY(tw__model_targets(m, d, &targets, err));
    tw__free(m->ctx, targets, (size_t)d->rows, sizeof *targets);
    return targets ? TW_OK : tw__fail(err, TW_ERR_DATA, "%s has no targets to learn from", d->name);
}
