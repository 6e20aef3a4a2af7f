#include "cli/train_report.h"

#include <doctest/doctest.h>

namespace attn {

TEST_CASE("train report: says when the validation loss rose long before the end, and only then") {
  TrainerState state;
  state.step = 100;
  const auto by_heart = [&](std::int64_t best_step, double last, double best, bool averaged = false) {
    TrainSession::Result result;
    result.last = {.loss = last, .targets = 1};
    result.best = {.loss = best, .targets = 1};
    result.averaged = averaged;
    state.best_step = best_step;
    return describe_result(result, state, 1.0).find("by heart") != std::string::npos;
  };
  CHECK(by_heart(30, 1.5, 1.0));
  CHECK(!by_heart(30, 1.01, 1.0));
  CHECK(!by_heart(80, 1.5, 1.0));
  CHECK(!by_heart(100, 1.0, 1.0));
  CHECK(!by_heart(30, 1.5, 1.0, true));
}

}  // namespace attn
