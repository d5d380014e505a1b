/* A run with several workers: an objective, a batch tree and an estimator for each of them, what its
 * protocol asks of the run, and a stretch of updates as a step.
 * SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "exchange/collect.h"
#include "train/job.h"
#include "train/objective.h"
#include "train/run_ring.h"
#include "train/run_workers.h"
#include <thalweg/registry.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- what the protocol asks for ------------------------------------------------------------------------ */

static struct station *station_of(const tw_run *r, size_t worker)
{
    return &r->workers->station[r->workers->n > 1 ? worker : 0];
}

void tw__run_fold(const tw_run *r, size_t size, tw__gradient *g)
{
    const tw__kernels *k = tw__kernels_for(r->train.type, tw_context_isa(r->ctx));
    for (size_t stride = 1; stride < g->n; stride *= 2)
        for (size_t i = 0; i + stride < g->n; i += 2 * stride)
            tw__sum_add(&g->node[i], &g->node[i + stride], k, r->train.type, size);
    g->n = 1;
}

/* Puts rows of the worker's shard in the place of those that were drawn: all of it, or for each row of the
 * whole one of the same place. */
static tw_status draw_shard(const tw_run *r, struct station *s, size_t worker, tw__update *u, tw_error *err)
{
    const uint64_t n = r->workers->x->n, size = (r->train.n_rows - worker + n - 1) / n;
    const int is_full = tw__estimator_is_full(s->estimator);
    const size_t count = is_full ? (size_t)size : u->n;
    TW_TRY(tw__grow(s->ctx, &s->shard, &s->shard_capacity, count, sizeof *s->shard, err));
    for (size_t i = 0; i < count; i++) {
        const uint64_t at = is_full ? i : u->rows[i] / n;
        s->shard[i] = (at < size ? at : size - 1) * n + worker;
    }
    u->rows = s->shard;
    u->n = count;
    return TW_OK;
}

/* Gives worker `worker` the weights that its rows are evaluated at. */
static tw_status fetch(tw_run *r, struct station *s, size_t worker, const tw__update *u, tw_error *err)
{
    tw__workers *x = r->workers->x;
    if (!x->protocol->fetch) return TW_OK;
    if (!r->exchange->steps_lists) return x->protocol->fetch(x, &x->worker[worker], r->size, NULL, err);
    TW_TRY(tw__touched_list(&s->touched, s->ctx, &s->objective, r->mode, u->rows, u->n, err));
    return x->protocol->fetch(x, &x->worker[worker], s->touched.n, s->touched.index, err);
}

static tw_status compute(void *user, size_t worker, uint64_t update, size_t part, size_t parts,
                         const void *at, tw__gradient *to, tw_error *err)
{
    tw_run *r = user;
    struct station *s = station_of(r, worker);
    const tw__workers *x = r->workers->x;
    const uint64_t epoch = update / r->steps_per_epoch, step = update % r->steps_per_epoch;
    const tw_draw draw = {.number = update, .epoch = epoch, .seed = r->o.seed};
    tw__update u = {.number = update};
    tw_sums sums;
    if (step == 0) tw__batch_begin_streams(s->batch);
    tw__estimator_draw(s->estimator, epoch, step, &u);
    if (x->protocol->has_shards) TW_TRY(draw_shard(r, s, worker, &u, err));
    TW_TRY(fetch(r, s, worker, &u, err));
    if (s->estimator->is_led) return tw__run_direction(&s->follower, &draw, &u, at, to, err);
    s->collector.worker = worker;
    tw__collector_begin(&s->collector, part, parts, 2 * (size_t)s->objective.joins, to);
    const tw_status status =
        tw__batch_gradient(s->batch, &s->collector.base, at, u.rows, u.n, &draw, r->mode, &sums, err);
    if (status == TW_ERR_NOT_FINITE) tw__run_add_place(epoch, &u, err);
    const tw_error *const failure = &x->failure;
    if (status == TW_STOPPED && failure->code != TW_OK) {
        if (err) *err = *failure;
        return (tw_status)failure->code;
    }
    TW_TRY(status);
    to->rows = part > 0 ? 0 : u.n ? u.n : 1;
    if (parts == 1) tw__run_fold(r, x->set.slice_size, to);
    return TW_OK;
}

