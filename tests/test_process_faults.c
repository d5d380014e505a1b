/* A process that dies at any state of the protocols, here a thread whose link over memory sends nothing from
 * then on: before, after and amid the first, the middle and the last of each kind of what it sends. All
 * others end in time, with TW_ERR_WORKER and its rank. Without an argument some of these;
 * test_process_faults whole (./check --long): all.
 * SPDX-License-Identifier: MIT */
#include "process_runs.h"
#include "base/clock.h"
#include "exchange/processes.h"

enum {
    TIMEOUT = 3,
    GRACE = 5,
    AT_ONCE = 4, /* cases that run at a time, most of which wait */
    CARRIES = TW__MEAN + 1,
    SUMS = TW__PARCELS + CARRIES,
    LEAVING,
    SLOTS
};
static int is_whole;

/* Of messages that do not come whole the carrier still has the bytes, so that they are not freed. */
const char *__lsan_default_options(void);
const char *__lsan_default_options(void) { return "detect_leaks=0"; }

/* What a rank has sent so far, by kinds, and where it dies. */
struct plan {
    size_t rank, slot;
    uint64_t at; /* from 1 on; 0: nowhere */
    enum memory_death how;
    double died; /* when; 0: it has not */
    uint64_t sent[MEMORY_MOST][SLOTS];
};

static const char *slot_name(size_t slot)
{
    static const char *const parcels[] = {"message", "go",   "pause", "summary", "collect",
                                          "state",   "idle", "end",   "hello"},
                             *const contents[] = {"nothing",  "a gradient", "weights",
                                                  "a vector", "a list",     "a mean"};
    if (slot == SUMS) return "sums";
    if (slot == LEAVING) return "leaving";
    return slot < TW__PARCELS ? parcels[slot] : contents[slot - TW__PARCELS];
}

/* SLOTS: a sign of life, which may come at any time. */
static size_t slot_of(int channel, const void *bytes, size_t n)
{
    tw__parcel_head h;
    int32_t sign;
    if (channel == TW_LINK_SUMS) return SUMS;
    if (channel == TW_LINK_CONTROL) {
        memcpy(&sign, bytes, sizeof sign);
        return sign == 1 ? LEAVING : SLOTS;
    }
    assert_true(n >= sizeof h);
    memcpy(&h, bytes, sizeof h);
    return h.kind == TW__MESSAGE ? TW__PARCELS + h.carries : h.kind;
}

static enum memory_death dies(void *user, size_t rank, int channel, const void *bytes, size_t n)
{
    struct plan *p = user;
    const size_t slot = slot_of(channel, bytes, n);
    if (slot == SLOTS) return MEMORY_LIVES;
    const uint64_t number = ++p->sent[rank][slot];
    if (rank != p->rank || slot != p->slot || number != p->at) return MEMORY_LIVES;
    p->died = tw__seconds();
    return p->how;
}

/* ---- one case ------------------------------------------------------------------------------------------ */

struct scene {
    const char *model, *exchange, *solver; /* solver: or NULL */
    size_t processes;
    struct plan plan;
    struct process process[MEMORY_MOST];
    double ended;
};

static void *play(void *arg)
{
    struct scene *s = arg;
    worker_run r =
        {.rows = networks_data, .model = s->model, .classes = 3, .n_rows = 96, .looked_at = 4, .o.epochs = 4};
    r.o.solver = s->solver;
    const worker_run *const runs[] = {&r, &r, &r, &r};
    be_all_but(runs, s->exchange, s->processes, s->process, dies, &s->plan);
    s->ended = tw__seconds();
    free_all(s->process, s->processes);
    return NULL;
}

/* A process that dies when all is done may be missed by nobody; how often it says that it is idle is not the
 * same in every run. */
static void judge(const struct scene *s, int may_be_missed)
{
    static const char *const how[] = {"", "before", "after", "amid"};
    char what[200], name[40];
    const struct plan *p = &s->plan;
    snprintf(what, sizeof what, "%s, rank %zu dies %s %s %llu", s->exchange, p->rank, how[p->how],
             slot_name(p->slot), (unsigned long long)p->at);
    snprintf(name, sizeof name, "rank %zu on %s", p->rank, memory_hosts[p->rank]);
    if (p->died > 0 && s->ended - p->died > TIMEOUT + GRACE)
        fail_msg("%s: the others end after %.1f s", what, s->ended - p->died);
    for (size_t i = 0; i < s->processes; i++) {
        const struct process *q = &s->process[i];
        if (i == p->rank || ((may_be_missed || p->died == 0) && q->err.code == TW_OK)) continue;
        if (q->err.code != TW_ERR_WORKER || !strstr(q->err.message, name))
            fail_msg("%s: rank %zu ends with %d, \"%s\"", what, i, q->err.code, q->err.message);
    }
}

