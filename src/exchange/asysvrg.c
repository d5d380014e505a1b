/* asysvrg: svrg on hogwild.
 * SPDX-License-Identifier: MIT */
#include "exchange/shared.h"

const tw__protocol tw__protocol_asysvrg = {
    .about = {.size = sizeof(tw_exchange),
              .name = "asysvrg",
              .help = "hogwild with the estimator svrg, at whose snapshots all workers wait for each other",
              .paper = "Zhao & Li 2016, Algorithm 1",
              .equation =
                  "when all rest, every m updates: u = w, G = f'(u), whose rows the threads share\n"
                  "then without locks: w = step(w, f_i'(what was read) - f_i'(u) + G)\n"
                  "--sparse degree: of what row i touches alone, with G by degree (Mania et al. 2017)",
              .shares_memory = 1},
    .estimator = "svrg",
    .create = tw__shared_create,
    TW__SHARED,
};
