/* Protocols under every order of events: a transport that lets the test choose which of the events that could
 * be next is. All orders of a few workers and updates, many random ones of more, and workers that fail at
 * each of their evaluations and steps.
 * SPDX-License-Identifier: MIT */
#include "networks.h"
#include "exchange/protocol.h"

enum { SIZE = 3, MOST_WORKERS = 4, MOST_MESSAGES = 64, MOST_EVENTS = 512 };

/* ---- the transport ------------------------------------------------------------------------------------- */

/* Which event comes next: a path through the tree of orders, which is walked depth first, or random ones. */
static struct {
    int is_random;
    uint64_t seed;
    size_t depth, length;
    size_t chosen[MOST_EVENTS], of[MOST_EVENTS];
} path;

static size_t choose(size_t n)
{
    if (path.is_random) return (size_t)tw__random_below(path.seed, TW__FOR_TEST, 9, path.depth++, n);
    assert_true(path.depth < MOST_EVENTS);
    if (path.depth == path.length) {
        path.chosen[path.length] = 0;
        path.of[path.length++] = n;
    }
    assert_int_equal(path.of[path.depth], n);
    return path.chosen[path.depth++];
}

/* The next path; 0: that was the last one. */
static int advance_path(void)
{
    while (path.length > 0 && path.chosen[path.length - 1] + 1 == path.of[path.length - 1]) path.length--;
    if (path.length == 0) return 0;
    path.chosen[path.length - 1]++;
    path.depth = 0;
    return 1;
}

/* Gradients are all 1, a step of sgd takes 1 from each weight, and so every order has the same end. */
struct board {
    tw_context *ctx;
    const tw_optimizer_options *options;
    int busy[MOST_WORKERS];
    tw__message mail[MOST_MESSAGES];
    size_t n_mail;
    double gradient[MOST_WORKERS][SIZE], w[SIZE];
    /* updates that servers have of each worker; how far ahead of the slowest somebody was given weights */
    uint64_t pushed[MOST_WORKERS], furthest, ignored;
    _Atomic uint64_t fails_at_compute; /* UINT64_MAX: never */
    uint64_t counted, fails_at_count;  /* likewise */
    uint64_t steps;                    /* that such updates take */
    int is_in_order;                   /* updates were counted in the order of their numbers */
};
static struct board board;

static tw_status begin_worker(tw__workers *x, size_t i, tw_error *err)
{
    enum tw__act act = TW__REST;
    TW_TRY(x->protocol->next(x, &x->worker[i], &act, err));
    if (act != TW__COMPUTE) return TW_OK;
    board.busy[i] = 1;
    return tw__worker_compute(x, &x->worker[i], err);
}

static tw_status deliver(tw__workers *x, size_t at, tw_error *err)
{
    const tw__message m = board.mail[at];
    memmove(&board.mail[at], &board.mail[at + 1], (--board.n_mail - at) * sizeof m);
    if (m.from < x->n && m.to >= x->n) board.pushed[m.from]++;
    tw__deliver_weights(x, &m);
    TW_TRY(x->protocol->receive(x, &m, err));
    return m.to < x->n && !board.busy[m.to] ? begin_worker(x, m.to, err) : TW_OK;
}

/* The first message from each sender to each receiver may be next: these come in order. */
static size_t first_messages(size_t to[MOST_MESSAGES])
{
    size_t n = 0;
    for (size_t i = 0; i < board.n_mail; i++) {
        size_t k = 0;
        while (k < i && (board.mail[k].from != board.mail[i].from || board.mail[k].to != board.mail[i].to))
            k++;
        if (k == i) to[n++] = i;
    }
    return n;
}

