/* Matrix factorisation: a rating from a vector of its user and one of its item. model.c is the model, pairs.c
 * finds the user and the item of a row, objective.c has the sums over rows.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_MF_MF_H
#define TW_MODELS_MF_MF_H
#include "models/model.h"

enum { TW__MF_USER, TW__MF_ITEM, TW__MF_SIDES };

/* The options, in the order of the table. */
enum {
    TW__MF_RANK,
    TW__MF_L2,
    TW__MF_L2_PER,
    TW__MF_BIASES,
    TW__MF_MEAN,
    TW__MF_INIT,
    TW__MF_USERS,
    TW__MF_UNKNOWN
};
enum { TW__MF_PER_RATING, TW__MF_PER_ID };
enum { TW__MF_REFUSE, TW__MF_USE_MEAN };

/* What create has read and learn has found. Columns of users come before those of items; the flat
 * vector has the vectors of users, then of items, their biases, the mean. */
typedef struct tw__mf_state {
    tw_model_choice choice;
    size_t rank;
    size_t n[TW__MF_SIDES]; /* users and items; 0 users: not known yet */
    int64_t vectors[TW__MF_SIDES][2], biases[TW__MF_SIDES][1], one[1];
    tw_tensor tensors[2 * TW__MF_SIDES + 1];
} tw__mf_state;

static inline int tw__mf_has(const tw__mf_state *s, int option) { return s->choice.values[option] != 0; }

/* The column of number `id` of a side, and where its vector and its bias are. */
static inline size_t tw__mf_column(const tw__mf_state *s, int side, size_t id)
{
    return (side == TW__MF_ITEM ? s->n[TW__MF_USER] : 0) + id;
}
static inline size_t tw__mf_vector(const tw__mf_state *s, int side, size_t id)
{
    return tw__mf_column(s, side, id) * s->rank;
}
static inline size_t tw__mf_bias(const tw__mf_state *s, int side, size_t id)
{
    return (s->n[TW__MF_USER] + s->n[TW__MF_ITEM]) * s->rank + tw__mf_column(s, side, id);
}

/* Number of the user among the users, and of the item among the items. */
#define TW__MF_NOBODY UINT32_MAX
typedef struct tw__mf_pair {
    uint32_t id[TW__MF_SIDES];
} tw__mf_pair;

/* The pair of a row. TW_ERR_DATA: it is not a 1 in a column of each side; but one that the model does not
 * have is TW__MF_NOBODY where option `unknown` says so. */
tw_status tw__mf_pair_of(const tw_model *m, const tw_data_info *rows, uint64_t row, tw__mf_pair *to,
                         tw_error *err);
/* How many of the columns are users: of a table the texts of its first column, or 0 where these rows are of
 * none. Else the last user's column is below the first item's. */
tw_status tw__mf_users_of_table(tw_context *ctx, const tw_data_info *rows, size_t *users, tw_error *err);
tw_status tw__mf_users_of_rows(const tw_data_info *rows, size_t *users, tw_error *err);

tw_status tw__mf_bind(const tw__bound *on, tw_objective *out, tw_error *err);
#endif
