/* Workers that step the same weights in shared memory; see shared.h. A weight is read and written at once,
 * but the weights that a worker has read need not have been there at the same time.
 * SPDX-License-Identifier: MIT */
#include "exchange/shared.h"
#include "optimizer/shared.h"
#include <pthread.h>
#include <sched.h>

/* An update that was stepped and not yet counted: so many are, together, as that takes a lock. */
enum { MOST_UNCOUNTED = 64 };
struct stepped {
    tw_sums sums;
    uint64_t update, rows, staleness;
};

/* A worker's side; so long that no two count their steps on the same cache line. */
struct hand {
    _Atomic uint64_t steps; /* that it has made */
    uint64_t seen;          /* steps of all others when it read weights */
    tw__stepper stepper;
    size_t n;
    struct stepped uncounted[MOST_UNCOUNTED];
};

struct shared {
    struct hand *hand;
    size_t n_hands, n_locks, length; /* length: weights of a lock */
    _Atomic unsigned char *lock;
    pthread_mutex_t counting;
};

/* ---- counting ------------------------------------------------------------------------------------------ */

static uint64_t steps_of_others(const tw__workers *x, const tw__worker *me)
{
    const struct shared *p = x->state;
    uint64_t sum = 0;
    for (size_t i = 0; i < x->n; i++)
        if (i != me->index) sum += atomic_load_explicit(&p->hand[i].steps, memory_order_relaxed);
    return sum;
}

static tw_status count_all(tw__workers *x, const tw__worker *me, tw_error *err)
{
    struct shared *p = x->state;
    struct hand *hand = &p->hand[me->index];
    tw_status s = TW_OK;
    pthread_mutex_lock(&p->counting);
    for (size_t i = 0; s == TW_OK && i < hand->n; i++) {
        const struct stepped *u = &hand->uncounted[i];
        tw__note_staleness(x, me, u->update, u->staleness);
        tw__count_steps(x->set.optimizer, atomic_load(&x->done) + 1);
        s = tw__count_sums(x, me, x->set.w, &u->sums, u->rows, err);
    }
    pthread_mutex_unlock(&p->counting);
    hand->n = 0;
    return s;
}

/* ---- workers ------------------------------------------------------------------------------------------- */

tw_status tw__shared_next(tw__workers *x, tw__worker *me, enum tw__act *act, tw_error *err)
{
    *act = tw__take_update(x, me) ? TW__COMPUTE : TW__REST;
    return *act == TW__REST ? count_all(x, me, err) : TW_OK;
}

#define FETCH(real)                                                                       \
    for (size_t i = 0; i < n; i++) {                                                      \
        const size_t at = index ? index[i] : i;                                           \
        __atomic_load((const real *)x->set.w + at, (real *)me->w + at, __ATOMIC_RELAXED); \
    }

tw_status tw__shared_fetch(tw__workers *x, tw__worker *me, size_t n, const uint32_t *index, tw_error *err)
{
    struct shared *p = x->state;
    (void)err;
    p->hand[me->index].seen = steps_of_others(x, me);
    if (x->set.type == TW_F32) FETCH(float)
    else FETCH(double)
    return TW_OK;
}

/* Locks are held for as long as a step takes: who waits for one gives the core away. There are many, so each
 * is a byte. */
static void lock(_Atomic unsigned char *at)
{
    while (atomic_exchange_explicit(at, 1, memory_order_acquire)) sched_yield();
}
static void unlock(_Atomic unsigned char *at) { atomic_store_explicit(at, 0, memory_order_release); }

/* Of all that a gradient steps, in rising order, so that no two workers wait for each other. */
static void each_lock(struct shared *p, const tw__sum *g, void (*act)(_Atomic unsigned char *))
{
    if (!g->is_list)
        for (size_t i = 0; i < p->n_locks; i++) act(&p->lock[i]);
    else
        for (size_t i = 0; p->n_locks && i < g->list->n; i++) {
            const size_t at = g->list->index[i] / p->length;
            if (i == 0 || at != g->list->index[i - 1] / p->length) act(&p->lock[at]);
        }
}

