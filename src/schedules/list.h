/* Every schedule, in the order in which they are listed. A new schedule is its file and one line here.
 * SPDX-License-Identifier: MIT */
#define TW__SCHEDULES(SCHEDULE_ROW)                                                                                                          \
    SCHEDULE_ROW(constant)                                                                                                                   \
    SCHEDULE_ROW(step)                                                                                                                       \
    SCHEDULE_ROW(multistep)                                                                                                                  \
    SCHEDULE_ROW(piecewise)                                                                                                                  \
    SCHEDULE_ROW(exponential)                                                                                                                \
    SCHEDULE_ROW(inverse_time)                                                                                                               \
    SCHEDULE_ROW(inv_sqrt)                                                                                                                   \
    SCHEDULE_ROW(inv)                                                                                                                        \
    SCHEDULE_ROW(polynomial)                                                                                                                 \
    SCHEDULE_ROW(linear)                                                                                                                     \
    SCHEDULE_ROW(cosine)                                                                                                                     \
    SCHEDULE_ROW(sgdr)                                                                                                                       \
    SCHEDULE_ROW(triangular)                                                                                                                 \
    SCHEDULE_ROW(triangular2)                                                                                                                \
    SCHEDULE_ROW(exp_range)                                                                                                                  \
    SCHEDULE_ROW(onecycle)                                                                                                                   \
    SCHEDULE_ROW(warmup)                                                                                                                     \
    SCHEDULE_ROW(noam)                                                                                                                       \
    SCHEDULE_ROW(wsd)                                                                                                                        \
    SCHEDULE_ROW(rex)                                                                                                                        \
    SCHEDULE_ROW(chebyshev)                                                                                                                  \
    SCHEDULE_ROW(expr)
