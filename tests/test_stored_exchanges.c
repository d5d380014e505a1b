/* The state of an exchange with any of its numbers replaced: it is refused, or the run goes on with it or
 * fails, but nothing is read or written outside of what there is. What does harm is for the sanitizers to
 * see.
 * SPDX-License-Identifier: MIT */
#include "stored_runs.h"
#include "least_squares.h"

enum { STORED_ROWS = 40, BATCH = 4, MOST_STEPS = 30, MOST_NUMBERS = 60 };

static const worker_run rows = {.rows = worker_sparse,
                                .model = "logistic",
                                .classes = 2,
                                .n_rows = STORED_ROWS,
                                .o.batch = BATCH};

/* Weights may be anything, and what is not the exchange's has tests of its own. */
static int is_of_exchange(const char *name)
{
    static const char *const words[] = {"weights", "centre", "values",  "dual",
                                        "way",     "begin",  "settled", "sums"};
    if (!strstr(name, "exchange") && !strstr(name, "sim.") && !strstr(name, "server.") &&
        !strstr(name, "replica.") && !strstr(name, "turn.") && !strstr(name, "stage.") &&
        !strstr(name, "delayed.") && !strstr(name, "diloco."))
        return 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strstr(name, words[i])) return 0;
    return 1;
}

static void step(subject *s, uint64_t most)
{
    int status = TW_RUN_GOING;
    for (uint64_t i = 0; i < most && status == TW_RUN_GOING; i++)
        if (tw_run_step(s->run, &status, NULL) != TW_OK) return;
}

/* Loads the state with one number replaced, and goes on. */
static void try_with(const char *exchange, ls_state *kept, int field, size_t k, uint64_t value)
{
    subject s;
    uint64_t *const number = (uint64_t *)kept->field[field].data + k, was = *number;
    make(&s, &rows, exchange);
    *number = value;
    if (ls_load(kept, s.run) == TW_OK) step(&s, MOST_STEPS);
    *number = was;
    release(&s);
}

static void any_number_may_be_wrong(void **state)
{
    static const char *const exchanges[] =
        {"sim:workers=3,jitter=exponential,latency=0.3",
         "sim:workers=3,sync=asp,jitter=exponential,latency=0.2",
         "sim:workers=3,jitter=exponential,latency=0.2+ps:sync=ssp,staleness=1",
         "sim:workers=2,jitter=exponential,latency=0.2+ps:sync=asp,servers=2",
         "sim:workers=3,jitter=exponential,latency=0.2,failures=1,restart=1+ps:sync=asp,gather=2",
         "sim:workers=3,jitter=exponential,latency=0.2+allreduce",
         "sim:workers=3,jitter=exponential,latency=0.2+sharded",
         "sim:workers=3,jitter=exponential,latency=0.2+downpour:push=2,fetch=2",
         "sim:workers=3,jitter=exponential,latency=0.2+roundrobin-delayed",
         "sim:workers=3,jitter=exponential,latency=0.2+delayed",
         "sim:workers=3,jitter=exponential,latency=0.2+average:every=2",
         "sim:workers=3,jitter=exponential,latency=0.2+topksvrg",
         "sim:workers=3,jitter=exponential,latency=0.2+easgd:every=2,sync=0",
         "sim:workers=3,jitter=exponential,latency=0.2+diloco:every=2,sync=0,grace=0.5,buffer=2",
         "sim:workers=3,jitter=exponential,latency=0.2+admm:every=2"};
    (void)state;
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++) {
        subject s;
        ls_state kept;
        make(&s, &rows, exchanges[i]);
        step(&s, 7);
        assert_int_equal(ls_save(&kept, s.run), TW_OK);
        release(&s);
        int tried = 0;
        for (int f = 0; f < kept.n; f++) {
            const size_t n = kept.field[f].bytes / sizeof(uint64_t);
            if (!is_of_exchange(kept.field[f].name)) continue;
            for (size_t k = 0; k < n && k < MOST_NUMBERS; k++) {
                const uint64_t was = ((const uint64_t *)kept.field[f].data)[k],
                               values[] = {0, 1, 2, was + 1, was - 1, 3, 100, (uint64_t)1 << 40, UINT64_MAX};
                for (size_t v = 0; v < sizeof values / sizeof values[0]; v++)
                    if (values[v] != was) try_with(exchanges[i], &kept, f, k, values[v]);
                tried++;
            }
        }
        assert_true(tried > 20);
        ls_forget(&kept);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_number_may_be_wrong)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
