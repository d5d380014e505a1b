/* Small races for tests: on images of 8 x 8, and on surfaces; what they result in, without what may differ.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_RACES_H
#define TESTS_RACES_H
#include "context.h"
#include "race/race.h"
#include "small_data.h"
#include "train/json.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static inline tw_race_options races_on_data(const char *directory, const char *optimizers)
{
    tw_race_options o = TW_RACE_OPTIONS_INIT;
    o.seeds = 1;
    o.job.data = directory;
    o.job.model = "flatten; dense 5 relu; dense classes softmax";
    o.optimizers = optimizers;
    o.job.run.epochs = 1;
    o.job.run.batch = 16;
    return o;
}

/* A small race in a folder. */
static inline tw_race_options races_kept(const char *data, const char *directory, const char *optimizers)
{
    tw_race_options o = races_on_data(data, optimizers);
    o.job.out = directory;
    o.job.force = 1;
    o.seeds = 2;
    o.job.run.epochs = 2;
    return o;
}

static inline tw_race_options races_on_surface(const char *surface, const char *optimizers)
{
    tw_race_options o = TW_RACE_OPTIONS_INIT;
    o.seeds = 1;
    o.surface = surface;
    o.optimizers = optimizers;
    return o;
}

static inline tw_race *races_run(tw_race *race)
{
    tw_error err = {0};
    if (tw_race_run(race, &err) != TW_OK) fail_msg("%s", err.message);
    return race;
}

static inline tw_race *races_created(tw_context *ctx, const tw_race_options *o)
{
    tw_error err = {0};
    tw_race *race;
    if (tw_race_create(&race, ctx, o, &err) != TW_OK) fail_msg("%s", err.message);
    return race;
}

static inline tw_race *races_resumed(tw_context *ctx, const char *directory)
{
    const tw_race_options o = TW_RACE_OPTIONS_INIT;
    tw_error err = {0};
    tw_race *race;
    if (tw_race_resume(&race, ctx, directory, &o, &err) != TW_OK) fail_msg("%s", err.message);
    return race;
}

/* A race's result without seconds. */
static inline json_t *races_json(const tw_race *race)
{
    json_t *json = json_loads(tw_race_json(race), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    tw__json_remove(json, "seconds");
    return json;
}

static inline void races_refused(const tw_race_options *o, const char *message)
{
    tw_context *ctx = context(1);
    tw_error err = {0};
    tw_race *race;
    tw_status s = tw_race_create(&race, ctx, o, &err);
    if (s != TW_ERR_SPEC || !strstr(err.message, message))
        fail_msg("%d \"%s\" in place of \"%s\"", (int)s, err.message, message);
    assert_null(race);
    tw_context_free(ctx);
}
#endif
