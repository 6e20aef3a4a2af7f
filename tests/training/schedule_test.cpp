#include "training/schedule.h"

#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>

namespace attn {
namespace {

ScheduleOptions options_of(Schedule schedule) {
  return {.schedule = schedule, .learning_rate = 1e-3, .min_learning_rate = 1e-4, .warmup = 100, .steps = 2100};
}

doctest::Approx about(double value) {
  return doctest::Approx(value).epsilon(1e-12);
}

TEST_CASE("schedule: the warm-up is linear and never 0") {
  for (const Schedule schedule : {Schedule::cosine, Schedule::linear, Schedule::constant}) {
    const ScheduleOptions options = options_of(schedule);
    CHECK(learning_rate(options, 0) == about(1e-3 / 101));
    CHECK(learning_rate(options, 49) == about(1e-3 * 50 / 101));
    CHECK(learning_rate(options, 99) == about(1e-3 * 100 / 101));
    CHECK(learning_rate(options, 100) == about(1e-3));
  }
}

TEST_CASE("schedule: the cosine falls from the peak to the minimum") {
  const ScheduleOptions options = options_of(Schedule::cosine);
  CHECK(learning_rate(options, 600) == about(1e-4 + 9e-4 * (1 + std::sqrt(0.5)) / 2));  // a quarter: cos 45°
  CHECK(learning_rate(options, 1100) == about(5.5e-4));
  CHECK(learning_rate(options, 100 + 4000 / 3) == doctest::Approx(1e-4 + 9e-4 / 4).epsilon(1e-3));  // cos 120°
  CHECK(learning_rate(options, 2100) == about(1e-4));
  CHECK(learning_rate(options, 5000) == about(1e-4));
}

TEST_CASE("schedule: linear decay, and none") {
  CHECK(learning_rate(options_of(Schedule::linear), 600) == about(1e-4 + 0.75 * 9e-4));
  CHECK(learning_rate(options_of(Schedule::linear), 2099) == about(1e-4 + 9e-4 / 2000));
  CHECK(learning_rate(options_of(Schedule::linear), 9999) == about(1e-4));
  CHECK(learning_rate(options_of(Schedule::constant), 2099) == about(1e-3));
}

TEST_CASE("schedule: noam rises to its peak at the end of the warm-up, then falls with the square root") {
  const ScheduleOptions options = options_of(Schedule::noam);
  CHECK(learning_rate(options, 0) == about(1e-5));
  CHECK(learning_rate(options, 99) == about(1e-3));
  CHECK(learning_rate(options, 399) == about(5e-4));
  CHECK(learning_rate(options, 899) == about(1e-3 / 3));
}

TEST_CASE("schedule: no warm-up, and a training shorter than it") {
  ScheduleOptions options = options_of(Schedule::cosine);
  options.warmup = 0;
  CHECK(learning_rate(options, 0) == about(1e-3));
  CHECK(learning_rate(options, 1050) == about(5.5e-4));
  options.schedule = Schedule::noam;
  CHECK(std::isfinite(learning_rate(options, 0)));
  options = options_of(Schedule::cosine);
  options.steps = 50;
  CHECK(learning_rate(options, 49) == about(1e-3 * 50 / 101));
  CHECK(std::isfinite(learning_rate(options, 100)));
}

}  // namespace
}  // namespace attn
