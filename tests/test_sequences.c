/* Recurrent layers and attention: cases whose numbers are known, gradients, what causal means.
 * SPDX-License-Identifier: MIT */
#include "networks.h"
#include "models/nn/recurrent.h"

static void near(double got, double want)
{
    if (!(fabs(got - want) < 1e-11)) fail_msg("%.13g, not %.13g", got, want);
}

/* The gates' order is i, f, g, o: with i and f swapped c would be .564835984657. */
static void a_scalar_lstm(void **state)
{
    const double x = 1, h = 0.5, before = 0.25,
                 in[4] = {0.1 * x + 0.01, 0.3 * x + 0.02, 0.5 * x + 0.03, 0.7 * x + 0.04},
                 hidden[4] = {0.2 * h, 0.4 * h, 0.6 * h, 0.8 * h};
    double gates[4], c, to;
    (void)state;
    for (int isa = TW_ISA_BASE; isa <= (int)tw_isa_of_cpu(); isa++) {
        tw__kernels_for(TW_F64, (tw_isa)isa)->recurrent.lstm_forward(1, in, hidden, &before, gates, &c, &to);
        near(c, 0.532619222030);
        near(to, 0.369278425886);
    }
}

/* h = tanh(w x + u h) with w = .5, u = .8 over x = 1, -1 from h = .3, which a time before makes: there h was
 * 0, so that it adds nothing to the gradient of u. */
static void a_scalar_rnn(void **state)
{
    (void)state;
    tw_context *ctx = networks_context(1);
    const tw__layer_type *const type = tw__layer_type_find("rnn");
    const tw__layer_text text = {.name = "rnn", .n_words = 1, .word = {"1"}, .value = {1, 0, 6}};
    double own[16] = {0};
    assert_true(type->own_size <= sizeof own);
    tw__layer l =
        {.ctx = ctx, .type = type, .in = {.rank = 2, .n = {3, 1}}, .in_size = 3, .out_size = 1, .own = own};
    assert_int_equal(type->setup(&l, &text, NULL), TW_OK);
    for (size_t i = 0; i < l.n_tensors; i++) l.tensor[i].offset = i;
    const tw__kernels *const k = tw__kernels_for(TW_F64, TW_ISA_BASE);
    const double w[4] = {0.5, 0.8, 0, 0}, x[3] = {atanh(0.3) / 0.5, 1, -1}, dy = 1;
    double g[4], y, dx[3], packed[8], saved[64], *scratch = calloc(type->scratch(&l, k), sizeof *scratch);
    type->pack(&l, k, TW__WHOLE, (const char *)w, (char *)packed);
    const tw__pass p = {.k = k,
                        .rows = 1,
                        .keeps = 1,
                        .w = (const char *)w,
                        .packed = (const char *)packed,
                        .gradient = (char *)g,
                        .saved = (uint8_t *)saved,
                        .scratch = scratch};
    type->forward(&l, &p, x, &y);
    type->backward(&l, &p, x, &y, &dy, dx);
    const double h1 = tanh(0.5 + 0.8 * 0.3), h2 = tanh(-0.5 + 0.8 * h1), d2 = 1 - h2 * h2,
                 d1 = d2 * 0.8 * (1 - h1 * h1), d0 = d1 * 0.8 * (1 - 0.09);
    near(y, h2);
    near(g[1], 0.774138976208);
    near(g[0] - d0 * x[0], -0.516653225797);
    near(dx[1], 0.5 * d1);
    free(scratch);
    tw__free(ctx, l.tensor, l.capacity, sizeof *l.tensor);
    tw_context_free(ctx);
}

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

