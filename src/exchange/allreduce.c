/* Workers that make every update together, without a server: each evaluates its part of the rows, and adds
 * up and perhaps steps its range of the weights. The bits of local.
 *
 *     stage        each sends each           the last one         then each, in its range
 *     gradients    its part of the sum       begins the step      adds up; sharded: measures or steps
 *     measured     nothing                   settles the pass     measures again or steps
 *     made         its range of the mean     steps the whole      -
 *                  or of the weights         or ends the step
 *
 * Gradients in few bits go whole to all, and no mean returns: separate processes then all add up everything.
 *
 * Only sharded measures, and only for rules that need it. Nobody continues before all are there. As the
 * workers share their memory, allreduce makes its step once, where separate ones would all make the same, and
 * the state of sharded is in one optimiser, of which each worker uses its range.
 *
 * Workers in separate processes do all that themselves: what only one may do each does, when it has heard
 * all; gradients come into the stand-ins of their workers, ranges of the mean into `sum`, and what others
 * have measured into `parts`, by stage, as one may be a stage ahead.
 *
 * Rajbhandari et al. 2020 (sharded: ZeRO-1); Dai et al. 2019 (BigDL's AllReduceParameter).
 * SPDX-License-Identifier: MIT */
#include "exchange/merge.h"
#include "exchange/shares.h"
#include "exchange/wire.h"
#include <string.h>

struct seat {
    uint64_t stage;    /* that it is in, counted from the run's first */
    uint64_t heard[2]; /* messages of this stage and of the next, in place stage mod 2 */
    uint64_t waits;    /* for the others */
};

struct together {
    int is_sharded;
    struct seat *seat;
    _Atomic size_t arrived;
    tw__stepper all;
    tw__merge merge;
    /* of this update: the sum of its gradients; the mean if it is stepped in ranges, else NULL */
    tw__gradient *whole;
    const void *mean;
    double *parts[2]; /* in separate processes, sharded: n_sums of each worker */
    size_t n_sums;
    void *sum; /* in separate processes, unless it is sharded: the mean, in the ranges of all */
};

/* ---- an update ----------------------------------------------------------------------------------------- */

static int passes(const tw__workers *x, const struct together *t)
{
    return t->is_sharded ? tw_optimizer_passes(x->set.optimizer) : 0;
}

static int stage_of_update(const tw__workers *x, const struct together *t, const tw__worker *me)
{
    return (int)(t->seat[me->index].stage % (uint64_t)(passes(x, t) + 2));
}

static int is_apart(const tw__workers *x) { return x->transport->is_apart && x->n > 1; }

/* Every worker gets the whole gradients of all, and returns nothing. */
static int is_whole(const tw__workers *x, const struct together *t)
{
    return !t->is_sharded && tw__wire_is_whole(x);
}

static size_t range_begin(const tw__workers *x, size_t worker)
{
    return tw__range_begin(x->set.size, worker, x->n);
}

/* A worker's range, or all. */
static void range_of(const tw__workers *x, size_t worker, int all, size_t *lo, size_t *hi)
{
    *lo = all ? 0 : range_begin(x, worker);
    *hi = all ? x->set.size : range_begin(x, worker + 1);
}

/* This process steps its worker's range. */
static tw_status share(tw__workers *x, tw_error *err)
{
    const size_t me = tw_link_rank(x->set.link), lo = range_begin(x, me), hi = range_begin(x, me + 1);
    return lo < hi ? tw_step_share(x->set.optimizer, lo, hi, err)
                   : tw_step_share(x->set.optimizer, 0, 0, err);
}

/* A list that is stepped as one is stepped at once. */
static tw_status begin(tw__workers *x, struct together *t, tw_error *err)
{
    TW_TRY(tw__merge_begin(&t->merge, x, &t->whole, err));
    const tw__sum *sum = &t->whole->node[0];
    t->mean = NULL;
    if (sum->is_list) tw__mean_gradient(x, t->whole);
    if (!t->is_sharded || (sum->is_list && x->set.steps_lists)) return TW_OK;
    if (sum->is_list && !t->all.spread)
        TW_TRY(tw__alloc(x->ctx, &t->all.spread, x->set.size, x->k->real, err));
    t->mean = sum->is_list ? t->all.spread : sum->dense;
    TW_TRY(tw_step_begin(x->set.optimizer, err));
    return is_apart(x) ? share(x, err) : TW_OK;
}

