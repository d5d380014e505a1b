/* A model: its kind, its weights, and what its file says about the data it takes. A kind is one file and one
 * line in list.h; all that is not a network's or a linear model's own is in model.c.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_MODEL_H
#define TW_MODELS_MODEL_H
#include <thalweg/model.h>
#include "file/hash.h"
#include "models/shape.h"

typedef struct tw__model_type tw__model_type;

struct tw_model {
    tw_context *ctx;
    const tw__model_type *kind;
    tw_type type; /* of the weights */
    /* of the rows it was made for; TW_U8: they are scaled by 1/255, otherwise as they are */
    tw_type input;
    tw__shape in;
    int64_t classes;       /* of the training labels */
    char **column_names;   /* of the training rows, as many as a row is wide; NULL: none */
    char **class_names;    /* `classes` of them; NULL: classes are numbers */
    char **target_names;   /* of several targets, as many as there are outputs; NULL: none */
    char *schema;          /* of the training rows (tw_data_info); NULL: none */
    int32_t *class_labels; /* `labels` of them, rising: what each class stands for; NULL: its number */
    double *class_weights; /* `labels` of them; NULL: 1 each */
    /* Of each column: a number x counts (x - center) / scale. NULL: 0 and 1 each. */
    double *center, *scale;
    /* Set by the kind's create: canonical text, tensors as they are saved, numbers in the flat vector, and
     * how many classes the model has (0: it predicts numbers). */
    const char *text;
    const tw_tensor *tensors;
    size_t n_tensors, size;
    int64_t labels;
    tw_output output;   /* the kind's, unless create sets another */
    size_t predictions; /* of a row; 0: 1 */
    /* Of a model of numbers: what targets may be, and whether they are the rows themselves. */
    double least, most;
    int of_input;
    void *state;
    void *w;
};

/* A model's text: a kind with its options, or a network. */
typedef struct tw__model_text {
    const tw__model_type *kind;
    const char *network; /* with a preset spelt out */
    tw_model_choice choice;
} tw__model_text;

/* A model on some data: what the `user` of its objective begins with. */
typedef struct tw__bound tw__bound;
struct tw__bound {
    tw_model *model;
    tw_context *ctx;       /* of its memory and threads: the model's, or a worker's */
    int is_fork;           /* of another one, which it takes the rows from as they are there */
    const tw_data *source; /* of `data` */
    tw_data_info data;
    /* Of each row: the model's class, or of a model of numbers the target; NULL: rows without labels. They
     * may be those of `data`. */
    const int32_t *classes;
    const double *targets;
    void (*free)(tw__bound *bound); /* all but classes and targets */
};

struct tw__model_type {
    tw_model_kind about;
    const char *key; /* of the text in a file's metadata */
    int of_names;    /* columns of tables are names, also where they look like numbers */
    tw_output output;
    /* TW_ERR_DATA: no model of this kind takes such rows */
    tw_status (*takes)(const tw__model_type *kind, const tw_data_info *rows, tw_error *err);
    /* From the text, m->in and m->classes: what tw_model says. Also after a failure m->state is freed. */
    tw_status (*create)(tw_model *m, const tw__model_text *text, tw_error *err);
    /* What follows from the training data, which must have something to learn from. */
    tw_status (*learn)(tw_model *m, const tw_data_info *rows, tw_error *err);
    /* initial weights; NULL: 0 */
    tw_status (*start)(tw_model *m, const tw_data_info *rows, uint64_t seed, tw_error *err);
    void (*free)(tw_model *m);
    /* Fills *out; out->user is a tw__bound with what is in *on. */
    tw_status (*objective)(const tw__bound *on, tw_objective *out, tw_error *err);
    /* between a saved tensor and the flat vector; NULL: it lies there as it is saved */
    void (*save)(const tw_model *m, size_t tensor, const void *w, void *saved);
    void (*load)(tw_model *m, size_t tensor, const void *saved);
    size_t (*outputs)(const tw_model *m); /* numbers of a row's prediction */
    /* rows of a summary */
    size_t (*layers)(const tw_model *m);
    void (*layer)(const tw_model *m, size_t i, tw_layer_info *info);
    /* of the linear family: its loss (linear/linear.h); otherwise NULL */
    const struct tw__linear_loss *loss;
};

/* kinds.c */
extern const tw__model_type tw__model_network;
tw_status tw__model_text_read(tw__model_text *out, const char *text, tw_error *err);
/* Whether such a model predicts classes, and not numbers. */
int tw__model_text_is_of_classes(const tw__model_text *text);
/* The choice's canonical spec, from its values. */
tw_status tw__model_choice_write(tw_model_choice *choice, tw_error *err);

/* A model for rows of this shape and type, without weights yet; then room for them, 0. */
tw_status tw__model_new(tw_model **out, tw_context *ctx, const tw__model_text *text, tw_type type,
                        tw_type input, const tw__shape *in, int64_t classes, tw_error *err);
tw_status tw__model_allocate(tw_model *m, tw_error *err);

/* model_file.c: tensor i between the flat vector and what is saved, n numbers of the model's type. */
void tw__model_save_tensor(const tw_model *m, size_t i, const void *w, void *saved);
void tw__model_load_tensor(tw_model *m, size_t i, const void *saved);

/* Number i of a vector of this type. */
static inline double tw__weight_at(tw_type type, const void *x, size_t i)
{
    return type == TW_F64 ? ((const double *)x)[i] : (double)((const float *)x)[i];
}

/* from.c: hash of all that a model's file holds. */
tw_status tw__model_hash(const tw_model *m, char to[TW__HASH_DIGITS + 1], tw_error *err);
/* model.c: the model takes such rows. */
tw_status tw__model_check_rows(const tw_model *m, const tw_data_info *data, tw_error *err);
/* One number of this size per row; of NULL and of the data's own list nothing is freed. */
void tw__model_free_list(const tw_model *m, const tw_data_info *data, const void *list, size_t size);

/* classes.c
 *
 * Names and labels of the training data's classes, and the names of their columns. */
tw_status tw__model_take_names(tw_model *m, const tw_data_info *data, tw_error *err);
/* The model's class of every row of data that have labels, freed by tw__model_free_list: the labels, where
 * they are its classes, or else a list. TW_ERR_DATA: a label that the model does not have. */
tw_status tw__model_classes(const tw_model *m, const tw_data_info *data, const int32_t **out, tw_error *err);
/* targets.c
 *
 * *to = the targets of the rows, freed by tw__model_free_list: the data's, or labels that are numbers. *to
 * stays NULL where there are neither. TW_ERR_DATA: one that the model does not take. */
tw_status tw__model_targets(const tw_model *m, const tw_data_info *rows, const double **to, tw_error *err);
/* TW_ERR_DATA: the training rows have none. */
tw_status tw__model_learn_targets(const tw_model *m, const tw_data_info *rows, tw_error *err);
/* Copies n texts, which must be UTF-8; after an error *out holds those that were copied. */
tw_status tw__copy_names(tw_context *ctx, char ***out, const char *const *from, size_t n, tw_error *err);
void tw__free_names(tw_context *ctx, char **names, size_t n);
#endif
