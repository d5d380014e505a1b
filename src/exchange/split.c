/* Processes that each have a slice of the model: they evaluate the same rows together, one layer after the
 * other (tw_objective.split), and each steps the weights that it has. The bits of local.
 *
 * In a grid there are several copies of the model, which share the rows of an update. Those that have the
 * same slice add up its gradient as in allreduce.c:
 *
 *     stage        each sends each other copy       when it has heard all
 *     gradients    its range of the sum             adds up its range
 *     means        the mean of the range that is    steps the slice
 *                  the sender's
 *
 * The run's weights and optimiser are brought up to date when somebody looks at them: at rank 0, with what
 * the others of copy 0 send. So a checkpoint is that of one process.
 *
 * Krizhevsky 2014; Shoeybi et al. 2019.
 * SPDX-License-Identifier: MIT */
#include "exchange/split.h"
#include "exchange/merge.h"
#include "exchange/shares.h"
#include <string.h>

enum { NUMBERS = 4 }; /* of a slice in a message: rows, width, first, step */

struct split {
    tw__grid grid;
    size_t part, copy; /* of this process */
    void *w;           /* of the slice */
    tw_optimizer *opt;
    int has_begun; /* both have what the run's have had */
    uint64_t stage, heard[2];
    int waits; /* for the other copies */
    tw__merge merge;
    tw__gradient *whole; /* of this update */
    void *mean;          /* of several copies, in the ranges of all */
};

/* Controls set the run's. */
static tw_status take_factor(const tw__workers *x, struct split *s, tw_error *err)
{
    const double factor = tw_optimizer_factor(x->set.optimizer);
    return factor == tw_optimizer_factor(s->opt) ? TW_OK : tw_optimizer_set_factor(s->opt, factor, err);
}

/* ---- the run's weights --------------------------------------------------------------------------------- */

static tw_status copy(tw__workers *x, struct split *s, int to_whole, int state, tw_error *err)
{
    tw__slices_copy(s->w, x->set.w, x->set.slices, x->set.n_slices, x->k->real, to_whole);
    return state ? tw__shares_copy(s->opt, x->set.optimizer, x->set.slices, x->set.n_slices, to_whole, err)
                 : TW_OK;
}

static tw_status begin(tw__workers *x, struct split *s, tw_error *err)
{
    if (!s->has_begun) TW_TRY(copy(x, s, 0, 1, err));
    s->has_begun = 1;
    return TW_OK;
}

/* Brings what the run has of this slice up to date; state: its optimiser, too. A view needs that as well. */
static tw_status show(tw__workers *x, struct split *s, int state, tw_error *err)
{
    TW_TRY(take_factor(x, s, err));
    return s->has_begun ? copy(x, s, 1, state || tw_optimizer_has_view(x->set.optimizer), err) : TW_OK;
}

static tw_status gather(tw__workers *x, tw_error *err) { return show(x, x->state, 0, err); }

/* ---- an update ----------------------------------------------------------------------------------------- */

static size_t range_begin(const tw__workers *x, size_t i)
{
    const struct split *s = x->state;
    return tw__range_begin(x->set.slice_size, i, s->grid.copies);
}

static tw_status send_to_copies(tw__workers *x, struct split *s, const tw__worker *me, tw_error *err)
{
    const int is_gradient = s->stage % 2 == 0;
    s->waits = 1;
    for (size_t i = 1; i < s->grid.copies; i++) {
        const size_t to = (s->copy + i) % s->grid.copies, whose = is_gradient ? to : s->copy;
        const int has_none = is_gradient && me->gradient.n == 0;
        const tw__message m = {.carries = has_none      ? TW__NOTHING
                                          : is_gradient ? TW__GRADIENT
                                                        : TW__VECTOR,
                               .from = me->index,
                               .to = to * s->grid.parts + s->part,
                               .lo = range_begin(x, whose),
                               .hi = range_begin(x, whose + 1),
                               .clock = s->stage};
        TW_TRY(tw__send(x, &m, err));
    }
    return TW_OK;
}

