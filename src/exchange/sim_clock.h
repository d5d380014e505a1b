/* How long things take in the simulator: pure functions of the seed, who does it and how many times before.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_SIM_CLOCK_H
#define TW_EXCHANGE_SIM_CLOCK_H
#include "exchange/protocol.h"

enum tw__jitter { TW__JITTER_NONE, TW__JITTER_EXPONENTIAL, TW__JITTER_LOGNORMAL };

typedef struct tw__sim_clock {
    uint64_t seed;
    double time, sigma, slow, pause, longer, latency, bandwidth, service, failures, restart;
    const double *times; /* of workers 0, 1, ..., and again from the first */
    size_t n_times, first_slow;
    enum tw__jitter jitter;
} tw__sim_clock;

#define TW__SIM_OPTIONS                                                                                        \
    {"time", TW_REAL, NULL, 1, 0, TW_INF, TW_OPEN, "seconds that the rows of an update take"},                 \
        {"times", TW_LIST, NULL,    0,                                                                         \
         0,       TW_INF,  TW_OPEN, "times that of each worker, in turn: 0.58|0.75|1.51|3.33"},                \
        {"jitter",                                                                                             \
         TW_WORD,                                                                                              \
         "none exponential lognormal",                                                                         \
         TW__JITTER_NONE,                                                                                      \
         0,                                                                                                    \
         0,                                                                                                    \
         TW_CLOSED,                                                                                            \
         "times it by random numbers whose mean is 1"},                                                        \
        {"sigma", TW_REAL, NULL, 0.5, 0, 10, TW_OPEN_MIN, "with lognormal: the deviation of their logarithm"}, \
        {"stragglers", TW_INT, NULL, 0, 0, 0x1p53, TW_CLOSED, "so many workers, the last ones, are slow"},     \
        {"slow", TW_REAL, NULL, 10, 0, TW_INF, TW_OPEN, "times that those take longer"},                       \
        {"pause", TW_REAL, NULL, 0, 0, 1, TW_CLOSED, "probability that an evaluation pauses"},                 \
        {"longer", TW_REAL, NULL, 10, 0, TW_INF, TW_OPEN, "times that it then takes longer"},                  \
        {"latency", TW_REAL, NULL, 0, 0, TW_INF, TW_OPEN_MAX, "seconds that a message takes"},                 \
        {"bandwidth", TW_REAL, NULL, 0, 0, TW_INF, TW_OPEN_MAX, "bytes of a message per second; 0: no limit"}, \
        {"service", TW_REAL, NULL, 0, 0, TW_INF, TW_OPEN_MAX, "seconds that a server takes for a message"},    \
        {"failures",                                                                                           \
         TW_REAL,                                                                                              \
         NULL,                                                                                                 \
         0,                                                                                                    \
         0,                                                                                                    \
         TW_INF,                                                                                               \
         TW_OPEN_MAX,                                                                                          \
         "mean seconds of evaluations until a worker fails, which loses the one that it makes; 0: none does"}, \
    {                                                                                                          \
        "restart", TW_REAL, NULL, 0, 0, TW_INF, TW_OPEN_MAX,                                                   \
            "seconds until a worker that has failed is back"                                                   \
    }

void tw__sim_clock_read(tw__sim_clock *c, const tw__workers *x);
/* Refuses evaluations that hardly any worker would survive. */
tw_status tw__sim_clock_check(const tw__sim_clock *c, const tw__workers *x, tw_error *err);
double tw__sim_compute_time(const tw__sim_clock *c, size_t worker, uint64_t draw);
/* When an evaluation of this draw fails, in seconds from its beginning; infinite: not at all. */
double tw__sim_failure_time(const tw__sim_clock *c, size_t worker, uint64_t draw);
double tw__sim_message_time(const tw__sim_clock *c, uint64_t bytes);
#endif
