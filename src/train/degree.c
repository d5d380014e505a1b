/* Vectors by the degree of columns; see degree.h.
 * SPDX-License-Identifier: MIT */
#include "train/degree.h"

tw_status tw__degree_ratios(tw_context *ctx, const tw_glm *f, uint64_t n, double **out, tw_error *err)
{
    double *ratio, all = 0;
    TW_TRY(tw__alloc(ctx, &ratio, f->columns, sizeof *ratio, err));
    for (uint64_t i = 0; i < n; i++) {
        tw_row row;
        const double weight = f->weight(f->user, i);
        f->row(f->user, i, &row);
        for (size_t j = 0; j < row.n; j++) ratio[row.columns ? row.columns[j] : j] += weight;
        all += weight;
    }
    for (size_t j = 0; j < f->columns; j++) ratio[j] = ratio[j] > 0 ? all / ratio[j] : 0;
    *out = ratio;
    return TW_OK;
}

/* The place of weight `at` in a list, at or after `from`; in a vector it is `at`. */
static size_t place_of(const tw__sum *to, size_t from, size_t at)
{
    if (!to->is_list) return at;
    while (from < to->list->n && to->list->index[from] < at) from++;
    return from;
}

static void add(const tw__sum *to, tw_type type, size_t place, const void *v, size_t at, double by)
{
    void *const g = to->is_list ? to->list->value : to->dense;
    if (type == TW_F64) ((double *)g)[place] += by * ((const double *)v)[at];
    else ((float *)g)[place] += (float)(by * (double)((const float *)v)[at]);
}

void tw__degree_add(const tw_glm *f, const double *ratio, tw_type type, double scale, const void *v,
                    const uint64_t *rows, size_t n, tw__sum *to)
{
    for (size_t i = 0; i < n; i++) {
        tw_row row;
        const double weight = scale * f->weight(f->user, rows[i]);
        f->row(f->user, rows[i], &row);
        for (size_t k = 0, place = 0; k < f->outputs; k++)
            for (size_t j = 0; j < row.n; j++) {
                const size_t column = row.columns ? row.columns[j] : j, at = k * f->columns + column;
                place = place_of(to, place, at);
                add(to, type, place, v, at, weight * ratio[column]);
            }
    }
}
