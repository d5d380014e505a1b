/* From a command's option table to its values and its help. Abbreviations are not taken, so that a new option
 * never changes an old command line.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include "table.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <thalweg/registry.h>

/* All options of a command: those of the library, then its own. */
struct table {
    const struct cli_command *command;
    int n;
    struct cli_option rows[CLI_MOST_OPTIONS + 1];
    const char *usual[CLI_MOST_OPTIONS]; /* defaults */
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
        if (f.flag && t->n < CLI_MOST_OPTIONS)
            t->usual[t->n] = f.usual, t->rows[t->n++] = from_field(command, &f);
    for (const struct cli_option *o = command->options; o && o->name && t->n < CLI_MOST_OPTIONS; o++)
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
    return o && (call->given[o - call->options]);
}

static const void *value_of(const struct cli_call *call, const struct cli_option *o)
{
    return (const char *)call->values + o->offset;
}

const char *cli_text_value(const struct cli_call *call, const char *name)
{
    if (!cli_given(call, name)) return NULL;
    return *(const char *const *)value_of(call, option_named(call->options, name, strlen(name)));
}

char *cli_option_word(const struct cli_call *call, const char *name, tw_error *err)
{
    const struct cli_option *o = option_named(call->options, name, strlen(name));
    const void *value = value_of(call, o);
    switch (o->type) {
    case CLI_FLAG: return cli_text(err, "--%s", name);
    case CLI_TEXT: return cli_text(err, "--%s=%s", name, *(const char *const *)value);
    case CLI_NATURAL: return cli_text(err, "--%s=%llu", name, (unsigned long long)*(const uint64_t *)value);
    default: return cli_text(err, "--%s=%.17g", name, *(const double *)value);
    }
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
        if (call->given[i] && is_among(call->options[i].name, names) == listed) return call->options[i].name;
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
        if (call->given[i])
            memcpy((char *)call->values + call->options[i].offset, line + call->options[i].offset,
                   bytes[call->options[i].type]);
    free(line);
    return status;
}

static tw_status needs_value(const struct cli_option *o, tw_error *err)
{
    return cli_fail(err, TW_ERR_SPEC, "option --%s needs a value: --%s %s", o->name, o->name, o->arg);
}

static tw_status takes_no_value(const char *name, tw_error *err)
{
    return cli_fail(err, TW_ERR_SPEC, "option --%s takes no value", name);
}

