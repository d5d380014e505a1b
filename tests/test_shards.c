/* Shards: every row once an epoch, those of a part of the batch neighbours; workers that have no other rows
 * come to the bits of one process; what cannot be cut.
 * SPDX-License-Identifier: MIT */
#include "process_runs.h"
#include "estimators/shards.h"
#include "models/leaves.h"

enum { ALL_ROWS = 300, BATCH = 70, SHARDS = 3 };
static const char spec[] = "minibatch:shards=3";

/* ---- the order ----------------------------------------------------------------------------------------- */

/* The shard that the rows at a place of a batch of n rows are of. */
static size_t shard_at(uint64_t place, uint64_t n, uint64_t batch, size_t shards)
{
    const tw__leaves l = tw__leaves_of(n), whole = tw__leaves_of(batch);
    const size_t leaf = tw__leaf_at(&l, place);
    size_t k = 0;
    while (tw__part_begin(l.n, whole.n, k + 1, shards) <= leaf) k++;
    return k;
}

static void check_order(tw_context *ctx, uint64_t rows, uint64_t batch, uint64_t window, size_t shards,
                        uint64_t epoch)
{
    tw__shards s;
    tw_error err;
    uint8_t *seen = calloc(rows, 1);
    if (tw__shards_create(&s, ctx, 7, rows, batch, window, shards, &err) != TW_OK)
        fail_msg("%s", err.message);
    const uint64_t steps = (rows + batch - 1) / batch;
    size_t n;
    tw__shards_draw(&s, epoch + 1, 0, steps, &n);
    for (uint64_t step = 0; step * batch < rows; step++) {
        const uint64_t *drawn = tw__shards_draw(&s, epoch, step, steps, &n);
        assert_int_equal(n, step + 1 < steps ? batch : rows - step * batch);
        for (uint64_t i = 0; i < n; i++) {
            const tw__windows *mine = &s.shard[shard_at(i, n, batch, shards)];
            if (drawn[i] < mine->first || drawn[i] >= mine->first + mine->rows || seen[drawn[i]]++)
                fail_msg("%d rows, batch %d, %d shards: place %d of batch %d is row %d", (int)rows,
                         (int)batch, (int)shards, (int)i, (int)step, (int)drawn[i]);
        }
    }
    tw__shards_free(&s);
    free(seen);
}

static void every_row_comes_once_from_its_shard(void **state)
{
    (void)state;
    static const uint64_t rows[] = {40, 513, 1234, 4000}, batch[] = {33, 40, 511, 513, 1000},
                          window[] = {0, 1, 7};
    static const size_t shards[] = {1, 2, 3, 4, 5};
    tw_context *ctx = networks_context(1);
    for (size_t i = 0; i < 4 * 5 * 3 * 5; i++) {
        const uint64_t n = rows[i % 4], b = batch[i / 4 % 5];
        check_order(ctx, n, b < n ? b : n, window[i / 20 % 3], shards[i / 60], i % 3);
    }
    check_order(ctx, 3000, 512, 0, TW_MOST_LEAVES, 1);
    tw_context_free(ctx);
}

/* Of an update that is one worker's: its shard from the beginning to the end, and again in another order. */
static void a_worker_goes_through_its_shard(void **state)
{
    (void)state;
    enum { ALL = 1000, EACH = 32, STEPS = 32 };
    tw_context *ctx = networks_context(1);
    tw__shards s;
    for (uint64_t window = 0; window <= 50; window += 50) {
        assert_int_equal(tw__shards_create(&s, ctx, 1, ALL, EACH, window, SHARDS, NULL), TW_OK);
        assert_int_equal(tw__shards_even(&s, NULL), TW_OK);
        for (uint64_t worker = 0; worker < SHARDS; worker++) {
            const tw__windows *mine = &s.shard[worker];
            assert_true(mine->rows == ALL / SHARDS + (worker < ALL % SHARDS)); /* all rows count alike */
            assert_int_equal(mine->first, worker ? mine[-1].first + mine[-1].rows : 0);
            uint8_t seen[ALL] = {0};
            uint64_t drawn = 0, update = worker, first_row = 0;
            for (size_t n; drawn < 2 * mine->rows; drawn += n, update += SHARDS) {
                const uint64_t *rows = tw__shards_draw(&s, update / STEPS, update % STEPS, STEPS, &n);
                assert_true(n == EACH || (drawn + n) % mine->rows == 0);
                for (size_t i = 0; i < n; i++) {
                    assert_true(rows[i] >= mine->first && rows[i] < mine->first + mine->rows);
                    assert_int_equal(seen[rows[i]]++, drawn / mine->rows);
                }
                if (drawn == 0) first_row = rows[0];
                else if (drawn == mine->rows) assert_true(rows[0] != first_row);
            }
        }
        tw__shards_free(&s);
    }
    tw_context_free(ctx);
}

