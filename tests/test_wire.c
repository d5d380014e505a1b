/* Gradients in fewer bits: what each codec makes of numbers, that nothing is lost of what it leaves out, and
 * what workers come to.
 * SPDX-License-Identifier: MIT */
#include "worker_runs.h"
#include "exchange/wire.h"

static const tw__codec *codec_of(const char *name)
{
    const char *const at = strstr(tw__wires, name);
    size_t i = 0;
    for (const char *p = tw__wires; p < at; p++) i += *p == ' ';
    assert_non_null(at);
    assert_non_null(tw__codec_at(i));
    return tw__codec_at(i);
}

static double random_number(uint64_t seed, uint64_t i)
{
    const double u = tw__random_unit(seed, TW__FOR_TEST, 0, i) - 0.5;
    return u * exp(8 * tw__random_unit(seed, TW__FOR_TEST, 1, i));
}

/* ---- codecs -------------------------------------------------------------------------------------------- */

static void words_name_the_codecs(void **state)
{
    (void)state;
    assert_string_equal(tw__wires, "fp32 bf16 topk 1bit 2bit powersgd");
    assert_null(tw__codec_at(0));
    assert_null(tw__codec_at(6));
}

static void bf16_rounds_to_nearest_ties_to_even(void **state)
{
    static const float cases[][2] = {{1, 1},
                                     {1 + 0x1p-8f, 1},
                                     {1 + 0x1.8p-8f, 1 + 0x1p-7f},
                                     {1 + 0x1.8p-7f, 1 + 0x1p-6f},
                                     {-3.14159274f, -3.140625f},
                                     {0x1p-133f, 0x1p-133f},
                                     {INFINITY, INFINITY},
                                     {3.4e38f, INFINITY},
                                     {3.38e38f, 0x1.fcp127f}};
    const tw__codec *bf16 = codec_of("bf16");
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        float single = cases[i][0];
        double twice = cases[i][0];
        bf16->f32(1, &single, 0);
        bf16->f64(1, &twice, 0);
        if (single != cases[i][1] || twice != (double)cases[i][1])
            fail_msg("%.9g became %.9g and %.17g", (double)cases[i][0], (double)single, twice);
    }
    float none[] = {NAN, -0.0f};
    bf16->f32(2, none, 0);
    assert_true(isnan(none[0]) && !signbit(none[1]));
    for (uint64_t i = 0; i < 10000; i++) {
        const double x = random_number(1, i);
        double y = x;
        bf16->f64(1, &y, 0);
        assert_true(fabs(y - x) <= 0x1p-8 * 1.0001 * fabs(x));
    }
}

/* As counting says: kept is what fewer than k are larger than, the earlier of equal ones first; rounded,
 * unless all are. */
static void check_topk(size_t n, const double *x, double keep)
{
    double y[64], sent[64];
    float z[64];
    const size_t k = (size_t)ceil(keep * (double)n);
    memcpy(y, x, n * sizeof *x);
    memcpy(sent, x, n * sizeof *x);
    if (keep < 1) codec_of("bf16")->f64(n, sent, 0);
    for (size_t i = 0; i < n; i++) z[i] = (float)x[i];
    codec_of("topk")->f64(n, y, keep);
    codec_of("topk")->f32(n, z, keep);
    for (size_t i = 0; i < n; i++) {
        size_t before = 0;
        for (size_t j = 0; j < n; j++)
            before += fabs(x[j]) > fabs(x[i]) || (fabs(x[j]) == fabs(x[i]) && j < i);
        assert_true(y[i] == (before < k ? sent[i] : 0));
        assert_true(z[i] == (before < k ? (float)sent[i] : 0));
    }
}

static void topk_keeps_the_largest(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        double x[64];
        const size_t n = 1 + (size_t)tw__random_below(seed, TW__FOR_TEST, 2, 0, 64);
        for (size_t i = 0; i < n; i++) x[i] = floor(6 * random_number(seed, i)) / 4;
        check_topk(n, x, tw__random_unit(seed, TW__FOR_TEST, 3, 0));
        check_topk(n, x, 1);
    }
    double wrong[] = {1, NAN, -5, 2};
    codec_of("topk")->f64(4, wrong, 0.25);
    assert_true(isnan(wrong[1]) && wrong[2] == 0);
}

enum { MANY = TW_CHUNK + 1000 };

