/* Runs the layers over a few pieces of rows at a time.  A leaf of the batch tree that is longer than a piece
 * continues where the piece before stopped (TW__CONTINUE).
 * SPDX-License-Identifier: MIT */
#include "models/nn/plan.h"
#include "base/cpu.h"
#include "base/pool.h"
#include "data/data.h"
#include "models/leaves.h"
#include "models/nn/piece.h"
#include <math.h>

enum { MOST_BYTES = 1 << 26 }; /* of the activations of a group */
enum { FEW_PACKED = 1 << 14 }; /* numbers that one thread packs before others have begun */

struct packing {
    const tw__plan *p;
    const char *w;
    size_t parts;
};

static void pack_task(void *arg, size_t part, int worker)
{
    const struct packing *const job = arg;
    const tw__plan *const p = job->p;
    (void)worker;
    for (size_t i = 0; i < p->steps.n; i++) {
        const tw__step *s = &p->steps.step[i];
        if (s->layer && s->layer->type->pack)
            s->layer->type->pack(s->layer, p->k, (tw__part){part, job->parts}, job->w,
                                 p->packed + s->packed_at * p->k->real);
    }
}

static int point(void *user, const void *w)
{
    tw__plan *p = user;
    const size_t threads = (size_t)tw_context_threads(p->ctx);
    struct packing job = {p, w, p->steps.packed > FEW_PACKED ? threads : 1};
    tw__fp_mode mode = tw__fp_enter();
    tw__pool_run(p->ctx, job.parts, pack_task, &job);
    if (p->is_penalised) p->penalty = tw__network_penalty(p->net, p->on.model->type, p->k->isa, w);
    tw__fp_leave(mode);
    return 0;
}

/* ---- an evaluation ------------------------------------------------------------------------------------- */

/* The rows of a leaf. */
static size_t leaf_of(const tw_eval *e) { return e->want & TW_LEAVES ? e->leaf : e->n; }

static int has_segments(const tw__plan *p, const tw_eval *e)
{
    return p->steps.n_joins && e->want & TW_TRAINING;
}

/* Of what rows hand on, that of the row so many rows on. */
static char *carried(const tw__plan *p, const void *of, size_t rows)
{
    return of ? (char *)(uintptr_t)of + rows * p->steps.carry * p->k->real : NULL;
}

static size_t frames_of(size_t rows) { return (rows + TW__PASS_ROWS - 1) / TW__PASS_ROWS; }

/* Of the frames of a batch of so many rows how many come before that which begins with row `row`. */
static size_t frames_before(size_t rows, size_t row)
{
    const tw__leaves l = tw__leaves_of(rows);
    const size_t leaf = tw__leaf_at(&l, row), longer = leaf < l.longer ? leaf : l.longer;
    return longer * frames_of(l.each + 1) + (leaf - longer) * frames_of(l.each) +
           (row - tw__leaf_first(&l, leaf)) / TW__PASS_ROWS;
}

static tw__frame frame_of(const tw__plan *p, size_t row)
{
    const size_t rows = frames_before(p->batch.rows, row) * TW__PASS_ROWS;
    return (tw__frame){p->batch.numbers + rows * p->steps.size * p->k->real,
                       p->batch.saved + rows * p->steps.saved, TW__PASS_ROWS};
}

/* Piece i of a lane, over n rows of which the evaluation has done `done` before. */
static tw__piece piece_of(const tw__plan *p, tw__lane *l, const tw_eval *e, size_t i, size_t done, size_t n)
{
    const size_t first = e->draw->first + done, leaf = done / leaf_of(e);
    const int is_joined = has_segments(p, e);
    return (tw__piece){.p = p,
                       .frame = is_joined ? frame_of(p, first) : l->frame[i],
                       .labels = l->labels + i * TW__PASS_ROWS * p->labels,
                       .targets = l->targets + i * TW__PASS_ROWS * p->targets,
                       .weights = l->weights[i],
                       .e = e,
                       .sums = e->sums + leaf,
                       .join = e->join ? e->join + leaf * p->steps.join_size : NULL,
                       .settled = is_joined ? l->settled : NULL,
                       .pass = {.k = p->k,
                                .rows = n,
                                .draw = e->draw,
                                .first = first,
                                .targets = l->targets + i * TW__PASS_ROWS * p->targets,
                                .training = (e->want & TW_TRAINING) != 0,
                                .keeps = (e->want & TW_WANT_GRADIENT) != 0,
                                .w = e->w,
                                .gradient = e->want & TW_WANT_GRADIENT ? e->gradient : NULL,
                                .scratch = l->scratch,
                                .carry_in = carried(p, e->carry_in, done),
                                .carry_out = carried(p, e->carry_out, done),
                                .carry_step = p->steps.carry,
                                .into = done > 0           ? TW__CONTINUE
                                        : e->want & TW_ADD ? TW__ADD
                                                           : TW__START}};
}

