/* Making a run: its options checked, and its parts made from them.
 * SPDX-License-Identifier: MIT */
#include "train/job.h"
#include "train/run.h"
#include "estimators/by_row.h"
#include "train/objective.h"
#include <math.h>
#include <string.h>

static tw_status read_objectives(tw_run *r, const tw_objective *train_given, const tw_objective *check_given,
                                 tw_error *err)
{
    tw_objective *train = &r->train, *check = &r->check;
    TW_TRY(tw__objective_read(train, train_given, 1, err));
    TW_TRY(tw__run_read_glm(r, err));
    r->size = tw__objective_size(train);
    if (!check_given) return TW_OK;
    TW_TRY(tw__objective_read(check, check_given, 1, err));
    if (check->type == train->type && tw__objective_size(check) == r->size) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC,
                    "the validation objective has %zu weights of %s, the training objective %zu of %s",
                    tw__objective_size(check), tw_type_name(check->type), tw__objective_size(train),
                    tw_type_name(train->type));
}

static tw_status count_steps(const tw_run *r, uint64_t *total, tw_error *err)
{
    if (r->o.epochs <= UINT32_MAX && !__builtin_mul_overflow(r->o.epochs, r->steps_per_epoch, total) &&
        *total < (uint64_t)1 << 53)
        return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "%llu epochs of %llu updates are too many",
                    (unsigned long long)r->o.epochs, (unsigned long long)r->steps_per_epoch);
}

uint64_t tw_run_epochs(const tw_run *r) { return r->o.epochs; }
uint64_t tw__run_updates(const tw_run *r) { return r->o.epochs * r->steps_per_epoch; }

tw_status tw__check_eval_every(uint64_t every, uint64_t longest, tw_error *err)
{
    if (every < longest || every == 0) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "eval_every = %llu has no effect: after %llu updates training is over",
                    (unsigned long long)every, (unsigned long long)longest);
}

static double weight_of_rows(const tw_run *r)
{
    double sum = 0;
    for (uint64_t i = 0; r->train.glm && i < r->train.n_rows; i++) sum += r->glm.weight(r->glm.user, i);
    return sum;
}

static int begins_rounds(const tw__preset *preset)
{
    tw_estimator_choice choice;
    if (tw_estimator_read(&choice, preset->estimator, NULL) != TW_OK) return 0;
    return tw__estimator_type_find(tw__text_of(choice.estimator->name))->begin_round != NULL;
}

/* *s: what others like it are made with */
static tw_status make_estimator(tw_run *r, tw__preset *preset, const tw_exchange_choice *exchange,
                                tw__estimator_setting *s, tw_error *err)
{
    const tw_run_options *o = &r->o;
    const double weight = weight_of_rows(r);
    TW_TRY(tw__run_auto_lr(r, preset, weight, err));
    *s = (tw__estimator_setting){.spec = preset->estimator,
                                 .n_rows = r->train.n_rows,
                                 .batch = o->batch,
                                 .seed = o->seed,
                                 .real = r->train.type,
                                 .size = r->size,
                                 .order = o->order,
                                 .n_order = o->n_order,
                                 .weight = weight,
                                 .convexity = r->glm.l2,
                                 .searches = r->searches,
                                 .is_fused = tw__run_can_fuse(r, preset, weight),
                                 .is_led = exchange->transport != NULL && begins_rounds(preset),
                                 .in_streams = r->train.carry > 0,
                                 .accumulate = o->accumulate};
    TW_TRY(tw__estimator_create(&r->estimator, r->ctx, s, err));
    r->steps_per_epoch = tw__estimator_steps(r->estimator);
    return s->is_fused ? tw__run_make_fused(r, err) : TW_OK;
}

/* An estimator that moves by lr itself. */
static tw_status check_pace(const tw_run *r, tw_error *err)
{
    const tw__estimator_type *type = r->estimator->type;
    const char *name = type->about.name;
    double lr = 0;
    if (type->pace == TW__ANY_RULE) return TW_OK;
    if (!tw__is_plain_sgd(&r->o, tw_optimizer_spec(r->optimizer)))
        return tw__fail(err, TW_ERR_SPEC,
                        "estimator %s steps by lr itself: it needs the rule sgd, with no option but lr",
                        name);
    for (size_t i = 0; i < r->train.n_tensors; i++)
        if (r->train.tensors[i].flags & (TW_TENSOR_BUFFER | TW_TENSOR_FROZEN))
            return tw__fail(err, TW_ERR_SPEC, "estimator %s moves all weights, and %.80s is to stay", name,
                            r->train.tensors[i].name);
    if (r->train.commit)
        return tw__fail(err, TW_ERR_SPEC,
                        "estimator %s remembers points, and max_norm moves the weights after an update",
                        name);
    if (type->pace != TW__CONSTANT_RATE) return TW_OK;
    TW_TRY(tw_optimizer_value(r->optimizer, "lr", &lr, err));
    return lr > 0 && strcmp(tw_optimizer_schedule(r->optimizer), "constant") == 0
               ? TW_OK
               : tw__fail(
                     err, TW_ERR_SPEC,
                     "estimator %s remembers points in units of lr, which must be above 0 and stay: schedule "
                     "constant",
                     name);
}

