/* What the commands share: the descriptor of a command and its options, failures, the context, results.
 * The program uses the libraries through their public headers only.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_CLI_H
#define CLI_CLI_H
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <sys/types.h>
#include <thalweg/data.h>
#include <thalweg/metrics.h>
#include <thalweg/options.h>
#include <thalweg/registry.h>
#include <thalweg/train.h>

/* ---- Commands and options ------------------------------------------------------------------------------ */

/* Stored as int, const char *, uint64_t, double, double above 0, int (place in the words of arg). */
enum cli_type { CLI_FLAG, CLI_TEXT, CLI_NATURAL, CLI_REAL, CLI_POSITIVE, CLI_WORD };

/* One option. This row drives parsing, checks, the help texts and the suggestions. Numbers outside [least,
 * most] are refused (most 0: no bound but a natural number's, 2^63 - 1, the largest that run.json holds). */
struct cli_option {
    const char *name; /* without the dashes */
    char letter;      /* 0: none */
    enum cli_type type;
    /* in the command's struct of values */
    size_t offset;
    /* what the help calls the value; NULL for a flag */
    const char *arg;
    double least, most;
    const char *help;
};

/* Every command's struct of values begins with this. */
struct cli_common {
    uint64_t threads;
    int json, quiet, verbose;
};

enum { CLI_MOST_OPTIONS = 128 };

struct cli_call {
    const struct cli_command *command;
    /* all of the command's; ends with a row without name */
    const struct cli_option *options;
    void *values;
    unsigned char given[CLI_MOST_OPTIONS]; /* option i was on the line */
    /* the whole line, after the command's name */
    int n_line;
    char **line;
    int n; /* words that are no options */
    char **word;
    char *lines; /* all words, one in a line */
};

struct cli_command {
    /* one example a line, each begins with "thalweg" */
    const char *name, *usage, *help, *examples;
    int least, most; /* how many words */
    /* ends with a row without name; NULL: none */
    const struct cli_option *options;
    /* Options that the library describes (options.h) come before these; their struct is at this offset in the
     * values. NULL: none. */
    tw_fields *fields;
    size_t fields_at;
    size_t size;         /* of the struct of values */
    const void *initial; /* its defaults; NULL: all zero */
    int is_prefix;       /* the first word that is no option begins another command's line */
    const void *user;    /* of run */
    tw_status (*run)(const struct cli_call *call, tw_error *err);
};

/* Options of a linear model: penalties as texts, since the model's options say what they can be. */
struct cli_penalties {
    const char *loss, *labels, *l1, *l2;
    int standardize;
};

/* Rows that many commands have. */
#define CLI_THREADS                                                                                 \
    {                                                                                               \
        "threads", 0, CLI_NATURAL, offsetof(struct cli_common, threads), "T", 1, 256,               \
            "threads to use (all CPUs this process may use); the result is the same for any number" \
    }
#define CLI_JSON                                                                                       \
    {                                                                                                  \
        "json", 0, CLI_FLAG, offsetof(struct cli_common, json), NULL, 0, 0, "print the result as JSON" \
    }
#define CLI_QUIET                                                               \
    {                                                                           \
        "quiet", 'q', CLI_FLAG, offsetof(struct cli_common, quiet), NULL, 0, 0, \
            "print nothing but results and errors"                              \
    }
#define CLI_VERBOSE                                                                              \
    {                                                                                            \
        "verbose", 'v', CLI_FLAG, offsetof(struct cli_common, verbose), NULL, 0, 0,              \
            "also print what is done (threads, data, checkpoints), on the standard error output" \
    }
#define CLI_PENALTIES(values)                                                                                    \
    {"loss",                                                                                                     \
     0,                                                                                                          \
     CLI_TEXT,                                                                                                   \
     offsetof(values, penalties.loss),                                                                           \
     "L",                                                                                                        \
     0,                                                                                                          \
     0,                                                                                                          \
     "networks: mse, binary_crossentropy or crossentropy, which add the last layer; svm: its option loss"},      \
        {"labels",                                                                                               \
         0,                                                                                                      \
         CLI_TEXT,                                                                                               \
         offsetof(values, penalties.labels),                                                                     \
         "input",                                                                                                \
         0,                                                                                                      \
         0,                                                                                                      \
         "networks: input, the row itself is to be predicted, as by an autoencoder (target=input of the loss)"}, \
        {"l1",                                                                                                   \
         0,                                                                                                      \
         CLI_TEXT,                                                                                               \
         offsetof(values, penalties.l1),                                                                         \
         "A",                                                                                                    \
         0,                                                                                                      \
         0,                                                                                                      \
         "linear models: adds A times the sum of the weights' magnitudes, as the model's option l1 does"},       \
        {"l2",                                                                                                   \
         0,                                                                                                      \
         CLI_TEXT,                                                                                               \
         offsetof(values, penalties.l2),                                                                         \
         "A",                                                                                                    \
         0,                                                                                                      \
         0,                                                                                                      \
         "linear models: adds A/2 times the sum of the squared weights, as the model's option l2 does"},         \
    {                                                                                                            \
        "standardize", 0, CLI_FLAG, offsetof(values, penalties.standardize), NULL, 0, 0,                         \
            "bring all columns, or channels of images, to one scale by the training rows: the option "           \
            "standardize of linear models, the first layer of networks"                                          \
    }
