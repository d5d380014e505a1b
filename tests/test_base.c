/* base: Philox against its authors' known answers, the pool, memory, files.
 * SPDX-License-Identifier: MIT */
#include "base/context.h"
#include "base/cpu.h"
#include "base/io.h"
#include "base/pool.h"
#include "base/random.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "rounding.h"
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void philox_known_answers(void **state)
{
    (void)state;
    tw__philox4 a = tw__philox(0, 0, 0, 0, 0);
    const uint32_t zero[] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
    assert_memory_equal(a.word, zero, sizeof zero);
    tw__philox4 b = tw__philox(UINT64_MAX, ~0u, ~0u, ~0u, ~0u);
    const uint32_t ones[] = {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd};
    assert_memory_equal(b.word, ones, sizeof ones);
    tw__philox4 c = tw__philox(0x299f31d0a4093822u, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344);
    const uint32_t pi[] = {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1};
    assert_memory_equal(c.word, pi, sizeof pi);
}

struct count {
    atomic_int done[1000];
    atomic_int workers[16];
};

static void count_task(void *arg, size_t i, int worker)
{
    struct count *c = arg;
    atomic_fetch_add(&c->done[i], 1);
    atomic_fetch_add(&c->workers[worker], 1);
}

static void pool_runs_each_task_once(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 8; threads += 3) {
        tw_context *ctx;
        tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
        o.threads = threads;
        assert_int_equal(tw_context_create(&ctx, &o, NULL), TW_OK);
        for (int repeat = 0; repeat < 50; repeat++) {
            struct count c;
            memset(&c, 0, sizeof c);
            tw__pool_run(ctx, 1000, count_task, &c);
            for (int i = 0; i < 1000; i++) assert_int_equal(c.done[i], 1);
            for (int w = threads; w < 16; w++) assert_int_equal(c.workers[w], 0);
        }
        tw_context_free(ctx);
    }
}

/* So that what each worker needs is needed no more often than there are tasks. */
static void pool_numbers_no_worker_beyond_the_tasks(void **state)
{
    (void)state;
    tw_context *ctx;
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    o.threads = 16;
    assert_int_equal(tw_context_create(&ctx, &o, NULL), TW_OK);
    for (int repeat = 0; repeat < 2000; repeat++) {
        struct count c;
        memset(&c, 0, sizeof c);
        tw__pool_run(ctx, 3, count_task, &c);
        for (int i = 0; i < 3; i++) assert_int_equal(c.done[i], 1);
        for (int w = 3; w < 16; w++) assert_int_equal(c.workers[w], 0);
    }
    tw_context_free(ctx);
}

