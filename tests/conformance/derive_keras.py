"""The optimizers of Keras 2 (2.1.3 to 2.3.1), of tf.keras in TensorFlow 2.0 to 2.10 and of Keras 3, with their own names, defaults and places of
epsilon, as their code has them. A case names only what it changes: the rest are the library's defaults.
SPDX-License-Identifier: MIT
"""
from decimal import Decimal as D
from derive_rules import Rule, add, mix, ratio, squares, zeros


class Keras(Rule):
    """`decay` divides the rate by 1 + decay iterations, which are 0 in the first step. Keras 3 has none, but weight_decay, which shrinks the weights
    by lr weight_decay before the step."""

    def step(self, w, g, t, lr):
        shrunk = [p - lr * self.o.weight_decay * p for p in w]
        return self.update(shrunk, g, t, lr / (1 + self.o.decay * (t - 1)))


class Sgd(Keras):
    defaults = {"lr": "0.01"}

    def start(self, w):
        self.moments = zeros()

    def update(self, w, g, t, lr):
        momentum = self.o.momentum
        self.moments = [momentum * m - lr * x for m, x in zip(self.moments, g)]
        if self.o.nesterov:
            return [p + momentum * m - lr * x for p, m, x in zip(w, self.moments, g)]
        return add(w, 1, self.moments)


class Momentum(Sgd):
    """What is called so here: SGD with the momentum that everybody takes."""
    defaults = {"lr": "0.01", "momentum": "0.9"}


class Nag(Sgd):
    defaults = {"lr": "0.01", "momentum": "0.9", "nesterov": "1"}


class Rmsprop(Keras):
    """Keras 2: epsilon outside the root, no momentum."""
    defaults = {"lr": "0.001", "rho": "0.9", "epsilon": "1e-7"}

    def start(self, w):
        self.square, self.mean, self.buffer = zeros(), zeros(), zeros()

    def moments(self, g):
        self.square = mix(self.o.rho, self.square, squares(g))
        self.mean = mix(self.o.rho, self.mean, g)
        return [s - m * m for s, m in zip(self.square, self.mean)] if self.o.centered else self.square

    def update(self, w, g, t, lr):
        return [p - lr * x / (s.sqrt() + self.o.epsilon) for p, x, s in zip(w, g, self.moments(g))]


class RmspropInside(Rmsprop):
    """Keras 3; without momentum the buffer is the step."""

    def update(self, w, g, t, lr):
        self.buffer = [self.o.momentum * b + lr * x / (s + self.o.epsilon).sqrt() for b, x, s in zip(self.buffer, g, self.moments(g))]
        return add(w, -1, self.buffer)


class RmspropTf2(RmspropInside):
    """With momentum the kernels ApplyRMSProp and ApplyCenteredRMSProp, epsilon inside; without Python, epsilon outside."""

    def update(self, w, g, t, lr):
        return super().update(w, g, t, lr) if self.o.momentum else Rmsprop.update(self, w, g, t, lr)


class Adagrad(Keras):
    defaults = {"lr": "0.01", "epsilon": "1e-7"}
    inside = False

    def start(self, w):
        self.sum = [D(self.o.initial_accumulator)] * 17

    def update(self, w, g, t, lr):
        eps = self.o.epsilon
        self.sum = add(self.sum, 1, squares(g))
        return [p - lr * x / ((s + eps).sqrt() if self.inside else s.sqrt() + eps) for p, x, s in zip(w, g, self.sum)]


class AdagradTf2(Adagrad):
    defaults = {"lr": "0.001", "epsilon": "1e-7", "initial_accumulator": "0.1"}


class AdagradInside(AdagradTf2):
    inside = True


class Adadelta(Keras):
    defaults = {"lr": "1.0", "rho": "0.95", "epsilon": "1e-7"}

    def start(self, w):
        self.square, self.delta = zeros(), zeros()

    def update(self, w, g, t, lr):
        eps = self.o.epsilon
        self.square = mix(self.o.rho, self.square, squares(g))
        step = [x * (d + eps).sqrt() / (s + eps).sqrt() for x, d, s in zip(g, self.delta, self.square)]
        self.delta = mix(self.o.rho, self.delta, squares(step))
        return add(w, -lr, step)


class AdadeltaSlow(Adadelta):
    defaults = {"lr": "0.001", "rho": "0.95", "epsilon": "1e-7"}


