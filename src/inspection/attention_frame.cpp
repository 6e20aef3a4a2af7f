#include "inspection/attention_frame.h"

#include "base/error.h"
#include "base/json.h"
#include "inspection/heat_colors.h"
#include "inspection/markup.h"
#include "inspection/page_parts.h"

namespace attn {

namespace {

constexpr std::string_view kStyle =
#include "inspection/page/style.css.inc"
    ;
constexpr std::string_view kBody =
#include "inspection/page/body.html.inc"
    ;
// One script; its parts share their names.
constexpr std::string_view kScript[] = {
#include "inspection/page/data.js.inc"
    ,
#include "inspection/page/lines.js.inc"
    ,
#include "inspection/page/matrix.js.inc"
    ,
#include "inspection/page/page.js.inc"
};

}  // namespace

std::string attention_page_begin(std::string_view title, std::string_view about, const PageAddition& addition) {
  const Json colors =
      Json::object().set("light", heat_palette(Background::light)).set("dark", heat_palette(Background::dark));
  return concat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      // Nothing is ever asked for from elsewhere; the icon keeps browsers from trying.
      "<link rel=\"icon\" href=\"data:,\">\n<title>",
      title, ": ", escape_markup(about), "</title>\n<style>", kStyle, addition.style, "</style>\n</head>\n<body>",
      "<header><h1>", title, "</h1><span id=\"about\"></span></header>", addition.body, kBody,
      "<script type=\"application/json\" id=\"model\">", script_json(Json(about)),
      "</script>\n<script type=\"application/json\" id=\"colors\">", script_json(colors), "</script>\n");
}

std::string attention_page_end(std::span<const std::string_view> scripts) {
  std::string out = "<script>\n\"use strict\";\n(() => {\n";
  for (const std::string_view part : kScript) out += part;
  for (const std::string_view part : scripts) out += part;
  return out + "})();\n</script>\n</body>\n</html>\n";
}

}  // namespace attn
