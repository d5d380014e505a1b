#!/usr/bin/python3
"""PyTorch's seconds per epoch on a network in Thalweg's words: the peer of `thalweg bench train --peer bench/torch_train.py`.
One tensor of random numbers in memory, one permutation an epoch, one thread, Adam, denormals flushed; of its ways the best counts: channels first or last, and the
optimiser's loops (plain, foreach, fused where there is one). Seconds are CPU time. Prints one line of JSON.
usage: torch_train.py --network TEXT --shape 28x28x1 [--batch 32] [--rows 6400] [--seconds 0.5]
SPDX-License-Identifier: MIT"""
import argparse, itertools, json, time
import torch
from torch import nn

def numbers(text): return [int(n) for n in text.split("x")]

class Residual(nn.Module):
    def __init__(self, body, skip):
        super().__init__()
        self.body, self.skip = body, skip
    def forward(self, x): return self.body(x) + self.skip(x)

class Pick(nn.Module):
    """What of a layer's answer goes on."""
    def __init__(self, layer, how):
        super().__init__()
        self.layer, self.how = layer, how
    def forward(self, x): return self.how(self.layer, x)

def conv(shape, words, options):
    (c, high, wide), (channels, k, step) = shape, (int(words[0]), numbers(words[1]), int(options.get("stride", 1)))
    same = options.get("padding") == "same"
    layer = nn.Conv2d(c, channels, k, stride=step, padding=[(n - 1) // 2 for n in k] if same else 0)
    out = [(n - 1) // step + 1 if same else (n - m) // step + 1 for n, m in zip((high, wide), k)]
    return layer, [channels] + out

def pool(shape, words, options):
    k = numbers(words[0])
    return nn.MaxPool2d(k), [shape[0], shape[1] // k[0], shape[2] // k[1]]

def recurrent(shape, words, options):
    n, last = int(words[0]), options.get("output") == "last"
    return Pick(nn.LSTM(shape[1], n, batch_first=True), lambda l, x: l(x)[0][:, -1] if last else l(x)[0]), [n] if last else [shape[0], n]

def attention(shape, words, options):
    return Pick(nn.MultiheadAttention(shape[1], int(words[0]), batch_first=True), lambda l, x: l(x, x, x, need_weights=False)[0]), shape

def mean(shape, words, options):
    return Pick(None, lambda l, x: x.mean((2, 3)) if len(shape) == 3 else x.mean(1)), shape[:1] if len(shape) == 3 else shape[1:]

def product(of):
    n = 1
    for m in of: n *= m
    return n

# of a shape (images channels first), words and options: a module, or None where nothing is to be done, and the shape behind it
LAYERS = {"conv2d": conv, "maxpool2d": pool, "lstm": recurrent, "attention": attention, "globalavgpool": mean,
          "dense": lambda shape, words, o: (nn.Linear(shape[-1], 10 if words[0] == "classes" else int(words[0])), shape[:-1] + [10 if words[0] == "classes" else int(words[0])]),
          "flatten": lambda shape, words, o: (nn.Flatten(), [product(shape)]),
          "reshape": lambda shape, words, o: (nn.Flatten(1, 1) if numbers(words[0]) == shape else nn.Unflatten(1, numbers(words[0])) if len(shape) == 1
                                              else nn.Flatten(1, 2) if shape[0] == 1 else None, numbers(words[0])),
          "layernorm": lambda shape, words, o: (nn.LayerNorm(shape[-1]), shape),
          "batchnorm": lambda shape, words, o: (nn.BatchNorm2d(shape[0]) if len(shape) == 3 else nn.BatchNorm1d(shape[-1]), shape),
          "dropout": lambda shape, words, o: (nn.Dropout(float(words[0])), shape)}
ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}

def split(text, by):
    """At what stands in no brackets."""
    parts, depth = [""], 0
    for c in text:
        depth += (c == "(") - (c == ")")
        if c == by and depth == 0: parts.append("")
        else: parts[-1] += c
    return [part.strip() for part in parts]

def build(text, shape):
    modules = []
    for layer in split(text, ";"):
        if layer.startswith("residual("):
            inside, rest = layer[len("residual("):layer.rindex(")")], layer[layer.rindex(")") + 1:].split()
            ways = [build(way, shape) for way in split(inside, "|")]
            modules.append(Residual(ways[0][0], ways[1][0] if len(ways) > 1 else nn.Identity()))
            shape, words = ways[0][1], rest
        else:
            name, *words = layer.split()
            options = dict(word.split("=") for word in words if "=" in word)
            sizes = [word for word in words if "=" not in word and word not in LAYERS and word not in ACTIVATIONS and word != "softmax"]
            words = words[len(sizes) + len(options):]
            if name in ACTIVATIONS: words.insert(0, name)
            else:
                module, shape = LAYERS[name](shape, sizes, options)
                if module: modules.append(module)
        for word in words:  # activations, norms; softmax belongs to the loss
            if word in ACTIVATIONS: modules.append(ACTIVATIONS[word]())
            elif word != "softmax":
                module, shape = LAYERS[word](shape, [], {})
                modules.append(module)
    return nn.Sequential(*modules), shape

def epoch(network, x, y, batch, loop, last):
    if last: network.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, **loop)
    def one():
        order = torch.randperm(len(x))
        shuffled, labels = x[order], y[order]
        if last: shuffled = shuffled.contiguous(memory_format=torch.channels_last)
        for i in range(0, len(x), batch):
            optimizer.zero_grad(set_to_none=True)
            nn.functional.cross_entropy(network(shuffled[i:i + batch]), labels[i:i + batch]).backward()
            optimizer.step()
    one()
    times = []
    while sum(times) < a.seconds or len(times) < 2:
        start = time.process_time()
        one()
        times.append(time.process_time() - start)
    return sorted(times)[len(times) // 2]

arguments = argparse.ArgumentParser()
arguments.add_argument("--network", required=True)
arguments.add_argument("--shape", default="28x28x1")
arguments.add_argument("--batch", type=int, default=32)
arguments.add_argument("--rows", type=int, default=6400)
arguments.add_argument("--seconds", type=float, default=0.5)
a = arguments.parse_args()
torch.set_num_threads(1)
torch.set_flush_denormal(True)
torch.manual_seed(0)
high, wide, channels = numbers(a.shape)
shape = [channels, high, wide]
x, y = torch.rand(a.rows, *shape), torch.randint(0, 10, (a.rows,))
loops = [dict(foreach=False), dict(foreach=True)] + ([dict(fused=True)] if int(torch.__version__.split(".")[0]) > 1 else [])
best = min(epoch(build(a.network, shape)[0], x, y, a.batch, loop, last) for loop, last in itertools.product(loops, [False, True] if "conv2d" in a.network else [False]))
print(json.dumps({"program": "PyTorch " + torch.__version__, "s_per_epoch": best, "us_per_row": 1e6 * best / a.rows}))