/* Of the segment that is evaluated, or of all; of several leaves the group has added the gradient. */
static void add_penalty(const tw__plan *p, const tw_eval *e)
{
    const size_t n = has_segments(p, e) ? p->steps.n_joins : 0, segment = n ? (size_t)e->draw->segment : 0;
    if (!p->is_penalised || !(e->penalised > 0) || segment < n) return;
    if (segment == n) e->sums->loss += e->penalised * p->penalty;
    if (e->want & TW_WANT_GRADIENT && e->n <= leaf_of(e))
        tw__network_add_penalty(p->net, p->on.model->type, p->steps.cuts[2 * n - segment],
                                p->steps.cuts[2 * n - segment + 1], e->penalised, e->w, e->gradient);
}

static void settle_join(const tw__plan *p, const tw_eval *e, const tw__lane *l, size_t join, int is_back)
{
    const tw__step *const s = &p->steps.step[p->steps.joins[join]];
    const size_t size = p->steps.join_size, back = 2 * p->steps.n_joins - 1 - join;
    s->layer->type->settle(s->layer, p->k, e->totals + join * size, is_back ? e->totals + back * size : NULL,
                           l->settled + s->settled_at * p->k->real);
}

/* The joins that this segment begins or ends with. */
static void settle(const tw__plan *p, const tw_eval *e, const tw__lane *l)
{
    const size_t n = p->steps.n_joins, segment = (size_t)e->draw->segment,
                 part = segment <= n ? segment : 2 * n - segment;
    if (part > 0) settle_join(p, e, l, part - 1, 0);
    if (segment > n) settle_join(p, e, l, part, 1);
}

/* The rows of the piece that begins after `done` rows. */
static size_t piece_rows(const tw_eval *e, size_t leaf, size_t done)
{
    const size_t left = leaf - done % leaf, most = left < TW__PASS_ROWS ? left : TW__PASS_ROWS;
    return e->n - done < most ? e->n - done : most;
}

static int eval(void *user, const tw_eval *e)
{
    tw__plan *p = user;
    tw__lane *l = &p->lanes[e->draw->lane];
    const size_t outputs = p->steps.step[p->steps.n - 1].size;
    const size_t leaf = leaf_of(e);
    const int is_joined = has_segments(p, e);
    tw__fp_mode mode = tw__fp_enter();
    tw__plan_seen(p, NULL, 0, 0, e->n, 0);
    for (size_t i = 0; i == 0 || i * leaf < e->n; i++) e->sums[i] = (tw_sums){0};
    if (is_joined) settle(p, e, l);
    for (size_t done = 0, n; done < e->n; done += n) {
        tw__group g = {.p = p,
                       .lane = l,
                       .leaf = frames_of(leaf),
                       .joins = is_joined ? p->steps.n_joins : 0,
                       .segment = is_joined ? (size_t)e->draw->segment : 0};
        for (n = 0; g.n < p->frames && done + n < e->n; g.n++) {
            const size_t rows = piece_rows(e, leaf, done + n);
            g.piece[g.n] = piece_of(p, l, e, g.n, done + n, rows);
            n += rows;
        }
        tw__group_run(&g, e->rows + done, e->output ? (char *)e->output + done * outputs * p->k->real : NULL);
    }
    add_penalty(p, e);
    tw__fp_leave(mode);
    return p->comm.result;
}

static int reserve(void *user, size_t rows)
{
    tw__plan *p = user;
    const size_t in_frames = rows ? (frames_before(rows, rows - 1) + 1) * TW__PASS_ROWS : 0;
    size_t numbers, saved;
    if (__builtin_mul_overflow(in_frames, p->steps.size, &numbers) ||
        __builtin_mul_overflow(in_frames, p->steps.saved, &saved))
        return TW_ERR_MEMORY;
    p->batch.rows = rows;
    tw_status s = tw__grow(p->ctx, &p->batch.numbers, &p->numbers_capacity, numbers, p->k->real, NULL);
    if (s == TW_OK) s = tw__grow(p->ctx, &p->batch.saved, &p->saved_capacity, saved, 1, NULL);
    return s;
}

