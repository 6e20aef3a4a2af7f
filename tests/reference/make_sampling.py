"""Writes tests/reference/sampling.txt: logits before and after the logits processors of `transformers`, in the order
in which its generate() applies them. Needs torch and transformers; run it from the repository's top folder.

Each case is three lines: the options (temperature, top_k, top_p, min_p, repetition_penalty) and the ids seen; the
logits; the logits afterwards, relative to the largest one."""
import torch
import transformers
from transformers import LogitsProcessorList, MinPLogitsWarper, RepetitionPenaltyLogitsProcessor
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

OFF = dict(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0, repetition_penalty=1.0)
CASES = [
    dict(),
    dict(temperature=0.7),
    dict(temperature=1.6),
    dict(top_k=1),
    dict(top_k=5),
    dict(top_k=1000),
    dict(top_p=0.0),
    dict(top_p=0.3),
    dict(top_p=0.95),
    dict(min_p=0.05),
    dict(min_p=0.5),
    dict(min_p=1.0),
    dict(repetition_penalty=1.3),
    dict(repetition_penalty=0.7),
    dict(temperature=0.8, top_p=0.9),
    dict(temperature=1.5, top_k=12, top_p=0.8, min_p=0.1, repetition_penalty=1.2),
    dict(temperature=0.5, top_k=30, top_p=0.99, min_p=0.01, repetition_penalty=1.05),
]


def processors(o):
    chain = LogitsProcessorList()
    if o["repetition_penalty"] != 1:
        chain.append(RepetitionPenaltyLogitsProcessor(o["repetition_penalty"]))
    if o["temperature"] != 1:
        chain.append(TemperatureLogitsWarper(o["temperature"]))
    if o["top_k"] > 0:
        chain.append(TopKLogitsWarper(o["top_k"]))
    if o["top_p"] < 1:
        chain.append(TopPLogitsWarper(o["top_p"]))
    if o["min_p"] > 0:
        chain.append(MinPLogitsWarper(o["min_p"]))
    return chain


def text(row):
    return " ".join(f"{x:.9g}" for x in row.tolist())


torch.manual_seed(1)
with open("tests/reference/sampling.txt", "w") as out:
    out.write(f"# torch {torch.__version__}, transformers {transformers.__version__}\n")
    for case in CASES:
        o = OFF | case
        logits = torch.randn(1, 40) * 2.5
        seen = torch.randint(0, 40, (1, 9))
        result = processors(o)(seen, logits.clone())[0]
        out.write(" ".join(str(o[name]) for name in OFF) + " " + " ".join(map(str, seen[0].tolist())) + "\n")
        out.write(text(logits[0]) + "\n" + text(result - result.max()) + "\n")
