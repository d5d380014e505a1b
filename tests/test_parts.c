/* Checkpoints in parts as files: what is cut comes together again, what does not fit is refused by name, and
 * whatever fails leaves the last checkpoint whole.
 * SPDX-License-Identifier: MIT */
#include "fault_walk.h"
#include "file/stored.h"
#include "files.h"
#include <sys/stat.h>

#define OUT TW_BINARY_DIR "/test_parts.out"
#define AT(name) OUT "/" name

/* A state of which rank 1 has the middle of w and the end of v, and rank 2 the end of w: both large, across
 * the borders of fields. */
enum { W = 3000, V = 1200, SHORT = 10, RANKS = 3 };
typedef struct state {
    double rate;
    float numbers[W + V + SHORT];
    double *history;
    size_t n;
    tw_context *ctx;
} state;

static tw_status visit_state(void *object, tw_visitor *v, tw_error *err)
{
    state *s = object;
    static const int64_t w[] = {30, W / 30}, of_v[] = {V}, shortest[] = {SHORT};
    TW_TRY(v->field(v, "rate", TW_F64, 0, NULL, &s->rate, err));
    TW_TRY(v->field(v, "w", TW_F32, 2, w, s->numbers, err));
    TW_TRY(v->field(v, "v", TW_F32, 1, of_v, s->numbers + W, err));
    state other = {.n = 0}, *taker = v->loading == TW_COMPARE ? &other : s;
    TW_TRY(v->list(v, "history", TW_F64, &taker->n, (void **)&taker->history, s->ctx, err));
    tw__free(s->ctx, other.history, other.n, sizeof(double));
    return v->field(v, "end", TW_F32, 1, shortest, s->numbers + W + V, err);
}

static tw_status fill(state *s, tw_context *ctx, double rate, tw_error *err)
{
    *s = (state){.ctx = ctx, .rate = rate, .n = 3};
    for (int i = 0; i < W + V + SHORT; i++) s->numbers[i] = (float)(i * rate);
    TW_TRY(tw__alloc(ctx, &s->history, s->n, sizeof(double), err));
    for (int i = 0; i < 3; i++) s->history[i] = i + rate;
    return TW_OK;
}

static void empty(state *s) { tw__free(s->ctx, s->history, s->n, sizeof(double)); }

static int same(const state *a, const state *b)
{
    return a->rate == b->rate && a->n == b->n && memcmp(a->numbers, b->numbers, sizeof a->numbers) == 0 &&
           memcmp(a->history, b->history, a->n * sizeof(double)) == 0;
}

/* Bytes lo .. hi - 1 of the numbers. */
static tw__held held(const state *s, size_t rank, size_t index, size_t lo, size_t hi)
{
    return (tw__held){.rank = rank,
                      .index = index,
                      .at = (const char *)(s->numbers + lo),
                      .bytes = (hi - lo) * sizeof(float)};
}

static tw_status write_files(const tw__pieces *pieces, uint64_t number, const state *s,
                             const tw__held *ranges, size_t n, tw_error *err)
{
    tw__written files[RANKS];
    tw__small_fields rest = {visit_state, (void *)(uintptr_t)s, ranges, n};
    char *text;
    for (size_t i = 0; i < RANKS; i++) {
        char name[TW__PART_NAME], path[TW__PATH];
        tw__part_name(number, i, name);
        TW_TRY(tw__path_in(OUT, name, path, err));
        TW_TRY(tw__pieces_save(pieces, i, path, &files[i], err));
    }
    TW_TRY(tw__parts_text(pieces->ctx, number, files, RANKS, &text, err));
    const tw__checkpoint_head head = {.kind = "thing", .parts = text};
    const tw_status status = tw__checkpoint_write(pieces->ctx, AT("checkpoint.safetensors"), &head,
                                                  tw__small_fields_visit, &rest, NULL, err);
    tw__free_text(pieces->ctx, text);
    return status;
}

