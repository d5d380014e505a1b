/* Networks over long sequences: embeddings, a prediction at each time, state handed on from row to row.
 * SPDX-License-Identifier: MIT */
#include "networks.h"
#include "estimators/streams.h"

static void gradients_of_sequences(void **state)
{
    (void)state;
    networks_check_gradient_on(networks_sequence, "embedding classes 3; dense classes softmax", 5);
    networks_check_gradient_on(networks_sequence,
                               "embedding 7 4; positions; rnn 4 carry=1; dense 5 softmax:smoothing=0.1", 5);
    networks_check_gradient_on(
        networks_sequence,
        "embedding 5 3; lstm 4 carry=1; residual(gru@cho 4 carry=1); gru 3 carry=1; dense 5 softmax", 5);
    networks_check_gradient_on(networks_sequence,
                               "embedding 5 4; positions; residual(layernorm; attention 2 causal=1); "
                               "residual(layernorm; dense 8 gelu; dense 4); dense 5 softmax",
                               5);
    networks_check_gradient("reshape 12x7; positions; rnn 3 output=last; dense 3 softmax", 3);
}

static void threads_of_sequences(void **state)
{
    (void)state;
    networks_check_threads_on(networks_sequence,
                              "embedding 5 3; lstm 4 carry=1; gru 3 carry=1; dense 5 softmax", 5);
    networks_check_threads_on(networks_sequence,
                              "embedding 5 4; positions; attention 2 causal=1; dense 5 softmax", 5);
}

/* Rows in streams: each is there once, and each step takes the one after that of the step before. */
static void streams_hold_all_rows(void **state)
{
    (void)state;
    for (uint64_t n = 1; n < 40; n++)
        for (uint64_t streams = 1; streams <= n; streams++) {
            uint64_t rows[40], before[40] = {0};
            int seen[40] = {0};
            for (uint64_t step = 0; step < tw__stream_steps(n, streams); step++) {
                const size_t here = tw__stream_rows(n, streams, step, rows);
                assert_true(here >= 1 && here <= streams);
                for (size_t s = 0; s < here; s++) {
                    assert_true(rows[s] < n && !seen[rows[s]]++);
                    if (step) assert_int_equal(rows[s], before[s] + 1);
                    before[s] = rows[s];
                }
            }
            for (uint64_t i = 0; i < n; i++) assert_int_equal(seen[i], 1);
        }
}

/* Outputs of one row of a model's objective, with what it begins with and hands on. */
static void outputs_of(const tw_objective *o, const void *w, uint64_t row, const double *in, double *out,
                       double *to)
{
    const tw_draw draw = {.number = 0};
    tw_sums sums;
    assert_int_equal(o->point(o->user, w), 0);
    const tw_eval e = {.size = sizeof e,
                       .want = TW_WANT_OUTPUT,
                       .w = w,
                       .rows = &row,
                       .n = 1,
                       .draw = &draw,
                       .sums = &sums,
                       .output = to,
                       .carry_in = in,
                       .carry_out = out};
    assert_int_equal(o->eval(o->user, &e), 0);
}

/* The symbols as rows of so many times. */
static tw_data *pieces(tw_context *ctx, const float *x, const int32_t *next, uint64_t rows, size_t times)
{
    const tw_data_info info = {.size = sizeof info,
                               .rows = rows,
                               .rank = 1,
                               .shape = {(int64_t)times},
                               .type = TW_F32,
                               .x = x,
                               .labels = next,
                               .n_labels = times};
    tw_data *data;
    assert_int_equal(tw_data_create(&data, ctx, &info, NULL), TW_OK);
    return data;
}

/* A sequence cut into rows that hand on their state gives what it gives as one row. */
static void a_cut_sequence_is_the_same(void **state)
{
    enum { ALL = 12, CUT = 4, SYMBOLS = 5 };
    static const char *const networks[] =
        {"embedding 5 3; rnn 4 carry=1; dense 5 softmax", "embedding 5 3; lstm 4 carry=1; dense 5 softmax",
         "embedding 5 3; gru 3 carry=1; lstm 2 carry=1; gru@cho 2 carry=1; dense 5 softmax"};
    float x[ALL + 1];
    int32_t next[ALL];
    (void)state;
    for (int i = 0; i <= ALL; i++) x[i] = (float)(i * i % SYMBOLS);
    for (int i = 0; i < ALL; i++) next[i] = (int32_t)x[i + 1];
    for (size_t k = 0; k < sizeof networks / sizeof networks[0]; k++) {
        tw_context *ctx = networks_context(1);
        tw_data *data[2] = {pieces(ctx, x, next, 1, ALL), pieces(ctx, x, next, ALL / CUT, CUT)};
        tw_model *model[2];
        tw_objective o[2] = {TW_OBJECTIVE_INIT, TW_OBJECTIVE_INIT};
        double right[ALL * SYMBOLS], got[CUT * SYMBOLS], carried[2][32];
        for (int i = 0; i < 2; i++) {
            assert_int_equal(tw_model_create(&model[i], ctx, networks[k], TW_F64, data[i], 5, NULL), TW_OK);
            assert_int_equal(tw_model_objective(model[i], data[i], &o[i], NULL), TW_OK);
        }
        assert_true(o[1].carry > 0 && o[1].carry <= 32);
        outputs_of(&o[0], tw_model_weights(model[0]), 0, NULL, NULL, right);
        for (uint64_t row = 0; row < ALL / CUT; row++) {
            outputs_of(&o[1], tw_model_weights(model[1]), row, row ? carried[row % 2] : NULL,
                       carried[(row + 1) % 2], got);
            assert_memory_equal(got, right + row * CUT * SYMBOLS, sizeof got);
        }
        for (int i = 0; i < 2; i++) {
            tw_model_objective_free(&o[i]);
            tw_model_free(model[i]);
            tw_data_free(data[i]);
        }
        tw_context_free(ctx);
    }
}

