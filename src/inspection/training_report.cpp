#include "inspection/training_report.h"

#include "base/error.h"
#include "inspection/markup.h"
#include "inspection/page_parts.h"

namespace attn {

namespace {

constexpr std::string_view kStyle =
#include "inspection/report/style.css.inc"
    ;
constexpr std::string_view kScript =
#include "inspection/report/film.js.inc"
    ;

std::string head_of(const TrainingReport& report) {
  std::string html = concat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<link rel=\"icon\" href=\"data:,\">\n"
      "<title>",
      escape_markup(report.title), "</title>\n<style>", kStyle, "</style>\n</head>\n<body>\n<h1>",
      escape_markup(report.title), "</h1>\n");
  for (const std::string& fact : report.facts) html += concat("<p class=\"fact\">", escape_markup(fact), "</p>\n");
  html += "<dl class=\"figures\">\n";
  for (const auto& [name, value] : report.figures) {
    html += concat("<div><dt>", escape_markup(name), "</dt><dd>", escape_markup(value), "</dd></div>\n");
  }
  return html + "</dl>\n";
}

std::string film_section(const TrainingReport& report) {
  if (report.film.empty()) return "";
  const Json colors =
      Json::object().set("light", heat_palette(Background::light)).set("dark", heat_palette(Background::dark));
  return concat(
      "<section><h2>Attention over time</h2>\n<p class=\"fact\">", escape_markup(report.film_text),
      "</p>\n<div id=\"bar\"><label>kind <select id=\"kind\"></select></label>"
      "<label>step <input type=\"range\" id=\"time\" min=\"0\" value=\"0\"></label><output id=\"step\"></output>"
      "<button id=\"play\">play</button><output id=\"value\"></output></div>\n"
      "<div id=\"film\"><div id=\"heads\"></div><canvas id=\"matrix\"></canvas></div></section>\n"
      "<script type=\"application/json\" id=\"frames\">",
      script_json(report.film.to_json()), "</script>\n<script type=\"application/json\" id=\"colors\">",
      script_json(colors), "</script>\n<script>\n\"use strict\";\n", kScript, "</script>\n");
}

std::string samples_section(std::span<const ReportSample> samples) {
  if (samples.empty()) return "";
  std::string html = "<section><h2>Samples</h2>\n";
  for (std::size_t i = samples.size(); i-- > 0;) {
    html += concat("<div class=\"sample\"><span>step ", samples[i].step, "</span><pre>", escape_markup(samples[i].text),
                   "</pre></div>\n");
  }
  return html + "</section>\n";
}

std::string options_section(const TrainingReport& report) {
  std::string html = "<section><h2>Options</h2>\n<table>\n";
  for (const auto& [name, value] : report.options) {
    html += concat("<tr><th>", escape_markup(name), "</th><td>", escape_markup(value), "</td></tr>\n");
  }
  return html + "</table></section>\n";
}

}  // namespace

std::string training_report_html(const TrainingReport& report) {
  const std::string charts =
      line_chart_svg(report.title, report.panels, {.width = 540, .panel_height = 190, .columns = 2});
  return concat(head_of(report), "<section id=\"charts\">", charts, "</section>\n", film_section(report),
                samples_section(report.samples), options_section(report), "</body>\n</html>\n");
}

}  // namespace attn
