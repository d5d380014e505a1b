/* Text in the columns that there are: wrapped lines, and tables whose columns are as wide as what is in them.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H
#include <stddef.h>
#include <stdio.h>

enum { CLI_PROSE = 100, CLI_CELL = 1024 };
/* The columns for text on `to`: cli_width(), and never fewer than 40. Where there is no width, `piped`:
 * CLI_PROSE for sentences; 0, no limit, for rows, which grep and awk want in a line each. */
int cli_columns(FILE *to, int piped);
/* The words of a sentence from column `at` on, where the cursor is; further lines begin there too. Ends the
 * line. */
void cli_print_wrapped(int at, const char *text);
/* A sentence on a line of its own, indented. */
__attribute__((format(printf, 2, 3))) void cli_print_sentence(int indent, const char *format, ...);
/* One line where there is no width; else wrapped as above, further lines from column `further` on. */
void cli_print_row(int at, int further, const char *text);
/* A command to copy, up to its end or a newline: folded with backslashes, at spaces outside quotes only. */
void cli_print_command(int indent, const char *command);
/* The lines of a formula, indented, further lines more so. */
void cli_print_equation(const char *equation);

struct cli_table {
    /* of the columns, 2 to 8; ends with NULL */
    const char *const *heads;
    /* A cell's text, in `to` or elsewhere, up to its end or a newline; NULL after the last row. */
    const char *(*cell)(const void *of, size_t row, int column, char to[CLI_CELL]);
    const void *of;
    int indent;
    /* bit c: column c stands at its right end */
    unsigned numbers;
    /* no heads; the last column never has lines of its own */
    int bare, beside;
};
/* In `width` columns (0: no limit) cells wrap, the widest columns first. Where that leaves the last column
 * hardly any, it has lines of its own. */
void cli_print_table(FILE *to, const struct cli_table *table, int width);
#endif
