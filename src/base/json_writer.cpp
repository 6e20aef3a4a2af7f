#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

#include "base/json.h"

namespace attn {
namespace {

template <class Number>
void append_number(std::string& out, Number value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  std::array<char, 40> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  const std::string_view written(digits.data(), static_cast<std::size_t>(end - digits.data()));
  out += written;
  // Readers that tell integers from floats (Python) must get a float back.
  if (written.find_first_of(".e") == std::string_view::npos) out += ".0";
}

}  // namespace

void append_json_number(std::string& out, double value) {
  append_number(out, value);
}
void append_json_number(std::string& out, float value) {
  append_number(out, value);
}

void append_json_string(std::string& out, std::string_view text) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  std::size_t copied = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    out.append(text, copied, i - copied);
    copied = i + 1;
    switch (byte) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
    }
  }
  out.append(text, copied);
  out += '"';
}

class JsonWriter {
 public:
  JsonWriter(std::string& out, int indent) : out_(out), indent_(indent) {}

  void write(const Json& json) {
    std::visit([this](const auto& value) { write_value(value); }, json.value_);
  }

 private:
  void write_value(std::monostate) { out_ += "null"; }
  void write_value(bool value) { out_ += value ? "true" : "false"; }
  void write_value(std::int64_t value) { out_ += std::to_string(value); }
  void write_value(std::uint64_t value) { out_ += std::to_string(value); }
  void write_value(double value) { append_json_number(out_, value); }
  void write_value(const std::string& value) { append_json_string(out_, value); }
  void write_value(const Json::Array& array) {
    write_list(array, '[', ']', [this](const Json& element) { write(element); });
  }
  void write_value(const Json::Object& object) {
    write_list(object, '{', '}', [this](const Json::Member& member) {
      append_json_string(out_, member.first);
      out_ += indent_ > 0 ? ": " : ":";
      write(member.second);
    });
  }

  template <class List, class WriteItem>
  void write_list(const List& list, char open, char close, WriteItem write_item) {
    out_ += open;
    ++depth_;
    bool first = true;
    for (const auto& item : list) {
      if (!first) out_ += ',';
      first = false;
      new_line();
      write_item(item);
    }
    --depth_;
    if (!list.empty()) new_line();
    out_ += close;
  }

  void new_line() {
    if (indent_ == 0) return;
    out_ += '\n';
    out_.append(static_cast<std::size_t>(indent_ * depth_), ' ');
  }

  std::string& out_;
  int indent_;
  int depth_ = 0;
};

std::string write_json(const Json& value, int indent) {
  std::string out;
  JsonWriter(out, indent).write(value);
  return out;
}

}  // namespace attn
