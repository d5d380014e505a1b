/* thalweg predict: one class or number, or a line of probabilities or targets, for every row.
 * SPDX-License-Identifier: MIT */
#include "model_file.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct values {
    struct cli_common common;
    int probability;
    tw_job_options job;
};

static const struct values initial = {.job = TW_JOB_OPTIONS_INIT};

static const struct cli_option options[] =
    {{"probability", 0, CLI_FLAG, offsetof(struct values, probability), NULL, 0, 0,
      "print a line with the classes, then every class's probability in place of the class"},
     CLI_THREADS,
     CLI_QUIET,
     CLI_VERBOSE,
     CLI_END};

enum { ROWS_AT_ONCE = 4096 };

static double at(tw_type type, const void *output, size_t i)
{
    return type == TW_F64 ? ((const double *)output)[i] : ((const float *)output)[i];
}

/* A name with a space, a comma or a quote stands in quotes, as in CSV. */
static void print_name(const char *name)
{
    if (name[0] && !strpbrk(name, " ,\"\t\r\n")) {
        fputs(name, stdout);
        return;
    }
    putchar('"');
    for (; *name; name++) {
        if (*name == '"') putchar('"');
        putchar(*name);
    }
    putchar('"');
}

static void print_heads(const tw_model *model, size_t n_outputs)
{
    char text[TW_CLASS_TEXT];
    const int of_targets = tw_model_output(model) == TW_OUTPUT_VALUE;
    for (size_t i = 0; i < (n_outputs > 1 ? n_outputs : 2); i++) {
        if (i) putchar(' ');
        print_name(of_targets ? tw_model_target_name(model, i) : tw_model_class_text(model, i, text));
    }
    putchar('\n');
}

static void print_row(const struct values *v, const tw_model *model, tw_type type, const void *output,
                      size_t first, size_t n)
{
    char text[1024];
    if (!v->probability && (n == 1 || tw_model_output(model) != TW_OUTPUT_VALUE)) {
        puts(
            tw_model_prediction(model, (const char *)output + first * tw_type_size(type), text, sizeof text));
        return;
    }
    if (v->probability && n == 1) printf("%.9g ", 1 - at(type, output, first));
    for (size_t i = 0; i < n; i++) printf(i ? " %.9g" : "%.9g", at(type, output, first + i));
    putchar('\n');
}

static tw_status print_all(const struct values *v, struct cli_model_on_data *m, tw_error *err)
{
    const tw_objective *o = &m->objective;
    void *output = cli_alloc(ROWS_AT_ONCE, o->n_outputs * sizeof(double), err);
    if (!output) return TW_ERR_MEMORY;
    tw_status status = TW_OK;
    if (v->probability || tw_model_target_name(m->model, 0)) print_heads(m->model, o->n_outputs);
    for (uint64_t first = 0; first < o->n_rows && status == TW_OK; first += ROWS_AT_ONCE) {
        size_t n = o->n_rows - first < ROWS_AT_ONCE ? (size_t)(o->n_rows - first) : ROWS_AT_ONCE;
        status = tw_predict(m->ctx, o, tw_model_weights(m->model), first, n, output, err);
        for (size_t i = 0; i < n * o->n_outputs && status == TW_OK; i++)
            if (!isfinite(at(o->type, output, i)))
                status =
                    cli_fail(err, TW_ERR_NOT_FINITE, "row %llu: the model's output is not a finite number",
                             (unsigned long long)(first + i / o->n_outputs) + 1);
        for (size_t i = 0; i < n && status == TW_OK; i++)
            print_row(v, m->model, o->type, output, i * o->n_outputs, o->n_outputs);
        if (ferror(stdout))
            status = cli_fail(err, TW_ERR_SYSTEM, "cannot write to the standard output: %s", strerror(errno));
    }
    free(output);
    return status;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    struct values *v = call->values;
    struct cli_model_on_data m;
    static char buffer[1 << 16];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    tw_status status = cli_open_model(&m, call, &v->job, 0, err);
    if (status == TW_OK && v->probability && tw_model_output(m.model) != TW_OUTPUT_PROBABILITY)
        status = cli_fail(err, TW_ERR_SPEC, "--probability: %.200s gives no probabilities: %.40s predicts %s",
                          call->word[0], tw_model_network(m.model),
                          tw_model_output(m.model) == TW_OUTPUT_SCORE
                              ? "classes by scores (logistic and softmax have probabilities)"
                              : "numbers");
    if (status == TW_OK && tw_model_predictions(m.model) > 1)
        status =
            cli_fail(err, TW_ERR_SPEC,
                     "%.200s predicts what follows at each time of a text: thalweg generate writes text, "
                     "eval says how well",
                     call->word[0]);
    if (status == TW_OK) status = print_all(v, &m, err);
    cli_close_model(&m);
    return status;
}

const struct cli_command cli_command_predict = {
    .name = "predict",
    .usage = "MODEL DATA... [--probability] [OPTION...]",
    .help = "one prediction per line",
    .examples =
        "thalweg predict out/cnn t10k-images-idx3-ubyte | head\nthalweg predict out/cnn digits --probability\nzcat images.gz | thalweg predict out/cnn -",
    .least = 2,
    .most = INT_MAX,
    .options = options,
    .fields = tw_read_fields,
    .fields_at = offsetof(struct values, job),
    .size = sizeof(struct values),
    .initial = &initial,
    .run = run,
};