/* So many at a time. */
static void play_all(struct scene *scenes, size_t n)
{
    pthread_t thread[AT_ONCE];
    for (size_t i = 0; i < n; i += AT_ONCE) {
        const size_t now = n - i < AT_ONCE ? n - i : AT_ONCE;
        for (size_t k = 0; k < now; k++)
            assert_int_equal(pthread_create(&thread[k], NULL, play, &scenes[i + k]), 0);
        for (size_t k = 0; k < now; k++) pthread_join(thread[k], NULL);
    }
}

/* ---- all cases of an exchange -------------------------------------------------------------------------- */

/* Adds those of a kind that a rank sends so often, to scenes[n]; returns how many there are then. */
static size_t add(struct scene *scenes, size_t n, const struct scene *like, size_t rank, size_t slot,
                  uint64_t often)
{
    const uint64_t at[] = {1, often / 2 + 1, often};
    for (int i = 0; i < 3; i++)
        for (enum memory_death how = MEMORY_BEFORE; how <= MEMORY_AMID; how++) {
            if (i && at[i] == at[i - 1]) continue;
            if (!is_whole && (slot + rank + (size_t)i + (size_t)how) % 7) continue;
            scenes[n++] = (struct scene){.model = like->model,
                                         .exchange = like->exchange,
                                         .solver = like->solver,
                                         .processes = like->processes,
                                         .plan = {.rank = rank, .slot = slot, .at = at[i], .how = how}};
        }
    return n;
}

/* The last thing that a process sends is that it leaves: who has got that has no need of it. */
static int is_last(const struct scene *s)
{
    return s->plan.slot == LEAVING && (s->plan.how == MEMORY_AFTER || s->plan.at > 1);
}

static void every_state(struct scene whole, const size_t *must, size_t n_must)
{
    static struct scene scenes[MEMORY_MOST * SLOTS * 9];
    const char *const exchange = whole.exchange;
    const size_t processes = whole.processes;
    size_t n = 0;
    play(&whole);
    for (size_t i = 0; i < processes; i++)
        if (whole.process[i].err.code != TW_OK)
            fail_msg("%s, rank %zu: %s", exchange, i, whole.process[i].err.message);
    for (size_t i = 0; i < n_must; i++) {
        uint64_t often = 0;
        for (size_t rank = 0; rank < processes; rank++) often += whole.plan.sent[rank][must[i]];
        if (!often) fail_msg("%s: nobody sends %s", exchange, slot_name(must[i]));
    }
    for (size_t rank = 0; rank < processes; rank++)
        for (size_t slot = 0; slot < SLOTS; slot++)
            if (whole.plan.sent[rank][slot])
                n = add(scenes, n, &whole, rank, slot, whole.plan.sent[rank][slot]);
    play_all(scenes, n);
    for (size_t i = 0; i < n; i++) judge(&scenes[i], is_last(&scenes[i]));
    assert_true(n > 5);
}

static void shared_updates(void **state)
{
    static const size_t must[] = {TW__HELLO, TW__GO, TW__PAUSE, TW__SUMMARY, TW__END, SUMS, LEAVING};
    (void)state;
    every_state((struct scene){worker_batch_norm, "mpi:timeout=3+allreduce", .processes = 3}, must,
                sizeof must / sizeof *must);
}

static void servers(void **state)
{
    static const size_t must[] =
        {TW__HELLO, TW__GO, TW__END, TW__PARCELS + TW__GRADIENT, TW__PARCELS + TW__WEIGHTS,
         TW__IDLE,  LEAVING};
    (void)state;
    every_state((struct scene){"flatten; dense 64 relu; dense 3 softmax",
                               "mpi:timeout=3+ps:sync=ssp,staleness=2,servers=2", .processes = 2},
                must, sizeof must / sizeof *must);
}

/* Whose state rank 0 collects. */
static void averages(void **state)
{
    static const size_t must[] = {TW__COLLECT, TW__STATE, TW__END, LEAVING};
    (void)state;
    every_state((struct scene){"flatten; dense 64 relu; dense 3 softmax", "mpi:timeout=3+average:every=3",
                               .processes = 2},
                must, sizeof must / sizeof *must);
}

/* Whose sums go round. */
static void solvers(void **state)
{
    static const size_t must[] = {SUMS, LEAVING};
    (void)state;
    if (is_whole)
        every_state((struct scene){"logistic", "mpi:timeout=3+allreduce", "newton", .processes = 3}, must,
                    sizeof must / sizeof *must);
    every_state((struct scene){"softmax", "mpi:timeout=3+allreduce", "newton-cg", .processes = 2}, must,
                sizeof must / sizeof *must);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shared_updates), cmocka_unit_test(servers),
                                       cmocka_unit_test(averages), cmocka_unit_test(solvers)};
    is_whole = argc > 1 && strcmp(argv[1], "whole") == 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
