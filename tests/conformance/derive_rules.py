"""Every update rule, worked out once more from its paper and from the format's README, in decimal arithmetic.

Written without the C sources, so that an error would have to be made twice, in two languages, to pass unseen. A rule is asked where it wants
its gradient (`point`), makes a step, and says what it shows. Lists of 17 are what it keeps per weight; the rest is kept once.
SPDX-License-Identifier: MIT
"""
from decimal import Decimal as D

TENSORS = (range(0, 12), range(12, 17))                                 # a 3x4 matrix, row major, and a vector of 5
ROWS = tuple(range(4 * i, 4 * i + 4) for i in range(3))
MATRIX = 0


def zeros():
    return [D(0)] * 17


def sign(x):
    return D(0) if x == 0 else D(1).copy_sign(x)


def ratio(a, b):
    """a/b with 0/0 = 0."""
    return D(0) if a == 0 else a / b


def norm(x):
    return sum(v * v for v in x).sqrt()


def rms(x):
    return (sum(v * v for v in x) / len(x)).sqrt()


def dot(x, y):
    return sum(a * b for a, b in zip(x, y))


def mix(beta, old, new):
    return [beta * a + (1 - beta) * b for a, b in zip(old, new)]


def add(x, factor, y):
    return [a + factor * b for a, b in zip(x, y)]


def squares(x):
    return [v * v for v in x]


class Rule:
    coupled = False                                                     # weight_decay is added to the gradient before the rule sees it
    defaults = {}                                                       # of a library; elsewhere a case gives every option

    def __init__(self, options, w):
        self.o = options
        self.start(w)

    def start(self, w):
        pass

    def point(self, w):
        return w

    def again(self, w, g):
        """A second point of the same step, for rules that ask twice."""

    def shown(self, w, t):
        return w


class Sgd(Rule):
    """PyTorch's form: the buffer holds gradients."""
    coupled = True

    def start(self, w):
        self.b = zeros()

    def step(self, w, g, t, lr):
        o = self.o
        if not o.momentum:
            return add(w, -lr, g)
        self.b = list(g) if t == 1 else [o.momentum * b + (1 - o.dampening) * x for b, x in zip(self.b, g)]
        return add(w, -lr, add(g, o.momentum, self.b) if o.nesterov else self.b)


class SgdVelocity(Rule):
    """Sutskever et al. 2013, eq. 1-2; Keras."""

    def start(self, w):
        self.v = zeros()

    def step(self, w, g, t, lr):
        mu = self.o.momentum
        self.v = [mu * v - lr * x for v, x in zip(self.v, g)]
        return [a + mu * v - lr * x for a, v, x in zip(w, self.v, g)] if self.o.nesterov else add(w, 1, self.v)


class Nag(Rule):
    """Sutskever et al. 2013, eq. 3-4. momentum=convex is the sequence (t-1)/(t+2) (Su, Boyd, Candes 2016)."""

    def start(self, w):
        self.v, self.t = zeros(), 1

    def mu(self):
        return D(self.t - 1) / (self.t + 2) if self.o.momentum == "convex" else self.o.momentum

    def point(self, w):
        return add(w, self.mu(), self.v)

    def step(self, w, g, t, lr):
        mu = self.mu()
        self.v = [mu * v - lr * x for v, x in zip(self.v, g)]
        self.t = t + 1
        return add(w, 1, self.v)


def root(s, eps, place):
    return (s + eps).sqrt() if place == "in" else s.sqrt() + eps


class Adagrad(Rule):
    coupled = True

    def start(self, w):
        self.s = [D(self.o.initial_accumulator)] * 17

    def step(self, w, g, t, lr):
        o = self.o
        self.s = add(self.s, 1, squares(g))
        rate = lr / (1 + (t - 1) * o.lr_decay)
        return [a - rate * ratio(x, root(s, o.eps, o.eps_place)) for a, x, s in zip(w, g, self.s)]


class Adadelta(Rule):
    """Zeiler 2012, Algorithm 1, with a rate."""
    coupled = True

    def start(self, w):
        self.s, self.d = zeros(), zeros()

    def step(self, w, g, t, lr):
        o = self.o
        self.s = mix(o.rho, self.s, squares(g))
        x = [(d + o.eps).sqrt() / (s + o.eps).sqrt() * v for d, s, v in zip(self.d, self.s, g)]
        self.d = mix(o.rho, self.d, squares(x))
        return add(w, -lr, x)


