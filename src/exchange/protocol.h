/* Workers, protocols and transports.
 *
 *     worker 0 .. n-1     evaluate updates, each at its weights
 *        |  messages
 *     server 0 .. m-1     have the run's weights, each a range of them, and step them
 *
 * A protocol, one file each, says what a worker does next, what becomes of its gradient, and what a
 * message does at whom it reaches. It never blocks, has no thread and no clock, and keeps its state in
 * x->state. A transport runs it:
 *
 *     threads   every worker in its thread; a server acts in the thread that sent the message, one at a time
 *     sim       all in one thread, by a virtual clock
 *     mpi       every worker in a process; servers in that of rank 0, or spread (content.h)
 *
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_PROTOCOL_H
#define TW_EXCHANGE_PROTOCOL_H
#include "base/options.h"
#include "exchange/sum.h"
#include "exchange/trace.h"
#include "file/parts.h"
#include <stdatomic.h>
#include <thalweg/exchange.h>
#include <thalweg/link.h>
#include <thalweg/objective.h>

typedef struct tw__workers tw__workers;

/* What an evaluation has given: the sums over the leaves lo .. hi-1 of an update's batch tree. */
typedef struct tw__gradient {
    size_t lo, hi, leaves, n; /* leaves: of the whole update */
    /* nodes of the tree, each from its first leaf on; where the leaves are all, only one */
    size_t first[TW_MOST_LEAVES];
    tw__sum node[TW_MOST_LEAVES];
    tw_sums leaf[TW_MOST_LEAVES]; /* each leaf's; where they are all, leaf[0] is their sum */
    int is_mean;                  /* node[0] is a mean already, and the only one */
    uint64_t rows;                /* that were evaluated */
} tw__gradient;

typedef struct tw__worker {
    size_t index;
    uint64_t update; /* the evaluation that it makes or made last */
    const void *at;  /* where that is: its weights, or the run's */
    void *w;         /* its weights; NULL: it evaluates at the run's */
    uint64_t clock;  /* updates that it has handed over */
    tw__gradient gradient;
    tw__gradient *pushed;    /* what its TW__GRADIENT messages stand for; NULL: `gradient` */
    struct tw__later *later; /* n_later updates to be counted */
    size_t n_later, later_capacity;
    tw_worker_info info;
    double began; /* its last evaluation */
} tw__worker;

/* An update that is made and not yet counted. */
struct tw__later {
    size_t worker;
    uint64_t update, rows;
    tw_sums sums;
};

/* What goes from one to another. Workers are 0 .. n-1, servers follow them. A message has no content of
 * its own: `carries` says what of the sender's it stands for, which stays as it is until the sender is
 * answered. */
enum {
    TW__NOTHING = 0,
    TW__GRADIENT = 1,
    TW__WEIGHTS = 2, /* a worker that has some gets them with the message */
    TW__VECTOR = 3,  /* as many numbers as lo .. hi-1, which the protocol takes itself */
    TW__LIST = 4,    /* likewise the places lo .. hi-1 of a list */
    TW__MEAN = 5     /* a TW__VECTOR of a mean gradient, sent as wire.h says */
};
enum { TW__MESSAGE_HEAD = 64 }; /* bytes of a message beside its content, as they are counted */
typedef struct tw__message {
    int kind; /* the protocol's */
    unsigned carries;
    size_t from, to;
    size_t lo, hi; /* the weights that it is about */
    uint64_t clock, version;
} tw__message;

/* What a message has with it between processes: of the weights lo .. hi-1 a gradient's, or numbers of a
 * vector. NULL: not that. */
typedef struct tw__content {
    size_t of; /* whose it is */
    tw__gradient *gradient;
    int whole_lists; /* of what lists it has all, and not this range */
    void *vector;
    size_t lo, hi;
    double *sums; /* n_sums of them */
    size_t n_sums;
} tw__content;

enum tw__act {
    TW__COMPUTE, /* update `update` at `at` */
    TW__WAIT,    /* for a message */
    TW__REST     /* there are no updates to give out */
};

enum tw__bits {
    TW__BITS_VARY,
    TW__BITS_REPEAT,  /* the same each time */
    TW__BITS_OF_LOCAL /* the same for any number of workers */
};

