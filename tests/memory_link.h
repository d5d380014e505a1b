/* A link between threads of one process, for tests: a list of parcels for each sender, receiver and channel.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_MEMORY_LINK_H
#define TESTS_MEMORY_LINK_H
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <thalweg/link.h>

enum { MEMORY_MOST = 4 };

typedef struct memory_parcel {
    struct memory_parcel *next;
    int is_part; /* its rest never comes */
    size_t n;
    char bytes[];
} memory_parcel;

struct memory_net;
typedef struct memory_end {
    struct memory_net *net;
    size_t rank;
    int is_silent; /* what it sends is lost, as if it had died */
    int closed, failed;
} memory_end;

/* When a process dies, that is sends nothing any more, as it sends something: before, after, or with a part
 * of it sent. */
enum memory_death { MEMORY_LIVES, MEMORY_BEFORE, MEMORY_AFTER, MEMORY_AMID };

typedef struct memory_net {
    pthread_mutex_t lock;
    size_t ranks, sent; /* sent: bytes of messages */
    /* NULL, or whether a process dies, with the lock */
    enum memory_death (*dies)(void *user, size_t rank, int channel, const void *bytes, size_t n);
    void *user; /* of that */
    memory_end end[MEMORY_MOST];
    memory_parcel *first[MEMORY_MOST][MEMORY_MOST][TW_LINK_CHANNELS],
        *last[MEMORY_MOST][MEMORY_MOST][TW_LINK_CHANNELS];
} memory_net;

static const char *const memory_hosts[MEMORY_MOST] = {"north", "east", "south", "west"};

static inline tw_status memory_send(void *user, int channel, size_t to, const void *bytes, size_t n,
                                    void **request, tw_error *err)
{
    memory_end *e = user;
    memory_net *net = e->net;
    (void)err;
    memory_parcel *p = malloc(sizeof *p + n);
    p->next = NULL;
    p->n = n;
    memcpy(p->bytes, bytes, n);
    *request = NULL;
    pthread_mutex_lock(&net->lock);
    if (channel == TW_LINK_MESSAGES) net->sent += n;
    memory_parcel **last = &net->last[e->rank][to][channel];
    const enum memory_death death =
        net->dies && !e->is_silent ? net->dies(net->user, e->rank, channel, bytes, n) : MEMORY_LIVES;
    p->is_part = death == MEMORY_AMID;
    if (e->is_silent || death == MEMORY_BEFORE) free(p);
    else {
        if (*last) (*last)->next = p;
        else net->first[e->rank][to][channel] = p;
        *last = p;
    }
    if (death != MEMORY_LIVES) e->is_silent = 1;
    pthread_mutex_unlock(&net->lock);
    return TW_OK;
}

static inline tw_status memory_probe(void *user, int channel, size_t *from, int *found, size_t *n,
                                     void **message, tw_error *err)
{
    memory_end *e = user;
    memory_net *net = e->net;
    (void)err;
    *found = 0;
    pthread_mutex_lock(&net->lock);
    for (size_t i = 0; i < net->ranks && !*found; i++) {
        memory_parcel *p = net->first[i][e->rank][channel];
        if ((*from < net->ranks && *from != i) || !p) continue;
        net->first[i][e->rank][channel] = p->next;
        if (!p->next) net->last[i][e->rank][channel] = NULL;
        *found = 1;
        *from = i;
        *n = p->n;
        *message = p;
    }
    pthread_mutex_unlock(&net->lock);
    return TW_OK;
}

static inline tw_status memory_receive(void *user, void *message, void *to, size_t n, void **request,
                                       tw_error *err)
{
    const memory_parcel *p = message;
    (void)err;
    memcpy(to, p->bytes, n);
    *request = p->is_part ? user : NULL;
    free(message);
    return TW_OK;
}

static inline tw_status memory_test(void *user, void **request, int *done, tw_error *err)
{
    (void)user, (void)err;
    *done = *request == NULL;
    return TW_OK;
}

static inline void memory_close(void *user, int failed)
{
    memory_end *e = user;
    e->closed = 1;
    e->failed = failed;
}

static inline void memory_open(memory_net *net, size_t ranks)
{
    *net = (memory_net){.ranks = ranks};
    pthread_mutex_init(&net->lock, NULL);
    for (size_t i = 0; i < ranks; i++) net->end[i] = (memory_end){.net = net, .rank = i};
}

static inline tw_link_carrier memory_carrier(memory_net *net, size_t rank)
{
    return (tw_link_carrier){.size = sizeof(tw_link_carrier),
                             .name = "memory",
                             .rank = rank,
                             .ranks = net->ranks,
                             .hosts = memory_hosts,
                             .user = &net->end[rank],
                             .send = memory_send,
                             .probe = memory_probe,
                             .receive = memory_receive,
                             .test = memory_test,
                             .close = memory_close};
}

static inline void memory_silence(memory_net *net, size_t rank)
{
    pthread_mutex_lock(&net->lock);
    net->end[rank].is_silent = 1;
    pthread_mutex_unlock(&net->lock);
}

/* Frees what nobody has read. */
static inline void memory_end_all(memory_net *net)
{
    for (size_t i = 0; i < net->ranks; i++)
        for (size_t j = 0; j < net->ranks; j++)
            for (int c = 0; c < TW_LINK_CHANNELS; c++)
                for (memory_parcel *p = net->first[i][j][c], *next; p; p = next) {
                    next = p->next;
                    free(p);
                }
    pthread_mutex_destroy(&net->lock);
}
#endif
