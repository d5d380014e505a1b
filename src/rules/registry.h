/* What the reading of chains needs of the reading of rules.
 * SPDX-License-Identifier: MIT */
#ifndef TW_RULES_REGISTRY_H
#define TW_RULES_REGISTRY_H
#include <thalweg/registry.h>
#include "base/names.h"

tw__name_at tw__rule_name;
const tw_rule *tw__rule_find(tw__text name); /* NULL if there is none */

/* What a parsed spec chooses of this rule or transform: its values, body and slots, and the canonical
 * text. */
tw_status tw__choice_read(tw_choice *out, const tw_rule *rule, const tw__spec *spec, tw_error *err);
/* An error if the rule exists and was not built (TW_RULES). */
tw_status tw__rule_omitted(tw__text name, tw_error *err);
/* own.c: whether a rule from outside can be used: its names, bounds, defaults and functions. */
tw_status tw__custom_check(const tw_rule *custom, tw_error *err);
#endif
