#!/usr/bin/env python3
"""Writes evaluations.json: lines, and the figures that `transformers`, scikit-learn and SciPy give for them with the
models of make_encoder_models.py, text by text. Made with torch 2.15.0, transformers 4.57.1, scikit-learn 1.9.1 and SciPy
1.17.1.
"""
import json
import pathlib
import random

import torch
from scipy import stats
from sklearn import metrics
from tokenizers import Tokenizer
from torch.nn.functional import cosine_similarity, cross_entropy
from transformers import BertForSequenceClassification, BertModel, MarianMTModel

HERE = pathlib.Path(__file__).resolve().parent
draw = random.Random(7)


def texts(count, letters):
    return ["".join(draw.choice(letters) for _ in range(draw.randint(1, 11))) for _ in range(count)]


def load(kind, name):
    return kind.from_pretrained(HERE / name).eval(), Tokenizer.from_file(str(HERE / name / "tokenizer.json"))


def classification():
    model, tokens = load(BertForSequenceClassification, "bert_classifier")
    labels = list(model.config.id2label.values())
    rows = [(draw.choice(labels), text) for text in texts(40, "abcdefghijklmnopq ")]
    logits = torch.cat([model(torch.tensor([tokens.encode(text).ids])).logits for _, text in rows])
    # With another bias, every class is predicted now and then.
    shift = 0.01 * (100 * (0.03 * torch.randn(3, generator=torch.Generator().manual_seed(1)) - logits.mean(0))).round()
    logits += shift
    bias = (model.classifier.bias + shift).tolist()
    actual = [labels.index(label) for label, _ in rows]
    predicted = logits.argmax(1).tolist()
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(actual, predicted, zero_division=0)
    return {"bias": bias, "lines": ["\t".join(row) for row in rows], "labels": labels, "predicted": [labels[i] for i in predicted],
            "log_probability": logits.log_softmax(1)[range(len(rows)), actual].tolist(),
            "loss": cross_entropy(logits, torch.tensor(actual)).item(),
            "accuracy": metrics.accuracy_score(actual, predicted),
            "macro_f1": metrics.f1_score(actual, predicted, average="macro"),
            "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(),
            "confusion": metrics.confusion_matrix(actual, predicted).tolist()}


def embedding():
    model, tokens = load(BertModel, "bert_model")

    def vectors(lines):
        return torch.stack([model(torch.tensor([tokens.encode(line).ids])).last_hidden_state[0].mean(0)
                            for line in lines])

    left = [text + "ab" for text in texts(25, "abcdefgh ")]
    right = [text[::-1] if i % 3 else text[1:] + "c" for i, text in enumerate(left)]
    right[7] = right[5]  # equal texts are equally near; the earlier one comes first
    scores = [draw.randint(0, 10) / 2 for _ in left]
    a, b = vectors(left), vectors(right)
    cosines = cosine_similarity(a, b).tolist()
    gaps = sorted(cosines)
    assert min(y - x for x, y in zip(gaps, gaps[1:])) > 1e-5  # no order that hangs on rounding
    order = (a / a.norm(dim=1, keepdim=True)) @ (b / b.norm(dim=1, keepdim=True)).T
    order[:, 7] = order[:, 5]
    places = order.sort(dim=1, descending=True, stable=True).indices
    ranks = [places[i].tolist().index(i) + 1 for i in range(len(left))]
    return {"scored_lines": [f"{s}\t{x}\t{y}" for s, x, y in zip(scores, left, right)],
            "pair_lines": [f"{x}\t{y}" for x, y in zip(left, right)],
            "spearman": stats.spearmanr(scores, cosines).statistic,
            "pearson": stats.pearsonr(scores, cosines).statistic,
            **{f"recall_at_{k}": sum(rank <= k for rank in ranks) / len(ranks) for k in (1, 5, 10)},
            "mrr": sum(1 / rank for rank in ranks) / len(ranks)}


def translation():
    model, tokens = load(MarianMTModel, "marian")
    rows = list(zip(texts(20, "abcdefgh "), texts(20, "abcdefgh ")))
    sums, counts = [], []
    for source, target in rows:
        wanted = torch.tensor([tokens.encode(target).ids])
        read = torch.cat([torch.full_like(wanted[:, :1], model.config.pad_token_id), wanted[:, :-1]], 1)
        logits = model(torch.tensor([tokens.encode(source).ids]), decoder_input_ids=read).logits
        sums.append(-cross_entropy(logits[0], wanted[0], reduction="sum").item())
        counts.append(wanted.numel())
    return {"lines": ["\t".join(row) for row in rows], "log_probability": sums, "tokens": counts,
            "loss": -sum(sums) / sum(counts)}


with torch.no_grad():
    result = {"classification": classification(), "embedding": embedding(), "translation": translation()}
pathlib.Path(HERE / "evaluations.json").write_text(json.dumps(result, indent=1) + "\n")
