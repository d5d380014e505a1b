/* diloco: every worker makes many steps with weights of its own; then the mean of the ways back, c - w_i,
 * goes as a gradient to a second rule, the outer one, which steps the centre c, and all continue from there.
 * Buffers, such as the means of batch normalisation, are averaged. With the outer rule sgd:lr=1 that is
 * `average`; of one worker, with sgd:lr=a, the transform lookahead. Without waiting: diloco_async.c.
 * SPDX-License-Identifier: MIT */
#include "exchange/diloco.h"
#include "exchange/wire.h"
#include <string.h>

enum { MOST_GATHERED = (1 << TW__DILOCO_LEVELS) - 1 };
static const char initial_outer[] = "sgd:lr=0.7,momentum=0.9,nesterov=1";

/* Tensors that no rule steps. */
static void average_buffers(const tw__workers *x, const tw__rounds *r)
{
    for (size_t i = 0; i < x->set.n_tensors; i++) {
        const tw_tensor *t = &x->set.tensors[i];
        const size_t end = i + 1 < x->set.n_tensors ? t[1].offset : x->set.size;
        if (t->flags & TW_TENSOR_BUFFER)
            tw__replicas_go(x, &r->replicas, r->centre, r->centre, 1, t->offset, end - t->offset);
    }
}

tw_status tw__diloco_step(tw__workers *x, tw__rounds *r, tw_error *err)
{
    tw__diloco *d = r->more;
    average_buffers(x, r);
    const tw__sum way = {.dense = r->replicas.way};
    return tw__stepper_step(x, &d->outer, r->centre, &way, NULL, err);
}

static tw_status settle(tw__workers *x, tw__rounds *r, tw_error *err)
{
    tw__replicas_share(x, &r->replicas, 1);
    tw__replicas_way(x, &r->replicas, x->wire ? NULL : r->centre);
    return tw__diloco_step(x, r, err);
}

static tw_status next(tw__workers *x, tw__worker *me, enum tw__act *act, tw_error *err)
{
    const tw__diloco *d = ((const tw__rounds *)x->state)->more;
    return d->is_sync ? tw__rounds_next(x, me, act, err) : tw__diloco_async_next(x, me, act, err);
}

static tw_status computed(tw__workers *x, tw__worker *me, tw_error *err)
{
    const tw__diloco *d = ((const tw__rounds *)x->state)->more;
    return d->is_sync ? tw__rounds_computed(x, me, err) : tw__diloco_async_computed(x, me, err);
}

static tw_status receive(tw__workers *x, const tw__message *m, tw_error *err)
{
    const tw__diloco *d = ((const tw__rounds *)x->state)->more;
    return d->is_sync ? tw__rounds_receive(x, m, err) : tw__diloco_async_receive(x, m, err);
}

/* ---- making -------------------------------------------------------------------------------------------- */

/* Of ways in fewer bits the sum is no mean of buffers, and a variance may come out below 0. */
static tw_status refuse_buffers(const tw__workers *x, tw_error *err)
{
    const tw__codec *codec = tw__codec_at((size_t)tw__exchange_value(x, "wire"));
    for (size_t i = 0; codec && !codec->is_of_matrices && i < x->set.n_tensors; i++)
        if (x->set.tensors[i].flags & TW_TENSOR_BUFFER)
            return tw__fail(
                err, TW_ERR_SPEC,
                "exchange %s: %.60s is averaged, and would not be in fewer bits: give wire=powersgd, "
                "which sends it as it is, or fp32",
                x->choice.spec, x->set.tensors[i].name);
    return TW_OK;
}

/* What only arrivals have. */
static tw_status refuse_async_options(const tw__workers *x, tw_error *err)
{
    static const char *const names[] = {"weight", "buffer", "preview", "grace", "paced"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const int is_buffer = strcmp(names[i], "buffer") == 0;
        if (tw__exchange_value(x, names[i]) != is_buffer)
            return tw__fail(err, TW_ERR_SPEC, "exchange %s: %s is for sync=0, where nobody waits for all",
                            x->choice.spec, names[i]);
    }
    return TW_OK;
}

