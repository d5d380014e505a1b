/* Reading a network's text (docs/cli.md):
 *
 *     network   = item { ";" item }
 *     item      = layer | "residual(" network [ "|" network ] ")" { activation }
 *     layer     = name [ ":" options ] { word | option } { activation [ ":" options ] }
 *
 * SPDX-License-Identifier: MIT */
#include "base/names.h"
#include "base/options.h"
#include "models/nn/network.h"
#include <stdio.h>
#include <string.h>

/* Of the row of layers that is being read: where it stands, and the value that its last layer made. */
typedef struct row {
    const char *prefix; /* of its layers' paths */
    const char *mark;   /* in the summary, before its first line */
    int depth;
    int next; /* number of the next one in it */
    size_t value;
} row;

static const char spaces[] = " \t";

static void skip_spaces(const char **p) { *p += strspn(*p, spaces); }

/* The next space-separated word of *p up to what ends an item, 0 if there is none; -1 if it is too long. */
static int next_word(const char **p, char *to, size_t n)
{
    skip_spaces(p);
    const size_t length = strcspn(*p, " \t;|()");
    if (length == 0) return 0;
    if (length >= n) return -1;
    memcpy(to, *p, length);
    to[length] = 0;
    *p += length;
    return 1;
}

static tw_status append(tw__network *net, const char *text, tw_error *err)
{
    const size_t used = strlen(net->text), n = strlen(text);
    if (n >= sizeof net->text - used)
        return tw__fail(err, TW_ERR_SPEC, "a network's text may have at most %d characters",
                        TW__NETWORK_TEXT - 1);
    memcpy(net->text + used, text, n + 1);
    return TW_OK;
}

/* A line of the summary. */
static tw_status add_source(tw__network *net, row *at, const char *text, tw_error *err)
{
    TW_TRY(tw__grow(net->ctx, &net->source, &net->source_capacity, net->n_sources + 1, sizeof *net->source,
                    err));
    snprintf(net->source[net->n_sources++].text, sizeof net->source->text, "%*s%s%s", 2 * at->depth, "",
             at->mark, text);
    at->mark = "";
    return TW_OK;
}

static tw_status add_value(tw__network *net, const tw__shape *shape, size_t size, size_t *number,
                           tw_error *err)
{
    TW_TRY(
        tw__grow(net->ctx, &net->values, &net->values_capacity, net->n_values + 1, sizeof *net->values, err));
    net->values[net->n_values] = (tw__value){*shape, size};
    *number = net->n_values++;
    return TW_OK;
}

static tw_status add_operation(tw__network *net, const tw__operation *operation, tw_error *err)
{
    TW_TRY(tw__grow(net->ctx, &net->operations, &net->operations_capacity, net->n_operations + 1,
                    sizeof *net->operations, err));
    net->operations[net->n_operations++] = *operation;
    return TW_OK;
}

/* ---- layers -------------------------------------------------------------------------------------------- */

/* -1: the layer has none of this name. */
static int find_option(const tw__layer_type *type, const char *name)
{
    int i = type->n_options - 1;
    while (i >= 0 && strcmp(type->options[i].name, name) != 0) i--;
    return i;
}

/* An option that many layers have; 0 where the layer has none of this name. */
static double common_option(const tw__layer_type *type, const tw__layer_text *t, const char *name)
{
    const int i = find_option(type, name);
    return i < 0 ? 0 : t->value[i];
}

static tw_status add_layer(tw__network *net, const tw__layer_text *t, row *at, tw_error *err)
{
    const tw__layer_type *type = tw__layer_type_find(t->name);
    TW_TRY(tw__grow(net->ctx, &net->layers, &net->capacity, net->n_layers + 1, sizeof *net->layers, err));
    tw__layer *const l = &net->layers[net->n_layers];
    *l = (tw__layer){.ctx = net->ctx,
                     .type = type,
                     .number = (int)net->n_layers++,
                     .source = (int)net->n_sources - 1,
                     .in = net->values[at->value].shape,
                     .in_size = net->values[at->value].size,
                     .is_first = at->value == 0,
                     .of_input = common_option(type, t, "target") != 0,
                     .is_balanced = common_option(type, t, TW__CLASS_WEIGHT) != 0,
                     .penalty = {.l2 = common_option(type, t, "l2"),
                                 .l1 = common_option(type, t, "l1"),
                                 .max_norm = common_option(type, t, "max_norm")}};
    snprintf(l->path, sizeof l->path, "%s%d", at->prefix, at->next++);
    TW_TRY(tw__alloc(net->ctx, &l->own, type->own_size, 1, err));
    TW_TRY(type->setup(l, t, err));
    if (!tw__size_of_shape(l->out.rank, l->out.n, &l->out_size) || l->out_size > (size_t)1 << 31)
        return tw__fail(err, TW_ERR_SPEC, "layer %d (%s): its output is too large", l->source + 1, t->text);
    tw__operation made = {.layer = l->number, .in = {at->value}};
    TW_TRY(add_value(net, &l->out, l->out_size, &made.out, err));
    at->value = made.out;
    return add_operation(net, &made, err);
}