/* The mean, or of several copies this one's range of it. */
static tw_status add_up(tw__workers *x, struct split *s, tw__worker *me, tw_error *err)
{
    const size_t lo = range_begin(x, s->copy), hi = range_begin(x, s->copy + 1), at = lo * x->k->real;
    s->whole = &me->gradient;
    if (s->grid.copies > 1) {
        TW_TRY(tw__merge_begin(&s->merge, x, &s->whole, err));
        tw__merge_range(&s->merge, x, lo, hi);
    }
    tw__mean_range(x, s->whole, lo, hi);
    if (s->mean)
        memcpy((char *)s->mean + at, (const char *)s->whole->node[0].dense + at, (hi - lo) * x->k->real);
    return TW_OK;
}

static tw_status step(tw__workers *x, struct split *s, tw__worker *me, tw_error *err)
{
    const void *const mean = s->mean ? s->mean : s->whole->node[0].dense;
    TW_TRY(take_factor(x, s, err));
    TW_TRY(x->set.type == TW_F32 ? tw_step_f32(s->opt, s->w, mean, err)
                                 : tw_step_f64(s->opt, s->w, mean, err));
    me->clock++;
    return tw__count_sums(x, me, s->w, &s->whole->leaf[0], s->whole->rows, err);
}

/* As far as the other copies are. */
static tw_status go_on(tw__workers *x, struct split *s, tw__worker *me, tw_error *err)
{
    while (s->waits && s->heard[s->stage % 2] == s->grid.copies - 1) {
        const int is_gradient = s->stage % 2 == 0;
        s->heard[s->stage % 2] = 0;
        s->waits = 0;
        TW_TRY(is_gradient ? add_up(x, s, me, err) : step(x, s, me, err));
        s->stage++;
        if (is_gradient) TW_TRY(send_to_copies(x, s, me, err));
    }
    return TW_OK;
}

static tw_status next(tw__workers *x, tw__worker *me, enum tw__act *act, tw_error *err)
{
    struct split *s = x->state;
    me->update = atomic_load(&x->done);
    me->at = s->w;
    if (s->waits) *act = TW__WAIT;
    else *act = me->update < atomic_load(&x->limit) ? TW__COMPUTE : TW__REST;
    return *act == TW__COMPUTE ? begin(x, s, err) : TW_OK;
}

static tw_status computed(tw__workers *x, tw__worker *me, tw_error *err)
{
    TW_TRY(send_to_copies(x, x->state, me, err));
    return go_on(x, x->state, me, err);
}

static tw_status receive(tw__workers *x, const tw__message *m, tw_error *err)
{
    struct split *s = x->state;
    s->heard[m->clock % 2]++;
    return go_on(x, s, &x->worker[m->to], err);
}

static void content(tw__workers *x, const tw__message *m, tw__content *c)
{
    const struct split *s = x->state;
    const int is_gradient = m->clock % 2 == 0;
    const size_t whose = (is_gradient ? m->to : m->from) / s->grid.parts;
    c->lo = range_begin(x, whose);
    c->hi = range_begin(x, whose + 1);
    if (is_gradient) c->gradient = &x->worker[m->from].gradient;
    else c->vector = s->mean;
}

/* ---- state --------------------------------------------------------------------------------------------- */

static int is_inside(const tw__workers *x, const tw_slice *slice)
{
    const size_t size = x->set.size;
    return slice->rows > 0 && slice->width > 0 && slice->width <= size &&
           slice->first <= size - slice->width &&
           (slice->rows == 1 || slice->step == 0 ||
            slice->rows - 1 <= (size - slice->width - slice->first) / slice->step);
}

/* Rows of so many numbers, of weights w and their optimiser's state. */
static tw_status visit_rows(const tw__workers *x, const tw_slice *slice, void *w, tw_optimizer *state,
                            tw_visitor *v, tw_error *err)
{
    const int64_t width = (int64_t)slice->width;
    for (size_t row = 0; row < slice->rows; row++) {
        const size_t at = slice->first + row * slice->step;
        TW_TRY(v->field(v, "weights", x->set.type, 1, &width, (char *)w + at * x->k->real, err));
        if (state) TW_TRY(tw__shares_visit(state, at, at + slice->width, v, err));
    }
    return TW_OK;
}

