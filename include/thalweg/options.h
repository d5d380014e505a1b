/* libthalweg-train. The options of a run as a table. A row says how one field of an options struct is known everywhere: its key in run.json and in
 * --config FILE, its option on the command line, the values it takes, its default, and what it does. Command line, JSON in and out and the comparison of
 * runs come from the rows, so that a new option is one field and one row.
 *
 *     tw_config *config;
 *     tw_job_options o = TW_JOB_OPTIONS_INIT;
 *     if (tw_config_read(&config, ctx, "out/run.json", &err) == TW_OK && tw_config_apply(config, tw_job_fields, &o, &err) == TW_OK)
 *         tw_job_create(&job, ctx, &o, &err);      // the same run again
 *     tw_config_free(config);
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_OPTIONS_H
#define THALWEG_OPTIONS_H
#include <thalweg/context.h>
#ifdef __cplusplus
extern "C" {
#endif

/* The C type of a field: const char *, uint64_t, double, double above 0, an enum whose value is the place in `words`, int (0 or 1). */
typedef enum tw_field_type {
    TW_FIELD_TEXT = 0, TW_FIELD_NATURAL = 1, TW_FIELD_REAL = 2, TW_FIELD_POSITIVE = 3, TW_FIELD_WORD = 4, TW_FIELD_FLAG = 5
} tw_field_type;

typedef struct tw_field {
    const char *name;               /* its key in JSON */
    const char *flag;               /* its option on the command line, without the dashes; NULL: none */
    tw_field_type type;
    size_t offset;                  /* in the options struct */
    const char *usual;              /* the default as text, which 0 or NULL stands for; NULL: none */
    const char *words;              /* the values of a WORD, and of a TEXT that takes no others, separated by spaces; else NULL */
    double least, most;             /* NATURAL, REAL: the least and greatest value (REAL: below `most`); most 0: no bound but 2^63 - 1 */
    unsigned traits;                /* TW_FIELD_ traits */
    const char *arg, *help;         /* what help calls the value, and what it says of the option */
} tw_field;
enum {
    TW_FIELD_RACED = 1,             /* every run of a race has it */
    TW_FIELD_DATA_ONLY = 2,         /* cannot be used on a surface */
    TW_FIELD_RESOURCE = 4,          /* decides no bit of the result, and is not recorded */
    TW_FIELD_IF_SET = 8,            /* recorded only if it is not the default */
    TW_FIELD_NO_BITS = 16           /* recorded, but decides no bit up to a given step: a checkpoint fits runs that differ in it */
};

/* Row i of a table: fills *out and returns 1, or returns 0 past the end. The texts live as long as the library. */
typedef int tw_fields(size_t i, tw_field *out);
TW_API int tw_job_fields(size_t i, tw_field *out);                      /* of tw_job_options (train.h) */

/* A configuration in JSON: an object of the table's keys, or an object whose "config" is one, as run.json is. Free it after the options are used:
 * their texts belong to it. Relative data of a run.json are looked for here, then where its run was started. */
typedef struct tw_config tw_config;
TW_API tw_status tw_config_read(tw_config **out, tw_context *ctx, const char *file, tw_error *err);
/* Sets the fields that the configuration has; the others stay. TW_ERR_DATA, naming file and key, for a key that is no option and a value of another
 * type or out of range. */
TW_API tw_status tw_config_apply(const tw_config *config, tw_fields *fields, void *options, tw_error *err);
TW_API void tw_config_free(tw_config *config);                          /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
