/* Gradients as products of narrow matrices: what they are, what is sent of them, and what runs come to.
 * SPDX-License-Identifier: MIT */
#include "worker_runs.h"
#include "exchange/wire.h"

enum { RANK = 2, SIZE = 2 * TW_CHUNK + 1700 };

/* A vector, a matrix of 100 x 80, another that lies column by column, and one that is too small; numbers of
 * no tensor are between and after them. */
static const int64_t shapes[][3] = {{50}, {100, 8, 10}, {30, 45}, {2, 500}};
static const tw_tensor tensors[] = {{"b", 1, shapes[0], 3, 0},
                                    {"w", 3, shapes[1], 60, 0},
                                    {"v", 2, shapes[2], 8060, TW_TENSOR_TRANSPOSED},
                                    {"u", 2, shapes[3], 8060 + 1350, 0}};

typedef struct coder {
    tw_context *ctx;
    tw__kernels k;
    tw__workers x;
    tw__powersgd *p;
    float *factors;
} coder;

static coder coder_of(tw_type type)
{
    coder c = {.ctx = networks_context(1), .k = {.real = tw_type_size(type)}};
    c.x = (tw__workers){.ctx = c.ctx,
                        .k = &c.k,
                        .set = {.type = type, .size = SIZE, .tensors = tensors, .n_tensors = 4, .seed = 5}};
    assert_int_equal(tw__powersgd_create(&c.p, &c.x, RANK, NULL), TW_OK);
    assert_int_equal(tw__powersgd_kept(c.p), RANK * (80 + 30));
    assert_int_equal(tw__powersgd_factors(c.p), RANK * (80 + 30 + 100 + 45));
    c.factors = calloc(tw__powersgd_factors(c.p), sizeof *c.factors);
    return c;
}

static void free_coder(coder *c)
{
    tw__powersgd_free(c->p, &c->x);
    free(c->factors);
    tw_context_free(c->ctx);
}

static double random_number(uint64_t stream, uint64_t i)
{
    return tw__random_unit(3, TW__FOR_TEST, stream, i) - 0.5;
}

static void random_vector(double *to)
{
    for (size_t i = 0; i < SIZE; i++) to[i] = random_number(1, i);
}

/* In place of one matrix `terms` products of a column with a row, of sizes 1, 1/2, 1/4, ... */
static void sum_of_products(double *to, size_t at, size_t rows, size_t columns, size_t terms)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            to[at + i * columns + j] = 0;
            for (size_t k = 0; k < terms; k++)
                to[at + i * columns + j] +=
                    ldexp(random_number(10 + k, i) * random_number(20 + k, j), -(int)k);
        }
}

