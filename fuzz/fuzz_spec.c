/* Fuzz target: any text as a rule's spec, a schedule, a surface and a network. What is understood must mean
 * the same when its canonical form is read again; what is refused must be refused with a message.
 * SPDX-License-Identifier: MIT */
#include "one_file.h" /* MUST */
#include <thalweg/model.h>
#include <thalweg/registry.h>
#include <thalweg/surface.h>
#include "schedules/plan.h"

/* A network may ask for more weights than there is time to draw: no allocation over 4 MiB. */
static void *small_memory(void *user, void *p, size_t old, size_t now, size_t align)
{
    (void)user;
    if (now > 4 << 20) return NULL;
    void *fresh = now ? aligned_alloc(align, (now + align - 1) / align * align) : NULL;
    if (fresh && p) memcpy(fresh, p, old < now ? old : now);
    if (fresh || !now) free(p);
    return fresh;
}

static void rule(const char *text)
{
    tw_choice choice, again;
    tw_error err;
    if (tw_rule_read(&choice, text, NULL, &err) != TW_OK) {
        MUST(err.code == TW_ERR_SPEC && err.message[0]);
        return;
    }
    MUST(tw_rule_read(&again, choice.spec, NULL, &err) == TW_OK);
    MUST(strcmp(again.spec, choice.spec) == 0 && again.rule == choice.rule &&
         again.variant == choice.variant);
    MUST(memcmp(again.values, choice.values, (size_t)choice.rule->n_options * sizeof *choice.values) == 0);
}

static void schedule(const char *text)
{
    double value;
    tw_error err;
    const uint64_t done[] = {0, 1, 7, 1000, UINT64_MAX / 2};
    for (size_t i = 0; i < sizeof done / sizeof done[0]; i++)
        if (tw_schedule_value(text, 0.1, done[i], 100, &value, &err) != TW_OK) MUST(err.message[0]);
    static tw__plan plan, again;
    tw_piece piece;
    static tw_chain chain;
    MUST(tw_chain_read(&chain, "adam+ema", NULL, NULL) == TW_OK);
    if (tw__plan_read(&plan, text, &chain, 100, &err) != TW_OK) {
        MUST(err.code == TW_ERR_SPEC && err.message[0]);
        return;
    }
    MUST(tw__plan_read(&again, plan.text, &chain, 100, &err) == TW_OK &&
         memcmp(&plan, &again, sizeof plan) == 0);
    for (int i = 0; i <= plan.n; i++)
        MUST(tw_schedule_piece(&piece, text, (size_t)i, 100, &err) == TW_OK &&
             piece.schedule == (i < plan.n ? plan.pieces[i].kind : NULL));
}

static void surface(tw_context *ctx, const char *text)
{
    tw_surface *surface, *again;
    tw_error err;
    double start[2], low[2], high[2], g[2];
    if (tw_surface_create(&surface, ctx, text, TW_F64, &err) != TW_OK) {
        MUST((err.code == TW_ERR_SPEC || err.code == TW_ERR_MEMORY) && err.message[0]);
        return;
    }
    MUST(tw_surface_create(&again, ctx, tw_surface_spec(surface), TW_F64, &err) == TW_OK);
    MUST(strcmp(tw_surface_spec(again), tw_surface_spec(surface)) == 0 &&
         strcmp(tw_surface_formula(again), tw_surface_formula(surface)) == 0);
    tw_surface_start(surface, start);
    tw_surface_window(surface, low, high);
    for (int k = 0; k < 2; k++) MUST(low[k] <= start[k] && start[k] <= high[k] && low[k] < high[k]);
    const double value = tw_surface_value(surface, start, g), same = tw_surface_value(again, start, NULL);
    MUST(memcmp(&value, &same, sizeof value) == 0);
    tw_surface_free(again);
    tw_surface_free(surface);
}

static void network(tw_context *ctx, const char *text)
{
    static tw_data *data;
    static const uint8_t pixels[2 * 6 * 6];
    static const int32_t labels[] = {0, 1};
    tw_model *model, *again;
    tw_error err;
    if (!data)
        MUST(tw_data_create(&data, ctx,
                            &(tw_data_info){.size = sizeof(tw_data_info),
                                            .rows = 2,
                                            .rank = 2,
                                            .shape = {6, 6},
                                            .type = TW_U8,
                                            .x = pixels,
                                            .labels = labels},
                            &err) == TW_OK);
    if (tw_model_create(&model, ctx, text, TW_F32, data, 0, &err) != TW_OK) {
        MUST((err.code == TW_ERR_SPEC || err.code == TW_ERR_MEMORY) && err.message[0]);
        return;
    }
    MUST(tw_model_create(&again, ctx, tw_model_network(model), TW_F32, data, 0, &err) == TW_OK);
    MUST(strcmp(tw_model_network(again), tw_model_network(model)) == 0 &&
         tw_model_size(again) == tw_model_size(model));
    tw_model_free(again);
    tw_model_free(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static tw_context *ctx;
    char text[512];
    if (!ctx) {
        tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
        o.resize = small_memory;
        o.threads = 1;
        MUST(tw_context_create(&ctx, &o, NULL) == TW_OK);
    }
    if (n >= sizeof text) n = sizeof text - 1;
    memcpy(text, bytes, n);
    text[n] = 0;
    rule(text);
    schedule(text);
    surface(ctx, text);
    network(ctx, text);
    return 0;
}