static tw_status create(tw__workers *x, tw_error *err)
{
    tw__rounds *r;
    tw__diloco *d;
    TW_TRY(tw__rounds_create(x, &r, err));
    TW_TRY(tw__replicas_make_means(x, &r->replicas, err));
    TW_TRY(tw__alloc(x->ctx, &d, 1, sizeof *d, err));
    r->more = d;
    r->every = (uint64_t)tw__exchange_value(x, "every");
    r->settle = settle;
    r->ends_with_run = r->takes_centre = x->codes_sums = 1;
    d->is_sync = tw__exchange_value(x, "sync") != 0;
    TW_TRY(refuse_buffers(x, err));
    TW_TRY(tw__stepper_of_rule(x, *x->choice.quoted ? x->choice.quoted : initial_outer, "outer", 0,
                               x->set.size, &d->outer, err));
    if (!d->is_sync && x->transport->is_apart)
        return tw__fail(err, TW_ERR_SPEC,
                        "exchange %s: sync=0 does not run in several processes yet; sync=1 does",
                        x->choice.spec);
    return d->is_sync ? refuse_async_options(x, err) : tw__diloco_async_create(x, r, err);
}

static void destroy(tw__workers *x)
{
    tw__rounds *r = x->state;
    if (r && r->more) {
        tw__diloco *d = r->more;
        tw__diloco_async_free(x, &d->async);
        tw__stepper_free(x, &d->outer);
        tw__free(x->ctx, d, 1, sizeof *d);
    }
    tw__rounds_free(x);
}

static tw_status visit(tw__workers *x, tw_visitor *v, tw_error *err)
{
    tw__rounds *r = x->state;
    tw__diloco *d = r->more;
    tw__numbered numbered;
    TW_TRY(tw__rounds_visit(x, v, err));
    TW_TRY(tw_optimizer_visit(d->outer.opt, tw__numbered_visitor(&numbered, v, "outer", 0), err));
    return d->is_sync ? TW_OK : tw__diloco_async_visit(x, v, err);
}

enum { SYNC = 2 };
static const tw_option options[] =
    {{"every", TW_INT, NULL, 500, 1, TW_STEPS, TW_CLOSED, "steps of each worker between two outer ones"},
     {"outer", TW_SPEC, initial_outer, 0, 0, 0, TW_CLOSED,
      "the rule that steps the centre, with transforms if need be"},
     [SYNC] = {"sync", TW_FLAG, NULL, 1, 0, 1, TW_CLOSED,
               "step with the ways of all together; 0: with each worker's when it comes"},
     {"weight", TW_WORD, "sqrt stale mean full", TW__WEIGHT_SQRT, 0, 0, TW_CLOSED,
      "sync=0, of a way: 1/sqrt(n) of n workers; that over sqrt(1 + staleness); 1/n; 1"},
     {"buffer", TW_INT, NULL, 1, 1, MOST_GATHERED, TW_CLOSED,
      "sync=0: ways of which the sum is an outer gradient"},
     {"preview", TW_FLAG, NULL, 0, 0, 1, TW_CLOSED,
      "with buffer: until it is full workers begin at c - lr times what has come (delayed Nesterov)"},
     {"grace", TW_REAL, NULL, 0, 0, TW_INF, TW_OPEN_MAX,
      "sync=0, in sim: who comes within so many seconds of another begins with it"},
     {"paced", TW_FLAG, NULL, 0, 0, 1, TW_CLOSED, "sync=0: slower workers make fewer steps in a round"},
     TW__WIRE_OPTIONS};
static const tw_alias aliases[] = {{"dylu", "paced"}, {"dn", "preview"}, {NULL, NULL}};

/* A round waits for all. */
static enum tw__bits bits_with(const double *values)
{
    return values[SYNC] != 0 ? TW__BITS_REPEAT : TW__BITS_VARY;
}

static const char *against_waiting(const double *values)
{
    return values[SYNC] != 0 ? ": with sync=0 nobody waits for all" : NULL;
}

const tw__protocol tw__protocol_diloco = {
    .about = {.size = sizeof(tw_exchange),
              .name = "diloco",
              .help = "as average, but a second rule steps along the mean of the ways that workers have gone",
              .paper =
                  "Douillard et al. 2023, Algorithm 1; sync=0: Liu et al. 2024; buffer: Nguyen et al. 2022",
              .equation = "w_i = step(w_i, mean of an update's rows)\n"
                          "every `every` steps: g = sum_i (rows_i/rows) (c - w_i)\n"
                          "c = outer step(c, g),  w_i = c; c is reported\n"
                          "sync=0: worker i alone, from b_i = c:  g = weight (b_i - w_i)",
              .n_options = sizeof options / sizeof options[0],
              .options = options,
              .aliases = aliases},
    .bits_with = bits_with,
    .against_waiting = against_waiting,
    .is_for_processes = 1,
    .create = create,
    .free = destroy,
    .next = next,
    .computed = computed,
    .receive = receive,
    .gather = tw__rounds_gather,
    .visit = visit,
    .content = tw__rounds_content,
    .visit_worker = tw__rounds_visit_worker,
};
