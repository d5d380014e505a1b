/* Places by liveness. Time runs forward through the steps, 1 to n, the last of which is the loss, and back:
 * step i computes its gradient at 2n - i. Each value and each gradient is needed from the step that first
 * writes it to the one that last reads it.
 * SPDX-License-Identifier: MIT */
#include "models/nn/steps.h"
#include "models/nn/folded.h"
#include "models/nn/fused.h"
#include <stdlib.h>
#include <string.h>

/* Memory that one or several values or gradients have, one after the other. */
typedef struct life {
    size_t size, first, last, at;
} life;

/* What is worked out of a value. */
typedef struct tale {
    int wants;             /* its gradient is needed */
    size_t life, gradient; /* the lives that it and its gradient have; TW__NOWHERE: none yet */
} tale;

typedef struct work {
    tw__steps *steps;
    const tw__network *net;
    tale *values;
    life *lives;
    size_t n_lives, capacity;
} work;

static size_t forward_at(size_t step) { return step + 1; }
static size_t backward_at(const work *w, size_t step) { return 2 * w->steps->n - step - 1; }

/* ---- steps --------------------------------------------------------------------------------------------- */

/* How many of the operations from `i` on only hand their value on to the next one, which is a layer too. */
static size_t run_length(const tw__network *net, size_t i)
{
    size_t n = 1;
    for (; i + n < net->n_operations; n++) {
        const tw__operation *const now = &net->operations[i + n];
        if (now->layer < 0 || now->in[0] != net->operations[i + n - 1].out) break;
        for (size_t j = i + n + 1; j < net->n_operations; j++)
            if (net->operations[j].in[0] == now->in[0] ||
                (net->operations[j].layer < 0 && net->operations[j].in[1] == now->in[0]))
                return n;
    }
    return n;
}

/* The layer has weights that are trained. */
static int is_trained(const tw__layer *l)
{
    size_t i = 0;
    while (i < l->n_tensors && l->tensor[i].flags & TW_TENSOR_BUFFER) i++;
    return i < l->n_tensors;
}

static tw_status list_steps(work *w, const tw__kernels *k, tw_error *err)
{
    tw__steps *const s = w->steps;
    const tw__network *const net = w->net;
    s->capacity = net->n_operations;
    TW_TRY(tw__alloc(s->ctx, &s->step, s->capacity, sizeof *s->step, err));
    for (size_t i = 0, n; i < net->n_operations; i += n) {
        const tw__operation *const o = &net->operations[i];
        tw__step *const step = &s->step[s->n++];
        const size_t run = o->layer < 0 ? 0 : run_length(net, i);
        n = run ? tw__layer_fuse(&net->layers[o->layer], run, k, &step->fused) : 0;
        if (run && !n)
            step->n_folded = tw__layer_fold(&net->layers[o->layer], run, &step->folded, &step->folded_norm);
        step->layer = n ? &step->fused : o->layer >= 0 ? &net->layers[o->layer] : NULL;
        if (!n) n = 1;
        step->in[0] = o->in[0];
        step->in[1] = o->in[1];
        step->out = net->operations[i + n - 1].out;
        step->size = net->values[step->out].size;
        w->values[step->out].wants = step->layer ? is_trained(step->layer) || w->values[step->in[0]].wants
                                                 : w->values[o->in[0]].wants || w->values[o->in[1]].wants;
    }
    return TW_OK;
}

static void measure(tw__steps *s, const tw__kernels *k)
{
    for (size_t i = 0; i < s->n; i++) {
        tw__step *const step = &s->step[i];
        const tw__layer *const l = step->layer;
        step->packed_at = s->packed;
        step->settled_at = s->settled;
        step->saved_at = s->saved;
        step->carry_at = s->carry;
        if (!l) continue;
        step->wide = l->type->wide && l->type->wide(l);
        if (l->type->packed) s->packed += l->type->packed(l, k);
        if (l->type->settled) s->settled += l->type->settled(l);
        if (l->type->scratch && l->type->scratch(l, k) > s->scratch) s->scratch = l->type->scratch(l, k);
        s->saved += (l->saved + 7) / 8 * 8;
        s->carry += l->carry;
        if (l->least_rows > s->least_rows) s->least_rows = l->least_rows;
    }
}

static size_t join_of(const tw__step *step)
{
    return step->layer && step->layer->type->join ? step->layer->type->join(step->layer) : 0;
}

