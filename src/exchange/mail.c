/* Parcels between the processes of a run: the protocol's messages, and what rank 0 and the others say to each
 * other about the run.
 * SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "exchange/processes.h"
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <thalweg/train.h>
#include <thalweg/version.h>

static const double patience = 1e-3, check_every = 1e-2;

/* ---- parcels ------------------------------------------------------------------------------------------- */

/* Not what is behind its end, in any version. */
static void put_version(char library[TW__LIBRARY])
{
    memset(library, 0, TW__LIBRARY);
    memcpy(library, tw_version(), strnlen(tw_version(), TW__LIBRARY));
}

tw__parcel_head tw__parcel_head_of(const tw__workers *x, int kind, const tw__message *m)
{
    tw__parcel_head h = {.magic = TW__PARCEL_MAGIC,
                         .version = TW__PARCEL_VERSION,
                         .kind = (uint16_t)kind,
                         .bytes = sizeof h,
                         .time = tw__processes_now(x)};
    put_version(h.library);
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

static tw__message message_of(const tw__parcel_head *h)
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

tw__parcel_head tw__processes_head(const tw__parcel *p)
{
    tw__parcel_head h;
    memcpy(&h, p->bytes, sizeof h);
    return h;
}

/* A parcel of a kind with n bytes, to a rank. */
tw_status tw__processes_say(const tw__workers *x, size_t to, int kind, const void *bytes, size_t n,
                            tw_error *err)
{
    const tw__processes *c = x->carrier;
    const tw__parcel_head h = tw__parcel_head_of(x, kind, NULL);
    tw__parcel *p;
    TW_TRY(tw__parcel_create(c->link, sizeof h + n, &p, err));
    memcpy(p->bytes, &h, sizeof h);
    if (n) memcpy(p->bytes + sizeof h, bytes, n);
    return tw__link_send(c->link, TW_LINK_MESSAGES, to, p, err);
}

tw_status tw__processes_say_to_all(const tw__workers *x, int kind, const void *bytes, size_t n, tw_error *err)
{
    const tw__processes *c = x->carrier;
    for (size_t i = 0; i < x->n; i++)
        if (i != c->rank) TW_TRY(tw__processes_say(x, i, kind, bytes, n, err));
    return TW_OK;
}

tw_status tw__processes_ask(const tw__workers *x, int kind, int what, tw_error *err)
{
    const tw__processes *c = x->carrier;
    tw__parcel_head h = tw__parcel_head_of(x, kind, NULL);
    h.what = what;
    for (size_t i = 0; i < x->n; i++) {
        tw__parcel *p;
        if (i == c->rank) continue;
        TW_TRY(tw__parcel_create(c->link, sizeof h, &p, err));
        memcpy(p->bytes, &h, sizeof h);
        TW_TRY(tw__link_send(c->link, TW_LINK_MESSAGES, i, p, err));
    }
    return TW_OK;
}

static void put_into_mail(tw__processes *c, tw__parcel *p)
{
    p->next = NULL;
    pthread_mutex_lock(&c->lock);
    if (c->last) c->last->next = p;
    else c->first = p;
    c->last = p;
    pthread_mutex_unlock(&c->lock);
}

tw__parcel *tw__processes_take(tw__processes *c)
{
    pthread_mutex_lock(&c->lock);
    tw__parcel *p = c->first;
    if (p) c->first = p->next;
    if (!c->first) c->last = NULL;
    pthread_mutex_unlock(&c->lock);
    return p;
}

/* ---- messages ------------------------------------------------------------------------------------------ */

tw_status tw__processes_receive(tw__workers *x, const tw__parcel *p, tw_error *err)
{
    tw__processes *c = x->carrier;
    const tw__parcel_head h = tw__processes_head(p);
    const tw__message m = message_of(&h);
    tw__reader_of_bytes r = {p->bytes + sizeof h, p->n - sizeof h};
    /* one of this process is only a head: its content is where it belongs */
    if (tw__home(x, m.from) != c->rank) TW_TRY(tw__content_read(x, c->stand_in, &m, &r, err));
    tw__note_received(x, &m);
    return x->protocol->receive(x, &m, err);
}

/* A server acts at once; the worker here, when it looks at its mail. */
static tw_status arrive(tw__workers *x, tw__parcel *p, size_t to, tw_error *err)
{
    tw__processes *c = x->carrier;
    if (to < x->n) {
        put_into_mail(c, p);
        return TW_OK;
    }
    pthread_mutex_lock(&c->server);
    const tw_status s = tw__processes_receive(x, p, err);
    pthread_mutex_unlock(&c->server);
    atomic_store(&c->acted, tw__seconds());
    atomic_store(&c->has_said, 0);
    tw__parcel_free(c->link, p);
    return s;
}

tw_status tw__processes_send(tw__workers *x, const tw__message *m, tw_error *err)
{
    tw__processes *c = x->carrier;
    tw__parcel_head h = tw__parcel_head_of(x, TW__MESSAGE, m);
    const size_t to = tw__home(x, m->to);
    tw__writer w = {.n = sizeof h};
    tw__parcel *p;
    if (to == c->rank || x->set.needs_point)
        tw__deliver_weights(x, m); /* or where a gradient will be taken */
    if (to != c->rank) tw__content_write(x, m, &w);
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

tw_status tw__processes_garbled(const tw__workers *x, size_t from, tw_error *err)
{
    const tw__processes *c = x->carrier;
    return tw__link_garbled(c->link, from, err);
}

/* "0.1.0 (messages of version 3, heads of 96 bytes)": a library, as its messages say. */
static const char *show_version(const tw__parcel_head *h, char *to, size_t size)
{
    char shown[4 * TW__LIBRARY], name[TW__LIBRARY + 1] = "";
    memcpy(name, h->library, TW__LIBRARY);
    if (h->version < 3) snprintf(to, size, "an older one (messages of version %d)", h->version);
    else
        snprintf(to, size, "%s (messages of version %d, heads of %d bytes)",
                 tw_printable(name, shown, sizeof shown), h->version, h->bytes);
    return to;
}

/* Of the same library, whatever else it says. */
static tw_status check_version(const tw__workers *x, const tw__parcel *p, tw_error *err)
{
    const tw__processes *c = x->carrier;
    const tw__parcel_head mine = tw__parcel_head_of(x, TW__HELLO, NULL);
    tw__parcel_head h = {.magic = 0};
    char theirs[128], here[128];
    memcpy(&h, p->bytes, p->n < offsetof(tw__parcel_head, what) ? p->n : offsetof(tw__parcel_head, what));
    if (h.magic != TW__PARCEL_MAGIC) return tw__processes_garbled(x, p->from, err);
    if (h.version == mine.version && h.bytes == mine.bytes && !memcmp(h.library, mine.library, TW__LIBRARY))
        return TW_OK;
    return tw__fail(
        err, TW_ERR_SPEC,
        "rank %zu on %.60s runs another version of Thalweg, %s, and rank %zu on %.60s %s: install "
        "the same on all machines",
        p->from, tw_link_host(c->link, p->from), show_version(&h, theirs, sizeof theirs), c->rank,
        tw_link_host(c->link, c->rank), show_version(&mine, here, sizeof here));
}

/* A message is the next one from its sender, for somebody here. */
static int is_next(const tw__workers *x, tw__processes *c, const tw__parcel *p, const tw__parcel_head *h)
{
    pthread_mutex_lock(&c->lock);
    const int is = h->number == ++c->got[p->from] && h->to < x->n + x->n_servers &&
                   tw__home(x, h->to) == c->rank && h->from < x->n + x->n_servers &&
                   tw__home(x, h->from) == p->from;
    pthread_mutex_unlock(&c->lock);
    return is;
}

static tw_status sort(tw__workers *x, tw__parcel *p, tw_error *err)
{
    tw__processes *c = x->carrier;
    tw__parcel_head h = {.kind = TW__PARCELS};
    tw_status s = check_version(x, p, err);
    if (s == TW_OK && p->n >= sizeof h) h = tw__processes_head(p);
    if (s == TW_OK && (h.kind >= TW__PARCELS || (h.kind == TW__MESSAGE && !is_next(x, c, p, &h))))
        s = tw__processes_garbled(x, p->from, err);
    if (s != TW_OK) {
        tw__parcel_free(c->link, p);
        return s;
    }
    tw__processes_set_clock(x, &h);
    if (h.kind == TW__MESSAGE) return arrive(x, p, (size_t)h.to, err);
    put_into_mail(c, p);
    return TW_OK;
}

tw_status tw__processes_pump(tw__workers *x, tw_error *err)
{
    tw__processes *c = x->carrier;
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

/* ---- waiting ------------------------------------------------------------------------------------------- */

tw_status tw__processes_check(const tw__workers *x, const char *doing, tw_error *err)
{
    const tw__processes *c = x->carrier;
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
tw_status tw__processes_wait(const tw__workers *x, unsigned looks, const char *doing, tw_error *err)
{
    tw__processes *c = x->carrier;
    tw__link_rest(looks);
    const double now = tw__seconds(); /* on a machine that is busy with others each look may take long */
    if (now - atomic_load(&c->checked) < check_every) return TW_OK;
    atomic_store(&c->checked, now);
    return tw__processes_check(x, doing, err);
}

/* Rank 0: whether all the others are idle and no message is on its way. No server acts meanwhile. */
static int is_quiet(const tw__workers *x, tw__processes *c)
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

static tw_status say_idle(const tw__workers *x, tw__processes *c, tw_error *err)
{
    tw__parcel *p;
    const tw__parcel_head h = tw__parcel_head_of(x, TW__IDLE, NULL);
    TW_TRY(tw__parcel_create(c->link, sizeof h + 2 * x->n * sizeof *c->sent, &p, err));
    tw__writer w = {.at = p->bytes};
    tw__write(&w, &h, sizeof h);
    pthread_mutex_lock(&c->pump); /* no server is about to answer what it has got */
    pthread_mutex_lock(&c->lock);
    const int has_mail = c->first != NULL; /* of a server here, perhaps, which is in no number */
    tw__write(&w, c->sent, x->n * sizeof *c->sent);
    tw__write(&w, c->got, x->n * sizeof *c->got);
    if (!has_mail) atomic_store(&c->has_said, 1);
    pthread_mutex_unlock(&c->lock);
    pthread_mutex_unlock(&c->pump);
    if (has_mail) {
        tw__parcel_free(c->link, p);
        return TW_OK;
    }
    return tw__link_send(c->link, TW_LINK_MESSAGES, 0, p, err);
}

tw_status tw__processes_note_idle(const tw__workers *x, tw__processes *c, const tw__parcel *p, tw_error *err)
{
    tw__reader_of_bytes r = {p->bytes + sizeof(tw__parcel_head), p->n - sizeof(tw__parcel_head)};
    c->is_idle[p->from] = 1;
    return tw__read(&r, c->said + 2 * x->n * p->from, 2 * x->n * sizeof *c->said, err);
}

/* Whether the worker here, which waits since then, and the servers here have nothing to do, as it seems. */
static int is_idle(tw__processes *c, int rests, double since)
{
    const double acted = atomic_load(&c->acted);
    return (rests && !c->is_started) || tw__seconds() - (acted > since ? acted : since) > patience;
}

/* The next parcel; rank 0, while workers are at work: NULL, when all are idle. rests: the worker here has no
 * more updates, and will say so at once; else it may only wait for a message that is about to come. */
tw_status tw__processes_next(tw__workers *x, int rests, const char *doing, tw__parcel **out, tw_error *err)
{
    tw__processes *c = x->carrier;
    const double since = tw__seconds();
    tw_status s = TW_OK;
    for (unsigned looks = 1; s == TW_OK; looks++) {
        s = tw__processes_pump(x, err);
        if (s == TW_OK && (*out = tw__processes_take(c)) != NULL) break;
        if (s == TW_OK && c->is_going && c->rank == 0 && is_quiet(x, c)) break;
        if (s == TW_OK && c->is_going && c->rank > 0 && !atomic_load(&c->has_said) &&
            is_idle(c, rests, since))
            s = say_idle(x, c, err);
        if (s == TW_OK) s = tw__processes_wait(x, looks, doing, err);
    }
    if (c->is_going && !rests) x->worker[c->rank].info.waiting += tw__seconds() - since;
    return s;
}
