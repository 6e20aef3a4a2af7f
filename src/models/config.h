#pragma once
// What a model is made of: one description for every family, and its form in the Hugging Face config.json.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/types.h"

namespace attn {

enum class Architecture { gpt2, llama, bert, transformer };
enum class Positions { none, learned, sinusoidal, rotary };
enum class NormPlace { pre, post };
/// What stands on the last layer: the next token's prediction, that of masked tokens, a classifier of whole texts, or
/// nothing: the states themselves are wanted.
enum class Head { language, masked, classifier, none };
/// How an encoder makes one vector of a text: from the first token's state ([CLS]), or as the mean of all.
enum class Pooling { first, mean };

/// Every field that shapes a model. Encoder-decoder models use `layers` for the encoder, `decoder_layers` for the
/// decoder; the others only `layers`.
struct ModelConfig {
  Architecture architecture = Architecture::gpt2;
  int vocabulary = 0;  // V
  int context = 0;     // largest T
  int layers = 4;
  int decoder_layers = 0;
  int heads = 4;      // H
  int kv_heads = 4;   // H_kv, divides H
  int d_model = 128;  // C
  int d_head = 32;    // D
  int d_ff = 512;     // F
  float dropout = 0;
  Positions positions = Positions::learned;
  NormKind norm = NormKind::layer;
  NormPlace norm_place = NormPlace::pre;
  /// The activation of the feed-forward layer; not used if `gated`, which is silu(gate)·up (SwiGLU).
  Activation activation = Activation::gelu_tanh;
  bool gated = false;
  bool biases = true;             // of linear layers and layer norms
  bool tied = true;               // output projection shares the embedding
  bool scaled_embedding = false;  // embeddings times sqrt(C)
  float norm_eps = 1e-5f;
  float rope_theta = 10000.0f;
  int type_vocabulary = 0;  // BERT's token types
  Head head = Head::language;
  Pooling pooling = Pooling::first;  // of encoders
  std::vector<std::string> labels;   // of a classifier: the name of each class
  /// Special tokens; nothing if the model has none. Decoders of encoder-decoder models start with the pad token.
  std::optional<std::int32_t> begin_id, end_id, pad_id;

  bool operator==(const ModelConfig&) const = default;
};

/// The words of the command line and of `"model_type": "attn"`.
std::string_view name_of(Architecture value);
std::string_view name_of(Positions value);
std::string_view name_of(NormPlace value);
std::string_view name_of(NormKind value);
std::string_view name_of(Activation value);
std::string_view name_of(Head value);
std::string_view name_of(Pooling value);

/// Throws Error naming `where` and the first field whose value is impossible (heads that do not divide, …).
void check_config(const ModelConfig& config, const std::string& where = "model");

/// The same, and gives the configuration back.
const ModelConfig& checked(const ModelConfig& config);

/// Trained numbers of a model.
double parameter_count(const ModelConfig& config);

/// The `transformers` class that holds this combination, for example "GPT2LMHeadModel"; empty if none does, and the
/// model is then saved with `"model_type": "attn"`.
std::string_view transformers_class(const ModelConfig& config);

/// config.json: the class's own, or `"model_type": "attn"` with every field.
std::string config_to_json(const ModelConfig& config);
/// Reads the config.json of a supported model type. Keys that are left out have the class's defaults; special tokens
/// outside the vocabulary count as none. Throws Error naming `file`, the key, what was found and what was expected;
/// also for features that `attn` does not have, such as stretched rotary positions.
ModelConfig config_from_json(std::string_view json, const std::string& file);

/// generation_config.json: every special token id, so that none is left to defaults.
std::string generation_config_to_json(const ModelConfig& config);

/// The names of the special tokens in tokenizer.json; nothing where the model has none.
struct SpecialTokenNames {
  std::optional<std::string> begin, end, pad, unknown, mask, separator, classifier;
};
/// tokenizer_config.json of a tokenizer.json that `AutoTokenizer` shall load.
std::string tokenizer_config_to_json(const ModelConfig& config, const SpecialTokenNames& names);

}  // namespace attn
