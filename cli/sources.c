/* thalweg sources: what the five source documents name, and the command that shows it here; with words, the places that have them all. The
 * whole is docs/sources.md.
 * SPDX-License-Identifier: MIT */
#include "sources.h"
#include "cli.h"
#include <string.h>
#include <thalweg/registry.h>

#define DECLARE(id) extern const struct cli_source cli_source_##id;
CLI_SOURCES(DECLARE)
#define ADDRESS(id) &cli_source_##id,
static const struct cli_source *const sources[] = { CLI_SOURCES(ADDRESS) };
enum { SOURCES = sizeof sources / sizeof sources[0], LINE = 1024 };

static const char *const kinds[] = {
    [METHOD] = "method", [FIGURE] = "figure", [CLAIM] = "claim", [LISTING] = "listing",
    [TECHNIQUE] = "technique", [MODEL] = "model", [DATA] = "data", [TOOL] = "tool",
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

struct values { struct cli_common common; int markdown; };

static int is_built(const struct cli_named *n) { return strcmp(n->show, NOT_BUILT) != 0 && strcmp(n->show, NOT_YET) != 0; }

/* "004, 3.2.3, (3.11): method, stochastic average gradient (SAG ...)": what is printed, and what words are looked for in. */
static void line_of(const struct cli_source *s, const struct cli_named *n, char to[LINE])
{
    const char *printed = strcmp(n->printed, n->english) ? n->printed : "";
    snprintf(to, LINE, "%s, %s: %s, %s%s%s%s", s->id, n->where, kinds[n->kind], n->english, *printed ? " (" : "", printed, *printed ? ")" : "");
}

/* "not built" and "not built yet" are found as words, too. */
static int has_all(const struct cli_source *s, const struct cli_named *n, int words, char **word)
{
    char line[LINE];
    line_of(s, n, line);
    for (int i = 0; i < words; i++)
        if (!strcasestr(line, word[i]) && (is_built(n) || !strcasestr(n->show, word[i]))) return 0;
    return 1;
}

/* Calls show for each place that has all the words; returns how many those are. */
static size_t each(int words, char **word, void (*show)(const struct cli_source *, const struct cli_named *, void *), void *user)
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

static void show_nothing(const struct cli_source *s, const struct cli_named *n, void *user) { (void)s, (void)n, (void)user; }

/* A remark behind a command is a comment of the shell's. */
static void print_place(const struct cli_source *s, const struct cli_named *n, void *user)
{
    char line[LINE];
    (void)user;
    line_of(s, n, line);
    printf("%s\n    %s%s%s\n", line, n->show, !*n->note ? "" : is_built(n) ? "  # " : ": ", n->note);
}

static void add_json(const struct cli_source *s, const struct cli_named *n, void *user)
{
    const int built = is_built(n);
    json_t *place = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "source", s->id, "where", n->where, "kind", kinds[n->kind], "printed", n->printed,
                              "english", n->english, "status", built ? "built" : n->show, "note", n->note);
    if (built) json_object_set_new(place, "show", json_string(n->show));
    json_array_append_new(user, place);
}

/* Text of others between the bars of a table. */
static void print_escaped(const char *text)
{
    for (; *text; text++) {
        if (strchr("\\`*_{}[]<>#|$~", *text)) putchar('\\');
        putchar(*text);
    }
}

static void print_row(const struct cli_named *n)
{
    printf("| %s | %s | ", n->where, kinds[n->kind]);
    print_escaped(n->printed);
    printf(" | ");
    print_escaped(n->english);
    if (!is_built(n)) printf(" | *%s*: ", n->show);
    else if (strncmp(n->show, "thalweg ", 8)) printf(" | [%s](../%s)%s", n->show, n->show, *n->note ? "; " : "");
    else printf(" | `%s`%s", n->show, *n->note ? "; " : "");
    print_escaped(n->note);
    puts(" |");
}

/* How much of each kind there is, shown, to come, and neither. */
static void print_counts(void)
{
    puts("| | named | shown | not built yet | not built |\n|---|---|---|---|---|");
    for (int kind = 0; kind <= KINDS; kind++) {                         /* KINDS: the sum */
        size_t named = 0, later = 0, never = 0;
        for (int i = 0; i < SOURCES; i++)
            for (size_t k = 0; k < sources[i]->n; k++) {
                const struct cli_named *n = &sources[i]->named[k];
                if (kind < KINDS && n->kind != (enum cli_kind)kind) continue;
                named++;
                later += !strcmp(n->show, NOT_YET);
                never += !strcmp(n->show, NOT_BUILT);
            }
        printf("| %s | %zu | %zu | %zu | %zu |\n", kind < KINDS ? kinds[kind] : "in all", named, named - later - never, later, never);
    }
    putchar('\n');
}

static void print_page(void)
{
    printf("# What the source documents name\n\n"
           "<!-- thalweg sources --markdown writes this page; tests/contracts/update does it for you. -->\n\n"
           "Five documents (in Chinese) are what this program sets out to make exact and runnable. Here stands every method, figure, claim, listing,\n"
           "technique, model, data set and tool that they name, as it is printed there, with the command or example that shows it here. `thalweg sources\n"
           "WORD...` finds the places that have all the words: `thalweg sources momentum`, `thalweg sources 004 claim saddle`.\n\n"
           "A command shows a claim; it does not make it true. What was measured stands in [comparison.md](comparison.md) and in the `claims.md` of\n"
           "`thalweg figures`. Runs on `digits` take seconds to a few minutes; `mnist` may stand in its place.\n\n");
    print_counts();
    for (int i = 0; i < SOURCES; i++) {
        printf("## %s: %s\n\n| where | what | as printed | in English | shown by |\n|---|---|---|---|---|\n", sources[i]->id, sources[i]->about);
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
        const char *near = tw_suggest(word[i], english_at, NULL);
        if (near) return cli_fail(err, TW_ERR_NOT_FOUND, "the sources do not name \"%.60s\" (did you mean \"%s\"?)", word[i], near);
        return cli_fail(err, TW_ERR_NOT_FOUND, "the sources do not name \"%.60s\"; thalweg sources lists all that they name", word[i]);
    }
    return cli_fail(err, TW_ERR_NOT_FOUND, "no place in the sources has all these words; fewer find more");
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct values *v = call->values;
    if (v->markdown && (v->common.json || call->n))
        return cli_fail(err, TW_ERR_SPEC, "--markdown is the whole page; neither --json nor words may stand beside it");
    if (v->markdown) {
        print_page();
        return TW_OK;
    }
    json_t *places = v->common.json ? json_array() : NULL;
    if (each(call->n, call->word, v->common.json ? add_json : print_place, places))
        return v->common.json ? cli_print_json(places, err) : TW_OK;
    json_decref(places);
    return nothing_found(call->n, call->word, err);
}

static const struct cli_option options[] = {
    { "markdown", 0, CLI_FLAG, offsetof(struct values, markdown), NULL, 0, 0, "print the page docs/sources.md" },
    CLI_JSON, CLI_END
};

const struct cli_command cli_command_sources = {
    .name = "sources", .usage = "[WORD...] [--json|--markdown]", .help = "what the source documents name, and what shows it here",
    .examples = "thalweg sources momentum\nthalweg sources 004 claim saddle", .most = INT_MAX, .options = options, .size = sizeof(struct values), .run = run,
};
