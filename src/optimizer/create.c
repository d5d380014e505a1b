/* Making an optimiser: the specs read, the tensors copied, coefficients, sums and slots allocated.
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include "base/cpu.h"
#include "optimizer/optimizer.h"

/* ---- Tensors and parts ---- */

static tw_status tensor_size(const tw_tensor *t, size_t *n, tw_error *err)
{
    if (!t->name || !t->name[0] || strlen(t->name) > TW__NAME_MAX)
        return tw__fail(err, TW_ERR_SPEC, "a tensor's name must have 1 to %d characters", (int)TW__NAME_MAX);
    if (t->rank < 0 || t->rank > 8)
        return tw__fail(err, TW_ERR_SPEC, "tensor %s: rank %d is outside [0, 8]", t->name, t->rank);
    TW_NEEDS(err, t->rank == 0 || t->shape);
    if (!tw__size_of_shape(t->rank, t->shape, n))
        return tw__fail(err, TW_ERR_SPEC, "tensor %s: its shape has no size", t->name);
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
            return tw__fail(err, TW_ERR_SPEC,
                            "tensor %s begins at element %zu, not at %zu where the one before it ends",
                            t->name, t->offset, opt->n);
        TW_TRY(copy_tensor(opt, t, err));
        if (!tw__size_add(opt->n, size, &opt->n))
            return tw__fail(err, TW_ERR_SPEC, "the tensors have more elements than memory can hold");
    }
    return TW_OK;
}

/* Puts tensor i into an open table of numbers from 1; 0 if one of its name is there. */
static int enter_name(const tw_optimizer *opt, size_t *table, size_t capacity, size_t i)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (const char *c = opt->tensors[i].name; *c; c++) hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
    size_t at = (size_t)(hash % capacity);
    for (; table[at]; at = (at + 1) % capacity)
        if (strcmp(opt->tensors[table[at] - 1].name, opt->tensors[i].name) == 0) return 0;
    table[at] = i + 1;
    return 1;
}

/* The state goes by names. */
static tw_status check_names(const tw_optimizer *opt, tw_error *err)
{
    const size_t capacity = 2 * opt->n_tensors + 1; /* fits: a tensor is larger than two places */
    size_t *table, i = 0;
    TW_TRY(tw__alloc(opt->ctx, &table, capacity, sizeof *table, err));
    while (i < opt->n_tensors && enter_name(opt, table, capacity, i)) i++;
    tw_status s = i < opt->n_tensors
                      ? tw__fail(err, TW_ERR_SPEC, "two tensors have the name %s", opt->tensors[i].name)
                      : TW_OK;
    tw__free(opt->ctx, table, capacity, sizeof *table);
    return s;
}

static void make_parts(tw_optimizer *opt)
{
    for (size_t i = 0; i < opt->n_tensors; i++) {
        const tw_tensor *t = &opt->tensors[i];
        const size_t end = t->offset + tw__tensor_size(opt, i);
        tw__part *last = opt->n_parts ? &opt->parts[opt->n_parts - 1] : NULL;
        if (end == t->offset || !tw__is_stepped(t)) continue;
        if (last && !opt->per_tensor && last->hi == t->offset && last->group == opt->group_of[i])
            last->hi = end;
        else opt->parts[opt->n_parts++] = (tw__part){t->offset, end, i, opt->group_of[i]};
    }
}

/* ---- Slots ---- */

size_t tw__slot_length(const tw_optimizer *opt, const tw_slot *slot, size_t tensor)
{
    const tw_tensor *t = &opt->tensors[tensor];
    const size_t n = tw__tensor_size(opt, tensor), rows = tw__tensor_rows(t);
    if (slot->extent == TW_PER_WEIGHT) return n;
    if (slot->extent == TW_PER_VECTOR) return t->rank < 2 ? n : 0;
    if (t->rank < 2 || n == 0) return 0;
    return slot->extent == TW_PER_ROW ? rows : n / rows;
}

