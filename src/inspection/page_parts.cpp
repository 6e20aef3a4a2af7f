#include "inspection/page_parts.h"

#include <algorithm>
#include <cstdint>

#include "inspection/token_label.h"

namespace attn {

std::string script_json(const Json& value) {
  std::string out;
  for (const char c : write_json(value)) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

Json label_array(std::span<const std::string> tokens) {
  Json labels = Json::array();
  for (const std::string& token : tokens) labels.push_back(token_label(token));
  return labels;
}

Json heat_palette(Background background) {
  Json colors = Json::array();
  for (int i = 0; i < 256; ++i) {
    colors.push_back(hex_of(heat_color(static_cast<float>(i) / 255, background)).substr(1));
  }
  return colors;
}

std::string base64(std::string_view bytes) {
  static constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8 | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    }
    for (std::size_t j = 0; j < 4; ++j) out += j <= count ? kLetters[group >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

}  // namespace attn