/* As a run does, all ranks here. */
static tw_status save(state *s, uint64_t keep, tw_error *err)
{
    tw__held ranges[] = {held(s, 2, 0, 2000, W + 700), held(s, 1, 1, W + 900, W + V + SHORT),
                         held(s, 1, 0, 100, 1900)};
    tw__pieces pieces = {.ctx = s->ctx};
    uint64_t number;
    TW_TRY(tw__parts_sweep(s->ctx, OUT, keep, &number, err));
    tw_status status = tw__pieces_cut(&pieces, ranges, 3, visit_state, s, err);
    if (status == TW_OK) status = write_files(&pieces, number, s, ranges, 3, err);
    tw__pieces_free(&pieces);
    return status == TW_OK ? tw__parts_sweep(s->ctx, OUT, number, NULL, err) : status;
}

static tw_status load(state *s, uint64_t *number, tw_error *err)
{
    return tw__checkpoint_read(s->ctx, AT("checkpoint.safetensors"), "thing", NULL, visit_state, s, number,
                               err);
}

static void clear(void)
{
    assert_int_equal(system("rm -rf '" OUT "'"), 0);
    assert_int_equal(mkdir(OUT, 0777), 0);
}

static int is_there(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f) fclose(f);
    return f != NULL;
}

static void comes_together(void **unused)
{
    faults f;
    tw_context *ctx;
    state a, b;
    uint64_t number;
    tw_error err = {0};
    (void)unused;
    clear();
    assert_int_equal(faulty_context(&ctx, &f, 1, NULL), TW_OK);
    assert_int_equal(fill(&a, ctx, 0.5, &err), TW_OK);
    for (uint64_t round = 1; round <= 3; round++) {
        a.rate = 0.5 + (double)round;
        write_text(AT("checkpoint-1-9.safetensors" TW_PARTIAL), "what a kill has left");
        write_text(AT("checkpoint-01-9.safetensors"), "somebody's");
        if (save(&a, round - 1, &err) != TW_OK) fail_msg("%s", err.message);
        b = (state){.ctx = ctx};
        if (load(&b, &number, &err) != TW_OK) fail_msg("%s", err.message);
        assert_true(same(&a, &b));
        assert_int_equal(number, round == 1 ? 2 : round + 1); /* 1 was taken */
        assert_false(is_there(AT("checkpoint-1-9.safetensors" TW_PARTIAL)));
        assert_true(is_there(AT("checkpoint-01-9.safetensors")));
        empty(&b);
    }
    assert_false(is_there(AT("checkpoint-3-0.safetensors")));
    assert_true(is_there(AT("checkpoint-4-2.safetensors")));
    assert_int_equal(tw__parts_sweep(ctx, OUT, 0, NULL, &err), TW_OK);
    assert_false(is_there(AT("checkpoint-4-2.safetensors")));
    empty(&a);
    tw_context_free(ctx);
    assert_int_equal(f.live, 0);
}

/* ---- what does not fit --------------------------------------------------------------------------------- */

static void refused(tw_context *ctx, const char *words)
{
    state s = {.ctx = ctx};
    tw_error err = {0};
    const tw_status status = load(&s, NULL, &err);
    if (status != TW_ERR_DATA || !strstr(err.message, words) || s.rate != 0 || s.n != 0)
        fail_msg("%s, and not \"%s\": %s", tw_status_name(status), words, err.message);
    assert_true(strlen(err.message) < sizeof err.message - 1);
}

static uint8_t bytes[40000], other[40000];

static void damaged_parts(void **unused)
{
    static const char part[] = AT("checkpoint-1-1.safetensors");
    static const char remedy[] =
        ": restore that file, or start the run anew with --force)"; /* the message is whole */
    tw_context *ctx;
    faults f;
    state s;
    tw_error err;
    (void)unused;
    clear();
    assert_int_equal(faulty_context(&ctx, &f, 1, NULL), TW_OK);
    assert_int_equal(fill(&s, ctx, 0.5, &err), TW_OK);
    assert_int_equal(save(&s, 0, &err), TW_OK);
    const size_t n = read_file(part, bytes, sizeof bytes);
    for (size_t cut = 0; cut < n; cut += n / 9) {
        write_file(part, bytes, cut);
        refused(ctx, part);
        refused(ctx, remedy);
    }
    for (size_t at = 0; at < n; at += n / 99) {
        bytes[at] ^= 4;
        write_file(part, bytes, n);
        bytes[at] ^= 4;
        refused(ctx, part);
    }
    assert_int_equal(remove(part), 0);
    refused(ctx,
            "checkpoint-1-1.safetensors: this part of the checkpoint is missing (the checkpoint counts ");
    refused(ctx, remedy);
    const size_t m = read_file(AT("checkpoint-1-2.safetensors"), other, sizeof other);
    write_file(part, other, m);
    refused(ctx, "checkpoint-1-1.safetensors: a part of another checkpoint: ");
    refused(ctx, remedy);
    write_file(part, bytes, n);
    empty(&s);
    s = (state){.ctx = ctx};
    assert_int_equal(load(&s, NULL, &err), TW_OK);
    empty(&s);
    tw_context_free(ctx);
    assert_int_equal(f.live, 0);
}

