/* What only the page of a single run has: its outcome in a sentence, its result, its network and its
 * settings.
 * SPDX-License-Identifier: MIT */
#include "race/report/run.h"
#include "base/options.h"
#include <math.h>
#include <string.h>

/* What trained the model. */
static const char *optimizer_of(const tw__page *g)
{
    const tw_run_options *o = &g->race->o.job.run;
    return o->solver ? o->solver : o->optimizer;
}

static int is_over(const tw__page *g) { return !g->run->failure && tw_run_is_over(g->run->run.status); }

/* ---- head and foot ------------------------------------------------------------------------------------- */

static void put_title(tw__page *g)
{
    if (!is_over(g)) tw__print(&g->p, g->run->failure ? "Failed: " : "Unfinished: ");
    else if (g->run->run.status == TW_RUN_DIVERGED) tw__print(&g->p, "Diverged: ");
    tw__put_escaped(&g->p, optimizer_of(g));
    tw__print(&g->p, " on ");
    tw__put_escaped(&g->p, tw__page_subject(g->race));
}

static void put_heading(tw__page *g)
{
    tw__page_spec(g, optimizer_of(g));
    tw__print(&g->p, " on ");
    tw__page_spec(g, tw__page_subject(g->race));
}

static int has_rates(const tw__page *g)
{
    const tw__race_run *run = &g->run->run;
    int differ = 0;
    for (size_t i = 0; i < run->n_epochs; i++) {
        if (!isfinite(run->epochs[i].lr)) return 0;
        differ |= run->epochs[i].lr != run->epochs[0].lr;
    }
    return differ;
}

static void put_nav(tw__page *g)
{
    tw__print(&g->p, "<a href=\"#curves\">Curves</a><a href=\"#results\">Result</a>");
    tw__page_fits_nav(g);
    if (has_rates(g)) tw__print(&g->p, "<a href=\"#rate\">Learning rate</a>");
    tw__page_workers_nav(g);
    tw__page_norms_nav(g);
    tw__print(&g->p,
              "<a href=\"#network\">Model</a><a href=\"#optimizers\">%s</a><a href=\"#setting\">Settings</a>",
              g->race->o.job.run.solver ? "Solver" : "Optimizer");
}

static void put_footer(tw__page *g)
{
    tw__print(
        &g->p,
        "Made by <code>thalweg train</code>; %s beside this file. The curves are drawn by dygraphs (MIT).",
        g->run->failure ? "the settings are in run.json"
                        : "the numbers in full are in history.csv and run.json");
}

/* ---- the outcome --------------------------------------------------------------------------------------- */

/* ": loss 0.0812, right on 97.40 % of the test set" of the best set there is. */
static void put_measures(tw__page *g)
{
    const tw_race *race = g->race;
    static const char *const names[TW__SETS] = {"training", "validation", "test"};
    const size_t last = race->n - 1;
    const enum tw__set set = g->run->sets[last];
    const double loss = race->entries[last].of[tw__run_page_measure(set, 0)].median,
                 accuracy = race->entries[last].of[tw__run_page_measure(set, 1)].median;
    if (isnan(loss)) return;
    tw__print(&g->p, " The %s loss is ", names[set]);
    tw__page_number(g, TW__AS_LOSS, loss);
    if (!isnan(accuracy)) {
        tw__print(&g->p, "; ");
        tw__page_number(g, TW__AS_SHARE, accuracy);
        tw__print(&g->p, " of the %s rows are classified correctly", names[set]);
    }
    tw__print(&g->p, ".");
}

static void put_unfinished(tw__page *g, unsigned long long done, unsigned long long all)
{
    const int by_time = g->run->run.status == TW_RUN_TIME;
    char word[TW_SHELL_WORD];
    tw__print(
        &g->p,
        "<strong id=\"unfinished\">Unfinished:</strong> %s after %llu of %llu epoch%s. To continue, run <code>thalweg train --resume ",
        by_time ? "stopped by its time limit" : "stopped", done, all, tw__plural(all));
    tw__put_escaped(&g->p, tw_shell_word(g->race->o.job.out, word));
    tw__print(&g->p, by_time ? " --time SECONDS</code>, with more than the %.3g seconds so far." : "</code>.",
              g->run->run.seconds);
}

