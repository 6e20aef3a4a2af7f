#!/usr/bin/env python3
"""Makes translator/ beside this script: a tiny MarianMTModel that has half learnt to reverse letters, saved by
`transformers`, and translations.json with what its `generate` finds, greedily and by beam search.

    python3 -m venv venv && venv/bin/pip install torch transformers==4.57.1 tokenizers
    venv/bin/python tests/reference/make_translations.py

Made with torch 2.15.0, transformers 4.57.1, tokenizers 0.22.2, Python 3.11 on a CPU, in float32. Every search follows
the definitions of attn: no forced end token, padding is never written, a search ends when no hypothesis can reach a
score among those found (early_stopping="never"), max_length counts target tokens with the end token. `sources` are
texts; each search has `targets`, n-best lists of texts, and their `scores` (none for the greedy search), one list a
source.
"""

import json
import pathlib
import random

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import MarianConfig, MarianMTModel

HERE = pathlib.Path(__file__).resolve().parent
LETTERS = "abcdefgh"
END, PAD = 0, 10
STEPS = 120
# beam, length penalty, max_length
SEARCHES = [(1, 1.0, 14), (2, 1.0, 14), (4, 1.0, 14), (4, 0.0, 14), (5, 0.6, 8), (3, 2.0, 5), (6, 1.0, 3)]


def make_tokenizer():
    tokens = ["</s>", "<unk>", *LETTERS, "<pad>"]
    result = Tokenizer(models.WordLevel({token: i for i, token in enumerate(tokens)}, unk_token="<unk>"))
    result.add_special_tokens(["</s>", "<unk>", "<pad>"])
    result.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    result.decoder = decoders.Fuse()
    result.post_processor = processors.TemplateProcessing("$A </s>", "$A $B </s>", [("</s>", END)])
    return result


def make_model():
    return MarianMTModel(MarianConfig(
        vocab_size=PAD + 1, max_position_embeddings=14, d_model=16, encoder_layers=1, decoder_layers=2,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32,
        activation_function="relu", scale_embedding=True, dropout=0.0, init_std=0.2, pad_token_id=PAD,
        eos_token_id=END, bos_token_id=None, decoder_start_token_id=PAD, forced_eos_token_id=None))


def draw(source):
    return "".join(source.choices(LETTERS, k=source.randint(1, 9)))


def train(model, tokens):
    source = random.Random(1)
    optimizer = torch.optim.Adam(model.parameters(), 5e-3)
    for _ in range(STEPS):
        text = [draw(source) for _ in range(64)]
        ids, labels = ([torch.tensor(tokens.encode(t).ids) for t in texts] for texts in (text, [t[::-1] for t in text]))
        ids = torch.nn.utils.rnn.pad_sequence(ids, batch_first=True, padding_value=PAD)
        labels = torch.nn.utils.rnn.pad_sequence(labels, batch_first=True, padding_value=-100)
        loss = model(input_ids=ids, attention_mask=(ids != PAD).long(), labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


def search(model, tokens, source, beams, length_penalty, max_length):
    out = model.generate(
        torch.tensor([tokens.encode(source).ids]), num_beams=beams, num_return_sequences=beams,
        length_penalty=length_penalty, max_new_tokens=max_length, early_stopping="never" if beams > 1 else False,
        do_sample=False, suppress_tokens=[PAD], return_dict_in_generate=True, output_scores=True)
    return tokens.decode_batch(out.sequences.tolist()), out.sequences_scores.tolist() if beams > 1 else []


def main():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    tokens, model = make_tokenizer(), make_model()
    loss = train(model, tokens)
    model.eval()
    model.save_pretrained(HERE / "translator")
    tokens.save(str(HERE / "translator" / "tokenizer.json"))
    source = random.Random(2)
    texts = [draw(source) for _ in range(16)]
    searches = []
    for beams, length_penalty, max_length in SEARCHES:
        found = [search(model, tokens, text, beams, length_penalty, max_length) for text in texts]
        searches.append({"beam": beams, "length_penalty": length_penalty, "max_length": max_length,
                         "targets": [targets for targets, _ in found], "scores": [scores for _, scores in found]})
    (HERE / "translations.json").write_text(json.dumps({"sources": texts, "searches": searches}) + "\n")
    print(json.dumps({"loss": loss, "greedy": list(zip(texts, [t[0] for t in searches[0]["targets"]]))}))


if __name__ == "__main__":
    main()
