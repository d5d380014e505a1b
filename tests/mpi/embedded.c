/* A program that has MPI already: its run takes a link over its communicator,
 * and MPI works on afterwards. SPDX-License-Identifier: MIT */
#include <mpi.h>
#include <stdio.h>
#include <thalweg/train.h>

static tw_status train(tw_context *ctx, tw_link *link, tw_error *err)
{
    tw_job_options o = TW_JOB_OPTIONS_INIT;
    tw_job *job = NULL;
    o.data = "d";
    o.model = "flatten; dense 24 relu; dropout 0.1; dense 10 softmax";
    o.out = "embedded";
    o.run.optimizer = "momentum:lr=0.05";
    o.run.epochs = 2;
    o.run.exchange = "mpi+allreduce";
    o.run.link = link;
    tw_status s = tw_job_create(&job, ctx, &o, err);
    if (s == TW_OK) s = tw_job_run(job, err);
    tw_job_free(job);
    return s;
}

int main(int argc, char **argv)
{
    int level, rank = 0, ranks = 0, sum = 0;
    tw_error err = {0};
    tw_context *ctx = NULL;
    tw_link *link = NULL;
    MPI_Comm mine;
    if (argc < 2) return 2;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &level);
    MPI_Comm_dup(MPI_COMM_WORLD, &mine);
    MPI_Comm_rank(mine, &rank);
    MPI_Comm_size(mine, &ranks);
    const tw_link_options o = {.size = sizeof o, .communicator = &mine};
    tw_status s = tw_context_create(&ctx, NULL, &err);
    if (s == TW_OK) s = tw_link_open(&link, ctx, argv[1], &o, &err);
    if (s == TW_OK && (tw_link_rank(link) != (size_t)rank || tw_link_ranks(link) != (size_t)ranks))
        s = TW_ERR_INTERNAL;
    if (s == TW_OK) s = train(ctx, link, &err);
    if (s == TW_OK) s = tw_link_close(link, NULL, &err);
    else tw_link_close(link, &err, NULL);
    tw_context_free(ctx);
    if (s != TW_OK) {
        fprintf(stderr, "rank %d: %s\n", rank, err.message);
        return s;
    }
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, mine);
    MPI_Comm_free(&mine);
    MPI_Finalize();
    return sum == ranks * (ranks - 1) / 2 ? 0 : 1;
}
