#pragma once
// The "pre_tokenizer" of a tokenizer.json: small changes (a space or "▁" in front) and the cut into pieces.

#include <string>

#include "base/json.h"
#include "text/normalizer.h"
#include "text/pieces.h"

namespace attn {

struct PreTokenizer {
  FindPiece find = find_everything;
  bool byte_level = false;    // pieces go to the model as bytes
  bool prefix_space = false;  // a space goes before a text that has none there
  bool metaspace = false;     // spaces become `replacement`, and one goes in front as `prefix` says
  std::string replacement = "▁";
  enum class Prefix { always, first, never } prefix = Prefix::always;

  /// Whether prepare() has anything to do.
  bool changes_text() const { return prefix_space || metaspace; }
  /// `first`: this is the beginning of the whole text, not what follows a special token.
  void prepare(AlignedText& text, bool first) const;
};

/// Throws Error naming `file` and what is not supported. Null is a pre-tokenizer that leaves the text whole.
PreTokenizer pre_tokenizer_from_json(const Json& json, const std::string& file);

}  // namespace attn
