/* What several schedules are made of.
 * SPDX-License-Identifier: MIT */
#ifndef TW_SCHEDULES_SHAPES_H
#define TW_SCHEDULES_SHAPES_H
#include <thalweg/schedule.h>
#include "math/elementary.h"

/* Half a wave of the cosine: 1 at q = 0, 1/2 in the middle, 0 at q = 1. */
static inline double tw__half_wave(double q) { return (1 + tw__cos_f64(0x1.921fb54442d18p1 * q)) / 2; }

/* s / every, rounded down for stairs. */
static inline double tw__spans(uint64_t s, double every, double stairs)
{
    return stairs != 0 ? (double)(s / (uint64_t)every) : (double)s / every;
}

/* The cyclical learning rate: how high (0 to 1) after s steps of cycles with `up` steps up and `down` steps
 * down (0: as many); *cycle counts from 0. */
static inline double tw__triangle(uint64_t s, double up, double down, uint64_t *cycle)
{
    uint64_t rise = (uint64_t)up, fall = down > 0 ? (uint64_t)down : rise, place = s % (rise + fall);
    *cycle = s / (rise + fall);
    return place <= rise ? (double)place / up : (double)(rise + fall - place) / (double)fall;
}
#define TW__TRIANGLE_OPTIONS                                                                     \
    {"step_size", TW_INT, NULL, 2000, 1, 0x1p52, TW_CLOSED, "steps from the bottom to the top"}, \
        {"step_size_down",                                                                       \
         TW_INT,                                                                                 \
         NULL,                                                                                   \
         0,                                                                                      \
         0,                                                                                      \
         0x1p52,                                                                                 \
         TW_CLOSED,                                                                              \
         "steps from the top to the bottom; 0: as many as up"},                                  \
    {                                                                                            \
        "max_factor", TW_REAL, NULL, 6, 0, TW_INF, TW_OPEN_MAX,                                  \
            "height of the top as a factor of the base value, which is the bottom"               \
    }
#define TW__TRIANGLE_ALIASES \
    {"step_size_up", "step_size"}, { "stepsize", "step_size" }
enum { TW__STEP_SIZE, TW__STEP_SIZE_DOWN, TW__MAX_FACTOR };
tw_status tw__triangle_check(const tw_instant *piece, tw_error *err);
uint64_t tw__triangle_span(const tw_instant *piece);

/* A list of steps at which something changes: whole numbers that rise. `example` for the message if there is
 * none: "multistep:milestones=30|60". All of them lie before the piece's end, where that is known. */
tw_status tw__steps_check(const tw_instant *piece, const tw_option *options, int option, const char *example,
                          tw_error *err);
/* An option that counts the steps of a phase which has to end before the piece does. Its default may be
 * longer: a short run is then the beginning of a long one. */
tw_status tw__end_check(const tw_instant *piece, const tw_option *options, int option, tw_error *err);
/* Why stairs of so many steps each have no effect; NULL: they have. */
const char *tw__stairs_ineffective(const tw_instant *piece, int steps);
/* A single step at which something first changes: the option `name`, before the piece's end. */
tw_status tw__step_check(const tw_instant *piece, const char *name, double step, tw_error *err);
/* up to the last of a list, and a quarter more */
uint64_t tw__steps_span(const tw_instant *piece, int option);
#endif