/* Shards of one size are not shuffled alike, nor is an epoch like the one before. */
static void orders_differ(void **state)
{
    (void)state;
    tw__shards s;
    uint64_t first[16];
    size_t n;
    tw_context *ctx = networks_context(1);
    for (uint64_t window = 0; window < 2; window++) {
        assert_int_equal(tw__shards_create(&s, ctx, 1, 400, 16, window, 2, NULL), TW_OK);
        memcpy(first, tw__shards_draw(&s, 0, 0, 25, &n), sizeof first);
        size_t alike = 0, again = 0;
        for (size_t i = 0; i < 8; i++) alike += first[i] + 200 == first[8 + i];
        const uint64_t *next = tw__shards_draw(&s, 1, 0, 25, &n);
        for (size_t i = 0; i < 16; i++) again += first[i] == next[i];
        assert_true(alike < 4 && again < 8);
        tw__shards_free(&s);
    }
    tw_context_free(ctx);
}

/* ---- workers ------------------------------------------------------------------------------------------- */

static int is_even; /* shards are for workers that have updates of their own */

/* The rows of one shard; a run that looks at others overflows. */
static tw_data *only(size_t shard, tw_context *ctx, uint64_t rows, int classes)
{
    tw_data *all = networks_data(ctx, rows, classes), *mine;
    tw_data_info info = {.size = sizeof info};
    tw__shards s;
    assert_int_equal(tw_data_info_get(all, &info, NULL), TW_OK);
    assert_int_equal(tw__shards_create(&s, ctx, 0, rows, BATCH, 0, SHARDS, NULL), TW_OK);
    if (is_even) assert_int_equal(tw__shards_even(&s, NULL), TW_OK);
    const size_t width = (size_t)(info.shape[0] * (info.rank > 1 ? info.shape[1] : 1)) *
                         (size_t)(info.rank > 2 ? info.shape[2] : 1) * tw_type_size(info.type);
    char *x = malloc(rows * width);
    memset(x, 0x7f, rows * width); /* 3.4e38 */
    const uint64_t lo = s.shard[shard].first, n = s.shard[shard].rows;
    memcpy(x + lo * width, (const char *)info.x + lo * width, n * width);
    info.x = x;
    assert_int_equal(tw_data_create(&mine, ctx, &info, NULL), TW_OK);
    free(x);
    tw__shards_free(&s);
    tw_data_free(all);
    return mine;
}

static tw_data *first_shard(tw_context *ctx, uint64_t rows, int classes)
{
    return only(0, ctx, rows, classes);
}
static tw_data *second_shard(tw_context *ctx, uint64_t rows, int classes)
{
    return only(1, ctx, rows, classes);
}
static tw_data *third_shard(tw_context *ctx, uint64_t rows, int classes)
{
    return only(2, ctx, rows, classes);
}

static worker_run run_of(networks_maker *rows, const char *estimator)
{
    return (worker_run){.rows = rows,
                        .model = "flatten; dense 20 relu; dense 3 softmax",
                        .classes = 3,
                        .n_rows = ALL_ROWS,
                        .type = TW_F32,
                        .o = {.batch = BATCH, .optimizer = "adam", .estimator = estimator}};
}

/* Processes that have a shard each, to be freed. */
static void be_shards(const char *estimator, const char *exchange, struct process *p)
{
    static worker_run mine[SHARDS];
    networks_maker *const makers[SHARDS] = {first_shard, second_shard, third_shard};
    const worker_run *runs[SHARDS];
    for (size_t i = 0; i < SHARDS; i++) {
        mine[i] = run_of(makers[i], estimator);
        runs[i] = &mine[i];
    }
    be_all(runs, exchange, SHARDS, p);
}