typedef struct tw__protocol {
    tw_exchange about;
    /* What one seed comes to on threads: `bits`, or where that depends on the options what bits_with says. */
    enum tw__bits bits;
    enum tw__bits (*bits_with)(const double *values);
    /* It goes with estimators that begin rounds: no gradient is evaluated for an update that may not be given
     * out, whole updates are a worker's, and all weights are the run's. */
    int takes_rounds;
    /* Worker k of n evaluates rows k, k + n, ... alone, and without the penalties of the model. */
    int has_shards;
    /* Its workers may be in several processes: what one changes of another's goes by messages. */
    int is_for_processes;
    /* Each worker has a slice of the model (split.h), and evaluates that. */
    int splits_models;
    int n_short; /* so many options may be written as numbers alone: grid:2x2 */
    /* What helps workers that wait for most of the time, as ": the rest of a sentence". NULL, or NULL is the
     * answer: nothing that is known. */
    const char *(*against_waiting)(const double *values);
    const char *estimator; /* NULL, or a spec: the one that it is for, as a run has it that names none */
    /* NULL, or when all rest: workers get the weights of now. */
    tw_status (*refresh)(tw__workers *x, tw_error *err);
    /* Of the run's optimiser in so many updates; NULL: as many. */
    uint64_t (*steps)(const double *values, uint64_t updates);
    /* x->state; also after a failure `free` is called */
    tw_status (*create)(tw__workers *x, tw_error *err);
    void (*free)(tw__workers *x);
    tw_status (*next)(tw__workers *x, tw__worker *me, enum tw__act *act, tw_error *err);
    /* NULL, or when the rows of the update are drawn that `me` is to evaluate: brings me->w up to date, of
     * what they touch (in any order, the same weight perhaps twice), or index NULL: all n weights. */
    tw_status (*fetch)(tw__workers *x, tw__worker *me, size_t n, const uint32_t *index, tw_error *err);
    /* me->gradient is that of me->update, and may be changed */
    tw_status (*computed)(tw__workers *x, tw__worker *me, tw_error *err);
    tw_status (*receive)(tw__workers *x, const tw__message *m, tw_error *err);
    /* NULL, or changes what a message has with it, where that is not a gradient or weights: at the sender,
     * and before it is received, at the receiver, where these then are. */
    void (*content)(tw__workers *x, const tw__message *m, tw__content *c);
    /* A worker is back after a failure in an evaluation. *is_lost: that is not made again where it was, and
     * `next` says what is. NULL: it is made again, at the same weights. */
    tw_status (*returned)(tw__workers *x, tw__worker *me, int *is_lost, tw_error *err);
    /* When all rest or wait for others that rest: r->w becomes what the run is evaluated at. NULL: it is. */
    tw_status (*gather)(tw__workers *x, tw_error *err);
    tw_status (*visit)(tw__workers *x, tw_visitor *v, tw_error *err);
    /* NULL, or where each worker is, when all rest, follows from the updates that are done: after loading it
     * is put there (tw__workers_regroup). */
    tw_status (*regroup)(tw__workers *x, uint64_t updates, tw_error *err);
    /* NULL, or of a worker what is kept in its process alone, but for its weights; whole 0: as much as
     * `gather` looks at. Large fields are where `visit` has them. */
    tw_status (*visit_worker)(tw__workers *x, size_t worker, int whole, tw_visitor *v, tw_error *err);
} tw__protocol;

/* A checkpoint that processes write in parts (file/parts.h). */
typedef struct tw__parts_saving {
    const char *directory;
    uint64_t number;
    tw__visit *visit; /* of all that is saved */
    void *object;
    /* The parts are written: files[i] is that of rank i, of n; rest: what is not in them. */
    tw_status (*finish)(const struct tw__parts_saving *s, const tw__written *files, size_t n,
                        tw__small_fields *rest, tw_error *err);
} tw__parts_saving;

