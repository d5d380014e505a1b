/* file: hashes, safetensors, checkpoints; every allocation and every file operation failing
 * in turn.
 * SPDX-License-Identifier: MIT */
#include "base/context.h"
#include "faulty_io.h"
#include "file/checkpoint.h"
#include "file/hash.h"
#include "file/safetensors.h"
#include "files.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static tw_context *context(faults *f)
{
    tw_context *ctx;
    assert_int_equal(faulty_context(&ctx, f, 1, NULL), TW_OK);
    return ctx;
}

static void finish(tw_context *ctx, const faults *f)
{
    tw_context_free(ctx);
    assert_int_equal(f->live, 0);
}

#define PATH(name) TW_BINARY_DIR "/test_file." name

enum { PACKED = 1 << 20 };
static uint8_t packed[PACKED], again[PACKED];

static void hash_known_answers(void **state)
{
    (void)state;
    tw__hash h;
    char hex[TW__HASH_DIGITS + 1];
    tw__hash_start(&h);
    tw__hash_hex(&h, hex);
    /* of nothing, as the format's specification has it */
    assert_string_equal(hex, "99aa06d3014798d86001c324468d497f");
    tw__hash_add(&h, "ab", 2);
    tw__hash_add(&h, "c", 1);
    tw__hash_hex(&h, hex);
    assert_string_equal(hex, "06b05ab6733a618578af5f94892f3950"); /* printf abc | xxhsum -H128 */
}

static const float weights[] = {1, 2, 3, 4, 5, 6};
static const int64_t counts[] = {-1};
static const uint8_t flags[] = {7, 8, 9};

static void entries_of(tw__tensor_entry e[4])
{
    e[0] = (tw__tensor_entry){"0.weight", TW_F32, 2, {2, 3}, (void *)(uintptr_t)weights};
    e[1] = (tw__tensor_entry){"flags", TW_U8, 1, {3}, (void *)(uintptr_t)flags};
    e[2] = (tw__tensor_entry){"count \"\\\n\xc3\xa9", TW_I64, 0, {0}, (void *)(uintptr_t)counts};
    e[3] = (tw__tensor_entry){"empty", TW_F64, 2, {0, 5}, NULL};
}

static void safetensors_round_trip(void **state)
{
    (void)state;
    faults f;
    tw_error err;
    tw_context *ctx = context(&f);
    tw__tensor_entry e[4];
    const tw__text_pair meta[] = {{"format", "pt"}, {"network", "dense 10 \"x\""}};
    tw__safetensors file;
    entries_of(e);
    assert_int_equal(tw__safetensors_save(ctx, PATH("tensors"), e, 4, meta, 2, &err), TW_OK);
    size_t n = read_file(PATH("tensors"), packed, PACKED);
    static const char expected[] =
        "{\"__metadata__\":{\"format\":\"pt\",\"network\":\"dense 10 \\\"x\\\"\"},"
        "\"0.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},\"flags\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[24,27]},"
        "\"count \\\"\\\\\\u000a\xc3\xa9\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[27,35]},"
        "\"empty\":{\"dtype\":\"F64\",\"shape\":[0,5],\"data_offsets\":[35,35]}}";
    assert_memory_equal(packed + 8, expected, sizeof expected - 1);
    assert_int_equal(n % 8, 35 % 8);
    assert_int_equal(tw__safetensors_open(&file, ctx, PATH("tensors"), &err), TW_OK);
    assert_int_equal(file.n, 4);
    for (int i = 0; i < 4; i++) {
        const tw__tensor_entry *t = tw__safetensors_find(&file, e[i].name);
        size_t bytes;
        assert_non_null(t);
        assert_int_equal(t->type, e[i].type);
        assert_int_equal(t->rank, e[i].rank);
        assert_memory_equal(t->shape, e[i].shape, sizeof t->shape);
        assert_true(tw__tensor_bytes(t, &bytes));
        if (bytes) assert_memory_equal(t->data, e[i].data, bytes);
    }
    assert_string_equal(tw__safetensors_meta(&file, "network"), "dense 10 \"x\"");
    assert_null(tw__safetensors_meta(&file, "none"));
    assert_null(tw__safetensors_find(&file, "none"));
    tw__safetensors_free(&file);
    e[1].name = "0.weight";
    assert_int_equal(tw__safetensors_save(ctx, PATH("tensors"), e, 4, meta, 2, &err), TW_ERR_INTERNAL);
    e[1].name = "\xff";
    assert_int_equal(tw__safetensors_save(ctx, PATH("tensors"), e, 4, meta, 2, &err), TW_ERR_SPEC);
    assert_int_equal(read_file(PATH("tensors"), again, PACKED), n);
    assert_memory_equal(again, packed, n);
    finish(ctx, &f);
}

