/* thalweg replay: a step of a run once more, and what it did.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include "norms.h"
#include "table.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <thalweg/replay.h>

struct values {
    struct cli_common common;
    uint64_t step;
    const char *tensor, *save;
    int force;
};
#define AT(member) offsetof(struct values, member)

static const struct cli_option options[] = {
    {"step", 0, CLI_NATURAL, AT(step), "N", 1, 0, "which step of the run, from 1"},
    {"tensor", 0, CLI_TEXT, AT(tensor), "NAME", 0, 0,
     "print the numbers of this tensor: weights before the step, gradient and update"},
    {"save", 0, CLI_TEXT, AT(save), "FILE", 0, 0,
     "write the numbers of all tensors to FILE, a safetensors file of weights/NAME, gradient/NAME and update/NAME"},
    {"force", 0, CLI_FLAG, AT(force), NULL, 0, 0, "replace FILE if it is there"},
    CLI_THREADS,
    CLI_JSON,
    CLI_QUIET,
    CLI_VERBOSE,
    CLI_END};

/* ---- numbers of a tensor ------------------------------------------------------------------------------- */

struct numbers {
    const tw_tensor *tensor;
    size_t n;
    int digits;                    /* with which they read back as the same */
    double *part[TW_REPLAY_PARTS]; /* NULL: there is none */
};

static tw_status read_numbers(const tw_replay *r, const tw_replay_info *info, const char *name,
                              struct numbers *to, tw_error *err)
{
    size_t i = 0;
    while (i < info->n_tensors && strcmp(info->tensors[i].name, name) != 0) i++;
    if (i == info->n_tensors)
        return cli_fail(err, TW_ERR_SPEC, "the run has no tensor %.100s (without --tensor they are listed)",
                        name);
    *to = (struct numbers){.tensor = &info->tensors[i], .n = 1, .digits = info->type == TW_F32 ? 9 : 17};
    for (int k = 0; k < to->tensor->rank; k++) to->n *= (size_t)to->tensor->shape[k];
    for (int part = 0; part < TW_REPLAY_PARTS; part++) {
        if (!info->has[part]) continue;
        to->part[part] = cli_alloc(to->n, sizeof(double), err);
        if (!to->part[part]) return TW_ERR_MEMORY;
        CLI_TRY(tw_replay_numbers(r, i, part, to->part[part], err));
    }
    return TW_OK;
}

static void free_numbers(struct numbers *of)
{
    for (int part = 0; part < TW_REPLAY_PARTS; part++) free(of->part[part]);
}

/* The place of an element in its tensor, "3,0,1". */
static void print_place(const tw_tensor *t, size_t element)
{
    size_t below[8], n = 1;
    for (int k = t->rank - 1; k >= 0; k--) below[k] = n, n *= (size_t)t->shape[k];
    for (int k = 0; k < t->rank; k++) printf("%s%zu", k ? "," : "", element / below[k] % (size_t)t->shape[k]);
}

static void print_numbers(const struct numbers *of)
{
    printf("%s", of->tensor->name);
    for (int part = 0; part < TW_REPLAY_PARTS; part++)
        if (of->part[part]) printf("\t%s", tw_replay_part_name(part));
    putchar('\n');
    for (size_t i = 0; i < of->n; i++) {
        print_place(of->tensor, i);
        for (int part = 0; part < TW_REPLAY_PARTS; part++)
            if (of->part[part]) printf("\t%.*g", of->digits, of->part[part][i]);
        putchar('\n');
    }
}

/* ---- the step ------------------------------------------------------------------------------------------ */

static void print_rows(const tw_replay_info *info)
{
    enum { SHOWN = 64 };
    if (!info->rows) return;
    printf("rows");
    for (size_t i = 0; i < info->n_rows && i < SHOWN; i++) printf(" %llu", (unsigned long long)info->rows[i]);
    if (info->n_rows > SHOWN) printf(" and %zu more", info->n_rows - SHOWN);
    putchar('\n');
}

static void print_step(const tw_replay *r, const tw_replay_info *info)
{
    printf("step %llu: epoch %llu of %llu, update %llu of %llu\n", (unsigned long long)info->step,
           (unsigned long long)info->epoch, (unsigned long long)info->epochs,
           (unsigned long long)info->step_of_epoch, (unsigned long long)info->steps_per_epoch);
    if (isfinite(info->loss)) printf("loss %.6g", info->loss);
    else printf("loss not finite");
    if (!isnan(info->lr)) printf("  lr %g", info->lr);
    putchar('\n');
    cli_print_replayed(r, info);
    print_rows(info);
}

