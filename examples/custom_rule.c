/* Uses a rule from outside the library, the one in sgdm.c, to minimise 50 (x - 1)^2 + (y + 2)^2. It needs
 * libthalweg alone, no training loop.
 *
 *     cc -O2 custom_rule.c sgdm.c -o custom_rule $(pkg-config --cflags --libs thalweg)
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <thalweg/optimizer.h>

extern const tw_rule tw_rule_sgdm;

int main(void)
{
    static const int64_t shape[] = {2};
    const tw_tensor tensor = {.name = "xy", .rank = 1, .shape = shape};
    double w[2] = {0, 0};
    tw_context *ctx = NULL;
    tw_optimizer *opt = NULL;
    tw_error err;
    tw_optimizer_options options = TW_OPTIMIZER_OPTIONS_INIT;
    options.rule = "sgdm:lr=0.01,momentum=0.9";
    options.custom = &tw_rule_sgdm;
    options.type = TW_F64;
    options.tensors = &tensor;
    options.n_tensors = 1;
    tw_status s = tw_context_create(&ctx, NULL, &err);
    if (s == TW_OK) s = tw_optimizer_create(&opt, ctx, &options, &err);
    for (int step = 0; s == TW_OK && step < 500; step++) {
        const double g[2] = {100 * (w[0] - 1), 2 * (w[1] + 2)};
        s = tw_step_f64(opt, w, g, &err);
    }
    if (s == TW_OK) printf("%s ends at x = %.4f, y = %.4f\n", tw_optimizer_spec(opt), w[0], w[1]);
    else fprintf(stderr, "custom_rule: %s\n", err.message);
    tw_optimizer_free(opt);
    tw_context_free(ctx);
    double x = w[0] - 1, y = w[1] + 2;
    return s != TW_OK || !(x * x + y * y < 1e-4); /* so that a test sees it fail */
}
