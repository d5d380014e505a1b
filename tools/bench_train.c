/* thalweg bench train: seconds per epoch, compared with a peer program's in the same run, in turn (A B A B
 * ...), one thread each.
 * SPDX-License-Identifier: MIT */
#include "bench.h"
#include "cli.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <thalweg/train.h>
#include <unistd.h>

struct values {
    struct cli_common common;
    const char *model, *optimizer, *peer, *python;
    uint64_t batch, limit, pairs;
};
#define AT(member) offsetof(struct values, member)

static const struct cli_option options[] =
    {{"model", 0, CLI_TEXT, AT(model), "M", 0, 0, "a preset or a network (cnn)"},
     {"optimizer", 0, CLI_TEXT, AT(optimizer), "O", 0, 0, "the update rule (adam)"},
     {"batch", 0, CLI_NATURAL, AT(batch), "B", 1, 1e6, "rows per update (32)"},
     {"limit", 0, CLI_NATURAL, AT(limit), "ROWS", 1, 1e9, "training rows of an epoch (6400)"},
     {"pairs", 0, CLI_NATURAL, AT(pairs), "N", 1, BENCH_MOST_PAIRS,
      "measured pairs; their median is printed (5)"},
     {"peer", 0, CLI_TEXT, AT(peer), "SCRIPT", 0, 0,
      "a Python program with torch_train.py's options that prints JSON with s_per_epoch_median"},
     {"python", 0, CLI_TEXT, AT(python), "COMMAND", 0, 0, BENCH_PYTHON_HELP},
     CLI_JSON,
     CLI_QUIET,
     CLI_VERBOSE,
     CLI_END};

static const struct values initial = {.common = {.threads = 1},
                                      .model = "cnn",
                                      .batch = 32,
                                      .limit = 6400,
                                      .pairs = 5,
                                      .python = BENCH_PYTHON};

/* the peer evaluates outside its own clock; few rows are enough */
enum { TEST_ROWS = 100, OUTPUT = 1 << 16 };

static void put_big_endian(uint8_t *to, uint64_t x)
{
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(x >> (24 - 8 * i));
}

/* One part of the data as plain IDX files, which the peer reads. */
static tw_status write_idx(const char *directory, const char *part, const tw_data *data, uint64_t most,
                           tw_error *err)
{
    tw_data_info info = {.size = sizeof info};
    CLI_TRY(tw_data_info_get(data, &info, err));
    if (info.type != TW_U8 || info.rank != 2 || !info.labels)
        return cli_fail(err, TW_ERR_DATA, "a peer needs grey images with labels");
    uint64_t rows = most < info.rows ? most : info.rows;
    size_t image = (size_t)(info.shape[0] * info.shape[1]);
    for (int labels = 0; labels < 2; labels++) {
        uint8_t head[16] = {0, 0, 8, labels ? 1 : 3};
        put_big_endian(head + 4, rows);
        put_big_endian(head + 8, (uint64_t)info.shape[0]);
        put_big_endian(head + 12, (uint64_t)info.shape[1]);
        char *path =
            cli_text(err, "%s/%s-%s", directory, part, labels ? "labels-idx1-ubyte" : "images-idx3-ubyte");
        if (!path) return TW_ERR_MEMORY;
        FILE *file = fopen(path, "wb");
        free(path);
        if (!file) return cli_fail(err, TW_ERR_SYSTEM, "%.200s: %s", directory, strerror(errno));
        fwrite(head, 1, labels ? 8 : 16, file);
        if (labels)
            for (uint64_t i = 0; i < rows; i++) fputc(info.labels[i], file);
        else fwrite(info.x, image, (size_t)rows, file);
        int bad = ferror(file);
        if (fclose(file) || bad) return cli_fail(err, TW_ERR_SYSTEM, "%.200s: cannot write", directory);
    }
    return TW_OK;
}

static void remove_idx(const char *directory)
{
    static const char *const names[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                        "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
    char path[PATH_MAX];
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        unlink(path);
    }
    rmdir(directory);
}

static tw_status our_epoch(const struct values *v, tw_context *ctx, const tw_data *data, double *seconds,
                           tw_error *err)
{
    tw_model *model = NULL;
    tw_objective objective = TW_OBJECTIVE_INIT;
    tw_run *run = NULL;
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    o.optimizer = v->optimizer;
    o.epochs = 1;
    o.batch = v->batch;
    CLI_TRY(tw_model_create(&model, ctx, v->model, TW_F32, data, 0, err));
    tw_status status = tw_model_objective(model, data, &objective, err);
    if (status == TW_OK) {
        status = tw_run_create(&run, ctx, &objective, NULL, tw_model_weights(model), &o, err);
        double start = cli_seconds();
        int state = TW_RUN_GOING;
        while (status == TW_OK && state == TW_RUN_GOING) status = tw_run_step(run, &state, err);
        *seconds = cli_seconds() - start;
        tw_run_free(run);
        tw_model_objective_free(&objective);
    }
    tw_model_free(model);
    return status;
}