class Rmsprop(Rule):
    coupled = True

    def start(self, w):
        self.s, self.a, self.b = zeros(), zeros(), zeros()

    def step(self, w, g, t, lr):
        o = self.o
        self.s = mix(o.rho, self.s, squares(g))
        s = self.s
        if o.centered:
            self.a = mix(o.rho, self.a, g)
            s = [v - a * a for v, a in zip(s, self.a)]
        x = [ratio(v, root(d, o.eps, o.eps_place)) for v, d in zip(g, s)]
        if not o.momentum:
            return add(w, -lr, x)
        if o.style == "keras":
            self.b = [o.momentum * b + lr * v for b, v in zip(self.b, x)]
            return add(w, -1, self.b)
        self.b = [o.momentum * b + v for b, v in zip(self.b, x)]
        return add(w, -lr, self.b)


class Moments(Rule):
    """What adam and its relatives share: m, v and their corrections."""

    def start(self, w):
        self.m, self.v = zeros(), zeros()

    def moments(self, g, t):
        o = self.o
        self.m = mix(o.beta1, self.m, g)
        self.v = mix(o.beta2, self.v, squares(g))
        self.c1, self.c2 = 1 - o.beta1 ** t, 1 - o.beta2 ** t

    def mhat(self):
        return [m / self.c1 for m in self.m]

    def vhat(self):
        return [v / self.c2 for v in self.v]


class Adam(Moments):
    """Kingma, Ba 2015, Algorithm 1; amsgrad: Reddi et al. 2018."""
    coupled = True

    def start(self, w):
        super().start(w)
        self.x = zeros()

    def step(self, w, g, t, lr):
        o = self.o
        self.moments(g, t)
        if o.bias_correction is False:
            self.c1 = self.c2 = D(1)
        v = self.v
        if o.amsgrad and o.amsgrad_on == "hat":
            self.x = [max(x, a / self.c2) for x, a in zip(self.x, v)]
            v = [x * self.c2 for x in self.x]
        elif o.amsgrad:
            self.x = v = [max(x, a) for x, a in zip(self.x, v)]
        if o.eps_place == "hat":
            rate = lr * self.c2.sqrt() / self.c1
            return [a - rate * ratio(m, s.sqrt() + o.eps) for a, m, s in zip(w, self.m, v)]
        return [a - lr * ratio(m, root(s / self.c2, o.eps, o.eps_place)) for a, m, s in zip(w, self.mhat(), v)]


class Adamax(Rule):
    """Kingma, Ba 2015, Algorithm 2."""
    coupled = True

    def start(self, w):
        self.m, self.u = zeros(), zeros()

    def step(self, w, g, t, lr):
        o = self.o
        place = o.eps_place or "g"
        self.m = mix(o.beta1, self.m, g)
        self.u = [max(o.beta2 * u, abs(x) + (o.eps if place == "g" else 0)) for u, x in zip(self.u, g)]
        rate = lr / (1 - o.beta1 ** t)
        return [a - rate * ratio(m, u + (o.eps if place == "u" else 0)) for a, m, u in zip(w, self.m, self.u)]


class Nadam(Moments):
    """Dozat 2016, with moment=mu; with beta1 in m PyTorch's and Keras's."""
    coupled = True

    def start(self, w):
        super().start(w)
        self.product = D(1)

    def mu(self, t):
        o = self.o
        return o.beta1 if o.psi is None else o.beta1 * (1 - D("0.5") * D("0.96") ** (t * o.psi))

    def step(self, w, g, t, lr):
        o, mu, after = self.o, self.mu(t), self.mu(t + 1)
        old = self.m
        self.moments(g, t)
        if o.moment == "mu":
            self.m = mix(mu, old, g)
        self.product *= mu
        a, b = (1 - mu) / (1 - self.product), after / (1 - self.product * after)
        return [p - lr * ratio(a * x + b * m, v.sqrt() + o.eps) for p, x, m, v in zip(w, g, self.m, self.vhat())]


