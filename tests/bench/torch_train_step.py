#!/usr/bin/env python3
"""Times one training step of a GPT-2 style model in PyTorch, for comparison with `attn bench`.

    tests/bench/torch_train_step.py [THREADS [L,H,C,T,B,V [bf16]]]   # Debian: apt-get install python3-torch libopenblas0-pthread

L layers, H heads, d_model C, context T, batch B, vocabulary V: 4,4,128,64,12,65 as in README's figures, unless said
otherwise; with bf16, under autocast. AdamW and clipping as in `attn train`. Prints the median of 30 steps after 5 of warm-up.
"""

import statistics
import sys
import time
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F


class Shape(NamedTuple):
    layers: int = 4
    heads: int = 4
    d_model: int = 128
    context: int = 64
    batch: int = 12
    vocabulary: int = 65


class Layer(nn.Module):
    def __init__(self, shape):
        super().__init__()
        c = shape.d_model
        self.heads = shape.heads
        self.attention_norm, self.feed_forward_norm = nn.LayerNorm(c), nn.LayerNorm(c)
        self.qkv, self.output = nn.Linear(c, 3 * c), nn.Linear(c, c)
        self.up, self.down = nn.Linear(c, 4 * c), nn.Linear(4 * c, c)
        self.register_buffer("future", torch.ones(shape.context, shape.context).triu(1).bool())

    def forward(self, x):  # (B, T, C)
        b, t, c = x.shape
        heads = self.qkv(self.attention_norm(x)).view(b, t, 3, self.heads, c // self.heads)
        query, key, value = heads.permute(2, 0, 3, 1, 4)  # (B, H, T, D) each
        scores = query @ key.transpose(-1, -2) * (c // self.heads) ** -0.5
        mixed = scores.masked_fill(self.future, -torch.inf).softmax(-1) @ value
        x = x + self.output(mixed.transpose(1, 2).reshape(b, t, c))
        return x + self.down(F.gelu(self.up(self.feed_forward_norm(x))))


class Model(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.tokens = nn.Embedding(shape.vocabulary, shape.d_model)
        self.positions = nn.Embedding(shape.context, shape.d_model)
        self.layers, self.norm = nn.Sequential(*(Layer(shape) for _ in range(shape.layers))), nn.LayerNorm(shape.d_model)

    def forward(self, ids):  # (B, T) -> (B, T, V)
        return self.norm(self.layers(self.tokens(ids) + self.positions.weight)) @ self.tokens.weight.T

    def loss(self, ids):  # (B, T + 1)
        return F.cross_entropy(self(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())


def update(model, optimizer, ids, bf16):
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        loss = model.loss(ids)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()


def step_seconds(shape, threads, steps=30, warm_up=5, bf16=False):
    """The median time of a step."""
    torch.set_num_threads(threads)
    model = Model(shape)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=0.1)
    seconds = []
    for _ in range(warm_up + steps):
        ids = torch.randint(shape.vocabulary, (shape.batch, shape.context + 1))
        start = time.perf_counter()
        update(model, optimizer, ids, bf16)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[warm_up:])


def main():
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else torch.get_num_threads()
    shape = Shape(*map(int, sys.argv[2].split(","))) if len(sys.argv) > 2 else Shape()
    bf16 = sys.argv[3:] == ["bf16"]
    median = step_seconds(shape, threads, bf16=bf16)
    tokens = shape.batch * shape.context / median
    print(f"torch {torch.__version__}, {'bf16' if bf16 else 'f32'}, {threads} threads: {1e3 * median:.2f} ms, {tokens:.0f} tokens/s")


if __name__ == "__main__":
    main()