static void put_lead(tw__page *g)
{
    const tw__race_run *run = &g->run->run;
    const unsigned long long done = run->n_epochs, all = g->race->o.job.run.epochs;
    const char *target = g->race->o.job.run.target;
    if (g->run->failure) {
        tw__print(&g->p, "<strong class=\"bad\">Failed</strong> in epoch %llu of %llu: ",
                  done + 1 < all ? done + 1 : all, all);
        tw__put_escaped(&g->p, g->run->failure->message);
        tw__print(&g->p, ". Below is what came before.");
        return;
    }
    switch (run->status) {
    case TW_RUN_FINISHED:
        tw__print(&g->p, "Trained for ");
        tw__put_count(&g->p, done);
        tw__print(&g->p, " epoch%s in ", tw__plural(done));
        break;
    case TW_RUN_TARGET:
        tw__print(&g->p, "Reached <code>");
        tw__put_escaped(&g->p, target ? target : "the target");
        tw__print(&g->p, "</code> in epoch %llu of %llu, after ", done, all);
        tw__put_count(&g->p, run->steps);
        tw__print(&g->p, " update%s, in ", tw__plural(run->steps));
        break;
    case TW_RUN_EARLY_STOP:
        tw__print(&g->p, "Stopped early, after %llu of %llu epoch%s, in ", done, all, tw__plural(all));
        break;
    case TW_RUN_DIVERGED:
        tw__print(&g->p, "<strong class=\"bad\">Diverged</strong>: ");
        tw__put_escaped(&g->p, run->message);
        tw__print(&g->p, ". Trained for ");
        tw__put_count(&g->p, done);
        tw__print(&g->p, " epoch%s in ", tw__plural(done));
        break;
    case TW_RUN_STALLED:
        if (g->race->o.job.run.solver)
            tw__print(&g->p,
                      "Ended after %llu iteration%s, where rounding lets neither loss nor gradient fall, in ",
                      done, tw__plural(done));
        else
            tw__print(&g->p, "Ended after %llu of %llu epoch%s, as the line search found no step, in ", done,
                      all, tw__plural(all));
        break;
    case TW_RUN_CONVERGED:
        tw__print(&g->p, "Converged after %llu iteration%s, in ", done, tw__plural(done));
        break;
    case TW_RUN_MAX_EPOCHS:
        tw__print(&g->p, "Not converged after %llu iteration%s, in ", done, tw__plural(done));
        break;
    default:
        put_unfinished(g, done, all);
        put_measures(g);
        return;
    }
    tw__page_number(g, TW__AS_SECONDS, run->seconds);
    tw__print(&g->p, "&#8239;s.");
    put_measures(g);
}

/* ---- result -------------------------------------------------------------------------------------------- */

static void put_number_cell(tw__page *g, enum tw__form form, double value)
{
    tw__page_cell(g, form, (tw__spread){value, value, value}, 0);
}

/* The least loss of the epochs, and which one had it; 0: none. */
static size_t least_epoch(const tw__race_run *run, enum tw__set set, double *least)
{
    size_t at = 0;
    *least = NAN;
    for (size_t i = 0; i < run->n_epochs && set != TW__TEST; i++) {
        const double loss = set == TW__TRAINING ? run->epochs[i].loss : run->epochs[i].val_loss;
        if (isfinite(loss) && !(loss >= *least)) *least = loss, at = i + 1;
    }
    return at;
}

static void put_row(tw__page *g, size_t i)
{
    const tw__entry *line = &g->race->entries[i];
    const enum tw__set set = g->run->sets[i];
    double least;
    const size_t at = least_epoch(&g->run->run, set, &least);
    tw__page_row(g, line);
    tw__print(&g->p, "</th>");
    if (g->run->rows[TW__TRAINING]) put_number_cell(g, TW__AS_COUNT, (double)g->run->rows[set]);
    put_number_cell(g, TW__AS_LOSS, line->of[tw__run_page_measure(set, 0)].median);
    if (tw__page_has(g, 1)) put_number_cell(g, TW__AS_SHARE, line->of[tw__run_page_measure(set, 1)].median);
    put_number_cell(g, TW__AS_LOSS, least);
    put_number_cell(g, TW__AS_COUNT, at ? (double)at : NAN);
    tw__print(&g->p, "</tr>\n");
}

static void put_seconds(tw__page *g, const char *name, double seconds)
{
    tw__print(&g->p, "<div><dt>%s</dt><dd>", name);
    tw__page_number(g, TW__AS_SECONDS, seconds);
    tw__print(&g->p, "&#8239;s</dd></div>\n");
}

/* The metrics of rows that were held out. */
static void put_metrics(tw__page *g, const char *key, const char *name)
{
    const char *metric;
    json_t *value;
    json_object_foreach (json_object_get(g->run->result, key), metric, value) {
        if (!json_is_number(value) || strcmp(metric, "loss") == 0 || strcmp(metric, "accuracy") == 0)
            continue;
        tw__print(&g->p, "<div><dt>%s ", name);
        tw__put_escaped(&g->p, metric);
        tw__print(&g->p, "</dt><dd>");
        tw__page_number(g, TW__AS_PLAIN, json_number_value(value));
        tw__print(&g->p, "</dd></div>\n");
    }
}

