/* dense 128: every output sees every input; "dense classes" has as many outputs as the data has classes. Of a
 * sequence each time by itself.
 * SPDX-License-Identifier: MIT */
#include "models/nn/communicator.h"

static const tw_option options[] = {TW__INIT, TW__PENALTY_OPTIONS};
enum { INIT, N_OPTIONS = 1 + TW__PENALTY_ROWS };

struct dense {
    size_t in, out, times; /* numbers; vectors in a row */
};

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    int64_t width;
    if (l->in.rank == 3) {
        char in[TW__SHAPE_TEXT];
        return tw__fail(err, TW_ERR_SPEC,
                        "layer %d (%s): dense needs a vector and gets %s (put flatten before it)",
                        l->source + 1, t->text, tw__shape_text(&l->in, in, sizeof in));
    }
    TW_TRY(tw__layer_count(t, 0, "width", &width, err));
    TW_TRY(tw__layer_most_words(l, t, 1, err));
    const int64_t in = l->in.n[l->in.rank - 1];
    l->by_time = 1;
    l->out = (tw__shape){.rank = l->in.rank};
    if (l->in.rank == 2) l->out.n[0] = l->in.n[0];
    l->out.n[l->in.rank - 1] = width;
    *(struct dense *)l->own =
        (struct dense){(size_t)in, (size_t)width, l->in.rank == 2 ? (size_t)l->in.n[0] : 1};
    TW_TRY(tw__layer_add_tensor(l,
                                &(tw__layer_tensor){.name = "weight",
                                                    .rank = 2,
                                                    .shape = {width, in},
                                                    .initial = tw__initial_at(t->value[INIT]),
                                                    .fan_in = (double)in,
                                                    .fan_out = (double)width},
                                err));
    return tw__layer_add_tensor(l, &(tw__layer_tensor){.name = "bias", .rank = 1, .shape = {width}}, err);
}

/* saved [out][in], an input that was an image numbered by channel, row, column; private by row, column,
 * channel */
static size_t place(const tw__layer *l, int tensor, size_t i)
{
    const struct dense *const own = l->own;
    if (tensor == 1) return i;
    size_t in = i % own->in, out = i / own->in;
    size_t w = (size_t)l->in.image[1], c = (size_t)l->in.image[2], h = (size_t)l->in.image[0];
    if (c > 0) {
        size_t channel = in / (h * w), pixel = in % (h * w);
        in = pixel * c + channel;
    }
    return tw__dense_at(own->in, own->out, in, out);
}

static size_t packed(const tw__layer *l, const tw__kernels *k)
{
    const struct dense *const own = l->own;
    return k->dense.packed(own->in, own->out);
}

static void pack(const tw__layer *l, const tw__kernels *k, tw__part part, const char *w, char *to)
{
    const struct dense *const own = l->own;
    k->dense.pack(own->in, own->out, part, w + l->tensor[0].offset * k->real, to);
}

/* Above some weights it is these that take the time: they fill the first cache. All ranks of a layer that is
 * cut decide alike. */
static int wide(const tw__layer *l)
{
    const struct dense *const own = l->own;
    const size_t out = l->comm ? l->all_units : own->out;
    return out >= 16 && own->in * out >= 16384;
}

static size_t units(const tw__layer *l) { return ((const struct dense *)l->own)->out; }

static void narrow(tw__layer *l) { ((struct dense *)l->own)->out = (size_t)l->out.n[l->out.rank - 1]; }

static tw__rows rows_of(const tw__layer *l, const tw__pass *p)
{
    const struct dense *const own = l->own;
    const size_t n = p->rows * own->times;
    return p->step ? (tw__rows){n, p->leaf * own->times, TW__PASS_ROWS * own->times, p->step}
                   : tw__rows_together(n);
}

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    const struct dense *const own = l->own;
    p->k->dense.forward(rows_of(l, p), own->in, own->out, x, tw__tensor_of(l, p, 0), p->packed,
                        tw__tensor_of(l, p, 1), y);
}

static void weights(const tw__layer *l, const tw__pass *p, const void *x, const void *dy)
{
    const struct dense *const own = l->own;
    p->k->dense.weights(rows_of(l, p), own->in, own->out, x, dy, p->into, tw__gradient_of(l, p, 0),
                        tw__gradient_of(l, p, 1));
}

