#include "autograd/gradient_check.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "support/workbench.h"

namespace attn {

namespace {

constexpr int kThreads[] = {1, 2, 3};
constexpr float kUnwritten = std::numeric_limits<float>::quiet_NaN();
constexpr double kFloatEpsilon = 0x1p-23;
constexpr double kFloor = 1e-7;  // of one element's gradient: what rounding leaves of one that is 0

/// A bench for the passes of one check.
struct Bench : Workbench {
  Bench(const GradientCheck& check, int threads) : Workbench(*check.kernels, threads) {
    context.training = check.training;
  }
};

double norm(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum);
}

/// Inputs, gradients and weights of one operation; a pass may be run any number of times.
class Subject {
 public:
  Subject(const std::vector<GradientInput>& inputs, const Operation& operation)
      : inputs_(inputs), operation_(operation), slots_(inputs.size()) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (static_cast<std::int64_t>(inputs[i].values.size()) != inputs[i].shape.size()) {
        fail("gradient check: ", inputs[i].name, " has ", inputs[i].values.size(), " values, its shape ",
             to_string(inputs[i].shape));
      }
      gradients_.emplace_back(inputs[i].values.size(), kUnwritten);
      tensors_.push_back({inputs_[i].values.data(), nullptr, inputs[i].shape});
    }
  }

  std::size_t inputs() const { return inputs_.size(); }
  const std::string& name(std::size_t input) const { return inputs_[input].name; }
  std::vector<float>& values(std::size_t input) { return inputs_[input].values; }
  const std::vector<float>& gradient(std::size_t input) const { return gradients_[input]; }

  /// Σ w·result + loss, without recording.
  double loss(Bench& bench) {
    bench.begin(false);
    for (Tensor& tensor : tensors_) tensor.gradient = nullptr;
    return weighted(operation_(bench.context, tensors_));
  }

  /// The same loss, recorded, and its gradients: added to `before`, or, where that is null, overwritten.
  double loss_and_gradients(Bench& bench, const std::vector<std::vector<float>>* before = nullptr) {
    bench.begin(true);
    for (std::size_t i = 0; i < inputs(); ++i) {
      if (before) gradients_[i] = (*before)[i];
      if (!before) std::fill(gradients_[i].begin(), gradients_[i].end(), kUnwritten);
      slots_[i] = Gradient{.data = gradients_[i].data(), .written = before != nullptr, .pooled = false};
      tensors_[i].gradient = &slots_[i];
    }
    const OperationResult outcome = operation_(bench.context, tensors_);
    const double result = weighted(outcome);
    for (std::size_t k = 0; k < outcome.results.size(); ++k) {
      const Tensor& y = outcome.results[k];
      const std::vector<float> w = weights(k, y);
      const GradientWrite d = bench.tape.write(y);
      for (std::size_t i = 0; i < w.size(); ++i) d.data[i] = d.accumulate ? d.data[i] + w[i] : w[i];
    }
    bench.tape.backward();
    for (std::size_t i = 0; i < inputs(); ++i) {
      if (!slots_[i].written) std::fill(gradients_[i].begin(), gradients_[i].end(), 0.0f);
    }
    return result;
  }

  /// How far rounding of the results may move the loss: one standard deviation, roughly.
  double rounding(Bench& bench) {
    bench.begin(false);
    for (Tensor& tensor : tensors_) tensor.gradient = nullptr;
    const OperationResult outcome = operation_(bench.context, tensors_);
    // A loss is a difference of logarithms of order 1 even where it is small.
    double squares = outcome.results.empty() ? outcome.loss * outcome.loss + 1 : 0;
    for (std::size_t k = 0; k < outcome.results.size(); ++k) {
      const Tensor& y = outcome.results[k];
      const std::vector<float> w = weights(k, y);
      for (std::size_t i = 0; i < w.size(); ++i) squares += std::pow(static_cast<double>(w[i]) * y.data[i], 2);
    }
    return kFloatEpsilon * std::sqrt(squares);
  }

 private:
  static std::vector<float> weights(std::size_t result, const Tensor& y) {
    return random_values(y.size(), 1000 + result);
  }

  static double weighted(const OperationResult& outcome) {
    double sum = outcome.loss;
    for (std::size_t k = 0; k < outcome.results.size(); ++k) {
      const Tensor& y = outcome.results[k];
      const std::vector<float> w = weights(k, y);
      for (std::size_t i = 0; i < w.size(); ++i) sum += static_cast<double>(w[i]) * static_cast<double>(y.data[i]);
    }
    return sum;
  }

  std::vector<GradientInput> inputs_;
  const Operation& operation_;
  std::vector<Gradient> slots_;
  std::vector<std::vector<float>> gradients_;
  std::vector<Tensor> tensors_;
};