/* What another process has alone, to its places in the run's. */
static tw_status load_numbers(tw__workers *x, const uint64_t *table, size_t n, int state, tw_visitor *v,
                              tw_error *err)
{
    for (size_t i = 0; i + NUMBERS <= n; i += NUMBERS) {
        const tw_slice slice = {.rows = (size_t)table[i],
                                .width = (size_t)table[i + 1],
                                .first = (size_t)table[i + 2],
                                .step = (size_t)table[i + 3]};
        if (!is_inside(x, &slice))
            return tw__fail(err, TW_ERR_DATA, "another process has a slice that the model does not have");
        TW_TRY(visit_rows(x, &slice, x->set.w, state ? x->set.optimizer : NULL, v, err));
    }
    return TW_OK;
}

/* What this process has alone, from where it is: the run's numbers, of the whole model, are not touched. */
static tw_status show_numbers(const tw__workers *x, int state, tw_visitor *v, tw_error *err)
{
    const struct split *s = x->state;
    size_t at = 0;
    for (size_t i = 0; i < x->set.n_slices; i++) {
        const tw_slice *const slice = &x->set.slices[i];
        const tw_slice own = {.rows = slice->rows, .width = slice->width, .first = at, .step = slice->width};
        at += own.rows * own.width;
        if (!slice->is_shared) TW_TRY(visit_rows(x, &own, s->w, state ? s->opt : NULL, v, err));
    }
    return TW_OK;
}

/* What this process has alone, as a list for other processes. */
static size_t list_slices(const tw__workers *x, uint64_t *table)
{
    size_t n = 0;
    for (size_t i = 0; i < x->set.n_slices; i++) {
        const tw_slice *const slice = &x->set.slices[i];
        if (slice->is_shared) continue;
        memcpy(table + n, (uint64_t[NUMBERS]){slice->rows, slice->width, slice->first, slice->step},
               NUMBERS * sizeof *table);
        n += NUMBERS;
    }
    return n;
}

static tw_status visit_worker(tw__workers *x, size_t worker, int whole, tw_visitor *v, tw_error *err)
{
    struct split *s = x->state;
    const int state = whole || tw_optimizer_has_view(x->set.optimizer), shows = v->loading == TW_SHOW;
    const size_t most = x->set.n_slices * NUMBERS;
    size_t used = most;
    void *table = NULL;
    if (worker >= s->grid.parts) return TW_OK;
    if (shows) TW_TRY(begin(x, s, err));
    TW_TRY(tw__alloc(x->ctx, &table, most, sizeof(uint64_t), err));
    if (shows) used = list_slices(x, table);
    tw_status status = v->list(v, "slices", TW_I64, &used, &table, x->ctx, err);
    if (status == TW_OK)
        status = shows ? show_numbers(x, state, v, err) : load_numbers(x, table, used, state, v, err);
    tw__free(x->ctx, table, shows ? most : used, sizeof(uint64_t));
    return status;
}

/* The run's optimiser is visited after this. */
static tw_status visit(tw__workers *x, tw_visitor *v, tw_error *err)
{
    return v->loading == TW_SHOW ? show(x, x->state, 1, err) : TW_OK;
}

/* What is loaded is copied before the next update. */
static tw_status regroup(tw__workers *x, uint64_t updates, tw_error *err)
{
    struct split *s = x->state;
    (void)err;
    s->has_begun = 0;
    for (size_t i = 0; i < x->n; i++) x->worker[i].clock = updates;
    return TW_OK;
}

/* ---- making -------------------------------------------------------------------------------------------- */

