/* Requests and sums on a ring of processes; see ring.h.
 * SPDX-License-Identifier: MIT */
#include "exchange/ring.h"
#include "base/clock.h"
#include "math/kernels.h"
#include "models/leaves.h"
#include <string.h>

/* NUMBERS: of a piece */
enum { NUMBERS = 8192, MAGIC = 0x54575247 };
enum kind { HELLO, REQUEST, NUMBERS_OF_IT, SUM, NODE };

/* What a parcel begins with. n: numbers of the whole vector; of a node, its first leaf; left: nodes that
 * follow it */
struct head {
    uint32_t magic, kind;
    tw__request request;
    uint64_t n, left;
};

/* What each process has done, which goes round with the sums: in doubles, as they are. */
enum { UPDATES, COMPUTING, WAITING, EXCHANGING, BYTES, DONE };

struct tw__ring {
    tw_context *ctx;
    tw_link *link;
    size_t rank, ranks;
    double timeout;
    double since; /* when what it does now began */
    uint64_t messages;
    double *done; /* DONE numbers of each rank; here its own are right */
    double *sum;  /* a piece */
    tw_worker_info *info;
};

size_t tw__ring_rank(const tw__ring *r) { return r->rank; }

size_t tw__ring_share(const tw__ring *r, size_t n, size_t next)
{
    const size_t rank = r->rank + next, whole = n / r->ranks, rest = n % r->ranks;
    return whole * rank + (rest * rank + r->ranks - 1) / r->ranks;
}

/* ---- parcels ------------------------------------------------------------------------------------------- */

static double *own(const tw__ring *r) { return r->done + r->rank * DONE; }

/* Counts the time since the last call to what has been done meanwhile. */
static void note(tw__ring *r, int what)
{
    const double now = tw__seconds();
    own(r)[what] += now - r->since;
    r->since = now;
}

static void set_head(tw__parcel *p, struct head h)
{
    h.magic = MAGIC;
    memcpy(p->bytes, &h, sizeof h);
}

/* A parcel with room for n bytes behind the head. */
static tw_status make(const tw__ring *r, struct head h, size_t n, tw__parcel **p, tw_error *err)
{
    TW_TRY(tw__parcel_create(r->link, sizeof h + n, p, err));
    set_head(*p, h);
    return TW_OK;
}

static tw_status send(tw__ring *r, size_t to, tw__parcel *p, tw_error *err)
{
    own(r)[BYTES] += (double)p->n;
    r->messages++;
    return tw__link_send(r->link, TW_LINK_SUMS, to, p, err);
}

static tw_status say(tw__ring *r, size_t to, struct head h, const void *bytes, size_t n, tw_error *err)
{
    tw__parcel *p;
    TW_TRY(make(r, h, n, &p, err));
    if (n) memcpy(p->bytes + sizeof h, bytes, n);
    return send(r, to, p, err);
}

/* The next parcel of a rank, whatever it is. */
static tw_status receive(tw__ring *r, size_t from, const char *what, tw__parcel **p, tw_error *err)
{
    enum { CHECK = 64 };
    for (unsigned looks = 1;; looks++) {
        TW_TRY(tw__link_receive(r->link, TW_LINK_SUMS, from, p, err));
        if (*p) return TW_OK;
        TW_TRY(tw__link_push(r->link, err));
        tw__link_rest(looks);
        if (looks % CHECK == 0) TW_TRY(tw__link_check(r->link, r->timeout, what, err));
    }
}

/* The next parcel of a rank, which is of a kind; at least n bytes are behind its head. That there are no more
 * requests is passed over where something else is due: rank 0 has failed amid it, and its error comes over
 * the link. */
static tw_status await(tw__ring *r, size_t from, enum kind kind, size_t n, const char *what, tw__parcel **out,
                       struct head *h, tw_error *err)
{
    for (;;) {
        tw__parcel *p;
        TW_TRY(receive(r, from, what, &p, err));
        *h = (struct head){.magic = 0};
        if (p->n >= sizeof *h) memcpy(h, p->bytes, sizeof *h);
        *out = p;
        if (h->magic == MAGIC && h->kind == (uint32_t)kind && p->n >= sizeof *h + n) return TW_OK;
        tw__parcel_free(r->link, p);
        if (h->magic != MAGIC || h->kind != REQUEST || h->request.what != TW__RING_OVER)
            return tw__link_garbled(r->link, from, err);
    }
}

static unsigned char *content(const tw__parcel *p) { return p->bytes + sizeof(struct head); }

static size_t piece_of(size_t n, size_t at) { return n - at < NUMBERS ? n - at : NUMBERS; }

/* ---- the same run -------------------------------------------------------------------------------------- */

