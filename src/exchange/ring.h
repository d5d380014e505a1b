/* Sums over the processes of a run whose loop is that of rank 0 alone: it requests a sum, each process adds
 * up its share of the rows, and rank 0 gets the whole.
 *
 *     request    0 -> 1 -> 2 -> 3
 *     sum        0 -> 1 -> 2 -> 3 -> 0    each adds its own to what those before it have added
 *
 * So numbers are added in the order of the ranks, as one process would add them: the bits are the same. Of
 * long vectors pieces are on their way at the same time.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_RING_H
#define TW_EXCHANGE_RING_H
#include "exchange/link.h"
#include "exchange/protocol.h"

typedef struct tw__ring tw__ring;

/* Of the processes of a link, which are lost after so many seconds without a sign of life. */
tw_status tw__ring_create(tw__ring **out, tw_context *ctx, tw_link *link, double timeout, tw_error *err);
/* Rank 0 tells the others that there are no more requests. NULL is fine. */
void tw__ring_free(tw__ring *r);
size_t tw__ring_rank(const tw__ring *r);
/* Whether this process does what another requests; NULL: it does not. */
static inline int tw__ring_is_helper(const tw__ring *r) { return r && tw__ring_rank(r) > 0; }
/* Where the share of a rank begins, of n parts; rank: that of this process plus `next`. Rank 0 has one at
 * least. */
size_t tw__ring_share(const tw__ring *r, size_t n, size_t next);

/* Lines on the run, which are the same in all processes: TW_ERR_SPEC where they are not. */
tw_status tw__ring_agree(tw__ring *r, const char *lines, tw_error *err);

/* what: more than TW__RING_OVER; n numbers go with it. */
typedef struct tw__request {
    uint32_t what, detail;
} tw__request;
enum { TW__RING_OVER };
/* Rank 0. */
tw_status tw__ring_request(tw__ring *r, tw__request q, const double *x, size_t n, tw_error *err);
/* The others: the next request, and its n numbers unless it is TW__RING_OVER. */
tw_status tw__ring_next(tw__ring *r, tw__request *q, double *x, size_t n, tw_error *err);

/* Adds vectors of n numbers, `parts` of them in this process, each `stride` numbers after the one before:
 * x becomes, at rank 0, ((part 0 + part 1) + ...) + the first of rank 1 + ...; elsewhere it is changed. */
tw_status tw__ring_add(tw__ring *r, double *x, size_t n, size_t parts, size_t stride, tw_error *err);
/* Which leaves of a batch tree are a rank's. */
void tw__ring_leaves(const tw__ring *r, size_t leaves, size_t rank, size_t *lo, size_t *hi);
/* Adds nodes of a batch tree up as the tree says, each process having those of its leaves: vectors of n
 * numbers, which it changes, or lists, which become vectors. At rank 0 the sum is copied to `to`. */
tw_status tw__ring_merge(tw__ring *r, const tw__gradient *mine, tw_type type, size_t n, void *to,
                         tw_error *err);

/* What the processes have done, as rank 0 knows it; *each: of every one, valid as long as the ring. */
void tw__ring_info(const tw__ring *r, const tw_worker_info **each, size_t *ranks, uint64_t *messages);
#endif
