/* libthalweg-train. Models: networks described by a line of text, linear models, and their files. Link: cc
 * program.c $(pkg-config --cflags --libs thalweg-train), or CMake's target thalweg::train.
 * SPDX-License-Identifier: MIT
 *
 *     #include <stdio.h>
 *     #include <thalweg/model.h>
 *     #include <thalweg/train.h>
 *
 *     int main(void)      // learns exclusive or, saves the network, loads it and predicts
 *     {
 *         static const float x[][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
 *         static const int32_t label[] = {0, 1, 1, 0};
 *         const tw_data_info rows = {.size = sizeof rows, .rows = 4, .rank = 1, .shape = {2}, .type = TW_F32,
 *                                    .x = x, .labels = label};
 *         const tw_run_options options = {.size = sizeof options, .optimizer = "adam:lr=0.05", .epochs = 200};
 *         tw_context *ctx = NULL;
 *         tw_data *data = NULL;
 *         tw_model *model = NULL, *loaded = NULL;
 *         tw_run *run = NULL;
 *         tw_objective f = TW_OBJECTIVE_INIT, g = TW_OBJECTIVE_INIT;
 *         float p[4][2];
 *         tw_error err;
 *         tw_status s = tw_context_create(&ctx, NULL, &err);
 *         if (s == TW_OK) s = tw_data_create(&data, ctx, &rows, &err);
 *         const char *layers = "dense 8 relu; dense classes softmax";
 *         if (s == TW_OK) s = tw_model_create(&model, ctx, layers, TW_F32, data, 1, &err);
 *         if (s == TW_OK) s = tw_model_objective(model, data, &f, &err);
 *         if (s == TW_OK) s = tw_run_create(&run, ctx, &f, NULL, tw_model_weights(model), &options, &err);
 *         int status = TW_RUN_GOING;
 *         while (s == TW_OK && status == TW_RUN_GOING) s = tw_run_step(run, &status, &err);
 *         if (s == TW_OK) s = tw_model_save(model, NULL, "xor.safetensors", &err);
 *         if (s == TW_OK) s = tw_model_load(&loaded, ctx, "xor.safetensors", &err);
 *         if (s == TW_OK) s = tw_model_objective(loaded, data, &g, &err);
 *         if (s == TW_OK) s = tw_predict(ctx, &g, tw_model_weights(loaded), 0, 4, p, &err);
 *         for (int i = 0; s == TW_OK && i < 4; i++) printf("%.0f", (double)p[i][1]);      // prints 0110
 *         if (s != TW_OK) fprintf(stderr, "%s\n", err.message);
 *         tw_run_free(run);
 *         tw_model_objective_free(&f), tw_model_objective_free(&g);
 *         tw_model_free(model), tw_model_free(loaded);
 *         tw_data_free(data), tw_context_free(ctx);
 *         return s != TW_OK;
 *     }
 *
 *   model = network | kind [ ":" option "=" value { "," option "=" value } ]          "logistic:l2=1e-4"
 *   network = layer { ";" layer }      layer = name { word }
 *   "conv2d 32 3x3 relu; maxpool2d 2x2; flatten; dense 10 softmax"
 *
 * In the numbering of the saved tensors an activation that follows a layer's sizes is a layer of its own, as
 * in torch.nn.Sequential: conv2d is 0, relu 1, maxpool2d 2, flatten 3, dense 4, so its weights are
 * "4.weight". The last layer decides the loss: after softmax it is the cross-entropy over the classes; after
 * mse the squared error of targets that are numbers, as many as it has outputs, or with the option
 * target=input of the row itself; after sigmoid with one output the binary
 * cross-entropy of labels 0 and 1. That output is the probability of class 1, and a row counts as correct if
 * it is above 0.5 just when the label is 1. Rows count by their weights, and with class_weight=balanced, an
 * option of these losses, as those of a linear model do.
 *
 * A linear model's kind (tw_model_kind_at) is its loss. It learns
 *   mean loss over the rows, by their weights, + l2/2 |w|^2 + l1 |w|_1          the intercept is not
 *     penalised
 * from rows of every type, dense or sparse, with the same bits for the same numbers; u8 are divided by 255.
 * Tensors: "weight" (outputs, columns) and "bias" (outputs). Its loss holds the penalty, on all data. The
 * gradient of l1 |w| is taken as 0 at 0. linear, ridge, huber and poisson predict a number: one target per
 * row, or labels or class names that are numbers. logistic and svm have one output for two classes, of the
 * second of the rising labels, and else one against the rest for each class, whose losses are added; softmax
 * has one for each class. class_weight=balanced: a row counts rows / (classes * rows of its class) times, in
 * loss and accuracy. Sparse rows may have fewer or more columns than the training rows: what a row lacks is
 * 0, and so is the weight of what the model lacks. Classes of other data are found by name, or by number,
 * "+1" as 1.
 *
 * "mf", matrix factorisation, predicts the number that a user gives an item. A row has a 1 in the column of each
 * and nothing else; columns of users come before those of items. Tensors: "user.weight" (users, rank),
 * "item.weight", "user.bias", "item.bias", and "mean", which is not learnt but that of the training targets. */