/* What carries messages; kept in x->carrier. */
typedef struct tw__transport {
    tw_exchange about;
    /* Weights reach a worker that waits for them, and it evaluates, before whoever sent them does anything
     * else. */
    int answers_at_once;
    /* One worker evaluates at a time, and its gradient is copied, or one alone in a process: one objective is
     * enough for all. */
    int shares_objective;
    /* A run is looked at between any two events, and not only when all rest: an update counts when it is
     * made. */
    int stops_anywhere;
    int is_virtual;      /* its clock is not the machine's */
    int is_apart;        /* workers have no memory in common */
    int keeps_gradients; /* its state has those that workers hold; else they are lost when a run is saved */
    tw_status (*create)(tw__workers *x, tw_error *err);
    void (*free)(tw__workers *x);
    /* Until `limit` updates are done, or an error. */
    tw_status (*run)(tw__workers *x, uint64_t limit, tw_error *err);
    tw_status (*send)(tw__workers *x, const tw__message *m, tw_error *err);
    /* Hands a server a message of its own after so many seconds, when it has what others sent it up to then.
     * What it sends upon that leaves at the time of the last of these, as if it had known that no more would
     * come. NULL: such a clock there is not. */
    tw_status (*alarm)(tw__workers *x, const tw__message *m, double seconds, tw_error *err);
    /* tw__workers_reduce; NULL: it cannot wait within an evaluation */
    tw_status (*reduce)(tw__workers *x, const tw__worker *me, double *sums, size_t lo, size_t hi,
                        size_t leaves, size_t n, tw_error *err);
    /* Within an evaluation bytes to and from another worker, in their order; NULL: there is nobody else. */
    tw_status (*send_numbers)(tw__workers *x, size_t to, const void *numbers, size_t bytes, tw_error *err);
    tw_status (*receive_numbers)(tw__workers *x, size_t from, void *numbers, size_t bytes, tw_error *err);
    double (*now)(const tw__workers *x);
    /* NULL, or when all rest: the workers have shared evaluations of the length of so many updates. */
    void (*pass)(tw__workers *x, double updates);
    tw_status (*visit)(tw__workers *x, tw_visitor *v, tw_error *err);
    /* NULL, or a number for a worker's next update, if it is to have one, in place of the next that is
     * free. */
    int (*take)(tw__workers *x, tw__worker *me);
    /* NULL, or when all rest: gets the state of workers that are in other processes (visit_worker). */
    tw_status (*collect)(tw__workers *x, int whole, tw_error *err);
    /* NULL, or likewise: writes a checkpoint in parts (tw__workers_in_parts). */
    tw_status (*save_parts)(tw__workers *x, const tw__parts_saving *s, tw_error *err);
    /* NULL, or before the first update: refuses a run that lines on it say to be another one in another
     * process. */
    tw_status (*agree)(tw__workers *x, const char *lines, tw_error *err);
    /* A worker's gradient was stepped, and was so stale. */
    void (*stepped)(tw__workers *x, const tw__worker *of, uint64_t update, uint64_t staleness);
    /* the updates that are to be done when `run` next returns; 0: there is no further call */
    uint64_t (*limit)(const tw__workers *x);
    /* The run is done, with weights of this hash. */
    tw_status (*end)(tw__workers *x, const char *weights, tw_error *err);
} tw__transport;

/* An optimiser that is like the run's but for what is said here. */
typedef struct tw__optimizer_setting {
    size_t lo, hi;    /* the weights that it steps */
    uint64_t steps;   /* that it will make; 0: as many as the run */
    uint64_t stream;  /* another number: other noise */
    int of_slice;     /* 1: it steps what the slice has, in place of lo .. hi - 1 */
    const char *rule; /* NULL: the run's, with its schedule and groups */
} tw__optimizer_setting;

