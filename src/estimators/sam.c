/* sam: minibatch, but the gradient is taken where the loss is largest nearby, a step of length rho up the
 * gradient. Both evaluations are one draw: the same rows, the same dropout. The norm is over all weights, as
 * in the paper; loss and accuracy are those at w.
 * SPDX-License-Identifier: MIT */
#include "estimators/vectors.h"
#include <math.h>

static const tw_option options[] = {
    {"rho", TW_REAL, NULL, 0.05, 0, TW_INF, TW_OPEN_MIN, "length of the step up"},
};
enum { RHO };

struct sam {
    void *gradient, *point;
    double *partial;
};

static tw_status create(tw__estimator *e, tw_error *err)
{
    struct sam *s;
    TW_TRY(tw__alloc(e->ctx, &s, 1, sizeof *s, err));
    e->state = s;
    TW_TRY(tw__estimator_vector(e, &s->gradient, err));
    TW_TRY(tw__estimator_vector(e, &s->point, err));
    return tw__alloc(e->ctx, &s->partial, tw__vectors_chunks(e), sizeof *s->partial, err);
}

static void destroy(tw__estimator *e)
{
    struct sam *s = e->state;
    if (!s) return;
    tw__estimator_free_vector(e, s->gradient);
    tw__estimator_free_vector(e, s->point);
    tw__free(e->ctx, s->partial, tw__vectors_chunks(e), sizeof *s->partial);
    tw__free(e->ctx, s, 1, sizeof *s);
}

static tw_status direction(tw__estimator *e, tw__update *u, tw_error *err)
{
    struct sam *s = e->state;
    tw_sums there;
    u->direction = s->gradient;
    TW_TRY(u->gradient(u->user, u->w, u->rows, u->n, s->gradient, &u->sums, err));
    tw__vectors_divide(e, s->gradient, u->sums.weight);
    double norm = tw__vectors_norm(e, s->gradient, s->partial);
    if (!isfinite(norm)) return TW_OK; /* handed on as it is, so that the rule's check names the place */
    tw__vectors_move(e, s->point, u->w, e->choice.values[RHO] / (norm + 1e-12), s->gradient);
    TW_TRY(u->gradient(u->user, s->point, u->rows, u->n, s->gradient, &there, err));
    tw__vectors_divide(e, s->gradient, there.weight);
    return TW_OK;
}

extern const tw__estimator_type tw__estimator_sam;
const tw__estimator_type tw__estimator_sam = {
    .about =
        {.size = sizeof(tw_estimator),
         .name = "sam",
         .help = "gradient at the worst point nearby: seeks flat minima",
         .paper = "Foret, Kleiner, Mobahi & Neyshabur 2021, algorithm 1",
         .equation =
             "g = mean of f_i'(w) over the `batch` rows drawn\nd = the same at w + rho * g / (|g| + 1e-12)",
         .n_options = 1,
         .options = options,
         .takes_batch = 1,
         .vectors = 2},
    .batch = tw__batch_as_wanted,
    .takes_joins = 1,
    .sampling = TW__SHUFFLED,
    .create = create,
    .free = destroy,
    .direction = direction,
};
