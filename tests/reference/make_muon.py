"""Writes muon.txt: eight steps of torch.optim.Muon with weight decay on matrices of four shapes, with the learning rate
adjusted to AdamW's size as training/muon.h does. PyTorch iterates in bfloat16; here that is replaced by float32, so that
the results can be compared closely. Made with torch 2.15."""

import pathlib

import torch

STEPS = 8

torch.bfloat16 = torch.float32
torch.manual_seed(2)
matrices = [torch.nn.Parameter(torch.randn(shape)) for shape in ((3, 5), (6, 4), (2, 6), (9, 3))]
optimizer = torch.optim.Muon(matrices, lr=0.02, weight_decay=0.1, momentum=0.95, adjust_lr_fn="match_rms_adamw")


def row(name, tensors):
    values = torch.cat([tensor.detach().flatten().double() for tensor in tensors])
    return " ".join([name, *("%.9g" % value for value in values.tolist())])


lines = [row("start", matrices)]
for _ in range(STEPS):
    for matrix in matrices:
        matrix.grad = torch.randn_like(matrix)
    lines.append(row("gradient", [matrix.grad for matrix in matrices]))
    optimizer.step()
    lines.append(row("result", matrices))
pathlib.Path(__file__).with_name("muon.txt").write_text("\n".join(lines) + "\n")
