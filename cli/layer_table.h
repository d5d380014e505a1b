/* A model's layers as a table.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_LAYER_TABLE_H
#define CLI_LAYER_TABLE_H
#include "cli.h"
#include <thalweg/model.h>

/* The layers with their output shapes and parameters, as Keras prints them. */
void cli_print_layers(FILE *to, const tw_model *model);
json_t *cli_layers_json(const tw_model *model);
#endif
