#pragma once
// The layers of an encoder or a decoder, one after the other.

#include <string>
#include <vector>

#include "models/config.h"
#include "nn/layer.h"
#include "nn/positions.h"

namespace attn {

class LayerStack {
 public:
  /// `kind`: encoder (every token sees all of its text) or decoder (only those before it); decoders of encoder-decoder
  /// models look at a source too.
  LayerStack(const ModelConfig& config, AttentionKind kind);

  /// Names its parameters `prefix`layers.0.… and `prefix`final_norm.
  void visit(const std::string& prefix, const ParameterVisitor& visitor);
  /// States of the last layer, after the final norm in pre-norm models: x (N, C) → (N, C). With a cache in the context,
  /// a decoder appends the tokens to it.
  Tensor forward(Context& context, Tensor x, const Sequences& sequences, const Source* source = nullptr) const;
  /// Keys and values of a source's states (N_S, C) for every layer: (layers) of (N_S, 2·H_kv·D), in the arena.
  const Tensor* project_source(Context& context, Tensor states) const;

 private:
  void trace_state(Context& context, const ResidualStream& stream, int layer) const;

  bool pre_norm_;
  float dropout_;
  AttentionKind kind_;
  RotaryAngles angles_;
  bool rotary_;
  std::vector<TransformerLayer> layers_;
  Norm final_norm_;  // pre-norm only
};

}  // namespace attn
