#include "models/presets.h"

#include <algorithm>
#include <cmath>

namespace attn {

namespace {

// The base model of "Attention Is All You Need", table 3, with the shared vocabulary of 37,000 pieces of section 5.1.
// These shapes have 63.1 million parameters; the paper's column says 65. It names no longest text: 512 is what
// transformers' MarianMT models of this shape have.
ModelConfig transformer_base() {
  ModelConfig config;
  config.architecture = Architecture::transformer;
  config.vocabulary = 37000;
  config.context = 512;
  config.layers = config.decoder_layers = 6;
  config.heads = config.kv_heads = 8;
  config.d_model = 512;
  config.d_head = 64;
  config.d_ff = 2048;
  config.positions = Positions::sinusoidal;
  config.norm_place = NormPlace::post;
  config.activation = Activation::relu;
  config.scaled_embedding = true;
  config.end_id = 0;
  config.pad_id = 36999;
  return config;
}

// What BERT-base and the smallest GPT-2 have in common.
ModelConfig twelve_layers() {
  ModelConfig config;
  config.layers = 12;
  config.heads = config.kv_heads = 12;
  config.d_model = 768;
  config.d_head = 64;
  config.d_ff = 3072;
  return config;
}

// config.json of bert-base-uncased. "BERT: Pre-training of Deep Bidirectional Transformers" says 110 million.
ModelConfig bert_base() {
  ModelConfig config = twelve_layers();
  config.architecture = Architecture::bert;
  config.vocabulary = 30522;
  config.context = 512;
  config.type_vocabulary = 2;
  config.norm_place = NormPlace::post;
  config.activation = Activation::gelu;
  config.head = Head::none;
  return config;
}

// The pooler: a projection of the first token's state, with its bias.
constexpr std::int64_t kBertPooler = 768 * 768 + 768;

// config.json of gpt2. "Language Models are Unsupervised Multitask Learners" says 117 million; its authors corrected
// that to 124 in the model card.
ModelConfig gpt2() {
  ModelConfig config = twelve_layers();
  config.vocabulary = 50257;
  config.context = 1024;
  return config;
}

// "The Llama 3 Herd of Models", table 3, and config.json of Llama-3.1-405B.
ModelConfig llama_405b() {
  ModelConfig config;
  config.architecture = Architecture::llama;
  config.vocabulary = 128256;
  config.context = 131072;
  config.layers = 126;
  config.heads = 128;
  config.kv_heads = 8;
  config.d_model = 16384;
  config.d_head = 128;
  config.d_ff = 53248;
  config.positions = Positions::rotary;
  config.norm = NormKind::rms;
  config.activation = Activation::none;
  config.gated = true;
  config.biases = config.tied = false;
  config.rope_theta = 500000;
  return config;
}

}  // namespace

std::int64_t Preset::parameters() const {
  return std::llround(parameter_count(config)) + others;
}

std::span<const Preset> presets() {
  static const Preset rows[] = {
      {"transformer-base", "65 M", "Vaswani et al. 2017", transformer_base()},
      {"bert-base", "110 M", "Devlin et al. 2018", bert_base(), kBertPooler},
      {"gpt2", "124 M", "Radford et al. 2019", gpt2()},
      {"llama-3.1-405b", "405 B", "Llama Team 2024", llama_405b()},
  };
  return rows;
}

const Preset* find_preset(std::string_view name) {
  const std::span<const Preset> rows = presets();
  const auto found = std::ranges::find(rows, name, &Preset::name);
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace attn
