/* Times in the simulator; see sim_clock.h.
 * SPDX-License-Identifier: MIT */
#include "exchange/sim_clock.h"
#include "base/random.h"
#include "math/elementary.h"
#include "math/normal.h"
#include <math.h>

void tw__sim_clock_read(tw__sim_clock *c, const tw__workers *x)
{
    size_t n_times;
    const double *times = tw__transport_list(x, "times", &n_times);
    const uint64_t slow = (uint64_t)tw__transport_value(x, "stragglers");
    *c = (tw__sim_clock){.seed = x->set.seed,
                         .time = tw__transport_value(x, "time"),
                         .sigma = tw__transport_value(x, "sigma"),
                         .slow = tw__transport_value(x, "slow"),
                         .pause = tw__transport_value(x, "pause"),
                         .longer = tw__transport_value(x, "longer"),
                         .times = times,
                         .n_times = n_times,
                         .latency = tw__transport_value(x, "latency"),
                         .bandwidth = tw__transport_value(x, "bandwidth"),
                         .service = tw__transport_value(x, "service"),
                         .failures = tw__transport_value(x, "failures"),
                         .restart = tw__transport_value(x, "restart"),
                         .first_slow = slow < x->n ? x->n - (size_t)slow : 0,
                         .jitter = (enum tw__jitter)tw__transport_value(x, "jitter")};
}

/* The longest mean time of a worker's evaluation. */
static double longest(const tw__sim_clock *c, const tw__workers *x)
{
    double most = 0;
    for (size_t i = 0; i < x->n; i++) {
        const double of_worker = c->n_times > 0 ? c->times[i % c->n_times] : 1,
                     t = c->time * of_worker * (i >= c->first_slow ? c->slow : 1);
        if (t > most) most = t;
    }
    return x->splits ? most / (double)x->n : most;
}

tw_status tw__sim_clock_check(const tw__sim_clock *c, const tw__workers *x, tw_error *err)
{
    const double most = 10, seconds = longest(c, x);
    if (c->failures == 0 || seconds <= most * c->failures) return TW_OK;
    return tw__fail(
        err, TW_ERR_SPEC,
        "exchange %s: workers that fail every %g s would hardly ever end an evaluation of %g s: failures "
        "must be at least %g",
        x->choice.spec, c->failures, seconds, seconds / most);
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
    double t = c->time * (worker >= c->first_slow ? c->slow : 1) * jitter(c, worker, draw);
    if (c->n_times > 0) t *= c->times[worker % c->n_times];
    if (c->pause > 0 && tw__random_unit(c->seed, TW__FOR_PAUSES, (uint32_t)worker, draw) < c->pause)
        t *= c->longer;
    return t;
}

/* A Poisson process of failures does not remember when it began. */
double tw__sim_failure_time(const tw__sim_clock *c, size_t worker, uint64_t draw)
{
    if (c->failures == 0) return INFINITY;
    return -c->failures * tw__log_f64(1 - tw__random_unit(c->seed, TW__FOR_FAILURES, (uint32_t)worker, draw));
}

double tw__sim_message_time(const tw__sim_clock *c, uint64_t bytes)
{
    return c->latency + (c->bandwidth > 0 ? (double)bytes / c->bandwidth : 0);
}
