/* Runs the layers over a piece of rows: forward, the loss, backward. Its activations stay in the cache.
 * SPDX-License-Identifier: MIT */
#include "models/nn/piece.h"
#include "models/row.h"
#include <string.h>

/* What stands at a place; NULL: nothing does. */
static char *at(const tw__piece *b, size_t place)
{
    return place == TW__NOWHERE ? NULL : b->frame.numbers + place * b->frame.rows * b->p->k->real;
}

/* Lays out a sparse row. Columns that the training rows did not have are skipped. */
static void fetch_sparse(const tw__plan *p, uint64_t row, char *to)
{
    const tw_data_info *const d = &p->on.data;
    const tw_row all = {.x = d->x};
    memset(to, 0, p->row_size * p->k->real);
    for (uint64_t i = d->starts[row]; i < d->starts[row + 1] && d->columns[i] < p->row_size; i++)
        tw__set_number(p->k, to, d->columns[i], tw__row_number(d->type, p->on.model->type, &all, i));
}

void tw__piece_fetch(const tw__piece *b, const uint64_t *rows)
{
    const tw__plan *const p = b->p;
    for (size_t r = 0; r < b->pass.rows; r++) {
        const char *from = (const char *)p->on.data.x + rows[r] * p->row_bytes;
        char *to = at(b, p->steps.input) + r * p->row_size * p->k->real;
        if (p->on.data.starts) fetch_sparse(p, rows[r], to);
        else if (p->on.data.type == TW_U8) p->k->fetch_u8(p->row_size, (const uint8_t *)from, to);
        else p->k->fetch_f32(p->row_size, (const float *)from, to);
    }
    tw__plan_seen(p, "fetch", 0, 0, b->pass.rows, 0);
}

/* The targets of a row: what it has, or itself. */
static void fetch_targets(const tw__plan *p, uint64_t row, double *to)
{
    const tw__bound *const on = &p->on;
    const uint64_t *const starts = on->data.starts;
    const uint64_t first = starts ? starts[row] : row * p->row_size,
                   n = starts ? starts[row + 1] - first : p->row_size;
    const tw_row input = {.x = (const char *)on->data.x + first * tw_type_size(on->data.type)};
    if (on->targets) {
        memcpy(to, on->targets + row * p->targets, p->targets * sizeof *to);
        return;
    }
    if (starts) memset(to, 0, p->targets * sizeof *to);
    for (size_t i = 0; i < n; i++) {
        const size_t column = starts ? on->data.columns[first + i] : i;
        if (column < p->targets) to[column] = tw__row_number(on->data.type, on->model->type, &input, i);
    }
}

void tw__piece_fetch_right(const tw__piece *b, const uint64_t *rows)
{
    const tw__bound *const on = &b->p->on;
    const size_t n = b->p->labels;
    for (size_t r = 0; r < b->pass.rows; r++) {
        if (on->classes) memcpy(b->labels + r * n, on->classes + rows[r] * n, n * sizeof *on->classes);
        if (b->p->targets) fetch_targets(b->p, rows[r], b->targets + r * b->p->targets);
        b->weights[r] = tw__bound_weight(on, rows[r]);
    }
}

/* The pass as step i sees it. */
static tw__pass pass_of(const tw__piece *b, size_t i)
{
    const tw__step *const s = &b->p->steps.step[i];
    tw__pass pass = b->pass;
    pass.packed = b->p->packed + s->packed_at * b->p->k->real;
    pass.saved = b->frame.saved + s->saved_at * b->frame.rows;
    if (pass.carry_in) pass.carry_in += s->carry_at * b->p->k->real;
    if (pass.carry_out) pass.carry_out += s->carry_at * b->p->k->real;
    if (b->settled) pass.settled = b->settled + s->settled_at * b->p->k->real;
    return pass;
}

static void add_values(const tw__piece *b, const tw__step *s)
{
    const tw__kernels *const k = b->p->k;
    char *const x = at(b, s->x[0]), *const y = at(b, s->y);
    if (x != y) memcpy(y, x, b->pass.rows * s->size * k->real);
    k->add(b->pass.rows * s->size, y, at(b, s->x[1]));
}

void tw__piece_forward_layer(const tw__piece *b, size_t i)
{
    const tw__step *const s = &b->p->steps.step[i];
    const tw__pass pass = pass_of(b, i);
    s->layer->type->forward(s->layer, &pass, at(b, s->x[0]), at(b, s->y));
    if (b->p->watch)
        tw__plan_seen(b->p, s->layer->type->name, i + 1, 0, pass.rows, tw__layer_products(s->layer));
}

/* Step i and the ones that are folded with it. */
static void forward_folded(const tw__piece *b, size_t i)
{
    const tw__step *const s = &b->p->steps.step[i];
    const tw__layer *const l = &s->folded;
    const tw__pass pass = pass_of(b, i + s->folded_norm);
    l->type->forward(l, &pass, at(b, s->x[0]), at(b, s[s->n_folded - 1].y));
    if (b->p->watch) tw__plan_seen(b->p, l->type->name, i + 1, 0, pass.rows, l->type->products(l));
}

void tw__piece_forward(const tw__piece *b, size_t from, size_t to)
{
    const int folds = !b->pass.training && !b->pass.keeps;
    for (size_t i = from; i < to; i++) {
        const tw__step *const s = &b->p->steps.step[i];
        if (folds && s->n_folded) {
            forward_folded(b, i);
            i += s->n_folded - 1;
        } else if (s->layer) tw__piece_forward_layer(b, i);
        else add_values(b, s);
    }
}

