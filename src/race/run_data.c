/* Making one run of a race on data: from the weights of its seed, over the batches of its seed.
 * SPDX-License-Identifier: MIT */
#include "race/run.h"
#include "train/steps.h"
#include <math.h>
#include <string.h>

/* About 60 points for a run, fewer in a race of many runs, and one for an epoch and at the run's end at the
 * least. */
static uint64_t trace_every(const tw_race *race, const tw__entry *entry)
{
    enum { POINTS = 4000, MOST = 60 };
    uint64_t of_run = POINTS / (race->n * race->o.seeds),
             per_epoch = (of_run < MOST ? of_run : MOST) / race->o.job.run.epochs;
    return tw__loss_trace_every(entry->steps_per_epoch, per_epoch > 1 ? per_epoch : 1);
}

/* The mean loss over all training rows, beside what solvers have reached; none of the run's time. */
static tw_status add_objective(tw__run_recorder *w, tw_run *run, tw__problem *problem, tw_error *err)
{
    tw__race_run *to = w->run;
    tw_context *ctx = w->race->ctx;
    const void *weights;
    tw_metrics m;
    TW_TRY(tw_run_weights(run, &weights, err));
    TW_TRY(tw_evaluate(ctx, &problem->train, weights, &m, err));
    TW_TRY(tw__grow(ctx, &to->objective, &to->objective_capacity, to->n_objective + 1, sizeof *to->objective,
                    err));
    to->objective[to->n_objective++] = m.loss;
    return TW_OK;
}

/* Steps to the run's end. */
static tw_status take_steps(tw__run_recorder *w, tw_run *run, tw__problem *problem, tw_error *err)
{
    const int with_objective = tw__race_has_solver(w->race);
    size_t epochs = 0;
    if (with_objective) TW_TRY(add_objective(w, run, problem, err));
    for (w->run->status = TW_RUN_GOING; w->run->status == TW_RUN_GOING;) {
        const uint64_t steps = tw_run_steps(run);
        const size_t before = epochs;
        TW_TRY(tw__run_steps(run, tw__loss_trace_left(&w->run->trace, run), &w->run->status, err));
        if (w->stop) return tw__fail(err, TW_STOPPED, "stopped");
        if (tw_run_steps(run) != steps) TW_TRY(tw__loss_trace_step(&w->run->trace, w->race->ctx, run, err));
        tw_run_history(run, &epochs);
        if (with_objective && epochs != before) TW_TRY(add_objective(w, run, problem, err));
    }
    return TW_OK;
}

static tw_status go(tw__run_recorder *w, tw_run *run, tw__problem *problem, tw_error *err)
{
    TW_TRY(take_steps(w, run, problem, err));
    if (!w->race->test) return TW_OK;
    const void *weights;
    TW_TRY(tw_run_weights(run, &weights, err));
    TW_TRY(tw_evaluate(w->race->ctx, &problem->test, weights, &w->run->test, err));
    double loss = w->run->test.loss;
    return isfinite(loss) ? TW_OK : tw__fail(err, TW_ERR_NOT_FINITE, "the test loss is %g", tw__shown(loss));
}

/* What is left of a run: its lines, also those before it diverged. */
static tw_status keep(tw__run_recorder *w, const tw_run *run, tw_error *err)
{
    size_t n;
    const tw_epoch *history = tw_run_history(run, &n);
    TW_TRY(tw__alloc(w->race->ctx, &w->run->epochs, n, sizeof *w->run->epochs, err));
    if (n) memcpy(w->run->epochs, history, n * sizeof *history);
    w->run->n_epochs = n;
    return TW_OK;
}

tw_status tw__run_on_data(tw__run_recorder *w, tw__problem *problem, tw_error *err)
{
    tw_run *run;
    tw_race *race = w->race;
    tw__method parts;
    tw_run_options r = tw__race_run_options(race, w->entry, w->spec, w->run->seed, &parts);
    r.event = tw__recorder_event;
    r.user = w;
    w->run->trace.every = trace_every(race, w->entry);
    w->run->test = (tw_metrics){NAN, NAN, 0};
    TW_TRY(tw_run_create(&run, race->ctx, &problem->train, tw__problem_check(problem), problem->w, &r, err));
    tw_status s = tw__recorder_end(w, run, go(w, run, problem, &w->why), err);
    if (s == TW_OK) s = keep(w, run, err);
    tw_run_free(run);
    return s;
}