/* A file with this header and so many bytes of data; what opening it says. */
static const char *open_header(tw_context *ctx, const char *header, size_t n, size_t data, tw_error *err)
{
    tw__safetensors file;
    memset(packed, 0, 8);
    for (int i = 0; i < 8; i++) packed[i] = (uint8_t)(n >> 8 * i);
    memcpy(packed + 8, header, n);
    memset(packed + 8 + n, 1, data);
    write_file(PATH("bad"), packed, 8 + n + data);
    tw_status s = tw__safetensors_open(&file, ctx, PATH("bad"), err);
    if (s == TW_OK) {
        tw__safetensors_free(&file);
        return "";
    }
    assert_int_equal(s, TW_ERR_DATA);
    assert_string_equal(err->file, PATH("bad"));
    return err->message + strlen(PATH("bad: "));
}

static void bad_safetensors(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t data;
        const char *message;
    } cases[] = {
        {"{}", 0, ""},
        {"{}", 1, "byte 10: something follows the data, which end here"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, ""},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 3,
         "byte 65: ends here; the header declares 4 bytes of data, not 3"},
        {"[]", 0, "byte 8: the header does not begin with { ; is this a safetensors file?"},
        {"{\"a\":1, \"a\":2}", 0,
         "byte 16: the header is not the JSON it should be: the key \"a\" appears twice"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}", 4, "the header is not the JSON"},
        {"{\"a\":{}}", 0, "byte 9: \"a\" is not an object of dtype, shape and two data_offsets"},
        {"{\"a\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4,
         "byte 9: \"a\" has dtype F16; U8, I64, F32 and F64 are supported"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4,
         "byte 9: the data_offsets of \"a\" span 4 bytes, its shape and dtype 8"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4,
         "byte 9: length 0 in the shape of \"a\" is not an integer from 0 on"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}", 4, "is not an integer"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4,
         "is not a list of at most 8 lengths"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8,
         "byte 9: the data of \"a\" begins at 4, the data before it ends at 0"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4,
         "are not two ascending integers"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[3,7]}}",
         7, "the data of \"b\" begins at 3, the data before it ends at 4"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0,
         "has more than 2^48 elements"},
        {"{\"a\":{\"dtype\":\"F64\",\"shape\":[2147483648],\"data_offsets\":[0,17179869184]}}", 16,
         "ends here; the header declares 17179869184 bytes"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[9223372036854775807,2],\"data_offsets\":[0,0]}}", 0,
         "has more than 2^48 elements"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[9223372036854775808],\"data_offsets\":[0,0]}}", 0,
         "the header is not the JSON"},
        {"{\"__metadata__\":{\"a\":1}}", 0, "__metadata__ holds \"a\", which is not a string"},
        {"{\"__metadata__\":[]}", 0, "byte 9: __metadata__ is not an object of strings"},
    };
    faults f;
    tw_error err;
    tw_context *ctx = context(&f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        f.peak = f.live;
        const char *said = open_header(ctx, cases[i].header, strlen(cases[i].header), cases[i].data, &err);
        if (cases[i].message[0] == 0 ? said[0] != 0 : !strstr(said, cases[i].message))
            fail_msg("case %zu: \"%s\" instead of \"%s\"", i, said, cases[i].message);
        assert_true(f.peak - f.live < 64 << 20);
    }
    tw__safetensors file;
    for (size_t n = 0; n < 12; n++) {
        write_file(PATH("bad"), "\377\377\377\377\377\377\377\377{}{}", n);
        assert_int_equal(tw__safetensors_open(&file, ctx, PATH("bad"), &err), TW_ERR_DATA);
        assert_int_equal(err.offset, n < 8 ? n : 0);
    }
    char *commas = malloc(PACKED);
    memset(commas, ',', PACKED);
    commas[0] = '{';
    assert_non_null(strstr(open_header(ctx, commas, 600000, 0, &err), "more than 524288 values"));
    free(commas);
    assert_int_equal(tw__safetensors_open(&file, ctx, PATH("nowhere"), &err), TW_ERR_NOT_FOUND);
    finish(ctx, &f);
}

