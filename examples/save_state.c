/* Saving and loading an optimiser with libthalweg alone: a visitor writes every field to a file, a second one
 * reads them back, and training continues with the same bits as if it had never stopped.
 *
 *     cc -O2 save_state.c -o save_state $(pkg-config --cflags --libs thalweg)
 *
 * libthalweg-train does the same in a checksummed safetensors file: tw_state_save and tw_state_load in
 * <thalweg/state.h>.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <thalweg/optimizer.h>

enum { N = 3, STEPS = 100, STOP = 40 };

static tw_status failed(tw_error *err, const char *name, const char *what)
{
    if (err) {
        *err = (tw_error){.code = TW_ERR_DATA};
        snprintf(err->message, sizeof err->message, "%s: %s", name, what);
    }
    return TW_ERR_DATA;
}

/* A record of the file: the lengths of the name and of the data, the name, the data. */
static tw_status record(tw_visitor *v, const char *name, size_t n, void *data, tw_error *err)
{
    FILE *file = v->user;
    const uint64_t lengths[2] = {strlen(name), n};
    uint64_t stored[2];
    char stored_name[256];
    if (!v->loading) {
        const int written = fwrite(lengths, sizeof lengths, 1, file) == 1 &&
                            fwrite(name, 1, strlen(name), file) == strlen(name) &&
                            fwrite(data, 1, n, file) == n;
        return written ? TW_OK : failed(err, name, "cannot be written");
    }
    if (fread(stored, sizeof stored, 1, file) != 1) return failed(err, name, "the file ends before it");
    if (stored[0] != lengths[0] || stored[0] > sizeof stored_name ||
        fread(stored_name, 1, stored[0], file) != stored[0] || memcmp(stored_name, name, stored[0]) != 0)
        return failed(err, name, "the file holds another field here");
    if (stored[1] != lengths[1]) return failed(err, name, "the file holds it with another length");
    return fread(data, 1, n, file) == n ? TW_OK : failed(err, name, "the file ends within it");
}

static tw_status field(tw_visitor *v, const char *name, tw_type type, int rank, const int64_t *shape,
                       void *data, tw_error *err)
{
    size_t n = tw_type_size(type);
    /* memory of this size exists, so it does not overflow */
    for (int i = 0; i < rank; i++) n *= (size_t)shape[i];
    return record(v, name, n, data, err);
}

/* The only list of an optimiser is its spec. One of another length belongs to another optimiser and fails. */
static tw_status list(tw_visitor *v, const char *name, tw_type type, size_t *n, void **data, tw_context *ctx,
                      tw_error *err)
{
    (void)ctx;
    return record(v, name, *n * tw_type_size(type), *data, err);
}

static tw_status visit_file(tw_optimizer *opt, const char *path, int loading, tw_error *err)
{
    FILE *file = fopen(path, loading ? "rb" : "wb");
    if (!file) return failed(err, path, "cannot be opened");
    tw_visitor v = {.loading = loading, .user = file, .field = field, .list = list};
    tw_status s = tw_optimizer_visit(opt, &v, err);
    if (fclose(file) != 0 && s == TW_OK) s = failed(err, path, "cannot be written");
    return s;
}

static tw_status create(tw_optimizer **opt, tw_context *ctx, const char *rule, tw_error *err)
{
    static const int64_t shape[] = {N};
    static const tw_tensor weights = {"weights", 1, shape, 0, 0};
    tw_optimizer_options options = TW_OPTIMIZER_OPTIONS_INIT;
    options.rule = rule;
    options.type = TW_F64;
    options.tensors = &weights;
    options.n_tensors = 1;
    return tw_optimizer_create(opt, ctx, &options, err);
}

/* Steps from..to-1 down the bowl sum (i + 1) w_i^2 / 2. */
static tw_status steps(tw_optimizer *opt, double *w, int from, int to, tw_error *err)
{
    double g[N];
    tw_status s = TW_OK;
    for (int t = from; t < to && s == TW_OK; t++) {
        for (int i = 0; i < N; i++) g[i] = (i + 1) * w[i];
        s = tw_step_f64(opt, w, g, err);
    }
    return s;
}

/* Runs through, and again with a stop in between: state to a file, another optimiser from it, the weights
 * kept by the program. */
static tw_status compare(tw_context *ctx, const char *path, int *same, tw_error *err)
{
    double through[N] = {1, -2, 3}, stopped[N] = {1, -2, 3};
    tw_optimizer *first = NULL, *second = NULL, *other = NULL;
    tw_status s = create(&first, ctx, "adam:lr=0.1", err);
    if (s == TW_OK) s = steps(first, through, 0, STOP, err);
    if (s == TW_OK) s = visit_file(first, path, 0, err);
    memcpy(stopped, through, sizeof stopped);
    if (s == TW_OK) s = steps(first, through, STOP, STEPS, err);

    if (s == TW_OK) s = create(&second, ctx, "adam:lr=0.1", err);
    if (s == TW_OK) s = visit_file(second, path, 1, err);
    if (s == TW_OK) s = steps(second, stopped, (int)tw_optimizer_steps(second), STEPS, err);
    *same = memcmp(through, stopped, sizeof through) == 0;

    if (s == TW_OK) s = create(&other, ctx, "sgd", err);
    if (s == TW_OK && visit_file(other, path, 1, err) == TW_OK)
        s = failed(err, path, "sgd has taken adam's state");
    tw_optimizer_free(first);
    tw_optimizer_free(second);
    tw_optimizer_free(other);
    return s;
}

int main(void)
{
    tw_context *ctx;
    tw_error err;
    int same = 0;
    if (tw_context_create(&ctx, NULL, &err) != TW_OK) return fprintf(stderr, "%s\n", err.message), 1;
    tw_status s = compare(ctx, "save_state.bin", &same, &err);
    if (s != TW_OK) fprintf(stderr, "%s\n", err.message);
    else
        printf("stopped after %d of %d steps and loaded: %s\n", STOP, STEPS,
               same ? "the same bits" : "OTHER bits");
    remove("save_state.bin");
    tw_context_free(ctx);
    return s != TW_OK || !same;
}
