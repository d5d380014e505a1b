/* Curves as text; see plot.h. A character is a cell of dots: two above each other in ASCII, eight in Braille.
 * SPDX-License-Identifier: MIT */
#include "plot.h"
#include "ticks.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
    COLUMNS = 60,
    LEAST_COLUMNS = 20,
    ROWS = 11,
    MOST_ACROSS = 2,
    MOST_DOWN = 4,
    ROW_TICKS = 6,
    TICK_COLUMNS = 10
};

struct picture {
    const struct cli_plot *plot;
    int across, down; /* dots in a cell */
    /* of cells; of characters before the y axis */
    int columns, margin;
    /* left and right as on the axis: logarithms with log_x */
    double left, right, bottom, top;
    unsigned char dots[ROWS * MOST_DOWN][COLUMNS * MOST_ACROSS];
};

static double position(const struct cli_plot *p, double x) { return p->log_x ? log10(x) : x; }
static int is_shown(const struct cli_plot *p, size_t i)
{
    return isfinite(position(p, p->x[i])) && isfinite(p->y[i]);
}

/* 0 if there is nothing to show. A constant is drawn above or below 0. */
static int find_limits(struct picture *c)
{
    const struct cli_plot *p = c->plot;
    int any = 0;
    for (size_t i = 0; i < p->n; i++) {
        if (!is_shown(p, i)) continue;
        double x = position(p, p->x[i]), y = p->y[i];
        c->left = any ? fmin(c->left, x) : x;
        c->right = any ? fmax(c->right, x) : x;
        c->bottom = any ? fmin(c->bottom, y) : y;
        c->top = any ? fmax(c->top, y) : y;
        any = 1;
    }
    if (c->top == c->bottom) {
        c->bottom = fmin(c->bottom, 0);
        c->top = c->top > 0 ? c->top : c->bottom < 0 ? 0 : 1;
    }
    if (c->left == c->right) c->right = c->left + fmax(1, fabs(c->left));
    return any;
}

/* The dot of a number, of `dots` from the low end on; halves, as the difference may be too large. */
static int dot_of(double x, double low, double high, int dots)
{
    return (int)floor((x / 2 - low / 2) / (high / 2 - low / 2) * (dots - 1) + 0.5);
}

static int dot_across(const struct picture *c, double x)
{
    return dot_of(x, c->left, c->right, c->columns * c->across);
}
static int dot_down(const struct picture *c, double y)
{
    return dot_of(y, c->top, c->bottom, ROWS * c->down);
}

static void draw_line(struct picture *c, const int from[2], const int to[2])
{
    int dx = to[0] - from[0], dy = to[1] - from[1], n = abs(dx) > abs(dy) ? abs(dx) : abs(dy);
    for (int i = 0; i <= n; i++) {
        double q = n ? (double)i / n : 0;
        c->dots[from[1] + (int)floor(dy * q + 0.5)][from[0] + (int)floor(dx * q + 0.5)] = 1;
    }
}

static void draw(struct picture *c)
{
    const struct cli_plot *p = c->plot;
    int last[2] = {0, 0}, joined = 0;
    for (size_t i = 0; i < p->n; i++) {
        if (!is_shown(p, i)) {
            joined = 0;
            continue;
        }
        const int at[2] = {dot_across(c, position(p, p->x[i])), dot_down(c, p->y[i])};
        draw_line(c, joined ? last : at, at);
        memcpy(last, at, sizeof last);
        joined = 1;
    }
}

/* The cell as UTF-8. */
static const char *cell(const struct picture *c, int row, int column, char to[4])
{
    static const char *const ascii[] = {" ", "'", ".", ":"};
    static const unsigned char braille[MOST_DOWN][MOST_ACROSS] = {{0x01, 0x08},
                                                                  {0x02, 0x10},
                                                                  {0x04, 0x20},
                                                                  {0x40, 0x80}};
    unsigned bits = 0;
    for (int i = 0; i < c->down; i++)
        for (int k = 0; k < c->across; k++)
            if (c->dots[row * c->down + i][column * c->across + k])
                bits |= c->plot->fine ? braille[i][k] : 1u << i;
    if (!c->plot->fine || bits == 0) return ascii[bits];
    to[0] = (char)0xe2; /* U+2800 + bits */
    to[1] = (char)(0xa0 + (bits >> 6));
    to[2] = (char)(0x80 + (bits & 0x3f));
    to[3] = 0;
    return to;
}

