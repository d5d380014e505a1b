/* The user and the item of a row, which are its two columns that are 1.
 * SPDX-License-Identifier: MIT */
#include "data/schema.h"
#include "models/mf/mf.h"
#include "models/row.h"

/* A model's file has each name in two lists, and is read with up to twice as many values
 * (file/safetensors_read.c). */
enum { MOST_NAMES = 250000 };

/* ---- a row --------------------------------------------------------------------------------------------- */

/* As the file numbers it. */
static unsigned long long shown(const tw_data_info *d, uint64_t column)
{
    return column + (uint64_t)d->first_column;
}

static tw_status fail_number(const tw_data_info *d, uint64_t row, uint64_t column, double x, tw_error *err)
{
    if (x == 1)
        return tw__fail(err, TW_ERR_DATA,
                        "%s: row %llu has more than two numbers; a rating has one user and one item", d->name,
                        (unsigned long long)row + 1);
    return tw__fail(err, TW_ERR_DATA,
                    "%s: row %llu has %g in column %llu; users and items are columns with a 1 (of a table of "
                    "ids: option categories)",
                    d->name, (unsigned long long)row + 1, x, shown(d, column));
}

/* The columns of a row that are not 0, *n of them. */
static tw_status read_row(const tw_data_info *d, uint64_t row, uint64_t at[TW__MF_SIDES], int *n,
                          tw_error *err)
{
    const uint64_t width = (uint64_t)d->shape[0], first = d->starts ? d->starts[row] : row * width,
                   end = d->starts ? d->starts[row + 1] : first + width;
    const tw_row all = {.x = d->x};
    *n = 0;
    for (uint64_t k = first; k < end; k++) {
        const double x = tw__row_number(d->type, TW_F64, &all, k);
        const uint64_t column = d->starts ? d->columns[k] : k - first;
        if (x == 0) continue;
        if (x != 1 || *n == TW__MF_SIDES) return fail_number(d, row, column, x, err);
        at[(*n)++] = column;
    }
    return TW_OK;
}

static const char *const sides[] = {"user", "item"};

static tw_status fail_side(const tw_data_info *d, uint64_t row, int side, tw_error *err)
{
    return tw__fail(
        err, TW_ERR_DATA,
        "%s: row %llu has no %s that the model has learnt (option unknown=mean of mf: it counts as an average one)",
        d->name, (unsigned long long)row + 1, sides[side]);
}

tw_status tw__mf_pair_of(const tw_model *m, const tw_data_info *d, uint64_t row, tw__mf_pair *to,
                         tw_error *err)
{
    const tw__mf_state *s = m->state;
    const uint64_t users = s->n[TW__MF_USER], all = users + s->n[TW__MF_ITEM];
    uint64_t at[TW__MF_SIDES];
    int n;
    *to = (tw__mf_pair){{TW__MF_NOBODY, TW__MF_NOBODY}};
    TW_TRY(read_row(d, row, at, &n, err));
    for (int i = 0; i < n; i++) {
        const int side = at[i] < users ? TW__MF_USER : TW__MF_ITEM;
        if (i == 1 && (at[0] < users) == (at[1] < users))
            return tw__fail(err, TW_ERR_DATA, "%s: row %llu has two %ss, in columns %llu and %llu", d->name,
                            (unsigned long long)row + 1, sides[side], shown(d, at[0]), shown(d, at[1]));
        if (at[i] < all) to->id[side] = (uint32_t)(at[i] - (side == TW__MF_ITEM ? users : 0));
    }
    for (int side = 0; side < TW__MF_SIDES && s->choice.values[TW__MF_UNKNOWN] == TW__MF_REFUSE; side++)
        if (to->id[side] == TW__MF_NOBODY) return fail_side(d, row, side, err);
    return TW_OK;
}

/* ---- how many users ------------------------------------------------------------------------------------ */

static tw_status of_schema(const tw__schema *s, const tw_data_info *d, size_t *users, tw_error *err)
{
    const tw__column *c = s->columns;
    if (s->hash_bits)
        return tw__fail(err, TW_ERR_DATA,
                        "%s has columns by a hash, where users and items cannot be told apart", d->name);
    if (!c) return TW_OK;
    if (s->n_columns != TW__MF_SIDES || c[0].kind != TW__COLUMN_CATEGORY || c[1].kind != TW__COLUMN_CATEGORY)
        return tw__fail(err, TW_ERR_DATA,
                        "%s: beside ratings mf takes two columns, of users and of items, as names (options "
                        "columns and categories)",
                        d->name);
    *users = c[0].n_levels;
    if (s->width <= MOST_NAMES) return TW_OK;
    return tw__fail(err, TW_ERR_DATA,
                    "%s has %zu users and items; a model's file holds the names of at most %d (LIBSVM's "
                    "format has numbers in place of names)",
                    d->name, s->width, MOST_NAMES);
}

tw_status tw__mf_users_of_table(tw_context *ctx, const tw_data_info *d, size_t *users, tw_error *err)
{
    tw__schema schema = TW__SCHEMA_INIT;
    *users = 0;
    if (d->schema) TW_TRY(tw__schema_read(&schema, ctx, d->schema, err));
    const tw_status s = of_schema(&schema, d, users, err);
    tw__schema_free(&schema, ctx);
    return s;
}

tw_status tw__mf_users_of_rows(const tw_data_info *d, size_t *users, tw_error *err)
{
    uint64_t at[TW__MF_SIDES] = {0, 0}, last = 0, first = UINT64_MAX, last_row = 0, first_row = 0;
    int n;
    for (uint64_t i = 0; i < d->rows; i++) {
        TW_TRY(read_row(d, i, at, &n, err));
        if (n < TW__MF_SIDES)
            return tw__fail(err, TW_ERR_DATA,
                            "%s: row %llu has %d of two numbers, of its user and of its item", d->name,
                            (unsigned long long)i + 1, n);
        if (at[0] >= last) last = at[0], last_row = i;
        if (at[1] < first) first = at[1], first_row = i;
    }
    *users = (size_t)first;
    if (last < first) return TW_OK;
    return tw__fail(
        err, TW_ERR_DATA,
        "%s: column %llu comes first in row %llu, as a user's, and column %llu second in row %llu, "
        "as an item's; all users' come before all items'",
        d->name, shown(d, last), (unsigned long long)last_row + 1, shown(d, first),
        (unsigned long long)first_row + 1);
}