typedef struct tw__workers_setting {
    const tw_exchange_choice *choice;
    size_t workers;
    /* Files, or NULL: a trace that is written, one that is repeated; head: what it says of the run. They are
     * needed while workers are made. */
    const char *trace, *replay, *head;
    tw_link *link; /* between processes; NULL: there is one */
    tw_type type;
    size_t size; /* weights */
    void *w;     /* the run's */
    const tw_tensor *tensors;
    size_t n_tensors;
    uint64_t total; /* updates of the run */
    uint64_t rows;
    const tw_glm *glm;      /* of the objective, or NULL */
    const tw_slice *slices; /* of a protocol that splits models: this worker's slice, of slice_size numbers */
    size_t n_slices, slice_size;
    uint64_t seed;
    int steps_lists, needs_point; /* the rule takes lists; looks at where its gradient was taken */
    size_t join_size;             /* numbers of a leaf that a reduction has at most */
    tw_optimizer *optimizer;      /* the run's */
    void *user;
    /* Worker `worker`, which may do that while others do, evaluates the rows of an update at `at`: part
     * `part` of `parts` of them, whole leaves. What is in *to is valid until its next evaluation. */
    tw_status (*compute)(void *user, size_t worker, uint64_t update, size_t part, size_t parts,
                         const void *at, tw__gradient *to, tw_error *err);
    tw_status (*make_optimizer)(void *user, const tw__optimizer_setting *s, tw_optimizer **out,
                                tw_error *err);
    /* What the objective keeps of the last evaluation of worker `worker`, which was stepped in w. */
    void (*commit)(void *user, size_t worker, void *w);
    /* An update was stepped, of rows with these sums, that worker `worker` evaluated: one call at a time.
     * w: the weights that it was stepped in; NULL: commit was called. */
    tw_status (*count)(void *user, size_t worker, void *w, const tw_sums *sums, uint64_t rows, tw_error *err);
} tw__workers_setting;

enum { TW__FIRST = 2048 };
struct tw__workers {
    tw_context *ctx;
    tw__workers_setting set;
    tw_exchange_choice choice;
    const tw__protocol *protocol;
    const tw__transport *transport;
    const tw__kernels *k;
    size_t n;
    tw__worker *worker; /* n of them */
    double kept;        /* bytes for all of them */
    /* Set by the protocol's create: servers; whether every update's rows are split among the workers. */
    size_t n_servers;
    /* likewise: workers do not wait for each other, and several servers step apart: so processes may have
     * some of either alone */
    int serves_apart;
    size_t
        dedicated; /* in processes: the first of them have servers alone, and their workers never compute */
    int is_over;   /* rank 0 has ended the run */
    tw_error failure;         /* what has stopped an evaluation; code TW_OK: nothing has */
    int splits, has_replicas; /* has_replicas: workers step weights of their own */
    int codes_sums;           /* likewise: it has what it sends coded itself (tw__wire_push) */
    size_t parts;        /* likewise: workers that evaluate the same rows, each a slice of the model; 1 */
    int counts_arrivals; /* likewise, in simulations: what a worker has stepped counts when handed over */
    void *state, *carrier;
    tw_link *alone;        /* of workers in processes where the run was given no link: there is one */
    struct tw__wire *wire; /* wire.h; NULL: gradients are sent as they are */
    tw__tracer *trace;     /* NULL: none is written */
    tw_optimizer *leading; /* likewise, if that is not the run's optimiser */
    int has_several;       /* likewise: several optimisers step the weights */
    int has_server_rule;   /* likewise: gradients are stepped by another rule than the run's */
    /* updates given out; how many may be; steps made */
    _Atomic uint64_t given, limit, done;
    _Atomic uint64_t messages, bytes;
    uint64_t staleness[TW_STALENESS_BINS], most_stale;
    double staleness_sum;
    uint64_t staleness_n;
    /* Of the estimator's round: its first update, and after how many all rest; 0: at the run's end. */
    uint64_t round_begin, round_end;
    uint64_t ignored;            /* gradients that were too old */
    uint64_t stores, lost;       /* weights written where that was looked at; steps of others lost by that */
    tw_worker_evaluation *first; /* TW__FIRST evaluations; how many there have been */
    _Atomic size_t evaluations;
    /* counts_arrivals: what was handed over, of which the first n_counted are counted */
    struct tw__later *arrived;
    size_t n_arrived, n_counted, arrived_capacity;
};

tw_status tw__workers_create(tw__workers **out, tw_context *ctx, const tw__workers_setting *setting,
                             tw_error *err);
void tw__workers_free(tw__workers *x);
/* The number of workers that a choice asks for, before there are any. */
size_t tw__workers_count(const tw_exchange_choice *choice, const tw_context *ctx, const tw_link *link);
/* What the run's optimiser makes of so many updates. */
uint64_t tw__exchange_steps(const tw_exchange_choice *choice, uint64_t updates);
/* Works until `limit` updates are done in all. */
tw_status tw__workers_run(tw__workers *x, uint64_t limit, tw_error *err);
/* Gathers what they have come to in the run's weights. */
tw_status tw__workers_gather(tw__workers *x, tw_error *err);
/* All updates are done, and gathered. */
tw_status tw__workers_end(tw__workers *x, tw_error *err);
/* A hash of n weights. */
void tw__weights_hash(tw_type type, size_t n, const void *w, char to[TW__HASH_DIGITS + 1]);
/* Within an evaluation of a split update: n sums per leaf, of which worker `me` has those of leaves lo ..
 * hi-1; afterwards it has all. */
