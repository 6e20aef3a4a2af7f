#!/usr/bin/env python3
"""Writes metrics.json: accuracy, precision, recall, F1 and confusion matrices of scikit-learn, and correlations and ranks
of SciPy. scikit-learn 1.9.1 and SciPy 1.17.1 were used.
"""
import json
import pathlib
import random
import warnings

from scipy import stats
from sklearn import metrics

warnings.simplefilter("ignore")
draw = random.Random(1)


def classes(count, examples, right, actual=None, predicted=None):
    """`actual`, `predicted`: the classes that may occur at all."""
    truth = [draw.choice(actual or range(count)) for _ in range(examples)]
    answers = [a if draw.random() < right else draw.choice(predicted or range(count)) for a in truth]
    labels = list(range(count))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(truth, answers, labels=labels,
                                                                             zero_division=0)
    return {"classes": count, "actual": truth, "predicted": answers,
            "accuracy": metrics.accuracy_score(truth, answers),
            "macro_f1": metrics.f1_score(truth, answers, average="macro", zero_division=0),
            "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(), "support": support.tolist(),
            "matrix": metrics.confusion_matrix(truth, answers, labels=labels).tolist()}


def columns(a, b):
    return {"a": a, "b": b, "pearson": stats.pearsonr(a, b).statistic, "spearman": stats.spearmanr(a, b).statistic,
            "ranks": stats.rankdata(a).tolist()}


plain = [draw.gauss(0, 1) for _ in range(50)]
result = {
    "classification": [classes(2, 60, 0.8), classes(5, 200, 0.6), classes(4, 30, 0.5, actual=[0, 1], predicted=[1, 2]),
                       classes(3, 12, 0.0, actual=[0], predicted=[1]), classes(3, 10, 1.0)],
    "correlation": [columns(plain, [x + draw.gauss(0, 0.5) for x in plain]),
                    columns([float(draw.randint(0, 5)) for _ in range(80)], [float(draw.randint(0, 3)) for _ in range(80)]),
                    columns(plain, [-x ** 3 for x in plain]),
                    columns([1e6 + x for x in plain], [1e-6 * draw.gauss(0, 1) for x in plain]),
                    columns([1.0, 2.0], [5.0, 3.0])],
}
lines = ['"%s": [\n%s\n]' % (key, ",\n".join(json.dumps(row) for row in rows)) for key, rows in result.items()]
pathlib.Path(__file__).with_name("metrics.json").write_text("{" + ",\n".join(lines) + "}\n")
