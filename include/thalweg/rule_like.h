/* libthalweg. Makes a rule that is another rule with other defaults and a name of its own, as adamw is adam.
 * The file defines RULE, LIKE "adam", DEFAULTS (items of a spec), PAPER and USE, if needed NAME and
 * DIALECTS(DIALECT), and its last line includes this header.
 * SPDX-License-Identifier: MIT */
#include <thalweg/rule.h>
#if defined RULE && defined LIKE
#define TW__NAME_(rule) #rule
#define TW__NAME(rule) TW__NAME_(rule)
#ifndef NAME
#define NAME TW__NAME(RULE)
#endif
#ifndef DIALECTS
#define DIALECTS(DIALECT)
#endif
#define TW__SYMBOL_(rule, suffix) tw_rule_##rule##suffix
#define TW__SYMBOL(rule, suffix) TW__SYMBOL_(rule, suffix)
#define TW__DIALECT_ROW(name, other, defaults, note) {#name, other, defaults, note},
static const tw_dialect TW__SYMBOL(RULE, _dialects)[] = {DIALECTS(TW__DIALECT_ROW){NULL, NULL, NULL, NULL}};
extern const tw_rule TW__SYMBOL(RULE, );
const tw_rule TW__SYMBOL(RULE, ) = {.size = sizeof(tw_rule),
                                    .name = NAME,
                                    .paper = PAPER,
                                    .use = USE,
                                    .like = LIKE,
                                    .defaults = DEFAULTS,
                                    .equation = "",
                                    .dialects = TW__SYMBOL(RULE, _dialects)};
#undef TW__NAME_
#undef TW__NAME
#undef TW__SYMBOL_
#undef TW__SYMBOL
#undef TW__DIALECT_ROW
#undef RULE
#undef LIKE
#undef NAME
#undef DEFAULTS
#undef PAPER
#undef USE
#undef DIALECTS
#endif
