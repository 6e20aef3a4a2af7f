#!/usr/bin/env python3
"""Writes attention_summaries.json: statistics of each head and attention rollout, computed with NumPy and SciPy from the
attentions that `transformers` gives for a text with the GPT-2 of make_language_models.py; the loss when a head's result
is set to 0 before the output projection; and what a pass computes on its way: queries, keys, values, the heads' results,
the residual stream, and what each layer's would predict if it were the last. Made with torch 2.15.0,
transformers 4.57.1, SciPy 1.17.1.
"""
import json
import pathlib

import numpy
import torch
from scipy.stats import entropy
from tokenizers import Tokenizer
from transformers import GPT2LMHeadModel

HERE = pathlib.Path(__file__).resolve().parent
TEXT = "abcabdab"

model = GPT2LMHeadModel.from_pretrained(HERE / "gpt2", attn_implementation="eager").eval()
ids = Tokenizer.from_file(str(HERE / "gpt2" / "tokenizer.json")).encode(TEXT).ids
with torch.no_grad():
    attentions = [a[0].double().numpy() for a in model(torch.tensor([ids]), output_attentions=True).attentions]

places = numpy.arange(len(ids))
heads, rollout, rolled = [], [], numpy.eye(len(ids))
for layer, weights in enumerate(attentions):
    for head, matrix in enumerate(weights):
        # After an earlier occurrence j of the token at t, the token at j + 1 < t.
        follows = numpy.array([[s >= 1 and s < t and ids[s - 1] == ids[t] for s in places] for t in places])
        heads.append({
            "layer": layer, "head": head, "entropy": entropy(matrix, axis=1).mean(),
            "distance": (matrix * abs(places[:, None] - places[None, :])).sum(1).mean(),
            "first": matrix[:, 0].mean(), "previous": numpy.trace(matrix, -1) / len(ids), "self": numpy.trace(matrix) / len(ids),
            "induction": (matrix * follows).sum() / follows.any(1).sum(),
        })
    rolled = (0.5 * weights.mean(0) + 0.5 * numpy.eye(len(ids))) @ rolled
    rollout.append(rolled.tolist())


def loss_without(layer=None, head=None):
    """Of the model without a head; without all of them if no layer is named."""
    width = model.config.n_embd // model.config.n_head

    def zero(module, inputs):
        mixed = inputs[0].clone()
        mixed[..., slice(None) if head is None else slice(head * width, (head + 1) * width)] = 0
        return (mixed,)

    blocks = list(model.transformer.h) if layer is None else [model.transformer.h[layer]]
    hooks = [block.attn.c_proj.register_forward_pre_hook(zero) for block in blocks]
    with torch.no_grad():
        loss = model(torch.tensor([ids]), labels=torch.tensor([ids])).loss.item()
    for hook in hooks:
        hook.remove()
    return loss


with torch.no_grad():
    whole = model(torch.tensor([ids]), labels=torch.tensor([ids])).loss.item()
losses = [whole] + [loss_without(head["layer"], head["head"]) for head in heads] + [loss_without()]

recorded = {name: [] for name in ("q", "k", "v", "head-output", "residual")}


def record_projections(module, inputs, output):
    for name, part in zip("qkv", output[0].split(model.config.n_embd, -1)):
        recorded[name].append(part.tolist())


def recorder(name):
    def record(module, inputs):
        recorded[name].append(inputs[0][0].tolist())

    return record


hooks = [model.transformer.ln_f.register_forward_pre_hook(recorder("residual"))]
for block in model.transformer.h:
    hooks.append(block.register_forward_pre_hook(recorder("residual")))
    hooks.append(block.attn.c_attn.register_forward_hook(record_projections))
    hooks.append(block.attn.c_proj.register_forward_pre_hook(recorder("head-output")))
with torch.no_grad():
    recorded["logits"] = model(torch.tensor([ids])).logits[0].tolist()
    for hook in hooks:
        hook.remove()
    lens = [torch.softmax(model.lm_head(model.transformer.ln_f(torch.tensor(state))), -1).tolist()
            for state in recorded["residual"]]

(HERE / "attention_summaries.json").write_text(json.dumps({
    "text": TEXT, "heads": heads, "rollout": rollout, "losses_without": losses, "tensors": recorded, "lens": lens}) + "\n")