tw_status tw__shared_computed(tw__workers *x, tw__worker *me, tw_error *err)
{
    struct shared *p = x->state;
    struct hand *hand = &p->hand[me->index];
    const tw__sum *mean = tw__mean_gradient(x, &me->gradient);
    hand->stepper.number = me->update;
    each_lock(p, mean, lock);
    const tw_status s = tw__stepper_step(x, &hand->stepper, x->set.w, mean, NULL, err);
    each_lock(p, mean, unlock);
    TW_TRY(s);
    const uint64_t made = atomic_load_explicit(&hand->steps, memory_order_relaxed);
    hand->uncounted[hand->n++] = (struct stepped){.sums = me->gradient.leaf[0],
                                                  .update = me->update,
                                                  .rows = me->gradient.rows,
                                                  .staleness = steps_of_others(x, me) - hand->seen};
    atomic_store_explicit(&hand->steps, made + 1, memory_order_relaxed);
    return hand->n == MOST_UNCOUNTED ? count_all(x, me, err) : TW_OK;
}

tw_status tw__shared_receive(tw__workers *x, const tw__message *m, tw_error *err)
{
    (void)x;
    return tw__fail(err, TW_ERR_INTERNAL, "workers that share memory send no messages, as worker %zu did",
                    m->from);
}

/* All that is shared is the run's. */
tw_status tw__shared_visit(tw__workers *x, tw_visitor *v, tw_error *err)
{
    (void)x, (void)v, (void)err;
    return TW_OK;
}

/* ---- making -------------------------------------------------------------------------------------------- */

static tw_status make_locks(tw__workers *x, struct shared *p, size_t length, tw_error *err)
{
    if (!length) return TW_OK;
    p->length = length;
    p->n_locks = (x->set.size - 1) / length + 1;
    return tw__alloc(x->ctx, &p->lock, p->n_locks, sizeof *p->lock, err);
}

static tw_status make_hands(tw__workers *x, struct shared *p, int adds, tw_error *err)
{
    TW_TRY(tw__alloc(x->ctx, &p->hand, x->n, sizeof *p->hand, err));
    p->n_hands = x->n;
    for (size_t i = 0; i < x->n; i++) {
        TW_TRY(tw__stepper_create(x, 0, x->set.size, 1, &p->hand[i].stepper, err));
        TW_TRY(tw__stepper_share(x, &p->hand[i].stepper, adds, err));
    }
    return TW_OK;
}

tw_status tw__shared_create(tw__workers *x, int adds, size_t lock, tw_error *err)
{
    struct shared *p;
    if (x->set.needs_point)
        return tw__fail(err, TW_ERR_SPEC,
                        "exchange %s: the rule corrects for what others have stepped since the gradient was "
                        "taken, which here may be at any moment: use ps:sync=asp",
                        x->choice.spec);
    TW_TRY(tw__alloc(x->ctx, &p, 1, sizeof *p, err));
    pthread_mutex_init(&p->counting, NULL);
    x->state = p;
    x->has_several = 1;
    TW_TRY(make_hands(x, p, adds, err));
    TW_TRY(make_locks(x, p, lock, err));
    return tw__copy_weights(x, err);
}

void tw__shared_free(tw__workers *x)
{
    struct shared *p = x->state;
    if (!p) return;
    for (size_t i = 0; i < p->n_hands; i++) tw__stepper_free(x, &p->hand[i].stepper);
    tw__free(x->ctx, (void *)p->lock, p->n_locks, sizeof *p->lock);
    pthread_mutex_destroy(&p->counting);
    tw__free(x->ctx, p->hand, p->n_hands, sizeof *p->hand);
    tw__free(x->ctx, p, 1, sizeof *p);
}
