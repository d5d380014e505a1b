/* The transport mpi: every worker is a process, and a link carries their messages. All processes make the
 * same run; that of rank 0 has the servers, decides how far the run goes, and counts it.
 *
 *     rank 0       GO limit  ...  PAUSE   .      .  looks at the run  GO ...  END
 *     the others    .        ...   .     SUMMARY .  wait               . ...   .
 *
 * Between GO and PAUSE messages of the protocol go from each to each. A process without anything to do says
 * to rank 0 how many it has sent to and got from each of the others (IDLE). When all are idle and these
 * numbers fit, pair by pair, none is on its way: whoever was first to act after it had said so would have
 * got a message that its sender has counted and it has not.
 *
 * SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "base/cpu.h"
#include "exchange/content.h"
#include "exchange/link.h"
#include "exchange/protocol.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE, GO, PAUSE, SUMMARY, IDLE, END, HELLO, KINDS };
enum { MAGIC = 0x54574c4b, VERSION = 1, LOOKS = 2000, CHECK_EVERY = 256 };
static const double nap = 50e-6, patience = 1e-3;

/* What every parcel begins with. number: of the messages from this process to that one. */
struct head {
    uint32_t magic;
    uint16_t version, kind;
    int32_t what;
    uint32_t carries;
    uint64_t from, to, lo, hi, clock, base, number;
};

struct carrier {
    tw_link *link;
    size_t rank;
    double timeout, seconds, began;
    tw__stand_in *stand_in; /* of every worker */
    pthread_t thread;       /* of rank 0, if it has servers: they act while the worker here evaluates */
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
    int has_said, is_going;
    int is_broken;            /* an error has stopped it, of which the others learn from the link */
    uint64_t messages, bytes; /* that rank 0 knows of */
    uint64_t taken;           /* numbers of updates that the worker here has taken */
};

static double now(const tw__workers *x)
{
    const struct carrier *c = x->carrier;
    return c->seconds + (c->began > 0 ? tw__seconds() - c->began : 0);
}

/* ---- parcels ------------------------------------------------------------------------------------------- */

static struct head head_of(int kind, const tw__message *m)
{
    struct head h = {.magic = MAGIC, .version = VERSION, .kind = (uint16_t)kind};
    if (!m) return h;
    h.what = m->kind;
    h.carries = m->carries;
    h.from = m->from;
    h.to = m->to;
    h.lo = m->lo;
    h.hi = m->hi;
    h.clock = m->clock;
    h.base = m->version;
    return h;
}

static tw__message message_of(const struct head *h)
{
    return (tw__message){.kind = h->what,
                         .carries = h->carries,
                         .from = (size_t)h->from,
                         .to = (size_t)h->to,
                         .lo = (size_t)h->lo,
                         .hi = (size_t)h->hi,
                         .clock = h->clock,
                         .version = h->base};
}

static struct head read_head(const tw__parcel *p)
{
    struct head h;
    memcpy(&h, p->bytes, sizeof h);
    return h;
}

/* A parcel of a kind with n bytes, to a rank. */
static tw_status say(const struct carrier *c, size_t to, int kind, const void *bytes, size_t n, tw_error *err)
{
    const struct head h = head_of(kind, NULL);
    tw__parcel *p;
    TW_TRY(tw__parcel_create(c->link, sizeof h + n, &p, err));
    memcpy(p->bytes, &h, sizeof h);
    if (n) memcpy(p->bytes + sizeof h, bytes, n);
    return tw__link_send(c->link, TW_LINK_MESSAGES, to, p, err);
}

static tw_status say_to_all(const tw__workers *x, int kind, const void *bytes, size_t n, tw_error *err)
{
    const struct carrier *c = x->carrier;
    for (size_t i = 0; i < x->n; i++)
        if (i != c->rank) TW_TRY(say(c, i, kind, bytes, n, err));
    return TW_OK;
}

static void put_into_mail(struct carrier *c, tw__parcel *p)
{
    p->next = NULL;
    pthread_mutex_lock(&c->lock);
    if (c->last) c->last->next = p;
    else c->first = p;
    c->last = p;
    pthread_mutex_unlock(&c->lock);
}

