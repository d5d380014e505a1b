/* The slice of a network that one rank of several has.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_NN_SLICE_H
#define TW_MODELS_NN_SLICE_H
#include "models/nn/network.h"
#include "models/nn/communicator.h"

/* `whole` with its layers cut among the ranks of `comm`, which must outlive it, where they have units enough.
 * TW_ERR_SPEC: none has. */
tw_status tw__network_slice(tw__network **out, tw_context *ctx, const tw__network *whole, tw__comm *comm,
                            tw_error *err);
/* Where each tensor of a slice is in the whole network: slice->n_tensors of them. */
void tw__network_slices(const tw__network *slice, const tw__network *whole, tw_slice *to);
#endif
