/* Putting a figure's data into files and names into its script.
 * SPDX-License-Identifier: MIT */
#include "file/directory.h"
#include "base/decimal.h"
#include "base/io.h"
#include "base/options.h"
#include "race/figures/figures.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void tw__append(char *to, size_t size, const char *format, ...)
{
    const size_t used = strlen(to);
    va_list args;
    va_start(args, format);
    tw__vformat(to + used, size - used, format, args);
    va_end(args);
}

tw_status tw__figures_write(const tw_figures *f, const char *file, const char *text, tw_error *err)
{
    char path[TW__PATH];
    TW_TRY(tw__directory_still(f->ctx, f->directory, TW__WORK_FIGURES, f->lock, err));
    TW_TRY(tw__path_in(f->directory, file, path, err));
    return tw__write_text(f->ctx, path, text, err);
}

/* ---- Names ---- */

void tw__output_number(tw__figure_output *output, const char *name, double value)
{
    char text[TW_VALUE_MAX];
    tw__print(&output->names, "%s = %s\n", name, tw__number_text(value, text));
}

void tw__output_text(tw__figure_output *output, const char *name, const char *text)
{
    tw__print(&output->names, "%s = \"%s\"\n", name, text);
}

/* ---- Data ---- */

static tw_status write_csv(tw__figure_output *output, const char *part, tw__strbuf *p)
{
    char file[96], *text;
    snprintf(file, sizeof file, "%s-%s.csv", output->figure->kind.name, part);
    TW_TRY(tw__strbuf_take(p, &text));
    const tw_status s = tw__figures_write(output->figures, file, text, p->err);
    tw__free_text(output->ctx, text);
    return s;
}

tw_status tw__output_columns(tw__figure_output *output, const char *part, const char *names, size_t rows,
                             size_t n, const double *const *columns, tw_error *err)
{
    tw__strbuf p = {.ctx = output->ctx, .err = err};
    tw__print(&p, "%s\n", names);
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < n; k++) {
            char text[TW_VALUE_MAX] = "";
            if (!isnan(columns[k][i])) tw__number_text(columns[k][i], text);
            tw__print(&p, "%s%s", text, k + 1 < n ? "," : "\n");
        }
    return write_csv(output, part, &p);
}

tw_status tw__output_surface(tw__figure_output *output, double (*f)(const void *user, const double at[2]),
                             const void *user, const tw__window *w, tw_error *err)
{
    tw__strbuf p = {.ctx = output->ctx, .err = err};
    const double side = (double)(w->points - 1);
    tw__print(&p, "x,y,f\n");
    for (size_t j = 0; j < w->points; j++) {
        for (size_t i = 0; i < w->points; i++) {
            const double at[2] = {w->low[0] + (double)i / side * (w->high[0] - w->low[0]),
                                  w->low[1] + (double)j / side * (w->high[1] - w->low[1])};
            tw__print(&p, "%s,%s,%s\n", TW__SIX(at[0]), TW__SIX(at[1]), TW__SIX(f(user, at)));
        }
        tw__put(&p, "\n", 1);
    }
    return write_csv(output, "surface", &p);
}
