/* Pushes and pulls of 256 KB through a parameter server, beside a bare ping-pong of as many bytes between the
 * same two processes: round trips a second. The gradient is a constant and costs one pass over the weights,
 * the rule is sgd: what is measured is the way there and back, with the step.
 *
 *     mpicc.openmpi -O2 -Iinclude -Ibuild/generated bench/push_pull.c -o push_pull \
 *         -Lbuild -lthalweg-train -lthalweg -Wl,-rpath,$PWD/build
 *     mpirun.openmpi -n 2 ./push_pull build/thalweg-mpi-openmpi.so
 *
 * SPDX-License-Identifier: MIT */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <thalweg/train.h>

enum { WEIGHTS = 65536, TRIPS = 2000 };
static float numbers[WEIGHTS];

static double ping_pong(MPI_Comm comm, int rank)
{
    const double start = MPI_Wtime();
    for (int i = 0; i < TRIPS; i++) {
        if (rank == 0) MPI_Send(numbers, WEIGHTS, MPI_FLOAT, 1, 0, comm);
        MPI_Recv(numbers, WEIGHTS, MPI_FLOAT, 1 - rank, 0, comm, MPI_STATUS_IGNORE);
        if (rank == 1) MPI_Send(numbers, WEIGHTS, MPI_FLOAT, 0, 0, comm);
    }
    return TRIPS / (MPI_Wtime() - start);
}

static int eval(void *user, const tw_eval *e)
{
    (void)user;
    e->sums[0] = (tw_sums){.loss = 1, .weight = (double)e->n};
    if (e->want & TW_WANT_GRADIENT)
        for (size_t i = 0; i < WEIGHTS; i++) ((float *)e->gradient)[i] = 1e-3f;
    return 0;
}

/* Updates of all workers in a second: of each a gradient goes to the servers, and the weights come back. */
static tw_status push_pull(tw_context *ctx, tw_link *link, const char *exchange, double *rate, tw_error *err)
{
    static float w[WEIGHTS];
    const int64_t shape[] = {WEIGHTS};
    const tw_tensor tensor = {.name = "w", .rank = 1, .shape = shape};
    tw_objective objective = TW_OBJECTIVE_INIT;
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    tw_exchange_info info = {.size = sizeof info};
    tw_run *run;
    int status = TW_RUN_GOING;
    memset(w, 0, sizeof w);
    objective.type = TW_F32;
    objective.tensors = &tensor;
    objective.n_tensors = 1;
    objective.n_rows = 2 * TRIPS;
    objective.lanes = 1;
    objective.eval = eval;
    o.optimizer = "sgd:lr=0.1";
    o.batch = 1;
    o.epochs = 1;
    o.exchange = exchange;
    o.link = link;
    tw_status s = tw_run_create(&run, ctx, &objective, NULL, w, &o, err);
    while (s == TW_OK && status == TW_RUN_GOING) s = tw_run_step(run, &status, err);
    if (s == TW_OK && tw_link_rank(link) == 0) s = tw_run_exchange(run, &info, err);
    *rate = info.seconds > 0 ? 2 * TRIPS / info.seconds : 0;
    tw_run_free(run);
    return s;
}

static tw_status measure(tw_context *ctx, tw_link *link, MPI_Comm comm, tw_error *err)
{
    static const char *const exchanges[] = {"mpi+ps:sync=asp", "mpi+ps:sync=asp,servers=2"};
    const int rank = (int)tw_link_rank(link);
    double rate;
    for (int round = 0; round < 3; round++) {
        const double bare = ping_pong(comm, rank);
        if (rank == 0) printf("ping-pong %8.0f/s", bare);
        for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++) {
            const tw_status s = push_pull(ctx, link, exchanges[i], &rate, err);
            if (s != TW_OK) return s;
            if (rank == 0) printf("  %s %8.0f/s, %.2f", exchanges[i] + 4, rate, rate / bare);
        }
        if (rank == 0) puts("");
    }
    return TW_OK;
}

int main(int argc, char **argv)
{
    int level, ranks;
    tw_error err = {0};
    tw_context *ctx = NULL;
    tw_link *link = NULL;
    MPI_Comm comm = MPI_COMM_WORLD;
    if (argc < 2) return 2;
    setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &level);
    MPI_Comm_size(comm, &ranks);
    if (ranks != 2) {
        fputs("push_pull: two processes are needed\n", stderr);
        MPI_Abort(comm, 2);
    }
    const tw_link_options o = {.size = sizeof o, .communicator = &comm};
    tw_status s = tw_context_create(&ctx, NULL, &err);
    if (s == TW_OK) s = tw_link_open(&link, ctx, argv[1], &o, &err);
    if (s == TW_OK) s = measure(ctx, link, comm, &err);
    if (s == TW_OK) s = tw_link_close(link, NULL, &err);
    else tw_link_close(link, &err, NULL);
    tw_context_free(ctx);
    if (s != TW_OK) fprintf(stderr, "push_pull: %s\n", err.message);
    MPI_Finalize();
    return s;
}
