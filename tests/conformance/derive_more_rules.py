"""The rules for which the format's README has no case, each from its paper; where the authors' code differs, it is followed, and that is said.
SPDX-License-Identifier: MIT
"""
from decimal import Decimal as D
from derive_rules import Adam, Moments, Rule, add, dot, mix, ratio, squares, zeros


class Adamw(Adam):
    """Loshchilov, Hutter 2019, Algorithm 2, as the libraries have it: the rate multiplies the decay too."""
    coupled = False

    def step(self, w, g, t, lr):
        return super().step([a - lr * self.o.weight_decay * a for a in w], g, t, lr)


class Qhadam(Moments):
    """Ma, Yarats 2019, Algorithm 2."""

    def step(self, w, g, t, lr):
        o = self.o
        self.moments(g, t)
        return [a - lr * ((1 - o.nu1) * x + o.nu1 * m) / (((1 - o.nu2) * x * x + o.nu2 * v).sqrt() + o.eps)
                for a, x, m, v in zip(w, g, self.mhat(), self.vhat())]


def cube_root(x):
    return x ** (1 / D(3)) if x else x


class Madgrad(Rule):
    """Defazio, Jelassi 2021, Algorithm 1, eps after the root. The authors' code also adds eps to lr, so that lr = 0 is no error there: no part of the
    method, and left out here."""

    def start(self, w):
        self.x0, self.s, self.n = list(w), zeros(), zeros()

    def step(self, w, g, t, lr):
        o = self.o
        rate = lr * D(t).sqrt()
        self.n = add(self.n, rate, squares(g))
        self.s = add(self.s, rate, g)
        z = [x - ratio(s, cube_root(n) + o.eps) for x, s, n in zip(self.x0, self.s, self.n)]
        return mix(o.momentum, w, z)


class Swats(Moments):
    """Keskar, Socher 2017, Algorithm 1, over all weights as printed; there is no code of the authors. The paper's one eps is two here."""

    def start(self, w):
        super().start(w)
        self.b, self.average, self.rate = zeros(), D(0), None

    def step(self, w, g, t, lr):
        o = self.o
        if self.rate is not None:
            self.b = add(g, o.beta1, self.b)
            return add(w, -(1 - o.beta1) * self.rate, self.b)
        self.moments(g, t)
        p = [-lr * self.c2.sqrt() / self.c1 * m / (v.sqrt() + o.eps) for m, v in zip(self.m, self.v)]
        along = dot(p, g)
        if along:
            gamma = sum(squares(p)) / -along
            self.average = o.beta2 * self.average + (1 - o.beta2) * gamma
            if t > 1 and abs(self.average / self.c2 - gamma) < o.threshold:
                self.rate = self.average / self.c2
        return add(w, 1, p)


class Prodigy(Rule):
    """Mishchenko, Defazio 2023, Algorithm 4 as in the authors' code: beta3 = sqrt(beta2), no bias correction, d/d0 in the sums."""

    def start(self, w):
        self.w0, self.m, self.v, self.s = list(w), zeros(), zeros(), zeros()
        self.d = self.most = self.o.d0
        self.above = D(0)

    def step(self, w, g, t, lr):
        o, d = self.o, self.d
        beta3 = o.beta2.sqrt()
        self.above = beta3 * self.above + d / o.d0 * d * lr * dot(g, add(self.w0, -1, w))
        self.m = [o.beta1 * m + d * (1 - o.beta1) * x for m, x in zip(self.m, g)]
        self.v = [o.beta2 * v + d * d * (1 - o.beta2) * x * x for v, x in zip(self.v, g)]
        self.s = [beta3 * s + d / o.d0 * d * lr * x for s, x in zip(self.s, g)]
        below = sum(abs(s) for s in self.s)
        if below == 0:
            return w
        found = o.d_coef * self.above / below
        self.most = max(self.most, found)
        self.d = max(d, found, self.most) if d == o.d0 else self.most
        return [a - d * lr * ratio(m, v.sqrt() + self.d * o.eps) for a, m, v in zip(w, self.m, self.v)]


class DAdaptation(Rule):
    """Defazio, Mishchenko 2023: DAdaptAdam of the authors' code, version 3 (the paper's Algorithm 5): A is the root before this step's square."""

    def start(self, w):
        self.m, self.v, self.s = zeros(), zeros(), zeros()
        self.d, self.r = self.o.d0, D(0)

    def step(self, w, g, t, lr):
        o = self.o
        rate, beta = self.d * lr, self.o.beta2.sqrt()
        gained = rate * dot(g, [ratio(s, v.sqrt() + o.eps) for s, v in zip(self.s, self.v)])
        self.m = [o.beta1 * m + rate * (1 - o.beta1) * x for m, x in zip(self.m, g)]
        self.v = mix(o.beta2, self.v, squares(g))
        self.s = [beta * s + rate * (1 - beta) * x for s, x in zip(self.s, g)]
        self.r = beta * self.r + (1 - beta) * gained
        below = sum(abs(s) for s in self.s)
        if below == 0:
            return w
        self.d = max(self.d, self.r / ((1 - beta) * below))
        return [a - ratio(m, v.sqrt() + o.eps) for a, m, v in zip(w, self.m, self.v)]


