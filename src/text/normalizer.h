#pragma once
// What tokenizers change in a text before they cut it (case, accents, "▁" for spaces), with every byte's origin.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "text/unicode.h"

namespace attn {

/// A changed text that knows which bytes of the original each of its bytes comes from.
class AlignedText {
 public:
  /// `offset` is where `original` begins in the text that origins count in.
  AlignedText(std::string_view original, std::size_t offset);

  const std::string& text() const { return text_; }
  std::size_t begin_of(std::size_t byte) const { return begins_[byte]; }
  std::size_t end_of(std::size_t byte) const { return ends_[byte]; }

  /// Appends what `change` makes of each character; its bytes get the character's origin.
  void map_characters(const std::function<void(std::string& out, char32_t character)>& change);
  /// Puts a text before the first character, with that character's origin. Nothing happens to an empty text.
  void prepend(std::string_view prefix);
  /// Every occurrence of `pattern`, from the left; the new bytes get the origin of the whole occurrence.
  void replace(std::string_view pattern, std::string_view content);
  /// The part [begin, end), with its origins.
  AlignedText part(std::size_t begin, std::size_t end) const;

 private:
  AlignedText() = default;
  void append(std::string_view bytes, std::size_t begin, std::size_t end);

  std::string text_;
  std::vector<std::size_t> begins_, ends_;
};

/// One change of a whole text.
using TextChange = std::function<void(AlignedText&)>;

/// The "normalizer" of a tokenizer.json: its changes in order; none for null. Throws Error naming `file` and a type
/// that is not supported.
std::vector<TextChange> text_changes_from_json(const Json& json, const std::string& file);

}  // namespace attn
