/* Wrapping: at spaces, or inside a word that is longer than its column, then after a comma if it has one.
 * SPDX-License-Identifier: MIT */
#include "table.h"
#include "cli.h"
#include <stdarg.h>
#include <string.h>

enum { LEAST = 40, COLUMNS = 8, GAP = 2, FURTHER = 4, WORD = 28, TIGHT = 6, LAST = 24 };

int cli_columns(FILE *to, int piped)
{
    const int width = cli_width(to);
    return !width ? piped : width < LEAST ? LEAST : width;
}

/* ---- Lines --------------------------------------------------------------------------------------------- */

static int ends(char c) { return !c || c == '\n'; }

/* The columns of the character that begins with this byte of UTF-8, 0 within one: 2 for those of East Asia
 * (from U+3000 on) and signs like emoji. */
static int columns_of(char first)
{
    const unsigned char c = (unsigned char)first;
    if ((c & 0xc0) == 0x80) return 0;
    return c < 0xe3 || c == 0xee ? 1 : 2;
}

/* The columns of so many bytes. */
static int length_of(const char *text, size_t bytes)
{
    int n = 0;
    for (size_t i = 0; i < bytes; i++) n += columns_of(text[i]);
    return n;
}

/* The bytes of what fits into `width` columns. */
static size_t fitting(const char *text, int width)
{
    size_t n, space = 0, comma = 0;
    int used = 0;
    for (n = strspn(text, " "), used = (int)n; !ends(text[n]); n++) {
        if (((unsigned char)text[n] & 0xc0) == 0x80) continue;
        if (text[n] == ' ') space = n;
        used += columns_of(text[n]);
        if (used > width) {
            n = space ? space : comma ? comma : n;
            break;
        }
        if (text[n] == ',') comma = n + 1;
    }
    while (n && text[n - 1] == ' ') n--;
    return n;
}

/* A line's text from column `at` on, further lines from column `further` on. */
static void print_line(int at, int further, int width, const char *text)
{
    for (;;) {
        const size_t n = fitting(text, width ? width - at : INT_MAX);
        printf("%.*s\n", (int)n, text);
        text += n;
        while (*text == ' ') text++;
        if (ends(*text)) return;
        printf("%*s", further, "");
        at = further;
    }
}

void cli_print_wrapped(int at, const char *text) { print_line(at, at, cli_columns(stdout, CLI_PROSE), text); }

void cli_print_sentence(int indent, const char *format, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    printf("%*s", indent, "");
    cli_print_wrapped(indent, text);
}

void cli_print_row(int at, int further, const char *text)
{
    print_line(at, further, cli_columns(stdout, 0), text);
}

/* The bytes of the words of a command that fit, with a backslash behind them unless they are the last; of one
 * word if not even that fits. */
static size_t fitting_words(const char *command, int width)
{
    size_t fit = 0;
    char quote = 0;
    for (size_t n = 0;; n++) {
        const char c = command[n];
        if (c == quote) quote = 0;
        else if (!quote && (c == '"' || c == '\'')) quote = c;
        if (!ends(c) && (c != ' ' || quote)) continue;
        const int fits = length_of(command, n) + (ends(c) ? 0 : 2) <= width;
        if (!fits && fit) return fit;
        if (!fits || ends(c)) return n;
        fit = n;
    }
}

void cli_print_command(int indent, const char *command)
{
    const int columns = cli_columns(stdout, 0);
    for (int at = indent;; at = indent + FURTHER) {
        const size_t n = fitting_words(command, columns ? columns - at : INT_MAX);
        printf("%*s%.*s%s\n", at, "", (int)n, command, ends(command[n]) ? "" : " \\");
        command += n + strspn(command + n, " ");
        if (ends(*command)) return;
    }
}

void cli_print_equation(const char *equation)
{
    for (const char *p = equation; p && *p; p += strcspn(p, "\n"), p += *p == '\n') {
        const int at = GAP + (int)strspn(p, " ");
        printf("%*s", at, "");
        print_line(at, at + FURTHER, cli_columns(stdout, 0), p + at - GAP);
    }
}

/* ---- Tables -------------------------------------------------------------------------------------------- */

