"""Loads a network of Thalweg's into torch.nn.Sequential, whose layers have the same numbers, and prints the probabilities of images.
Usage: load_torch.py RUN/model.safetensors IMAGES, an IDX file of bytes, such as t10k-images-idx3-ubyte
SPDX-License-Identifier: MIT"""
import json, sys, torch
from torch import nn

class Standardize(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("deviation", torch.ones(channels))

    def forward(self, x): return (x - self.mean[:, None, None]) / self.deviation[:, None, None]

def size(text): return tuple(int(n) for n in text.split("x"))
layer = {"conv2d": lambda n, k: nn.LazyConv2d(int(n), size(k)), "maxpool2d": lambda k: nn.MaxPool2d(size(k)), "dense": lambda n: nn.LazyLinear(int(n)),
         "standardize": lambda: Standardize(size(meta["input"])[-1]), "dropout": lambda p: nn.Dropout(float(p)), "flatten": nn.Flatten, "relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "softmax": lambda: nn.Softmax(1)}

file = open(sys.argv[1], "rb").read()
begin = 8 + int.from_bytes(file[:8], "little")
head = json.loads(file[8:begin])
meta = head.pop("__metadata__")
network = nn.Sequential()
for words in map(str.split, meta["network"].split(";")):  # "conv2d 32 3x3 relu": a layer, its sizes, its activations
    sizes = [word for word in words[1:] if word not in layer]
    network.extend([layer[words[0]](*sizes)] + [layer[word]() for word in words[1:] if word in layer])

images = open(sys.argv[2], "rb").read()[16:]
x = torch.tensor(list(images), dtype=torch.float32).reshape(-1, *size(meta["input"])).permute(0, 3, 1, 2) / 255
network.eval()(x[:1])  # finds the widths
network.load_state_dict({name: torch.frombuffer(bytearray(file[begin + t["data_offsets"][0]:begin + t["data_offsets"][1]]), dtype=torch.float32).reshape(t["shape"])
                         for name, t in head.items()})
with torch.no_grad():
    for row in network(x): print(*("%.6f" % p for p in row))
