/* Fuzz target: any text as a surface. One that is understood is the same surface when its canonical form is
 * read again, and starts inside its window.
 * SPDX-License-Identifier: MIT */
#include "text.h"
#include <thalweg/surface.h>

static void surface(tw_context *ctx, const char *text)
{
    tw_surface *surface, *again;
    tw_error err;
    double start[2], low[2], high[2], g[2];
    if (tw_surface_create(&surface, ctx, text, TW_F64, &err) != TW_OK) {
        MUST((err.code == TW_ERR_SPEC || err.code == TW_ERR_MEMORY) && err.message[0]);
        return;
    }
    MUST(tw_surface_create(&again, ctx, tw_surface_spec(surface), TW_F64, &err) == TW_OK);
    MUST(strcmp(tw_surface_spec(again), tw_surface_spec(surface)) == 0 &&
         strcmp(tw_surface_formula(again), tw_surface_formula(surface)) == 0);
    tw_surface_start(surface, start);
    tw_surface_window(surface, low, high);
    for (int k = 0; k < 2; k++) MUST(low[k] <= start[k] && start[k] <= high[k] && low[k] < high[k]);
    const double value = tw_surface_value(surface, start, g), same = tw_surface_value(again, start, NULL);
    MUST(memcmp(&value, &same, sizeof value) == 0);
    tw_surface_free(again);
    tw_surface_free(surface);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char text[TEXT];
    text_of(text, bytes, n);
    surface(text_context(), text);
    return 0;
}
