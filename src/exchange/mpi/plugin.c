/* The plug-in for MPI: a carrier over two-sided messages, one communicator for each channel. It is compiled
 * for each MPI that is there, and opened at run time: nothing else of Thalweg knows MPI. One-sided
 * communication is not used, as it fails or stalls over TCP (docs/design/0039).
 * SPDX-License-Identifier: MIT */
#include <limits.h>
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <thalweg/link.h>

enum { TAG = 1, BLOCK = 1 << 20 };

struct state {
    tw_link_carrier carrier;
    MPI_Comm comm[TW_LINK_CHANNELS];
    int is_ours; /* it has initialised MPI, and finalizes it */
    char (*host)[MPI_MAX_PROCESSOR_NAME];
    const char **hosts;
};
_Static_assert(sizeof(MPI_Request) <= sizeof(void *), "a request is kept in a pointer");
_Static_assert(sizeof(MPI_Message) <= sizeof(void *), "a message is kept in a pointer");

/* ---- failures ------------------------------------------------------------------------------------------ */

static tw_status fail(tw_error *err, tw_status code, const char *what, const char *why)
{
    if (!err) return code;
    memset(err, 0, sizeof *err);
    err->code = code;
    snprintf(err->message, sizeof err->message, "%.150s%s%.350s", what, *why ? ": " : "", why);
    return code;
}

static tw_status check(int code, const char *call, tw_error *err)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int n = 0;
    if (code == MPI_SUCCESS) return TW_OK;
    MPI_Error_string(code, text, &n);
    return fail(err, TW_ERR_WORKER, call, text);
}
#define TRY(call)                    \
    do {                             \
        const tw_status s_ = (call); \
        if (s_ != TW_OK) return s_;  \
    } while (0)

/* ---- the carrier --------------------------------------------------------------------------------------- */

/* Counts of MPI are int: what is longer is one item of a type of blocks and a rest. */
static tw_status type_of(size_t n, MPI_Datatype *type, int *count, tw_error *err)
{
    MPI_Datatype block, of[2];
    int lengths[2] = {(int)(n / BLOCK), (int)(n % BLOCK)};
    MPI_Aint places[2] = {0, (MPI_Aint)(n - n % BLOCK)};
    *type = MPI_BYTE;
    *count = (int)n;
    if (n <= INT_MAX) return TW_OK;
    *count = 1;
    TRY(check(MPI_Type_contiguous(BLOCK, MPI_BYTE, &block), "MPI_Type_contiguous", err));
    of[0] = block;
    of[1] = MPI_BYTE;
    TRY(check(MPI_Type_create_struct(2, lengths, places, of, type), "MPI_Type_create_struct", err));
    MPI_Type_free(&block);
    return check(MPI_Type_commit(type), "MPI_Type_commit", err);
}

static void free_type(MPI_Datatype *type)
{
    if (*type != MPI_BYTE) MPI_Type_free(type);
}

static tw_status send(void *user, int channel, size_t to, const void *bytes, size_t n, void **request,
                      tw_error *err)
{
    struct state *s = user;
    MPI_Datatype type;
    MPI_Request r;
    int count;
    TRY(type_of(n, &type, &count, err));
    const int code = MPI_Isend(bytes, count, type, (int)to, TAG, s->comm[channel], &r);
    free_type(&type);
    *request = NULL;
    memcpy(request, &r, sizeof r);
    return check(code, "MPI_Isend", err);
}

static tw_status probe(void *user, int channel, size_t *from, int *found, size_t *n, void **message,
                       tw_error *err)
{
    struct state *s = user;
    MPI_Message m;
    MPI_Status status;
    MPI_Count count = 0;
    const int source = *from < s->carrier.ranks ? (int)*from : MPI_ANY_SOURCE;
    TRY(check(MPI_Improbe(source, TAG, s->comm[channel], found, &m, &status), "MPI_Improbe", err));
    if (!*found) return TW_OK;
    TRY(check(MPI_Get_elements_x(&status, MPI_BYTE, &count), "MPI_Get_elements_x", err));
    *from = (size_t)status.MPI_SOURCE;
    *n = (size_t)count;
    *message = NULL;
    memcpy(message, &m, sizeof m);
    return TW_OK;
}

static tw_status receive(void *user, void *message, void *to, size_t n, void **request, tw_error *err)
{
    MPI_Datatype type;
    MPI_Message m;
    MPI_Request r;
    int count;
    (void)user;
    memcpy(&m, &message, sizeof m);
    TRY(type_of(n, &type, &count, err));
    const int code = MPI_Imrecv(to, count, type, &m, &r);
    free_type(&type);
    *request = NULL;
    memcpy(request, &r, sizeof r);
    return check(code, "MPI_Imrecv", err);
}

