#!/usr/bin/env python3
"""Makes gpt2/ and llama/ beside this script: a tiny model of each family with fixed random weights, saved by
`transformers`, and reference.safetensors with what PyTorch computes from it.

    python3 -m venv venv && venv/bin/pip install torch transformers tokenizers
    venv/bin/python tests/reference/make_language_models.py

Made with torch 2.15.0, transformers 4.57.1, tokenizers 0.22.2, safetensors 0.8.0, Python 3.11 on a CPU, in float32.

tokenizer.json has a token a character. reference.safetensors holds, for the three TEXTS, each without its last
character, one after the other (N rows in all):
    starts (4), ids (N), targets (N)     int64
    loss (1)                             mean cross-entropy over the N targets
    logits (N, V)
    gradient.NAME                        d loss / d parameter, NAME and shape as in model.safetensors
    attention.LAYER.SEQUENCE (H, T, T)   softmax weights (output_attentions of the eager implementation)
    values.LAYER (N, H_kv*D)             value vectors
    contexts.LAYER (N, H*D)              weights times values, before the output projection
"""

import json
import pathlib

import torch
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

HERE = pathlib.Path(__file__).resolve().parent
TEXTS = ['a "big",\nfrog', "don't go", "hello"]
TOKENS = ["<|endoftext|>", "<|unknown|>", " ", ",", '"', "\n", "'"] + [chr(ord("a") + i) for i in range(22)]
VOCABULARY, CONTEXT = len(TOKENS), 12


def gpt2():
    config = GPT2Config(vocab_size=VOCABULARY, n_positions=CONTEXT, n_embd=32, n_layer=2, n_head=4, n_inner=64,
                        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=0, eos_token_id=0,
                        attn_implementation="eager")
    return GPT2LMHeadModel(config)


def llama():
    config = LlamaConfig(vocab_size=VOCABULARY, max_position_embeddings=CONTEXT, hidden_size=32,
                         intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
                         rms_norm_eps=1e-6, rope_theta=500.0, tie_word_embeddings=False, bos_token_id=0,
                         eos_token_id=0, attn_implementation="eager")
    return LlamaForCausalLM(config)


def tokenizer():
    result = Tokenizer(models.WordLevel({token: i for i, token in enumerate(TOKENS)}, unk_token=TOKENS[1]))
    result.add_special_tokens(TOKENS[:2])
    result.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    result.decoder = decoders.Fuse()
    return result


def fill(model, seed):
    """Every parameter gets values that matter: biases are not 0 and gains are not 1."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            values = 0.15 * torch.randn(parameter.shape, generator=generator)
            is_gain = parameter.dim() == 1 and name.endswith("weight")
            parameter.copy_(1 + values if is_gain else values)


def record_attention(model, layers):
    """Hooks that collect each layer's value vectors and the input of its output projection."""
    values, contexts = [[] for _ in layers], [[] for _ in layers]
    for i, layer in enumerate(layers):
        if hasattr(layer, "self_attn"):
            layer.self_attn.v_proj.register_forward_hook(lambda _m, _x, y, i=i: values[i].append(y[0].detach()))
            output = layer.self_attn.o_proj
        else:
            width = model.config.n_embd
            layer.attn.c_attn.register_forward_hook(
                lambda _m, _x, y, i=i: values[i].append(y[0, :, 2 * width:].detach()))
            output = layer.attn.c_proj
        output.register_forward_pre_hook(lambda _m, x, i=i: contexts[i].append(x[0][0].detach()))
    return values, contexts


def make(name, model, seed):
    fill(model, seed)
    model.eval()
    layers = model.transformer.h if name == "gpt2" else model.model.layers
    values, contexts = record_attention(model, layers)

    texts = [torch.tensor(tokenizer().encode(text).ids) for text in TEXTS]
    reference, logits = {}, []
    for sequence, text in enumerate(texts):
        out = model(text[None, :-1], output_attentions=True, use_cache=False)
        logits.append(out.logits[0])
        for layer, weights in enumerate(out.attentions):
            reference[f"attention.{layer}.{sequence}"] = weights[0].detach()
    logits = torch.cat(logits)
    targets = torch.cat([text[1:] for text in texts])
    loss = torch.nn.functional.cross_entropy(logits, targets)
    loss.backward()

    reference["starts"] = torch.tensor([0] + [len(text) - 1 for text in texts]).cumsum(0)
    reference["ids"] = torch.cat([text[:-1] for text in texts])
    reference["targets"] = targets
    reference["loss"] = loss.detach().reshape(1)
    reference["logits"] = logits.detach()
    for layer in range(len(layers)):
        reference[f"values.{layer}"] = torch.cat(values[layer])
        reference[f"contexts.{layer}"] = torch.cat(contexts[layer])
    for parameter_name, parameter in model.named_parameters():
        reference[f"gradient.{parameter_name}"] = parameter.grad

    folder = HERE / name
    model.save_pretrained(folder)
    tokenizer().save(str(folder / "tokenizer.json"))
    save_file({key: value.contiguous() for key, value in reference.items()}, folder / "reference.safetensors")
    print(json.dumps({"model": name, "loss": loss.item(), "parameters": sum(p.numel() for p in model.parameters())}))


make("gpt2", gpt2(), 20)
make("llama", llama(), 30)
