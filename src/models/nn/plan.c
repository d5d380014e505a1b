/* Runs the layers over a piece of at most ROWS rows at a time: forward through all, the loss, backward
 * through all, so that a piece's activations stay in the cache.  A leaf of the batch tree longer than a piece
 * continues where the piece before stopped (TW__CONTINUE).
 * SPDX-License-Identifier: MIT */
#include "models/nn/plan.h"
#include "base/cpu.h"

enum { ROWS = TW__PASS_ROWS };

/* What one evaluation writes to; two at the same time have different lanes. */
typedef struct lane {
    /* the input, then every layer's output that has memory of its own */
    char *activations;
    char *gradients[2]; /* of activations, in turn */
    uint8_t *saved;
    char *scratch;
    int32_t labels[ROWS];
    double targets[ROWS];
} lane;

typedef struct plan {
    tw__bound on;
    tw_context *ctx;
    const tw__kernels *k;
    size_t row_bytes; /* of the data */
    /* the network's, fused where they can be; the last has the loss */
    tw__layer *layers;
    size_t n_layers, capacity;
    /* where layer i's output begins, in numbers of ROWS rows; at[0] is the input */
    size_t *at;
    /* numbers in all; the most in one output; for scratch; bytes per row for notes */
    size_t activations, widest, scratch, saved;
    /* the first layer with weights: nothing before it needs a gradient */
    size_t first_weights;
    size_t *packed_at, packed_size; /* numbers made once per point, layer by layer */
    char *packed;
    lane *lanes;
    int n_lanes;
} plan;

static int point(void *user, const void *w)
{
    plan *p = user;
    tw__fp_mode mode = tw__fp_enter();
    for (size_t i = 0; i < p->n_layers; i++) {
        const tw__layer *l = &p->layers[i];
        if (l->type->pack) l->type->pack(l, p->k, w, p->packed + p->packed_at[i] * p->k->real);
    }
    tw__fp_leave(mode);
    return 0;
}

static void fetch(const plan *p, lane *b, const uint64_t *rows, size_t n)
{
    size_t in = p->layers[0].in_size;
    for (size_t r = 0; r < n; r++) {
        const char *from = (const char *)p->on.data.x + rows[r] * p->row_bytes;
        char *to = b->activations + r * in * p->k->real;
        if (p->on.data.type == TW_U8) p->k->fetch_u8(in, (const uint8_t *)from, to);
        else p->k->fetch_f32(in, (const float *)from, to);
        if (p->on.classes) b->labels[r] = p->on.classes[rows[r]];
        if (p->on.targets) b->targets[r] = p->on.targets[rows[r]];
    }
}

static char *output_of(const plan *p, const lane *b, size_t layer)
{
    return b->activations + p->at[layer + 1] * p->k->real;
}
static char *input_of(const plan *p, const lane *b, size_t layer)
{
    return b->activations + p->at[layer] * p->k->real;
}

/* Every layer but the last, which stands for the loss. */
static void forward(const plan *p, const lane *b, tw__pass *pass)
{
    for (size_t i = 0; i + 1 < p->n_layers; i++) {
        pass->packed = p->packed + p->packed_at[i] * p->k->real;
        p->layers[i].type->forward(&p->layers[i], pass, input_of(p, b, i), output_of(p, b, i));
    }
}

static void backward(const plan *p, const lane *b, const tw__pass *pass, char *dy)
{
    for (size_t i = p->n_layers - 1; i-- > p->first_weights;) {
        const tw__layer *l = &p->layers[i];
        char *dx = i == p->first_weights   ? NULL
                   : l->type->in_place     ? dy
                   : dy == b->gradients[0] ? b->gradients[1]
                                           : b->gradients[0];
        l->type->backward(l, pass, input_of(p, b, i), output_of(p, b, i), dy, dx);
        dy = dx;
    }
}

static void add_to(const plan *p, lane *b, tw__pass *pass, unsigned want, tw_sums *sums, char *output)
{
    const tw__layer *last = &p->layers[p->n_layers - 1];
    char *logits = input_of(p, b, p->n_layers - 1);
    forward(p, b, pass);
    if (want & TW_WANT_OUTPUT) last->type->forward(last, pass, logits, output);
    if (want & (TW_WANT_LOSS | TW_WANT_GRADIENT)) {
        char *dy = want & TW_WANT_GRADIENT ? b->gradients[0] : NULL;
        last->type->loss(last, pass, logits, b->labels, sums, dy);
        sums->weight += (double)pass->rows;
        if (dy) backward(p, b, pass, dy);
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
                         .saved = b->saved,
                         .scratch = b->scratch,
                         .into = done > 0           ? TW__CONTINUE
                                 : e->want & TW_ADD ? TW__ADD
                                                    : TW__START};
        fetch(p, b, e->rows + done, piece);
        add_to(p, b, &pass, e->want, e->sums,
               e->output ? (char *)e->output + done * p->layers[p->n_layers - 1].out_size * p->k->real
                         : NULL);
    }
    tw__fp_leave(mode);
    return 0;
}