static tw__parcel *take_from_mail(struct carrier *c)
{
    pthread_mutex_lock(&c->lock);
    tw__parcel *p = c->first;
    if (p) c->first = p->next;
    if (!c->first) c->last = NULL;
    pthread_mutex_unlock(&c->lock);
    return p;
}

/* ---- messages ------------------------------------------------------------------------------------------ */

/* The process that a worker or server is in. */
static size_t home(const tw__workers *x, size_t who) { return who < x->n ? who : 0; }

static tw_status receive(tw__workers *x, const tw__parcel *p, tw_error *err)
{
    struct carrier *c = x->carrier;
    const struct head h = read_head(p);
    const tw__message m = message_of(&h);
    tw__reader_of_bytes r = {p->bytes + sizeof h, p->n - sizeof h};
    /* one of this process is only a head: its content is where it belongs */
    if (home(x, m.from) != c->rank) TW_TRY(tw__content_read(x, c->stand_in, &m, &r, err));
    return x->protocol->receive(x, &m, err);
}

/* A server acts at once; the worker here, when it looks at its mail. */
static tw_status arrive(tw__workers *x, tw__parcel *p, size_t to, tw_error *err)
{
    struct carrier *c = x->carrier;
    if (to < x->n) {
        put_into_mail(c, p);
        return TW_OK;
    }
    pthread_mutex_lock(&c->server);
    const tw_status s = receive(x, p, err);
    pthread_mutex_unlock(&c->server);
    tw__parcel_free(c->link, p);
    return s;
}

static tw_status send(tw__workers *x, const tw__message *m, tw_error *err)
{
    struct carrier *c = x->carrier;
    struct head h = head_of(MESSAGE, m);
    const size_t to = home(x, m->to);
    tw__writer w = {.n = sizeof h};
    tw__parcel *p;
    if (to == c->rank) tw__deliver_weights(x, m);
    else tw__content_write(x, m, &w);
    TW_TRY(tw__parcel_create(c->link, w.n, &p, err));
    w = (tw__writer){.at = p->bytes};
    tw__write(&w, &h, sizeof h);
    if (to == c->rank) return arrive(x, p, m->to, err);
    tw__content_write(x, m, &w);
    pthread_mutex_lock(&c->lock); /* the worker and a server may send at once, in the order of the numbers */
    h.number = ++c->sent[to];
    memcpy(p->bytes, &h, sizeof h);
    const tw_status s = tw__link_send(c->link, TW_LINK_MESSAGES, to, p, err);
    pthread_mutex_unlock(&c->lock);
    return s;
}

static tw_status garbled(const tw__workers *x, size_t from, tw_error *err)
{
    const struct carrier *c = x->carrier;
    return tw__fail(err, TW_ERR_WORKER,
                    "rank %zu on %.60s has sent what this version does not know, or a message is lost", from,
                    tw_link_host(c->link, from));
}

static tw_status sort(tw__workers *x, tw__parcel *p, tw_error *err)
{
    struct carrier *c = x->carrier;
    struct head h = {.kind = KINDS};
    if (p->n >= sizeof h) h = read_head(p);
    int is_known = h.magic == MAGIC && h.version == VERSION && h.kind < KINDS;
    if (is_known && h.kind == MESSAGE) {
        pthread_mutex_lock(&c->lock);
        is_known = h.number == ++c->got[p->from] && h.to < x->n + x->n_servers && home(x, h.to) == c->rank &&
                   h.from < x->n + x->n_servers && home(x, h.from) == p->from;
        pthread_mutex_unlock(&c->lock);
    }
    if (!is_known) {
        const tw_status s = garbled(x, p->from, err);
        tw__parcel_free(c->link, p);
        return s;
    }
    if (h.kind == MESSAGE) return arrive(x, p, (size_t)h.to, err);
    put_into_mail(c, p);
    return TW_OK;
}

static tw_status pump(tw__workers *x, tw_error *err)
{
    struct carrier *c = x->carrier;
    tw_status s;
    tw__parcel *p = NULL;
    pthread_mutex_lock(&c->pump);
    do {
        s = tw__link_receive(c->link, TW_LINK_MESSAGES, x->n, &p, err);
        if (s == TW_OK && p) s = sort(x, p, err);
    } while (s == TW_OK && p);
    pthread_mutex_unlock(&c->pump);
    return s == TW_OK ? tw__link_push(c->link, err) : s;
}

