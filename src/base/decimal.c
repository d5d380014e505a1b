/* Numbers as text; see decimal.h.
 * SPDX-License-Identifier: MIT */
#include "base/decimal.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* glibc rounds by the x87 control word, whatever MXCSR says, but at an overflow by MXCSR. Its locale "C" is
 * not allocated: newlocale cannot fail. */
void tw__decimal_enter(tw__decimal_mode *mode)
{
    *mode = (tw__decimal_mode){.c = newlocale(LC_ALL_MASK, "C", (locale_t)0), .error = errno};
    mode->was = uselocale(mode->c);
#if defined(__x86_64__)
    const uint32_t sse = 0x1F80u;
    const uint16_t x87 = 0x037Fu;
    __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mode->sse), "=m"(mode->x87));
    __asm__ volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(sse), "m"(x87) : "memory");
#endif
}

void tw__decimal_leave(const tw__decimal_mode *mode)
{
#if defined(__x86_64__)
    __asm__ volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(mode->sse), "m"(mode->x87) : "memory");
#endif
    uselocale(mode->was);
    if (mode->c) freelocale(mode->c);
    errno = mode->error;
}

int tw__vformat(char *to, size_t n, const char *format, va_list args)
{
    tw__decimal_mode mode;
    tw__decimal_enter(&mode);
    const int length = vsnprintf(to, n, format, args);
    tw__decimal_leave(&mode);
    return length;
}

int tw__format(char *to, size_t n, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = tw__vformat(to, n, format, args);
    va_end(args);
    return length;
}

double tw__decimal_read(const char *text)
{
    tw__decimal_mode mode;
    tw__decimal_enter(&mode);
    const double x = strtod(text, NULL);
    tw__decimal_leave(&mode);
    return x;
}
