#pragma once
// training/probe.csv: the attention of a fixed text (--probe) at every evaluation, so that one can watch heads learn.

#include <cstdint>
#include <string>

#include "cli/train_recipe.h"
#include "inspection/attention_film.h"
#include "models/decoder.h"
#include "models/encoder_decoder.h"
#include "text/tokenizer.h"

namespace attn {

class AttentionProbe {
 public:
  /// Keeps the rows up to `resume_step` of a file that exists, or, at step 0, begins a new one.
  AttentionProbe(const std::string& path, std::int64_t resume_step, ProbeTrace trace);

  /// Appends the attention of the model as it is after `step` updates, and returns it.
  TracedText append(std::int64_t step, const simd::Kernels& kernels, ThreadPool& pool);
  /// Adds what the file held when the training was resumed.
  void restore(AttentionFilm& film, const simd::Kernels& kernels, ThreadPool& pool) const;

 private:
  std::string path_;
  ProbeTrace trace_;
  bool resumed_;
};

/// The attention of a decoder-only model, which must outlive the probe. Throws Error (usage) if the text has no tokens
/// or more than the model's context.
ProbeTrace decoder_probe(const DecoderModel& model, const Tokenizer& tokenizer, const std::string& text);
/// All kinds of attention of an encoder-decoder model on "source<TAB>target"; otherwise the same.
ProbeTrace translation_probe(const EncoderDecoderModel& model, const Tokenizer& tokenizer, const std::string& text);

}  // namespace attn
