#pragma once
// The texts of a command that uses an encoder: read, encoded, and run in batches.

#include <functional>

#include "cli/command.h"
#include "cli/input.h"
#include "generation/encoder_runner.h"

namespace attn {

struct EncoderTextOptions {
  int max_tokens = 0;         // of a text, special tokens included; 0: as many as the model's context
  bool with_special = false;  // [MASK] and its like are recognised in the text
};

/// Gives every text of the input to `add`, and calls `flush` at the end, and where a pipe lets the program wait, so that
/// what is known already comes out. Says at the end how many texts were cut.
void encode_texts(TextInput& input, const Tokenizer& tokenizer, const ModelConfig& config,
                  const EncoderTextOptions& options, const Invocation& call,
                  const std::function<void(const EncoderText&)>& add, const std::function<void()>& flush);

}  // namespace attn