static double distance(const double *a, const double *b, size_t from, size_t n)
{
    double sum = 0;
    for (size_t i = from; i < from + n; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrt(sum);
}

static void low_rank_is_exact(void **state)
{
    static double g[SIZE], sent[SIZE];
    static float single[SIZE];
    (void)state;
    random_vector(g);
    sum_of_products(g, 60, 100, 80, RANK);
    sum_of_products(g, 8060, 45, 30, RANK);
    coder two = coder_of(TW_F64), one = coder_of(TW_F32);
    memcpy(sent, g, sizeof g);
    for (size_t i = 0; i < SIZE; i++) single[i] = (float)g[i];
    tw__powersgd_f64(two.p, sent, two.factors);
    tw__powersgd_f32(one.p, single, one.factors);
    for (size_t i = 0; i < SIZE; i++) {
        const int is_matrix = i >= 60 && i < 8060 + 1350;
        assert_true(fabs(sent[i] - g[i]) <= (is_matrix ? 1e-6 : 0));
        assert_true(fabs((double)single[i] - g[i]) <= (is_matrix ? 1e-6 : 0x1p-25));
    }
    free_coder(&one);
    free_coder(&two);
}

/* What is sent is the nearest that its columns make, so at right angles to what is lost; from one update to
 * the next it comes nearer to the best there is. */
static void what_is_lost_falls(void **state)
{
    enum { FIRST = 60, N = 8000 };
    static double g[SIZE], sent[SIZE];
    double last = INFINITY;
    (void)state;
    random_vector(g);
    sum_of_products(g, FIRST, 100, 80, 6);
    coder c = coder_of(TW_F64);
    for (int update = 0; update < 12; update++) {
        memcpy(sent, g, sizeof g);
        tw__powersgd_f64(c.p, sent, c.factors);
        double along = 0, size = 0;
        for (size_t i = FIRST; i < FIRST + N; i++) {
            along += sent[i] * (g[i] - sent[i]);
            size += sent[i] * sent[i];
        }
        assert_true(fabs(along) <= 1e-6 * size);
        const double lost = distance(g, sent, FIRST, N);
        assert_true(lost <= last * (1 + 1e-9));
        last = lost;
    }
    /* the best loses the singular values from the third on: of terms of sizes 1/4 .. 1/32, nearly theirs */
    static double rest[SIZE];
    sum_of_products(rest, FIRST, 100, 80, RANK);
    if (!(last < distance(g, rest, FIRST, N))) fail_msg("%g is lost", last);
    free_coder(&c);
}

static void nothing_and_no_numbers(void **state)
{
    static float g[SIZE];
    (void)state;
    coder c = coder_of(TW_F32);
    for (int update = 0; update < 2; update++) {
        memset(g, 0, sizeof g);
        tw__powersgd_f32(c.p, g, c.factors);
        for (size_t i = 0; i < SIZE; i++) assert_true(g[i] == 0);
    }
    g[100] = 3; /* is sent after updates without anything, too */
    tw__powersgd_f32(c.p, g, c.factors);
    assert_true(fabsf(g[100] - 3) <= 1e-6f);
    for (int wrong = 0; wrong < 2; wrong++) {
        g[100] = wrong ? NAN : INFINITY;
        tw__powersgd_f32(c.p, g, c.factors);
        assert_false(isfinite(g[100]));
    }
    free_coder(&c);
}

/* Any ranges come out of their bytes to the bit, in as many as are counted. */
static void check_ranges(tw_type type, const size_t *end, size_t n)
{
    static double g[SIZE];
    static unsigned char vector[SIZE * sizeof(double)], got[sizeof vector], bytes[sizeof vector];
    coder from = coder_of(type), to = coder_of(type);
    const size_t real = tw_type_size(type);
    size_t all = 0;
    random_vector(g);
    for (size_t i = 0; i < SIZE; i++)
        if (type == TW_F32) ((float *)(void *)vector)[i] = (float)g[i];
        else ((double *)(void *)vector)[i] = g[i];
    if (type == TW_F32) tw__powersgd_f32(from.p, (float *)(void *)vector, from.factors);
    else tw__powersgd_f64(from.p, (double *)(void *)vector, from.factors);
    for (size_t i = 0, lo = 0; i < n; lo = end[i++]) {
        tw__writer w = {.at = bytes};
        tw__powersgd_write(from.p, vector, from.factors, lo, end[i], &w);
        assert_int_equal(w.n, tw__powersgd_bytes(from.p, lo, end[i]));
        for (size_t left = 0; left < w.n; left += w.n / 7 + 1) {
            tw__reader_of_bytes r = {bytes, left};
            assert_int_equal(tw__powersgd_read(to.p, got, to.factors, lo, end[i], &r, NULL), TW_ERR_DATA);
        }
        tw__reader_of_bytes r = {bytes, w.n};
        assert_int_equal(tw__powersgd_read(to.p, got, to.factors, lo, end[i], &r, NULL), TW_OK);
        assert_int_equal(r.left, 0);
        all += w.n;
    }
    assert_memory_equal(vector, got, SIZE * real);
    if (n == 1)
        assert_int_equal(all, (SIZE - 8000 - 1350) * real + RANK * (100 + 80 + 45 + 30) * sizeof(float));
    free_coder(&from);
    free_coder(&to);
}

static void ranges_come_out_of_bytes(void **state)
{
    static const size_t ends[][5] = {{SIZE},
                                     {TW_CHUNK, 2 * TW_CHUNK, SIZE},
                                     {60, 60, 8060, 8060 + 1350, SIZE},
                                     {61, 139, 1000, 8100, SIZE}};
    static const size_t n[] = {1, 3, 5, 5};
    (void)state;
    for (size_t i = 0; i < sizeof n / sizeof n[0]; i++) {
        check_ranges(TW_F32, ends[i], n[i]);
        check_ranges(TW_F64, ends[i], n[i]);
    }
}

/* ---- runs ---------------------------------------------------------------------------------------------- */

static worker_run net(void)
{
    return (worker_run){.rows = networks_data,
                        .model = "conv2d 8 3x3 relu; flatten; dense 60 relu; dense 3 softmax",
                        .classes = 3,
                        .n_rows = 70,
                        .o.batch = 10,
                        .o.optimizer = "adam:lr=0.01"};
}

static void as_many_columns_as_there_are_is_as_it_was(void **state)
{
    worker_run r = net();
    (void)state;
    worker_same(&r, "allreduce:workers=2,wire=powersgd,rank=60", "local");
    worker_same(&r, "ps:workers=3,wire=powersgd,rank=60", "local");
}

static void bits_repeat(void **state)
{
    worker_run nets[] = {net(), net()};
    (void)state;
    nets[1].type = TW_F64;
    for (int i = 0; i < 2; i++) {
        worker_same(&nets[i], "ps:workers=3,wire=powersgd", "sharded:workers=3,wire=powersgd");
        worker_same(&nets[i], "ps:workers=3,wire=powersgd", "allreduce:workers=3,wire=powersgd");
        worker_same_weights(&nets[i], "allreduce:workers=3,wire=powersgd",
                            "sim:workers=3,jitter=exponential+allreduce:wire=powersgd", 0);
    }
    worker_run sparse = {.rows = worker_sparse, .model = "softmax", .classes = 16, .o.batch = 50};
    worker_same(&sparse, "allreduce:workers=2,wire=powersgd", "allreduce:workers=2,wire=powersgd");
    worker_refused(&nets[0], "allreduce:wire=topk,rank=3", "rank is for wire=powersgd");
    worker_refused(&nets[0], "allreduce:wire=powersgd,keep=0.5", "keep is for wire=topk");
    worker_refused(&nets[0], "allreduce:wire=powersgd,rank=0", "rank = 0 is outside [1, 65536]");
}

static void losses_stay_near(void **state)
{
    worker_run r = net();
    size_t n;
    (void)state;
    r.o.epochs = 12;
    r.o.optimizer = "sgd:lr=0.3";
    free(worker_doubles(&r, "ps:workers=2", &n));
    const double before = r.loss;
    free(worker_doubles(&r, "ps:workers=2,wire=powersgd", &n));
    if (!(r.loss < before + 0.1)) fail_msg("a loss of %g, not %g", r.loss, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(low_rank_is_exact),
        cmocka_unit_test(what_is_lost_falls),
        cmocka_unit_test(nothing_and_no_numbers),
        cmocka_unit_test(ranges_come_out_of_bytes),
        cmocka_unit_test(as_many_columns_as_there_are_is_as_it_was),
        cmocka_unit_test(bits_repeat),
        cmocka_unit_test(losses_stay_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