static json_t *step_json(const tw_replay *r, const tw_replay_info *info)
{
    json_t *tensors = json_object(), *rows = json_array();
    for (size_t i = 0; i < info->n_tensors; i++) {
        double norm[TW_REPLAY_PARTS];
        json_t *norms = json_object();
        if (tw_replay_norms(r, i, norm, NULL) != TW_OK) continue;
        for (int part = 0; part < TW_REPLAY_PARTS; part++)
            norms = cli_put(norms, tw_replay_part_name(part), cli_number(norm[part]));
        tensors = cli_put(tensors, info->tensors[i].name, norms);
    }
    for (size_t i = 0; info->rows && i < info->n_rows; i++)
        rows = cli_add(rows, json_integer((json_int_t)info->rows[i]));
    return json_pack("{s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "step", (json_int_t)info->step, "epoch",
                     (json_int_t)info->epoch, "step_of_epoch", (json_int_t)info->step_of_epoch, "loss",
                     cli_number(info->loss), "lr", cli_number(info->lr), "rows", rows, "norms", tensors);
}

static json_t *numbers_json(const struct numbers *of)
{
    json_t *all = json_object(), *shape = json_array();
    for (int k = 0; k < of->tensor->rank; k++) shape = cli_add(shape, json_integer(of->tensor->shape[k]));
    all = cli_put(cli_put(all, "name", json_string(of->tensor->name)), "shape", shape);
    for (int part = 0; part < TW_REPLAY_PARTS; part++) {
        json_t *list = of->part[part] ? json_array() : NULL;
        if (!list) continue;
        for (size_t i = 0; i < of->n; i++) list = cli_add(list, cli_number(of->part[part][i]));
        all = cli_put(all, tw_replay_part_name(part), list);
    }
    return all;
}

static tw_status print(const struct values *v, const tw_replay *r, const tw_replay_info *info,
                       const struct numbers *numbers, tw_error *err)
{
    if (v->common.json) {
        json_t *all = step_json(r, info);
        if (numbers->tensor) all = cli_put(all, "tensor", numbers_json(numbers));
        CLI_TRY(cli_print_json(all, err));
    } else if (numbers->tensor) print_numbers(numbers);
    else print_step(r, info);
    if (!info->failure) return TW_OK;
    fflush(stdout);
    *err = *info->failure;
    return err->code;
}

static tw_status show(const struct values *v, const tw_replay *r, tw_error *err)
{
    tw_replay_info info = {.size = sizeof info};
    struct numbers numbers = {0};
    CLI_TRY(tw_replay_read(r, &info, err));
    tw_status status = v->tensor ? read_numbers(r, &info, v->tensor, &numbers, err) : TW_OK;
    if (status == TW_OK && v->save) status = tw_replay_save(r, v->save, err);
    if (status == TW_OK) status = print(v, r, &info, &numbers, err);
    free_numbers(&numbers);
    return status;
}

static int only_stop(void *user, const tw_event *event)
{
    (void)user, (void)event;
    return cli_interrupted();
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct values *v = call->values;
    struct cli_directories directories;
    tw_job_options o = TW_JOB_OPTIONS_INIT;
    tw_context *ctx;
    tw_replay *replay = NULL;
    if (!v->step) return cli_fail(err, TW_ERR_SPEC, "missing --step, the number of the step");
    if (v->force && !v->save) return cli_fail(err, TW_ERR_SPEC, "--force can be used with --save only");
    if (v->save) CLI_TRY(cli_new_file(v->save, v->force, err));
    CLI_TRY(cli_directories(&directories, err));
    CLI_TRY(cli_context(&v->common, &ctx, err));
    o.cache = directories.cache;
    o.home = directories.home;
    o.run.event = only_stop;
    tw_status status = tw_replay_create(&replay, ctx, call->word[0], v->step, &o, err);
    if (status == TW_ERR_STATE) status = TW_ERR_DATA; /* other data than the run began with */
    if (status == TW_OK) status = show(v, replay, err);
    tw_replay_free(replay);
    tw_context_free(ctx);
    return status;
}

const struct cli_command cli_command_replay = {
    .name = "replay",
    .usage = "RUN --step N [OPTION...]",
    .help = "a step of a run once more, with the same bits: loss, norms and rows, or numbers",
    .examples = "thalweg train digits --model mlp --epochs 1 --out out/mlp\n"
                "thalweg replay out/mlp --step 100\n"
                "thalweg replay out/mlp --step 100 --tensor 1.bias\n"
                "thalweg replay out/mlp --step 100 --save step100.safetensors",
    .least = 1,
    .most = 1,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
