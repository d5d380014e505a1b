/* Running a race: every optimiser with every seed, from the same weights over the same batches.
 * SPDX-License-Identifier: MIT */
#include "race/race.h"
#include "base/cpu.h"
#include "base/options.h"
#include <math.h>
#include <string.h>

/* What the loop's events are turned into while a run goes. */
struct watch {
    tw_race *race;
    const tw__racer *racer;
    tw__race_run *run;
    size_t number;                                      /* of the run in the race, from 1 */
    uint64_t step, every;                               /* done in this epoch; steps between two points of the trace */
    double loss, weight;                                /* running mean of this epoch, and the weight of its rows */
    double last_sum, last_weight;                       /* of this epoch up to the last point of the trace */
    int stop;
};

static void tell(struct watch *w, const tw_epoch *line, const char *message)
{
    const tw_race *race = w->race;
    tw_race_event e = {w->racer->spec, w->run->seed, w->number, race->n * (size_t)race->o.seeds, line, message};
    if (race->o.event && race->o.event(race->o.user, &e)) w->stop = 1;
}

static int on_event(void *user, const tw_event *e)
{
    struct watch *w = user;
    w->loss = e->loss;
    w->weight = e->weight;
    w->step = e->step;
    if (e->kind == TW_EVENT_EPOCH) tell(w, e->line, NULL);
    return w->stop;
}

/* ---- one run ------------------------------------------------------------------------------------------------------------ */

/* About 60 points for a run, fewer in a race of many runs, and one for an epoch at the least. */
static uint64_t trace_every(const tw_race *race, const tw__racer *racer)
{
    enum { POINTS = 4000, MOST = 60 };
    uint64_t of_run = POINTS / (race->n * race->o.seeds), per_epoch = (of_run < MOST ? of_run : MOST) / race->o.epochs;
    return per_epoch > 1 ? (racer->steps_per_epoch + per_epoch - 1) / per_epoch : racer->steps_per_epoch;
}

static tw_status add_point(struct watch *w, const tw_run *run, tw_error *err)
{
    tw_race *race = w->race;
    tw__race_run *to = w->run;
    int ended = w->step == w->racer->steps_per_epoch;
    if (!ended && w->step % w->every != 0) return TW_OK;
    double sum = w->weight > 0 ? w->loss * w->weight : 0;
    TW_TRY(tw__grow(race->ctx, &to->trace, &to->trace_room, to->n_trace + 1, sizeof *to->trace, err));
    if (w->weight > w->last_weight) /* not all updates since then were left out */
        to->trace[to->n_trace++] = (tw__point){tw_run_steps(run), tw_run_seconds(run), (sum - w->last_sum) / (w->weight - w->last_weight)};
    w->last_sum = ended ? 0 : sum;
    w->last_weight = ended ? 0 : w->weight;
    return TW_OK;
}

static tw_status go(struct watch *w, tw_run *run, tw__track *track, tw_error *err)
{
    w->run->status = TW_RUN_GOING;
    while (w->run->status == TW_RUN_GOING) {
        TW_TRY(tw_run_step(run, &w->run->status, err));
        if (w->stop) return tw__fail(err, TW_STOPPED, "stopped");
        if (w->run->status != TW_RUN_STALLED) TW_TRY(add_point(w, run, err)); /* which made no step */
    }
    if (!w->race->test) return TW_OK;
    const void *weights;
    TW_TRY(tw_run_weights(run, &weights, err));
    TW_TRY(tw_evaluate(w->race->ctx, &track->test, weights, &w->run->test, err));
    double loss = w->run->test.loss;
    return isfinite(loss) ? TW_OK : tw__fail(err, TW_ERR_NOT_FINITE, "the test loss is %g", loss);
}

/* What is left of a run: its lines, also those before it diverged. */
static tw_status keep(struct watch *w, tw_run *run, tw_error *err)
{
    size_t n;
    const tw_epoch *history = tw_run_history(run, &n);
    tw__race_run *to = w->run;
    to->steps = tw_run_steps(run);
    to->skipped = tw_optimizer_skipped(tw_run_optimizer(run));
    to->seconds = tw_run_seconds(run);
    TW_TRY(tw__alloc(w->race->ctx, &to->epochs, n, sizeof *to->epochs, err));
    if (n) memcpy(to->epochs, history, n * sizeof *history);
    to->n_epochs = n;
    to->reached = !to->diverged && to->status == TW_RUN_TARGET;
    return TW_OK;
}

static tw_status run_on(struct watch *w, tw__track *track, tw_error *err)
{
    tw_run *run;
    tw_error why = {0};
    tw_race *race = w->race;
    tw_run_options r = tw__race_run_options(race, w->racer, w->run->seed);
    r.event = on_event;
    r.user = w;
    TW_TRY(tw_run_create(&run, race->ctx, &track->train, race->val ? &track->val : NULL, tw_model_weights(track->model), &r, err));
    tw_status s = go(w, run, track, &why);
    if (s == TW_ERR_NOT_FINITE) {
        w->run->diverged = 1;
        memcpy(w->run->message, why.message, sizeof w->run->message);
        tell(w, NULL, w->run->message);
        s = w->stop ? tw__fail(&why, TW_STOPPED, "stopped") : TW_OK;
    }
    if (s != TW_OK && err) *err = why;
    if (s == TW_OK) s = keep(w, run, err);
    tw_run_free(run);
    return s;
}

/* ---- all of them -------------------------------------------------------------------------------------------------------- */

static tw_status run_all(tw_race *race, tw_error *err)
{
    size_t number = 0;
    for (size_t i = 0; i < race->n; i++)
        for (uint64_t k = 0; k < race->o.seeds; k++) {
            tw__track track;
            struct watch w = {.race = race, .racer = &race->racers[i], .run = &race->racers[i].runs[k], .number = ++number, .every = trace_every(race, &race->racers[i])};
            w.run->test = (tw_metrics){NAN, NAN, 0};
            TW_TRY(tw__track_open(&track, race, w.run->seed, err));
            tw_status s = run_on(&w, &track, err);
            tw__track_close(&track);
            if (s != TW_OK) return s;
        }
    return TW_OK;
}

static tw_status make_result(tw_race *race, tw_error *err)
{
    TW_TRY(tw__race_summarise(race, err));
    TW_TRY(tw__race_json(race, &race->json, err));
    race->text = json_dumps(race->json, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    if (!race->text) return tw__fail(err, TW_ERR_MEMORY, "cannot allocate JSON");
    TW_TRY(tw__race_table(race, &race->table, err));
    return race->o.out ? tw__race_write(race, err) : TW_OK;
}

tw_status tw_race_run(tw_race *race, tw_error *err)
{
    if (race->ran) return tw__fail(err, TW_ERR_STATE, "the race was run before");
    race->ran = 1;
    TW_TRY(run_all(race, err));
    tw__fp_mode mode = tw__fp_enter();
    tw_status s = make_result(race, err);
    tw__fp_leave(mode);
    return s;
}
