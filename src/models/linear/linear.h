/* The linear family: a score for every class or one for all, theta . x + b, under a loss. One file per loss,
 * one line per model in models/list.h; model.c is the rest.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_LINEAR_LINEAR_H
#define TW_MODELS_LINEAR_LINEAR_H
#include "models/balance.h"

typedef struct tw__linear_loss {
    /* Of one row with this score: the loss, and its derivative by the score. y: the target, or 1 and -1 of
     * two classes; parameter: the loss's own option. More classes are taken one against the rest. */
    double (*loss)(double score, double y, double parameter, double *slope);
    /* Instead: of all scores of a row, one for each class, whose right one is `class`. */
    double (*of_all)(const double *score, size_t n, size_t class, double *slope);
    /* the second derivative of `loss` by the score */
    double (*curvature)(double score, double y, double parameter);
    /* NULL, or `loss` and `curvature` of n rows at once, with the same bits. */
    void (*losses)(tw_isa isa, const double *score, const double *y, size_t n, double *loss, double *slope);
    void (*curvatures)(tw_isa isa, const double *score, size_t n, double *to);
    /* Makes the outputs of a row from its scores, in place; NULL: they are the outputs. */
    void (*output)(double *score, size_t n);
    /* The convex conjugate of `loss` at a slope, and the slope s of `loss` at h with h + q s = t, perhaps
     * near `near`. */
    double (*conjugate)(double slope, double y, double parameter);
    double (*proximal)(double t, double q, double near, double y, double parameter);
    int is_squared;    /* half the squared distance from y */
    double smoothness; /* most that a slope changes for a change of the scores by 1; 0: without bound */
    int is_of_classes; /* 0: of numbers */
    double least;      /* target that it takes, -TW_INF: any */
    int option;        /* its own in the table; 0: none */
    const char *kinks; /* what makes its slope jump where its own option is 0; NULL: nothing */
} tw__linear_loss;

/* Options of all models of the family, which stand first in their tables; of those with classes one more. */
enum { TW__LINEAR_L2, TW__LINEAR_L1, TW__LINEAR_INTERCEPT, TW__LINEAR_STANDARDIZE, TW__LINEAR_CLASS_WEIGHT };
enum { TW__LINEAR_L2_BY_ROWS = -1 };
#define TW__LINEAR_OPTIONS(l2)                                                                                \
    {"l2",        TW_REAL,                                                                                    \
     "1/rows",    l2,                                                                                         \
     0,           TW_INF,                                                                                     \
     TW_OPEN_MAX, "adds l2/2 times the sum of the squared weights; 1/rows: 1 divided by the training rows"},  \
        {"l1", TW_REAL, NULL, 0, 0, TW_INF, TW_OPEN_MAX, "adds l1 times the sum of the weights' magnitudes"}, \
        {"intercept", TW_FLAG, NULL, 1, 0, 1, TW_CLOSED, "1: a bias, which is not penalised"},                \
    {                                                                                                         \
        "standardize", TW_FLAG, NULL, 0, 0, 1, TW_CLOSED,                                                     \
            "1: columns of mean 0 and deviation 1 over the training rows; of sparse rows deviation 1 alone"   \
    }

/* A model of the family: TW__LINEAR_MODEL(logistic, loss, TW_OUTPUT_PROBABILITY, .help = ...). */
#define TW__LINEAR_MODEL(model, its_loss, its_output, table, ...)                                     \
    extern const tw__model_type tw__model_##model;                                                    \
    const tw__model_type tw__model_##model = {.about = {.size = sizeof(tw_model_kind),                \
                                                        .name = #model,                               \
                                                        .n_options = sizeof(table) / sizeof *(table), \
                                                        .options = table,                             \
                                                        __VA_ARGS__},                                 \
                                              .key = "model",                                         \
                                              .output = its_output,                                   \
                                              .takes = tw__linear_takes,                              \
                                              .create = tw__linear_create,                            \
                                              .learn = tw__linear_learn,                              \
                                              .free = tw__linear_free,                                \
                                              .objective = tw__linear_bind,                           \
                                              .outputs = tw__linear_outputs,                          \
                                              .layers = tw__linear_layers,                            \
                                              .layer = tw__linear_layer,                              \
                                              .loss = &(its_loss)}

/* model.c */
tw_status tw__linear_takes(const tw__model_type *kind, const tw_data_info *rows, tw_error *err);
tw_status tw__linear_create(tw_model *m, const tw__model_text *text, tw_error *err);
tw_status tw__linear_learn(tw_model *m, const tw_data_info *rows, tw_error *err);
void tw__linear_free(tw_model *m);
int tw__linear_is_standardized(const tw_model *m);
size_t tw__linear_outputs(const tw_model *m);
size_t tw__linear_layers(const tw_model *m);
void tw__linear_layer(const tw_model *m, size_t i, tw_layer_info *info);

/* standardize.c
 *
 * Sets m->scale, and m->center where rows are dense and there is an intercept. */
tw_status tw__standardize_learn(tw_model *m, const tw_data_info *rows, tw_error *err);
/* Puts transformed numbers of the weights' type in place of those of `rows`; *made, which stays NULL where
 * the model has no scale, is freed by the next. */
tw_status tw__standardize_rows(const tw_model *m, tw_data_info *rows, void **made, tw_error *err);
void tw__standardize_free(const tw_model *m, const tw_data_info *rows, void *made);
/* From weights of the model to those that fit the rows as they are, m->size of them; and the other way, into
 * m->w. */
void tw__standardize_fold(const tw_model *m, const void *w, double *to);
void tw__standardize_unfold(tw_model *m, const double *from);

/* What create has read. */
typedef struct tw__linear_state {
    const tw__linear_loss *loss;
    tw_model_choice choice;
    size_t columns, outputs; /* scores of a row */
    double l2, l1, parameter;
    int64_t weight_shape[2], bias_shape[1];
    tw_tensor tensors[2]; /* (outputs, columns), and with an intercept (outputs) */
} tw__linear_state;

/* objective.c */
tw_status tw__linear_bind(const tw__bound *on, tw_objective *out, tw_error *err);

/* The losses that tw_linear has, too (../linear.c). */
double tw__squared_loss(double score, double y, double parameter, double *slope);
double tw__logistic_loss(double score, double y, double parameter, double *slope);
double tw__sigmoid(double score);
/* score[i] = exp(score[i]) / the sum of all: no score is too large. */
void tw__softmax(double *score, size_t n);
#endif
