/* Checks of a network, whatever its layers: central differences, the same bits for any number of threads.
 * Shared by test_nn.c and test_layers.c.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_NETWORKS_H
#define TESTS_NETWORKS_H
#define _DEFAULT_SOURCE
#include "dense_data.h"
#include "base/context.h"
#include "base/random.h"
#include "models/model.h"
#include "train/batch.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <thalweg/train.h>

enum { ROWS = 8, HIGH = 7, WIDE = 6, CHANNELS = 2 };

static inline tw_context *networks_context(int threads)
{
    tw_context *ctx;
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    o.threads = threads;
    assert_int_equal(tw_context_create(&ctx, &o, NULL), TW_OK);
    return ctx;
}

/* Rows of noise with labels 0 .. classes - 1. */
static inline tw_data *networks_data(tw_context *ctx, uint64_t rows, int classes)
{
    const int64_t shape[] = {HIGH, WIDE, CHANNELS};
    size_t n = rows * HIGH * WIDE * CHANNELS;
    float *x = malloc(n * sizeof *x);
    int32_t *labels = malloc(rows * sizeof *labels);
    for (size_t i = 0; i < n; i++) x[i] = (float)tw__random_unit(1, TW__FOR_TEST, 0, i) - 0.3f;
    for (uint64_t i = 0; i < rows; i++) labels[i] = (int32_t)(i % (uint64_t)classes);
    tw_data *data;
    assert_int_equal(dense_data(&data, ctx, TW_F32, rows, 3, shape, x, labels, NULL), TW_OK);
    free(x);
    free(labels);
    return data;
}

/* Rows of noise with shares of three classes as targets. */
enum { NETWORKS_SHARES = 3 };
static inline double networks_share(uint64_t row, size_t k)
{
    static const double shares[][NETWORKS_SHARES] = {{1, 0, 0},
                                                     {0.25, 0.5, 0.25},
                                                     {0, 0.125, 0.875},
                                                     {0, 0.5, 0}};
    return shares[row % 4][k];
}

static inline tw_data *networks_shares(tw_context *ctx, uint64_t rows, int classes)
{
    const int64_t width = 4;
    float *x = malloc(rows * 4 * sizeof *x);
    double *targets = malloc(rows * NETWORKS_SHARES * sizeof *targets);
    tw_data *data;
    (void)classes;
    for (size_t i = 0; i < rows * 4; i++) x[i] = (float)(4 * tw__random_unit(2, TW__FOR_TEST, 0, i) - 2);
    for (size_t i = 0; i < rows * NETWORKS_SHARES; i++)
        targets[i] = networks_share(i / NETWORKS_SHARES, i % NETWORKS_SHARES);
    const tw_data_info info = {.size = sizeof info,
                               .rows = rows,
                               .rank = 1,
                               .shape = {width},
                               .type = TW_F32,
                               .x = x,
                               .targets = targets,
                               .n_targets = NETWORKS_SHARES};
    assert_int_equal(tw_data_create(&data, ctx, &info, NULL), TW_OK);
    free(x);
    free(targets);
    return data;
}

/* Makes rows; of networks_data's form. */
typedef tw_data *networks_maker(tw_context *ctx, uint64_t rows, int classes);

/* Pieces of a sequence of SEQUENCE symbols each, with the next symbol at each time as its label. */
enum { SEQUENCE = 6 };
static inline tw_data *networks_sequence(tw_context *ctx, uint64_t rows, int symbols)
{
    const size_t n = rows * SEQUENCE;
    float *x = malloc(n * sizeof *x);
    int32_t *labels = malloc(n * sizeof *labels);
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)tw__random_below(1, TW__FOR_TEST, 3, i, (uint64_t)symbols);
        labels[i] = (int32_t)tw__random_below(1, TW__FOR_TEST, 3, i + 1, (uint64_t)symbols);
    }
    const tw_data_info info = {.size = sizeof info,
                               .rows = rows,
                               .rank = 1,
                               .shape = {SEQUENCE},
                               .type = TW_F32,
                               .x = x,
                               .labels = labels,
                               .n_labels = SEQUENCE};
    tw_data *data;
    assert_int_equal(tw_data_create(&data, ctx, &info, NULL), TW_OK);
    free(x);
    free(labels);
    return data;
}

