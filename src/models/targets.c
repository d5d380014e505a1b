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

/* to: NULL, or where they go. */
static tw_status read_targets(const tw_model *m, const tw_data_info *d, double *to, tw_error *err)
{
    const double least = m->kind->loss ? m->kind->loss->least : -TW_INF;
    for (uint64_t i = 0; i < d->rows; i++) {
        const unsigned long long row = i + 1;
        double target;
        if (!target_of(d, i, &target))
            return tw__fail(err, TW_ERR_DATA, "%s: row %llu is of class \"%.60s\"; %s predicts numbers",
                            d->name, row, d->class_names[d->labels[i]], name_of(m));
        if (!(target >= least))
            return tw__fail(err, TW_ERR_DATA, "%s: row %llu has target %g; those of %s are %g or more",
                            d->name, row, target, name_of(m), least);
        if (to) to[i] = target;
    }
    return TW_OK;
}

static tw_status check_targets(const tw_model *m, const tw_data_info *d, tw_error *err)
{
    if (d->n_labels > 1)
        return tw__fail(err, TW_ERR_DATA, "%s has %zu labels per row, %s predicts one number", d->name,
                        d->n_labels, name_of(m));
    return d->n_targets > 1 ? tw__fail(err, TW_ERR_DATA, "%s has %zu targets per row, %s predicts one",
                                       d->name, d->n_targets, name_of(m))
                            : TW_OK;
}

tw_status tw__model_targets(const tw_model *m, const tw_data_info *d, const double **to, tw_error *err)
{
    double *made = NULL;
    *to = NULL;
    if (!d->targets && !d->labels) return TW_OK;
    TW_TRY(check_targets(m, d, err));
    if (!d->targets) TW_TRY(tw__alloc(m->ctx, &made, (size_t)d->rows, sizeof *made, err));
    const tw_status s = read_targets(m, d, made, err);
    if (s == TW_OK) *to = made ? made : d->targets;
    else tw__free(m->ctx, made, (size_t)d->rows, sizeof *made);
    return s;
}

tw_status tw__model_learn_targets(const tw_model *m, const tw_data_info *d, tw_error *err)
{
    if (!d->targets && !d->labels)
        return tw__fail(err, TW_ERR_DATA, "%s has no targets to learn from", d->name);
    TW_TRY(check_targets(m, d, err));
    return read_targets(m, d, NULL, err);
}