#ifndef THALWEG_MODEL_H
#define THALWEG_MODEL_H
#include <thalweg/data.h>
#include <thalweg/objective.h>
#include <thalweg/registry.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tw_model tw_model;

/* Creates a model. network: a network, a preset's name, "cnn" or "mlp" (tw_model_preset), or a kind with its
 * options. The shape of a row and the number of classes come from `data`, which need not outlive the call;
 * "dense classes" is as wide as there are classes. type: TW_F32 or TW_F64, of weights and outputs. Weights
 * start Glorot uniform and biases at 0, those of linear models at 0, and the vectors of "mf" normally distributed (its option init); the draws are made in double from
 * `seed`, one for each element of the saved tensor. TW_ERR_SPEC: an unknown layer, or layers that do not fit,
 * with the layer and both shapes; TW_ERR_DATA: no labels, or for a network rows that are sparse or of f64;
 * targets of the wrong kind or range. */
TW_API tw_status tw_model_create(tw_model **out, tw_context *ctx, const char *network, tw_type type,
                                 const tw_data *data, uint64_t seed, tw_error *err);
/* Creates a model that starts from the weights of another one and takes its rows and classes; what else is
 * learnt from the training rows is learnt from `data`. network: NULL, or another text than that of `from`,
 * whose tensors have the same names and shapes: a linear model with another penalty or loss, a network with
 * another dropout. TW_ERR_SPEC: its tensors or classes differ, with both; TW_ERR_DATA: tw_model_objective, or
 * there is nothing to learn from. */
TW_API tw_status tw_model_create_from(tw_model **out, tw_context *ctx, const tw_model *from,
                                      const char *network, tw_type type, const tw_data *data, tw_error *err);
TW_API void tw_model_free(tw_model *model); /* NULL is allowed */
/* Sets in `rows`, whose size is set, what a model of this text needs of files of rows: `targets`, for a
 * network `type`, for all others `one_target`, for "mf" `categories` unless they are given, and `unlabelled`
 * where the row itself is the target. TW_ERR_SPEC: tw_model_read, or `stream` is set and the model is not
 * linear or is standardized. */
TW_API tw_status tw_model_needs(const char *network, tw_data_options *rows, tw_error *err);
/* name and network (may be NULL) of preset i; NULL after the last */
TW_API const char *tw_model_preset(size_t i, const char **network);

/* A kind of models that has a name, "logistic", and options, "logistic:l2=1e-4". Descriptors live as long as
 * the program. */
typedef struct tw_model_kind {
    size_t size;                                /* sizeof(tw_model_kind) */
    const char *name, *help, *paper, *equation; /* equation: lines separated by newlines */
    int n_options;
    const tw_option *options;
} tw_model_kind;
TW_API const tw_model_kind *tw_model_kind_at(size_t i); /* NULL past the end of the list */

/* Name i of those that a model's text may be or begin with: the presets, with their network, then the kinds,
 * with their help (text, may be NULL). NULL after the last. */
TW_API const char *tw_model_name(size_t i, const char **text);

