#include "cli/training_pages.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/progress.h"
#include "models/folder.h"
#include "training/log.h"

namespace attn {

namespace {

constexpr int kMostShare = 50;  // writing takes at most one part in so many of the time that passes

ChartPanel loss_panel(const std::vector<Evaluation>& rows) {
  ChartPanel panel{"loss, nats per target token", "step", {}};
  panel.series.push_back(log_series("train", rows, &Evaluation::train_loss));
  panel.series.push_back(log_series("validation", rows, &Evaluation::valid_loss));
  panel.series[1].color = 1;
  return panel;
}

ChartPanel panel_of(std::string title, const std::vector<Evaluation>& rows, double Evaluation::*column, int color) {
  ChartPanel panel{std::move(title), "step", {log_series("", rows, column)}};
  panel.series[0].color = color;
  return panel;
}

std::string four_digits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4f", value);
  return text;
}

}  // namespace

ChartSeries log_series(std::string name, const std::vector<Evaluation>& rows, double Evaluation::*column) {
  ChartSeries series{std::move(name), {}};
  series.points.reserve(rows.size());
  for (const Evaluation& row : rows) series.points.push_back({static_cast<double>(row.step), row.*column});
  return series;
}

TrainingPages::TrainingPages(const std::string& folder, PagesPlan plan, std::int64_t resume_step)
    : folder_(folder), plan_(std::move(plan)) {
  if (resume_step > 0) rows_ = read_training_log(join_path(folder, kTrainingLogFile));
  read_samples(resume_step);
}

void TrainingPages::read_samples(std::int64_t resume_step) {
  const std::string path = join_path(folder_, kSamplesFile);
  if (!std::filesystem::exists(path)) return;
  const std::string content = read_file(path);
  std::size_t begin = 0;
  for (std::size_t end; (end = content.find('\n', begin)) != content.npos; begin = end + 1) {
    const Json sample = parse_json(std::string_view(content).substr(begin, end - begin), path);
    const std::int64_t step = sample.at("step", path).as_int(path);
    if (step > resume_step) break;
    samples_.add({step, sample.at("text", path).as_string(path)});
  }
  write_file(path, std::string_view(content).substr(0, begin));
}

void TrainingPages::add(const Evaluation& row) {
  rows_.push_back(row);
}

void TrainingPages::add_sample(std::int64_t step, const std::string& text) {
  samples_.add({step, text});
  const std::string path = join_path(folder_, kSamplesFile);
  std::ofstream file(path, std::ios::app | std::ios::binary);
  file << write_json(Json::object().set("step", step).set("text", text)) << '\n' << std::flush;
  if (!file) fail(path, ": cannot append a sample");
}

std::vector<std::pair<std::string, std::string>> TrainingPages::figures() const {
  const Evaluation& last = rows_.back();
  const auto best = std::min_element(
      rows_.begin(), rows_.end(), [](const Evaluation& a, const Evaluation& b) { return a.valid_loss < b.valid_loss; });
  return {{"step", concat(last.step)},
          {"train loss", four_digits(last.train_loss)},
          {"validation loss", four_digits(last.valid_loss)},
          {"best validation loss", concat(four_digits(best->valid_loss), " at step ", best->step)},
          {"time in training", format_clock(last.seconds)},
          {"tokens seen", format_count(static_cast<double>(last.tokens))}};
}

void TrainingPages::write(bool last) {
  const Clock::time_point start = Clock::now();
  if (rows_.empty() || (!last && start - written_ < kMostShare * cost_)) return;
  const ChartPanel loss = loss_panel(rows_);
  write_file(join_path(folder_, kLossPictureFile), line_chart_svg(plan_.title, {&loss, 1}));
  const TrainingReport report{
      .title = plan_.title,
      .facts = plan_.facts,
      .figures = figures(),
      .options = plan_.options,
      .panels = {loss, panel_of("learning rate", rows_, &Evaluation::learning_rate, 2),
                 panel_of("gradient norm before clipping", rows_, &Evaluation::gradient_norm, 3),
                 panel_of("target tokens per second", rows_, &Evaluation::tokens_per_second, 4)},
      .samples = samples_.things(),
      .film = film_,
      .film_text = plan_.probe};
  write_file(join_path(folder_, kTrainingReportFile), training_report_html(report));
  written_ = Clock::now();
  cost_ = written_ - start;
}

}  // namespace attn
