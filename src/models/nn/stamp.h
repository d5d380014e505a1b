/* Names and texts for the templates of layers (activation.h, number_loss.h): OPTIONS are rows of tw_option.
 * SPDX-License-Identifier: MIT */
#define LAYER_(name) tw__layer_##name
#define LAYER(name) LAYER_(name)
#define TEXT_(name) #name
#define TEXT(name) TEXT_(name)

#ifdef OPTIONS
static const tw_option options[] = {OPTIONS};
#define OPTION_FIELDS .options = options, .n_options = sizeof options / sizeof options[0],
#else
#define OPTION_FIELDS
#endif
