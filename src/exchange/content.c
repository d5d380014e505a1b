/* Contents of messages between processes; see content.h.
 * SPDX-License-Identifier: MIT */
#include "exchange/content.h"
#include "exchange/wire.h"
#include <string.h>

void tw__write(tw__writer *w, const void *from, size_t n)
{
    if (w->at && n > 0) memcpy(w->at + w->n, from, n);
    w->n += n;
}

tw_status tw__read(tw__reader_of_bytes *r, void *to, size_t n, tw_error *err)
{
    if (n > r->left) return tw__fail(err, TW_ERR_DATA, "a message between processes is too short");
    if (to && n > 0) memcpy(to, r->at, n);
    r->at += n;
    r->left -= n;
    return TW_OK;
}

void tw__stand_in_free(const tw__workers *x, tw__stand_in *s)
{
    for (size_t i = 0; i < TW_MOST_LEAVES; i++) {
        tw__free(x->ctx, s->dense[i], x->set.size, x->k->real);
        tw__list_free(x->ctx, &s->list[i], x->k->real);
    }
}

/* ---- what there is ------------------------------------------------------------------------------------- */

static void *weights_of(const tw__workers *x, size_t worker)
{
    return worker < x->n && x->worker[worker].w ? x->worker[worker].w : x->set.w;
}

/* A server sends the run's weights, and a worker has them as its copy, if it has one. */
static tw__content content_of(tw__workers *x, const tw__message *m, int sends)
{
    tw__content c = {.of = m->from, .lo = m->lo, .hi = m->hi};
    if (m->carries == TW__GRADIENT) c.gradient = tw__pushed(&x->worker[m->from]);
    if (m->carries == TW__WEIGHTS) c.vector = weights_of(x, m->from < x->n || sends ? m->from : m->to);
    if (x->protocol->content) x->protocol->content(x, m, &c);
    return c;
}

/* ---- gradients ----------------------------------------------------------------------------------------- */

struct head {
    uint64_t update, lo, hi, leaves, n, rows, is_mean;
};
struct node {
    uint64_t first, is_list, count;
};

static void write_list(const tw__workers *x, const tw__content *c, const tw_sparse_sum *list, size_t first,
                       tw__writer *w)
{
    const size_t from = c->whole_lists ? 0 : tw__list_place(list, c->lo),
                 to = c->whole_lists ? list->n : tw__list_place(list, c->hi);
    const struct node node = {.first = first, .is_list = 1, .count = to - from};
    tw__write(w, &node, sizeof node);
    tw__wire_write_list(x, list, from, to, w);
}

static void write_gradient(const tw__workers *x, const tw__content *c, uint64_t update, tw__writer *w)
{
    const tw__gradient *g = c->gradient;
    const struct head head = {update, g->lo, g->hi, g->leaves, g->n, g->rows, (uint64_t)g->is_mean};
    tw__write(w, &head, sizeof head);
    tw__write(w, g->leaf + g->lo, (g->hi - g->lo) * sizeof *g->leaf);
    for (size_t i = 0; i < g->n; i++) {
        if (g->node[i].is_list) {
            write_list(x, c, g->node[i].list, g->first[i], w);
            continue;
        }
        const struct node node = {.first = g->first[i], .count = c->hi - c->lo};
        tw__write(w, &node, sizeof node);
        tw__wire_write_vector(x, c->of, g->node[i].dense, c->lo, c->hi, w);
    }
}

static tw_status read_node(tw__workers *x, tw__stand_in *s, const tw__content *c, size_t i,
                           tw__reader_of_bytes *r, tw_error *err)
{
    tw__gradient *g = c->gradient;
    struct node node;
    tw_sparse_sum *list = &s->list[i];
    TW_TRY(tw__read(r, &node, sizeof node, err));
    if (node.first >= TW_MOST_LEAVES || node.count > (node.is_list ? x->set.size : c->hi - c->lo))
        return tw__fail(err, TW_ERR_DATA, "a message between processes has a gradient that does not fit");
    g->first[i] = (size_t)node.first;
    g->node[i] = (tw__sum){.is_list = node.is_list != 0, .dense = s->dense[i], .list = list};
    if (node.is_list) {
        TW_TRY(tw__list_reserve(x->ctx, list, (size_t)node.count, x->k->real, err));
        list->n = (size_t)node.count;
        return tw__wire_read_list(x, list, r, err);
    }
    if (!s->dense[i]) TW_TRY(tw__alloc(x->ctx, &s->dense[i], x->set.size, x->k->real, err));
    g->node[i].dense = s->dense[i];
    return tw__wire_read_vector(x, c->of, s->dense[i], c->lo, c->lo + (size_t)node.count, r, err);
}

