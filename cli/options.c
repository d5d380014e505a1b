/* From a command's option table to its values: argp does the parsing; what it would say too vaguely (unknown
 * options, missing or unwanted values) is checked before, and abbreviations are not taken, so that a new
 * option never changes an old command line.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include "table.h"
#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_KEY = 256, MOST_OPTIONS = 64 };

struct parsing {
    struct cli_call *call;
    tw_error *err;
    tw_status status;
};

/* All options of a command: those of the library, then its own. */
struct table {
    const struct cli_command *command;
    int n;
    struct cli_option rows[MOST_OPTIONS + 1];
    const char *usual[MOST_OPTIONS]; /* defaults */
};

static struct cli_option from_field(const struct cli_command *command, const tw_field *f)
{
    static const enum cli_type types[] =
        {[TW_FIELD_TEXT] = CLI_TEXT,         [TW_FIELD_NATURAL] = CLI_NATURAL, [TW_FIELD_REAL] = CLI_REAL,
         [TW_FIELD_POSITIVE] = CLI_POSITIVE, [TW_FIELD_WORD] = CLI_WORD,       [TW_FIELD_FLAG] = CLI_FLAG};
    return (struct cli_option){f->flag, 0,        types[f->type], command->fields_at + f->offset,
                               f->arg,  f->least, f->most,        f->help};
}

static void list_options(const struct cli_command *command, struct table *t)
{
    tw_field f;
    *t = (struct table){.command = command};
    for (size_t i = 0; command->fields && command->fields(i, &f); i++)
        if (f.flag && t->n < MOST_OPTIONS)
            t->usual[t->n] = f.usual, t->rows[t->n++] = from_field(command, &f);
    for (const struct cli_option *o = command->options; o && o->name && t->n < MOST_OPTIONS; o++)
        t->rows[t->n++] = *o;
}

static const struct cli_option *option_named(const struct cli_option *o, const char *name, size_t length)
{
    for (; o->name; o++)
        if (strlen(o->name) == length && !strncmp(o->name, name, length)) return o;
    return NULL;
}

static const struct cli_option *option_lettered(const struct cli_option *o, char letter)
{
    for (; o->name; o++)
        if (o->letter == letter) return o;
    return NULL;
}

int cli_given(const struct cli_call *call, const char *name)
{
    const struct cli_option *o = option_named(call->options, name, strlen(name));
    return o && (call->given >> (o - call->options) & 1);
}

static int is_among(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (!strcmp(name, *names)) return 1;
    return 0;
}

const char *cli_first_given(const struct cli_call *call, const char *const *names, int listed)
{
    for (int i = 0; call->options[i].name; i++)
        if (call->given >> i & 1 && is_among(call->options[i].name, names) == listed)
            return call->options[i].name;
    return NULL;
}

tw_status cli_apply_config(const struct cli_call *call, tw_context *ctx, const char *file, tw_config **config,
                           tw_error *err)
{
    static const size_t bytes[] =
        {[CLI_FLAG] = sizeof(int),    [CLI_TEXT] = sizeof(char *),     [CLI_NATURAL] = sizeof(uint64_t),
         [CLI_REAL] = sizeof(double), [CLI_POSITIVE] = sizeof(double), [CLI_WORD] = sizeof(int)};
    const struct cli_command *c = call->command;
    CLI_TRY(tw_config_read(config, ctx, file, err));
    if (!call->n) CLI_TRY(tw_config_find_data(*config, err));
    char *line = cli_alloc(1, c->size, err);
    if (!line) return TW_ERR_MEMORY;
    memcpy(line, call->values, c->size);
    tw_status status = tw_config_apply(*config, c->fields, (char *)call->values + c->fields_at, err);
    for (int i = 0; call->options[i].name; i++)
        if (call->given >> i & 1)
            memcpy((char *)call->values + call->options[i].offset, line + call->options[i].offset,
                   bytes[call->options[i].type]);
    free(line);
    return status;
}

static tw_status needs_value(const struct cli_option *o, tw_error *err)
{
    return cli_fail(err, TW_ERR_SPEC, "option --%s needs a value: --%s %s", o->name, o->name, o->arg);
}

/* The option at argv[at], which the command does not have; `name` is as it was written, without dashes. */
static tw_status unknown_option(const struct table *t, int argc, char **argv, int at, const char *name,
                                tw_error *err)
{
    char hint[300];
    const int dashes = (int)(name - argv[at]),
              length = (int)strcspn(name, "=") < 60 ? (int)strcspn(name, "=") : 60;
    char *word = cli_text(err, "%.*s", length, name);
    if (!word) return TW_ERR_MEMORY;
    cli_option_hint(t->rows, argc, argv, at, word, hint, sizeof hint);
    if (!*hint) snprintf(hint, sizeof hint, "; thalweg %s --help lists the options", t->command->name);
    cli_fail(err, TW_ERR_SPEC, "unknown option %.*s%s%s", dashes, "--", word, hint);
    free(word);
    return TW_ERR_SPEC;
}

