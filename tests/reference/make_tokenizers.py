#!/usr/bin/env python3
"""Writes tokenizer_cases.json and learnt_merges.json: tokenizers that the `tokenizers` library trained on a text of our own, and the ids,
offsets and decoded texts that it gives for odd texts. The package tokenizers 0.22.2 was used.
"""
import json
import pathlib

from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors,
                        trainers)

TEXT = """The quick brown fox jumps over the lazy dog. The dog sleeps; the fox doesn't. They're both happy, aren't they?
I'll say it again: the quick fox, the lazy dog, and 3 brown hens (or 30, or 300) live in the old mill.
Der schnelle braune Fuchs springt über den faulen Hund. Größe, Übermut, Straße.
El zorro marrón salta sobre el perro perezoso. ¿Dónde está el niño?
    indented    text\twith tabs
""" * 3 + "naïve café, résumé; 日本語のテキスト 👩‍👩‍👧 привет мир\n"

TEXTS = [
    "", "a", " ", "   ", "\n\n  x", "The quick brown fox", "  they're the dog's; I'LL 'sleep'  ", "don't",
    "a\r\nb\r\n", "x\0y", "1234567 3.14 ½ Ⅷ", "naïve café e\u0301", "日本語。", "👩‍👩‍👧🇩🇪", "\u00a0\u3000wide\u2028",
    "привет, мир!", "the<end>fox <end> dog", "[MASK] and [CLS]", "über Straße ẞ İ", "foo_bar(x)==42;", "\u200b\ufeff\ufffd",
    "𝔘𝔫𝔦", "the the the thethethe", "!!!\n\nabc  ...\r\n", "▁a▁", "tail   ",
]
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
          r"\s+(?!\S)|\s+")


def trained(tokenizer, trainer):
    tokenizer.train_from_iterator([TEXT], trainer)
    return tokenizer


def byte_level(pre_tokenizer):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    return trained(tokenizer, trainers.BpeTrainer(vocab_size=400, special_tokens=["<end>"], initial_alphabet=alphabet))


def llama(normalizer):
    fallback = [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=True)
    trained(tokenizer, trainers.BpeTrainer(vocab_size=450, special_tokens=["<unk>", "<s>", "<end>"] + fallback))
    content = json.loads(tokenizer.to_str())
    content["added_tokens"] = content["added_tokens"][:3]
    if normalizer:
        content["pre_tokenizer"] = None
    else:
        content["pre_tokenizer"]["split"] = False
    tokenizer = Tokenizer.from_str(json.dumps(content))
    if normalizer:
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
                                           decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)])
    return tokenizer


def bert():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trained(tokenizer, trainers.WordPieceTrainer(vocab_size=250, special_tokens=special))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return tokenizer


def words(pre_tokenizer, decoder):
    tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizer
    if decoder:
        tokenizer.decoder = decoder
    return trained(tokenizer, trainers.WordLevelTrainer(vocab_size=100, special_tokens=["<end>", "<unk>"]))


def lowercase():
    tokenizer = words(pre_tokenizers.Whitespace(), None)
    tokenizer.normalizer = normalizers.Lowercase()
    return tokenizer


def prefixed():
    tokenizer = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=True))
    tokenizer.add_special_tokens([AddedToken("[MASK]", lstrip=True, rstrip=True)])
    return tokenizer


TOKENIZERS = {
    "gpt2": byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False)),
    "prefix space": prefixed(),
    "llama 3": byte_level(pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(LLAMA3), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])),
    "llama, normalizer": llama(True),
    "llama, metaspace": llama(False),
    "bert": bert(),
    "char": words(pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated"), decoders.Fuse()),
    "word": words(pre_tokenizers.Whitespace(), None),
    "lowercase": lowercase(),
}


def case(tokenizer, text):
    encoding = tokenizer.encode(text, add_special_tokens=False)
    return {"text": text, "ids": encoding.ids, "offsets": [list(pair) for pair in encoding.offsets],
            "decoded": tokenizer.decode(encoding.ids), "single": tokenizer.encode(text).ids,
            "pair": tokenizer.encode(text, text).ids, "types": tokenizer.encode(text, text).type_ids}


folder = pathlib.Path(__file__).parent
contents = [{"name": name, "tokenizer": json.loads(tokenizer.to_str()), "cases": [case(tokenizer, t) for t in TEXTS]}
            for name, tokenizer in TOKENIZERS.items()]
(folder / "tokenizer_cases.json").write_text(json.dumps(contents, ensure_ascii=False, separators=(",", ":")) + "\n")

# The library breaks ties by ids, attn by bytes: a text in which every beginning of a word is more frequent than the
# next longer one has no ties.
counts = {"th": 401, "the": 203, "them": 101, "theme": 47, "an": 331, "and": 167, "in": 293, "ing": 149, "ingo": 71,
          "on": 251, "one": 127, "ones": 61, "er": 223, "error": 13, "errors": 7, "über": 31, "übermut": 3, " t": 181,
          " to": 89, " too": 43, "aaaa": 113}
small = "".join((word + "\n") * count for word, count in counts.items())
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.train_from_iterator([small], trainers.BpeTrainer(
    vocab_size=256 + 17, special_tokens=[], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
learnt = json.loads(tokenizer.to_str())["model"]
(folder / "learnt_merges.json").write_text(json.dumps(
    {"counts": counts, "merges": [" ".join(pair) for pair in learnt["merges"]]}, ensure_ascii=False) + "\n")
