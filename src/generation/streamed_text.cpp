#include "generation/streamed_text.h"

#include <algorithm>

#include "base/error.h"
#include "base/utf8.h"

namespace attn {

namespace {

constexpr std::size_t kWords = 4;  // so many words before a word decide about the space between

// The length of the longest end of `text` that is the beginning of `stop`, but not all of it.
std::size_t begun(std::string_view text, std::string_view stop) {
  for (std::size_t length = std::min(text.size(), stop.size() - 1); length > 0; --length) {
    if (text.ends_with(stop.substr(0, length))) return length;
  }
  return 0;
}

std::string take(std::string& text, std::size_t count) {
  std::string taken = text.substr(0, count);
  text.erase(0, count);
  return taken;
}

}  // namespace

StreamedText::StreamedText(const Tokenizer& tokenizer, std::vector<std::string> stops,
                           std::span<const std::int32_t> before)
    : tokenizer_(tokenizer),
      stops_(std::move(stops)),
      spaces_between_(tokenizer.kind() == "word" || tokenizer.kind() == "wordpiece") {
  for (const std::string& stop : stops_) {
    if (stop.empty()) usage_error("--stop is empty, expected the text at which to stop");
  }
  const auto last = before.last(std::min(before.size(), kWords));
  if (spaces_between_) words_.assign(last.begin(), last.end());
  at_start_ = tokenizer.decode(last).empty();
}

// What the token adds to the text before it. Bytes of a character that tokens share must stay as they are; only words
// are left to Tokenizer::decode, which replaces what is no character.
std::string StreamedText::text_of(std::int32_t id) {
  if (tokenizer_.is_special(id)) return {};
  if (spaces_between_) {
    const std::size_t before = tokenizer_.decode(words_).size();
    words_.push_back(id);
    const std::string text = tokenizer_.decode(words_);
    if (words_.size() > kWords) words_.erase(words_.begin());
    return text.substr(std::min(before, text.size()));
  }
  std::string text = tokenizer_.token_bytes(id);
  const bool drops_space = at_start_ && text.starts_with(' ') && !tokenizer_.decode({&id, 1}).starts_with(' ');
  at_start_ = false;
  return drops_space ? text.substr(1) : text;
}

std::string StreamedText::add(std::int32_t id) {
  if (stopped_) return {};
  held_ += text_of(id);
  std::size_t first = std::string::npos, waiting = incomplete_utf8_suffix(held_);
  for (const std::string& stop : stops_) {
    first = std::min(first, held_.find(stop));
    waiting = std::max(waiting, begun(held_, stop));
  }
  if (first != std::string::npos) {
    stopped_ = true;
    return take(held_, first);
  }
  return take(held_, held_.size() - waiting);
}

std::string StreamedText::finish() {
  if (stopped_) return {};
  const std::size_t incomplete = incomplete_utf8_suffix(held_);
  std::string rest = take(held_, held_.size() - incomplete);
  if (incomplete > 0) append_utf8(rest, 0xFFFD);
  held_.clear();
  return rest;
}

}  // namespace attn
