#!/usr/bin/env python3
"""Times of one optimiser step of PyTorch: the peer of `thalweg bench step --peer bench/torch_step.py`.

Each of PyTorch's loops (plain, foreach, and fused where this version has it) is warmed up by two steps, then timed step by step for --seconds, at
least five; a line of JSON for each loop has the median in ns per weight. The gradient is there before, so no forward or backward pass counts.
SPDX-License-Identifier: MIT"""
import argparse
import json
import statistics
import sys
import time

try:
    import torch
except ImportError as e:
    sys.exit(f"torch_step.py: PyTorch is missing ({e}); Debian: apt-get install python3-torch")

RULES = {
    "sgd": (torch.optim.SGD, {}), "momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "nag": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}), "adagrad": (torch.optim.Adagrad, {}),
    "adadelta": (torch.optim.Adadelta, {}), "rmsprop": (torch.optim.RMSprop, {}), "adam": (torch.optim.Adam, {}),
    "adamw": (torch.optim.AdamW, {}), "adamax": (torch.optim.Adamax, {}), "nadam": (torch.optim.NAdam, {}),
}


def resnet50():
    """Convolutions, each with scale and shift of its normalisation, and the classifier."""
    convolutions, inputs = [(64, 3, 7, 7)], 64
    for width, blocks in ((64, 3), (128, 4), (256, 6), (512, 3)):
        for block in range(blocks):
            convolutions += [(width, inputs, 1, 1), (width, width, 3, 3), (4 * width, width, 1, 1)]
            convolutions += [(4 * width, inputs, 1, 1)] if block == 0 else []
            inputs = 4 * width
    return [s for c in convolutions for s in (c, c[:1], c[:1])] + [(1000, 2048), (1000,)]


def shapes(layout):
    if layout == "resnet50":
        return resnet50()
    if layout == "cnn54k":
        return [(32, 1, 3, 3), (32,), (10, 5408), (10,)]
    count = layout.removeprefix("flat").replace("M", "000000")
    if not layout.startswith("flat") or not count.isdigit() or not int(count):
        sys.exit(f"torch_step.py: layout {layout}: not resnet50, cnn54k or flatN (N weights, such as flat1000 or flat25M)")
    return [(int(count),)]


def measure(rule, layout, loop, seconds):
    """None where this version has no such loop for the rule."""
    weights = [torch.randn(s, requires_grad=True) for s in shapes(layout)]
    for w in weights:
        w.grad = 0.01 * torch.randn_like(w)
    kind, values = RULES[rule]
    try:
        optimizer = kind(weights, lr=1e-3, **values, **({"fused": True} if loop == "fused" else {"foreach": loop == "foreach"}))
        optimizer.step()
    except (TypeError, RuntimeError):
        return None
    optimizer.step()
    times, end = [], time.perf_counter() + seconds
    while len(times) < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        optimizer.step()
        times.append(time.perf_counter() - start)
    return 1e9 * statistics.median(times) / sum(w.numel() for w in weights)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", default="adam", choices=RULES, metavar="RULE")
    parser.add_argument("--layouts", default="flat25M", metavar="LAYOUT", help="flatN, flat25M, resnet50 or cnn54k")
    parser.add_argument("--seconds", type=float, default=1)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    for loop in ("plain", "foreach", "fused"):
        ns = measure(a.only, a.layouts, loop, a.seconds)
        if ns:
            print(json.dumps({"rule": a.only, "layout": a.layouts, "loop": loop, "threads": a.threads, "torch": torch.__version__, "ns_per_elem": ns}))


main()
