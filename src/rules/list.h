/* Every rule, in the order in which they are listed. A new rule is its file and one line here.
 * SPDX-License-Identifier: MIT */
#define TW__RULES(RULE_ROW)                                                                                                                  \
    RULE_ROW(sgd)                                                                                                                            \
    RULE_ROW(momentum)                                                                                                                       \
    RULE_ROW(nag)                                                                                                                            \
    RULE_ROW(adagrad)                                                                                                                        \
    RULE_ROW(adadelta)                                                                                                                       \
    RULE_ROW(rmsprop)                                                                                                                        \
    RULE_ROW(adam)                                                                                                                           \
    RULE_ROW(nadam)
