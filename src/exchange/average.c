/* average: local SGD. Every worker steps weights of its own, and every so many steps all continue from the
 * mean, to which each counts as much as its rows do. every=0 takes the mean once, when the run ends. Means of
 * batch normalisation are averaged with the weights; the optimisers keep their state.
 * SPDX-License-Identifier: MIT */
#include "exchange/rounds.h"
#include <string.h>

/* Of one worker there is nothing to average. */
static void mean(tw__workers *x, tw__rounds *r, void *to)
{
    if (x->n == 1) {
        memcpy(to, x->worker[0].w, x->set.size * x->k->real);
        return;
    }
    tw__replicas_way(x, &r->replicas, r->centre, 1);
    tw__replicas_go(x, &r->replicas, r->centre, to, 1, 0, x->set.size);
}

static tw_status settle(tw__workers *x, tw__rounds *r, tw_error *err)
{
    (void)err;
    mean(x, r, r->centre);
    return TW_OK;
}

/* The mean of this moment, of which the workers do not know. */
static tw_status gather(tw__workers *x, tw_error *err)
{
    (void)err;
    mean(x, x->state, x->set.w);
    return TW_OK;
}

static tw_status create(tw__workers *x, tw_error *err)
{
    tw__rounds *r;
    TW_TRY(tw__rounds_create(x, &r, err));
    TW_TRY(tw__replicas_make_means(x, &r->replicas, err));
    r->every = (uint64_t)tw__exchange_value(x, "every");
    r->settle = settle;
    r->ends_with_run = r->takes_centre = 1;
    return TW_OK;
}

static const tw_option options[] = {
    {"every", TW_INT, NULL, 8, 0, TW_STEPS, TW_CLOSED,
     "steps of each worker from one mean to the next; 0: one mean, at the end"}};
static const tw_alias aliases[] = {{"tau", "every"}, {NULL, NULL}};

const tw__protocol tw__protocol_average = {
    .about = {.size = sizeof(tw_exchange),
              .name = "average",
              .help = "local SGD: workers step their own weights, and continue from the mean every few steps",
              .paper = "Zinkevich et al. 2010 (every=0); Stich 2019",
              .equation = "w_i = step(w_i, mean of an update's rows)\n"
                          "every `every` steps: c = c - sum_i (rows_i/rows) (c - w_i),  w_i = c",
              .n_options = 1,
              .options = options,
              .aliases = aliases},
    .bits = TW__BITS_REPEAT,
    .create = create,
    .free = tw__rounds_free,
    .next = tw__rounds_next,
    .computed = tw__rounds_computed,
    .receive = tw__rounds_receive,
    .gather = gather,
    .visit = tw__rounds_visit,
};
