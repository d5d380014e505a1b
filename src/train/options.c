/* The table of a run's options, and what is made of any such table.
 * SPDX-License-Identifier: MIT */
#include "train/options.h"
#include "base/options.h"
#include "train/json.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- the table ----------------------------------------------------------------------------------------- */

#define AT(member) offsetof(tw_job_options, member)
enum {
    RACED = TW_FIELD_RACED,
    DATA = TW_FIELD_RACED | TW_FIELD_DATA_ONLY,
    RESOURCE = TW_FIELD_RESOURCE,
    IF_SET = TW_FIELD_IF_SET,
    NO_BITS = TW_FIELD_NO_BITS,
    NO_SOLVER = TW_FIELD_NO_SOLVER,
    FILES = DATA | IF_SET, /* the fingerprints of the rows stand for what they are */
    READS = FILES | TW_FIELD_READS,
    STREAMS = IF_SET | NO_BITS | TW_FIELD_READS
};

static const tw_field rows[] = {
    {"data", NULL, TW_FIELD_TEXT, AT(data), NULL, NULL, 0, 0, DATA | NO_BITS, "DATA", "a data set"},
    {"more", NULL, TW_FIELD_TEXT, AT(more), NULL, NULL, 0, 0, FILES | NO_BITS, "DATA...",
     "more files of such rows"},
    {"test", "test", TW_FIELD_TEXT, AT(test), NULL, NULL, 0, 0, FILES | NO_BITS, "FILE",
     "test rows, in a file like DATA"},
    {"format", "format", TW_FIELD_TEXT, AT(format), NULL, NULL, 0, 0, READS | NO_BITS, "F",
     "format of the files, found from their content (default): libsvm, csv, npy, twd, idx, cifar10, image; or text, whose characters are learnt"},
    {"label", "label", TW_FIELD_TEXT, AT(label), NULL, NULL, 0, 0, READS | NO_BITS, "COLUMN",
     "column of labels or targets, by its name or number (default: the last, -1), or several of targets: y1,y2 or 3-5"},
    {"row_weight", "row-weight", TW_FIELD_TEXT, AT(row_weight), NULL, NULL, 0, 0, READS | NO_BITS, "COLUMN",
     "column of the rows' weights"},
    {"group_by", "group-by", TW_FIELD_TEXT, AT(group_by), NULL, NULL, 0, 0, READS | NO_BITS, "COLUMN",
     "column of groups, whose rows stay together when some are kept for validation"},
    {"columns", "columns", TW_FIELD_TEXT, AT(columns), NULL, NULL, 0, 0, READS | NO_BITS, "\"C...\"",
     "the only columns to take, e.g. \"age 3-7\""},
    {"without", "without", TW_FIELD_TEXT, AT(without), NULL, NULL, 0, 0, READS | NO_BITS, "\"C...\"",
     "columns to leave out, e.g. \"id 3-7\""},
    {"categories", "categories", TW_FIELD_TEXT, AT(categories), NULL, NULL, 0, 0, READS | NO_BITS, "\"C...\"",
     "columns of a table that hold names, even if they look like numbers, e.g. \"user item\" (* all of them)"},
    {"missing", "missing", TW_FIELD_TEXT, AT(missing), NULL, "error zero mean skip", 0, 0, READS | NO_BITS,
     "error|zero|mean|skip",
     "a missing value is an error (default), counts as 0 or as its column's mean, or its row is left out"},
    {"index_base", "index-base", TW_FIELD_TEXT, AT(index_base), NULL, "0 1", 0, 0, READS | NO_BITS, "0|1",
     "LIBSVM: the number of the first column (default: 0 if it occurs, else 1)"},
    {"features", "features", TW_FIELD_NATURAL, AT(features), NULL, NULL, 1, 4294967295, READS | NO_BITS, "N",
     "LIBSVM: columns of a row, where more than occur"},
    {"hash_bits", "hash-bits", TW_FIELD_NATURAL, AT(hash_bits), NULL, NULL, 1, 30, READS | NO_BITS, "N",
     "2^N columns, to which LIBSVM's features come by a hash of their index, the texts of a table by one of \"column=text\", so that it need not be known how many there are"},
    {"skip_bad", "skip-bad", TW_FIELD_NATURAL, AT(skip_bad), NULL, NULL, 1, 0, READS | NO_BITS, "N",
     "leave out up to N bad rows, with a warning"},
    {"length", "length", TW_FIELD_NATURAL, AT(length), NULL, NULL, 2, 16777216, READS | NO_BITS, "N",
     "of a text: characters in a row (default: 64)"},
    {"image_size", "image-size", TW_FIELD_TEXT, AT(image_size), NULL, NULL, 0, 0, READS | NO_BITS, "HxW",
     "scale PNG and JPEG images to H x W pixels; without it all must have one size"},
    {"stream", "stream", TW_FIELD_FLAG, AT(stream), NULL, NULL, 0, 0, STREAMS, NULL,
     "leave the rows of linear models in a file, which may be larger than memory; rows that are not converted are (thalweg data "
     "convert), beside the run's folder"},
    {"window", "window", TW_FIELD_NATURAL, AT(window), NULL, NULL, 1, 1048576, STREAMS, "MB",
     "with --stream: megabytes of rows that are in memory, and among which they are shuffled, at a time (default: 64)"},
    {"model", "model", TW_FIELD_TEXT, AT(model), NULL, NULL, 0, 0, DATA, "M",
     "a name (thalweg models), e.g. logistic:l2=1e-4, or a network, e.g. \"flatten; dense 128 relu; dense classes softmax\""},
    {"from", "from", TW_FIELD_TEXT, AT(from), NULL, NULL, 0, 0, IF_SET | NO_BITS, "MODEL",
     "start from the weights of MODEL, a run's folder or a model file, whose columns and classes DATA must have; --model may be left "
     "out"},
    {"cv", "cv", TW_FIELD_NATURAL, AT(cv), NULL, NULL, 2, 4294967295, FILES | NO_BITS, "K",
     "first cross-validate: fit K models, each to all rows but those of one fold, and evaluate it on these; classes are spread evenly, "
     "groups (--group-by) stay whole"},
    {"path", "path", TW_FIELD_NATURAL, AT(path), NULL, NULL, 2, 10000, IF_SET, "N",
     "linear models: N falling penalties, each from the weights of the one before, in the proportion of --l1 and --l2 (default: l2 "
     "alone); the best by --cv or --val is taken, else the last; without a method, --solver auto"},
    {"path_ratio", "path-ratio", TW_FIELD_REAL, AT(path_ratio), NULL, NULL, 0, 1, IF_SET, "R",
     "with --path: the last penalty divided by the first (default: 0.001)"},
    {"optimizer", "optimizer", TW_FIELD_TEXT, AT(run.optimizer), "adam", NULL, 0, 0, NO_SOLVER, "O",
     "update rule, e.g. adam:lr=3e-4 (thalweg rules); an estimator's name, e.g. saga, means --estimator saga with the rule sgd"},
    {"estimator", "estimator", TW_FIELD_TEXT, AT(run.estimator), "minibatch", NULL, 0, 0, DATA | NO_SOLVER,
     "E", "gradient estimator (thalweg estimators)"},
    {"schedule", "schedule", TW_FIELD_TEXT, AT(run.schedule), "constant", NULL, 0, 0, RACED | NO_SOLVER, "S",
     "how hyperparameters change, e.g. \"warmup/500;cosine\" (thalweg schedules)"},
    {"exchange", "exchange", TW_FIELD_TEXT, AT(run.exchange), "local", NULL, 0, 0, DATA | NO_SOLVER, "X",
     "how workers share their progress, e.g. ps:sync=ssp,staleness=4,workers=2, or simulated, sim:workers=1000,sync=asp (thalweg exchanges); local: one process"},
    {"trace", "trace", TW_FIELD_TEXT, AT(run.trace), NULL, NULL, 0, 0, RESOURCE | NO_SOLVER, "FILE",
     "with workers: write every evaluation and message into FILE, a table, which --replay repeats"},
    {"replay", "replay", TW_FIELD_TEXT, AT(run.replay), NULL, NULL, 0, 0, RESOURCE | NO_SOLVER, "FILE",
     "repeat a run on threads in the order of its trace, to the bit; the other options must be that run's"},
    {"control", "control", TW_FIELD_TEXT, AT(run.control), NULL, NULL, 0, 0, RACED | IF_SET | NO_SOLVER,
     "\"C...\"", "controls that monitor the run, e.g. \"plateau:factor=0.5 early_stop\" (thalweg controls)"},
    {"groups", "group", TW_FIELD_TEXT, AT(run.groups), NULL, NULL, 0, 0, DATA | IF_SET | NO_SOLVER,
     "\"G...\"",
     "rule options for the tensors that fit a pattern, e.g. \"*.bias:weight_decay=0 0.*:lr_mult=10,freeze=0\""},
    {"nonfinite", "nonfinite", TW_FIELD_WORD, AT(run.nonfinite), "error", "error skip zero", 0, 0,
     DATA | IF_SET | NO_SOLVER, "error|skip|zero",
     "a non-finite loss or gradient ends the run (error), its update is skipped (skip), or it counts as 0 (zero); a state that "
     "overflows ends the run in any case"},
    {"sparse", "sparse", TW_FIELD_WORD, AT(run.sparse), "exact", "exact skip replay touched dense degree", 0,
     0, DATA | IF_SET | NO_SOLVER, "exact|skip|replay|touched|dense|degree",
     "on sparse rows, the weights that an update does not touch: as in a step of all (exact), in closed form (skip) or one by one "
     "(replay) when next touched, left alone (touched), or a step of all (dense); degree: l2 of a row moves what the row touches alone"},
    {"fused", "fused", TW_FIELD_WORD, AT(run.fused), "auto", "auto no", 0, 0, DATA | IF_SET | NO_SOLVER,
     "auto|no",
     "sag, saga, svrg, sarah and katyusha on linear models with plain sgd keep one number per row and step what a row touches (auto), or whole "
     "vectors (no)"},
    {"solver", "solver", TW_FIELD_TEXT, AT(run.solver), NULL, NULL, 0, 0, IF_SET, "S",
     "a loop of its own in place of optimizer, estimator and schedule, e.g. lbfgs (thalweg solvers)"},
    {"tol", "tol", TW_FIELD_POSITIVE, AT(run.tol), NULL, NULL, 0, 0, IF_SET, "T",
     "with --solver: stop when --stop is at most T (default: 1e-6)"},
    {"stop", "stop", TW_FIELD_TEXT, AT(run.stop), NULL, "grad step objective gap", 0, 0, IF_SET,
     "grad|step|objective|gap",
     "what --tol is compared with: the gradient's norm by that at the start (grad, the default), the largest change of a weight (step), the relative "
     "change of the loss (objective), the duality gap by the loss (gap; linear models with a penalty)"},
    {"epochs", "epochs", TW_FIELD_NATURAL, AT(run.epochs), "5", NULL, 1, 1e9, DATA, "N",
     "passes over the training rows; with --solver its iterations, 1000 at most where not given"},
    {"batch", "batch", TW_FIELD_NATURAL, AT(run.batch), NULL, NULL, 1, 1e9, DATA | NO_SOLVER, "B",
     "rows per update (default: 32)"},
    {"accumulate", "accumulate", TW_FIELD_NATURAL, AT(run.accumulate), "1", NULL, 1, 1e9, DATA | NO_SOLVER,
     "K", "batches per update; the result is that of --batch K*B, to the bit"},
    {"val", "val", TW_FIELD_REAL, AT(val), "0", NULL, 0, 1, DATA, "F",
     "share of the training rows, the last ones, kept for validation"},
    {"augment", "augment", TW_FIELD_TEXT, AT(augment), NULL, NULL, 0, 0, DATA | IF_SET | NO_SOLVER,
     "\"A...\"",
     "networks on images: change the training images at random, in every epoch anew (thalweg augmentations), e.g. \"shift:pixels=2 rotate\""},
    {"pretrain", "pretrain", TW_FIELD_NATURAL, AT(pretrain), NULL, NULL, 1, 1e9, IF_SET, "N",
     "networks: N epochs for each hidden dense layer, one after the other, as an autoencoder of what the layers below it make of the rows; then training"},
    {"pretrain_on", "pretrain-on", TW_FIELD_TEXT, AT(pretrain_on), NULL, NULL, 0, 0, IF_SET, "DATA",
     "with --pretrain: a data set to do that on, whose labels are not needed (default: the training rows)"},
    {"pretrain_noise", "pretrain-noise", TW_FIELD_REAL, AT(pretrain_noise), NULL, NULL, 0, 1, IF_SET, "F",
     "with --pretrain: the share of a layer's inputs that are hidden from it meanwhile (default: 0)"},
    {"seed", "seed", TW_FIELD_NATURAL, AT(run.seed), "0", NULL, 0, 0, RACED, "S",
     "seed of all random numbers"},
    {"dtype", "dtype", TW_FIELD_TEXT, AT(dtype), "f32", "f32 f64", 0, 0, RACED, "f32|f64",
     "type of the weights"},
    {"limit", "limit", TW_FIELD_NATURAL, AT(limit), NULL, NULL, 1, 0, DATA, "ROWS",
     "use only the first ROWS training rows, after --val is cut off"},
    {"target", "target", TW_FIELD_TEXT, AT(run.target), NULL, NULL, 0, 0, RACED, "METRIC=VALUE",
     "stop when reached, e.g. val_accuracy=0.98; checked after each epoch, and every --eval-every STEPS"},
    {"eval_every", "eval-every", TW_FIELD_NATURAL, AT(run.eval_every), NULL, NULL, 1, 0,
     DATA | IF_SET | NO_SOLVER, "STEPS", "with --target: check it every STEPS updates, too"},
    {"time", "time", TW_FIELD_POSITIVE, AT(run.seconds), NULL, NULL, 0, 0, NO_BITS, "SECONDS",
     "stop after this time in total, including resumed time; with --resume a new limit"},
    {"metrics", "metrics", TW_FIELD_TEXT, AT(metrics), NULL, NULL, 0, 0, IF_SET | NO_BITS, "LIST",
     "with --test or --val: metrics of these rows in the end, \"auc f1\" (thalweg metrics), all that fit, or none (default: a few, of linear models)"},
    {"keep", "keep", TW_FIELD_TEXT, AT(keep), "last", "last best", 0, 0, 0, "last|best",
     "which epoch's weights are the model; best is by val_loss and needs --val"},
    {"checkpoint_every", "checkpoint-every", TW_FIELD_NATURAL, AT(checkpoint_every), NULL, NULL, 1, 0,
     NO_BITS, "STEPS", "write a checkpoint every STEPS updates (default: at every epoch's end)"},
    {"out", "out", TW_FIELD_TEXT, AT(out), NULL, NULL, 0, 0, RACED | RESOURCE, "DIR",
     "the run's folder, with model, history and report.html (default: out/TIME-MODEL-OPTIMIZER)"},
    {"force", "force", TW_FIELD_FLAG, AT(force), NULL, NULL, 0, 0, RACED | RESOURCE, NULL,
     "replace an existing run"},
    {"numbered", NULL, TW_FIELD_FLAG, AT(numbered), NULL, NULL, 0, 0, RACED | RESOURCE, NULL,
     "take the first free of out, out-2, out-3, ..."},
    {"directory", NULL, TW_FIELD_TEXT, AT(directory), NULL, NULL, 0, 0, RACED | RESOURCE, "DIR",
     "directory from which relative data paths start"},
    {"cache", NULL, TW_FIELD_TEXT, AT(cache), NULL, NULL, 0, 0, RACED | RESOURCE, "DIR",
     "folder for generated data sets"},
    {"home", NULL, TW_FIELD_TEXT, AT(home), NULL, NULL, 0, 0, RACED | RESOURCE, "DIR",
     "folder in which data sets are looked for by name"},
};

