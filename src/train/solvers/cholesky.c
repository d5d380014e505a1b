/* The factor of a positive definite matrix.
 * SPDX-License-Identifier: MIT */
#include "train/solvers/solver.h"
#include <math.h>

int tw__cholesky(double *a, size_t n, double shift, double least)
{
    for (size_t i = 0; i < n; i++) {
        double *row = a + i * n;
        const double diagonal = row[i] + shift;
        for (size_t j = 0; j < i; j++) {
            const double *other = a + j * n;
            row[j] = (row[j] - tw__dot(row, other, j)) / other[j];
        }
        row[i] = diagonal - tw__dot(row, row, i);
        if (!(row[i] > least * diagonal)) return 0;
        row[i] = sqrt(row[i]);
    }
    return 1;
}