/* Rows are evaluated in 32 streams: 64 of one time each give the mean loss of 32 of two. */
static void evaluation_follows_the_sequence(void **state)
{
    enum { ALL = 64, SYMBOLS = 5 };
    static const char network[] = "embedding 5 3; lstm 4 carry=1; dense 5 softmax";
    float x[ALL + 1];
    int32_t next[ALL];
    double loss[2];
    (void)state;
    for (int i = 0; i <= ALL; i++) x[i] = (float)(i * i % SYMBOLS);
    for (int i = 0; i < ALL; i++) next[i] = (int32_t)x[i + 1];
    for (int i = 0; i < 2; i++) {
        tw_context *ctx = networks_context(1);
        tw_data *data = pieces(ctx, x, next, i ? ALL : ALL / 2, i ? 1 : 2);
        tw_model *model;
        tw_objective o = TW_OBJECTIVE_INIT;
        tw_metrics m;
        assert_int_equal(tw_model_create(&model, ctx, network, TW_F64, data, 5, NULL), TW_OK);
        assert_int_equal(tw_model_objective(model, data, &o, NULL), TW_OK);
        assert_int_equal(tw_evaluate(ctx, &o, tw_model_weights(model), &m, NULL), TW_OK);
        loss[i] = m.loss;
        tw_model_objective_free(&o);
        tw_model_free(model);
        tw_data_free(data);
        tw_context_free(ctx);
    }
    assert_true(fabs(loss[0] - loss[1]) < 1e-14);
}

/* ---- what is refused ----------------------------------------------------------------------------------- */

static void refuse_model(networks_maker *make, const char *network, tw_status code, const char *why)
{
    tw_context *ctx = networks_context(1);
    tw_data *data = make(ctx, 20, 5);
    tw_model *model = NULL;
    tw_objective o = TW_OBJECTIVE_INIT;
    tw_error err;
    tw_status s = tw_model_create(&model, ctx, network, TW_F32, data, 5, &err);
    if (s == TW_OK) s = tw_model_objective(model, data, &o, &err);
    assert_int_equal(s, code);
    if (!strstr(err.message, why)) fail_msg("%s: %s", network, err.message);
    tw_model_objective_free(&o);
    tw_model_free(model);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void refuse_run(const tw_run_options *options, const char *why)
{
    tw_context *ctx = networks_context(1);
    tw_data *data = networks_sequence(ctx, 20, 5);
    tw_model *model = NULL;
    tw_objective o = TW_OBJECTIVE_INIT;
    tw_run *run = NULL;
    tw_error err;
    assert_int_equal(tw_model_create(&model, ctx, "embedding 5 3; rnn 4 carry=1; dense 5 softmax", TW_F32,
                                     data, 5, NULL),
                     TW_OK);
    assert_int_equal(tw_model_objective(model, data, &o, NULL), TW_OK);
    assert_int_equal(tw_run_create(&run, ctx, &o, NULL, tw_model_weights(model), options, &err), TW_ERR_SPEC);
    if (!strstr(err.message, why)) fail_msg("%s", err.message);
    tw_model_objective_free(&o);
    tw_model_free(model);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    refuse_model(networks_sequence, "embedding 4 3; dense 5 softmax", TW_ERR_DATA,
                 "is 4; embedding takes indices from 0 to 3");
    refuse_model(networks_sequence, "embedding 5 3; lstm 4 output=last; dense 5 softmax", TW_ERR_DATA,
                 "a label at each of 6 times, and the network makes 1 prediction");
    refuse_model(networks_sequence, "dense 4; embedding 5 3; dense 5 softmax", TW_ERR_SPEC,
                 "embedding takes the rows' numbers as indices, so it is the first layer");
    refuse_model(networks_sequence, "dense 1 mse", TW_ERR_DATA, "6 labels per row");
    refuse_model(networks_sequence, "embedding 5 3; dense 5 softmax:class_weight=balanced", TW_ERR_DATA,
                 "class_weight is for rows with one label");
    refuse_model(networks_sequence, "logistic", TW_ERR_DATA, "a sequence with labels at each time");
    refuse_model(networks_data, "reshape 12x7; lstm 4; dense 5 softmax", TW_ERR_DATA,
                 "predicts a class at each of 12 times");
    refuse_model(networks_data, "embedding 5 3; dense 5 softmax", TW_ERR_SPEC, "of rows that are vectors");
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    o.epochs = 1;
    o.batch = 20;
    refuse_run(&o, "a batch of 20 has all 20 rows: nothing would be handed on");
    o.batch = 4;
    o.estimator = "minibatch:window=3";
    refuse_run(&o, "option window cannot be used with carry=1");
    o.batch = 0;
    o.estimator = "saga";
    refuse_run(&o, "estimator saga draws rows by themselves");
    o = (tw_run_options)TW_RUN_OPTIONS_INIT;
    o.solver = "lbfgs";
    refuse_run(&o, "with carry=1 rows depend on those before them");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_of_sequences),          cmocka_unit_test(threads_of_sequences),
        cmocka_unit_test(streams_hold_all_rows),           cmocka_unit_test(a_cut_sequence_is_the_same),
        cmocka_unit_test(evaluation_follows_the_sequence), cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
