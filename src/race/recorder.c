/* What a run keeps while it is made: its events on their way to the race's caller, and how it ended.
 * SPDX-License-Identifier: MIT */
#include "race/run.h"
#include <string.h>

void tw__recorder_notify(tw__run_recorder *w, tw_race_event *e)
{
    const tw_race *race = w->race;
    e->optimizer = w->spec;
    e->seed = w->run->seed;
    e->is_trial = w->is_trial;
    e->run = w->number + 1;
    e->runs = tw__race_tasks(race);
    if (race->o.event && race->o.event(race->o.user, e)) w->stop = 1;
}

int tw__recorder_event(void *user, const tw_event *e)
{
    tw__run_recorder *w = user;
    tw__loss_trace_event(&w->run->trace, e);
    if (e->kind == TW_EVENT_STEP) tw__recorder_notify(w, &(tw_race_event){.kind = TW_RACE_STEP});
    else if (!w->race->surface)
        tw__recorder_notify(w, &(tw_race_event){.kind = TW_RACE_EPOCH,
                                                .line = e->line,
                                                .share = (double)e->line->epoch /
                                                         (double)w->race->o.job.run.epochs});
    return w->stop;
}

tw_status tw__recorder_end(tw__run_recorder *w, tw_run *run, tw_status s, tw_error *err)
{
    tw__race_run *to = w->run;
    to->steps = tw_run_steps(run);
    to->gradients = tw_run_gradients(run);
    to->skipped = tw_run_optimizer(run) ? tw_optimizer_skipped(tw_run_optimizer(run)) : 0;
    to->seconds = tw_run_seconds(run);
    to->reached = s == TW_OK && to->status == TW_RUN_TARGET;
    if (s == TW_OK && to->status == TW_RUN_DIVERGED) s = tw_run_diverged(run, &w->why);
    if (s == TW_ERR_NOT_FINITE) {
        to->diverged = 1;
        memcpy(to->message, w->why.message, sizeof to->message);
        return TW_OK;
    }
    if (s != TW_OK && err) *err = w->why;
    return s;
}