/* A long option at argv[at]; *used is how many words it takes, 0 for --help. */
static tw_status check_long(const struct table *t, int argc, char **argv, int at, int *used, tw_error *err)
{
    const char *name = argv[at] + 2, *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    *used = 0;
    if (length == 4 && !strncmp(name, "help", 4) && !equals) return TW_OK;
    const struct cli_option *o = option_named(t->rows, name, length);
    if (!o) return unknown_option(t, argc, argv, at, name, err);
    *used = 1;
    if (!o->arg) return equals ? cli_fail(err, TW_ERR_SPEC, "option --%s takes no value", o->name) : TW_OK;
    if (equals) return TW_OK;
    if (at + 1 == argc) return needs_value(o, err);
    *used = 2;
    return TW_OK;
}

/* A group of one-letter options, e.g. -qt 2. What is none may be a long option with one dash. */
static tw_status check_short(const struct table *t, int argc, char **argv, int at, int *used, tw_error *err)
{
    *used = 0;
    for (const char *p = argv[at] + 1; *p; p++) {
        const struct cli_option *o = option_lettered(t->rows, *p);
        if (*p != 'h' && !o) return unknown_option(t, argc, argv, at, argv[at] + 1, err);
        if (*p == 'h') return TW_OK;
        if (!o->arg) continue;
        if (!p[1] && at + 1 == argc) return needs_value(o, err);
        *used = p[1] ? 1 : 2;
        return TW_OK;
    }
    *used = 1;
    return TW_OK;
}

/* Checks the line; *help is 1 for -h, 2 for --help. */
static tw_status check_line(const struct table *t, int argc, char **argv, int *help, tw_error *err)
{
    *help = 0;
    for (int i = 0; i < argc;) {
        int used = 1;
        if (!strcmp(argv[i], "--")) return TW_OK;
        if (!strncmp(argv[i], "--", 2)) CLI_TRY(check_long(t, argc, argv, i, &used, err));
        else if (argv[i][0] == '-' && argv[i][1]) CLI_TRY(check_short(t, argc, argv, i, &used, err));
        if (!used) {
            *help = argv[i][1] == '-' ? 2 : 1;
            return TW_OK;
        }
        i += used;
    }
    return TW_OK;
}

static tw_status store_natural(const struct cli_option *o, const char *text, uint64_t *out, tw_error *err)
{
    char *end;
    errno = 0;
    unsigned long long x = strtoull(text, &end, 10);
    int digits = text[0] >= '0' && text[0] <= '9';
    unsigned long long least = (unsigned long long)o->least,
                       most = o->most > 0 ? (unsigned long long)o->most : INT64_MAX;
    if (!digits || *end || errno || x < least || x > most)
        return cli_fail(err, TW_ERR_SPEC, "--%s %.60s: not a whole number from %llu to %llu", o->name, text,
                        least, most);
    *out = x;
    return TW_OK;
}

/* A decimal number; strtod would take hexadecimal ones, spaces before them and names, too. */
static int read_number(const char *text, double *out)
{
    char *end;
    *out = strtod(text, &end);
    return end != text && !text[strspn(text, "+-.0123456789eE")] && !*end && isfinite(*out);
}

static const char *comma_hint(const char *text)
{
    return strchr(text, ',') ? " (decimals come after a point: 0.1)" : "";
}

static tw_status store_real(const struct cli_option *o, const char *text, double *out, tw_error *err)
{
    double x;
    if (!read_number(text, &x) || x < o->least || (o->most > 0 && x >= o->most)) {
        if (o->most > 0)
            return cli_fail(err, TW_ERR_SPEC, "--%s %.60s: not a number in [%g, %g)%s", o->name, text,
                            o->least, o->most, comma_hint(text));
        return cli_fail(err, TW_ERR_SPEC, "--%s %.60s: not a number from %g on%s", o->name, text, o->least,
                        comma_hint(text));
    }
    *out = x;
    return TW_OK;
}

static tw_status store_positive(const struct cli_option *o, const char *text, double *out, tw_error *err)
{
    double x;
    if (!read_number(text, &x) || x <= 0)
        return cli_fail(err, TW_ERR_SPEC, "--%s %.60s: not a number above 0%s", o->name, text,
                        comma_hint(text));
    *out = x;
    return TW_OK;
}