static void options_are_checked(void **state)
{
    (void)state;
    tw_context *ctx;
    tw_error err;
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    o.threads = 257;
    assert_int_equal(tw_context_create(&ctx, &o, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "threads = 257 is outside [0, 256]");
    assert_null(ctx);
    tw_io io = tw__system_io;
    io.sync_directory = NULL;
    o = (tw_context_options)TW_CONTEXT_OPTIONS_INIT;
    o.io = &io;
    assert_int_equal(tw_context_create(&ctx, &o, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "a function of tw_io is NULL: all ten are needed");
    io.size = offsetof(tw_io, rename); /* an older program's table */
    assert_int_equal(tw_context_create(&ctx, &o, &err), TW_ERR_SPEC);
    io = tw__system_io;
    io.size = offsetof(tw_io, is_empty); /* the last of them may be missing */
    assert_int_equal(tw_context_create(&ctx, &o, &err), TW_OK);
    assert_null(ctx->io.is_empty);
    tw_context_free(ctx);
}

static void sizes_are_checked(void **state)
{
    (void)state;
    tw_context *ctx;
    tw_error err;
    void *p;
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    assert_int_equal(tw__alloc(ctx, &p, SIZE_MAX / 2, 3, &err), TW_ERR_MEMORY);
    assert_null(p);
    size_t n;
    const int64_t big[] = {1ll << 40, 1ll << 40}, negative[] = {3, -1};
    assert_false(tw__size_of_shape(2, big, &n));
    assert_false(tw__size_of_shape(2, negative, &n));
    tw_context_free(ctx);
}

static void writing_is_whole_or_not(void **state)
{
    (void)state;
    tw_context *ctx;
    tw_error err;
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    const char *path = TW_BINARY_DIR "/test_base.file";
    tw__writer w;
    assert_int_equal(tw__writer_open(&w, ctx, path, &err), TW_OK);
    assert_int_equal(tw__writer_put(&w, "old", 3, &err), TW_OK);
    assert_int_equal(tw__writer_finish(&w, &err), TW_OK);
    assert_int_equal(tw__writer_open(&w, ctx, path, &err), TW_OK);
    assert_int_equal(tw__writer_put(&w, "new", 2, &err), TW_OK);
    tw__writer_abandon(&w);
    uint8_t *bytes;
    size_t n;
    assert_int_equal(tw__read_file(ctx, path, 10, &bytes, &n, &err), TW_OK);
    assert_int_equal(n, 3);
    assert_memory_equal(bytes, "old", 3);
    tw__free(ctx, bytes, n, 1);
    assert_int_equal(tw__read_file(ctx, path, 2, &bytes, &n, &err), TW_ERR_DATA);
    assert_int_equal(tw__read_file(ctx, path, 10, &bytes, &n, NULL), TW_OK);
    tw__free(ctx, bytes, n, 1);
    assert_int_equal(tw__writer_open(&w, ctx, "/no/such/folder/file", &err), TW_ERR_SYSTEM);
    tw_context_free(ctx);
}

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void assert_holds(tw_context *ctx, const char *path, const char *text)
{
    uint8_t *bytes;
    size_t n;
    assert_int_equal(tw__read_file(ctx, path, 100, &bytes, &n, NULL), TW_OK);
    assert_int_equal(n, strlen(text));
    assert_memory_equal(bytes, text, n);
    tw__free(ctx, bytes, n, 1);
}

/* What stands at the temporary name, left over or laid there, neither stops a writer nor is written to,
 * unless another writer is at work. */
static void writing_beside_others(void **state)
{
    (void)state;
    const char *path = TW_BINARY_DIR "/test_base.shared",
               *partial = TW_BINARY_DIR "/test_base.shared" TW_PARTIAL,
               *other = TW_BINARY_DIR "/test_base.other";
    tw_context *ctx;
    tw_error err;
    tw__writer w, second;
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    for (int kind = 0; kind < 5; kind++) {
        unlink(partial);
        write_text(other, "not yours");
        if (kind == 1) write_text(partial, "left by a program that was killed");
        if (kind == 2) assert_int_equal(symlink(other, partial), 0);
        if (kind == 3) assert_int_equal(link(other, partial), 0);
        if (kind == 4) assert_int_equal(mkfifo(partial, 0600), 0);
        assert_int_equal(tw__writer_open(&w, ctx, path, &err), TW_OK);
        assert_int_equal(tw__writer_put(&w, "mine", 4, &err), TW_OK);
        assert_int_equal(tw__writer_open(&second, ctx, path, &err), TW_ERR_SYSTEM);
        assert_string_equal(err.message,
                            "cannot write " TW_BINARY_DIR "/test_base.shared: another program is writing it");
        tw__writer_abandon(&second);
        assert_int_equal(tw__writer_finish(&w, &err), TW_OK);
        assert_holds(ctx, path, "mine");
        assert_holds(ctx, other, "not yours");
        assert_int_not_equal(access(partial, F_OK), 0);
    }
    assert_int_equal(tw__writer_open(&w, ctx, path, &err), TW_OK);
    tw__writer_abandon(&w);
    assert_int_equal(tw__writer_open(&second, ctx, path, &err), TW_OK);
    tw__writer_abandon(&second);
    assert_int_not_equal(access(partial, F_OK), 0);
    assert_holds(ctx, path, "mine");
    tw_context_free(ctx);
}

static int boasting_read(void *user, void *file, void *to, size_t n, size_t *got)
{
    (void)user, (void)file, (void)to;
    *got = n + 1;
    return 0;
}

static void reading_more_than_there_is_room(void **state)
{
    (void)state;
    tw_io io = tw__system_io;
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    tw_context *ctx;
    uint8_t *bytes;
    size_t n;
    io.read = boasting_read;
    o.io = &io;
    assert_int_equal(tw_context_create(&ctx, &o, NULL), TW_OK);
    write_text(TW_BINARY_DIR "/test_base.read", "x");
    assert_int_equal(tw__read_file(ctx, TW_BINARY_DIR "/test_base.read", 1 << 20, &bytes, &n, NULL),
                     TW_ERR_SYSTEM);
    assert_null(bytes);
    tw_context_free(ctx);
}

static void mode_task(void *arg, size_t i, int worker)
{
    (void)worker;
    volatile float tiny = 1e-38f;
    ((float *)arg)[i] = tiny * 0.01f;
}

static void computing_flushes_and_restores(void **state)
{
    (void)state;
    tw_context *ctx;
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    o.threads = 3;
    assert_int_equal(tw_context_create(&ctx, &o, NULL), TW_OK);
    float r[64];
    tw__pool_run(ctx, 64, mode_task, r);
    for (int i = 0; i < 64; i++) assert_true(r[i] == 0);
    volatile float tiny = 1e-38f;
    assert_true(tiny * 0.01f > 0);
    tw_context_free(ctx);
}

#if defined(__x86_64__)
static void round_task(void *arg, size_t i, int worker)
{
    (void)worker;
    volatile float one = 1, three = 3;
    ((float *)arg)[i] = one / three;
}

/* The pool rounds to nearest in every thread, and leaves the caller's mode alone. */
static void computing_rounds_to_nearest(void **state)
{
    (void)state;
    tw_context *ctx;
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    o.threads = 3;
    assert_int_equal(tw_context_create(&ctx, &o, NULL), TW_OK);
    float r[64];
    uint32_t before, after;
    fesetround(FE_DOWNWARD);
    __asm__ volatile("stmxcsr %0" : "=m"(before));
    tw__pool_run(ctx, 64, round_task, r);
    __asm__ volatile("stmxcsr %0" : "=m"(after));
    fesetround(FE_TONEAREST);
    for (int i = 0; i < 64; i++) assert_true(r[i] == 0x1.555556p-2f);
    assert_int_equal(before & 0xFFC0, after & 0xFFC0);
    tw_context_free(ctx);
}
#endif

#ifndef __SANITIZE_THREAD__
static size_t resident(const unsigned char *p, size_t n)
{
    enum { PAGE = 4096, MOST = 1 << 15 };
    static unsigned char is_there[MOST];
    size_t pages = 0;
    p += -(uintptr_t)p % PAGE;
    n = n / PAGE - 1;
    assert_true(n <= MOST && mincore((void *)(uintptr_t)p, n * PAGE, is_there) == 0);
    for (size_t i = 0; i < n; i++) pages += is_there[i] & 1;
    return pages * PAGE;
}
#endif

/* Zeros that take no memory, and the same numbers wherever they go. */
static void large_memory_is_there_once_written(void **state)
{
    (void)state;
    const size_t sizes[] = {100 << 20, 3 << 20, 5 << 20, 64 << 20, 40 << 20, 100};
    tw_context *ctx = NULL;
    unsigned char *p;
    size_t n = 80 << 20;
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    assert_int_equal(tw__alloc(ctx, &p, n, 1, NULL), TW_OK);
    assert_true((uintptr_t)p % 64 == 0);
#ifndef __SANITIZE_THREAD__ /* whose calloc writes zeros */
    assert_true(resident(p, n) <= n / 8);
#endif
    for (size_t i = 0; i < n; i += 4096) assert_int_equal(p[i], 0);
    for (size_t i = 0; i < 100; i++) p[i] = (unsigned char)(7 * i + 1);
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        assert_int_equal(tw__resize(ctx, &p, &n, sizes[k], 1, NULL), TW_OK);
        assert_true((uintptr_t)p % 64 == 0);
        for (size_t i = 0; i < 100; i++) assert_int_equal(p[i], (unsigned char)(7 * i + 1));
        p[n - 1] = 9;
        memset(p + 100, 3, n - 100);
    }
    tw__free(ctx, p, n, 1);
    assert_int_equal(tw__alloc(ctx, &p, n = 2 << 20, 1, NULL), TW_OK);
    const unsigned char *const before = p;
    assert_int_equal(tw__resize(ctx, &p, &n, 1 << 20, 1, NULL), TW_OK);
    assert_ptr_equal(p, before); /* less of it needs no memory */
    tw__free(ctx, p, n, 1);
    assert_int_equal(tw__alloc(ctx, &p, SIZE_MAX - 4096, 1, NULL), TW_ERR_MEMORY);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_known_answers),
        cmocka_unit_test(pool_runs_each_task_once),
        cmocka_unit_test(pool_numbers_no_worker_beyond_the_tasks),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(sizes_are_checked),
        cmocka_unit_test(writing_is_whole_or_not),
        cmocka_unit_test(computing_flushes_and_restores),
        cmocka_unit_test(writing_beside_others),
        cmocka_unit_test(reading_more_than_there_is_room),
        cmocka_unit_test(large_memory_is_there_once_written),
    };
    int failed = cmocka_run_group_tests_name("tests", tests, NULL, NULL);
#if defined(__x86_64__)
    const struct CMUnitTest rounding[] = {cmocka_unit_test(computing_rounds_to_nearest)};
    failed += cmocka_run_group_tests_name("rounding", rounding, NULL, NULL);
    failed += cmocka_run_group_tests_name("tests, rounding up", tests, round_up, still_up);
#endif
    return failed;
}
