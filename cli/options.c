/* From a command's option table to its values: argp does the parsing; what it would say too vaguely (unknown options, missing or
 * unwanted values) is checked before, and abbreviations are not taken, so that a new option never changes an old command line.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <thalweg/registry.h>

enum { FIRST_KEY = 256, MOST_OPTIONS = 64 };

struct parsing { struct cli_call *call; tw_error *err; tw_status status; };

static int option_count(const struct cli_command *command)
{
    int n = 0;
    while (command->options && command->options[n].name) n++;
    return n;
}

static const char *option_name(size_t i, const void *user)
{
    const struct cli_command *command = user;
    size_t n = (size_t)option_count(command);
    return i < n ? command->options[i].name : i == n ? "help" : NULL;
}

static const struct cli_option *option_named(const struct cli_command *command, const char *name, size_t length)
{
    for (int i = 0; i < option_count(command); i++)
        if (strlen(command->options[i].name) == length && !strncmp(command->options[i].name, name, length)) return &command->options[i];
    return NULL;
}

static const struct cli_option *option_lettered(const struct cli_command *command, char letter)
{
    for (int i = 0; i < option_count(command); i++)
        if (command->options[i].letter == letter) return &command->options[i];
    return NULL;
}

int cli_given(const struct cli_call *call, const char *name)
{
    const struct cli_option *o = option_named(call->command, name, strlen(name));
    return o && (call->given >> (o - call->command->options) & 1);
}

static tw_status needs_value(const struct cli_option *o, tw_error *err)
{
    return cli_fail(err, TW_ERR_SPEC, "option --%s needs a value: --%s %s", o->name, o->name, o->arg);
}

/* The option at argv[at], which the command does not have; `name` is as it was written, without dashes. */
static tw_status unknown_option(const struct cli_command *command, int argc, char **argv, int at, const char *name, tw_error *err)
{
    char hint[300];
    const int dashes = (int)(name - argv[at]), length = (int)strcspn(name, "=") < 60 ? (int)strcspn(name, "=") : 60;
    char *word = cli_text(err, "%.*s", length, name);
    if (!word) return TW_ERR_MEMORY;
    cli_option_hint(command, argc, argv, at, word, hint, sizeof hint);
    const char *near = *hint ? NULL : tw_suggest(word, option_name, command);
    if (near) snprintf(hint, sizeof hint, " (did you mean --%s?)", near);
    else if (!*hint) snprintf(hint, sizeof hint, "; thalweg %s --help lists the options", command->name);
    cli_fail(err, TW_ERR_SPEC, "unknown option %.*s%s%s", dashes, "--", word, hint);
    free(word);
    return TW_ERR_SPEC;
}

/* A long option at argv[at]; *used is how many words it takes, 0 for --help. */
static tw_status check_long(const struct cli_command *command, int argc, char **argv, int at, int *used, tw_error *err)
{
    const char *name = argv[at] + 2, *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    *used = 0;
    if (length == 4 && !strncmp(name, "help", 4) && !equals) return TW_OK;
    const struct cli_option *o = option_named(command, name, length);
    if (!o) return unknown_option(command, argc, argv, at, name, err);
    *used = 1;
    if (!o->arg) return equals ? cli_fail(err, TW_ERR_SPEC, "option --%s takes no value", o->name) : TW_OK;
    if (equals) return TW_OK;
    if (at + 1 == argc) return needs_value(o, err);
    *used = 2;
    return TW_OK;
}

