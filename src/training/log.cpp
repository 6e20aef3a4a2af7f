#include "training/log.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>
#include <string_view>

#include "base/error.h"
#include "base/file.h"

namespace attn {

namespace {

constexpr std::string_view kHeader =
    "step,tokens,seconds,train_loss,valid_loss,valid_bits_per_character,learning_rate,gradient_norm,tokens_per_"
    "second\n";

// An empty cell for what is not known.
void append_number(std::string& line, double value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  if (!std::isnan(value)) line.append(digits, end);
  line.push_back(',');
}

// The rows of steps 1 … `last_step`, with the header.
std::string rows_up_to(const std::string& log, std::int64_t last_step) {
  std::string kept(kHeader);
  std::size_t begin = log.find('\n');
  while (begin != std::string::npos && ++begin < log.size()) {
    const std::size_t end = log.find('\n', begin);
    if (end == std::string::npos) break;  // a row cut short by a crash
    std::int64_t step = 0;
    std::from_chars(log.data() + begin, log.data() + end, step);
    if (step >= 1 && step <= last_step) kept.append(log, begin, end - begin + 1);
    begin = end;
  }
  return kept;
}

std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> cells;
  if (line.ends_with('\r')) line.remove_suffix(1);
  for (std::size_t end; (end = line.find(',')) != line.npos; line.remove_prefix(end + 1))
    cells.push_back(line.substr(0, end));
  cells.push_back(line);
  return cells;
}

void set_column(Evaluation& row, std::string_view name, double value) {
  if (name == "step") row.step = static_cast<std::int64_t>(value);
  if (name == "tokens") row.tokens = static_cast<std::int64_t>(value);
  if (name == "seconds") row.seconds = value;
  if (name == "train_loss") row.train_loss = value;
  if (name == "valid_loss") row.valid_loss = value;
  if (name == "valid_bits_per_character") row.valid_bits_per_character = value;
  if (name == "learning_rate") row.learning_rate = value;
  if (name == "gradient_norm") row.gradient_norm = value;
  if (name == "tokens_per_second") row.tokens_per_second = value;
}

}  // namespace

std::vector<Evaluation> read_training_log(const std::string& path) {
  const std::string log = read_file(path);
  std::vector<Evaluation> rows;
  std::vector<std::string_view> names;
  std::string_view rest = log;
  for (std::int64_t line_number = 1; !rest.empty(); ++line_number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::vector<std::string_view> cells = cells_of(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (names.empty()) {
      names = cells;
      if (std::find(names.begin(), names.end(), "step") == names.end()) {
        fail(path, ":1: expected the columns of a log.csv with \"step\" among them");
      }
      continue;
    }
    if (cells.size() == 1 && cells[0].empty()) continue;
    if (cells.size() != names.size()) {
      fail(path, ":", line_number, ": found ", cells.size(), " cells, expected ", names.size());
    }
    constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
    Evaluation row{0, 0, kUnknown, kUnknown, kUnknown, kUnknown, kUnknown, kUnknown, kUnknown};
    for (std::size_t i = 0; i < cells.size(); ++i) {
      double value = kUnknown;
      const char* const cell_end = cells[i].data() + cells[i].size();
      if (!cells[i].empty() && std::from_chars(cells[i].data(), cell_end, value).ptr != cell_end) {
        fail(path, ":", line_number, ": found '", cells[i], "' in column ", names[i], ", expected a number");
      }
      if (std::isnan(value) && (names[i] == "step" || names[i] == "tokens")) value = 0;
      set_column(row, names[i], value);
    }
    rows.push_back(row);
  }
  return rows;
}

TrainingLog::TrainingLog(const std::string& path, std::int64_t resume_step) : path_(path) {
  const bool exists = resume_step > 0 && std::ifstream(path).good();
  write_file(path, exists ? rows_up_to(read_file(path), resume_step) : std::string(kHeader));
}

void TrainingLog::append(const Evaluation& row) {
  std::string line = concat(row.step, ",", row.tokens, ",");
  for (const double value : {row.seconds, row.train_loss, row.valid_loss, row.valid_bits_per_character,
                             row.learning_rate, row.gradient_norm, row.tokens_per_second}) {
    append_number(line, value);
  }
  line.back() = '\n';
  std::ofstream file(path_, std::ios::app | std::ios::binary);
  file << line << std::flush;
  if (!file) fail(path_, ": cannot append a row");
}

}  // namespace attn
