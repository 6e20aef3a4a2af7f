#pragma once
// training/probe.csv: the attention of a fixed text (--probe) at every evaluation, so that one can watch heads learn.

#include <cstdint>
#include <string>
#include <vector>

#include "models/decoder.h"
#include "text/tokenizer.h"

namespace attn {

class AttentionProbe {
 public:
  /// Keeps the rows up to `resume_step` of a file that exists, or, at step 0, begins a new one. Throws Error (usage) if
  /// the text has no tokens or more than the model's context.
  AttentionProbe(const std::string& path, std::int64_t resume_step, const std::string& text, const Tokenizer& tokenizer,
                 const ModelConfig& config);

  /// Appends the attention of the model as it is after `step` updates.
  void append(std::int64_t step, const DecoderModel& model, const simd::Kernels& kernels, ThreadPool& pool);

 private:
  std::string path_;
  std::vector<std::int32_t> ids_;
  std::vector<std::string> tokens_;
};

}  // namespace attn