static void few_bits_are_means(void **state)
{
    static double x[MANY], one[MANY], two[MANY];
    (void)state;
    for (size_t i = 0; i < MANY; i++) one[i] = two[i] = x[i] = random_number(7, i);
    codec_of("1bit")->f64(MANY, one, 0);
    codec_of("2bit")->f64(MANY, two, 0);
    for (size_t lo = 0; lo < MANY; lo += TW_CHUNK) {
        const size_t hi = lo + TW_CHUNK < MANY ? lo + TW_CHUNK : MANY;
        double sum[2] = {0}, size = 0, large = 0;
        size_t n[2] = {0}, n_large = 0;
        for (size_t i = lo; i < hi; i++) {
            sum[x[i] < 0] += x[i];
            n[x[i] < 0]++;
            size += fabs(x[i]);
        }
        for (size_t i = lo; i < hi; i++)
            if (fabs(x[i]) >= 0.7 * (size / (double)(hi - lo))) {
                large += fabs(x[i]);
                n_large++;
            }
        for (size_t i = lo; i < hi; i++) {
            const int below = x[i] < 0;
            assert_true(fabs(one[i] - sum[below] / (double)n[below]) <= 1e-6 * fabs(one[i]));
            const double a = large / (double)n_large;
            const double wanted = fabs(x[i]) < 0.7 * (size / (double)(hi - lo)) ? 0 : below ? -a : a;
            assert_true(fabs(two[i] - wanted) <= 1e-6 * fabs(wanted));
        }
    }
}

/* Sent once more it is the same, and what is not finite does not become a number. */
static void codecs_keep_what_they_made(void **state)
{
    static const char *const names[] = {"bf16", "topk", "1bit", "2bit"};
    static float x[MANY], y[MANY];
    (void)state;
    for (size_t k = 0; k < 4; k++) {
        const tw__codec *codec = codec_of(names[k]);
        for (size_t i = 0; i < MANY; i++) x[i] = (float)random_number(9, i);
        codec->f32(MANY, x, 0.1);
        memcpy(y, x, sizeof x);
        codec->f32(MANY, y, 0.1);
        assert_memory_equal(x, y, sizeof x);
        for (int wrong = 0; wrong < 2; wrong++) {
            x[17] = wrong ? NAN : INFINITY;
            codec->f32(MANY, x, 0.1);
            assert_false(isfinite(x[17]));
        }
        float nothing[3] = {0, 0, -0.0f};
        codec->f32(3, nothing, 0.5);
        for (int i = 0; i < 3; i++) assert_true(nothing[i] == 0);
    }
}

/* A chunk comes out of its bytes as a codec has made it. */
static void numbers_come_out_of_bytes(void **state)
{
    static const char *const names[] = {"bf16", "1bit", "2bit"};
    static const size_t lengths[] = {1, 2, 3, 7, 8, 9, 1001, TW_CHUNK};
    (void)state;
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
        for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
            const tw__codec *codec = codec_of(names[k]);
            const size_t n = lengths[l];
            float *const x = malloc(n * sizeof *x), *const y = malloc(n * sizeof *y);
            unsigned char *const sent = malloc(codec->bytes(n));
            for (size_t i = 0; i < n; i++) x[i] = i % 5 ? (float)random_number(l, i) : 0;
            if (n > 1000 && l % 2) x[777] = NAN;
            codec->f32(n, x, 0);
            codec->pack(n, x, sent);
            codec->unpack(n, sent, y);
            assert_memory_equal(x, y, n * sizeof *x);
            free(x);
            free(y);
            free(sent);
        }
}

