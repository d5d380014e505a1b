/* libthalweg-train. Links between the processes of a run: what carries messages where workers are processes,
 * perhaps on several machines. A plug-in that is opened at run time makes one of MPI; a program that has
 * connections already describes them as a tw_link_carrier. A run takes a link with tw_run_options.link and an
 * exchange on the transport `mpi`: every process makes the same run, rank 0 decides and has the result
 * (docs/cluster.md).
 *
 * A link has a thread: once a second the others tell rank 0 that they are there, and rank 0 tells them.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_LINK_H
#define THALWEG_LINK_H
#include <thalweg/context.h>
#ifdef __cplusplus
extern "C" {
#endif

/* What is sent on one of them is not looked for on another: messages of workers and servers; sums within an
 * evaluation; signs of life. */
enum { TW_LINK_MESSAGES, TW_LINK_SUMS, TW_LINK_CONTROL, TW_LINK_CHANNELS };

/* Functions that carry bytes between processes of ranks 0 .. ranks - 1. Several threads call them at a time.
 * None but close waits for another process. What one rank sends to another on a channel arrives in the
 * order in which it was sent. A failure is described in *err, which may be NULL. */
typedef struct tw_link_carrier {
    size_t size;      /* sizeof(tw_link_carrier) */
    const char *name; /* of messages: "Open MPI v4.1.4" */
    size_t rank, ranks;
    const char *const *hosts; /* of each rank */
    void *user;
    /* Begins to send, never to `rank` itself; the bytes stay as they are until test() says that it is
     * done. */
    tw_status (*send)(void *user, int channel, size_t to, const void *bytes, size_t n, void **request,
                      tw_error *err);
    /* The next message on a channel, from rank *from or, with *from = ranks, from any, if one is there: its
     * sender, its length, and what receive() takes. */
    tw_status (*probe)(void *user, int channel, size_t *from, int *found, size_t *n, void **message,
                       tw_error *err);
    tw_status (*receive)(void *user, void *message, void *to, size_t n, void **request, tw_error *err);
    /* Whether what a request stands for is done; the request then is gone. */
    tw_status (*test)(void *user, void **request, int *done, tw_error *err);
    /* No further calls. failed: a process is lost or has failed, so that none may be waited for. */
    void (*close)(void *user, int failed);
} tw_link_carrier;

typedef struct tw_link_options {
    size_t size; /* sizeof(tw_link_options) */
    /* Processes that the launcher says it has started: a plug-in of another MPI sees only its own, and is
     * refused. 0: not known. */
    size_t ranks;
    /* NULL, or the address of an MPI_Comm of a program that has initialised MPI with MPI_THREAD_MULTIPLE. It
     * is duplicated, and MPI is not finalized. */
    const void *communicator;
} tw_link_options;
#define TW_LINK_OPTIONS_INIT            \
    {                                   \
        .size = sizeof(tw_link_options) \
    }

/* What a plug-in exports, as `tw_link_plugin_of_mpi`. */
typedef struct tw_link_plugin {
    size_t size; /* sizeof(tw_link_plugin) */
    /* Its library, with the version, without initialising it. */
    const char *(*name)(void);
    tw_status (*open)(const tw_link_carrier **out, const tw_link_options *options, tw_error *err);
} tw_link_plugin;

typedef struct tw_link tw_link;
/* Opens a plug-in, a file, and makes a link of it; options NULL: none. TW_ERR_NOT_FOUND: there is no such
 * file; TW_ERR_SYSTEM: it cannot be loaded; TW_ERR_SPEC: it is for another launcher. */
TW_API tw_status tw_link_open(tw_link **out, tw_context *ctx, const char *plugin,
                              const tw_link_options *options, tw_error *err);
/* A link of a carrier, which is copied; what it points to must outlive the link. */
TW_API tw_status tw_link_create(tw_link **out, tw_context *ctx, const tw_link_carrier *carrier,
                                tw_error *err);
/* failure NULL: waits until all processes have come to this point and closes the carrier; the error of one
 * that has failed meanwhile, or TW_ERR_WORKER: one has given no sign of life for as long as the run's
 * exchange says (timeout; 30 seconds). Else tells them of this failure and waits for nobody, TW_OK. After an
 * error here or elsewhere the process must end, as MPI cannot. NULL is allowed as a link. */
TW_API tw_status tw_link_close(tw_link *link, const tw_error *failure, tw_error *err);
TW_API size_t tw_link_rank(const tw_link *link);
TW_API size_t tw_link_ranks(const tw_link *link);
/* "Open MPI v4.1.4"; the host of a rank; valid as long as the link */
TW_API const char *tw_link_name(const tw_link *link);
TW_API const char *tw_link_host(const tw_link *link, size_t rank);
/* The library that a plug-in is for, "Open MPI v4.1.4", cut if there is no room; TW_ERR_NOT_FOUND,
 * TW_ERR_SYSTEM as tw_link_open. */
TW_API tw_status tw_link_plugin_name(const char *plugin, size_t capacity, char *to, tw_error *err);

#ifdef __cplusplus
}
#endif
#endif
