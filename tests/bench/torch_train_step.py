#!/usr/bin/env python3
"""Times one training step of a GPT-2 style model in PyTorch, for comparison with `attn bench`.

    tests/bench/torch_train_step.py [THREADS]      # Debian: apt-get install python3-torch libopenblas0-pthread

The model is that of README's figures: 4 layers, 4 heads, d_model 128, context 64, batch 12, vocabulary 65; AdamW and
clipping as in `attn train`. Prints the median of 30 steps after 5 of warm-up.
"""

import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

LAYERS, HEADS, D_MODEL, CONTEXT, BATCH, VOCABULARY = 4, 4, 128, 64, 12, 65


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm, self.feed_forward_norm = nn.LayerNorm(D_MODEL), nn.LayerNorm(D_MODEL)
        self.qkv, self.output = nn.Linear(D_MODEL, 3 * D_MODEL), nn.Linear(D_MODEL, D_MODEL)
        self.up, self.down = nn.Linear(D_MODEL, 4 * D_MODEL), nn.Linear(4 * D_MODEL, D_MODEL)
        self.register_buffer("future", torch.ones(CONTEXT, CONTEXT).triu(1).bool())

    def forward(self, x):  # (B, T, C)
        heads = self.qkv(self.attention_norm(x)).view(BATCH, CONTEXT, 3, HEADS, D_MODEL // HEADS)
        query, key, value = heads.permute(2, 0, 3, 1, 4)  # (B, H, T, D) each
        scores = query @ key.transpose(-1, -2) * (D_MODEL // HEADS) ** -0.5
        mixed = scores.masked_fill(self.future, -torch.inf).softmax(-1) @ value
        x = x + self.output(mixed.transpose(1, 2).reshape(BATCH, CONTEXT, D_MODEL))
        return x + self.down(F.gelu(self.up(self.feed_forward_norm(x))))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(VOCABULARY, D_MODEL), nn.Embedding(CONTEXT, D_MODEL)
        self.layers, self.norm = nn.Sequential(*(Layer() for _ in range(LAYERS))), nn.LayerNorm(D_MODEL)

    def forward(self, ids):  # (B, T) -> (B, T, V)
        return self.norm(self.layers(self.tokens(ids) + self.positions.weight)) @ self.tokens.weight.T


def main():
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else torch.get_num_threads()
    torch.set_num_threads(threads)
    model = Model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=0.1)
    seconds = []
    for _ in range(35):
        ids = torch.randint(VOCABULARY, (BATCH, CONTEXT + 1))
        start = time.perf_counter()
        loss = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        seconds.append(time.perf_counter() - start)
    median = statistics.median(seconds[5:])
    print(f"torch {torch.__version__}, {threads} threads: {1e3 * median:.1f} ms, {BATCH * CONTEXT / median:.0f} tokens/s")


if __name__ == "__main__":
    main()
