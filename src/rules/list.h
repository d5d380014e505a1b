/* Every rule, in the order in which they are listed. A new rule is its file and one line here.
 * SPDX-License-Identifier: MIT */
#define TW__RULES(RULE_ROW)                                                                                                                  \
    RULE_ROW(sgd)                                                                                                                            \
    RULE_ROW(adam)
