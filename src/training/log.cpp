#include "training/log.h"

#include <charconv>
#include <cmath>
#include <fstream>
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

}  // namespace

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
