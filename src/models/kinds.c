/* The registry of models: which kind a text means.
 * SPDX-License-Identifier: MIT */
#include "base/options.h"
#include "models/linear/linear.h"
#include "models/nn/network.h"
#include <string.h>

#define TW__MODEL(name) extern const tw__model_type tw__model_##name;
#include "models/list.h"
#undef TW__MODEL
#define TW__MODEL(name) &tw__model_##name,
static const tw__model_type *const kinds[] = {
#include "models/list.h"
};
#undef TW__MODEL
enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

static const struct {
    const char *name, *network;
} presets[] = {
    {"cnn", "conv2d 32 3x3 relu; maxpool2d 2x2; flatten; dense classes softmax"},
    {"mlp", "flatten; dense 128 relu; dropout 0.2; dense classes softmax"},
};
enum { N_PRESETS = sizeof presets / sizeof presets[0] };

const char *tw_model_preset(size_t i, const char **network)
{
    if (i >= N_PRESETS) return NULL;
    if (network) *network = presets[i].network;
    return presets[i].name;
}

const tw_model_kind *tw_model_kind_at(size_t i) { return i < N_KINDS ? &kinds[i]->about : NULL; }

const char *tw_model_name(size_t i, const char **text)
{
    if (i < N_PRESETS) return tw_model_preset(i, text);
    const tw_model_kind *kind = tw_model_kind_at(i - N_PRESETS);
    if (kind && text) *text = kind->help;
    return kind ? kind->name : NULL;
}

static const char *any_name(size_t i, const void *user)
{
    (void)user;
    return tw_model_name(i, NULL);
}

static tw__table table_of(const tw_model_kind *kind)
{
    return (tw__table){.owner = kind->name, .options = kind->options, .n = kind->n_options};
}

tw_status tw__model_choice_write(tw_model_choice *c, tw_error *err)
{
    double initial[TW_OPTIONS_MAX];
    const tw__table t = table_of(c->kind);
    const size_t n = strlen(t.owner);
    for (int i = 0; i < t.n; i++) initial[i] = t.options[i].initial;
    memcpy(c->spec, t.owner, n + 1);
    if (tw__options_write(&t, c->values, initial, c->spec + n, sizeof c->spec - n)) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "the options of %s are too long", t.owner);
}

static tw_status read_options(tw_model_choice *out, const tw_model_kind *kind, const tw__spec *spec,
                              tw_error *err)
{
    const tw__table t = table_of(kind);
    if (spec->dialect.n) return tw__fail(err, TW_ERR_SPEC, "model \"%s\" has no dialects", kind->name);
    *out = (tw_model_choice){.kind = kind};
    for (int i = 0; i < t.n; i++) out->values[i] = t.options[i].initial;
    for (int i = 0; i < spec->n; i++)
        TW_TRY(tw__option_read(&t, &spec->items[i], out->values, out->given, err));
    return tw__model_choice_write(out, err);
}

/* A single word is a name: no network has less than two layers. */
tw_status tw__model_text_read(tw__model_text *out, const char *text, tw_error *err)
{
    tw__spec spec;
    *out = (tw__model_text){.kind = &tw__model_network, .network = text};
    if (!*text || strpbrk(text, " \t;(")) return TW_OK;
    TW_TRY(tw__spec_parse(&spec, tw__text_of(text), err));
    const int i = tw__name_find(spec.name, any_name, NULL);
    if (i < 0) return tw__name_unknown("unknown model", spec.name, any_name, NULL, err);
    if (i >= N_PRESETS) {
        out->kind = kinds[i - N_PRESETS];
        return read_options(&out->choice, &out->kind->about, &spec, err);
    }
    if (spec.n || spec.dialect.n)
        return tw__fail(err, TW_ERR_SPEC, "the preset %s has no options", presets[i].name);
    out->network = presets[i].network;
    return TW_OK;
}

tw_status tw_model_read(tw_model_choice *out, const char *spec, tw_error *err)
{
    tw__model_text text = {.kind = NULL};
    TW_NEEDS(err, out);
    *out = (tw_model_choice){.kind = NULL};
    TW_NEEDS(err, spec);
    TW_TRY(tw__model_text_read(&text, spec, err));
    *out = text.choice;
    return TW_OK;
}

int tw__model_text_is_of_classes(const tw__model_text *t)
{
    if (t->kind == &tw__model_network) return !tw__network_is_of_numbers(t->network);
    return t->kind->loss && t->kind->loss->is_of_classes;
}

/* What says how rows are read for a model. */
typedef struct needs {
    const tw__model_type *kind;
    const char *text;
    int is_of_classes, of_input, is_standardized; /* of_input: no labels */
    const char *schema;                           /* of its training rows, or NULL */
} needs;

static tw_status check_stream(const needs *n, tw_error *err)
{
    if (!n->kind->loss)
        return tw__fail(err, TW_ERR_SPEC,
                        "option stream: only linear models take rows that stay in a file, and %.200s is none",
                        n->text);
    if (!n->is_standardized) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC,
                    "option stream: %.200s keeps a copy of all rows in memory (convert rows that are scaled)",
                    n->text);
}

/* A network learns from floats, a factorisation from names; a loss says what targets it takes. */
static tw_status set_needs(const needs *n, tw_data_options *to, tw_error *err)
{
    tw_data_options all;
    TW_TRY(tw__sized_read(&all, sizeof all, to, "tw_data_options", err));
    if (all.stream) TW_TRY(check_stream(n, err));
    const size_t size = to->size;
    const int is_network = n->kind == &tw__model_network;
    all.targets = n->is_of_classes ? TW_TARGETS_CLASSES : TW_TARGETS_REALS;
    all.type = is_network ? TW_F32 : 0;
    all.one_target = !is_network;
    if (n->kind->of_names && !all.categories) all.categories = "*";
    all.schema = n->schema;
    all.unlabelled |= n->of_input;
    memcpy(to, &all, size < sizeof all ? size : sizeof all);
    to->size = size;
    return TW_OK;
}

tw_status tw_model_needs(const char *network, tw_data_options *rows, tw_error *err)
{
    tw__model_text text;
    TW_NEEDS(err, network && rows);
    TW_TRY(tw__model_text_read(&text, network, err));
    const needs n = {.kind = text.kind,
                     .text = network,
                     .is_of_classes = tw__model_text_is_of_classes(&text),
                     .of_input = text.network && tw__network_is_of_input(text.network),
                     .is_standardized = text.kind->loss && text.choice.values[TW__LINEAR_STANDARDIZE] != 0};
    return set_needs(&n, rows, err);
}

tw_status tw_model_reads(const tw_model *m, tw_data_options *rows, tw_error *err)
{
    TW_NEEDS(err, m && rows);
    const needs n = {.kind = m->kind,
                     .text = m->text,
                     .is_of_classes = m->labels > 0,
                     .of_input = m->of_input,
                     .is_standardized = m->scale != NULL,
                     .schema = m->schema};
    return set_needs(&n, rows, err);
}
