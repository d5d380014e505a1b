/* Prints what every rule, every dialect and some chains make of the same weights and gradients, as hashes of
 * the bits: of the stored weights, of those to report, and of the state.  Usage: rule_hashes ISA THREADS;
 * exit code 77: this CPU has not that instruction set.  The contract rule-hashes compares builds, instruction
 * sets and threads by it. Public headers only.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <thalweg/optimizer.h>
#include <thalweg/registry.h>
#include <xxhash.h>

/* Enough for two tasks of the pool, and a matrix that no vector length divides. */
enum { ROWS = 61, COLUMNS = 67, MATRIX = ROWS * COLUMNS, N = 70004, STEPS = 60 };

static const char *const chains[] = {
    "clip_value:max=0.3+adam:weight_decay=0.01,wd_mode=pure",
    "clip_norm:max=2+sgd:momentum=0.9,dampening=0.3",
    "clip_global_norm:max=2+adamw+ema:decay=0.9",
    "clip_adaptive:clip=0.1+momentum:nesterov=1,weight_decay=0.01,wd_mode=lr",
    "centralize+rmsprop:centered=1,momentum=0.9",
    "noise:eta=0.1+adam:amsgrad=1",
    "lion:lr=0.01+clip_update:max=0.005,by=value",
    "nag+lookahead:k=3",
    "nag:weight_decay=0.01,maximize=1+polyak:start=4",
    "centralize+muon:weight_decay=0.1+swa:start=3,every=2",
    "adafactor:beta1=0.9",
    "schedule-free-adamw:lr_power=1+lookahead:k=2,alpha=0.3",
};

static void *need(void *p)
{
    if (!p) fprintf(stderr, "rule_hashes: out of memory\n"), exit(1);
    return p;
}

/* Numbers in (-1, 1), exact in double, that differ from index to index and step to step. */
static double number(uint64_t i, uint64_t t)
{
    uint64_t x = (i + 1) * 0x9E3779B97F4A7C15u ^ (t + 1) * 0xD1B54A32D192ED03u;
    x = (x ^ x >> 29) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 32) * 0x94D049BB133111EBu;
    return (double)((int64_t)(x ^ x >> 31) >> 11) * 0x1p-52;
}

/* n numbers of each step, the weights as those of step STEPS. */
static void *numbers(tw_type type)
{
    const size_t all = (size_t)N * (STEPS + 1);
    void *to = need(malloc(all * tw_type_size(type)));
    for (size_t k = 0; k < all; k++)
        if (type == TW_F32) ((float *)to)[k] = (float)number(k % N, k / N);
        else ((double *)to)[k] = number(k % N, k / N);
    return to;
}

static tw_status hash_field(tw_visitor *v, const char *name, tw_type type, int rank, const int64_t *shape,
                            void *data, tw_error *err)
{
    size_t n = tw_type_size(type);
    (void)err;
    for (int i = 0; i < rank; i++) n *= (size_t)shape[i];
    XXH3_64bits_update(v->user, name, strlen(name));
    XXH3_64bits_update(v->user, data, n);
    return TW_OK;
}

static tw_status hash_list(tw_visitor *v, const char *name, tw_type type, size_t *n, void **data,
                           tw_context *ctx, tw_error *err)
{
    const int64_t length = (int64_t)*n;
    (void)ctx;
    return hash_field(v, name, type, 1, &length, *data, err);
}

static void print(const char *spec, tw_type type, tw_optimizer *opt, const void *w, void *shown)
{
    XXH3_state_t *const state = need(XXH3_createState());
    const size_t bytes = N * tw_type_size(type);
    tw_visitor v = {0, state, hash_field, hash_list};
    XXH3_64bits_reset(state);
    tw_status s = tw_optimizer_visit(opt, &v, NULL);
    if (s == TW_OK) s = type == TW_F32 ? tw_view_f32(opt, w, shown, NULL) : tw_view_f64(opt, w, shown, NULL);
    if (s != TW_OK) fprintf(stderr, "rule_hashes: %s shows nothing\n", spec), exit(1);
    printf("%s %s %016llx %016llx %016llx\n", spec, tw_type_name(type),
           (unsigned long long)XXH3_64bits(w, bytes), (unsigned long long)XXH3_64bits(shown, bytes),
           (unsigned long long)XXH3_64bits_digest(state));
    XXH3_freeState(state);
}

static void run(tw_context *ctx, const char *spec, tw_type type, const char *all)
{
    static const int64_t matrix[] = {ROWS, COLUMNS}, rest = N - MATRIX;
    const tw_tensor tensors[] = {{"matrix", 2, matrix, 0, 0}, {"rest", 1, &rest, MATRIX, 0}};
    tw_optimizer_options o = TW_OPTIMIZER_OPTIONS_INIT;
    tw_optimizer *opt;
    tw_error err;
    const size_t bytes = N * tw_type_size(type);
    char *w = need(malloc(2 * bytes));
    o.rule = spec, o.type = type, o.tensors = tensors, o.n_tensors = 2, o.seed = 1, o.total_steps = STEPS;
    o.schedule = strncmp(spec, "rprop", 5) == 0 ? NULL : "warmup/5;cosine"; /* its steps only begin with lr */
    tw_status s = tw_optimizer_create(&opt, ctx, &o, &err);
    memcpy(w, all + STEPS * bytes, bytes);
    for (size_t t = 0; s == TW_OK && t < STEPS; t++) {
        const void *g = all + t * bytes;
        s = type == TW_F32 ? tw_step_f32(opt, (void *)w, g, &err) : tw_step_f64(opt, (void *)w, g, &err);
    }
    if (s != TW_OK) fprintf(stderr, "rule_hashes: %s: %s\n", spec, err.message), exit(1);
    print(spec, type, opt, w, w + bytes);
    tw_optimizer_free(opt);
    free(w);
}

int main(int argc, char **argv)
{
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    tw_context *ctx;
    tw_error err;
    if (argc != 3 || tw_isa_from_name(argv[1], &o.max_isa, NULL) != TW_OK)
        return fprintf(stderr, "usage: rule_hashes ISA THREADS\n"), 1;
    if (o.max_isa > tw_isa_of_cpu()) return 77;
    o.threads = atoi(argv[2]);
    if (tw_context_create(&ctx, &o, &err) != TW_OK)
        return fprintf(stderr, "rule_hashes: %s\n", err.message), 1;
    for (int type = TW_F32; type <= TW_F64; type++) {
        void *all = numbers((tw_type)type);
        for (size_t i = 0; tw_rule_at(i); i++) {
            run(ctx, tw_rule_at(i)->name, (tw_type)type, all);
            for (const tw_dialect *d = tw_rule_at(i)->dialects; d && d->name; d++) {
                char spec[128];
                snprintf(spec, sizeof spec, "%s@%s", tw_rule_at(i)->name, d->name);
                run(ctx, spec, (tw_type)type, all);
            }
        }
        for (size_t i = 0; i < sizeof chains / sizeof chains[0]; i++) run(ctx, chains[i], (tw_type)type, all);
        free(all);
    }
    tw_context_free(ctx);
    return 0;
}