static tw_status hear(tw__ring *r, size_t from, const char *lines, tw_error *err)
{
    struct head h;
    tw__parcel *p;
    TW_TRY(await(r, from, HELLO, 1, "the others to begin", &p, &h, err));
    const tw_status s = p->bytes[p->n - 1]
                            ? tw__link_garbled(r->link, from, err)
                            : tw__link_same(r->link, from, lines, (const char *)content(p), err);
    tw__parcel_free(r->link, p);
    return s;
}

tw_status tw__ring_agree(tw__ring *r, const char *lines, tw_error *err)
{
    const struct head hello = {.kind = HELLO};
    struct head h;
    tw__parcel *p;
    if (r->rank == 0) {
        for (size_t i = 1; i < r->ranks; i++) TW_TRY(hear(r, i, lines, err));
        for (size_t i = 1; i < r->ranks; i++) TW_TRY(say(r, i, hello, NULL, 0, err));
        return TW_OK;
    }
    TW_TRY(say(r, 0, hello, lines, strlen(lines) + 1, err));
    TW_TRY(await(r, 0, HELLO, 0, "rank 0 to compare the runs", &p, &h, err));
    tw__parcel_free(r->link, p);
    return TW_OK;
}

/* ---- requests ------------------------------------------------------------------------------------------ */

static tw_status request(tw__ring *r, tw__request q, const double *x, size_t n, tw_error *err)
{
    struct head h = {.kind = REQUEST, .request = q, .n = n};
    if (r->ranks == 1) return TW_OK;
    size_t at = 0;
    do {
        const size_t piece = piece_of(n, at);
        TW_TRY(say(r, 1, h, n ? x + at : NULL, piece * sizeof *x, err));
        h.kind = NUMBERS_OF_IT;
        at += piece;
    } while (at < n);
    return TW_OK;
}

tw_status tw__ring_request(tw__ring *r, tw__request q, const double *x, size_t n, tw_error *err)
{
    r->since = tw__seconds();
    const tw_status s = request(r, q, x, n, err);
    note(r, EXCHANGING);
    own(r)[UPDATES]++;
    return s;
}

/* A piece of the request, which the next rank gets, too. */
static tw_status take_piece(tw__ring *r, enum kind kind, struct head *h, double *x, size_t n, size_t at,
                            tw_error *err)
{
    tw__parcel *p;
    const size_t before = r->rank - 1;
    TW_TRY(await(r, before, kind, 0, "the next request", &p, h, err));
    const int is_over = h->request.what == TW__RING_OVER;
    const size_t bytes = is_over ? 0 : piece_of(n, at) * sizeof *x;
    if (p->n != sizeof *h + bytes || h->n != (is_over ? 0 : n)) {
        tw__parcel_free(r->link, p);
        return tw__link_garbled(r->link, before, err);
    }
    if (bytes) memcpy(x + at, content(p), bytes);
    if (r->rank + 1 < r->ranks) return send(r, r->rank + 1, p, err);
    tw__parcel_free(r->link, p);
    return TW_OK;
}

tw_status tw__ring_next(tw__ring *r, tw__request *q, double *x, size_t n, tw_error *err)
{
    struct head h, more;
    r->since = tw__seconds();
    tw_status s = take_piece(r, REQUEST, &h, x, n, 0, err);
    if (s == TW_OK) *q = h.request;
    for (size_t at = NUMBERS; s == TW_OK && q->what != TW__RING_OVER && at < n; at += NUMBERS)
        s = take_piece(r, NUMBERS_OF_IT, &more, x, n, at, err);
    note(r, WAITING);
    own(r)[UPDATES]++;
    return s;
}

/* ---- sums ---------------------------------------------------------------------------------------------- */

static void add_to(double *sum, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) sum[i] += x[i];
}

/* A piece of the sum of the ranks before this one: into x, and, with the first piece, what they have done. */
static tw_status take_sum(tw__ring *r, double *x, size_t n, size_t at, tw_error *err)
{
    const size_t before = (r->rank + r->ranks - 1) % r->ranks, done = at ? 0 : r->ranks * DONE,
                 piece = piece_of(n, at);
    struct head h;
    tw__parcel *p;
    TW_TRY(await(r, before, SUM, done * sizeof *x, "the sum of those before it", &p, &h, err));
    const int is_next = h.n == n && p->n == sizeof h + (done + piece) * sizeof *x;
    for (size_t i = 0; is_next && i < r->ranks && done; i++)
        if (i != r->rank) memcpy(r->done + i * DONE, content(p) + i * DONE * sizeof *x, DONE * sizeof *x);
    if (is_next) memcpy(x, content(p) + done * sizeof *x, piece * sizeof *x);
    tw__parcel_free(r->link, p);
    return is_next ? TW_OK : tw__link_garbled(r->link, before, err);
}

