#include "text/text_reader.h"

#include <algorithm>

#include "base/error.h"
#include "base/utf8.h"

namespace attn {

namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

bool TextReader::next(std::string& piece) {
  piece.clear();
  std::string raw = std::move(carried_);
  carried_.clear();
  const std::size_t kept = raw.size();
  raw.resize(kept + kPieceBytes);
  const std::size_t count = file_.read(std::span(raw).subspan(kept));
  raw.resize(kept + count);
  hash_.update(std::string_view(raw).substr(kept));
  bytes_ += count;
  if (raw.empty()) return false;

  const bool at_end = count < kPieceBytes;
  if (!at_end) {
    std::size_t hold = incomplete_utf8_suffix(raw);
    if (hold == 0 && raw.back() == '\r') hold = 1;
    carried_ = raw.substr(raw.size() - hold);
    raw.resize(raw.size() - hold);
  }
  check(raw);
  normalise(raw, piece);
  checked_ += raw.size();
  line_ += std::count(raw.begin(), raw.end(), '\n');
  return true;
}

void TextReader::check(std::string_view raw) {
  const auto invalid = find_invalid_utf8(raw);
  if (!invalid) return;
  const auto line = line_ + std::count(raw.begin(), raw.begin() + static_cast<std::ptrdiff_t>(*invalid), '\n');
  fail(file_.path(), ":", line, ": byte ", checked_ + *invalid, " is not valid UTF-8; expected a UTF-8 text");
}

void TextReader::normalise(std::string_view raw, std::string& piece) {
  if (checked_ == 0 && raw.starts_with(kByteOrderMark)) raw.remove_prefix(kByteOrderMark.size());
  piece.reserve(raw.size());
  while (!raw.empty()) {
    const std::size_t crlf = raw.find("\r\n");
    piece.append(raw.substr(0, crlf));
    if (crlf == std::string_view::npos) return;
    had_crlf_ = true;
    raw.remove_prefix(crlf + 1);
  }
}

bool LineReader::next(std::string& line) {
  while (next_of_all(line)) {
    if (!line.empty()) return true;
  }
  return false;
}

bool LineReader::next_of_all(std::string& line) {
  constexpr std::size_t kLongestLine = std::size_t{1} << 26;
  line.clear();
  for (bool started = false;; started = true) {
    while (begin_ >= piece_.size()) {
      begin_ = 0;
      if (text_.next(piece_)) continue;
      line_number_ += started;
      return started;
    }
    const std::size_t end = piece_.find('\n', begin_);
    line.append(piece_, begin_, end == std::string::npos ? end : end - begin_);
    begin_ = end == std::string::npos ? piece_.size() : end + 1;
    if (line.size() > kLongestLine) fail(path_, ":", line_number_ + 1, ": this line is longer than 64 MB");
    if (end == std::string::npos) continue;
    ++line_number_;
    return true;
  }
}

}  // namespace attn
