/* easgd: elastic averaging. Workers step weights of their own; every so many steps a worker and the centre
 * pull at each other by alpha = beta/n of their distance. sync=1: all at once, at the distances before;
 * sync=0: each when it comes, and nobody waits for others. The elastic step is between two gradients, as in
 * the authors' program; Algorithm 1 takes the gradient before it. With the rule momentum it is EAMSGD.
 * SPDX-License-Identifier: MIT */
#include "exchange/rounds.h"
#include <string.h>

struct easgd {
    double alpha, beta;
    int is_sync;
};

/* ---- arithmetic ---------------------------------------------------------------------------------------- */

#define ELASTIC(real, t)                                                               \
    static void pull_##t(size_t n, real *w, const real *centre, double alpha)          \
    {                                                                                  \
        for (size_t i = 0; i < n; i++) w[i] = w[i] - (real)alpha * (w[i] - centre[i]); \
    }                                                                                  \
    static void meet_##t(size_t n, real *w, real *centre, double alpha)                \
    {                                                                                  \
        for (size_t i = 0; i < n; i++) {                                               \
            const real moved = (real)alpha * (w[i] - centre[i]);                       \
            w[i] = w[i] - moved;                                                       \
            centre[i] = centre[i] + moved;                                             \
        }                                                                              \
    }
ELASTIC(float, f32)
ELASTIC(double, f64)

static tw_status settle(tw__workers *x, tw__rounds *r, tw_error *err)
{
    const struct easgd *e = r->more;
    (void)err;
    tw__replicas_share(x, &r->replicas, 0);
    tw__replicas_way(x, &r->replicas, r->centre);
    for (size_t i = 0; i < x->n; i++)
        TW__FOR_TYPE(x->set.type, pull, x->set.size, x->worker[i].w, r->centre, e->alpha);
    tw__replicas_go(x, &r->replicas, r->centre, r->centre, e->beta, 0, x->set.size);
    return TW_OK;
}

/* ---- asynchronous -------------------------------------------------------------------------------------- */

enum { ARRIVED, MET };

static tw_status next(tw__workers *x, tw__worker *me, enum tw__act *act, tw_error *err)
{
    const tw__rounds *r = x->state;
    const struct easgd *e = r->more;
    if (e->is_sync) return tw__rounds_next(x, me, act, err);
    if (r->waiting[me->index]) *act = TW__WAIT;
    else *act = tw__take_update(x, me) ? TW__COMPUTE : TW__REST;
    return TW_OK;
}

static tw_status receive(tw__workers *x, const tw__message *m, tw_error *err)
{
    tw__rounds *r = x->state;
    const struct easgd *e = r->more;
    if (e->is_sync) return tw__rounds_receive(x, m, err);
    if (m->to < x->n) {
        r->waiting[m->to] = 0;
        return TW_OK;
    }
    TW__FOR_TYPE(x->set.type, meet, x->set.size, x->worker[m->from].w, r->centre, e->alpha);
    const tw__message reply = {.kind = MET,
                               .carries = TW__VECTOR,
                               .from = x->n,
                               .to = m->from,
                               .hi = x->set.size};
    return tw__send(x, &reply, err);
}

/* ---- making -------------------------------------------------------------------------------------------- */

static tw_status create(tw__workers *x, tw_error *err)
{
    tw__rounds *r;
    struct easgd *e;
    TW_TRY(tw__rounds_create(x, &r, err));
    TW_TRY(tw__replicas_make_means(x, &r->replicas, err));
    TW_TRY(tw__alloc(x->ctx, &e, 1, sizeof *e, err));
    r->more = e;
    r->every = (uint64_t)tw__exchange_value(x, "every");
    r->settle = settle;
    r->moves_workers = 1;
    e->beta = tw__exchange_value(x, "beta");
    e->alpha = e->beta / (double)x->n;
    e->is_sync = tw__exchange_value(x, "sync") != 0;
    return TW_OK;
}

static void destroy(tw__workers *x)
{
    tw__rounds *r = x->state;
    if (r) tw__free(x->ctx, r->more, 1, sizeof(struct easgd));
    tw__rounds_free(x);
}

enum { SYNC = 2 };
static const tw_option options[] = {{"every", TW_INT, NULL, 10, 1, TW_STEPS, TW_CLOSED,
                                     "steps of each worker from one pull to the next"},
                                    {"beta", TW_REAL, NULL, 0.9, 0, 1, TW_CLOSED,
                                     "the pull of all workers together; alpha = beta / workers"},
                                    [SYNC] = {"sync", TW_FLAG, NULL, 1, 0, 1, TW_CLOSED,
                                              "pull all together; 0: each worker when it comes"}};
static const tw_alias aliases[] = {{"tau", "every"}, {NULL, NULL}};

/* A round waits for all. */
static enum tw__bits bits_with(const double *values)
{
    return values[SYNC] != 0 ? TW__BITS_REPEAT : TW__BITS_VARY;
}

static const char *against_waiting(const double *values)
{
    return values[SYNC] != 0 ? ": with sync=0 nobody waits for all" : NULL;
}

const tw__protocol tw__protocol_easgd = {
    .about =
        {.size = sizeof(tw_exchange),
         .name = "easgd",
         .help =
             "elastic averaging: workers step their own weights, and are pulled to a centre and it to them",
         .paper = "Zhang, Choromanska & LeCun 2015, Algorithms 1 and 2",
         .equation = "w_i = step(w_i, mean of an update's rows)\n"
                     "every `every` steps: w_i = w_i - alpha (w_i - c),  c = c + alpha (w_i - c), "
                     "the sum over i if sync\n"
                     "alpha = beta/workers; c is reported",
         .n_options = sizeof options / sizeof options[0],
         .options = options,
         .aliases = aliases},
    .bits_with = bits_with,
    .against_waiting = against_waiting,
    .is_for_processes = 1,
    .create = create,
    .free = destroy,
    .next = next,
    .computed = tw__rounds_computed,
    .receive = receive,
    .gather = tw__rounds_gather,
    .visit = tw__rounds_visit,
    .content = tw__rounds_content,
    .visit_worker = tw__rounds_visit_worker,
};
