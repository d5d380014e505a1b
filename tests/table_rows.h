/* Rows of tables in tests: their numbers, labels and names.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_TABLE_ROWS_H
#define TESTS_TABLE_ROWS_H
#include "row_files.h"

static inline double number_at(const tw_data_info *r, size_t i)
{
    return r->type == TW_F32 ? (double)((const float *)r->x)[i] : ((const double *)r->x)[i];
}

static inline void expect(const tw_data *data, uint64_t rows, int64_t width, const double *x)
{
    const tw_data_info r = info_of(data);
    assert_int_equal(r.rows, rows);
    assert_int_equal(r.rank, 1);
    assert_int_equal(r.shape[0], width);
    assert_null(r.starts);
    for (size_t i = 0; i < rows * (size_t)width; i++)
        if (number_at(&r, i) != x[i])
            fail_msg("row %d, column %d: %.17g instead of %.17g", (int)(i / (size_t)width),
                     (int)(i % (size_t)width), number_at(&r, i), x[i]);
}

static inline void expect_labels(const tw_data *data, int32_t classes, const char *const *names,
                                 const int32_t *labels)
{
    const tw_data_info r = info_of(data);
    assert_int_equal(r.classes, classes);
    for (int32_t i = 0; i < classes; i++) assert_string_equal(r.class_names[i], names[i]);
    for (uint64_t i = 0; i < r.rows; i++) assert_int_equal(r.labels[i], labels[i]);
}

static inline void expect_names(const tw_data *data, const char *const *names)
{
    const tw_data_info r = info_of(data);
    assert_non_null(r.column_names);
    for (int64_t i = 0; i < r.shape[0]; i++) assert_string_equal(r.column_names[i], names[i]);
}
#endif
