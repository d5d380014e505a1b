/* thalweg sources: what the five source documents name, and the command that shows it here; with words, the
 * places that have them all. The whole is docs/sources.md.
 * SPDX-License-Identifier: MIT */
#include "sources.h"
#include "cli.h"
#include "table.h"
#include <string.h>
#include <thalweg/registry.h>

#define DECLARE(id) extern const struct cli_source cli_source_##id;
CLI_SOURCES(DECLARE)
#define ADDRESS(id) &cli_source_##id,
static const struct cli_source *const sources[] = {CLI_SOURCES(ADDRESS)};
enum { SOURCES = sizeof sources / sizeof sources[0], LINE = 1024 };

static const char *const kinds[] = {
    [METHOD] = "method",       [FIGURE] = "figure", [CLAIM] = "claim", [LISTING] = "listing",
    [TECHNIQUE] = "technique", [MODEL] = "model",   [DATA] = "data",   [TOOL] = "tool",
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

struct values {
    struct cli_common common;
    int markdown;
};

static const char *const lacks[] = {NOT_SHOWN, NOT_BUILT};
enum { LACKS = sizeof lacks / sizeof lacks[0] };

static int is_shown(const struct cli_named *n)
{
    for (int i = 0; i < LACKS; i++)
        if (!strcmp(n->show, lacks[i])) return 0;
    return 1;
}

/* "004, 3.2.3, (3.11): method, stochastic average gradient (SAG ...)": what is printed, and what words are
 * looked for in. */
static void line_of(const struct cli_source *s, const struct cli_named *n, char to[LINE])
{
    const char *printed = strcmp(n->printed, n->english) ? n->printed : "";
    snprintf(to, LINE, "%s, %s: %s, %s%s%s%s", s->id, n->where, kinds[n->kind], n->english,
             *printed ? " (" : "", printed, *printed ? ")" : "");
}

/* "not built" and the like are found as words, too. */
static int has_all(const struct cli_source *s, const struct cli_named *n, int words, char **word)
{
    char line[LINE];
    line_of(s, n, line);
    for (int i = 0; i < words; i++)
        if (!strcasestr(line, word[i]) && (is_shown(n) || !strcasestr(n->show, word[i]))) return 0;
    return 1;
}

/* Calls show for each place that has all the words; returns how many those are. */
static size_t each(int words, char **word,
                   void (*show)(const struct cli_source *, const struct cli_named *, void *), void *user)
{
    size_t found = 0;
    for (int i = 0; i < SOURCES; i++)
        for (size_t k = 0; k < sources[i]->n; k++)
            if (has_all(sources[i], &sources[i]->named[k], words, word)) {
                show(sources[i], &sources[i]->named[k], user);
                found++;
            }
    return found;
}

static void show_nothing(const struct cli_source *s, const struct cli_named *n, void *user)
{
    (void)s, (void)n, (void)user;
}

static void print_show(const struct cli_named *n)
{
    const int shown = is_shown(n), apart = shown && cli_columns(stdout, 0);
    if (apart) cli_print_command(4, n->show);
    if (apart && *n->note) cli_print_sentence(4, "(%s)", n->note);
    if (apart) return;
    char line[LINE];
    snprintf(line, sizeof line, "%s%s%s", n->show, !*n->note ? "" : shown ? "  # " : ": ", n->note);
    printf("    ");
    cli_print_row(4, 4, line);
}

/* A remark behind a command is a comment of the shell's; on a terminal it stands below. */
static void print_place(const struct cli_source *s, const struct cli_named *n, void *user)
{
    char line[LINE];
    (void)user;
    line_of(s, n, line);
    cli_print_row(0, 4, line);
    print_show(n);
    if (!n->evidence) return;
    printf("    ");
    cli_print_row(4, 4, n->evidence);
}

static void add_json(const struct cli_source *s, const struct cli_named *n, void *user)
{
    const int shown = is_shown(n);
    json_t *place = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "source", s->id, "where", n->where,
                              "kind", kinds[n->kind], "printed", n->printed, "english", n->english, "status",
                              shown ? "built" : n->show, "note", n->note);
    if (shown) place = cli_put(place, "show", json_string(n->show));
    if (n->evidence) place = cli_put(place, "evidence", json_string(n->evidence));
    json_t **places = user;
    *places = cli_add(*places, place);
}

/* Text of others between the bars of a table. */
static void print_escaped(const char *text)
{
    for (; *text; text++) {
        if (strchr("\\`*_{}[]<>#|$~", *text)) putchar('\\');
        putchar(*text);
    }
}

static void print_evidence(const char *evidence)
{
    const int verdict = (int)strcspn(evidence, ":");
    printf("**%.*s**", verdict, evidence);
    print_escaped(evidence + verdict);
}

static void print_row(const struct cli_named *n)
{
    const int more = n->evidence || *n->note;
    printf("| %s | %s | ", n->where, kinds[n->kind]);
    print_escaped(n->printed);
    printf(" | ");
    print_escaped(n->english);
    if (!is_shown(n)) printf(" | *%s*: ", n->show);
    else if (strncmp(n->show, "thalweg ", 8)) printf(" | [%s](../%s)%s", n->show, n->show, more ? "; " : "");
    else printf(" | `%s`%s", n->show, more ? "; " : "");
    print_escaped(n->note);
    if (n->evidence && *n->note) printf(". ");
    if (n->evidence) print_evidence(n->evidence);
    puts(" |");
}