/* What others have measured in their ranges, in this stage. */
static tw_status add_sums(tw__workers *x, const struct together *t, int stage, tw_error *err)
{
    const size_t me = tw_link_rank(x->set.link);
    double *sums;
    size_t n;
    TW_TRY(tw_step_sums(x->set.optimizer, &sums, &n, err));
    for (size_t i = 0; i < x->n; i++)
        for (size_t k = 0; i != me && k < n; k++) sums[k] += t->parts[stage % 2][i * t->n_sums + k];
    return TW_OK;
}

static tw_status settle(tw__workers *x, const struct together *t, int stage, tw_error *err)
{
    if (is_apart(x)) TW_TRY(add_sums(x, t, stage, err));
    return x->set.type == TW_F32 ? tw_step_settle_f32(x->set.optimizer, x->set.w, err)
                                 : tw_step_settle_f64(x->set.optimizer, x->set.w, err);
}

static tw_status end(tw__workers *x, struct together *t, tw_error *err)
{
    if (t->sum && !t->whole->node[0].is_list) t->whole->node[0].dense = t->sum;
    TW_TRY(t->mean ? tw_step_end(x->set.optimizer, err)
                   : tw__stepper_step(x, &t->all, x->set.w, &t->whole->node[0], NULL, err));
    return tw__count_sums(x, &x->worker[0], x->set.w, &t->whole->leaf[0], t->whole->rows, err);
}

/* What only one may do, when all have arrived. */
static tw_status alone(tw__workers *x, struct together *t, int stage, tw_error *err)
{
    if (stage == 0) return begin(x, t, err);
    return stage <= passes(x, t) ? settle(x, t, stage, err) : end(x, t, err);
}

/* Elements lo .. hi-1 of the mean. */
static void reduce(const tw__workers *x, const struct together *t, size_t lo, size_t hi)
{
    const tw__sum *sum = &t->whole->node[0];
    const size_t at = lo * x->k->real;
    if (!sum->is_list) {
        if (x->n > 1) tw__merge_range(&t->merge, x, lo, hi);
        tw__mean_range(x, t->whole, lo, hi);
        if (!t->is_sharded && !is_whole(x, t)) tw__wire_mean(x, hi - lo, (char *)sum->dense + at);
        if (t->sum) memcpy((char *)t->sum + at, (const char *)sum->dense + at, (hi - lo) * x->k->real);
    } else if (t->mean) {
        memset((char *)t->all.spread + at, 0, (hi - lo) * x->k->real);
        tw__list_spread(sum->list, x->set.type, lo, hi, (char *)t->all.spread + at);
    }
}

static tw_status measure(tw__workers *x, const void *mean, size_t lo, size_t hi, tw_error *err)
{
    return x->set.type == TW_F32 ? tw_step_measure_f32(x->set.optimizer, lo, hi, x->set.w, mean, err)
                                 : tw_step_measure_f64(x->set.optimizer, lo, hi, x->set.w, mean, err);
}

static tw_status step(tw__workers *x, const void *mean, size_t lo, size_t hi, tw_error *err)
{
    return x->set.type == TW_F32 ? tw_step_range_f32(x->set.optimizer, lo, hi, x->set.w, mean, err)
                                 : tw_step_range_f64(x->set.optimizer, lo, hi, x->set.w, mean, err);
}

/* What each does in its range, or all, after a stage. */
static tw_status work(tw__workers *x, struct together *t, const tw__worker *me, int stage, tw_error *err)
{
    size_t lo, hi;
    range_of(x, me->index, is_apart(x) && is_whole(x, t), &lo, &hi);
    if (lo == hi) return TW_OK;
    if (stage == 0) reduce(x, t, lo, hi);
    if (!t->mean) return TW_OK;
    return stage < passes(x, t) ? measure(x, t->mean, lo, hi, err) : step(x, t->mean, lo, hi, err);
}

