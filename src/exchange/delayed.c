/* delayed: gradients as old as measured ones were. A file says of each update how many updates old the
 * weights of its gradient are; workers share its rows, as in ps:sync=bsp, so that it is the same run on
 * any transport. With a column for each worker, each takes its rows' gradient at weights of its own age:
 * as PIAG does where every update has all rows.
 *
 *     w[k+1] = step(w[k], gradient of update k at w[k - d[k]])
 *
 * The last weights are kept, as many as the largest delay needs.
 * SPDX-License-Identifier: MIT */
#include "base/size.h"
#include "exchange/delays.h"
#include "exchange/merge.h"
#include "exchange/staleness.h"
#include "file/hash.h"
#include <string.h>

enum { ARRIVED, STEPPED };

/* Weights after some updates. */
struct version {
    void *w;
    double sum; /* of the rates' factors until then */
};

struct delayed {
    tw__delays delays;
    struct version *version; /* of w[k] in place k mod n_versions */
    size_t n_versions;
    uint64_t *waiting; /* of each worker */
    size_t arrived;
    tw__stepper all;
    tw__staleness stale;
    tw__merge merge;
};

static struct version *version_of(struct delayed *d, uint64_t update)
{
    return &d->version[update % d->n_versions];
}

static uint32_t oldest_of(const struct delayed *d, uint64_t update)
{
    uint32_t oldest = 0;
    for (size_t i = 0; i < d->delays.columns; i++) {
        const uint32_t delay = tw__delay(&d->delays, update, i);
        if (delay > oldest) oldest = delay;
    }
    return oldest;
}

/* The run's weights, as they are after so many updates. */
static tw_status keep(tw__workers *x, struct delayed *d, uint64_t updates, tw_error *err)
{
    struct version *v = version_of(d, updates);
    if (!v->w) TW_TRY(tw__alloc(x->ctx, &v->w, x->set.size, x->k->real, err));
    memcpy(v->w, x->set.w, x->set.size * x->k->real);
    v->sum = d->stale.sum;
    return TW_OK;
}

/* ---- workers ------------------------------------------------------------------------------------------- */

static tw_status next(tw__workers *x, tw__worker *me, enum tw__act *act, tw_error *err)
{
    struct delayed *d = x->state;
    (void)err;
    *act = d->waiting[me->index] ? TW__WAIT : TW__REST;
    if (*act == TW__WAIT || me->clock >= atomic_load(&x->limit)) return TW_OK;
    me->update = me->clock;
    me->at = version_of(d, me->update - tw__delay(&d->delays, me->update, me->index))->w;
    *act = TW__COMPUTE;
    return TW_OK;
}

static tw_status computed(tw__workers *x, tw__worker *me, tw_error *err)
{
    struct delayed *d = x->state;
    const tw__message m = {.kind = ARRIVED,
                           .carries = TW__GRADIENT,
                           .from = me->index,
                           .to = x->n,
                           .hi = x->set.size};
    d->waiting[me->index] = 1;
    me->clock++;
    return tw__send(x, &m, err);
}

/* ---- the server ---------------------------------------------------------------------------------------- */

static tw_status step(tw__workers *x, struct delayed *d, uint64_t update, tw_error *err)
{
    const tw__worker *first = &x->worker[0];
    const uint32_t staleness = oldest_of(d, update);
    const struct version *taken = version_of(d, update - staleness);
    const void *at = x->set.needs_point ? taken->w : NULL;
    tw__gradient *whole;
    TW_TRY(tw__merge_all(&d->merge, x, &whole, err));
    if (d->stale.given) d->stale.given[0] = taken->sum;
    const tw__sum *mean = tw__mean_gradient(x, whole);
    TW_TRY(tw__staleness_step(x, &d->stale, &d->all, 0, mean, at, staleness, err));
    tw__note_staleness(x, first, update, staleness);
    TW_TRY(tw__count_sums(x, first, x->set.w, &whole->leaf[0], whole->rows, err));
    return keep(x, d, update + 1, err);
}