/* Gaps of one byte to five, as a list of any run may have them; and bytes that are none. */
static void lists_come_out_of_bytes(void **state)
{
    uint32_t index[] = {0, 1, 3, 131, 132, 20000, 3000000, 1u << 31, UINT32_MAX - 1}, back[9];
    float value[] = {1, -2, 0.5f, 3, 4, 5, -6, 7, 8}, also[9];
    const tw_sparse_sum list = {.n = 9, .most = 9, .index = index, .value = value};
    tw_sparse_sum got = {.n = 9, .most = 9, .index = back, .value = also};
    tw__kernels k = {.real = sizeof(float)};
    tw__wire wire = {.codec = codec_of("topk"), .keep = 0.5};
    const tw__workers x = {.wire = &wire, .k = &k, .set = {.type = TW_F32, .size = UINT32_MAX}};
    unsigned char bytes[100];
    tw__writer w = {.at = bytes};
    (void)state;
    tw__wire_write_list(&x, &list, 0, 9, &w);
    assert_int_equal(w.n, 1 + 1 + 1 + 1 + 1 + 3 + 4 + 5 + 5 + 9 * 2);
    assert_int_equal(tw__wire_list_bytes(&x, &list, 0, 9), w.n);
    tw__reader_of_bytes r = {bytes, w.n};
    assert_int_equal(tw__wire_read_list(&x, &got, &r, NULL), TW_OK);
    assert_int_equal(r.left, 0);
    assert_memory_equal(index, back, sizeof index);
    assert_memory_equal(value, also, sizeof value);
    for (size_t left = 0; left < w.n; left++) {
        r = (tw__reader_of_bytes){bytes, left};
        assert_int_equal(tw__wire_read_list(&x, &got, &r, NULL), TW_ERR_DATA);
    }
    memset(bytes, 0xff, sizeof bytes);
    r = (tw__reader_of_bytes){bytes, sizeof bytes};
    assert_int_equal(tw__wire_read_list(&x, &got, &r, NULL), TW_ERR_DATA);
}

/* ---- what feeds back ----------------------------------------------------------------------------------- */

enum { SIZE = 40, UPDATES = 50 };

typedef struct problem {
    tw_context *ctx;
    tw_optimizer *optimizer;
    tw_sparse_sum list;
    double w[SIZE], gradient[2][SIZE], all[SIZE], rest[SIZE];
    uint32_t index[SIZE];
    int is_list;
} problem;

/* Whole numbers: their sums are exact in any order. */
static tw_status compute(void *user, size_t worker, uint64_t update, size_t part, size_t parts,
                         const void *at, tw__gradient *to, tw_error *err)
{
    problem *p = user;
    double *const g = p->gradient[worker];
    (void)at, (void)part, (void)parts, (void)err;
    to->n = 1;
    to->leaves = to->hi = 1;
    to->rows = 1;
    to->leaf[0] = (tw_sums){.weight = 1};
    p->list.n = 0;
    for (uint32_t i = 0; i < SIZE; i++) {
        g[i] = (double)tw__random_below(update, TW__FOR_TEST, 4, i, 201) - 100;
        if (p->is_list && i % 3 == update % 3) g[i] = 0;
        p->all[i] += g[i];
        if (!p->is_list || g[i] == 0) continue;
        p->list.index[p->list.n] = i;
        ((double *)p->list.value)[p->list.n++] = g[i];
    }
    to->node[0] = (tw__sum){.is_list = p->is_list, .dense = g, .list = &p->list};
    return TW_OK;
}

static tw_status make_optimizer(void *user, const tw__optimizer_setting *s, tw_optimizer **out, tw_error *err)
{
    static const int64_t shape[] = {SIZE};
    static const tw_tensor tensor = {"w", 1, shape, 0, 0};
    tw_optimizer_options o = TW_OPTIMIZER_OPTIONS_INIT;
    (void)s;
    o.rule = "sgd:lr=1";
    o.type = TW_F64;
    o.tensors = &tensor;
    o.n_tensors = 1;
    return tw_optimizer_create(out, ((problem *)user)->ctx, &o, err);
}

static void commit(void *user, size_t worker, void *w) { (void)user, (void)worker, (void)w; }

static tw_status count(void *user, size_t worker, void *w, const tw_sums *sums, uint64_t rows, tw_error *err)
{
    (void)user, (void)worker, (void)w, (void)sums, (void)rows, (void)err;
    return TW_OK;
}

static tw_status add_rest(tw_visitor *v, const char *name, tw_type type, int rank, const int64_t *shape,
                          void *data, tw_error *err)
{
    problem *p = v->user;
    (void)type, (void)rank, (void)shape, (void)err;
    assert_non_null(strstr(name, ".rest"));
    for (size_t i = 0; i < SIZE; i++) p->rest[i] += ((double *)data)[i];
    return TW_OK;
}

