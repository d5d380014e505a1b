/* Source 001's four numpy classes as plain loops, beside the library's rules, on the function of its
 * pictures: x^2/20 + y^2 from (-7, 2). Both end in the same point but for rounding.
 *
 *     cc -O2 001_classes.c -o 001_classes $(pkg-config --cflags --libs thalweg) -lm
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <thalweg/optimizer.h>

enum { N = 2, STEPS = 30 };

/* class SGD: params[key] -= self.lr * grads[key] */
static void sgd(double lr, double *w, const double *g, double *unused)
{
    (void)unused;
    for (int i = 0; i < N; i++) w[i] -= lr * g[i];
}

/* class Momentum: self.v[key] = self.momentum*self.v[key] - self.lr*grads[key]
 *                 params[key] += self.v[key] */
static void momentum(double lr, double *w, const double *g, double *v)
{
    for (int i = 0; i < N; i++) {
        v[i] = 0.9 * v[i] - lr * g[i];
        w[i] += v[i];
    }
}

/* class AdaGrad: self.h[key] += grads[key] * grads[key]
 *                params[key] -= self.lr * grads[key] / (np.sqrt(self.h[key]) + 1e-7) */
static void adagrad(double lr, double *w, const double *g, double *h)
{
    for (int i = 0; i < N; i++) {
        h[i] += g[i] * g[i];
        w[i] -= lr * g[i] / (sqrt(h[i]) + 1e-7);
    }
}

/* class RMSprop: self.h[key] *= self.decay_rate
 *                self.h[key] += (1 - self.decay_rate) * grads[key] * grads[key]
 *                params[key] -= self.lr * grads[key] / (np.sqrt(self.h[key]) + 1e-7) */
static void rmsprop(double lr, double *w, const double *g, double *h)
{
    for (int i = 0; i < N; i++) {
        h[i] *= 0.99;
        h[i] += (1 - 0.99) * g[i] * g[i];
        w[i] -= lr * g[i] / (sqrt(h[i]) + 1e-7);
    }
}

struct class
{
    const char *name, *rule;
    double lr;
    void (*update)(double lr, double *w, const double *g, double *state);
};

static const struct class classes[] = {
    {"SGD", "sgd@source001:lr=0.95", 0.95, sgd},
    {"Momentum", "momentum@source001:lr=0.1", 0.1, momentum},
    {"AdaGrad", "adagrad@source001:lr=1.5", 1.5, adagrad},
    {"RMSprop", "rmsprop@source001:lr=0.1", 0.1, rmsprop},
};
enum { CLASSES = sizeof classes / sizeof classes[0] };

static void gradient(const double *w, double *g)
{
    g[0] = w[0] / 10;
    g[1] = 2 * w[1];
}

static tw_status walk(tw_context *ctx, const struct class *class, double *loop, double *rule, tw_error *err)
{
    static const int64_t shape[] = {N};
    const tw_tensor tensor = {.name = "point", .rank = 1, .shape = shape};
    double g[N], state[N] = {0};
    tw_optimizer_options options = TW_OPTIMIZER_OPTIONS_INIT;
    options.rule = class->rule;
    options.type = TW_F64;
    options.tensors = &tensor;
    options.n_tensors = 1;
    tw_optimizer *opt = NULL;
    tw_status s = tw_optimizer_create(&opt, ctx, &options, err);
    for (int t = 0; s == TW_OK && t < STEPS; t++) {
        gradient(loop, g);
        class->update(class->lr, loop, g, state);
        gradient(rule, g);
        s = tw_step_f64(opt, rule, g, err);
    }
    tw_optimizer_free(opt);
    return s;
}

int main(void)
{
    tw_context *ctx = NULL;
    tw_error err;
    int wrong = 0;
    tw_status s = tw_context_create(&ctx, NULL, &err);
    for (int i = 0; s == TW_OK && i < CLASSES; i++) {
        double loop[N] = {-7, 2}, rule[N] = {-7, 2};
        s = walk(ctx, &classes[i], loop, rule, &err);
        const double apart = fmax(fabs(loop[0] - rule[0]), fabs(loop[1] - rule[1]));
        if (s == TW_OK)
            printf("%-8s after %d steps at (%.4f, %.4f), %s %.1e away\n", classes[i].name, STEPS, loop[0],
                   loop[1], classes[i].rule, apart);
        wrong |= !(apart < 1e-12);
    }
    tw_context_free(ctx);
    if (s != TW_OK) fprintf(stderr, "001_classes: %s\n", err.message);
    return s != TW_OK || wrong; /* so that a test sees it fail */
}
