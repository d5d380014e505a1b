/* Links: parcels over a carrier's functions, a thread that gives and takes signs of life, and plug-ins.
 * SPDX-License-Identifier: MIT */
#include "exchange/link.h"
#include "base/clock.h"
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MOST_SPARE = 16, MOST_RANKS = 1024, PAGE = 4096 };
static const double second = 1, usual_patience = 30, farewell = 1, nap = 0.05, short_nap = 1e-3, blink = 2e-4,
                    moment = 5e-5;

/* What is sent on the control channel. */
enum sign { ALIVE, LEAVING, FAILED };
struct control {
    int32_t sign, code;
    char text[sizeof((tw_error *)0)->message];
};

struct tw_link {
    tw_context *ctx;
    tw_link_carrier carrier;
    pthread_t thread;
    int is_started;
    _Atomic int stops;
    pthread_mutex_t reading[TW_LINK_CHANNELS]; /* parcels leave a channel in their order */
    pthread_mutex_t lock;                      /* for what follows */
    tw__parcel *sending, *spare;
    size_t n_spare;
    _Atomic double patience; /* seconds for the rest of a message, and for the others to end */
    _Atomic double told;     /* when it gave a sign last */
    double *heard;           /* when each was last heard of */
    unsigned char *has_left;
    size_t failed; /* the first rank that has; ranks: none */
    tw_error why;
};

size_t tw_link_rank(const tw_link *link) { return link->carrier.rank; }
size_t tw_link_ranks(const tw_link *link) { return link->carrier.ranks; }
const char *tw_link_name(const tw_link *link) { return link->carrier.name; }
const char *tw_link_host(const tw_link *link, size_t rank)
{
    return rank < link->carrier.ranks ? link->carrier.hosts[rank] : NULL;
}

/* ---- parcels ------------------------------------------------------------------------------------------- */

/* One that was sent or read before and is not much too large. */
static tw__parcel *take_spare(tw_link *l, size_t n)
{
    tw__parcel *found = NULL;
    pthread_mutex_lock(&l->lock);
    for (tw__parcel **at = &l->spare; *at; at = &(*at)->next) {
        if ((*at)->capacity < n || (*at)->capacity / 2 > n + PAGE) continue;
        found = *at;
        *at = found->next;
        l->n_spare--;
        break;
    }
    pthread_mutex_unlock(&l->lock);
    return found;
}

static void free_parcel(tw_link *l, tw__parcel *p)
{
    tw__free(l->ctx, p->bytes, p->capacity, 1);
    tw__free(l->ctx, p, 1, sizeof *p);
}

tw_status tw__parcel_create(tw_link *l, size_t n, tw__parcel **out, tw_error *err)
{
    tw__parcel *p = take_spare(l, n);
    if (!p) {
        TW_TRY(tw__alloc(l->ctx, &p, 1, sizeof *p, err));
        const tw_status s = tw__resize(l->ctx, &p->bytes, &p->capacity, n ? n : 1, 1, err);
        if (s != TW_OK) {
            free_parcel(l, p);
            return s;
        }
    }
    p->n = n;
    p->next = NULL;
    *out = p;
    return TW_OK;
}

void tw__parcel_free(tw_link *l, tw__parcel *p)
{
    if (!p) return;
    pthread_mutex_lock(&l->lock);
    const int is_kept = l->n_spare < MOST_SPARE;
    if (is_kept) {
        p->next = l->spare;
        l->spare = p;
        l->n_spare++;
    }
    pthread_mutex_unlock(&l->lock);
    if (!is_kept) free_parcel(l, p);
}

static void free_list(tw_link *l, tw__parcel *p)
{
    for (tw__parcel *next; p; p = next) {
        next = p->next;
        free_parcel(l, p);
    }
}

tw_status tw__link_send(tw_link *l, int channel, size_t to, tw__parcel *p, tw_error *err)
{
    const tw_link_carrier *c = &l->carrier;
    const tw_status s = c->send(c->user, channel, to, p->bytes, p->n, &p->request, err);
    if (s != TW_OK) {
        tw__parcel_free(l, p);
        return s;
    }
    pthread_mutex_lock(&l->lock);
    p->next = l->sending;
    l->sending = p;
    pthread_mutex_unlock(&l->lock);
    return TW_OK;
}