void tw__slots_of_tensor(const tw_optimizer *opt, const tw__link *l, size_t tensor, void *slots[TW_SLOTS_MAX])
{
    for (int i = 0; i < l->r->n_slots; i++) {
        size_t at = 0;
        for (size_t k = 0; k < tensor; k++) at += tw__slot_length(opt, &l->r->slots[i], k);
        slots[i] = l->slots[i] ? (char *)l->slots[i] + at * opt->real : NULL;
    }
}

static void fill(const tw_optimizer *opt, void *to, size_t n, double value)
{
    if (opt->type == TW_F32)
        for (size_t i = 0; i < n; i++) ((float *)to)[i] = (float)value;
    else
        for (size_t i = 0; i < n; i++) ((double *)to)[i] = value;
}

/* Slots that begin as an option begin as it is in each tensor's group. */
static void start_slot(const tw_optimizer *opt, const tw__link *l, int slot)
{
    const int option = l->r->slots[slot].option;
    if (l->r->slots[slot].start != TW_START_OPTION) return;
    for (size_t i = 0; i < opt->n_tensors; i++) {
        const double *values = tw__is_rule(opt, l) ? opt->groups[opt->group_of[i]].values : l->choice->values;
        fill(opt, (char *)l->slots[slot] + opt->tensors[i].offset * opt->real, tw__tensor_size(opt, i),
             values[option]);
    }
}

static tw_status make_slots(tw_optimizer *opt, tw__link *l, tw_error *err)
{
    for (int i = 0; i < l->r->n_slots; i++) {
        if (!(l->slots_kept >> i & 1)) continue;
        for (size_t k = 0; k < opt->n_tensors; k++) l->slot_n[i] += tw__slot_length(opt, &l->r->slots[i], k);
        TW_TRY(tw__alloc(opt->ctx, &l->slots[i], l->slot_n[i], opt->real, err));
        tw__fp_mode mode = tw__fp_enter();
        start_slot(opt, l, i);
        tw__fp_leave(mode);
    }
    return TW_OK;
}

/* ---- Links ---- */

static tw_status make_link(tw_optimizer *opt, int place, tw_error *err)
{
    tw__link *l = &opt->links[place];
    const size_t precision = opt->type == TW_F64, line = 64;
    l->slots_kept = l->choice->slots;
    if (place == opt->chain.rule)
        for (int i = 0; i < opt->n_groups; i++) l->slots_kept |= l->r->wanted(opt->groups[i].variant);
    l->n_units = l->r->scope == TW_PER_TENSOR ? opt->n_tensors
                 : place == opt->chain.rule   ? (size_t)opt->n_groups
                                              : 1;
    l->coef_size = (tw__coef_bytes(opt, l->r) + line - 1) / line * line;
    TW_TRY(tw__alloc(opt->ctx, &l->coef, l->n_units, l->coef_size, err));
    if (l->r->prepare_view[precision])
        TW_TRY(tw__alloc(opt->ctx, &l->view_coef, l->n_units, l->coef_size, err));
    const size_t scalars = l->n_units * (size_t)l->r->n_scalars;
    TW_TRY(tw__alloc(opt->ctx, &l->scalars, scalars, sizeof(double), err));
    TW_TRY(tw__alloc(opt->ctx, &l->next_scalars, scalars, sizeof(double), err));
    TW_TRY(tw__alloc(opt->ctx, &l->sums, l->n_units * (size_t)l->r->n_sums, sizeof(double), err));
    TW_TRY(tw__alloc(opt->ctx, &l->units, l->n_units * (size_t)l->r->n_sums, sizeof(double), err));
    for (size_t i = 0; i < scalars; i++) l->scalars[i] = l->r->scalars[i % (size_t)l->r->n_scalars].initial;
    return make_slots(opt, l, err);
}

static int wants_pass(const tw_rule *r) { return r->place != TW_ON_WEIGHTS && r->kind != TW_ELEMENT; }

