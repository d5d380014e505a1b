#!/usr/bin/env python3
"""Seconds in which other programs read a LIBSVM file, or one of numbers between commas: the peers of `thalweg bench parse FILE --peer bench/parse_peers.py`.

scikit-learn: load_svmlight_file. liblinear: liblinear-train with a tolerance that it refuses once it has read the file; its whole process counts,
about a millisecond more. NumPy: loadtxt. pandas: read_csv with its C parser. What is not installed is left out.
SPDX-License-Identifier: MIT"""
import json
import shutil
import subprocess
import sys
import time


def scikit_learn(path):
    try:
        from sklearn.datasets import load_svmlight_file
    except ImportError:
        return None
    start = time.perf_counter()
    load_svmlight_file(path)
    return time.perf_counter() - start


def liblinear(path):
    program = shutil.which("liblinear-train")
    if not program:
        return None
    start = time.perf_counter()
    done = subprocess.run([program, "-e", "-1", "-q", path, "/dev/null"], capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if "eps <= 0" not in done.stderr + done.stdout:
        sys.exit(f"parse_peers.py: liblinear-train did not read the file: {done.stderr}{done.stdout}")
    return seconds


def numpy(path):
    try:
        from numpy import loadtxt
    except ImportError:
        return None
    start = time.perf_counter()
    loadtxt(path, delimiter=",")
    return time.perf_counter() - start


def pandas(path):
    try:
        from pandas import read_csv
    except ImportError:
        return None
    start = time.perf_counter()
    read_csv(path, header=None, engine="c")
    return time.perf_counter() - start


with open(sys.argv[1], "rb") as file:
    is_csv = b"," in file.readline()
peers = {"NumPy": numpy, "pandas": pandas} if is_csv else {"scikit-learn": scikit_learn, "liblinear": liblinear}
seconds = {name: read(sys.argv[1]) for name, read in peers.items()}
print(json.dumps({name: x for name, x in seconds.items() if x is not None}))
