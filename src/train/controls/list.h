/* The controls: one line each.
 * SPDX-License-Identifier: MIT */
TW__CONTROL(plateau)
TW__CONTROL(early_stop)
TW__CONTROL(armijo)
