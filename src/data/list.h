/* The readers, in the order in which they are tried: one line each.
 * SPDX-License-Identifier: MIT */
TW__READER(idx_directory)
TW__READER(idx_file)
TW__READER(npy)
TW__READER(twd)
TW__READER(cifar10)
TW__READER(cifar10_directory)
TW__READER(libsvm)
TW__READER(csv)
TW__READER(digits)
TW__READER(sparse)
TW__READER(mnist)