static tw_status run(tw__workers *x, uint64_t limit, tw_error *err)
{
    atomic_store(&x->limit, limit);
    for (size_t i = 0; i < x->n; i++) TW_TRY(begin_worker(x, i, err));
    for (;;) {
        size_t busy[MOST_WORKERS], n_busy = 0, first[MOST_MESSAGES];
        for (size_t i = 0; i < x->n; i++)
            if (board.busy[i]) busy[n_busy++] = i;
        const size_t n_first = first_messages(first);
        if (n_busy + n_first == 0) return TW_OK;
        const size_t next = choose(n_busy + n_first);
        if (next >= n_busy) {
            TW_TRY(deliver(x, first[next - n_busy], err));
            continue;
        }
        board.busy[busy[next]] = 0;
        TW_TRY(x->protocol->computed(x, &x->worker[busy[next]], err));
        if (!board.busy[busy[next]]) TW_TRY(begin_worker(x, busy[next], err));
    }
}

static tw_status post(tw__workers *x, const tw__message *m, tw_error *err)
{
    (void)err;
    if (m->carries == TW__WEIGHTS && m->to < x->n) {
        uint64_t least = UINT64_MAX;
        /* without one that is ignored, of which the worker does not know yet */
        board.pushed[m->to] = x->worker[m->to].clock - (x->ignored - board.ignored);
        board.ignored = x->ignored;
        for (size_t i = 0; i < x->n; i++)
            if (board.pushed[i] < least) least = board.pushed[i];
        if (board.pushed[m->to] - least > board.furthest) board.furthest = board.pushed[m->to] - least;
    }
    assert_true(board.n_mail < MOST_MESSAGES);
    board.mail[board.n_mail++] = *m;
    return TW_OK;
}

static tw_status nothing_made(tw__workers *x, tw_error *err)
{
    (void)x, (void)err;
    return TW_OK;
}
static void nothing_freed(tw__workers *x) { (void)x; }
static double no_time(const tw__workers *x)
{
    (void)x;
    return 0;
}

static const tw_option options[] = {{"workers", TW_INT, NULL, 1, 1, MOST_WORKERS, TW_CLOSED, "workers"}};
static const tw__transport by_choice = {.about = {.size = sizeof(tw_exchange),
                                                  .name = "choice",
                                                  .n_options = 1,
                                                  .options = options,
                                                  .is_transport = 1},
                                        .create = nothing_made,
                                        .free = nothing_freed,
                                        .run = run,
                                        .send = post,
                                        .now = no_time};

/* ---- runs ---------------------------------------------------------------------------------------------- */

static tw_status compute(void *user, size_t worker, uint64_t update, size_t part, size_t parts,
                         const void *at, tw__gradient *to, tw_error *err)
{
    tw__workers *const x = *(tw__workers **)user;
    (void)update, (void)at;
    if (x->protocol->fetch) TW_TRY(x->protocol->fetch(x, &x->worker[worker], SIZE, NULL, err));
    if (board.fails_at_compute-- == 0) return tw__fail(err, TW_ERR_DATA, "no evaluation");
    for (int i = 0; i < SIZE; i++) board.gradient[worker][i] = parts == 1 || part == 0;
    to->lo = part;
    to->hi = part + 1;
    to->n = 1;
    to->first[0] = part;
    to->node[0] = (tw__sum){.dense = board.gradient[worker]};
    to->leaf[part] = (tw_sums){.weight = part == 0};
    to->rows = part == 0;
    return TW_OK;
}

static tw_status count(void *user, size_t worker, void *w, const tw_sums *sums, uint64_t rows, tw_error *err)
{
    (void)w, (void)sums;
    if (board.fails_at_count-- == 0) return tw__fail(err, TW_ERR_DATA, "no count");
    tw__workers **x = user;
    if ((*x)->worker[worker].update != board.counted) board.is_in_order = 0;
    assert_int_equal(rows, 1);
    board.counted++;
    return TW_OK;
}

static void commit(void *user, size_t worker, void *w) { (void)user, (void)worker, (void)w; }

static tw_status make_optimizer(void *user, const tw__optimizer_setting *s, tw_optimizer **out, tw_error *err)
{
    (void)user, (void)s;
    return tw_optimizer_create(out, board.ctx, board.options, err);
}