static int longer(int n, const char *text, size_t bytes)
{
    const int length = length_of(text, bytes);
    return length > n ? length : n;
}

/* Of the longest word, but a longer one than WORD may be broken. */
static int word_length(int n, const char *text)
{
    for (size_t bytes; !ends(*text); text += bytes + strspn(text + bytes, " ")) {
        bytes = strcspn(text, " \n");
        n = longer(n, text, bytes);
    }
    return n < WORD ? n : WORD;
}

/* Takes from the widest column until all fit; only if need be from one whose words would break. */
static void fit(int n, int *width, const int *least, int limit)
{
    for (int breaks = 0; breaks < 2;) {
        int sum = GAP * (n - 1), widest = -1;
        for (int i = 0; i < n; i++) {
            sum += width[i];
            if (width[i] > (breaks ? TIGHT : least[i]) && (widest < 0 || width[i] >= width[widest]))
                widest = i;
        }
        if (sum <= limit) return;
        if (widest >= 0) width[widest]--;
        else breaks++;
    }
}

/* One row, its cells side by side, each in as many lines as it needs. */
static void print_cells(FILE *to, const struct cli_table *t, int n, const int *width, int at,
                        const char **text)
{
    for (int more = 1; more;) {
        int pad = at;
        more = 0;
        for (int i = 0; i < n; i++) {
            const size_t bytes = fitting(text[i], width[i]);
            const int free = width[i] - length_of(text[i], bytes), before = t->numbers >> i & 1 ? free : 0;
            if (bytes) fprintf(to, "%*s%.*s", pad + before, "", (int)bytes, text[i]);
            pad = GAP + (bytes ? free - before : pad + width[i]);
            text[i] += bytes;
            while (*text[i] == ' ') text[i]++;
            more |= !ends(*text[i]);
        }
        fputc('\n', to);
    }
}

struct shape {
    int n, natural[COLUMNS], width[COLUMNS], least[COLUMNS], apart;
};

static void measure(const struct cli_table *t, struct shape *s)
{
    char to[CLI_CELL];
    const char *text;
    *s = (struct shape){.n = 0};
    for (; t->heads[s->n]; s->n++) {
        const int i = s->n;
        if (!t->bare) {
            s->natural[i] = length_of(t->heads[i], strlen(t->heads[i]));
            s->least[i] = word_length(0, t->heads[i]);
        }
        for (size_t row = 0; (text = t->cell(t->of, row, i, to)) != NULL; row++) {
            s->natural[i] = longer(s->natural[i], text, strcspn(text, "\n"));
            s->least[i] = word_length(s->least[i], text);
        }
    }
}

static void choose_widths(const struct cli_table *t, struct shape *s, int limit)
{
    const int last = s->n - 1;
    memcpy(s->width, s->natural, sizeof s->width);
    fit(s->n, s->width, s->least, limit);
    s->apart = !t->beside && s->width[last] < s->natural[last] && s->width[last] < LAST;
    if (!s->apart) return;
    memcpy(s->width, s->natural, sizeof s->width);
    fit(last, s->width, s->least, limit);
    s->width[last] = limit - FURTHER;
}

static void print_row(FILE *to, const struct cli_table *t, const struct shape *s, const char **text)
{
    print_cells(to, t, s->n - s->apart, s->width, t->indent, text);
    if (s->apart && !ends(*text[s->n - 1]))
        print_cells(to, t, 1, &s->width[s->n - 1], t->indent + FURTHER, &text[s->n - 1]);
}

void cli_print_table(FILE *to, const struct cli_table *t, int width)
{
    struct shape s;
    char cell[COLUMNS][CLI_CELL];
    const char *text[COLUMNS];
    measure(t, &s);
    choose_widths(t, &s, width ? width - t->indent : INT_MAX);
    memcpy(text, t->heads, (size_t)s.n * sizeof *text);
    if (!t->bare) print_row(to, t, &s, text);
    for (size_t row = 0; (text[0] = t->cell(t->of, row, 0, cell[0])) != NULL; row++) {
        for (int i = 1; i < s.n; i++) text[i] = t->cell(t->of, row, i, cell[i]);
        print_row(to, t, &s, text);
    }
}