static void rest(void) { nanosleep(&(struct timespec){0, (long)(nap * 1e9)}, NULL); }

static void *serve(void *arg)
{
    tw__workers *x = arg;
    struct carrier *c = x->carrier;
    tw__fp_enter();
    while (!atomic_load(&c->stops) && !atomic_load(&c->halts)) {
        c->status = pump(x, &c->error);
        if (c->status != TW_OK) atomic_store(&c->halts, 1);
        rest();
    }
    return NULL;
}

/* ---- waiting ------------------------------------------------------------------------------------------- */

static tw_status check(const tw__workers *x, const char *doing, tw_error *err)
{
    const struct carrier *c = x->carrier;
    char text[160];
    if (atomic_load(&c->halts)) {
        if (err) *err = c->error;
        return c->status;
    }
    snprintf(text, sizeof text, "%s, after %llu updates of its worker", doing,
             (unsigned long long)x->worker[c->rank].clock);
    return tw__link_check(c->link, c->timeout, text, err);
}

/* Between two looks for a message: the sooner the next, the sooner the last one came. */
static tw_status wait_a_little(const tw__workers *x, unsigned looks, const char *doing, tw_error *err)
{
    if (looks < LOOKS) sched_yield();
    else rest();
    return looks % CHECK_EVERY == 0 ? check(x, doing, err) : TW_OK;
}

/* Rank 0: whether all the others are idle and no message is on its way. No server acts meanwhile. */
static int is_quiet(const tw__workers *x, struct carrier *c)
{
    int quiet = 1;
    pthread_mutex_lock(&c->pump);
    pthread_mutex_lock(&c->lock);
    memcpy(c->said, c->sent, x->n * sizeof *c->sent);
    memcpy(c->said + x->n, c->got, x->n * sizeof *c->got);
    for (size_t i = 1; i < x->n; i++) quiet &= c->is_idle[i];
    for (size_t i = 0; i < x->n; i++)
        for (size_t j = 0; j < x->n; j++)
            quiet &= i == j || c->said[2 * x->n * i + j] == c->said[2 * x->n * j + x->n + i];
    quiet &= c->first == NULL;
    pthread_mutex_unlock(&c->lock);
    pthread_mutex_unlock(&c->pump);
    return quiet;
}

static tw_status say_idle(const tw__workers *x, struct carrier *c, tw_error *err)
{
    tw__parcel *p;
    const struct head h = head_of(IDLE, NULL);
    TW_TRY(tw__parcel_create(c->link, sizeof h + 2 * x->n * sizeof *c->sent, &p, err));
    tw__writer w = {.at = p->bytes};
    tw__write(&w, &h, sizeof h);
    tw__write(&w, c->sent, x->n * sizeof *c->sent);
    tw__write(&w, c->got, x->n * sizeof *c->got);
    c->has_said = 1;
    return tw__link_send(c->link, TW_LINK_MESSAGES, 0, p, err);
}

static tw_status note_idle(const tw__workers *x, struct carrier *c, const tw__parcel *p, tw_error *err)
{
    tw__reader_of_bytes r = {p->bytes + sizeof(struct head), p->n - sizeof(struct head)};
    c->is_idle[p->from] = 1;
    return tw__read(&r, c->said + 2 * x->n * p->from, 2 * x->n * sizeof *c->said, err);
}

/* The next parcel; rank 0, while workers are at work: NULL, when all are idle. rests: the worker here has no
 * more updates, and will say so at once; else it may only wait for a message that is about to come. */
static tw_status next_parcel(tw__workers *x, int rests, const char *doing, tw__parcel **out, tw_error *err)
{
    struct carrier *c = x->carrier;
    const double since = tw__seconds();
    tw_status s = TW_OK;
    for (unsigned looks = 1; s == TW_OK; looks++) {
        s = pump(x, err);
        if (s == TW_OK && (*out = take_from_mail(c)) != NULL) break;
        if (s == TW_OK && c->is_going && c->rank == 0 && is_quiet(x, c)) break;
        if (s == TW_OK && c->is_going && c->rank > 0 && !c->has_said &&
            (rests || tw__seconds() - since > patience))
            s = say_idle(x, c, err);
        if (s == TW_OK) s = wait_a_little(x, looks, doing, err);
    }
    if (c->is_going && !rests) x->worker[c->rank].info.waiting += tw__seconds() - since;
    return s;
}

