/* thalweg bench step: the time of one optimiser step, beside a kernel that only moves the same numbers and
 * beside PyTorch. All are measured in turn in one run, because absolute figures drift with the machine's
 * other load and ratios do not.
 * SPDX-License-Identifier: MIT */
#include "bench.h"
#include "cli.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <thalweg/registry.h>

struct values {
    struct cli_common common;
    uint64_t n, pairs;
    const char *shape, *rules, *threads, *peer, *python;
};
#define AT(member) offsetof(struct values, member)

static const struct cli_option options[] = {
    {"shape", 0, CLI_TEXT, AT(shape), "S", 0, 0,
     "flat (one tensor of 25000000 weights), resnet50 (its 161 tensors), cnn (four tensors, 54410 weights) or all (flat)"},
    {"n", 0, CLI_NATURAL, AT(n), "WEIGHTS", 1, 1e9,
     "weights of the flat tensor; other shapes end there (whole)"},
    {"rules", 0, CLI_TEXT, AT(rules), "\"A B C\"", 0, 0,
     "rules or chains to measure, specs separated by spaces (every rule). Counted as moved: the gradient once, weights and state twice (read, "
     "written); again the gradient, by a rule also the weights, for each pass that measures first"},
    {"threads", 0, CLI_TEXT, AT(threads), "T,T", 0, 0,
     "numbers of threads, from 1 to 256; each is measured (1)"},
    {"pairs", 0, CLI_NATURAL, AT(pairs), "N", 1, BENCH_MOST_PAIRS,
     "measured pairs; their median is printed (5)"},
    {"peer", 0, CLI_TEXT, AT(peer), "SCRIPT", 0, 0,
     "measure this Python program, too: bench/torch_step.py for PyTorch, or one with its options"},
    {"python", 0, CLI_TEXT, AT(python), "COMMAND", 0, 0, BENCH_PYTHON_HELP},
    CLI_JSON,
    CLI_VERBOSE,
    CLI_END};

static const struct values initial = {.common = {.threads = 1},
                                      .pairs = 5,
                                      .shape = "flat",
                                      .threads = "1",
                                      .python = BENCH_PYTHON};

enum { MOST_THREADS = 256, SMALL = 1000000, LARGE = 20000000, ROUNDS = 21, OPPOSITE = 16 };

struct bench {
    const struct values *v;
    long counts[BENCH_MOST_COUNTS]; /* of threads */
    int n_counts, peer;             /* peer: it can run */
    size_t capacity;                /* of each vector */
    /* x[0]: the weights; the others stand in for a rule's state */
    float *x[BENCH_STREAMS], *g;
    unsigned steps; /* taken so far */
    tw_context *ctx;
    struct bench_shape shape;
    json_t *all;
};

/* What a chain moves at least, in numbers per weight. */
/* arrays: of the kernel; reads: measuring passes, by what they read */
struct traffic {
    double state;
    int arrays, reads_g, reads_both;
};

/* seconds per step; share: kernel / step; times: peer / step */
struct figures {
    double step, kernel, share, peer, times;
};

static struct traffic traffic_of(const tw_chain *chain, const tw_optimizer *opt, size_t n)
{
    struct traffic t = {.state = (double)tw_optimizer_state_bytes(opt) / sizeof(float) / (double)n};
    t.arrays = t.state < BENCH_STREAMS - 1 ? (int)t.state + 1 : BENCH_STREAMS;
    for (int i = 0; i < chain->n; i++) {
        const tw_rule *r = chain->link[i].rule;
        if (r->kind == TW_ELEMENT) continue;
        if (r->place == TW_ON_GRADIENT) t.reads_g++;
        else t.reads_both++;
    }
    return t;
}

/* Each number is the opposite of that OPPOSITE places before it. */
static tw_status make_vector(size_t n, float **out, tw_error *err)
{
    void *p = NULL;
    if (*out) return TW_OK;
    n += OPPOSITE;
    if (posix_memalign(&p, 1 << 21, n * sizeof(float)))
        return cli_fail(err, TW_ERR_MEMORY, "out of memory (%zu floats)", n);
    madvise(p, n * sizeof(float), MADV_HUGEPAGE);
    *out = p;
    uint32_t state = 12345;
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        (*out)[i] = i < OPPOSITE ? (float)(int32_t)state * 0x1p-31f : -(*out)[i - OPPOSITE];
    }
    return TW_OK;
}

