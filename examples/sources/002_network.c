/* Source 002, section 3: a network of 100, 64 and 1 units (relu, sigmoid) with binary cross-entropy, trained
 * for 10 epochs in batches of 32 by its five optimisers, the last fifth of the rows for validation. The
 * article does not say what X_train and y_train are: 1,000 rows of 100 random numbers are generated here,
 * whose class is the side of a random plane. Its Keras is Keras 2.
 *
 *     cc -O2 002_network.c -o 002_network $(pkg-config --cflags --libs thalweg-train) -lm
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <thalweg/train.h>

enum { ROWS = 1000, KNOWN = 800, NUMBERS = 100, PARAMETERS = 6529 };

struct rows {
    float x[ROWS][NUMBERS];
    int32_t y[ROWS];
};

/* Number i of a stream, uniform in [-1, 1): Philox4x32-10 (Salmon et al. 2011). */
static float number(uint32_t stream, uint32_t i)
{
    uint32_t c[4] = {i, 0, stream, 0}, key[2] = {2, 0};
    for (int round = 0; round < 10; round++) {
        const uint64_t a = (uint64_t)c[0] * 0xD2511F53u, b = (uint64_t)c[2] * 0xCD9E8D57u;
        c[0] = (uint32_t)(b >> 32) ^ c[1] ^ key[0];
        c[2] = (uint32_t)(a >> 32) ^ c[3] ^ key[1];
        c[1] = (uint32_t)b;
        c[3] = (uint32_t)a;
        key[0] += 0x9E3779B9u;
        key[1] += 0xBB67AE85u;
    }
    return ldexpf((float)(c[0] >> 8), -23) - 1;
}

static void generate(struct rows *rows)
{
    for (uint32_t r = 0; r < ROWS; r++) {
        float side = 0;
        for (uint32_t i = 0; i < NUMBERS; i++) {
            rows->x[r][i] = number(0, r * NUMBERS + i);
            side += rows->x[r][i] * number(1, i);
        }
        rows->y[r] = side > 0;
    }
}

/* model.compile(optimizer=...); model.fit(X_train, y_train, epochs=10, batch_size=32,
 * validation_split=0.2) */
static tw_status fit(tw_context *ctx, const tw_data *known, const tw_data *held_out, const char *optimizer,
                     tw_epoch *last, tw_error *err)
{
    tw_model *model;
    tw_objective train = TW_OBJECTIVE_INIT, check = TW_OBJECTIVE_INIT;
    tw_run *run = NULL;
    tw_status s = tw_model_create(&model, ctx, "dense 64 relu; dense 1 sigmoid", TW_F32, known, 0, err);
    if (s != TW_OK) return s;
    tw_run_options options = TW_RUN_OPTIONS_INIT;
    options.optimizer = optimizer;
    options.epochs = 10;
    options.batch = 32;
    s = tw_model_objective(model, known, &train, err);
    if (s == TW_OK) s = tw_model_objective(model, held_out, &check, err);
    if (s == TW_OK) s = tw_run_create(&run, ctx, &train, &check, tw_model_weights(model), &options, err);
    for (int status = TW_RUN_GOING; s == TW_OK && status == TW_RUN_GOING;) s = tw_run_step(run, &status, err);
    if (s == TW_OK) {
        size_t n;
        const tw_epoch *history = tw_run_history(run, &n);
        *last = history[n - 1];
        printf("%-24s  loss %.4f  accuracy %.3f  val_loss %.4f  val_accuracy %.3f  %zu parameters\n",
               optimizer, last->loss, last->accuracy, last->val_loss, last->val_accuracy,
               tw_model_size(model));
        if (tw_model_size(model) != PARAMETERS) last->loss = NAN;
    }
    tw_run_free(run);
    tw_model_objective_free(&check);
    tw_model_objective_free(&train);
    tw_model_free(model);
    return s;
}

int main(void)
{
    static struct rows rows;
    static const char *const optimizers[] = {"sgd@keras2:lr=0.01", "momentum@keras2:lr=0.01",
                                             "adagrad@keras2:lr=0.01", "rmsprop@keras2:lr=0.01",
                                             "adam@keras2:lr=0.01"};
    tw_context *ctx = NULL;
    tw_data *known = NULL, *held_out = NULL;
    tw_error err;
    int learnt = 1;
    generate(&rows);
    tw_status s = tw_context_create(&ctx, NULL, &err);
    if (s == TW_OK)
        s = tw_data_create(&known, ctx,
                           &(tw_data_info){.size = sizeof(tw_data_info),
                                           .rows = KNOWN,
                                           .rank = 1,
                                           .shape = {NUMBERS},
                                           .type = TW_F32,
                                           .x = rows.x,
                                           .labels = rows.y},
                           &err);
    if (s == TW_OK)
        s = tw_data_create(&held_out, ctx,
                           &(tw_data_info){.size = sizeof(tw_data_info),
                                           .rows = ROWS - KNOWN,
                                           .rank = 1,
                                           .shape = {NUMBERS},
                                           .type = TW_F32,
                                           .x = rows.x[KNOWN],
                                           .labels = rows.y + KNOWN},
                           &err);
    for (int i = 0; s == TW_OK && i < 5; i++) {
        tw_epoch last = {0};
        s = fit(ctx, known, held_out, optimizers[i], &last, &err);
        /* a coin's are log 2 = 0.693 and 0.5; plain sgd is slow */
        learnt &= last.loss < 0.69 && last.val_accuracy > (i == 0 ? 0.6 : 0.9);
    }
    if (s != TW_OK) fprintf(stderr, "002_network: %s\n", err.message);
    tw_data_free(held_out);
    tw_data_free(known);
    tw_context_free(ctx);
    return s != TW_OK || !learnt; /* so that a test sees it fail */
}