/* An object with state of every kind. */
typedef struct thing {
    tw_context *ctx;
    double rate;
    int64_t step;
    float w[6];
    double *history;
    size_t n;
    const char *last; /* name of the last field, so that it can be missing */
    int64_t length;
} thing;

static tw_status visit_thing(void *object, tw_visitor *v, tw_error *err)
{
    thing *t = object;
    const int64_t shape[] = {2, t->length};
    int64_t doubled = t->step * 2; /* shown from a local variable */
    TW_TRY(v->field(v, "rate", TW_F64, 0, NULL, &t->rate, err));
    TW_TRY(v->field(v, "step", TW_I64, 0, NULL, &doubled, err));
    if (v->loading) t->step = doubled / 2;
    TW_TRY(v->list(v, "history", TW_F64, &t->n, (void **)&t->history, t->ctx, err));
    return v->field(v, t->last, TW_F32, 2, shape, t->w, err);
}

static tw_status fill_thing(thing *t, tw_context *ctx)
{
    *t = (thing){.ctx = ctx, .rate = 0.1, .step = 77, .w = {1, 2, 3, 4, 5, 6}, .last = "w", .length = 3};
    tw_status s = tw__alloc(ctx, &t->history, 3, sizeof(double), NULL);
    if (s != TW_OK) return s;
    t->n = 3;
    for (int i = 0; i < 3; i++) t->history[i] = i + 0.5;
    return TW_OK;
}

static void empty_thing(thing *t, tw_context *ctx) { *t = (thing){.ctx = ctx, .last = "w", .length = 3}; }
static void free_thing(thing *t) { tw__free(t->ctx, t->history, t->n, sizeof(double)); }

static void checkpoint_round_trip(void **state)
{
    (void)state;
    faults f;
    tw_error err;
    tw_context *ctx = context(&f);
    thing a, b;
    assert_int_equal(fill_thing(&a, ctx), TW_OK);
    empty_thing(&b, ctx);
    assert_int_equal(tw__checkpoint_save(ctx, PATH("check"), "thing", NULL, visit_thing, &a, &err), TW_OK);
    assert_int_equal(tw__checkpoint_load(ctx, PATH("check"), "other", NULL, visit_thing, &b, &err),
                     TW_ERR_DATA);
    assert_int_equal(b.step, 0);
    assert_int_equal(tw__checkpoint_load(ctx, PATH("check"), "thing", NULL, visit_thing, &b, &err), TW_OK);
    assert_true(b.rate == 0.1 && b.step == 77 && b.n == 3);
    assert_memory_equal(b.w, a.w, sizeof a.w);
    assert_memory_equal(b.history, a.history, 3 * sizeof(double));
    size_t n = read_file(PATH("check"), packed, PACKED);
    assert_int_equal(tw__checkpoint_save(ctx, PATH("check"), "thing", NULL, visit_thing, &b, &err), TW_OK);
    assert_int_equal(read_file(PATH("check"), again, PACKED), n);
    assert_memory_equal(packed, again, n);
    b.last = "v";
    assert_int_equal(tw__checkpoint_load(ctx, PATH("check"), "thing", NULL, visit_thing, &b, &err),
                     TW_ERR_DATA);
    assert_string_equal(err.message, PATH("check: does not fit: missing \"v\"; unknown \"w\""));
    b.last = "w";
    b.length = 2;
    assert_int_equal(tw__checkpoint_load(ctx, PATH("check"), "thing", NULL, visit_thing, &b, &err),
                     TW_ERR_DATA);
    assert_string_equal(err.message,
                        PATH("check: does not fit: mismatched \"w\" is f32 [2,3], should be f32 [2,2]"));
    b.last = "rate";
    assert_int_equal(tw__checkpoint_save(ctx, PATH("check"), "thing", NULL, visit_thing, &b, &err),
                     TW_ERR_INTERNAL);
    free_thing(&a);
    free_thing(&b);
    finish(ctx, &f);
}

