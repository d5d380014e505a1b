"""Finite sums, worked out once more from the format's README: ridge and logistic regression under sgd, sag, saga, svrg, sarah, katyusha and
miso.
SPDX-License-Identifier: MIT
"""
from decimal import Decimal as D
from derive_rules import add, dot

STEP, PENALTY = D("0.1"), D("0.05")
SHOWN = (1, 2, 3, 8, 9, 16, 17, 18, 50, 100, 200)
METHODS = ("sgd", "sag_n", "sag_seen", "saga", "svrg_m16", "sarah_m16", "katyusha_m16", "katyusha_strong_m16", "miso")


class Problem:
    def __init__(self, kind, x, y):
        self.kind, self.x, self.y, self.n, self.d = kind, x, y, len(x), len(x[0])

    def slope(self, i, w):
        """The derivative of row i's loss by its score x.w"""
        score, y = dot(self.x[i], w), self.y[i]
        return score - y if self.kind == "ridge" else -y / (1 + (y * score).exp())

    def row(self, i, w):
        s = self.slope(i, w)
        return [s * x + 2 * PENALTY * a for x, a in zip(self.x[i], w)]

    def full(self, w):
        return mean([self.row(i, w) for i in range(self.n)])

    def curvature(self, w):
        h = [[2 * PENALTY * (i == j) for j in range(self.d)] for i in range(self.d)]
        for k, x in enumerate(self.x):
            p = 1 if self.kind == "ridge" else 1 / (1 + (-dot(x, w)).exp())
            c = D(1) if self.kind == "ridge" else p * (1 - p)
            for i in range(self.d):
                for j in range(self.d):
                    h[i][j] += c * x[i] * x[j] / self.n
        return h

    def optimum(self):
        """Newton from 0; for ridge the first step is exact."""
        w = [D(0)] * self.d
        for _ in range(60):
            step = solve(self.curvature(w), self.full(w))
            w = add(w, -1, step)
        return w


def mean(rows):
    return [sum(column) / len(rows) for column in zip(*rows)]


def solve(a, b):
    """Gauss with pivots."""
    rows, n = [list(r) + [v] for r, v in zip(a, b)], len(b)
    for k in range(n):
        p = max(range(k, n), key=lambda i: abs(rows[i][k]))
        rows[k], rows[p] = rows[p], rows[k]
        for i in range(n):
            if i != k:
                rows[i] = add(rows[i], -rows[i][k] / rows[k][k], rows[k])
    return [rows[k][n] / rows[k][k] for k in range(n)]


def katyusha(problem, sigma, index):
    """Allen-Zhu 2017: algorithm 1 with option I, and algorithm 2 where sigma is 0; 1/(3 L) is the step."""
    y = z = snapshot = [D(0)] * problem.d
    seen = []
    for k in range(1, SHOWN[-1] + 1):
        round_, j = divmod(k - 1, 16)
        tau = min((16 * sigma * STEP).sqrt(), D("0.5")) if sigma else D(2) / (round_ + 4)
        alpha = STEP / tau
        if j == 0:
            if seen:
                weights = [(1 + alpha * sigma) ** i for i in range(16)]
                snapshot = [sum(p * a for p, a in zip(weights, column)) / sum(weights) for column in zip(*seen)]
            full, seen = problem.full(snapshot), []
        x = [tau * a + b / 2 + (D("0.5") - tau) * c for a, b, c in zip(z, snapshot, y)]
        i = index[k - 1]
        d = add(add(problem.row(i, x), -1, problem.row(i, snapshot)), 1, full)
        z = add(z, -alpha, d)
        y = add(x, -STEP, d)
        seen.append(y)
        yield k, y


def miso(problem, index):
    """Mairal 2015 and Defazio, Domke & Caetano 2014: the mean of the points less the step times the mean of the gradients."""
    w, points, gradients = [D(0)] * problem.d, {}, {}
    for k in range(1, SHOWN[-1] + 1):
        i = index[k - 1]
        points[i], gradients[i] = w, problem.row(i, w)
        w = add(mean(list(points.values())), -STEP, mean(list(gradients.values())))
        yield k, w


def run(problem, method, index):
    """Yields (k, w) after each inner step."""
    if method.startswith("katyusha"):
        yield from katyusha(problem, D("0.1") if "strong" in method else D(0), index)
        return
    if method == "miso":
        yield from miso(problem, index)
        return
    w = [D(0)] * problem.d
    table, seen = [[D(0)] * problem.d for _ in range(problem.n)], set()
    for k in range(1, SHOWN[-1] + 1):
        i = index[k - 1]
        fresh = (k - 1) % 16 == 0
        g = problem.row(i, w)
        if method == "sgd":
            d = g
        elif method in ("sag_n", "sag_seen"):
            table[i] = g
            seen.add(i)
            d = [sum(c) / (problem.n if method == "sag_n" else len(seen)) for c in zip(*table)]
        elif method == "saga":
            d = add(add(g, -1, table[i]), 1, mean(table))
            table[i] = g
        elif method == "svrg_m16":
            if fresh:
                u, full = w, problem.full(w)
            d = add(add(g, -1, problem.row(i, u)), 1, full)
        else:
            d = problem.full(w) if fresh else add(add(g, -1, problem.row(i, before)), 1, d)
            before = w
        w = add(w, -STEP, d)
        yield k, w
