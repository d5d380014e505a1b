/* Networks: gradients by central differences, shapes and their messages, the saved order, files.
 * SPDX-License-Identifier: MIT */
#include "networks.h"
#include "models/nn/network.h"

static void gradients_equal_central_differences(void **state)
{
    (void)state;
    networks_check_gradient("flatten; dense 3 softmax", 3);
    networks_check_gradient("flatten; dense 5 relu; dense classes softmax", 3);
    networks_check_gradient("flatten; dense 17 relu; dropout 0.4; dense 20 relu; dense 3 softmax", 3);
    networks_check_gradient("conv2d 3 3x3 relu; flatten; dense 3 softmax", 3);
    networks_check_gradient("conv2d 4 2x3; conv2d 5 3x2 relu; flatten; dense 3 softmax", 3);
    networks_check_gradient("conv2d 4 2x2 relu; maxpool2d 2x2; flatten; dense 3 softmax", 3);
    networks_check_gradient("maxpool2d 2x2; conv2d 3 2x2 relu; maxpool2d 2x2; flatten; dense 3 softmax", 3);
    networks_check_gradient("flatten; dense 9 sigmoid; dense 3 softmax", 3);
    networks_check_gradient("maxpool2d 2x2; conv2d 3 2x2 sigmoid; flatten; dense 5 sigmoid; dense 3 softmax",
                            3);
    networks_check_gradient("flatten; dense 1 sigmoid", 2);
    networks_check_gradient("flatten; dense 6 tanh; dense 1 hinge_loss", 2);
    networks_check_gradient("flatten; dense 6 tanh; dense 1 huber_loss:delta=0.4", 3);
    networks_check_gradient("flatten; dense 6 tanh; dense 1 l1_loss", 3);
    networks_check_gradient("flatten; dense 5 tanh; dense 3 softmax:smoothing=0.2", 3);
    networks_check_gradient("flatten; dense 6 relu; dense 4 sigmoid; dense 1 sigmoid", 2);
    networks_check_gradient(
        "dropout 0.2; conv2d 33 3x3 relu; maxpool2d 2x2; flatten; dropout 0.1; dense 3 softmax", 3);
}

