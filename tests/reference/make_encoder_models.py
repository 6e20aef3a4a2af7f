#!/usr/bin/env python3
"""Makes marian/, bert_masked/, bert_classifier/ and bert_model/ beside this script: a tiny model of each class with
fixed random weights, saved by `transformers`, and reference.safetensors with what PyTorch computes from it.

    python3 -m venv venv && venv/bin/pip install torch transformers==4.57.1 tokenizers
    venv/bin/python tests/reference/make_encoder_models.py

Made with torch 2.15.0, transformers 4.57.1, tokenizers 0.22.2, safetensors 0.8.0, Python 3.11 on a CPU, in float32.

tokenizer.json has a token a character and the class's special tokens around a text. Python computes padded batches
with masks; reference.safetensors holds the real tokens alone, one text after the other:
    starts (B + 1), ids (N)               int64; Marian: source.starts, source.ids (end token included) and
                                          target.starts, target.ids (the decoder's input: pad, then the target)
    types (N)                             token types of BERT: the third text is a pair
    targets                               int64: of every row of the decoder; of the rows `chosen` (n) of a masked
                                          model; the label of every text; which positive belongs to which anchor
    loss (1)                              mean cross-entropy over the targets. Marian's has label smoothing 0.1, and
                                          plain_loss has none. BertModel: the means of the states of texts 0, 1 against
                                          those of 2, 3: cosines times 20 (contrastive learning with in-batch negatives)
    logits                                Marian, masked: (N, V), classifier: (B, labels)
    hidden (N, C), mean (B, C), first (B, C)   BertModel: states, their means, the pooler's output for the first token
    gradient.NAME                         d loss / d parameter, NAME and shape as in model.safetensors
    attention.KIND.LAYER.SEQUENCE (H, T, S)    softmax weights (output_attentions of the eager implementation), KIND
                                          encoder, decoder or cross
"""

import json
import pathlib

import torch
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors
from torch.nn.functional import cross_entropy, normalize
from transformers import (BertConfig, BertForMaskedLM, BertForSequenceClassification, BertModel, MarianConfig,
                          MarianMTModel)

HERE = pathlib.Path(__file__).resolve().parent
LETTERS = [" "] + [chr(ord("a") + i) for i in range(19)]
BERT_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + LETTERS[:18]
MARIAN_TOKENS = ["</s>", "<unk>"] + LETTERS + ["<pad>"]
VOCABULARY, CONTEXT = 23, 14
assert len(BERT_TOKENS) == len(MARIAN_TOKENS) == VOCABULARY

SOURCES = ["big frog", "a", "hello dog"]
TARGETS = ["le gros", "fade abel ac", "d"]
TEXTS = ["big frog", "a", ("no milk", "ham"), "look a gem"]
CHOSEN = [[1, 5], [1], [2, 3, 10], [4]]  # positions to be predicted; each first one is masked
LABELS = [2, 0, 1, 2]
SIZES = dict(vocab_size=VOCABULARY, max_position_embeddings=CONTEXT, attn_implementation="eager")


def marian():
    return MarianMTModel(MarianConfig(
        d_model=16, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4, decoder_attention_heads=4,
        encoder_ffn_dim=24, decoder_ffn_dim=24, activation_function="relu", scale_embedding=True, dropout=0.0,
        pad_token_id=VOCABULARY - 1, eos_token_id=0, bos_token_id=None, decoder_start_token_id=VOCABULARY - 1,
        forced_eos_token_id=0, **SIZES))


def bert(kind, **options):
    return kind(BertConfig(hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=24,
                           hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, **SIZES, **options))


def tokenizer(tokens, special, unknown):
    result = Tokenizer(models.WordLevel({token: i for i, token in enumerate(tokens)}, unk_token=unknown))
    result.add_special_tokens(special)
    result.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    result.decoder = decoders.Fuse()
    return result


def marian_tokenizer():
    result = tokenizer(MARIAN_TOKENS, ["</s>", "<unk>", "<pad>"], "<unk>")
    result.post_processor = processors.TemplateProcessing("$A </s>", "$A $B </s>", [("</s>", 0)])
    return result


def bert_tokenizer():
    result = tokenizer(BERT_TOKENS, BERT_TOKENS[:5], "[UNK]")
    result.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1",
                                                          [("[CLS]", 2), ("[SEP]", 3)])
    return result