static int is_whole(double x) { return x == floor(x); }
/* Epochs made; the last one may have ended early. */
static double epochs_done(const tw__page *g)
{
    return (double)g->run->run.steps / (double)g->race->steps_per_epoch;
}

static void put_facts(tw__page *g)
{
    const tw__race_run *run = &g->run->run;
    const double epochs = epochs_done(g);
    tw__print(&g->p, "<dl class=\"facts\">\n<div><dt>Status</dt><dd>%s</dd></div>\n",
              g->run->failure ? "failed" : tw_run_status_name(run->status));
    tw__print(&g->p, "<div><dt>Epochs</dt><dd>");
    tw__page_number(g, is_whole(epochs) ? TW__AS_COUNT : TW__AS_PLAIN, epochs);
    tw__print(&g->p, "</dd></div>\n");
    tw__page_count(g, "Updates", run->steps);
    if (run->skipped) tw__page_count(g, "Skipped updates", run->skipped);
    tw__page_count(g, "Gradient evaluations", run->gradients);
    put_seconds(g, "Time", run->seconds);
    if (epochs > 0) put_seconds(g, "Time per epoch", run->seconds / epochs);
    put_metrics(g, "test", "Test");
    put_metrics(g, "val", "Validation");
    if (!g->run->failure) {
        tw__print(&g->p, "<div><dt>Model</dt><dd>model.safetensors, ");
        if (run->kept)
            tw__print(&g->p, "the weights after epoch %zu, which had the least validation loss</dd></div>\n",
                      run->kept);
        else tw__print(&g->p, "the weights at the end</dd></div>\n");
    }
    tw__print(&g->p, "</dl>\n");
}

static void put_result(tw__page *g)
{
    tw__page_open(g, "results", "Result");
    tw__page_open_table(g, "results", "set");
    if (g->run->rows[TW__TRAINING]) tw__print(&g->p, "<th scope=\"col\">rows</th>");
    tw__print(
        &g->p,
        "<th scope=\"col\">loss</th>%s<th scope=\"col\">least loss</th><th scope=\"col\">in epoch</th></tr></thead>\n<tbody>\n",
        tw__page_has(g, 1) ? "<th scope=\"col\">accuracy</th>" : "");
    for (size_t i = 0; i < g->race->n; i++) put_row(g, i);
    tw__page_close_table(g);
    tw__print(&g->p,
              "<p class=\"hint\">Training values are %s; validation values are taken at its end%s.</p>\n",
              g->race->o.job.run.solver ? "those after the last iteration, over all rows"
              : is_whole(epochs_done(g))
                  ? "means over the last epoch while it was trained, with dropout on"
                  : "means over the last epoch, which ended early, while it was trained, with dropout on",
              g->run->run.test.examples ? ", test values with the model that was kept" : "");
    put_facts(g);
    tw__print(&g->p, "</section>\n");
}

/* ---- learning rate ------------------------------------------------------------------------------------- */

/* On a log axis where the rate is below a tenth of its highest for half of the run, and not only where it
 * fades out. */
static tw__scale rate_scale(const tw__race_run *run)
{
    double low = INFINITY, high = 0;
    size_t small = 0;
    for (size_t i = 0; i < run->n_epochs; i++) {
        const double lr = run->epochs[i].lr;
        low = lr < low ? lr : low;
        high = lr > high ? lr : high;
    }
    for (size_t i = 0; i < run->n_epochs; i++) small += run->epochs[i].lr < high / 10;
    if (low > 0 && 2 * small > run->n_epochs)
        return (tw__scale){.is_log = 1, .from = low / 1.3, .to = high * 1.3};
    return (tw__scale){.from = low < 0 ? low : 0, .to = high > 0 ? high * 1.06 : 1};
}

static void put_rate_picture(tw__page *g, const tw__size *size)
{
    enum { MOST = 500 };
    const tw__race_run *run = &g->run->run;
    const size_t n = run->n_epochs, stride = (n + MOST - 1) / MOST;
    tw__chart c = {.p = &g->p,
                   .label = "The learning rate at the end of every epoch",
                   .x_name = "epochs",
                   .width = size->width,
                   .height = size->height};
    c.x = (tw__scale){.from = 0, .to = (double)n * 1.01, .is_whole = 1};
    c.y = rate_scale(run);
    c.y_name = c.y.is_log ? "learning rate (log)" : "learning rate";
    tw__print(&g->p, "<figure class=\"%s\">", size->kind);
    tw__chart_open(&c);
    tw__print(&g->p, "<g class=\"c0 d0\">");
    tw__chart_begin(&c, "line");
    for (size_t i = 0; i < n; i = i + stride < n || i + 1 == n ? i + stride : n - 1)
        tw__chart_to(&c, (double)run->epochs[i].epoch, run->epochs[i].lr);
    tw__chart_end(&c, 0);
    tw__print(&g->p, "</g>\n");
    tw__chart_close(&c);
    tw__print(&g->p, "</figure>\n");
}