/* Two times of one number by the equations, for the reset gate after and before the product. */
static void a_scalar_gru(void **state)
{
    enum { TIMES = 2, RESET = TW__RECURRENT_OPTIONS };
    (void)state;
    tw_context *ctx = networks_context(1);
    const tw__layer_type *const type = tw__layer_type_find("gru");
    const tw__kernels *const k = tw__kernels_for(TW_F64, TW_ISA_BASE);
    const double w[14] = {0.5, -0.3, 0.8, 0.7, 0.2, -0.9, 0.1, 0.2, 0.3, 0.05, -0.1, 0.15},
                 x[TIMES] = {1, -2};
    for (int before = 0; before < 2; before++) {
        tw__layer_text text = {.name = "gru", .n_words = 1, .word = {"1"}};
        double own[16] = {0}, y[TIMES], packed[16], saved[64], h = 0;
        text.value[RESET] = before;
        tw__layer l = {.ctx = ctx,
                       .type = type,
                       .in = {.rank = 2, .n = {TIMES, 1}},
                       .in_size = TIMES,
                       .own = own};
        assert_int_equal(type->setup(&l, &text, NULL), TW_OK);
        /* w as of after: W 0-2, U 3-5, b 6-8, c 9-11; before has U and c of n in tensors of their own */
        double v[14];
        memcpy(v, w, sizeof v);
        static const size_t after_at[] = {0, 3, 6, 9}, before_at[] = {0, 3, 5, 8, 10, 11};
        if (before) {
            memcpy(v + 5, w + 6, 3 * sizeof *v);
            memcpy(v + 8, w + 9, 2 * sizeof *v);
            v[10] = w[5], v[11] = w[11];
        }
        for (size_t i = 0; i < l.n_tensors; i++) l.tensor[i].offset = (before ? before_at : after_at)[i];
        double *scratch = calloc(type->scratch(&l, k), sizeof *scratch);
        type->pack(&l, k, TW__WHOLE, (const char *)v, (char *)packed);
        const tw__pass p = {.k = k,
                            .rows = 1,
                            .w = (const char *)v,
                            .packed = (const char *)packed,
                            .saved = (uint8_t *)saved,
                            .scratch = scratch};
        type->forward(&l, &p, x, y);
        for (int t = 0; t < TIMES; t++) {
            const double r = sigmoid(w[0] * x[t] + w[6] + w[3] * h + w[9]),
                         z = sigmoid(w[1] * x[t] + w[7] + w[4] * h + w[10]), in = w[2] * x[t] + w[8],
                         n = before ? tanh(in + w[5] * (r * h) + w[11]) : tanh(in + r * (w[5] * h + w[11]));
            h = (1 - z) * n + z * h;
            near(y[t], h);
        }
        free(scratch);
        tw__free(ctx, l.tensor, l.capacity, sizeof *l.tensor);
    }
    tw_context_free(ctx);
}

static void gradients_through_time(void **state)
{
    (void)state;
    networks_check_gradient("reshape 12x7; gru@cho 5; gru@cho 18 output=last; dense 3 softmax", 3);
    networks_check_gradient("reshape 12x7; rnn 5; flatten; dense 3 softmax", 3);
    networks_check_gradient("reshape 12x7; lstm 4; lstm 5 output=last; dense 3 softmax", 3);
    networks_check_gradient("reshape 12x7; dense 3 tanh; gru 5; gru 4 output=last; dense 3 softmax", 3);
    networks_check_gradient("reshape 6x14; residual(lstm 14); layernorm; globalavgpool; dense 3 softmax", 3);
    networks_check_gradient("reshape 12x7; gru 6; batchnorm; rnn 3 output=last; dense 3 softmax", 3);
    networks_check_threads("reshape 12x7; lstm 5; gru@cho 4 output=last; dense 3 softmax", 3);
}

