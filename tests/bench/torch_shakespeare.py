#!/usr/bin/env python3
"""Trains nanoGPT's CPU configuration in PyTorch on a text until a validation loss is reached.

    tests/bench/torch_shakespeare.py input.txt [THREADS [LOSS]]    # 2 threads, 1.88 nats per character

4 layers, 4 heads, d_model 128, context 64, batch 12, 2,000 steps at most; AdamW, warm-up and cosine as in nanoGPT's
README. The loss is over the whole last tenth of the text, taken every 100 steps; the clock stands still meanwhile.
"""

import math
import sys
import time

import torch
from torch_train_step import Model, Shape, update

STEPS, WARM_UP, HIGHEST, LOWEST = 2000, 100, 1e-3, 1e-4


def initialize(model):
    for name, parameter in model.named_parameters():
        if parameter.dim() == 2:
            deep = name.endswith(("output.weight", "down.weight"))
            torch.nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * len(model.layers)) if deep else 0.02)
        elif name.endswith("bias"):
            torch.nn.init.zeros_(parameter)


def rate(step):
    if step < WARM_UP:
        return HIGHEST * (step + 1) / (WARM_UP + 1)
    return LOWEST + (HIGHEST - LOWEST) * 0.5 * (1 + math.cos(math.pi * (step - WARM_UP) / (STEPS - WARM_UP)))


@torch.no_grad()
def validation_loss(model, ids, context):
    windows = ids[: (len(ids) - 1) // context * context + 1].unfold(0, context + 1, context)
    return sum(float(model.loss(part)) * len(part) for part in windows.split(256)) / len(windows)


def seconds_to(path, goal, threads):
    """Seconds of training and the loss that was reached; less than the goal unless it was missed."""
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    text = open(path, encoding="utf-8").read()
    letters = {letter: i for i, letter in enumerate(sorted(set(text)))}
    ids = torch.tensor([letters[letter] for letter in text])
    train, valid = ids[: len(ids) * 9 // 10], ids[len(ids) * 9 // 10 :]
    shape = Shape(vocabulary=len(letters))
    model = Model(shape)
    initialize(model)
    decayed = [p for p in model.parameters() if p.dim() >= 2]
    others = [p for p in model.parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0}],
                                  betas=(0.9, 0.99))
    seconds = 0.0
    for step in range(STEPS):
        start = time.perf_counter()
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        begins = torch.randint(len(train) - shape.context, (shape.batch,)).tolist()
        update(model, optimizer, torch.stack([train[b : b + shape.context + 1] for b in begins]))
        seconds += time.perf_counter() - start
        if (step + 1) % 100 == 0:
            loss = validation_loss(model, valid, shape.context)
            if loss <= goal:
                break
    return seconds, loss


def main():
    threads = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    goal = float(sys.argv[3]) if len(sys.argv) > 3 else 1.88
    seconds, loss = seconds_to(sys.argv[1], goal, threads)
    print(f"torch {torch.__version__}, {threads} threads: loss {loss:.4f} after {seconds:.1f} s")


if __name__ == "__main__":
    main()