/* An objective with joins needs the batch's totals. */
static inline double networks_joined_loss(const tw_objective *o, const void *w, unsigned want,
                                          double *gradient)
{
    const uint64_t rows[] = {0, 1, 2, 3, 4, 5, 6, 7};
    const tw_draw draw = {.number = 3, .seed = 9};
    tw_context *ctx = networks_context(1);
    tw__batch *batch;
    tw_sums sums;
    assert_int_equal(tw__batch_create(&batch, ctx, o, NULL), TW_OK);
    const tw__fp_mode mode = tw__fp_enter();
    const tw_status s = want & TW_WANT_GRADIENT
                            ? tw__batch_sum(batch, w, rows, ROWS, &draw, mode, gradient, &sums, NULL)
                            : tw__batch_loss(batch, w, rows, ROWS, &draw, mode, &sums, NULL);
    tw__fp_leave(mode);
    assert_int_equal(s, TW_OK);
    tw__batch_free(batch);
    tw_context_free(ctx);
    return sums.loss;
}

static inline double networks_loss(const tw_objective *o, const void *w, unsigned want, double *gradient)
{
    const uint64_t rows[] = {0, 1, 2, 3, 4, 5, 6, 7};
    const tw_draw draw = {.number = 3, .seed = 9};
    tw_sums sums;
    if (o->joins && want & TW_TRAINING) return networks_joined_loss(o, w, want, gradient);
    if (o->point) assert_int_equal(o->point(o->user, w), 0);
    double *const carried = calloc(ROWS * o->carry + 1, sizeof *carried); /* of TW_F64 */
    for (size_t i = 0; i < ROWS * o->carry; i++) carried[i] = tw__random_unit(4, TW__FOR_TEST, 2, i) - 0.5;
    const tw_eval e = {.size = sizeof e,
                       .want = want,
                       .w = w,
                       .rows = rows,
                       .n = ROWS,
                       .draw = &draw,
                       .sums = &sums,
                       .gradient = gradient,
                       .carry_in = o->carry ? carried : NULL,
                       .penalised = ROWS};
    assert_int_equal(o->eval(o->user, &e), 0);
    free(carried);
    return sums.loss;
}

/* The flat vector's number i is one that is not trained. */
static inline int networks_is_buffer(const tw_objective *o, size_t i)
{
    size_t t = o->n_tensors;
    while (t > 1 && o->tensors[t - 1].offset > i) t--;
    return o->tensors[t - 1].flags & TW_TENSOR_BUFFER;
}

static inline void networks_check_gradient_on(networks_maker *make, const char *network, int classes)
{
    tw_context *ctx = networks_context(1);
    tw_data *data = make(ctx, ROWS, classes);
    tw_model *model;
    tw_objective o = TW_OBJECTIVE_INIT;
    tw_error err;
    if (tw_model_create(&model, ctx, network, TW_F64, data, 5, &err) != TW_OK)
        fail_msg("%s: %s", network, err.message);
    assert_int_equal(tw_model_objective(model, data, &o, &err), TW_OK);
    size_t n = tw_model_size(model);
    double *w = tw_model_weights(model), *g = malloc(n * sizeof *g);
    /* biases too */
    for (size_t i = 0; i < n; i++) w[i] += 0.05 * (tw__random_unit(2, TW__FOR_TEST, 1, i) - 0.5);
    networks_loss(&o, w, TW_WANT_LOSS | TW_WANT_GRADIENT | TW_TRAINING, g);
    double norm = 0;
    for (size_t i = 0; i < n; i++) norm = fmax(norm, fabs(g[i]));
    assert_true(norm > 1e-3);
    for (size_t i = 0; i < n; i++) {
        const double h = 1e-5, was = w[i];
        if (networks_is_buffer(&o, i) && g[i] == 0) continue;
        w[i] = was + h;
        double up = networks_loss(&o, w, TW_WANT_LOSS | TW_TRAINING, NULL);
        w[i] = was - h;
        double down = networks_loss(&o, w, TW_WANT_LOSS | TW_TRAINING, NULL);
        w[i] = was;
        double difference = (up - down) / (2 * h),
               error = fabs(difference - g[i]) / fmax(norm, fabs(difference));
        if (error > 1e-6)
            fail_msg("%s: weight %zu: gradient %.12g, difference %.12g", network, i, g[i], difference);
    }
    free(g);
    tw_model_objective_free(&o);
    tw_model_free(model);
    tw_data_free(data);
    tw_context_free(ctx);
}

static inline void networks_check_gradient(const char *network, int classes)
{
    networks_check_gradient_on(networks_data, network, classes);
}

