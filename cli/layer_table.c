/* The table of layers.
 * SPDX-License-Identifier: MIT */
#include "layer_table.h"
#include "table.h"

/* "(26, 26, 32)" */
static const char *shape_text(const tw_layer_info *layer, char to[CLI_CELL])
{
    size_t n = cli_append(to, CLI_CELL, 0, "(");
    for (int i = 0; i < layer->rank && i < 4; i++)
        n = cli_append(to, CLI_CELL, n, "%s%lld", i ? ", " : "", (long long)layer->out_shape[i]);
    cli_append(to, CLI_CELL, n, ")");
    return to;
}

static const char *total_cell(const tw_model *model, int column, char to[CLI_CELL])
{
    tw_layer_info layer = {.size = sizeof layer};
    uint64_t total = 0;
    if (column < 2) return column ? "" : "total";
    for (size_t i = 0; tw_model_layer(model, i, &layer, NULL) == TW_OK; i++) total += layer.parameters;
    return cli_grouped(total, to);
}

static const char *cell(const void *of, size_t row, int column, char to[CLI_CELL])
{
    tw_layer_info layer = {.size = sizeof layer};
    if (row > tw_model_layers(of)) return NULL;
    if (row == tw_model_layers(of)) return total_cell(of, column, to);
    if (tw_model_layer(of, row, &layer, NULL) != TW_OK) return "";
    if (column == 1) return shape_text(&layer, to);
    if (column == 2) return cli_grouped(layer.parameters, to);
    snprintf(to, CLI_CELL, "%s", layer.text);
    return to;
}

void cli_print_layers(FILE *to, const tw_model *model)
{
    static const char *const heads[] = {"layer", "output shape", "parameters", NULL};
    cli_print_table(to, &(struct cli_table){.heads = heads, .cell = cell, .of = model, .numbers = 4},
                    cli_columns(to, 0));
}

json_t *cli_layers_json(const tw_model *model)
{
    json_t *layers = json_array();
    uint64_t total = 0;
    for (size_t i = 0; i < tw_model_layers(model); i++) {
        tw_layer_info layer = {.size = sizeof layer};
        if (tw_model_layer(model, i, &layer, NULL) != TW_OK) continue;
        json_t *shape = json_array();
        for (int k = 0; k < layer.rank; k++) shape = cli_add(shape, json_integer(layer.out_shape[k]));
        layers =
            cli_add(layers, json_pack("{s:s, s:s, s:o, s:I}", "name", layer.name, "layer", layer.text,
                                      "output_shape", shape, "parameters", (json_int_t)layer.parameters));
        total += layer.parameters;
    }
    return json_pack("{s:s, s:o, s:I}", "network", tw_model_network(model), "layers", layers, "parameters",
                     (json_int_t)total);
}
