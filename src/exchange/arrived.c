/* Updates that workers step in weights of their own and that count when they are handed over: they are
 * counted one by one, so that a simulation can stop between any two.
 * SPDX-License-Identifier: MIT */
#include "exchange/protocol.h"
#include <string.h>

tw_status tw__hand_over(tw__workers *x, tw__worker *me, tw_error *err)
{
    if (!x->counts_arrivals || me->n_later == 0) return TW_OK;
    const size_t left = x->n_arrived - x->n_counted;
    if (left > 0) memmove(x->arrived, x->arrived + x->n_counted, left * sizeof *x->arrived);
    x->n_arrived = left;
    x->n_counted = 0;
    TW_TRY(tw__grow(x->ctx, &x->arrived, &x->arrived_capacity, x->n_arrived + me->n_later, sizeof *x->arrived,
                    err));
    memcpy(x->arrived + x->n_arrived, me->later, me->n_later * sizeof *me->later);
    x->n_arrived += me->n_later;
    me->n_later = 0;
    return TW_OK;
}

tw_status tw__count_arrived(tw__workers *x, int *counted, tw_error *err)
{
    *counted = x->n_counted < x->n_arrived;
    if (!*counted) return TW_OK;
    const struct tw__later *next = &x->arrived[x->n_counted++];
    atomic_fetch_add(&x->done, 1);
    return x->set.count(x->set.user, next->worker, NULL, &next->sums, next->rows, err);
}

void tw__arrived_free(tw__workers *x)
{
    tw__free(x->ctx, x->arrived, x->arrived_capacity, sizeof *x->arrived);
}

/* ---- in checkpoints ------------------------------------------------------------------------------------ */

/* All in one list, first those that have arrived and then each worker's. */
enum { NUMBERS = 4, SUMS = 3 };

static void write(uint64_t *number, double *sum, const struct tw__later *u, size_t n, int has_arrived)
{
    for (size_t i = 0; i < n; i++, number += NUMBERS, sum += SUMS) {
        const uint64_t numbers[NUMBERS] = {u[i].worker, u[i].update, u[i].rows, (uint64_t)has_arrived};
        memcpy(number, numbers, sizeof numbers);
        memcpy(sum, &u[i].sums, sizeof u[i].sums);
    }
}

static tw_status read(tw__workers *x, const uint64_t *number, const double *sum, size_t n, tw_error *err)
{
    x->n_arrived = x->n_counted = 0;
    for (size_t i = 0; i < x->n; i++) x->worker[i].n_later = 0;
    for (size_t i = 0; i < n; i++, number += NUMBERS, sum += SUMS) {
        if (number[0] >= x->n)
            return tw__fail(err, TW_ERR_DATA, "the stored exchange has an update of worker %llu of %zu",
                            (unsigned long long)number[0], x->n);
        tw__worker *me = &x->worker[number[0]];
        struct tw__later **to = number[3] ? &x->arrived : &me->later;
        size_t *const count = number[3] ? &x->n_arrived : &me->n_later,
                      *capacity = number[3] ? &x->arrived_capacity : &me->later_capacity;
        TW_TRY(tw__grow(x->ctx, to, capacity, *count + 1, sizeof **to, err));
        struct tw__later *new = &(*to)[(*count)++];
        *new = (struct tw__later){.worker = me->index, .update = number[1], .rows = number[2]};
        memcpy(&new->sums, sum, sizeof new->sums);
    }
    return TW_OK;
}

tw_status tw__arrived_visit(tw__workers *x, tw_visitor *v, tw_error *err)
{
    _Static_assert(sizeof(tw_sums) == SUMS * sizeof(double), "sums are three numbers");
    size_t n = x->n_arrived - x->n_counted;
    for (size_t i = 0; i < x->n; i++) n += x->worker[i].n_later;
    size_t numbers = n * NUMBERS, sums = n * SUMS, at = x->n_arrived - x->n_counted;
    uint64_t *number = NULL;
    double *sum = NULL;
    tw_status s = tw__alloc(x->ctx, &number, n, NUMBERS * sizeof *number, err);
    if (s == TW_OK) s = tw__alloc(x->ctx, &sum, n, SUMS * sizeof *sum, err);
    if (s == TW_OK) write(number, sum, x->arrived + x->n_counted, at, 1);
    for (size_t i = 0; s == TW_OK && i < x->n; at += x->worker[i++].n_later)
        write(number + at * NUMBERS, sum + at * SUMS, x->worker[i].later, x->worker[i].n_later, 0);
    if (s == TW_OK) s = v->list(v, "exchange.later", TW_I64, &numbers, (void **)&number, x->ctx, err);
    if (s == TW_OK) s = v->list(v, "exchange.later_sums", TW_F64, &sums, (void **)&sum, x->ctx, err);
    if (s == TW_OK && v->loading == TW_LOAD)
        s = numbers / NUMBERS == sums / SUMS && numbers % NUMBERS == 0 && sums % SUMS == 0
                ? read(x, number, sum, numbers / NUMBERS, err)
                : tw__fail(err, TW_ERR_DATA, "the stored exchange has updates that do not fit together");
    tw__free(x->ctx, sum, sums, sizeof *sum);
    tw__free(x->ctx, number, numbers, sizeof *number);
    return s;
}
