/* Pieces together, in networks with wide steps, whose weights take longer to come than a piece's arithmetic:
 * from one wide step to the next pieces run one after the other, and a wide step takes the rows of all.
 * SPDX-License-Identifier: MIT */
#include "models/nn/piece.h"

static int has_leaves(const tw__group *g) { return g->n > g->leaf; }

/* The rows of the first n pieces as one, for a wide step. */
static tw__piece rows_together(const tw__group *g, size_t n)
{
    tw__piece all = g->piece[0];
    for (size_t i = 1; i < n; i++) {
        if (i == g->leaf) all.pass.leaf = all.pass.rows;
        all.pass.rows += g->piece[i].pass.rows;
    }
    if (n <= g->leaf) all.pass.leaf = all.pass.rows;
    else all.pass.into = TW__TREE;
    if (n > 1) all.pass.step = g->p->steps.size * TW__PASS_ROWS;
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
            const tw__piece all = rows_together(g, g->n);
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
    return has_leaves(g) && g->p->is_penalised && g->piece[0].e->penalised > 0;
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

/* Steps to - 1 .. from of a leaf. */
static void backward_leaf(const tw__group *g, size_t leaf, size_t from, size_t to, char *sum, tw__into into)
{
    const size_t first = leaf * g->leaf;
    for (size_t i = first; i < first + g->leaf && i < g->n; i++) {
        tw__piece b = g->piece[i];
        b.pass.gradient = sum;
        b.pass.into = i == first ? into : TW__CONTINUE;
        tw__piece_backward(&b, from, to);
    }
    if (leaf == 0 && is_penalised(g)) add_penalties(g, from, to);
}

/* Of leaves first .. first + n - 1, whose gradients are added in the tree; nodes from `node` on are free. */
static void backward_tree(const tw__group *g, size_t first, size_t n, char *const *node, size_t from,
                          size_t to, char *sum)
{
    if (n == 1) {
        backward_leaf(g, first, from, to, sum, TW__START);
        return;
    }
    size_t left = 1;
    while (2 * left < n) left *= 2;
    backward_tree(g, first, left, node, from, to, sum);
    if (n - left == 1 && g->leaf == 1) {
        backward_leaf(g, first + left, from, to, sum, TW__ADD);
        return;
    }
    backward_tree(g, first + left, n - left, node + 1, from, to, *node);
    add_gradients(g->p, from, to, sum, *node);
}

static void backward_wide(const tw__group *g, size_t i)
{
    const tw__step *const s = &g->p->steps.step[i];
    tw__piece all = rows_together(g, g->n);
    if (s->dy == TW__NOWHERE) return;
    if (is_penalised(g)) {
        const tw__piece first = rows_together(g, g->leaf);
        tw__piece_backward_tensors(&first, i);
        add_penalties(g, i, i + 1);
        all.pass.into = TW__TREE_REST;
    }
    tw__piece_backward_layer(&all, i);
    for (size_t j = 0; j < g->n; j++) tw__piece_add_apart(&g->piece[j], s);
}

static void backward_group(const tw__group *g, size_t last)
{
    const size_t leaves = (g->n + g->leaf - 1) / g->leaf;
    for (size_t i = last, begin; i > 0; i = begin) {
        begin = run_begin(g->p, 0, i);
        if (g->p->steps.step[begin].wide) backward_wide(g, begin);
        else if (has_leaves(g))
            backward_tree(g, 0, leaves, g->lane->node, begin, i, g->piece[0].pass.gradient);
        else
            for (size_t j = 0; j < g->n; j++) tw__piece_backward(&g->piece[j], begin, i);
    }
}

void tw__group_run(const tw__group *g, const uint64_t *rows, char *output)
{
    const tw__step *const last = &g->p->steps.step[g->p->steps.n - 1];
    const size_t first = g->piece[0].pass.first;
    int back = 0;
    for (size_t i = 0; i < g->n; i++) {
        const uint64_t *const its = rows + (g->piece[i].pass.first - first);
        tw__piece_fetch(&g->piece[i], its);
        tw__piece_fetch_right(&g->piece[i], its);
    }
    forward_group(g, g->p->steps.n - 1);
    for (size_t i = 0; i < g->n; i++)
        back = tw__piece_end(&g->piece[i],
                             output ? output + (g->piece[i].pass.first - first) * last->size * g->p->k->real
                                    : NULL);
    if (back) backward_group(g, g->p->steps.n - 1);
}