tw_status tw__link_push(tw_link *l, tw_error *err)
{
    const tw_link_carrier *c = &l->carrier;
    tw__parcel *sent = NULL;
    tw_status s = TW_OK;
    pthread_mutex_lock(&l->lock);
    for (tw__parcel **at = &l->sending; s == TW_OK && *at;) {
        int done = 0;
        s = c->test(c->user, &(*at)->request, &done, err);
        if (!done) {
            at = &(*at)->next;
            continue;
        }
        tw__parcel *const p = *at;
        *at = p->next;
        p->next = sent;
        sent = p;
    }
    pthread_mutex_unlock(&l->lock);
    for (tw__parcel *next; sent; sent = next) {
        next = sent->next;
        tw__parcel_free(l, sent);
    }
    return s;
}

static int is_sending(tw_link *l)
{
    pthread_mutex_lock(&l->lock);
    const int result = l->sending != NULL;
    pthread_mutex_unlock(&l->lock);
    return result;
}

/* Rank 0 gives signs to all and gets them from all: what it misses it tells the others, as a failure. */
static int gives_signs(const tw_link *l, size_t rank) { return l->carrier.rank == 0 || rank == 0; }

static tw_status tell_all(tw_link *l, enum sign sign, const tw_error *failure, tw_error *err)
{
    struct control c = {.sign = (int32_t)sign};
    if (failure) {
        c.code = failure->code;
        memcpy(c.text, failure->message, sizeof c.text);
    }
    for (size_t i = 0; i < l->carrier.ranks; i++) {
        tw__parcel *p;
        if (i == l->carrier.rank || (sign != FAILED && !gives_signs(l, i))) continue;
        TW_TRY(tw__parcel_create(l, failure ? sizeof c : offsetof(struct control, text), &p, err));
        memcpy(p->bytes, &c, p->n);
        TW_TRY(tw__link_send(l, TW_LINK_CONTROL, i, p, err));
    }
    return TW_OK;
}

/* Once a second, whatever its thread waits for. */
static tw_status give_signs(tw_link *l, tw_error *err)
{
    const double now = tw__seconds();
    if (now - atomic_load(&l->told) < second) return TW_OK;
    atomic_store(&l->told, now);
    return tell_all(l, ALIVE, NULL, err);
}

static tw_status lost(const tw_link *l, size_t rank, double silent, const char *doing, tw_error *err)
{
    return tw__fail(err, TW_ERR_WORKER,
                    "rank %zu on %.60s has given no sign of life for %.0f s; rank %zu on %.60s waited for %s",
                    rank, l->carrier.hosts[rank], silent, l->carrier.rank, l->carrier.hosts[l->carrier.rank],
                    doing);
}

static void rest(double seconds)
{
    const struct timespec t = {0, (long)(seconds * 1e9)};
    nanosleep(&t, NULL);
}

void tw__link_rest(unsigned looks)
{
    enum { MOMENTS = 2000 }; /* a fifth of a second */
    if (looks < TW__LINK_LOOKS) sched_yield();
    else rest(looks < TW__LINK_LOOKS + MOMENTS ? moment : 10 * moment);
}

/* What has begun to come is there soon, unless its sender dies meanwhile: then the carrier still has the
 * parcel's bytes, which therefore are not freed. */
static tw_status wait_for_rest(tw_link *l, tw__parcel *p, tw_error *err)
{
    const double since = tw__seconds();
    int done = 0;
    for (unsigned i = 1; !done; i++) {
        TW_TRY(l->carrier.test(l->carrier.user, &p->request, &done, err));
        if (done) break;
        if (i % 64) continue;
        const double waited = tw__seconds() - since;
        if (waited < nap) sched_yield();
        else rest(waited < 10 * nap ? blink : 5 * blink);
        TW_TRY(give_signs(l, err));
        if (waited > l->patience) return lost(l, p->from, waited, "the rest of a message", err);
    }
    return TW_OK;
}

static tw_status read_next(tw_link *l, int channel, size_t from, tw__parcel **out, tw_error *err)
{
    const tw_link_carrier *c = &l->carrier;
    void *message = NULL;
    size_t n = 0;
    int found = 0;
    tw__parcel *p;
    TW_TRY(c->probe(c->user, channel, &from, &found, &n, &message, err));
    if (!found) return TW_OK;
    TW_TRY(tw__parcel_create(l, n, &p, err));
    p->from = from;
    const tw_status s = c->receive(c->user, message, p->bytes, n, &p->request, err);
    if (s != TW_OK) {
        tw__parcel_free(l, p);
        return s;
    }
    TW_TRY(wait_for_rest(l, p, err));
    pthread_mutex_lock(&l->lock);
    l->heard[from] = tw__seconds();
    pthread_mutex_unlock(&l->lock);
    *out = p;
    return TW_OK;
}

