/* Making the run of a task, on data or on a surface.
 * SPDX-License-Identifier: MIT */
#include "race/run.h"
#include <math.h>

static void notify_end(tw__run_recorder *w)
{
    const tw__race_run *run = w->run;
    tw_race_event e = {.kind = TW_RACE_END,
                       .status = run->diverged ? "diverged" : tw_run_status_name(run->status),
                       .steps = run->steps,
                       .share = 1};
    e.message = run->diverged ? run->message : NULL;
    e.value = run->trajectory.n ? run->trajectory.value[run->trajectory.n - 1] : NAN;
    tw__recorder_notify(w, &e);
}

static tw_status make(tw__run_recorder *w, tw_error *err)
{
    tw__problem problem;
    TW_TRY(tw__problem_open(&problem, w->race, w->run->seed, err));
    tw_status s = w->race->surface ? tw__run_on_surface(w, &problem, err) : tw__run_on_data(w, &problem, err);
    tw__problem_close(&problem);
    return s;
}

tw_status tw__race_make(tw_race *race, uint64_t number, tw_error *err)
{
    char spec[TW_SPEC_MAX];
    const tw__task task = tw__race_task(race, number);
    tw__run_recorder w = {.race = race,
                          .entry = task.entry,
                          .run = task.run,
                          .number = number,
                          .is_trial = task.trial != NULL,
                          .spec = spec};
    if (task.trial) TW_TRY(tw__tune_spec(race, task.entry, task.trial->lr, spec, err));
    else w.spec = task.entry->tuned ? task.entry->tuned : task.entry->spec;
    tw__run_clear(race->ctx, task.run);
    TW_TRY(make(&w, err));
    notify_end(&w);
    return TW_OK;
}
