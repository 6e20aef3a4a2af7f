#include "inspection/markup.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/table.h"
#include "base/utf8.h"

namespace attn {

std::string escape_markup(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint character = decode_utf8(text, i);
    const char32_t value = character.value;
    const bool control = value < 0x20 && value != '\t' && value != '\n' && value != '\r';
    if (character.bytes == 0 || control || value == 0xFFFE || value == 0xFFFF) {
      out += "\uFFFD";
    } else if (value == '&') {
      out += "&amp;";
    } else if (value == '<') {
      out += "&lt;";
    } else if (value == '>') {
      out += "&gt;";
    } else if (value == '"') {
      out += "&quot;";
    } else if (value == '\'') {
      out += "&#39;";
    } else {
      append_utf8(out, value);
    }
    i += static_cast<std::size_t>(std::max(character.bytes, 1));
  }
  return out;
}

std::string coordinate(double value) {
  std::string text;
  append_number(text, std::round(value * 100) / 100 + 0.0);
  return text;
}

SvgWriter::SvgWriter(double width, double height, std::string_view title) {
  const std::string w = coordinate(std::ceil(width)), h = coordinate(std::ceil(height));
  out_ = concat("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", w, "\" height=\"", h, "\" viewBox=\"0 0 ", w, " ",
                h, "\" role=\"img\" font-family=\"Helvetica, Arial, sans-serif\">\n<title>", escape_markup(title),
                "</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
}

void SvgWriter::text(double x, double y, std::string_view words, const SvgText& look) {
  const std::string at = concat("x=\"", coordinate(x), "\" y=\"", coordinate(y), "\"");
  const std::string turn =
      look.turned == 0 ? ""
                       : concat(" transform=\"rotate(", -look.turned, " ", coordinate(x), " ", coordinate(y), ")\"");
  // Not every viewer knows dominant-baseline, but all know dy.
  out_ += concat("<text ", at, " dy=\".35em\" font-size=\"", coordinate(look.size), "\" text-anchor=\"", look.anchor,
                 "\" fill=\"", look.fill, "\"", turn, look.style, ">", escape_markup(words), "</text>\n");
}

void SvgWriter::rectangle(double x, double y, double width, double height, std::string_view attributes) {
  out_ += concat("<rect x=\"", coordinate(x), "\" y=\"", coordinate(y), "\" width=\"", coordinate(width),
                 "\" height=\"", coordinate(height), "\" ", attributes, "/>\n");
}

void SvgWriter::line(double x1, double y1, double x2, double y2, std::string_view attributes) {
  out_ += concat("<line x1=\"", coordinate(x1), "\" y1=\"", coordinate(y1), "\" x2=\"", coordinate(x2), "\" y2=\"",
                 coordinate(y2), "\" ", attributes, "/>\n");
}

std::string SvgWriter::finish() {
  out_ += "</svg>\n";
  return std::move(out_);
}

}  // namespace attn
