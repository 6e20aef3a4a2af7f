#include "inspection/explain/model_head.h"

#include <algorithm>
#include <memory>

#include "autograd/attention.h"
#include "autograd/linear.h"
#include "autograd/residual_norm.h"
#include "autograd/rotary.h"
#include "base/error.h"
#include "models/input_embedding.h"
#include "models/layer_stack.h"

namespace attn {

namespace {

ModelConfig with_layers(ModelConfig config, int layers) {
  config.layers = config.decoder_layers = layers;
  return config;
}

/// The model up to a layer: what its self-attention gets. In pre-norm models that is the state behind the layer's own
/// norm, which stands where a whole model has its final one.
class LowerLayers {
 public:
  LowerLayers(const ModelConfig& config, const Parameters& whole, AttentionKind kind, int layers,
              const std::string& prefix)
      : embedding_(config), stack_(with_layers(config, layers), kind), dropout_(config.dropout) {
    parameters_ = std::make_unique<Parameters>([&](const ParameterVisitor& visitor) {
      embedding_.visit(visitor);
      stack_.visit(prefix, visitor);
    });
    const std::string final_norm = prefix + "final_norm";
    for (const NamedParameter& parameter : parameters_->list()) {
      std::string name = parameter.name;
      if (name.starts_with(final_norm)) {
        name = concat(prefix, "layers.", layers, ".attention_norm", name.substr(final_norm.size()));
      }
      const NamedParameter* const original = whole.find(name);
      if (original == nullptr) fail("the model has no parameter ", name);
      std::copy_n(original->tensor.data, original->tensor.size(), parameter.tensor.data);
    }
  }

  Tensor forward(Context& context, const TokenBatch& batch, const Source* source) const {
    return stack_.forward(context, embedding_.forward(context, batch, dropout_), batch.sequences, source);
  }

 private:
  InputEmbedding embedding_;
  LayerStack stack_;
  float dropout_;
  std::unique_ptr<Parameters> parameters_;
};

/// The parameters of one layer, by their names.
class LayerParameters {
 public:
  LayerParameters(const Parameters& parameters, std::string prefix)
      : parameters_(parameters), prefix_(std::move(prefix)) {}

  Tensor tensor(const std::string& name) const {
    const NamedParameter* const found = parameters_.find(prefix_ + name);
    return found != nullptr ? found->tensor : Tensor{};
  }
  Tensor apply(Context& context, const std::string& name, Tensor x) const {
    return linear(context, x, without_gradient(name + ".weight"), without_gradient(name + ".bias"));
  }
  Tensor norm(Context& context, const ModelConfig& config, const std::string& name, Tensor x, Tensor delta) const {
    return residual_norm(context, config.norm, config.norm_eps, x, delta, 0, without_gradient(name + ".weight"),
                         without_gradient(name + ".bias"))
        .normed;
  }

 private:
  Tensor without_gradient(const std::string& name) const {
    const Tensor found = tensor(name);
    return {found.data, nullptr, found.shape};
  }

  const Parameters& parameters_;
  std::string prefix_;
};

Matrix columns(const Tensor& tensor, std::int64_t first, std::int64_t count) {
  Matrix result(tensor.rows(), count);
  for (std::int64_t row = 0; row < tensor.rows(); ++row) {
    std::copy_n(tensor.data + row * tensor.columns() + first, count, &result.at(row, 0));
  }
  return result;
}

}  // namespace

HeadVectors head_vectors(Context& context, const ModelConfig& config, const Parameters& parameters, ExplainedHead place,
                         const TokenBatch& text, const Source* source) {
  const bool two_stacks = config.architecture == Architecture::transformer;
  const std::string prefix = !two_stacks ? "" : place.kind == AttentionKind::encoder ? "encoder." : "decoder.";
  const AttentionKind stack = place.kind == AttentionKind::encoder ? AttentionKind::encoder : AttentionKind::decoder;
  const LowerLayers lower(config, parameters, stack, place.layer, prefix);
  const LayerParameters layer(parameters, concat(prefix, "layers.", place.layer, "."));
  const std::int64_t heads = config.heads, kv_heads = config.kv_heads, d_head = config.d_head;
  const std::int64_t kv_head = place.head / (heads / kv_heads);

  const Tensor input = lower.forward(context, text, source);        // (T, C)
  const Tensor qkv = layer.apply(context, "attention.qkv", input);  // (T, (H + 2·H_kv)·D)
  if (config.positions == Positions::rotary) {
    const RotaryAngles angles(config.context, config.d_head, config.rope_theta);
    rotary(context, qkv, heads + kv_heads, d_head, text.sequences.positions, angles.table());
  }
  if (place.kind != AttentionKind::cross) {
    return {columns(qkv, place.head * d_head, d_head), columns(qkv, (heads + kv_head) * d_head, d_head),
            columns(qkv, (heads + kv_heads + kv_head) * d_head, d_head)};
  }
  if (config.norm_place == NormPlace::pre) fail("cross-attention of pre-norm models cannot be explained");
  const Sequences& sequences = text.sequences;
  const AttentionSpans spans{sequences.count, sequences.starts, sequences.starts, sequences.lengths};
  const Tensor mixed = attention(context, {qkv, 0}, {qkv, heads * d_head}, {qkv, (heads + kv_heads) * d_head}, spans,
                                 {heads, kv_heads, d_head, true}, 0, {});
  const Tensor state =
      layer.norm(context, config, "attention_norm", input, layer.apply(context, "attention.output", mixed));
  const Tensor query = layer.apply(context, "cross_attention.query", state);
  const Tensor key_value = layer.apply(context, "cross_attention.key_value", source->states);
  return {columns(query, place.head * d_head, d_head), columns(key_value, kv_head * d_head, d_head),
          columns(key_value, (kv_heads + kv_head) * d_head, d_head)};
}

}  // namespace attn