/* ---- what the others have done ------------------------------------------------------------------------- */

/* Of the worker here since the last time, for rank 0. */
struct summary {
    uint64_t update, clock, messages, bytes, n_later;
    tw_worker_info info;
};

static tw_status say_summary(tw__workers *x, struct carrier *c, tw_error *err)
{
    tw__worker *me = &x->worker[c->rank];
    const uint64_t messages = atomic_load(&x->messages), bytes = atomic_load(&x->bytes);
    const struct summary s = {me->update,       me->clock,   messages - c->messages,
                              bytes - c->bytes, me->n_later, me->info};
    const struct head h = head_of(SUMMARY, NULL);
    tw__parcel *p;
    TW_TRY(tw__parcel_create(c->link, sizeof h + sizeof s + me->n_later * sizeof *me->later, &p, err));
    tw__writer w = {.at = p->bytes};
    tw__write(&w, &h, sizeof h);
    tw__write(&w, &s, sizeof s);
    tw__write(&w, me->later, me->n_later * sizeof *me->later);
    me->n_later = 0;
    c->messages = messages;
    c->bytes = bytes;
    return tw__link_send(c->link, TW_LINK_MESSAGES, 0, p, err);
}

static tw_status note_summary(tw__workers *x, const tw__parcel *p, tw_error *err)
{
    tw__worker *of = &x->worker[p->from];
    tw__reader_of_bytes r = {p->bytes + sizeof(struct head), p->n - sizeof(struct head)};
    struct summary s;
    TW_TRY(tw__read(&r, &s, sizeof s, err));
    if (s.n_later > r.left / sizeof *of->later) return garbled(x, p->from, err);
    TW_TRY(tw__grow(x->ctx, &of->later, &of->later_capacity, s.n_later, sizeof *of->later, err));
    TW_TRY(tw__read(&r, of->later, s.n_later * sizeof *of->later, err));
    of->n_later = s.n_later;
    of->update = s.update;
    of->clock = s.clock;
    of->info = s.info;
    atomic_fetch_add(&x->messages, s.messages);
    atomic_fetch_add(&x->bytes, s.bytes);
    atomic_fetch_add(&x->done, s.n_later);
    return TW_OK;
}

/* Rank 0: the stretch is over, for all. */
static tw_status gather_summaries(tw__workers *x, struct carrier *c, tw_error *err)
{
    c->is_going = 0;
    TW_TRY(say_to_all(x, PAUSE, NULL, 0, err));
    for (size_t left = x->n - 1; left > 0;) {
        tw__parcel *p;
        TW_TRY(next_parcel(x, 0, "what the others have done", &p, err));
        const struct head h = read_head(p);
        tw_status s = TW_OK;
        if (h.kind == SUMMARY) s = note_summary(x, p, err);
        else if (h.kind != IDLE) s = garbled(x, p->from, err);
        left -= h.kind == SUMMARY;
        tw__parcel_free(c->link, p);
        TW_TRY(s);
    }
    return TW_OK;
}

/* ---- work ---------------------------------------------------------------------------------------------- */

static tw_status act(tw__workers *x, tw__worker *me, enum tw__act *did, tw_error *err)
{
    TW_TRY(x->protocol->next(x, me, did, err));
    if (*did != TW__COMPUTE) return TW_OK;
    tw__note_computing(x, me, now(x));
    const double start = tw__seconds();
    TW_TRY(tw__worker_compute(x, me, err));
    const double end = tw__seconds();
    me->info.computing += end - start;
    tw__note_computed(x, me, now(x));
    const tw_status s = tw__worker_computed(x, me, err);
    me->info.exchanging += tw__seconds() - end;
    return s;
}

struct order {
    uint64_t limit;
    double factor; /* on the rate, which controls of rank 0 set */
};

