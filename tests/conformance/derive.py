#!/usr/bin/env python3
"""Works the reference trajectories out independently of the C sources, in decimal arithmetic with 50 digits.

--check DIR   compares a folder of the format with what is worked out here; exit code 1 if something is further off than 1e-12
--write DIR   writes our own folder: other starts, gradients and hyperparameters than those that lie beside the tree
SPDX-License-Identifier: MIT
"""
import csv
import decimal
import os
import random
import struct
import sys

sys.dont_write_bytecode = True
from decimal import Decimal as D
from derive_cases import CASES, SCHEDULE_ROWS, finite_sum_data, make_inputs
from derive_keras import KERAS_RULES
from derive_libraries import LIBRARY_RULES
from derive_more_rules import MORE_RULES
from derive_rules import RULES
from derive_schedules import SCHEDULES
from derive_sums import METHODS, SHOWN, Problem, run

STEPS = (1, 2, 3, 5, 10, 20, 50, 51, 75, 100)
RATES = 60
LIMIT = D("1e-12")
decimal.getcontext().prec = 50


class Options(dict):
    """key=value;... An option that is not given is 0, which is also off."""

    def __missing__(self, key):
        return D(0)

    def __getattr__(self, key):
        return self[key]


def exact(text):
    """A number as the program reads it: rounded to double."""
    above, _, below = text.partition("/")
    return D(float(above)) / D(float(below or 1))


def value(text):
    if text in ("True", "False", "None"):
        return {"True": True, "False": False, "None": None}[text]
    if "|" in text:
        return [exact(x) for x in text.split("|")]
    try:
        return exact(text)
    except ValueError:
        return text


def options(text):
    return Options((k, value(v)) for k, _, v in (item.partition("=") for item in text.split(";")) if k)


class Inputs:
    def __init__(self, rows):
        self.rows = {(r[0], int(r[1])): [D(float(x)) for x in r[2:]] for r in rows}

    def gradient(self, mode, t, w):
        if mode == "open":
            return self.rows["grad", t]
        return [c * (a - s) + n for c, a, s, n in zip(self.rows["curv", 0], w, self.rows["star", 0], self.rows["noise", t])]


def trajectory(inputs, rule, mode, o, rounded=None):
    """{step: what is shown after it}. rounded: how a vector is stored, where it is not exact."""
    store = rounded or list
    w = store(inputs.rows["theta0", 0])
    of = (RULES | MORE_RULES | KERAS_RULES | LIBRARY_RULES)[rule]
    o = Options({key: value(text) for key, text in of.defaults.items()} | o)
    method, shown = of(o, w), {}
    for t in range(1, STEPS[-1] + 1):
        after_drop = o.lr_drop_at and t >= o.lr_drop_at
        lr = o.lr * o.lr_drop if after_drop else o.lr
        g = store(inputs.gradient(mode, t, method.point(w)))
        second = method.again(w, g)
        if second:
            g = store(inputs.gradient(mode, t, second))
        if o.maximize:
            g = [-x for x in g]
        if method.coupled and o.weight_decay:
            g = [x + o.weight_decay * a for x, a in zip(g, w)]
        decay = lr * (o.weight_decay_lr + o.decoupled_weight_decay) + o.weight_decay_pure
        w = store(method.step([a - decay * a for a in w], g, t, lr))
        if rounded:
            for name, kept in vars(method).items():
                if isinstance(kept, list) and len(kept) == 17:
                    setattr(method, name, store(kept))
        if t in STEPS:
            shown[t] = method.shown(w, t)
    return shown


def miss(got, want):
    return abs(got - want) / max(D(1), abs(want))


def worst(got, want):
    return max(miss(a, b) for t in want for a, b in zip(got[t], want[t]))


def roughly(chance, code, relative):
    """Stores a vector as `code` (f, d), and moves each value by up to `relative` more: another order of the same operations."""
    def store(x):
        return [D(struct.unpack(code, struct.pack(code, float(v) * (1 + relative * chance.uniform(-1, 1))))[0]) for v in x]
    return store