/* ---- stages -------------------------------------------------------------------------------------------- */

/* What stage `stage` sends to another worker: of a gradient all or its range; of the mean or the weights the
 * sender's range. */
static tw__message message(const tw__workers *x, const struct together *t, const tw__worker *me, size_t to,
                           int stage)
{
    const size_t whose = stage == 0 ? to : me->index;
    tw__message m = {.carries = stage == 0 ? TW__GRADIENT : TW__VECTOR,
                     .from = me->index,
                     .to = to,
                     .clock = t->seat[me->index].stage};
    range_of(x, whose, is_whole(x, t), &m.lo, &m.hi);
    if (stage == 0 ? me->gradient.n == 0 : stage <= passes(x, t) || is_whole(x, t)) m.carries = TW__NOTHING;
    if (m.carries != TW__VECTOR) return m;
    const tw__sum *sum = &t->whole->node[0];
    if (sum->is_list && !t->mean) {
        m.carries = TW__LIST;
        m.lo = tw__list_place(sum->list, m.lo);
        m.hi = tw__list_place(sum->list, m.hi);
    } else if (x->wire && !t->is_sharded) m.carries = TW__MEAN;
    return m;
}

static tw_status arrive(tw__workers *x, tw__worker *me, tw_error *err)
{
    struct together *t = x->state;
    const int stage = stage_of_update(x, t, me);
    if (stage > 0 && !t->whole)
        return tw__fail(err, TW_ERR_DATA, "the stored workers are not in the same update");
    t->seat[me->index].waits = 1;
    if (!is_apart(x) && atomic_fetch_add(&t->arrived, 1) + 1 == x->n) {
        atomic_store(&t->arrived, 0);
        TW_TRY(alone(x, t, stage, err));
    }
    for (size_t i = 1; i < x->n; i++) {
        const tw__message m = message(x, t, me, (me->index + i) % x->n, stage);
        TW_TRY(tw__send(x, &m, err));
    }
    return TW_OK;
}

/* As far as the others are: on to the next stage, or out of the update. */
static tw_status go_on(tw__workers *x, tw__worker *me, tw_error *err)
{
    struct together *t = x->state;
    struct seat *mine = &t->seat[me->index];
    while (mine->waits && mine->heard[mine->stage % 2] == x->n - 1) {
        const int stage = stage_of_update(x, t, me), is_last = stage == passes(x, t) + 1;
        mine->heard[mine->stage % 2] = 0;
        mine->waits = 0;
        if (is_apart(x)) TW_TRY(alone(x, t, stage, err));
        if (!is_last) TW_TRY(work(x, t, me, stage, err));
        mine->stage++;
        if (is_last) me->clock++;
        else TW_TRY(arrive(x, me, err));
    }
    return TW_OK;
}

static tw_status next(tw__workers *x, tw__worker *me, enum tw__act *act, tw_error *err)
{
    const struct together *t = x->state;
    (void)err;
    if (t->seat[me->index].waits) {
        *act = TW__WAIT;
        return TW_OK;
    }
    me->update = me->clock;
    *act = me->clock < atomic_load(&x->limit) ? TW__COMPUTE : TW__REST;
    return TW_OK;
}

static tw_status computed(tw__workers *x, tw__worker *me, tw_error *err)
{
    TW_TRY(arrive(x, me, err));
    return go_on(x, me, err);
}

/* Nobody is more than one stage ahead of another. */
static tw_status receive(tw__workers *x, const tw__message *m, tw_error *err)
{
    struct together *t = x->state;
    t->seat[m->to].heard[m->clock % 2]++;
    return go_on(x, &x->worker[m->to], err);
}

/* The optimiser's here, of a worker elsewhere in its place of `parts`. */
static void content_of_sums(tw__workers *x, const struct together *t, const tw__message *m, int stage,
                            tw__content *c)
{
    c->n_sums = tw__shares_sums(x->set.optimizer, &c->sums);
    if (tw__is_elsewhere(x, m->from)) c->sums = t->parts[stage % 2] + m->from * t->n_sums;
}

