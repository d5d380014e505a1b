#!/usr/bin/env python3
"""Nanoseconds of CPU time per non-zero that a pass of sag and saga takes, ours and scikit-learn's, in turn.

usage: finite_sums.py THALWEG FILE...
Logistic regression with l2 = 1e-5, batch 1, double, one thread; sparse LIBSVM files of two classes, packed or not (of more classes, the first against
the rest in scikit-learn). A pass is what 40 more epochs take, divided by 40, so that reading does not count; the least and the median of 9.
SPDX-License-Identifier: MIT"""
import bz2
import lzma
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
from sklearn.datasets import load_svmlight_file
from sklearn.linear_model import LogisticRegression

warnings.filterwarnings("ignore")
FEW, MANY, TURNS = 5, 45, 9


def ours(program, path, method, epochs):
    def spent():
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime
    start = spent()
    with tempfile.TemporaryDirectory() as out:
        subprocess.run([program, "train", path, "--model", "logistic", "--l2", "1e-5", "--estimator", method, "--optimizer", "sgd:lr=0.05", "--batch", "1",
                        "--dtype", "f64", "--val", "0", "--epochs", str(epochs), "--threads", "1", "--out", out, "--force", "-q"],
                       check=True, stdout=subprocess.DEVNULL)
    return spent() - start


def theirs(x, y, method, epochs):
    model = LogisticRegression(solver=method, C=1 / (1e-5 * x.shape[0]), max_iter=epochs, tol=0, random_state=0)
    start = time.process_time()
    model.fit(x, y)
    return time.process_time() - start


def main(program, *paths):
    packed = {".bz2": bz2.open, ".xz": lzma.open}
    for path in paths:
        with packed.get(os.path.splitext(path)[1], open)(path, "rb") as file:
            x, y = load_svmlight_file(file)
        y = (y == y[0]).astype(int)
        for method in ("sag", "saga"):
            times = {"thalweg": [], "scikit-learn": []}
            for _ in range(TURNS):
                times["thalweg"].append(ours(program, path, method, MANY) - ours(program, path, method, FEW))
                times["scikit-learn"].append(theirs(x, y, method, MANY) - theirs(x, y, method, FEW))
            for name, each in times.items():
                ns = [1e9 * t / (MANY - FEW) / x.nnz for t in each]
                print(f"{os.path.basename(path)} {method} {name}: {min(ns):.1f} at the least, {statistics.median(ns):.1f} ns per non-zero")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