/* sums: of so many workers' steps one is made. */
static void check_feedback(const char *exchange, int is_list, double sums)
{
    problem p = {.is_list = is_list, .ctx = networks_context(1)};
    tw_exchange_choice choice;
    tw__workers *x;
    tw_error err = {0};
    double lost = 0;
    tw_visitor v = {.loading = TW_SHOW, .user = &p, .field = add_rest};
    p.list = (tw_sparse_sum){.index = p.index, .value = p.rest, .most = SIZE};
    double values[SIZE];
    p.list.value = values;
    if (tw_exchange_read(&choice, exchange, &err) != TW_OK) fail_msg("%s", err.message);
    assert_int_equal(make_optimizer(&p, NULL, &p.optimizer, NULL), TW_OK);
    const tw__workers_setting s = {.choice = &choice,
                                   .workers = tw__workers_count(&choice, p.ctx, NULL),
                                   .type = TW_F64,
                                   .size = SIZE,
                                   .w = p.w,
                                   .total = UPDATES,
                                   .optimizer = p.optimizer,
                                   .user = &p,
                                   .compute = compute,
                                   .make_optimizer = make_optimizer,
                                   .commit = commit,
                                   .count = count};
    if (tw__workers_create(&x, p.ctx, &s, &err) != TW_OK) fail_msg("%s: %s", exchange, err.message);
    if (tw__workers_run(x, UPDATES, &err) != TW_OK) fail_msg("%s: %s", exchange, err.message);
    assert_int_equal(tw__workers_gather(x, NULL), TW_OK);
    assert_int_equal(tw__wire_visit(x, &v, NULL), TW_OK);
    for (size_t i = 0; i < SIZE; i++) {
        if (-p.w[i] * sums + p.rest[i] != p.all[i])
            fail_msg("%s: %g and a rest of %g are not %g", exchange, -p.w[i] * sums, p.rest[i], p.all[i]);
        lost += fabs(p.rest[i]);
    }
    assert_true(lost > 0);
    tw__workers_free(x);
    tw_optimizer_free(p.optimizer);
    tw_context_free(p.ctx);
}

/* What was sent and what is left is what there was, exactly. */
static void nothing_is_lost(void **state)
{
    (void)state;
    for (int is_list = 0; is_list < 2; is_list++) {
        check_feedback("ps:sync=asp,workers=1,wire=topk,keep=0.1", is_list, 1);
        check_feedback("sim:workers=2,jitter=exponential+ps:sync=asp,wire=topk,keep=0.3", is_list, 1);
        check_feedback("sim:workers=2,jitter=exponential+downpour:push=3,wire=topk,keep=0.3", is_list, 1);
        check_feedback("sim:workers=2+diloco:every=5,outer=\"sgd:lr=1\",wire=topk,keep=0.3", is_list, 2);
        check_feedback("sim:workers=2+diloco:every=5,sync=0,weight=full,wire=topk,keep=0.3", is_list, 1);
    }
}

/* ---- runs ---------------------------------------------------------------------------------------------- */

static worker_run net(void)
{
    return (worker_run){.rows = networks_data,
                        .model = "flatten; dense 60 relu; dense 3 softmax",
                        .classes = 3,
                        .n_rows = 70,
                        .o.batch = 10,
                        .o.optimizer = "adam:lr=0.01"};
}

static worker_run sparse(void)
{
    return (worker_run){.rows = worker_sparse,
                        .model = "logistic",
                        .classes = 2,
                        .n_rows = 90,
                        .o.batch = 9,
                        .o.optimizer = "adagrad"};
}

static void all_kept_is_as_it_was(void **state)
{
    worker_run runs[] = {net(), sparse()};
    (void)state;
    for (int i = 0; i < 2; i++) {
        worker_same(&runs[i], "ps:workers=2,wire=topk,keep=1", "local");
        worker_same(&runs[i], "allreduce:workers=2,wire=topk,keep=1", "local");
        worker_same(&runs[i], "sharded:workers=2,wire=topk,keep=1", "local");
        worker_same(&runs[i], "sim:workers=3,jitter=exponential,sync=asp,wire=topk,keep=1",
                    "sim:workers=3,jitter=exponential,sync=asp");
        worker_same(&runs[i], "sim:workers=3,jitter=exponential+downpour:push=2,fetch=3,wire=topk,keep=1",
                    "sim:workers=3,jitter=exponential+downpour:push=2,fetch=3");
        worker_same(&runs[i], "diloco:workers=3,every=2,wire=topk,keep=1", "diloco:workers=3,every=2");
        worker_same(&runs[i], "sim:workers=3,jitter=exponential+diloco:every=2,sync=0,wire=topk,keep=1",
                    "sim:workers=3,jitter=exponential+diloco:every=2,sync=0");
    }
}