/* A part of the gradient goes to whose range it is, then a range of the mean or of the weights to all. */
static void content(tw__workers *x, const tw__message *m, tw__content *c)
{
    struct together *t = x->state;
    const int is_gradient = m->clock % (uint64_t)(passes(x, t) + 2) == 0;
    const size_t whose = is_gradient ? m->to : m->from;
    range_of(x, whose, is_whole(x, t), &c->lo, &c->hi);
    const int stage = (int)(m->clock % (uint64_t)(passes(x, t) + 2));
    if (is_gradient) c->gradient = &x->worker[m->from].gradient;
    else if (stage <= passes(x, t)) content_of_sums(x, t, m, stage, c);
    else if (m->carries == TW__MEAN || m->carries == TW__VECTOR)
        c->vector = t->is_sharded ? x->set.w : t->sum;
    c->whole_lists = 1;
}

/* Of sharded the state of the optimiser in the worker's range. */
static tw_status visit_worker(tw__workers *x, size_t worker, int whole, tw_visitor *v, tw_error *err)
{
    return whole ? tw__shares_visit(x->set.optimizer, range_begin(x, worker), range_begin(x, worker + 1), v,
                                    err)
                 : TW_OK;
}

/* At rest all are at the beginning of an update. */
static tw_status regroup(tw__workers *x, uint64_t updates, tw_error *err)
{
    struct together *t = x->state;
    (void)err;
    for (size_t i = 0; i < x->n; i++) {
        t->seat[i] = (struct seat){.stage = updates * ((uint64_t)passes(x, t) + 2)};
        x->worker[i].clock = updates;
    }
    return TW_OK;
}

/* Where processes are apart each knows its own worker's stage, which at rest is that of all. */
static tw_status visit(tw__workers *x, tw_visitor *v, tw_error *err)
{
    struct together *t = x->state;
    const int64_t four = 4;
    if (tw__workers_regroup(x)) return TW_OK;
    if (is_apart(x) && v->loading == TW_SHOW)
        for (size_t i = 0; i < x->n; i++) t->seat[i] = t->seat[tw_link_rank(x->set.link)];
    for (size_t i = 0; i < x->n; i++) {
        struct seat *s = &t->seat[i];
        uint64_t numbers[] = {s->stage, s->heard[0], s->heard[1], s->waits};
        tw__numbered numbered;
        tw_visitor *const mine = tw__numbered_visitor(&numbered, v, "stage", i);
        TW_TRY(mine->field(mine, "numbers", TW_I64, 1, &four, numbers, err));
        if (v->loading != TW_LOAD) continue;
        if (numbers[0] % (uint64_t)(passes(x, t) + 2) != (numbers[3] ? (uint64_t)passes(x, t) + 1 : 0) ||
            numbers[1] >= x->n || numbers[2] >= x->n)
            return tw__fail(err, TW_ERR_DATA, "worker %zu is stored in the middle of an update", i);
        *s = (struct seat){.stage = numbers[0], .heard = {numbers[1], numbers[2]}, .waits = numbers[3]};
    }
    return TW_OK;
}

/* ---- making -------------------------------------------------------------------------------------------- */

/* Whole matrices no process has. */
static tw_status make_parts(tw__workers *x, struct together *t, tw_error *err)
{
    double *sums;
    const char *const whole = tw__shares_whole(x->set.optimizer);
    if (whole)
        return tw__fail(err, TW_ERR_SPEC,
                        "exchange %s: %s looks at whole matrices, which no process has: use allreduce",
                        x->choice.spec, whole);
    t->n_sums = tw__shares_sums(x->set.optimizer, &sums);
    for (int i = 0; i < 2; i++)
        TW_TRY(tw__alloc(x->ctx, &t->parts[i], x->n, t->n_sums * sizeof(double), err));
    return TW_OK;
}

