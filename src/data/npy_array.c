/* Reading npy; see npy_array.h.
 * SPDX-License-Identifier: MIT */
#include "data/npy_array.h"
#include "base/options.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <thalweg/train.h>

enum { FIRST = 1 << 20, MOST_RANK = 32 };
static const uint64_t most_elements = (uint64_t)1 << 48;

/* ---- header -------------------------------------------------------------------------------------------- */

/* The text of a header while it is read: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), } */
typedef struct literal {
    const char *p, *what;
    tw_error *err;
} literal;

static tw_status wrong(const literal *l, const char *format, const char *text)
{
    char part[48], shown[64], message[192];
    snprintf(part, sizeof part, "%.*s", (int)strcspn(text, ")}\n"), text);
    snprintf(message, sizeof message, format, tw_printable(part, shown, sizeof shown));
    return tw__fail_in(l->err, TW_ERR_DATA, l->what, 0, -1, "%s", message);
}

static void skip_spaces(literal *l) { l->p += strspn(l->p, " \t\n"); }

static int skip(literal *l, char c)
{
    skip_spaces(l);
    if (*l->p != c) return 0;
    l->p++;
    skip_spaces(l);
    return 1;
}

/* 'text' or "text", without escapes. */
static int read_text(literal *l, char *to, size_t size)
{
    skip_spaces(l);
    const char quote = *l->p;
    const char *const end = quote == '\'' || quote == '"' ? strchr(l->p + 1, quote) : NULL;
    if (!end || (size_t)(end - l->p) > size) return 0;
    memcpy(to, l->p + 1, (size_t)(end - l->p - 1));
    to[end - l->p - 1] = 0;
    l->p = end + 1;
    return 1;
}

static tw_status read_type(literal *l, tw__npy *a)
{
    char type[TW__NPY_TYPE];
    const char *const at = l->p;
    if (*l->p == '[') return wrong(l, "a structured type: an array of numbers is needed, not %s", "records");
    if (!read_text(l, type, sizeof type)) return wrong(l, "the type of the array is damaged: %s", at);
    const size_t order = strchr("<>|=", type[0]) && type[0] ? 1 : 0;
    a->kind = type[order];
    a->is_big_endian = type[0] == '>';
    if (a->kind == 'O')
        return wrong(l, "type %s: an array of objects, which would have to be executed", type);
    if (!a->kind || !strchr("fiub", a->kind) || !strchr("1248", type[order + 1]) || !type[order + 1] ||
        type[order + 2])
        return wrong(l, "type %s is not supported; f4, f8, i1 to i8, u1 to u8 and b1 are", type);
    a->size = type[order + 1] - '0';
    if ((a->kind == 'f' && a->size < 4) || (a->kind == 'b' && a->size != 1))
        return wrong(l, "type %s is not supported; f4, f8, i1 to i8, u1 to u8 and b1 are", type);
    return TW_OK;
}

/* A number of elements that fits, or not. */
static int read_length(literal *l, uint64_t *n)
{
    const char *const from = l->p;
    for (*n = 0; *l->p >= '0' && *l->p <= '9'; l->p++)
        if (*n <= most_elements) *n = 10 * *n + (uint64_t)(*l->p - '0');
    return l->p > from && *n <= most_elements;
}

static tw_status read_shape(literal *l, tw__npy *a)
{
    uint64_t shape[MOST_RANK], all = 1;
    int rank = 0, more = skip(l, '(');
    const char *const at = l->p;
    if (!more) return wrong(l, "the shape of the array is damaged: %s", at);
    while (!skip(l, ')')) {
        if (!more || rank == MOST_RANK || !read_length(l, &shape[rank]) ||
            __builtin_mul_overflow(all, shape[rank], &all) || all > most_elements)
            return wrong(l, "the shape of the array is damaged or has more than 2^48 elements: (%s)", at);
        rank++;
        more = skip(l, ',');
    }
    if (rank == 0) return wrong(l, "a single number, of shape ()%s; rows are needed", "");
    if (rank > 2)
        return wrong(l, "more than two dimensions: (%s); reshape the array to rows and columns", at);
    if (all == 0) return wrong(l, "the array is empty: (%s)", at);
    a->rows = (size_t)shape[0];
    a->columns = rank == 2 ? (size_t)shape[1] : 1;
    return TW_OK;
}

