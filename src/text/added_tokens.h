#pragma once
// Tokens with names of their own, most of them special: found in a text before anything else looks at it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.h"

namespace attn {

struct AddedToken {
  std::int32_t id = 0;
  std::string content;
  bool single_word = false;  // not inside a word
  bool strips_left = false;  // takes the spaces before it too
  bool strips_right = false;
  bool normalized = false;  // looked for in the normalized text
  bool special = true;
};

/// A part of a text: one added token, or the text between two.
struct Segment {
  std::size_t begin, end;
  const AddedToken* token;  // null: ordinary text
};

class AddedTokens {
 public:
  void add(AddedToken token);
  const std::vector<AddedToken>& all() const { return tokens_; }
  const AddedToken* find(std::int32_t id) const;
  const AddedToken* find(std::string_view content) const;
  bool any(bool normalized) const;

  /// Cuts the text at the tokens whose `normalized` is this; of two that begin at one place the longer is taken.
  std::vector<Segment> cut(std::string_view text, bool normalized) const;

  Json to_json() const;

 private:
  const AddedToken* match(std::string_view text, std::size_t position, bool normalized) const;
  std::vector<AddedToken> tokens_;
  std::unordered_map<std::int32_t, std::size_t> index_;  // id to place in tokens_
};

AddedTokens added_tokens_from_json(const Json& json, const std::string& file);

}  // namespace attn
