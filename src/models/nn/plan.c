/* Runs the layers over a piece of at most ROWS rows at a time: forward through all, the loss, backward
 * through all, so that a piece's activations stay in the cache.  A leaf of the batch tree longer than a piece
 * continues where the piece before stopped (TW__CONTINUE).
 * SPDX-License-Identifier: MIT */
#include "models/nn/plan.h"
#include "base/cpu.h"
#include "models/nn/steps.h"
#include <math.h>
#include <string.h>

enum { ROWS = TW__PASS_ROWS };

/* Memory of a piece of rows: activations and gradients at the places of the steps, and what layers save, each
 * for so many rows. */
typedef struct frame {
    char *numbers;
    uint8_t *saved;
    size_t rows;
} frame;

/* What one evaluation writes to; two at the same time have different lanes. */
typedef struct lane {
    frame frame;
    char *scratch;
    int32_t *labels; /* of ROWS rows */
    double targets[ROWS], weights[ROWS];
} lane;

typedef struct plan {
    tw__bound on;
    tw_context *ctx;
    const tw__kernels *k;
    size_t row_size, row_bytes; /* of the data */
    size_t labels;              /* of a row */
    int is_weighted;            /* rows count differently */
    int is_penalised, has_max_norm;
    double penalty; /* at the present point */
    tw__steps steps;
    char *packed;
    lane *lanes;
    int n_lanes;
    /* With joins: frames of a whole batch, row after row, which live from segment to segment. */
    frame batch;
    size_t numbers_capacity, saved_capacity;
} plan;

static int point(void *user, const void *w)
{
    plan *p = user;
    tw__fp_mode mode = tw__fp_enter();
    for (size_t i = 0; i < p->steps.n; i++) {
        const tw__step *s = &p->steps.step[i];
        if (s->layer && s->layer->type->pack)
            s->layer->type->pack(s->layer, p->k, w, p->packed + s->packed_at * p->k->real);
    }
    if (p->is_penalised)
        p->penalty = tw__network_penalty(p->on.model->state, p->on.model->type, p->k->isa, w);
    tw__fp_leave(mode);
    return 0;
}

/* ---- one piece ----------------------------------------------------------------------------------------- */

/* What runs over the rows of a piece. */
typedef struct piece {
    const plan *p;
    lane *lane;
    frame frame;
    tw__pass pass; /* but for what is each step's own */
    const tw_eval *e;
} piece;

/* What stands at a place; NULL: nothing does. */
static char *at(const piece *b, size_t place)
{
    return place == TW__NOWHERE ? NULL : b->frame.numbers + place * b->frame.rows * b->p->k->real;
}

static void fetch(const piece *b, const uint64_t *rows)
{
    const plan *const p = b->p;
    for (size_t r = 0; r < b->pass.rows; r++) {
        const char *from = (const char *)p->on.data.x + rows[r] * p->row_bytes;
        char *to = at(b, p->steps.input) + r * p->row_size * p->k->real;
        if (p->on.data.type == TW_U8) p->k->fetch_u8(p->row_size, (const uint8_t *)from, to);
        else p->k->fetch_f32(p->row_size, (const float *)from, to);
    }
}

static void fetch_right(const piece *b, const uint64_t *rows)
{
    const tw__bound *const on = &b->p->on;
    const size_t n = b->p->labels;
    for (size_t r = 0; r < b->pass.rows; r++) {
        if (on->classes) memcpy(b->lane->labels + r * n, on->classes + rows[r] * n, n * sizeof *on->classes);
        if (on->targets) b->lane->targets[r] = on->targets[rows[r]];
        b->lane->weights[r] = tw__bound_weight(on, rows[r]);
    }
}

/* The pass as step i sees it. */
static tw__pass pass_of(const piece *b, size_t i)
{
    const tw__steps *const steps = &b->p->steps;
    const tw__step *const s = &steps->step[i];
    tw__pass pass = b->pass;
    pass.packed = b->p->packed + s->packed_at * b->p->k->real;
    pass.saved = b->frame.saved + s->saved_at * b->frame.rows;
    if (pass.carry_in) pass.carry_in += s->carry_at * b->p->k->real;
    if (pass.carry_out) pass.carry_out += s->carry_at * b->p->k->real;
    for (size_t j = 0; b->e->totals && pass.training && j < steps->n_joins; j++)
        if (steps->joins[j] == i) {
            pass.totals = b->e->totals + j * steps->join_size;
            pass.back_totals = b->e->totals + (2 * steps->n_joins - 1 - j) * steps->join_size;
        }
    return pass;
}