static tw_status read_order(literal *l, tw__npy *a)
{
    a->is_fortran = strncmp(l->p, "True", 4) == 0;
    if (!a->is_fortran && strncmp(l->p, "False", 5) != 0)
        return wrong(l, "fortran_order is neither True nor False: %s", l->p);
    l->p += a->is_fortran ? 4 : 5;
    return TW_OK;
}

static tw_status read_header(literal *l, tw__npy *a)
{
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    tw_status (*const readers[])(literal *, tw__npy *) = {read_type, read_order, read_shape};
    char key[TW__NPY_TYPE];
    int seen = 0;
    if (!skip(l, '{')) return wrong(l, "the header is no dictionary: %s", l->p);
    while (!skip(l, '}')) {
        int i = 0;
        const char *const at = l->p;
        if (!read_text(l, key, sizeof key) || !skip(l, ':')) return wrong(l, "the header is damaged: %s", at);
        while (i < 3 && strcmp(key, keys[i]) != 0) i++;
        if (i == 3 || seen & 1 << i) return wrong(l, "the header is damaged: %s", at);
        seen |= 1 << i;
        TW_TRY(readers[i](l, a));
        if (!skip(l, ',') && *l->p != '}') return wrong(l, "the header is damaged: %s", at);
    }
    if (seen != 7) return wrong(l, "the header lacks descr, fortran_order or shape%s", "");
    return *l->p ? wrong(l, "something follows the header: %s", l->p) : TW_OK;
}

/* ---- bytes --------------------------------------------------------------------------------------------- */

static tw_status fail_short(const char *what, size_t at, tw_error *err)
{
    return tw__fail_in(err, TW_ERR_DATA, what, 0, (int64_t)at, "ends inside the npy header");
}

static tw_status take_header(tw__npy *a, char *text, const char *what, tw__npy_source *read, void *user,
                             tw_error *err)
{
    uint8_t b[12] = {0};
    size_t got, n = 10;
    TW_TRY(read(user, b, n, &got, err));
    if (got >= 6 && memcmp(b, "\x93NUMPY", 6) != 0)
        return tw__fail_in(err, TW_ERR_DATA, what, 0, 0, "not an npy array");
    if (got < n) return fail_short(what, got, err);
    if (b[6] < 1 || b[6] > 3)
        return tw__fail_in(err, TW_ERR_DATA, what, 0, 6, "npy version %d; 1 to 3 are supported", b[6]);
    if (b[6] > 1) {
        TW_TRY(read(user, b + 10, 2, &got, err));
        if (got < 2) return fail_short(what, 10 + got, err);
        n = 12;
    }
    const uint32_t length = b[8] | (uint32_t)b[9] << 8 | (uint32_t)b[10] << 16 | (uint32_t)b[11] << 24;
    if (length > TW__NPY_MOST_HEADER)
        return tw__fail_in(err, TW_ERR_DATA, what, 0, 8,
                           "declares a header of %lu bytes; at most %d are read", (unsigned long)length,
                           TW__NPY_MOST_HEADER);
    TW_TRY(read(user, text, length, &got, err));
    if (got < length) return fail_short(what, n + got, err);
    text[length] = 0;
    if (memchr(text, 0, length))
        return tw__fail_in(err, TW_ERR_DATA, what, 0, (int64_t)n, "a 0 in the npy header");
    a->begin = n + length;
    return read_header(&(literal){.p = text, .what = what, .err = err}, a);
}