/* What an objective whose rows depend on each other within a batch refuses. */
static tw_status check_joins(const tw_run *r, tw_error *err)
{
    const tw__estimator *e = r->estimator;
    const uint64_t least = r->train.least_rows, last = e->batch ? r->train.n_rows % e->batch : 0;
    if (!r->train.joins) return TW_OK;
    if (!e->type->takes_joins)
        return tw__fail(
            err, TW_ERR_SPEC,
            "estimator %s needs gradients of rows by themselves, and with batch normalisation they "
            "depend on the batch; minibatch and full can be used",
            e->type->about.name);
    if (e->batch >= least && (last == 0 || last >= least)) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC,
                    "batch normalisation of vectors needs batches of at least %llu rows, and of %llu rows in "
                    "batches of %llu the last has %llu: take another batch",
                    (unsigned long long)least, (unsigned long long)r->train.n_rows,
                    (unsigned long long)e->batch, (unsigned long long)(last ? last : e->batch));
}

static tw_status make_controls(tw_run *r, const tw_exchange_choice *exchange, tw_error *err)
{
    const tw__control_setting s = {.train = &r->train,
                                   .size = r->size,
                                   .has_check = r->check.eval != NULL,
                                   .epochs = r->o.epochs,
                                   .optimizer = r->optimizer,
                                   .custom = r->o.custom_rule,
                                   .groups = r->o.groups,
                                   .estimator = r->estimator->type->about.name,
                                   .exchange = exchange->spec,
                                   .nonfinite = r->o.nonfinite,
                                   .has_direction = r->estimator->type->direction != NULL,
                                   .lr_stays = r->searches || r->estimator->type->pace == TW__CONSTANT_RATE,
                                   .races = !exchange->is_exact};
    TW_TRY(tw__controls_create(&r->controls, r->ctx, r->o.control, &s, err));
    return tw__controls_search(r->controls)
               ? tw__alloc(r->ctx, &r->gradient, r->size, tw_type_size(r->train.type), err)
               : TW_OK;
}

static tw_status make_parts(tw_run *r, tw_error *err)
{
    const tw_run_options *o = &r->o;
    uint64_t total = 0;
    if (o->solver) {
        if (r->train.joins || r->train.carry)
            return tw__fail(err, TW_ERR_SPEC, "solver %s needs a loss that is a sum over rows, and with %s",
                            o->solver,
                            r->train.joins ? "batch normalisation rows depend on the batch"
                                           : "carry=1 rows depend on those before them");
        if (r->train.commit)
            return tw__fail(err, TW_ERR_SPEC,
                            "solver %s cannot be used with max_norm, which moves weights after an update",
                            o->solver);
        TW_TRY(tw__run_make_solver(r, err));
        return count_steps(r, &total, err);
    }
    tw__preset preset;
    tw_exchange_choice exchange;
    tw__estimator_setting estimator;
    TW_TRY(tw_exchange_read(&exchange, o->exchange ? o->exchange : "local", err));
    TW_TRY(tw__preset_read(&preset, o->optimizer, o->estimator, o->custom_rule ? o->custom_rule->name : NULL,
                           err));
    const char *const needed = tw__protocol_of(exchange.protocol)->estimator;
    if (needed && !o->estimator && !preset.is_one) preset.estimator = needed;
    TW_TRY(make_estimator(r, &preset, &exchange, &estimator, err));
    if (needed && strncmp(r->estimator->type->about.name, needed, strcspn(needed, ":")) != 0)
        return tw__fail(err, TW_ERR_SPEC, "exchange %s is for the estimator %s, not %s", exchange.spec,
                        needed, r->estimator->type->about.name);
    if (tw__estimator_has_blocks(r->estimator) && r->glm.l1 > 0)
        return tw__fail(err, TW_ERR_SPEC,
                        "%s moves one block of the weights in an update, and l1 all of them",
                        r->estimator->choice.spec);
    TW_TRY(check_joins(r, err));
    TW_TRY(tw__local_create(&r->exchange, r->ctx, r->train.type, r->size, err));
    if (o->nonfinite != TW_NONFINITE_ERROR && r->estimator->type->visit)
        return tw__fail(
            err, TW_ERR_SPEC,
            "estimator %s remembers gradients: one that is not finite cannot be left out (nonfinite must be error)",
            r->estimator->type->about.name);
    TW_TRY(tw__estimator_needs(r->estimator, exchange.spec,
                               exchange.is_exact || tw__protocol_of(exchange.protocol)->takes_rounds, err));
    TW_TRY(tw__batch_create(&r->batch, r->ctx, &r->train, err));
    TW_TRY(tw__batch_follow(r->batch, r->estimator->batch, err));
    TW_TRY(count_steps(r, &total, err));
    tw_optimizer_options optimizer = TW_OPTIMIZER_OPTIONS_INIT;
    optimizer.rule = preset.optimizer;
    optimizer.custom = o->custom_rule;
    optimizer.schedule = o->schedule;
    optimizer.groups = o->groups;
    optimizer.total_steps = tw__exchange_steps(&exchange, total);
    optimizer.seed = o->seed;
    optimizer.type = r->train.type;
    optimizer.tensors = r->train.tensors;
    optimizer.n_tensors = r->train.n_tensors;
    optimizer.nonfinite = o->nonfinite;
    optimizer.sparse = tw__run_sparse_of(r);
    char groups[TW_SPEC_MAX];
    TW_TRY(tw__run_choose_decay(r, &optimizer, groups, err));
    TW_TRY(tw__run_make_stepping(r, &exchange, err));
    TW_TRY(tw_optimizer_create(&r->optimizer, r->stepping, &optimizer, err));
    if (tw_optimizer_full_batch(r->optimizer) && !tw__estimator_is_full(r->estimator))
        return tw__fail(err, TW_ERR_SPEC, "%s needs the full batch: use --estimator full",
                        tw_optimizer_spec(r->optimizer));
    TW_TRY(check_pace(r, err));
    TW_TRY(make_controls(r, &exchange, err));
    TW_TRY(tw__run_make_search(r, err));
    TW_TRY(tw__run_choose_degree(r, err));
    if ((r->decays || r->degree_ratios) && r->gradient)
        return tw__fail(err, TW_ERR_SPEC,
                        "sparse = %s cannot be used with l2 and a control that looks at whole gradients",
                        tw_run_sparse_name(o->sparse));
    if (!r->by_row) TW_TRY(tw__run_choose_sparse(r, &optimizer, err));
    tw__run_choose_penalty(r, tw__protocol_of(exchange.protocol)->has_shards);
    if (tw_optimizer_has_view(r->optimizer))
        TW_TRY(tw__alloc(r->ctx, &r->view, r->size, tw_type_size(r->train.type), err));
    if (exchange.transport) return tw__run_make_workers(r, &exchange, &optimizer, &estimator, err);
    return o->trace || o->replay
               ? tw__fail(err, TW_ERR_SPEC, "a trace is of several workers, and exchange local has none")
               : TW_OK;
}