static tw_status receive(tw__workers *x, const tw__message *m, tw_error *err)
{
    struct delayed *d = x->state;
    if (m->to < x->n) {
        d->waiting[m->to] = 0;
        return TW_OK;
    }
    if (++d->arrived < x->n) return TW_OK;
    d->arrived = 0;
    TW_TRY(step(x, d, x->worker[0].update, err));
    for (size_t i = 0; i < x->n; i++) {
        const tw__message reply = {.kind = STEPPED,
                                   .carries = TW__WEIGHTS,
                                   .from = x->n,
                                   .to = i,
                                   .hi = x->set.size};
        TW_TRY(tw__send(x, &reply, err));
    }
    return TW_OK;
}

/* ---- state --------------------------------------------------------------------------------------------- */

/* The delays belong to the run: their checksum is compared. */
static tw_status visit_delays(const tw__workers *x, const struct delayed *d, tw_visitor *v, tw_error *err)
{
    const int64_t digits = TW__HASH_DIGITS;
    int64_t stored[TW__HASH_DIGITS], ours[TW__HASH_DIGITS];
    char hex[TW__HASH_DIGITS + 1];
    tw__hash hash;
    tw__hash_start(&hash);
    tw__hash_add_number(&hash, d->delays.columns);
    for (size_t i = 0; i < d->delays.rows * d->delays.columns; i++)
        tw__hash_add_number(&hash, d->delays.value[i]);
    tw__hash_hex(&hash, hex);
    for (size_t i = 0; i < TW__HASH_DIGITS; i++) stored[i] = ours[i] = hex[i];
    TW_TRY(v->field(v, "delays.checksum", TW_I64, 1, &digits, stored, err));
    if (memcmp(stored, ours, sizeof ours) == 0) return TW_OK;
    return tw__fail(err, TW_ERR_DATA, "%s: these are not the delays that the run began with",
                    x->choice.quoted);
}

static size_t versions_kept(const tw__workers *x, const struct delayed *d)
{
    const uint64_t made = atomic_load(&x->done);
    return made < d->n_versions ? (size_t)made + 1 : d->n_versions;
}

static tw_status load_versions(tw__workers *x, struct delayed *d, const void *w, size_t numbers,
                               const double *sum, size_t sums, tw_error *err)
{
    const size_t size = x->set.size, n = versions_kept(x, d);
    if (sums != n || numbers / size != n || numbers % size != 0)
        return tw__fail(err, TW_ERR_DATA, "the stored exchange has %zu earlier weights, and needs %zu", sums,
                        n);
    for (size_t i = 0; i < n; i++) {
        struct version *v = &d->version[i];
        if (!v->w) TW_TRY(tw__alloc(x->ctx, &v->w, size, x->k->real, err));
        memcpy(v->w, (const char *)w + i * size * x->k->real, size * x->k->real);
        v->sum = sum[i];
    }
    return TW_OK;
}

static tw_status visit_versions(tw__workers *x, struct delayed *d, tw_visitor *v, tw_error *err)
{
    const size_t size = x->set.size, real = x->k->real;
    size_t sums = v->loading == TW_SHOW ? versions_kept(x, d) : 0, numbers = 0;
    char *w = NULL;
    double *sum = NULL;
    tw_status s =
        tw__size_mul(sums, size, &numbers) ? TW_OK : tw__fail(err, TW_ERR_MEMORY, "too many weights");
    if (s == TW_OK) s = tw__alloc(x->ctx, &w, numbers, real, err);
    if (s == TW_OK) s = tw__alloc(x->ctx, &sum, sums, sizeof *sum, err);
    for (size_t i = 0; s == TW_OK && i < sums; i++) {
        memcpy(w + i * size * real, d->version[i].w, size * real);
        sum[i] = d->version[i].sum;
    }
    if (s == TW_OK) s = v->list(v, "delayed.weights", x->set.type, &numbers, (void **)&w, x->ctx, err);
    if (s == TW_OK) s = v->list(v, "delayed.rates", TW_F64, &sums, (void **)&sum, x->ctx, err);
    if (s == TW_OK && v->loading == TW_LOAD) s = load_versions(x, d, w, numbers, sum, sums, err);
    tw__free(x->ctx, sum, sums, sizeof *sum);
    tw__free(x->ctx, w, numbers, real);
    return s;
}