static void add_values(const piece *b, const tw__step *s)
{
    const tw__kernels *const k = b->p->k;
    char *const x = at(b, s->x[0]), *const y = at(b, s->y);
    if (x != y) memcpy(y, x, b->pass.rows * s->size * k->real);
    k->add(b->pass.rows * s->size, y, at(b, s->x[1]));
}

/* Steps from .. to - 1. */
static void forward(const piece *b, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const tw__step *s = &b->p->steps.step[i];
        if (!s->layer) {
            add_values(b, s);
            continue;
        }
        const tw__pass pass = pass_of(b, i);
        s->layer->type->forward(s->layer, &pass, at(b, s->x[0]), at(b, s->y));
    }
}

/* dy is the gradient of both ends; that of the first may stand there already. */
static void split_gradient(const piece *b, const tw__step *s)
{
    const size_t n = b->pass.rows * s->size;
    for (int which = 1; which >= 0; which--) {
        char *const dx = at(b, s->dx[which]), *const dy = at(b, s->dy);
        if (!dx || dx == dy) continue;
        if (s->adds[which]) b->p->k->add(n, dx, dy);
        else memcpy(dx, dy, n * b->p->k->real);
    }
}

/* Steps to - 1 .. from. */
static void backward(const piece *b, size_t from, size_t to)
{
    for (size_t i = to; i-- > from;) {
        const tw__step *s = &b->p->steps.step[i];
        if (s->dy == TW__NOWHERE) continue;
        if (!s->layer) {
            split_gradient(b, s);
            continue;
        }
        const tw__pass pass = pass_of(b, i);
        char *const dx = at(b, s->dx[0]), *const into = s->adds[0] ? at(b, s->apart) : dx;
        s->layer->type->backward(s->layer, &pass, at(b, s->x[0]), at(b, s->y), at(b, s->dy), into);
        if (s->adds[0]) b->p->k->add(b->pass.rows * s->layer->in_size, dx, into);
    }
}

static void scale(const tw__kernels *k, size_t n, double by, void *x)
{
    for (size_t i = 0; i < n; i++) tw__set_number(k, x, i, by * tw__number_at(k, x, i));
}

/* Of rows that count differently one after the other: a row's loss, and its gradient, times its weight. */
static void weighted_loss(const piece *b, const tw__layer *last, char *logits, char *dy)
{
    tw_sums *const sums = b->e->sums;
    const size_t row = last->in_size * b->p->k->real;
    for (size_t r = 0; r < b->pass.rows; r++) {
        const double weight = b->lane->weights[r];
        tw__pass one = b->pass;
        tw_sums its = {0};
        one.rows = 1;
        one.first += r;
        one.targets += r;
        last->type->loss(last, &one, logits + r * row, b->lane->labels + r * b->p->labels, &its,
                         dy ? dy + r * row : NULL);
        sums->loss += weight * its.loss;
        sums->correct += weight * its.correct;
        sums->weight += weight * (double)b->p->labels;
        if (dy) scale(b->p->k, last->in_size, weight, dy + r * row);
    }
}

static void add_loss(const piece *b, const tw__layer *last, char *logits, char *dy)
{
    if (b->p->is_weighted) {
        weighted_loss(b, last, logits, dy);
        return;
    }
    last->type->loss(last, &b->pass, logits, b->lane->labels, b->e->sums, dy);
    b->e->sums->weight += (double)(b->pass.rows * b->p->labels);
}

/* The last step, which stands for the loss. Returns whether there is a way back. */
static int end_forward(const piece *b, char *output)
{
    const plan *const p = b->p;
    const tw__step *last = &p->steps.step[p->steps.n - 1];
    const unsigned want = b->e->want;
    char *logits = at(b, last->x[0]);
    if (want & TW_WANT_OUTPUT) last->layer->type->forward(last->layer, &b->pass, logits, output);
    if (want & (TW_WANT_LOSS | TW_WANT_GRADIENT))
        add_loss(b, last->layer, logits, want & TW_WANT_GRADIENT ? at(b, last->dx[0]) : NULL);
    return (want & TW_WANT_GRADIENT) != 0;
}

