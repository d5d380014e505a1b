/* thalweg doctor: does this machine, with this build, keep the promise of equal bits, and is everything else
 * in place?
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include "launcher.h"
#include "table.h"
#include <errno.h>
#include <fenv.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <thalweg/link.h>
#include <thalweg/train.h>
#include <thalweg/version.h>
#include <unistd.h>

static const struct cli_option options[] = {CLI_JSON, CLI_END};

enum { ROWS = 160, SIDE = 10, CLASSES = 4, BATCH = 20, STEPS = 200, MOST_THREADS = 3, MOST_CHECKS = 24 };

enum outcome { PASS, FAIL, NOT_TESTED };
struct check {
    char name[40], text[200];
    enum outcome outcome;
};
struct report {
    struct check check[MOST_CHECKS];
    int n;
};

__attribute__((format(printf, 4, 5))) static void add(struct report *r, enum outcome outcome,
                                                      const char *name, const char *format, ...)
{
    if (r->n == MOST_CHECKS) return;
    struct check *c = &r->check[r->n++];
    va_list args;
    c->outcome = outcome;
    snprintf(c->name, sizeof c->name, "%s", name);
    va_start(args, format);
    char line[sizeof c->text];
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    tw_printable(line, c->text, sizeof c->text);
}

/* A check that an error ends. Memory that is missing says nothing of the machine: then there is no report. */
static tw_status fail(struct report *r, const char *name, const tw_error *err)
{
    if (err->code == TW_ERR_MEMORY) return err->code;
    add(r, FAIL, name, "%.190s", err->message);
    return TW_OK;
}

/* ---- The self-test: 200 steps of a small network, whose weights' hash no thread count changes ---- */

static uint64_t hash(const void *bytes, size_t n)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < n; i++) h = (h ^ ((const unsigned char *)bytes)[i]) * 1099511628211u;
    return h;
}

static tw_status make_rows(tw_context *ctx, tw_data **out, tw_error *err)
{
    uint8_t x[ROWS * SIDE * SIDE];
    int32_t label[ROWS];
    uint32_t state = 1;
    for (int i = 0; i < ROWS * SIDE * SIDE; i++) {
        state = state * 1664525u + 1013904223u;
        x[i] = (uint8_t)(state >> 24);
    }
    for (int i = 0; i < ROWS; i++) {
        label[i] = i % CLASSES;
        for (int k = 0; k < SIDE; k++) x[(i * SIDE + 2 * label[i]) * SIDE + k] = 255;
    }
    return tw_data_create(out, ctx,
                          &(tw_data_info){.size = sizeof(tw_data_info),
                                          .rows = ROWS,
                                          .rank = 2,
                                          .shape = {SIDE, SIDE},
                                          .type = TW_U8,
                                          .x = x,
                                          .labels = label},
                          err);
}

static tw_status train_steps(tw_context *ctx, tw_model *model, const tw_objective *objective, uint64_t *h,
                             tw_error *err)
{
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    o.optimizer = "adam";
    o.seed = 1;
    o.batch = BATCH;
    o.epochs = STEPS / (ROWS / BATCH);
    tw_run *run = NULL;
    CLI_TRY(tw_run_create(&run, ctx, objective, NULL, tw_model_weights(model), &o, err));
    int state = TW_RUN_GOING;
    tw_status status = TW_OK;
    while (status == TW_OK && state == TW_RUN_GOING) status = tw_run_step(run, &state, err);
    if (status == TW_OK && tw_run_steps(run) != STEPS)
        status = cli_fail(err, TW_ERR_INTERNAL, "%d steps expected", STEPS);
    if (status == TW_OK)
        *h = hash(tw_model_weights(model), tw_model_size(model) * tw_type_size(tw_model_type(model)));
    tw_run_free(run);
    return status;
}

static tw_status train_once(int threads, tw_isa isa, uint64_t *h, tw_error *err)
{
    tw_context_options co = TW_CONTEXT_OPTIONS_INIT;
    tw_context *ctx = NULL;
    tw_data *data = NULL;
    tw_model *model = NULL;
    tw_objective objective = TW_OBJECTIVE_INIT;
    co.threads = threads;
    co.max_isa = isa;
    CLI_TRY(tw_context_create(&ctx, &co, err));
    tw_status status = make_rows(ctx, &data, err);
    if (status == TW_OK)
        status = tw_model_create(&model, ctx, "conv2d 4 3x3 relu; maxpool2d 2x2; flatten; dense 4 softmax",
                                 TW_F32, data, 1, err);
    if (status == TW_OK) {
        status = tw_model_objective(model, data, &objective, err);
        if (status == TW_OK) {
            status = train_steps(ctx, model, &objective, h, err);
            tw_model_objective_free(&objective);
        }
    }
    tw_model_free(model);
    tw_data_free(data);
    tw_context_free(ctx);
    return status;
}

static tw_status check_bits(struct report *r, tw_error *err)
{
    uint64_t first = 0, h = 0;
    int have = 0;
    for (tw_isa isa = TW_ISA_BASE; isa <= TW_ISA_AVX512; isa++) {
        char name[40];
        snprintf(name, sizeof name, "equal bits, %s", tw_isa_name(isa));
        if (isa > tw_isa_of_cpu()) {
            add(r, NOT_TESTED, name, "this CPU has no %s", tw_isa_name(isa));
            continue;
        }
        enum outcome outcome = PASS;
        char text[200] = "";
        for (int threads = 1; threads <= MOST_THREADS && outcome == PASS; threads++) {
            const tw_status status = train_once(threads, isa, &h, err);
            if (status == TW_ERR_MEMORY) return status;
            if (status != TW_OK) {
                outcome = FAIL;
                snprintf(text, sizeof text, "%d threads: %.150s", threads, err->message);
            } else {
                if (!have++) first = h;
                if (h != first) outcome = FAIL;
                snprintf(text, sizeof text, "%d steps with 1 to %d threads: weights %016llx%s", STEPS,
                         threads, (unsigned long long)h, h == first ? "" : ", which differ");
            }
        }
        add(r, outcome, name, "%s", text);
    }
    return TW_OK;
}