static tw_status make_scratch(tw_optimizer *opt, const tw_rule *r, tw_error *err)
{
    size_t most = 0;
    for (size_t i = 0; i < opt->n_tensors; i++) {
        const size_t n = tw__tensor_size(opt, i), rows = tw__tensor_rows(&opt->tensors[i]),
                     need = n ? r->scratch(rows, n / rows) : 0;
        if (need > most) most = need;
    }
    if (most > opt->scratch_n) {
        tw__free(opt->ctx, opt->scratch, opt->scratch_n * (size_t)opt->ctx->threads, opt->real);
        opt->scratch = NULL;
        opt->scratch_n = 0;
        size_t all;
        if (!tw__size_mul(most, (size_t)opt->ctx->threads, &all))
            return tw__fail(err, TW_ERR_MEMORY, "out of memory: the tensors are too large for rule \"%s\"",
                            r->name);
        TW_TRY(tw__alloc(opt->ctx, &opt->scratch, all, opt->real, err));
        opt->scratch_n = most;
    }
    return opt->direction ? TW_OK : tw__alloc(opt->ctx, &opt->direction, opt->n, opt->real, err);
}

static size_t count_blocks(const tw_optimizer *opt, size_t lo, size_t hi)
{
    size_t count = 0;
    for (size_t i = tw__first_part(opt, lo); i < opt->n_parts && opt->parts[i].lo < hi; i++) {
        size_t from = opt->parts[i].lo > lo ? opt->parts[i].lo : lo,
               to = opt->parts[i].hi < hi ? opt->parts[i].hi : hi;
        count += (to + TW__BLOCK - 1) / TW__BLOCK - from / TW__BLOCK;
    }
    return count;
}

static tw_status make_passes(tw_optimizer *opt, tw_error *err)
{
    int most = 1;
    for (int i = 0; i < opt->chain.n; i++) {
        if (!wants_pass(opt->links[i].r)) continue;
        opt->pass_link[opt->n_passes++] = i;
        if (opt->links[i].r->kind == TW_WHOLE) TW_TRY(make_scratch(opt, opt->links[i].r, err));
        if (opt->links[i].r->n_sums > most) most = opt->links[i].r->n_sums;
    }
    if (!opt->n_passes && opt->nonfinite == TW_NONFINITE_SKIP) opt->pass_link[opt->n_passes++] = -1;
    opt->n_chunks = opt->n / TW_CHUNK + (opt->n % TW_CHUNK != 0);
    TW_TRY(tw__alloc(opt->ctx, &opt->done, opt->n_chunks, sizeof *opt->done, err));
    if (!opt->n_passes) return TW_OK;
    TW_TRY(tw__alloc(opt->ctx, &opt->first_piece, opt->n_chunks + 1, sizeof *opt->first_piece, err));
    for (size_t i = 0; i < opt->n_chunks; i++) {
        const size_t lo = i * TW_CHUNK, hi = opt->n - lo > TW_CHUNK ? lo + TW_CHUNK : opt->n;
        opt->first_piece[i + 1] = opt->first_piece[i] + count_blocks(opt, lo, hi);
    }
    opt->most_sums = (size_t)most;
    return tw__alloc(opt->ctx, &opt->piece, opt->first_piece[opt->n_chunks] * opt->most_sums,
                     sizeof *opt->piece, err);
}

/* A mean that begins after the run's end, or slow weights that are never followed, have no effect. */
static tw_status check_steps(const tw_optimizer *opt, tw_error *err)
{
    for (int i = 0; i < opt->chain.n && opt->total_steps; i++) {
        const tw_choice *c = &opt->chain.link[i];
        for (int k = 0; k < c->rule->n_options; k++) {
            const tw_option *o = &c->rule->options[k];
            char value[TW_VALUE_MAX];
            if (o->max != TW_STEPS || !c->given[k] || c->values[k] <= (double)opt->total_steps) continue;
            return tw__fail(err, TW_ERR_SPEC, "%s: %s = %s has no effect: the run has %llu steps",
                            c->rule->name, o->name, tw_option_text(o, c->values[k], value),
                            (unsigned long long)opt->total_steps);
        }
    }
    return TW_OK;
}

