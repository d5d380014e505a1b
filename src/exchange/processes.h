/* The transport mpi from inside: what each process knows of the others, and the parcels between them.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_PROCESSES_H
#define TW_EXCHANGE_PROCESSES_H
#include "exchange/content.h"
#include "exchange/link.h"
#include <pthread.h>

enum { TW__PARCEL_MAGIC = 0x54574c4b, TW__PARCEL_VERSION = 3, TW__LIBRARY = 14 };

/* Kinds of parcels, and what every one begins with. number: of the messages from this process to that one. */
enum {
    TW__MESSAGE,
    TW__GO,
    TW__PAUSE,
    TW__SUMMARY,
    TW__COLLECT,
    TW__STATE,
    TW__IDLE,
    TW__END,
    TW__HELLO,
    TW__WRITE,
    TW__WRITTEN,
    TW__PARCELS
};
typedef struct tw__parcel_head {
    /* Where they are from version 3 on, so that each knows of any other what it is. */
    uint32_t magic;
    uint16_t version, kind, bytes; /* bytes: of this head */
    char library[TW__LIBRARY];     /* tw_version, as much as fits */

    int32_t what;
    uint32_t carries;
    uint64_t from, to, lo, hi, clock, base, number;
    double time; /* of its sending, by the sender's clock */
} tw__parcel_head;

/* x->carrier */
typedef struct tw__processes {
    tw_link *link;
    size_t rank;
    double timeout;
    /* Its clock: of work before; since when it goes, 0: it stands; what is added, so that no parcel comes
     * before it was sent. */
    double seconds;
    _Atomic double began, ahead;
    tw__stand_in *stand_in; /* of every worker */
    pthread_t thread;       /* where there are servers: they act while the worker here evaluates */
    int is_started;
    _Atomic int stops, halts; /* halts: it has failed */
    tw_status status;
    tw_error error;
    pthread_mutex_t server, pump;
    pthread_mutex_t lock; /* for the mail and the numbers below */
    tw__parcel *first, *last;
    uint64_t *sent, *got; /* messages to and from each */
    uint64_t *said;       /* rank 0: what each has said of these, sent and got */
    unsigned char *is_idle;
    _Atomic int has_said;
    _Atomic double acted;   /* when a server here did so last */
    _Atomic double checked; /* when it looked last whether another has failed */
    int is_going;
    int has_begun; /* its state was compared with that of the others */
    int is_broken; /* an error has stopped it, of which the others learn from the link */
    int knows;     /* rank 0: of the others since the stretch: 1: what `gather` looks at, 2: all */
    /* Of the last request for parts: large fields of the worker here; at rank 0 those of all others. */
    tw__held *held;
    size_t n_held, held_capacity;
    int saves_parts;          /* what they have need not be collected */
    uint64_t messages, bytes; /* that rank 0 knows of */
    uint64_t *taken;          /* numbers of updates that each worker has taken */
} tw__processes;

/* ---- mail.c -------------------------------------------------------------------------------------------- */

/* m: NULL, or the message that it is of */
tw__parcel_head tw__parcel_head_of(const tw__workers *x, int kind, const tw__message *m);
tw__parcel_head tw__processes_head(const tw__parcel *p);
/* A parcel of a kind with n bytes, to a rank, or to all others. */
tw_status tw__processes_say(const tw__workers *x, size_t to, int kind, const void *bytes, size_t n,
                            tw_error *err);
tw_status tw__processes_say_to_all(const tw__workers *x, int kind, const void *bytes, size_t n,
                                   tw_error *err);
/* To all others, with a number in the head. */
tw_status tw__processes_ask(const tw__workers *x, int kind, int what, tw_error *err);
/* Of the transport; puts what a message has with it where it belongs, and lets it be received. */
tw_status tw__processes_send(tw__workers *x, const tw__message *m, tw_error *err);
tw_status tw__processes_receive(tw__workers *x, const tw__parcel *p, tw_error *err);
/* Takes in what has come: servers act, all else is mail. */
tw_status tw__processes_pump(tw__workers *x, tw_error *err);
tw__parcel *tw__processes_take(tw__processes *c); /* NULL: there is no mail */
/* The next parcel; rank 0, while workers are at work: NULL, when all are idle. rests: the worker here has no
 * more updates, and will say so at once; else it may only wait for a message that is about to come. */
tw_status tw__processes_next(tw__workers *x, int rests, const char *doing, tw__parcel **out, tw_error *err);
tw_status tw__processes_note_idle(const tw__workers *x, tw__processes *c, const tw__parcel *p, tw_error *err);
/* A failure here or elsewhere. doing: what is waited for. */
tw_status tw__processes_check(const tw__workers *x, const char *doing, tw_error *err);
/* Between two looks for a message: the sooner the next, the sooner the last one came. */
tw_status tw__processes_wait(const tw__workers *x, unsigned looks, const char *doing, tw_error *err);
/* Seconds of work so far: the clock stands between a stretch and the next. By the times of parcels none comes
 * before it was sent. */
double tw__processes_now(const tw__workers *x);
void tw__processes_run_clock(tw__processes *c, int goes);
void tw__processes_set_clock(tw__workers *x, const tw__parcel_head *h);
tw_status tw__processes_garbled(const tw__workers *x, size_t from, tw_error *err);

/* ---- processes_state.c --------------------------------------------------------------------------------- */

/* What the worker here has done since the last time, for rank 0; that of all others, when a stretch is
 * over. */
tw_status tw__processes_say_summary(tw__workers *x, tw__processes *c, tw_error *err);
tw_status tw__processes_gather(tw__workers *x, tw__processes *c, tw_error *err);
/* Of the transport: the state of all workers into the stand-ins here. The others answer with theirs. whole
 * TW__IN_PARTS: all but large fields, which are noted in c->held, and are ranges of it where all have the
 * same. */
enum { TW__IN_PARTS = 2 };
tw_status tw__processes_collect(tw__workers *x, int whole, tw_error *err);
tw_status tw__processes_say_state(tw__workers *x, const tw__parcel *p, tw_error *err);

/* ---- processes_parts.c --------------------------------------------------------------------------------- */

/* Of the transport; and what another process does for it. */
tw_status tw__processes_save_parts(tw__workers *x, const tw__parts_saving *s, tw_error *err);
tw_status tw__processes_write_part(tw__workers *x, const tw__parcel *p, tw_error *err);

/* ---- processes_sums.c: of the transport ---------------------------------------------------------------- */

tw_status tw__processes_reduce(tw__workers *x, const tw__worker *me, double *sums, size_t lo, size_t hi,
                               size_t leaves, size_t n, tw_error *err);
tw_status tw__processes_send_numbers(tw__workers *x, size_t to, const void *numbers, size_t bytes,
                                     tw_error *err);
tw_status tw__processes_receive_numbers(tw__workers *x, size_t from, void *numbers, size_t bytes,
                                        tw_error *err);
#endif