/* A run of `updates` with this protocol; workers 0: on threads, two of them. */
static tw_status run_once(tw_context *ctx, const char *protocol, size_t workers, uint64_t updates,
                          tw_error *err)
{
    const int64_t size = SIZE;
    const tw_tensor tensor = {.name = "w", .rank = 1, .shape = &size};
    tw_optimizer_options o = TW_OPTIMIZER_OPTIONS_INIT;
    tw_exchange_choice choice;
    tw__workers *x = NULL;
    o.rule = "sgd:lr=1";
    o.type = TW_F64;
    o.tensors = &tensor;
    o.n_tensors = 1;
    tw_optimizer *optimizer;
    board.ctx = ctx;
    board.options = &o;
    assert_int_equal(tw_exchange_read(&choice, protocol, NULL), TW_OK);
    board.steps = tw__exchange_steps(&choice, updates);
    if (workers) choice.transport = &by_choice.about;
    choice.transport_values[0] = workers ? (double)workers : 2;
    assert_int_equal(tw_optimizer_create(&optimizer, ctx, &o, NULL), TW_OK);
    for (int i = 0; i < SIZE; i++) board.w[i] = 100;
    const tw__workers_setting s = {.choice = &choice,
                                   .workers = tw__workers_count(&choice, ctx, NULL),
                                   .type = TW_F64,
                                   .size = SIZE,
                                   .w = board.w,
                                   .total = updates,
                                   .seed = 1,
                                   .join_size = 1,
                                   .optimizer = optimizer,
                                   .user = &x,
                                   .compute = compute,
                                   .make_optimizer = make_optimizer,
                                   .commit = commit,
                                   .count = count};
    tw_status status = tw__workers_create(&x, ctx, &s, err);
    if (status == TW_OK) status = tw__workers_run(x, updates, err);
    tw__workers_free(x);
    tw_optimizer_free(optimizer);
    return status;
}

static void clear(void)
{
    board = (struct board){.fails_at_compute = UINT64_MAX, .fails_at_count = UINT64_MAX, .is_in_order = 1};
}

/* Every update was made once, and has taken so much from each weight; 0: 1 for each step. */
static void check(tw_context *ctx, const char *protocol, size_t workers, uint64_t updates, double taken)
{
    tw_error err = {0};
    clear();
    if (run_once(ctx, protocol, workers, updates, &err) != TW_OK) fail_msg("%s: %s", protocol, err.message);
    if (taken == 0) taken = (double)board.steps;
    if (board.counted != updates || board.w[0] != 100 - taken || board.w[SIZE - 1] != board.w[0])
        fail_msg("%s, %zu workers, seed %llu: %llu of %llu updates, weight %g", protocol, workers,
                 (unsigned long long)path.seed, (unsigned long long)board.counted,
                 (unsigned long long)updates, board.w[0]);
}

struct small {
    const char *protocol;
    size_t workers;
    uint64_t updates, bound; /* how far ahead somebody gets in some order, and nobody in any */
    int in_order;
    double taken;
};

static void every_order(void **state)
{
    static const struct small cases[] = {
        {"ps:sync=ssp,staleness=1", 2, 4, 1, 0, 0},
        {"ps:sync=ssp,staleness=2", 2, 5, 2, 0, 0},
        {"ps:sync=ssp,staleness=1", 3, 3, 1, 0, 0},
        {"ps:sync=asp", 2, 4, 3, 0, 0},
        {"ps:sync=asp,oldest=1", 2, 4, 3, 0, 0},
        {"ps:sync=ssp,staleness=1,oldest=1", 2, 4, 1, 0, 0},
        {"ps:sync=asp,gather=2", 2, 5, 4, 0, 0},
        {"ps:sync=bsp", 2, 2, 0, 1, 0},
        {"allreduce", 2, 3, 0, 1, 0},
        {"downpour:push=2,fetch=3", 2, 5, 3, 0, 0},
        {"sharded", 2, 3, 0, 1, 0},
        {"roundrobin", 2, 5, 0, 1, 0},
        {"roundrobin", 3, 7, 0, 1, 0},
        {"roundrobin-delayed", 2, 6, 0, 1, 0},
        {"roundrobin-delayed", 3, 6, 0, 1, 0},
        {"delayed", 2, 3, 0, 1, 0},
        {"average:every=2", 2, 8, 0, 0, 4},
        {"average:every=1", 3, 4, 0, 0, 2},
        {"diloco:every=2,outer=\"sgd:lr=1\"", 2, 8, 0, 0, 4},
    };
    tw_context *ctx = networks_context(1);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct small *c = &cases[i];
        uint64_t furthest = 0, orders = 0;
        path.is_random = 0;
        path.length = path.depth = 0;
        do {
            path.depth = 0;
            check(ctx, c->protocol, c->workers, c->updates, c->taken);
            if (board.furthest > furthest) furthest = board.furthest;
            if (c->in_order) assert_true(board.is_in_order);
            orders++;
        } while (advance_path());
        print_message("%s, %zu workers, %llu updates: %llu orders, %llu ahead\n", c->protocol, c->workers,
                      (unsigned long long)c->updates, (unsigned long long)orders,
                      (unsigned long long)furthest);
        assert_int_equal(furthest, c->bound);
    }
    tw_context_free(ctx);
}

