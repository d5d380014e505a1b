/* Times in the simulator; see sim_clock.h.
 * SPDX-License-Identifier: MIT */
#include "exchange/sim_clock.h"
#include "base/random.h"
#include "math/elementary.h"
#include "math/normal.h"

void tw__sim_clock_read(tw__sim_clock *c, const tw__workers *x)
{
    const uint64_t slow = (uint64_t)tw__transport_value(x, "stragglers");
    *c = (tw__sim_clock){.seed = x->set.seed,
                         .time = tw__transport_value(x, "time"),
                         .sigma = tw__transport_value(x, "sigma"),
                         .slow = tw__transport_value(x, "slow"),
                         .latency = tw__transport_value(x, "latency"),
                         .bandwidth = tw__transport_value(x, "bandwidth"),
                         .service = tw__transport_value(x, "service"),
                         .first_slow = slow < x->n ? x->n - (size_t)slow : 0,
                         .jitter = (enum tw__jitter)tw__transport_value(x, "jitter")};
}

static double jitter(const tw__sim_clock *c, size_t worker, uint64_t draw)
{
    if (c->jitter == TW__JITTER_EXPONENTIAL)
        return -tw__log_f64(1 - tw__random_unit(c->seed, TW__FOR_TIMES, (uint32_t)worker, draw));
    if (c->jitter == TW__JITTER_LOGNORMAL)
        return tw__exp_f64(c->sigma * tw__random_normal(c->seed, TW__FOR_TIMES, worker, draw) -
                           c->sigma * c->sigma / 2);
    return 1;
}

double tw__sim_compute_time(const tw__sim_clock *c, size_t worker, uint64_t draw)
{
    return c->time * (worker >= c->first_slow ? c->slow : 1) * jitter(c, worker, draw);
}

double tw__sim_message_time(const tw__sim_clock *c, uint64_t bytes)
{
    return c->latency + (c->bandwidth > 0 ? (double)bytes / c->bandwidth : 0);
}