#define CLI_END                                \
    {                                          \
        NULL, 0, CLI_FLAG, 0, NULL, 0, 0, NULL \
    }

size_t cli_command_count(void);
const struct cli_command *cli_command_at(size_t i);
/* The command that begins at argv[0]; *words is how many words its name has. */
tw_status cli_find(int argc, char **argv, const struct cli_command **out, int *words, tw_error *err);
/* Parses argv (behind the command's name) and runs the command, or prints its help. */
tw_status cli_run(const struct cli_command *command, int argc, char **argv, tw_error *err);
int cli_given(const struct cli_call *call, const char *name);
/* The value of a text option; NULL: it was not given. */
const char *cli_text_value(const struct cli_call *call, const char *name);
/* "--time=60": an option that was given, as a word which the caller frees; NULL with err filled. */
char *cli_option_word(const struct cli_call *call, const char *name, tw_error *err);
/* train's options that may be given with --resume, and --resume itself; ends with NULL. */
extern const char *const cli_with_resume[];
/* Fails if `word`, which is on the line, belongs to a list whose quotes were forgotten: --optimizers sgd
 * adam. */
tw_status cli_check_quotes(const struct cli_call *call, const char *word, tw_error *err);
/* fails: word[i] is one argument too much */
tw_status cli_unexpected(const struct cli_call *call, int i, tw_error *err);
/* The first option on the line that is (listed 1) or is not (0) one of the names, which end with NULL; NULL:
 * there is none. */
const char *cli_first_given(const struct cli_call *call, const char *const *names, int listed);
/* --config FILE: what the file holds, but for what the line gives. Texts belong to *config. */
tw_status cli_apply_config(const struct cli_call *call, tw_context *ctx, const char *file, tw_config **config,
                           tw_error *err);
/* hints.c: line[at] is the unknown option `name`. What other tools mean by it, or the nearest name, as a
 * message's end: " (did you mean --batch?)"; "" for none. */
void cli_option_hint(const struct cli_option *options, int n, char **line, int at, const char *name, char *to,
                     size_t size);
void cli_print_help(const struct cli_command *command, int full); /* on stdout */
void cli_print_overview(void);

/* ---- Failures ------------------------------------------------------------------------------------------ */

__attribute__((format(printf, 3, 4))) tw_status cli_fail(tw_error *err, tw_status code, const char *format,
                                                         ...);
/* TW_ERR_SYSTEM: the standard output cannot be written. */
tw_status cli_flush(tw_error *err);
/* Fails with `problem "word"` and either ` (did you mean "near"?)` or, where near (tw_suggest) is NULL,
 * `otherwise`. */
tw_status cli_unknown(tw_error *err, tw_status code, const char *problem, const char *word, const char *near,
                      const char *otherwise);
#define CLI_TRY(call)                     \
    do {                                  \
        tw_status cli_s = (call);         \
        if (cli_s != TW_OK) return cli_s; \
    } while (0)
int cli_exit_code(tw_status status);
void *cli_alloc(size_t n, size_t size, tw_error *err); /* zeroed; NULL with err filled */
/* A formatted string that the caller frees; NULL with err filled. */
__attribute__((format(printf, 2, 3))) char *cli_text(tw_error *err, const char *format, ...);
/* Appends to the `used` characters in `to`, cut to what fits; returns how many there are then, always below
 * size. */
__attribute__((format(printf, 4, 5))) size_t cli_append(char *to, size_t size, size_t used,
                                                        const char *format, ...);
/* "  loss 0.1234", nothing for NaN. */
size_t cli_append_number(char *to, size_t size, size_t used, const char *name, double value);
/* letters, digits, "_" and "-" at its beginning */
size_t cli_name_length(const char *spec);
/* a line on the error output, as tw_printable shows it: what has names in it */
__attribute__((format(printf, 1, 2))) void cli_say(const char *format, ...);

/* ---- Surroundings -------------------------------------------------------------------------------------- */

/* The context for a command: its threads, THALWEG_MAX_ISA, messages to stderr: warnings, with -v also what is
 * done, with -q none. */