static void join_forward(const piece *b, size_t join)
{
    const size_t i = b->p->steps.joins[join];
    const tw__step *const s = &b->p->steps.step[i];
    const tw__pass pass = pass_of(b, i);
    s->layer->type->join_forward(s->layer, &pass, at(b, s->x[0]), b->e->join);
}

static void join_backward(const piece *b, size_t join)
{
    const size_t i = b->p->steps.joins[join];
    const tw__step *const s = &b->p->steps.step[i];
    const tw__pass pass = pass_of(b, i);
    s->layer->type->join_backward(s->layer, &pass, at(b, s->x[0]), at(b, s->dy), b->e->join);
}

/* One segment of a piece (tw_objective.joins): the part of the network between two joins, forward, or
 * backward from the step after a join to the next one; the segment in the middle does both. */
static void run_segment(const piece *b, const uint64_t *rows)
{
    const tw__steps *const s = &b->p->steps;
    const size_t n = s->n_joins, segment = (size_t)b->e->draw->segment, last = s->n - 1;
    if (segment == 0) fetch(b, rows);
    if (segment <= n) {
        forward(b, segment ? s->joins[segment - 1] : 0, segment < n ? s->joins[segment] : last);
        if (segment < n) {
            join_forward(b, segment);
            return;
        }
        fetch_right(b, rows);
        if (!end_forward(b, NULL)) return;
    }
    const size_t part = 2 * n - segment; /* of the way back: the steps from its join on, but not the join's */
    backward(b, part ? s->joins[part - 1] + 1 : 0, part < n ? s->joins[part] + 1 : last);
    if (part) join_backward(b, part - 1);
}

static void run_whole(const piece *b, const uint64_t *rows, char *output)
{
    const size_t last = b->p->steps.n - 1;
    fetch(b, rows);
    fetch_right(b, rows);
    forward(b, 0, last);
    if (end_forward(b, output)) backward(b, 0, last);
}

/* ---- an evaluation ------------------------------------------------------------------------------------- */

static int has_segments(const plan *p, const tw_eval *e) { return p->steps.n_joins && e->want & TW_TRAINING; }

/* Of what rows hand on, that of the row so many rows on. */
static char *carried(const plan *p, const void *of, size_t rows)
{
    return of ? (char *)(uintptr_t)of + rows * p->steps.carry * p->k->real : NULL;
}

/* Of a batch's frames that of n rows from `first` on. */
static frame frame_of(const plan *p, size_t first, size_t n)
{
    return (frame){p->batch.numbers + first * p->steps.size * p->k->real,
                   p->batch.saved + first * p->steps.saved, n};
}

/* Of the segment that is evaluated, or of all. */
static void add_penalty(const plan *p, const tw_eval *e)
{
    const size_t n = has_segments(p, e) ? p->steps.n_joins : 0, segment = n ? (size_t)e->draw->segment : 0;
    if (!p->is_penalised || !(e->penalised > 0) || segment < n) return;
    if (segment == n) e->sums->loss += e->penalised * p->penalty;
    if (e->want & TW_WANT_GRADIENT)
        tw__network_add_penalty(p->on.model->state, p->on.model->type, p->steps.cuts[2 * n - segment],
                                p->steps.cuts[2 * n - segment + 1], e->penalised, e->w, e->gradient);
}

