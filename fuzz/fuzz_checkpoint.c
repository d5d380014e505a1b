/* Fuzz target: any bytes as a checkpoint. The checksum would hide what lies behind it from the fuzzer, so
 * each input is tried a second time with the checksum put right. What is refused leaves the object as it
 * was.
 * SPDX-License-Identifier: MIT */
#include "one_file.h"
#include "base/context.h"
#include "file/checkpoint.h"
#include "file/hash.h"
#include "base/error.h"

static one_file file;
static uint8_t copy[sizeof file.written];
static tw_context *ctx;

typedef struct thing {
    double rate;
    float w[2][3];
    int64_t *history;
    size_t n;
} thing;

static tw_status visit(void *object, tw_visitor *v, tw_error *err)
{
    thing *t = object;
    static const int64_t shape[] = {2, 3};
    TW_TRY(v->field(v, "rate", TW_F64, 0, NULL, &t->rate, err));
    thing other = {.n = 0}, *taker = v->loading == TW_COMPARE ? &other : t;
    TW_TRY(v->list(v, "history", TW_I64, &taker->n, (void **)&taker->history, ctx, err));
    tw__free(ctx, other.history, other.n, sizeof *other.history);
    return v->field(v, "w", TW_F32, 2, shape, t->w, err);
}

static void load(const uint8_t *bytes, size_t n)
{
    thing t = {0};
    tw_error err;
    file.bytes = bytes;
    file.n = n;
    if (tw__checkpoint_load(ctx, "input", "thing", NULL, visit, &t, &err) == TW_OK)
        MUST(t.n == 0 || t.history);
    else MUST(err.message[0] && t.rate == 0 && !t.history);
    if (t.history) tw__free(ctx, t.history, t.n, sizeof *t.history);
}

static void load_with_right_sum(const uint8_t *bytes, size_t n)
{
    static const char key[] = "\"xxh3-128\":\"";
    size_t at = 8 + strlen("{\"__metadata__\":{\"format\":\"thalweg-checkpoint-1\",") + strlen(key),
           header = 0;
    if (n > sizeof copy || n < at + 32 || memcmp(bytes + at - strlen(key), key, strlen(key)) != 0) return;
    for (int i = 7; i >= 0; i--) header = header << 8 | bytes[i];
    if (header > n - 8 || header + 8 < at + 32) return;
    memcpy(copy, bytes, n);
    memset(copy + at, '0', 32);
    tw__hash h;
    char sum[TW__HASH_DIGITS + 1];
    tw__hash_start(&h);
    tw__hash_add(&h, copy + 8 + header, n - 8 - header);
    tw__hash_add(&h, copy, 8 + header);
    tw__hash_hex(&h, sum);
    memcpy(copy + at, sum, 32);
    load(copy, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (!ctx) ctx = one_file_context(&file);
    load(bytes, n);
    load_with_right_sum(bytes, n);
    return 0;
}
