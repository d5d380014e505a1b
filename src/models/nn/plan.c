/* Runs the layers over a piece of at most ROWS rows at a time: forward through all, the loss, backward
 * through all, so that a piece's activations stay in the cache.  A leaf of the batch tree longer than a piece
 * continues where the piece before stopped (TW__CONTINUE).
 * SPDX-License-Identifier: MIT */
#include "models/nn/plan.h"
#include "base/cpu.h"
#include "models/nn/steps.h"
#include <string.h>

enum { ROWS = TW__PASS_ROWS };

/* What one evaluation writes to; two at the same time have different lanes. */
typedef struct lane {
    char *numbers; /* activations and gradients */
    uint8_t *saved;
    char *scratch;
    int32_t labels[ROWS];
    double targets[ROWS];
} lane;

typedef struct plan {
    tw__bound on;
    tw_context *ctx;
    const tw__kernels *k;
    size_t row_size, row_bytes; /* of the data */
    tw__steps steps;
    char *packed;
    lane *lanes;
    int n_lanes;
} plan;

static int point(void *user, const void *w)
{
    plan *p = user;
    tw__fp_mode mode = tw__fp_enter();
    for (size_t i = 0; i < p->steps.n; i++) {
        const tw__step *s = &p->steps.step[i];
        if (s->layer && s->layer->type->pack)
            s->layer->type->pack(s->layer, p->k, w, p->packed + s->packed_at * p->k->real);
    }
    tw__fp_leave(mode);
    return 0;
}

/* What stands at a place; NULL: nothing does. */
static char *at(const plan *p, const lane *b, size_t place)
{
    return place == TW__NOWHERE ? NULL : b->numbers + place * ROWS * p->k->real;
}

static void fetch(const plan *p, lane *b, const uint64_t *rows, size_t n)
{
    char *const input = at(p, b, p->steps.input);
    for (size_t r = 0; r < n; r++) {
        const char *from = (const char *)p->on.data.x + rows[r] * p->row_bytes;
        char *to = input + r * p->row_size * p->k->real;
        if (p->on.data.type == TW_U8) p->k->fetch_u8(p->row_size, (const uint8_t *)from, to);
        else p->k->fetch_f32(p->row_size, (const float *)from, to);
        if (p->on.classes) b->labels[r] = p->on.classes[rows[r]];
        if (p->on.targets) b->targets[r] = p->on.targets[rows[r]];
    }
}

/* The pass as a step sees it. */
static tw__pass pass_of(const plan *p, const lane *b, const tw__step *s, const tw__pass *all)
{
    tw__pass pass = *all;
    pass.packed = p->packed + s->packed_at * p->k->real;
    pass.saved = b->saved + s->saved_at * ROWS;
    return pass;
}

static void add_values(const plan *p, const lane *b, const tw__step *s, size_t rows)
{
    char *const x = at(p, b, s->x[0]), *const y = at(p, b, s->y);
    if (x != y) memcpy(y, x, rows * s->size * p->k->real);
    p->k->add(rows * s->size, y, at(p, b, s->x[1]));
}

/* Every step but the last, which stands for the loss. */
static void forward(const plan *p, const lane *b, const tw__pass *all)
{
    for (size_t i = 0; i + 1 < p->steps.n; i++) {
        const tw__step *s = &p->steps.step[i];
        if (!s->layer) {
            add_values(p, b, s, all->rows);
            continue;
        }
        const tw__pass pass = pass_of(p, b, s, all);
        s->layer->type->forward(s->layer, &pass, at(p, b, s->x[0]), at(p, b, s->y));
    }
}

/* dy is the gradient of both ends; that of the first may stand there already. */
static void split_gradient(const plan *p, const lane *b, const tw__step *s, size_t rows)
{
    const size_t n = rows * s->size;
    for (int which = 1; which >= 0; which--) {
        char *const dx = at(p, b, s->dx[which]), *const dy = at(p, b, s->dy);
        if (!dx || dx == dy) continue;
        if (s->adds[which]) p->k->add(n, dx, dy);
        else memcpy(dx, dy, n * p->k->real);
    }
}

static void backward(const plan *p, const lane *b, const tw__pass *all)
{
    for (size_t i = p->steps.n - 1; i-- > 0;) {
        const tw__step *s = &p->steps.step[i];
        if (s->dy == TW__NOWHERE) continue;
        if (!s->layer) {
            split_gradient(p, b, s, all->rows);
            continue;
        }
        const tw__pass pass = pass_of(p, b, s, all);
        char *const dx = at(p, b, s->dx[0]), *const to = s->adds[0] ? at(p, b, s->apart) : dx;
        s->layer->type->backward(s->layer, &pass, at(p, b, s->x[0]), at(p, b, s->y), at(p, b, s->dy), to);
        if (s->adds[0]) p->k->add(all->rows * s->layer->in_size, dx, to);
    }
}