class NadamOptax(Moments):
    def step(self, w, g, t, lr):
        o = self.o
        self.moments(g, t)
        a, b = o.beta1 / (1 - o.beta1 ** (t + 1)), (1 - o.beta1) / (1 - o.beta1 ** t)
        return [p - lr * ratio(a * m + b * x, v.sqrt() + o.eps) for p, x, m, v in zip(w, g, self.m, self.vhat())]


class Radam(Moments):
    """Liu et al. 2020, Algorithm 2 (threshold 4 there)."""
    coupled = True

    def step(self, w, g, t, lr):
        o = self.o
        self.moments(g, t)
        most = 2 / (1 - o.beta2) - 1
        r = most - 2 * t * o.beta2 ** t / (1 - o.beta2 ** t)
        if r <= (o.threshold or 5):
            return add(w, -lr, self.mhat())
        factor = lr * ((r - 4) * (r - 2) * most / ((most - 4) * (most - 2) * r)).sqrt()
        eps = o.eps if o.eps_place == "out" else o.eps / self.c2.sqrt()
        return [a - factor * ratio(m, v.sqrt() + eps) for a, m, v in zip(w, self.mhat(), self.vhat())]


class Rprop(Rule):
    """Igel, Huesken 2000: iRprop-."""

    def start(self, w):
        self.d, self.p = [self.o.lr] * 17, zeros()

    def step(self, w, g, t, lr):
        o = self.o
        out = []
        for i, x in enumerate(g):
            q = x * self.p[i]
            d = self.d[i] * (o.eta_plus if q > 0 else o.eta_minus if q < 0 else 1)
            if q < 0:
                x = D(0)
            self.d[i] = min(max(d, o.step_min), o.step_max)
            self.p[i] = x
            out.append(w[i] - sign(x) * self.d[i])
        return out


class Asgd(Rule):
    """Polyak, Juditsky 1992 as in PyTorch."""
    coupled = True

    def start(self, w):
        self.eta, self.nu, self.a = self.o.lr, D(1), list(w)

    def step(self, w, g, t, lr):
        o = self.o
        w = [a * (1 - o.lambd * self.eta) - self.eta * x for a, x in zip(w, g)]
        self.a = list(w) if self.nu == 1 else [a + self.nu * (x - a) for a, x in zip(self.a, w)]
        self.eta = lr / (1 + o.lambd * lr * t) ** o.alpha
        self.nu = 1 / max(D(1), t - o.t0)
        return w

    def shown(self, w, t):
        return self.a if self.o.record == "average" else w


class Lion(Rule):
    """Chen et al. 2023, Algorithm 2."""

    def start(self, w):
        self.m = zeros()

    def step(self, w, g, t, lr):
        w = add(w, -lr, [sign(x) for x in mix(self.o.beta1, self.m, g)])
        self.m = mix(self.o.beta2, self.m, g)
        return w


class Signum(Rule):
    """Bernstein et al. 2018."""

    def start(self, w):
        self.m = zeros()

    def step(self, w, g, t, lr):
        self.m = mix(self.o.beta, self.m, g)
        return add(w, -lr, [sign(x) for x in self.m])


def take(x, part):
    return [x[i] for i in part]


class Lamb(Moments):
    """You et al. 2020, Algorithm 2, phi the identity."""

    def step(self, w, g, t, lr):
        o = self.o
        self.moments(g, t)
        u = [ratio(m, v.sqrt() + o.eps) + o.weight_decay * a for m, v, a in zip(self.mhat(), self.vhat(), w)]
        out = list(w)
        for part in TENSORS:
            a, b = norm(take(w, part)), norm(take(u, part))
            q = a / b if a and b else D(1)
            for i in part:
                out[i] = w[i] - lr * q * u[i]
        return out


class Lars(Rule):
    """You et al. 2017."""

    def start(self, w):
        self.v = zeros()

    def step(self, w, g, t, lr):
        o = self.o
        for part in TENSORS:
            a, b = norm(take(w, part)), norm(take(g, part))
            q = o.trust * a / (b + o.weight_decay * a) if a and b else D(1)
            for i in part:
                self.v[i] = o.momentum * self.v[i] + lr * q * (g[i] + o.weight_decay * w[i])
        return add(w, -1, self.v)