/* What a rule does must follow from a weight and its own gradient, wherever the weight is. */
static tw_status check_rule(const tw__workers *x, tw_error *err)
{
    const char *const rule = tw_optimizer_spec(x->set.optimizer);
    if (tw_optimizer_passes(x->set.optimizer) > 0)
        return tw__fail(
            err, TW_ERR_SPEC,
            "exchange %s: %s looks at whole tensors, of which each process has a slice: use allreduce",
            x->choice.spec, rule);
    if (tw__shares_noise(x->set.optimizer))
        return tw__fail(err, TW_ERR_SPEC,
                        "exchange %s: %s draws noise by a weight's place in the whole model: use allreduce",
                        x->choice.spec, rule);
    return TW_OK;
}

static tw_status create(tw__workers *x, tw_error *err)
{
    struct split *s;
    const tw__optimizer_setting slice = {.of_slice = 1};
    TW_TRY(tw__alloc(x->ctx, &s, 1, sizeof *s, err));
    x->state = s;
    TW_TRY(check_rule(x, err));
    TW_TRY(tw__grid_of(&x->choice, x->n, &s->grid, err));
    x->splits = 1;
    x->parts = s->grid.parts;
    s->part = tw_link_rank(x->set.link) % s->grid.parts;
    s->copy = tw_link_rank(x->set.link) / s->grid.parts;
    TW_TRY(tw__alloc(x->ctx, &s->w, x->set.slice_size, x->k->real, err));
    if (s->grid.copies > 1) TW_TRY(tw__alloc(x->ctx, &s->mean, x->set.slice_size, x->k->real, err));
    TW_TRY(x->set.make_optimizer(x->set.user, &slice, &s->opt, err));
    x->leading = s->opt;
    return TW_OK;
}

static void destroy(tw__workers *x)
{
    struct split *s = x->state;
    if (!s) return;
    tw_optimizer_free(s->opt);
    tw__merge_free(&s->merge, x);
    tw__free(x->ctx, s->mean, x->set.slice_size, x->k->real);
    tw__free(x->ctx, s->w, x->set.slice_size, x->k->real);
    tw__free(x->ctx, s, 1, sizeof *s);
}

#define PARTS(help)                                           \
    {                                                         \
        "parts", TW_INT, NULL, 0, 0, 1 << 20, TW_CLOSED, help \
    }
static const tw_option options[] = {PARTS("slices of the model, for as many processes; 0: as there are")};
static const tw_option grid_options[] =
    {PARTS("slices of the model"),
     {"copies", TW_INT, NULL, 0, 0, 1 << 20, TW_CLOSED,
      "copies of the model, each of parts processes, which share the rows of an update"}};

#define PROTOCOL                                                                                             \
    .bits = TW__BITS_OF_LOCAL, .is_for_processes = 1, .splits_models = 1, .create = create, .free = destroy, \
    .next = next, .computed = computed, .receive = receive, .content = content, .gather = gather,            \
    .visit = visit, .regroup = regroup, .visit_worker = visit_worker

const tw__protocol tw__protocol_split = {
    .about = {.size = sizeof(tw_exchange),
              .name = "split",
              .help = "each process has a slice of the network's layers, as of 2 in split:2",
              .paper = "Krizhevsky 2014; Shoeybi et al. 2019",
              .equation =
                  "w[s] = step(w[s], mean of the update's rows), process s with the units s of a layer\n"
                  "forward each sends each other the outputs of its units; backward the sums over "
                  "units go from process to process, in their order",
              .n_options = sizeof options / sizeof options[0],
              .options = options},
    .n_short = 1,
    PROTOCOL,
};

const tw__protocol tw__protocol_grid = {
    .about = {.size = sizeof(tw_exchange),
              .name = "grid",
              .help = "split and allreduce: grid:2x3 is 3 copies of the model, each split in 2",
              .paper = "Krizhevsky 2014; Shoeybi et al. 2019",
              .equation = "that of split, of the rows that are a copy's; then that of allreduce among those "
                          "that have the same slice",
              .n_options = sizeof grid_options / sizeof grid_options[0],
              .options = grid_options},
    .n_short = 2,
    PROTOCOL,
};
