"""Every schedule, worked out once more from the format's README: the rate after s updates, from the base rate 0.1.
SPDX-License-Identifier: MIT
"""
from decimal import Decimal as D, getcontext

BASE = D(0.1)


def pi():
    """Machin: 16 arctan(1/5) - 4 arctan(1/239)."""
    def arctan(n):
        term = total = 1 / D(n)
        k = 1
        while abs(term) > D(10) ** -(getcontext().prec + 5):
            term = -term / (n * n)
            k += 2
            total += term / k
        return total
    return 16 * arctan(5) - 4 * arctan(239)


def cosine(x):
    """cos(pi x)"""
    x = abs(x) % 2
    x = 2 - x if x > 1 else x
    angle = x * pi()
    term = total = D(1)
    k = 0
    while abs(term) > D(10) ** -(getcontext().prec + 5):
        k += 2
        term = -term * angle * angle / (k * (k - 1))
        total += term
    return total


def floor(x):
    return D(x).to_integral_value(rounding="ROUND_FLOOR")


def ceil(x):
    return D(x).to_integral_value(rounding="ROUND_CEILING")


def halved(x):
    """From 1 at x = 0 to 0 at x = 1."""
    return (1 + cosine(x)) / 2


def sgdr(s, o):
    length = o.T_0
    while s >= length:
        s, length = s - length, length * o.T_mult
    return o.eta_min + (BASE - o.eta_min) * halved(s / length)


def cyclic(kind):
    def rate(s, o):
        c = floor(1 + s / (2 * o.step_size))
        x = abs(s / o.step_size - 2 * c + 1)
        k = {"triangular": 1, "triangular2": D(2) ** -(c - 1), "exp_range": o.gamma ** s}[kind]
        return o.base + (o.max - o.base) * max(D(0), 1 - x) * k
    return rate


def onecycle(s, o):
    up = o.pct_start * o.total - 1
    start, end, q = (BASE / o.div, BASE, s / up) if s <= up else (BASE, BASE / o.div / o.final_div, (s - up) / (o.total - 1 - up))
    return end + (start - end) * halved(q)


def polynomial_keras(s, o, length):
    return (BASE - o.end) * (1 - min(s, length) / length) ** o.power + o.end


def piecewise(s, o):
    for edge, value in zip(o.boundaries, o["values"]):
        if s <= edge:
            return value
    return o["values"][-1]


def wsd(s, o):
    if s < o.warmup:
        return BASE * (s + 1) / o.warmup
    return BASE if s < o.warmup + o.stable else BASE * (o.warmup + o.stable + o.decay - s) / o.decay


SCHEDULES = {
    "constant": lambda s, o: BASE,
    "step": lambda s, o: BASE * o.gamma ** floor(s / o.step_size),
    "multistep": lambda s, o: BASE * o.gamma ** sum(m <= s for m in o.milestones),
    "exponential": lambda s, o: BASE * o.gamma ** s,
    "exponential_keras": lambda s, o: BASE * o.decay_rate ** (s / o.decay_steps),
    "exponential_keras_staircase": lambda s, o: BASE * o.decay_rate ** floor(s / o.decay_steps),
    "inverse_time_keras": lambda s, o: BASE / (1 + o.decay_rate * s / o.decay_steps),
    "legacy_keras_decay": lambda s, o: BASE / (1 + o.decay * s),
    "inv_sqrt": lambda s, o: BASE / (s + 1).sqrt(),
    "inv_caffe": lambda s, o: BASE * (1 + o.gamma * s) ** -o.power,
    "polynomial": lambda s, o: BASE * (1 - min(s, o.total) / o.total) ** o.power,
    "polynomial_keras": lambda s, o: polynomial_keras(s, o, o.decay_steps),
    "polynomial_keras_cycle": lambda s, o: polynomial_keras(s, o, o.decay_steps * max(D(1), ceil(s / o.decay_steps))),
    "piecewise_keras": piecewise,
    "linear": lambda s, o: BASE * (o.start_factor + (1 - o.start_factor) * min(s, o.total) / o.total),
    "cosine": lambda s, o: o.eta_min + (BASE - o.eta_min) * halved(s / o.T_max),
    "cosine_keras": lambda s, o: BASE * ((1 - o.alpha) * halved(min(s, o.decay_steps) / o.decay_steps) + o.alpha),
    "sgdr": sgdr,
    "cyclic_triangular": cyclic("triangular"),
    "cyclic_triangular2": cyclic("triangular2"),
    "cyclic_exp_range": cyclic("exp_range"),
    "onecycle": onecycle,
    "warmup_linear_cosine": lambda s, o: BASE * (s + 1) / o.warmup if s < o.warmup else BASE * halved((s - o.warmup) / (o.total - o.warmup)),
    "noam": lambda s, o: BASE * min(1 / (s + 1).sqrt(), (s + 1) * o.warmup ** D("-1.5")),
    "wsd": wsd,
}