static void refuse(const char *network, const char *message)
{
    tw_context *ctx = networks_context(1);
    tw_data *data = networks_data(ctx, ROWS, 3);
    tw_model *model;
    tw_error err;
    assert_int_equal(tw_model_create(&model, ctx, network, TW_F32, data, 5, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, message);
    assert_null(model);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void convolutions_of_all_kinds(void **state)
{
    (void)state;
    networks_check_gradient("conv2d 4 3x3 padding=same relu; maxpool2d 2x2; flatten; dense 3 softmax", 3);
    networks_check_gradient("conv2d 3 2x3 padding=2; conv2d 4 3x2 padding=1 tanh; flatten; dense 3 softmax",
                            3);
    networks_check_gradient(
        "conv2d 4 3x3 stride=2; conv2d 3 3x3 stride=2 padding=same; flatten; dense 3 softmax", 3);
    networks_check_gradient(
        "conv2d 4 3x3 dilation=2; conv2d 6 2x2 groups=2 padding=1; flatten; dense 3 softmax", 3);
    networks_check_gradient(
        "conv2d 8 3x3 groups=2 stride=2 padding=1 dilation=2; globalavgpool; dense 3 softmax", 3);
    networks_check_gradient(
        "flatten; reshape 21x4; conv1d 5 3; conv1d 6 5 stride=2 padding=same groups=1; globalavgpool; dense 3 softmax",
        3);
    networks_check_gradient(
        "reshape 12x7; dense 5 gelu; layernorm; conv1d 4 3 dilation=2 padding=2; flatten; dense 3 softmax",
        3);
    networks_check_threads(
        "conv2d 4 3x3 stride=2 padding=1 groups=2; layernorm; avgpool2d 2x2; flatten; dense 3 softmax", 3);
    refuse("conv2d 4 3x3 padding=0.5; flatten; dense 3 softmax",
           "layer 1 (conv2d 4 3x3 padding=0.5): padding is a whole number or same");
    refuse(
        "conv2d 4 3x3 groups=3; flatten; dense 3 softmax",
        "layer 1 (conv2d 4 3x3 groups=3): 3 groups do not divide its 4 channels and the 2 of its input into equal parts");
    refuse("conv2d 4 3x3 dilation=4; flatten; dense 3 softmax",
           "layer 1 (conv2d 4 3x3 dilation=4): a 3x3 kernel does not fit into its input of 7x6x2");
    refuse(
        "conv1d 4 3; flatten; dense 3 softmax",
        "layer 1 (conv1d 4 3): conv1d needs a sequence (time x features) and gets an image of 7x6x2; put reshape before it");
    refuse(
        "reshape 3x3; flatten; dense 3 softmax",
        "layer 1 (reshape 3x3): reshape needs a shape of 84 numbers (its input is 7x6x2): 84, 12x7 or 4x7x3, for example, have 84");
}

static void batch_normalisation(void **state)
{
    (void)state;
    networks_check_gradient(
        "conv2d 3 2x2; batchnorm relu; conv2d 4 2x2; batchnorm tanh; flatten; dense 5; batchnorm; dense 3 softmax",
        3);
    networks_check_gradient(
        "batchnorm; conv2d 3 2x2 padding=same; residual(batchnorm relu; conv2d 3 1x1; batchnorm; conv2d 3 1x1) relu; globalavgpool; dense 3 softmax",
        3);
    networks_check_threads(
        "conv2d 3 2x2; batchnorm relu; maxpool2d 2x2; flatten; dropout 0.2; dense 5; batchnorm@keras; dense 3 softmax",
        3);
}

/* Values that several layers read, gradients that come from several ways, numbers written over in place. */
static void residuals_have_the_gradient_of_both_ways(void **state)
{
    (void)state;
    networks_check_gradient(
        "conv2d 3 2x2; residual(conv2d 3 1x1 relu; conv2d 3 1x1) relu; flatten; dense 3 softmax", 3);
    networks_check_gradient("residual(conv2d 2 1x1 tanh); flatten; dense 3 softmax", 3);
    networks_check_gradient("conv2d 3 2x2 tanh; residual(relu); flatten; dense 3 softmax", 3);
    networks_check_gradient("flatten; dense 5; residual(gelu; dense 5 | flatten); dense 3 softmax", 3);
    networks_check_gradient(
        "conv2d 3 2x2; residual(maxpool2d 2x2; conv2d 4 2x2 relu | conv2d 4 3x3; maxpool2d 2x2) silu; flatten; dense 3 softmax",
        3);
    networks_check_gradient(
        "flatten; dense 6 relu; residual(residual(dense 6 elu; dropout 0.3) softplus; dense 6 | residual(tanh)); dense 3 softmax",
        3);
    networks_check_threads(
        "conv2d 3 2x2; residual(conv2d 3 1x1 relu; conv2d 3 1x1) relu; flatten; dense 3 softmax", 3);
}

/* The sum of a value and itself, made without a layer between: twice the value. */
static void a_residual_adds(void **state)
{
    (void)state;
    tw_context *ctx = networks_context(1);
    tw_data *data = networks_data(ctx, ROWS, 3);
    double loss[2];
    for (int twice = 0; twice < 2; twice++) {
        tw_model *model;
        tw_objective o = TW_OBJECTIVE_INIT;
        const char *const text =
            twice ? "flatten; residual(flatten); dense 3 softmax" : "flatten; dense 3 softmax";
        assert_int_equal(tw_model_create(&model, ctx, text, TW_F64, data, 5, NULL), TW_OK);
        assert_int_equal(tw_model_objective(model, data, &o, NULL), TW_OK);
        double *w = tw_model_weights(model);
        for (size_t i = 0; i < tw_model_size(model) - 3; i++)
            w[i] = 0.01 * (double)(i % 17) * (twice ? 1 : 2);
        loss[twice] = networks_loss(&o, w, TW_WANT_LOSS, NULL);
        tw_model_objective_free(&o);
        tw_model_free(model);
    }
    tw_data_free(data);
    tw_context_free(ctx);
    assert_true(fabs(loss[0] - loss[1]) < 1e-12 * fabs(loss[0]));
}

static void networks_that_cannot_be(void **state)
{
    (void)state;
    refuse("conv2d 4 8x3 relu; flatten; dense 3 softmax",
           "layer 1 (conv2d 4 8x3 relu): a 8x3 kernel does not fit into its input of 7x6x2");
    refuse("conv2d 4 3x3; dense 3 softmax",
           "layer 2 (dense 3 softmax): dense needs a vector and gets 5x4x4 (put flatten before it)");
    refuse(
        "flatten; conv2d 4 3x3; dense 3 softmax",
        "layer 2 (conv2d 4 3x3): conv2d needs an image (height x width x channels) and gets a vector of 84");
    refuse(
        "residual(conv2d 4 2x2); flatten; dense 3 softmax",
        "residual (layer 3): what its layers make is 6x5x4, and what they are added to 7x6x2; \"residual( ... | ... )\" has layers on both sides");
    refuse("residual(relu; flatten; dense 3 softmax", "a residual of the network has no \")\" after layer 4");
    refuse("flatten; dense 3 softmax)", "unexpected \")\" after layer 2 of the network");
    refuse("residual(relu) dense; dense 3 softmax",
           "only activations come after the \")\" of a residual, not dense");
    refuse("residual(residual(residual(residual(residual(relu)))))",
           "residuals stand at most 4 deep in each other");
    refuse("residual(); flatten; dense 3 softmax", "layer 2 of the network is empty");
    refuse("flatten; residual(dense 84 softmax)",
           "layer 3 (dense 84 softmax): softmax may only be the last layer");
    refuse(
        "flatten; dense 3 init=he; dense 3 softmax",
        "init = he is not one of glorot_uniform, glorot_normal, he_uniform, he_normal, lecun_uniform, lecun_normal, orthogonal, zeros");
    refuse("flatten; dense 3 stride=2; dense 3 softmax",
           "dense has no option \"stride\" (it has init, l2, l1, max_norm)");
    refuse("flatten; dense 3 leaky_relu:slope=2; dense 3 softmax", "slope = 2 is outside (0, 1]");
    refuse("flatten; dens 3 softmax", "unknown layer \"dens\" (did you mean \"dense\"?)");
    refuse(
        "flatten; dense 3",
        "the network ends with \"dense 3\"; it must end with a layer that has a loss, such as softmax, sigmoid or mse");
    refuse("flatten; dense 3 softmax; dense 3 softmax",
           "layer 2 (dense 3 softmax): softmax may only be the last layer");
    refuse("flatten; dense x softmax", "dense: width = x is not a number from 1 to 16777216");
    refuse("flatten; dense 0 softmax", "dense: width = 0 is not a number from 1 to 16777216");
    refuse("flatten;; dense 3 softmax", "layer 2 of the network is empty");
    refuse("flatten; dropout 1; dense 3 softmax", "layer 2 (dropout 1): rate = 1 is outside [0, 1)");
    refuse(
        "flatten; dense 2 softmax",
        "the last layer (dense 2 softmax) has 2 classes, but memory has 3 (labels up to 2); \"dense classes softmax\" fits them");
    refuse(
        "flatten; dense 4 relu; dense 1 sigmoid",
        "the last layer (dense 1 sigmoid) has 2 classes, but memory has 3 (labels up to 2); \"dense classes softmax\" fits them");
    refuse(
        "flatten; dense 3 sigmoid",
        "the last layer has 3 outputs; sigmoid at the end has one, the probability of class 1: \"dense 1 sigmoid\", or for several "
        "classes \"dense classes softmax\"");
    refuse("flatten; dense 1 softmax",
           "the last layer has 1 output, softmax needs at least 2; \"dense 1 sigmoid\" is for two classes");
    refuse("flatten; sigmoid 3; dense 3 softmax", "sigmoid takes no arguments: unexpected \"3\"");
    refuse("flatten; softmax", "the network \"flatten; softmax\" has nothing to learn: no layer has weights");
}

static void presets_have_the_known_sizes(void **state)
{
    (void)state;
    tw_context *ctx = networks_context(1);
    const int64_t shape[] = {28, 28};
    uint8_t *x = calloc(10, 784);
    const int32_t labels[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    const uint64_t wanted[] = {320, 0, 0, 54090};
    tw_data *data;
    tw_model *model;
    assert_int_equal(dense_data(&data, ctx, TW_U8, 10, 2, shape, x, labels, NULL), TW_OK);
    assert_int_equal(tw_model_create(&model, ctx, "cnn", TW_F32, data, 0, NULL), TW_OK);
    assert_int_equal(tw_model_size(model), 54410);
    assert_int_equal(tw_model_layers(model), 4);
    for (size_t i = 0; i < 4; i++) {
        tw_layer_info info = {.size = sizeof info};
        assert_int_equal(tw_model_layer(model, i, &info, NULL), TW_OK);
        assert_int_equal(info.parameters, wanted[i]);
    }
    tw_model_free(model);
    assert_int_equal(tw_model_create(&model, ctx, "mlp", TW_F32, data, 0, NULL), TW_OK);
    assert_int_equal(tw_model_size(model), 101770);
    tw_model_free(model);
    tw_data_free(data);
    free(x);
    tw_context_free(ctx);
}

/* Source 002's network. */
static void the_network_of_source_002(void **state)
{
    (void)state;
    tw_context *ctx = networks_context(1);
    const int64_t shape[] = {100};
    static float x[4 * 100];
    static const int32_t labels[] = {0, 1, 1, 0};
    tw_data *data;
    tw_model *model;
    tw_objective o = TW_OBJECTIVE_INIT;
    tw_layer_info info[2] = {{.size = sizeof info[0]}, {.size = sizeof info[0]}};
    float p[4];
    for (int i = 0; i < 400; i++) x[i] = (float)tw__random_unit(4, TW__FOR_TEST, 0, (uint64_t)i) - 0.5f;
    assert_int_equal(dense_data(&data, ctx, TW_F32, 4, 1, shape, x, labels, NULL), TW_OK);
    assert_int_equal(tw_model_create(&model, ctx, "dense 64 relu; dense 1 sigmoid", TW_F32, data, 0, NULL),
                     TW_OK);
    assert_int_equal(tw_model_size(model), 6529);
    assert_int_equal(tw_model_layers(model), 2);
    for (size_t i = 0; i < 2; i++) assert_int_equal(tw_model_layer(model, i, &info[i], NULL), TW_OK);
    assert_true(info[0].parameters == 6464 && info[1].parameters == 65 && info[1].out_shape[0] == 1);
    assert_int_equal(tw_model_objective(model, data, &o, NULL), TW_OK);
    assert_true(o.n_outputs == 1 && o.counts_correct);
    tw_metrics m;
    double loss = 0, correct = 0;
    assert_int_equal(tw_evaluate(ctx, &o, tw_model_weights(model), &m, NULL), TW_OK);
    assert_int_equal(tw_predict(ctx, &o, tw_model_weights(model), 0, 4, p, NULL), TW_OK);
    for (int i = 0; i < 4; i++) {
        assert_true(p[i] > 0 && p[i] < 1 && p[i] != 0.5f);
        loss -= log(labels[i] ? (double)p[i] : 1 - (double)p[i]) / 4;
        correct += (p[i] > 0.5f) == labels[i];
    }
    assert_true(fabs(m.loss - loss) < 1e-6 && m.accuracy == correct / 4);
    tw_model_objective_free(&o);
    tw_model_free(model);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void files_bring_the_weights_back(void **state)
{
    (void)state;
    const char *const networks[] =
        {"conv2d 17 3x2 relu; maxpool2d 2x2; flatten; dense 20 relu; dense 3 softmax",
         "flatten; dense 20 sigmoid; dense 1 sigmoid"};
    const char *path = TW_BINARY_DIR "/test_nn.safetensors";
    tw_context *ctx = networks_context(2);
    tw_data *data = networks_data(ctx, ROWS, 2);
    for (int i = 0; i < 4; i++) {
        const tw_type type = i % 2 ? TW_F64 : TW_F32;
        tw_model *a, *b;
        tw_error err;
        assert_int_equal(tw_model_create(&a, ctx, networks[i / 2], type, data, 7, NULL), TW_OK);
        assert_int_equal(tw_model_save(a, NULL, path, &err), TW_OK);
        if (tw_model_load(&b, ctx, path, &err) != TW_OK) fail_msg("%s", err.message);
        assert_string_equal(tw_model_network(a), tw_model_network(b));
        assert_int_equal(tw_model_type(b), type);
        assert_memory_equal(tw_model_weights(a), tw_model_weights(b), tw_model_size(a) * tw_type_size(type));
        tw_model_free(a);
        tw_model_free(b);
    }
    tw_data_free(data);
    tw_context_free(ctx);
}

/* Each number of each tensor, one by one: tiles and their rests, in float and double, both ways. */
static void the_saved_order_is_what_the_layers_say(void **state)
{
    (void)state;
    tw_context *ctx = networks_context(1);
    tw_data *data = networks_data(ctx, ROWS, 3);
    for (int wide = 0; wide < 2; wide++) {
        tw_model *m;
        const tw_type type = wide ? TW_F64 : TW_F32;
        const size_t bytes = tw_type_size(type);
        assert_int_equal(tw_model_create(&m, ctx, "conv2d 33 3x2; flatten; dense 67; dense 3 softmax", type,
                                         data, 7, NULL),
                         TW_OK);
        const tw__network *net = m->state;
        char *saved = test_calloc(net->size, bytes), *w = test_calloc(net->size, bytes);
        for (size_t t = 0; t < net->n_tensors; t++) {
            int which;
            const tw__layer *l = tw__network_tensor(net, t, &which);
            tw__network_export(net, t, type, m->w, saved);
            tw__network_import(net, t, type, saved, w);
            for (size_t i = 0; i < l->tensor[which].size; i++) {
                const size_t at =
                    l->tensor[which].offset + (l->type->place ? l->type->place(l, which, i) : i);
                assert_memory_equal(saved + i * bytes, (char *)m->w + at * bytes, bytes);
            }
        }
        assert_memory_equal(w, m->w, net->size * bytes);
        test_free(saved);
        test_free(w);
        tw_model_free(m);
    }
    tw_data_free(data);
    tw_context_free(ctx);
}

typedef struct seen {
    size_t forward, backward, begun;
    double products[2];
} seen;

static void see(void *user, const tw_network_event *event)
{
    seen *const s = user;
    if (!event->what) s->begun++;
    else if (event->backward) s->backward++, s->products[1] += event->products * (double)event->rows;
    else s->forward++, s->products[0] += event->products * (double)event->rows;
}

/* Of two layers with weights the first does not make the gradient of its input. */
static void a_network_is_watched(void **state)
{
    (void)state;
    const char *const network = "conv2d 5 3x3 tanh; flatten; dense 4 tanh; dense 3 softmax";
    const double conv = (HIGH - 2) * (WIDE - 2) * 3 * 3 * CHANNELS * 5,
                 dense = (HIGH - 2) * (WIDE - 2) * 5 * 4, last = 12;
    for (int threads = 1; threads <= 2; threads++) {
        tw_context *ctx = networks_context(threads);
        tw_data *data = networks_data(ctx, ROWS, 3);
        tw_model *m;
        tw_objective o = TW_OBJECTIVE_INIT;
        seen s = {0};
        assert_int_equal(tw_model_create(&m, ctx, network, TW_F64, data, 7, NULL), TW_OK);
        assert_int_equal(tw_model_objective(m, data, &o, NULL), TW_OK);
        assert_int_equal(tw_model_watch(&o, see, &s, NULL), threads == 1 ? TW_OK : TW_ERR_SPEC);
        double *const g = test_calloc(tw_model_size(m), sizeof *g);
        networks_loss(&o, tw_model_weights(m), TW_WANT_GRADIENT, g);
        assert_int_equal(s.begun, threads == 1);
        assert_int_equal(s.backward, threads == 1 ? 6 : 0);
        assert_int_equal(s.forward, threads == 1 ? 8 : 0); /* fetch and loss, too */
        assert_true(s.products[0] == (threads == 1 ? ROWS * (conv + dense + last) : 0));
        assert_true(s.products[1] == (threads == 1 ? ROWS * (conv + 2 * dense + 2 * last) : 0));
        test_free(g);
        tw_model_objective_free(&o);
        tw_model_free(m);
        tw_data_free(data);
        tw_context_free(ctx);
    }
}

static void runs_do_not_depend_on_threads(void **state)
{
    (void)state;
    networks_check_threads("conv2d 5 3x3 relu; maxpool2d 2x2; flatten; dropout 0.3; dense 3 softmax", 3);
    networks_check_threads("flatten; dense 20 sigmoid; dense 1 sigmoid", 2);
    /* wide layers, which see several leaves at once where there are few threads */
    networks_check_threads(
        "conv2d 5 3x3 relu; flatten; dense 200 relu; residual(dense 100 relu; dense 200) relu; dropout 0.2; dense 3 softmax",
        3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_equal_central_differences),
        cmocka_unit_test(convolutions_of_all_kinds),
        cmocka_unit_test(batch_normalisation),
        cmocka_unit_test(residuals_have_the_gradient_of_both_ways),
        cmocka_unit_test(a_residual_adds),
        cmocka_unit_test(networks_that_cannot_be),
        cmocka_unit_test(presets_have_the_known_sizes),
        cmocka_unit_test(files_bring_the_weights_back),
        cmocka_unit_test(a_network_is_watched),
        cmocka_unit_test(runs_do_not_depend_on_threads),
        cmocka_unit_test(the_network_of_source_002),
        cmocka_unit_test(the_saved_order_is_what_the_layers_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
