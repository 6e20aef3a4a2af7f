#pragma once
// Texts to vectors: an encoder's states, pooled to one vector a text.

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "generation/encoder_runner.h"

namespace attn {

class TextEmbedder {
 public:
  /// Takes the vectors (C) in the order of the texts, which are numbered from 0.
  using Sink = std::function<void(std::int64_t text, std::span<const float> vector)>;

  /// `pooling`: the first token's state or the mean of all; `unit`: divided by its length. Everything must outlive the
  /// embedder.
  TextEmbedder(const EncoderModel& model, Pooling pooling, bool unit, const simd::Kernels& kernels, ThreadPool& pool,
               Sink sink);

  /// A text as encode_text() gives it. Vectors come in batches.
  void add(const EncoderText& text) { runner_.add(text); }
  /// Those that wait.
  void flush() { runner_.flush(); }

 private:
  EncoderRunner runner_;
};

}  // namespace attn