/* dy is the gradient of both ends; that of the first may stand there already. */
static void split_gradient(const tw__piece *b, const tw__step *s)
{
    const size_t n = b->pass.rows * s->size;
    for (int which = 1; which >= 0; which--) {
        char *const dx = at(b, s->dx[which]), *const dy = at(b, s->dy);
        if (!dx || dx == dy) continue;
        if (s->adds[which]) b->p->k->add(n, dx, dy);
        else memcpy(dx, dy, n * b->p->k->real);
    }
}

static void backward_layer(const tw__piece *b, size_t i, char *dx)
{
    const tw__step *const s = &b->p->steps.step[i];
    const tw__pass pass = pass_of(b, i);
    s->layer->type->backward(s->layer, &pass, at(b, s->x[0]), at(b, s->y), at(b, s->dy), dx);
    if (b->p->watch)
        tw__plan_seen(b->p, s->layer->type->name, i + 1, 1, pass.rows,
                      (dx ? 2 : 1) * tw__layer_products(s->layer));
}

void tw__piece_backward_layer(const tw__piece *b, size_t i)
{
    const tw__step *const s = &b->p->steps.step[i];
    backward_layer(b, i, at(b, s->adds[0] ? s->apart : s->dx[0]));
}

void tw__piece_backward_tensors(const tw__piece *b, size_t i) { backward_layer(b, i, NULL); }

void tw__piece_add_apart(const tw__piece *b, const tw__step *s)
{
    if (s->adds[0]) b->p->k->add(b->pass.rows * s->layer->in_size, at(b, s->dx[0]), at(b, s->apart));
}

/* The gradient of what a layer has and does not train is 0. */
static void clear_gradient(const tw__piece *b, const tw__layer *l)
{
    for (size_t i = 0; l && i < l->n_tensors; i++)
        memset(tw__gradient_of(l, &b->pass, (int)i), 0, l->tensor[i].size * b->p->k->real);
}

void tw__piece_backward(const tw__piece *b, size_t from, size_t to)
{
    for (size_t i = to; i-- > from;) {
        const tw__step *const s = &b->p->steps.step[i];
        if (s->dy == TW__NOWHERE) {
            clear_gradient(b, s->layer);
            continue;
        }
        if (!s->layer) {
            split_gradient(b, s);
            continue;
        }
        tw__piece_backward_layer(b, i);
        tw__piece_add_apart(b, s);
    }
}

static void scale(const tw__kernels *k, size_t n, double by, void *x)
{
    for (size_t i = 0; i < n; i++) tw__set_number(k, x, i, by * tw__number_at(k, x, i));
}

/* Of rows that count differently one after the other: a row's loss, and its gradient, times its weight. */
static void weighted_loss(const tw__piece *b, const tw__layer *last, char *logits, char *dy)
{
    tw_sums *const sums = b->sums;
    const size_t row = last->in_size * b->p->k->real;
    for (size_t r = 0; r < b->pass.rows; r++) {
        const double weight = b->weights[r];
        tw__pass one = b->pass;
        tw_sums its = {0};
        one.rows = 1;
        one.first += r;
        one.targets += r * b->p->targets;
        last->type->loss(last, &one, logits + r * row, b->labels + r * b->p->labels, &its,
                         dy ? dy + r * row : NULL);
        sums->loss += weight * its.loss;
        sums->correct += weight * its.correct;
        sums->weight += weight * (double)b->p->labels;
        if (dy) scale(b->p->k, last->in_size, weight, dy + r * row);
    }
}

static void add_loss(const tw__piece *b, const tw__layer *last, char *logits, char *dy)
{
    if (b->p->is_weighted) {
        weighted_loss(b, last, logits, dy);
        return;
    }
    last->type->loss(last, &b->pass, logits, b->labels, b->sums, dy);
    b->sums->weight += (double)(b->pass.rows * b->p->labels);
}

int tw__piece_end(const tw__piece *b, char *output)
{
    const tw__plan *const p = b->p;
    const tw__step *last = &p->steps.step[p->steps.n - 1];
    const unsigned want = b->e->want;
    char *logits = at(b, last->x[0]);
    if (want & TW_WANT_OUTPUT) last->layer->type->forward(last->layer, &b->pass, logits, output);
    if (want & (TW_WANT_LOSS | TW_WANT_GRADIENT))
        add_loss(b, last->layer, logits, want & TW_WANT_GRADIENT ? at(b, last->dx[0]) : NULL);
    tw__plan_seen(p, "loss", p->steps.n, 0, b->pass.rows, 0);
    return (want & TW_WANT_GRADIENT) != 0;
}

void tw__piece_join_forward(const tw__piece *b, size_t i)
{
    const tw__step *const s = &b->p->steps.step[i];
    const tw__pass pass = pass_of(b, i);
    s->layer->type->join_forward(s->layer, &pass, at(b, s->x[0]), b->join);
}

void tw__piece_join_backward(const tw__piece *b, size_t i)
{
    const tw__step *const s = &b->p->steps.step[i];
    const tw__pass pass = pass_of(b, i);
    s->layer->type->join_backward(s->layer, &pass, at(b, s->x[0]), at(b, s->dy), b->join);
}
