#include "inspection/page_parts.h"

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

}  // namespace attn
