/* The exchanges: one line each.
 * SPDX-License-Identifier: MIT */
TW__EXCHANGE(local)
