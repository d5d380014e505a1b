/* katyusha: svrg with two kinds of momentum. The gradient is taken between three points: y, where plain sgd
 * came to; z, a mirror point that moves by longer steps; and the snapshot, which holds back what momentum
 * would amplify. The stored weights are y after each update, and x, where the gradient is taken, within it.
 * With lr = 1/(3 L), the paper's y (option I) is the step of sgd and the penalties' proximal step.
 *
 * Without strong convexity tau1 falls from round to round (algorithm 2, Katyusha^ns).
 * SPDX-License-Identifier: MIT */
#include "estimators/katyusha.h"
#include "estimators/vectors.h"

static const tw_option options[] = {
    {"m", TW_INT, NULL, 0, 0, 0x1p53, TW_CLOSED, "updates between two snapshots; 0: two epochs"},
    {"sigma", TW_REAL, NULL, 0, 0, TW_INF, TW_OPEN_MAX, "strong convexity; 0: a linear model's l2, or none"},
};
enum { M, SIGMA };

struct katyusha {
    void *z, *snapshot, *mean; /* mean: the full gradient at the snapshot */
    void *gradient, *there;    /* of the drawn rows, at x and at the snapshot */
    double *average;           /* of this round's y: the next snapshot */
    double share;              /* of the last y in it; 0: none yet */
    double row_weight;         /* mean weight of a row */
    double sigma;
    uint64_t m;
};

uint64_t tw__katyusha_round(const tw__estimator *e)
{
    return e->choice.values[M] > 0 ? (uint64_t)e->choice.values[M] : 2 * tw__estimator_steps(e);
}

double tw__katyusha_convexity(const tw__estimator *e)
{
    return e->choice.values[SIGMA] > 0 ? e->choice.values[SIGMA] : e->convexity;
}

double tw__katyusha_tau(const tw__estimator *e, uint64_t number, double lr)
{
    const uint64_t m = tw__katyusha_round(e);
    const double sigma = tw__katyusha_convexity(e);
    if (!(sigma > 0)) return 2 / ((double)(number / m) + 4);
    const double tau = __builtin_sqrt((double)m * sigma * lr);
    return tau < 0.5 ? tau : 0.5;
}

static tw_status create(tw__estimator *e, tw_error *err)
{
    struct katyusha *s;
    TW_TRY(tw__alloc(e->ctx, &s, 1, sizeof *s, err));
    e->state = s;
    s->m = tw__katyusha_round(e);
    s->sigma = tw__katyusha_convexity(e);
    TW_TRY(tw__estimator_vector(e, &s->z, err));
    TW_TRY(tw__estimator_vector(e, &s->snapshot, err));
    TW_TRY(tw__estimator_vector(e, &s->mean, err));
    TW_TRY(tw__estimator_vector(e, &s->gradient, err));
    TW_TRY(tw__estimator_vector(e, &s->there, err));
    return tw__alloc(e->ctx, &s->average, e->size, sizeof *s->average, err);
}

static void destroy(tw__estimator *e)
{
    struct katyusha *s = e->state;
    if (!s) return;
    tw__estimator_free_vector(e, s->z);
    tw__estimator_free_vector(e, s->snapshot);
    tw__estimator_free_vector(e, s->mean);
    tw__estimator_free_vector(e, s->gradient);
    tw__estimator_free_vector(e, s->there);
    tw__free(e->ctx, s->average, e->size, sizeof *s->average);
    tw__free(e->ctx, s, 1, sizeof *s);
}

/* Adds y to the round's mean, in which each one weighs 1 + alpha sigma times as much as the one before. The
 * weights themselves would overflow; the last one's share of their sum follows from the share before. */
static void count_in(tw__estimator *e, struct katyusha *s, const void *y, double alpha)
{
    const double next = s->share * (1 + alpha * s->sigma);
    s->share = s->share > 0 ? next / (1 + next) : 1;
    tw__vectors_average(e, s->average, s->share, y);
}

