/* libthalweg. What there is: rules, transforms and schedules by name, their options with bounds, and what a spec means once it is read.
 * Nothing here allocates; descriptors live as long as the library.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_REGISTRY_H
#define THALWEG_REGISTRY_H
#include <thalweg/rule.h>
#include <thalweg/schedule.h>
#ifdef __cplusplus
extern "C" {
#endif

enum { TW_OPTIONS_MAX = 24, TW_SLOTS_MAX = 8, TW_SCALARS_MAX = 8, TW_SUMS_MAX = 8, TW_PIECE_OPTIONS_MAX = 8, TW_SPEC_MAX = 512 };

TW_API const tw_rule *tw_rule_at(size_t i);                             /* in the order of the list; NULL past its end */
TW_API const tw_rule *tw_rule_find(const char *name);                   /* NULL if there is none */
TW_API const tw_rule *tw_transform_at(size_t i);                        /* what may be joined to a rule: place is not TW_RULE */
TW_API const tw_rule *tw_transform_find(const char *name);
TW_API const tw_schedule *tw_schedule_at(size_t i);
TW_API const tw_schedule *tw_schedule_find(const char *name);

/* A rule's spec, understood. */
typedef struct tw_choice {
    const tw_rule *rule;                        /* the rule that runs: momentum@torch runs sgd */
    const tw_dialect *dialect;                  /* NULL: none was named */
    double values[TW_OPTIONS_MAX];              /* every option, defaults and dialect included */
    unsigned char given[TW_OPTIONS_MAX];        /* 1: stood in the spec */
    int variant;
    unsigned slots;                             /* bit i: slot i of the rule is kept */
    char spec[TW_SPEC_MAX];                     /* canonical: known names, shortest numbers, defaults left out */
} tw_choice;

/* Reads "adam@keras:lr=3e-4". own: a rule from outside the library, or NULL; then the spec must name it. TW_ERR_SPEC, with a suggestion
 * where one is near, for what is unknown, malformed, out of bounds, given twice or without effect. */
TW_API tw_status tw_rule_read(tw_choice *out, const char *spec, const tw_rule *custom, tw_error *err);
/* A rule with the transforms around it, understood: "clip_global_norm:max=1+adam:lr=1e-3+ema:decay=0.999". */
enum { TW_LINKS_MAX = 8 };
typedef struct tw_chain {
    int n, rule;                                /* links, and which of them is the rule */
    tw_choice link[TW_LINKS_MAX];               /* in the order in which they work */
    char spec[TW_SPEC_MAX];                     /* canonical */
} tw_chain;
/* As tw_rule_read. Transforms of the gradient stand before the rule, those of the step and of the weights behind it. */
TW_API tw_status tw_chain_read(tw_chain *out, const char *spec, const tw_rule *custom, tw_error *err);

/* The equation as these values make it: the lines whose conditions hold, without their conditions, separated by newlines. Writes at most n bytes
 * with the closing 0 and returns how long the text is, as snprintf does. */
TW_API size_t tw_equation_text(const tw_choice *choice, char *to, size_t n);
/* The place of an option by name or alias; -1 if the rule has none of this name. */
TW_API int tw_rule_option(const tw_rule *rule, const char *name);

/* The nearest to what was written of the names that next(0, user), next(1, user), ... gives up to NULL, for "did you mean"; NULL: none is near. */
TW_API const char *tw_suggest(const char *wanted, const char *(*next)(size_t i, const void *user), const void *user);

/* Bytes that are enough for an option's default, bounds or value as text. */
enum { TW_VALUE_MAX = 64 };
/* The value as it stands in a spec: "0.001", "out", "1", "convex"; "" for a list or formula, whose value is more than a number. Returns `to`. */
TW_API const char *tw_option_text(const tw_option *option, double value, char to[TW_VALUE_MAX]);
/* What is allowed: "[0, 1)", "[0, inf) or convex", "out, hat, in", "0 or 1", "each in [0, inf)", "of t, T". Returns `to`. */
TW_API const char *tw_option_bounds(const tw_option *option, char to[TW_VALUE_MAX]);

/* The value at the step after `done` steps of a hyperparameter whose value in the rule is `base`, under a schedule spec ("warmup/500;cosine";
 * NULL: constant). It may have a key, "beta1=cosine", which is not looked up, as no rule is known here; of several sequences the first counts.
 * total: length of the run, 0 if unknown; neither it nor `done` above 2^53. For plots and tests; the optimiser reads its schedule once. */
TW_API tw_status tw_schedule_value(const char *schedule, double base, uint64_t done, uint64_t total, double *value, tw_error *err);

/* values[0] to values[n-1]: after 0 to n-1 steps, for the hyperparameter `key` as it is written in the schedule, "lr" where none is (NULL: that of
 * the first sequence). Reads the schedule once. */
TW_API tw_status tw_schedule_values(const char *schedule, const char *key, double base, uint64_t total, size_t n, double *values, tw_error *err);

/* A piece of a schedule, understood. */
typedef struct tw_piece {
    const tw_schedule *schedule;
    char key[40];                                           /* the hyperparameter: as it was written, "lr" where none was */
    uint64_t first, steps;                                  /* the step at which it begins, counted from 0; how many it has, 0: all that come */
    uint64_t span;                                          /* steps that show it, two cycles for example; 0: any number does */
    char spec[TW_SPEC_MAX];                                 /* canonical, without key and "/steps" */
    char values[TW_PIECE_OPTIONS_MAX][TW_SPEC_MAX];         /* every option as it stands in a spec, defaults included; "": a list that was not given */
} tw_piece;
/* Piece i, in the order in which they are written; past the last one out->schedule is NULL. total and keys: as in tw_schedule_value. */
TW_API tw_status tw_schedule_piece(tw_piece *out, const char *schedule, size_t i, uint64_t total, tw_error *err);

#ifdef __cplusplus
}
#endif
#endif
