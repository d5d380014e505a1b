/* Every layer of the list, whatever it is: its gradients are central differences, in single and double
 * precision its bits are those of every instruction set, and a run's those of any number of threads. A layer
 * is found by its line in src/models/nn/list.h and written as its usage says.
 * SPDX-License-Identifier: MIT */
#include "networks.h"

enum { PLACES = 11, TEXT = 200 };

/* A network, and what makes rows for it. */
typedef struct subject {
    networks_maker *make;
    char network[TEXT];
} subject;

/* The usage with numbers for its words: "conv2d 3 2x2" of "conv2d CHANNELS HIGHxWIDE". */
static void example(const char *usage, char *to, size_t n)
{
    static const struct {
        const char *word, *number;
    } words[] = {
        {"CHANNELS", "3"},      {"HIGHxWIDE", "2x2"}, {"WIDTH|classes", "5"}, {"WIDTH", "5"},
        {"COUNT|classes", "4"}, {"RATE", "0.3"},      {"DEVIATION", "0.3"},   {"DEVIATION", "0.3"},
        {"LENGTH", "2"},        {"HEADS", "2"},       {"SHAPE", "3x2"},
    };
    char copy[TEXT], *rest = copy;
    snprintf(copy, sizeof copy, "%s", usage);
    to[0] = '\0';
    for (char *word; (word = strsep(&rest, " "));) {
        const char *is = word;
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
            if (strcmp(word, words[i].word) == 0) is = words[i].number;
        if (to[0] && is == word && strpbrk(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
            fail_msg("%s: give test_layers.c a number for %s", usage, word);
        snprintf(to + strlen(to), n - strlen(to), "%s%s", to[0] ? " " : "", is);
    }
}

/* Networks with the layer where it can be: first, on images, on vectors, after another layer, last, on
 * sequences, on indices, of targets. Returns how many there are. */
static size_t networks_with(const char *layer, subject subjects[PLACES])
{
    static const struct {
        networks_maker *make;
        const char *text;
    } places[PLACES] = {
        {networks_data, "%s; flatten; dense 3 softmax"},
        {networks_data, "conv2d 3 2x2; %s; flatten; dense 3 softmax"},
        {networks_data, "flatten; dense 6; %s; dense 3 softmax"},
        {networks_data, "flatten; dense 6 sigmoid; %s; dense 4 sigmoid; dense 3 softmax"},
        {networks_data, "flatten; dense 3; %s"},
        {networks_data, "flatten; dense 1; %s"},
        {networks_data, "flatten; dense 6; %s; flatten; dense 3 softmax"},
        {networks_data, "flatten; dense 6; reshape 3x2; %s; flatten; dense 3 softmax"},
        {networks_sequence, "%s; dense 3 softmax"},
        {networks_sequence, "embedding 2 4; %s; dense 3 softmax"},
        {networks_shares, "dense 5 tanh; dense 3; %s"},
    };
    tw_context *ctx = networks_context(1);
    size_t n = 0;
    for (int i = 0; i < PLACES; i++) {
        tw_data *data = places[i].make(ctx, ROWS, 2);
        tw_model *model = NULL;
        tw_objective o = TW_OBJECTIVE_INIT;
        subject *const s = &subjects[n];
        s->make = places[i].make;
        snprintf(s->network, TEXT, places[i].text, layer);
        if (tw_model_create(&model, ctx, s->network, TW_F64, data, 5, NULL) == TW_OK &&
            tw_model_objective(model, data, &o, NULL) == TW_OK)
            n++;
        tw_model_objective_free(&o);
        tw_model_free(model);
        tw_data_free(data);
    }
    tw_context_free(ctx);
    if (n == 0) fail_msg("%s fits into no network of test_layers.c", layer);
    return n;
}

static void each(void (*check)(networks_maker *make, const char *network, int classes))
{
    const char *usage;
    for (size_t i = 0; tw_layer_type(i, &usage, NULL); i++) {
        char layer[TEXT];
        subject subjects[PLACES];
        example(usage, layer, sizeof layer);
        const size_t n = networks_with(layer, subjects);
        for (size_t k = 0; k < n; k++) check(subjects[k].make, subjects[k].network, 2);
    }
}

static void gradients_equal_central_differences(void **state)
{
    (void)state;
    each(networks_check_gradient_on);
}
static void instruction_sets_give_the_same_bits(void **state)
{
    (void)state;
    each(networks_check_instruction_sets_on);
}
static void threads_give_the_same_bits(void **state)
{
    (void)state;
    each(networks_check_threads_on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_equal_central_differences),
        cmocka_unit_test(instruction_sets_give_the_same_bits),
        cmocka_unit_test(threads_give_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