/* Weights lie in the order of the steps, and those of a layer with a join are the first of their part. */
static tw_status cut(work *w, tw_error *err)
{
    tw__steps *const s = w->steps;
    for (size_t i = 0; i < s->n; i++) s->n_joins += join_of(&s->step[i]) > 0;
    TW_TRY(tw__alloc(s->ctx, &s->joins, s->n_joins, sizeof *s->joins, err));
    TW_TRY(tw__alloc(s->ctx, &s->cuts, s->n_joins + 2, sizeof *s->cuts, err));
    for (size_t i = 0, n = 0; i < s->n; i++) {
        const size_t size = join_of(&s->step[i]);
        if (!size) continue;
        if (size > s->join_size) s->join_size = size;
        s->joins[n] = i;
        s->cuts[++n] = s->step[i].layer->tensor[0].offset;
    }
    s->cuts[s->n_joins + 1] = w->net->size;
    return TW_OK;
}

/* ---- lives --------------------------------------------------------------------------------------------- */

static tw_status begin_life(work *w, size_t size, size_t time, size_t *number, tw_error *err)
{
    TW_TRY(tw__grow(w->steps->ctx, &w->lives, &w->capacity, w->n_lives + 1, sizeof *w->lives, err));
    w->lives[w->n_lives] = (life){size, time, time, 0};
    *number = w->n_lives++;
    return TW_OK;
}

static void read_at(work *w, size_t number, size_t time)
{
    if (time > w->lives[number].last) w->lives[number].last = time;
}

static int reads(const tw__step *step, unsigned what)
{
    return step->layer && step->layer->type->reads & what;
}

/* The last time that anybody reads value v as it is. */
static size_t last_read(const work *w, size_t v)
{
    size_t last = 0;
    for (size_t i = 0; i < w->steps->n; i++) {
        const tw__step *const step = &w->steps->step[i];
        const int is_in = step->in[0] == v || (!step->layer && step->in[1] == v);
        const int goes_back = w->values[step->out].wants;
        size_t time = 0;
        if (is_in) time = forward_at(i);
        if (goes_back &&
            ((is_in && reads(step, TW__READS_INPUT)) || (step->out == v && reads(step, TW__READS_OUTPUT))))
            time = backward_at(w, i);
        if (time > last) last = time;
    }
    return last;
}

/* Gives each value a life: that of the step's input, where its numbers may be written over. */
static tw_status live_forward(work *w, tw_error *err)
{
    TW_TRY(begin_life(w, w->net->values[0].size, 0, &w->values[0].life, err));
    read_at(w, w->values[0].life, last_read(w, 0));
    for (size_t i = 0; i + 1 < w->steps->n; i++) {
        const tw__step *const step = &w->steps->step[i];
        const int in_place = step->layer ? step->layer->type->in_place : 1;
        tale *const y = &w->values[step->out];
        const size_t x = w->values[step->in[0]].life;
        if (in_place == TW__SAME_NUMBERS || (in_place && w->lives[x].last == forward_at(i))) y->life = x;
        else TW_TRY(begin_life(w, step->size, forward_at(i), &y->life, err));
        read_at(w, y->life, last_read(w, step->out));
    }
    return TW_OK;
}

/* The gradient of in[which] begins at this step, or is added to one that is there. Where a layer works in
 * place, and for the first end of a sum, it is dy that becomes dx. */
static tw_status begin_gradient(work *w, size_t i, int which, tw_error *err)
{
    tw__step *const step = &w->steps->step[i];
    tale *const x = &w->values[step->in[which]];
    const size_t dy = w->values[step->out].gradient, time = backward_at(w, i);
    const int hands_on = dy != TW__NOWHERE && (step->layer ? step->layer->type->in_place : which == 0);
    step->adds[which] = x->gradient != TW__NOWHERE;
    if (x->gradient == TW__NOWHERE && hands_on) x->gradient = dy;
    else if (x->gradient == TW__NOWHERE)
        TW_TRY(begin_life(w, w->net->values[step->in[which]].size, time, &x->gradient, err));
    else if (step->layer && hands_on) step->apart = dy;
    else if (step->layer)
        TW_TRY(begin_life(w, w->net->values[step->in[which]].size, time, &step->apart, err));
    read_at(w, x->gradient, time);
    return TW_OK;
}

static tw_status live_backward(work *w, tw_error *err)
{
    for (size_t i = w->steps->n; i-- > 0;) {
        tw__step *const step = &w->steps->step[i];
        step->apart = TW__NOWHERE;
        if (!w->values[step->out].wants) continue;
        const size_t dy = w->values[step->out].gradient;
        if (dy != TW__NOWHERE) read_at(w, dy, backward_at(w, i));
        for (int which = 0; which < (step->layer ? 1 : 2); which++)
            if (w->values[step->in[which]].wants) TW_TRY(begin_gradient(w, i, which, err));
    }
    return TW_OK;
}