/* A checkpoint of these pieces by rank, and what is said of it. */
static void pieces_refused(tw_context *ctx, const tw__piece *of, size_t n, const char *words)
{
    static const tw__held none;
    state s = {.ctx = ctx};
    tw__pieces pieces = {.ctx = ctx};
    for (size_t i = 0; i < n; i++) assert_int_equal(tw__pieces_add(&pieces, &of[i], NULL), TW_OK);
    assert_int_equal(write_files(&pieces, 1, &s, &none, 0, NULL), TW_OK);
    tw__pieces_free(&pieces);
    refused(ctx, words);
}

static void pieces_that_do_not_fit(void **unused)
{
    static const float numbers[W + V];
    tw_context *ctx;
    faults f;
    (void)unused;
    clear();
    assert_int_equal(faulty_context(&ctx, &f, 1, NULL), TW_OK);
#define PIECE(text, lo, hi, of) {.name = text, .type = TW_F32, .n = (hi) - (lo), .data = numbers, .rank = of}
#define CASE(words, ...)                                       \
    do {                                                       \
        const tw__piece p[] = {__VA_ARGS__};                   \
        pieces_refused(ctx, p, sizeof p / sizeof p[0], words); \
    } while (0)
    CASE("missing \"w\"; missing \"v\"", PIECE("x[0:10 of 10]", 0, 10, 0));
    CASE("number 100 of \"w\" not once but never", PIECE("w[0:100 of 30x100]", 0, 100, 0),
         PIECE("w[200:3000 of 30x100]", 200, 3000, 1));
    CASE("number 2000 of \"w\" not once but never", PIECE("w[0:2000 of 30x100]", 0, 2000, 0));
    CASE("number 0 of \"w\" not once but never", PIECE("w[1:3000 of 30x100]", 1, 3000, 0));
    CASE("number 200 of \"w\" not once but twice", PIECE("w[0:200 of 30x100]", 0, 200, 0),
         PIECE("w[199:3000 of 30x100]", 199, 3000, 1));
    CASE("number 3000 of \"w\" not once but twice", PIECE("w[0:3000 of 30x100]", 0, 3000, 0),
         PIECE("w[0:3000 of 30x100]", 0, 3000, 2));
    CASE("checkpoint-1-0.safetensors and checkpoint-1-1.safetensors have \"w\" in different shapes",
         PIECE("w[0:200 of 30x100]", 0, 200, 0), PIECE("w[200:3000 of 3000]", 200, 3000, 1));
    CASE("\"w[0:200]\" in checkpoint-1-0.safetensors is no piece", PIECE("w[0:200]", 0, 200, 0));
    CASE("\"w\" in checkpoint-1-0.safetensors is no piece", PIECE("w", 0, 200, 0));
    CASE("is no piece", PIECE("w[0:200 of 300] ", 0, 200, 0));
    CASE("is no piece", PIECE("w[0:200 of 100]", 0, 200, 0));
    CASE("is no piece", PIECE("w[0:200 of 300]", 0, 100, 0));
    CASE("is no piece", PIECE("w[200:0 of 300]", 0, 100, 0));
    CASE("is no piece", PIECE("w[0:200 of 99999999999999x99999999999999]", 0, 200, 0));
    CASE("is no piece", PIECE("w[0:200 of 1x1x1x1x1x1x1x1x300]", 0, 200, 0));
    CASE("\"end\" is in it and in checkpoint-1-1.safetensors", PIECE("end[0:10 of 10]", 0, 10, 1));
#undef CASE
#undef PIECE
    tw_context_free(ctx);
    assert_int_equal(f.live, 0);
}

