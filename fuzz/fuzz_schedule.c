/* Fuzz target: any text as a schedule and as a plan of schedules. A plan that is understood is the same when
 * its text is read again; what is refused has a message.
 * SPDX-License-Identifier: MIT */
#include "text.h"
#include <thalweg/registry.h>
#include "schedules/plan.h"

static void schedule(const char *text)
{
    double value;
    tw_error err;
    const uint64_t done[] = {0, 1, 7, 1000, UINT64_MAX / 2};
    for (size_t i = 0; i < sizeof done / sizeof done[0]; i++)
        if (tw_schedule_value(text, 0.1, done[i], 100, &value, &err) != TW_OK) MUST(err.message[0]);
    static tw__plan plan, again;
    tw_piece piece;
    static tw_chain chain;
    MUST(tw_chain_read(&chain, "adam+ema", NULL, NULL) == TW_OK);
    if (tw__plan_read(&plan, text, &chain, 100, &err) != TW_OK) {
        MUST(err.code == TW_ERR_SPEC && err.message[0]);
        return;
    }
    MUST(tw__plan_read(&again, plan.text, &chain, 100, &err) == TW_OK &&
         memcmp(&plan, &again, sizeof plan) == 0);
    for (int i = 0; i <= plan.n; i++)
        MUST(tw_schedule_piece(&piece, text, (size_t)i, 100, &err) == TW_OK &&
             piece.schedule == (i < plan.n ? plan.pieces[i].kind : NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char text[TEXT];
    text_of(text, bytes, n);
    schedule(text);
    return 0;
}