/* A group of one-letter options, e.g. -qt 2. What is none may be a long option with one dash. */
static tw_status check_short(const struct cli_command *command, int argc, char **argv, int at, int *used, tw_error *err)
{
    *used = 0;
    for (const char *p = argv[at] + 1; *p; p++) {
        const struct cli_option *o = option_lettered(command, *p);
        if (*p != 'h' && !o) return unknown_option(command, argc, argv, at, argv[at] + 1, err);
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
static tw_status check_line(const struct cli_command *command, int argc, char **argv, int *help, tw_error *err)
{
    *help = 0;
    for (int i = 0; i < argc;) {
        int used = 1;
        if (!strcmp(argv[i], "--")) return TW_OK;
        if (!strncmp(argv[i], "--", 2)) CLI_TRY(check_long(command, argc, argv, i, &used, err));
        else if (argv[i][0] == '-' && argv[i][1]) CLI_TRY(check_short(command, argc, argv, i, &used, err));
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
    unsigned long long least = (unsigned long long)o->least, most = o->most > 0 ? (unsigned long long)o->most : INT64_MAX;
    if (!digits || *end || errno || x < least || x > most)
        return cli_fail(err, TW_ERR_SPEC, "--%s %.60s: not a whole number from %llu to %llu", o->name, text, least, most);
    *out = x;
    return TW_OK;
}

/* A decimal number; strtod would take hexadecimal ones, blanks before them and names, too. */
static int read_number(const char *text, double *out)
{
    char *end;
    *out = strtod(text, &end);
    return end != text && !text[strspn(text, "+-.0123456789eE")] && !*end && isfinite(*out);
}

static tw_status store_real(const struct cli_option *o, const char *text, double *out, tw_error *err)
{
    double x;
    if (!read_number(text, &x) || x < o->least || (o->most > 0 && x >= o->most)) {
        if (o->most > 0) return cli_fail(err, TW_ERR_SPEC, "--%s %.60s: not a number in [%g, %g)", o->name, text, o->least, o->most);
        return cli_fail(err, TW_ERR_SPEC, "--%s %.60s: not a number from %g on", o->name, text, o->least);
    }
    *out = x;
    return TW_OK;
}

static tw_status store_positive(const struct cli_option *o, const char *text, double *out, tw_error *err)
{
    double x;
    if (!read_number(text, &x) || x <= 0) return cli_fail(err, TW_ERR_SPEC, "--%s %.60s: not a number above 0", o->name, text);
    *out = x;
    return TW_OK;
}

static tw_status store(struct cli_call *call, int i, const char *text, tw_error *err)
{
    const struct cli_option *o = &call->command->options[i];
    char *to = (char *)call->values + o->offset;
    call->given |= (uint64_t)1 << i;
    switch (o->type) {
    case CLI_FLAG: *(int *)to = 1; return TW_OK;
    case CLI_TEXT: *(const char **)to = text; return *text ? TW_OK : needs_value(o, err);
    case CLI_NATURAL: return store_natural(o, text, (uint64_t *)to, err);
    case CLI_POSITIVE: return store_positive(o, text, (double *)to, err);
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
    for (int i = 0; i < option_count(p->call->command); i++) {
        const struct cli_option *o = &p->call->command->options[i];
        if (key != (o->letter ? o->letter : FIRST_KEY + i)) continue;
        p->status = store(p->call, i, arg, p->err);
        return p->status == TW_OK ? 0 : EINVAL;
    }
    return ARGP_ERR_UNKNOWN;
}

/* The table in argp's form. Each row is a group of its own: that keeps the table's order in the help. */
static void to_argp(const struct cli_command *command, struct argp_option *to)
{
    int n = option_count(command);
    memset(to, 0, sizeof *to * (size_t)(n + 2));
    for (int i = 0; i < n; i++) {
        const struct cli_option *o = &command->options[i];
        to[i] = (struct argp_option){ o->name, o->letter ? o->letter : FIRST_KEY + i, o->arg, 0, o->help, i + 1 };
    }
    to[n] = (struct argp_option){ "help", 'h', NULL, 0, "print this help (-h: a short one)", n + 1 };
}

static tw_status check_words(const struct cli_command *command, int n, char **word, tw_error *err)
{
    if (n > command->most)
        return cli_fail(err, TW_ERR_SPEC, "unexpected argument \"%.100s\" (usage: thalweg %s %s)", word[command->most], command->name, command->usage);
    if (n < command->least)
        return cli_fail(err, TW_ERR_SPEC, "missing argument (usage: thalweg %s %s)", command->name, command->usage);
    return TW_OK;
}

tw_status cli_run(const struct cli_command *command, int argc, char **argv, tw_error *err)
{
    int help;
    CLI_TRY(check_line(command, argc, argv, &help, err));
    if (help) {
        cli_print_help(command, help == 2);
        return TW_OK;
    }
    char **line = cli_alloc((size_t)argc + 2, 2 * sizeof *line, err);
    void *values = cli_alloc(1, command->size > sizeof(struct cli_common) ? command->size : sizeof(struct cli_common), err);
    tw_status status = TW_ERR_MEMORY;
    if (line && values) {
        if (command->initial) memcpy(values, command->initial, command->size);
        line[0] = (char[]){ "thalweg" };
        for (int i = 0; i < argc; i++) line[i + 1] = argv[i];
        struct argp_option options[MOST_OPTIONS + 2];
        to_argp(command, options);
        struct cli_call call = { command, values, 0, 0, line + argc + 2 };
        struct parsing parsing = { &call, err, TW_OK };
        struct argp argp = { options, parse_one, NULL, NULL, NULL, NULL, NULL };
        error_t failed = argp_parse(&argp, argc + 1, line, ARGP_NO_ERRS | ARGP_NO_HELP | ARGP_NO_EXIT, NULL, &parsing);
        status = parsing.status;
        if (status == TW_OK && failed) status = cli_fail(err, TW_ERR_SPEC, "the command line cannot be read");
        if (status == TW_OK) status = check_words(command, call.n, call.word, err);
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
        size_t n = strcspn(p, "\n");
        printf("  %.*s\n", (int)n, p);
        p += n + (p[n] == '\n');
    }
    putchar('\n');
}

void cli_print_help(const struct cli_command *command, int full)
{
    struct argp_option options[MOST_OPTIONS + 2];
    to_argp(command, options);
    struct argp argp = { options, NULL, NULL, NULL, NULL, NULL, NULL };
    if (full) printf("Usage: thalweg %s %s\n\n%s\n\n", command->name, command->usage, command->help);
    print_examples(command);
    if (full) {
        fputs("Options:\n", stdout);
        argp_help(&argp, stdout, ARGP_HELP_LONG, (char[]){ "thalweg" });
    } else {
        printf("Usage: thalweg %s %s\n       thalweg %s --help explains every option\n", command->name, command->usage, command->name);
    }
}