static tw__table table_of(const tw__layer_type *type)
{
    return (tw__table){.owner = type->name, .options = type->options, .n = type->n_options};
}

/* What a dialect says of the options. */
static tw_status read_dialect(tw__layer_text *t, const tw__layer_type *type, tw__text name, tw_error *err)
{
    const tw__table table = table_of(type);
    const tw_dialect *d = type->dialects;
    tw__spec spec = {.n = 0};
    if (!name.n) return TW_OK;
    while (d && d->name && !tw__text_is(name, d->name)) d++;
    if (!d || !d->name)
        return tw__fail(err, TW_ERR_SPEC, "layer %s has no dialect \"%.*s\"", type->name, TW__SHOW(name));
    TW_TRY(tw__spec_items(&spec, tw__text_of(d->defaults), name, err));
    for (int o = 0; o < spec.n; o++) TW_TRY(tw__option_read(&table, &spec.items[o], t->value, NULL, err));
    return TW_OK;
}

static tw_status read_item(tw__layer_text *t, const tw__layer_type *type, const tw__item *item,
                           unsigned char *given, tw_error *err)
{
    const tw__table table = table_of(type);
    if (type->loss && tw__text_is(item->key, "target") && find_option(type, "target") < 0)
        return tw__fail(err, TW_ERR_SPEC,
                        "%s cannot take the input as its target (target=input); mse, l1_loss, huber_loss and "
                        "bce_loss can",
                        type->name);
    return tw__option_read(&table, item, t->value, given, err);
}

/* A layer's name with its options, which begin as the defaults. */
static tw_status read_name(tw__layer_text *t, const char *word, unsigned char *given, tw_error *err)
{
    tw__spec spec;
    TW_TRY(tw__spec_parse(&spec, tw__text_of(word), err));
    const int i = tw__name_find(spec.name, tw__layer_type_name, NULL);
    if (i < 0) return tw__name_unknown("unknown layer", spec.name, tw__layer_type_name, NULL, err);
    snprintf(t->name, sizeof t->name, "%s", tw__layer_type_name((size_t)i, NULL));
    const tw__layer_type *type = tw__layer_type_find(t->name);
    for (int o = 0; o < type->n_options; o++) t->value[o] = type->options[o].initial;
    TW_TRY(read_dialect(t, type, spec.dialect, err));
    for (int o = 0; o < spec.n; o++) TW_TRY(read_item(t, type, &spec.items[o], given, err));
    return TW_OK;
}

/* "stride=2" */
static tw_status read_option(tw__layer_text *t, const char *word, unsigned char *given, tw_error *err)
{
    const char *equals = strchr(word, '=');
    const tw__item item = {.key = {word, (size_t)(equals - word)}, .value = tw__text_of(equals + 1)};
    return read_item(t, tw__layer_type_find(t->name), &item, given, err);
}

static int is_activation(const char *word)
{
    char name[32];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, ":"), word);
    const tw__layer_type *type = tw__layer_type_find(name);
    return type && type->activation;
}

/* What "classes" stands for, in `word`. */
static tw_status read_classes(const tw__network *net, char *word, size_t n, tw_error *err)
{
    if (strcmp(word, "classes") != 0 || net->classes == 0) return TW_OK;
    if (net->classes == 1)
        return tw__fail(
            err, TW_ERR_DATA,
            "the training labels are all of one class; a network needs at least two to tell apart");
    snprintf(word, n, "%lld", (long long)net->classes);
    return TW_OK;
}

/* A layer or an end of a residual, with its activations: texts of one line of the summary. */
typedef struct line {
    tw__layer_text layer, active[TW__LAYER_WORDS];
    unsigned char given[TW_OPTIONS_MAX], active_given[TW__LAYER_WORDS][TW_OPTIONS_MAX];
    int n_active;
} line;

static tw_status too_many_words(const tw__network *net, const line *l, tw_error *err)
{
    return tw__fail(err, TW_ERR_SPEC, "layer %zu (%s): too many words", net->n_sources + 1, l->layer.text);
}

