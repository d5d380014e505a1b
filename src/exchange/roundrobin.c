/* roundrobin: workers step one after the other, by a turn that goes round.
 *
 *     roundrobin           who has the turn evaluates an update, steps it and passes the turn on
 *     roundrobin-delayed   who has the turn steps the gradient that it has, reads the weights for its next
 *                          one and passes the turn on; it evaluates while others have it, so that every
 *                          gradient is n - 1 steps old
 *
 * Langford, Smola & Zinkevich 2009.
 * SPDX-License-Identifier: MIT */
#include "exchange/protocol.h"
#include <string.h>

struct seat {
    int has_turn, has_gradient;
    int is_lost;   /* the gradient, as the run was saved meanwhile: it is evaluated again */
    uint64_t seen; /* steps that had been made when it read the weights */
};

struct turns {
    int is_delayed;
    struct seat *seat;
    tw__stepper all;
};

static tw_status pass_on(tw__workers *x, const tw__worker *me, tw_error *err)
{
    struct turns *t = x->state;
    const tw__message m = {.from = me->index, .to = (me->index + 1) % x->n};
    t->seat[me->index].has_turn = 0;
    return tw__send(x, &m, err);
}

static tw_status step(tw__workers *x, tw__worker *me, tw_error *err)
{
    struct turns *t = x->state;
    struct seat *mine = &t->seat[me->index];
    const void *at = x->set.needs_point && me->w ? me->w : NULL;
    mine->has_gradient = 0;
    TW_TRY(tw__stepper_step(x, &t->all, x->set.w, tw__mean_gradient(x, &me->gradient), at, err));
    tw__note_staleness(x, me, me->update, atomic_load(&x->done) - mine->seen);
    me->clock++;
    return tw__count_update(x, me, x->set.w, err);
}

/* Numbers of gradients that are evaluated in advance; only who has the turn asks. */
static int take_in_advance(tw__workers *x, tw__worker *me)
{
    if (atomic_load(&x->given) >= x->set.total) return 0;
    me->update = atomic_fetch_add(&x->given, 1);
    return 1;
}

static tw_status next(tw__workers *x, tw__worker *me, enum tw__act *act, tw_error *err)
{
    struct turns *t = x->state;
    struct seat *mine = &t->seat[me->index];
    *act = mine->is_lost ? TW__COMPUTE : TW__WAIT;
    if (mine->is_lost || !mine->has_turn) return TW_OK;
    *act = TW__REST;
    if (mine->has_gradient && me->update >= atomic_load(&x->limit)) return TW_OK;
    if (mine->has_gradient) TW_TRY(step(x, me, err));
    if (t->is_delayed ? take_in_advance(x, me) : tw__take_update(x, me)) *act = TW__COMPUTE;
    /* there are no more, but others may have some to step */
    else if (t->is_delayed && atomic_load(&x->done) < x->set.total) return pass_on(x, me, err);
    return TW_OK;
}

static void copy_weights(const tw__workers *x, void *to, size_t n, const uint32_t *index)
{
    const size_t real = x->k->real;
    if (!index) memcpy(to, x->set.w, n * real);
    for (size_t i = 0; index && i < n; i++)
        memcpy((char *)to + index[i] * real, (const char *)x->set.w + index[i] * real, real);
}

/* With the turn, or again. */
static tw_status fetch(tw__workers *x, tw__worker *me, size_t n, const uint32_t *index, tw_error *err)
{
    struct seat *mine = &((struct turns *)x->state)->seat[me->index];
    if (mine->is_lost) return TW_OK;
    if (me->w) copy_weights(x, me->w, n, index);
    mine->seen = atomic_load(&x->done);
    return pass_on(x, me, err);
}

static tw_status computed(tw__workers *x, tw__worker *me, tw_error *err)
{
    struct turns *t = x->state;
    struct seat *mine = &t->seat[me->index];
    mine->is_lost = 0;
    mine->has_gradient = 1;
    if (t->is_delayed) return TW_OK;
    mine->seen = atomic_load(&x->done);
    TW_TRY(step(x, me, err));
    return pass_on(x, me, err);
}

static tw_status receive(tw__workers *x, const tw__message *m, tw_error *err)
{
    (void)err;
    ((struct turns *)x->state)->seat[m->to].has_turn = 1;
    return TW_OK;
}

static tw_status visit(tw__workers *x, tw_visitor *v, tw_error *err)
{
    struct turns *t = x->state;
    const int64_t three = 3;
    for (size_t i = 0; i < x->n; i++) {
        struct seat *s = &t->seat[i];
        uint64_t numbers[] = {(uint64_t)s->has_turn, (uint64_t)s->has_gradient, s->seen};
        tw__numbered numbered;
        tw_visitor *const mine = tw__numbered_visitor(&numbered, v, "turn", i);
        TW_TRY(mine->field(mine, "numbers", TW_I64, 1, &three, numbers, err));
        if (v->loading != TW_LOAD) continue;
        const int held = numbers[1] != 0, kept = x->transport->keeps_gradients;
        *s = (struct seat){.has_turn = numbers[0] != 0,
                           .has_gradient = held && kept,
                           .is_lost = held && !kept,
                           .seen = numbers[2]};
    }
    return TW_OK;
}

/* ---- making -------------------------------------------------------------------------------------------- */

static tw_status create(tw__workers *x, tw_error *err)
{
    struct turns *t;
    TW_TRY(tw__alloc(x->ctx, &t, 1, sizeof *t, err));
    x->state = t;
    t->is_delayed = x->protocol->fetch != NULL;
    TW_TRY(tw__alloc(x->ctx, &t->seat, x->n, sizeof *t->seat, err));
    t->seat[0].has_turn = 1;
    TW_TRY(tw__stepper_create(x, 0, x->set.size, 0, &t->all, err));
    return t->is_delayed && (x->set.needs_point || !x->transport->answers_at_once) ? tw__copy_weights(x, err)
                                                                                   : TW_OK;
}

static void destroy(tw__workers *x)
{
    struct turns *t = x->state;
    if (!t) return;
    tw__stepper_free(x, &t->all);
    tw__free(x->ctx, t->seat, x->n, sizeof *t->seat);
    tw__free(x->ctx, t, 1, sizeof *t);
}

const tw__protocol tw__protocol_roundrobin = {
    .about = {.size = sizeof(tw_exchange),
              .name = "roundrobin",
              .help = "workers take turns to evaluate and step: the bits of one process",
              .paper = "",
              .equation = "worker k mod n: w = step(w, gradient of update k at w)"},
    .bits = TW__BITS_OF_LOCAL,
    .takes_rounds = 1,
    .create = create,
    .free = destroy,
    .next = next,
    .computed = computed,
    .receive = receive,
    .visit = visit,
};

const tw__protocol tw__protocol_roundrobin_delayed = {
    .about = {.size = sizeof(tw_exchange),
              .name = "roundrobin-delayed",
              .help = "workers take turns to step, and evaluate meanwhile: gradients are n - 1 steps old",
              .paper = "Langford, Smola & Zinkevich 2009",
              .equation = "worker k mod n: w[k+1] = step(w[k], gradient of update k at w[k - (n - 1)])\n"
                          "the first n gradients are taken at w[0]"},
    .bits = TW__BITS_REPEAT,
    .create = create,
    .free = destroy,
    .next = next,
    .fetch = fetch,
    .computed = computed,
    .receive = receive,
    .visit = visit,
};
