/* lr=search: the rate of an estimator from a bound on the curvature that is found on the way (Schmidt, Le
 * Roux & Bach 2017, section 4.6). On the loss of the drawn rows L is doubled until a step of 1/L along its
 * gradient g brings it down by |g|^2 / (2 L), as it must where L bounds the curvature; it is halved over an
 * epoch, so that it falls where the losses are flat. L is at least l2: lr times l2 is then at most 1/2.
 * SPDX-License-Identifier: MIT */
#include "estimators/estimator.h"
#include "math/elementary.h"

#define LN2 0x1.62e42fefa39efp-1
#define LEAST_SQUARE 1e-8 /* of a gradient that is searched along: below, rounding would decide */
#define MOST_CURVATURE 1e300

double tw__estimator_search_rate(const tw__estimator *e)
{
    const double l2 = e->convexity;
    return e->type->rate(e->lipschitz > l2 ? e->lipschitz : l2, l2, (double)e->n_rows);
}

tw_status tw__estimator_search(tw__estimator *e, const tw__line *line, double *lr, tw_error *err)
{
    for (double loss; line->square > LEAST_SQUARE && e->lipschitz < MOST_CURVATURE; e->lipschitz *= 2) {
        TW_TRY(line->at(line->user, 1 / e->lipschitz, &loss, err));
        if (loss <= line->loss - line->square / (2 * e->lipschitz)) break;
    }
    *lr = tw__estimator_search_rate(e);
    e->lipschitz *= tw__exp_f64(-LN2 / (double)e->steps);
    return TW_OK;
}

tw_status tw__estimator_visit_search(tw__estimator *e, tw_visitor *v, tw_error *err)
{
    if (!(e->lipschitz > 0)) return TW_OK;
    TW_TRY(v->field(v, "estimator.lipschitz", TW_F64, 0, NULL, &e->lipschitz, err));
    return e->lipschitz > 0 && e->lipschitz - e->lipschitz == 0
               ? TW_OK
               : tw__fail(err, TW_ERR_DATA, "the stored bound of the curvature is %g",
                          tw__shown(e->lipschitz));
}