tw_status tw__link_receive(tw_link *l, int channel, size_t from, tw__parcel **out, tw_error *err)
{
    *out = NULL;
    pthread_mutex_lock(&l->reading[channel]);
    const tw_status s = read_next(l, channel, from, out, err);
    pthread_mutex_unlock(&l->reading[channel]);
    return s;
}

/* ---- the same run -------------------------------------------------------------------------------------- */

/* As much of a line as a message shows. */
static int shown(const char *line)
{
    enum { MOST = 150 };
    const size_t n = strcspn(line, "\n");
    return (int)(n < MOST ? n : MOST);
}

tw_status tw__link_same(const tw_link *l, size_t other, const char *mine, const char *theirs, tw_error *err)
{
    while (*mine && strcspn(mine, "\n") == strcspn(theirs, "\n") &&
           !strncmp(mine, theirs, strcspn(mine, "\n"))) {
        mine += strcspn(mine, "\n") + (mine[strcspn(mine, "\n")] != 0);
        theirs += strcspn(theirs, "\n") + (theirs[strcspn(theirs, "\n")] != 0);
    }
    if (!*mine && !*theirs) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "rank %zu on %.60s makes another run: %.*s, and here %.*s", other,
                    tw_link_host(l, other), shown(theirs), theirs, shown(mine), mine);
}

tw_status tw__link_garbled(const tw_link *l, size_t from, tw_error *err)
{
    return tw__fail(err, TW_ERR_WORKER,
                    "rank %zu on %.60s has sent what this version does not know, or a message is lost", from,
                    tw_link_host(l, from));
}

/* ---- signs of life ------------------------------------------------------------------------------------- */

static void note_failure(tw_link *l, size_t rank, tw_status code, const char *text)
{
    const int is_error = (code > TW_OK && code < TW_ERR_WORKER) || code == TW_ERR_STATE;
    pthread_mutex_lock(&l->lock);
    if (l->failed == l->carrier.ranks) {
        l->failed = rank;
        l->why.code = is_error ? code : TW_ERR_WORKER;
        snprintf(l->why.message, sizeof l->why.message, "%s", text);
    }
    pthread_mutex_unlock(&l->lock);
}

static void note_sign(tw_link *l, const tw__parcel *p)
{
    struct control c = {.sign = ALIVE};
    memcpy(&c, p->bytes, p->n < sizeof c ? p->n : sizeof c);
    c.text[sizeof c.text - 1] = 0;
    if (c.sign == FAILED) note_failure(l, p->from, c.code, c.text);
    pthread_mutex_lock(&l->lock);
    if (c.sign == LEAVING) l->has_left[p->from] = 1;
    pthread_mutex_unlock(&l->lock);
}

static tw_status read_signs(tw_link *l, tw_error *err)
{
    tw__parcel *p;
    for (;;) {
        TW_TRY(tw__link_receive(l, TW_LINK_CONTROL, l->carrier.ranks, &p, err));
        if (!p) return TW_OK;
        note_sign(l, p);
        tw__parcel_free(l, p);
    }
}

static void *live(void *arg)
{
    tw_link *l = arg;
    tw_error err;
    while (!atomic_load(&l->stops)) {
        tw_status s = read_signs(l, &err);
        if (s == TW_OK) s = tw__link_push(l, &err);
        if (s == TW_OK) s = give_signs(l, &err);
        if (s != TW_OK) note_failure(l, l->carrier.rank, s, err.message);
        rest(nap);
    }
    return NULL;
}

/* The error of this process or of another one, if one has failed. With the lock. */
static tw_status failure(const tw_link *l, tw_error *err)
{
    if (l->failed == l->carrier.ranks) return TW_OK;
    if (l->failed == l->carrier.rank) return tw__fail(err, l->why.code, "%s", l->why.message);
    return tw__fail(err, l->why.code, "rank %zu on %.60s has failed: %.350s", l->failed,
                    l->carrier.hosts[l->failed], l->why.message);
}

void tw__link_set_patience(tw_link *l, double seconds) { l->patience = seconds; }

tw_status tw__link_check(tw_link *l, double timeout, const char *doing, tw_error *err)
{
    const double now = tw__seconds();
    pthread_mutex_lock(&l->lock);
    tw_status s = failure(l, err);
    for (size_t i = 0; s == TW_OK && i < l->carrier.ranks; i++)
        if (i != l->carrier.rank && gives_signs(l, i) && now - l->heard[i] > timeout)
            s = lost(l, i, now - l->heard[i], doing, err);
    pthread_mutex_unlock(&l->lock);
    return s;
}

