/* Curves as text; see plot.h. A character is a cell of dots: two above each other in ASCII, eight in Braille.
 * SPDX-License-Identifier: MIT */
#include "plot.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { COLUMNS = 60, ROWS = 11, MOST_ACROSS = 2, MOST_DOWN = 4 };

struct picture {
    const struct cli_plot *plot;
    int across, down;                                                   /* dots in a cell */
    double left, right, bottom, top;                                    /* left and right as on the axis: logarithms with log_x */
    unsigned char dots[ROWS * MOST_DOWN][COLUMNS * MOST_ACROSS];
};

static double position(const struct cli_plot *p, double x) { return p->log_x ? log10(x) : x; }
static int is_shown(const struct cli_plot *p, size_t i) { return isfinite(position(p, p->x[i])) && isfinite(p->y[i]); }

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
    if (c->left == c->right) c->right = c->left + 1;
    return any;
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
        double x = (position(p, p->x[i]) - c->left) / (c->right - c->left), y = (c->top - p->y[i]) / (c->top - c->bottom);
        const int at[2] = {(int)floor(x * (COLUMNS * c->across - 1) + 0.5), (int)floor(y * (ROWS * c->down - 1) + 0.5)};
        draw_line(c, joined ? last : at, at);
        memcpy(last, at, sizeof last);
        joined = 1;
    }
}

/* The cell as UTF-8. */
static const char *cell(const struct picture *c, int row, int column, char to[4])
{
    static const char *const ascii[] = {" ", "'", ".", ":"};
    static const unsigned char braille[MOST_DOWN][MOST_ACROSS] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    unsigned bits = 0;
    for (int i = 0; i < c->down; i++)
        for (int k = 0; k < c->across; k++)
            if (c->dots[row * c->down + i][column * c->across + k]) bits |= c->plot->fine ? braille[i][k] : 1u << i;
    if (!c->plot->fine || bits == 0) return ascii[bits];
    to[0] = (char)0xe2; /* U+2800 + bits */
    to[1] = (char)(0xa0 + (bits >> 6));
    to[2] = (char)(0x80 + (bits & 0x3f));
    to[3] = 0;
    return to;
}

static void print_row(FILE *to, const struct picture *c, int row, const char *label, int width)
{
    int used = COLUMNS;
    char utf8[4];
    while (used && *cell(c, row, used - 1, utf8) == ' ') used--;
    fprintf(to, "  %*s %s", width, label, c->plot->fine ? "\u2502" : "|");
    for (int i = 0; i < used; i++) fputs(cell(c, row, i, utf8), to);
    fputc('\n', to);
}

static void print_x_axis(FILE *to, const struct picture *c, int width)
{
    const struct cli_plot *p = c->plot;
    double middle = (c->left + c->right) / 2;
    char label[3][24];
    const double at[] = {c->left, middle, c->right};
    for (int i = 0; i < 3; i++) snprintf(label[i], sizeof label[i], "%.4g", p->log_x ? pow(10, at[i]) : at[i]);
    fprintf(to, "  %*s %s", width, "", p->fine ? "\u2514" : "+");
    for (int i = 0; i < COLUMNS; i++) fputs(p->fine ? "\u2500" : "-", to);
    int half = (COLUMNS - (int)strlen(label[1])) / 2;
    fprintf(to, "\n  %*s  %-*s%-*s%*s  %s\n", width, "", half, label[0], COLUMNS - half - (int)strlen(label[2]), label[1], (int)strlen(label[2]), label[2],
            p->x_label);
}

void cli_print_plot(FILE *to, const struct cli_plot *p)
{
    struct picture c = {.plot = p, .across = p->fine ? MOST_ACROSS : 1, .down = p->fine ? MOST_DOWN : 2};
    char label[3][24];
    int width = 0;
    if (!find_limits(&c)) {
        fprintf(to, "  %s: nothing that is finite\n", p->y_label);
        return;
    }
    draw(&c);
    const double at[] = {c.top, (c.top + c.bottom) / 2, c.bottom};
    for (int i = 0; i < 3; i++) {
        int n = snprintf(label[i], sizeof label[i], "%.4g", at[i]);
        width = n > width ? n : width;
    }
    fprintf(to, "  %*s\n", width, p->y_label);
    for (int i = 0; i < ROWS; i++) print_row(to, &c, i, i == 0 ? label[0] : i == ROWS / 2 ? label[1] : i == ROWS - 1 ? label[2] : "", width);
    print_x_axis(to, &c, width);
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
