/* Reading a network's text and laying out its weights.
 * SPDX-License-Identifier: MIT */
#include "models/nn/network.h"
#include "base/random.h"
#include "base/names.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define TW__LAYER(name) extern const tw__layer_type tw__layer_##name;
#include "models/nn/list.h"
#undef TW__LAYER
#define TW__LAYER(name) &tw__layer_##name,
static const tw__layer_type *const types[] = {
#include "models/nn/list.h"
};
#undef TW__LAYER
enum { N_TYPES = sizeof types / sizeof types[0], MOST_LAYERS = 1000 };

const char *tw_layer_type(size_t i, const char **usage, const char **help)
{
    if (i >= N_TYPES) return NULL;
    if (usage) *usage = types[i]->usage;
    if (help) *help = types[i]->help;
    return types[i]->name;
}

const char *tw_layer_equation(size_t i) { return i < N_TYPES ? types[i]->equation : NULL; }

static const char *name_at(size_t i, const void *user)
{
    (void)user;
    return tw_layer_type(i, NULL, NULL);
}

static const tw__layer_type *find_type(const char *name)
{
    const int i = tw__name_find(tw__text_of(name), name_at, NULL);
    return i < 0 ? NULL : types[i];
}

int tw__network_is_of_numbers(const char *text)
{
    size_t end = strlen(text), first;
    while (end > 0 && strchr(" \t", text[end - 1])) end--;
    for (first = end; first > 0 && !strchr(" \t;", text[first - 1]); first--) continue;
    const int i = tw__name_find((tw__text){text + first, end - first}, name_at, NULL);
    return i >= 0 && types[i]->of_numbers;
}

/* ---- words --------------------------------------------------------------------------------------------- */

static int read_count(const char **p, int64_t *value)
{
    if (!isdigit((unsigned char)**p)) return 0;
    int64_t v = 0;
    for (; isdigit((unsigned char)**p); ++*p) {
        v = v * 10 + (**p - '0');
        if (v > 1 << 24) return 0;
    }
    *value = v;
    return v > 0;
}

static const char *list_activations(char to[100])
{
    size_t used = 0;
    for (size_t i = 0; i < N_TYPES && used < 100; i++)
        if (types[i]->activation)
            used += (size_t)snprintf(to + used, 100 - used, "%s%s", used ? ", " : "", types[i]->name);
    return to;
}

tw_status tw__layer_no_words(const tw__layer_text *t, tw_error *err)
{
    char names[100];
    const tw__layer_type *type = find_type(t->name);
    if (t->n_words == 0) return TW_OK;
    if (type && type->activation)
        return tw__fail(err, TW_ERR_SPEC, "%s takes no arguments: unexpected \"%s\"", t->name, t->word[0]);
    return tw__fail(err, TW_ERR_SPEC, "%s takes no arguments but an activation (%s): unexpected \"%s\"",
                    t->name, list_activations(names), t->word[0]);
}

tw_status tw__layer_most_words(const tw__layer *l, const tw__layer_text *t, int most, tw_error *err)
{
    char names[100];
    if (t->n_words <= most) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC,
                    "layer %d (%s): \"%s\" is not supported; write %s (%s), then an activation: %s",
                    l->source + 1, t->text, t->word[most], l->type->usage, l->type->help,
                    list_activations(names));
}

tw_status tw__layer_count(const tw__layer_text *t, int i, const char *what, int64_t *value, tw_error *err)
{
    if (i >= t->n_words)
        return tw__fail(err, TW_ERR_SPEC, "%s needs its %s, a number from 1 to 16777216", t->name, what);
    const char *p = t->word[i];
    if (read_count(&p, value) && *p == 0) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "%s: %s = %s is not a number from 1 to 16777216", t->name, what,
                    t->word[i]);
}

tw_status tw__layer_window(const tw__layer_text *t, int i, const char *what, int64_t *high, int64_t *wide,
                           tw_error *err)
{
    if (i >= t->n_words)
        return tw__fail(err, TW_ERR_SPEC, "%s needs its %s as HIGHxWIDE, for example 3x3", t->name, what);
    const char *p = t->word[i];
    if (read_count(&p, high) && *p == 'x' && (p++, read_count(&p, wide)) && *p == 0) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "%s: %s = %s is not HIGHxWIDE, for example 3x3", t->name, what,
                    t->word[i]);
}