tw_status tw__workers_reduce(tw__workers *x, size_t me, double *sums, size_t lo, size_t hi, size_t leaves,
                             size_t n, tw_error *err);
/* worker: room for all of them */
void tw__workers_info(const tw__workers *x, tw_exchange_info *out, tw_worker_info *worker);
tw_status tw__workers_visit(tw__workers *x, tw_visitor *v, tw_error *err);
/* Whether servers are in several processes, where workers are. */
static inline int tw__spreads(const tw__workers *x) { return x->serves_apart && x->n_servers > 1; }
/* The worker in whose process a worker or server is. */
static inline size_t tw__home(const tw__workers *x, size_t who)
{
    const size_t homes = x->dedicated ? x->dedicated : tw__spreads(x) ? x->n : 1;
    return who < x->n ? who : (who - x->n) % homes;
}
/* Of so many updates those that worker i has where each takes every n-th, n without dedicated processes. */
static inline uint64_t tw__updates_of(const tw__workers *x, size_t i, uint64_t updates)
{
    const size_t n = x->n - x->dedicated;
    return i < x->dedicated ? 0 : updates / n + (i - x->dedicated < updates % n);
}
/* Whether what is saved is of no number of workers, so that another number may continue. */
int tw__workers_regroup(const tw__workers *x);
/* Whether checkpoints are written in parts: by transport->save_parts. */
int tw__workers_in_parts(const tw__workers *x);

/* ---- for protocols ------------------------------------------------------------------------------------- */

tw_optimizer *tw__workers_optimizer(const tw__workers *x);           /* whose rate is the run's */
double tw__exchange_value(const tw__workers *x, const char *option); /* of the protocol */
/* Up to `most` numbers of updates from *first on, before the one returned; none: there are none to give
 * out. */
uint64_t tw__take_updates(tw__workers *x, uint64_t most, uint64_t *first);
/* A number for a worker's next update, if there is one to give out. */
int tw__take_update(tw__workers *x, tw__worker *me);
/* Notes that every worker keeps so many bytes more, before they are made: refuses what is more than the
 * machine has, and the system would end the process for. */
tw_status tw__workers_keep(tw__workers *x, size_t bytes, tw_error *err);
/* Gives every worker weights, as the run's are now. */
tw_status tw__copy_weights(tw__workers *x, tw_error *err);
tw_status tw__send(tw__workers *x, const tw__message *m, tw_error *err);
/* Where part i of n of the weights begins: at a multiple of TW_CHUNK, as even as that is; i = n: where they
 * end. */
size_t tw__range_begin(size_t size, size_t i, size_t n);
/* Whether a worker, or a server, is in another process than this one. */
int tw__is_elsewhere(const tw__workers *x, size_t who);
/* As many servers as the protocol's option `servers` says that can each have a range. */
size_t tw__servers_count(const tw__workers *x);
/* A whole gradient divided by the weight of its rows. */
const tw__sum *tw__mean_gradient(const tw__workers *x, tw__gradient *g);
/* Likewise the elements lo .. hi-1 of a vector. */
void tw__mean_range(const tw__workers *x, const tw__gradient *g, size_t lo, size_t hi);
/* Counts a step with a worker's gradient that was so stale; one call at a time. */
void tw__note_staleness(tw__workers *x, const tw__worker *of, uint64_t update, uint64_t staleness);
/* Counts a whole update of rows with these sums, which `of` has evaluated and which was stepped in w; one
 * call at a time. */
tw_status tw__count_sums(tw__workers *x, const tw__worker *of, void *w, const tw_sums *sums, uint64_t rows,
                         tw_error *err);
/* Likewise the one whose gradient `of` has. */
tw_status tw__count_update(tw__workers *x, const tw__worker *of, void *w, tw_error *err);
/* Counts an update that a worker has stepped in its weights, while others do the same: threads keep it
 * until all rest, and count in the order of the updates; simulations with counts_arrivals until it is
 * handed over. */