/* Of the step before an epoch's last, or before a look at the target, the rate that comes next is shown. */
static void note_rate(tw_run *r)
{
    if (tw__run_needs_rate(r) &&
        tw_optimizer_value(tw__workers_optimizer(r->workers->x), "lr", &r->epoch_lr, NULL) != TW_OK)
        r->epoch_lr = NAN;
}

static void commit(void *user, size_t worker, void *w)
{
    tw__batch_commit(station_of(user, worker)->batch, w);
}

static tw_status count(void *user, size_t worker, void *w, const tw_sums *sums, uint64_t rows, tw_error *err)
{
    tw_run *r = user;
    r->gradients += rows;
    r->update_loss = sums->weight > 0 ? sums->loss / sums->weight : NAN;
    if (!isfinite(sums->loss)) return tw__run_not_finite(r->updates + 1, "the loss", sums->loss, err);
    if (w) commit(r, worker, w);
    for (size_t i = 0; r->train.carry && i < r->workers->n; i++)
        tw__batch_hand_on(r->workers->station[i].batch);
    tw__run_count_update(r, sums);
    note_rate(r);
    return TW_OK;
}

/* ---- making -------------------------------------------------------------------------------------------- */

static tw_status make_context(const tw_run *r, tw_context **out, tw_error *err)
{
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    o.resize = r->ctx->resize;
    o.io = &r->ctx->io;
    o.log = r->ctx->log;
    o.user = r->ctx->user;
    o.threads = 1;
    o.max_isa = r->ctx->isa;
    return tw_context_create(out, &o, err);
}

tw_status tw__run_make_stepping(tw_run *r, const tw_exchange_choice *choice, tw_error *err)
{
    r->stepping = r->ctx;
    if (!choice->transport || tw__transport_of(choice->transport)->answers_at_once ||
        tw__transport_of(choice->transport)->is_apart || tw__workers_count(choice, r->ctx, r->o.link) == 1)
        return TW_OK;
    r->stepping = NULL;
    return make_context(r, &r->stepping, err);
}

/* On the same rows, of all weights or of this worker's slice. */
static tw_status make_objective(const tw_run *r, const tw_exchange_choice *choice, struct station *s,
                                tw_error *err)
{
    tw__grid grid;
    s->is_fork = 1;
    if (!tw__protocol_of(choice->protocol)->splits_models)
        return r->train.fork(r->train.user, s->ctx, &s->objective, err);
    TW_TRY(tw__grid_of(choice, tw__workers_count(choice, r->ctx, r->o.link), &grid, err));
    const tw_ranks ranks = tw__ranks_of(&s->rank, &grid, r->o.link ? tw_link_rank(r->o.link) : 0);
    tw_error why;
    const tw_status status = r->train.split(r->train.user, s->ctx, &ranks, &s->objective, &why);
    return status == TW_OK ? status : tw__fail(err, status, "exchange %s: %s", choice->spec, why.message);
}

static tw_status make_station(tw_run *r, const tw_exchange_choice *choice, struct station *s,
                              const tw__estimator_setting *setting, tw_error *err)
{
    s->r = r;
    tw__collector_init(&s->collector);
    s->collector.whole = tw__batch_leaves(r->estimator->batch);
    if (r->workers->n == 1 && !tw__protocol_of(choice->protocol)->splits_models) {
        s->ctx = r->ctx;
        s->objective = r->train;
        s->batch = r->batch;
        s->estimator = r->estimator;
        return TW_OK;
    }
    TW_TRY(make_context(r, &s->ctx, err));
    TW_TRY(make_objective(r, choice, s, err));
    TW_TRY(tw__batch_create(&s->batch, s->ctx, &s->objective, err));
    tw__batch_like(s->batch, r->batch);
    TW_TRY(tw__batch_follow(s->batch, r->estimator->batch, err));
    tw__estimator_setting mine = *setting;
    mine.leader = mine.is_led ? r->estimator : NULL;
    return tw__estimator_create(&s->estimator, s->ctx, &mine, err);
}

