#include "text/added_tokens.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/utf8.h"
#include "text/unicode.h"

namespace attn {
namespace {

std::size_t character_before(std::string_view text, std::size_t position) {
  do {
    --position;
  } while (position > 0 && (text[position] & 0xC0) == 0x80);
  return position;
}

bool has_class_before(std::string_view text, std::size_t position, std::uint8_t mask) {
  if (position == 0) return false;
  std::size_t length = 0;
  return (CharacterClasses::table().at(text, character_before(text, position), length) & mask) != 0;
}

bool has_class_after(std::string_view text, std::size_t position, std::uint8_t mask) {
  std::size_t length = 0;
  return position < text.size() && (CharacterClasses::table().at(text, position, length) & mask) != 0;
}

}  // namespace

void AddedTokens::add(AddedToken token) {
  index_[token.id] = tokens_.size();
  tokens_.push_back(std::move(token));
}

const AddedToken* AddedTokens::find(std::int32_t id) const {
  const auto found = index_.find(id);
  return found == index_.end() ? nullptr : &tokens_[found->second];
}

const AddedToken* AddedTokens::find(std::string_view content) const {
  const auto found =
      std::find_if(tokens_.begin(), tokens_.end(), [&](const AddedToken& t) { return t.content == content; });
  return found == tokens_.end() ? nullptr : &*found;
}

bool AddedTokens::any(bool normalized) const {
  return std::any_of(tokens_.begin(), tokens_.end(), [&](const AddedToken& t) { return t.normalized == normalized; });
}

/// The longest token that begins here.
const AddedToken* AddedTokens::match(std::string_view text, std::size_t position, bool normalized) const {
  const AddedToken* best = nullptr;
  for (const AddedToken& token : tokens_) {
    if (token.normalized != normalized || token.content.empty()) continue;
    if (best != nullptr && token.content.size() <= best->content.size()) continue;
    if (text.substr(position, token.content.size()) == token.content) best = &token;
  }
  return best;
}

std::vector<Segment> AddedTokens::cut(std::string_view text, bool normalized) const {
  std::array<bool, 256> begins{};
  for (const AddedToken& token : tokens_) {
    if (!token.content.empty()) begins[static_cast<unsigned char>(token.content[0])] = true;
  }
  std::vector<Segment> segments;
  std::size_t done = 0;
  for (std::size_t i = 0; i < text.size();) {
    const AddedToken* token = begins[static_cast<unsigned char>(text[i])] ? match(text, i, normalized) : nullptr;
    if (token == nullptr) {
      ++i;
      continue;
    }
    std::size_t begin = i;
    std::size_t end = i + token->content.size();
    i = end;
    if (token->single_word &&
        (has_class_before(text, begin, kWordCharacter) || has_class_after(text, end, kWordCharacter))) {
      continue;
    }
    if (token->strips_left) {
      while (begin > done && has_class_before(text, begin, kSpace)) begin = character_before(text, begin);
    }
    if (token->strips_right) {
      std::size_t length = 0;
      while (has_class_after(text, end, kSpace)) {
        CharacterClasses::table().at(text, end, length);
        end += length;
      }
    }
    if (begin > done) segments.push_back({done, begin, nullptr});
    segments.push_back({begin, end, token});
    done = end;
    i = std::max(i, end);
  }
  if (done < text.size()) segments.push_back({done, text.size(), nullptr});
  return segments;
}

Json AddedTokens::to_json() const {
  std::vector<const AddedToken*> by_id;
  for (const AddedToken& token : tokens_) by_id.push_back(&token);
  std::sort(by_id.begin(), by_id.end(), [](const auto* a, const auto* b) { return a->id < b->id; });
  Json list = Json::array();
  for (const AddedToken* token : by_id) {
    Json json;
    json.set("id", token->id).set("content", token->content).set("single_word", token->single_word);
    json.set("lstrip", token->strips_left).set("rstrip", token->strips_right);
    json.set("normalized", token->normalized).set("special", token->special);
    list.push_back(std::move(json));
  }
  return list;
}

AddedTokens added_tokens_from_json(const Json& json, const std::string& file) {
  AddedTokens tokens;
  if (json.is_null()) return tokens;
  const std::string what = file + ": added_tokens";
  for (const Json& entry : json.as_array(what)) {
    const auto flag = [&](std::string_view name) {
      const Json* value = entry.find(name);
      return value != nullptr && value->as_bool(what);
    };
    constexpr std::int64_t kMaxId = 1 << 24;
    const std::int64_t id = entry.at("id", what).as_int(what);
    if (id < 0 || id > kMaxId) fail(what, ": the id ", id, " is not between 0 and ", kMaxId);
    tokens.add({static_cast<std::int32_t>(id), entry.at("content", what).as_string(what), flag("single_word"),
                flag("lstrip"), flag("rstrip"), flag("normalized"), flag("special")});
  }
  return tokens;
}

}  // namespace attn
