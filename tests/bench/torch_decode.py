#!/usr/bin/env python3
"""Times greedy decoding with a key/value cache in PyTorch, one sequence on one thread, for comparison with `attn bench`.

    tests/bench/torch_decode.py [L,H,C,T,B,V]     # B is not used; 4,4,128,64,12,65 unless said otherwise
"""

import sys
import time

import torch
from torch.nn import functional as F
from torch_train_step import Model, Shape


@torch.no_grad()
def decode(model, shape):
    """Fills the whole context, token by token."""
    c, d = shape.d_model, shape.d_model // shape.heads
    keys, values = (torch.empty(shape.layers, shape.heads, shape.context, d) for _ in range(2))
    token = 0
    for t in range(shape.context):
        x = model.tokens.weight[token] + model.positions.weight[t]  # (C)
        for i, layer in enumerate(model.layers):
            query, key, value = layer.qkv(layer.attention_norm(x)).view(3, shape.heads, d)
            keys[i, :, t], values[i, :, t] = key, value
            scores = keys[i, :, : t + 1] @ query.unsqueeze(-1) * d**-0.5  # (H, t + 1, 1)
            mixed = scores.softmax(1).transpose(1, 2) @ values[i, :, : t + 1]  # (H, 1, D)
            x = x + layer.output(mixed.reshape(c))
            x = x + layer.down(F.gelu(layer.up(layer.feed_forward_norm(x))))
        token = int((model.tokens.weight @ model.norm(x)).argmax())


def token_seconds(shape, texts=5):
    """The mean time of a token."""
    torch.set_num_threads(1)
    model = Model(shape)
    decode(model, shape)
    start = time.perf_counter()
    for _ in range(texts):
        decode(model, shape)
    return (time.perf_counter() - start) / (texts * shape.context)


def main():
    shape = Shape(*map(int, sys.argv[1].split(","))) if len(sys.argv) > 1 else Shape()
    print(f"torch {torch.__version__}: {1 / token_seconds(shape):.0f} tokens/s")


if __name__ == "__main__":
    main()
