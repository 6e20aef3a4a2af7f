#include "generation/streamed_text.h"

#include <algorithm>

#include "base/error.h"
#include "base/utf8.h"

namespace attn {

namespace {

constexpr std::size_t kRecent = 4;  // tokens whose text decides how the next one is written

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
    : tokenizer_(tokenizer), stops_(std::move(stops)) {
  for (const std::string& stop : stops_) {
    if (stop.empty()) usage_error("--stop is empty, expected the text at which to stop");
  }
  const auto last = before.last(std::min(before.size(), kRecent));
  recent_.assign(last.begin(), last.end());
}

// What the token adds to the text of those before it.
std::string StreamedText::decode_next(std::int32_t id) {
  const std::size_t before = tokenizer_.decode(recent_).size();
  recent_.push_back(id);
  std::string text = tokenizer_.decode(recent_);
  if (recent_.size() > kRecent) recent_.erase(recent_.begin());
  return text.substr(std::min(before, text.size()));
}

std::string StreamedText::add(std::int32_t id) {
  if (stopped_) return {};
  held_ += decode_next(id);
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
