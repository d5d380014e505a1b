/* libthalweg-train. Solvers by name: for programs that list them or check a spec. To use one, name it in
 * tw_run_options.solver. A solver has a loop of its own and takes the place of estimator, rule and
 * schedule: it works on the mean loss over all rows and its gradient, in double, without dropout. What it
 * moves has the objective's type; with TW_F32 the loss can be lowered to about single precision only. One
 * iteration is an epoch and a step of the run.
 *
 * Nothing here allocates or keeps anything, so any thread may call it at any time. Descriptors live as long
 * as the program.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_SOLVER_H
#define THALWEG_SOLVER_H
#include <thalweg/registry.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tw_solver {
    size_t size;                           /* sizeof(tw_solver) */
    const char *name, *help, *paper, *use; /* use: when to use it, one sentence */
    const char *equation;                  /* lines separated by newlines */
    int n_options;
    const tw_option *options;
    uint64_t epochs;   /* iterations at most, where tw_run_options.epochs is 0 */
    const char *alias; /* another name; NULL: none */
} tw_solver;

/* entry i of the list; NULL past its end */
TW_API const tw_solver *tw_solver_at(size_t i);
TW_API const tw_solver *tw_solver_find(const char *name); /* NULL if there is none */

/* What a solver's spec says. */
typedef struct tw_solver_choice {
    const tw_solver *solver;
    /* of each option, in the order of the table, defaults included */
    double values[TW_OPTIONS_MAX];
    /* canonical: shortest numbers, defaults left out */
    char spec[TW_SPEC_MAX];
} tw_solver_choice;

/* Reads "lbfgs:memory=20". TW_ERR_SPEC, with the nearest name as a suggestion: unknown, malformed, out of
 * bounds or given twice. */
TW_API tw_status tw_solver_read(tw_solver_choice *out, const char *spec, tw_error *err);

#ifdef __cplusplus
}
#endif
#endif