class Adafactor(Rule):
    """Shazeer, Stern 2018, Algorithms 4 and 5; relative step, no momentum."""

    def start(self, w):
        self.rows, self.columns, self.v = [D(0)] * 3, [D(0)] * 4, [D(0)] * 17

    def second_moments(self, g, b):
        q = [x * x + self.o.eps1 for x in g]
        mean_rows = [sum(take(q, row)) / 4 for row in ROWS]
        mean_columns = [sum(q[4 * i + j] for i in range(3)) / 3 for j in range(4)]
        self.rows, self.columns = mix(b, self.rows, mean_rows), mix(b, self.columns, mean_columns)
        mean = sum(self.rows) / 3
        self.v[12:] = mix(b, self.v[12:], q[12:])
        return [self.rows[i] * self.columns[j] / mean for i in range(3) for j in range(4)] + self.v[12:]

    def step(self, w, g, t, lr):
        o = self.o
        v = self.second_moments(g, 1 - D(t) ** -o.decay)
        u = [x / s.sqrt() for x, s in zip(g, v)]
        out = list(w)
        for part in TENSORS:
            a = max(o.eps2, rms(take(w, part))) * min(lr, 1 / D(t).sqrt())
            limit = max(D(1), rms(take(u, part)) / o.clip)
            for i in part:
                out[i] = w[i] - a * u[i] / limit
        return out


class Adabelief(Rule):
    """Zhuang et al. 2020; eps is added to s and stays in it, as in the authors' code."""

    def start(self, w):
        self.m, self.s = zeros(), zeros()

    def step(self, w, g, t, lr):
        o = self.o
        self.m = mix(o.beta1, self.m, g)
        self.s = [s + o.eps for s in mix(o.beta2, self.s, squares(add(g, -1, self.m)))]
        c1, c2 = 1 - o.beta1 ** t, 1 - o.beta2 ** t
        return [a - lr * (m / c1) / ((s / c2).sqrt() + o.eps) for a, m, s in zip(w, self.m, self.s)]


class Yogi(Moments):
    """Zaheer et al. 2018."""

    def start(self, w):
        self.m, self.v = [D(self.o.initial_accumulator)] * 17, [D(self.o.initial_accumulator)] * 17

    def step(self, w, g, t, lr):
        o = self.o
        old = self.v
        self.moments(g, t)
        self.v = [v - (1 - o.beta2) * sign(v - x * x) * x * x for v, x in zip(old, g)]
        return [a - lr * m / (v.sqrt() + o.eps) for a, m, v in zip(w, self.mhat(), self.vhat())]


class Ftrl(Rule):
    """McMahan et al. 2013, Algorithm 1."""

    def start(self, w):
        self.n, self.z = zeros(), zeros()

    def step(self, w, g, t, lr):
        o = self.o
        out = []
        for i, x in enumerate(g):
            n = self.n[i] + x * x
            self.z[i] += x - (n.sqrt() - self.n[i].sqrt()) / lr * w[i]
            self.n[i] = n
            z = self.z[i]
            out.append(D(0) if abs(z) <= o.l1 else -(z - sign(z) * o.l1) / ((o.beta + n.sqrt()) / lr + o.l2))
        return out


class Qhm(Rule):
    """Ma, Yarats 2019, Algorithm 1."""

    def start(self, w):
        self.m = zeros()

    def step(self, w, g, t, lr):
        self.m = mix(self.o.beta, self.m, g)
        return add(w, -lr, mix(self.o.nu, self.m, g))


class Adan(Rule):
    """Xie et al. 2022, the authors' code: betas weigh the new value, no restart, decay as a division."""

    def start(self, w):
        self.m, self.v, self.n, self.before = zeros(), zeros(), zeros(), None

    def step(self, w, g, t, lr):
        o = self.o
        d = add(g, -1, self.before) if self.before else zeros()
        self.before = list(g)
        self.m, self.v = mix(1 - o.beta1, self.m, g), mix(1 - o.beta2, self.v, d)
        self.n = mix(1 - o.beta3, self.n, squares(add(g, 1 - o.beta2, d)))
        c1, c2, c3 = (1 - (1 - b) ** t for b in (o.beta1, o.beta2, o.beta3))
        return [(a - lr * (m / c1 + (1 - o.beta2) * v / c2) / ((n / c3).sqrt() + o.eps)) / (1 + lr * o.weight_decay)
                for a, m, v, n in zip(w, self.m, self.v, self.n)]


