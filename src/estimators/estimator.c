/* What all estimators share: their creation, the rows they draw, their vectors.
 * SPDX-License-Identifier: MIT */
#include "estimators/estimator.h"
#include "estimators/streams.h"
#include "base/random.h"
#include "estimators/vectors.h"
#include <string.h>
#include <unistd.h>

enum { DEFAULT_BATCH = 32 };

/* ---- creation ------------------------------------------------------------------------------------------ */

static tw_status check_setting(const tw_estimator *e, const tw__estimator_setting *s, tw_error *err)
{
    if (s->batch && !e->takes_batch)
        return tw__fail(err, TW_ERR_SPEC, "batch = %llu cannot be used with the estimator %s",
                        (unsigned long long)s->batch, e->name);
    if (s->batch && !s->n_rows)
        return tw__fail(err, TW_ERR_SPEC, "batch = %llu cannot be used for an objective without rows",
                        (unsigned long long)s->batch);
    if (s->accumulate > 1 && (!e->takes_batch || !s->n_rows))
        return tw__fail(err, TW_ERR_SPEC, "accumulate = %llu cannot be used %s%s",
                        (unsigned long long)s->accumulate,
                        e->takes_batch ? "for an objective without rows" : "with the estimator ",
                        e->takes_batch ? "" : e->name);
    if (e->needs_rows && !s->n_rows)
        return tw__fail(err, TW_ERR_SPEC,
                        "estimator %s is for sums over rows; this objective has none (give minibatch or sam)",
                        e->name);
    if (!s->order) return TW_OK;
    if (!s->n_rows || !s->n_order)
        return tw__fail(err, TW_ERR_SPEC,
                        "an order of %zu rows for an objective of %llu rows (both must be above 0)",
                        s->n_order, (unsigned long long)s->n_rows);
    for (size_t i = 0; i < s->n_order; i++)
        if (s->order[i] >= s->n_rows)
            return tw__fail(err, TW_ERR_SPEC, "order[%zu] = %llu is outside [0, %llu)", i,
                            (unsigned long long)s->order[i], (unsigned long long)s->n_rows);
    return TW_OK;
}

double tw__memory_of_machine(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
    return pages > 0 && bytes > 0 ? (double)pages * (double)bytes : TW_INF;
}

/* A table's own refusal says what would need less. */
static tw_status check_memory(const tw__estimator *e, tw_error *err)
{
    const tw_estimator *about = &e->type->about;
    const double bytes =
        tw_estimator_bytes(about, e->real, (double)e->size, (double)e->n_rows, (double)e->batch);
    if (about->per_block || !(bytes > tw__memory_of_machine())) return TW_OK;
    return tw__fail(err, TW_ERR_MEMORY,
                    "out of memory: %s keeps %.0f bytes for %zu weights, and this machine has %.0f",
                    about->name, bytes, e->size, tw__memory_of_machine());
}

/* The value of an option; 0 where the estimator has none of this name. */
static double value_of(const tw__estimator *e, const char *name)
{
    const tw_estimator *about = &e->type->about;
    for (int i = 0; i < about->n_options; i++)
        if (strcmp(about->options[i].name, name) == 0) return e->choice.values[i];
    return 0;
}

/* Rows that hand something on are drawn in their order, and each waits for the one before it. */
static tw_status check_streams(const tw__estimator *e, const tw__estimator_setting *s, tw_error *err)
{
    const char *name = e->type->about.name;
    if (!s->in_streams) return TW_OK;
    if (!e->type->takes_joins)
        return tw__fail(
            err, TW_ERR_SPEC,
            "estimator %s draws rows by themselves, and with carry=1 each begins where the one before "
            "it ended; minibatch and single can be used",
            name);
    if (e->steps == 1)
        return tw__fail(err, TW_ERR_SPEC,
                        "carry=1 hands on from update to update, and a batch of %llu has all %llu rows: "
                        "nothing would be handed on",
                        (unsigned long long)e->batch, (unsigned long long)e->n_rows);
    const char *order = s->order                    ? "an order of rows"
                        : value_of(e, "window") > 0 ? "option window"
                        : value_of(e, "shards") > 1 ? "option shards"
                                                    : NULL;
    if (order)
        return tw__fail(err, TW_ERR_SPEC, "%s cannot be used with carry=1, which takes rows in their order",
                        order);
    return TW_OK;
}