tw_status tw__layer_needs_image(const tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    char in[64];
    if (l->in.rank == 3) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC,
                    "layer %d (%s): %s needs an image (height x width x channels) and gets a vector of %s",
                    l->source + 1, t->text, t->name, tw__shape_text(&l->in, in, sizeof in));
}

/* ---- text ---------------------------------------------------------------------------------------------- */

/* The next space-separated word of *p up to a ';', 0 if there is none; -1 if it is too long. */
static int next_word(const char **p, char *to, size_t n)
{
    while (**p == ' ' || **p == '\t') ++*p;
    size_t length = strcspn(*p, " \t;");
    if (length == 0) return 0;
    if (length >= n) return -1;
    memcpy(to, *p, length);
    to[length] = 0;
    *p += length;
    return 1;
}

static tw_status add_layer(tw__network *net, const tw__layer_text *t, tw_error *err)
{
    const tw__layer_type *type = find_type(t->name);
    if (!type) return tw__name_unknown("unknown layer", tw__text_of(t->name), name_at, NULL, err);
    if (net->n_layers >= MOST_LAYERS)
        return tw__fail(err, TW_ERR_SPEC, "a network may have at most %d layers", MOST_LAYERS);
    TW_TRY(tw__grow(net->ctx, &net->layers, &net->capacity, net->n_layers + 1, sizeof *net->layers, err));
    tw__layer *l = &net->layers[net->n_layers];
    *l = (tw__layer){.type = type,
                     .number = (int)net->n_layers,
                     .source = (int)net->n_sources,
                     .in = net->n_layers ? l[-1].out : net->in};
    TW_TRY(type->setup(l, t, err));
    l->in_size = tw__shape_size(&l->in);
    if (!tw__size_of_shape(l->out.rank, l->out.n, &l->out_size) || l->out_size > (size_t)1 << 31)
        return tw__fail(err, TW_ERR_SPEC, "layer %d (%s): its output is too large", l->source + 1, t->text);
    net->n_layers++;
    return TW_OK;
}

/* One layer as written, with the activations behind its own words. */
static tw_status read_layer(tw__network *net, const char **p, tw_error *err)
{
    tw__layer_text t = {.n_words = 0};
    tw__layer_text active = {.n_words = 0};
    char word[32];
    int got = next_word(p, t.name, sizeof t.name), n_active = 0;
    if (got == 0) return tw__fail(err, TW_ERR_SPEC, "layer %zu of the network is empty", net->n_sources + 1);
    snprintf(t.text, sizeof t.text, "%s", got > 0 ? t.name : "");
    while (got > 0 && (got = next_word(p, word, sizeof word)) > 0) {
        if (strcmp(word, "classes") == 0 && net->classes == 1)
            return tw__fail(
                err, TW_ERR_DATA,
                "the training labels are all of one class; a network needs at least two to tell apart");
        if (strcmp(word, "classes") == 0 && net->classes > 0)
            snprintf(word, sizeof word, "%lld", (long long)net->classes);
        size_t used = strlen(t.text);
        snprintf(t.text + used, sizeof t.text - used, " %s", word);
        const tw__layer_type *type = find_type(word);
        int capacity = type && type->activation ? n_active < TW__LAYER_WORDS : t.n_words < TW__LAYER_WORDS;
        if (!capacity || strlen(t.text) + 1 >= sizeof t.text)
            return tw__fail(err, TW_ERR_SPEC, "layer %zu (%s): too many words", net->n_sources + 1, t.text);
        memcpy(type && type->activation ? active.word[n_active++] : t.word[t.n_words++], word, sizeof word);
    }
    if (got < 0)
        return tw__fail(err, TW_ERR_SPEC, "layer %zu of the network has a word of more than %zu characters",
                        net->n_sources + 1, sizeof word - 1);
    TW_TRY(tw__grow(net->ctx, &net->source, &net->source_capacity, net->n_sources + 1, sizeof *net->source,
                    err));
    snprintf(net->source[net->n_sources], sizeof *net->source, "%s", t.text);
    TW_TRY(add_layer(net, &t, err));
    for (int i = 0; i < n_active; i++) {
        tw__layer_text a = {.n_words = 0};
        memcpy(a.name, active.word[i], sizeof a.name);
        memcpy(a.text, t.text, sizeof a.text);
        TW_TRY(add_layer(net, &a, err));
    }
    net->n_sources++;
    return TW_OK;
}

