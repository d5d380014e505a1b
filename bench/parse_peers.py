#!/usr/bin/env python3
"""Seconds in which other programs read a LIBSVM file: the peers of `thalweg bench parse FILE --peer bench/parse_peers.py`.

scikit-learn: load_svmlight_file. liblinear: liblinear-train with a tolerance that it refuses once it has read the file; its whole process counts,
about a millisecond more. What is not installed is left out.
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


seconds = {"scikit-learn": scikit_learn(sys.argv[1]), "liblinear": liblinear(sys.argv[1])}
print(json.dumps({name: x for name, x in seconds.items() if x is not None}))