tw_status cli_context(const struct cli_common *common, tw_context **out, tw_error *err);
/* Folders for generated and for given data sets, from the environment; and the current one. */
struct cli_directories {
    char cache[PATH_MAX], home[PATH_MAX], current[PATH_MAX];
};
tw_status cli_directories(struct cli_directories *out, tw_error *err);
/* The words from word `first` on, which are DATA: a data set, or files of the same rows ("-": the standard
 * input). Says which is meant where a data set and a file have the same name. */
tw_status cli_take_data(const struct cli_call *call, int first, tw_job_options *to, tw_error *err);
/* --loss L, --labels input, --l1 A, --l2 A (NULL: not given) and --standardize as options of the model that
 * job->model names: "logistic" becomes "logistic:l2=A", in `to`. */
tw_status cli_add_penalties(const struct cli_penalties *given, tw_job_options *job, char to[TW_SPEC_MAX],
                            tw_error *err);
/* These data, for a command that is no run: training and test rows, NULL for what there is none of. Either of
 * `train` and `test` may be NULL. unlabelled: they need no labels. model: NULL, or what they are for. */
tw_status cli_open_data(tw_context *ctx, const struct cli_common *common, const tw_job_options *data,
                        int unlabelled, const tw_model *model, tw_data **train, tw_data **test,
                        tw_error *err);
/* --out that is to become a folder of its own. */
tw_status cli_check_out(const char *out, tw_error *err);
/* TW_ERR_SPEC if there is anything of this name, unless it is a file that may be replaced. */
tw_status cli_new_file(const char *path, int force, tw_error *err);
/* 1: the paths lead to one file or folder. */
int cli_is_same(const char *a, const char *b);
/* A new run's folder when none was named: out/TIME-MODEL-OPTIMIZER; cli_free_directory adds a number
 * if that is there. */
void cli_run_directory(const char *model, const char *optimizer, char to[PATH_MAX]);
void cli_free_directory(const char *model, const char *optimizer, char to[PATH_MAX]);
double cli_seconds(void); /* of the monotonic clock */
/* COLUMNS, or the columns of the terminal that `to` is; 0: neither */
int cli_width(FILE *to);

/* SIGINT, SIGTERM and SIGHUP: unless something is running that has to be stopped in order (cli_running), as
 * while data are read or a result is printed, they end the program at once with 130; else the first is noted,
 * and a second one has its default action. SIGUSR1 and SIGUSR2 ask for a checkpoint, once each. What was
 * ignored when we began stays ignored (nohup). */
void cli_catch_signals(void);
void cli_running(int is);
/* Before the signals are caught: a file, one of 4 at most, that is to leave nothing when one ends the program
 * before it is whole. */
void cli_remove_if_interrupted(const char *path);
int cli_checkpoint_wanted(void);
int cli_interrupted(void);
/* fork(), whose child listens to its parent alone and ends with it; and what tells it to stop
 * (cli_interrupted there; while it is not running, it ends). Once may be too early for a new child: tell it
 * until it has ended. */
pid_t cli_fork_worker(void);
void cli_stop_worker(pid_t worker);

/* ---- Results ------------------------------------------------------------------------------------------- */

/* A JSON tree is NULL after a failed allocation, and so is every tree that it was to be part of;
 * cli_json_text reports it as TW_ERR_MEMORY. cli_put and cli_add take both references and return the tree,
 * NULL if either argument is. */
json_t *cli_put(json_t *object, const char *key, json_t *value);
json_t *cli_add(json_t *list, json_t *value);
/* Freed by free; NULL: out of memory, and err says so. Takes the reference. (jansson's json_dumps may lose a
 * key where it cannot allocate, and its json_loads a character; json_dumpb allocates nothing.) */
char *cli_json_text(json_t *value, tw_error *err);
/* on stdout, with a newline; takes the reference */
tw_status cli_print_json(json_t *value, tw_error *err);
/* scores.c: prints metrics, no matrices, without a newline; returns how many. before: what is printed before
 * the first. but_accuracy: it is printed already. */
int cli_print_scores(const tw_scores *of, const char *before, int but_accuracy);
/* null for NaN and infinity, which JSON does not have */
json_t *cli_number(double x);
/* null for NULL or text that is no UTF-8 */
json_t *cli_string(const char *text);
/* A registry whose members are names with one text: as a table; and as such or, with --json, as an array of
 * {name, KEY}. */
typedef const char *cli_names(size_t i, const char **text); /* NULL after the last */
void cli_print_names(const char *heading, const char *key, cli_names *at);
tw_status cli_print_list(const struct cli_call *call, const char *heading, const char *key, cli_names *at,
                         tw_error *err);
extern const struct cli_option cli_list_options[]; /* --json */
/* 54410 as "54,410"; `to` holds at least 32 characters. */
const char *cli_grouped(uint64_t n, char *to);
const char *cli_bytes(double n, char *to); /* "2.5 MB" */

#endif
