/* saga: as sag, but the new gradient counts in full, which makes the direction unbiased.
 * SPDX-License-Identifier: MIT */
#include "estimators/by_row.h"
#include "estimators/table.h"
#include "estimators/vectors.h"

static tw_status direction(tw__estimator *e, tw__update *u, tw_error *err)
{
    tw__gradients *t = e->state;
    TW_TRY(tw__table_look(e, u, err));
    double total = tw__table_total(e);
    tw__vectors_saga(e, t->sum, tw__table_entry(e, u->block), t->gradient, total / (double)t->n_blocks,
                     total);
    return TW_OK;
}

/* The old sum and `blocks` times the change are the new sum and one less of it. */
static void by_row(tw__by_row *z, tw__update *u)
{
    z->divisor = z->e->weight;
    tw__by_row_look(z, u);
    tw__by_row_move(z, u, ((double)tw__estimator_steps(z->e) - 1) / z->divisor, 1);
    tw__by_row_remember(z, u);
}
/* Defazio, Bach & Lacoste-Julien 2014: 1/(3 L). */
static double rate(double smoothness, double l2, double rows)
{
    (void)rows;
    return 1 / (3 * (smoothness + l2));
}

static const tw__by_row_form form = {.remembers = 1, .update = by_row};

extern const tw__estimator_type tw__estimator_saga;
const tw__estimator_type tw__estimator_saga = {
    .about = {.size = sizeof(tw_estimator),
              .name = "saga",
              .help = "gradient minus the table's, plus the table's mean: unbiased",
              .paper = "Defazio, Bach & Lacoste-Julien 2014, equation 1",
              .equation = "i uniform over the blocks\nd = f_i'(w) - y_i + mean(y)\ny_i = f_i'(w)",
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