static tw_status set_up(tw_optimizer *opt, const tw_optimizer_options *o, tw_error *err)
{
    TW_TRY(tw_chain_read(&opt->chain, o->rule, o->custom, err));
    TW_TRY(check_steps(opt, err));
    TW_TRY(tw__plan_read(&opt->plan, o->schedule, &opt->chain, o->total_steps, err));
    opt->capacity = o->n_tensors;
    TW_TRY(tw__alloc(opt->ctx, &opt->tensors, opt->capacity, sizeof *opt->tensors, err));
    TW_TRY(tw__alloc(opt->ctx, &opt->group_of, opt->capacity, sizeof *opt->group_of, err));
    TW_TRY(tw__alloc(opt->ctx, &opt->parts, opt->capacity, sizeof *opt->parts, err));
    TW_TRY(take_tensors(opt, o->tensors, o->n_tensors, err));
    TW_TRY(check_names(opt, err));
    opt->real = tw_type_size(opt->type);
    opt->isa = opt->ctx->isa - TW_ISA_BASE;
    opt->sums = tw__sums_for(opt->ctx->isa);
    for (int i = 0; i < opt->chain.n; i++) {
        opt->links[i].choice = &opt->chain.link[i];
        opt->links[i].r = opt->chain.link[i].rule;
        opt->per_tensor |= opt->links[i].r->scope == TW_PER_TENSOR;
    }
    TW_TRY(tw__groups_read(opt, o->groups, err));
    make_parts(opt);
    for (int i = 0; i < opt->chain.n; i++) TW_TRY(make_link(opt, i, err));
    return make_passes(opt, err);
}

/* ---- Schedules ---- */

static const tw_slot *slot_that_begins_with(const tw_rule *rule, int option)
{
    for (int i = 0; i < rule->n_slots; i++)
        if (rule->slots[i].start == TW_START_OPTION && rule->slots[i].option == option)
            return &rule->slots[i];
    return NULL;
}

/* A schedule multiplies: on a value of 0 it could not matter. */
static tw_status check_piece(const tw_choice *c, int option, int is_constant, tw_error *err)
{
    const tw_option *o = &c->rule->options[option];
    const char *reason = c->rule->ineffective ? c->rule->ineffective(c->values, option) : NULL;
    const tw_slot *slot = slot_that_begins_with(c->rule, option);
    char word[TW_VALUE_MAX];
    if (slot && !is_constant)
        return tw__fail(err, TW_ERR_SPEC, "a schedule for %s has no effect: it is what %s begins with",
                        o->name, slot->name);
    if (c->values[option] < o->min)
        return tw__fail(err, TW_ERR_SPEC, "%s = %s can have no schedule: there is no number to multiply",
                        o->name, tw_option_text(o, c->values[option], word));
    if (strcmp(o->name, "lr") == 0) return TW_OK;
    if (c->values[option] == 0)
        return tw__fail(err, TW_ERR_SPEC, "a schedule for %s has no effect: %s is 0", o->name, o->name);
    if (reason) return tw__fail(err, TW_ERR_SPEC, "a schedule for %s has no effect: %s", o->name, reason);
    return TW_OK;
}

static tw_status check_schedule(const tw_optimizer *opt, tw_error *err)
{
    const int is_constant = strcmp(opt->plan.text, "constant") == 0;
    for (int i = 0; i < opt->plan.n; i++) {
        const int key = opt->plan.pieces[i].key;
        TW_TRY(check_piece(&opt->chain.link[key / TW_OPTIONS_MAX], key % TW_OPTIONS_MAX, is_constant, err));
    }
    return TW_OK;
}

/* ---- The object ---- */

static tw_status check_options(const tw_optimizer_options *o, tw_error *err)
{
    if (o->type != TW_F32 && o->type != TW_F64)
        return tw__fail(err, TW_ERR_SPEC, "an optimiser works on f32 or f64, not on %s",
                        tw_type_name(o->type));
    if (!o->tensors || o->n_tensors == 0)
        return tw__fail(err, TW_ERR_SPEC,
                        "an optimiser needs a tensor at least: tensors and n_tensors say what it steps");
    if ((unsigned)o->nonfinite > TW_NONFINITE_ZERO || (unsigned)o->sparse > TW_SPARSE_TOUCHED)
        return tw__fail(err, TW_ERR_SPEC, "nonfinite = %d or sparse = %d is none of the values there are",
                        (int)o->nonfinite, (int)o->sparse);
    return TW_OK;
}

