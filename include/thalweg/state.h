/* libthalweg-train. The state of an optimiser in a file: every slot under the name of its tensor, with shapes, the rule and its dialect, the
 * schedule, the step, a format version and a checksum over every byte. It is a safetensors file (Python's library reads it), written whole or not at
 * all. The weights are not in it; they are the caller's.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_STATE_H
#define THALWEG_STATE_H
#include <thalweg/optimizer.h>
#ifdef __cplusplus
extern "C" {
#endif

/* Between steps. Equal state gives equal bytes, whatever the threads and the instruction set. */
TW_API tw_status tw_state_save(tw_optimizer *opt, const char *path, tw_error *err);
/* Into an optimiser made with the same rule, options, schedule, groups and seed, on tensors of the same names and shapes in any order; it then steps on
 * as the one that was saved would have. TW_ERR_DATA: not a state, damaged, or tensors that are missing, unknown or of another shape, which the
 * message lists; TW_ERR_STATE: it is of another rule, schedule or groups, both of which the message names. The optimiser is then as it was. An
 * optimiser that an error has stopped steps again after a load. */
TW_API tw_status tw_state_load(tw_optimizer *opt, const char *path, tw_error *err);

#ifdef __cplusplus
}
#endif
#endif