tw_status tw__count_later(tw__workers *x, tw__worker *me, tw_error *err);
/* What a worker has stepped since the last time has arrived where it counts. */
tw_status tw__hand_over(tw__workers *x, tw__worker *me, tw_error *err);

/* An optimiser for a range of the weights, with what stepping lists takes. */
typedef struct tw__stepper {
    tw_optimizer *opt;
    size_t lo, hi;
    int is_own, is_shared, takes_lists;
    uint64_t number; /* where it is shared: of the step, from 0 */
    void *spread;
    uint32_t *index;
    size_t capacity;
} tw__stepper;
/* Of all weights it may be the run's. */
tw_status tw__stepper_create(tw__workers *x, size_t lo, size_t hi, int is_own, tw__stepper *out,
                             tw_error *err);
/* Of another rule, for example the "outer" one. */
tw_status tw__stepper_of_rule(tw__workers *x, const char *rule, const char *role, size_t lo, size_t hi,
                              tw__stepper *out, tw_error *err);
void tw__stepper_free(tw__workers *x, tw__stepper *s);
/* Gives one of its own the state of the run's optimiser; from here on its steps may be made while others are
 * (optimizer/shared.h). */
tw_status tw__stepper_share(tw__workers *x, tw__stepper *s, int adds, tw_error *err);
/* Steps its range of w with that of a mean gradient, taken at the weights `at` (NULL: at these). */
tw_status tw__stepper_step(tw__workers *x, tw__stepper *s, void *w, const tw__sum *mean, const void *at,
                           tw_error *err);
/* The weights of its range. */
tw_status tw__stepper_visit_weights(tw__workers *x, const tw__stepper *s, tw_visitor *v, tw_error *err);
/* Its optimiser, unless that is the run's. */
tw_status tw__stepper_visit(tw__stepper *s, tw_visitor *v, size_t number, tw_error *err);

/* A visitor that puts a word and a number before every name: several objects of one kind. */
typedef struct tw__numbered {
    tw_visitor visitor;
    tw_visitor *inner;
    const char *word;
    size_t number;
} tw__numbered;
tw_visitor *tw__numbered_visitor(tw__numbered *to, tw_visitor *inner, const char *word, size_t number);

/* ---- for transports ------------------------------------------------------------------------------------ */

double tw__transport_value(const tw__workers *x, const char *option);
/* The n numbers of a list; 0: it is not given. */
const double *tw__transport_list(const tw__workers *x, const char *option, size_t *n);
/* Notes that a worker, at such a time, begins or ends to evaluate; where there is a trace, that a message is
 * received, now; that numbers below this are given out. */
void tw__note_computing(tw__workers *x, tw__worker *me, double at);
void tw__note_computed(tw__workers *x, const tw__worker *me, double at);
void tw__note_received(tw__workers *x, const tw__message *m);
void tw__note_limit(tw__workers *x, uint64_t limit);
tw_status tw__worker_compute(tw__workers *x, tw__worker *me, tw_error *err);
/* What the protocol says is next, with an evaluation and what becomes of it; by the machine's clock. */
tw_status tw__worker_act(tw__workers *x, tw__worker *me, enum tw__act *did, tw_error *err);
/* Hands what it has computed to the protocol. */
tw_status tw__worker_computed(tw__workers *x, tw__worker *me, tw_error *err);
/* Counts one of the updates that were handed over; 0: there is none. */
tw_status tw__count_arrived(tw__workers *x, int *counted, tw_error *err);
tw_status tw__arrived_visit(tw__workers *x, tw_visitor *v, tw_error *err);
void tw__arrived_free(tw__workers *x);
/* What a worker's TW__GRADIENT messages stand for. */
static inline tw__gradient *tw__pushed(tw__worker *of) { return of->pushed ? of->pushed : &of->gradient; }
/* The weights that a message to a worker carries, where it has some to keep them in. */
void tw__deliver_weights(tw__workers *x, const tw__message *m);
uint64_t tw__message_bytes(const tw__workers *x, const tw__message *m);

extern const tw__transport tw__transport_replay;
/* registry.c */
const tw__protocol *tw__protocol_of(const tw_exchange *about);
const tw__transport *tw__transport_of(const tw_exchange *about);
#endif
