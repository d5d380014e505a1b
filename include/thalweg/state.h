/* libthalweg-train. The state of an optimiser in a file, and back. It is a safetensors file, which Python's
 * library reads: every slot under the name of its tensor, the rule with its dialect, the schedule, the step
 * count, a format version and a checksum over every byte. The weights are not in it: the program saves them
 * itself.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_STATE_H
#define THALWEG_STATE_H
#include <thalweg/optimizer.h>
#ifdef __cplusplus
extern "C" {
#endif

/* Writes the file; an older one of this name stays until the new one is whole and on the disk. Equal state
 * gives equal bytes, for any number of threads and any instruction set. TW_ERR_STATE: within a step, after an
 * error that stopped the optimiser, or before a flush after sparse steps (tw_optimizer_visit); TW_ERR_SYSTEM:
 * the file cannot be written. opt does not change. */
TW_API tw_status tw_state_save(tw_optimizer *opt, const char *path, tw_error *err);
/* Loads a file into an optimiser that was created with the same rule, options, schedule, groups and seed, and
 * with tensors of the same names and shapes in any order; it then continues as the saved one would have. An
 * optimiser that an error had stopped steps again. TW_ERR_NOT_FOUND: no such file; TW_ERR_DATA: not a state,
 * damaged, or tensors that are missing, unknown or of another shape, which the message lists; TW_ERR_STATE:
 * the state of another rule, schedule or groups, and the message names both. After these errors the optimiser
 * is as it was. */
TW_API tw_status tw_state_load(tw_optimizer *opt, const char *path, tw_error *err);

#ifdef __cplusplus
}
#endif
#endif
