/* The data set "ratings": ratings that users gave items, drawn from vectors of rank 8 and biases that were
 * drawn first, with noise of deviation 0.5, which no model predicts. Rows are sparse: a 1 in the column of
 * the user and a 1 in that of the item. A few items have many ratings, as in real ones.
 * SPDX-License-Identifier: MIT */
#include "data/planted.h"
#include "data/reader.h"
#include "math/normal.h"
#include <math.h>

enum { USERS = 1000, ITEMS = 1500, RANK = 8, TRAIN = 80000, TEST = 20000 };
enum { USER = TW__PLANTED_STREAMS, ITEM, NOISE, USER_BIAS, ITEM_BIAS, USER_VECTOR, ITEM_VECTOR };

static double normal(int stream, uint64_t at, double deviation)
{
    return deviation * tw__random_normal(0, TW__FOR_PLANTED, (uint64_t)stream, at);
}

/* Vectors of deviation 0.42, so that their products have 0.5. */
static double draw_rating(uint64_t number, uint32_t user, uint32_t item)
{
    double rating = 3.5 + normal(USER_BIAS, user, 0.4) + normal(ITEM_BIAS, item, 0.5);
    for (uint32_t k = 0; k < RANK; k++)
        rating += normal(USER_VECTOR, user * RANK + k, 0.42) * normal(ITEM_VECTOR, item * RANK + k, 0.42);
    return rint(100 * (rating + normal(NOISE, number, 0.5))) / 100;
}

static tw_status draw_rows(tw_data_info *to, tw_context *ctx, uint64_t first, tw_error *err)
{
    const size_t n = (size_t)to->rows;
    uint64_t *starts;
    uint32_t *columns;
    double *targets;
    float *x;
    TW_TRY(tw__alloc(ctx, &targets, n, sizeof *targets, err));
    to->targets = targets;
    TW_TRY(tw__alloc(ctx, &starts, n + 1, sizeof *starts, err));
    to->starts = starts;
    for (size_t i = 0; i <= n; i++) starts[i] = 2 * i;
    TW_TRY(tw__alloc(ctx, &x, 2 * n, sizeof *x, err));
    to->x = x;
    TW_TRY(tw__alloc(ctx, &columns, 2 * n, sizeof *columns, err));
    to->columns = columns;
    for (size_t i = 0; i < n; i++) {
        const uint32_t user = (uint32_t)tw__random_below(0, TW__FOR_PLANTED, USER, first + i, USERS),
                       item = tw__planted_pick(ITEMS, 0, ITEM, first + i);
        x[2 * i] = x[2 * i + 1] = 1;
        columns[2 * i] = user;
        columns[2 * i + 1] = USERS + item;
        targets[i] = draw_rating(first + i, user, item);
    }
    return TW_OK;
}

static tw_status draw_part(tw__block **block, tw_context *ctx, uint64_t first, uint64_t rows, tw_error *err)
{
    tw_data_info all = {.size = sizeof all,
                        .rows = rows,
                        .rank = 1,
                        .shape = {USERS + ITEMS},
                        .type = TW_F32,
                        .n_targets = 1,
                        .name = "ratings"};
    const tw_status s = draw_rows(&all, ctx, first, err);
    if (s == TW_OK) return tw__block_create(block, ctx, &all, NULL, err);
    tw__data_free_rows(ctx, &all, NULL);
    return s;
}

static tw_status open_ratings(tw__parts *to, const tw__opening *o, tw_error *err)
{
    if (o->want_train) TW_TRY(draw_part(&to->train, o->ctx, 0, TRAIN, err));
    return o->want_test ? draw_part(&to->test, o->ctx, TW__PLANTED_TEST_FIRST, TEST, err) : TW_OK;
}

const tw__reader tw__reader_ratings = {.name = "ratings", .open = open_ratings};