/* All elements, with memory that follows what has been read, and nothing behind them. */
static tw_status take_bytes(tw__npy *a, tw_context *ctx, const char *what, tw__npy_source *read, void *user,
                            tw_error *err)
{
    size_t n, used = 0, got = 0;
    uint8_t one;
    if (!tw__size_mul(a->rows, a->columns, &n) || !tw__size_mul(n, (size_t)a->size, &n) || n > SIZE_MAX / 4)
        return tw__fail(err, TW_ERR_MEMORY, "out of memory: %.300s declares more elements than fit", what);
    do {
        const size_t now = 2 * a->n_bytes < FIRST ? FIRST : 2 * a->n_bytes;
        TW_TRY(tw__resize(ctx, &a->bytes, &a->n_bytes, now < n ? now : n, 1, err));
        TW_TRY(read(user, a->bytes + used, a->n_bytes - used, &got, err));
        used += got;
    } while (used == a->n_bytes && used < n);
    if (used < n)
        return tw__fail_in(err, TW_ERR_DATA, what, 0, (int64_t)(a->begin + used),
                           "ends here; the header declares %zu bytes of data, not %zu", n, used);
    TW_TRY(read(user, &one, 1, &got, err));
    return got == 0 ? TW_OK
                    : tw__fail_in(err, TW_ERR_DATA, what, 0, (int64_t)(a->begin + n),
                                  "something follows the data, which end here");
}

tw_status tw__npy_read(tw__npy *a, tw_context *ctx, const char *what, tw__npy_source *read, void *user,
                       tw_error *err)
{
    char *text;
    *a = (tw__npy){.kind = 0};
    TW_TRY(tw__alloc(ctx, &text, TW__NPY_MOST_HEADER + 1, 1, err));
    tw_status s = take_header(a, text, what, read, user, err);
    tw__free(ctx, text, TW__NPY_MOST_HEADER + 1, 1);
    if (s == TW_OK) s = take_bytes(a, ctx, what, read, user, err);
    if (s != TW_OK) tw__npy_free(a, ctx);
    return s;
}

void tw__npy_free(tw__npy *a, tw_context *ctx)
{
    tw__free(ctx, a->bytes, a->n_bytes, 1);
    *a = (tw__npy){.kind = 0};
}

/* ---- elements ------------------------------------------------------------------------------------------ */

/* An element's bits, the lowest first. */
static uint64_t bits_at(const tw__npy *a, size_t row, size_t column)
{
    const uint8_t *const p = a->bytes + tw__npy_at(a, row, column);
    uint64_t bits = 0;
    for (int i = 0; i < a->size; i++) bits |= (uint64_t)p[a->is_big_endian ? a->size - 1 - i : i] << (8 * i);
    return bits;
}

static int64_t signed_of(uint64_t bits, int size)
{
    const int unused = 64 - 8 * size;
    return (int64_t)(bits << unused) >> unused;
}

int tw__npy_number(const tw__npy *a, size_t row, size_t column, double *x)
{
    const uint64_t bits = bits_at(a, row, column);
    const uint64_t exact = (uint64_t)1 << 53;
    if (a->kind == 'f' && a->size == 8) {
        memcpy(x, &bits, sizeof *x);
        return 1;
    }
    if (a->kind == 'f') {
        const uint32_t half = (uint32_t)bits;
        float f;
        memcpy(&f, &half, sizeof f);
        *x = (double)f;
        return 1;
    }
    if (a->kind == 'i') {
        const int64_t n = signed_of(bits, a->size);
        *x = (double)n;
        return n >= -(int64_t)exact && n <= (int64_t)exact;
    }
    *x = a->kind == 'b' ? bits != 0 : (double)bits;
    return a->kind == 'b' || bits <= exact;
}

const char *tw__npy_text(const tw__npy *a, size_t row, size_t column, char to[TW_VALUE_MAX])
{
    double x;
    if (a->kind == 'i') snprintf(to, TW_VALUE_MAX, "%" PRId64, signed_of(bits_at(a, row, column), a->size));
    else if (a->kind == 'u') snprintf(to, TW_VALUE_MAX, "%" PRIu64, bits_at(a, row, column));
    else {
        (void)tw__npy_number(a, row, column, &x);
        return tw__number_text(x, to);
    }
    return to;
}
