/* diloco: every worker makes many steps with weights of its own; then the mean of the ways back, c - w_i,
 * goes as a gradient to a second rule, the outer one, which steps the centre c, and all continue from there.
 * Buffers, such as the means of batch normalisation, are averaged. With the outer rule sgd:lr=1 that is
 * `average`; of one worker, with sgd:lr=a, the transform lookahead.
 * SPDX-License-Identifier: MIT */
#include "exchange/rounds.h"
#include <string.h>

static const char initial_outer[] = "sgd:lr=0.7,momentum=0.9,nesterov=1";

/* Tensors that no rule steps. */
static void average_buffers(const tw__workers *x, const tw__rounds *r)
{
    for (size_t i = 0; i < x->set.n_tensors; i++) {
        const tw_tensor *t = &x->set.tensors[i];
        const size_t end = i + 1 < x->set.n_tensors ? t[1].offset : x->set.size;
        if (t->flags & TW_TENSOR_BUFFER)
            tw__replicas_go(x, &r->replicas, r->centre, r->centre, t->offset, end - t->offset);
    }
}

static tw_status settle(tw__workers *x, tw__rounds *r, tw_error *err)
{
    tw__replicas_way(x, &r->replicas, r->centre, 1);
    average_buffers(x, r);
    const tw__sum way = {.dense = r->replicas.way};
    return tw__stepper_step(x, r->more, r->centre, &way, NULL, err);
}

static tw_status make_outer(tw__workers *x, tw__rounds *r, tw_error *err)
{
    const char *rule = *x->choice.quoted ? x->choice.quoted : initial_outer;
    const tw__optimizer_setting s = {.hi = x->set.size, .rule = rule};
    tw__stepper *outer;
    tw_error why;
    TW_TRY(tw__alloc(x->ctx, &outer, 1, sizeof *outer, err));
    r->more = outer;
    *outer = (tw__stepper){.hi = x->set.size, .is_own = 1};
    const tw_status status = x->set.make_optimizer(x->set.user, &s, &outer->opt, &why);
    if (status != TW_OK) return tw__fail(err, status, "outer rule of diloco: %s", why.message);
    if (tw_optimizer_has_view(outer->opt))
        return tw__fail(err, TW_ERR_SPEC,
                        "outer rule of diloco: %s reports other weights than it steps, and workers need one",
                        rule);
    return TW_OK;
}

static tw_status create(tw__workers *x, tw_error *err)
{
    tw__rounds *r;
    TW_TRY(tw__rounds_create(x, &r, err));
    r->every = (uint64_t)tw__exchange_value(x, "every");
    r->settle = settle;
    r->ends_with_run = r->takes_centre = 1;
    return make_outer(x, r, err);
}

static void destroy(tw__workers *x)
{
    tw__rounds *r = x->state;
    if (r && r->more) {
        tw__stepper_free(x, r->more);
        tw__free(x->ctx, r->more, 1, sizeof(tw__stepper));
    }
    tw__rounds_free(x);
}

static tw_status visit(tw__workers *x, tw_visitor *v, tw_error *err)
{
    tw__rounds *r = x->state;
    tw__stepper *outer = r->more;
    tw__numbered numbered;
    TW_TRY(tw__rounds_visit(x, v, err));
    return tw_optimizer_visit(outer->opt, tw__numbered_visitor(&numbered, v, "outer", 0), err);
}

static const tw_option options[] = {{"every", TW_INT, NULL, 500, 1, TW_STEPS, TW_CLOSED,
                                     "steps of each worker between two outer ones"},
                                    {"outer", TW_SPEC, initial_outer, 0, 0, 0, TW_CLOSED,
                                     "the rule that steps the centre, with transforms if need be"}};

const tw__protocol tw__protocol_diloco = {
    .about = {.size = sizeof(tw_exchange),
              .name = "diloco",
              .help = "as average, but a second rule steps along the mean of the ways that workers have gone",
              .paper = "Douillard et al. 2023, Algorithm 1",
              .equation = "w_i = step(w_i, mean of an update's rows)\n"
                          "every `every` steps: g = sum_i (rows_i/rows) (c - w_i)\n"
                          "c = outer step(c, g),  w_i = c; c is reported",
              .n_options = sizeof options / sizeof options[0],
              .options = options},
    .create = create,
    .free = destroy,
    .next = tw__rounds_next,
    .computed = tw__rounds_computed,
    .receive = tw__rounds_receive,
    .visit = visit,
};