static void input(const tw__layer *l, const tw__pass *p, tw__rows rows, const void *dy, tw__into into,
                  void *dx)
{
    const struct dense *const own = l->own;
    p->k->dense.input(rows, own->in, own->out, dy, tw__tensor_of(l, p, 0), into, dx);
}

/* Frame by frame: n rows from number `at` on, of the `done` + n so far. */
typedef struct frames {
    tw__rows rows;
    size_t done, n, at, next;
} frames;

static int next_frame(frames *f)
{
    f->done += f->n;
    f->at = f->next;
    if (f->done == f->rows.n) return 0;
    const size_t in_leaf = f->done % f->rows.leaf;
    f->n = tw__rows_of_frame(&f->rows, tw__rows_of_leaf(&f->rows, f->done - in_leaf) - in_leaf);
    f->next = f->at + f->rows.step;
    return 1;
}

/* The sums over the outputs begin at the first rank, go on at the next one, and go from the last one to all,
 * frame by frame, so that ranks work at the same time. */
static void pass_sums_on(const tw__layer *l, const tw__pass *p, const void *dy, void *dx)
{
    const struct dense *const own = l->own;
    tw__comm *const comm = l->comm;
    const size_t rank = comm->ranks.rank, last = comm->ranks.ranks - 1;
    frames f = {.rows = rows_of(l, p)};
    while (next_frame(&f)) {
        const size_t bytes = f.n * own->in * p->k->real;
        char *const to = (char *)dx + f.at * p->k->real;
        if (rank > 0) tw__comm_receive(comm, rank - 1, to, bytes);
        input(l, p, tw__rows_together(f.n), (const char *)dy + f.at * p->k->real,
              rank > 0 ? TW__CONTINUE : TW__START, to);
        if (rank < last) tw__comm_send(comm, rank + 1, to, bytes);
        else tw__comm_send_to_all(comm, to, bytes);
    }
}

static void receive_sums(const tw__layer *l, const tw__pass *p, void *dx)
{
    const struct dense *const own = l->own;
    frames f = {.rows = rows_of(l, p)};
    while (next_frame(&f))
        tw__comm_receive(l->comm, l->comm->ranks.ranks - 1, (char *)dx + f.at * p->k->real,
                         f.n * own->in * p->k->real);
}

/* The first rank begins with the sums that the others wait for, these with their weights. */
static void backward_cut(const tw__layer *l, const tw__pass *p, const void *x, const void *dy, void *dx)
{
    const size_t rank = l->comm->ranks.rank;
    if (rank > 0) weights(l, p, x, dy);
    pass_sums_on(l, p, dy, dx);
    if (rank == 0) weights(l, p, x, dy);
    if (rank + 1 < l->comm->ranks.ranks) receive_sums(l, p, dx);
}

static void backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                     void *dx)
{
    (void)y;
    if (l->comm && dx) {
        backward_cut(l, p, x, dy, dx);
        return;
    }
    weights(l, p, x, dy);
    if (dx) input(l, p, rows_of(l, p), dy, TW__START, dx);
}

static void onnx(const tw__layer *l, tw__onnx *g, tw__onnx_name *value)
{
    const tw__onnx_name w = tw__onnx_tensor(g, l, 0), b = tw__onnx_tensor(g, l, 1);
    if (l->in.rank == 1)
        *value = tw__onnx_node(g, "Gemm", 3, (tw__onnx_name[]){*value, w, b}, 1, &TW__ONNX_INT("transB", 1));
    else *value = tw__onnx_each_time(g, *value, w, b);
}

const tw__layer_type tw__layer_dense = {.name = "dense",
                                        .usage = "dense WIDTH|classes",
                                        .help = "fully connected layer with bias; of a sequence each time",
                                        .equation = "y = W x + b\n"
                                                    "dx = W^T dy, dW = dy x^T, db = dy",
                                        .options = options,
                                        .n_options = N_OPTIONS,
                                        .reads = TW__READS_INPUT,
                                        .own_size = sizeof(struct dense),
                                        .setup = setup,
                                        .place = place,
                                        .packed = packed,
                                        .pack = pack,
                                        .wide = wide,
                                        .forward = forward,
                                        .backward = backward,
                                        .onnx = onnx,
                                        .units = units,
                                        .narrow = narrow};