class Adabound(Moments):
    """Luo et al. 2019; the authors' code corrects both moments, the paper's Algorithm 2 neither and divides the rate by sqrt(t)."""

    def step(self, w, g, t, lr):
        o = self.o
        self.moments(g, t)
        rate, last = lr * self.c2.sqrt() / self.c1, o.final_lr * lr / o.lr
        low, high = last * (1 - 1 / (o.gamma * t + 1)), last * (1 + 1 / (o.gamma * t))
        return [a - min(max(rate / (v.sqrt() + o.eps), low), high) * m for a, m, v in zip(w, self.m, self.v)]


class Padam(Moments):
    """Chen et al. 2018; the authors' code: amsgrad, corrected moments, eps before the power."""

    def start(self, w):
        super().start(w)
        self.x = zeros()

    def step(self, w, g, t, lr):
        o = self.o
        self.moments(g, t)
        self.x = [max(x, v) for x, v in zip(self.x, self.v)]
        rate = lr * self.c2.sqrt() / self.c1
        return [a - rate * ratio(m, (x.sqrt() + o.eps) ** (2 * o.partial)) for a, m, x in zip(w, self.m, self.x)]


class Adopt(Rule):
    """Taniguchi et al. 2024, Algorithm 2: with the clipping c = (t-1)^(1/4) of the authors' code; the first gradient only fills v."""

    def start(self, w):
        self.m, self.v = zeros(), zeros()

    def step(self, w, g, t, lr):
        o = self.o
        if t == 1:
            self.v = squares(g)
            return w
        most = D(t - 1).sqrt().sqrt()
        u = [min(max(x / max(v.sqrt(), o.eps), -most), most) for x, v in zip(g, self.v)]
        self.m = mix(o.beta1, self.m, u)
        self.v = mix(o.beta2, self.v, squares(g))
        return add(w, -lr, self.m)


class Ademamix(Rule):
    """Pagliardini et al. 2024, Algorithm 1: beta3 = exp(ln b ln b3/((1-k) ln b3 + k ln b)), k = t/T, b = beta1;
    the authors' code adds 1e-8 to both betas inside these logarithms, against log(0), which is no part of the method and is left out here."""

    def start(self, w):
        self.fast, self.slow, self.v = zeros(), zeros(), zeros()

    def step(self, w, g, t, lr):
        o = self.o
        alpha, beta3 = o.alpha, o.beta3
        if t < o.t_alpha_beta3:
            k = t / D(o.t_alpha_beta3)
            alpha, b, e = k * o.alpha, o.beta1.ln(), o.beta3.ln()
            beta3 = (b * e / ((1 - k) * e + k * b)).exp()
        self.fast, self.slow = mix(o.beta1, self.fast, g), mix(beta3, self.slow, g)
        self.v = mix(o.beta2, self.v, squares(g))
        c1, c2 = 1 - o.beta1 ** t, 1 - o.beta2 ** t
        return [a - lr * (m / c1 + alpha * s) / ((v / c2).sqrt() + o.eps) for a, m, s, v in zip(w, self.fast, self.slow, self.v)]


class Ftml(Rule):
    """Zheng, Kwok 2017, Algorithm 1."""

    def start(self, w):
        self.v, self.d, self.z = zeros(), zeros(), zeros()

    def step(self, w, g, t, lr):
        o = self.o
        self.v = mix(o.beta2, self.v, squares(g))
        c1, c2 = 1 - o.beta1 ** t, 1 - o.beta2 ** t
        d = [c1 / lr * ((v / c2).sqrt() + o.eps) for v in self.v]
        self.z = [o.beta1 * z + (1 - o.beta1) * x - (n - o.beta1 * b) * a for z, x, n, b, a in zip(self.z, g, d, self.d, w)]
        self.d = d
        return [-z / n for z, n in zip(self.z, d)]


class Dcasgd(Rule):
    """Zheng et al. 2017, eq. 10, constant lambda. The gradient of a lone worker is taken at the weights it moves: no delay, the term is 0."""

    def step(self, w, g, t, lr):
        return [a - lr * (x + self.o["lambda"] * x * x * (a - b)) for a, x, b in zip(w, g, w)]


MORE_RULES = {
    "adamw": Adamw, "qhadam": Qhadam, "madgrad": Madgrad, "swats": Swats, "prodigy": Prodigy, "d-adaptation": DAdaptation, "adabound": Adabound,
    "padam": Padam,
    "adopt": Adopt, "ademamix": Ademamix, "ftml": Ftml, "dcasgd": Dcasgd,
}
