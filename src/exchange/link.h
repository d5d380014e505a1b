/* A link as a transport sees it: parcels to and from other processes, and whether these still live.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_LINK_H
#define TW_EXCHANGE_LINK_H
#include "base/context.h"
#include <thalweg/link.h>

/* Bytes that are sent or have come. */
typedef struct tw__parcel tw__parcel;
struct tw__parcel {
    size_t from, n;
    unsigned char *bytes;
    size_t capacity;
    void *request;
    tw__parcel *next; /* for whoever has it */
};

/* Of one process, which has nobody to send to. */
tw_status tw__link_alone(tw_link **out, tw_context *ctx, tw_error *err);

/* Of n bytes, which are not set. */
tw_status tw__parcel_create(tw_link *link, size_t n, tw__parcel **out, tw_error *err);
void tw__parcel_free(tw_link *link, tw__parcel *parcel); /* NULL is fine */

/* Sends a parcel and frees it, also after a failure; does not wait. */
tw_status tw__link_send(tw_link *link, int channel, size_t to, tw__parcel *parcel, tw_error *err);
/* The next parcel from a rank, or from any (ranks); NULL: none has come. */
tw_status tw__link_receive(tw_link *link, int channel, size_t from, tw__parcel **out, tw_error *err);
/* Gives the carrier time to send what is not yet sent. */
tw_status tw__link_push(tw_link *link, tw_error *err);
/* The error of another process, if one has failed; TW_ERR_WORKER: one has given no sign of life for so many
 * seconds. doing: what this one waits for, for the message. */
tw_status tw__link_check(tw_link *link, double timeout, const char *doing, tw_error *err);
/* How long to wait for the rest of a message, and at the end for others; 30 s unless it is set. */
void tw__link_set_patience(tw_link *link, double seconds);
/* Between two looks for a parcel, of which so many were in vain: the sooner the next, the sooner the last one
 * came. From TW__LINK_LOOKS on it sleeps. */
enum { TW__LINK_LOOKS = 2000 };
void tw__link_rest(unsigned looks);
/* Lines on the run here and at another rank: TW_ERR_SPEC with the first in which they differ. */
tw_status tw__link_same(const tw_link *link, size_t other, const char *mine, const char *theirs,
                        tw_error *err);
/* TW_ERR_WORKER: a parcel is none that a rank could have sent. */
tw_status tw__link_garbled(const tw_link *link, size_t from, tw_error *err);
#endif