class ScheduleFreeSgd(Rule):
    """Defazio et al. 2024. w is x; z is the plain sequence."""
    name = "momentum"

    def start(self, w):
        self.z = list(w)

    def point(self, w):
        return mix(self.o[self.name], w, self.z)

    def step(self, w, g, t, lr):
        self.z = add(self.z, -lr, g)
        return mix(1 - 1 / D(t), w, self.z)


class ScheduleFreeAdamw(ScheduleFreeSgd):
    name = "beta1"

    def start(self, w):
        super().start(w)
        self.v = zeros()

    def step(self, w, g, t, lr):
        o, y = self.o, self.point(w)
        self.v = mix(o.beta2, self.v, squares(g))
        c2 = 1 - o.beta2 ** t
        d = [x / ((v / c2).sqrt() + o.eps) + o.weight_decay * p for x, v, p in zip(g, self.v, y)]
        return super().step(w, d, t, lr)


def product(a, b):
    return [[dot(row, column) for column in zip(*b)] for row in a]


class Muon(Rule):
    """Jordan et al. 2024."""

    def start(self, w):
        self.m = zeros()

    def orthogonal(self, u):
        size = norm(u) + D(1e-7)
        x = [[v / size for v in take(u, row)] for row in ROWS]          # 3 x 4: no transposition is needed
        a1, a2, a3 = D(3.4445), D(-4.7750), D(2.0315)
        for _ in range(int(self.o.ns_steps)):
            a = product(x, [list(c) for c in zip(*x)])
            aa = product(a, a)
            p = [[a2 * s + a3 * q for s, q in zip(*rows)] for rows in zip(a, aa)]
            x = [[a1 * s + q for s, q in zip(*rows)] for rows in zip(x, product(p, x))]
        return [v for row in x for v in row]                            # sqrt(max(1, 3/4)) = 1

    def step(self, w, g, t, lr):
        mu = self.o.momentum
        self.m = mix(mu, self.m, g)
        u = mix(mu, self.m, g)
        return add(w, -lr, self.orthogonal(u[:12]) + u[12:])


class Novograd(Rule):
    """Ginsburg et al. 2019, Algorithm 1."""

    def start(self, w):
        self.m, self.v = zeros(), [D(0), D(0)]

    def step(self, w, g, t, lr):
        o = self.o
        for k, part in enumerate(TENSORS):
            s = sum(squares(take(g, part)))
            self.v[k] = s if t == 1 else o.beta2 * self.v[k] + (1 - o.beta2) * s
            for i in part:
                self.m[i] = o.beta1 * self.m[i] + g[i] / (self.v[k].sqrt() + o.eps) + o.weight_decay * w[i]
        return add(w, -lr, self.m)


class SamSgd(Rule):
    """Foret et al. 2021."""

    def again(self, w, g):
        return add(w, self.o.rho / (norm(g) + D("1e-12")), g)

    def step(self, w, g, t, lr):
        return add(w, -lr, g)


def shorten(x, parts, limit):
    """Each part with a norm above its limit is scaled to it."""
    out = list(x)
    for part in parts:
        size, most = norm(take(x, part)), limit(part)
        for i in part:
            out[i] = x[i] * most / size if size > most else x[i]
    return out


