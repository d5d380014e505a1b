/* A model as a table, and what trains it.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H
#include "cli.h"
#include <thalweg/model.h>

/* The layers with their output shapes and parameters, as Keras prints them. */
tw_status cli_print_layers(FILE *to, const tw_model *model, tw_error *err);
json_t *cli_layers_json(const tw_model *model);                         /* NULL: no memory */
#endif