/// dL/dx of one element, by moving it to either side. The distance is what float arithmetic made of it.
double central_difference(Subject& subject, Bench& bench, float& element, double step) {
  const float held = element;
  const auto above = static_cast<float>(held + step), below = static_cast<float>(held - step);
  element = above;
  const double loss_above = subject.loss(bench);
  element = below;
  const double loss_below = subject.loss(bench);
  element = held;
  return (loss_above - loss_below) / (static_cast<double>(above) - static_cast<double>(below));
}

std::string check_differences(const GradientCheck& check, Subject& subject, Bench& bench) {
  const double noise = 4 * subject.rounding(bench) / check.step + kFloor;
  subject.loss_and_gradients(bench);
  std::string errors;
  for (std::size_t input = 0; input < subject.inputs(); ++input) {
    std::vector<float>& values = subject.values(input);
    std::vector<double> expected(values.size()), difference(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      expected[i] = central_difference(subject, bench, values[i], check.step);
      difference[i] = static_cast<double>(subject.gradient(input)[i]) - expected[i];
    }
    const double allowed = check.tolerance * norm(expected) + noise * std::sqrt(static_cast<double>(values.size()));
    if (norm(difference) <= allowed) continue;  // false for NaN, too
    errors += concat("gradient of ", subject.name(input), ": off by ", norm(difference), ", allowed ", allowed,
                     ", norm ", norm(expected), "\n");
  }
  return errors;
}

// Along a random direction in which every element raises the loss (so that nothing cancels), the loss must change by
// Σ gradient·movement: a whole-gradient check that rounding disturbs far less than single elements.
std::string check_direction(const GradientCheck& check, Subject& subject, Bench& bench) {
  subject.loss_and_gradients(bench);
  std::vector<std::vector<double>> direction(subject.inputs());
  double length = 0;
  for (std::size_t input = 0; input < subject.inputs(); ++input) {
    const std::vector<float> random =
        random_values(static_cast<std::int64_t>(subject.values(input).size()), 77 + input);
    for (std::size_t i = 0; i < random.size(); ++i) {
      const double size = 1 + 0.8 * static_cast<double>(random[i]);
      direction[input].push_back(std::copysign(size, subject.gradient(input)[i]));
      length += size * size;
    }
  }
  const double step = 2 * check.step / std::sqrt(length);
  std::vector<std::vector<float>> held;
  double expected = 0, losses[2] = {};
  std::vector<std::vector<double>> moved(subject.inputs());
  for (std::size_t input = 0; input < subject.inputs(); ++input) held.push_back(subject.values(input));
  for (const int side : {1, 0}) {
    for (std::size_t input = 0; input < subject.inputs(); ++input) {
      for (std::size_t i = 0; i < held[input].size(); ++i) {
        float& element = subject.values(input)[i];
        element = static_cast<float>(held[input][i] + (side ? step : -step) * direction[input][i]);
        expected +=
            static_cast<double>(subject.gradient(input)[i]) * (side ? 1.0 : -1.0) * static_cast<double>(element);
      }
    }
    losses[side] = subject.loss(bench);
  }
  for (std::size_t input = 0; input < subject.inputs(); ++input) subject.values(input) = held[input];
  const double found = losses[1] - losses[0];
  const double allowed = check.direction_tolerance * std::abs(found) + 8 * subject.rounding(bench) + kFloor;
  if (std::abs(found - expected) <= allowed) return {};
  return concat("along a direction: the loss changes by ", found, ", the gradients say ", expected, "\n");
}