static tw_status pass_sum(tw__ring *r, const double *x, size_t n, size_t at, tw_error *err)
{
    const size_t done = at ? 0 : r->ranks * DONE, piece = piece_of(n, at);
    tw__parcel *p;
    TW_TRY(make(r, (struct head){.kind = SUM, .n = n}, (done + piece) * sizeof *x, &p, err));
    if (done) memcpy(content(p), r->done, done * sizeof *x);
    memcpy(content(p) + done * sizeof *x, x, piece * sizeof *x);
    return send(r, (r->rank + 1) % r->ranks, p, err);
}

static tw_status add(tw__ring *r, double *x, size_t n, size_t parts, size_t stride, tw_error *err)
{
    for (size_t at = 0; at < n; at += NUMBERS) {
        const size_t piece = piece_of(n, at);
        double *const sum = r->rank == 0 ? x + at : r->sum;
        if (r->rank > 0) TW_TRY(take_sum(r, sum, n, at, err));
        for (size_t part = r->rank == 0; part < parts; part++) add_to(sum, x + part * stride + at, piece);
        if (r->ranks > 1) TW_TRY(pass_sum(r, sum, n, at, err));
    }
    for (size_t at = 0; r->rank == 0 && r->ranks > 1 && at < n; at += NUMBERS)
        TW_TRY(take_sum(r, x + at, n, at, err));
    return TW_OK;
}

tw_status tw__ring_add(tw__ring *r, double *x, size_t n, size_t parts, size_t stride, tw_error *err)
{
    note(r, COMPUTING);
    const tw_status s = add(r, x, n, parts, stride, err);
    note(r, r->rank == 0 ? WAITING : EXCHANGING);
    return s;
}

/* ---- nodes of a batch tree ----------------------------------------------------------------------------- */

void tw__ring_leaves(const tw__ring *r, size_t leaves, size_t rank, size_t *lo, size_t *hi)
{
    *lo = tw__part_begin(leaves, leaves, rank, r->ranks);
    *hi = tw__part_begin(leaves, leaves, rank + 1, r->ranks);
}

/* What the nodes of a process are. */
struct nodes {
    tw_type type;
    size_t n, bytes;
};

/* The nodes that a process has, each at its first leaf, and the parcels that they are in unless they are
 * where they were added up. */
struct tree {
    void *node[TW_MOST_LEAVES];
    tw__parcel *parcel[TW_MOST_LEAVES];
};

/* Those of this process, lists as vectors. */
static tw_status take_own(const tw__ring *r, const tw__gradient *g, const struct nodes *of, struct tree *t,
                          tw_error *err)
{
    for (size_t i = 0; i < g->n; i++) {
        const tw__sum *node = &g->node[i];
        const size_t at = g->first[i];
        t->node[at] = node->dense;
        if (!node->is_list) continue;
        TW_TRY(make(r, (struct head){.kind = NODE}, of->bytes, &t->parcel[at], err));
        t->node[at] = memset(content(t->parcel[at]), 0, of->bytes);
        tw__list_spread(node->list, of->type, 0, of->n, t->node[at]);
    }
    return TW_OK;
}

/* Those of another process. */
static tw_status take_nodes(tw__ring *r, size_t from, size_t leaves, size_t bytes, struct tree *t,
                            tw_error *err)
{
    size_t lo, hi;
    tw__ring_leaves(r, leaves, from, &lo, &hi);
    for (struct head h = {.left = lo < hi}; h.left > 0;) {
        tw__parcel *p;
        TW_TRY(await(r, from, NODE, 0, "nodes of the batch tree", &p, &h, err));
        if (p->n != sizeof h + bytes || h.n < lo || h.n >= hi || t->node[h.n]) {
            tw__parcel_free(r->link, p);
            return tw__link_garbled(r->link, from, err);
        }
        t->parcel[h.n] = p;
        t->node[h.n] = content(p);
    }
    return TW_OK;
}

/* Adds what the tree adds within the leaves lo .. hi. */
static void add_nodes(const tw__ring *r, struct tree *t, const struct nodes *of, size_t lo, size_t hi,
                      size_t leaves)
{
    const tw__kernels *k = tw__kernels_for(of->type, tw_context_isa(r->ctx));
    for (size_t stride = 1; stride < leaves; stride *= 2)
        for (size_t i = 0; i + stride < leaves; i += 2 * stride) {
            const size_t end = leaves - i < 2 * stride ? leaves : i + 2 * stride;
            if (i < lo || end > hi || !t->node[i + stride]) continue;
            k->add(of->n, t->node[i], t->node[i + stride]);
            t->node[i + stride] = NULL;
        }
}

