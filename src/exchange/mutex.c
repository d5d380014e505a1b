/* mutex: hogwild whose steps take turns under one lock.
 * SPDX-License-Identifier: MIT */
#include "exchange/shared.h"

static tw_status create(tw__workers *x, tw_error *err)
{
    return tw__shared_create_with(x, 0, x->set.size, err);
}

const tw__protocol tw__protocol_mutex = {
    .about = {.size = sizeof(tw_exchange),
              .name = "mutex",
              .help = "as hogwild, but only one worker steps at a time, under one lock",
              .paper = "",
              .equation = "with the lock of all weights:\n"
                          "w[v] = step(w[v], gradient[v] at what was read without it)",
              .shares_memory = 1},
    .create = create,
    TW__SHARED,
};
