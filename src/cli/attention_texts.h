#pragma once
// The texts of `attn attention`, cut into what its columns show.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/attention_model.h"
#include "cli/input.h"
#include "inspection/attention_words.h"

namespace attn {

/// What an encoder or a decoder reads of a text.
struct AttentionSide {
  std::vector<std::int32_t> ids;
  std::vector<Word> words;         // only if asked for
  std::vector<std::string> names;  // of the tokens, or of the words
};

struct AttentionText {
  AttentionSide source;  // what the encoder reads; decoder-only models have none
  AttentionSide target;  // what the decoder reads, from the start token on; encoders have none

  const AttentionSide& queries(AttentionKind kind) const { return kind == AttentionKind::encoder ? source : target; }
  const AttentionSide& keys(AttentionKind kind) const { return kind == AttentionKind::decoder ? target : source; }
};

struct AttentionTextOptions {
  InputOptions input = {};
  std::optional<std::string> target = {};  // of a translator's --text
  bool words = false;
  bool truncate = false;  // cut texts that are longer than the context, instead of an error

  /// The options of the input, and --target.
  void visit(OptionTable& options);
};

/// All texts of the command's input, its second argument, if there is one, the FILE; of a translator `source<TAB>target` lines, or sources, whose target is then the model's own
/// greedy translation. Remarks on texts that were cut, have no tokens, or hold characters that the model does not
/// know go to the call's notes, one line each. Throws Error naming the text that is longer than the model's context, or
/// that --target means nothing here.
std::vector<AttentionText> read_attention_texts(const AttentionModel& model, const AttentionTextOptions& options,
                                                Invocation& call, const simd::Kernels& kernels, ThreadPool& pool);

}  // namespace attn