/* ---- making and freeing -------------------------------------------------------------------------------- */

static tw_status list_layers(plan *p, const tw__network *net, tw_error *err)
{
    int weights_before = 0;
    p->capacity = net->n_layers;
    TW_TRY(tw__alloc(p->ctx, &p->layers, p->capacity, sizeof *p->layers, err));
    TW_TRY(tw__alloc(p->ctx, &p->at, p->capacity + 1, sizeof *p->at, err));
    TW_TRY(tw__alloc(p->ctx, &p->packed_at, p->capacity, sizeof *p->packed_at, err));
    for (size_t i = 0; i < net->n_layers;) {
        tw__layer *l = &p->layers[p->n_layers++];
        size_t fused = weights_before ? 0 : tw__layer_fuse(&net->layers[i], net->n_layers - i, p->k, l);
        if (!fused) *l = net->layers[i];
        i += fused ? fused : 1;
        weights_before |= l->n_tensors > 0;
    }
    return TW_OK;
}

static tw_status place_activations(plan *p, tw_error *err)
{
    p->widest = 1;
    p->activations = p->layers[0].in_size * ROWS;
    p->first_weights = p->n_layers;
    int kept = 0; /* is the layer's input an activation's output, which that one's backward needs? */
    for (size_t i = 0; i < p->n_layers; i++) {
        tw__layer *l = &p->layers[i];
        const int shared = l->type->in_place == TW__SAME_NUMBERS || (l->type->in_place && !kept);
        kept = l->type->activation || (kept && shared);
        p->at[i + 1] = shared ? p->at[i] : p->activations;
        if (!shared && !tw__size_add(p->activations, l->out_size * ROWS, &p->activations))
            return tw__fail(err, TW_ERR_SPEC, "the network's activations are too many");
        if (l->out_size * ROWS > p->widest) p->widest = l->out_size * ROWS;
        if (l->n_tensors && p->first_weights == p->n_layers) p->first_weights = i;
        p->packed_at[i] = p->packed_size;
        if (l->type->packed) p->packed_size += l->type->packed(l, p->k);
        if (l->type->scratch && l->type->scratch(l, p->k) > p->scratch)
            p->scratch = l->type->scratch(l, p->k);
        l->saved_at = p->saved;
        p->saved += l->saved;
    }
    return TW_OK;
}

static tw_status make_buffers(plan *p, tw_error *err)
{
    p->n_lanes = tw_context_threads(p->ctx);
    TW_TRY(tw__alloc(p->ctx, &p->packed, p->packed_size, p->k->real, err));
    TW_TRY(tw__alloc(p->ctx, &p->lanes, (size_t)p->n_lanes, sizeof *p->lanes, err));
    for (int i = 0; i < p->n_lanes; i++) {
        lane *b = &p->lanes[i];
        TW_TRY(tw__alloc(p->ctx, &b->activations, p->activations, p->k->real, err));
        TW_TRY(tw__alloc(p->ctx, &b->gradients[0], p->widest, p->k->real, err));
        TW_TRY(tw__alloc(p->ctx, &b->gradients[1], p->widest, p->k->real, err));
        TW_TRY(tw__alloc(p->ctx, &b->saved, p->saved * ROWS, 1, err));
        TW_TRY(tw__alloc(p->ctx, &b->scratch, p->scratch, p->k->real, err));
    }
    return TW_OK;
}

static void destroy(tw__bound *on)
{
    plan *p = (plan *)on;
    for (int i = 0; p->lanes && i < p->n_lanes; i++) {
        lane *b = &p->lanes[i];
        tw__free(p->ctx, b->activations, p->activations, p->k->real);
        tw__free(p->ctx, b->gradients[0], p->widest, p->k->real);
        tw__free(p->ctx, b->gradients[1], p->widest, p->k->real);
        tw__free(p->ctx, b->saved, p->saved * ROWS, 1);
        tw__free(p->ctx, b->scratch, p->scratch, p->k->real);
    }
    tw__free(p->ctx, p->lanes, (size_t)p->n_lanes, sizeof *p->lanes);
    tw__free(p->ctx, p->packed, p->packed_size, p->k->real);
    tw__free(p->ctx, p->packed_at, p->capacity, sizeof *p->packed_at);
    tw__free(p->ctx, p->at, p->capacity + 1, sizeof *p->at);
    tw__free(p->ctx, p->layers, p->capacity, sizeof *p->layers);
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
    p->row_bytes = net->layers[0].in_size * tw_type_size(on->data.type);
    tw_status s = list_layers(p, net, err);
    if (s == TW_OK) s = place_activations(p, err);
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
