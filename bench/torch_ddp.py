#!/usr/bin/python3
"""PyTorch's DistributedDataParallel over gloo: the peer of bench/ranks. 784-512-512-10, plain SGD, random rows in memory, one thread in each process.
Prints a line of JSON: seconds of an epoch of one process with the whole batch, and of two that share it.
usage: torch_ddp.py [--batch 1024] [--rows 60000] [--epochs 3]
SPDX-License-Identifier: MIT"""
import argparse, json, os, time
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn

def epochs(model, batch, rows, n):
    x, y = torch.rand(rows, 784), torch.randint(0, 10, (rows,))
    step, loss, best = torch.optim.SGD(model.parameters(), lr=0.05), nn.CrossEntropyLoss(), float("inf")
    for _ in range(n):
        start = time.perf_counter()
        for i in range(0, rows - batch + 1, batch):
            step.zero_grad(set_to_none=True)
            loss(model(x[i:i + batch]), y[i:i + batch]).backward()
            step.step()
        best = min(best, time.perf_counter() - start)
    return best

def network(): return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))

def work(rank, ranks, o, to):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT="29541", USE_LIBUV="0") # which Debian leaves out
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    if ranks == 1:
        to[0] = epochs(network(), o.batch, o.rows, o.epochs)
        return
    dist.init_process_group("gloo", rank=rank, world_size=ranks)
    seconds = epochs(nn.parallel.DistributedDataParallel(network()), o.batch // ranks, o.rows // ranks, o.epochs)
    if rank == 0: to[1] = seconds
    dist.destroy_process_group()

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--rows", type=int, default=60000)
    parser.add_argument("--epochs", type=int, default=3)
    o = parser.parse_args()
    to = mp.get_context("spawn").Array("d", 2)
    for ranks in 1, 2: mp.spawn(work, args=(ranks, o, to), nprocs=ranks)
    print(json.dumps({"peer": f"PyTorch {torch.__version__}, DDP over gloo", "one": to[0], "two": to[1]}))