static void put_rate(tw__page *g)
{
    if (!has_rates(g)) return;
    tw__page_open(g, "rate", "Learning rate");
    for (int i = 0; i < TW__SIZES; i++) put_rate_picture(g, &tw__sizes[i]);
    tw__print(
        &g->p,
        "<p class=\"hint\">At the end of every epoch, schedule and controls included.</p>\n</section>\n");
}

static void put_rate_and_norms(tw__page *g)
{
    put_rate(g);
    tw__page_workers(g);
    tw__page_norms(g);
}

/* ---- network ------------------------------------------------------------------------------------------- */

static void put_layer(tw__page *g, const tw_layer_info *layer)
{
    tw__print(&g->p, "<tr><th scope=\"row\">");
    tw__put_escaped(&g->p, layer->text);
    tw__print(&g->p, "</th><td>");
    for (int i = 0; i < layer->rank; i++)
        tw__print(&g->p, "%s%lld", i ? " &times; " : "", (long long)layer->out_shape[i]);
    tw__print(&g->p, "</td><td>");
    tw__put_count(&g->p, layer->parameters);
    tw__print(&g->p, "</td></tr>\n");
}

static void put_network(tw__page *g)
{
    const tw_model *model = g->run->model;
    uint64_t all = 0;
    tw__page_open(g, "network", "The model");
    tw__page_open_table(g, "network", "layer");
    tw__print(&g->p,
              "<th scope=\"col\">output</th><th scope=\"col\">parameters</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < tw_model_layers(model) && g->p.status == TW_OK; i++) {
        tw_layer_info layer = {.size = sizeof layer};
        g->p.status = tw_model_layer(model, i, &layer, g->p.err);
        put_layer(g, &layer);
        all += layer.parameters;
    }
    tw__print(&g->p, "<tr><th scope=\"row\">total</th><td></td><td>");
    tw__put_count(&g->p, all);
    tw__print(&g->p, "</td></tr>\n");
    tw__page_close_table(g);
    tw__print(&g->p, "</section>\n");
}

/* ---- settings ------------------------------------------------------------------------------------------ */

static void put_setting(tw__page *g, const tw_field *f, const json_t *value)
{
    char number[TW_VALUE_MAX];
    /* not given */
    if (!value || json_is_null(value) ||
        (!f->usual && json_is_number(value) && json_number_value(value) == 0))
        return;
    tw__print(&g->p, "<tr><th scope=\"row\"><code>%s%s</code></th><td>", f->flag ? "--" : "",
              f->flag ? f->flag : f->arg);
    if (json_is_string(value)) tw__page_spec(g, json_string_value(value));
    else if (json_is_integer(value)) tw__print(&g->p, "%lld", (long long)json_integer_value(value));
    else tw__print(&g->p, "%s", tw__number_text(json_number_value(value), number));
    tw__print(&g->p, "</td><td>");
    tw__put_escaped(&g->p, f->help);
    tw__print(&g->p, "</td></tr>\n");
}

/* Threads that do not wait for each other may come in another order. */
static const char *same_bits(const tw__page *g)
{
    tw_exchange_choice x;
    const char *exchange = g->race->o.job.run.exchange;
    if (!exchange || tw_exchange_read(&x, exchange, NULL) != TW_OK || x.is_repeatable)
        return "The same seed gives the same model, bit for bit.";
    return "The workers may be ready in another order, and the model then has other bits; <code>--trace</code> "
           "and <code>--replay</code> repeat a run.";
}

static void put_settings(tw__page *g)
{
    tw_field f;
    tw__page_open(g, "setting", "Settings");
    tw__print(&g->p, "<div class=\"words\">\n");
    tw__page_open_table(g, "setting", "option");
    tw__print(&g->p, "<th scope=\"col\">value</th><th scope=\"col\">meaning</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; tw_job_fields(i, &f); i++)
        if (!(f.traits & TW_FIELD_RESOURCE)) put_setting(g, &f, json_object_get(g->run->config, f.name));
    tw__page_close_table(g);
    tw__print(
        &g->p,
        "</div>\n<p class=\"hint\">To train again with the same settings, run <code>thalweg train --config run.json</code> in this folder. %s</p>\n</section>\n",
        same_bits(g));
}

const tw__part tw__run_parts[] = {
    {"title", put_title},
    {"heading", put_heading},
    {"nav", put_nav},
    {"lead", put_lead},
    {"surface", NULL},
    {"results", put_result},
    {"fits", tw__page_fits},
    {"rates", put_rate_and_norms},
    {"target", put_network},
    {"cards", tw__page_run_card},
    {"setting", put_settings},
    {"footer", put_footer},
    {NULL, NULL},
};