static void lists_of_parts(void **unused)
{
    static const char *const texts[] = {
        "checkpoint-1-0.safetensors",
        "checkpoint-1-0.safetensors 12 0123",
        "checkpoint-1-0.safetensors 0x 0123456789abcdef0123456789abcdef",
        "checkpoint-0-0.safetensors 12 0123456789abcdef0123456789abcdef",
        "checkpoint-1-0.safetensors 12 0123456789abcdef0123456789abcdef;",
        "checkpoint-1-0.safetensors 12 0123456789abcdef0123456789abcdef0",
        "checkpoint-1.safetensors 12 0123456789abcdef0123456789abcdef",
        "../checkpoint-1-0.safetensors 12 0123456789abcdef0123456789abcdef",
        "checkpoint-1000000000000000000000-0.safetensors 12 0123456789abcdef0123456789abcdef",
    };
    tw_context *ctx;
    faults f;
    state s;
    (void)unused;
    clear();
    assert_int_equal(faulty_context(&ctx, &f, 1, NULL), TW_OK);
    assert_int_equal(fill(&s, ctx, 0.5, NULL), TW_OK);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const tw__checkpoint_head head = {.kind = "thing", .parts = texts[i]};
        assert_int_equal(tw__checkpoint_write(ctx, AT("checkpoint.safetensors"), &head, visit_state, &s, NULL,
                                              NULL),
                         TW_OK);
        refused(ctx, "is no list of a checkpoint's parts, with bytes and checksums");
    }
    empty(&s);
    tw_context_free(ctx);
    assert_int_equal(f.live, 0);
}

/* ---- what fails ---------------------------------------------------------------------------------------- */

/* The last checkpoint or the new one is there, whole. */
static void is_whole(const state *was, const state *is)
{
    tw_context *ctx;
    tw_error err;
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    state s = {.ctx = ctx};
    if (load(&s, NULL, &err) != TW_OK) fail_msg("%s", err.message);
    assert_true(same(&s, was) || same(&s, is));
    empty(&s);
    tw_context_free(ctx);
}

static void saving_fails(void **unused)
{
    (void)unused;
    for (int mode = 0; mode < 4; mode++)
        for (fault_walk k = {.least = 20, .in_files = mode % 2, .for_ever = mode / 2, .whole = 1};
             fault_walk_next(&k);) {
            state was, is;
            uint64_t number;
            clear();
            assert_int_equal(fill(&was, k.ctx, 0.5, NULL), TW_OK);
            assert_int_equal(fill(&is, k.ctx, 0.7, NULL), TW_OK);
            assert_int_equal(save(&was, 0, NULL), TW_OK);
            fault_walk_arm(&k);
            const tw_status s = save(&is, 1, NULL);
            const faults then = k.f;
            k.f.fail_allocation = k.f.fail_step = 0;
            is_whole(&was, &is);
            empty(&was);
            was = (state){.ctx = k.ctx}; /* the next one removes what that has left */
            assert_int_equal(load(&was, &number, NULL), TW_OK);
            assert_int_equal(save(&is, number, NULL), TW_OK);
            is_whole(&is, &is);
            empty(&was);
            empty(&is);
            k.f.fail_allocation = then.fail_allocation;
            k.f.fail_step = then.fail_step;
            k.f.allocations = then.allocations;
            k.f.steps = then.steps;
            fault_walk_end(&k, s);
        }
}

static void loading_fails(void **unused)
{
    state a;
    tw_context *ctx;
    (void)unused;
    clear();
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    assert_int_equal(fill(&a, ctx, 0.5, NULL), TW_OK);
    assert_int_equal(save(&a, 0, NULL), TW_OK);
    for (int in_files = 0; in_files < 2; in_files++)
        for (fault_walk k = {.least = 15, .in_files = in_files}; fault_walk_next(&k);) {
            state b = {.ctx = k.ctx};
            fault_walk_arm(&k);
            const tw_status s = load(&b, NULL, NULL);
            if (s == TW_OK) assert_true(same(&a, &b));
            empty(&b);
            fault_walk_end(&k, s);
        }
    empty(&a);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(comes_together),
                                       cmocka_unit_test(damaged_parts),
                                       cmocka_unit_test(pieces_that_do_not_fit),
                                       cmocka_unit_test(lists_of_parts),
                                       cmocka_unit_test(saving_fails),
                                       cmocka_unit_test(loading_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
