/* Preloaded into a program (LD_PRELOAD), makes its n-th allocation fail, as if none were left. Read from
 * the environment, once:
 *   FAIL_MALLOC_AT=n           the n-th allocation of the process fails (counted from its constructors on)
 *   FAIL_MALLOC_FOR_EVER=1     so do all later ones
 *   FAIL_MALLOC_COUNT=FILE     FILE, of two longs, gets the number of allocations, and 1 where one has failed
 *   FAIL_MALLOC_STILL_CLOCK=1  no time passes, so that two runs print and write the same
 *   FAIL_MALLOC_CHILDREN=1     programs that the process executes are treated alike; else they are left alone
 * A forked child counts on from its parent; FILE has the largest count, also of killed processes. glibc calls
 * the program's malloc, calloc, realloc and memalign, so that strdup, getline, asprintf, fopen and
 * open_memstream fail too. fail_malloc_here is a place for a breakpoint:
 *   gdb -batch -ex "set environment LD_PRELOAD .../fail_malloc.so" -ex "set environment FAIL_MALLOC_AT n"
 *       -ex "set breakpoint pending on" -ex "break fail_malloc_here" -ex run -ex bt --args PROGRAM ...
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* glibc's own, under the names that stay when others take the usual ones. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void fail_malloc_here(void);

struct shared {
    _Atomic long count, failed;
};
static struct shared nobody, *shared = &nobody;
static _Atomic long count;
static long at;
static int for_ever, still_clock;

static struct shared *map(const char *name)
{
    const int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    void *p = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, sizeof(struct shared)) == 0)
        p = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0) close(fd);
    return p == MAP_FAILED ? &nobody : p;
}

__attribute__((constructor)) static void start(void)
{
    const char *n = getenv("FAIL_MALLOC_AT"), *name = getenv("FAIL_MALLOC_COUNT");
    if (name) shared = map(name);
    for_ever = getenv("FAIL_MALLOC_FOR_EVER") != NULL;
    still_clock = getenv("FAIL_MALLOC_STILL_CLOCK") != NULL;
    at = n ? atol(n) : 0;
    count = 0;
    if (!getenv("FAIL_MALLOC_CHILDREN")) unsetenv("LD_PRELOAD");
}

__attribute__((noinline)) void fail_malloc_here(void)
{
    shared->failed = 1;
    errno = ENOMEM;
}

static int fails(void)
{
    const long n = ++count;
    long most = shared->count;
    while (n > most && !atomic_compare_exchange_weak(&shared->count, &most, n)) continue;
    if (at == 0 || n < at || (n > at && !for_ever)) return 0;
    fail_malloc_here();
    return 1;
}

void *malloc(size_t size) { return fails() ? NULL : __libc_malloc(size); }
void *calloc(size_t n, size_t size) { return fails() ? NULL : __libc_calloc(n, size); }
void *realloc(void *p, size_t size) { return fails() ? NULL : __libc_realloc(p, size); }
void *memalign(size_t alignment, size_t size) { return fails() ? NULL : __libc_memalign(alignment, size); }
void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

void *reallocarray(void *p, size_t n, size_t size)
{
    size_t bytes;
    if (!__builtin_mul_overflow(n, size, &bytes)) return realloc(p, bytes);
    errno = ENOMEM;
    return NULL;
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *p = memalign(alignment, size);
    if (!p) return ENOMEM;
    *out = p;
    return 0;
}

/* ---- A clock that stands still ------------------------------------------------------------------------- */

enum { STILL = 1700000000 };

int clock_gettime(clockid_t clock, struct timespec *to)
{
    if (!still_clock) return (int)syscall(SYS_clock_gettime, clock, to);
    *to = (struct timespec){.tv_sec = STILL};
    return 0;
}

time_t time(time_t *to)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (to) *to = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict to, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *to = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}
