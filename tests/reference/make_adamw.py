"""Writes adamw.txt: twelve steps of torch.optim.AdamW with weight decay on a matrix only, clipping and a learning rate
that changes, as training/optimizer.h defines them. Made with torch 1.13.1 (Debian's python3-torch)."""

import pathlib

import torch

STEPS = 12
OPTIONS = dict(betas=(0.8, 0.95), eps=1e-8)
WEIGHT_DECAY = 0.1
CLIP = 2.0

torch.manual_seed(1)
matrix = torch.nn.Parameter(torch.randn(3, 5))
bias = torch.nn.Parameter(torch.randn(3))
parameters = [matrix, bias]
optimizer = torch.optim.AdamW(
    [dict(params=[matrix], weight_decay=WEIGHT_DECAY), dict(params=[bias], weight_decay=0.0)], **OPTIONS
)


def row(name, *tensors):
    values = torch.cat([tensor.detach().flatten().double() for tensor in tensors])
    return " ".join([name, *("%.9g" % value for value in values.tolist())])


lines = [row("start", *parameters)]
for step in range(STEPS):
    learning_rate = 0.01 * (step + 1) / STEPS
    # Steps with gradients above and below the clipping norm, and one whose gradients are 0.
    size = [1.0, 0.1, 0.0, 3.0][step % 4]
    for parameter in parameters:
        parameter.grad = size * torch.randn_like(parameter)
    gradients = row("gradient", *(parameter.grad for parameter in parameters))
    norm = torch.nn.utils.clip_grad_norm_(parameters, CLIP)
    for group in optimizer.param_groups:
        group["lr"] = learning_rate
    optimizer.step()
    lines += [f"rate {learning_rate:.9g}", gradients, f"norm {norm.item():.9g}", row("result", *parameters)]

pathlib.Path(__file__).with_name("adamw.txt").write_text("\n".join(lines) + "\n")