static tw_status peer_epoch(const struct values *v, const char *directory, double *seconds, tw_error *err)
{
    char batch[32], rows[32], *output = cli_alloc(1, OUTPUT, err);
    if (!output) return TW_ERR_MEMORY;
    snprintf(batch, sizeof batch, "%llu", (unsigned long long)v->batch);
    snprintf(rows, sizeof rows, "%llu", (unsigned long long)v->limit);
    const char *argv[] = {v->peer,     "--data", directory, "--model", v->model,   "--batch", batch,
                          "--threads", "1",      "--n",     rows,      "--epochs", "1",       NULL};
    int code = bench_run_python(v->python, argv, 1, output, OUTPUT);
    json_t *result = json_loads(output, 0, NULL);
    *seconds = json_number_value(json_object_get(result, "s_per_epoch_median"));
    json_decref(result);
    free(output);
    if (code || *seconds <= 0)
        return cli_fail(err, TW_ERR_INTERNAL,
                        "%.200s: failed with exit code %d, or printed no s_per_epoch_median", v->peer, code);
    return TW_OK;
}

static tw_status print(const struct values *v, double *ours, double *theirs, double *ratios, int peer,
                       uint64_t rows, tw_error *err)
{
    double a = bench_median(ours, v->pairs), b = peer ? bench_median(theirs, v->pairs) : 0,
           ratio = peer ? bench_median(ratios, v->pairs) : 0;
    if (v->common.json) {
        json_t *all =
            json_pack("{s:s, s:I, s:I, s:I, s:i, s:f, s:f, s:f, s:f}", "model", v->model, "rows",
                      (json_int_t)rows, "batch", (json_int_t)v->batch, "pairs", (json_int_t)v->pairs,
                      "threads", 1, "seconds", a, "fastest", ours[0], "slowest", ours[v->pairs - 1],
                      "microseconds_per_row", 1e6 * a / (double)rows);
        if (peer)
            all = cli_put(all, "peer",
                          json_pack("{s:s, s:f, s:f, s:f, s:f}", "program", v->peer, "seconds", b, "fastest",
                                    theirs[0], "slowest", theirs[v->pairs - 1], "times_ours", ratio));
        return cli_print_json(all, err);
    }
    printf("model %s, %llu rows, batch %llu, 1 thread, median of %llu\n", v->model, (unsigned long long)rows,
           (unsigned long long)v->batch, (unsigned long long)v->pairs);
    printf("thalweg  %8.4f s per epoch (%.4f to %.4f)  %.2f us per row\n", a, ours[0], ours[v->pairs - 1],
           1e6 * a / (double)rows);
    if (peer)
        printf("peer     %8.4f s per epoch (%.4f to %.4f)  %.1f times ours\n", b, theirs[0],
               theirs[v->pairs - 1], ratio);
    return TW_OK;
}

static tw_status compare(const struct values *v, tw_context *ctx, const tw_data *train, const char *directory,
                         tw_error *err)
{
    double ours[BENCH_MOST_PAIRS], theirs[BENCH_MOST_PAIRS], ratios[BENCH_MOST_PAIRS];
    tw_data_info info = {.size = sizeof info};
    CLI_TRY(tw_data_info_get(train, &info, err));
    for (uint64_t i = 0; i < v->pairs; i++) {
        CLI_TRY(our_epoch(v, ctx, train, &ours[i], err));
        if (!directory) continue;
        CLI_TRY(peer_epoch(v, directory, &theirs[i], err));
        ratios[i] = theirs[i] / ours[i];
    }
    return print(v, ours, theirs, ratios, directory != NULL, info.rows, err);
}

static tw_status with_peer(const struct values *v, tw_context *ctx, const tw_data *train, const tw_data *test,
                           tw_error *err)
{
    char directory[] = "/tmp/thalweg-bench-XXXXXX";
    int ready;
    CLI_TRY(bench_peer_ready(v->peer, v->python, &ready, err));
    if (!ready) return compare(v, ctx, train, NULL, err);
    if (!mkdtemp(directory)) return cli_fail(err, TW_ERR_SYSTEM, "%s: %s", directory, strerror(errno));
    tw_status status = write_idx(directory, "train", train, v->limit, err);
    if (status == TW_OK) status = write_idx(directory, "t10k", test, TEST_ROWS, err);
    if (status == TW_OK) status = compare(v, ctx, train, directory, err);
    remove_idx(directory);
    return status;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct values *v = call->values;
    tw_context *ctx = NULL;
    tw_data *train = NULL, *test = NULL;
    CLI_TRY(cli_context(&v->common, &ctx, err));
    tw_job_options o = TW_JOB_OPTIONS_INIT;
    o.data = call->n ? call->word[0] : "digits";
    o.limit = v->limit;
    tw_status status = cli_open_data(ctx, &v->common, &o, 0, NULL, &train, &test, err);
    if (status == TW_OK && (!train || !test))
        status = cli_fail(err, TW_ERR_DATA, "%.200s: no training and test rows", o.data);
    if (status == TW_OK) status = with_peer(v, ctx, train, test, err);
    tw_data_free(train);
    tw_data_free(test);
    tw_context_free(ctx);
    return status;
}

const struct cli_command cli_command_bench_train = {
    .name = "bench train",
    .usage = "[DATA] [--model M] [--limit ROWS] [--pairs N] [--peer SCRIPT [--python COMMAND]] [--json]",
    .help = "time an epoch, compared with a peer program",
    .examples = "thalweg bench train\nthalweg bench train digits --model mlp --peer torch_train.py",
    .most = 1,
    .options = options,
    .size = sizeof(struct values),
    .initial = &initial,
    .run = run,
};