static tw_status read_text(tw__network *net, const char *text, tw_error *err)
{
    const char *p = text;
    for (;;) {
        TW_TRY(read_layer(net, &p, err));
        while (*p == ' ' || *p == '\t') p++;
        if (*p == 0) break;
        p++; /* ';' */
    }
    for (size_t i = 0; i < net->n_sources; i++) {
        size_t used = strlen(net->text);
        int n = snprintf(net->text + used, sizeof net->text - used, "%s%s", i ? "; " : "", net->source[i]);
        if (n < 0 || (size_t)n >= sizeof net->text - used)
            return tw__fail(err, TW_ERR_SPEC, "a network's text may have at most %d characters",
                            TW__NETWORK_TEXT - 1);
    }
    const tw__layer *last = &net->layers[net->n_layers - 1];
    for (size_t i = 0; i + 1 < net->n_layers; i++)
        if (!net->layers[i].type->backward)
            return tw__fail(err, TW_ERR_SPEC, "layer %d (%s): %s may only be the last layer",
                            net->layers[i].source + 1, net->source[net->layers[i].source],
                            net->layers[i].type->name);
    if (!last->type->loss)
        return tw__fail(
            err, TW_ERR_SPEC,
            "the network ends with \"%s\"; it must end with softmax, sigmoid or mse, from which the loss follows",
            net->source[net->n_sources - 1]);
    return last->type->classes(last, &net->labels, err);
}

/* ---- weights ------------------------------------------------------------------------------------------- */

/* Where element i of a saved tensor stands in the flat vector. */
static size_t place_of(const tw__layer *l, int which, size_t i)
{
    return l->tensor[which].offset + (l->type->place ? l->type->place(l, which, i) : i);
}

/* As a matrix of its first length a tensor lies row by row, or column by column (TW_TENSOR_TRANSPOSED);
 * within a row the columns may stand in any order. */
static unsigned layout_of(const tw__layer *l, int which)
{
    const size_t rows = l->tensor[which].rank > 1 ? (size_t)l->tensor[which].shape[0] : 1;
    if (rows < 2 || l->tensor[which].size == rows) return 0;
    return place_of(l, which, l->tensor[which].size / rows) - place_of(l, which, 0) == 1
               ? TW_TENSOR_TRANSPOSED
               : 0;
}

static tw_status lay_out(tw__network *net, tw_error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < net->n_layers; i++) n += (size_t)net->layers[i].n_tensors;
    if (n == 0)
        return tw__fail(err, TW_ERR_SPEC, "the network \"%s\" has nothing to learn: no layer has weights",
                        net->text);
    net->n_tensors = n;
    TW_TRY(tw__alloc(net->ctx, &net->tensors, n, sizeof *net->tensors, err));
    TW_TRY(tw__alloc(net->ctx, &net->names, n, sizeof *net->names, err));
    n = 0;
    for (size_t i = 0; i < net->n_layers; i++) {
        tw__layer *l = &net->layers[i];
        for (int j = 0; j < l->n_tensors; j++, n++) {
            if (!tw__size_of_shape(l->tensor[j].rank, l->tensor[j].shape, &l->tensor[j].size) ||
                !tw__size_add(net->size, l->tensor[j].size, &net->size) || net->size > (size_t)1 << 40)
                return tw__fail(err, TW_ERR_SPEC, "layer %d (%s): its weights are too many", l->source + 1,
                                net->source[l->source]);
            l->tensor[j].offset = net->size - l->tensor[j].size;
            snprintf(net->names[n], sizeof net->names[n], "%d.%s", l->number, j == 0 ? "weight" : "bias");
            net->tensors[n] = (tw_tensor){.name = net->names[n],
                                          .rank = l->tensor[j].rank,
                                          .shape = l->tensor[j].shape,
                                          .offset = l->tensor[j].offset,
                                          .flags = l->tensor[j].flags | layout_of(l, j)};
        }
    }
    return TW_OK;
}