static void commit(void *user, void *w, const double *totals)
{
    const tw__plan *p = user;
    const tw__fp_mode mode = tw__fp_enter();
    for (size_t j = 0; j < p->steps.n_joins; j++) {
        const tw__layer *const l = p->steps.step[p->steps.joins[j]].layer;
        l->type->commit(l, totals + j * p->steps.join_size, p->k, w);
    }
    if (p->has_max_norm) tw__network_project(p->net, p->on.model->type, w);
    tw__fp_leave(mode);
}

static double weight(void *user, uint64_t row)
{
    const tw__plan *p = user;
    return tw__bound_weight(&p->on, row) * (double)p->labels;
}

/* ---- making and freeing -------------------------------------------------------------------------------- */

/* One piece where no step is wide, and as many fewer than TW__FRAMES as memory says. */
static size_t count_frames(const tw__plan *p)
{
    int wide = 0;
    size_t frames = TW__FRAMES;
    for (size_t i = 0; i < p->steps.n; i++) wide |= p->steps.step[i].wide;
    if (!wide) return 1;
    while (frames > 1 && p->steps.size > MOST_BYTES / TW__PASS_ROWS / sizeof(double) / frames) frames /= 2;
    return frames;
}

static tw_status make_lane(const tw__plan *p, tw__lane *l, tw_error *err)
{
    const size_t rows = p->frames * TW__PASS_ROWS;
    char *numbers;
    uint8_t *saved;
    TW_TRY(tw__alloc(p->ctx, &l->frame[0].numbers, p->steps.size * rows, p->k->real, err));
    TW_TRY(tw__alloc(p->ctx, &l->frame[0].saved, p->steps.saved * rows, 1, err));
    TW_TRY(tw__alloc(p->ctx, &l->scratch, p->steps.scratch, p->k->real, err));
    TW_TRY(tw__alloc(p->ctx, &l->settled, p->steps.settled, p->k->real, err));
    TW_TRY(tw__alloc(p->ctx, &l->labels, p->labels * rows, sizeof *l->labels, err));
    TW_TRY(tw__alloc(p->ctx, &l->targets, p->targets * rows, sizeof *l->targets, err));
    for (size_t i = 0; i < TW__LEVELS && p->frames > 1; i++) {
        size_t capacity = 0; /* not cleared: most often, what no batch reaches is no memory (context.c) */
        TW_TRY(tw__resize(p->ctx, &l->node[i], &capacity, p->size, p->k->real, err));
    }
    numbers = l->frame[0].numbers;
    saved = l->frame[0].saved;
    for (size_t i = 0; i < p->frames; i++)
        l->frame[i] = (tw__frame){numbers + i * p->steps.size * TW__PASS_ROWS * p->k->real,
                                  saved + i * p->steps.saved * TW__PASS_ROWS, TW__PASS_ROWS};
    return TW_OK;
}

static tw_status make_buffers(tw__plan *p, tw_error *err)
{
    p->n_lanes = tw_context_threads(p->ctx);
    TW_TRY(tw__alloc(p->ctx, &p->packed, p->steps.packed, p->k->real, err));
    TW_TRY(tw__alloc(p->ctx, &p->lanes, (size_t)p->n_lanes, sizeof *p->lanes, err));
    for (int i = 0; i < p->n_lanes; i++) TW_TRY(make_lane(p, &p->lanes[i], err));
    return TW_OK;
}