/* Between two updates nobody waits, and no gradient has arrived. */
static tw_status visit(tw__workers *x, tw_visitor *v, tw_error *err)
{
    struct delayed *d = x->state;
    TW_TRY(visit_delays(x, d, v, err));
    TW_TRY(tw__staleness_visit(x, &d->stale, v, err));
    TW_TRY(visit_versions(x, d, v, err));
    if (v->loading != TW_LOAD) return TW_OK;
    for (size_t i = 0; i < x->n; i++)
        if (x->worker[i].clock != atomic_load(&x->done))
            return tw__fail(err, TW_ERR_DATA, "worker %zu has stored a clock that is not the run's", i);
    return TW_OK;
}

/* ---- making -------------------------------------------------------------------------------------------- */

static tw_status check_columns(const tw__workers *x, const struct delayed *d, tw_error *err)
{
    const size_t columns = d->delays.columns;
    if (columns > 1 && columns != x->n)
        return tw__fail(err, TW_ERR_SPEC,
                        "%s has %zu columns, one for each worker: workers must be %zu, not %zu",
                        x->choice.quoted, columns, columns, x->n);
    if (columns > 1 && x->set.needs_point)
        return tw__fail(
            err, TW_ERR_SPEC,
            "%s has %zu columns, and the rule looks at where its gradient was taken, which must be one "
            "point: give a file with one column",
            x->choice.quoted, columns);
    return TW_OK;
}

static tw_status create(tw__workers *x, tw_error *err)
{
    struct delayed *d;
    TW_TRY(tw__alloc(x->ctx, &d, 1, sizeof *d, err));
    x->state = d;
    x->n_servers = 1;
    x->splits = 1;
    TW_TRY(*x->choice.quoted ? tw__delays_read(&d->delays, x->ctx, x->choice.quoted, err)
                             : tw__delays_of_turns(&d->delays, x->ctx, x->n, err));
    TW_TRY(check_columns(x, d, err));
    d->n_versions = (size_t)d->delays.most + 1;
    TW_TRY(tw__alloc(x->ctx, &d->version, d->n_versions, sizeof *d->version, err));
    TW_TRY(tw__alloc(x->ctx, &d->waiting, x->n, sizeof *d->waiting, err));
    TW_TRY(tw__staleness_create(x, &d->stale, err));
    TW_TRY(tw__stepper_create(x, 0, x->set.size, 0, &d->all, err));
    return keep(x, d, 0, err);
}

static void destroy(tw__workers *x)
{
    struct delayed *d = x->state;
    if (!d) return;
    for (size_t i = 0; d->version && i < d->n_versions; i++)
        tw__free(x->ctx, d->version[i].w, x->set.size, x->k->real);
    tw__free(x->ctx, d->version, d->n_versions, sizeof *d->version);
    tw__stepper_free(x, &d->all);
    tw__staleness_free(x, &d->stale);
    tw__merge_free(&d->merge, x);
    tw__free(x->ctx, d->waiting, x->n, sizeof *d->waiting);
    tw__delays_free(&d->delays, x->ctx);
    tw__free(x->ctx, d, 1, sizeof *d);
}

static const tw_option options[] = {
    {"delays", TW_SPEC, "", 0, 0, 0, TW_CLOSED,
     "text file, a row for each update: how many updates old the weights of its gradient are; or a column for each "
     "worker"},
    {"rate", TW_WORD, TW__STALE_RATES, TW__FULL, 0, 0, TW_CLOSED,
     "the rate of a step, as with ps; see the equation"},
    {"alpha", TW_REAL, NULL, 0.9, 0, 1, TW_OPEN, "adaptive1: the share of what is left that a step takes"}};

const tw__protocol tw__protocol_delayed = {
    .about =
        {.size = sizeof(tw_exchange),
         .name = "delayed",
         .help = "gradients are as old as a file of measured delays says",
         .paper = "",
         .equation =
             "w[k+1] = step(w[k], gradient of update k at w[k - d[k]]), with d[k] from the file\n"
             "of more columns worker i's rows at w[k - d[k][i]]\n"
             "after the last row comes the first again; rate is as that of ps, with the largest delay of an update",
         .n_options = sizeof options / sizeof options[0],
         .options = options},
    .bits = TW__BITS_REPEAT,
    .create = create,
    .free = destroy,
    .next = next,
    .computed = computed,
    .receive = receive,
    .visit = visit,
};
