/* The table of layers.
 * SPDX-License-Identifier: MIT */
#include "table.h"
#include <string.h>

/* "(26, 26, 32)" */
static void shape_text(const tw_layer_info *layer, char *to, size_t size)
{
    size_t n = (size_t)snprintf(to, size, "(");
    for (int i = 0; i < layer->rank && i < 4 && n < size; i++)
        n += (size_t)snprintf(to + n, size - n, "%s%lld", i ? ", " : "", (long long)layer->out_shape[i]);
    if (n < size) snprintf(to + n, size - n, ")");
}

tw_status cli_print_layers(FILE *to, const tw_model *model, tw_error *err)
{
    char shape[100], count[32];
    uint64_t total = 0;
    int width = 24;
    tw_layer_info layer;
    for (size_t i = 0; i < tw_model_layers(model); i++) {
        CLI_TRY(tw_model_layer(model, i, &layer, err));
        if ((int)strlen(layer.text) > width) width = (int)strlen(layer.text);
        total += layer.parameters;
    }
    fprintf(to, "%-*s  %-16s  %12s\n", width, "layer", "output shape", "parameters");
    for (size_t i = 0; i < tw_model_layers(model); i++) {
        CLI_TRY(tw_model_layer(model, i, &layer, err));
        shape_text(&layer, shape, sizeof shape);
        fprintf(to, "%-*s  %-16s  %12s\n", width, layer.text, shape, cli_grouped(layer.parameters, count));
    }
    fprintf(to, "%-*s  %-16s  %12s\n", width, "total", "", cli_grouped(total, count));
    return TW_OK;
}

json_t *cli_layers_json(const tw_model *model)
{
    json_t *layers = json_array();
    uint64_t total = 0;
    for (size_t i = 0; i < tw_model_layers(model); i++) {
        tw_layer_info layer;
        if (tw_model_layer(model, i, &layer, NULL) != TW_OK) continue;
        json_t *shape = json_array();
        for (int k = 0; k < layer.rank; k++) json_array_append_new(shape, json_integer(layer.out_shape[k]));
        json_array_append_new(layers, json_pack("{s:s, s:s, s:o, s:I}", "name", layer.name, "layer", layer.text, "output_shape", shape,
                                                "parameters", (json_int_t)layer.parameters));
        total += layer.parameters;
    }
    return json_pack("{s:s, s:o, s:I}", "network", tw_model_network(model), "layers", layers, "parameters", (json_int_t)total);
}
