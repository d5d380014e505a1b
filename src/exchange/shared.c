/* Workers that step the same weights in shared memory; see shared.h. A weight is read and written at once,
 * but the weights that a worker has read need not have been there at the same time.
 *
 * Where a step may overwrite those of others, a few updates are stepped in the worker's copy, and what is in
 * the weights by then is compared with what was read before it is stored: that counts what is lost.
 * SPDX-License-Identifier: MIT */
#include "exchange/shared.h"
#include "optimizer/shared.h"
#include <pthread.h>
#include <sched.h>

/* An update that was stepped and not yet counted: so many are, together, as that takes a lock. */
enum { MOST_UNCOUNTED = 64 };
/* Numbers that a worker takes at once, as that takes a cache line from the others. */
enum { NUMBERS = 8 };
/* One update in so many is looked at. */
enum { SAMPLE = 64 };
struct stepped {
    tw_sums sums;
    uint64_t update, rows, staleness;
};

/* A worker's side; so long that no two count their steps on the same cache line. */
struct hand {
    _Atomic uint64_t steps; /* that it has made */
    uint64_t seen;          /* steps of all others when it read weights */
    uint64_t next, end;     /* the numbers that it has taken */
    uint64_t stores, lost;  /* weights written in updates that were looked at; others' steps lost by that */
    void *read;             /* what was there before, n_read numbers */
    size_t n_read;
    tw__stepper stepper;
    size_t n;
    struct stepped uncounted[MOST_UNCOUNTED];
};

struct shared {
    struct hand *hand;
    size_t n_hands, n_locks, length; /* length: weights of a lock */
    int overwrites;
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
    x->stores += hand->stores;
    x->lost += hand->lost;
    pthread_mutex_unlock(&p->counting);
    hand->stores = hand->lost = 0;
    hand->n = 0;
    return s;
}

/* ---- workers ------------------------------------------------------------------------------------------- */

tw_status tw__shared_next(tw__workers *x, tw__worker *me, enum tw__act *act, tw_error *err)
{
    struct hand *hand = &((struct shared *)x->state)->hand[me->index];
    if (hand->next == hand->end) hand->end = tw__take_updates(x, NUMBERS, &hand->next);
    *act = hand->next < hand->end ? TW__COMPUTE : TW__REST;
    me->update = hand->next;
    hand->next += *act == TW__COMPUTE;
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

/* ---- steps --------------------------------------------------------------------------------------------- */

#define FIND_LOST(real)                                                                    \
    for (size_t i = 0; i < n; i++) {                                                       \
        const size_t at = index ? index[i] : i;                                            \
        real there;                                                                        \
        __atomic_load((const real *)x->set.w + at, &there, __ATOMIC_RELAXED);              \
        hand->lost += there != ((const real *)hand->read)[i];                              \
        __atomic_store((real *)x->set.w + at, (const real *)me->w + at, __ATOMIC_RELAXED); \
    }
#define READ_AGAIN(real)                                                                      \
    for (size_t i = 0; i < n; i++) {                                                          \
        const size_t at = index ? index[i] : i;                                               \
        __atomic_load((const real *)x->set.w + at, (real *)hand->read + i, __ATOMIC_RELAXED); \
        ((real *)me->w)[at] = ((const real *)hand->read)[i];                                  \
    }

static tw_status step_and_look(tw__workers *x, tw__worker *me, struct hand *hand, const tw__sum *mean,
                               tw_error *err)
{
    const uint32_t *index = mean->is_list ? mean->list->index : NULL;
    const size_t n = mean->is_list ? mean->list->n : x->set.size;
    TW_TRY(tw__grow(x->ctx, &hand->read, &hand->n_read, n, x->k->real, err));
    if (x->set.type == TW_F32) READ_AGAIN(float)
    else READ_AGAIN(double)
    TW_TRY(tw__stepper_step(x, &hand->stepper, me->w, mean, NULL, err));
    if (x->set.type == TW_F32) FIND_LOST(float)
    else FIND_LOST(double)
    hand->stores += n;
    return TW_OK;
}

tw_status tw__shared_computed(tw__workers *x, tw__worker *me, tw_error *err)
{
    struct shared *p = x->state;
    struct hand *hand = &p->hand[me->index];
    const tw__sum *mean = tw__mean_gradient(x, &me->gradient);
    hand->stepper.number = me->update;
    each_lock(p, mean, lock);
    const int looks = p->overwrites && me->update % SAMPLE == 0;
    const tw_status s = looks ? step_and_look(x, me, hand, mean, err)
                              : tw__stepper_step(x, &hand->stepper, x->set.w, mean, NULL, err);
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

tw_status tw__shared_create(tw__workers *x, tw_error *err) { return tw__shared_create_with(x, 0, 0, err); }

tw_status tw__shared_create_with(tw__workers *x, int adds, size_t lock, tw_error *err)
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
    p->overwrites = !adds && !lock && x->n > 1;
    TW_TRY(make_hands(x, p, adds, err));
    TW_TRY(make_locks(x, p, lock, err));
    return tw__copy_weights(x, err);
}

void tw__shared_free(tw__workers *x)
{
    struct shared *p = x->state;
    if (!p) return;
    for (size_t i = 0; i < p->n_hands; i++) {
        tw__stepper_free(x, &p->hand[i].stepper);
        tw__free(x->ctx, p->hand[i].read, p->hand[i].n_read, x->k->real);
    }
    tw__free(x->ctx, (void *)p->lock, p->n_locks, sizeof *p->lock);
    pthread_mutex_destroy(&p->counting);
    tw__free(x->ctx, p->hand, p->n_hands, sizeof *p->hand);
    tw__free(x->ctx, p, 1, sizeof *p);
}