tw_status tw__network_create(tw__network **out, tw_context *ctx, const char *text, const tw__shape *in,
                             int64_t classes, tw_error *err)
{
    tw__network *net;
    TW_TRY(tw__alloc(ctx, &net, 1, sizeof *net, err));
    net->ctx = ctx;
    net->in = *in;
    net->classes = classes;
    tw_status s = read_text(net, text, err);
    if (s == TW_OK) s = lay_out(net, err);
    if (s == TW_OK) *out = net;
    else tw__network_free(net);
    return s;
}

void tw__network_free(tw__network *net)
{
    if (!net) return;
    tw__free(net->ctx, net->layers, net->capacity, sizeof *net->layers);
    tw__free(net->ctx, net->tensors, net->n_tensors, sizeof *net->tensors);
    tw__free(net->ctx, net->names, net->n_tensors, sizeof *net->names);
    tw__free(net->ctx, net->source, net->source_capacity, sizeof *net->source);
    tw__free(net->ctx, net, 1, sizeof *net);
}

const tw__layer *tw__network_tensor(const tw__network *net, size_t tensor, int *which)
{
    const tw__layer *l = net->layers;
    while (tensor >= (size_t)l->n_tensors) tensor -= (size_t)l++->n_tensors;
    *which = (int)tensor;
    return l;
}

void tw__network_start(const tw__network *net, uint64_t seed, tw_type type, void *w)
{
    for (size_t t = 0; t < net->n_tensors; t++) {
        int which;
        const tw__layer *l = tw__network_tensor(net, t, &which);
        double limit = which == 0 ? __builtin_sqrt(6 / (l->fan_in + l->fan_out)) : 0;
        for (size_t i = 0; i < l->tensor[which].size; i++) {
            double value =
                which == 0 ? limit * (2 * tw__random_unit(seed, TW__FOR_WEIGHTS, (uint32_t)t, i) - 1) : 0;
            if (type == TW_F32) ((float *)w)[place_of(l, which, i)] = (float)value;
            else ((double *)w)[place_of(l, which, i)] = value;
        }
    }
}

/* Copies n elements of `bytes` bytes, 4 or 8, that are `from_step` and `to_step` elements apart. */
static void copy_steps(char *to, size_t to_step, const char *from, size_t from_step, size_t n, size_t bytes)
{
    if (to_step == 1 && from_step == 1) memcpy(to, from, n * bytes);
    else if (bytes == sizeof(float))
        for (size_t i = 0; i < n; i++) memcpy(to + i * to_step * 4, from + i * from_step * 4, 4);
    else
        for (size_t i = 0; i < n; i++) memcpy(to + i * to_step * 8, from + i * from_step * 8, 8);
}

/* Between the saved order of a tensor and the flat vector's: tiles of rows and columns (layout_of), since
 * along one of the two orders each element lies in another page. */
static void reorder(const tw__network *net, size_t tensor, tw_type type, char *saved, char *w, int save)
{
    enum { TILE = 32 };
    int which;
    const tw__layer *l = tw__network_tensor(net, tensor, &which);
    const size_t bytes = tw_type_size(type), size = l->tensor[which].size;
    const size_t rows = l->tensor[which].rank > 1 ? (size_t)l->tensor[which].shape[0] : 1,
                 columns = size / rows;
    const size_t step = rows > 1 ? place_of(l, which, columns) - place_of(l, which, 0) : 0;
    if (!l->type->place) {
        char *at = w + l->tensor[which].offset * bytes;
        memcpy(save ? saved : at, save ? at : saved, size * bytes);
        return;
    }
    for (size_t row = 0; row < rows; row += TILE)
        for (size_t column = 0; column < columns; column++) {
            const size_t n = rows - row < TILE ? rows - row : TILE;
            char *in_file = saved + (row * columns + column) * bytes,
                 *at = w + (place_of(l, which, column) + row * step) * bytes;
            if (save) copy_steps(in_file, columns, at, step, n, bytes);
            else copy_steps(at, step, in_file, columns, n, bytes);
        }
}

void tw__network_export(const tw__network *net, size_t tensor, tw_type type, const void *w, void *saved)
{
    reorder(net, tensor, type, saved, (char *)(uintptr_t)w, 1);
}

void tw__network_import(const tw__network *net, size_t tensor, tw_type type, const void *saved, void *w)
{
    reorder(net, tensor, type, (char *)(uintptr_t)saved, w, 0);
}
