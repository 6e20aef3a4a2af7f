#pragma once
// Tokens of one text to the bytes that can be printed already: whole characters only, and nothing that may turn out to
// be the beginning of a stop text.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace attn {

class StreamedText {
 public:
  /// `before`: the tokens that the text continues, which decide its first space with some tokenizers. Throws Error for
  /// an empty stop text. The tokenizer must outlive the stream.
  StreamedText(const Tokenizer& tokenizer, std::vector<std::string> stops, std::span<const std::int32_t> before);

  /// Adds a token; returns the text that is certain now, maybe none. A stop text is looked for in the text so far,
  /// however it is cut into tokens; neither it nor anything after it is returned.
  std::string add(std::int32_t id);
  /// A stop text has come: nothing more will be returned.
  bool stopped() const { return stopped_; }
  /// The rest, when the last token has come. An incomplete character becomes U+FFFD.
  std::string finish();

 private:
  std::string text_of(std::int32_t id);

  const Tokenizer& tokenizer_;
  std::vector<std::string> stops_;
  bool spaces_between_;              // tokens are words, and decoding decides about the spaces between them
  bool at_start_;                    // no text yet: some tokenizers drop the first space
  std::vector<std::int32_t> words_;  // the last ones, if spaces_between_
  std::string held_;                 // decoded, not yet returned
  bool stopped_ = false;
};

}  // namespace attn