/* padding=same keeps the length; of an odd number of zeros the last is at the end, as in TensorFlow. */
static void same_padding_ends_with_a_zero(void **state)
{
    (void)state;
    tw_context *ctx = networks_context(1);
    const tw__layer_type *const type = tw__layer_type_find("conv1d");
    const tw__layer_text text = {.name = "conv1d",
                                 .n_words = 2,
                                 .word = {"1", "2"},
                                 .value = {0, 1, -1, 1, 1}};
    void *own = calloc(1, type->own_size);
    tw__layer l = {.ctx = ctx, .type = type, .in = {.rank = 2, .n = {4, 1}}, .in_size = 4, .own = own};
    assert_int_equal(type->setup(&l, &text, NULL), TW_OK);
    assert_int_equal(l.out.n[0], 4);
    l.tensor[1].offset = 2;
    const tw__kernels *const k = tw__kernels_for(TW_F64, TW_ISA_BASE);
    const double w[3] = {1, 10, 0.5}, x[4] = {1, 2, 3, 4}, want[4] = {21.5, 32.5, 43.5, 4.5};
    double y[4], *scratch = calloc(type->scratch(&l, k), sizeof *scratch);
    const tw__pass p = {.k = k, .rows = 1, .w = (const char *)w, .scratch = scratch};
    type->forward(&l, &p, x, y);
    for (int i = 0; i < 4; i++) near(y[i], want[i]);
    free(scratch);
    free(own);
    tw__free(ctx, l.tensor, l.capacity, sizeof *l.tensor);
    tw_context_free(ctx);
}

static void attention_of_all_times(void **state)
{
    (void)state;
    networks_check_gradient("reshape 12x7; dense 6; attention 2; globalavgpool; dense 3 softmax", 3);
    networks_check_gradient("reshape 12x7; dense 6; attention 3 causal=1; flatten; dense 3 softmax", 3);
    networks_check_gradient(
        "reshape 6x14; dense 4; residual(layernorm; attention 2 causal=1); residual(layernorm; dense 8 gelu; dense 4); residual(layernorm; attention 1); globalavgpool; dense 3 softmax",
        3);
    networks_check_threads("reshape 12x7; dense 6; attention 2 causal=1; globalavgpool; dense 3 softmax", 3);
}

/* With causal=1 what comes later changes nothing before it. */
static void causal_attention_looks_back(void **state)
{
    enum { TIMES = 5, WIDTH = 4 };
    const tw__head h =
        {.times = TIMES, .width = WIDTH, .step = WIDTH, .out_step = WIDTH, .is_causal = 1, .scale = 0.5};
    const tw__attention_kernels *const k = &tw__kernels_for(TW_F64, TW_ISA_BASE)->attention;
    double q[TIMES * WIDTH], kv[2][2][TIMES * WIDTH], share[TIMES * TIMES], out[2][TIMES * WIDTH],
        scratch[100];
    (void)state;
    assert_true(k->scratch(&h) <= 100);
    for (int i = 0; i < TIMES * WIDTH; i++) {
        q[i] = tw__random_unit(1, TW__FOR_TEST, 5, (uint64_t)i);
        for (int j = 0; j < 2; j++)
            kv[0][j][i] = kv[1][j][i] = tw__random_unit(1, TW__FOR_TEST, 6 + (uint64_t)j, (uint64_t)i);
        for (int j = 0; i >= 3 * WIDTH && j < 2; j++) kv[1][j][i] += 100;
    }
    for (int j = 0; j < 2; j++) {
        k->forward(&h, q, kv[j][0], kv[j][1], share, out[j], scratch);
        for (int t = 0; t < TIMES; t++) {
            double sum = 0;
            for (int s = 0; s < TIMES; s++) {
                assert_true(s <= t ? share[t * TIMES + s] >= 0 : share[t * TIMES + s] == 0);
                sum += share[t * TIMES + s];
            }
            assert_true(fabs(sum - 1) < 1e-14);
        }
    }
    assert_memory_equal(out[0], out[1], 3 * WIDTH * sizeof(double));
    assert_memory_equal(out[0], kv[0][1], WIDTH * sizeof(double));
    assert_true(out[0][3 * WIDTH] != out[1][3 * WIDTH]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scalar_lstm),
        cmocka_unit_test(a_scalar_rnn),
        cmocka_unit_test(a_scalar_gru),
        cmocka_unit_test(gradients_through_time),
        cmocka_unit_test(same_padding_ends_with_a_zero),
        cmocka_unit_test(attention_of_all_times),
        cmocka_unit_test(causal_attention_looks_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
