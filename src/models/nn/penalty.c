/* l2, l1 and max_norm of the layers.
 * SPDX-License-Identifier: MIT */
#include "models/nn/penalty.h"
#include "math/penalty.h"
#include "math/sums.h"
#include "models/nn/network.h"

static int is_weight(const tw__layer_tensor *t) { return t->rank > 1; }

static int any(const tw__network *net, size_t at)
{
    for (size_t i = 0; i < net->n_layers; i++)
        if (*(const double *)((const char *)&net->layers[i].penalty + at) > 0) return 1;
    return 0;
}

int tw__network_has_l1(const tw__network *net) { return any(net, offsetof(tw__penalty, l1)); }
int tw__network_has_max_norm(const tw__network *net) { return any(net, offsetof(tw__penalty, max_norm)); }
int tw__network_is_penalised(const tw__network *net)
{
    return tw__network_has_l1(net) || any(net, offsetof(tw__penalty, l2));
}

/* In fixed lanes, so that the bits depend on no instruction set. */
#define SUM_MAGNITUDES(real, t)                                                                 \
    static double sum_magnitudes_##t(const real *w, size_t n)                                   \
    {                                                                                           \
        double lane[TW__SUM_LANES] = {0}, sum = 0;                                              \
        for (; n >= TW__SUM_LANES; n -= TW__SUM_LANES, w += TW__SUM_LANES)                      \
            for (size_t j = 0; j < TW__SUM_LANES; j++) lane[j] += __builtin_fabs((double)w[j]); \
        for (size_t j = 0; j < n; j++) lane[j] += __builtin_fabs((double)w[j]);                 \
        for (size_t j = 0; j < TW__SUM_LANES; j++) sum += lane[j];                              \
        return sum;                                                                             \
    }
SUM_MAGNITUDES(float, f32)
SUM_MAGNITUDES(double, f64)

static double penalty_of(const tw__penalty *p, tw_type type, const tw__sums *sums, const void *w, size_t n)
{
    const int is_f64 = type == TW_F64;
    double sum = 0;
    if (p->l2 > 0)
        sum = p->l2 / 2 * (is_f64 ? tw__sum_squares_f64(sums, w, n) : tw__sum_squares_f32(sums, w, n));
    if (p->l1 > 0) sum += p->l1 * (is_f64 ? sum_magnitudes_f64(w, n) : sum_magnitudes_f32(w, n));
    return sum;
}

double tw__network_penalty(const tw__network *net, tw_type type, tw_isa isa, const void *w)
{
    const tw__sums *const sums = tw__sums_for(isa);
    double sum = 0;
    for (size_t i = 0; i < net->n_layers; i++) {
        const tw__layer *const l = &net->layers[i];
        for (size_t j = 0; j < l->n_tensors; j++)
            if (is_weight(&l->tensor[j]))
                sum +=
                    penalty_of(&l->penalty, type, sums,
                               (const char *)w + l->tensor[j].offset * tw_type_size(type), l->tensor[j].size);
    }
    return sum;
}

void tw__network_add_penalty(const tw__network *net, tw_type type, size_t from, size_t to, double weight,
                             const void *w, void *gradient)
{
    for (size_t i = 0; i < net->n_layers; i++) {
        const tw__layer *const l = &net->layers[i];
        const double l2 = weight * l->penalty.l2, l1 = weight * l->penalty.l1;
        if (l2 == 0 && l1 == 0) continue;
        for (size_t j = 0; j < l->n_tensors; j++) {
            const size_t at = l->tensor[j].offset, n = l->tensor[j].size;
            if (!is_weight(&l->tensor[j]) || at < from || at >= to) continue;
            if (type == TW_F64)
                tw__add_penalty_f64((double *)gradient + at, (const double *)w + at, n, l2, l1);
            else tw__add_penalty_f32((float *)gradient + at, (const float *)w + at, n, l2, l1);
        }
    }
}

/* ---- max_norm ------------------------------------------------------------------------------------------ */

/* A unit's weights are a row of the saved tensor, as of the matrix that weights.c reorders. Some rows at a
 * time, which lie next to each other in the flat vector, column by column. */
enum { TILE = 32 };

#define PROJECT(real, t)                                                                                \
    static void project_rows_##t(const tw__layer *l, int which, size_t first, size_t n, size_t columns, \
                                 size_t step, real *w)                                                  \
    {                                                                                                   \
        double norm[TILE] = {0}, by[TILE];                                                              \
        int is_above = 0;                                                                               \
        for (size_t c = 0; c < columns; c++) {                                                          \
            const real *const at = w + tw__network_place(l, which, c) + first * step;                   \
            for (size_t r = 0; r < n; r++) norm[r] += (double)at[r * step] * (double)at[r * step];      \
        }                                                                                               \
        for (size_t r = 0; r < n; r++) {                                                                \
            norm[r] = __builtin_sqrt(norm[r]);                                                          \
            by[r] = norm[r] > l->penalty.max_norm ? l->penalty.max_norm / norm[r] : 1;                  \
            is_above |= by[r] < 1;                                                                      \
        }                                                                                               \
        for (size_t c = 0; is_above && c < columns; c++) {                                              \
            real *const at = w + tw__network_place(l, which, c) + first * step;                         \
            for (size_t r = 0; r < n; r++) at[r * step] = (real)(by[r] * (double)at[r * step]);         \
        }                                                                                               \
    }
PROJECT(float, f32)
PROJECT(double, f64)

static void project(const tw__layer *l, int which, tw_type type, void *w)
{
    const size_t rows = (size_t)l->tensor[which].shape[0], columns = l->tensor[which].size / rows,
                 step = rows > 1 ? tw__network_place(l, which, columns) - tw__network_place(l, which, 0) : 0;
    for (size_t first = 0; first < rows; first += TILE) {
        const size_t n = rows - first < TILE ? rows - first : TILE;
        if (type == TW_F64) project_rows_f64(l, which, first, n, columns, step, w);
        else project_rows_f32(l, which, first, n, columns, step, w);
    }
}

void tw__network_project(const tw__network *net, tw_type type, void *w)
{
    for (size_t i = 0; i < net->n_layers; i++) {
        const tw__layer *const l = &net->layers[i];
        for (size_t j = 0; l->penalty.max_norm > 0 && j < l->n_tensors; j++)
            if (is_weight(&l->tensor[j])) project(l, (int)j, type, w);
    }
}