static tw_status make_rows(tw__estimator *e, const tw__estimator_setting *s, tw_error *err)
{
    const int is_shuffled = e->type->sampling == TW__SHUFFLED && !s->in_streams;
    const size_t shards = value_of(e, "shards") > 1 ? (size_t)value_of(e, "shards") : 1;
    if (s->order && shards > 1)
        return tw__fail(err, TW_ERR_SPEC, "option shards cannot be used with an order of rows");
    if (is_shuffled && !s->order && e->n_rows)
        TW_TRY(tw__shards_create(&e->shards, e->ctx, e->seed, e->n_rows, e->batch,
                                 (uint64_t)value_of(e, "window"), shards, err));
    e->n_order = is_shuffled || s->in_streams ? 0 : e->n_rows;
    TW_TRY(tw__alloc(e->ctx, &e->order, e->n_order, sizeof *e->order, err));
    for (uint64_t i = 0; i < e->n_order; i++) e->order[i] = i;
    e->n_drawn = s->order || s->in_streams || e->type->sampling == TW__REPLACED ? e->batch : 0;
    TW_TRY(tw__alloc(e->ctx, &e->drawn, e->n_drawn, sizeof *e->drawn, err));
    if (!s->order) return TW_OK;
    TW_TRY(tw__alloc(e->ctx, &e->given, s->n_order, sizeof *e->given, err));
    e->n_given = s->n_order;
    memcpy(e->given, s->order, s->n_order * sizeof *e->given);
    return TW_OK;
}

tw_status tw__estimator_create(tw__estimator **out, tw_context *ctx, const tw__estimator_setting *s,
                               tw_error *err)
{
    tw__estimator *e;
    tw_estimator_choice choice;
    TW_TRY(tw_estimator_read(&choice, s->spec, err));
    const tw__estimator_type *type = tw__estimator_type_find(tw__text_of(choice.estimator->name));
    TW_TRY(check_setting(choice.estimator, s, err));
    if (s->order && type->sampling == TW__IN_ORDER)
        return tw__fail(err, TW_ERR_SPEC, "an order of rows cannot be used with the estimator %s",
                        choice.estimator->name);
    TW_TRY(tw__alloc(ctx, &e, 1, sizeof *e, err));
    *e = (tw__estimator){.type = type,
                         .ctx = ctx,
                         .choice = choice,
                         .real = s->real,
                         .size = s->size,
                         .n_rows = s->n_rows,
                         .weight = s->weight,
                         .convexity = s->convexity,
                         .lipschitz = s->searches ? 1 : 0,
                         .seed = s->seed,
                         .is_led = s->is_led,
                         .leader = s->leader,
                         .in_streams = s->in_streams};
    e->requested = s->batch ? s->batch : !choice.estimator->takes_batch ? 0 : s->order ? 1 : DEFAULT_BATCH;
    uint64_t times = s->accumulate ? s->accumulate : 1, wanted = e->requested;
    if (__builtin_mul_overflow(wanted, times, &wanted)) wanted = UINT64_MAX;
    e->batch = type->batch(e->n_rows, wanted);
    e->steps = e->n_rows ? (e->n_rows + e->batch - 1) / e->batch : 1;
    tw_status status = check_streams(e, s, err);
    if (status == TW_OK) status = make_rows(e, s, err);
    if (status == TW_OK && !s->is_fused) status = check_memory(e, err);
    if (status == TW_OK && type->create && !s->is_fused) status = type->create(e, err);
    if (status == TW_OK) *out = e;
    else tw__estimator_free(e);
    return status;
}

void tw__estimator_free(tw__estimator *e)
{
    if (!e) return;
    if (e->type->free) e->type->free(e);
    tw__shards_free(&e->shards);
    tw__free(e->ctx, e->order, e->n_order, sizeof *e->order);
    tw__free(e->ctx, e->drawn, e->n_drawn, sizeof *e->drawn);
    tw__free(e->ctx, e->given, e->n_given, sizeof *e->given);
    tw__free(e->ctx, e, 1, sizeof *e);
}

/* ---- what it is ---------------------------------------------------------------------------------------- */

uint64_t tw__batch_as_wanted(uint64_t rows, uint64_t wanted) { return wanted < rows ? wanted : rows; }

uint64_t tw__estimator_steps(const tw__estimator *e) { return e->steps; }

int tw__estimator_is_full(const tw__estimator *e)
{
    return e->batch >= e->n_rows && !e->given &&
           (e->type->sampling == TW__IN_ORDER || e->type->sampling == TW__SHUFFLED);
}

int tw__estimator_has_blocks(const tw__estimator *e)
{
    size_t lo = 0, hi = e->size;
    if (e->type->block) e->type->block(e, 0, &lo, &hi);
    return hi - lo < e->size;
}

void tw__estimator_keep_block(const tw__estimator *e, uint64_t number, void *direction)
{
    const size_t real = tw_type_size(e->real);
    size_t lo, hi;
    if (!e->type->block) return;
    e->type->block(e, number, &lo, &hi);
    memset(direction, 0, lo * real);
    memset((char *)direction + hi * real, 0, (e->size - hi) * real);
}

tw_status tw__estimator_needs(const tw__estimator *e, const char *exchange, int has_barrier, tw_error *err)
{
    const tw_estimator *about = &e->type->about;
    if (!about->needs_barrier || has_barrier) return TW_OK;
    return tw__fail(
        err, TW_ERR_SPEC,
        "estimator %s keeps a snapshot, for which all workers must stand at one point; exchange %s has no barrier",
        about->name, exchange);
}