def fill(model, seed):
    """Every parameter gets values that matter: biases are not 0 and gains are not 1."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if not parameter.requires_grad:
                continue  # sinusoidal positions
            values = 0.2 * torch.randn(parameter.shape, generator=generator)
            is_gain = "norm" in name.lower() and name.endswith("weight")
            parameter.copy_(1 + values if is_gain else values)
        if hasattr(model, "final_logits_bias"):
            model.final_logits_bias.copy_(0.5 * torch.randn(model.final_logits_bias.shape, generator=generator))
            model.final_logits_bias.requires_grad_()


def pad(lists, value):
    """(B, longest), and the mask of what is no padding."""
    tensors = [torch.tensor(entries) for entries in lists]
    padded = torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True, padding_value=value)
    mask = torch.nn.utils.rnn.pad_sequence([torch.ones_like(t) for t in tensors], batch_first=True)
    return padded, mask


def starts(mask):
    return torch.cat([torch.tensor([0]), mask.sum(1).cumsum(0)])


def attentions(kind, layers, queries, keys):
    """Without the padding: queries, keys (B, longest) are masks."""
    return {f"attention.{kind}.{layer}.{b}": weights[b, :, :queries[b].sum(), :keys[b].sum()]
            for layer, weights in enumerate(layers) for b in range(len(queries))}


def save(name, model, tokens, loss, reference):
    loss.backward()
    reference["loss"] = loss.reshape(1)
    for parameter_name, parameter in [*model.named_parameters(), *model.named_buffers()]:
        if parameter.grad is not None:
            reference[f"gradient.{parameter_name}"] = parameter.grad
    folder = HERE / name
    model.save_pretrained(folder)
    tokens.save(str(folder / "tokenizer.json"))
    save_file({key: value.detach().contiguous() for key, value in reference.items()}, folder / "reference.safetensors")
    print(json.dumps({"model": name, "loss": loss.item(), "parameters": sum(p.numel() for p in model.parameters())}))


def make_marian():
    model, tokens = marian(), marian_tokenizer()
    fill(model, 40)
    model.eval()
    for module in (model.model.shared, model.model.encoder.embed_tokens, model.model.decoder.embed_tokens):
        module.padding_idx = None  # the decoder reads pad first, which is no padding: it has a gradient
    padding = model.config.pad_token_id
    sources, source_mask = pad([tokens.encode(text).ids for text in SOURCES], padding)
    labels, target_mask = pad([tokens.encode(text).ids for text in TARGETS], padding)
    inputs = torch.cat([torch.full_like(labels[:, :1], padding), labels[:, :-1]], 1)
    out = model(input_ids=sources, attention_mask=source_mask, decoder_input_ids=inputs, output_attentions=True,
                use_cache=False)
    kept, kept_source = target_mask.bool(), source_mask.bool()
    targets = labels.masked_fill(~kept, -100).flatten()
    logits = out.logits.flatten(0, 1)
    reference = {
        "source.starts": starts(source_mask), "source.ids": sources[kept_source],
        "target.starts": starts(target_mask), "target.ids": inputs[kept],
        "targets": labels[kept], "logits": out.logits[kept], "plain_loss": cross_entropy(logits, targets).reshape(1),
        **attentions("encoder", out.encoder_attentions, source_mask, source_mask),
        **attentions("decoder", out.decoder_attentions, target_mask, target_mask),
        **attentions("cross", out.cross_attentions, target_mask, source_mask)}
    save("marian", model, tokens, cross_entropy(logits, targets, label_smoothing=0.1), reference)


def encode_texts(tokens, masked):
    """Batch for BERT, and its part of the reference; with `masked`, the first of the CHOSEN of every text is hidden."""
    encoded = [tokens.encode(*text) if isinstance(text, tuple) else tokens.encode(text) for text in TEXTS]
    ids, mask = pad([text.ids for text in encoded], 0)
    types, _ = pad([text.type_ids for text in encoded], 0)
    original = ids.clone()
    if masked:
        for b, positions in enumerate(CHOSEN):
            ids[b, positions[0]] = tokens.token_to_id("[MASK]")
    kept = mask.bool()
    reference = {"starts": starts(mask), "ids": ids[kept], "types": types[kept]}
    return dict(input_ids=ids, token_type_ids=types, attention_mask=mask, output_attentions=True), reference, original


def make_bert_masked():
    model, tokens = bert(BertForMaskedLM), bert_tokenizer()
    fill(model, 50)
    model.eval()
    batch, reference, original = encode_texts(tokens, True)
    mask = batch["attention_mask"]
    out = model(**batch)
    labels = torch.full_like(original, -100)
    for b, positions in enumerate(CHOSEN):
        labels[b, positions] = original[b, positions]
    reference["chosen"] = torch.cat([torch.tensor(p) + start for p, start in zip(CHOSEN, reference["starts"])])
    reference["targets"] = original[mask.bool()][reference["chosen"]]
    reference["logits"] = out.logits[mask.bool()]
    reference.update(attentions("encoder", out.attentions, mask, mask))
    save("bert_masked", model, tokens, cross_entropy(out.logits.flatten(0, 1), labels.flatten()), reference)


def make_bert_classifier():
    names = ["cold", "mild", "hot"]
    model = bert(BertForSequenceClassification, id2label=dict(enumerate(names)),
                 label2id={name: i for i, name in enumerate(names)})
    tokens = bert_tokenizer()
    fill(model, 60)
    model.eval()
    batch, reference, _ = encode_texts(tokens, False)
    out = model(**batch)
    reference["targets"] = torch.tensor(LABELS)
    reference["logits"] = out.logits
    reference.update(attentions("encoder", out.attentions, batch["attention_mask"], batch["attention_mask"]))
    save("bert_classifier", model, tokens, cross_entropy(out.logits, reference["targets"]), reference)


def make_bert_model():
    model, tokens = bert(BertModel), bert_tokenizer()
    fill(model, 70)
    model.eval()
    batch, reference, _ = encode_texts(tokens, False)
    mask = batch["attention_mask"]
    out = model(**batch)
    mean = (out.last_hidden_state * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    cosines = normalize(mean[:2]) @ normalize(mean[2:]).T
    reference["targets"] = torch.tensor([0, 1])
    reference.update(hidden=out.last_hidden_state[mask.bool()], mean=mean, first=out.pooler_output)
    reference.update(attentions("encoder", out.attentions, mask, mask))
    save("bert_model", model, tokens, cross_entropy(20 * cosines, reference["targets"]), reference)


make_marian()
make_bert_masked()
make_bert_classifier()
make_bert_model()
