#pragma once
// training/report.html and training/loss.svg, written anew after every evaluation, and training/samples.jsonl, which keeps
// the samples for when the training is resumed.

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "inspection/attention_film.h"
#include "inspection/chart.h"
#include "inspection/thinned_history.h"
#include "inspection/training_report.h"
#include "training/trainer.h"

namespace attn {

inline constexpr std::string_view kTrainingReportFile = "training/report.html";
inline constexpr std::string_view kLossPictureFile = "training/loss.svg";
inline constexpr std::string_view kSamplesFile = "training/samples.jsonl";

/// What the pages say besides the rows of the log.
struct PagesPlan {
  std::string title;
  std::vector<std::string> facts;
  std::vector<std::pair<std::string, std::string>> options;
  std::string probe;  // the text; empty: none
};

class TrainingPages {
 public:
  /// Begins with the log's rows and the samples up to `resume_step`.
  TrainingPages(const std::string& folder, PagesPlan plan, std::int64_t resume_step);

  void add(const Evaluation& row);
  void add_sample(std::int64_t step, const std::string& text);
  AttentionFilm& film() { return film_; }

  /// Writes both files; if that takes more than a fiftieth of the time between evaluations, only at every so many of them,
  /// unless `last`. Throws Error.
  void write(bool last);

 private:
  void read_samples(std::int64_t resume_step);
  std::vector<std::pair<std::string, std::string>> figures() const;

  using Clock = std::chrono::steady_clock;

  std::string folder_;
  PagesPlan plan_;
  std::vector<Evaluation> rows_;
  ThinnedHistory<ReportSample> samples_{60};
  AttentionFilm film_;
  Clock::time_point written_{};
  Clock::duration cost_{};
};

/// One of the columns of log.csv over the steps, one after the other.
ChartSeries log_series(std::string name, const std::vector<Evaluation>& rows, double Evaluation::*column);

}  // namespace attn