/* Of either sign in turn, from the same memory. A gradient that never turns belongs to a function without a
 * minimum, in which d-adaptation's step grows without bound. */
static const float *next_gradient(struct bench *b) { return b->g + (b->steps++ % 2 ? OPPOSITE : 0); }

/* Those that a kernel with so many arrays needs and that are not there yet. */
static tw_status make_vectors(struct bench *b, int arrays, tw_error *err)
{
    CLI_TRY(make_vector(b->capacity, &b->g, err));
    for (int i = 0; i < arrays; i++) CLI_TRY(make_vector(b->capacity, &b->x[i], err));
    return TW_OK;
}

static double numbers_updated(const struct traffic *t) { return 3 + 2 * t->state; }
static double numbers_moved(const struct traffic *t)
{
    return numbers_updated(t) + t->reads_g + 2 * t->reads_both;
}

static double time_kernel(const struct bench *b, int arrays, size_t repeats)
{
    const double start = cli_seconds();
    bench_move(tw_context_isa(b->ctx), tw_context_threads(b->ctx), b->x, arrays, b->g, b->shape.n, repeats);
    return (cli_seconds() - start) / (double)repeats;
}

/* The kernel of the update, scaled to the bytes where the state has more or broken streams, and those of the
 * passes before it. */
static double time_kernels(const struct bench *b, const struct traffic *t, size_t repeats)
{
    double seconds = time_kernel(b, t->arrays, repeats) * numbers_updated(t) / (2 * t->arrays + 1);
    if (t->reads_g) seconds += t->reads_g * time_kernel(b, BENCH_READ_G, repeats);
    if (t->reads_both) seconds += t->reads_both * time_kernel(b, BENCH_READ_BOTH, repeats);
    return seconds;
}

/* Kernel and step in turn. What takes less than some tens of milliseconds is done many times, and the median
 * counts: one pause of the process spoils one. */
static tw_status measure_ours(struct bench *b, tw_optimizer *opt, const struct traffic *t,
                              struct figures *out, tw_error *err)
{
    const size_t n = b->shape.n, rounds = n < LARGE ? ROUNDS : 1, repeats = n < SMALL ? SMALL / n : 1;
    double steps[ROUNDS], kernels[ROUNDS];
    for (size_t i = 0; i < rounds; i++) {
        kernels[i] = time_kernels(b, t, repeats);
        const double start = cli_seconds();
        for (size_t k = 0; k < repeats; k++) CLI_TRY(tw_step_f32(opt, b->x[0], next_gradient(b), err));
        steps[i] = (cli_seconds() - start) / (double)repeats;
    }
    out->step = bench_median(steps, rounds);
    out->kernel = bench_median(kernels, rounds);
    out->share = out->kernel / out->step;
    return TW_OK;
}

static tw_status measure(struct bench *b, tw_optimizer *opt, const struct traffic *t, const char *peer,
                         struct figures *out, tw_error *err)
{
    const size_t pairs = b->v->pairs;
    struct figures one = {0};
    double steps[BENCH_MOST_PAIRS], kernels[BENCH_MOST_PAIRS], shares[BENCH_MOST_PAIRS],
        peers[BENCH_MOST_PAIRS], times[BENCH_MOST_PAIRS];
    CLI_TRY(measure_ours(b, opt, t, &one, err)); /* warms up */
    for (size_t i = 0; i < pairs; i++) {
        CLI_TRY(measure_ours(b, opt, t, &one, err));
        if (peer)
            CLI_TRY(bench_peer_step(b->v->python, b->v->peer, peer, b->shape.layout,
                                    tw_context_threads(b->ctx), &one.peer, err));
        steps[i] = one.step;
        kernels[i] = one.kernel;
        shares[i] = one.share;
        peers[i] = 1e-9 * one.peer * (double)b->shape.n;
        times[i] = peers[i] / one.step;
    }
    *out =
        (struct figures){bench_median(steps, pairs), bench_median(kernels, pairs),
                         bench_median(shares, pairs), bench_median(peers, pairs), bench_median(times, pairs)};
    return TW_OK;
}

