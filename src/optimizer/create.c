/* Making an optimiser: the specs read, the tensors copied, the rule's slots allocated.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include "base/cpu.h"
#include "optimizer/optimizer.h"

static tw_status tensor_size(const tw_tensor *t, size_t *n, tw_error *err)
{
    if (!t->name || !t->name[0] || strlen(t->name) > TW__NAME_MAX)
        return tw__fail(err, TW_ERR_SPEC, "a tensor's name must have 1 to %d characters", (int)TW__NAME_MAX);
    if (t->rank < 0 || t->rank > 8) return tw__fail(err, TW_ERR_SPEC, "tensor %s: rank %d is outside [0, 8]", t->name, t->rank);
    if (!tw__size_of_shape(t->rank, t->shape, n)) return tw__fail(err, TW_ERR_SPEC, "tensor %s: its shape has no size", t->name);
    return TW_OK;
}

static tw_status copy_tensor(tw_optimizer *opt, const tw_tensor *from, tw_error *err)
{
    tw_tensor *to = &opt->tensors[opt->n_tensors];
    char *name;
    int64_t *shape;
    TW_TRY(tw__copy_text(opt->ctx, &name, from->name, err));
    to->name = name;
    tw_status s = tw__alloc(opt->ctx, &shape, (size_t)from->rank, sizeof *shape, err);
    if (s != TW_OK) {
        tw__free_text(opt->ctx, name);
        return s;
    }
    if (from->rank) memcpy(shape, from->shape, (size_t)from->rank * sizeof *shape);
    to->shape = shape;
    to->rank = from->rank;
    to->offset = from->offset;
    to->flags = from->flags;
    opt->n_tensors++;
    return TW_OK;
}

static tw_status take_tensors(tw_optimizer *opt, const tw_tensor *tensors, size_t n, tw_error *err)
{
    for (size_t i = 0; i < n; i++) {
        size_t size = 0;
        const tw_tensor *t = &tensors[i];
        TW_TRY(tensor_size(t, &size, err));
        if (t->offset != opt->n)
            return tw__fail(err, TW_ERR_SPEC, "tensor %s begins at element %zu, not at %zu where the one before it ends", t->name, t->offset,
                            opt->n);
        TW_TRY(copy_tensor(opt, t, err));
        int steps = size > 0 && !(t->flags & (TW_TENSOR_BUFFER | TW_TENSOR_FROZEN));
        if (!tw__size_add(opt->n, size, &opt->n)) return tw__fail(err, TW_ERR_SPEC, "the tensors have more elements than memory can hold");
        if (!steps) continue;
        if (opt->n_live && opt->live[opt->n_live - 1].hi == t->offset) opt->live[opt->n_live - 1].hi = opt->n;
        else opt->live[opt->n_live++] = (tw__live){t->offset, opt->n};
    }
    return TW_OK;
}

static void fill(const tw_optimizer *opt, void *to, double value)
{
    if (opt->type == TW_F32)
        for (size_t i = 0; i < opt->n; i++) ((float *)to)[i] = (float)value;
    else
        for (size_t i = 0; i < opt->n; i++) ((double *)to)[i] = value;
}

static void reset(tw_optimizer *opt)
{
    tw__fp_mode mode = tw__fp_enter();
    for (int i = 0; i < opt->rule->n_slots; i++) {
        const tw_slot *slot = &opt->rule->slots[i];
        if (opt->slots[i]) fill(opt, opt->slots[i], slot->start == TW_START_OPTION ? opt->choice.values[slot->option] : 0);
    }
    for (int i = 0; i < opt->rule->n_scalars; i++) opt->scalars[i] = opt->rule->scalars[i].initial;
    tw__fp_leave(mode);
}

static tw_isa isa_row(const tw_context *ctx) { return (tw_isa)(ctx->isa - TW_ISA_BASE); }

static tw_status set_up(tw_optimizer *opt, const char *rule, const tw_rule *own, const char *schedule, const tw_tensor *tensors,
                        size_t n_tensors, tw_error *err)
{
    TW_TRY(tw_rule_read(&opt->choice, rule, own, err));
    opt->rule = opt->choice.rule;
    TW_TRY(tw__plan_read(&opt->plan, schedule, opt->rule, opt->total_steps, err));
    opt->room = n_tensors;
    TW_TRY(tw__alloc(opt->ctx, &opt->tensors, n_tensors, sizeof *opt->tensors, err));
    TW_TRY(tw__alloc(opt->ctx, &opt->live, n_tensors, sizeof *opt->live, err));
    TW_TRY(take_tensors(opt, tensors, n_tensors, err));
    size_t precision = opt->type == TW_F64;
    opt->real = tw_type_size(opt->type);
    opt->coef_size = opt->rule->coef_size[precision];
    opt->update = opt->rule->update[precision][opt->choice.variant][isa_row(opt->ctx)];
    opt->sums = tw__sums_for(opt->ctx->isa);
    TW_TRY(tw__alloc(opt->ctx, &opt->coef, opt->coef_size, 1, err));
    for (int i = 0; i < opt->rule->n_slots; i++)
        if (opt->choice.slots >> i & 1) TW_TRY(tw__alloc(opt->ctx, &opt->slots[i], opt->n, opt->real, err));
    reset(opt);
    return TW_OK;
}

static const tw_slot *slot_that_begins_with(const tw_rule *rule, int option)
{
    for (int i = 0; i < rule->n_slots; i++)
        if (rule->slots[i].start == TW_START_OPTION && rule->slots[i].option == option) return &rule->slots[i];
    return NULL;
}

/* A schedule multiplies: on a value of 0 it could not matter. */
static tw_status check_schedule(const tw_optimizer *opt, tw_error *err)
{
    for (int i = 0; i < opt->plan.n; i++) {
        int key = opt->plan.pieces[i].key;
        const char *name = opt->rule->options[key].name;
        const char *reason = opt->rule->ineffective ? opt->rule->ineffective(opt->choice.values, key) : NULL;
        const tw_slot *slot = slot_that_begins_with(opt->rule, key);
        if (slot) return tw__fail(err, TW_ERR_SPEC, "a schedule for %s has no effect: it is what %s begins with", name, slot->name);
        if (strcmp(name, "lr") == 0) continue;
        if (opt->choice.values[key] == 0) return tw__fail(err, TW_ERR_SPEC, "a schedule for %s has no effect: %s is 0", name, name);
        if (reason) return tw__fail(err, TW_ERR_SPEC, "a schedule for %s has no effect: %s", name, reason);
    }
    return TW_OK;
}

