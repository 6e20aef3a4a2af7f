#!/usr/bin/env python3
"""Makes quantized.safetensors beside this script: what int8 weights are, and what models give with them.

    python3 -m venv venv && venv/bin/pip install torch transformers
    venv/bin/python tests/reference/make_quantized.py

Made with torch 2.15.0, transformers 4.57.1, safetensors 0.8.0, Python 3.11 on a CPU, in float32.

Weights are quantised by torch.quantize_per_channel, symmetric, with the scale max|w| / 127 for each output.
    matrix.values, matrix.integers (rows, columns), matrix.scales (rows)
    gpt2.logits, llama.logits, marian.logits (N, V)   of the models in the folders of these names and the texts in their
                                                      reference.safetensors, every weight of a projection (the output's
                                                      included, but not the embedding that it may be tied to) replaced by
                                                      scale times integer
"""

import pathlib

import torch
from safetensors.torch import load_file, save_file
from transformers import GPT2LMHeadModel, LlamaForCausalLM, MarianMTModel
from transformers.pytorch_utils import Conv1D

HERE = pathlib.Path(__file__).resolve().parent


def quantize(weight, axis):
    scales = weight.abs().amax(1 - axis) / 127
    # torch divides by a scale of 0.
    usable = torch.where(scales == 0, torch.ones_like(scales), scales)
    zeros = torch.zeros(len(scales), dtype=torch.int64)
    return torch.quantize_per_channel(weight, usable.double(), zeros, axis, torch.qint8), scales


def matrix():
    generator = torch.Generator().manual_seed(1)
    values = torch.randn(6, 19, generator=generator)
    values[1] = 0
    values[2] = torch.arange(19) - 9.5  # halves: the scale of this row is 1
    values[2, 0] = 127
    values[3, 4] = -40  # the largest is negative
    values[4] *= 1e-30
    quantized, scales = quantize(values, 0)
    return {"matrix.values": values, "matrix.integers": quantized.int_repr().long(), "matrix.scales": scales}


def replace_weights(model):
    head = model.lm_head
    head.weight = torch.nn.Parameter(head.weight.detach().clone())  # no longer tied
    for module in model.modules():
        if isinstance(module, (torch.nn.Linear, Conv1D)):
            axis = 1 if isinstance(module, Conv1D) else 0  # of the outputs
            module.weight.data = quantize(module.weight.data, axis)[0].dequantize()


def pieces(reference, name):
    starts = reference[f"{name}starts"].tolist()
    return [reference[f"{name}ids"][None, a:b] for a, b in zip(starts, starts[1:])]


def logits(name, model_class):
    model = model_class.from_pretrained(HERE / name, attn_implementation="eager").eval()
    replace_weights(model)
    reference = load_file(HERE / name / "reference.safetensors")
    with torch.no_grad():
        if name == "marian":
            results = [model(input_ids=source, decoder_input_ids=target).logits[0]
                       for source, target in zip(pieces(reference, "source."), pieces(reference, "target."))]
        else:
            results = [model(ids).logits[0] for ids in pieces(reference, "")]
    return torch.cat(results)


result = matrix()
for name, model_class in [("gpt2", GPT2LMHeadModel), ("llama", LlamaForCausalLM), ("marian", MarianMTModel)]:
    result[f"{name}.logits"] = logits(name, model_class)
save_file({name: value.contiguous() for name, value in result.items()}, HERE / "quantized.safetensors")
