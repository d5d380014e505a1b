/* Fuzz target: any text as a rule's spec, and as a chain of rules and transforms. What is understood must
 * mean the same when its canonical form is read again; what is refused must be refused with a message.
 * SPDX-License-Identifier: MIT */
#include "text.h"
#include <thalweg/registry.h>

static void rule(const char *text)
{
    tw_choice choice, again;
    tw_error err;
    if (tw_rule_read(&choice, text, NULL, &err) != TW_OK) {
        MUST(err.code == TW_ERR_SPEC && err.message[0]);
        return;
    }
    MUST(tw_rule_read(&again, choice.spec, NULL, &err) == TW_OK);
    MUST(strcmp(again.spec, choice.spec) == 0 && again.rule == choice.rule &&
         again.variant == choice.variant);
    MUST(memcmp(again.values, choice.values, (size_t)choice.rule->n_options * sizeof *choice.values) == 0);
}

static void chain(const char *text)
{
    static tw_chain chain, again;
    tw_error err;
    if (tw_chain_read(&chain, text, NULL, &err) != TW_OK) {
        MUST(err.code == TW_ERR_SPEC && err.message[0]);
        return;
    }
    MUST(chain.n > 0 && tw_chain_read(&again, text, NULL, &err) == TW_OK && again.n == chain.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char text[TEXT];
    text_of(text, bytes, n);
    rule(text);
    chain(text);
    return 0;
}