/* The option at argv[at], which the command does not have; `name` is as it was written, without dashes. */
static tw_status unknown_option(const struct table *t, int argc, char **argv, int at, const char *name,
                                tw_error *err)
{
    char hint[300], word[64];
    const int dashes = (int)(name - argv[at]),
              length = (int)strcspn(name, "=") < 60 ? (int)strcspn(name, "=") : 60;
    snprintf(word, sizeof word, "%.*s", length, name);
    cli_option_hint(t->rows, argc, argv, at, word, hint, sizeof hint);
    if (!*hint) snprintf(hint, sizeof hint, "; thalweg %s --help lists the options", t->command->name);
    return cli_fail(err, TW_ERR_SPEC, "unknown option %.*s%s%s", dashes, "--", word, hint);
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

static tw_status store_real(const struct cli_option *o, const char *text, double *out, tw_error *err)
{
    char range[64]; /* what is right */
    const int is = tw_number_read(text, out), is_positive = o->type == CLI_POSITIVE;
    if (is == 1 && (is_positive ? *out > 0 : *out >= o->least) && !(o->most > 0 && *out >= o->most))
        return TW_OK;
    if (is_positive) snprintf(range, sizeof range, "above 0");
    else if (o->most > 0) snprintf(range, sizeof range, "in [%g, %g)", o->least, o->most);
    else snprintf(range, sizeof range, "from %g on", o->least);
    return cli_fail(err, TW_ERR_SPEC, "--%s %.60s: %snot a number %s%s", o->name, text,
                    is < 0 ? *out == 0 ? "too small, " : "too large, " : "", range,
                    strchr(text, ',') ? " (decimals come after a point: 0.1)" : "");
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

static tw_status store(struct cli_call *call, const struct cli_option *o, const char *text, tw_error *err)
{
    char *to = (char *)call->values + o->offset;
    call->given[o - call->options] = 1;
    switch (o->type) {
    case CLI_FLAG: *(int *)to = 1; return TW_OK;
    case CLI_TEXT: *(const char **)to = text; return *text ? TW_OK : needs_value(o, err);
    case CLI_NATURAL: return store_natural(o, text, (uint64_t *)to, err);
    case CLI_WORD: return store_word(o, text, (int *)to, err);
    default: return store_real(o, text, (double *)to, err);
    }
}

/* A line that is read: for what it holds, and then (values) to store it, so that an unknown option is named
 * before a wrong value. help: 1 for -h, 2 for --help, which end it. */
struct reading {
    const struct table *table;
    struct cli_call *call;
    int values, help;
};

static tw_status keep(const struct reading *r, const struct cli_option *o, const char *text, tw_error *err)
{
    return r->values ? store(r->call, o, text, err) : TW_OK;
}

/* A long option at line[at]; *used is how many words it takes. */
static tw_status read_long(struct reading *r, int at, int *used, tw_error *err)
{
    const int n = r->call->n_line;
    char **line = r->call->line;
    const char *name = line[at] + 2, *equals = strchr(name, '=');
    const size_t length = equals ? (size_t)(equals - name) : strlen(name);
    *used = 1;
    if (length == 4 && !strncmp(name, "help", length)) {
        r->help = 2;
        return equals ? takes_no_value("help", err) : TW_OK;
    }
    const struct cli_option *o = option_named(r->call->options, name, length);
    if (!o) return unknown_option(r->table, n, line, at, name, err);
    if (!o->arg && equals) return takes_no_value(o->name, err);
    if (!o->arg || equals) return keep(r, o, equals ? equals + 1 : NULL, err);
    if (at + 1 == n) return needs_value(o, err);
    *used = 2;
    return keep(r, o, line[at + 1], err);
}

/* A group of one-letter options, e.g. -qj 2. What is none may be a long option with one dash. */
static tw_status read_short(struct reading *r, int at, int *used, tw_error *err)
{
    const int n = r->call->n_line;
    char **line = r->call->line;
    *used = 1;
    for (const char *p = line[at] + 1; *p; p++) {
        const struct cli_option *o = option_lettered(r->call->options, *p);
        if (*p != 'h' && !o) return unknown_option(r->table, n, line, at, line[at] + 1, err);
        if (*p == 'h') {
            r->help = 1;
            return TW_OK;
        }
        if (!o->arg && p[1] == '=') return takes_no_value(o->name, err);
        if (o->arg && !p[1] && at + 1 == n) return needs_value(o, err);
        *used = o->arg && !p[1] ? 2 : 1;
        CLI_TRY(keep(r, o, p[1] ? p + 1 : line[at + *used - 1], err));
        if (o->arg) return TW_OK;
    }
    return TW_OK;
}

static tw_status read_line(struct reading *r, tw_error *err)
{
    struct cli_call *c = r->call;
    int used, words = 0; /* after -- */
    for (int i = 0; i < c->n_line && !r->help; i += used) {
        const char *word = c->line[i];
        const int is_option = !words && word[0] == '-' && word[1];
        used = 1;
        if (is_option && !strcmp(word, "--")) words = 1;
        else if (is_option) CLI_TRY((word[1] == '-' ? read_long : read_short)(r, i, &used, err));
        else {
            words |= c->command->is_prefix;
            if (r->values) c->word[c->n++] = c->line[i];
        }
    }
    return TW_OK;
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
    snprintf(to, 40, "%.*s", (int)strcspn(usage, " |."), usage);
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

static tw_status join_words(struct cli_call *call, tw_error *err)
{
    size_t size = 1, used = 0;
    for (int i = 0; i < call->n; i++) size += strlen(call->word[i]) + 1;
    call->lines = cli_alloc(size, 1, err);
    for (int i = 0; call->lines && i < call->n; i++)
        used = cli_append(call->lines, size, used, i ? "\n%s" : "%s", call->word[i]);
    return call->lines ? TW_OK : TW_ERR_MEMORY;
}

tw_status cli_run(const struct cli_command *command, int argc, char **argv, tw_error *err)
{
    struct table table;
    list_options(command, &table);
    struct cli_call call = {.command = command, .options = table.rows, .n_line = argc, .line = argv};
    struct reading line = {&table, &call, 0, 0};
    CLI_TRY(read_line(&line, err));
    if (line.help) {
        cli_print_help(command, line.help == 2);
        return TW_OK;
    }
    const size_t size = command->size > sizeof(struct cli_common) ? command->size : sizeof(struct cli_common);
    call.word = cli_alloc((size_t)argc + 1, sizeof *call.word, err);
    call.values = cli_alloc(1, size, err);
    tw_status status = TW_ERR_MEMORY;
    if (call.word && call.values) {
        if (command->initial) memcpy(call.values, command->initial, command->size);
        line.values = 1;
        status = read_line(&line, err);
        if (status == TW_OK) status = check_words(&call, err);
        if (status == TW_OK) status = join_words(&call, err);
        if (status == TW_OK) status = command->run(&call, err);
    }
    free(call.values);
    free(call.word);
    free(call.lines);
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

/* The section of a long list of options that begins with this one; NULL: none does. */
static const char *section_at(const struct table *t, int i)
{
    static const struct {
        const char *option, *text;
    } first[] = {{"surface", "Race"},     {"test", "Rows"},     {"model", "Model"},      {"cv", "Selection"},
                 {"optimizer", "Method"}, {"solver", "Solver"}, {"estimator", "Method"}, {"epochs", "Run"},
                 {"out", "Output"},       {"loss", "Loss"},     {"config", "Other"},     {"resume", "Other"}};
    for (size_t k = 0; i < t->n && k < sizeof first / sizeof first[0]; k++)
        if (!strcmp(t->rows[i].name, first[k].option)) return first[k].text;
    return NULL;
}

/* The heading of a section, before its first option. */
static const char *heading_at(const struct table *t, int i)
{
    enum { LONG = 24 };
    const char *section = t->n > LONG ? section_at(t, i) : NULL, *before = NULL;
    while (section && !before && i-- > 0) before = section_at(t, i);
    return section && before && !strcmp(section, before) ? NULL : section;
}

/* "-q, --quiet", "    --batch=B"; what it does, and its default. Headings are rows of their own. */
static const char *help_cell(const void *of, size_t at, int column, char to[CLI_CELL])
{
    const struct table *t = of;
    int row = 0;
    for (;; row++) {
        const char *heading = heading_at(t, row);
        if (heading && at-- == 0) return column ? "" : heading;
        if (row > t->n) return NULL;
        if (at-- == 0) break;
    }
    if (row == t->n) return column ? "print this help (-h: a short one)" : "-h, --help";
    const struct cli_option *o = &t->rows[row];
    if (column) snprintf(to, CLI_CELL, t->usual[row] ? "%s (default: %s)" : "%s", o->help, t->usual[row]);
    else
        snprintf(to, CLI_CELL, "%c%c%c --%s%s%s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
                 o->letter ? ',' : ' ', o->name, o->arg ? "=" : "", o->arg ? o->arg : "");
    return to;
}

static void print_usage(const struct cli_command *command)
{
    char text[1024];
    snprintf(text, sizeof text, "thalweg %s %s", command->name, command->usage);
    printf("Usage: ");
    cli_print_row(7, 11, text);
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
