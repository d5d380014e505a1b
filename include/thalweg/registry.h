/* libthalweg. Rules, transforms and schedules by name, their options with bounds, and what a spec says: for
 * programs that list methods, check input or draw schedules. An optimiser needs none of this.
 *
 * Nothing here allocates or keeps anything, so any thread may call it at any time. Descriptors live as long
 * as the program. A function that reads a spec returns TW_ERR_SPEC, with the nearest name as a suggestion,
 * for what is unknown, malformed, out of bounds, given twice or without effect.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_REGISTRY_H
#define THALWEG_REGISTRY_H
#include <thalweg/rule.h>
#include <thalweg/schedule.h>
#ifdef __cplusplus
extern "C" {
#endif

/* Limits: options, slots, scalars and sums of a rule; options of a schedule; bytes of a spec, with its final
 * 0. */
enum {
    TW_OPTIONS_MAX = 24,
    TW_SLOTS_MAX = 8,
    TW_SCALARS_MAX = 8,
    TW_SUMS_MAX = 8,
    TW_PIECE_OPTIONS_MAX = 8,
    TW_SPEC_MAX = 512
};

/* Entry i of the list of rules, transforms or schedules, NULL past its end; and the entry of a name, NULL if
 * there is none. A library built with TW_RULES has only these rules. */
TW_API const tw_rule *tw_rule_at(size_t i);
TW_API const tw_rule *tw_rule_find(const char *name);
TW_API const tw_rule *tw_transform_at(size_t i);
TW_API const tw_rule *tw_transform_find(const char *name);
TW_API const tw_schedule *tw_schedule_at(size_t i);
TW_API const tw_schedule *tw_schedule_find(const char *name);

/* What the spec of one rule or transform says. */
typedef struct tw_choice {
    const tw_rule *rule;       /* the rule that runs: momentum@torch runs sgd */
    const tw_dialect *dialect; /* NULL: none was named */
    /* of each option, in the order of rule->options; defaults and dialect included */
    double values[TW_OPTIONS_MAX];
    unsigned char given[TW_OPTIONS_MAX]; /* 1: the spec gives it */
    int variant;                         /* which body of the rule these values need */
    unsigned slots;                      /* bit i: slot i of the rule is kept */
    /* canonical: no aliases, shortest numbers, defaults left out */
    char spec[TW_SPEC_MAX];
} tw_choice;

/* Reads "adam@keras:lr=3e-4". custom: NULL, or a custom rule, which the spec must then name. */
TW_API tw_status tw_rule_read(tw_choice *out, const char *spec, const tw_rule *custom, tw_error *err);
/* What the spec of a rule with transforms says: "clip_global_norm:max=1+adam:lr=1e-3+ema:decay=0.999". */
enum { TW_LINKS_MAX = 8 };
typedef struct tw_chain {
    int n, rule;                  /* how many links; which of them is the rule */
    tw_choice link[TW_LINKS_MAX]; /* in the order in which they are applied */
    char spec[TW_SPEC_MAX];       /* canonical */
} tw_chain;
/* Reads a rule, alone or with transforms. Transforms of the gradient come before the rule, those of the step
 * and of the weights after it. */
TW_API tw_status tw_chain_read(tw_chain *out, const char *spec, const tw_rule *custom, tw_error *err);

/* The rule's equation for these values: those of its lines whose conditions hold, without the conditions,
 * separated by newlines. Writes at most n bytes, the final 0 included, and returns the length of the whole
 * text, as snprintf does. */
TW_API size_t tw_equation_text(const tw_choice *choice, char *to, size_t n);
/* The index of an option by name or alias; -1 if the rule has none of this name. */
TW_API int tw_rule_option(const tw_rule *rule, const char *name);

/* Of the names next(0, user), next(1, user), ... up to the first NULL the one that is nearest to `wanted`,
 * for "did you mean"; NULL: none is near. */
TW_API const char *tw_suggest(const char *wanted, const char *(*next)(size_t i, const void *user),
                              const void *user);

/* Reads a decimal number and nothing else, correctly rounded, in any locale: "1e-3", not "0x1p3", "inf" or
 * " 1". 1 if it is one; 0 if not; -1 if a double cannot hold it: *to is then infinite, or 0 where it is too
 * small. */
TW_API int tw_number_read(const char *text, double *to);

/* Bytes that are enough for an option's default, bounds or value as text. */
enum { TW_VALUE_MAX = 160 };
/* The value as a spec has it: "0.001", "out", "1", "convex"; "" for a list or formula, whose value is more
 * than a number. Returns `to`. */
TW_API const char *tw_option_text(const tw_option *option, double value, char to[TW_VALUE_MAX]);
/* The allowed values: "[0, 1)", "[0, inf) or convex", "out, hat, in", "0 or 1", "each in [0, inf)", "of t,
 * T". Returns `to`. */
TW_API const char *tw_option_bounds(const tw_option *option, char to[TW_VALUE_MAX]);

/* The value that a hyperparameter has in the step after `done` steps, if the rule's spec gives it `base` and
 * the schedule is "warmup/500;cosine" (NULL: constant). A key ("beta1=cosine") is not looked up, as no rule
 * is known here; of several sequences the first counts. total: length of the run, 0 if unknown. total and
 * done are at most 2^53. */
TW_API tw_status tw_schedule_value(const char *schedule, double base, uint64_t done, uint64_t total,
                                   double *value, tw_error *err);

/* The same after 0, 1, ... n - 1 steps, into values[0] to values[n-1], for the hyperparameter `key` as the
 * schedule writes it, "lr" where it writes none; key NULL: that of the first sequence. Much faster than n
 * calls of tw_schedule_value. TW_ERR_SPEC also if the schedule has nothing for the key. */
TW_API tw_status tw_schedule_values(const char *schedule, const char *key, double base, uint64_t total,
                                    size_t n, double *values, tw_error *err);

/* What a piece of a schedule says. */
typedef struct tw_piece {
    const tw_schedule *schedule;
    /* the hyperparameter as the schedule writes it, "lr" where it writes none */
    char key[40];
    /* the step at which it begins, from 0; its length, 0: no end */
    uint64_t first, steps;
    /* steps that a picture of it should have, two cycles for example; 0: any number */
    uint64_t span;
    char spec[TW_SPEC_MAX]; /* canonical, without key and "/steps" */
    /* each option as a spec has it, defaults included; "": a list that was not given */
    char values[TW_PIECE_OPTIONS_MAX][TW_SPEC_MAX];
} tw_piece;
/* Piece i of a schedule, in the order of the text; past the last one, TW_OK and out->schedule is NULL. total
 * and keys: as in tw_schedule_value. */
TW_API tw_status tw_schedule_piece(tw_piece *out, const char *schedule, size_t i, uint64_t total,
                                   tw_error *err);

#ifdef __cplusplus
}
#endif
#endif
