/* A context for tests.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_CONTEXT_H
#define TESTS_CONTEXT_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <thalweg/context.h>

/* threads 0: as many as there are CPUs; isa: no better instructions than these */
static inline tw_context *context_up_to(int threads, tw_isa isa)
{
    tw_context *ctx;
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    o.threads = threads;
    o.max_isa = isa;
    assert_int_equal(tw_context_create(&ctx, &o, NULL), TW_OK);
    return ctx;
}

static inline tw_context *context(int threads) { return context_up_to(threads, TW_ISA_DETECT); }
#endif
