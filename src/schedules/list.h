/* Every schedule, in the order in which they are listed. A new schedule is its file and one line here.
 * SPDX-License-Identifier: MIT */
#define TW__SCHEDULES(SCHEDULE_ROW)                                                                                                          \
    SCHEDULE_ROW(constant)                                                                                                                   \
    SCHEDULE_ROW(step)                                                                                                                       \
    SCHEDULE_ROW(cosine)                                                                                                                     \
    SCHEDULE_ROW(warmup)