/* One of the words in o->arg, which "|" separates. */
static tw_status store_word(const struct cli_option *o, const char *text, int *out, tw_error *err)
{
    const char *p = o->arg;
    for (*out = 0;; (*out)++, p++) {
        const size_t n = strcspn(p, "|");
        if (strlen(text) == n && !strncmp(p, text, n)) return TW_OK;
        p += n;
        if (!*p) return cli_fail(err, TW_ERR_SPEC, "--%s %.60s: not one of %s", o->name, text, o->arg);
    }
}

static tw_status store(struct cli_call *call, int i, const char *text, tw_error *err)
{
    const struct cli_option *o = &call->options[i];
    char *to = (char *)call->values + o->offset;
    call->given |= (uint64_t)1 << i;
    switch (o->type) {
    case CLI_FLAG: *(int *)to = 1; return TW_OK;
    case CLI_TEXT: *(const char **)to = text; return *text ? TW_OK : needs_value(o, err);
    case CLI_NATURAL: return store_natural(o, text, (uint64_t *)to, err);
    case CLI_POSITIVE: return store_positive(o, text, (double *)to, err);
    case CLI_WORD: return store_word(o, text, (int *)to, err);
    default: return store_real(o, text, (double *)to, err);
    }
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
    struct parsing *p = state->input;
    if (key == ARGP_KEY_ARG) {
        p->call->word[p->call->n++] = arg;
        return 0;
    }
    for (int i = 0; p->call->options[i].name; i++) {
        const struct cli_option *o = &p->call->options[i];
        if (key != (o->letter ? o->letter : FIRST_KEY + i)) continue;
        p->status = store(p->call, i, arg, p->err);
        return p->status == TW_OK ? 0 : EINVAL;
    }
    return ARGP_ERR_UNKNOWN;
}

/* The table in argp's form, which parses; the help is printed by this program. */
static void to_argp(const struct table *t, struct argp_option to[MOST_OPTIONS + 1])
{
    memset(to, 0, (MOST_OPTIONS + 1) * sizeof *to);
    for (int i = 0; i < t->n; i++) {
        const struct cli_option *o = &t->rows[i];
        to[i] = (struct argp_option){o->name, o->letter ? o->letter : FIRST_KEY + i, o->arg, 0, NULL, 0};
    }
}

/* Whether the value may have spaces in it: its name in the help, or an example there, is in quotes. */
static int takes_list(const struct cli_option *o)
{
    return o->type == CLI_TEXT && (strchr(o->arg, '"') || strchr(o->help, '"'));
}

/* The option on the line whose value begins before line[at] and, for want of quotes, ends before it; NULL:
 * there is none. *first: where it begins. */
static const struct cli_option *unquoted_option(const struct cli_call *call, int at, int *first)
{
    for (*first = at; *first > 0 && call->line[*first][0] != '-'; --*first)
        if (strchr(call->line[*first], ' ')) return NULL;
    const struct cli_option *o =
        strncmp(call->line[*first], "--", 2)
            ? NULL
            : option_named(call->options, call->line[*first] + 2, strlen(call->line[*first] + 2));
    return ++*first < at && o && o->arg && takes_list(o) ? o : NULL;
}

tw_status cli_check_quotes(const struct cli_call *call, const char *word, tw_error *err)
{
    char list[200];
    size_t used = 0;
    int at = 0, first;
    while (at < call->n_line && call->line[at] != word) at++;
    const struct cli_option *o = at < call->n_line ? unquoted_option(call, at, &first) : NULL;
    if (!o) return TW_OK;
    for (int i = first; i < call->n_line && call->line[i][0] != '-'; i++)
        used = cli_append(list, sizeof list, used, "%s%s", i > first ? " " : "", call->line[i]);
    return cli_fail(err, TW_ERR_SPEC, "unexpected argument \"%.100s\": put quotes around a list: --%s \"%s\"",
                    word, o->name, list);
}

tw_status cli_unexpected(const struct cli_call *call, int i, tw_error *err)
{
    CLI_TRY(cli_check_quotes(call, call->word[i], err));
    return cli_fail(err, TW_ERR_SPEC, "unexpected argument \"%.100s\" (usage: thalweg %s %s)", call->word[i],
                    call->command->name, call->command->usage);
}

/* The i-th argument that the usage names: DATA is number 1 of "MODEL DATA [--json]" and number 0 of "--model
 * M DATA". */
static void argument_name(const char *usage, int i, char to[40])
{
    int is_value = 0;
    for (size_t n; *usage; usage += n + (usage[n] == ' ')) {
        n = strcspn(usage, " ");
        if (usage[0] != '-' && !is_value && i-- == 0) break;
        is_value = usage[0] == '-';
    }
    snprintf(to, 40, "%.*s", (int)strcspn(usage, " |"), usage);
}