tw_status tw_run_create(tw_run **out, tw_context *ctx, const tw_objective *train, const tw_objective *check,
                        void *w, const tw_run_options *given, tw_error *err)
{
    TW_MAKES(err, out, ctx && train && w && given);
    tw_run *r;
    tw_run_options o;
    TW_TRY(tw__sized_read(&o, sizeof o, given, "tw_run_options", err));
    if (!(o.seconds >= 0)) return tw__fail(err, TW_ERR_SPEC, "seconds = %g is below 0", o.seconds);
    TW_TRY(tw__run_check_solver(&o, err));
    if (o.link && !o.solver && (!o.exchange || strcmp(o.exchange, "local") == 0))
        return tw__fail(err, TW_ERR_SPEC,
                        "a link between processes needs an exchange on mpi, such as mpi+allreduce");
    if (o.link && tw_link_rank(o.link) > 0) { /* rank 0 decides */
        o.event = NULL;
        o.seconds = 0;
    }
    if (o.eval_every && !o.target)
        return tw__fail(err, TW_ERR_SPEC, "eval_every = %llu has no effect without target",
                        (unsigned long long)o.eval_every);
    TW_TRY(tw__alloc(ctx, &r, 1, sizeof *r, err));
    r->ctx = ctx;
    r->o = o;
    if (!r->o.epochs && !o.solver) r->o.epochs = 5;
    r->first_loss = NAN;
    r->w = w;
    tw_status s = read_objectives(r, train, check, err);
    if (s == TW_OK && o.target)
        s = tw__target_read(&r->target, o.target, r->train.counts_correct, check != NULL, err);
    if (s == TW_OK) s = make_parts(r, err);
    if (s == TW_OK) *out = r;
    else tw_run_free(r);
    return s;
}

void tw_run_free(tw_run *r)
{
    if (!r) return;
    tw__run_free_solver(r);
    tw__run_free_workers(r);
    tw__controls_free(r->controls);
    tw_optimizer_free(r->optimizer);
    if (r->stepping != r->ctx) tw_context_free(r->stepping);
    tw__batch_free(r->batch);
    if (r->exchange) r->exchange->type->free(r->exchange);
    tw__by_row_free(r->by_row);
    tw__run_free_search(r);
    tw__estimator_free(r->estimator);
    tw__free(r->ctx, r->view, r->size, tw_type_size(r->train.type));
    tw__free(r->ctx, r->gradient, r->size, tw_type_size(r->train.type));
    tw__free(r->ctx, r->degree_ratios, r->glm.columns, sizeof *r->degree_ratios);
    tw__free(r->ctx, r->shown, r->size, tw_type_size(r->train.type));
    tw__touched_free(&r->touched, r->ctx);
    tw__free(r->ctx, r->history, r->capacity, sizeof *r->history);
    tw__free(r->ctx, r, 1, sizeof *r);
}
