#!/usr/bin/env python3
"""Seconds in which other programs bring a linear model's loss near its optimum: the peers of `thalweg bench linear FILE --peer bench/linear_peers.py`.

usage: linear_peers.py FILE MODEL L2 L1 OPTIMUM
The model has no intercept (that of liblinear is penalised), and the loss is mean loss + l2/2 |w|^2 + l1 |w|_1. Every fit is a new one, with a lower
tolerance or more iterations than the one before; the first that is within 1e-3, 1e-6 and 1e-9 of the optimum counts, reading and copying the rows does
not. scikit-learn: LogisticRegression, LinearSVC, Ridge, SGDClassifier. liblinear: its own Python interface (Debian: python3-liblinear). What is not
installed is left out.
SPDX-License-Identifier: MIT"""
import bz2
import gzip
import json
import lzma
import os
import sys
import time
import warnings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy
import scipy
from sklearn.datasets import load_svmlight_file
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier

warnings.filterwarnings("ignore")
SHARES = (1e-3, 1e-6, 1e-9)
BUDGET = float(os.environ.get("SECONDS_EACH", "20"))

path, model, l2, l1, optimum = sys.argv[1], sys.argv[2], *(float(x) for x in sys.argv[3:6])
kind, _, options = model.partition(":")
options = dict(item.split("=") for item in options.split(",") if item)
if options.get("intercept") != "0":
    sys.exit("linear_peers.py: give the model intercept=0: liblinear penalises an intercept")
hinge = kind == "svm" and options.get("loss") == "hinge"
packed = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
with packed.get(os.path.splitext(path)[1], open)(path, "rb") as file:
    X, y = load_svmlight_file(file)
n = X.shape[0]
if kind in ("logistic", "svm"):
    if len(numpy.unique(y)) != 2:
        sys.exit("linear_peers.py: two classes are compared")
    y = numpy.where(y == y.max(), 1.0, -1.0)


def loss(w):
    w = numpy.ravel(w)
    z = X @ w
    each = {"logistic": lambda: numpy.logaddexp(0, -y * z), "svm": lambda: numpy.maximum(0, 1 - y * z) ** (1 if hinge else 2),
            "ridge": lambda: (z - y) ** 2 / 2, "linear": lambda: (z - y) ** 2 / 2}[kind]()
    return each.mean() + l2 / 2 * (w @ w) + l1 * numpy.abs(w).sum()


def sweep(fit, settings):
    """[seconds to each share]: fit(setting) returns weights."""
    reached, spent = [None] * len(SHARES), 0
    for setting in settings:
        start = time.perf_counter()
        w = fit(setting)
        seconds = time.perf_counter() - start
        spent += seconds
        gap = (loss(w) - optimum) / abs(optimum)
        reached = [seconds if old is None and gap <= share else old for old, share in zip(reached, SHARES)]
        if reached[-1] is not None or spent > BUDGET:
            break
    return reached


def liblinear_methods():
    try:
        from liblinear.liblinearutil import parameter, problem, train
    except ImportError:
        try:
            from liblinearutil import parameter, problem, train
        except ImportError:
            return
    solvers = {("logistic", False): (6,), ("logistic", True): (0, 7), ("svm", False): (5,), ("svm", True): (3,) if hinge else (2, 1)}.get((kind, l2 > 0), ())
    if l2 > 0 and l1 > 0:
        return
    if not hasattr(scipy, "ctypeslib"):
        scipy.ctypeslib = numpy.ctypeslib  # liblinear 2.3's interface takes what SciPy has not had since 1.9 or so
    rows = problem(y, X, -1)
    for s in solvers:
        def fit(eps):
            m = train(rows, parameter(f"-s {s} -c {1 / ((l2 or l1) * n):.17g} -e {eps:g} -B -1 -q"))
            sign = 1 if m.get_labels()[0] == 1 else -1
            return sign * numpy.array([m.get_decfun_coef(i + 1) for i in range(m.nr_feature)])
        yield f"liblinear -s {s}", fit, [10 ** (-k / 2) for k in range(0, 21)]


def scikit_methods():
    steps = [1, 2, 3, 4, 5, 7, 10, 14, 20, 28, 40, 57, 80, 113, 160, 226, 320, 453, 640, 1280, 2560]
    if kind == "logistic":
        C = 1 / ((l2 or l1) * n)
        names = ["lbfgs", "newton-cholesky", "newton-cg", "sag", "saga", "liblinear"] if l1 == 0 else ["saga", "liblinear"]
        if X.shape[1] > 2000 and "newton-cholesky" in names:
            names.remove("newton-cholesky")
        for name in names if l2 == 0 or l1 == 0 else []:
            yield f"scikit-learn {name}", lambda k, name=name: LogisticRegression(
                solver=name, penalty="l1" if l1 > 0 else "l2", C=C, fit_intercept=False, tol=1e-30 if name != "liblinear" else 1e-14, max_iter=k,
                random_state=0).fit(X, y).coef_, steps
    if kind in ("ridge", "linear") and l1 == 0:
        for name in ("cholesky", "lsqr", "sparse_cg", "sag"):
            yield f"scikit-learn {name}", lambda k, name=name: Ridge(
                solver=name, alpha=l2 * n, fit_intercept=False, tol=1e-15, max_iter=k, random_state=0).fit(X, y).coef_, steps
    if kind in ("logistic", "svm") and l1 == 0:
        of = "log_loss" if kind == "logistic" else "hinge" if hinge else "squared_hinge"
        yield "scikit-learn SGD", lambda k: SGDClassifier(
            loss=of, alpha=l2, fit_intercept=False, tol=None, max_iter=k, random_state=0).fit(X, y).coef_, steps[:16]


results = {name: sweep(fit, settings) for methods in (liblinear_methods(), scikit_methods()) for name, fit, settings in methods}
print(json.dumps(results))