static void destroy(tw__bound *on)
{
    tw__plan *p = (tw__plan *)on;
    for (int i = 0; p->lanes && i < p->n_lanes; i++) {
        tw__lane *l = &p->lanes[i];
        tw__free(p->ctx, l->frame[0].numbers, p->steps.size * p->frames * TW__PASS_ROWS, p->k->real);
        tw__free(p->ctx, l->frame[0].saved, p->steps.saved * p->frames * TW__PASS_ROWS, 1);
        tw__free(p->ctx, l->scratch, p->steps.scratch, p->k->real);
        tw__free(p->ctx, l->settled, p->steps.settled, p->k->real);
        tw__free(p->ctx, l->labels, p->labels * p->frames * TW__PASS_ROWS, sizeof *l->labels);
        tw__free(p->ctx, l->targets, p->targets * p->frames * TW__PASS_ROWS, sizeof *l->targets);
        for (size_t j = 0; j < TW__LEVELS; j++) tw__free(p->ctx, l->node[j], p->size, p->k->real);
    }
    tw__free(p->ctx, p->batch.numbers, p->numbers_capacity, p->k->real);
    tw__free(p->ctx, p->batch.saved, p->saved_capacity, 1);
    tw__free(p->ctx, p->lanes, (size_t)p->n_lanes, sizeof *p->lanes);
    tw__free(p->ctx, p->packed, p->steps.packed, p->k->real);
    tw__steps_free(&p->steps);
    tw__free(p->ctx, p->comm.buffer, p->buffer, p->k->real);
    tw__free(p->ctx, p->slices, p->n_slices, sizeof *p->slices);
    tw__network_free(p->slice);
    tw__free(p->ctx, p, 1, sizeof *p);
}

/* A layer that takes indices gets whole numbers, and none too large. */
static tw_status check_indices(const tw__bound *on, const tw__network *net, tw_error *err)
{
    const tw__layer *const l = &net->layers[net->operations[0].layer];
    const size_t width = net->values[0].size;
    if (net->operations[0].layer < 0 || !l->type->indices) return TW_OK;
    if (on->data.type != TW_F32 || on->data.starts)
        return tw__fail(err, TW_ERR_DATA, "%s has %srows of %s; %s takes indices, as dense rows of f32",
                        on->data.name, on->data.starts ? "sparse " : "", tw_type_name(on->data.type),
                        l->type->name);
    const float *const x = on->data.x;
    const double most = (double)l->type->indices(l) - 1;
    for (size_t i = 0; i < on->data.rows * width; i++)
        if (!(x[i] >= 0 && x[i] <= most && x[i] == floorf(x[i])))
            return tw__fail(err, TW_ERR_DATA,
                            "%s: number %zu of row %zu is %g; %s takes indices from 0 to %g", on->data.name,
                            i % width + 1, i / width + 1, (double)x[i], l->type->name, most);
    return TW_OK;
}

/* As many labels as the last layer makes predictions. */
static tw_status check_labels(const tw__bound *on, size_t predictions, tw_error *err)
{
    const size_t labels = tw__data_labels_of_row(&on->data);
    if ((!on->classes && !on->targets) || labels == predictions) return TW_OK;
    if (labels == 1)
        return tw__fail(
            err, TW_ERR_DATA,
            "the network predicts a class at each of %zu times, and the rows of %s have one label "
            "each; a layer like globalavgpool, or lstm with output=last, makes one of all times",
            predictions, on->data.name);
    return tw__fail(
        err, TW_ERR_DATA,
        "the rows of %s have a label at each of %zu times, and the network makes %zu prediction%s "
        "of a row; recurrent layers, dense and softmax of a sequence make one at each time",
        on->data.name, labels, predictions, predictions == 1 ? "" : "s");
}

static tw_status split(void *user, tw_context *ctx, const tw_ranks *ranks, tw_objective *copy, tw_error *err);

static void describe(tw__plan *p, tw_objective *out)
{
    const tw__bound *const on = &p->on;
    *out = (tw_objective){.size = sizeof *out,
                          .type = on->model->type,
                          .tensors = p->net->tensors,
                          .n_tensors = p->net->n_tensors,
                          .n_rows = on->data.rows,
                          .n_outputs = on->model->kind->outputs(on->model),
                          .can_add = 1,
                          .only_outputs = !on->classes && !p->targets,
                          .counts_correct = on->classes != NULL,
                          .joins = (int)p->steps.n_joins,
                          .lanes = p->n_lanes,
                          .user = p,
                          .point = point,
                          .eval = eval,
                          .join_size = p->steps.join_size,
                          .cuts = p->steps.cuts,
                          .least_rows = p->steps.least_rows,
                          .reserve = reserve,
                          .commit = p->steps.n_joins || p->has_max_norm ? commit : NULL,
                          .weight = p->is_penalised && (p->is_weighted || p->labels > 1) ? weight : NULL,
                          .carry = p->steps.carry,
                          .together = p->frames,
                          .kinks = tw__network_has_l1(p->net) ? "l1" : NULL,
                          .split = p->slice ? NULL : split,
                          .slices = p->slices,
                          .n_slices = p->n_slices};
}

