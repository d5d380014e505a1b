/* The augmentations: one line each.
 * SPDX-License-Identifier: MIT */
TW__AUGMENTATION(shift)
TW__AUGMENTATION(rotate)
TW__AUGMENTATION(scale)
TW__AUGMENTATION(flip)
TW__AUGMENTATION(elastic)
TW__AUGMENTATION(cutout)
