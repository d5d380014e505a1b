/* sarah: every m updates the full gradient; between them the direction is carried on by the change of the
 * drawn rows' gradient in the last update. The paper starts each round from an iterate drawn at random; here,
 * as in its experiments, from the last one.
 * SPDX-License-Identifier: MIT */
#include "estimators/by_row.h"
#include "estimators/vectors.h"

static const tw_option options[] = {
    {"m", TW_INT, NULL, 0, 0, 0x1p53, TW_CLOSED, "updates between two full gradients; 0: an epoch"},
};
enum { M };

struct sarah {
    /* the weights of the update before, and its direction */
    void *before, *carried;
    /* of the drawn rows, at w and at the weights before */
    void *gradient, *there;
    double row_weight;
    uint64_t m;
};

static uint64_t length_of(const tw__estimator *e)
{
    return e->choice.values[M] > 0 ? (uint64_t)e->choice.values[M] : tw__estimator_steps(e);
}

static tw_status create(tw__estimator *e, tw_error *err)
{
    struct sarah *s;
    TW_TRY(tw__alloc(e->ctx, &s, 1, sizeof *s, err));
    e->state = s;
    s->m = length_of(e);
    TW_TRY(tw__estimator_vector(e, &s->before, err));
    TW_TRY(tw__estimator_vector(e, &s->carried, err));
    TW_TRY(tw__estimator_vector(e, &s->gradient, err));
    return tw__estimator_vector(e, &s->there, err);
}

static void destroy(tw__estimator *e)
{
    struct sarah *s = e->state;
    if (!s) return;
    tw__estimator_free_vector(e, s->before);
    tw__estimator_free_vector(e, s->carried);
    tw__estimator_free_vector(e, s->gradient);
    tw__estimator_free_vector(e, s->there);
    tw__free(e->ctx, s, 1, sizeof *s);
}

static tw_status carry_on(tw__estimator *e, struct sarah *s, tw__update *u, tw_error *err)
{
    tw_sums there;
    TW_TRY(u->gradient(u->user, u->w, u->rows, u->n, s->gradient, &u->sums, err));
    TW_TRY(u->gradient(u->user, s->before, u->rows, u->n, s->there, &there, err));
    tw__vectors_correct(e, s->gradient, s->there, (double)u->n * s->row_weight, s->carried);
    return TW_OK;
}

static tw_status direction(tw__estimator *e, tw__update *u, tw_error *err)
{
    struct sarah *s = e->state;
    TW_TRY(u->number % s->m == 0 ? tw__estimator_full_gradient(e, u, u->w, s->gradient, &s->row_weight, err)
                                 : carry_on(e, s, u, err));
    tw__vectors_copy(e, s->carried, s->gradient);
    tw__vectors_copy(e, s->before, u->w);
    u->direction = s->gradient;
    return TW_OK;
}

static tw_status visit(tw__estimator *e, tw_visitor *v, tw_error *err)
{
    struct sarah *s = e->state;
    TW_TRY(tw__estimator_visit_vector(e, v, "estimator.before", s->before, err));
    TW_TRY(tw__estimator_visit_vector(e, v, "estimator.carried", s->carried, err));
    return v->field(v, "estimator.row_weight", TW_F64, 0, NULL, &s->row_weight, err);
}

static void by_row(tw__by_row *z, tw__update *u)
{
    if (u->number % length_of(z->e) == 0) {
        tw__by_row_full(z, u);
        return;
    }
    tw__by_row_look(z, u);
    tw__by_row_look_before(z, u);
    tw__by_row_move(z, u, 0, 1 / ((double)u->n * z->row_weight));
}
/* 1/(2 L), as Nguyen, Liu, Scheinberg & Takac 2017 where the sum is strongly convex. */
static double rate(double smoothness, double l2, double rows)
{
    (void)rows;
    return 1 / (2 * (smoothness + l2));
}

static const tw__by_row_form form = {.looks_before = 1, .update = by_row};

extern const tw__estimator_type tw__estimator_sarah;
const tw__estimator_type tw__estimator_sarah = {
    .about =
        {.size = sizeof(tw_estimator),
         .name = "sarah",
         .help = "the last direction plus the gradient's change since",
         .paper = "Nguyen, Liu, Scheinberg & Takac 2017, algorithm 1",
         .equation =
             "every m updates: d = f'(w)\nelse d = f_i'(w) - f_i'(w before) + d, i: `batch` rows drawn with replacement",
         .n_options = 1,
         .options = options,
         .takes_batch = 1,
         .needs_rows = 1,
         .needs_barrier = 1,
         .vectors = 4},
    .batch = tw__batch_as_wanted,
    .sampling = TW__REPLACED,
    .penalties = TW__BESIDE_DIRECTION,
    .rate = rate,
    .by_row = &form,
    .create = create,
    .free = destroy,
    .direction = direction,
    .visit = visit,
};