/* ---- making -------------------------------------------------------------------------------------------- */

static tw_status start_thread(tw_link *l, tw_error *err)
{
    sigset_t all, was;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &was);
    l->is_started = pthread_create(&l->thread, NULL, live, l) == 0;
    pthread_sigmask(SIG_SETMASK, &was, NULL);
    return l->is_started ? TW_OK : tw__fail(err, TW_ERR_SYSTEM, "the system refuses to start a thread");
}

static void destroy(tw_link *l)
{
    atomic_store(&l->stops, 1);
    if (l->is_started) pthread_join(l->thread, NULL);
    free_list(l, l->sending);
    free_list(l, l->spare);
    for (int i = 0; i < TW_LINK_CHANNELS; i++) pthread_mutex_destroy(&l->reading[i]);
    pthread_mutex_destroy(&l->lock);
    tw__free(l->ctx, l->heard, l->carrier.ranks, sizeof *l->heard);
    tw__free(l->ctx, l->has_left, l->carrier.ranks, 1);
    tw__free(l->ctx, l, 1, sizeof *l);
}

static tw_status make(tw_link *l, tw_error *err)
{
    TW_TRY(tw__alloc(l->ctx, &l->heard, l->carrier.ranks, sizeof *l->heard, err));
    TW_TRY(tw__alloc(l->ctx, &l->has_left, l->carrier.ranks, 1, err));
    for (size_t i = 0; i < l->carrier.ranks; i++) l->heard[i] = tw__seconds();
    return l->carrier.ranks > 1 ? start_thread(l, err) : TW_OK;
}

tw_status tw_link_create(tw_link **out, tw_context *ctx, const tw_link_carrier *given, tw_error *err)
{
    TW_MAKES(err, out, ctx && given);
    tw_link_carrier carrier;
    TW_TRY(tw__sized_read(&carrier, sizeof carrier, given, "tw_link_carrier", err));
    TW_NEEDS(err, carrier.name && carrier.hosts && carrier.send && carrier.probe && carrier.receive &&
                      carrier.test && carrier.close);
    if (carrier.rank >= carrier.ranks || carrier.ranks > MOST_RANKS)
        return tw__fail(err, TW_ERR_SPEC, "rank %zu of %zu: ranks are 0 to ranks - 1, of at most %d",
                        carrier.rank, carrier.ranks, MOST_RANKS);
    tw_link *l;
    TW_TRY(tw__alloc(ctx, &l, 1, sizeof *l, err));
    l->ctx = ctx;
    l->carrier = carrier;
    l->failed = carrier.ranks;
    l->patience = usual_patience;
    pthread_mutex_init(&l->lock, NULL);
    for (int i = 0; i < TW_LINK_CHANNELS; i++) pthread_mutex_init(&l->reading[i], NULL);
    const tw_status s = make(l, err);
    if (s == TW_OK) *out = l;
    else destroy(l);
    return s;
}

/* ---- one process --------------------------------------------------------------------------------------- */

static tw_status no_send(void *user, int channel, size_t to, const void *bytes, size_t n, void **request,
                         tw_error *err)
{
    (void)user, (void)channel, (void)bytes, (void)n, (void)request;
    return tw__fail(err, TW_ERR_INTERNAL, "a message to rank %zu, of one process", to);
}

static tw_status no_message(void *user, int channel, size_t *from, int *found, size_t *n, void **message,
                            tw_error *err)
{
    (void)user, (void)channel, (void)from, (void)n, (void)message, (void)err;
    *found = 0;
    return TW_OK;
}

static tw_status no_receive(void *user, void *message, void *to, size_t n, void **request, tw_error *err)
{
    (void)user, (void)message, (void)to, (void)n, (void)request;
    return tw__fail(err, TW_ERR_INTERNAL, "a message of no other process");
}

static tw_status no_test(void *user, void **request, int *done, tw_error *err)
{
    (void)user, (void)request, (void)err;
    *done = 1;
    return TW_OK;
}

static void no_close(void *user, int failed) { (void)user, (void)failed; }

