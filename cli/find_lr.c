/* The learning-rate range test: a picture and three rates, or all points as JSON.
 * SPDX-License-Identifier: MIT */
#include "find_lr.h"
#include "plot.h"
#include "table.h"
#include <math.h>
#include <stdlib.h>

static tw_status print_json(const tw_find_lr *found, const char *out, tw_error *err)
{
    json_t *points = json_array(), *all = json_object();
    for (size_t i = 0; i < found->n; i++) {
        const tw_lr_point *p = &found->points[i];
        points = cli_add(points, json_pack("{s:I, s:f, s:f, s:f}", "step", (json_int_t)(i + 1), "lr", p->lr,
                                           "loss", p->loss, "smooth", p->smooth));
    }
    all = cli_put(all, "points", points);
    all = cli_put(all, "steps", json_integer((json_int_t)found->steps));
    all = cli_put(all, "exploded", json_boolean(found->exploded));
    const struct {
        const char *name;
        double value;
    } rates[] = {{"minimum", found->minimum},
                 {"steepest", found->steepest},
                 {"suggestion", found->suggestion}};
    for (int i = 0; i < 3; i++)
        if (!isnan(rates[i].value)) all = cli_put(all, rates[i].name, json_real(rates[i].value));
    if (out) {
        all = cli_put(all, "csv", json_sprintf("%s/find_lr.csv", out));
        all = cli_put(all, "svg", json_sprintf("%s/find_lr.svg", out));
    }
    return cli_print_json(all, err);
}

static tw_status print_picture(const tw_find_lr *found, tw_error *err)
{
    double *x = cli_alloc(found->n, sizeof *x, err), *y = cli_alloc(found->n, sizeof *y, err);
    if (!x || !y) {
        free(x);
        free(y);
        return TW_ERR_MEMORY;
    }
    for (size_t i = 0; i < found->n; i++) {
        x[i] = found->points[i].lr;
        y[i] = fmin(found->points[i].smooth, found->ceiling);
    }
    const struct cli_plot plot = {.x = x,
                                  .y = y,
                                  .n = found->n,
                                  .log_x = 1,
                                  .width = cli_columns(stdout, 0),
                                  .fine = cli_is_utf8_terminal(stdout),
                                  .x_label = "learning rate",
                                  .y_label = "loss (smoothed)"};
    cli_print_plot(stdout, &plot);
    free(x);
    free(y);
    return TW_OK;
}

static void print_rate(const char *name, double lr, const char *why)
{
    cli_print_wrapped(printf("%-10s  lr %-10.3g  ", name, lr), why);
}

static void print_rates(const tw_find_lr *found)
{
    putchar('\n');
    cli_print_sentence(0, "%zu of %llu steps%s", found->n, (unsigned long long)found->steps,
                       found->exploded ? ", then the loss exploded" : "");
    if (isnan(found->suggestion)) {
        cli_print_sentence(0, "the loss never fell: no suggestion (a %s may show more)",
                           found->exploded ? "smaller --lr-from" : "larger --lr-to");
        return;
    }
    print_rate("minimum", found->minimum, "the loss is least");
    if (!isnan(found->steepest)) print_rate("steepest", found->steepest, "it falls fastest");
    print_rate("suggestion", found->suggestion,
               found->suggestion == found->steepest ? "the steepest, which is below a tenth of the minimum"
                                                    : "a tenth of the minimum");
    if (found->minimum >= found->points[found->n - 1].lr && !found->exploded)
        cli_print_wrapped(0, "the loss was still falling at the end: a larger --lr-to may show more");
}

tw_status cli_find_lr(const struct cli_common *common, const tw_find_lr_options *o, tw_error *err)
{
    const char *out = o->job.out;
    tw_context *ctx = NULL;
    tw_find_lr *found = NULL;
    CLI_TRY(cli_context(common, &ctx, err));
    cli_catch_signals();
    tw_status status = tw_find_lr_run(&found, ctx, o, err);
    if (status == TW_STOPPED) cli_fail(err, TW_STOPPED, "interrupted; nothing was written");
    if (status == TW_OK && common->json) status = print_json(found, out, err);
    else if (status == TW_OK) {
        status = print_picture(found, err);
        if (status == TW_OK) print_rates(found);
    }
    if (status == TW_OK && out && !common->quiet) {
        cli_say("points %s/find_lr.csv", out);
        cli_say("picture %s/find_lr.svg", out);
    }
    tw_find_lr_free(found);
    tw_context_free(ctx);
    return status;
}
