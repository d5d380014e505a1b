/* thalweg eval: loss and metrics of a model on test rows.
 * SPDX-License-Identifier: MIT */
#include "model_file.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct values {
    struct cli_common common;
    const char *metrics;
    tw_job_options job;
};

static const struct values initial = {.job = TW_JOB_OPTIONS_INIT};

static const struct cli_option options[] = {
    {"metrics", 0, CLI_TEXT, offsetof(struct values, metrics), "LIST", 0, 0,
     "the metrics to print, with spaces between them: \"auc f1\" (thalweg metrics lists them); all that fit"},
    CLI_THREADS,
    CLI_JSON,
    CLI_QUIET,
    CLI_VERBOSE,
    CLI_END};

/* The members of the scores, as the library writes them, behind the first of ours. */
static tw_status print_json(const struct cli_call *call, const tw_model *model, const tw_metrics *m,
                            tw_scores *scores, tw_error *err)
{
    const char *scored;
    CLI_TRY(tw_scores_json(scores, model, &scored, err));
    json_t *all = cli_put(json_object(), "loss", cli_number(m->loss));
    all = cli_put(all, "examples", json_integer((json_int_t)m->examples));
    all = cli_put(all, "model", cli_string(call->word[0]));
    char *const ours = cli_json_text(cli_put(all, "data", cli_string(call->word[1])), err);
    if (!ours) return TW_ERR_MEMORY;
    const int loss = (int)strcspn(ours, ","), members = (int)(strlen(scored) - strlen("{\n}"));
    printf("%.*s,%.*s%s\n", loss, ours, members, scored + 1, ours + loss);
    free(ours);
    return TW_OK;
}

enum { NAME = 64 };
static const char *shown_name(const tw_model *m, size_t i, char to[NAME])
{
    char text[TW_CLASS_TEXT];
    return tw_printable(tw_model_class_text(m, i, text), to, NAME);
}

/* Right-aligned columns, a row for each right class. */
static void print_matrix(const tw_model *m, const tw_score *s)
{
    char text[NAME];
    int width = 5;
    for (size_t i = 0; i < s->n * s->n; i++) {
        const int long_as = snprintf(NULL, 0, "%.9g", s->matrix[i]);
        if (long_as > width) width = long_as;
    }
    for (size_t i = 0; i < s->n; i++) {
        const int long_as = (int)strlen(shown_name(m, i, text));
        if (long_as > width) width = long_as > 20 ? 20 : long_as;
    }
    puts("confusion: a row for each right class, a column for each predicted one");
    printf("%*s", width, "");
    for (size_t i = 0; i < s->n; i++) printf("  %*.20s", width, shown_name(m, i, text));
    for (size_t i = 0; i < s->n * s->n; i++) {
        if (i % s->n == 0) printf("\n%*.20s", width, shown_name(m, i / s->n, text));
        printf("  %*.9g", width, s->matrix[i]);
    }
    putchar('\n');
}

/* A line for each of several targets. */
static void print_targets(const tw_model *m, const tw_scores *scores)
{
    const tw_score *s;
    char text[NAME], number[32];
    for (size_t k = 0, n = 1; k < n; k++) {
        int begun = 0;
        for (size_t i = 0; (s = tw_scores_at(scores, i)) != NULL; i++) {
            if (!s->of_target) continue;
            const char *name = tw_model_target_name(m, k);
            n = s->n;
            snprintf(number, sizeof number, "target %zu", k + 1);
            if (!begun++) printf("  %s:", name ? tw_printable(name, text, NAME) : number);
            if (isnan(s->of_target[k])) printf("  %s undefined", s->metric->name);
            else printf("  %s %.6g", s->metric->name, s->of_target[k]);
        }
        if (begun) putchar('\n');
    }
}

/* Once for all metrics of which the same is to be said. */
static void print_notes(const tw_scores *scores)
{
    const tw_score *s, *other;
    for (size_t i = 0; (s = tw_scores_at(scores, i)) != NULL; i++) {
        char names[200] = "";
        size_t used = 0, k = 0;
        while (k < i && strcmp(tw_scores_at(scores, k)->note, s->note) != 0) k++;
        if (k < i || !s->note[0]) continue;
        for (; (other = tw_scores_at(scores, k)) != NULL; k++)
            if (strcmp(other->note, s->note) == 0)
                used = cli_append(names, sizeof names, used, "%s%s", used ? ", " : "", other->metric->name);
        cli_say("%s: %s", names, s->note);
    }
}

/* Loss and accuracy as train prints them, then the others; with --metrics these alone. */
static void print_text(const struct values *v, const tw_model *model, const tw_metrics *m,
                       const tw_scores *scores)
{
    const tw_score *s = tw_scores_at(scores, 0);
    const int accuracy = !v->metrics && strcmp(s->metric->name, "accuracy") == 0;
    if (!v->metrics) {
        printf("loss %.6g", m->loss);
        if (accuracy) printf("  accuracy %.4f", s->value);
        printf("  examples %llu\n", (unsigned long long)m->examples);
    }
    if (cli_print_scores(scores, "", accuracy)) putchar('\n');
    print_targets(model, scores);
    for (size_t i = 0; (s = tw_scores_at(scores, i)) != NULL; i++)
        if (s->matrix) print_matrix(model, s);
    if (!v->common.quiet) print_notes(scores);
}

static tw_status print(const struct cli_call *call, const tw_model *model, const tw_metrics *m,
                       tw_scores *scores, tw_error *err)
{
    const struct values *v = call->values;
    if (v->common.json) return print_json(call, model, m, scores, err);
    print_text(v, model, m, scores);
    return TW_OK;
}

static tw_status evaluate(const struct cli_call *call, struct cli_model_on_data *m, tw_error *err)
{
    tw_metrics metrics;
    tw_scores *scores;
    const struct values *v = call->values;
    CLI_TRY(tw_evaluate(m->ctx, &m->objective, tw_model_weights(m->model), &metrics, err));
    if (!isfinite(metrics.loss))
        return cli_fail(err, TW_ERR_NOT_FINITE, "%.200s: the loss on %.200s is not a finite number",
                        call->word[0], call->word[1]);
    CLI_TRY(tw_scores_of_model(&scores, m->model, m->data, NULL, v->metrics, err));
    const tw_status status = print(call, m->model, &metrics, scores, err);
    tw_scores_free(scores);
    return status;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    struct cli_model_on_data m;
    tw_status status = cli_open_model(&m, call, &((struct values *)call->values)->job, 1, err);
    if (status == TW_OK) status = evaluate(call, &m, err);
    cli_close_model(&m);
    return status;
}

const struct cli_command cli_command_eval = {
    .name = "eval",
    .usage = "MODEL DATA... [OPTION...]",
    .help = "loss and metrics of a model on test rows",
    .examples =
        "thalweg eval out/cnn digits\nthalweg eval out/cnn/model.safetensors my-images --json\nthalweg eval out/cnn digits --metrics \"auc f1_macro\"",
    .least = 2,
    .most = INT_MAX,
    .options = options,
    .fields = tw_read_fields,
    .fields_at = offsetof(struct values, job),
    .size = sizeof(struct values),
    .initial = &initial,
    .run = run,
};