static tw_status begin(tw__workers *x, const struct order *o, tw_error *err)
{
    struct carrier *c = x->carrier;
    atomic_store(&x->limit, o->limit);
    memset(c->is_idle, 0, x->n);
    c->is_going = 1;
    c->has_said = 0;
    return o->factor == tw_optimizer_factor(x->set.optimizer)
               ? TW_OK
               : tw_optimizer_set_factor(x->set.optimizer, o->factor, err);
}

/* What another process has sent. *is_over: the run is. */
static tw_status open_parcel(tw__workers *x, struct carrier *c, const tw__parcel *p, int *is_over,
                             tw_error *err)
{
    const struct head h = read_head(p);
    const double start = tw__seconds();
    struct order o;
    tw__reader_of_bytes r = {p->bytes + sizeof h, p->n - sizeof h};
    c->has_said = 0;
    if (h.kind == IDLE && c->rank == 0) return note_idle(x, c, p, err);
    if (h.kind == MESSAGE) {
        const tw_status s = receive(x, p, err);
        x->worker[c->rank].info.exchanging += tw__seconds() - start;
        return s;
    }
    *is_over = h.kind == END;
    if (c->rank == 0 || p->from != 0 || h.kind == HELLO || h.kind == SUMMARY || h.kind == IDLE)
        return garbled(x, p->from, err);
    if (h.kind == GO) {
        TW_TRY(tw__read(&r, &o, sizeof o, err));
        return begin(x, &o, err);
    }
    c->is_going = 0;
    return h.kind == PAUSE ? say_summary(x, c, err) : TW_OK;
}

/* Until rank 0 finds that all have nothing more to do; elsewhere until it ends the run. */
static tw_status work(tw__workers *x, tw_error *err)
{
    struct carrier *c = x->carrier;
    tw__worker *me = &x->worker[c->rank];
    for (int is_over = 0; !is_over;) {
        enum tw__act did = TW__COMPUTE;
        tw__parcel *p = NULL;
        while (c->is_going && did == TW__COMPUTE) {
            TW_TRY(act(x, me, &did, err));
            if (did == TW__COMPUTE) c->has_said = 0;
            if (atomic_load(&c->halts)) return check(x, "", err);
        }
        TW_TRY(next_parcel(x, did == TW__REST, c->is_going ? "a message" : "the next updates", &p, err));
        if (!p) return TW_OK;
        const tw_status s = open_parcel(x, c, p, &is_over, err);
        tw__parcel_free(c->link, p);
        TW_TRY(s);
    }
    x->is_over = 1;
    return TW_OK;
}

static tw_status start_serving(tw__workers *x, struct carrier *c, tw_error *err)
{
    sigset_t all, was;
    if (c->is_started || c->rank > 0 || x->n_servers == 0 || x->n == 1) return TW_OK;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &was);
    c->is_started = pthread_create(&c->thread, NULL, serve, x) == 0;
    pthread_sigmask(SIG_SETMASK, &was, NULL);
    return c->is_started ? TW_OK : tw__fail(err, TW_ERR_SYSTEM, "the system refuses to start a thread");
}

static tw_status lead(tw__workers *x, uint64_t limit, tw_error *err)
{
    struct carrier *c = x->carrier;
    const struct order o = {limit, tw_optimizer_factor(x->set.optimizer)};
    TW_TRY(start_serving(x, c, err));
    TW_TRY(begin(x, &o, err));
    TW_TRY(say_to_all(x, GO, &o, sizeof o, err));
    TW_TRY(work(x, err));
    TW_TRY(gather_summaries(x, c, err));
    if (atomic_load(&x->done) >= limit) return TW_OK;
    return tw__fail(err, TW_ERR_INTERNAL, "all workers wait for each other after %llu of %llu updates",
                    (unsigned long long)atomic_load(&x->done), (unsigned long long)limit);
}

static tw_status run(tw__workers *x, uint64_t limit, tw_error *err)
{
    struct carrier *c = x->carrier;
    c->began = tw__seconds();
    const tw_status s = c->rank == 0 ? lead(x, limit, err) : work(x, err);
    c->seconds += tw__seconds() - c->began;
    c->began = 0;
    c->is_broken = s != TW_OK;
    return s;
}

