#!/usr/bin/env python3
"""The first 20 losses of some networks beside PyTorch's, from the same weights and rows.

Usage: THALWEG_DATA=DIR first_losses.py THALWEG TEXT   (MNIST's gzipped files are in DIR/mnist; TEXT: a text to learn)
A run's first weights and the rows of its updates are what `thalweg replay` says of it.
SPDX-License-Identifier: MIT"""
import csv
import gzip
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

UPDATES, BATCH, LENGTH = 20, 16, 32
MNIST = {
    "conv2d 32 3x3 relu; maxpool2d 2x2; flatten; dense classes softmax": lambda: nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(5408, 10)),
    "flatten; dense 128 relu; dense classes softmax": lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)),
    "conv2d 8 3x3 padding=same; batchnorm; relu; maxpool2d 2x2; flatten; dense classes softmax": lambda: nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1568, 10)),
}


class Characters(nn.Sequential):
    """embedding, lstm with carry=1, dense"""

    def __init__(self, symbols):
        super().__init__(nn.Embedding(symbols, 16), nn.LSTM(16, 32, batch_first=True), nn.Linear(32, symbols))
        self.state = None

    def forward(self, x):
        h, state = self[1](self[0](x), self.state)
        self.state = tuple(part.detach() for part in state)
        return self[2](h)


def tensors(path):
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        head = json.loads(file.read(size))
        data = file.read()
    return {name: torch.tensor(np.frombuffer(data[slice(*at["data_offsets"])], np.float32).reshape(at["shape"]).copy())
            for name, at in head.items() if name != "__metadata__"}


def mnist():
    home = os.path.join(os.environ["THALWEG_DATA"], "mnist")
    with gzip.open(os.path.join(home, "train-images-idx3-ubyte.gz")) as file:
        images = np.frombuffer(file.read()[16:], np.uint8).reshape(-1, 1, 28, 28)[:UPDATES * BATCH]
    with gzip.open(os.path.join(home, "train-labels-idx1-ubyte.gz")) as file:
        labels = np.frombuffer(file.read()[8:], np.uint8)[:UPDATES * BATCH]
    return torch.tensor(images / np.float32(255)), torch.tensor(labels.astype(np.int64))


def run(folder, *words):
    out = subprocess.run([sys.argv[1], *words], cwd=folder, stdout=subprocess.PIPE, check=True)
    return out.stdout


def ours(folder, model, *words):
    """Losses, first weights, rows of each update."""
    run(folder, "train", *words, "--model", model, "--batch", str(BATCH), "--epochs", "1", "--out", "run", "--force",
        "--log", "log.csv", "--log-every", "1", "-q")
    with open(os.path.join(folder, "log.csv")) as file:
        losses = [float(row["update_loss"]) for row in csv.DictReader(file) if row["update_loss"]]
    os.remove(os.path.join(folder, "log.csv"))
    run(folder, "replay", "run", "--step", "1", "--save", "first.safetensors", "--force")
    weights = {name.split("/", 1)[1]: value for name, value in tensors(os.path.join(folder, "first.safetensors")).items()
               if name.startswith("weights/")}
    rows = [json.loads(run(folder, "replay", "run", "--step", str(i + 1), "--json"))["rows"] for i in range(UPDATES)]
    return losses[:UPDATES], weights, rows


def compare(name, net, found, loss_of):
    losses, weights, rows = found
    net.load_state_dict(weights, strict=False)
    rule = torch.optim.Adam(net.parameters(), lr=1e-3)
    most = 0
    for i in range(UPDATES):
        rule.zero_grad()
        loss = loss_of(net, rows[i])
        loss.backward()
        rule.step()
        most = max(most, abs(loss.item() - losses[i]))
    print(f"{name}: losses {losses[0]:.4f} to {losses[-1]:.4f}, largest difference {most:.1e}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        images, labels = mnist()
        for model, make in MNIST.items():
            compare(model, make(), ours(folder, model, "mnist", "--limit", str(UPDATES * BATCH)),
                    lambda net, rows: cross_entropy(net(images[rows]), labels[rows]))
        text = open(sys.argv[2], encoding="utf-8").read()[:60000]
        with open(os.path.join(folder, "text"), "w", encoding="utf-8") as file:
            file.write(text)
        symbols = {c: i for i, c in enumerate(sorted(set(text)))}
        ids = torch.tensor([symbols[c] for c in text])

        def loss_of(net, rows):
            at = torch.tensor(rows)[:, None] * LENGTH + torch.arange(LENGTH)
            return cross_entropy(net(ids[at]).flatten(0, 1), ids[at + 1].flatten())

        model = "embedding classes 16; lstm 32 carry=1; dense classes softmax"
        compare(model, Characters(len(symbols)), ours(folder, model, "text", "--format", "text", "--length", str(LENGTH)), loss_of)


if __name__ == "__main__":
    main()
