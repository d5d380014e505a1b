/* What lbfgs does differently under l1 (OWL-QN): a step stays in the orthant of its point, where the loss is
 * smooth, and a weight that would change its sign becomes 0.
 * SPDX-License-Identifier: MIT */
#include "train/solvers/solver.h"
#include <math.h>

enum { MOST_TRIALS = 60 };

/* the weights that l1 penalises are the first ones */
static size_t penalised(const tw__solver *s)
{
    const tw_glm *glm = s->problem.objective->glm;
    return glm->outputs * glm->columns;
}

void tw__orthant_project(const tw__solver *s, double *d)
{
    const size_t n = penalised(s);
    for (size_t i = 0; i < n; i++)
        if (!(d[i] * s->at.g[i] < 0)) d[i] = 0;
}

/* next.x = x + a d, but 0 where that is in another orthant: that of a weight which is 0 is where it goes. */
static void set_next(tw__solver *s, const double *d, double a)
{
    const size_t n = penalised(s);
    for (size_t i = 0; i < s->problem.n; i++) {
        const double x = s->at.x[i], to = x + a * d[i];
        s->next.x[i] = i < n && (x != 0 ? x * to : d[i] * to) < 0 ? 0 : to;
    }
}

tw_status tw__orthant_search(tw__solver *s, const double *d, double first, int *found, tw_error *err)
{
    const double decrease = 1e-4, rounding = 1e-10, loss = s->at.loss;
    double a = first;
    *found = 0;
    for (int i = 0; i < MOST_TRIALS && !*found; i++, a /= 2) {
        double slope = 0;
        set_next(s, d, a);
        TW_TRY(tw__solver_evaluate(s, err));
        for (size_t j = 0; j < s->problem.n; j++) slope += s->at.g[j] * (s->next.x[j] - s->at.x[j]);
        if (!(slope < 0)) return TW_OK;
        const double norm = sqrt(tw__dot(s->next.g, s->next.g, s->problem.n));
        *found = s->next.loss <= loss + decrease * slope ||
                 (s->next.loss <= loss + rounding * fabs(loss) && norm < s->progress.norm);
    }
    return TW_OK;
}
