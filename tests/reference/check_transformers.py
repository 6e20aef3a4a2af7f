#!/usr/bin/env python3
"""Shows that model folders are the same to `attn` and to Python's `transformers`, in both directions.

    python3 -m venv venv
    venv/bin/pip install torch numpy transformers tokenizers sentencepiece sentence-transformers
    venv/bin/python tests/reference/check_transformers.py --attn ./attn --texts lines.txt [DIR…]

--texts: real text, at least 1,000 lines. Without DIR it makes all folders itself:
  trained   tiny models of every task, architecture and tokenizer that `attn train` has,
  resaved   the same, loaded and saved again by transformers: in one file, in shards, as bfloat16 and float16,
  saved     random models that transformers made: with and without tied embeddings, grouped key/value heads, biases,
            other heads, with tokenizers that the tokenizers library trained.
Every folder, or those given, is then loaded by both sides and compared:
  ids       of 1,000 lines: attn tokenize, tokenizers, AutoTokenizer                          equal
  logits    evaluate --per-token, fill --top, classify, embed, evaluate                       1e-4
  vectors   of sentence-transformers, if it is installed                                      1e-5
  weights   attn attention, output_attentions of the eager implementation                     1e-5
  keys      from_pretrained of the class and of AutoModel…: none missing, none left over
AutoTokenizer of transformers 5.0.0 fails on Marian folders where sentencepiece is not installed, though it is not used.
Made with transformers 4.57.1 and 5.0.0, tokenizers 0.22.2, torch 2.15.0, sentence-transformers 5.7.0. Not part of
`make test`. Exit code 1 if anything differs.
"""

import argparse
import csv
import io
import json
import logging
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", TRANSFORMERS_VERBOSITY="error")

import numpy
import tokenizers
import torch
import transformers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

try:
    from sentence_transformers import SentenceTransformer
except ImportError:
    SentenceTransformer = None

AUTO_CLASSES = {
    "GPT2LMHeadModel": "AutoModelForCausalLM", "LlamaForCausalLM": "AutoModelForCausalLM",
    "MarianMTModel": "AutoModelForSeq2SeqLM", "BertForMaskedLM": "AutoModelForMaskedLM",
    "BertForPreTraining": "AutoModelForPreTraining", "BertModel": "AutoModel", "GPT2Model": "AutoModel",
    "BertForSequenceClassification": "AutoModelForSequenceClassification"}
SHAPE = ["--layers", "2", "--heads", "2", "--d-model", "32", "--d-ff", "48"]


class Attn:
    """The program; `trained` folders and inputs go into `work`."""

    def __init__(self, program, work):
        self.program, self.work = program, work

    def run(self, *arguments):
        result = subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True)
        if result.returncode != 0:
            raise RuntimeError(f"attn {' '.join(map(str, arguments))}: {result.stderr.strip()}")
        return result.stdout

    def table(self, command, folder, lines, *options):
        """Rows of the command's CSV table for these lines."""
        out = self.run(command, folder, self.file(lines), "--format", "csv", *options)
        return list(csv.DictReader(io.StringIO(out, newline="")))

    def array(self, command, folder, lines, ending, *options):
        path = self.work / ("result" + ending)
        self.run(command, folder, self.file(lines), "--out", path, "--force", *options)
        return numpy.load(path)

    def file(self, lines):
        path = self.work / "lines.txt"
        path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        return path


