#include "text/chat_format.h"

#include <algorithm>

#include "base/error.h"

namespace attn {

ChatFormat::ChatFormat(const Tokenizer& tokenizer, std::optional<std::int32_t> end) : tokenizer_(tokenizer) {
  std::optional<std::int32_t> line_break;
  if (const auto ids = tokenizer.encode("\n"); ids.size() == 1 && ids[0] != tokenizer.unknown_id()) line_break = ids[0];
  if (!end && !line_break) {
    fail("the tokenizer has no end-of-text token and none for a line break; a reply would never end");
  }
  separator_ = line_break ? *line_break : *end;
  end_ = end ? *end : *line_break;
}

std::vector<std::int32_t> ChatFormat::prompt(std::string_view text) const {
  const std::vector<std::int32_t> ids = tokenizer_.encode(text);
  std::vector<std::int32_t> result = tokenizer_.add_special_tokens(ids).ids;
  // What the tokenizer puts behind a text would end it.
  const auto found = std::search(result.begin(), result.end(), ids.begin(), ids.end());
  result.erase(found, result.end());
  result.insert(result.end(), ids.begin(), ids.end());
  result.push_back(separator_);
  return result;
}

std::vector<std::int32_t> ChatFormat::reply(std::string_view text) const {
  std::vector<std::int32_t> result = tokenizer_.encode(text);
  result.push_back(end_);
  return result;
}

}  // namespace attn