static void print_head(const struct bench *b)
{
    char n[32];
    const int threads = tw_context_threads(b->ctx);
    printf(
        "%s: %s weights in %zu tensor%s, %d thread%s, %s, median of %llu pairs\n%-24s  %6s  %5s  %9s  %7s  %9s  %9s",
        b->shape.name, cli_grouped(b->shape.n, n), b->shape.n_tensors, b->shape.n_tensors == 1 ? "" : "s",
        threads, threads == 1 ? "" : "s", tw_isa_name(tw_context_isa(b->ctx)),
        (unsigned long long)b->v->pairs, "rule", "passes", "bytes", "ns/weight", "GB/s", "kernel ns",
        "of kernel");
    printf(b->peer ? "  %9s  %10s\n" : "\n", "peer ns", "times ours");
}

static void print_row(const struct bench *b, const char *spec, int passes, double bytes,
                      const struct figures *f)
{
    const double n = (double)b->shape.n;
    printf("%-24s  %6d  %5.0f  %9.3f  %7.2f  %9.3f  %7.1f %%", spec, passes, bytes, 1e9 * f->step / n,
           1e-9 * bytes * n / f->step, 1e9 * f->kernel / n, 100 * f->share);
    if (f->peer > 0) printf("  %9.3f  %10.2f", 1e9 * f->peer / n, f->times);
    printf("\n");
    fflush(stdout);
}

static void add_json(struct bench *b, const char *spec, int passes, double bytes, const struct figures *f)
{
    const double n = (double)b->shape.n;
    json_t *one =
        json_pack("{s:s, s:I, s:I, s:i, s:s, s:i, s:f, s:f, s:f, s:f, s:f}", "shape", b->shape.name,
                  "weights", (json_int_t)n, "tensors", (json_int_t)b->shape.n_tensors, "threads",
                  tw_context_threads(b->ctx), "rule", spec, "passes", passes, "bytes_per_weight", bytes,
                  "ns_per_weight", 1e9 * f->step / n, "gb_per_second", 1e-9 * bytes * n / f->step,
                  "kernel_ns_per_weight", 1e9 * f->kernel / n, "share_of_bandwidth", f->share);
    if (f->peer > 0)
        one = cli_put(one, "peer",
                      json_pack("{s:s, s:f, s:f}", "program", b->v->peer, "ns_per_weight", 1e9 * f->peer / n,
                                "times_ours", f->times));
    b->all = cli_add(b->all, one);
}

static tw_status bench_rule(struct bench *b, const char *rule, tw_error *err)
{
    tw_chain chain;
    struct figures f;
    tw_optimizer *opt = NULL;
    tw_optimizer_options o = TW_OPTIMIZER_OPTIONS_INIT;
    o.rule = rule;
    o.tensors = b->shape.tensors;
    o.n_tensors = b->shape.n_tensors;
    CLI_TRY(tw_chain_read(&chain, rule, NULL, err));
    CLI_TRY(tw_optimizer_create(&opt, b->ctx, &o, err));
    const struct traffic t = traffic_of(&chain, opt, b->shape.n);
    const double bytes = sizeof(float) * numbers_moved(&t);
    const int passes = tw_optimizer_passes(opt);
    tw_status status = make_vectors(b, t.arrays, err);
    if (status == TW_OK)
        status = measure(b, opt, &t, b->peer && bench_peer_has(chain.spec) ? chain.spec : NULL, &f, err);
    if (status == TW_OK && b->v->common.json) add_json(b, chain.spec, passes, bytes, &f);
    else if (status == TW_OK) print_row(b, chain.spec, passes, bytes, &f);
    tw_optimizer_free(opt);
    return status;
}

/* Every rule of a space-separated list, or of the registry. */
static tw_status each_rule(struct bench *b, tw_status (*one)(struct bench *, const char *, tw_error *),
                           tw_error *err)
{
    const tw_rule *rule;
    if (!b->v->rules) {
        for (size_t i = 0; (rule = tw_rule_at(i)) != NULL; i++) CLI_TRY(one(b, rule->name, err));
        return TW_OK;
    }
    char spec[TW_SPEC_MAX];
    for (const char *p = b->v->rules; bench_next_spec(&p, spec);) CLI_TRY(one(b, spec, err));
    return TW_OK;
}