/* They come to what one process comes to with all rows; `here` NULL: to some weights. */
static void come_to(const char *estimator, const char *exchange, const char *here)
{
    struct process p[SHARDS];
    worker_run all = run_of(networks_data, estimator);
    tw_error err;
    size_t bytes;
    be_shards(estimator, exchange, p);
    if (!p[0].weights) fail_msg("%s, %s: %s", exchange, estimator, p[0].err.message);
    void *local = here ? worker_weights(&all, here, &bytes, &err) : NULL;
    if (here && !local) fail_msg("%s, %s: %s", here, estimator, err.message);
    if (local && memcmp(local, p[0].weights, bytes) != 0)
        fail_msg("%s and %s differ with %s", exchange, here, estimator);
    free(local);
    free_all(p, SHARDS);
}

static void workers_need_their_shard_alone(void **state)
{
    (void)state;
    static const char *const shared[] = {"mpi+allreduce", "mpi+sharded", "mpi+ps:sync=bsp"},
                             *const apart[] = {"average:every=3", "easgd:every=2", "diloco:every=4"},
                             *const free_running[] = {"mpi+ps:sync=asp", "mpi+ps:sync=ssp,staleness=2",
                                                      "mpi+downpour:push=2,fetch=2",
                                                      "mpi+easgd:every=2,sync=0"};
    char there[64], here[64];
    for (size_t i = 0; i < 3; i++) come_to(spec, shared[i], "local");
    come_to("minibatch:shards=3,window=20", "mpi+allreduce", "local");
    is_even = 1;
    for (size_t i = 0; i < 3; i++) {
        snprintf(there, sizeof there, "mpi+%s", apart[i]);
        snprintf(here, sizeof here, "%s,workers=%d", apart[i], SHARDS);
        come_to(spec, there, here);
        come_to("minibatch:shards=3,window=20", there, here);
    }
    for (size_t i = 0; i < 4; i++) come_to(spec, free_running[i], NULL);
    is_even = 0;
}

/* What all of that goes by. */
static void others_rows_would_be_seen(void **state)
{
    (void)state;
    static const char *const exchanges[] = {"mpi+allreduce", "mpi+average:every=3", "mpi+ps:sync=asp"};
    struct process p[SHARDS];
    for (size_t i = 0; i < 3; i++) {
        be_shards("minibatch", exchanges[i], p);
        assert_null(p[0].weights);
        free_all(p, SHARDS);
    }
}

/* ---- refusals ------------------------------------------------------------------------------------------ */

static void refused_with(worker_run r, const char *exchange, const char *message)
{
    tw_error err;
    size_t bytes;
    assert_null(worker_weights(&r, exchange, &bytes, &err));
    assert_int_equal(err.code, TW_ERR_SPEC);
    assert_non_null(strstr(err.message, message));
}

static void refused(worker_run r, const char *message) { refused_with(r, "local", message); }

static void what_cannot_be_cut(void **state)
{
    static const uint64_t order[] = {2, 0, 1};
    (void)state;
    worker_run r = run_of(networks_data, spec);
    r.o.batch = 16;
    refused(r, "shard 3 would have none (fewer shards, or a batch above 16)");
    r = run_of(networks_data, "minibatch:shards=65");
    refused(r, "shards = 65 is outside [1, 64]");
    r = run_of(networks_data, spec);
    r.o.order = order;
    r.o.n_order = 3;
    refused(r, "option shards cannot be used with an order of rows");
    r = run_of(networks_data, spec);
    refused_with(r, "average:workers=2", "option shards is 3, and must be 2");
    refused_with(r, "ps:sync=asp,workers=4", "option shards is 3, and must be 4");
    r.model = "logistic";
    r.rows = worker_sparse;
    r.classes = 2;
    refused_with(r, "admm:workers=3", "leave out the estimator's option shards");
    r = run_of(networks_sequence, spec);
    r.model = "embedding 5 8; lstm:carry=1 8; dense 5 softmax";
    r.classes = 5;
    refused(r, "option shards cannot be used with carry=1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_comes_once_from_its_shard),
        cmocka_unit_test(a_worker_goes_through_its_shard),
        cmocka_unit_test(orders_differ),
        cmocka_unit_test(workers_need_their_shard_alone),
        cmocka_unit_test(others_rows_would_be_seen),
        cmocka_unit_test(what_cannot_be_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