/* The first steps of the schedule, before anything else is made with it. */
static tw_status try_schedule(tw_optimizer *opt, tw_error *err)
{
    enum { MOST = 1000 };
    const uint64_t known = opt->total_steps ? opt->total_steps : 1;
    tw_status s = TW_OK;
    for (; opt->plan.n && s == TW_OK && opt->steps < known && opt->steps < MOST; opt->steps++) {
        tw__set_values(opt, opt->steps);
        s = tw__values_check(opt, err);
    }
    opt->steps = 0;
    return s;
}

tw_status tw_optimizer_create(tw_optimizer **out, tw_context *ctx, const tw_optimizer_options *given,
                              tw_error *err)
{
    TW_MAKES(err, out, ctx && given);
    tw_optimizer *opt;
    tw_optimizer_options options;
    const tw_optimizer_options *o = &options;
    TW_TRY(tw__sized_read(&options, sizeof options, given, "tw_optimizer_options", err));
    TW_TRY(check_options(o, err));
    TW_TRY(tw__alloc(ctx, &opt, 1, sizeof *opt, err));
    opt->ctx = ctx;
    opt->type = o->type;
    opt->total_steps = o->total_steps;
    opt->seed = o->seed;
    opt->nonfinite = o->nonfinite;
    opt->sparse = o->sparse;
    opt->factor = 1;
    tw_status s = set_up(opt, o, err);
    if (s == TW_OK) s = check_schedule(opt, err);
    if (s == TW_OK) s = try_schedule(opt, err);
    if (s == TW_OK) *out = opt;
    else tw_optimizer_free(opt);
    return s;
}

static void free_link(tw_optimizer *opt, tw__link *l)
{
    tw_context *ctx = opt->ctx;
    for (int i = 0; i < TW_SLOTS_MAX && !opt->shares; i++)
        tw__free(ctx, l->slots[i], l->slot_n[i], opt->real);
    const size_t scalars = l->r ? l->n_units * (size_t)l->r->n_scalars : 0,
                 sums = l->r ? l->n_units * (size_t)l->r->n_sums : 0;
    tw__free(ctx, l->coef, l->n_units, l->coef_size);
    tw__free(ctx, l->view_coef, l->n_units, l->coef_size);
    tw__free(ctx, l->scalars, scalars, sizeof(double));
    tw__free(ctx, l->next_scalars, scalars, sizeof(double));
    tw__free(ctx, l->sums, sums, sizeof(double));
    tw__free(ctx, l->units, sums, sizeof(double));
}

void tw_optimizer_free(tw_optimizer *opt)
{
    if (!opt) return;
    tw_context *ctx = opt->ctx;
    tw__sparse_free(opt);
    for (int i = 0; i < TW_LINKS_MAX; i++) free_link(opt, &opt->links[i]);
    for (size_t i = 0; i < opt->n_tensors; i++) {
        tw__free_text(ctx, (char *)(uintptr_t)opt->tensors[i].name);
        tw__free(ctx, (void *)(uintptr_t)opt->tensors[i].shape, (size_t)opt->tensors[i].rank,
                 sizeof(int64_t));
    }
    tw__free(ctx, opt->piece, opt->first_piece ? opt->first_piece[opt->n_chunks] * opt->most_sums : 0,
             sizeof *opt->piece);
    tw__free(ctx, opt->first_piece, opt->n_chunks + 1, sizeof *opt->first_piece);
    tw__free(ctx, (void *)opt->done, opt->n_chunks, sizeof *opt->done);
    tw__free(ctx, opt->direction, opt->n, opt->real);
    tw__free(ctx, opt->scratch, opt->scratch_n * (size_t)ctx->threads, opt->real);
    tw__free(ctx, opt->tensors, opt->capacity, sizeof *opt->tensors);
    tw__free(ctx, opt->group_of, opt->capacity, sizeof *opt->group_of);
    tw__free(ctx, opt->parts, opt->capacity, sizeof *opt->parts);
    tw__free_text(ctx, opt->groups_text);
    tw__free(ctx, opt, 1, sizeof *opt);
}