/* Updates k, k + n, ... are worker k's: no number is given out that others would have to know of. */
static int take(tw__workers *x, tw__worker *me)
{
    struct carrier *c = x->carrier;
    const uint64_t update = c->taken * x->n + c->rank;
    if (update >= atomic_load(&x->limit)) return 0;
    me->update = update;
    c->taken++;
    return 1;
}

/* ---- sums within an evaluation ------------------------------------------------------------------------- */

struct part {
    uint64_t lo, hi, n;
};

static tw_status say_part(const tw__workers *x, const struct part *part, const double *sums, tw_error *err)
{
    const struct carrier *c = x->carrier;
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

static tw_status take_part(const tw__workers *x, size_t from, double *sums, size_t leaves, size_t n,
                           tw_error *err)
{
    const struct carrier *c = x->carrier;
    struct part part;
    tw__parcel *p = NULL;
    for (unsigned looks = 1; !p; looks++) {
        TW_TRY(tw__link_receive(c->link, TW_LINK_SUMS, from, &p, err));
        if (p) break;
        TW_TRY(tw__link_push(c->link, err));
        TW_TRY(wait_a_little(x, looks, "sums over a batch", err));
    }
    tw__reader_of_bytes r = {p->bytes, p->n};
    tw_status s = tw__read(&r, &part, sizeof part, err);
    if (s == TW_OK && (part.n != n || part.lo > part.hi || part.hi > leaves)) s = garbled(x, from, err);
    if (s == TW_OK)
        s = tw__read(&r, sums + part.lo * n, (size_t)((part.hi - part.lo) * n) * sizeof *sums, err);
    tw__parcel_free(c->link, p);
    return s;
}

/* Each to each: one that is an evaluation ahead waits there, in its order. */
static tw_status reduce(tw__workers *x, const tw__worker *me, double *sums, size_t lo, size_t hi,
                        size_t leaves, size_t n, tw_error *err)
{
    const struct part part = {lo, hi, n};
    TW_TRY(say_part(x, &part, sums, err));
    for (size_t i = 0; i < x->n; i++)
        if (i != me->index) TW_TRY(take_part(x, i, sums, leaves, n, err));
    return TW_OK;
}

/* ---- making -------------------------------------------------------------------------------------------- */

/* The first line in which the others' run is not this one. */
static tw_status compare(const tw__workers *x, const tw__parcel *p, tw_error *err)
{
    const struct carrier *c = x->carrier;
    const char *mine = x->set.head, *other = (const char *)p->bytes + sizeof(struct head);
    if (p->n <= sizeof(struct head) || p->bytes[p->n - 1]) return garbled(x, p->from, err);
    while (*mine && strcspn(mine, "\n") == strcspn(other, "\n") &&
           !strncmp(mine, other, strcspn(mine, "\n"))) {
        mine += strcspn(mine, "\n") + 1;
        other += strcspn(other, "\n") + (other[strcspn(other, "\n")] != 0);
    }
    if (!*mine && !*other) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "rank %zu on %.60s makes another run: %.*s, and here %.*s", p->from,
                    tw_link_host(c->link, p->from), (int)(strcspn(other, "\n") % 200), other,
                    (int)(strcspn(mine, "\n") % 200), mine);
}

/* All must make the same run, of the same rows and weights. */
static tw_status meet(tw__workers *x, struct carrier *c, tw_error *err)
{
    if (c->rank > 0) return say(c, 0, HELLO, x->set.head, strlen(x->set.head) + 1, err);
    for (size_t left = x->n - 1; left > 0; left--) {
        tw__parcel *p;
        TW_TRY(next_parcel(x, 0, "the others to begin", &p, err));
        const struct head h = read_head(p);
        const tw_status s = h.kind == HELLO ? compare(x, p, err) : garbled(x, p->from, err);
        tw__parcel_free(c->link, p);
        TW_TRY(s);
    }
    return TW_OK;
}

