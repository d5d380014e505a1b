/* What the tests of rules and optimiser share: a context of given shape, numbers to work on, and a visitor
 * that keeps state in memory.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <thalweg/optimizer.h>
#include <thalweg/registry.h>
#include "base/context.h"

static inline tw_context *bench_context(int threads, tw_isa isa)
{
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    tw_context *ctx;
    o.threads = threads;
    o.max_isa = isa;
    assert_int_equal(tw_context_create(&ctx, &o, NULL), TW_OK);
    return ctx;
}

static inline tw_status bench_create(tw_optimizer **out, tw_context *ctx, const char *rule,
                                     const tw_rule *custom, const char *schedule, uint64_t total,
                                     tw_type type, const tw_tensor *tensors, size_t n, uint64_t seed,
                                     tw_error *err)
{
    tw_optimizer_options o = TW_OPTIMIZER_OPTIONS_INIT;
    o.rule = rule;
    o.custom = custom;
    o.schedule = schedule;
    o.total_steps = total;
    o.type = type;
    o.tensors = tensors;
    o.n_tensors = n;
    o.seed = seed;
    return tw_optimizer_create(out, ctx, &o, err);
}

/* Numbers in (-1, 1) that differ from index to index and step to step. */
static inline double bench_number(uint64_t i, uint64_t t)
{
    uint64_t x = (i + 1) * 0x9E3779B97F4A7C15u ^ (t + 1) * 0xD1B54A32D192ED03u;
    x = (x ^ x >> 29) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 32) * 0x94D049BB133111EBu;
    return (double)(int64_t)(x ^ x >> 31) * 0x1p-63;
}

/* State in memory. Loading must meet the same names, types and sizes in the same order. */
enum { STORE_PIECES = 32 };
struct store {
    tw_visitor v;
    int n, at;
    struct {
        char name[128];
        tw_type type;
        size_t bytes;
        void *data;
    } pieces[STORE_PIECES];
};

static inline tw_status store_bytes(struct store *s, const char *name, tw_type type, size_t bytes, void *data)
{
    if (!s->v.loading) {
        assert_true(s->n < STORE_PIECES);
        snprintf(s->pieces[s->n].name, sizeof s->pieces[s->n].name, "%s", name);
        s->pieces[s->n].type = type;
        s->pieces[s->n].bytes = bytes;
        s->pieces[s->n].data = malloc(bytes ? bytes : 1);
        memcpy(s->pieces[s->n++].data, data, bytes);
        return TW_OK;
    }
    assert_true(s->at < s->n);
    assert_string_equal(name, s->pieces[s->at].name);
    assert_int_equal(type, s->pieces[s->at].type);
    assert_int_equal(bytes, s->pieces[s->at].bytes);
    memcpy(data, s->pieces[s->at++].data, bytes);
    return TW_OK;
}

static inline tw_status store_field(tw_visitor *v, const char *name, tw_type type, int rank,
                                    const int64_t *shape, void *data, tw_error *err)
{
    size_t n = tw_type_size(type);
    (void)err;
    for (int i = 0; i < rank; i++) n *= (size_t)shape[i];
    return store_bytes((struct store *)v, name, type, n, data);
}

static inline tw_status store_list(tw_visitor *v, const char *name, tw_type type, size_t *n, void **data,
                                   tw_context *ctx, tw_error *err)
{
    struct store *s = (struct store *)v;
    size_t size = tw_type_size(type);
    if (v->loading) {
        size_t now = s->pieces[s->at].bytes / size;
        tw__free(ctx, *data, *n, size);
        if (tw__alloc(ctx, data, now, size, err) != TW_OK) return TW_ERR_MEMORY;
        *n = now;
    }
    return store_bytes(s, name, type, *n * size, *data);
}

static inline void store_open(struct store *s)
{
    *s = (struct store){.v = {0, NULL, store_field, store_list}};
}
static inline void store_load(struct store *s) { s->v.loading = 1, s->at = 0; }
static inline void store_close(struct store *s)
{
    for (int i = 0; i < s->n; i++) free(s->pieces[i].data);
}