def tolerance(inputs, rule, mode, o, want, code, relative, least):
    """20 times what rounding of the state, the parameters and the gradient once per step does, but not below `least`."""
    runs = [trajectory(inputs, rule, mode, o, roughly(random.Random(seed), code, relative)) for seed in range(3)]
    return max(least, 20 * float(max(worst(r, want) for r in runs)))


def read(folder, name):
    with open(os.path.join(folder, name), newline="") as f:
        return [row for row in csv.reader(f) if row]


def number(x):
    return format(float(x), ".17g")


def finite_sums(rows):
    """Every row that can be worked out: (problem/method, k) -> w."""
    x = [[D(float(v)) for v in r[2:]] for r in rows if r[0] == "X"]
    named = {r[0]: r[2:] for r in rows if r[0] in ("y_ridge", "y_logistic", "index")}
    index = [int(v) for v in named["index"]]
    out = {}
    for kind in ("ridge", "logistic"):
        problem = Problem(kind, x, [D(float(v)) for v in named["y_" + kind]])
        out[kind + "/optimum", 0] = problem.optimum()
        for method in METHODS:
            for k, w in run(problem, method, index):
                if k in SHOWN:
                    out[f"{kind}/{method}", k] = w
    return out


def check(folder):
    inputs, bad, done = Inputs(read(folder, "inputs.csv")), 0, 0
    expected = {}
    for row in read(folder, "expected.csv"):
        expected.setdefault(row[0], {})[int(row[1])] = [D(float(x)) for x in row[2:]]

    def report(name, error):
        nonlocal bad, done
        done += 1
        if error > LIMIT:
            bad += 1
            print(f"{name}: off by {float(error):.3g}")
    for name, rule, mode, _, _, _, text in read(folder, "cases.csv"):
        report(name, worst(trajectory(inputs, rule, mode, options(text)), expected[name]))
    for name, text, *rates in read(folder, "schedules.csv"):
        o = options(text)
        report("schedule " + name, max(miss(SCHEDULES[name](D(s), o), D(float(r))) for s, r in enumerate(rates)))
    rows = read(folder, "finite_sum.csv")
    got = finite_sums(rows)
    for name, k, *w in rows:
        if "/" in name:
            report(f"{name},{k}", max(miss(a, D(float(b))) for a, b in zip(got[name, int(k)], w)))
    print(f"{done} compared, {bad} off by more than {LIMIT}")
    return 1 if bad else 0


def write(folder):
    def save(name, rows):
        with open(os.path.join(folder, name), "w", newline="\n") as f:
            f.writelines(",".join(row) + "\n" for row in rows)
    rows = [[what, str(i)] + [number(x) for x in x_row] for what, i, x_row in make_inputs()]
    inputs, cases, expected = Inputs(rows), [], []
    save("inputs.csv", rows)
    for name, rule, modes, text in CASES:
        for mode in modes.split():
            o = options(text)
            want = trajectory(inputs, rule, mode, o)
            fine = tolerance(inputs, rule, mode, o, want, "d", 2.0 ** -53, 1e-12)
            coarse = tolerance(inputs, rule, mode, o, want, "f", 2.0 ** -24, 1e-5)
            cases.append([f"{name}/{mode}", rule, mode, f"{fine:.3g}", f"{coarse:.3g}", "decimal", text])
            expected += [[f"{name}/{mode}", str(t)] + [number(x) for x in want[t]] for t in STEPS]
    save("cases.csv", cases)
    save("expected.csv", expected)
    save("schedules.csv", [[name, text] + [number(SCHEDULES[name](D(s), options(text))) for s in range(RATES)] for name, text in SCHEDULE_ROWS])
    rows = [[name, str(i)] + [number(x) for x in values] for name, i, values in finite_sum_data()]
    save("finite_sum.csv", rows + [[name, str(k)] + [number(x) for x in w] for (name, k), w in finite_sums(rows).items()])
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("--check", "--write"):
        sys.exit("usage: derive.py --check DIR | --write DIR")
    sys.exit((check if sys.argv[1] == "--check" else write)(sys.argv[2]))