/* Of lists, also where there is one station, whose batch then makes full gradients, too. */
static tw_status make_follower(tw_run *r, struct station *s, tw_error *err)
{
    tw__follower *f = &s->follower;
    *f = (tw__follower){.r = r,
                        .ctx = s->ctx,
                        .objective = &s->objective,
                        .batch = s->batch,
                        .estimator = s->estimator,
                        .collector = &s->collector};
    if (!s->estimator->is_led || !r->exchange->steps_lists) return TW_OK;
    if (s->batch == r->batch) TW_TRY(tw__batch_create(&f->batch, s->ctx, &s->objective, err));
    tw__batch_like(f->batch, r->batch);
    tw__batch_only_lists(f->batch);
    return TW_OK;
}

static void free_follower(struct station *s)
{
    if (s->follower.batch != s->batch) tw__batch_free(s->follower.batch);
    tw__list_free(s->ctx, &s->follower.there, tw_type_size(s->r->train.type));
}

/* What has fetched only weights that it touches may step no others. */
static void make_lists(const tw_run *r, const tw__protocol *protocol)
{
    for (size_t i = 0; protocol->fetch && r->exchange->steps_lists && i < r->workers->n; i++)
        tw__batch_only_lists(r->workers->station[i].batch);
}

static void free_station(struct station *s)
{
    if (!s->ctx) return;
    tw__touched_free(&s->touched, s->ctx);
    free_follower(s);
    tw__free(s->ctx, s->shard, s->shard_capacity, sizeof *s->shard);
    if (s->ctx == s->r->ctx) return;
    tw__estimator_free(s->estimator);
    tw__batch_free(s->batch);
    if (s->is_fork && s->objective.free_fork) s->objective.free_fork(&s->objective);
    tw_context_free(s->ctx);
}

/* Whether the rule looks at where its gradient was taken. */
static int needs_point(const tw_optimizer_options *o)
{
    tw_chain chain;
    if (o->custom) return (o->custom->traits(NULL) & TW_USES_POINT) != 0;
    if (tw_chain_read(&chain, o->rule, NULL, NULL) != TW_OK) return 0;
    const tw_choice *c = &chain.link[chain.rule];
    return (c->rule->traits(c->values) & TW_USES_POINT) != 0;
}

static tw_status refuse(const tw_exchange_choice *choice, const char *why, tw_error *err)
{
    return tw__fail(err, TW_ERR_SPEC, "exchange %s: %s", choice->spec, why);
}

/* Workers that have updates of their own have a shard each. */
static tw_status cut_shards(const tw_run *r, const tw_exchange_choice *choice, tw_error *err)
{
    const tw__workers *x = r->workers->x;
    const size_t shards = tw__estimator_shards(r->estimator), n = x->n - x->dedicated;
    if (shards == 1 || x->splits || x->choice.is_exact) return TW_OK;
    if (x->protocol->has_shards)
        return refuse(choice, "workers have shards of its own: leave out the estimator's option shards", err);
    if (shards != n)
        return tw__fail(
            err, TW_ERR_SPEC,
            "exchange %s: %zu workers have updates of their own, each from its shard of the rows: the "
            "estimator's option shards is %zu, and must be %zu",
            choice->spec, n, shards, n);
    for (size_t i = 0; i < r->workers->n; i++)
        TW_TRY(tw__estimator_even(r->workers->station[i].estimator, err));
    return TW_OK;
}