class Folder:
    """One folder as both sides see it."""

    def __init__(self, attn, path, texts):
        self.attn, self.path, self.problems, self.notes = attn, path, [], []
        self.config = json.loads((path / "config.json").read_text())
        self.class_name = self.config["architectures"][0]
        self.ids = tokenizers.Tokenizer.from_file(str(path / "tokenizer.json"))
        self.ids.no_truncation()
        self.ids.no_padding()
        self.texts = texts
        base = {"GPT2Model": "GPT2LMHeadModel", "BertForPreTraining": "BertForMaskedLM"}
        self.model = self.load(getattr(transformers, base.get(self.class_name, self.class_name)),
                               self.class_name not in base)
        context = self.config.get("max_position_embeddings", self.config.get("n_positions"))
        self.short = [text for text in texts if len(self.ids.encode(text).ids) < context][:20]

    def load(self, kind, complete=True):
        model, keys = kind.from_pretrained(self.path, dtype=torch.float32, attn_implementation="eager",
                                           output_loading_info=True)
        for what in ("missing_keys", "unexpected_keys", "mismatched_keys"):
            # The pooler of BertModel serves classifiers; the encoders of attn have none.
            wrong = [key for key in keys[what] if "pooler" not in str(key)]
            if wrong and complete:
                self.problems.append(f"{kind.__name__}: {what} {wrong}")
        return model.eval()

    def compare(self, what, found, expected, tolerance):
        found, expected = numpy.asarray(found, dtype=float), numpy.asarray(expected, dtype=float)
        if found.shape != expected.shape or found.size == 0 or numpy.isnan(found).any():
            self.problems.append(f"{what}: shapes {found.shape} and {expected.shape}")
            return
        distance = numpy.abs(found - expected).max()
        self.notes.append(f"{what} {distance:.0e}")
        if not distance < tolerance:
            self.problems.append(f"{what}: differs by {distance}")

    def compare_lines(self, what, found, expected):
        wrong = [i for i, text in enumerate(self.texts) if found[i] != expected[i]]
        if wrong:
            i = wrong[0]
            self.problems.append(f"{what}: {len(wrong)} lines differ: {self.texts[i]!r}: {found[i]}, {expected[i]}")

    def check_ids(self):
        rows = self.attn.table("tokenize", self.path, self.texts)
        found = [[] for _ in self.texts]
        for row in rows:
            found[int(row["text"])].append(int(row["id"]))
        plain = [encoding.ids for encoding in self.ids.encode_batch(self.texts, add_special_tokens=False)]
        around = [encoding.ids for encoding in self.ids.encode_batch(self.texts)]
        self.compare_lines("attn tokenize", found, plain)
        auto = AutoTokenizer.from_pretrained(self.path)
        self.compare_lines(f"AutoTokenizer, {type(auto).__name__}", auto(self.texts)["input_ids"], around)
        if ("token_type_ids" in auto("a")) != ("type_vocab_size" in self.config):
            self.problems.append(f"AutoTokenizer gives {sorted(auto('a'))}")
        self.compare_lines("AutoTokenizer's decode", auto.batch_decode(plain, skip_special_tokens=True),
                           self.ids.decode_batch(plain))
        self.notes.append(f"ids of {len(self.texts)} lines")

    @torch.no_grad()
    def check_language(self):
        """log p and the entropy of every token's distribution; the text stands behind the end-of-text token."""
        rows = self.attn.table("evaluate", self.path, self.short, "--per-token")
        end, expected = self.config["eos_token_id"], []
        for text in self.short:
            ids = torch.tensor([end] + self.ids.encode(text).ids)
            log = self.model(ids[None]).logits[0, :-1].log_softmax(-1)
            chosen = log.gather(1, ids[1:, None])[:, 0]
            expected += zip(chosen.tolist(), (-(log.exp() * log).sum(1)).tolist())
        self.compare("log p", [(row["log_probability"], row["entropy"]) for row in rows], expected, 1e-4)

    @torch.no_grad()
    def check_masked(self):
        """The probability of every token at every mask, the largest first."""
        masked = []
        for text in self.short:
            words = text.split(" ")
            words[len(words) // 2] = "[MASK]"
            masked.append(" ".join(words))
        rows = self.attn.table("fill", self.path, masked, "--top", self.config["vocab_size"])
        expected = []
        for text in masked:
            encoded = self.ids.encode(text)
            logits = self.model(torch.tensor([encoded.ids]), token_type_ids=torch.tensor([encoded.type_ids])).logits[0]
            for position in (i for i, id in enumerate(encoded.ids) if id == self.ids.token_to_id("[MASK]")):
                expected += logits[position].log_softmax(-1).sort(descending=True).values.tolist()
        self.compare("log p", [numpy.log(float(row["probability"])) for row in rows], expected, 1e-4)

    @torch.no_grad()
    def check_classifier(self):
        rows = self.attn.table("classify", self.path, self.short)
        labels = [self.model.config.id2label[i] for i in range(self.model.config.num_labels)]
        logits = torch.cat([self.model(torch.tensor([self.ids.encode(text).ids])).logits for text in self.short])
        found = [[numpy.log(float(row["p_" + label])) for label in labels] for row in rows]
        self.compare("log p", found, logits.log_softmax(-1).tolist(), 1e-4)
        if [row["label"] for row in rows] != [labels[i] for i in logits.argmax(-1)]:
            self.problems.append("labels differ")

    @torch.no_grad()
    def check_states(self):
        states = [self.model(torch.tensor([self.ids.encode(text).ids])).last_hidden_state[0] for text in self.short]
        found = self.attn.array("embed", self.path, self.short, ".npy", "--per-token")
        self.compare("states", found, torch.cat(states).numpy(), 1e-4)
        found = self.attn.array("embed", self.path, self.short, ".npy")
        if not (self.path / "modules.json").exists():
            self.compare("means", found, torch.stack([s.mean(0) for s in states]).numpy(), 1e-5)
        elif SentenceTransformer is not None:
            expected = SentenceTransformer(str(self.path), device="cpu").encode(self.short)
            self.compare("sentence-transformers", found, expected, 1e-5)

    def pairs(self):
        """Lines of a source and a target: what follows in the text."""
        return list(zip(self.short, self.short[1:] + self.short[:1]))

    def translator_batch(self, source, target):
        padding = self.config["decoder_start_token_id"]
        targets = self.ids.encode(target).ids
        return dict(input_ids=torch.tensor([self.ids.encode(source).ids]),
                    decoder_input_ids=torch.tensor([[padding] + targets[:-1]])), torch.tensor(targets)

    @torch.no_grad()
    def check_translator(self):
        losses, count = 0.0, 0
        for source, target in self.pairs():
            batch, targets = self.translator_batch(source, target)
            losses += torch.nn.functional.cross_entropy(self.model(**batch).logits[0], targets, reduction="sum").item()
            count += len(targets)
        lines = [f"{source}\t{target}" for source, target in self.pairs()]
        found = json.loads(self.attn.run("evaluate", self.path, self.attn.file(lines), "--json"))
        self.compare("loss", [found["loss"]], [losses / count], 1e-5)
        self.check_translations(1)
        self.check_translations(4)

    def check_translations(self, beams):
        """Greedy or beam search: texts, and the scores: log p per token, end token included."""
        sources = self.short[:5]
        rows = self.attn.table("translate", self.path, sources, "--beam", beams, "--n-best", "1", "--max-length", "30")
        expected = []
        for source in sources:
            out = self.model.generate(torch.tensor([self.ids.encode(source).ids]), num_beams=beams, do_sample=False,
                                      max_new_tokens=30, length_penalty=1.0, early_stopping="never",
                                      forced_eos_token_id=None, output_scores=True, output_logits=True,
                                      return_dict_in_generate=True)
            # The scores of greedy search have gone through bad_words_ids, which beams see after the softmax.
            steps = self.model.compute_transition_scores(out.sequences, out.logits if beams == 1 else out.scores,
                                                         out.get("beam_indices"), normalize_logits=beams == 1)
            ids = out.sequences[0, 1:].tolist()
            n = ids.index(self.config["eos_token_id"]) + 1 if self.config["eos_token_id"] in ids else len(ids)
            expected.append((self.ids.decode(ids[:n]), steps[0, :n].sum().item() / n))
        wrong = [(row["translation"], text) for row, (text, _) in zip(rows, expected) if row["translation"] != text]
        if wrong:
            self.problems.append(f"translations of {len(wrong)} lines with beam {beams} differ: {wrong[0]}")
        self.compare(f"beam {beams}", [row["score"] for row in rows], [score for _, score in expected], 1e-4)

    @torch.no_grad()
    def check_attention(self):
        if self.class_name == "MarianMTModel":
            pairs = self.pairs()[:3]
            lines = [f"{source}\t{target}" for source, target in pairs]
            batches = [self.translator_batch(*pair)[0] for pair in pairs]
        else:
            lines = self.short[:3]
            batches = [dict(input_ids=torch.tensor([self.ids.encode(text).ids])) for text in lines]
        found = self.attn.array("attention", self.path, lines, ".npz")
        kind = "decoder" if self.class_name[:4] in ("GPT2", "Llam") else "encoder"
        for i, batch in enumerate(batches):
            out = self.model(**batch, output_attentions=True)
            for name, key in ((kind, "attentions"), ("encoder", "encoder_attentions"),
                              ("decoder", "decoder_attentions"), ("cross", "cross_attentions")):
                if out.get(key):
                    expected = torch.stack(out[key])[:, 0].numpy()
                    self.compare(f"{name} attention", found[f"text{i}_{name}"], expected, 1e-5)

    def check_auto(self):
        self.load(getattr(transformers, AUTO_CLASSES[self.class_name]))

    def check(self):
        """Everything that can be checked, even if a part cannot."""
        of_the_class = {
            "GPT2LMHeadModel": self.check_language, "GPT2Model": self.check_language,
            "LlamaForCausalLM": self.check_language, "MarianMTModel": self.check_translator,
            "BertForMaskedLM": self.check_masked, "BertForPreTraining": self.check_masked,
            "BertForSequenceClassification": self.check_classifier, "BertModel": self.check_states}[self.class_name]
        for part in (self.check_ids, self.check_auto, of_the_class, self.check_attention):
            try:
                part()
            except Exception as error:
                self.problems.append(f"{part.__name__}: {type(error).__name__}: {error}")


def train_all(attn, texts):
    """name → folder: models of every task."""
    lines = attn.work / "texts.txt"
    lines.write_text("\n".join(texts) + "\n", encoding="utf-8")
    reviews, pairs = attn.work / "reviews.tsv", attn.work / "pairs.tsv"
    reviews.write_text(attn.run("data", "reviews", "--lines", 300), encoding="utf-8")
    pairs.write_text(attn.run("data", "en-es", "--lines", 300), encoding="utf-8")
    generate, fill = ["generate", lines, "--lines"], ["fill", lines, "--lines"]
    runs = {
        "gpt2-bpe": generate, "gpt2-char": [*generate, "--tokenizer", "char"],
        "gpt2-byte": [*generate, "--tokenizer", "byte", "--no-tie"],
        "gpt2-word": [*generate, "--tokenizer", "word", "--lowercase"],
        "llama-bpe": [*generate, "--arch", "llama", "--kv-heads", "1"],
        "llama-char": [*generate, "--arch", "llama", "--tokenizer", "char", "--tie", "--lowercase"],
        "fill-bpe": fill, "fill-word": [*fill, "--tokenizer", "word", "--lowercase"],
        "fill-char": [*fill, "--tokenizer", "char"],
        "classify": ["classify", reviews], "classify-word": ["classify", reviews, "--tokenizer", "word"],
        "classify-from": ["classify", reviews, "--from", attn.work / "fill-bpe"],
        "embed": ["embed", lines], "embed-pairs": ["embed", pairs, "--tokenizer", "word"],
        "embed-from": ["embed", lines, "--from", attn.work / "fill-bpe"],
        "translate": ["translate", pairs, "--vocab-size", "400"],
        "translate-char": ["translate", pairs, "--tokenizer", "char", "--decoder-layers", "3"],
        "translate-word": ["translate", pairs, "--tokenizer", "word"]}
    for name, run in runs.items():
        shape = [] if "--from" in run else SHAPE
        attn.run("train", *run, "--out", attn.work / name, "--steps", "30", "--lr", "3e-3", *shape, "--quiet")
    return {name: attn.work / name for name in runs}


def resave(name, folder, work):
    """The folder as transformers saves it again, in several forms."""
    class_name = json.loads((folder / "config.json").read_text())["architectures"][0]
    forms = {"one": {}, "shards": dict(max_shard_size="40KB"), "bf16": dict(dtype=torch.bfloat16),
             "f16": dict(dtype=torch.float16)}
    for form, options in forms.items():
        path = work / f"{name}-{form}"
        dtype = options.pop("dtype", torch.float32)
        getattr(transformers, class_name).from_pretrained(folder, dtype=dtype).save_pretrained(path, **options)
        AutoTokenizer.from_pretrained(folder).save_pretrained(path)
        yield f"{name}, saved again ({form})", path


def train_tokenizer(kind, texts):
    """Of the tokenizers library, as its users make them."""
    if kind == "bert":
        result = tokenizers.BertWordPieceTokenizer()
        result.train_from_iterator(texts, vocab_size=400, show_progress=False)
        result.enable_truncation(64)
        result.enable_padding()
        wrapped = transformers.BertTokenizerFast(tokenizer_object=result._tokenizer)
    else:
        result = tokenizers.ByteLevelBPETokenizer()
        special = ["<|endoftext|>"] if kind == "gpt2" else ["</s>", "<pad>"]
        result.train_from_iterator(texts, vocab_size=400, special_tokens=special, show_progress=False)
        if kind == "marian":
            result.post_processor = tokenizers.processors.TemplateProcessing("$A </s>", "$A $B </s>", [("</s>", 0)])
        names = dict(zip(("eos_token", "pad_token"), special))
        wrapped = PreTrainedTokenizerFast(tokenizer_object=result._tokenizer,
                                          model_input_names=["input_ids", "attention_mask"], **names)
    return wrapped


def save_all(work, texts):
    """name → folder: random models that transformers saved."""
    gpt2 = dict(vocab_size=400, n_positions=96, n_embd=32, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=0)
    llama = dict(vocab_size=400, max_position_embeddings=96, hidden_size=32, intermediate_size=40, num_hidden_layers=2,
                 num_attention_heads=4, bos_token_id=0, eos_token_id=0)
    bert = dict(vocab_size=400, max_position_embeddings=96, hidden_size=32, intermediate_size=40, num_hidden_layers=2,
                num_attention_heads=4)
    marian = dict(vocab_size=400, max_position_embeddings=96, d_model=32, encoder_layers=2, decoder_layers=1,
                  encoder_attention_heads=4, decoder_attention_heads=4, encoder_ffn_dim=40, decoder_ffn_dim=40,
                  scale_embedding=True, eos_token_id=0, forced_eos_token_id=0, pad_token_id=1,
                  decoder_start_token_id=1)
    from transformers import BertConfig, GPT2Config, LlamaConfig, MarianConfig
    models = {
        "gpt2": ("GPT2LMHeadModel", GPT2Config(**gpt2)),
        "gpt2-base": ("GPT2Model", GPT2Config(**gpt2)),
        "gpt2-untied": ("GPT2LMHeadModel", GPT2Config(**gpt2, tie_word_embeddings=False)),
        "gpt2-relu": ("GPT2LMHeadModel", GPT2Config(**gpt2, activation_function="relu", n_inner=20)),
        "llama": ("LlamaForCausalLM", LlamaConfig(**llama)),
        "llama-grouped": ("LlamaForCausalLM", LlamaConfig(**llama, num_key_value_heads=2, head_dim=16,
                                                          tie_word_embeddings=True)),
        "llama-stretched": ("LlamaForCausalLM", LlamaConfig(**llama, rope_theta=321.0, rms_norm_eps=1e-3)),
        "bert-masked": ("BertForMaskedLM", BertConfig(**bert)),
        "bert-pretraining": ("BertForPreTraining", BertConfig(**bert)),
        "bert-classifier": ("BertForSequenceClassification", BertConfig(**bert)),
        "bert-five": ("BertForSequenceClassification", BertConfig(**bert, num_labels=5, hidden_act="relu")),
        "bert-model": ("BertModel", BertConfig(**bert, type_vocab_size=3, hidden_act="gelu_new")),
        "marian": ("MarianMTModel", MarianConfig(**marian)),
        "marian-relu": ("MarianMTModel", MarianConfig(**marian, activation_function="relu")),
    }
    for seed, (name, (class_name, config)) in enumerate(models.items()):
        torch.manual_seed(seed)
        model = getattr(transformers, class_name)(config)
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.requires_grad:
                    parameter += 0.1 * torch.randn_like(parameter)
            if class_name == "MarianMTModel":
                model.final_logits_bias.normal_()
        path = work / ("saved-" + name)
        model.save_pretrained(path)
        train_tokenizer(config.model_type.replace("llama", "gpt2"), texts).save_pretrained(path)
        yield f"{name} of transformers", path


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attn", default="./attn", help="the program")
    parser.add_argument("--texts", required=True, help="a file of at least 1,000 lines")
    parser.add_argument("--only", default="", help="folders whose names hold this")
    parser.add_argument("folders", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    transformers.utils.logging.disable_progress_bar()
    warnings.simplefilter("ignore")
    texts = pathlib.Path(options.texts).read_text(encoding="utf-8").split("\n")
    texts = [text for text in texts if text.strip() and "\t" not in text][:1000]
    print(f"transformers {transformers.__version__}, tokenizers {tokenizers.__version__}, {len(texts)} lines")

    failures = 0
    with tempfile.TemporaryDirectory() as work:
        attn = Attn(options.attn, pathlib.Path(work))
        folders = {str(folder): folder for folder in options.folders}
        if not folders:
            folders = train_all(attn, texts)
            for name in ("gpt2-bpe", "llama-bpe", "fill-bpe", "classify", "embed", "translate"):
                folders.update(resave(name, folders[name], attn.work))
            folders.update(save_all(attn.work, texts))
        for name, path in folders.items():
            if options.only not in name:
                continue
            folder = Folder(attn, path, texts)
            folder.check()
            problems, notes = folder.problems, folder.notes
            failures += bool(problems)
            print(f"{'FAILED' if problems else 'ok'}: {name}: {'; '.join(problems or notes)}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