static tw_status test(void *user, void **request, int *done, tw_error *err)
{
    MPI_Request r;
    (void)user;
    memcpy(&r, request, sizeof r);
    const int code = MPI_Test(&r, done, MPI_STATUS_IGNORE);
    memcpy(request, &r, sizeof r);
    return check(code, "MPI_Test", err);
}

static void close_state(void *user, int failed)
{
    struct state *s = user;
    if (failed) return; /* all calls that clean up wait for the others */
    for (int i = 0; i < TW_LINK_CHANNELS; i++) MPI_Comm_free(&s->comm[i]);
    if (s->is_ours) MPI_Finalize();
    free(s->host);
    free(s->hosts);
    free(s);
}

/* ---- opening ------------------------------------------------------------------------------------------- */

static const char *name(void)
{
    static char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int n = 0;
    MPI_Get_library_version(text, &n);
#ifdef MPICH_VERSION
    snprintf(text, sizeof text, "MPICH %s", MPICH_VERSION);
#endif
    text[strcspn(text, ",\n")] = 0;
    return text;
}

/* The communicator of all processes. */
static tw_status begin(struct state *s, const tw_link_options *o, MPI_Comm *all, tw_error *err)
{
    int level = MPI_THREAD_SINGLE, is_running = 0;
    if (o->communicator) {
        TRY(check(MPI_Initialized(&is_running), "MPI_Initialized", err));
        if (!is_running)
            return fail(err, TW_ERR_STATE, "a communicator was given, and MPI is not initialised", "");
        TRY(check(MPI_Query_thread(&level), "MPI_Query_thread", err));
        memcpy(all, o->communicator, sizeof *all);
    } else {
        /* a process that waits leaves its CPU to one that works; read when MPI starts */
        setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
        TRY(check(MPI_Init_thread(NULL, NULL, MPI_THREAD_MULTIPLE, &level), "MPI_Init_thread", err));
        s->is_ours = 1;
        *all = MPI_COMM_WORLD;
    }
    if (level == MPI_THREAD_MULTIPLE) return TW_OK;
    return fail(err, TW_ERR_SYSTEM, name(),
                "several threads of a process cannot call it (MPI_THREAD_MULTIPLE)");
}

static tw_status look_around(struct state *s, MPI_Comm all, size_t expected, tw_error *err)
{
    int rank, ranks, n;
    TRY(check(MPI_Comm_rank(all, &rank), "MPI_Comm_rank", err));
    TRY(check(MPI_Comm_size(all, &ranks), "MPI_Comm_size", err));
    if (expected && expected != (size_t)ranks) {
        char why[200];
        snprintf(why, sizeof why,
                 "the launcher has started %zu processes and this library sees %d: another MPI's "
                 "launcher has started them",
                 expected, ranks);
        return fail(err, TW_ERR_SPEC, name(), why);
    }
    s->carrier.rank = (size_t)rank;
    s->carrier.ranks = (size_t)ranks;
    s->host = calloc((size_t)ranks, sizeof *s->host);
    s->hosts = calloc((size_t)ranks, sizeof *s->hosts);
    if (!s->host || !s->hosts) return fail(err, TW_ERR_MEMORY, "no memory for the names of hosts", "");
    TRY(check(MPI_Get_processor_name(s->host[rank], &n), "MPI_Get_processor_name", err));
    TRY(check(MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, s->host, MPI_MAX_PROCESSOR_NAME, MPI_CHAR,
                            all),
              "MPI_Allgather", err));
    for (int i = 0; i < ranks; i++) s->hosts[i] = s->host[i];
    s->carrier.hosts = s->hosts;
    for (int i = 0; i < TW_LINK_CHANNELS; i++) {
        TRY(check(MPI_Comm_dup(all, &s->comm[i]), "MPI_Comm_dup", err));
        TRY(check(MPI_Comm_set_errhandler(s->comm[i], MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler", err));
    }
    return TW_OK;
}

static tw_status open_mpi(const tw_link_carrier **out, const tw_link_options *o, tw_error *err)
{
    MPI_Comm all;
    struct state *s = calloc(1, sizeof *s);
    if (!s) return fail(err, TW_ERR_MEMORY, "no memory for the link", "");
    s->carrier = (tw_link_carrier){.size = sizeof s->carrier,
                                   .name = name(),
                                   .user = s,
                                   .send = send,
                                   .probe = probe,
                                   .receive = receive,
                                   .test = test,
                                   .close = close_state};
    tw_status status = begin(s, o, &all, err);
    if (status == TW_OK) status = look_around(s, all, o->ranks, err);
    if (status == TW_OK) *out = &s->carrier;
    else {
        free(s->host);
        free(s->hosts);
        free(s);
    }
    return status;
}

extern __attribute__((visibility("default"))) const tw_link_plugin tw_link_plugin_of_mpi;
const tw_link_plugin tw_link_plugin_of_mpi = {.size = sizeof(tw_link_plugin), .name = name, .open = open_mpi};