tw_status tw__link_alone(tw_link **out, tw_context *ctx, tw_error *err)
{
    static const char *const hosts[] = {"this machine"};
    const tw_link_carrier none = {.size = sizeof none,
                                  .name = "one process",
                                  .ranks = 1,
                                  .hosts = hosts,
                                  .send = no_send,
                                  .probe = no_message,
                                  .receive = no_receive,
                                  .test = no_test,
                                  .close = no_close};
    return tw_link_create(out, ctx, &none, err);
}

/* ---- closing ------------------------------------------------------------------------------------------- */

/* *all: all that give signs to this one have left. An error: one has failed, or is silent. */
static tw_status have_left(tw_link *l, int *all, tw_error *err)
{
    const double now = tw__seconds();
    *all = 1;
    pthread_mutex_lock(&l->lock);
    tw_status s = failure(l, err);
    for (size_t i = 0; s == TW_OK && i < l->carrier.ranks; i++) {
        if (i == l->carrier.rank || !gives_signs(l, i) || l->has_left[i]) continue;
        *all = 0;
        if (now - l->heard[i] > l->patience) s = lost(l, i, now - l->heard[i], "all to end", err);
    }
    pthread_mutex_unlock(&l->lock);
    return s;
}

/* What was sent must leave before the process does. */
static int flush(tw_link *l, double seconds)
{
    const double until = tw__seconds() + seconds;
    while (is_sending(l) && tw__link_push(l, NULL) == TW_OK && tw__seconds() < until) rest(short_nap);
    return !is_sending(l);
}

/* The others say to rank 0 that they are done and, when all have, it says so to them: nobody waits for one
 * that it would not miss. */
static tw_status leave(tw_link *l, tw_error *err)
{
    if (l->carrier.rank > 0) TW_TRY(tell_all(l, LEAVING, NULL, err));
    for (int all = 0;;) {
        TW_TRY(have_left(l, &all, err));
        if (all) break;
        TW_TRY(read_signs(l, err));
        rest(short_nap);
    }
    if (l->carrier.rank == 0) TW_TRY(tell_all(l, LEAVING, NULL, err));
    if (flush(l, l->patience)) return TW_OK;
    return tw__fail(err, TW_ERR_WORKER, "the last messages have not left for %.0f s", l->patience);
}

tw_status tw_link_close(tw_link *l, const tw_error *why, tw_error *err)
{
    tw_error found;
    if (!l) return TW_OK;
    const tw_status s = why ? TW_OK : leave(l, &found);
    if (s != TW_OK) why = &found;
    if (why && tell_all(l, FAILED, why, NULL) == TW_OK) flush(l, farewell);
    if (s != TW_OK && err) *err = found;
    atomic_store(&l->stops, 1);
    if (l->is_started) pthread_join(l->thread, NULL);
    l->is_started = 0;
    l->carrier.close(l->carrier.user, why != NULL);
    destroy(l);
    return s;
}

/* ---- plug-ins ------------------------------------------------------------------------------------------ */

/* It stays open: libraries of MPI cannot be unloaded. */
static tw_status load(const char *path, const tw_link_plugin **out, tw_error *err)
{
    if (access(path, F_OK)) return tw__fail(err, TW_ERR_NOT_FOUND, "there is no plug-in %.300s", path);
    void *const handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) return tw__fail(err, TW_ERR_SYSTEM, "cannot load the plug-in: %.400s", dlerror());
    *out = dlsym(handle, "tw_link_plugin_of_mpi");
    if (*out && (*out)->size >= sizeof **out) return TW_OK;
    return tw__fail(err, TW_ERR_SYSTEM, "%.300s is no plug-in of this version of Thalweg", path);
}

tw_status tw_link_open(tw_link **out, tw_context *ctx, const char *path, const tw_link_options *given,
                       tw_error *err)
{
    TW_MAKES(err, out, ctx && path);
    tw_link_options options = TW_LINK_OPTIONS_INIT;
    const tw_link_plugin *plugin;
    const tw_link_carrier *carrier;
    if (given) TW_TRY(tw__sized_read(&options, sizeof options, given, "tw_link_options", err));
    TW_TRY(load(path, &plugin, err));
    TW_TRY(plugin->open(&carrier, &options, err));
    const tw_status s = tw_link_create(out, ctx, carrier, err);
    if (s != TW_OK) carrier->close(carrier->user, 1);
    return s;
}

tw_status tw_link_plugin_name(const char *path, size_t capacity, char *to, tw_error *err)
{
    const tw_link_plugin *plugin;
    TW_NEEDS(err, path && to);
    TW_TRY(load(path, &plugin, err));
    snprintf(to, capacity, "%s", plugin->name());
    return TW_OK;
}
