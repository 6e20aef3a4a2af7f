#pragma once
// What a model is made of: one description for every family, and its form in the Hugging Face config.json.

#include <cstdint>
#include <optional>
#include <string>

#include "autograd/types.h"

namespace attn {

enum class Architecture { gpt2, llama, bert, transformer };
enum class Positions { none, learned, sinusoidal, rotary };
enum class NormPlace { pre, post };

/// Every field that shapes a model. Encoder-decoder models use `layers` for the encoder, `decoder_layers` for the
/// decoder; the others only `layers`.
struct ModelConfig {
  Architecture architecture = Architecture::gpt2;
  int vocabulary = 0;       // V
  int context = 0;          // largest T
  int layers = 4;
  int decoder_layers = 0;
  int heads = 4;            // H
  int kv_heads = 4;         // H_kv, divides H
  int d_model = 128;        // C
  int d_head = 32;          // D
  int d_ff = 512;           // F
  float dropout = 0;
  Positions positions = Positions::learned;
  NormKind norm = NormKind::layer;
  NormPlace norm_place = NormPlace::pre;
  /// gelu, gelu_tanh, relu, or, with `gated`, silu(gate)·up (SwiGLU).
  Activation activation = Activation::gelu_tanh;
  bool gated = false;
  bool biases = true;       // of linear layers and layer norms
  bool tied = true;         // output projection shares the embedding
  bool scaled_embedding = false;  // embeddings times sqrt(C)
  float norm_eps = 1e-5f;
  float rope_theta = 10000.0f;
  int type_vocabulary = 0;  // BERT's token types
  /// Special tokens; nothing if the model has none.
  std::optional<std::int32_t> begin_id, end_id, pad_id;

  bool operator==(const ModelConfig&) const = default;
};

/// Throws Error naming the first field whose value is impossible (heads that do not divide d_model, …).
void check_config(const ModelConfig& config);

/// config.json of the `transformers` class that holds this combination, or `"model_type": "attn"` if none does.
std::string config_to_json(const ModelConfig& config);
/// Reads any config.json of the supported model types. Throws Error naming `file`, the key, what was found.
ModelConfig config_from_json(const std::string& json, const std::string& file);

}  // namespace attn
