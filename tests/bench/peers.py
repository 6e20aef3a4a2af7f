#!/usr/bin/env python3
"""Figures of attn beside PyTorch, OpenBLAS and tokenizers: `make bench-peers` runs it.

Both sides of a row run on the same threads and take turns, several rounds in one run, and medians are compared: machines
differ and are noisy, but a ratio within a run says something. Rows whose library is not installed are left out, and said.
A ratio above 1 means that attn is faster. Debian has all but the tokenizers:

    apt-get install python3-torch libopenblas0-pthread && pip install tokenizers     # pip in an environment of its own
"""

import argparse
import importlib.util
import json
import math
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

PARTS = ["start", "train", "decode", "tokenizers", "matmul"]
# Layers, heads, d_model, context, batch, vocabulary; the share of the multiply-add peak, or the ratio to PyTorch, that is
# the least to be reached, and the aim.
TRAIN_SHAPES = [
    ("4,4,128,64,12,65", "peak 65 / 80 % (1 thread 70 / 85 %)"),
    ("6,6,384,256,16,65", "peak 70 / 80 %"),
    ("2,2,32,32,16,65", "ratio 5 / 7"),
    ("1,1,8,8,8,65", "ratio 30 / 50"),
]
# OpenBLAS, which PyTorch uses too, does not know every processor and may take kernels that are five times slower than
# those that it has: the type of core that makes it fastest is tried out.
CORE_TYPES = ["", "Zen", "Haswell", "SkylakeX", "SapphireRapids"]
DECODE_SHAPE = "4,4,128,64,1,65"
LETTERS = 1_000_000
NANOGPT = """--arch gpt2 --layers 4 --heads 4 --d-model 128 --context 64 --batch 12 --steps 2000 --lr 1e-3 --min-lr 1e-4
    --warmup 100 --schedule cosine --beta2 0.99 --weight-decay 0.1 --clip 1 --dropout 0 --eval-every 100"""
LONG_RECIPE = """--positions rotary --optimizer muon --lr 8e-3 --schedule linear --min-lr 1e-5 --layers 3 --heads 4
    --d-model 128 --context 256 --batch 4 --dropout 0 --warmup 50 --norm rms --activation swiglu"""
# Tiny Shakespeare: a validation loss, and the options of the README that reach it soonest.
RECIPES = [
    (1.88, """--positions rotary --optimizer muon --lr 2e-2 --layers 2 --heads 3 --d-model 96 --context 64 --batch 12
        --dropout 0 --warmup 10 --steps 360"""),
    (1.70, """--positions rotary --optimizer muon --lr 1e-2 --layers 2 --heads 4 --d-model 128 --context 128 --batch 8
        --dropout 0 --warmup 30 --steps 750"""),
    (1.60, f"{LONG_RECIPE} --steps 1250"),
    (1.55, f"{LONG_RECIPE} --steps 2000"),
]  # fmt: skip


def has(module):
    return importlib.util.find_spec(module) is not None


