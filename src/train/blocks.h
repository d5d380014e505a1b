/* Blocks: of how many leaves the gradient and the losses of a batch are a task for a thread.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_BLOCKS_H
#define TW_TRAIN_BLOCKS_H
#include <stddef.h>

enum { TW__FEW_NODES = 4 }; /* that an exchange adds while it steps */

/* Leaves per block: a power of two that divides the first leaf, so that a block is a node; no more blocks
 * than threads, or than a few that the exchange adds while it steps, where an evaluation takes one leaf;
 * pairs rather than single leaves, because an evaluation adds its second leaf for nothing. */
static inline size_t tw__block(size_t first, size_t leaves, size_t threads, size_t together)
{
    if (threads > (leaves + 1) / 2) return 1;
    size_t most = threads > TW__FEW_NODES || together > 1 ? threads : TW__FEW_NODES, block = 2;
    while ((leaves + block - 1) / block > most) block *= 2;
    while (first % block) block /= 2;
    return block;
}

/* A block is what goes together, unless that would leave threads without one. */
static inline size_t tw__loss_block(size_t leaves, size_t threads, size_t together)
{
    size_t block = 1;
    while (2 * block <= together && 2 * block * threads <= leaves) block *= 2;
    return block;
}
#endif
