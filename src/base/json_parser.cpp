#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <system_error>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/utf8.h"

namespace attn {
namespace {

/// Deep enough for any real file, shallow enough for any stack.
constexpr int kMaxDepth = 256;

class Parser {
 public:
  Parser(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  Json parse_document() {
    if (const auto invalid = find_invalid_utf8(text_)) {
      position_ = *invalid;
      error("invalid UTF-8 at byte ", *invalid);
    }
    if (text_.starts_with("\xEF\xBB\xBF")) position_ = 3;
    Json value = parse_value();
    skip_space();
    if (position_ < text_.size()) expected("the end of the file");
    return value;
  }

 private:
  template <class... Parts>
  [[noreturn]] void error(const Parts&... parts) const {
    const auto end = text_.begin() + static_cast<std::ptrdiff_t>(std::min(position_, text_.size()));
    fail(file_, ":", 1 + std::count(text_.begin(), end, '\n'), ": ", parts...);
  }

  [[noreturn]] void expected(std::string_view what) const {
    if (position_ >= text_.size()) error("the file ends, expected ", what);
    std::size_t length = 1;
    while (position_ + length < text_.size() && (text_[position_ + length] & 0xC0) == 0x80) ++length;
    error("found '", text_.substr(position_, length), "', expected ", what);
  }

  void skip_space() {
    while (position_ < text_.size()) {
      const char c = text_[position_];
      if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return;
      ++position_;
    }
  }

  bool accept(char c) {
    if (position_ >= text_.size() || text_[position_] != c) return false;
    ++position_;
    return true;
  }

  Json parse_value() {
    skip_space();
    if (position_ >= text_.size()) expected("a JSON value");
    switch (text_[position_]) {
      case '{':
        return parse_object();
      case '[':
        return parse_array();
      case '"':
        return Json(parse_string());
      case 't':
        return parse_word("true", Json(true));
      case 'f':
        return parse_word("false", Json(false));
      case 'n':
        return parse_word("null", Json());
      default:
        return parse_number();
    }
  }

  Json parse_word(std::string_view word, Json value) {
    if (text_.substr(position_, word.size()) != word) expected("a JSON value");
    position_ += word.size();
    return value;
  }

  void enter() {
    if (++depth_ > kMaxDepth) error("nested more than ", kMaxDepth, " deep");
    ++position_;
    skip_space();
  }

  Json parse_object() {
    enter();
    Json::Object object;
    if (!accept('}')) {
      do {
        skip_space();
        if (position_ >= text_.size() || text_[position_] != '"') expected("a member's name in quotes");
        std::string name = parse_string();
        skip_space();
        if (!accept(':')) expected("':' after a member's name");
        object.emplace_back(std::move(name), parse_value());
        skip_space();
      } while (accept(','));
      if (!accept('}')) expected("',' or '}'");
    }
    --depth_;
    return Json(std::move(object));
  }

  Json parse_array() {
    enter();
    Json::Array array;
    if (!accept(']')) {
      do {
        array.push_back(parse_value());
        skip_space();
      } while (accept(','));
      if (!accept(']')) expected("',' or ']'");
    }
    --depth_;
    return Json(std::move(array));
  }

  std::string parse_string() {
    ++position_;
    std::string out;
    for (;;) {
      const std::size_t begin = position_;
      while (position_ < text_.size()) {
        const auto c = static_cast<unsigned char>(text_[position_]);
        if (c == '"' || c == '\\' || c < 0x20) break;
        ++position_;
      }
      out.append(text_, begin, position_ - begin);
      if (position_ >= text_.size()) expected("'\"' at the end of a string");
      if (accept('"')) return out;
      if (!accept('\\')) error("a control character inside a string, expected it escaped");
      parse_escape(out);
    }
  }

  void parse_escape(std::string& out) {
    if (position_ >= text_.size()) expected("an escape sequence");
    switch (text_[position_]) {
      case '"':
        out += '"';
        break;
      case '\\':
        out += '\\';
        break;
      case '/':
        out += '/';
        break;
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'u':
        ++position_;
        append_utf8(out, parse_escaped_code_point());
        return;
      default:
        expected("one of \" \\ / b f n r t u after a backslash");
    }
    ++position_;
  }

  char32_t parse_four_hex_digits() {
    unsigned value = 0;
    const char* const begin = text_.data() + position_;
    const char* const end = text_.data() + std::min(position_ + 4, text_.size());
    const auto [stop, status] = std::from_chars(begin, end, value, 16);
    if (status != std::errc() || stop != begin + 4) expected("four hexadecimal digits after \\u");
    position_ += 4;
    return value;
  }

  char32_t parse_escaped_code_point() {
    const char32_t first = parse_four_hex_digits();
    if (first < 0xD800 || first > 0xDFFF) return first;
    if (first > 0xDBFF || !accept('\\') || !accept('u')) error("an unpaired surrogate in a \\u escape");
    const char32_t second = parse_four_hex_digits();
    if (second < 0xDC00 || second > 0xDFFF) error("an unpaired surrogate in a \\u escape");
    return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
  }

  bool skip_digits() {
    const std::size_t begin = position_;
    while (position_ < text_.size() && text_[position_] >= '0' && text_[position_] <= '9') ++position_;
    return position_ > begin;
  }

  Json parse_number() {
    const std::size_t begin = position_;
    const bool negative = accept('-');
    if (!accept('0') && !skip_digits()) expected(negative ? "a digit" : "a JSON value");
    const std::size_t integer_end = position_;
    if (accept('.') && !skip_digits()) expected("a digit after the decimal point");
    if (accept('e') || accept('E')) {
      if (!accept('+')) accept('-');
      if (!skip_digits()) expected("a digit in the exponent");
    }
    const char* const first = text_.data() + begin;
    const char* const last = text_.data() + position_;
    if (position_ == integer_end) {
      std::int64_t integer = 0;
      if (std::from_chars(first, last, integer).ec == std::errc()) return Json(static_cast<long long>(integer));
      std::uint64_t large = 0;
      if (!negative && std::from_chars(first, last, large).ec == std::errc()) {
        return Json(static_cast<unsigned long long>(large));
      }
    }
    double number = 0;
    if (std::from_chars(first, last, number).ec != std::errc()) {
      const std::string written(first, last);
      number = std::strtod(written.c_str(), nullptr);  // too small becomes 0, too large infinite
      if (!std::isfinite(number)) error("the number ", written, " is out of the range of a 64-bit float");
    }
    return Json(number);
  }

  std::string_view text_;
  const std::string& file_;
  std::size_t position_ = 0;
  int depth_ = 0;
};

}  // namespace

Json parse_json(std::string_view text, const std::string& file) {
  return Parser(text, file).parse_document();
}

Json read_json(const std::string& path) {
  return parse_json(read_file(path), path);
}

}  // namespace attn
