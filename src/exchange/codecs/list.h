/* The codecs: name, word.
 * SPDX-License-Identifier: MIT */
TW__CODEC(bf16, "bf16")
TW__CODEC(topk, "topk")
TW__CODEC(one_bit, "1bit")
TW__CODEC(two_bit, "2bit")
TW__CODEC(powersgd, "powersgd")
