/* thalweg bench parse: how fast a file of rows is read, compared with other readers in the same run, in turn
 * (A B A B ...).
 * SPDX-License-Identifier: MIT */
#include "bench.h"
#include "cli.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <thalweg/data.h>
#include <unistd.h>

struct values {
    struct cli_common common;
    const char *peer, *python;
    uint64_t pairs;
};
#define AT(member) offsetof(struct values, member)

static const struct cli_option options[] = {
    CLI_THREADS,
    {"pairs", 0, CLI_NATURAL, AT(pairs), "N", 1, BENCH_MOST_PAIRS,
     "measured pairs; their median is printed (5)"},
    {"peer", 0, CLI_TEXT, AT(peer), "SCRIPT", 0, 0,
     "a Python program that is given FILE and prints JSON: seconds by the reader's name (bench/parse_peers.py)"},
    {"python", 0, CLI_TEXT, AT(python), "COMMAND", 0, 0, BENCH_PYTHON_HELP},
    CLI_JSON,
    CLI_QUIET,
    CLI_END};

static const struct values initial = {.common = {.threads = 1}, .pairs = 5, .python = BENCH_PYTHON};

enum { MOST_READERS = 9, OUTPUT = 1 << 12 };

/* Seconds of one reader, ours or another one; the median is at the middle after it was taken. */
struct reader {
    char name[32];
    double seconds[BENCH_MOST_PAIRS], ratios[BENCH_MOST_PAIRS];
};

struct bench {
    const struct values *values;
    const char *path;
    double megabytes;
    tw_data_info rows;
    uint64_t numbers;
    size_t n; /* readers, of which the first is ours */
    struct reader readers[MOST_READERS];
};

static tw_status read_ours(struct bench *b, tw_context *ctx, size_t pair, tw_error *err)
{
    tw_data *data;
    const double start = cli_seconds();
    CLI_TRY(tw_data_open(ctx, b->path, NULL, &data, NULL, NULL, err));
    b->readers[0].seconds[pair] = cli_seconds() - start;
    b->rows = (tw_data_info){.size = sizeof b->rows};
    const tw_status status = tw_data_info_get(data, &b->rows, err);
    b->numbers = b->rows.starts ? b->rows.starts[b->rows.rows] : b->rows.rows * (uint64_t)b->rows.shape[0];
    tw_data_free(data);
    return status;
}

/* The readers have the same order in every pair. */
static tw_status read_theirs(struct bench *b, size_t pair, tw_error *err)
{
    const struct values *v = b->values;
    const char *const arguments[] = {v->peer, b->path, NULL};
    char output[OUTPUT];
    const char *name;
    json_t *value;
    const int code = bench_run_python(v->python, arguments, 1, output, sizeof output);
    json_t *all = json_loads(output, 0, NULL);
    b->n = 1;
    json_object_foreach (all, name, value) {
        if (b->n == MOST_READERS) break;
        struct reader *r = &b->readers[b->n++];
        snprintf(r->name, sizeof r->name, "%s", name);
        r->seconds[pair] = json_number_value(value);
        r->ratios[pair] = r->seconds[pair] / b->readers[0].seconds[pair];
    }
    json_decref(all);
    return code || b->n == 1 ? cli_fail(err, TW_ERR_INTERNAL,
                                        "%.200s: failed with exit code %d, or printed no JSON", v->peer, code)
                             : TW_OK;
}

static tw_status print(struct bench *b, tw_error *err)
{
    const size_t pairs = (size_t)b->values->pairs;
    const unsigned long long rows = b->rows.rows, columns = (unsigned long long)b->rows.shape[0],
                             numbers = b->numbers;
    const int threads = (int)b->values->common.threads;
    json_t *list = json_array();
    if (!b->values->common.json)
        printf("%s: %.2f MB, %llu rows, %llu columns, %llu numbers; %d thread%s, median of %zu\n", b->path,
               b->megabytes, rows, columns, numbers, threads, threads == 1 ? "" : "s", pairs);
    for (size_t i = 0; i < b->n; i++) {
        struct reader *r = &b->readers[i];
        const double median = bench_median(r->seconds, pairs), ratio = i ? bench_median(r->ratios, pairs) : 1;
        if (b->values->common.json)
            list =
                cli_add(list, json_pack("{s:s, s:f, s:f, s:f, s:f, s:f}", "reader", r->name, "seconds",
                                        median, "fastest", r->seconds[0], "slowest", r->seconds[pairs - 1],
                                        "megabytes_per_second", b->megabytes / median, "times_ours", ratio));
        else {
            printf("%-14s %8.4f s (%.4f to %.4f) %8.1f MB/s", r->name, median, r->seconds[0],
                   r->seconds[pairs - 1], b->megabytes / median);
            printf(i ? "  %.1f times ours\n" : "\n", ratio);
        }
    }
    if (b->values->common.json)
        return cli_print_json(json_pack("{s:s, s:f, s:I, s:I, s:I, s:i, s:I, s:o*}", "file", b->path,
                                        "megabytes", b->megabytes, "rows", (json_int_t)rows, "columns",
                                        (json_int_t)columns, "numbers", (json_int_t)numbers, "threads",
                                        threads, "pairs", (json_int_t)pairs, "readers", list),
                              err);
    json_decref(list);
    return TW_OK;
}

static tw_status measure(struct bench *b, tw_context *ctx, tw_error *err)
{
    for (size_t i = 0; i < b->values->pairs; i++) {
        CLI_TRY(read_ours(b, ctx, i, err));
        if (b->values->peer) CLI_TRY(read_theirs(b, i, err));
    }
    return print(b, err);
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct values *v = call->values;
    tw_context *ctx = NULL;
    struct stat file;
    const char *path = call->word[0];
    if (stat(path, &file)) return cli_fail(err, TW_ERR_NOT_FOUND, "%.200s: %s", path, strerror(errno));
    if (v->peer && access(v->peer, R_OK))
        return cli_fail(err, TW_ERR_NOT_FOUND, "%.200s: %s", v->peer, strerror(errno));
    struct bench *b = cli_alloc(1, sizeof *b, err);
    if (!b) return TW_ERR_MEMORY;
    *b = (struct bench){.values = v, .path = path, .megabytes = (double)file.st_size / 1e6, .n = 1};
    snprintf(b->readers[0].name, sizeof b->readers[0].name, "thalweg");
    tw_status status = cli_context(&v->common, &ctx, err);
    if (status == TW_OK) status = measure(b, ctx, err);
    tw_context_free(ctx);
    free(b);
    return status;
}

const struct cli_command cli_command_bench_parse = {
    .name = "bench parse",
    .usage = "FILE [--threads T] [--pairs N] [--peer SCRIPT [--python COMMAND]] [--json]",
    .help = "time reading a file of rows, compared with other readers",
    .examples = "thalweg bench parse a9a\nthalweg bench parse a9a --peer bench/parse_peers.py",
    .least = 1,
    .most = 1,
    .options = options,
    .size = sizeof(struct values),
    .initial = &initial,
    .run = run,
};