std::string check_accumulation(Subject& subject, Bench& bench) {
  subject.loss_and_gradients(bench);
  std::vector<std::vector<float>> fresh, before;
  for (std::size_t input = 0; input < subject.inputs(); ++input) {
    fresh.push_back(subject.gradient(input));
    before.push_back(random_values(static_cast<std::int64_t>(fresh[input].size()), 500 + input));
  }
  subject.loss_and_gradients(bench, &before);
  std::string errors;
  for (std::size_t input = 0; input < subject.inputs(); ++input) {
    double largest = 1;
    for (const float value : fresh[input]) largest = std::max(largest, static_cast<double>(std::abs(value)));
    for (std::size_t i = 0; i < fresh[input].size(); ++i) {
      const double expected = static_cast<double>(before[input][i]) + static_cast<double>(fresh[input][i]);
      const double found = subject.gradient(input)[i];
      // A slot that was written before and is not reached now must keep what it holds.
      if (std::abs(found - expected) <= 2e-5 * largest) continue;
      errors += concat("gradient of ", subject.name(input), ": element ", i, " held ", before[input][i], ", got ",
                       fresh[input][i], " more and is ", found, "\n");
      break;
    }
  }
  return errors;
}

/// Equal as bits, so NaN equals itself and 0 is not -0.
bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

std::string check_recording(Subject& subject, Bench& bench) {
  const double silent = subject.loss(bench), recorded = subject.loss_and_gradients(bench);
  return silent == recorded ? "" : concat("recording changes the loss from ", silent, " to ", recorded, "\n");
}

std::string check_threads(const GradientCheck& check, Subject& subject) {
  std::string errors;
  double first_loss = 0;
  std::vector<std::vector<float>> first;
  for (const int threads : kThreads) {
    Bench bench(check, threads);
    const double loss = subject.loss_and_gradients(bench);
    if (threads == 1) first_loss = loss;
    if (loss != first_loss) errors += concat(threads, " threads change the loss\n");
    for (std::size_t input = 0; input < subject.inputs(); ++input) {
      if (threads == 1) first.push_back(subject.gradient(input));
      if (same_bits(first[input], subject.gradient(input))) continue;
      errors += concat(threads, " threads change the gradient of ", subject.name(input), "\n");
    }
  }
  return errors;
}

}  // namespace

std::string gradient_errors(const GradientCheck& check, const std::vector<GradientInput>& inputs,
                            const Operation& operation) {
  Subject subject(inputs, operation);
  Bench bench(check, 1);
  return check_differences(check, subject, bench) + large_input_errors(check, inputs, operation);
}

std::string large_input_errors(const GradientCheck& check, const std::vector<GradientInput>& inputs,
                               const Operation& operation) {
  Subject subject(inputs, operation);
  Bench bench(check, 1);
  return check_recording(subject, bench) + check_direction(check, subject, bench) + check_accumulation(subject, bench) +
         check_threads(check, subject);
}

std::vector<float> random_values(std::int64_t count, std::uint64_t seed, float range) {
  const RandomStream random(seed, RandomPurpose::data);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = range * static_cast<float>(2 * random.uniform(i) - 1);
  return values;
}

GradientInput random_input(const std::string& name, Shape shape, std::uint64_t seed, float range) {
  return {name, shape, random_values(shape.size(), seed, range)};
}

std::vector<const simd::Kernels*> available_kernels() {
  std::vector<const simd::Kernels*> all;
  for (const char* const* name = simd::kernel_names(); *name; ++name) {
    if (const simd::Kernels* kernels = simd::kernels_named(*name)) all.push_back(kernels);
  }
  return all;
}

std::vector<std::string>& operations_with_gradient_test() {
  static std::vector<std::string> operations;
  return operations;
}

}  // namespace attn