int tw_job_fields(size_t i, tw_field *out)
{
    if (i >= sizeof rows / sizeof rows[0]) return 0;
    *out = rows[i];
    return 1;
}

int tw_read_fields(size_t i, tw_field *out)
{
    for (size_t k = 0; tw_job_fields(k, out); k++)
        if (out->traits & TW_FIELD_READS && i-- == 0) return 1;
    return 0;
}

/* ---- one field ----------------------------------------------------------------------------------------- */

static const char **text_at(const tw_field *f, const void *options)
{
    return (const char **)(uintptr_t)((const char *)options + f->offset);
}
static uint64_t *natural_at(const tw_field *f, const void *options)
{
    return (uint64_t *)(uintptr_t)((const char *)options + f->offset);
}
static double *real_at(const tw_field *f, const void *options)
{
    return (double *)(uintptr_t)((const char *)options + f->offset);
}
static int *int_at(const tw_field *f, const void *options)
{
    return (int *)(uintptr_t)((const char *)options + f->offset);
}
static int is_real(const tw_field *f) { return f->type == TW_FIELD_REAL || f->type == TW_FIELD_POSITIVE; }

static int is_set(const tw_field *f, const void *options)
{
    if (f->type == TW_FIELD_TEXT) return *text_at(f, options) != NULL;
    if (f->type == TW_FIELD_NATURAL) return *natural_at(f, options) != 0;
    return is_real(f) ? *real_at(f, options) != 0 : *int_at(f, options) != 0;
}

