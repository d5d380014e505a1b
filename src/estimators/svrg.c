/* svrg: every m updates a snapshot u of the weights and its full gradient; between them the drawn rows'
 * gradient is corrected by theirs at u. Option I continues from the last iterate; loopless does, too, but at
 * random times. Option II goes back to an iterate of the m before, drawn uniformly: the one place where an
 * estimator changes the weights. (The rule's own state continues.) The loopless snapshot is the iterate after
 * a step, as Kulunchakov & Mairal's; Kovalev, Horvath & Richtarik's is the one before it. With several
 * workers, whose steps do not wait for each other, it is AsySVRG (Zhao & Li 2016).
 * SPDX-License-Identifier: MIT */
#include "base/random.h"
#include "estimators/by_row.h"
#include "estimators/vectors.h"

static const tw_option options[] = {
    {"option", TW_WORD, "I II loopless", 0, 0, 2, TW_CLOSED,
     "the next snapshot: the last iterate (I); one of the m drawn at random, to which the weights return (II); the last iterate, with "
     "probability 1/m in each update (loopless)"},
    {"m", TW_INT, NULL, 0, 0, 0x1p53, TW_CLOSED, "updates between two snapshots; 0: two epochs"},
    {"blocks", TW_INT, NULL, 1, 1, 0x1p31, TW_CLOSED,
     "equal parts of the weights, of which an update moves one drawn at random"},
};
enum { OPTION, M, BLOCKS, OPTION_II = 1, LOOPLESS = 2 };

struct svrg {
    void *snapshot, *mean;  /* u and the full gradient there */
    void *gradient, *there; /* of the drawn rows, at w and at u */
    /* option II: the iterate that the next snapshot is taken at */
    void *chosen;
    double row_weight; /* mean weight of a row */
    tw_sums sums;      /* of all rows at u, scaled to a batch */
    uint64_t m;
};

static uint64_t length_of(const tw__estimator *e)
{
    return e->choice.values[M] > 0 ? (uint64_t)e->choice.values[M] : 2 * tw__estimator_steps(e);
}

/* A pure function of the update's number, as all draws are. */
static int begins_round(const tw__estimator *e, uint64_t number, uint64_t m)
{
    if (e->choice.values[OPTION] != LOOPLESS) return number % m == 0;
    return number == 0 || tw__random_below(e->seed, TW__FOR_SNAPSHOT, 1, number, m) == 0;
}

/* No block is empty. */
static void block(const tw__estimator *e, uint64_t number, size_t *lo, size_t *hi)
{
    const uint64_t wanted = (uint64_t)e->choice.values[BLOCKS], n = wanted < e->size ? wanted : e->size,
                   b = tw__random_below(e->seed, TW__FOR_SNAPSHOT, 2, number, n);
    *lo = e->size / n * b + (b < e->size % n ? b : e->size % n);
    *hi = *lo + e->size / n + (b < e->size % n);
}

static int takes_whole_vectors(const double *values) { return values[BLOCKS] == 1; }

static int is_chosen(const tw__estimator *e, uint64_t number, uint64_t m)
{
    return e->choice.values[OPTION] == OPTION_II &&
           number % m == tw__random_below(e->seed, TW__FOR_SNAPSHOT, 0, number / m, m);
}

static tw_status create(tw__estimator *e, tw_error *err)
{
    struct svrg *s;
    if (e->is_led && e->choice.values[OPTION] == OPTION_II)
        return tw__fail(err, TW_ERR_SPEC,
                        "svrg with option=II goes back to an iterate of one process: several workers take "
                        "option=I or loopless");
    TW_TRY(tw__alloc(e->ctx, &s, 1, sizeof *s, err));
    e->state = s;
    s->m = length_of(e);
    if (!e->leader) TW_TRY(tw__estimator_vector(e, &s->snapshot, err));
    if (!e->leader) TW_TRY(tw__estimator_vector(e, &s->mean, err));
    TW_TRY(tw__estimator_vector(e, &s->gradient, err));
    TW_TRY(tw__estimator_vector(e, &s->there, err));
    return e->choice.values[OPTION] == OPTION_II ? tw__estimator_vector(e, &s->chosen, err) : TW_OK;
}

static void destroy(tw__estimator *e)
{
    struct svrg *s = e->state;
    if (!s) return;
    if (!e->leader) tw__estimator_free_vector(e, s->snapshot);
    if (!e->leader) tw__estimator_free_vector(e, s->mean);
    tw__estimator_free_vector(e, s->gradient);
    tw__estimator_free_vector(e, s->there);
    tw__estimator_free_vector(e, s->chosen);
    tw__free(e->ctx, s, 1, sizeof *s);
}

static int is_first(const tw__estimator *e, uint64_t number)
{
    return begins_round(e, number, ((const struct svrg *)e->state)->m);
}