static tw_status check_rule(struct bench *b, const char *rule, tw_error *err)
{
    tw_chain chain;
    (void)b;
    return tw_chain_read(&chain, rule, NULL, err);
}

/* ---- Shapes and numbers of threads ---- */

static int is_wanted(const struct bench *b, const char *shape)
{
    return !strcmp(b->v->shape, "all") || !strcmp(b->v->shape, shape);
}

static tw_status check_shape(const struct bench *b, tw_error *err)
{
    const char *name;
    if (!strcmp(b->v->shape, "all")) return TW_OK;
    for (size_t i = 0; (name = bench_shape_name(i, NULL)) != NULL; i++)
        if (is_wanted(b, name)) return TW_OK;
    return cli_unknown(err, TW_ERR_SPEC, "unknown shape", b->v->shape,
                       tw_suggest(b->v->shape, bench_shape_name, NULL), " (flat, resnet50, cnn or all)");
}

static void find_capacity(struct bench *b)
{
    const char *name;
    for (size_t i = 0; (name = bench_shape_name(i, NULL)) != NULL; i++) {
        if (!is_wanted(b, name)) continue;
        bench_shape_make(&b->shape, i, b->v->n);
        if (b->shape.n > b->capacity) b->capacity = b->shape.n;
    }
}

static tw_status bench_shape(struct bench *b, long threads, tw_error *err)
{
    struct cli_common common = b->v->common;
    common.threads = (uint64_t)threads;
    CLI_TRY(cli_context(&common, &b->ctx, err));
    if (!common.json) print_head(b);
    const tw_status status = each_rule(b, bench_rule, err);
    tw_context_free(b->ctx);
    return status;
}

static tw_status bench_all(struct bench *b, tw_error *err)
{
    const char *name;
    int tables = 0;
    CLI_TRY(check_shape(b, err));
    CLI_TRY(bench_counts("threads", b->v->threads, MOST_THREADS, b->counts, &b->n_counts, err));
    CLI_TRY(each_rule(b, check_rule, err));
    if (b->v->peer && b->v->n && strcmp(b->v->shape, "flat"))
        return cli_fail(err, TW_ERR_SPEC,
                        "--peer measures whole shapes: leave --n out, or take --shape flat");
    CLI_TRY(bench_peer_ready(b->v->peer, b->v->python, &b->peer, err));
    find_capacity(b);
    for (size_t i = 0; (name = bench_shape_name(i, NULL)) != NULL; i++) {
        if (!is_wanted(b, name)) continue;
        bench_shape_make(&b->shape, i, b->v->n);
        for (int k = 0; k < b->n_counts; k++) {
            if (tables++ && !b->v->common.json) printf("\n");
            CLI_TRY(bench_shape(b, b->counts[k], err));
        }
    }
    if (!b->v->common.json) return TW_OK;
    return cli_print_json(json_pack("{s:s, s:I, s:O}", "isa", tw_isa_name(tw_isa_of_cpu()), "pairs",
                                    (json_int_t)b->v->pairs, "rules", b->all),
                          err);
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    struct bench *b = cli_alloc(1, sizeof *b, err);
    if (!b) return TW_ERR_MEMORY;
    b->v = call->values;
    b->all = json_array();
    tw_status status = bench_all(b, err);
    json_decref(b->all);
    for (int i = 0; i < BENCH_STREAMS; i++) free(b->x[i]);
    free(b->g);
    free(b);
    return status;
}

const struct cli_command cli_command_bench_step = {
    .name = "bench step",
    .usage =
        "[--shape S] [--n WEIGHTS] [--rules \"A B\"] [--threads T,T] [--pairs N] [--peer SCRIPT [--python COMMAND]] [--json]",
    .help = "time an optimiser step against the memory's speed",
    .examples =
        "thalweg bench step\nthalweg bench step --rules \"adam clip_global_norm+adam\" --threads 1,2 --json\n"
        "thalweg bench step --shape all --rules \"sgd adam\" --peer bench/torch_step.py --python /opt/torch/bin/python3",
    .options = options,
    .size = sizeof(struct values),
    .initial = &initial,
    .run = run,
};