static tw_status take_snapshot(tw__estimator *e, struct katyusha *s, tw__update *u, tw_error *err)
{
    if (u->number == 0) {
        tw__vectors_copy(e, s->z, u->w);
        tw__vectors_copy(e, s->snapshot, u->w);
    } else tw__vectors_round(e, s->snapshot, s->average);
    s->share = 0;
    return tw__estimator_full_gradient(e, u, s->snapshot, s->mean, &s->row_weight, err);
}

static tw_status direction(tw__estimator *e, tw__update *u, tw_error *err)
{
    struct katyusha *s = e->state;
    const double tau1 = tw__katyusha_tau(e, u->number, u->lr), alpha = tau1 > 0 ? u->lr / tau1 : 0;
    tw_sums there;
    if (u->number > 0) count_in(e, s, u->w, alpha);
    if (u->number % s->m == 0) TW_TRY(take_snapshot(e, s, u, err));
    tw__vectors_mix(e, u->w, tau1, s->z, TW__TAU2, s->snapshot);
    TW_TRY(u->gradient(u->user, u->w, u->rows, u->n, s->gradient, &u->sums, err));
    TW_TRY(u->gradient(u->user, s->snapshot, u->rows, u->n, s->there, &there, err));
    tw__vectors_correct(e, s->gradient, s->there, (double)u->n * s->row_weight, s->mean);
    tw__vectors_move(e, s->z, s->z, -alpha, s->gradient);
    u->shrink(u->user, s->z, alpha);
    u->direction = s->gradient;
    return TW_OK;
}

static tw_status visit(tw__estimator *e, tw_visitor *v, tw_error *err)
{
    struct katyusha *s = e->state;
    int64_t n = (int64_t)e->size;
    TW_TRY(tw__estimator_visit_vector(e, v, "estimator.z", s->z, err));
    TW_TRY(tw__estimator_visit_vector(e, v, "estimator.snapshot", s->snapshot, err));
    TW_TRY(tw__estimator_visit_vector(e, v, "estimator.mean", s->mean, err));
    TW_TRY(v->field(v, "estimator.average", TW_F64, 1, &n, s->average, err));
    TW_TRY(v->field(v, "estimator.share", TW_F64, 0, NULL, &s->share, err));
    return v->field(v, "estimator.row_weight", TW_F64, 0, NULL, &s->row_weight, err);
}

static double rate(double smoothness, double l2, double rows)
{
    (void)l2, (void)rows;
    return 1 / (3 * smoothness);
}

extern const tw__estimator_type tw__estimator_katyusha;
const tw__estimator_type tw__estimator_katyusha = {
    .about = {.size = sizeof(tw_estimator),
              .name = "katyusha",
              .help = "svrg with momentum towards a snapshot: accelerated",
              .paper =
                  "Allen-Zhu 2017, algorithm 1, option I; sums that are not strongly convex: algorithm 2",
              .equation =
                  "every m updates: u = the mean of the last m y, later ones weighing more, G = f'(u)\n"
                  "tau1 = min(sqrt(m sigma lr), 1/2), alpha = lr / tau1; without sigma: tau1 = 2/(s + 4) in "
                  "round s\n"
                  "x = tau1 z + u / 2 + (1/2 - tau1) y\n"
                  "d = f_i'(x) - f_i'(u) + G, i: `batch` rows drawn with replacement\n"
                  "z = prox(z - alpha d), y = prox(x - lr d), y: the weights",
              .n_options = 2,
              .options = options,
              .takes_batch = 1,
              .needs_rows = 1,
              .needs_barrier = 1,
              .vectors = 5,
              .doubles = 1},
    .batch = tw__batch_as_wanted,
    .sampling = TW__REPLACED,
    .penalties = TW__PROXIMAL,
    .pace = TW__RATE_OF_SGD,
    .rate = rate,
    .by_row = &tw__katyusha_by_row,
    .create = create,
    .free = destroy,
    .direction = direction,
    .visit = visit,
};