/* The gradient of one batch with at most this instruction set; malloc'd. */
static inline void *networks_gradient(networks_maker *make, const char *network, int classes, tw_type type,
                                      tw_isa isa, size_t *bytes)
{
    tw_context_options options = TW_CONTEXT_OPTIONS_INIT;
    options.threads = 1;
    options.max_isa = isa;
    tw_context *ctx;
    assert_int_equal(tw_context_create(&ctx, &options, NULL), TW_OK);
    tw_data *data = make(ctx, ROWS, classes);
    tw_model *model;
    tw_objective o = TW_OBJECTIVE_INIT;
    assert_int_equal(tw_model_create(&model, ctx, network, type, data, 5, NULL), TW_OK);
    assert_int_equal(tw_model_objective(model, data, &o, NULL), TW_OK);
    *bytes = tw_model_size(model) * tw_type_size(type);
    void *g = malloc(*bytes + sizeof(double));
    double loss =
        networks_loss(&o, tw_model_weights(model), TW_WANT_LOSS | TW_WANT_GRADIENT | TW_TRAINING, g);
    memcpy((char *)g + *bytes, &loss, sizeof loss);
    *bytes += sizeof loss;
    tw_model_objective_free(&o);
    tw_model_free(model);
    tw_data_free(data);
    tw_context_free(ctx);
    return g;
}

static inline void networks_check_instruction_sets_on(networks_maker *make, const char *network, int classes)
{
    for (int type = TW_F32; type <= TW_F64; type++) {
        size_t bytes;
        void *base = networks_gradient(make, network, classes, (tw_type)type, TW_ISA_BASE, &bytes);
        for (int isa = TW_ISA_AVX2; isa <= (int)tw_isa_of_cpu(); isa++) {
            void *wide = networks_gradient(make, network, classes, (tw_type)type, (tw_isa)isa, &bytes);
            if (memcmp(base, wide, bytes) != 0)
                fail_msg("%s, %s: %s gives other bits than base", network, tw_type_name((tw_type)type),
                         tw_isa_name((tw_isa)isa));
            free(wide);
        }
        free(base);
    }
}

static inline void networks_check_instruction_sets(const char *network, int classes)
{
    networks_check_instruction_sets_on(networks_data, network, classes);
}

/* The sum over a batch does not depend on the threads: losses and weights after some steps, for batches in
 * and out of the tree's shape. */
static inline void networks_check_threads_on(networks_maker *make, const char *network, int classes)
{
    const uint64_t batches[] = {1, 7, 8, 9, 20, 64, 100, 600};
    tw_context *own = networks_context(1);
    tw_data *data = make(own, 600, classes);
    for (size_t b = 0; b < sizeof batches / sizeof batches[0]; b++) {
        void *first = NULL;
        size_t bytes = 0;
        for (int threads = 1; threads <= 8; threads = threads == 3 ? 8 : threads + 1) {
            tw_context *ctx = networks_context(threads);
            tw_model *model;
            tw_objective o = TW_OBJECTIVE_INIT;
            tw_run *run;
            tw_error err;
            int status = TW_RUN_GOING;
            tw_run_options ro = TW_RUN_OPTIONS_INIT;
            ro.epochs = 1;
            ro.batch = batches[b];
            assert_int_equal(tw_model_create(&model, ctx, network, TW_F32, data, 5, &err), TW_OK);
            assert_int_equal(tw_model_objective(model, data, &o, &err), TW_OK);
            const tw_status made = tw_run_create(&run, ctx, &o, NULL, tw_model_weights(model), &ro, &err);
            assert_int_equal(made, batches[b] < o.least_rows || (o.carry && batches[b] == 600) ? TW_ERR_SPEC
                                                                                               : TW_OK);
            if (made != TW_OK) status = TW_RUN_FINISHED;
            for (int i = 0; i < 12 && status == TW_RUN_GOING; i++)
                assert_int_equal(tw_run_step(run, &status, &err), TW_OK);
            bytes = tw_model_size(model) * sizeof(float);
            if (!first) {
                first = malloc(bytes);
                memcpy(first, tw_model_weights(model), bytes);
            } else if (memcmp(first, tw_model_weights(model), bytes) != 0)
                fail_msg("%s, batch %d: %d threads give other bits", network, (int)batches[b], threads);
            tw_run_free(run);
            tw_model_objective_free(&o);
            tw_model_free(model);
            tw_context_free(ctx);
        }
        free(first);
    }
    tw_data_free(data);
    tw_context_free(own);
}

static inline void networks_check_threads(const char *network, int classes)
{
    networks_check_threads_on(networks_data, network, classes);
}
#endif
