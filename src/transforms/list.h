/* Every transform, in the order in which they are listed. A new transform is its file and one line here.
 * SPDX-License-Identifier: MIT */
TW__TRANSFORM(clip_value)
TW__TRANSFORM(clip_norm)
TW__TRANSFORM(clip_global_norm)
TW__TRANSFORM(clip_adaptive)
TW__TRANSFORM(centralize)
TW__TRANSFORM(noise)
TW__TRANSFORM(clip_update)
TW__TRANSFORM(lookahead)
TW__TRANSFORM(ema)
TW__TRANSFORM(polyak)
TW__TRANSFORM(swa)
