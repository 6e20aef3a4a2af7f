#pragma once
// Prompts as tokens, and a short continuation in one call: for training's samples.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "generation/generator.h"
#include "text/tokenizer.h"

namespace attn {

/// A prompt as the model reads it.
struct PromptTokens {
  std::vector<std::int32_t> ids;
  std::int64_t unknown = 0;  // characters that the tokenizer does not know
};

/// The tokens of a prompt, behind those with which its tokenizer begins a text. An empty one is what a text begins with: the begin or end-of-text token if the model has
/// one, else a newline if the tokenizer knows it, else a space, else the first token that is not special.
PromptTokens encode_prompt(const Tokenizer& tokenizer, const ModelConfig& config, std::string_view prompt);

/// How many of a text's tokens stand for characters that the tokenizer does not know.
std::int64_t count_unknown(const Tokenizer& tokenizer, const std::vector<std::int32_t>& ids);

/// The continuation of `prompt`, without it. Of `options`, samples, end_id and vocabulary are set here.
std::string sample_text(const DecoderModel& model, const Tokenizer& tokenizer, const simd::Kernels& kernels,
                        ThreadPool& pool, std::string_view prompt = {}, GenerationOptions options = {});

}  // namespace attn