static int eval(void *user, const tw_eval *e)
{
    plan *p = user;
    lane *b = &p->lanes[e->draw->lane];
    const size_t outputs = p->steps.step[p->steps.n - 1].size;
    tw__fp_mode mode = tw__fp_enter();
    *e->sums = (tw_sums){0};
    for (size_t done = 0; done < e->n; done += ROWS) {
        const size_t n = e->n - done < ROWS ? e->n - done : ROWS, first = e->draw->first + done;
        const int segments = has_segments(p, e);
        const piece now = {.p = p,
                           .lane = b,
                           .frame = segments ? frame_of(p, first, n) : b->frame,
                           .e = e,
                           .pass = {.k = p->k,
                                    .rows = n,
                                    .draw = e->draw,
                                    .first = first,
                                    .targets = b->targets,
                                    .training = (e->want & TW_TRAINING) != 0,
                                    .keeps = (e->want & TW_WANT_GRADIENT) != 0,
                                    .w = e->w,
                                    .gradient = e->want & TW_WANT_GRADIENT ? e->gradient : NULL,
                                    .scratch = b->scratch,
                                    .carry_in = carried(p, e->carry_in, done),
                                    .carry_out = carried(p, e->carry_out, done),
                                    .carry_step = p->steps.carry,
                                    .into = done > 0           ? TW__CONTINUE
                                            : e->want & TW_ADD ? TW__ADD
                                                               : TW__START}};
        if (segments) run_segment(&now, e->rows + done);
        else
            run_whole(&now, e->rows + done,
                      e->output ? (char *)e->output + done * outputs * p->k->real : NULL);
    }
    add_penalty(p, e);
    tw__fp_leave(mode);
    return 0;
}

static int reserve(void *user, size_t rows)
{
    plan *p = user;
    size_t numbers, saved;
    if (__builtin_mul_overflow(rows, p->steps.size, &numbers) ||
        __builtin_mul_overflow(rows, p->steps.saved, &saved))
        return TW_ERR_MEMORY;
    tw_status s = tw__grow(p->ctx, &p->batch.numbers, &p->numbers_capacity, numbers, p->k->real, NULL);
    if (s == TW_OK) s = tw__grow(p->ctx, &p->batch.saved, &p->saved_capacity, saved, 1, NULL);
    return s;
}

static void commit(void *user, void *w, const double *totals)
{
    const plan *p = user;
    const tw__fp_mode mode = tw__fp_enter();
    for (size_t j = 0; j < p->steps.n_joins; j++) {
        const tw__layer *const l = p->steps.step[p->steps.joins[j]].layer;
        l->type->commit(l, totals + j * p->steps.join_size, p->k, w);
    }
    if (p->has_max_norm) tw__network_project(p->on.model->state, p->on.model->type, w);
    tw__fp_leave(mode);
}

static double weight(void *user, uint64_t row)
{
    const plan *p = user;
    return tw__bound_weight(&p->on, row) * (double)p->labels;
}

/* ---- making and freeing -------------------------------------------------------------------------------- */

static tw_status make_buffers(plan *p, tw_error *err)
{
    p->n_lanes = tw_context_threads(p->ctx);
    TW_TRY(tw__alloc(p->ctx, &p->packed, p->steps.packed, p->k->real, err));
    TW_TRY(tw__alloc(p->ctx, &p->lanes, (size_t)p->n_lanes, sizeof *p->lanes, err));
    for (int i = 0; i < p->n_lanes; i++) {
        lane *b = &p->lanes[i];
        b->frame.rows = ROWS;
        TW_TRY(tw__alloc(p->ctx, &b->frame.numbers, p->steps.size * ROWS, p->k->real, err));
        TW_TRY(tw__alloc(p->ctx, &b->frame.saved, p->steps.saved * ROWS, 1, err));
        TW_TRY(tw__alloc(p->ctx, &b->scratch, p->steps.scratch, p->k->real, err));
        TW_TRY(tw__alloc(p->ctx, &b->labels, p->labels * ROWS, sizeof *b->labels, err));
    }
    return TW_OK;
}

static void destroy(tw__bound *on)
{
    plan *p = (plan *)on;
    for (int i = 0; p->lanes && i < p->n_lanes; i++) {
        lane *b = &p->lanes[i];
        tw__free(p->ctx, b->frame.numbers, p->steps.size * ROWS, p->k->real);
        tw__free(p->ctx, b->frame.saved, p->steps.saved * ROWS, 1);
        tw__free(p->ctx, b->scratch, p->steps.scratch, p->k->real);
        tw__free(p->ctx, b->labels, p->labels * ROWS, sizeof *b->labels);
    }
    tw__free(p->ctx, p->batch.numbers, p->numbers_capacity, p->k->real);
    tw__free(p->ctx, p->batch.saved, p->saved_capacity, 1);
    tw__free(p->ctx, p->lanes, (size_t)p->n_lanes, sizeof *p->lanes);
    tw__free(p->ctx, p->packed, p->steps.packed, p->k->real);
    tw__steps_free(&p->steps);
    tw__free(p->ctx, p, 1, sizeof *p);
}