/* ---- places -------------------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    const life *const x = *(life *const *)a, *const y = *(life *const *)b;
    return x->size != y->size ? (x->size < y->size) - (x->size > y->size) : (x > y) - (x < y);
}

static int by_place(const void *a, const void *b)
{
    const life *const x = *(life *const *)a, *const y = *(life *const *)b;
    return (x->at > y->at) - (x->at < y->at);
}

/* The largest first, each at the lowest place that is free while it lives: of the first `done`, which have
 * places, those of the same time are in the way. */
static tw_status place_one(work *w, life *const *order, size_t done, life **in_way, tw_error *err)
{
    life *const l = order[done];
    size_t n = 0;
    for (size_t i = 0; i < done; i++)
        if (order[i]->first <= l->last && l->first <= order[i]->last) in_way[n++] = order[i];
    qsort(in_way, n, sizeof *in_way, by_place);
    l->at = 0;
    for (size_t i = 0; i < n && in_way[i]->at < l->at + l->size; i++)
        if (in_way[i]->at + in_way[i]->size > l->at) l->at = in_way[i]->at + in_way[i]->size;
    size_t end;
    if (!tw__size_add(l->at, l->size, &end) || end > SIZE_MAX / TW__PASS_ROWS / sizeof(double))
        return tw__fail(err, TW_ERR_SPEC, "the network's activations are too many");
    if (end > w->steps->size) w->steps->size = end;
    return TW_OK;
}

static tw_status place_lives(work *w, tw_error *err)
{
    tw_context *const ctx = w->steps->ctx;
    const size_t n = w->n_lives;
    life **order;
    TW_TRY(tw__alloc(ctx, &order, 2 * n, sizeof *order, err));
    for (size_t i = 0; i < n; i++) order[i] = &w->lives[i];
    qsort(order, n, sizeof *order, by_size);
    tw_status s = TW_OK;
    for (size_t i = 0; i < n && s == TW_OK; i++) s = place_one(w, order, i, order + n, err);
    tw__free(ctx, order, 2 * n, sizeof *order);
    return s;
}

static size_t place_of(const work *w, size_t number)
{
    return number == TW__NOWHERE ? TW__NOWHERE : w->lives[number].at;
}

static void write_places(work *w)
{
    w->steps->input = place_of(w, w->values[0].life);
    for (size_t i = 0; i < w->steps->n; i++) {
        tw__step *const step = &w->steps->step[i];
        step->y = place_of(w, w->values[step->out].life);
        step->dy = place_of(w, w->values[step->out].gradient);
        step->apart = place_of(w, step->apart);
        for (int which = 0; which < 2; which++) {
            const tale *const x = &w->values[step->in[which]];
            const int is_in = step->layer == NULL || which == 0;
            step->x[which] = is_in ? place_of(w, x->life) : TW__NOWHERE;
            step->dx[which] = is_in && x->wants ? place_of(w, x->gradient) : TW__NOWHERE;
        }
    }
}

static tw_status work_out(work *w, const tw__kernels *k, tw_error *err)
{
    TW_TRY(list_steps(w, k, err));
    measure(w->steps, k);
    TW_TRY(cut(w, err));
    TW_TRY(live_forward(w, err));
    TW_TRY(live_backward(w, err));
    TW_TRY(place_lives(w, err));
    write_places(w);
    return TW_OK;
}

tw_status tw__steps_create(tw__steps *steps, tw_context *ctx, const tw__network *net, const tw__kernels *k,
                           tw_error *err)
{
    work w = {.steps = steps, .net = net};
    *steps = (tw__steps){.ctx = ctx};
    TW_TRY(tw__alloc(ctx, &w.values, net->n_values, sizeof *w.values, err));
    for (size_t i = 0; i < net->n_values; i++) w.values[i] = (tale){0, TW__NOWHERE, TW__NOWHERE};
    const tw_status s = work_out(&w, k, err);
    tw__free(ctx, w.lives, w.capacity, sizeof *w.lives);
    tw__free(ctx, w.values, net->n_values, sizeof *w.values);
    if (s != TW_OK) tw__steps_free(steps);
    return s;
}

void tw__steps_free(tw__steps *steps)
{
    if (steps->ctx) {
        tw__free(steps->ctx, steps->step, steps->capacity, sizeof *steps->step);
        tw__free(steps->ctx, steps->joins, steps->n_joins, sizeof *steps->joins);
        tw__free(steps->ctx, steps->cuts, steps->n_joins + 2, sizeof *steps->cuts);
    }
    *steps = (tw__steps){.ctx = NULL};
}
