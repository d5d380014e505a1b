/* Pieces together, in networks with wide steps, whose weights take longer to come than a piece's arithmetic:
 * from one wide step to the next pieces run one after the other, and a wide step takes the rows of all.
 * SPDX-License-Identifier: MIT */
#include "models/nn/piece.h"

/* All rows of the group as one piece, for a wide step. */
static tw__piece all_rows(const tw__group *g)
{
    tw__piece all = g->piece[0];
    for (size_t i = 1; i < g->n; i++) all.pass.rows += g->piece[i].pass.rows;
    if (g->n > 1) all.pass.step = g->p->steps.size * TW__PASS_ROWS;
    if (g->leaves) all.pass.into = TW__TREE;
    return all;
}

/* The end of the run of steps from `from` on that are wide, or are not, before `to`. */
static size_t run_end(const tw__plan *p, size_t from, size_t to)
{
    size_t i = from + 1;
    while (!p->steps.step[from].wide && i < to && !p->steps.step[i].wide) i++;
    return i;
}

static size_t run_begin(const tw__plan *p, size_t from, size_t to)
{
    size_t i = to - 1;
    while (!p->steps.step[to - 1].wide && i > from && !p->steps.step[i - 1].wide) i--;
    return i;
}

static void forward_group(const tw__group *g, size_t last)
{
    for (size_t i = 0, end; i < last; i = end) {
        end = run_end(g->p, i, last);
        if (g->p->steps.step[i].wide) {
            const tw__piece all = all_rows(g);
            tw__piece_forward_layer(&all, i);
        } else
            for (size_t j = 0; j < g->n; j++) tw__piece_forward(&g->piece[j], i, end);
    }
}

/* Adds what steps from .. to - 1 have as weights. */
static void add_gradients(const tw__plan *p, size_t from, size_t to, char *sum, const char *other)
{
    for (size_t i = from; i < to; i++) {
        const tw__layer *const l = p->steps.step[i].layer;
        for (size_t t = 0; l && t < l->n_tensors; t++) {
            const size_t offset = l->tensor[t].offset * p->k->real;
            p->k->add(l->tensor[t].size, sum + offset, other + offset);
        }
    }
}

static int is_penalised(const tw__group *g)
{
    return g->leaves && g->p->is_penalised && g->piece[0].e->penalised > 0;
}

/* To the first leaf's gradient that of the penalties on steps from .. to - 1. */
static void add_penalties(const tw__group *g, size_t from, size_t to)
{
    const tw_model *const model = g->p->on.model;
    const tw_eval *const e = g->piece[0].e;
    for (size_t i = from; i < to; i++) {
        const tw__layer *const l = g->p->steps.step[i].layer;
        if (l && l->n_tensors)
            tw__network_add_penalty(model->state, model->type, l->tensor[0].offset,
                                    l->tensor[l->n_tensors - 1].offset + 1, e->penalised, e->w, e->gradient);
    }
}

/* Steps to - 1 .. from of pieces first .. first + n - 1, whose gradients are added in the tree. */
static void backward_tree(const tw__group *g, size_t first, size_t n, int level, size_t from, size_t to,
                          char *sum, tw__into into)
{
    if (n == 1) {
        tw__piece b = g->piece[first];
        b.pass.gradient = sum;
        b.pass.into = into;
        tw__piece_backward(&b, from, to);
        if (first == 0 && is_penalised(g)) add_penalties(g, from, to);
        return;
    }
    size_t left = 1;
    while (2 * left < n) left *= 2;
    backward_tree(g, first, left, level, from, to, sum, TW__START);
    if (n - left == 1) {
        backward_tree(g, first + left, 1, level, from, to, sum, TW__ADD);
        return;
    }
    backward_tree(g, first + left, n - left, level + 1, from, to, g->lane->node[level], TW__START);
    add_gradients(g->p, from, to, sum, g->lane->node[level]);
}

static void backward_wide(const tw__group *g, size_t i)
{
    const tw__step *const s = &g->p->steps.step[i];
    tw__piece all = all_rows(g);
    if (s->dy == TW__NOWHERE) return;
    if (is_penalised(g)) {
        tw__piece_backward_tensors(&g->piece[0], i);
        add_penalties(g, i, i + 1);
        all.pass.into = TW__TREE_REST;
    }
    tw__piece_backward_layer(&all, i);
    for (size_t j = 0; j < g->n; j++) tw__piece_add_apart(&g->piece[j], s);
}

static void backward_group(const tw__group *g, size_t last)
{
    for (size_t i = last, begin; i > 0; i = begin) {
        begin = run_begin(g->p, 0, i);
        if (g->p->steps.step[begin].wide) backward_wide(g, begin);
        else if (g->leaves) backward_tree(g, 0, g->n, 0, begin, i, g->piece[0].pass.gradient, TW__START);
        else
            for (size_t j = 0; j < g->n; j++) tw__piece_backward(&g->piece[j], begin, i);
    }
}

void tw__group_run(const tw__group *g, const uint64_t *rows, char *output)
{
    const tw__step *const last = &g->p->steps.step[g->p->steps.n - 1];
    int back = 0;
    for (size_t i = 0; i < g->n; i++) {
        tw__piece_fetch(&g->piece[i], rows + i * TW__PASS_ROWS);
        tw__piece_fetch_right(&g->piece[i], rows + i * TW__PASS_ROWS);
    }
    forward_group(g, g->p->steps.n - 1);
    for (size_t i = 0; i < g->n; i++)
        back = tw__piece_end(&g->piece[i],
                             output ? output + i * TW__PASS_ROWS * last->size * g->p->k->real : NULL);
    if (back) backward_group(g, g->p->steps.n - 1);
}
