#pragma once
// The model of `attn attention`, of whichever family: which kinds of attention it has, and what they are for a text.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "autograd/trace.h"
#include "cli/model_source.h"
#include "inspection/trace_text.h"
#include "simd/kernels.h"
#include "threading/thread_pool.h"

namespace attn {

class AttentionModel {
 public:
  /// Throws Error that names what is missing or damaged. The heads that --ablate names are switched off.
  explicit AttentionModel(const std::string& path, const std::string& ablated = {});

  const std::string& path() const { return path_; }
  const ModelConfig& config() const;
  const Tokenizer& tokenizer() const;
  ModelKind kind() const { return kind_; }
  bool translates() const { return kind_ == ModelKind::translator; }
  /// In the order of records: encoder, decoder, cross.
  std::vector<AttentionKind> kinds() const;
  bool has(AttentionKind kind) const;
  /// Layers that have this kind of attention.
  int layers(AttentionKind kind) const;

  /// The attention of every layer. Decoder-only models read `target`, encoders `source`, translators both: `target` then
  /// begins with the start token.
  AttentionTrace trace(const std::vector<std::int32_t>& source, const std::vector<std::int32_t>& target,
                       const TraceOptions& options, const simd::Kernels& kernels, ThreadPool& pool) const;
  /// Logits (N, V) from states (N, C) as a trace has them: of the next token, or, of an encoder that fills masks, of the
  /// token itself. Throws Error if the model has no such head.
  std::vector<float> logits(std::span<const float> normed, const simd::Kernels& kernels, ThreadPool& pool) const;
  /// The greedy translation of each source, without start and end tokens.
  std::vector<std::vector<std::int32_t>> translate(const std::vector<std::vector<std::int32_t>>& sources,
                                                   const simd::Kernels& kernels, ThreadPool& pool) const;

 private:
  std::string path_;
  ModelKind kind_;
  // One of them.
  std::optional<DecoderSource> decoder_;
  std::optional<EncoderSource> encoder_;
  std::optional<EncoderDecoderSource> translator_;
};

}  // namespace attn
