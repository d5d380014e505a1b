/* What the columns hold.
 * SPDX-License-Identifier: MIT */
#include "data/data.h"
#include <math.h>

static double number_at(const tw_data_info *r, size_t i)
{
    return r->type == TW_U8    ? ((const uint8_t *)r->x)[i]
           : r->type == TW_F32 ? (double)((const float *)r->x)[i]
                               : ((const double *)r->x)[i];
}

/* The first number of a row, and the one behind its last. */
static size_t start_of(const tw_data_info *r, size_t width, uint64_t row)
{
    return r->starts ? (size_t)r->starts[row] : (size_t)row * width;
}

static tw_data_column *column_of(const tw_data_info *r, size_t first, size_t i, tw_data_column *columns)
{
    return &columns[r->starts ? r->columns[i] : i - first];
}

static void add_number(tw_data_column *c, double x)
{
    if (x < c->least) c->least = x;
    if (x > c->greatest) c->greatest = x;
    c->nonzero += x != 0;
    c->mean += x;
}

/* A power of two by which the numbers of a column are multiplied before they are squared: most often 1. */
static double scale_of(const tw_data_column *c)
{
    const double most = -c->least > c->greatest ? -c->least : c->greatest;
    return most > 0x1p450 ? 0x1p-600 : most < 0x1p-450 ? 0x1p600 : 1;
}

/* From sums to means. Where a sum is too large for a double it is taken again, in units of 2^600; its column
 * is marked by a deviation above 0. */
static void find_means(const tw_data_info *r, size_t width, tw_data_column *columns)
{
    const double unit = 0x1p600, rows = (double)r->rows;
    int any = 0;
    for (size_t j = 0; j < width; j++)
        if (isinf(columns[j].mean)) columns[j].mean = 0, columns[j].deviation = any = 1;
    for (uint64_t row = 0; any && row < r->rows; row++)
        for (size_t first = start_of(r, width, row), i = first; i < start_of(r, width, row + 1); i++) {
            tw_data_column *c = column_of(r, first, i, columns);
            if (c->deviation > 0) c->mean += number_at(r, i) / unit;
        }
    for (size_t j = 0; j < width; j++)
        columns[j].mean = columns[j].deviation > 0 ? columns[j].mean / rows * unit : columns[j].mean / rows;
}

/* In two passes, so that nothing is lost where the mean is large; what sparse rows leave out is 0. */
tw_status tw_data_columns(const tw_data *data, tw_data_column *columns, tw_error *err)
{
    tw_data_info r = {.size = sizeof r};
    TW_NEEDS(err, data && columns);
    TW_TRY(tw_data_info_get(data, &r, err));
    const size_t width = tw__data_width(&r);
    const double rows = (double)r.rows;
    for (size_t j = 0; j < width; j++)
        columns[j] = (tw_data_column){.least = INFINITY, .greatest = -INFINITY};
    for (uint64_t row = 0; row < r.rows; row++) {
        for (size_t first = start_of(&r, width, row), i = first; i < start_of(&r, width, row + 1); i++)
            add_number(column_of(&r, first, i, columns), number_at(&r, i));
        tw__data_touch(data, tw__data_row_bytes(&r, row));
    }
    find_means(&r, width, columns);
    for (size_t j = 0; j < width; j++) {
        tw_data_column *c = &columns[j];
        if (r.starts && c->nonzero < r.rows) {
            if (c->least > 0) c->least = 0;
            if (c->greatest < 0) c->greatest = 0;
        }
        const double mean = c->mean * scale_of(c);
        c->deviation = r.starts ? (rows - (double)c->nonzero) * mean * mean : 0;
    }
    for (uint64_t row = 0; row < r.rows; row++) {
        for (size_t first = start_of(&r, width, row), i = first; i < start_of(&r, width, row + 1); i++) {
            tw_data_column *c = column_of(&r, first, i, columns);
            const double x = number_at(&r, i), scale = scale_of(c), from = x * scale - c->mean * scale;
            if (!r.starts || x != 0) c->deviation += from * from;
        }
        tw__data_touch(data, tw__data_row_bytes(&r, row));
    }
    for (size_t j = 0; j < width; j++) {
        tw_data_column *c = &columns[j];
        c->deviation = sqrt(c->deviation / rows) / scale_of(c);
        if (c->least == c->greatest)
            c->mean = c->least, c->deviation = 0; /* what rounding left of the mean */
    }
    return TW_OK;
}