static void any_flipped_bit_is_found(void **state)
{
    (void)state;
    faults f;
    tw_error err;
    tw_context *ctx = context(&f);
    thing a, b;
    assert_int_equal(fill_thing(&a, ctx), TW_OK);
    assert_int_equal(tw__checkpoint_save(ctx, PATH("flip"), "thing", NULL, visit_thing, &a, &err), TW_OK);
    size_t n = read_file(PATH("flip"), packed, PACKED);
    for (size_t bit = 0; bit < 8 * n; bit++) {
        packed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        write_file(PATH("flip"), packed, n);
        empty_thing(&b, ctx);
        tw_status s = tw__checkpoint_load(ctx, PATH("flip"), "thing", NULL, visit_thing, &b, &err);
        if (s != TW_ERR_DATA || b.rate != 0 || b.step != 0 || b.n != 0)
            fail_msg("bit %zu of %zu: %s", bit, 8 * n, tw_status_name(s));
        packed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t cut = 0; cut < n; cut += 7) {
        write_file(PATH("flip"), packed, cut);
        assert_int_equal(tw__checkpoint_load(ctx, PATH("flip"), "thing", NULL, visit_thing, &b, &err),
                         TW_ERR_DATA);
    }
    free_thing(&a);
    finish(ctx, &f);
}

/* One save or load with one fault; 1 when the fault was not reached any more. */
static int checkpoint_with_fault(int loading, int memory, int for_ever, long at, const uint8_t *old,
                                 size_t n_old)
{
    faults f;
    tw_error err;
    tw_context *ctx = context(&f);
    thing t;
    if (loading) empty_thing(&t, ctx);
    else assert_int_equal(fill_thing(&t, ctx), TW_OK);
    t.step = 1000;
    f.for_ever = for_ever;
    f.steps = 0;
    if (memory) f.fail_allocation = f.allocations + at;
    else f.fail_step = at;
    tw_status s = loading ? tw__checkpoint_load(ctx, PATH("fault"), "thing", NULL, visit_thing, &t, &err)
                          : tw__checkpoint_save(ctx, PATH("fault"), "thing", NULL, visit_thing, &t, &err);
    int clean = memory ? f.allocations < f.fail_allocation : f.steps < at;
    if (clean) assert_int_equal(s, TW_OK);
    else if (s != TW_OK) assert_int_equal(s, memory ? TW_ERR_MEMORY : TW_ERR_SYSTEM);
    size_t n = read_file(PATH("fault"), again, PACKED);
    int is_old = n == n_old && memcmp(again, old, n) == 0;
    if (!loading && s == TW_OK) assert_false(is_old);
    if (!is_old) { /* whole and new, even when only the last sync failed */
        thing b;
        f.fail_allocation = f.fail_step = 0;
        empty_thing(&b, ctx);
        assert_int_equal(tw__checkpoint_load(ctx, PATH("fault"), "thing", NULL, visit_thing, &b, &err),
                         TW_OK);
        assert_int_equal(b.step, 1000);
        free_thing(&b);
    }
    assert_null(fopen(PATH("fault" TW_PARTIAL), "rb"));
    free_thing(&t);
    finish(ctx, &f);
    return clean;
}

static void checkpoints_survive_faults(void **state)
{
    (void)state;
    faults f;
    tw_context *ctx = context(&f);
    thing t;
    static uint8_t old[4096];
    assert_int_equal(fill_thing(&t, ctx), TW_OK);
    assert_int_equal(tw__checkpoint_save(ctx, PATH("fault"), "thing", NULL, visit_thing, &t, NULL), TW_OK);
    free_thing(&t);
    tw_context_free(ctx);
    size_t n = read_file(PATH("fault"), old, sizeof old);
    for (int mode = 0; mode < 8; mode++)
        for (long at = 1;; at++) {
            write_file(PATH("fault"), old, n);
            if (checkpoint_with_fault(mode & 1, mode & 2, mode & 4, at, old, n)) {
                assert_true(at > 3);
                break;
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash_known_answers),       cmocka_unit_test(safetensors_round_trip),
        cmocka_unit_test(bad_safetensors),          cmocka_unit_test(checkpoint_round_trip),
        cmocka_unit_test(any_flipped_bit_is_found), cmocka_unit_test(checkpoints_survive_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