/* What a spec of such a model says. */
typedef struct tw_model_choice {
    const tw_model_kind *kind; /* NULL: the text is a preset or a network */
    /* of each option, in the order of the table, defaults included */
    double values[TW_OPTIONS_MAX];
    unsigned char given[TW_OPTIONS_MAX]; /* 1: the spec gives it */
    /* canonical: shortest numbers, defaults left out */
    char spec[TW_SPEC_MAX];
} tw_model_choice;
/* Reads "logistic:l2=1e-4". TW_ERR_SPEC, with the nearest name as a suggestion: a single word that is
 * unknown, an option that is unknown, malformed, out of bounds or given twice. */
TW_API tw_status tw_model_read(tw_model_choice *out, const char *text, tw_error *err);

/* Name, usage ("dense WIDTH|classes") and help of layer type i; NULL after the last. usage and help may be
 * NULL. */
TW_API const char *tw_layer_type(size_t i, const char **usage, const char **help);
/* What layer type i computes: forward, then backward, where dx is the gradient of the loss with respect to x;
 * lines separated by newlines. NULL after the last. */
TW_API const char *tw_layer_equation(size_t i);
/* The options of layer type i, *n of them: "dense 10 init=he_normal", "leaky_relu:slope=0.2". */
TW_API const tw_option *tw_layer_options(size_t i, int *n);

/* The model's weights: one flat vector of tw_model_size numbers of the model's type, which a run may step in
 * place. Its layout is private, so copy it only to a vector for the same model; the tensors in it are those
 * of the objective. */
TW_API void *tw_model_weights(tw_model *model);
TW_API size_t tw_model_size(const tw_model *model);
TW_API tw_type tw_model_type(const tw_model *model);
/* the first weight that is not finite; tw_model_size: all are */
TW_API size_t tw_model_not_finite(const tw_model *model);
/* canonical, with a preset spelt out */
TW_API const char *tw_model_network(const tw_model *model);

/* The label of class i, below the number of classes: of output i of softmax, of outcome 0 or 1 of sigmoid. It
 * is i unless the training labels have gaps, such as 0 and 2. */
TW_API int32_t tw_model_class(const tw_model *model, size_t i);
/* Its name in the training data, valid as long as the model; NULL: classes are numbers, tw_model_class. */
TW_API const char *tw_model_class_name(const tw_model *model, size_t i);
/* Name of target i, of several that have names in the training data, valid as long as the model; NULL: it has
 * none. Output i is its prediction. */
TW_API const char *tw_model_target_name(const tw_model *model, size_t i);
enum { TW_CLASS_TEXT = 16 };
/* Its name, or its number as a text in `to`. */
TW_API const char *tw_model_class_text(const tw_model *model, size_t i, char to[TW_CLASS_TEXT]);

/* What outputs are: probabilities, of every class or of the second of two; scores, of which the highest is
 * the class's, or one above 0 the second's of two; the predicted numbers. */
typedef enum tw_output { TW_OUTPUT_PROBABILITY = 0, TW_OUTPUT_SCORE = 1, TW_OUTPUT_VALUE = 2 } tw_output;
/* what tw_predict gives for the model's objectives */
TW_API tw_output tw_model_output(const tw_model *model);
/* predictions of a row: 1, or of a sequence one at each time, each with outputs of its own */
TW_API size_t tw_model_predictions(const tw_model *model);
/* What the outputs of one row say: the class by its name or label, or the number (of several the first), as a
 * text of at most `size` bytes with its final 0 in `to`; of a sequence those of its first time. Returns
 * `to`. */
TW_API const char *tw_model_prediction(const tw_model *model, const void *outputs, char *to, size_t size);

/* Sets in `rows`, whose size is set, what this model needs of files of rows that it is to evaluate or
 * predict: tw_model_needs, and the schema of the rows that it was made for, which lives as long as the
 * model. */
TW_API tw_status tw_model_reads(const tw_model *model, tw_data_options *rows, tw_error *err);

