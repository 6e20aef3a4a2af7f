#!/usr/bin/env python3
"""Makes explain.json: the matrices of `attn explain`, computed by PyTorch.

    make_explain.py ATTN > explain.json

ATTN is the program. Two sources: the scripts that --code prints, run as they are except that `show` keeps what it
would print; and PyTorch's own modules (MultiheadAttention, TransformerEncoderLayer, TransformerDecoder's layer), given
the matrices and inputs that --json printed, which know nothing of those scripts. Made with PyTorch 2.
"""

import json
import subprocess
import sys

import torch

ATTN = sys.argv[1]
SHOW = 'def show(name, matrix):\n    print(f"{name}\\n{matrix.detach()}\\n")\n'

CASES = [
    ["embedding"],
    ["positions"],
    ["qkv"],
    ["self-attention"],
    ["self-attention", "--text", "the pizza came out of the oven", "--d-model", "8", "--seed", "3"],
    ["masked-self-attention"],
    ["cross-attention"],
    ["cross-attention", "--style", "course"],
    ["cross-attention", "--text", "a b c d", "--target", "x y z", "--d-model", "3", "--seed", "9"],
    ["multi-head-attention"],
    ["multi-head-attention", "--style", "course"],
    ["multi-head-attention", "--d-model", "12", "--heads", "3", "--seed", "7"],
    ["parallel"],
    ["encoder"],
    ["encoder", "--d-model", "8", "--heads", "4", "--seed", "5"],
    ["decoder"],
    ["decoder", "--text", "to be or not to be", "--d-model", "6", "--heads", "3"],
    ["encoder-decoder"],
    ["encoder-decoder", "--target", "<s> s' il vous plait", "--d-model", "8"],
    ["training"],
    ["training", "--text", "to be or not to be", "--d-model", "4", "--seed", "2"],
]


def run(arguments):
    return subprocess.run([ATTN, "explain", *arguments], check=True, capture_output=True, text=True).stdout


def rows(matrix):
    """Lists of rows; -inf, which JSON has not, as null."""
    return [[None if x == -torch.inf else round(x, 7) for x in row] for row in matrix.detach().double().tolist()]


def script_case(arguments):
    code = run([*arguments, "--code"])
    assert code.count(SHOW) == 1
    kept = {}
    exec(code.replace(SHOW, ""), {"show": lambda name, matrix: kept.__setitem__(name, rows(matrix))})
    return {"arguments": arguments, "matrices": kept}


class Explained:
    """What --json printed, as tensors."""

    def __init__(self, arguments):
        self.json = json.loads(run([*arguments, "--json"]))
        self.heads = self.json["heads"]
        self.d_model = self.json["d_model"]

    def weight(self, name):
        return torch.tensor(self.json["weights"][name])

    def matrix(self, name):
        for step in self.json["steps"]:
            for matrix in step["matrices"]:
                if matrix["name"] == name:
                    return torch.tensor(matrix["values"])
        raise KeyError(name)

    def fill_attention(self, attention, prefix=""):
        with torch.no_grad():
            attention.in_proj_weight.copy_(torch.cat([self.weight(prefix + name) for name in ("W_q", "W_k", "W_v")]))
            attention.out_proj.weight.copy_(self.weight(prefix + "W_o"))

    def fill_layer(self, layer, prefix=""):
        self.fill_attention(layer.self_attn, prefix)
        with torch.no_grad():
            layer.linear1.weight.copy_(self.weight(prefix + "W_1"))
            layer.linear2.weight.copy_(self.weight(prefix + "W_2"))

    def options(self):
        return dict(d_model=self.d_model, nhead=self.heads, dim_feedforward=2 * self.d_model, dropout=0.0, bias=False,
                    batch_first=True)


def causal(count):
    return torch.full((count, count), -torch.inf).triu(1)


def module_cases():
    arguments = ["multi-head-attention", "--d-model", "12", "--heads", "3", "--seed", "7"]
    case = Explained(arguments)
    attention = torch.nn.MultiheadAttention(case.d_model, case.heads, bias=False, batch_first=True)
    case.fill_attention(attention)
    x = case.matrix("X")[None]
    result, weights = attention(x, x, x, average_attn_weights=False)
    heads = {f"A of head {head}": rows(weights[0, head]) for head in range(case.heads)}
    yield {"arguments": arguments, "matrices": {"Y": rows(result[0]), **heads}}

    arguments = ["encoder", "--d-model", "8", "--heads", "4", "--seed", "5"]
    case = Explained(arguments)
    layer = torch.nn.TransformerEncoderLayer(**case.options())
    case.fill_layer(layer)
    yield {"arguments": arguments, "matrices": {"H2": rows(layer(case.matrix("H0")[None])[0])}}

    arguments = ["decoder", "--text", "to be or not to be", "--d-model", "6", "--heads", "3"]
    case = Explained(arguments)
    gelu = lambda x: torch.nn.functional.gelu(x, approximate="tanh")
    layer = torch.nn.TransformerEncoderLayer(**case.options(), activation=gelu, norm_first=True)
    case.fill_layer(layer)
    states = case.matrix("H0")
    yield {"arguments": arguments, "matrices": {"H2": rows(layer(states[None], src_mask=causal(len(states)))[0])}}

    arguments = ["encoder-decoder", "--target", "<s> s' il vous plait", "--d-model", "8"]
    case = Explained(arguments)
    reader = torch.nn.TransformerEncoderLayer(**case.options())
    case.fill_layer(reader, "encoder.")
    memory = reader(case.matrix("H0")[None])
    writer = torch.nn.TransformerDecoderLayer(**case.options())
    case.fill_layer(writer, "decoder.")
    case.fill_attention(writer.multihead_attn, "cross.")
    states = case.matrix("D0")
    result = writer(states[None], memory, tgt_mask=causal(len(states)))
    yield {"arguments": arguments, "matrices": {"H2": rows(memory[0]), "D3": rows(result[0])}}


cases = [script_case(arguments) for arguments in CASES] + list(module_cases())
json.dump({"pytorch": torch.__version__, "cases": cases}, sys.stdout)
print()