static tw_status read_word(const tw__network *net, line *l, char *word, size_t n, tw_error *err)
{
    tw__layer_text *const t = &l->layer;
    const size_t used = strlen(t->text);
    TW_TRY(read_classes(net, word, n, err));
    if (used + strlen(word) + 2 >= sizeof t->text) return too_many_words(net, l, err);
    snprintf(t->text + used, sizeof t->text - used, "%s%s", used ? " " : "", word);
    if (used == 0) return read_name(t, word, l->given, err);
    if (is_activation(word)) {
        if (l->n_active == TW__LAYER_WORDS) return too_many_words(net, l, err);
        const int i = l->n_active++;
        return read_name(&l->active[i], word, l->active_given[i], err);
    }
    if (t->name[0] && strchr(word, '=')) return read_option(t, word, l->given, err);
    if (t->n_words == TW__LAYER_WORDS) return too_many_words(net, l, err);
    memcpy(t->word[t->n_words++], word, n);
    return TW_OK;
}

static tw_status read_words(const tw__network *net, const char **p, line *l, tw_error *err)
{
    char word[TW__LAYER_WORD];
    int got;
    while ((got = next_word(p, word, sizeof word)) > 0) TW_TRY(read_word(net, l, word, sizeof word, err));
    if (got == 0) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "layer %zu of the network has a word of more than %zu characters",
                    net->n_sources + 1, sizeof word - 1);
}

/* The last of a line, whose value is then known. */
static tw_status add_activations(tw__network *net, line *l, row *at, tw_error *err)
{
    for (int i = 0; i < l->n_active; i++) {
        memcpy(l->active[i].text, l->layer.text, sizeof l->active[i].text);
        TW_TRY(add_layer(net, &l->active[i], at, err));
    }
    net->source[net->n_sources - 1].value = at->value;
    return TW_OK;
}

static tw_status read_layer(tw__network *net, const char **p, row *at, tw_error *err)
{
    line l = {.n_active = 0};
    TW_TRY(read_words(net, p, &l, err));
    if (!l.layer.text[0])
        return tw__fail(err, TW_ERR_SPEC, "layer %zu of the network is empty", net->n_sources + 1);
    TW_TRY(append(net, l.layer.text, err));
    TW_TRY(add_source(net, at, l.layer.text, err));
    TW_TRY(add_layer(net, &l.layer, at, err));
    return add_activations(net, &l, at, err);
}

/* ---- residuals ----------------------------------------------------------------------------------------- */

static tw_status read_row(tw__network *net, const char **p, row *at, tw_error *err);

static const char residual[] = "residual";
static const int most_depth = 4;

static int is_residual(const char *p)
{
    const size_t n = sizeof residual - 1;
    return strncmp(p, residual, n) == 0 && p[n + strspn(p + n, spaces)] == '(';
}

static tw_status close_residual(tw__network *net, row *at, size_t body, size_t skip, tw_error *err)
{
    char one[TW__SHAPE_TEXT], other[TW__SHAPE_TEXT];
    const tw__value *const a = &net->values[body], *const b = &net->values[skip];
    if (a->shape.rank != b->shape.rank ||
        memcmp(a->shape.n, b->shape.n, (size_t)a->shape.rank * sizeof a->shape.n[0]) != 0)
        return tw__fail(err, TW_ERR_SPEC,
                        "residual (layer %zu): what its layers make is %s, and what they are added to %s; "
                        "\"residual( ... | ... )\" has layers on both sides",
                        net->n_sources + 1, tw__shape_text(&a->shape, one, sizeof one),
                        tw__shape_text(&b->shape, other, sizeof other));
    tw__operation sum = {.layer = -1, .in = {body, skip}};
    const tw__value like = *a;
    TW_TRY(add_value(net, &like.shape, like.size, &sum.out, err));
    at->value = sum.out;
    return add_operation(net, &sum, err);
}

/* residual( ... ): y = x + what the layers make of x; with a "|" the layers behind it make what that is added
 * to. He, Zhang, Ren & Sun 2016, figures 2 and 5. */