/* What several processes would each have a part of. */
static tw_status check_apart(const tw_run *r, const tw_exchange_choice *choice, tw_error *err)
{
    const int is_apart = tw__transport_of(choice->transport)->is_apart,
              is_split = tw__protocol_of(choice->protocol)->splits_models;
    if (is_split && !is_apart) return refuse(choice, "a model is split among processes, on mpi alone", err);
    if (is_split && !r->train.split)
        return refuse(choice, "this model has no layers that could be split: it takes networks", err);
    if (r->o.link && !is_apart)
        return refuse(choice, "workers are processes here: write mpi+ before the exchange", err);
    if (is_apart && r->estimator->is_led) return refuse(choice, "a snapshot of svrg is one process's", err);
    if (is_apart && r->train.carry)
        return refuse(choice, "with carry=1 each process would have the state of some streams", err);
    return r->o.link && r->o.replay
               ? refuse(choice, "one process repeats a trace, on threads: workers=N in the place of mpi", err)
               : TW_OK;
}

/* What is made for one process. */
static tw_status check(const tw_run *r, const tw_exchange_choice *choice, size_t workers, tw_error *err)
{
    if (r->estimator->is_led && (r->searches || r->is_proximal))
        return refuse(choice,
                      r->searches ? "lr=search looks along gradients of one process"
                                  : "l1 is a proximal step of one process",
                      err);
    if (r->estimator->type->direction && !r->estimator->is_led)
        return tw__fail(
            err, TW_ERR_SPEC,
            "estimator %s makes its gradients from several, in one process: it needs exchange local, and %s "
            "takes minibatch, full, single or svrg",
            r->estimator->type->about.name, choice->spec);
    if (tw__protocol_of(choice->protocol)->has_shards && (r->decays || r->degree_ratios))
        return refuse(choice, "the rows are cut into shards: sparse must be exact or dense", err);
    if (r->falls_behind)
        return refuse(choice,
                      "weights that fall behind are not sent: sparse must be exact, touched, degree or dense",
                      err);
    if (r->gradient)
        return refuse(choice, "a control that looks at every gradient needs exchange local", err);
    if (r->o.nonfinite != TW_NONFINITE_ERROR)
        return refuse(choice, "a gradient that is not finite cannot be left out (nonfinite must be error)",
                      err);
    if (workers > 1 && !r->train.fork && !tw__transport_of(choice->transport)->shares_objective)
        return refuse(choice, "this objective can have one worker only (tw_objective.fork is not set)", err);
    return TW_OK;
}

/* What depends on whether workers share the rows of an update. */
static tw_status check_splits(const tw_run *r, const tw_exchange_choice *choice, tw_error *err)
{
    const tw__workers *x = r->workers->x;
    if (r->estimator->is_led && (x->splits || !x->protocol->takes_rounds))
        return refuse(choice,
                      "a direction of svrg is one worker's, at weights that are the run's: use hogwild or "
                      "ps:sync=asp",
                      err);
    if (r->train.carry && !x->splits)
        return refuse(choice,
                      "with carry=1 an update begins where the one before ended: workers must share it", err);
    if (r->train.carry && r->estimator->batch > (uint64_t)TW_LEAF * TW_MOST_LEAVES)
        return refuse(choice, "with carry=1 a batch that is shared has at most 512 rows", err);
    if (r->train.joins && (x->splits ? !x->transport->reduce : x->transport->answers_at_once && x->n > 1))
        return refuse(
            choice,
            "batch normalisation waits within an evaluation, which simulated and repeated workers cannot",
            err);
    if (x->transport->is_apart && r->train.commit && !x->splits && (!x->has_replicas || x->has_server_rule))
        return refuse(
            choice,
            "what the model moves after an update, as batch normalisation and max_norm do, is in another "
            "process than the server: use ps:sync=bsp, or average",
            err);
    if (x->has_server_rule && r->workers->options->groups)
        return refuse(choice, "groups are for the run's rule, and a server steps all weights by its own",
                      err);
    if (!x->has_several) return TW_OK;
    if (r->controls)
        return refuse(choice, "a control sets the rate of one optimiser, and there are several", err);
    if (r->view)
        return refuse(choice,
                      "the rule reports other weights than it steps, and there are several optimisers", err);
    return r->train.commit && (!x->has_replicas || x->n_servers > 1)
               ? refuse(choice, "the model moves weights after an update, which one server must have", err)
               : TW_OK;
}

