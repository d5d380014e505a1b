/* What the benchmarks share.
 * SPDX-License-Identifier: MIT */
#ifndef TOOLS_BENCH_H
#define TOOLS_BENCH_H
#include <stddef.h>
#include <stdint.h>
#include <thalweg/context.h>
#include <thalweg/optimizer.h>
#include <thalweg/registry.h>

enum {
    BENCH_MOST_PAIRS = 101,
    BENCH_MOST_TENSORS = 161,
    BENCH_MOST_COUNTS = 16,
    BENCH_STREAMS = 4,
    BENCH_READ_G = 0,
    BENCH_READ_BOTH = -1
};

double bench_median(double *x, size_t n); /* sorts x */

/* Reads "1,2,4", numbers from 1 to `most`; the option's name is without dashes. */
tw_status bench_counts(const char *option, const char *text, long most, long counts[BENCH_MOST_COUNTS],
                       int *n, tw_error *err);
/* The next of the specs in a list separated by spaces, of which it takes it off; 0: there are no more. */
int bench_next_spec(const char **list, char spec[TW_SPEC_MAX]);

/* ---- The memory's speed ---- */

/* Reads g and reads and writes the other `arrays` vectors (1 to BENCH_STREAMS), with next to no arithmetic:
 * what a rule with arrays - 1 numbers of state per weight must move at least. Or what a pass that measures
 * before the step must: BENCH_READ_G reads g alone, BENCH_READ_BOTH g and x[0]. With the context's
 * instruction set, `repeats` times, each of `threads` threads on its own share. */
void bench_move(tw_isa isa, int threads, float *const *x, int arrays, const float *g, size_t n,
                size_t repeats);

/* ---- What is stepped ---- */

/* Weights in the tensors of a network. */
struct bench_shape {
    const char *name;
    /* what torch_optim.py calls it; a flat one of n weights flatN */
    char layout[32];
    size_t n, n_tensors;
    tw_tensor tensors[BENCH_MOST_TENSORS];
    int64_t lengths[BENCH_MOST_TENSORS][4];
    char names[BENCH_MOST_TENSORS][8];
};
const char *bench_shape_name(size_t i, const void *unused); /* NULL past the last */
/* Shape i; cut off after `most` weights where most is not 0 (the flat one is then as long as that). */
void bench_shape_make(struct bench_shape *s, size_t i, size_t most);

double bench_cpu_seconds(void); /* of this process */
/* Multiplications and additions per second of one thread, by fma on registers alone. */
double bench_fma_peak(tw_isa isa);

/* ---- Programs measured beside ours ---- */

#define BENCH_PYTHON "/usr/bin/python3"
#define BENCH_PYTHON_HELP \
    "a program that runs the peer's script, with words of its own before the script's name (" BENCH_PYTHON ")"
/* Runs the words of `python` with the arguments (up to NULL) and keeps what it prints; its exit status, -1 if
 * it could not run. Its messages go to stderr where `loud`. */
int bench_run_python(const char *python, const char *const *arguments, int loud, char *output, size_t size);
/* Whether a script of a peer, NULL for none, can run; where PyTorch is missing that is said and 0. */
tw_status bench_peer_ready(const char *script, const char *python, int *ready, tw_error *err);
/* Nanoseconds per weight of PyTorch's fastest loop (plain, foreach or fused) for one of our rules, by
 * torch_optim.py. */
tw_status bench_peer_step(const char *python, const char *script, const char *rule, const char *layout,
                          int threads, double *ns, tw_error *err);
/* torch_optim.py knows the rule under this name, as our defaults are */
int bench_peer_has(const char *rule);
#endif