static tw_status check_words(const struct cli_call *call, tw_error *err)
{
    const struct cli_command *command = call->command;
    char missing[40], before[40];
    if (call->n > command->most) return cli_unexpected(call, command->most, err);
    if (call->n >= command->least) return TW_OK;
    argument_name(command->usage, call->n, missing);
    if (!call->n)
        return cli_fail(err, TW_ERR_SPEC, "missing %s (usage: thalweg %s %s)", missing, command->name,
                        command->usage);
    argument_name(command->usage, call->n - 1, before);
    return cli_fail(err, TW_ERR_SPEC, "missing %s: %.100s is taken as %s (usage: thalweg %s %s)", missing,
                    call->word[call->n - 1], before, command->name, command->usage);
}

tw_status cli_run(const struct cli_command *command, int argc, char **argv, tw_error *err)
{
    int help;
    struct table table;
    list_options(command, &table);
    CLI_TRY(check_line(&table, argc, argv, &help, err));
    if (help) {
        cli_print_help(command, help == 2);
        return TW_OK;
    }
    char **line = cli_alloc((size_t)argc + 2, 2 * sizeof *line, err);
    void *values =
        cli_alloc(1, command->size > sizeof(struct cli_common) ? command->size : sizeof(struct cli_common),
                  err);
    tw_status status = TW_ERR_MEMORY;
    if (line && values) {
        if (command->initial) memcpy(values, command->initial, command->size);
        line[0] = (char[]){"thalweg"};
        for (int i = 0; i < argc; i++) line[i + 1] = argv[i];
        struct argp_option options[MOST_OPTIONS + 1];
        to_argp(&table, options);
        struct cli_call call = {command, table.rows, values, 0, argc, argv, 0, line + argc + 2};
        struct parsing parsing = {&call, err, TW_OK};
        struct argp argp = {options, parse_one, NULL, NULL, NULL, NULL, NULL};
        error_t failed =
            argp_parse(&argp, argc + 1, line, ARGP_NO_ERRS | ARGP_NO_HELP | ARGP_NO_EXIT, NULL, &parsing);
        status = parsing.status;
        if (status == TW_OK && failed == ENOMEM)
            status = cli_fail(err, TW_ERR_MEMORY, "out of memory for the command line");
        if (status == TW_OK && failed) status = cli_fail(err, TW_ERR_SPEC, "the command line cannot be read");
        if (status == TW_OK) status = check_words(&call, err);
        if (status == TW_OK) status = command->run(&call, err);
    }
    free(values);
    free(line);
    return status;
}

static void print_examples(const struct cli_command *command)
{
    if (!command->examples) return;
    fputs("Examples:\n", stdout);
    for (const char *p = command->examples; *p;) {
        const size_t n = strcspn(p, "\n");
        cli_print_command(2, p);
        p += n + (p[n] == '\n');
    }
    putchar('\n');
}

/* "-q, --quiet", "    --batch=B"; what it does, and its default. */
static const char *help_cell(const void *of, size_t row, int column, char to[CLI_CELL])
{
    const struct table *t = of;
    if (row > (size_t)t->n) return NULL;
    if (row == (size_t)t->n) return column ? "print this help (-h: a short one)" : "-h, --help";
    const struct cli_option *o = &t->rows[row];
    if (column) snprintf(to, CLI_CELL, t->usual[row] ? "%s (default: %s)" : "%s", o->help, t->usual[row]);
    else
        snprintf(to, CLI_CELL, "%c%c%c --%s%s%s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
                 o->letter ? ',' : ' ', o->name, o->arg ? "=" : "", o->arg ? o->arg : "");
    return to;
}

static void print_usage(const struct cli_command *command)
{
    printf("Usage: ");
    cli_print_row(7, 11, "thalweg %s %s", command->name, command->usage);
}

void cli_print_help(const struct cli_command *command, int full)
{
    static const char *const heads[] = {"option", "what it does", NULL};
    struct table table;
    list_options(command, &table);
    if (full) {
        print_usage(command);
        putchar('\n');
        cli_print_wrapped(0, command->help);
        putchar('\n');
    }
    print_examples(command);
    if (full) {
        puts("Options:");
        cli_print_table(
            stdout,
            &(struct cli_table){.heads = heads, .cell = help_cell, .of = &table, .indent = 2, .bare = 1},
            cli_columns(stdout, CLI_PROSE));
    } else {
        print_usage(command);
        cli_print_sentence(7, "thalweg %s --help explains every option", command->name);
    }
}
