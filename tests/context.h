/* A context for tests.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_CONTEXT_H
#define TESTS_CONTEXT_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <thalweg/context.h>

/* threads 0: as many as there are CPUs */
static inline tw_context *context(int threads)
{
    tw_context *ctx;
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    o.threads = threads;
    assert_int_equal(tw_context_create(&ctx, &o, NULL), TW_OK);
    return ctx;
}
#endif