static tw_status refuse_protocol(const tw__workers *x, tw_error *err)
{
    const tw_exchange *e;
    char names[200] = "";
    for (size_t i = 0; (e = tw_exchange_at(i)) != NULL; i++) {
        const size_t n = strlen(names);
        if (!e->is_transport && !e->stands_for && tw__protocol_of(e)->is_for_processes)
            snprintf(names + n, sizeof names - n, "%s%s", n ? ", " : "", e->name);
    }
    return tw__fail(err, TW_ERR_SPEC, "exchange %s: %s does not run in several processes yet; these do: %s",
                    x->choice.spec, x->protocol->about.name, names);
}

static tw_status create(tw__workers *x, tw_error *err)
{
    struct carrier *c;
    if (!x->protocol->is_for_processes) return refuse_protocol(x, err);
    TW_TRY(tw__alloc(x->ctx, &c, 1, sizeof *c, err));
    x->carrier = c;
    c->link = x->set.link;
    c->rank = tw_link_rank(c->link);
    c->timeout = tw__transport_value(x, "timeout");
    pthread_mutex_init(&c->server, NULL);
    pthread_mutex_init(&c->pump, NULL);
    pthread_mutex_init(&c->lock, NULL);
    TW_TRY(tw__alloc(x->ctx, &c->stand_in, x->n, sizeof *c->stand_in, err));
    TW_TRY(tw__alloc(x->ctx, &c->sent, x->n, sizeof *c->sent, err));
    TW_TRY(tw__alloc(x->ctx, &c->got, x->n, sizeof *c->got, err));
    TW_TRY(tw__alloc(x->ctx, &c->said, x->n, 2 * x->n * sizeof *c->said, err));
    TW_TRY(tw__alloc(x->ctx, &c->is_idle, x->n, 1, err));
    c->is_broken = 1;
    TW_TRY(meet(x, c, err));
    c->is_broken = 0;
    return TW_OK;
}

static void destroy(tw__workers *x)
{
    struct carrier *c = x->carrier;
    if (!c) return;
    atomic_store(&c->stops, 1);
    if (c->is_started) pthread_join(c->thread, NULL);
    if (c->rank == 0 && !c->is_broken) say_to_all(x, END, NULL, 0, NULL);
    for (tw__parcel *p; (p = take_from_mail(c)) != NULL;) tw__parcel_free(c->link, p);
    for (size_t i = 0; c->stand_in && i < x->n; i++) tw__stand_in_free(x, &c->stand_in[i]);
    tw__free(x->ctx, c->is_idle, x->n, 1);
    tw__free(x->ctx, c->said, x->n, 2 * x->n * sizeof *c->said);
    tw__free(x->ctx, c->got, x->n, sizeof *c->got);
    tw__free(x->ctx, c->sent, x->n, sizeof *c->sent);
    tw__free(x->ctx, c->stand_in, x->n, sizeof *c->stand_in);
    pthread_mutex_destroy(&c->lock);
    pthread_mutex_destroy(&c->pump);
    pthread_mutex_destroy(&c->server);
    tw__free(x->ctx, c, 1, sizeof *c);
}

/* Of rank 0, from which all load it. */
static tw_status visit(tw__workers *x, tw_visitor *v, tw_error *err)
{
    struct carrier *c = x->carrier;
    TW_TRY(v->field(v, "exchange.seconds", TW_F64, 0, NULL, &c->seconds, err));
    c->messages = atomic_load(&x->messages);
    c->bytes = atomic_load(&x->bytes);
    return TW_OK;
}

static const tw_option options[] = {{"timeout", TW_REAL, NULL, 30, 2, 1e6, TW_CLOSED,
                                     "seconds without a sign of life after which a process is lost"}};

const tw__transport tw__transport_mpi = {
    .about = {.size = sizeof(tw_exchange),
              .name = "mpi",
              .help = "workers are processes, on one machine or several, started by mpirun or srun",
              .paper = "",
              .equation = "as many workers as processes; servers are in that of rank 0\n"
                          "a message's content is sent with it, and acts as on threads",
              .n_options = 1,
              .options = options,
              .is_transport = 1},
    .shares_objective = 1,
    .is_apart = 1,
    .create = create,
    .free = destroy,
    .run = run,
    .send = send,
    .reduce = reduce,
    .now = now,
    .visit = visit,
    .take = take,
};
