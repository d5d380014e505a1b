/* libthalweg-train. The options of a run as a table, and configurations in JSON. A row of the table says of
 * one field of an options struct what its key is in run.json and --config FILE, its option on the command
 * line, its values, its default, and what it does. Command line, JSON and the comparison of runs come from
 * the rows, so that a new option is one field and one row.
 *
 *     tw_config *config;
 *     tw_job_options o = TW_JOB_OPTIONS_INIT;
 *     tw_status s = tw_config_read(&config, ctx, "out/run.json", &err);
 *     if (s == TW_OK) s = tw_config_apply(config, tw_job_fields, &o, &err);
 *     if (s == TW_OK) s = tw_job_create(&job, ctx, &o, &err);      // the same run again
 *     tw_config_free(config);
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_OPTIONS_H
#define THALWEG_OPTIONS_H
#include <thalweg/context.h>
#ifdef __cplusplus
extern "C" {
#endif

/* The C type of a field: const char *, uint64_t, double, double above 0, an enum whose value is the index in
 * `words`, int (0 or 1). */
typedef enum tw_field_type {
    TW_FIELD_TEXT = 0,
    TW_FIELD_NATURAL = 1,
    TW_FIELD_REAL = 2,
    TW_FIELD_POSITIVE = 3,
    TW_FIELD_WORD = 4,
    TW_FIELD_FLAG = 5
} tw_field_type;

typedef struct tw_field {
    const char *name; /* its key in JSON */
    const char *flag; /* its option on the command line, without the dashes; NULL: none */
    tw_field_type type;
    size_t offset;     /* in the options struct */
    const char *usual; /* the default as text, for which the field is 0 or NULL; NULL: none */
    /* the values of a WORD, and of a TEXT that takes no others, separated by spaces; else NULL */
    const char *words;
    /* NATURAL, REAL: least and greatest value (a REAL stays below `most`); most 0: 2^63 - 1, or no bound */
    double least, most;
    unsigned traits;        /* bits, see below */
    const char *arg, *help; /* of the option: the name of its value, and its description */
} tw_field;
/* Traits of a field. */
enum {
    TW_FIELD_RACED = 1,     /* an option of races, too */
    TW_FIELD_DATA_ONLY = 2, /* cannot be used on a surface */
    TW_FIELD_RESOURCE = 4,  /* changes no bit of the result, and is not recorded */
    TW_FIELD_IF_SET = 8,    /* recorded only if it is not the default */
    /* recorded, but changes no bit up to a given step: a checkpoint fits runs that differ in it */
    TW_FIELD_NO_BITS = 16,
    TW_FIELD_READS = 32,    /* how files of rows are read */
    TW_FIELD_NO_SOLVER = 64 /* cannot be given beside a solver, whose run does not record it */
};

/* Row i of a table: fills *out and returns 1, or returns 0 past the end. The texts live as long as the
 * program. */
typedef int tw_fields(size_t i, tw_field *out);
TW_API int tw_job_fields(size_t i, tw_field *out); /* of tw_job_options (train.h) */
/* Those of the same struct that say how files of rows are read, but for `test`. */
TW_API int tw_read_fields(size_t i, tw_field *out);

/* A configuration in JSON: an object of a table's keys, or an object whose "config" is one, as in
 * run.json. */
typedef struct tw_config tw_config;
/* Reads a configuration. TW_ERR_NOT_FOUND: no such file; TW_ERR_DATA: not JSON, with the line, or not an
 * object; a run.json of an unknown format. */
TW_API tw_status tw_config_read(tw_config **out, tw_context *ctx, const char *file, tw_error *err);
/* Finds the data that the configuration names, before it is applied: here, else in the directory in which the
 * run was started. Where a run.json has the data's fingerprint, data that have another are not taken:
 * TW_ERR_DATA, with their path. TW_ERR_NOT_FOUND, with both paths: no data at either. The model `from` is
 * found in the same way. */
TW_API tw_status tw_config_find_data(tw_config *config, tw_error *err);
/* Sets the fields of `options`, a struct of this table, that the configuration has; the others stay. Texts
 * belong to the configuration: create the job or race before you free it. TW_ERR_DATA, with file and key: a
 * key that is no option, or a value of another type or out of range; fields that come before it in the file
 * are set then. */
TW_API tw_status tw_config_apply(const tw_config *config, tw_fields *fields, void *options, tw_error *err);
TW_API void tw_config_free(tw_config *config); /* NULL is allowed */

#ifdef __cplusplus
}
#endif
#endif