static tw_status read_gradient(tw__workers *x, tw__stand_in *s, const tw__content *c, tw__worker *of,
                               tw__reader_of_bytes *r, tw_error *err)
{
    tw__gradient *g = c->gradient;
    struct head head;
    TW_TRY(tw__read(r, &head, sizeof head, err));
    if (head.lo > head.hi || head.hi > TW_MOST_LEAVES || head.n > TW_MOST_LEAVES ||
        head.leaves > TW_MOST_LEAVES)
        return tw__fail(err, TW_ERR_DATA, "a message between processes has a gradient that does not fit");
    of->update = head.update;
    g->lo = (size_t)head.lo;
    g->hi = (size_t)head.hi;
    g->leaves = (size_t)head.leaves;
    g->n = (size_t)head.n;
    g->rows = head.rows;
    g->is_mean = head.is_mean != 0;
    TW_TRY(tw__read(r, g->leaf + g->lo, (g->hi - g->lo) * sizeof *g->leaf, err));
    for (size_t i = 0; i < g->n; i++) TW_TRY(read_node(x, s, c, i, r, err));
    return TW_OK;
}

/* ---- vectors ------------------------------------------------------------------------------------------- */

static void write_vector(const tw__workers *x, const tw__message *m, const tw__content *c, tw__writer *w)
{
    const char *const from = (const char *)c->vector + c->lo * x->k->real;
    const size_t n = c->hi - c->lo;
    if (m->carries == TW__MEAN) tw__wire_write(x, TW__WIRE_MEAN, n, from, w);
    else tw__write(w, from, n * x->k->real);
}

static tw_status read_vector(const tw__workers *x, const tw__message *m, const tw__content *c,
                             tw__reader_of_bytes *r, tw_error *err)
{
    char *const to = (char *)c->vector + c->lo * x->k->real;
    const size_t n = c->hi - c->lo;
    return m->carries == TW__MEAN ? tw__wire_read(x, TW__WIRE_MEAN, n, to, r, err)
                                  : tw__read(r, to, n * x->k->real, err);
}

/* ---- both ---------------------------------------------------------------------------------------------- */

/* Whether a message of another process can be: with servers it is to or from one, and a gradient is a
 * worker's. */
static int is_possible(const tw__workers *x, const tw__message *m)
{
    const int from_worker = m->from < x->n, to_worker = m->to < x->n;
    return m->carries <= TW__MEAN && m->lo <= m->hi && m->hi <= x->set.size &&
           (from_worker || m->carries != TW__GRADIENT) &&
           (x->n_servers > 0 ? from_worker != to_worker : from_worker && to_worker && m->from != m->to);
}

void tw__content_write(tw__workers *x, const tw__message *m, tw__writer *w)
{
    const tw__content c = content_of(x, m, 1);
    if (c.gradient) write_gradient(x, &c, x->worker[m->from].update, w);
    if (c.sums) tw__write(w, c.sums, c.n_sums * sizeof *c.sums);
    if (c.vector) write_vector(x, m, &c, w);
}

tw_status tw__content_read(tw__workers *x, tw__stand_in *stand_in, const tw__message *m,
                           tw__reader_of_bytes *r, tw_error *err)
{
    if (!is_possible(x, m))
        return tw__fail(err, TW_ERR_DATA, "a message between processes has what its sender cannot have");
    const tw__content c = content_of(x, m, 0);
    if (c.lo > c.hi || c.hi > x->set.size)
        return tw__fail(err, TW_ERR_DATA, "a message between processes is about weights that there are not");
    if (c.gradient) TW_TRY(read_gradient(x, &stand_in[m->from], &c, &x->worker[m->from], r, err));
    if (c.sums) TW_TRY(tw__read(r, c.sums, c.n_sums * sizeof *c.sums, err));
    return c.vector ? read_vector(x, m, &c, r, err) : TW_OK;
}