class Peers:
    def __init__(self, options):
        self.options = options
        self.rounds = 1 if options.quick else options.rounds
        self.seconds = 0.02 if options.quick else 0.25

    def row(self, what, threads, attn, peer, ratio, goal):
        print(f"{what:46} {threads:>7} {attn:>20} {peer:>28} {ratio:>7} {goal}", flush=True)

    def bench(self, *options):
        command = [self.options.attn, "bench", "--json", "--seconds", str(self.seconds), *options]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["measurements"]

    def alternate(self, ours, theirs):
        """Lists of what both sides gave, round by round."""
        results = [], []
        for _ in range(self.rounds):
            for side, measure in enumerate((ours, theirs)):
                time.sleep(0.1)  # idle threads of the other side stop spinning
                results[side].append(measure())
        return results

    def start(self):
        def once():
            begin = time.perf_counter()
            with open(os.devnull, "w") as nothing:
                output = [(os.POSIX_SPAWN_DUP2, nothing.fileno(), 1)]
                os.waitpid(os.posix_spawn(self.options.attn, ["attn", "--version"], os.environ, file_actions=output), 0)
            return 1e3 * (time.perf_counter() - begin)

        milliseconds = statistics.median(once() for _ in range(5 if self.options.quick else 101))
        self.row("attn --version", 1, f"{milliseconds:.2f} ms", "-", "-", "below 5 ms")

    def step(self, shape, threads):
        rows = self.bench("--train", shape, "--threads", str(threads))
        return next(row for row in rows if row["threads"] == threads and "bf16" not in row["name"])

    def train(self):
        if not has("torch"):
            return "PyTorch"
        import torch
        from torch_train_step import Shape, step_seconds

        for text, goal in TRAIN_SHAPES:
            shape = Shape(*map(int, text.split(",")))
            large = shape.d_model > 256
            steps = 2 if self.options.quick else 5 if large else 30
            for threads in sorted({1, self.options.threads}):
                ours, theirs = self.alternate(
                    lambda: self.step(text, threads),
                    lambda: 1e3 * step_seconds(shape, threads, steps, 1 if self.options.quick or large else 5),
                )
                mine = statistics.median(row["milliseconds"] for row in ours)
                peak = statistics.median(row["percent"] for row in ours)
                other = statistics.median(theirs)
                self.row(
                    f"training step, {ours[0]['name']}", threads, f"{mine:.3f} ms, {peak:.0f} %",
                    f"{other:.2f} ms torch {torch.__version__}", f"{other / mine:.2f}", goal,
                )  # fmt: skip

    def decode(self):
        if not has("torch"):
            return "PyTorch"
        import torch
        from torch_decode import Shape, token_seconds

        shape = Shape(*map(int, DECODE_SHAPE.split(",")))
        ours, theirs = self.alternate(
            lambda: self.bench("--decode", DECODE_SHAPE, "--threads", "1")[0]["value"],
            lambda: 1 / token_seconds(shape, 1 if self.options.quick else 20),
        )
        mine, other = statistics.median(ours), statistics.median(theirs)
        self.row(
            "greedy decoding, GPT 4 x 128, tokens/s", 1, f"{mine:.0f}", f"{other:.0f} torch {torch.__version__}",
            f"{mine / other:.2f}", "ratio 5 / 7",
        )  # fmt: skip

    def tokenizer_text(self):
        """At least 10 MB: a file that was named, or else what every Python has, the sources of its library."""
        if self.options.text:
            text = Path(self.options.text).read_bytes()
        else:
            sources = sorted(Path(sysconfig.get_path("stdlib")).rglob("*.py"))
            text = b"".join(path.read_bytes() for path in sources)
        text = text.decode("utf-8", "ignore").replace("\r", "").encode()
        return text * math.ceil(10 * LETTERS / len(text))

    def tokenizers(self):
        if not has("tokenizers"):
            return "tokenizers"
        os.environ["TOKENIZERS_PARALLELISM"] = "false"
        os.environ["RAYON_NUM_THREADS"] = "1"
        import tokenizers
        from tokenizers import Tokenizer, models, pre_tokenizers, trainers

        base = self.tokenizer_text()
        size = (2 if self.options.quick else 100) * LETTERS
        text = (base * math.ceil(size / len(base)))[:size].decode("utf-8", "ignore")
        lines = text.splitlines(keepends=True)
        pieces = ["".join(lines[i : i + 1000]) for i in range(0, len(lines), 1000)]

        def theirs():
            tokenizer = Tokenizer(models.BPE())
            tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
            trainer = trainers.BpeTrainer(
                vocab_size=8000, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
            )
            begin = time.perf_counter()
            tokenizer.train_from_iterator([text[i : i + 65536] for i in range(0, min(size, 10 * LETTERS), 65536)], trainer)
            learnt = time.perf_counter()
            encode = getattr(tokenizer, "encode_batch_fast", tokenizer.encode_batch)
            count = sum(len(encoding) for piece in pieces for encoding in encode([piece]))
            return learnt - begin, time.perf_counter() - learnt, count

        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "text.txt")
            Path(path).write_text(text, encoding="utf-8")
            mine, other = self.alternate(lambda: self.bench("--text", path, "--vocab-size", "8000"), theirs)
        name = f"s tokenizers {tokenizers.__version__}"
        for i, what, goal in (0, "learn BPE of 8,000", "ratio 0.67"), (1, "encode", "ratio 1"):
            seconds = statistics.median(rows[i]["milliseconds"] for rows in mine) / 1e3
            peer = statistics.median(result[i] for result in other)
            megabytes = min(size, 10 * LETTERS) if i == 0 else size
            self.row(
                f"{what}, {megabytes / 1e6:.0f} MB", 1, f"{seconds:.2f} s", f"{peer:.2f} {name}",
                f"{peer / seconds:.2f}", goal,
            )  # fmt: skip
        print(f"  tokens: {mine[0][1]['name'].split()[-1]} and {other[0][2]}")

    def choose_core_type(self):
        """For this process and those it starts; before PyTorch is imported. A type that is named already stays."""

        def milliseconds(core):
            command = [self.options.matmul_peer, "0.02", "512,512,512"]
            environment = {**os.environ, "OPENBLAS_CORETYPE": core} if core else os.environ
            done = subprocess.run(command, capture_output=True, text=True, env=environment)
            if done.returncode != 0:
                return math.inf
            return min(float(line.split(",")[-1]) for line in done.stdout.splitlines() if ",1," in line)

        if "OPENBLAS_CORETYPE" not in os.environ and os.path.exists(self.options.matmul_peer):
            best = min(CORE_TYPES, key=milliseconds)
            if best:
                os.environ["OPENBLAS_CORETYPE"] = best
        print("OPENBLAS_CORETYPE:", os.environ.get("OPENBLAS_CORETYPE", "(not set)"))

    def matmul(self):
        shapes = ["8,8,8", "12,96,65", "256,256,256"] if self.options.quick else []
        command = [self.options.matmul_peer, str(0.005 if self.options.quick else 0.05), *shapes]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            return f"OpenBLAS ({done.stderr.strip()})"
        print(done.stderr.strip())
        ratios = {}
        for line in done.stdout.splitlines():
            m, n, k, form, threads, ours, theirs = line.split(",")
            ratios.setdefault((form, int(threads)), []).append((float(theirs) / float(ours), f"{m} x {n} x {k}"))
        for (form, threads), rows in sorted(ratios.items()):
            mean = statistics.geometric_mean(ratio for ratio, _ in rows)
            below = sum(ratio < 0.9 for ratio, _ in rows)
            worst, shape = min(rows)
            self.row(
                f"products {form}, {len(rows)} shapes, beside OpenBLAS", threads, f"{below} below 0.9",
                f"worst {worst:.2f}: {shape}", f"{mean:.2f}", "mean 1.05, none below 0.9",
            )  # fmt: skip

    def seconds_to(self, goal, options):
        """Seconds of training until the first evaluation at or below the goal, or to the best one, and its loss."""
        with tempfile.TemporaryDirectory() as folder:
            command = [self.options.attn, "train", "generate", self.options.shakespeare, "--tokenizer", "char"]
            command += [*options.split(), "--quiet", "--threads", str(self.options.threads), "--out", folder + "/model"]
            subprocess.run(command, check=True)
            lines = Path(folder, "model/training/log.csv").read_text().splitlines()
        rows = [dict(zip(lines[0].split(","), map(float, line.split(",")))) for line in lines[1:]]
        best = min(rows, key=lambda row: row["valid_loss"])
        reached = next((row for row in rows if row["valid_loss"] <= goal), best)
        return reached["seconds"], reached["valid_loss"]

    def shakespeare(self):
        """nanoGPT's CPU configuration to a validation loss of 1.88 on both sides, and attn's own ways there and further."""
        if not has("torch"):
            return "PyTorch"
        from torch_shakespeare import seconds_to

        threads = self.options.threads
        other, other_loss = min(seconds_to(self.options.shakespeare, 1.88, n) for n in sorted({1, threads}))
        for what, goal, options in [("nanoGPT's CPU run", 1.88, NANOGPT), *(("own options", *recipe) for recipe in RECIPES)]:
            mine, loss = self.seconds_to(goal, options)
            self.row(
                f"{what} to {goal:.2f}", threads, f"{mine:.1f} s, {loss:.3f}", f"{other:.1f} s, {other_loss:.3f} torch",
                f"{other / mine:.2f}" if goal == 1.88 else "-", "-",
            )  # fmt: skip

    def run(self):
        self.choose_core_type()
        print(f"{'what':46} {'threads':>7} {'attn':>20} {'peer':>28} {'ratio':>7} least / aim")
        parts = self.options.only or PARTS
        if self.options.shakespeare:
            parts = [*parts, "shakespeare"]
        for part in parts:
            missing = getattr(self, part)()
            if missing:
                print(f"{part}: left out, needs {missing}", flush=True)


def part_list(text):
    parts = text.split(",")
    for part in parts:
        if part not in PARTS:
            raise argparse.ArgumentTypeError(f"found {part!r}, expected some of {','.join(PARTS)}")
    return parts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attn", default="./attn", help="the program")
    parser.add_argument("--matmul-peer", default="build/matmul-peer", help="tests/bench/matmul_peer.cpp, built")
    parser.add_argument("--only", type=part_list, metavar="PARTS", help=f"some of {','.join(PARTS)}; without it all")
    parser.add_argument("--threads", type=int, default=min(2, len(os.sched_getaffinity(0))), help="2, or as many as there are")
    parser.add_argument("--rounds", type=int, default=3, help="turns of both sides (3)")
    parser.add_argument("--quick", action="store_true", help="one short round: whether it runs, not how fast")
    parser.add_argument("--text", metavar="FILE", help="what tokenizers learn and encode; Python's sources without it")
    parser.add_argument("--shakespeare", metavar="input.txt", help="nanoGPT's CPU run too: minutes")
    options = parser.parse_args()
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    Peers(options).run()


if __name__ == "__main__":
    main()