static void random_orders(void **state)
{
    enum { SCHEDULES = 100000 };
    static const char *const protocols[] = {"ps:sync=ssp,staleness=1",
                                            "ps:sync=ssp,staleness=3",
                                            "ps:sync=asp",
                                            "ps:sync=bsp",
                                            "roundrobin-delayed",
                                            "ps:sync=ssp,staleness=1,oldest=2",
                                            "ps:sync=asp,gather=5",
                                            "sharded",
                                            "downpour:push=3,fetch=2",
                                            "roundrobin",
                                            "delayed"};
    enum { PROTOCOLS = sizeof protocols / sizeof protocols[0] };
    tw_context *ctx = networks_context(1);
    uint64_t furthest[PROTOCOLS] = {0};
    (void)state;
    path.is_random = 1;
    for (path.seed = 0; path.seed < SCHEDULES; path.seed++) {
        const size_t k = path.seed % PROTOCOLS, workers = 2 + path.seed / PROTOCOLS % 3;
        path.depth = 0;
        check(ctx, protocols[k], workers, 12, 0);
        if (board.furthest > furthest[k]) furthest[k] = board.furthest;
    }
    assert_int_equal(furthest[0], 1);
    assert_int_equal(furthest[1], 3);
    assert_true(furthest[2] > 3);
    assert_int_equal(furthest[3], 0);
    assert_int_equal(furthest[5], 1);
    tw_context_free(ctx);
}

/* The run ends with the error, on threads too: nobody waits for ever for who has failed. */
static void workers_fail(void **state)
{
    static const char *const protocols[] = {"ps:sync=bsp",
                                            "ps:sync=ssp,staleness=1",
                                            "ps:sync=asp",
                                            "roundrobin",
                                            "roundrobin-delayed",
                                            "ps:sync=asp,oldest=1",
                                            "ps:sync=asp,gather=2",
                                            "allreduce",
                                            "sharded",
                                            "downpour:push=2",
                                            "delayed",
                                            "average:every=2",
                                            "average:every=0",
                                            "easgd:every=2",
                                            "easgd:every=2,sync=0",
                                            "diloco:every=2",
                                            "diloco:every=2,sync=0"};
    enum { UPDATES = 6 };
    tw_context *ctx = networks_context(2);
    (void)state;
    path.is_random = 1;
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++)
        for (size_t workers = 0; workers < 4; workers += 3)
            for (int in_count = 0; in_count < 2; in_count++)
                for (uint64_t at = 0; at < UPDATES; at++) {
                    tw_error err = {0};
                    path.depth = 0;
                    clear();
                    if (in_count) board.fails_at_count = at;
                    else board.fails_at_compute = at;
                    if (run_once(ctx, protocols[i], workers, UPDATES, &err) != TW_ERR_DATA ||
                        strcmp(err.message, in_count ? "no count" : "no evaluation") != 0)
                        fail_msg("%s, failing at %llu: %s", protocols[i], (unsigned long long)at,
                                 err.message);
                }
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order),
        cmocka_unit_test(random_orders),
        cmocka_unit_test(workers_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
