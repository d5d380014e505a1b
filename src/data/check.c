/* Rows from memory are checked before anything learns from them.
 * SPDX-License-Identifier: MIT */
#include "data/data.h"
#include "math/sums.h"
#include <math.h>

static tw_status check_form(const tw_data_info *r, tw_error *err)
{
    size_t width, values, bytes;
    if (r->type != TW_U8 && r->type != TW_F32 && r->type != TW_F64)
        return tw__fail(err, TW_ERR_SPEC, "rows of type %s; u8, f32 and f64 can be learnt from",
                        tw_type_name(r->type));
    if (r->rank < 1 || r->rank > TW__ROW_MOST_RANK)
        return tw__fail(err, TW_ERR_SPEC, "rank %d of a row is outside [1, %d]", r->rank, TW__ROW_MOST_RANK);
    if (r->rows == 0) return tw__fail(err, TW_ERR_DATA, "no rows");
    if (!tw__size_of_shape(r->rank, r->shape, &width) || r->rows > SIZE_MAX / sizeof(double) - 1 ||
        !tw__size_mul(r->starts ? 1 : width, (size_t)r->rows, &values) ||
        !tw__size_mul(values, tw_type_size(r->type), &bytes))
        return tw__fail(err, TW_ERR_SPEC, "the rows are larger than memory");
    if (width == 0) return tw__fail(err, TW_ERR_SPEC, "the shape of a row holds a 0");
    if (!r->starts != !r->columns || (r->starts && (r->rank != 1 || r->shape[0] > (int64_t)1 << 32)))
        return tw__fail(err, TW_ERR_SPEC,
                        "sparse rows need starts and columns, rank 1 and at most 2^32 columns");
    if (r->column_names && r->rank != 1)
        return tw__fail(err, TW_ERR_SPEC, "only rows of rank 1 have names of columns, not rank %d", r->rank);
    if (!r->x) return tw__fail(err, TW_ERR_SPEC, "x is missing");
    return TW_OK;
}

static tw_status check_targets(const tw_data_info *r, tw_error *err)
{
    size_t n;
    if (!r->targets != !r->n_targets || (r->targets && r->labels))
        return tw__fail(err, TW_ERR_SPEC, "rows have labels, or n_targets targets each");
    if (r->targets && !tw__size_mul((size_t)r->rows * sizeof *r->targets, r->n_targets, &n))
        return tw__fail(err, TW_ERR_SPEC, "the targets are larger than memory");
    if (r->target_names && !r->targets) return tw__fail(err, TW_ERR_SPEC, "names of targets need targets");
    if (r->class_names && (!r->labels || r->classes < 1))
        return tw__fail(err, TW_ERR_SPEC, "names of classes need labels, and their number in classes");
    const size_t each = tw__data_labels_of_row(r);
    if (!tw__size_mul((size_t)r->rows * sizeof *r->labels, each, &n) || (each > 1 && !r->labels))
        return tw__fail(err, TW_ERR_SPEC, "%zu labels of each row%s", each,
                        r->labels ? " are larger than memory" : ", and none are given");
    for (size_t i = 0; r->labels && i < r->rows * each; i++) {
        const unsigned long long row = i / each;
        if (r->labels[i] < 0)
            return tw__fail(err, TW_ERR_DATA, "label %d of row %llu is negative", r->labels[i], row);
        if (r->labels[i] == INT32_MAX)
            return tw__fail(err, TW_ERR_DATA, "label %d of row %llu is too large", r->labels[i], row);
        if (r->class_names && r->labels[i] >= r->classes)
            return tw__fail(err, TW_ERR_DATA,
                            "label %d of row %llu is not among the %d classes that have names", r->labels[i],
                            row, r->classes);
    }
    for (uint64_t i = 0; i < r->rows * r->n_targets; i++)
        if (!isfinite(r->targets[i]))
            return tw__fail(err, TW_ERR_DATA, "target %llu of row %llu is not finite",
                            (unsigned long long)(i % r->n_targets), (unsigned long long)(i / r->n_targets));
    return TW_OK;
}

static tw_status check_columns(const tw_data_info *r, tw_error *err)
{
    if (r->starts[0] != 0) return tw__fail(err, TW_ERR_SPEC, "starts begins with 0");
    for (uint64_t i = 0; i < r->rows; i++) {
        const unsigned long long row = i;
        if (r->starts[i + 1] < r->starts[i] || r->starts[i + 1] > SIZE_MAX / sizeof(double))
            return tw__fail(err, TW_ERR_SPEC, "row %llu ends before it starts", row);
        for (uint64_t k = r->starts[i]; k < r->starts[i + 1]; k++) {
            if (r->columns[k] >= r->shape[0])
                return tw__fail(err, TW_ERR_DATA, "row %llu has column %lu of %lld", row,
                                (unsigned long)r->columns[k], (long long)r->shape[0]);
            if (k > r->starts[i] && r->columns[k] <= r->columns[k - 1])
                return tw__fail(err, TW_ERR_DATA, "row %llu: column %lu comes after %lu; columns rise", row,
                                (unsigned long)r->columns[k], (unsigned long)r->columns[k - 1]);
        }
    }
    return TW_OK;
}

static tw_status check_numbers(const tw_data_info *r, tw_error *err)
{
    const tw__sums *sums = tw__sums_for(TW_ISA_BASE);
    const size_t n = tw__data_numbers(r), width = tw__data_width(r);
    if (r->type == TW_U8) return TW_OK;
    const size_t bad =
        r->type == TW_F32 ? tw__first_not_finite_f32(sums, r->x, n) : tw__first_not_finite_f64(sums, r->x, n);
    if (bad == n) return TW_OK;
    if (!r->starts)
        return tw__fail(err, TW_ERR_DATA, "value %zu of row %zu is not finite", bad % width, bad / width);
    uint64_t row = 0;
    while (r->starts[row + 1] <= bad) row++;
    return tw__fail(err, TW_ERR_DATA, "column %lu of row %llu is not finite", (unsigned long)r->columns[bad],
                    (unsigned long long)row);
}

tw_status tw__data_check_rows(const tw_data_info *r, tw_error *err)
{
    TW_TRY(check_form(r, err));
    TW_TRY(check_targets(r, err));
    if (r->starts) TW_TRY(check_columns(r, err));
    for (uint64_t i = 0; r->weights && i < r->rows; i++)
        if (!(r->weights[i] > 0 && isfinite(r->weights[i])))
            return tw__fail(err, TW_ERR_DATA, "the weight of row %llu is not above 0 and finite",
                            (unsigned long long)i);
    return check_numbers(r, err);
}