/* Of workers in processes the exchange that does the same on threads, which can repeat their trace. */
static void on_threads(const tw_exchange_choice *choice, size_t workers, char to[TW_SPEC_MAX])
{
    tw_exchange_choice same;
    char text[TW_SPEC_MAX + 32];
    const char *const protocol = strchr(choice->spec, '+');
    snprintf(to, TW_SPEC_MAX, "%s", choice->spec);
    if (!tw__transport_of(choice->transport)->is_apart || !protocol) return;
    snprintf(text, sizeof text, "%s%cworkers=%zu", protocol + 1, strchr(protocol, ':') ? ',' : ':', workers);
    if (tw_exchange_read(&same, text, NULL) == TW_OK) memcpy(to, same.spec, sizeof same.spec);
}

/* A text of any length as a line: its hash, if it is none. */
static const char *line_of(const char *text, char to[TW__HASH_DIGITS + 1])
{
    tw__hash h;
    const size_t n = strlen(text);
    if (n < TW_SPEC_MAX && !strchr(text, '\n')) return text;
    tw__hash_start(&h);
    tw__hash_add(&h, text, n);
    tw__hash_hex(&h, to);
    return to;
}

/* What a trace, and every process, says of its run. */
enum { HEAD = 6 * TW_SPEC_MAX + 512 };
static void write_head(const tw_run *r, const tw_exchange_choice *choice, const char *estimator,
                       size_t workers, char to[HEAD])
{
    char weights[TW__HASH_DIGITS + 1], control[TW__HASH_DIGITS + 1], scheduled[TW__HASH_DIGITS + 1];
    char exchange[TW_SPEC_MAX], l1[TW_VALUE_MAX], l2[TW_VALUE_MAX];
    const char *const schedule = tw_optimizer_schedule(r->optimizer);
    on_threads(choice, workers, exchange);
    tw__weights_hash(r->train.type, r->size, r->w, weights);
    snprintf(
        to, HEAD,
        "exchange %s\nworkers %zu\noptimizer %s\nestimator %s\nseed %llu\nbatch %llu\nrows %llu\nupdates "
        "%llu\nfrom %zu weights %s\nschedule %s\ncontrol %s\nl1 %s\nl2 %s\n",
        exchange, workers, tw_optimizer_spec(r->optimizer), estimator, (unsigned long long)r->o.seed,
        (unsigned long long)r->estimator->batch, (unsigned long long)r->train.n_rows,
        (unsigned long long)tw__run_updates(r), r->size, weights,
        schedule ? line_of(schedule, scheduled) : "constant",
        r->o.control ? line_of(r->o.control, control) : "none", tw__number_text(r->glm.l1, l1),
        tw__number_text(r->glm.l2, l2));
}

/* A trace is of threads that hand over messages. */
static tw_status check_trace(const tw_run *r, const tw_exchange_choice *choice, tw_error *err)
{
    if (!r->o.replay) return TW_OK;
    if (r->o.trace) return refuse(choice, "a run that is repeated has a trace: give replay or trace", err);
    if (choice->protocol->shares_memory)
        return refuse(choice, "workers step the same weights at once, in an order that no trace has", err);
    if (tw__transport_of(choice->transport)->is_virtual)
        return refuse(choice, "simulated workers come to the same bits without a trace", err);
    return TW_OK;
}