static void print_row(FILE *to, const struct picture *c, int row, const char *label)
{
    const char *axis = c->plot->fine ? *label ? "\u2524" : "\u2502" : *label ? "+" : "|";
    int used = c->columns;
    char utf8[4];
    while (used && *cell(c, row, used - 1, utf8) == ' ') used--;
    fprintf(to, "  %*s %s", c->margin, label, axis);
    for (int i = 0; i < used; i++) fputs(cell(c, row, i, utf8), to);
    fputc('\n', to);
}

static void print_rows(FILE *to, const struct picture *c, const struct cli_ticks *t)
{
    const char *label[ROWS];
    for (int i = 0; i < ROWS; i++) label[i] = "";
    for (int i = 0; i < t->n; i++) label[dot_down(c, t->at[i]) / c->down] = t->text[i];
    for (int i = 0; i < ROWS; i++) print_row(to, c, i, label[i]);
}

static int is_whole(const struct cli_plot *p)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->x[i] != floor(p->x[i])) return 0;
    return 1;
}

static int tick_column(const struct picture *c, double x)
{
    return dot_across(c, position(c->plot, x)) / c->across;
}

/* Labels under their columns, as far as the line and, at the right, the axis reach. 0 if two of them meet. */
static int place_labels(const struct picture *c, const struct cli_ticks *t, int start[CLI_TICKS])
{
    for (int i = 0; i < t->n; i++) {
        const int length = (int)strlen(t->text[i]), first = -c->margin - 4, last = c->columns - length;
        start[i] = tick_column(c, t->at[i]) - (length - 1) / 2;
        start[i] = start[i] < first ? first : start[i] > last ? last : start[i];
        if (i && start[i] < start[i - 1] + (int)strlen(t->text[i - 1]) + 2) return 0;
    }
    return 1;
}

static void find_x_ticks(const struct picture *c, struct cli_ticks *t, int start[CLI_TICKS])
{
    for (int most = c->columns / TICK_COLUMNS + 1; most > 1; most--) {
        if (c->plot->log_x) cli_find_log_ticks(t, pow(10, c->left), pow(10, c->right), most);
        else cli_find_ticks(t, c->left, c->right, most, is_whole(c->plot));
        if (place_labels(c, t, start)) return;
    }
    t->n = 0;
}

static void print_x_axis(FILE *to, const struct picture *c)
{
    const struct cli_plot *p = c->plot;
    const int before = c->margin + 4;
    struct cli_ticks t;
    int start[CLI_TICKS], at = -before, is_tick[COLUMNS] = {0};
    find_x_ticks(c, &t, start);
    for (int i = 0; i < t.n; i++) is_tick[tick_column(c, t.at[i])] = 1;
    fprintf(to, "%*s", before - 1, "");
    fputs(p->fine ? "\u2514" : "+", to);
    for (int i = 0; i < c->columns; i++)
        fputs(p->fine ? is_tick[i] ? "\u252c" : "\u2500" : is_tick[i] ? "+" : "-", to);
    fputc('\n', to);
    for (int i = 0; i < t.n; i++) at += fprintf(to, "%*s%s", start[i] - at, "", t.text[i]);
    fprintf(to, "\n%*s%s\n", before + (c->columns - (int)strlen(p->x_label)) / 2, "", p->x_label);
}

void cli_print_plot(FILE *to, const struct cli_plot *p)
{
    struct picture c = {.plot = p, .across = p->fine ? MOST_ACROSS : 1, .down = p->fine ? MOST_DOWN : 2};
    struct cli_ticks t;
    if (!find_limits(&c)) {
        fprintf(to, "  %s: nothing that is finite\n", p->y_label);
        return;
    }
    cli_find_ticks(&t, c.bottom, c.top, ROW_TICKS, 0);
    for (int i = 0; i < t.n; i++)
        c.margin = (int)strlen(t.text[i]) > c.margin ? (int)strlen(t.text[i]) : c.margin;
    const int free = p->width ? p->width - c.margin - 4 : COLUMNS;
    c.columns = free < LEAST_COLUMNS ? LEAST_COLUMNS : free < COLUMNS ? free : COLUMNS;
    draw(&c);
    fprintf(to, "  %*s\n", c.margin, p->y_label);
    print_rows(to, &c, &t);
    print_x_axis(to, &c);
}

int cli_is_utf8_terminal(FILE *to)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    const char *locale = NULL;
    for (int i = 0; i < 3 && !(locale && *locale); i++) locale = getenv(names[i]);
    if (!locale || !isatty(fileno(to))) return 0;
    const char *code = strrchr(locale, '.');
    return code && (strncasecmp(code, ".utf-8", 6) == 0 || strncasecmp(code, ".utf8", 5) == 0);
}