/* ---- The machine ---- */

static void check_numbers(struct report *r)
{
    volatile float small = 1.4e-45f, one = 1.0f;
    float product = small * one; /* 0 where subnormals are flushed */
    int good = product != 0 && fegetround() == FE_TONEAREST && sizeof(float) == 4 && sizeof(double) == 8;
    add(r, good ? PASS : FAIL, "floating point", "round to nearest %s, subnormals %s after training",
        fegetround() == FE_TONEAREST ? "on" : "off", product != 0 ? "kept" : "flushed");
}

static int make_directories(const char *path)
{
    char part[PATH_MAX];
    snprintf(part, sizeof part, "%s", path);
    for (char *p = part + 1; *p; p++)
        if (*p == '/') {
            *p = 0;
            if (mkdir(part, 0777) && errno != EEXIST) return -1;
            *p = '/';
        }
    return mkdir(part, 0777) && errno != EEXIST ? -1 : 0;
}

static tw_status check_cache(struct report *r, tw_error *err)
{
    struct cli_directories directories;
    char file[PATH_MAX + 20];
    if (cli_directories(&directories, err) != TW_OK) return fail(r, "cache folder", err);
    snprintf(file, sizeof file, "%s/.doctor-XXXXXX", directories.cache);
    int made = make_directories(directories.cache) ? -1 : mkstemp(file);
    if (made < 0)
        add(r, FAIL, "cache folder", "%.120s: %s (THALWEG_CACHE names another)", directories.cache,
            strerror(errno));
    else add(r, PASS, "cache folder", "%.150s can be written", directories.cache);
    if (made >= 0) {
        close(made);
        unlink(file);
    }
    return TW_OK;
}

/* Runs on several machines need a plug-in that loads; without any there are none. */
static void check_plugins(struct report *r)
{
    static const char *const mpis[] = {"openmpi", "mpich"};
    for (size_t i = 0; i < sizeof mpis / sizeof mpis[0]; i++) {
        char path[PATH_MAX], name[64], library[64] = "";
        tw_error err;
        snprintf(name, sizeof name, "plug-in %s", mpis[i]);
        if (!cli_find_plugin(mpis[i], path))
            add(r, NOT_TESTED, name, "there is none (built where mpicc.%s is, found in THALWEG_PLUGINS)",
                mpis[i]);
        else if (tw_link_plugin_name(path, sizeof library, library, &err) != TW_OK)
            add(r, FAIL, name, "%.190s", err.message);
        else add(r, PASS, name, "%s, %.130s", library, path);
    }
}

static tw_status check_machine(struct report *r, tw_error *err)
{
    tw_context *ctx = NULL;
    struct cli_common common = {0};
    add(r, PASS, "version", "thalweg %s, %s, jansson %s", TW_VERSION, TW_BUILT_WITH, jansson_version_str());
    if (cli_context(&common, &ctx, err) != TW_OK) return fail(r, "context", err);
    add(r, PASS, "instruction set", "%s is used, the CPU has %s", tw_isa_name(tw_context_isa(ctx)),
        tw_isa_name(tw_isa_of_cpu()));
    add(r, PASS, "threads", "%d", tw_context_threads(ctx));
    tw_context_free(ctx);
    return TW_OK;
}

static const char *cell(const void *of, size_t row, int column, char to[CLI_CELL])
{
    static const char *const words[] = {"ok", "FAILED", "not tested"};
    const struct report *r = of;
    (void)to;
    if (row >= (size_t)r->n) return NULL;
    const struct check *c = &r->check[row];
    return column == 0 ? words[c->outcome] : column == 1 ? c->name : c->text;
}

static tw_status print(const struct report *r, int json, int failed, tw_error *err)
{
    static const char *const heads[] = {"outcome", "check", "what", NULL};
    static const char *const keys[] = {"ok", "failed", "not_tested"};
    if (!json) {
        cli_print_table(stdout, &(struct cli_table){.heads = heads, .cell = cell, .of = r, .bare = 1},
                        cli_columns(stdout, 0));
        return TW_OK;
    }
    json_t *list = json_array();
    for (int i = 0; i < r->n; i++) {
        const struct check *c = &r->check[i];
        list = cli_add(list, json_pack("{s:s, s:s, s:s}", "check", c->name, "outcome", keys[c->outcome],
                                       "text", c->text));
    }
    return cli_print_json(json_pack("{s:s, s:b, s:o}", "version", TW_VERSION, "ok", !failed, "checks", list),
                          err);
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct cli_common *common = call->values;
    struct report r = {.n = 0};
    int failed = 0;
    CLI_TRY(check_machine(&r, err));
    CLI_TRY(check_cache(&r, err));
    CLI_TRY(check_bits(&r, err));
    check_numbers(&r);
    check_plugins(&r);
    for (int i = 0; i < r.n; i++) failed += r.check[i].outcome == FAIL;
    CLI_TRY(print(&r, common->json, failed, err));
    if (!failed) return TW_OK;
    fflush(stdout);
    return cli_fail(err, TW_ERR_INTERNAL, "%d check%s failed", failed, failed == 1 ? "" : "s");
}

const struct cli_command cli_command_doctor = {
    .name = "doctor",
    .usage = "[--json]",
    .help = "check this machine and build",
    .examples = "thalweg doctor",
    .options = options,
    .size = sizeof(struct cli_common),
    .run = run,
};
