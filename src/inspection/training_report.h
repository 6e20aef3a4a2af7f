#pragma once
// training/report.html: one page about one training, which needs nothing else: curves, options, samples, and the attention
// of a text over time behind a slider.

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "inspection/attention_film.h"
#include "inspection/chart.h"

namespace attn {

struct ReportSample {
  std::int64_t step = 0;
  std::string text;
};

/// What the page shows; all texts stay text whatever they hold.
struct TrainingReport {
  std::string title;
  std::vector<std::string> facts;                            // a line each
  std::vector<std::pair<std::string, std::string>> figures;  // a name and a number, in large letters
  std::vector<std::pair<std::string, std::string>> options;  // name, value
  std::vector<ChartPanel> panels;
  std::span<const ReportSample> samples;
  const AttentionFilm& film;
  std::string film_text;  // whose attention it is
};

std::string training_report_html(const TrainingReport& report);

}  // namespace attn
