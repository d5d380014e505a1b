/* jansson's memory that fails on demand, counted with the context's of the same `faults`.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_FAULTY_JSON_H
#define TESTS_FAULTY_JSON_H
#include "faulty_io.h"
#include <jansson.h>

static faults *faulty_json;

static inline void *faulty_json_malloc(size_t n)
{
    faults *f = faulty_json;
    return faulty_due(++f->allocations, f->fail_allocation, f->for_ever) ? NULL : malloc(n);
}

/* NULL: as usual again. The hooks are the process's: a test may set them, a library may not. */
static inline void faulty_json_use(faults *f)
{
    faulty_json = f;
    json_set_alloc_funcs(f ? faulty_json_malloc : malloc, free);
}
#endif