static void bits_repeat(void **state)
{
    static const char *const wires[] = {"bf16", "topk,keep=0.2", "1bit", "2bit"};
    (void)state;
    for (size_t i = 0; i < sizeof wires / sizeof wires[0]; i++) {
        worker_run runs[] = {net(), sparse()};
        char threads[128], simulated[128], sharded[128];
        snprintf(threads, sizeof threads, "ps:workers=3,wire=%s", wires[i]);
        snprintf(sharded, sizeof sharded, "sharded:workers=3,wire=%s", wires[i]);
        snprintf(simulated, sizeof simulated, "sim:workers=3,jitter=exponential,wire=%s", wires[i]);
        for (int k = 0; k < 2; k++) {
            worker_same(&runs[k], threads, threads);
            worker_same(&runs[k], threads, sharded);
            worker_same_weights(&runs[k], threads, simulated, 0);
        }
    }
}

/* The first step of a linear model leaves all weights at a mean's numbers. */
static void means_return_in_bf16(void **state)
{
    static const struct {
        const char *exchange;
        int returns;
    } cases[] = {{"allreduce:workers=3,wire=bf16", 1},      {"allreduce:workers=2,wire=bf16", 0},
                 {"sim:workers=9+allreduce:wire=2bit", 1},  {"allreduce:workers=8,wire=2bit", 0},
                 {"sim:workers=17+allreduce:wire=1bit", 1}, {"sim:workers=16+allreduce:wire=1bit", 0},
                 {"sim:workers=20+allreduce:wire=topk", 0}, {"allreduce:workers=3", 0},
                 {"sharded:workers=3,wire=bf16", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        worker_run r = {.rows = networks_data,
                        .model = "softmax",
                        .classes = 50,
                        .n_rows = 240,
                        .o.batch = 240,
                        .o.epochs = 1,
                        .o.optimizer = "sgd:lr=1"};
        size_t n, others = 0;
        double *w = worker_doubles(&r, cases[i].exchange, &n);
        for (size_t k = 0; k < n; k++) {
            double returned = w[k];
            codec_of("bf16")->f64(1, &returned, 0);
            others += returned != w[k];
        }
        if ((others == 0) != cases[i].returns)
            fail_msg("%s: %zu of %zu numbers have more bits", cases[i].exchange, others, n);
        free(w);
    }
}

static uint64_t bytes_in(worker_run *r, const char *exchange, const char *wire)
{
    char spec[128];
    snprintf(spec, sizeof spec, "sim:workers=%s%s", exchange, wire);
    const tw_exchange_info info = worker_told(r, spec);
    return info.bytes;
}

static uint64_t bytes_of(worker_run *r, const char *wire) { return bytes_in(r, "1,sync=asp", wire); }

/* Of weights in double; answers are weights as they are. */
static void fewer_bytes_are_counted(void **state)
{
    worker_run r = net();
    (void)state;
    const uint64_t all = bytes_of(&r, ""), updates = 21, each = (all / updates - 128) / 2, n = each / 8,
                   chunks = (n + TW_CHUNK - 1) / TW_CHUNK;
    assert_int_equal(all, updates * (2 * each + 128));
    assert_int_equal(bytes_of(&r, ",wire=bf16"), updates * (each + 2 * n + 128));
    assert_int_equal(bytes_of(&r, ",wire=1bit"), updates * (each + (n + 7) / 8 + 8 * chunks + 128));
    assert_int_equal(bytes_of(&r, ",wire=2bit"), updates * (each + (2 * n + 7) / 8 + 16 * chunks + 128));
    /* two for a number, and hardly more than one for its place */
    const uint64_t least = updates * (each + 3 * ((n + 9) / 10) + 128),
                   topk = bytes_of(&r, ",wire=topk,keep=0.1");
    if (topk < least || topk > least + updates * n / 20)
        fail_msg("topk: %llu bytes, at least %llu", (unsigned long long)topk, (unsigned long long)least);
}

/* From each to each a range and a mean's, or all at once. */
static void fewer_bytes_return(void **state)
{
    worker_run r = net();
    (void)state;
    r.o.batch = 35; /* five leaves: a part for each worker */
    const uint64_t updates = 6, n = (bytes_in(&r, "2+allreduce", ":wire=fp32") / updates - 4 * 64) / 16,
                   chunks = (n + TW_CHUNK - 1) / TW_CHUNK;
    assert_int_equal(bytes_in(&r, "3+allreduce", ":wire=bf16"), updates * (2 * (2 * n + 2 * n) + 12 * 64));
    assert_int_equal(bytes_in(&r, "2+allreduce", ":wire=bf16"), updates * (2 * 2 * n + 4 * 64));
    assert_int_equal(bytes_in(&r, "2+allreduce", ":wire=2bit"),
                     updates * (2 * ((2 * n + 7) / 8 + 16 * chunks) + 4 * 64));
    assert_int_equal(bytes_in(&r, "3+sharded", ":wire=bf16"), updates * (2 * (2 * n + 8 * n) + 12 * 64));
    assert_int_equal(bytes_in(&r, "2+diloco", ":every=1,wire=bf16"), updates * (2 * n + 8 * n + 128));
    assert_int_equal(bytes_in(&r, "2+downpour", ":wire=bf16"), updates * (2 * n + 8 * n + 128));
}

/* Nor on how many leaves an evaluation takes at once. */
static void bits_do_not_depend_on_threads(void **state)
{
    static const char *const exchanges[] = {"sim:workers=2+allreduce:wire=bf16",
                                            "sim:workers=3+allreduce:wire=topk,keep=0.1",
                                            "sim:workers=3,sync=bsp,wire=1bit"};
    (void)state;
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++) {
        worker_run one = net(), many = net();
        size_t n, m;
        one.n_rows = many.n_rows = 300;
        one.o.batch = many.o.batch = 150;
        one.threads = 1;
        many.threads = 8;
        double *a = worker_doubles(&one, exchanges[i], &n), *b = worker_doubles(&many, exchanges[i], &m);
        assert_int_equal(n, m);
        assert_memory_equal(a, b, n * sizeof *a);
        free(a);
        free(b);
    }
}

