/* Numbers as text, with a point and rounded to nearest, whatever the process's locale and rounding mode:
 * these are the caller's to choose and not ours to change. All that the libraries print or read of real
 * numbers goes through here.
 * SPDX-License-Identifier: MIT */
#ifndef TW_BASE_DECIMAL_H
#define TW_BASE_DECIMAL_H
#include <locale.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Between enter and leave this thread's printf, strtod and localeconv work as in the C locale; errno is then
 * what it was. */
typedef struct tw__decimal_mode {
    locale_t c, was;
    uint32_t sse;
    uint16_t x87;
    int error;
} tw__decimal_mode;
void tw__decimal_enter(tw__decimal_mode *mode);
void tw__decimal_leave(const tw__decimal_mode *mode);

/* As vsnprintf, snprintf and strtod. */
int tw__vformat(char *to, size_t n, const char *format, va_list args);
__attribute__((format(printf, 3, 4))) int tw__format(char *to, size_t n, const char *format, ...);
double tw__decimal_read(const char *text);
/* 1: no digit of the decimal number before its exponent is above 0. One that reads as 0 all the same is too
 * small for a double. */
static inline int tw__decimal_is_zero(const char *number)
{
    const char first = number[strspn(number, "+-.0")];
    return first < '1' || first > '9';
}
#endif
