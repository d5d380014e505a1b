/* sag: the mean over a table that remembers each block's last gradient, of which every update renews one. The
 * paper divides by all n from the start; `seen`, its section on implementation, by what the table holds so
 * far, which is larger steps at first.
 * SPDX-License-Identifier: MIT */
#include "estimators/by_row.h"
#include "estimators/table.h"
#include "estimators/vectors.h"

static const tw_option options[] = {
    {"norm", TW_WORD, "n seen", 0, 0, 1, TW_CLOSED,
     "what the table's sum is divided by: all rows, or the rows of blocks drawn so far"},
};
enum { NORM, SEEN = 1 };

static tw_status direction(tw__estimator *e, tw__update *u, tw_error *err)
{
    tw__gradients *t = e->state;
    TW_TRY(tw__table_look(e, u, err));
    double divisor = e->choice.values[NORM] == SEEN ? t->weight : tw__table_total(e);
    tw__vectors_sag(e, t->sum, tw__table_entry(e, u->block), t->gradient, divisor);
    return TW_OK;
}

static void by_row(tw__by_row *z, tw__update *u)
{
    const int by_seen = z->e->choice.values[NORM] == SEEN;
    tw__by_row_look(z, u);
    tw__by_row_move(z, u, 0, 1);
    tw__by_row_remember(z, u);
    z->is_steady = !by_seen;
    z->divisor = by_seen ? z->seen_weight : z->e->weight;
}
/* 1/L as in the experiments of Schmidt, Le Roux & Bach 2017; 1/(16 L) is proven. */
static double rate(double smoothness, double l2, double rows)
{
    (void)rows;
    return 1 / (smoothness + l2);
}

static const tw__by_row_form form = {.remembers = 1, .update = by_row};

extern const tw__estimator_type tw__estimator_sag;
const tw__estimator_type tw__estimator_sag = {
    .about = {.size = sizeof(tw_estimator),
              .name = "sag",
              .help = "mean of a table of each block's last gradient",
              .paper = "Le Roux, Schmidt & Bach 2012, algorithm 1",
              .equation = "i uniform over the blocks\ny_i = f_i'(w)\nd = sum(y) / n",
              .n_options = 1,
              .options = options,
              .takes_batch = 1,
              .needs_rows = 1,
              .vectors = 1,
              .doubles = 1,
              .per_block = 1},
    .batch = tw__batch_as_wanted,
    .sampling = TW__BLOCKS,
    .penalties = TW__BESIDE_DIRECTION,
    .rate = rate,
    .takes_search = 1,
    .by_row = &form,
    .create = tw__table_create,
    .free = tw__table_free,
    .direction = direction,
    .visit = tw__table_visit,
};