/* frames: 0, or those of the whole network, with which all ranks go through the same rows together. */
static tw_status make_plan(tw__plan *p, const tw__network *net, size_t frames, tw_error *err)
{
    const tw__bound *const on = &p->on;
    p->net = net;
    p->is_weighted = on->data.weights || on->model->class_weights;
    p->is_penalised = tw__network_is_penalised(net);
    p->has_max_norm = tw__network_has_max_norm(net);
    p->row_size = net->values[0].size;
    p->row_bytes = p->row_size * tw_type_size(on->data.type);
    p->labels = tw_model_predictions(on->model);
    p->targets = on->targets || on->model->of_input ? on->model->kind->outputs(on->model) : 0;
    p->size = net->size;
    TW_TRY(tw__steps_create(&p->steps, p->ctx, net, p->k, err));
    p->frames = frames ? frames : count_frames(p);
    return make_buffers(p, err);
}

static tw_status create(tw__plan **out, const tw__bound *on, tw_error *err)
{
    TW_TRY(tw__alloc(on->ctx, out, 1, sizeof **out, err));
    (*out)->on = *on;
    (*out)->on.free = destroy;
    (*out)->ctx = on->ctx;
    (*out)->k = tw__kernels_for(on->model->type, tw_context_isa(on->ctx));
    return TW_OK;
}

tw_status tw__plan_objective(const tw__bound *on, tw_objective *out, tw_error *err)
{
    tw__plan *p;
    const tw__network *net = on->model->state;
    TW_TRY(check_indices(on, net, err));
    TW_TRY(check_labels(on, tw_model_predictions(on->model), err));
    TW_TRY(create(&p, on, err));
    const tw_status s = make_plan(p, net, 0, err);
    if (s == TW_OK) describe(p, out);
    else destroy(&p->on);
    return s;
}

/* ---- a slice of it ------------------------------------------------------------------------------------- */

static void free_slice(tw_objective *copy) { destroy(copy->user); }

static tw_status make_slice(tw__plan *p, const tw__plan *whole, tw_error *err)
{
    size_t most = 0;
    TW_TRY(tw__network_slice(&p->slice, p->ctx, whole->net, &p->comm, err));
    TW_TRY(make_plan(p, p->slice, whole->frames, err));
    for (size_t i = 0; i < whole->net->n_values; i++)
        if (whole->net->values[i].size > most) most = whole->net->values[i].size;
    p->buffer = most * p->frames * TW__PASS_ROWS;
    TW_TRY(tw__alloc(p->ctx, &p->comm.buffer, p->buffer, p->k->real, err));
    TW_TRY(tw__alloc(p->ctx, &p->slices, p->slice->n_tensors, sizeof *p->slices, err));
    p->n_slices = p->slice->n_tensors;
    tw__network_slices(p->slice, whole->net, p->slices);
    return TW_OK;
}

static tw_status split(void *user, tw_context *ctx, const tw_ranks *ranks, tw_objective *copy, tw_error *err)
{
    const tw__plan *const whole = user;
    tw__bound on = whole->on;
    tw__plan *p;
    if (whole->is_penalised)
        return tw__fail(
            err, TW_ERR_SPEC,
            "l1 and l2 of layers are sums over all their weights, of which each process has some");
    on.ctx = ctx;
    on.is_fork = 1;
    TW_TRY(create(&p, &on, err));
    p->comm.ranks = *ranks;
    const tw_status s = make_slice(p, whole, err);
    if (s != TW_OK) {
        destroy(&p->on);
        return s;
    }
    describe(p, copy);
    copy->lanes = 1;
    copy->free_fork = free_slice;
    return TW_OK;
}

tw_status tw_model_watch(tw_objective *objective, tw_network_watch *watch, void *user, tw_error *err)
{
    tw__plan *const p = objective ? objective->user : NULL;
    if (!p || objective->eval != eval)
        return tw__fail(err, TW_ERR_SPEC, "only the objective of a network can be watched");
    if (p->n_lanes > 1)
        return tw__fail(err, TW_ERR_SPEC, "a context of %d threads; a network is watched in one of 1 thread",
                        p->n_lanes);
    p->watch = watch;
    p->watching = user;
    return TW_OK;
}
