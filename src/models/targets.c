/* The numbers that a model of numbers is to predict: targets, or labels and class names that are numbers.
 * SPDX-License-Identifier: MIT */
#include "base/options.h"
#include "models/model.h"
#include <stdio.h>

static const char *name_of(const tw_model *m) { return m->kind->about.name ? m->kind->about.name : m->text; }

/* Targets per row. */
static size_t width(const tw_model *m) { return m->kind->outputs(m); }

/* Target k of row i; 0: it has a class whose name is no number. */
static int target_of(const tw_model *m, const tw_data_info *d, uint64_t i, size_t k, double *to)
{
    if (d->targets) *to = d->targets[i * width(m) + k];
    else if (!d->class_names) *to = d->labels[i];
    else return tw__number_read(tw__text_of(d->class_names[d->labels[i]]), to);
    return 1;
}

static tw_status check_target(const tw_model *m, const tw_data_info *d, uint64_t i, double target,
                              tw_error *err)
{
    const unsigned long long row = i + 1;
    if (!(target >= m->least))
        return tw__fail(err, TW_ERR_DATA, "%s: row %llu has target %g; those of %s are %g or more", d->name,
                        row, target, name_of(m), m->least);
    if (target <= m->most) return TW_OK;
    return tw__fail(err, TW_ERR_DATA, "%s: row %llu has target %g; those of %s are %g or less", d->name, row,
                    target, name_of(m), m->most);
}

/* to: NULL, or where they go. */
static tw_status read_targets(const tw_model *m, const tw_data_info *d, double *to, tw_error *err)
{
    const size_t n = width(m);
    for (uint64_t i = 0; i < d->rows * n; i++) {
        double target;
        if (!target_of(m, d, i / n, i % n, &target))
            return tw__fail(err, TW_ERR_DATA, "%s: row %llu is of class \"%.60s\"; %s predicts numbers",
                            d->name, (unsigned long long)i + 1, d->class_names[d->labels[i]], name_of(m));
        TW_TRY(check_target(m, d, i / n, target, err));
        if (to) to[i] = target;
    }
    return TW_OK;
}

/* The row itself. */
static tw_status check_input(const tw_model *m, const tw_data_info *d, tw_error *err)
{
    const size_t n = width(m);
    const float *x = d->x;
    if (d->type == TW_U8) return TW_OK; /* scaled to 0 .. 1 */
    for (uint64_t row = 0; row < d->rows; row++) {
        const uint64_t first = d->starts ? d->starts[row] : row * n,
                       end = d->starts ? d->starts[row + 1] : first + n;
        for (uint64_t i = first; i < end; i++) TW_TRY(check_target(m, d, row, (double)x[i], err));
    }
    return TW_OK;
}

static tw_status check_width(const tw_model *m, const tw_data_info *d, tw_error *err)
{
    const size_t has = d->targets ? d->n_targets : 1, n = width(m);
    if (d->n_labels > 1)
        return tw__fail(err, TW_ERR_DATA, "%s has %zu labels per row, %s predicts numbers", d->name,
                        d->n_labels, name_of(m));
    if (has == n) return TW_OK;
    char fits[128] = "";
    if (has > 1)
        snprintf(fits, sizeof fits, "; a network that ends in \"dense %zu mse\" predicts %zu", has, has);
    return tw__fail(err, TW_ERR_DATA, "%s has %zu target%s per row, %s predicts %zu%s", d->name, has,
                    has == 1 ? "" : "s", name_of(m), n, fits);
}

tw_status tw__model_targets(const tw_model *m, const tw_data_info *d, const double **to, tw_error *err)
{
    double *made = NULL;
    *to = NULL;
    if (m->of_input) return check_input(m, d, err);
    if (!d->targets && !d->labels) return TW_OK;
    TW_TRY(check_width(m, d, err));
    if (!d->targets) TW_TRY(tw__alloc(m->ctx, &made, (size_t)d->rows, sizeof *made, err));
    const tw_status s = read_targets(m, d, made, err);
    if (s == TW_OK) *to = made ? made : d->targets;
    else tw__free(m->ctx, made, (size_t)d->rows, sizeof *made);
    return s;
}

tw_status tw__model_learn_targets(const tw_model *m, const tw_data_info *d, tw_error *err)
{
    if (m->of_input) return check_input(m, d, err);
    if (!d->targets && !d->labels)
        return tw__fail(err, TW_ERR_DATA, "%s has no targets to learn from", d->name);
    TW_TRY(check_width(m, d, err));
    return read_targets(m, d, NULL, err);
}
