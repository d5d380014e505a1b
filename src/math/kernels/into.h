/* How the gradients of weights reach memory.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MATH_KERNELS_INTO_H
#define TW_MATH_KERNELS_INTO_H

/* How the gradient of some rows reaches memory.  A leaf of the batch tree is a chain of products in row order
 * from 0: START stores it, CONTINUE continues a stored chain (a leaf evaluated in pieces), ADD computes the
 * leaf apart and adds it to the node that is there (node = node + leaf).  TREE, of several leaves: their
 * tree is stored; TREE_REST: the first leaf, with something added to it, is stored already. */
typedef enum tw__into { TW__START, TW__CONTINUE, TW__ADD, TW__TREE, TW__TREE_REST } tw__into;
#endif