static tw_status take_snapshot(tw__estimator *e, tw__update *u, tw_error *err)
{
    struct svrg *s = e->state;
    if (s->chosen && u->number > 0) tw__vectors_copy(e, u->w, s->chosen);
    TW_TRY(tw__estimator_full_gradient(e, u, u->w, s->mean, &s->row_weight, err));
    tw__vectors_copy(e, s->snapshot, u->w);
    s->sums = u->sums;
    return TW_OK;
}

static void last_round(const tw__estimator *e, const void **snapshot, const void **mean)
{
    const struct svrg *of = (e->leader ? e->leader : e)->state;
    *snapshot = of->snapshot;
    *mean = of->mean;
}

static tw_status correct(tw__estimator *e, const struct svrg *of, tw__update *u, tw_error *err)
{
    struct svrg *s = e->state;
    tw_sums there;
    TW_TRY(u->gradient(u->user, u->w, u->rows, u->n, s->gradient, &u->sums, err));
    TW_TRY(u->gradient(u->user, of->snapshot, u->rows, u->n, s->there, &there, err));
    tw__vectors_correct(e, s->gradient, s->there, (double)u->n * of->row_weight, of->mean);
    return TW_OK;
}

/* The gradients of the drawn rows at w and at u are one and the same where a round begins, so that only the
 * full gradient is needed. */
static tw_status direction(tw__estimator *e, tw__update *u, tw_error *err)
{
    struct svrg *s = e->state;
    const struct svrg *of = (e->leader ? e->leader : e)->state;
    if (is_first(e, u->number)) {
        if (!e->is_led) TW_TRY(take_snapshot(e, u, err));
        tw__vectors_copy(e, s->gradient, of->mean);
        u->sums = of->sums;
    } else TW_TRY(correct(e, of, u, err));
    if (is_chosen(e, u->number, s->m)) tw__vectors_copy(e, s->chosen, u->w);
    u->direction = s->gradient;
    return TW_OK;
}

static tw_status visit(tw__estimator *e, tw_visitor *v, tw_error *err)
{
    struct svrg *s = e->state;
    TW_TRY(tw__estimator_visit_vector(e, v, "estimator.snapshot", s->snapshot, err));
    TW_TRY(tw__estimator_visit_vector(e, v, "estimator.mean", s->mean, err));
    TW_TRY(v->field(v, "estimator.row_weight", TW_F64, 0, NULL, &s->row_weight, err));
    return s->chosen ? tw__estimator_visit_vector(e, v, "estimator.chosen", s->chosen, err) : TW_OK;
}

/* What is remembered are the slopes at the snapshot, so that no row is looked at twice. */
static void by_row(tw__by_row *z, tw__update *u)
{
    const uint64_t m = length_of(z->e);
    const int begins = begins_round(z->e, u->number, m);
    if (begins) {
        if (z->e->choice.values[OPTION] == OPTION_II && u->number > 0) tw__by_row_return(z);
        tw__by_row_full(z, u);
    } else tw__by_row_look(z, u);
    if (is_chosen(z->e, u->number, m)) tw__by_row_keep(z);
    if (!begins) tw__by_row_move(z, u, 1 / ((double)u->n * z->row_weight), 0);
}
/* 1/(6 L). Proven for a loopless form whose snapshot is the iterate before the step (Kovalev, Horvath &
 * Richtarik 2020); Johnson & Zhang 2013 need less than 1/(4 L) for option II and Kulunchakov & Mairal 2020
 * prove 1/(12 L) for loopless as it is here. */
static double rate(double smoothness, double l2, double rows)
{
    (void)rows;
    return 1 / (6 * (smoothness + l2));
}

static const tw__by_row_form form = {.remembers = 1, .applies = takes_whole_vectors, .update = by_row};

extern const tw__estimator_type tw__estimator_svrg;
const tw__estimator_type tw__estimator_svrg = {
    .about =
        {.size = sizeof(tw_estimator),
         .name = "svrg",
         .help = "gradient corrected by a snapshot's: unbiased, no table",
         .paper =
             "Johnson & Zhang 2013, figure 1; loopless: Kulunchakov & Mairal 2020, random-SVRG; several workers: Zhao & Li 2016 (AsySVRG)",
         .equation =
             "every m updates: u = w, G = f'(u); option II: w goes back first to one of the last m iterates\n"
             "loopless: u = w, G = f'(u) at random, in an update with probability 1/m\n"
             "d = f_i'(w) - f_i'(u) + G, i: `batch` rows drawn with replacement; blocks: 0 but in one of them",
         .n_options = 3,
         .options = options,
         .takes_batch = 1,
         .needs_rows = 1,
         .needs_barrier = 1,
         .vectors = 5},
    .batch = tw__batch_as_wanted,
    .sampling = TW__REPLACED,
    .penalties = TW__BESIDE_DIRECTION,
    .rate = rate,
    .takes_search = 1,
    .by_row = &form,
    .create = create,
    .free = destroy,
    .direction = direction,
    .begins_round = is_first,
    .begin_round = take_snapshot,
    .round = last_round,
    .block = block,
    .visit = visit,
};