static tw_status make_workers(tw_run *r, const tw_exchange_choice *choice, const tw_optimizer_options *o,
                              const tw__estimator_setting *estimator, tw_error *err)
{
    struct tw__run_workers *ws = r->workers;
    TW_TRY(check_apart(r, choice, err));
    const size_t workers = tw__workers_count(choice, r->ctx, r->o.link);
    TW_TRY(check(r, choice, workers, err));
    TW_TRY(check_trace(r, choice, err));
    ws->n = tw__transport_of(choice->transport)->shares_objective ? 1 : workers;
    ws->options = o;
    ws->stretch = 1;
    TW_TRY(tw__alloc(r->ctx, &ws->station, ws->n, sizeof *ws->station, err));
    for (size_t i = 0; i < ws->n; i++) {
        TW_TRY(make_station(r, choice, &ws->station[i], estimator, err));
        TW_TRY(make_follower(r, &ws->station[i], err));
    }
    make_lists(r, tw__protocol_of(choice->protocol));
    ws->n_info = workers;
    TW_TRY(tw__alloc(r->ctx, &ws->info, workers, sizeof *ws->info, err));
    char head[HEAD] = "";
    tw_estimator_choice drawn;
    TW_TRY(tw_estimator_read(&drawn, estimator->spec, err));
    if (r->o.trace || r->o.replay || r->o.link) write_head(r, choice, drawn.spec, workers, head);
    const tw__workers_setting s = {.choice = choice,
                                   .workers = workers,
                                   .trace = r->o.trace,
                                   .replay = r->o.replay,
                                   .head = head,
                                   .link = r->o.link,
                                   .type = r->train.type,
                                   .size = r->size,
                                   .w = r->w,
                                   .tensors = r->train.tensors,
                                   .n_tensors = r->train.n_tensors,
                                   .total = tw__run_updates(r),
                                   .rows = r->train.n_rows,
                                   .glm = r->train.glm,
                                   .slices = ws->station[0].objective.slices,
                                   .n_slices = ws->station[0].objective.n_slices,
                                   .slice_size = tw__objective_size(&ws->station[0].objective),
                                   .seed = r->o.seed,
                                   .steps_lists = r->exchange->steps_lists,
                                   .needs_point = needs_point(o),
                                   .join_size = r->train.join_size,
                                   .optimizer = r->optimizer,
                                   .user = r,
                                   .compute = compute,
                                   .make_optimizer = tw__run_make_optimizer,
                                   .commit = commit,
                                   .count = count};
    TW_TRY(tw__workers_create(&ws->x, r->stepping, &s, err));
    for (size_t i = 0; i < ws->n; i++) ws->station[i].collector.x = ws->station[i].rank.x = ws->x;
    note_rate(r);
    TW_TRY(cut_shards(r, choice, err));
    return check_splits(r, choice, err);
}

tw_status tw__run_make_workers(tw_run *r, const tw_exchange_choice *choice, const tw_optimizer_options *o,
                               const tw__estimator_setting *estimator, tw_error *err)
{
    TW_TRY(tw__alloc(r->ctx, &r->workers, 1, sizeof *r->workers, err));
    return make_workers(r, choice, o, estimator, err);
}

void tw__run_free_workers(tw_run *r)
{
    struct tw__run_workers *ws = r->workers;
    if (!ws) return;
    tw__workers_free(ws->x);
    for (size_t i = 0; ws->station && i < ws->n; i++) free_station(&ws->station[i]);
    tw__free(r->ctx, ws->station, ws->n, sizeof *ws->station);
    tw__free(r->ctx, ws->info, ws->n_info, sizeof *ws->info);
    tw__free(r->ctx, ws, 1, sizeof *ws);
}

/* ---- stepping ------------------------------------------------------------------------------------------ */

/* Up to the next update after which somebody looks at the run. */
static uint64_t next_look(const tw_run *r)
{
    uint64_t until = r->updates - r->step + r->steps_per_epoch;
    const uint64_t every = r->o.eval_every;
    if (every && r->updates - r->updates % every + every < until)
        until = r->updates - r->updates % every + every;
    const uint64_t round_end = r->workers->x->round_end;
    return round_end > 0 && round_end < until ? round_end : until;
}

/* The updates that are to be done after this step. */
static uint64_t limit_of(const tw_run *r, uint64_t until)
{
    const struct tw__run_workers *ws = r->workers;
    if (ws->x->transport->limit) {
        const uint64_t limit = ws->x->transport->limit(ws->x);
        return limit > r->updates && limit < until ? limit : until;
    }
    return until - r->updates < ws->stretch ? until : r->updates + ws->stretch;
}