/* Also where the last batch has one row, of one worker. */
static void losses_stay_near(void **state)
{
    static const char *const wires[] = {"bf16", "topk,keep=0.05", "1bit", "2bit"};
    worker_run r = net();
    size_t n;
    (void)state;
    r.o.epochs = 12;
    r.n_rows = 71;
    r.o.optimizer = "sgd:lr=0.3";
    free(worker_doubles(&r, "ps:workers=2", &n));
    const double before = r.loss;
    for (size_t i = 0; i < sizeof wires / sizeof wires[0]; i++) {
        char exchange[128];
        snprintf(exchange, sizeof exchange, "ps:workers=2,wire=%s", wires[i]);
        free(worker_doubles(&r, exchange, &n));
        if (!(r.loss < before + 0.1)) fail_msg("%s: a loss of %g, not %g", exchange, r.loss, before);
    }
}

/* The mean of variances would be none, and may be below 0. */
static void buffers_go_whole(void **state)
{
    static const char *const wires[] = {"bf16", "topk", "1bit", "2bit"};
    worker_run r = net();
    tw_error err;
    size_t bytes;
    (void)state;
    r.model = worker_batch_norm;
    for (size_t i = 0; i < sizeof wires / sizeof wires[0]; i++) {
        char exchange[128];
        snprintf(exchange, sizeof exchange, "diloco:workers=2,every=5,wire=%s", wires[i]);
        assert_null(worker_weights(&r, exchange, &bytes, &err));
        assert_int_equal(err.code, TW_ERR_SPEC);
        assert_non_null(strstr(err.message, "running_mean is averaged, and would not be in fewer bits"));
    }
    void *w = worker_weights(&r, "diloco:workers=2,every=5,wire=powersgd", &bytes, &err);
    if (!w) fail_msg("%s", err.message);
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_name_the_codecs),
        cmocka_unit_test(bf16_rounds_to_nearest_ties_to_even),
        cmocka_unit_test(topk_keeps_the_largest),
        cmocka_unit_test(few_bits_are_means),
        cmocka_unit_test(codecs_keep_what_they_made),
        cmocka_unit_test(numbers_come_out_of_bytes),
        cmocka_unit_test(lists_come_out_of_bytes),
        cmocka_unit_test(nothing_is_lost),
        cmocka_unit_test(all_kept_is_as_it_was),
        cmocka_unit_test(bits_repeat),
        cmocka_unit_test(bits_do_not_depend_on_threads),
        cmocka_unit_test(fewer_bytes_are_counted),
        cmocka_unit_test(fewer_bytes_return),
        cmocka_unit_test(means_return_in_bf16),
        cmocka_unit_test(losses_stay_near),
        cmocka_unit_test(buffers_go_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