/* Fills `out`, whose size is set, with the model on some data as an objective: to train, evaluate or predict.
 * Without labels it only predicts (tw_predict). Model and data must outlive it. It has buffers of its own, so
 * that two objectives of a model may be used at once, as long as nobody steps the weights. TW_ERR_DATA: rows
 * of another shape or type, or a label that the model does not have. */
TW_API tw_status tw_model_objective(tw_model *model, const tw_data *data, tw_objective *out, tw_error *err);
/* Frees the buffers and clears all but the size. One that was not filled because of an error is allowed, as
 * is TW_OBJECTIVE_INIT. */
TW_API void tw_model_objective_free(tw_objective *objective);

/* What a network has just done, for benchmarks. `what`: "fetch", "loss", or a layer's name, those of several
 * with commas between where they run as one; NULL: an evaluation begins. step: the layer's place in the
 * network, from 1; rows: how many it took; products: the multiplications of a row in products of matrices. */
typedef struct tw_network_event {
    const char *what;
    size_t step;
    int backward;
    size_t rows;
    double products;
} tw_network_event;
typedef void tw_network_watch(void *user, const tw_network_event *event);
/* From now on `watch` is called at each event of this objective, and may look at a clock; NULL: no more. Only
 * for a context of one thread. TW_ERR_SPEC: it has more, or the objective is not a network's. */
TW_API tw_status tw_model_watch(tw_objective *objective, tw_network_watch *watch, void *user, tw_error *err);

/* Layer i of a summary. A layer as it is written is one row; its activation belongs to it. */
typedef struct tw_layer_info {
    /* sizeof(tw_layer_info), set by the caller */
    size_t size;
    char name[32], text[96]; /* "conv2d", "conv2d 32 3x3 relu" */
    int rank;
    /* of one row's output: height, width, channels; or a vector's length */
    int64_t out_shape[4];
    uint64_t parameters; /* weights and biases */
} tw_layer_info;
TW_API size_t tw_model_layers(const tw_model *model); /* rows of the summary */
/* TW_ERR_SPEC: no such layer */
TW_API tw_status tw_model_layer(const tw_model *model, size_t i, tw_layer_info *info, tw_error *err);

/* Writes a safetensors file with tensors named and shaped as in torch.nn.Sequential; its metadata are
 * network, input scaling, classes and format version. weights: NULL for the model's own, or a vector in its
 * layout, such as the weights to report (tw_run_weights). An older file stays until the new one is whole and
 * on the disk. TW_ERR_SYSTEM: it cannot be written. */
TW_API tw_status tw_model_save(const tw_model *model, const void *weights, const char *path, tw_error *err);
/* Writes a linear model as liblinear's text, which liblinear-predict reads: logistic (L2R_LR), svm
 * (L2R_L2LOSS_SVC, with loss=hinge L2R_L1LOSS_SVC_DUAL), linear, ridge and huber (L2R_L2LOSS_SVR), softmax
 * (MCSVM_CS, which predicts the same classes and has no probabilities). Weights are those of rows as they
 * are, also where columns are standardized. TW_ERR_SPEC: a model or a class that liblinear does not have. */
TW_API tw_status tw_model_save_liblinear(const tw_model *model, const void *weights, const char *path,
                                         tw_error *err);
/* Writes a model as ONNX (operators of version 17): "input", rows as they are, any number of them, images as
 * height, width, channels, is scaled as in training and becomes "output", what tw_predict gives up to rounding,
 * in the model's type. The metadata have network or model and the classes, class_0, ... weights: as for
 * tw_model_save. TW_ERR_SPEC: a layer of which there is no export, with its name. */
TW_API tw_status tw_model_save_onnx(const tw_model *model, const void *weights, const char *path,
                                    tw_error *err);
/* Creates a model from a file of either kind, or from that of the run in the folder `path`; the file also
 * gives the shape of a row and the classes. TW_ERR_NOT_FOUND: no such file; TW_ERR_DATA: not a model, or
 * damaged, with the tensor or the byte. */
TW_API tw_status tw_model_load(tw_model **out, tw_context *ctx, const char *path, tw_error *err);

#ifdef __cplusplus
}
#endif
#endif