/* A layer that takes indices gets whole numbers, and none too large. */
static tw_status check_indices(const tw__bound *on, const tw__network *net, tw_error *err)
{
    const tw__layer *const l = &net->layers[net->operations[0].layer];
    const size_t width = net->values[0].size;
    if (net->operations[0].layer < 0 || !l->type->indices) return TW_OK;
    if (on->data.type != TW_F32)
        return tw__fail(err, TW_ERR_DATA, "%s has rows of %s; %s takes indices, as rows of f32",
                        on->data.name, tw_type_name(on->data.type), l->type->name);
    const float *const x = on->data.x;
    const double most = (double)l->type->indices(l) - 1;
    for (size_t i = 0; i < on->data.rows * width; i++)
        if (!(x[i] >= 0 && x[i] <= most && x[i] == floorf(x[i])))
            return tw__fail(err, TW_ERR_DATA,
                            "%s: number %zu of row %zu is %g; %s takes indices from 0 to %g", on->data.name,
                            i % width + 1, i / width + 1, (double)x[i], l->type->name, most);
    return TW_OK;
}

/* As many labels as the last layer makes predictions. */
static tw_status check_labels(const tw__bound *on, size_t predictions, tw_error *err)
{
    const size_t labels = on->data.n_labels ? on->data.n_labels : 1;
    if ((!on->classes && !on->targets) || labels == predictions) return TW_OK;
    if (labels == 1)
        return tw__fail(
            err, TW_ERR_DATA,
            "the network predicts a class at each of %zu times, and the rows of %s have one label "
            "each; a layer like globalavgpool, or lstm with output=last, makes one of all times",
            predictions, on->data.name);
    return tw__fail(
        err, TW_ERR_DATA,
        "the rows of %s have a label at each of %zu times, and the network makes %zu prediction%s "
        "of a row; recurrent layers, dense and softmax of a sequence make one at each time",
        on->data.name, labels, predictions, predictions == 1 ? "" : "s");
}

tw_status tw__plan_objective(const tw__bound *on, tw_objective *out, tw_error *err)
{
    plan *p;
    tw_context *ctx = on->model->ctx;
    const tw__network *net = on->model->state;
    const tw_type type = on->model->type;
    const size_t predictions = tw__network_last(net)->predictions, labels = predictions ? predictions : 1;
    TW_TRY(check_indices(on, net, err));
    TW_TRY(check_labels(on, labels, err));
    TW_TRY(tw__alloc(ctx, &p, 1, sizeof *p, err));
    p->on = *on;
    p->on.free = destroy;
    p->ctx = ctx;
    p->k = tw__kernels_for(type, tw_context_isa(ctx));
    p->is_weighted = on->data.weights || on->model->class_weights;
    p->is_penalised = tw__network_is_penalised(net);
    p->has_max_norm = tw__network_has_max_norm(net);
    p->row_size = net->values[0].size;
    p->row_bytes = p->row_size * tw_type_size(on->data.type);
    p->labels = labels;
    tw_status s = tw__steps_create(&p->steps, ctx, net, p->k, err);
    if (s == TW_OK) s = make_buffers(p, err);
    if (s != TW_OK) {
        destroy(&p->on);
        return s;
    }
    *out = (tw_objective){.size = sizeof *out,
                          .type = type,
                          .tensors = net->tensors,
                          .n_tensors = net->n_tensors,
                          .n_rows = on->data.rows,
                          .n_outputs = on->model->kind->outputs(on->model),
                          .can_add = 1,
                          .only_outputs = !on->classes && !on->targets,
                          .counts_correct = on->classes != NULL,
                          .joins = (int)p->steps.n_joins,
                          .lanes = p->n_lanes,
                          .user = p,
                          .point = point,
                          .eval = eval,
                          .join_size = p->steps.join_size,
                          .cuts = p->steps.cuts,
                          .least_rows = p->steps.least_rows,
                          .reserve = reserve,
                          .commit = p->steps.n_joins || p->has_max_norm ? commit : NULL,
                          .weight = p->is_penalised && (p->is_weighted || labels > 1) ? weight : NULL,
                          .carry = p->steps.carry,
                          .kinks = tw__network_has_l1(net) ? "l1" : NULL};
    return TW_OK;
}