tw_status tw__run_work(tw_run *r, tw_error *err)
{
    enum { MOST = 1 << 20 };
    const double around = 0.1; /* seconds, of a step where nothing else ends it */
    struct tw__run_workers *ws = r->workers;
    TW_TRY(tw__run_begin_round(r, ws->x, err));
    const uint64_t until = next_look(r);
    const double start = tw__seconds();
    TW_TRY(tw__workers_run(ws->x, limit_of(r, until), err));
    if (ws->x->is_over) { /* which rank 0 alone has looked at */
        r->status = TW_RUN_INTERRUPTED;
        return TW_OK;
    }
    const int is_cheap = !ws->x->transport->is_virtual && !ws->x->transport->is_apart;
    if (is_cheap || r->updates == until) TW_TRY(tw__workers_gather(ws->x, err));
    if (r->updates == tw__run_updates(r)) TW_TRY(tw__workers_end(ws->x, err));
    if (!ws->x->transport->is_virtual && tw__seconds() - start < around && ws->stretch < MOST)
        ws->stretch *= 2;
    return TW_OK;
}

tw_status tw__run_agree(tw_run *r, const char *lines, tw_error *err)
{
    tw__workers *x = r->workers ? r->workers->x : NULL;
    if (r->ring) return tw__ring_agree(r->ring, lines, err);
    return x && x->transport->agree ? x->transport->agree(x, lines, err) : TW_OK;
}

void tw__run_share_carried(tw_run *r, int to_workers)
{
    struct tw__run_workers *ws = r->workers;
    size_t n;
    char *const all = tw__batch_carried(r->batch, &n);
    const size_t row = (size_t)r->train.carry * tw_type_size(r->train.type),
                 bytes = n * tw_type_size(r->train.type);
    for (size_t i = 0; ws && n && i < ws->n; i++) {
        char *const its = tw__batch_carried(ws->station[i].batch, &n);
        const tw__gradient *g = &ws->x->worker[i].gradient;
        const size_t lo = to_workers ? 0 : g->lo * TW_LEAF * row,
                     end = to_workers ? bytes : g->hi * TW_LEAF * row, hi = end < bytes ? end : bytes;
        if (its == all || lo >= hi) continue;
        memcpy((to_workers ? its : all) + lo, (to_workers ? all : its) + lo, hi - lo);
    }
}

int tw__run_regroups(const tw_run *r)
{
    return r->workers ? tw__workers_regroup(r->workers->x) : r->solver != NULL;
}

double tw__run_clock(const tw_run *r)
{
    const tw__workers *x = r->workers ? r->workers->x : NULL;
    return x && x->transport->is_virtual ? x->transport->now(x) : r->seconds;
}

tw_status tw__run_gather_ranges(tw_run *r, tw_error *err)
{
    const tw__workers *x = r->workers ? r->workers->x : NULL;
    return x && (tw__spreads(x) || x->protocol->splits_models) ? tw__run_gather(r, err) : TW_OK;
}

tw_status tw__run_gather(tw_run *r, tw_error *err)
{
    if (!r->workers) return TW_OK;
    const tw__fp_mode callers = tw__fp_enter();
    const tw_status s = tw__workers_gather(r->workers->x, err);
    tw__fp_leave(callers);
    return s;
}

tw_status tw__run_visit_workers(tw_run *r, tw_visitor *v, tw_error *err)
{
    if (v->loading == TW_LOAD && (r->o.trace || r->o.replay))
        return tw__fail(err, TW_ERR_SPEC,
                        "a trace begins with its run: it cannot be written or repeated from a saved state");
    return r->workers ? tw__workers_visit(r->workers->x, v, err) : TW_OK;
}

tw_status tw_run_exchange(const tw_run *r, tw_exchange_info *out, tw_error *err)
{
    TW_TRY(tw__sized_clear(out, "tw_exchange_info", err));
    TW_NEEDS(err, r);
    tw_exchange_info all;
    if (!r->workers && !r->ring)
        return tw__fail(err, TW_ERR_STATE, "the run has one process and no exchange");
    if (r->ring) tw__run_ring_info(r, &all);
    else tw__workers_info(r->workers->x, &all, r->workers->info);
    return tw__sized_write(out, &all, sizeof all, "tw_exchange_info", err);
}
