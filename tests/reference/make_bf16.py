#!/usr/bin/env python3
"""Makes bf16.safetensors beside this script: products of matrices rounded to bfloat16, and numbers so rounded.

    python3 -m venv venv && venv/bin/pip install torch safetensors
    venv/bin/python tests/reference/make_bf16.py

Made with torch 2.15.0, safetensors 0.8.0, Python 3.11 on a CPU.

    a (M, K), b (K, N), product (M, N)   a.bfloat16().float() @ b.bfloat16().float() in float32, K odd
    values (n), rounded (n)              halves in both directions, large and small ones
"""

import pathlib

import torch
from safetensors.torch import save_file

torch.manual_seed(1)
M, K, N = 29, 67, 45
a, b = torch.randn(M, K), torch.randn(K, N)

ulp = 2.0**-7  # of numbers from 1 on
values = [0.0, -0.0, 1.0, -3.5, 3e38, 1e-30]
values += [sign * (1 + n * ulp + part * ulp) for sign in (1, -1) for n in (0, 1, 126, 127)
           for part in (0.25, 0.5, 0.5 + 2.0**-16, 0.5 - 2.0**-16, 0.75)]
values = torch.cat([torch.tensor(values), torch.randn(20)])

save_file({"a": a, "b": b, "product": a.bfloat16().float() @ b.bfloat16().float(),
           "values": values, "rounded": values.bfloat16().float()},
          pathlib.Path(__file__).resolve().parent / "bf16.safetensors")
