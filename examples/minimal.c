/* A step at a time: momentum rolls down the bowl f = x^2/20 + y^2 from (-7, 2).
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <thalweg/thalweg.h>

int main(void)
{
    double w[2] = {-7, 2}, g[2];
    const int64_t shape[] = {2};
    const tw_tensor point = {"point", 1, shape, 0, 0};
    tw_optimizer_options options = TW_OPTIMIZER_OPTIONS_INIT;
    tw_context *ctx;
    tw_optimizer *opt;
    tw_error err;
    options.rule = "momentum:lr=0.1";
    options.type = TW_F64;
    options.tensors = &point;
    options.n_tensors = 1;
    if (tw_context_create(&ctx, NULL, &err)) return 1;
    if (tw_optimizer_create(&opt, ctx, &options, &err)) return puts(err.message), 1;
    for (int t = 0; t < 200; t++) {
        g[0] = w[0] / 10, g[1] = 2 * w[1];
        tw_step_f64(opt, w, g, NULL);
    }
    printf("%.3f %.3f\n", w[0], w[1]);
    tw_optimizer_free(opt);
    tw_context_free(ctx);
}
