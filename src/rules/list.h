/* Every rule, in the order in which they are listed. A new rule is its file and one line here.
 * SPDX-License-Identifier: MIT */
TW__RULE(sgd)
TW__RULE(momentum)
TW__RULE(nag)
TW__RULE(adagrad)
TW__RULE(adadelta)
TW__RULE(rmsprop)
TW__RULE(adam)
TW__RULE(adamw)
TW__RULE(nadam)
