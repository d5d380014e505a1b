/* What rules are shown with: names, memory, values.
 * SPDX-License-Identifier: MIT */
#include "rule_text.h"
#include <string.h>

const tw_rule *cli_rule_named(const tw_choice *choice)
{
    char name[TW_SPEC_MAX];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(choice->spec, "@:"), choice->spec);
    const tw_rule *named = tw_rule_find(name);
    return named && choice->rule->place == TW_RULE ? named : choice->rule;
}

const char *cli_extent_text(tw_extent extent)
{
    static const char *const texts[] = {"per weight", "per row of a matrix", "per column of a matrix",
                                        "per weight of what is no matrix"};
    return texts[extent];
}

double cli_rule_keeps(const tw_choice *c, double rows, double columns)
{
    double n = 0, weights = rows > 0 ? rows * columns : columns;
    for (int i = 0; i < c->rule->n_slots; i++) {
        if (!(c->slots >> i & 1)) continue;
        switch (c->rule->slots[i].extent) {
        case TW_PER_WEIGHT: n += weights; break;
        case TW_PER_ROW: n += rows; break;
        case TW_PER_COLUMN: n += rows > 0 ? columns : 0; break;
        case TW_PER_VECTOR: n += rows > 0 ? 0 : columns; break;
        }
    }
    return n;
}

const char *cli_memory_text(const tw_choice *c, char to[160])
{
    char one[32], other[32];
    int by_weight = 1, per_weight = (int)cli_rule_keeps(c, 0, 1);
    for (int i = 0; i < c->rule->n_slots; i++)
        if (c->slots >> i & 1) by_weight &= c->rule->slots[i].extent == TW_PER_WEIGHT;
    if (!by_weight)
        snprintf(to, 160, "in f32 %s for a matrix of 1000 x 1000, %s for a vector of 1000",
                 cli_bytes(4 * cli_rule_keeps(c, 1e3, 1e3), one),
                 cli_bytes(4 * cli_rule_keeps(c, 0, 1e3), other));
    else if (!per_weight) snprintf(to, 160, "nothing per weight");
    else
        snprintf(to, 160, "%d bytes per weight in f32, %d in f64; for a million f32 weights %s",
                 4 * per_weight, 8 * per_weight, cli_bytes(4e6 * per_weight, one));
    return to;
}

json_t *cli_value_json(const tw_option *o, double value)
{
    char text[TW_VALUE_MAX];
    if (o->words && (o->type == TW_WORD || value < o->min))
        return json_string(tw_option_text(o, value, text));
    if (o->type == TW_FLAG) return json_boolean(value != 0);
    return o->type == TW_INT ? json_integer((json_int_t)value) : cli_number(value);
}