static tw_status read_residual(tw__network *net, const char **p, row *at, tw_error *err)
{
    char body_prefix[32], skip_prefix[32];
    row body = {body_prefix, "", at->depth + 1, 0, at->value},
        skip = {skip_prefix, "| ", at->depth + 1, 0, at->value};
    if (at->depth == most_depth)
        return tw__fail(err, TW_ERR_SPEC, "residuals stand at most %d deep in each other", most_depth);
    snprintf(body_prefix, sizeof body_prefix, "%s%d.body.", at->prefix, at->next);
    snprintf(skip_prefix, sizeof skip_prefix, "%s%d.skip.", at->prefix, at->next++);
    TW_TRY(add_source(net, at, residual, err));
    net->source[net->n_sources - 1].value = at->value;
    TW_TRY(append(net, "residual(", err));
    *p = strchr(*p, '(') + 1;
    TW_TRY(read_row(net, p, &body, err));
    if (**p == '|') {
        ++*p;
        TW_TRY(append(net, " | ", err));
        TW_TRY(read_row(net, p, &skip, err));
    }
    if (**p != ')')
        return tw__fail(err, TW_ERR_SPEC, "a residual of the network has no \")\" after layer %zu",
                        net->n_sources);
    ++*p;
    TW_TRY(append(net, ")", err));
    TW_TRY(close_residual(net, at, body.value, skip.value, err));
    line end = {.layer = {.text = ")", .name = ""}};
    TW_TRY(read_words(net, p, &end, err));
    if (end.layer.n_words)
        return tw__fail(err, TW_ERR_SPEC, "only activations come after the \")\" of a residual, not %s",
                        end.layer.word[0]);
    TW_TRY(append(net, end.layer.text + 1, err));
    TW_TRY(add_source(net, at, end.layer.text, err));
    return add_activations(net, &end, at, err);
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

static tw_status read_row(tw__network *net, const char **p, row *at, tw_error *err)
{
    for (;;) {
        skip_spaces(p);
        TW_TRY(is_residual(*p) ? read_residual(net, p, at, err) : read_layer(net, p, at, err));
        skip_spaces(p);
        if (**p != ';') return TW_OK;
        ++*p;
        TW_TRY(append(net, "; ", err));
    }
}

const char *tw__line_words(const tw__line *l) { return l->text + strspn(l->text, " |"); }

static tw_status check_ends(tw__network *net, tw_error *err)
{
    const tw__layer *const last = tw__network_last(net);
    for (size_t i = 0; i < net->n_layers; i++)
        if (&net->layers[i] != last && !net->layers[i].type->backward && !net->layers[i].type->learn)
            return tw__fail(err, TW_ERR_SPEC, "layer %d (%s): %s may only be the last layer",
                            net->layers[i].source + 1, tw__line_words(&net->source[net->layers[i].source]),
                            net->layers[i].type->name);
    if (last && last->of_input && last->out_size != net->values[0].size)
        return tw__fail(
            err, TW_ERR_SPEC,
            "the last layer (%s) makes %zu numbers of a row, and target=input needs as many as the "
            "input has: %zu",
            tw__line_words(&net->source[net->n_sources - 1]), last->out_size, net->values[0].size);
    if (last && last->type->loss) return last->type->classes(last, &net->labels, err);
    return tw__fail(err, TW_ERR_SPEC,
                    "the network ends with \"%s\"; it must end with a layer that has a loss, such as "
                    "softmax, sigmoid or mse",
                    tw__line_words(&net->source[net->n_sources - 1]));
}

tw_status tw__network_read(tw__network *net, const char *text, tw_error *err)
{
    const char *p = text;
    row all = {.prefix = "", .mark = ""};
    TW_TRY(add_value(net, &net->in, tw__shape_size(&net->in), &all.value, err));
    TW_TRY(read_row(net, &p, &all, err));
    if (*p)
        return tw__fail(err, TW_ERR_SPEC, "unexpected \"%.20s\" after layer %zu of the network", p,
                        net->n_sources);
    return check_ends(net, err);
}

/* The last word of the text that names a layer; options have a "=" before any ":". */
static const char *last_layer(const char *text, const tw__layer_type **type)
{
    const char *last = NULL;
    char word[TW__LAYER_WORD];
    *type = NULL;
    for (const char *p = text; *p; p += strspn(p, " \t;|()")) {
        const char *const from = p;
        if (next_word(&p, word, sizeof word) < 0) p += strcspn(p, " \t;|()");
        word[strcspn(word, ":")] = 0;
        const tw__layer_type *const found = tw__layer_type_find(word);
        if (!found) continue;
        *type = found;
        last = from;
    }
    return last;
}

int tw__network_is_of_numbers(const char *text)
{
    const tw__layer_type *type;
    last_layer(text, &type);
    return type && type->of_numbers;
}

int tw__network_is_of_input(const char *text)
{
    const tw__layer_type *type;
    const char *last = last_layer(text, &type);
    return type && type->of_numbers && strstr(last, "target=input");
}
