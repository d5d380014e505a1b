/* Pieces together, in networks with wide steps, whose weights take longer to come than a piece's arithmetic:
 * from one wide step to the next pieces run one after the other, and a wide step takes the rows of all.
 * SPDX-License-Identifier: MIT */
#include "models/leaves.h"
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

static void forward_steps(const tw__group *g, size_t from, size_t to)
{
    for (size_t i = from, end; i < to; i = end) {
        end = run_end(g->p, i, to);
        if (g->p->steps.step[i].wide) {
            const tw__piece all = rows_together(g, g->n);
            tw__piece_forward_layer(&all, i);
        } else
            for (size_t j = 0; j < g->n; j++) tw__piece_forward(&g->piece[j], i, end);
    }
}

/* Steps to - 1 .. from backward, or what step `from`, a join, does before that. */
typedef struct way_back {
    size_t from, to;
    int is_join;
} way_back;

static void backward_piece(const tw__piece *b, const way_back *way)
{
    if (way->is_join) tw__piece_join_backward(b, way->from);
    else tw__piece_backward(b, way->from, way->to);
}

/* Adds the gradients that are made on the way: between joins not those of a join's tensors. */
static void add_gradients(const tw__group *g, const way_back *way, char *sum, const char *other)
{
    for (size_t i = way->from; i < way->to; i++) {
        const tw__layer *const l = g->p->steps.step[i].layer;
        if (!l || (g->joins && l->type->join && !way->is_join)) continue;
        for (size_t t = 0; t < l->n_tensors; t++) {
            const size_t offset = l->tensor[t].offset * g->p->k->real;
            g->p->k->add(l->tensor[t].size, sum + offset, other + offset);
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
    const tw_eval *const e = g->piece[0].e;
    for (size_t i = from; i < to; i++) {
        const tw__layer *const l = g->p->steps.step[i].layer;
        if (l && l->n_tensors)
            tw__network_add_penalty(g->p->net, g->p->on.model->type, l->tensor[0].offset,
                                    l->tensor[l->n_tensors - 1].offset + 1, e->penalised, e->w, e->gradient);
    }
}

static void backward_leaf(const tw__group *g, size_t leaf, const way_back *way, char *sum, tw__into into)
{
    const size_t first = leaf * g->leaf;
    for (size_t i = first; i < first + g->leaf && i < g->n; i++) {
        tw__piece b = g->piece[i];
        b.pass.gradient = sum;
        b.pass.into = i == first ? into : TW__CONTINUE;
        backward_piece(&b, way);
    }
    if (leaf == 0 && is_penalised(g)) add_penalties(g, way->from, way->to);
}

/* Of leaves first .. first + n - 1, whose gradients are added in the tree; nodes from `node` on are free. */
static void backward_tree(const tw__group *g, size_t first, size_t n, char *const *node, const way_back *way,
                          char *sum)
{
    if (n == 1) {
        backward_leaf(g, first, way, sum, TW__START);
        return;
    }
    const size_t left = tw__left_of(n);
    backward_tree(g, first, left, node, way, sum);
    if (n - left == 1 && g->leaf == 1) {
        backward_leaf(g, first + left, way, sum, TW__ADD);
        return;
    }
    backward_tree(g, first + left, n - left, node + 1, way, *node);
    add_gradients(g, way, sum, *node);
}

static void backward_narrow(const tw__group *g, way_back way)
{
    const size_t leaves = (g->n + g->leaf - 1) / g->leaf;
    if (has_leaves(g)) backward_tree(g, 0, leaves, g->lane->node, &way, g->piece[0].pass.gradient);
    else
        for (size_t i = 0; i < g->n; i++) backward_piece(&g->piece[i], &way);
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

static void backward_steps(const tw__group *g, size_t from, size_t to)
{
    for (size_t i = to, begin; i > from; i = begin) {
        begin = run_begin(g->p, from, i);
        if (g->p->steps.step[begin].wide) backward_wide(g, begin);
        else backward_narrow(g, (way_back){begin, i, 0});
    }
}

/* How many rows of the group come before piece i. */
static size_t rows_before(const tw__group *g, size_t i)
{
    return g->piece[i].pass.first - g->piece[0].pass.first;
}

/* The loss; returns whether there is a way back. */
static int run_loss(const tw__group *g, const uint64_t *rows, char *output)
{
    const size_t row = g->p->steps.step[g->p->steps.n - 1].size * g->p->k->real;
    int back = 0;
    for (size_t i = 0; i < g->n; i++) {
        tw__piece_fetch_right(&g->piece[i], rows + rows_before(g, i));
        back = tw__piece_end(&g->piece[i], output ? output + rows_before(g, i) * row : NULL);
    }
    return back;
}

static int run_forward(const tw__group *g, const uint64_t *rows, char *output)
{
    const tw__steps *const s = &g->p->steps;
    const size_t from = g->segment ? s->joins[g->segment - 1] : 0;
    for (size_t i = 0; g->segment == 0 && i < g->n; i++)
        tw__piece_fetch(&g->piece[i], rows + rows_before(g, i));
    if (g->segment == g->joins) {
        forward_steps(g, from, s->n - 1);
        return run_loss(g, rows, output);
    }
    forward_steps(g, from, s->joins[g->segment]);
    for (size_t i = 0; i < g->n; i++) tw__piece_join_forward(&g->piece[i], s->joins[g->segment]);
    return 0;
}

void tw__group_run(const tw__group *g, const uint64_t *rows, char *output)
{
    const tw__steps *const s = &g->p->steps;
    if (g->segment <= g->joins && !run_forward(g, rows, output)) return;
    const size_t part = 2 * g->joins - g->segment; /* of the way back: the steps after its join */
    backward_steps(g, part ? s->joins[part - 1] + 1 : 0, part < g->joins ? s->joins[part] + 1 : s->n - 1);
    if (part) backward_narrow(g, (way_back){s->joins[part - 1], s->joins[part - 1] + 1, 1});
}