static tw_status make(tw__workers *x, int is_sharded, tw_error *err)
{
    struct together *t;
    TW_TRY(tw__alloc(x->ctx, &t, 1, sizeof *t, err));
    x->state = t;
    x->splits = 1;
    t->is_sharded = is_sharded;
    TW_TRY(tw__alloc(x->ctx, &t->seat, x->n, sizeof *t->seat, err));
    if (is_apart(x) && !is_sharded) TW_TRY(tw__alloc(x->ctx, &t->sum, x->set.size, x->k->real, err));
    if (is_apart(x) && is_sharded) TW_TRY(make_parts(x, t, err));
    return tw__stepper_create(x, 0, x->set.size, 0, &t->all, err);
}

static tw_status create(tw__workers *x, tw_error *err) { return make(x, 0, err); }
static tw_status create_sharded(tw__workers *x, tw_error *err) { return make(x, 1, err); }

static void destroy(tw__workers *x)
{
    struct together *t = x->state;
    if (!t) return;
    tw__stepper_free(x, &t->all);
    tw__merge_free(&t->merge, x);
    for (int i = 0; i < 2; i++) tw__free(x->ctx, t->parts[i], x->n, t->n_sums * sizeof(double));
    tw__free(x->ctx, t->sum, x->set.size, x->k->real);
    tw__free(x->ctx, t->seat, x->n, sizeof *t->seat);
    tw__free(x->ctx, t, 1, sizeof *t);
}

static enum tw__bits bits_with(const double *values)
{
    return values[0] > 0 ? TW__BITS_REPEAT : TW__BITS_OF_LOCAL;
}

static const tw_option options[] = {TW__WIRE_OPTIONS};

const tw__protocol tw__protocol_allreduce = {
    .about = {.size = sizeof(tw_exchange),
              .name = "allreduce",
              .help = "workers share each update and add up their gradients, each a range, without a server",
              .paper = "Patarasuk & Yuan 2009",
              .equation = "w = step(w, mean of the update's rows, which the workers share)\n"
                          "each sends each other its part of the gradient, then its range of the sum: in all "
                          "as much as in a ring, 2 (n - 1) vectors, but in two messages' time\n"
                          "wire=bf16 and so on: means return in bf16; where all of a gradient takes no more "
                          "bytes than that, each sends all its whole one, and nothing returns",
              .n_options = sizeof options / sizeof options[0],
              .options = options},
    .bits_with = bits_with,
    .is_for_processes = 1,
    .create = create,
    .free = destroy,
    .next = next,
    .computed = computed,
    .receive = receive,
    .content = content,
    .visit = visit,
    .regroup = regroup,
};

const tw__protocol tw__protocol_sharded = {
    .about = {.size = sizeof(tw_exchange),
              .name = "sharded",
              .help = "as allreduce, but each worker steps its range of the weights, with 1/n of the state",
              .paper = "Dai et al. 2019 (BigDL); Rajbhandari et al. 2020 (ZeRO-1)",
              .equation = "w[r] = step(w[r], mean of the update's rows), worker r with range r\n"
                          "each sends each other its part of the gradient, then its range of the weights; "
                          "what a rule measures of whole tensors they add up in between",
              .n_options = sizeof options / sizeof options[0],
              .options = options},
    .bits_with = bits_with,
    .is_for_processes = 1,
    .create = create_sharded,
    .free = destroy,
    .next = next,
    .computed = computed,
    .receive = receive,
    .content = content,
    .visit = visit,
    .regroup = regroup,
    .visit_worker = visit_worker,
};

const tw_exchange tw__exchange_bigdl = {.size = sizeof(tw_exchange),
                                        .name = "bigdl",
                                        .help = "sharded, as the library BigDL trains",
                                        .paper = "Dai et al. 2019",
                                        .equation = "that of sharded",
                                        .stands_for = "sharded"};

/* MLlib draws each row of a batch by chance; here an epoch has every row once. */
const tw_exchange tw__exchange_mbgd =
    {.size = sizeof(tw_exchange),
     .name = "mbgd",
     .help = "allreduce, as MLlib adds up its mini-batches",
     .paper = "Meng et al. 2016",
     .equation = "that of allreduce; MLlib's steps are those of --optimizer sgd --schedule inv_sqrt",
     .stands_for = "allreduce"};
