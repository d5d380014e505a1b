/* aig: hogwild that steps under the locks of what it steps.
 * SPDX-License-Identifier: MIT */
#include "exchange/shared.h"

enum { MOST_BLOCK = 1 << 30 };

static tw_status create(tw__workers *x, tw_error *err)
{
    return tw__shared_create_with(x, 0, (size_t)tw__exchange_value(x, "block"), err);
}

static const tw_option options[] = {
    {"block", TW_INT, NULL, 1, 1, MOST_BLOCK, TW_CLOSED, "neighbouring weights that have a lock together"}};

const tw__protocol tw__protocol_aig = {
    .about = {.size = sizeof(tw_exchange),
              .name = "aig",
              .help = "as hogwild, but a step has the locks of all weights that it touches",
              .paper = "Niu, Recht, Re & Wright 2011 (AIG)",
              .equation = "with the locks of the weights that the update's rows touch:\n"
                          "w[v] = step(w[v], gradient[v] at what was read without them)",
              .n_options = 1,
              .options = options,
              .shares_memory = 1},
    .create = create,
    TW__SHARED,
};