/* ---- rows ---------------------------------------------------------------------------------------------- */

/* Rows first .. first + batch - 1 of the order, those there are. */
static void neighbours(const tw__estimator *e, uint64_t first, tw__update *u)
{
    uint64_t left = e->n_rows - first;
    u->rows = e->order ? e->order + first : NULL;
    u->n = left < e->batch ? left : e->batch;
}

/* Number `index` of an epoch, below the same n every time, made with its neighbours: together they take less
 * time, and each is asked for twice. */
static uint64_t random_below(tw__estimator *e, uint64_t epoch, uint64_t index, uint64_t n)
{
    const uint64_t at = index % TW__AHEAD, first = index - at;
    if (e->ahead_epoch != epoch + 1 || e->ahead_first != first) {
        for (uint64_t i = 0; i < TW__AHEAD; i++)
            e->ahead[i] = tw__random_below(e->seed, TW__FOR_SAMPLING, (uint32_t)epoch, first + i, n);
        e->ahead_epoch = epoch + 1;
        e->ahead_first = first;
    }
    return e->ahead[at];
}

static uint64_t draw_row(tw__estimator *e, uint64_t epoch, uint64_t step, uint64_t i)
{
    if (e->given) return e->given[((epoch * tw__estimator_steps(e) + step) * e->batch + i) % e->n_given];
    return random_below(e, epoch, step * e->batch + i, e->n_rows);
}

static uint64_t draw_block(tw__estimator *e, uint64_t epoch, uint64_t step)
{
    const uint64_t steps = tw__estimator_steps(e);
    if (e->given) return e->given[(epoch * steps + step) % e->n_given] / e->batch;
    return random_below(e, epoch, step, steps);
}

uint64_t tw__estimator_first_row(tw__estimator *e, uint64_t epoch, uint64_t step)
{
    return e->type->sampling == TW__BLOCKS ? draw_block(e, epoch, step) * e->batch
                                           : draw_row(e, epoch, step, 0);
}

void tw__estimator_draw(tw__estimator *e, uint64_t epoch, uint64_t step, tw__update *u)
{
    if (!e->n_rows) return;
    if (e->in_streams) {
        u->n = tw__stream_rows(e->n_rows, e->batch, step, e->drawn);
        u->rows = e->drawn;
        return;
    }
    if (e->type->sampling == TW__BLOCKS) {
        u->block = draw_block(e, epoch, step);
        neighbours(e, u->block * e->batch, u);
        return;
    }
    if (e->given || e->type->sampling == TW__REPLACED) {
        for (uint64_t i = 0; i < e->batch; i++) e->drawn[i] = draw_row(e, epoch, step, i);
        u->rows = e->drawn;
        u->n = e->batch;
        return;
    }
    if (e->type->sampling == TW__SHUFFLED)
        u->rows = tw__shards_draw(&e->shards, epoch, step, e->steps, &u->n);
    else neighbours(e, step * e->batch, u);
}

size_t tw__estimator_shards(const tw__estimator *e) { return e->shards.n > 1 ? e->shards.n : 1; }

tw_status tw__estimator_even(tw__estimator *e, tw_error *err) { return tw__shards_even(&e->shards, err); }

/* ---- for the estimators' own files --------------------------------------------------------------------- */

tw_status tw__estimator_vector(tw__estimator *e, void **to, tw_error *err)
{
    return tw__alloc(e->ctx, to, e->size, tw_type_size(e->real), err);
}
void tw__estimator_free_vector(tw__estimator *e, void *vector)
{
    tw__free(e->ctx, vector, e->size, tw_type_size(e->real));
}

tw_status tw__estimator_visit_vector(tw__estimator *e, tw_visitor *v, const char *name, void *vector,
                                     tw_error *err)
{
    int64_t n = (int64_t)e->size;
    return v->field(v, name, e->real, 1, &n, vector, err);
}

tw_status tw__estimator_visit(tw__estimator *e, tw_visitor *v, tw_error *err)
{
    return e->type->visit && e->state ? e->type->visit(e, v, err) : TW_OK;
}

tw_status tw__estimator_full_gradient(tw__estimator *e, tw__update *u, const void *point, void *to,
                                      double *row_weight, tw_error *err)
{
    TW_TRY(u->barrier(u->user, err));
    TW_TRY(u->gradient(u->user, point, e->order, e->n_rows, to, &u->sums, err));
    tw__vectors_divide(e, to, u->sums.weight);
    double share = (double)e->batch / (double)e->n_rows;
    *row_weight = u->sums.weight / (double)e->n_rows;
    u->sums = (tw_sums){u->sums.loss * share, u->sums.weight * share, u->sums.correct * share};
    return TW_OK;
}