static void add_to(const plan *p, lane *b, const tw__pass *pass, unsigned want, tw_sums *sums, char *output)
{
    const tw__step *last = &p->steps.step[p->steps.n - 1];
    char *logits = at(p, b, last->x[0]);
    forward(p, b, pass);
    if (want & TW_WANT_OUTPUT) last->layer->type->forward(last->layer, pass, logits, output);
    if (want & (TW_WANT_LOSS | TW_WANT_GRADIENT)) {
        char *dy = want & TW_WANT_GRADIENT ? at(p, b, last->dx[0]) : NULL;
        last->layer->type->loss(last->layer, pass, logits, b->labels, sums, dy);
        sums->weight += (double)pass->rows;
        if (dy) backward(p, b, pass);
    }
}

static int eval(void *user, const tw_eval *e)
{
    plan *p = user;
    lane *b = &p->lanes[e->draw->lane];
    tw__fp_mode mode = tw__fp_enter();
    *e->sums = (tw_sums){0};
    for (size_t done = 0; done < e->n; done += ROWS) {
        size_t piece = e->n - done < ROWS ? e->n - done : ROWS;
        tw__pass pass = {.k = p->k,
                         .rows = piece,
                         .draw = e->draw,
                         .first = e->draw->first + done,
                         .targets = b->targets,
                         .training = (e->want & TW_TRAINING) != 0,
                         .w = e->w,
                         .gradient = e->want & TW_WANT_GRADIENT ? e->gradient : NULL,
                         .scratch = b->scratch,
                         .into = done > 0           ? TW__CONTINUE
                                 : e->want & TW_ADD ? TW__ADD
                                                    : TW__START};
        fetch(p, b, e->rows + done, piece);
        const size_t outputs = p->steps.step[p->steps.n - 1].size;
        add_to(p, b, &pass, e->want, e->sums,
               e->output ? (char *)e->output + done * outputs * p->k->real : NULL);
    }
    tw__fp_leave(mode);
    return 0;
}

/* ---- making and freeing -------------------------------------------------------------------------------- */

static tw_status make_buffers(plan *p, tw_error *err)
{
    p->n_lanes = tw_context_threads(p->ctx);
    TW_TRY(tw__alloc(p->ctx, &p->packed, p->steps.packed, p->k->real, err));
    TW_TRY(tw__alloc(p->ctx, &p->lanes, (size_t)p->n_lanes, sizeof *p->lanes, err));
    for (int i = 0; i < p->n_lanes; i++) {
        lane *b = &p->lanes[i];
        TW_TRY(tw__alloc(p->ctx, &b->numbers, p->steps.size * ROWS, p->k->real, err));
        TW_TRY(tw__alloc(p->ctx, &b->saved, p->steps.saved * ROWS, 1, err));
        TW_TRY(tw__alloc(p->ctx, &b->scratch, p->steps.scratch, p->k->real, err));
    }
    return TW_OK;
}

static void destroy(tw__bound *on)
{
    plan *p = (plan *)on;
    for (int i = 0; p->lanes && i < p->n_lanes; i++) {
        lane *b = &p->lanes[i];
        tw__free(p->ctx, b->numbers, p->steps.size * ROWS, p->k->real);
        tw__free(p->ctx, b->saved, p->steps.saved * ROWS, 1);
        tw__free(p->ctx, b->scratch, p->steps.scratch, p->k->real);
    }
    tw__free(p->ctx, p->lanes, (size_t)p->n_lanes, sizeof *p->lanes);
    tw__free(p->ctx, p->packed, p->steps.packed, p->k->real);
    tw__steps_free(&p->steps);
    tw__free(p->ctx, p, 1, sizeof *p);
}

tw_status tw__plan_objective(const tw__bound *on, tw_objective *out, tw_error *err)
{
    plan *p;
    tw_context *ctx = on->model->ctx;
    const tw__network *net = on->model->state;
    const tw_type type = on->model->type;
    TW_TRY(tw__alloc(ctx, &p, 1, sizeof *p, err));
    p->on = *on;
    p->on.free = destroy;
    p->ctx = ctx;
    p->k = tw__kernels_for(type, tw_context_isa(ctx));
    p->row_size = net->values[0].size;
    p->row_bytes = p->row_size * tw_type_size(on->data.type);
    tw_status s = tw__steps_create(&p->steps, ctx, net, p->k, err);
    if (s == TW_OK) s = make_buffers(p, err);
    if (s != TW_OK) {
        destroy(&p->on);
        return s;
    }
    *out = (tw_objective){.size = sizeof *out,
                          .type = type,
                          .tensors = net->tensors,
                          .n_tensors = net->n_tensors,
                          .n_rows = on->data.rows,
                          .n_outputs = on->model->kind->outputs(on->model),
                          .can_add = 1,
                          .only_outputs = !on->classes && !on->targets,
                          .counts_correct = on->classes != NULL,
                          .lanes = p->n_lanes,
                          .user = p,
                          .point = point,
                          .eval = eval};
    return TW_OK;
}
