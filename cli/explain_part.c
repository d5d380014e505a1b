/* thalweg explain for layers, models, exchanges and metrics.
 * SPDX-License-Identifier: MIT */
#include "describe.h"
#include "explain.h"
#include "layer_table.h"
#include <string.h>
#include <thalweg/metrics.h>
#include <thalweg/train.h>

/* The place of `name` in a list; -1 if it is not there. */
static long place_of(const char *name, const char *(*at)(size_t i, const char **text))
{
    const char *one, *text;
    for (long i = 0; (one = at((size_t)i, &text)) != NULL; i++)
        if (!strcmp(one, name)) return i;
    return -1;
}

static const char *layer_at(size_t i, const char **usage)
{
    const char *help;
    return tw_layer_type(i, usage, &help);
}

const char *cli_metric_at(size_t i, const char **help)
{
    const tw_metric *m = tw_metric_at(i);
    if (help) *help = m ? m->help : NULL;
    return m ? m->name : NULL;
}

int cli_is_layer(const char *name) { return place_of(name, layer_at) >= 0; }
int cli_is_model(const char *name) { return place_of(name, tw_model_name) >= 0; }
int cli_is_exchange(const char *name) { return place_of(name, tw_exchange_name) >= 0; }
int cli_is_metric(const char *name) { return place_of(name, cli_metric_at) >= 0; }

tw_status cli_explain_layer(const struct cli_common *common, const char *name, tw_error *err)
{
    const size_t i = (size_t)place_of(name, layer_at);
    const char *usage, *help, *equation = tw_layer_equation(i);
    double values[TW_OPTIONS_MAX];
    int n;
    const tw_option *const options = tw_layer_options(i, &n);
    tw_layer_type(i, &usage, &help);
    for (int o = 0; o < n; o++) values[o] = options[o].initial;
    if (common->json)
        return cli_print_json(json_pack("{s:s, s:s, s:s, s:s, s:o}", "name", name, "usage", usage, "help",
                                        help, "equation", equation, "options",
                                        cli_options_json(n, options, values)),
                              err);
    printf("%s, a layer\n", name);
    cli_print_wrapped(0, help);
    printf("\n%s\n\nequation\n", usage);
    cli_print_equation(equation);
    if (n) {
        printf("\noptions\n");
        cli_print_options(n, options, values);
    }
    putchar('\n');
    cli_print_wrapped(
        0,
        "--model takes layers with \";\" between: \"flatten; dense 128 relu; dense classes softmax\"; thalweg layers lists them");
    return TW_OK;
}

/* The model on rows of the kind that most data sets have: images of 28 x 28, ten classes. */
static tw_status example(tw_context *ctx, const char *name, tw_data **data, tw_model **model, tw_error *err)
{
    static const uint8_t images[10 * 28 * 28];
    static const int32_t labels[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    CLI_TRY(tw_data_create(data, ctx,
                           &(tw_data_info){.size = sizeof(tw_data_info),
                                           .rows = 10,
                                           .rank = 2,
                                           .shape = {28, 28},
                                           .type = TW_U8,
                                           .x = images,
                                           .labels = labels},
                           err));
    return tw_model_create(model, ctx, name, TW_F32, *data, 0, err);
}

static tw_status show_model(const struct cli_common *common, const char *name, const tw_model *model,
                            tw_error *err)
{
    const char *network;
    tw_model_preset((size_t)place_of(name, tw_model_preset), &network);
    if (common->json) {
        json_t *all = cli_layers_json(model);
        all = cli_put(all, "name", cli_string(name));
        all = cli_put(all, "network", cli_string(network));
        return cli_print_json(all, err);
    }
    printf("%s, a model\n", name);
    cli_print_wrapped(0, network);
    puts("\nfor images of 28 x 28 and 10 classes");
    cli_print_layers(stdout, model);
    return TW_OK;
}

json_t *cli_model_json(const tw_model_kind *k)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:o}", "name", k->name, "help", k->help, "paper", k->paper,
                     "equation", k->equation, "options", cli_options_json(k->n_options, k->options, NULL));
}

static tw_status show_kind(const struct cli_common *common, const tw_model_choice *c, tw_error *err)
{
    const tw_model_kind *k = c->kind;
    if (common->json) return cli_print_json(cli_put(cli_model_json(k), "spec", cli_string(c->spec)), err);
    printf("%s, a model\n", c->spec);
    cli_print_wrapped(0, k->help);
    putchar('\n');
    cli_print_method(k->paper, k->equation, k->n_options, k->options, c->values);
    return TW_OK;
}

tw_status cli_explain_model(const struct cli_common *common, const char *spec, tw_error *err)
{
    tw_context *ctx;
    tw_data *data = NULL;
    tw_model *model = NULL;
    tw_model_choice choice;
    CLI_TRY(tw_model_read(&choice, spec, err));
    if (choice.kind) return show_kind(common, &choice, err);
    CLI_TRY(cli_context(common, &ctx, err));
    tw_status status = example(ctx, spec, &data, &model, err);
    if (status == TW_OK) status = show_model(common, spec, model, err);
    tw_model_free(model);
    tw_data_free(data);
    tw_context_free(ctx);
    return status;
}

json_t *cli_exchange_json(const tw_exchange *e)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:o}", "name", e->name, "help", e->help, "paper", e->paper,
                     "equation", e->equation, "transport", e->is_transport, "options",
                     cli_options_json(e->n_options, e->options, NULL));
}

static void print_exchange(const tw_exchange *e, const double *values)
{
    printf("%s, %s\n", e->name, e->is_transport ? "a transport" : "an exchange");
    cli_print_wrapped(0, e->help);
    putchar('\n');
    cli_print_method(e->paper, e->equation, e->n_options, e->options, values);
}

tw_status cli_explain_exchange(const struct cli_common *common, const char *spec, tw_error *err)
{
    const tw_exchange *named = tw_exchange_find(spec);
    tw_exchange_choice c;
    CLI_TRY(tw_exchange_read(&c, spec, err));
    if (common->json) {
        json_t *all = json_pack("{s:s, s:b, s:o}", "spec", c.spec, "exact", c.is_exact, "protocol",
                                cli_exchange_json(c.protocol));
        if (c.transport) all = cli_put(all, "transport", cli_exchange_json(c.transport));
        if (named && named->stands_for) all = cli_put(all, "another_name", cli_exchange_json(named));
        return cli_print_json(all, err);
    }
    if (named && named->stands_for) printf("%s, another name of %s\n\n", named->name, named->stands_for);
    if (c.transport) {
        cli_print_sentence(0, "%s: %s", c.spec,
                           c.is_exact ? "the bits of local" : "another result than local's");
        putchar('\n');
    }
    print_exchange(c.protocol, c.values);
    if (!c.transport) return TW_OK;
    putchar('\n');
    print_exchange(c.transport, c.transport_values);
    return TW_OK;
}

tw_status cli_explain_metric(const struct cli_common *common, const char *name, tw_error *err)
{
    const tw_metric *m = tw_metric_at((size_t)place_of(name, cli_metric_at));
    if (common->json)
        return cli_print_json(json_pack("{s:s, s:s, s:s}", "name", name, "help", m->help, "equation",
                                        m->equation),
                              err);
    printf("%s, a metric (thalweg eval)\n", name);
    cli_print_wrapped(0, m->help);
    puts("\nequation");
    cli_print_equation(m->equation);
    return TW_OK;
}
