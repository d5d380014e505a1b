/* Equations as one reads them: what rules print as plain text ("v = beta2 v + (1 - beta2) g^2") with Greek
 * letters, powers raised, indices lowered and hats on letters. Words of more than one letter that are no
 * Greek letter stay upright, as names of options are.
 * SPDX-License-Identifier: MIT */
#include "race/report/report.h"
#include <string.h>

static const struct {
    const char *name, *letter;
} greek[] = {
    {"alpha", "α"},   {"beta", "β"}, {"gamma", "γ"}, {"delta", "δ"}, {"eps", "ε"},
    {"epsilon", "ε"}, {"eta", "η"},  {"theta", "θ"}, {"kappa", "κ"}, {"lambda", "λ"},
    {"mu", "μ"},      {"nu", "ν"},   {"xi", "ξ"},    {"pi", "π"},    {"rho", "ρ"},
    {"sigma", "σ"},   {"tau", "τ"},  {"phi", "φ"},   {"psi", "ψ"},   {"omega", "ω"},
};

static int is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static int is_digit(char c) { return c >= '0' && c <= '9'; }
static int is_part(char c) { return is_letter(c) || is_digit(c); }

static size_t span(const char *at, int (*is)(char c))
{
    size_t n = 0;
    while (is(at[n])) n++;
    return n;
}

/* A word's letter, if it is one: a single one, or Greek by name. NULL: none. */
static const char *letter_of(const char *at, size_t n, char own[2])
{
    own[0] = at[0];
    own[1] = 0;
    for (size_t i = 0; i < sizeof greek / sizeof greek[0]; i++)
        if (strlen(greek[i].name) == n && memcmp(greek[i].name, at, n) == 0) return greek[i].letter;
    return n == 1 ? own : NULL;
}

/* What is raised or lowered: a name or number with its sign, or what stands in brackets. 0: nothing. */
static size_t group(const char *at)
{
    const size_t sign = *at == '-';
    if (*at != '(') return span(at + sign, is_part) ? sign + span(at + sign, is_part) : 0;
    const char *close = strchr(at, ')');
    return close ? (size_t)(close - at) + 1 : 0;
}

/* Without its brackets. */
static void put_group(tw__strbuf *p, const char *tag, const char *at, size_t n)
{
    char inner[64];
    const size_t bracket = *at == '(',
                 length = n - 2 * bracket < sizeof inner ? n - 2 * bracket : sizeof inner - 1;
    memcpy(inner, at + bracket, length);
    inner[length] = 0;
    tw__print(p, "<%s>", tag);
    tw__put_equation(p, inner);
    tw__print(p, "</%s>", tag);
}

/* A letter with what hangs on it: a hat, digits or "_index" as its index. Returns the bytes read, 0 if it is
 * no letter but a word. */
static size_t put_letter(tw__strbuf *p, const char *at)
{
    char own[2];
    const size_t word = span(at, is_letter), digits = span(at + word, is_digit);
    const char *letter = letter_of(at, word, own);
    if (!letter || (at[word + digits] == '\'' && is_letter(at[word + digits + 1]))) return 0;
    size_t n = word + digits;
    const int has_hat = at[n] == '^' && !group(at + n + 1);
    tw__print(p, "<i>%s%s</i>", letter, has_hat ? "\u0302" : "");
    if (digits) put_group(p, "sub", at + word, digits);
    n += (size_t)has_hat;
    const size_t index = at[n] == '_' ? group(at + n + 1) : 0;
    if (index) put_group(p, "sub", at + n + 1, index);
    return n + (index ? index + 1 : 0);
}

static size_t put_word(tw__strbuf *p, const char *at)
{
    size_t n = span(at, is_part);
    while ((at[n] == '_' || at[n] == '\'') && is_part(at[n + 1])) n += 1 + span(at + n + 1, is_part);
    if (n == 4 && memcmp(at, "sqrt", 4) == 0 && at[4] == '(') tw__put(p, "√", strlen("√"));
    else tw__put(p, at, n);
    return n;
}

/* Signs of one or two characters. */
static size_t put_sign(tw__strbuf *p, const char *at)
{
    static const struct {
        const char *text, *as;
    } signs[] = {{"<=", "≤"},    {">=", "≥"},  {"!=", "≠"},    {"<", "&lt;"}, {">", "&gt;"},
                 {"&", "&amp;"}, {"- ", "− "}, {" * ", " · "}, {"'", "′"},    {"`", ""}};
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (strncmp(at, signs[i].text, strlen(signs[i].text)) == 0) {
            tw__put(p, signs[i].as, strlen(signs[i].as));
            return strlen(signs[i].text);
        }
    tw__put(p, at, 1);
    return 1;
}

void tw__put_equation(tw__strbuf *p, const char *text)
{
    if (*text == '-') {
        tw__print(p, "−");
        text++;
    }
    while (*text) {
        size_t n = *text == '^' ? group(text + 1) : 0;
        if (n) put_group(p, "sup", text + 1, n++);
        else if (is_letter(*text)) n = put_letter(p, text);
        if (!n) n = is_part(*text) ? put_word(p, text) : put_sign(p, text);
        text += n;
    }
}