class Adam(Keras):
    defaults = {"lr": "0.001", "beta1": "0.9", "beta2": "0.999", "epsilon": "1e-7"}

    def start(self, w):
        self.m, self.v, self.vhat = zeros(), zeros(), zeros()

    def update(self, w, g, t, lr):
        o = self.o
        rate = lr * (1 - o.beta2 ** t).sqrt() / (1 - o.beta1 ** t)
        self.m = mix(o.beta1, self.m, g)
        self.v = mix(o.beta2, self.v, squares(g))
        self.vhat = [max(a, b) for a, b in zip(self.vhat, self.v)]
        return [p - rate * m / (v.sqrt() + o.epsilon) for p, m, v in zip(w, self.m, self.vhat if o.amsgrad else self.v)]


class Adamax(Keras):
    defaults = {"lr": "0.002", "beta1": "0.9", "beta2": "0.999", "epsilon": "1e-7"}

    def start(self, w):
        self.m, self.u = zeros(), zeros()

    def update(self, w, g, t, lr):
        o = self.o
        self.m = mix(o.beta1, self.m, g)
        self.u = [max(o.beta2 * u, abs(x)) for u, x in zip(self.u, g)]
        return [p - lr / (1 - o.beta1 ** t) * m / (u + o.epsilon) for p, m, u in zip(w, self.m, self.u)]


class AdamaxSlow(Adamax):
    defaults = {**Adamax.defaults, "lr": "0.001"}


class Nadam(Keras):
    defaults = {"lr": "0.002", "beta1": "0.9", "beta2": "0.999", "epsilon": "1e-7", "schedule_decay": "0.004"}

    def start(self, w):
        self.m, self.v, self.cache = zeros(), zeros(), D(1)

    def update(self, w, g, t, lr):
        o = self.o
        now, after = (o.beta1 * (1 - D("0.5") * D("0.96") ** (s * o.schedule_decay)) for s in (t, t + 1))
        self.cache *= now
        self.m = mix(o.beta1, self.m, g)
        self.v = mix(o.beta2, self.v, squares(g))
        bar = [(1 - now) * x / (1 - self.cache) + after * m / (1 - self.cache * after) for x, m in zip(g, self.m)]
        return [p - lr * b / ((v / (1 - o.beta2 ** t)).sqrt() + o.epsilon) for p, b, v in zip(w, bar, self.v)]


class NadamTf2(Nadam):
    defaults = {**Nadam.defaults, "lr": "0.001"}


class NadamFast(Nadam):
    """Keras 3."""
    defaults = {**Nadam.defaults, "lr": "0.001", "schedule_decay": "1"}


class Ftrl(Keras):
    """learning_rate_power = -0.5. Without a gradient so far both root and linear are 0, but for the initial accumulator."""
    defaults = {"lr": "0.001", "initial_accumulator": "0.1"}

    def start(self, w):
        self.sum, self.linear = [D(self.o.initial_accumulator)] * 17, zeros()

    def update(self, w, g, t, lr):
        o = self.o
        after = add(self.sum, 1, squares(g))
        self.linear = [z + x - (b.sqrt() - a.sqrt()) / lr * p for z, x, a, b, p in zip(self.linear, g, self.sum, after, w)]
        self.sum = after
        return [ratio(max(-o.l1, min(o.l1, z)) - z, s.sqrt() / lr + o.beta / lr) for z, s in zip(self.linear, self.sum)]


COMMON = {"sgd": Sgd, "momentum": Momentum, "nag": Nag, "adam": Adam}
VERSIONS = {
    "keras2": {"rmsprop": Rmsprop, "adagrad": Adagrad, "adadelta": Adadelta, "adamax": Adamax, "nadam": Nadam},
    "tf2": {"rmsprop": RmspropTf2, "adagrad": AdagradTf2, "adadelta": AdadeltaSlow, "adamax": AdamaxSlow, "nadam": NadamTf2, "ftrl": Ftrl},
    "keras": {"rmsprop": RmspropInside, "adagrad": AdagradInside, "adadelta": AdadeltaSlow, "adamax": AdamaxSlow, "nadam": NadamFast, "ftrl": Ftrl},
}
KERAS_RULES = {f"{rule}@{version}": of for version, rules in VERSIONS.items() for rule, of in {**COMMON, **rules}.items()}
