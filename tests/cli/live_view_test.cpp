#include "cli/live_view.h"

#include <doctest/doctest.h>

#include <limits>

#include "inspection/token_label.h"

namespace attn {
namespace {

LiveState state_of_a_run() {
  LiveState state;
  state.steps = 4000;
  for (int i = 0; i < 1000; ++i) state.train.add(4 - 0.003 * i);
  for (const double loss : {3.5, 2.0, 2.5}) state.valid.add(loss);
  state.valid_loss = 2.5;
  state.best_loss = 2;
  state.step = {1000, 1.003, 34300, 125, 0.003, 0.5};
  state.sample = "one line\nand 東京 \x1b[31mred\x1b[0m " + std::string(300, 'x');
  return state;
}

}  // namespace

TEST_CASE("live view: a sparkline has the lowest value at ▁ and the highest at █") {
  CHECK(sparkline(std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7}, 20) == "▁▂▃▄▅▆▇█");
  CHECK(sparkline(std::vector<double>{4, 4, 0, 0}, 2) == "█▁");
  CHECK(sparkline(std::vector<double>{3, 3}, 5) == "▁▁");
  CHECK(sparkline(std::vector<double>{1, std::numeric_limits<double>::quiet_NaN(), 0}, 5) == "█ ▁");
  CHECK(sparkline(std::vector<double>{}, 5).empty());
}

TEST_CASE("live view: a history of any length keeps its means") {
  LossHistory history;
  for (int i = 0; i < 4096; ++i) history.add(i);
  CHECK(history.means().size() <= LossHistory::kMost);
  CHECK(history.means().size() > LossHistory::kMost / 2);
  double sum = 0;
  for (const double mean : history.means()) sum += mean;
  CHECK(sum / static_cast<double>(history.means().size()) == doctest::Approx(2047.5));
}

TEST_CASE(
    "live view: no line is wider than the terminal, none more than fit, and nothing in a sample moves the cursor") {
  const LiveState state = state_of_a_run();
  for (const int width : {1, 10, 30, 79, 200}) {
    for (const int height : {1, 4, 23}) {
      const std::vector<std::string> lines = live_lines(state, width, height, false);
      CHECK(static_cast<int>(lines.size()) <= height);
      for (const std::string& line : lines) {
        CHECK_MESSAGE(columns_of(line) <= width, line);
        CHECK(line.find('\x1b') == line.npos);
        CHECK(line.find('\n') == line.npos);
      }
    }
  }
  const std::vector<std::string> lines = live_lines(state, 79, 23, false);
  REQUIRE(lines.size() == 9);
  CHECK(lines[0].starts_with("step 1000/4000 ━"));
  CHECK(lines[0].ends_with(" 25 %  2:05 left"));
  CHECK(lines[1].starts_with("train  1.0030  █"));
  CHECK(lines[2] == "valid  2.5000  █▁▃  best 2.0000");
  CHECK(lines[3] == "lr 0.003   gradient norm 0.5   34.3 k tokens/s");
  CHECK(lines[4] == "│ one line");
  CHECK(lines[8].ends_with("…"));
  CHECK(live_lines(state, 79, 23, true)[1].find("\x1b[34m") != std::string::npos);
}

TEST_CASE("live view: text breaks between words") {
  CHECK(wrapped_text("the quick brown fox", 10, 5) == std::vector<std::string>{"the quick", "brown fox"});
  CHECK(wrapped_text("abcdefghijkl", 5, 5) == std::vector<std::string>{"abcde", "fghij", "kl"});
  CHECK(wrapped_text("", 5, 5) == std::vector<std::string>{""});
}

}  // namespace attn
