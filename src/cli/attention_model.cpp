#include "cli/attention_model.h"

#include <algorithm>

#include "autograd/linear.h"
#include "base/error.h"
#include "generation/translator.h"
#include "models/ablation.h"

namespace attn {

AttentionModel::AttentionModel(const std::string& path, const std::string& ablated)
    : path_(path), kind_(kind_of(ModelFolder(path).read_config())) {
  if (kind_ == ModelKind::decoder) {
    decoder_ = open_decoder(path, "attention", {ablated});
  } else if (kind_ == ModelKind::translator) {
    translator_ = open_encoder_decoder(path, "attention", {ablated});
  } else {
    encoder_ = open_encoder(path, "attention", {ablated});
  }
}

const ModelConfig& AttentionModel::config() const {
  if (decoder_) return decoder_->config();
  return encoder_ ? encoder_->config() : translator_->config();
}

const Tokenizer& AttentionModel::tokenizer() const {
  if (decoder_) return *decoder_->tokenizer;
  return encoder_ ? *encoder_->tokenizer : *translator_->tokenizer;
}

std::vector<AttentionKind> AttentionModel::kinds() const {
  return attention_kinds(config());
}

bool AttentionModel::has(AttentionKind kind) const {
  const std::vector<AttentionKind> all = kinds();
  return std::find(all.begin(), all.end(), kind) != all.end();
}

int AttentionModel::layers(AttentionKind kind) const {
  return attention_layers(config(), kind);
}

AttentionTrace AttentionModel::trace(const std::vector<std::int32_t>& source, const std::vector<std::int32_t>& target,
                                     const TraceOptions& options, const simd::Kernels& kernels,
                                     ThreadPool& pool) const {
  if (decoder_) return trace_text(*decoder_->model, target, options, kernels, pool);
  if (encoder_) return trace_text(*encoder_->model, source, options, kernels, pool);
  return trace_translation(*translator_->model, source, target, options, kernels, pool);
}

std::vector<float> AttentionModel::logits(std::span<const float> normed, const simd::Kernels& kernels,
                                          ThreadPool& pool) const {
  if (kind_ == ModelKind::classifier || kind_ == ModelKind::embedder) {
    fail(path_, " is ", describe(kind_), ": it predicts no tokens");
  }
  Arena arena;
  Context context{arena, pool, kernels};
  const std::int64_t columns = config().d_model, rows = static_cast<std::int64_t>(normed.size()) / columns;
  const Tensor states = context.make(Shape::matrix(rows, columns));
  std::copy(normed.begin(), normed.end(), states.data);
  Tensor logits;
  if (decoder_) {
    logits = decoder_->model->logits(context, states);
  } else if (translator_) {
    logits = translator_->model->logits(context, states);
  } else {
    const EncoderModel& model = *encoder_->model;
    logits = linear(context, model.masked_states(context, states), model.output_weight(), model.output_bias());
  }
  return {logits.data, logits.data + logits.size()};
}

std::vector<std::vector<std::int32_t>> AttentionModel::translate(const std::vector<std::vector<std::int32_t>>& sources,
                                                                 const simd::Kernels& kernels, ThreadPool& pool) const {
  TranslationOptions options;
  options.vocabulary = tokenizer().vocabulary_size();
  std::vector<std::vector<std::int32_t>> targets;
  for (auto& found : Translator(*translator_->model, kernels, pool, options).translate(sources)) {
    targets.push_back(std::move(found.front().ids));
  }
  return targets;
}

}  // namespace attn
