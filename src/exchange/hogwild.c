/* hogwild: no locks at all; what two workers step at the same time may be lost.
 * SPDX-License-Identifier: MIT */
#include "exchange/shared.h"

const tw__protocol tw__protocol_hogwild = {
    .about = {.size = sizeof(tw_exchange),
              .name = "hogwild",
              .help = "workers step what their rows touch of the same weights, without locks",
              .paper = "Niu, Recht, Re & Wright 2011",
              .equation = "for each weight that the update's rows touch, read and written at any moment:\n"
                          "w[v] = step(w[v], gradient[v] at what was read)",
              .shares_memory = 1},
    .create = tw__shared_create,
    TW__SHARED,
};