static size_t count_verdict(const char *verdict)
{
    size_t found = 0;
    for (int i = 0; i < SOURCES; i++)
        for (size_t k = 0; k < sources[i]->n; k++) {
            const struct cli_named *n = &sources[i]->named[k];
            const char *evidence = n->kind == CLAIM ? n->evidence : NULL;
            found +=
                evidence && !strncmp(evidence, verdict, strlen(verdict)) && evidence[strlen(verdict)] == ':';
        }
    return found;
}

/* How many are of a kind, or KINDS: of any; shown as said, or show NULL: all of them. */
static size_t count_kind(int kind, const char *show)
{
    size_t found = 0;
    for (int i = 0; i < SOURCES; i++)
        for (size_t k = 0; k < sources[i]->n; k++) {
            const struct cli_named *n = &sources[i]->named[k];
            found += (kind == KINDS || n->kind == (enum cli_kind)kind) && (!show || !strcmp(n->show, show));
        }
    return found;
}

/* How much of each kind there is, and is lacking; how the claims that are shown came out. */
static void print_counts(void)
{
    puts("| | named | shown | not shown | not built |\n|---|---|---|---|---|");
    for (int kind = 0; kind <= KINDS; kind++) {
        size_t named = count_kind(kind, NULL), lacking = 0;
        for (int i = 0; i < LACKS; i++) lacking += count_kind(kind, lacks[i]);
        printf("| %s | %zu | %zu |", kind < KINDS ? kinds[kind] : "in all", named, named - lacking);
        for (int i = 0; i < LACKS; i++) printf(" %zu |", count_kind(kind, lacks[i]));
        putchar('\n');
    }
    printf("\nOf the claims that are shown %zu hold, %zu depend on settings, %zu do not hold.\n\n",
           count_verdict("yes"), count_verdict("depends"), count_verdict("no"));
}

static void print_page(void)
{
    printf(
        "# What the source documents name\n\n"
        "<!-- thalweg sources --markdown writes this page; tests/contracts/update does it for you. -->\n\n"
        "Five documents (in Chinese) are what this program sets out to make exact and runnable. Here stands every method, figure, claim, listing,\n"
        "technique, model, data set and tool that they name, as it is printed there, with the command or example that shows it here. `thalweg sources\n"
        "WORD...` finds the places that have all the words: `thalweg sources momentum`, `thalweg sources 004 claim saddle`.\n\n"
        "After a claim's command comes whether the claim holds there (**yes**, **depends**, **no**) and what to look at in the output: `loss of adam <\n"
        "loss of sgd` is the column `loss` in the rows `adam` and `sgd`; a name such as `saddle-1` is a claim that `thalweg figures` measures. A test runs\n"
        "each command and compares. One command is one setting: [comparison.md](comparison.md) has more. Runs on `digits` take seconds; `mnist` may stand in\n"
        "its place.\n\n");
    print_counts();
    for (int i = 0; i < SOURCES; i++) {
        printf("## %s: %s\n\n| where | what | as printed | in English | shown by |\n|---|---|---|---|---|\n",
               sources[i]->id, sources[i]->about);
        for (size_t k = 0; k < sources[i]->n; k++) print_row(&sources[i]->named[k]);
        putchar('\n');
    }
}

static const char *english_at(size_t i, const void *user)
{
    (void)user;
    for (int s = 0; s < SOURCES; i -= sources[s++]->n)
        if (i < sources[s]->n) return sources[s]->named[i].english;
    return NULL;
}

/* Which word is the one too much. */
static tw_status nothing_found(int words, char **word, tw_error *err)
{
    for (int i = 0; i < words; i++) {
        if (each(1, word + i, show_nothing, NULL)) continue;
        return cli_unknown(err, TW_ERR_NOT_FOUND, "the sources do not name", word[i],
                           tw_suggest(word[i], english_at, NULL),
                           "; thalweg sources lists all that they name");
    }
    return cli_fail(err, TW_ERR_NOT_FOUND, "no place in the sources has all these words; fewer find more");
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct values *v = call->values;
    if (v->markdown && (v->common.json || call->n))
        return cli_fail(err, TW_ERR_SPEC,
                        "--markdown is the whole page; it cannot be combined with --json or words");
    if (v->markdown) {
        print_page();
        return TW_OK;
    }
    json_t *places = v->common.json ? json_array() : NULL;
    if (each(call->n, call->word, v->common.json ? add_json : print_place, &places))
        return v->common.json ? cli_print_json(places, err) : TW_OK;
    json_decref(places);
    return nothing_found(call->n, call->word, err);
}

static const struct cli_option options[] = {{"markdown", 0, CLI_FLAG, offsetof(struct values, markdown), NULL,
                                             0, 0, "print the page docs/sources.md"},
                                            CLI_JSON,
                                            CLI_END};

const struct cli_command cli_command_sources = {
    .name = "sources",
    .usage = "[WORD...] [--json|--markdown]",
    .help = "what the source documents name, and what shows it here",
    .examples = "thalweg sources momentum\nthalweg sources 004 claim saddle",
    .most = INT_MAX,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
