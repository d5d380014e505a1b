/* aasgd: asysvrg whose updates move one block of the weights each; with momentum:nesterov=1 that is variance
 * reduction, coordinate sampling and acceleration, without locks. Meng et al. 2016 name these three; how they
 * couple them, and with which constants, could not be read: the form is ours.
 * SPDX-License-Identifier: MIT */
#include "exchange/shared.h"

const tw__protocol tw__protocol_aasgd = {
    .about =
        {.size = sizeof(tw_exchange),
         .name = "aasgd",
         .help = "asysvrg whose updates move one of 8 blocks of the weights each; with momentum:nesterov=1",
         .paper =
             "after Meng, Chen, Yu, Wang, Ma & Liu 2016, whose equations could not be had: a form of ours",
         .equation =
             "when all rest, every m updates: u = w, G = f'(u), whose rows the threads share\n"
             "then without locks, b a block at random:  d = f_i'(what was read) - f_i'(u) + G in b, else 0\n"
             "v = momentum v - lr d,  w = w + momentum v - lr d",
         .shares_memory = 1},
    .estimator = "svrg:blocks=8",
    .create = tw__shared_create,
    TW__SHARED,
};