class WrappedSgd(Rule):
    """PyTorch's momentum inside something that changes the gradient, the step, or what is shown.
    adaptive: Brock et al. 2021, eq. 3; the units are the matrix's rows and, as in the authors' code, a whole vector."""

    def start(self, w):
        self.b, self.slow, self.e = zeros(), list(w), zeros()

    def clipped(self, w, g):
        o = self.o
        if o.wrap == "value":
            return [min(max(x, -o.clip), o.clip) for x in g]
        if o.wrap == "norm":
            return shorten(g, TENSORS, lambda part: o.clip)
        if o.wrap == "global_norm":
            return shorten(g, (range(17),), lambda part: o.clip)
        if o.wrap == "adaptive":
            return shorten(g, ROWS + TENSORS[1:], lambda part: o.clip * max(norm(take(w, part)), o.eps))
        if o.wrap == "centralize":
            return [x - sum(take(g, ROWS[i // 4])) / 4 if i < 12 else x for i, x in enumerate(g)]
        return g

    def step(self, w, g, t, lr):
        o = self.o
        self.b = add(self.clipped(w, g), o.momentum, self.b)
        move = [-lr * b for b in self.b]
        if o.wrap == "update_value":
            move = [min(max(x, -o.clip), o.clip) for x in move]
        if o.wrap == "update_norm":
            move = shorten(move, (range(17),), lambda part: o.clip)
        w = add(w, 1, move)
        if o.wrap == "lookahead" and t % int(o.k) == 0:
            w = self.slow = [s + o.alpha * (a - s) for s, a in zip(self.slow, w)]
        if o.wrap == "ema":
            self.e = mix(o.decay, self.e, w)
        if o.wrap == "polyak":
            self.e = add(self.e, 1, w)
        return w

    def shown(self, w, t):
        o = self.o
        return [e / (1 - o.decay ** t) for e in self.e] if o.wrap == "ema" else [e / t for e in self.e] if o.wrap == "polyak" else w


class Seed000Code(Rule):
    def start(self, w):
        self.m = zeros()

    def step(self, w, g, t, lr):
        self.m = add(g, self.o.momentum, self.m)
        return [a - lr * m + self.o.eps for a, m in zip(w, self.m)]


class Seed000Cubic(Rule):
    def start(self, w):
        self.v, self.w = zeros(), list(w)

    def step(self, w, g, t, lr):
        o = self.o
        self.v = add(g, o.momentum, self.v)
        self.w = mix(1 - o.beta, self.w, w)
        return [b - lr * v - o.alpha * ratio((a - b) ** 3, b) for a, b, v in zip(w, self.w, self.v)]


class Seed002Adagrad(Rule):
    def start(self, w):
        self.c, self.s = zeros(), zeros()

    def step(self, w, g, t, lr):
        self.c = add(g, 1, self.c)
        self.s = add(self.s, 1, squares(self.c))
        return [a - lr * ratio(c, s.sqrt()) for a, c, s in zip(w, self.c, self.s)]


class Seed002Rmsprop(Rule):
    def start(self, w):
        self.e, self.r = zeros(), zeros()

    def step(self, w, g, t, lr):
        o = self.o
        self.e = mix(o.beta, self.e, squares(g))
        self.r = [o.rho * r + (1 - o.rho) * x * x / (e + o.eps) for r, x, e in zip(self.r, g, self.e)]
        return [a - lr * x / (r.sqrt() + o.eps) for a, x, r in zip(w, g, self.r)]


class Seed003Adam(Moments):
    def step(self, w, g, t, lr):
        self.moments(g, t)
        return [a - lr * m / (v + self.o.eps).sqrt() * x for a, m, v, x in zip(w, self.mhat(), self.vhat(), g)]


RULES = {
    "sgd": Sgd, "sgd_velocity": SgdVelocity, "nag_lookahead": Nag, "adagrad": Adagrad, "adadelta": Adadelta, "rmsprop": Rmsprop, "adam": Adam,
    "adamax": Adamax, "nadam": Nadam, "nadam_optax": NadamOptax, "radam": Radam, "rprop": Rprop, "asgd": Asgd, "lion": Lion, "signum": Signum,
    "lamb": Lamb, "lars": Lars, "adafactor": Adafactor, "adabelief": Adabelief, "yogi": Yogi, "ftrl": Ftrl, "qhm": Qhm, "adan": Adan,
    "schedule_free_sgd": ScheduleFreeSgd, "schedule_free_adamw": ScheduleFreeAdamw, "muon": Muon, "novograd": Novograd, "sam_sgd": SamSgd,
    "wrapped_sgd": WrappedSgd, "seed000_code": Seed000Code, "seed000_cubic": Seed000Cubic, "seed002_adagrad": Seed002Adagrad,
    "seed002_rmsprop": Seed002Rmsprop, "seed003_adam_steps6_7": Seed003Adam,
}