/* The i-th of some words; its end, or NULL past the last. */
static tw__text word_at(const char *words, int i)
{
    tw__text word = {words, strcspn(words, " ")};
    for (; i > 0 && word.n; i--) {
        word.at += word.n + (word.at[word.n] == ' ');
        word.n = strcspn(word.at, " ");
    }
    return word;
}

static int word_index(const char *words, const char *text)
{
    for (int i = 0; word_at(words, i).n; i++)
        if (tw__text_is(word_at(words, i), text)) return i;
    return -1;
}

static tw_status not_a_word(const tw_field *f, const char *text, tw_error *err)
{
    char list[128] = "";
    for (int i = 0; word_at(f->words, i).n; i++) {
        const tw__text word = word_at(f->words, i);
        const size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%.*s",
                 i == 0                       ? ""
                 : word_at(f->words, i + 1).n ? ", "
                                              : " or ",
                 (int)word.n, word.at);
    }
    return tw__fail(err, TW_ERR_SPEC, "%s = %.40s is not %s", f->name, text, list);
}

static tw_status check_natural(const tw_field *f, uint64_t x, tw_error *err)
{
    const unsigned long long most = f->most > 0 ? (unsigned long long)f->most : INT64_MAX;
    if (x == 0 || (x >= (unsigned long long)f->least && x <= most)) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "%s = %llu is outside [%llu, %llu]", f->name, (unsigned long long)x,
                    (unsigned long long)f->least, most);
}