static tw_status give_node(tw__ring *r, struct tree *t, const struct nodes *of, size_t i, size_t left,
                           tw_error *err)
{
    const struct head h = {.kind = NODE, .n = i, .left = left};
    tw__parcel *p = t->parcel[i];
    if (!p) {
        TW_TRY(make(r, h, of->bytes, &p, err));
        memcpy(content(p), t->node[i], of->bytes);
    }
    t->parcel[i] = NULL;
    set_head(p, h);
    return send(r, 0, p, err);
}

/* To rank 0, as few as they can be. */
static tw_status give_nodes(tw__ring *r, struct tree *t, const tw__gradient *g, const struct nodes *of,
                            tw_error *err)
{
    size_t left = 0;
    add_nodes(r, t, of, g->lo, g->hi, g->leaves);
    for (size_t i = g->lo; i < g->hi; i++) left += t->node[i] != NULL;
    for (size_t i = g->lo; i < g->hi; i++)
        if (t->node[i]) TW_TRY(give_node(r, t, of, i, --left, err));
    return TW_OK;
}

static tw_status lead_merge(tw__ring *r, struct tree *t, const tw__gradient *g, const struct nodes *of,
                            void *to, tw_error *err)
{
    for (size_t i = 1; i < r->ranks; i++) TW_TRY(take_nodes(r, i, g->leaves, of->bytes, t, err));
    add_nodes(r, t, of, 0, g->leaves, g->leaves);
    memcpy(to, t->node[0], of->bytes);
    return TW_OK;
}

static tw_status merge(tw__ring *r, const tw__gradient *mine, const struct nodes *of, void *to, tw_error *err)
{
    struct tree t = {.node = {NULL}};
    tw_status s = take_own(r, mine, of, &t, err);
    if (s == TW_OK)
        s = r->rank == 0 ? lead_merge(r, &t, mine, of, to, err) : give_nodes(r, &t, mine, of, err);
    for (size_t i = 0; i < TW_MOST_LEAVES; i++) tw__parcel_free(r->link, t.parcel[i]);
    return s;
}

tw_status tw__ring_merge(tw__ring *r, const tw__gradient *mine, tw_type type, size_t n, void *to,
                         tw_error *err)
{
    const struct nodes of = {type, n, n * tw_type_size(type)};
    note(r, COMPUTING);
    const tw_status s = merge(r, mine, &of, to, err);
    note(r, r->rank == 0 ? WAITING : EXCHANGING);
    return s;
}

/* ---- making -------------------------------------------------------------------------------------------- */

tw_status tw__ring_create(tw__ring **out, tw_context *ctx, tw_link *link, double timeout, tw_error *err)
{
    tw__ring *r;
    TW_TRY(tw__alloc(ctx, &r, 1, sizeof *r, err));
    *r = (tw__ring){.ctx = ctx,
                    .link = link,
                    .rank = tw_link_rank(link),
                    .ranks = tw_link_ranks(link),
                    .timeout = timeout,
                    .since = tw__seconds()};
    tw__link_set_patience(link, timeout);
    tw_status s = tw__alloc(ctx, &r->done, r->ranks, DONE * sizeof *r->done, err);
    if (s == TW_OK) s = tw__alloc(ctx, &r->sum, NUMBERS, sizeof *r->sum, err);
    if (s == TW_OK) s = tw__alloc(ctx, &r->info, r->ranks, sizeof *r->info, err);
    if (s == TW_OK) *out = r;
    else tw__ring_free(r);
    return s;
}

void tw__ring_free(tw__ring *r)
{
    if (!r) return;
    if (r->rank == 0 && r->info) (void)request(r, (tw__request){.what = TW__RING_OVER}, NULL, 0, NULL);
    tw__free(r->ctx, r->done, r->ranks, DONE * sizeof *r->done);
    tw__free(r->ctx, r->sum, NUMBERS, sizeof *r->sum);
    tw__free(r->ctx, r->info, r->ranks, sizeof *r->info);
    tw__free(r->ctx, r, 1, sizeof *r);
}

void tw__ring_info(const tw__ring *r, const tw_worker_info **each, size_t *ranks, uint64_t *messages)
{
    for (size_t i = 0; i < r->ranks; i++) {
        const double *done = r->done + i * DONE;
        r->info[i] = (tw_worker_info){.updates = (uint64_t)done[UPDATES],
                                      .computing = done[COMPUTING],
                                      .waiting = done[WAITING],
                                      .exchanging = done[EXCHANGING],
                                      .bytes = (uint64_t)done[BYTES],
                                      .host = tw_link_host(r->link, i)};
    }
    *each = r->info;
    *ranks = r->ranks;
    *messages = r->messages;
}
