/* Numbers within an evaluation: sums over a batch whose rows several processes share, and what slices of a
 * model hear of each other.
 * SPDX-License-Identifier: MIT */
#include "exchange/processes.h"
#include <string.h>

struct part {
    uint64_t lo, hi, n;
};

static tw_status say_part(const tw__workers *x, const struct part *part, const double *sums, tw_error *err)
{
    const tw__processes *c = x->carrier;
    const size_t bytes = (size_t)((part->hi - part->lo) * part->n) * sizeof *sums;
    for (size_t i = 0; i < x->n; i++) {
        tw__parcel *p;
        if (i == c->rank) continue;
        TW_TRY(tw__parcel_create(c->link, sizeof *part + bytes, &p, err));
        memcpy(p->bytes, part, sizeof *part);
        memcpy(p->bytes + sizeof *part, sums + part->lo * part->n, bytes);
        TW_TRY(tw__link_send(c->link, TW_LINK_SUMS, i, p, err));
    }
    return TW_OK;
}

/* The next parcel of another process, which is to come. */
static tw_status await(const tw__workers *x, size_t from, const char *what, tw__parcel **p, tw_error *err)
{
    const tw__processes *c = x->carrier;
    *p = NULL;
    for (unsigned looks = 1; !*p; looks++) {
        TW_TRY(tw__link_receive(c->link, TW_LINK_SUMS, from, p, err));
        if (*p) break;
        TW_TRY(tw__link_push(c->link, err));
        TW_TRY(tw__processes_wait(x, looks, what, err));
    }
    return TW_OK;
}

static tw_status take_part(const tw__workers *x, size_t from, double *sums, size_t leaves, size_t n,
                           tw_error *err)
{
    const tw__processes *c = x->carrier;
    struct part part;
    tw__parcel *p;
    TW_TRY(await(x, from, "sums over a batch", &p, err));
    tw__reader_of_bytes r = {p->bytes, p->n};
    tw_status s = tw__read(&r, &part, sizeof part, err);
    if (s == TW_OK && (part.n != n || part.lo > part.hi || part.hi > leaves))
        s = tw__processes_garbled(x, from, err);
    if (s == TW_OK)
        s = tw__read(&r, sums + part.lo * n, (size_t)((part.hi - part.lo) * n) * sizeof *sums, err);
    tw__parcel_free(c->link, p);
    return s;
}

/* Each to each: one that is an evaluation ahead waits there, in its order. */
tw_status tw__processes_reduce(tw__workers *x, const tw__worker *me, double *sums, size_t lo, size_t hi,
                               size_t leaves, size_t n, tw_error *err)
{
    const struct part part = {lo, hi, n};
    TW_TRY(say_part(x, &part, sums, err));
    for (size_t i = 0; i < x->n; i++)
        if (i != me->index) TW_TRY(take_part(x, i, sums, leaves, n, err));
    return TW_OK;
}

tw_status tw__processes_send_numbers(tw__workers *x, size_t to, const void *numbers, size_t bytes,
                                     tw_error *err)
{
    const tw__processes *c = x->carrier;
    tw__parcel *p;
    TW_TRY(tw__parcel_create(c->link, bytes, &p, err));
    memcpy(p->bytes, numbers, bytes);
    return tw__link_send(c->link, TW_LINK_SUMS, to, p, err);
}

tw_status tw__processes_receive_numbers(tw__workers *x, size_t from, void *numbers, size_t bytes,
                                        tw_error *err)
{
    const tw__processes *c = x->carrier;
    tw__parcel *p;
    TW_TRY(await(x, from, "numbers of another slice of the model", &p, err));
    const tw_status s = p->n == bytes ? TW_OK : tw__processes_garbled(x, from, err);
    if (s == TW_OK) memcpy(numbers, p->bytes, bytes);
    tw__parcel_free(c->link, p);
    return s;
}
