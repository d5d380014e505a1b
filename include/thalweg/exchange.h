/* libthalweg-train. Exchanges by name: how the workers of a run share their progress. To use one, name it
 * in tw_run_options.exchange. A spec names a protocol, "ps:sync=ssp,staleness=4,workers=2", which runs on
 * threads, or a transport and a protocol, "sim:workers=1000,jitter=exponential+easgd:tau=10" or
 * "mpi+allreduce", whose workers are processes (tw_run_options.link); an item that
 * is not an option of the part that it stands in is the other's, and a transport alone carries ps, or
 * delayed if it has delays.
 *
 * Workers evaluate the rows of updates with objectives of their own (tw_objective.fork). Updates are
 * numbered from 0, and the rows of one depend on its number alone, whoever evaluates it. With ps:sync=bsp,
 * allreduce and sharded the workers split every update's rows. With the others each update is one worker's:
 * where workers have weights of their own (average, easgd, diloco), worker k of n makes updates k, k + n,
 * ..., and with diloco:sync=0 those of the k least made of; elsewhere numbers are given out in the order in
 * which workers are ready for them. Either way an epoch has every row once.
 *
 * Nothing here allocates or keeps anything, so any thread may call it at any time. Descriptors live as
 * long as the program.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_EXCHANGE_H
#define THALWEG_EXCHANGE_H
#include <thalweg/registry.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tw_exchange {
    size_t size;                                /* sizeof(tw_exchange) */
    const char *name, *help, *paper, *equation; /* equation: lines separated by newlines */
    int n_options;
    const tw_option *options;
    const tw_alias *aliases; /* ends with a NULL alias; may be NULL */
    int is_transport;        /* 1: it carries a protocol; 0: it is one */
    int shares_memory;       /* 1: its workers step the same weights, so that it runs on threads alone */
    const char *stands_for;  /* NULL, or the exchange that this is another name of, with its options */
} tw_exchange;

/* entry i of the list; NULL past its end */
TW_API const tw_exchange *tw_exchange_at(size_t i);
TW_API const tw_exchange *tw_exchange_find(const char *name); /* NULL if there is none */
/* Name and help (may be NULL) of entry i; NULL past the end. */
TW_API const char *tw_exchange_name(size_t i, const char **help);

/* What an exchange's spec says. */
enum { TW_EXCHANGE_NUMBERS = 128 };
typedef struct tw_exchange_choice {
    const tw_exchange *protocol;
    const tw_exchange *transport; /* NULL for local, which has none */
    /* of each option, in the order of the tables, defaults included */
    double values[TW_OPTIONS_MAX], transport_values[TW_OPTIONS_MAX];
    /* the transport's value of a TW_LIST is the place of a count in here, and the numbers follow it */
    double lists[TW_EXCHANGE_NUMBERS];
    char quoted[TW_SPEC_MAX]; /* of the protocol's option that is in quotes; "": its default */
    /* canonical: no aliases or other names, shortest numbers, defaults left out, threads not named */
    char spec[TW_SPEC_MAX];
    int is_exact;      /* 1: the bits are those of local, for any number of workers */
    int is_repeatable; /* 1: the same seed gives the same bits, of as many workers */
} tw_exchange_choice;

/* TW_ERR_SPEC, with the nearest name as a suggestion: unknown, malformed, out of bounds or given twice, or
 * options that cannot be used together. */
TW_API tw_status tw_exchange_read(tw_exchange_choice *out, const char *spec, tw_error *err);

/* What the workers of a run have done so far. Seconds are those of the transport's clock: for sim virtual. */
enum { TW_STALENESS_BINS = 64 };
typedef struct tw_worker_info {
    uint64_t updates; /* that it has computed */
    /* seconds: of evaluations; for others; with messages, and with steps that it makes for a server */
    double computing, waiting, exchanging;
    uint64_t failures; /* simulated */
    double down;       /* seconds: of evaluations that were lost, and until it was back */
    uint64_t bytes;    /* that it has sent */
    const char *host;  /* of its process; valid until the run is freed; NULL: there is one process */
} tw_worker_info;
/* From when to when a worker evaluated an update. */
typedef struct tw_worker_evaluation {
    size_t worker;
    double begin, end;
} tw_worker_evaluation;
typedef struct tw_exchange_info {
    size_t size;      /* sizeof(tw_exchange_info), set by the caller */
    const char *spec; /* canonical */
    size_t workers;
    const tw_worker_info *worker; /* of each; valid until the run's next step */
    double seconds;               /* by the transport's clock */
    int is_virtual;               /* whether that is a simulated one */
    uint64_t messages, bytes;
    /* Updates by how many others were made between the weights that their gradient was taken at and
     * their step; the last one: so many or more. Empty where the protocol keeps no versions. */
    uint64_t staleness[TW_STALENESS_BINS], most_stale;
    double mean_staleness; /* NaN: no update has one */
    uint64_t ignored;      /* gradients that were too old for a step, and whose rows were evaluated again */
    /* In the updates that are looked at, of hogwild one in 64: weights written, and how many of them others
     * had stepped since they were read, so that their step was lost. 0: the protocol loses none. */
    uint64_t stores, lost;
    /* The first evaluations since the run was created or loaded, in the order in which they ended; valid
     * until the run's next step. */
    const tw_worker_evaluation *evaluation;
    size_t n_evaluations;
} tw_exchange_info;

#ifdef __cplusplus
}
#endif
#endif
