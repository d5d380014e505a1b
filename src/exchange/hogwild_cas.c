/* hogwild-cas: hogwild whose steps are added by compare-and-swap, so that none is lost.
 * SPDX-License-Identifier: MIT */
#include "exchange/shared.h"

static tw_status create(tw__workers *x, tw_error *err) { return tw__shared_create_with(x, 1, 0, err); }

const tw__protocol tw__protocol_hogwild_cas = {
    .about = {.size = sizeof(tw_exchange),
              .name = "hogwild-cas",
              .help = "as hogwild, but a step is added to what is there by then: none is lost",
              .paper = "Niu, Recht, Re & Wright 2011 (componentwise addition)",
              .equation = "for each weight that the update's rows touch, u being what was read:\n"
                          "w[v] += step(u[v], gradient[v]) - u[v], by compare-and-swap",
              .shares_memory = 1},
    .create = create,
    TW__SHARED,
};
