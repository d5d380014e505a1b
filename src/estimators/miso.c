/* miso: of each block its gradient and the point where it was taken are remembered; the next point is the
 * mean of those points less lr times the mean of the gradients, then the proximal step of the penalties. It
 * minimises the mean of quadratics that touch the blocks' losses there: with lr = 1/L they lie above (MISO),
 * with lr = 1/l2 where rows are many it is Finito. Finito has l2 in each f_i, and with alpha = 2 a step of
 * 1/(2 l2); as a proximal step of length 1/l2 that is the same point.
 *
 * After plain sgd w - lr d is that point, with d = mean(y) + (w - mean(w_i)) / lr: sag's direction for the
 * gradients of f_i - |w|^2 / (2 lr), and w / lr. So one vector per block is enough, but lr must stay. As in
 * Finito's first pass, means are over what was seen so far.
 * SPDX-License-Identifier: MIT */
#include "estimators/table.h"
#include "estimators/vectors.h"

static tw_status direction(tw__estimator *e, tw__update *u, tw_error *err)
{
    tw__gradients *t = e->state;
    TW_TRY(tw__table_look(e, u, err));
    tw__vectors_move(e, t->gradient, t->gradient, -u->sums.weight / u->lr, u->w);
    tw__vectors_sag(e, t->sum, tw__table_entry(e, u->block), t->gradient, t->weight);
    tw__vectors_move(e, t->gradient, t->gradient, 1 / u->lr, u->w);
    return TW_OK;
}

/* Defazio, Domke & Caetano 2014, theorem 1, asks for rows of 2 L / l2 and more, with l2 in L. */
static double rate(double smoothness, double l2, double rows)
{
    return l2 * rows >= 2 * (smoothness + l2) ? 1 / l2 : 1 / smoothness;
}

extern const tw__estimator_type tw__estimator_miso;
const tw__estimator_type tw__estimator_miso = {
    .about = {.size = sizeof(tw_estimator),
              .name = "miso",
              .help = "mean of each block's last point and gradient: MISO and Finito",
              .paper = "Mairal 2015, algorithm 1; Defazio, Domke & Caetano 2014",
              .equation = "i uniform over the blocks\n"
                          "w_i = w, y_i = f_i'(w)\n"
                          "d = mean(y) + (w - mean(w_i)) / lr, means over the blocks drawn so far\n"
                          "so that w - lr d = mean(w_i) - lr mean(y)",
              .takes_batch = 1,
              .needs_rows = 1,
              .vectors = 1,
              .doubles = 1,
              .per_block = 1},
    .batch = tw__batch_as_wanted,
    .sampling = TW__BLOCKS,
    .penalties = TW__PROXIMAL,
    .pace = TW__CONSTANT_RATE,
    .rate = rate,
    .create = tw__table_create,
    .free = tw__table_free,
    .direction = direction,
    .visit = tw__table_visit,
};
