/* Option tables: finding a row by name or alias, reading a value into bounds, and writing it back.
 * Numbers are read and written the same way in every locale, and nothing may come after them.
 * SPDX-License-Identifier: MIT */
#ifndef TW_BASE_OPTIONS_H
#define TW_BASE_OPTIONS_H
#include <thalweg/registry.h>
#include "base/names.h"

/* tw_number_read of a text that ends anywhere. */
int tw__number_read(tw__text t, double *to);
/* The shortest text that reads back as x. Returns `to`. */
const char *tw__number_text(double x, char to[TW_VALUE_MAX]);

/* Lists as they are read: a list's value is the place of a count, behind which its numbers stand. Starts as
 * {.n = 1}: place 0 is the empty list. */
enum { TW__LIST_NUMBERS = 128 };
typedef struct tw__lists {
    int n;
    double at[TW__LIST_NUMBERS];
} tw__lists;

/* A table with the name of what it belongs to ("adam"), for messages, and room for what is no number. */
typedef struct tw__table {
    const char *owner;
    const tw_option *options;
    int n;
    const tw_alias *aliases; /* may be NULL */
    tw__lists *lists;        /* NULL: the table has no list */
    /* the text between the quotes, a view into what was read; NULL: the table has no formula and no spec */
    tw__text *quoted;
} tw__table;

int tw__option_allows(const tw_option *o, double x);    /* x lies within the bounds */
int tw__option_find(const tw__table *t, tw__text name); /* by name or alias; -1 */
tw__name_at tw__option_name;                            /* of a tw__table */
/* Sets values[] and given[] (may be NULL: not recorded, and a second time is no error) from an item of a
 * spec. */
tw_status tw__option_read(const tw__table *t, const tw__item *item, double *values, unsigned char *given,
                          tw_error *err);
/* The value as it stands in a spec; 0 if `to` of n bytes is too small. */
int tw__option_write(const tw__table *t, int option, double value, char *to, size_t n);
/* Appends ":k=v,k=v" for the values that differ from `from`; 0 if `to` of n bytes is too small. */
int tw__options_write(const tw__table *t, const double *values, const double *from, char *to, size_t n);
#endif
