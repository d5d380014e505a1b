/* armijo: backtracking line search. Before every step the largest of a, a shrink, a shrink^2, ... is taken
 * with
 *     f(w - a g) <= f(w) - c a |g|^2,
 * f and g on the drawn rows, every f on the same draw (the same rows, the same dropout). a is lr times a
 * factor that is remembered. The point that is tried has the bits of the point that rule sgd then steps to.
 * SPDX-License-Identifier: MIT */
#include "base/pool.h"
#include "math/sums.h"
#include "train/controls/control.h"
#include <string.h>

static const tw_option options[] = {
    {"c", TW_REAL, NULL, 1e-4, 0, 1, TW_OPEN, "share of the decrease along the tangent that is asked for"},
    {"shrink", TW_REAL, NULL, 0.5, 0, 1, TW_OPEN, "factor from one trial to the next"},
    {"grow", TW_REAL, NULL, 2, 1, TW_INF, TW_OPEN_MAX,
     "a step's first trial is the last step's factor times this, at most 1"},
    {"most", TW_INT, NULL, 30, 1, 1000, TW_CLOSED, "trials after which the run ends (stalled)"},
};
enum { C, SHRINK, GROW, MOST };
enum { HAS_STEPPED };

/* ---- what it can work with ----------------------------------------------------------------------------- */

static tw_status refuse(const char *what, tw_error *err)
{
    return tw__fail(
        err, TW_ERR_SPEC,
        "armijo looks along the gradient of the drawn rows, and with %.200s the step is not along it", what);
}

static tw_status check_rule(const tw__control_setting *s, tw_error *err)
{
    const char *spec = tw_optimizer_spec(s->optimizer);
    tw_chain chain;
    tw_piece piece;
    TW_TRY(tw_chain_read(&chain, spec, s->custom, err));
    const tw_choice *rule = &chain.link[chain.rule];
    int plain = chain.n == 1 && rule->rule == tw_rule_find("sgd");
    for (int i = 0; plain && i < rule->rule->n_options; i++)
        plain = strcmp(rule->rule->options[i].name, "lr") == 0 ||
                rule->values[i] == rule->rule->options[i].initial;
    if (!plain) return refuse(spec, err);
    for (size_t i = 0; tw_schedule_piece(&piece, tw_optimizer_schedule(s->optimizer), i, (uint64_t)1 << 52,
                                         NULL) == TW_OK &&
                       piece.schedule;
         i++)
        if (strcmp(piece.key, "lr") != 0) return refuse(tw_optimizer_schedule(s->optimizer), err);
    return TW_OK;
}

static tw_status create(tw__control *c, const tw__control_setting *s, tw_error *err)
{
    if (s->has_direction)
        return tw__fail(
            err, TW_ERR_SPEC,
            "armijo looks along the gradient of the drawn rows, and estimator %s makes a direction of its own (give minibatch, "
            "full or single)",
            s->estimator);
    TW_TRY(check_rule(s, err));
    if (s->groups) return refuse("parameter groups", err);
    if (s->nonfinite == TW_NONFINITE_ZERO) return refuse("nonfinite = zero", err);
    if (s->races)
        return tw__fail(
            err, TW_ERR_SPEC,
            "armijo needs the loss before and after a step, and under exchange %s others step in between",
            s->exchange);
    return tw__alloc(c->ctx, &c->memory, c->size, tw_type_size(c->real), err);
}

static void destroy(tw__control *c) { tw__free(c->ctx, c->memory, c->size, tw_type_size(c->real)); }

/* ---- the search ---------------------------------------------------------------------------------------- */

struct move {
    const tw__control *c;
    const tw__trial *t;
    double a;
};

/* As sgd does it, in the weights' type. */
static void move_task(void *arg, size_t chunk, int worker)
{
    const struct move *m = arg;
    const size_t lo = chunk * TW__CHUNK, hi = m->c->size - lo > TW__CHUNK ? lo + TW__CHUNK : m->c->size;
    (void)worker;
    if (m->c->real == TW_F32) {
        float *restrict to = m->c->memory;
        const float *restrict w = m->t->w, *restrict g = m->t->g, a = (float)m->a;
        for (size_t i = lo; i < hi; i++) to[i] = w[i] - a * g[i];
    } else {
        double *restrict to = m->c->memory;
        const double *restrict w = m->t->w, *restrict g = m->t->g, a = m->a;
        for (size_t i = lo; i < hi; i++) to[i] = w[i] - a * g[i];
    }
}

static tw_status step(tw__control *c, const tw__trial *t, tw_error *err)
{
    const double *h = c->choice.values;
    const tw__sums *sums = tw__sums_for(tw_context_isa(c->ctx));
    const double squares = c->real == TW_F32 ? tw__sum_squares_f32(sums, t->g, c->size)
                                             : tw__sum_squares_f64(sums, t->g, c->size);
    /* handed on as it is, so that the rule's check names the place */
    if (squares - squares != 0) return TW_OK;
    double factor = c->state[HAS_STEPPED] ? c->factor * h[GROW] : 1;
    if (factor > 1) factor = 1;
    for (int i = 0; i < (int)h[MOST]; i++, factor *= h[SHRINK]) {
        struct move m = {c, t, t->lr * (t->others * factor)};
        double there;
        tw__pool_run(c->ctx, (c->size + TW__CHUNK - 1) / TW__CHUNK, move_task, &m);
        TW_TRY(t->loss_at(t->user, c->memory, &there, err));
        if (!(there <= t->loss - h[C] * m.a * squares)) continue;
        c->factor = factor;
        c->state[HAS_STEPPED] = 1;
        return TW_OK;
    }
    c->status = TW_RUN_STALLED;
    return TW_OK;
}

extern const tw__control_type tw__control_armijo;
const tw__control_type tw__control_armijo = {
    .about =
        {.size = sizeof(tw_control),
         .name = "armijo",
         .help = "line search: the longest step that lowers the drawn rows' loss enough",
         .paper = "Armijo 1966",
         .use =
             "Gradient descent without a rate to tune, on full gradients above all; lr is the longest step that is tried.",
         .equation =
             "a = lr * factor, the first factor of min(1, grow * last), then times shrink each, with\n"
             "f(w - a g) <= f(w) - c a |g|^2\nw = w - a g",
         .n_options = sizeof options / sizeof options[0],
         .options = options,
         .every_step = 1},
    .create = create,
    .free = destroy,
    .step = step,
};