static tw_status check_real(const tw_field *f, double x, tw_error *err)
{
    char low[TW_VALUE_MAX], high[TW_VALUE_MAX];
    if (x >= f->least && isfinite(x) && (f->most <= 0 || x < f->most)) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "%s = %g is outside [%s, %s)", f->name, tw__shown(x),
                    tw__number_text(f->least, low), f->most > 0 ? tw__number_text(f->most, high) : "inf");
}

static tw_status check(const tw_field *f, const void *options, tw_error *err)
{
    const char *text = f->type == TW_FIELD_TEXT ? *text_at(f, options) : NULL;
    if (text && f->words && word_index(f->words, text) < 0) return not_a_word(f, text, err);
    if (text && !(f->traits & TW_FIELD_RESOURCE)) return tw__json_check_text(f->name, text, err);
    if (f->type == TW_FIELD_NATURAL) return check_natural(f, *natural_at(f, options), err);
    if (f->type == TW_FIELD_WORD && !word_at(f->words, *int_at(f, options)).n)
        return tw__fail(err, TW_ERR_SPEC, "%s = %d is none of the values there are", f->name,
                        *int_at(f, options));
    return is_real(f) ? check_real(f, *real_at(f, options), err) : TW_OK;
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

tw_status tw__fields_copy(tw_fields *fields, void *options, tw_context *ctx, tw_error *err)
{
    tw_field f;
    tw_status s = TW_OK;
    for (size_t i = 0; fields(i, &f); i++) {
        char *copy = NULL;
        if (f.type != TW_FIELD_TEXT) continue;
        if (s == TW_OK && *text_at(&f, options)) s = tw__copy_text(ctx, &copy, *text_at(&f, options), err);
        *text_at(&f, options) = copy;
    }
    return s;
}

void tw__fields_free(tw_fields *fields, void *options, tw_context *ctx)
{
    tw_field f;
    for (size_t i = 0; fields(i, &f); i++)
        if (f.type == TW_FIELD_TEXT) tw__free_text(ctx, (char *)(uintptr_t)*text_at(&f, options));
}

tw_status tw__fields_check(tw_fields *fields, const void *options, tw_error *err)
{
    tw_field f;
    for (size_t i = 0; fields(i, &f); i++) TW_TRY(check(&f, options, err));
    return TW_OK;
}

const char *tw__fields_set(tw_fields *fields, const void *options, unsigned mask, unsigned traits)
{
    tw_field f;
    for (size_t i = 0; fields(i, &f); i++)
        if ((f.traits & mask) == traits && is_set(&f, options)) return f.name;
    return NULL;
}

static json_t *value_json(tw__json_builder *b, const tw_field *f, const void *options, int resolved)
{
    const int usual = resolved && f->usual && !is_set(f, options);
    double number = 0;
    if (usual && f->type != TW_FIELD_TEXT) tw__number_read(tw__text_of(f->usual), &number);
    if (f->type == TW_FIELD_NATURAL)
        return tw__json_natural(b, usual ? (uint64_t)number : *natural_at(f, options));
    if (f->type == TW_FIELD_FLAG) return json_boolean(*int_at(f, options));
    if (is_real(f)) return tw__json_real(b, usual ? number : *real_at(f, options));
    if (f->type == TW_FIELD_WORD) {
        char word[64] = "";
        const tw__text chosen = word_at(f->words, *int_at(f, options));
        memcpy(word, chosen.at, chosen.n < sizeof word ? chosen.n : sizeof word - 1);
        return tw__json_text_value(b, word);
    }
    const char *text = usual ? f->usual : *text_at(f, options);
    return text ? tw__json_text_value(b, text) : json_null();
}

json_t *tw__fields_json(tw__json_builder *b, tw_fields *fields, const void *options, int resolved,
                        unsigned without)
{
    tw_field f;
    json_t *o = tw__json_object(b);
    for (size_t i = 0; fields(i, &f); i++) {
        if (f.traits & (TW_FIELD_RESOURCE | without) ||
            (!is_set(&f, options) && (f.traits & TW_FIELD_IF_SET)))
            continue;
        tw__json_put(b, o, f.name, value_json(b, &f, options, resolved));
    }
    return o;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static const char *type_text(const tw_field *f)
{
    return f->type == TW_FIELD_NATURAL ? "a whole number"
           : f->type == TW_FIELD_FLAG  ? "true or false"
           : is_real(f)                ? "a number"
                                       : "a text";
}

tw_status tw__field_wrong(const tw_field *f, const json_t *value, tw_error *err)
{
    char range[64] = "", text[TW__JSON_BRIEF];
    if (f->type == TW_FIELD_NATURAL && f->most > 0)
        snprintf(range, sizeof range, " from %llu to %llu", (unsigned long long)f->least,
                 (unsigned long long)f->most);
    else if (f->type == TW_FIELD_NATURAL)
        snprintf(range, sizeof range, " of at least %llu", (unsigned long long)f->least);
    return tw__fail(err, TW_ERR_SPEC, "%s = %.40s is not %s%s", f->name, tw__json_brief(value, text),
                    type_text(f), range);
}

static tw_status read_value(const tw_field *f, void *options, const json_t *value, tw_error *err)
{
    const char *text = json_string_value(value);
    const int fits = f->type == TW_FIELD_NATURAL ? json_is_integer(value) && json_integer_value(value) >= 0
                     : f->type == TW_FIELD_FLAG  ? json_is_boolean(value)
                     : is_real(f)                ? json_is_number(value)
                                                 : text != NULL;
    /* as a text that is not given is recorded */
    if (json_is_null(value) && f->type == TW_FIELD_TEXT) return TW_OK;
    if (!fits) return tw__field_wrong(f, value, err);
    if (f->type == TW_FIELD_TEXT) *text_at(f, options) = text;
    else if (f->type == TW_FIELD_NATURAL) *natural_at(f, options) = (uint64_t)json_integer_value(value);
    else if (is_real(f)) *real_at(f, options) = json_number_value(value);
    else if (f->type == TW_FIELD_FLAG) *int_at(f, options) = json_is_true(value);
    else if ((*int_at(f, options) = word_index(f->words, text)) < 0) return not_a_word(f, text, err);
    return check(f, options, err);
}

static int find(tw_fields *fields, const char *name, tw_field *f)
{
    for (size_t i = 0; fields(i, f); i++)
        if (strcmp(f->name, name) == 0 && !(f->traits & TW_FIELD_RESOURCE)) return 1;
    return 0;
}

static tw_status unknown(tw_fields *fields, const char *name, tw_error *err)
{
    tw_field f;
    tw__guess guess = tw__guess_for(tw__text_of(name));
    for (size_t i = 0; fields(i, &f); i++)
        if (!(f.traits & TW_FIELD_RESOURCE)) tw__guess_offer(&guess, tw__text_of(f.name));
    return tw__fail(err, TW_ERR_SPEC, "unknown option \"%.60s\"%s", name, tw__guess_hint(&guess));
}

/* Recorded in any case, but for what a solver takes the place of. */
static int must_be_there(const tw_field *f, const json_t *from)
{
    const int has_solver = json_object_get(from, "solver") != NULL;
    return !(f->traits & (TW_FIELD_RESOURCE | TW_FIELD_IF_SET)) &&
           !(has_solver && f->traits & TW_FIELD_NO_SOLVER);
}

tw_status tw__fields_read(tw_fields *fields, void *options, const json_t *from, int whole, tw_error *err)
{
    const char *name;
    json_t *value;
    tw_field f;
    json_object_foreach ((json_t *)(uintptr_t)from, name, value)
        TW_TRY(find(fields, name, &f) ? read_value(&f, options, value, err) : unknown(fields, name, err));
    for (size_t i = 0; whole && fields(i, &f); i++)
        if (must_be_there(&f, from) && !json_object_get(from, f.name))
            return tw__fail(err, TW_ERR_SPEC, "\"%s\" is missing", f.name);
    return TW_OK;
}

tw_status tw__fields_read_known(tw_fields *fields, void *options, const json_t *from, tw_error *err)
{
    tw_field f;
    for (size_t i = 0; fields(i, &f); i++) {
        const json_t *value = f.traits & TW_FIELD_RESOURCE ? NULL : json_object_get(from, f.name);
        if (value) TW_TRY(read_value(&f, options, value, err));
    }
    return TW_OK;
}