tw_status tw_optimizer_create(tw_optimizer **out, tw_context *ctx, const char *rule, const tw_rule *own, const char *schedule,
                              uint64_t total_steps, tw_type type, const tw_tensor *tensors, size_t n_tensors, uint64_t seed, tw_error *err)
{
    tw_optimizer *opt;
    *out = NULL;
    if (type != TW_F32 && type != TW_F64) return tw__fail(err, TW_ERR_SPEC, "an optimiser works on f32 or f64, not on %s", tw_type_name(type));
    TW_TRY(tw__alloc(ctx, &opt, 1, sizeof *opt, err));
    opt->ctx = ctx;
    opt->type = type;
    opt->total_steps = total_steps;
    opt->seed = seed;
    tw_status s = set_up(opt, rule, own, schedule, tensors, n_tensors, err);
    if (s == TW_OK) s = check_schedule(opt, err);
    if (s == TW_OK) *out = opt;
    else tw_optimizer_free(opt);
    return s;
}

void tw_optimizer_free(tw_optimizer *opt)
{
    if (!opt) return;
    tw_context *ctx = opt->ctx;
    for (int i = 0; i < TW_SLOTS_MAX; i++) tw__free(ctx, opt->slots[i], opt->n, opt->real);
    for (size_t i = 0; i < opt->n_tensors; i++) {
        tw__free_text(ctx, (char *)(uintptr_t)opt->tensors[i].name);
        tw__free(ctx, (void *)(uintptr_t)opt->tensors[i].shape, (size_t)opt->tensors[i].rank, sizeof(int64_t));
    }
    tw__free(ctx, opt->tensors, opt->room, sizeof *opt->tensors);
    tw__free(ctx, opt->live, opt->room, sizeof *opt->live);
    tw__free(ctx, opt->coef, opt->coef_size, 1);
    tw__free(ctx, opt, 1, sizeof *opt);
}
