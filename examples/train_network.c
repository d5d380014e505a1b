/* Trains a small network on generated digits, saves it, loads it again, and lets the loaded one classify.
 *
 *     cc -O2 train_network.c -o train_network $(pkg-config --cflags --libs thalweg-train)
 *     ./train_network [FOLDER for data and model, default "."]
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <thalweg/train.h>

static int report(void *user, const tw_event *event)
{
    (void)user;
    if (event->kind == TW_EVENT_EPOCH)
        printf("epoch %llu: loss %.3f, accuracy %.3f\n", (unsigned long long)event->epoch, event->line->loss,
               event->line->accuracy);
    return 0; /* anything else would stop the run */
}

static tw_status train(tw_context *ctx, tw_model *model, const tw_data *data, const char *file, tw_error *err)
{
    tw_objective objective = TW_OBJECTIVE_INIT;
    tw_status s = tw_model_objective(model, data, &objective, err);
    if (s != TW_OK) return s;
    tw_run_options options = TW_RUN_OPTIONS_INIT;
    options.optimizer = "adam:lr=0.002";
    options.epochs = 3;
    options.seed = 1;
    options.event = report;
    tw_run *run = NULL;
    const void *weights = NULL;
    s = tw_run_create(&run, ctx, &objective, NULL, tw_model_weights(model), &options, err);
    for (int status = TW_RUN_GOING; s == TW_OK && status == TW_RUN_GOING;) s = tw_run_step(run, &status, err);
    if (s == TW_OK) s = tw_run_weights(run, &weights, err);
    if (s == TW_OK) s = tw_model_save(model, weights, file, err);
    tw_run_free(run);
    tw_model_objective_free(&objective);
    return s;
}

static tw_status test(tw_context *ctx, const char *file, const tw_data *data, tw_metrics *metrics,
                      tw_error *err)
{
    tw_model *model;
    tw_status s = tw_model_load(&model, ctx, file, err);
    if (s != TW_OK) return s;
    tw_objective objective = TW_OBJECTIVE_INIT;
    s = tw_model_objective(model, data, &objective, err);
    if (s == TW_OK) {
        s = tw_evaluate(ctx, &objective, tw_model_weights(model), metrics, err);
        tw_model_objective_free(&objective);
    }
    tw_model_free(model);
    return s;
}

int main(int argc, char **argv)
{
    char digits[512], file[512];
    snprintf(digits, sizeof digits, "%s/digits", argc > 1 ? argv[1] : ".");
    snprintf(file, sizeof file, "%s/digits.safetensors", argc > 1 ? argv[1] : ".");
    tw_context *ctx = NULL;
    tw_data *known = NULL, *unseen = NULL;
    tw_model *model = NULL;
    tw_metrics metrics = {0};
    tw_error err;
    tw_status s = tw_context_create(&ctx, NULL, &err);
    if (s == TW_OK) s = tw_data_make_digits(ctx, digits, 0, 4000, 500, &err);
    if (s == TW_OK) s = tw_data_open(ctx, digits, NULL, &known, NULL, &unseen, &err);
    if (s == TW_OK)
        s = tw_model_create(&model, ctx, "conv2d 8 3x3 relu; maxpool2d 2x2; flatten; dense 10 softmax",
                            TW_F32, known, 1, &err);
    if (s == TW_OK) s = train(ctx, model, known, file, &err);
    if (s == TW_OK) s = test(ctx, file, unseen, &metrics, &err);
    if (s == TW_OK)
        printf("%llu unseen digits: accuracy %.3f\n", (unsigned long long)metrics.examples, metrics.accuracy);
    else fprintf(stderr, "train_network: %s\n", err.message);
    tw_model_free(model);
    tw_data_free(unseen);
    tw_data_free(known);
    tw_context_free(ctx);
    return s != TW_OK || !(metrics.accuracy > 0.8); /* so that a test sees it fail */
}
