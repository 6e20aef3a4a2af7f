#pragma once
// The texts of `attn attention`, cut into what its columns show.

#include <cstdint>
#include <string>
#include <vector>

#include "cli/input.h"
#include "cli/model_source.h"
#include "inspection/attention_words.h"

namespace attn {

struct AttentionText {
  std::vector<std::int32_t> ids;
  std::vector<Word> words;         // only if asked for
  std::vector<std::string> names;  // of the tokens, or of the words
};

struct AttentionTextOptions {
  bool words = false;
  bool truncate = false;  // cut texts that are longer than the context, instead of an error
};

/// All texts of the input. Remarks on texts that were cut, have no tokens, or hold characters that the model does not
/// know go to the call's notes, one line each. Throws Error naming the text that is longer than the model's context.
std::vector<AttentionText> read_attention_texts(TextInput& input, const DecoderSource& source,
                                                const AttentionTextOptions& options, const Invocation& call);

}  // namespace attn
