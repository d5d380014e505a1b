/* libthalweg-train. Text from a model of texts: what a network that has learnt which character follows makes
 * of a beginning, character by character, each drawn with the probability that the network gives it.
 *
 *     static int put(void *user, const char *character)
 *     {
 *         return fputs(character, user) < 0;
 *     }
 *
 *     tw_generate_options o = TW_GENERATE_OPTIONS_INIT;
 *     o.prompt = "ROMEO:";
 *     o.put = put;
 *     o.user = stdout;
 *     tw_status s = tw_model_load(&model, ctx, "out/shakespeare", &err);
 *     if (s == TW_OK) s = tw_generate(model, &o, &err);
 *
 * A network whose layers go through the text time by time and hand on their state (lstm 256 carry=1) reads
 * each character once; another looks at as many characters as a row has for each that it makes.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_GENERATE_H
#define THALWEG_GENERATE_H
#include <thalweg/model.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tw_generate_options {
    size_t size;         /* sizeof(tw_generate_options) */
    const char *prompt;  /* what the text begins with, UTF-8, at least one character; NULL: a new line */
    uint64_t characters; /* to make after it */
    /* Probabilities p become p^(1/temperature), divided by their sum: below 1 the likely ones become
     * likelier; 0: always the likeliest one. */
    double temperature;
    uint64_t top; /* draw among so many likeliest ones only; 0: among all */
    uint64_t seed;
    /* Gets each character that is made, UTF-8. Non-zero stops: TW_STOPPED, and tw_error.callback. */
    int (*put)(void *user, const char *character);
    void *user;
} tw_generate_options;
#define TW_GENERATE_OPTIONS_INIT                                                 \
    {                                                                            \
        .size = sizeof(tw_generate_options), .characters = 500, .temperature = 1 \
    }

/* The same seed gives the same text on every machine. TW_ERR_SPEC: no model of texts, a character of the
 * prompt that it has not learnt, a temperature below 0; TW_ERR_DATA: its embedding has too few vectors for
 * the characters; TW_ERR_NOT_FINITE: a weight. */
TW_API tw_status tw_generate(tw_model *model, const tw_generate_options *options, tw_error *err);

#ifdef __cplusplus
}
#endif
#endif
