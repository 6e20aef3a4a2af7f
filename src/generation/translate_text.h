#pragma once
// Translation of texts: translator.h between a tokenizer's encoding and decoding.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "generation/translator.h"
#include "text/tokenizer.h"

namespace attn {

/// A source as the model reads it: its tokens, then the end token.
struct SourceTokens {
  std::vector<std::int32_t> ids;
  bool empty = false;        // the text has no tokens
  bool cut = false;          // the text was longer than the context
  std::int64_t unknown = 0;  // characters that the tokenizer does not know
};

/// What the tokenizer puts around texts is put around them here; without an end token of its own, the model's comes
/// last. Throws Error if the tokenizer has ids that the model lacks.
SourceTokens encode_source(const Tokenizer& tokenizer, const ModelConfig& config, std::string_view text);

/// A target as text, in one line: line breaks become spaces.
std::string decode_target(const Tokenizer& tokenizer, std::span<const std::int32_t> ids);

struct Translation {
  std::string text;
  double score = 0;
};

/// Translates lines; counts what happened to them.
class TextTranslator {
 public:
  /// Of `options`, vocabulary is set here. All others must outlive it. Throws Error as Translator does.
  TextTranslator(const EncoderDecoderModel& model, const Tokenizer& tokenizer, const simd::Kernels& kernels,
                 ThreadPool& pool, TranslationOptions options);

  /// Up to n_best translations of each line, the best first, at least one; that of a line without tokens is empty.
  std::vector<std::vector<Translation>> translate(std::span<const std::string> lines);

  std::int64_t lines() const { return lines_; }      // so far
  std::int64_t cut() const { return cut_; }          // of them, longer than the context
  std::int64_t unknown() const { return unknown_; }  // characters that the tokenizer does not know

 private:
  const EncoderDecoderModel& model_;
  const Tokenizer& tokenizer_;
  Translator translator_;
  std::int64_t lines_ = 0, cut_ = 0, unknown_ = 0;
};

/// The best translation of each line.
std::vector<std::string> translate_lines(const EncoderDecoderModel& model, const Tokenizer& tokenizer,
                                         const simd::Kernels& kernels, ThreadPool& pool,
                                         std::span<const std::string> lines, const TranslationOptions& options);

}  // namespace attn
