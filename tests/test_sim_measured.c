/* Runs on threads compared with their simulations: the same workers, with the mean seconds of an
 * evaluation and of a message that were measured. Evaluations sleep, so that a busy machine does not make
 * other workers of them.
 * SPDX-License-Identifier: MIT */
#include "half_square.h"
#include <stdatomic.h>
#include <time.h>

enum { N_ROWS = 480, MOST = 4 };

/* What each fork, in the order of the workers, sleeps in an evaluation, in milliseconds. */
static struct {
    double sleeps[MOST];
    _Atomic size_t forks;
} workers;

static int sleeping(void *user, const tw_eval *e)
{
    const double ms = *(const double *)user;
    const struct timespec t = {.tv_nsec = (long)(ms * 1e6)};
    nanosleep(&t, NULL);
    return half_square(NULL, e);
}

static tw_objective objective_of(double *sleeps);
static tw_status fork_it(void *user, tw_context *ctx, tw_objective *copy, tw_error *err)
{
    (void)user, (void)ctx, (void)err;
    *copy = objective_of(&workers.sleeps[atomic_fetch_add(&workers.forks, 1)]);
    return TW_OK;
}

static tw_objective objective_of(double *sleeps)
{
    tw_objective o = half_square_objective(N_ROWS);
    o.user = sleeps;
    o.eval = sleeping;
    o.fork = fork_it;
    return o;
}

/* What a run says of its workers. */
typedef struct told {
    size_t n;
    double computing[MOST], waits[MOST], updates[MOST]; /* seconds; likewise, of anything else; number */
    double exchanging, seconds, staleness[TW_STALENESS_BINS], mean;
} told;

static told run_of(const char *exchange, uint64_t batch, uint64_t epochs, double *sleeps)
{
    tw_context *ctx = networks_context(2);
    tw_objective objective = objective_of(sleeps);
    tw_run *run;
    tw_error err = {0};
    tw_exchange_info info = {.size = sizeof info};
    tw_run_options o = {.size = sizeof o, .optimizer = "sgd:lr=0.01", .exchange = exchange};
    told t = {0};
    double x = 1, all = 0;
    o.batch = batch;
    o.epochs = epochs;
    if (tw_run_create(&run, ctx, &objective, NULL, &x, &o, &err) != TW_OK) fail_msg("%s", err.message);
    if (worker_epochs(run, &err) != TW_OK) fail_msg("%s", err.message);
    assert_int_equal(tw_run_exchange(run, &info, NULL), TW_OK);
    t.n = info.workers;
    t.seconds = info.seconds;
    t.mean = info.mean_staleness;
    for (size_t i = 0; i < t.n; i++) {
        t.updates[i] = (double)info.worker[i].updates;
        t.computing[i] = info.worker[i].computing;
        t.waits[i] = info.worker[i].waiting + info.worker[i].exchanging;
        t.exchanging += info.worker[i].exchanging;
    }
    for (int k = 0; k < TW_STALENESS_BINS; k++) all += (double)info.staleness[k];
    for (int k = 0; k < TW_STALENESS_BINS && all > 0; k++) t.staleness[k] = (double)info.staleness[k] / all;
    tw_run_free(run);
    tw_context_free(ctx);
    return t;
}

/* Half the sum of differences: 0 if they are the same, 1 if they have nothing in common. */
static double distance(const told *a, const told *b)
{
    double sum = 0;
    for (int k = 0; k < TW_STALENESS_BINS; k++) sum += fabs(a->staleness[k] - b->staleness[k]);
    return sum / 2;
}

/* Within 20 %, of shares within 0.2, and of staleness with more than half in common. */
static int are_near(const told *real, const told *simulated, const char *what)
{
    int near = fabs(simulated->seconds / real->seconds - 1) < 0.2 && distance(real, simulated) < 0.35;
    for (size_t i = 0; i < real->n; i++) {
        const double a = real->waits[i] / (real->waits[i] + real->computing[i]),
                     b = simulated->waits[i] / (simulated->waits[i] + simulated->computing[i]);
        print_message("%s: worker %zu: %.0f and %.0f updates, not computing %.1f%% and %.1f%%\n", what, i,
                      real->updates[i], simulated->updates[i], 100 * a, 100 * b);
        near &= fabs(a - b) < 0.2 && fabs(real->updates[i] / simulated->updates[i] - 1) < 0.2;
    }
    print_message("%s: %.3f and %.3f s, mean staleness %.3f and %.3f, %.3f apart\n", what, real->seconds,
                  simulated->seconds, real->mean, simulated->mean, distance(real, simulated));
    return near;
}

/* parts: of an update, of which a worker evaluates one */
static int try_it(const char *protocol, size_t n, uint64_t batch, uint64_t epochs, int parts)
{
    char threads[200], sim[400], times[200] = "";
    double none = 0, updates = 0;
    atomic_store(&workers.forks, 0);
    snprintf(threads, sizeof threads, "threads:workers=%zu+%s", n, protocol);
    const told real = run_of(threads, batch, epochs, &none);
    for (size_t i = 0; i < n; i++) {
        updates += real.updates[i];
        snprintf(times + strlen(times), sizeof times - strlen(times), "%s%.9f", i ? "|" : "",
                 parts * real.computing[i] / real.updates[i]);
    }
    snprintf(sim, sizeof sim, "sim:workers=%zu,times=%s,service=%.9f+%s", n, times, real.exchanging / updates,
             protocol);
    const told simulated = run_of(sim, batch, epochs, &none);
    return are_near(&real, &simulated, protocol);
}

/* Where other programs take the cores, threads may be put off: three tries. */
static void beside(const char *protocol, size_t n, const double *sleeps, uint64_t batch, uint64_t epochs,
                   int parts)
{
    for (size_t i = 0; i < n; i++) workers.sleeps[i] = sleeps[i];
    for (int i = 0; i < 3; i++)
        if (try_it(protocol, n, batch, epochs, parts)) return;
    fail_msg("%s: the simulation is another run three times", protocol);
}

static void asynchronous(void **state)
{
    (void)state;
    beside("ps:sync=asp", 2, (const double[]){2, 7}, 1, 1, 1);
    beside("ps:sync=asp", 3, (const double[]){2, 3.1, 11}, 1, 1, 1);
}

static void bounded(void **state)
{
    (void)state;
    beside("ps:sync=ssp,staleness=1", 2, (const double[]){2, 6}, 2, 1, 1);
}

static void synchronous(void **state)
{
    (void)state;
    beside("ps:sync=bsp", 2, (const double[]){2, 6}, 16, 2, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asynchronous),
        cmocka_unit_test(bounded),
        cmocka_unit_test(synchronous),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
