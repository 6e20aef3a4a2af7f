#include "nn/layer.h"

#include <cmath>

#include "autograd/gradient_check.h"
#include "support/workbench.h"

namespace attn {
namespace {

constexpr std::int64_t kModel = 8, kTokens = 7;
const std::vector<std::int32_t> kStarts{0, 3, 7}, kLengths{3, 4}, kPositions{0, 1, 2, 0, 1, 2, 3};
const Sequences kSequences{2, kStarts.data(), kLengths.data(), kPositions.data()};

TransformerLayer make_layer(NormKind kind, bool gated) {
  const Norm norm(kModel, kind, 1e-5f, true);
  return {norm, SelfAttention({kModel, 2, 1, 4, true}),
          norm, FeedForward(kModel, 10, Activation::gelu, gated, true),
          {},   {}};
}

Tensor on_arena(Context& context, const std::vector<double>& values) {
  const Tensor tensor = context.make(Shape::matrix(static_cast<std::int64_t>(values.size()) / kModel, kModel));
  for (std::size_t i = 0; i < values.size(); ++i) tensor.data[i] = static_cast<float>(values[i]);
  return tensor;
}

std::vector<double> sum(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> result = a;
  for (std::size_t i = 0; i < b.size(); ++i) result[i] += b[i];
  return result;
}

std::vector<double> normed(const Norm& norm, const std::vector<double>& x) {
  std::vector<double> y(x.size());
  for (std::size_t row = 0; row < x.size(); row += kModel) {
    double mean = 0, squares = 0;
    for (std::size_t i = row; i < row + kModel; ++i) mean += x[i] / kModel;
    if (norm.kind == NormKind::rms) mean = 0;
    for (std::size_t i = row; i < row + kModel; ++i) squares += (x[i] - mean) * (x[i] - mean) / kModel;
    for (std::size_t i = row; i < row + kModel; ++i) {
      const double bias = norm.bias ? norm.bias.data[i - row] : 0.0f;
      y[i] = (x[i] - mean) / std::sqrt(squares + norm.eps) * norm.gain.data[i - row] + bias;
    }
  }
  return y;
}

std::vector<double> linear_by_hand(const Linear& linear, const std::vector<double>& x) {
  const auto in = static_cast<std::size_t>(linear.weight.columns()),
             out = static_cast<std::size_t>(linear.weight.rows());
  std::vector<double> y;
  for (std::size_t row = 0; row < x.size(); row += in) {
    for (std::size_t j = 0; j < out; ++j) {
      y.push_back(linear.bias.data[j]);
      for (std::size_t k = 0; k < in; ++k) y.back() += x[row + k] * linear.weight.data[j * in + k];
    }
  }
  return y;
}

std::vector<double> feed_forward_by_hand(const FeedForward& module, const std::vector<double>& x) {
  const std::vector<double> up = linear_by_hand(module.up, x);
  const std::size_t d_ff = 10, width = module.gated ? 2 * d_ff : d_ff;
  std::vector<double> hidden;
  for (std::size_t row = 0; row < up.size(); row += width) {
    for (std::size_t i = row; i < row + d_ff; ++i) {
      const double gelu = 0.5 * up[i] * (1 + std::erf(up[i] / std::sqrt(2.0)));
      hidden.push_back(module.gated ? up[i] / (1 + std::exp(-up[i])) * up[i + d_ff] : gelu);
    }
  }
  return linear_by_hand(module.down, hidden);
}

/// A layer with random weights, its parts to be called one by one.
struct Fixture {
  Fixture(const simd::Kernels& kernels, NormKind kind, bool gated)
      : bench(kernels), layer(make_layer(kind, gated)), parameters(random_parameters(layer, 5, 0.3f)) {
    const std::vector<float> random = random_values(kTokens * kModel, 6);
    x.assign(random.begin(), random.end());
  }

  std::vector<double> attend(const std::vector<double>& input) {
    const Tensor y =
        layer.attention.forward(bench.context, on_arena(bench.context, input), kSequences, true, nullptr, 0, {});
    return {y.data, y.data + y.size()};
  }
  ResidualStream run(bool pre_norm, const std::vector<double>& pending) {
    const Tensor added = pending.empty() ? Tensor{} : on_arena(bench.context, pending);
    return layer.forward(bench.context, {on_arena(bench.context, x), added}, kSequences,
                         {.pre_norm = pre_norm, .causal = true, .dropout = 0, .angles = nullptr, .place = {}});
  }

  Workbench bench;
  TransformerLayer layer;
  std::unique_ptr<Parameters> parameters;
  std::vector<double> x;  // (kTokens, C)
};

void check_equal(const Tensor& found, const std::vector<double>& expected) {
  REQUIRE(found.shape == Shape::matrix(kTokens, kModel));
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(std::abs(found.data[i] - expected[i]) < 1e-5);
}

template <class Check>
void for_every_layer(const Check& check) {
  for_every_instruction_set([&](const simd::Kernels& kernels) {
    for (const NormKind kind : {NormKind::layer, NormKind::rms}) {
      for (const bool gated : {false, true}) {
        CAPTURE(static_cast<int>(kind));
        CAPTURE(gated);
        check(kernels, kind, gated);
      }
    }
  });
}

TEST_CASE("layer: pre-norm is x + attend(norm(x)), then the same with the feed-forward layer, left pending") {
  for_every_layer([](const simd::Kernels& kernels, NormKind kind, bool gated) {
    Fixture f(kernels, kind, gated);
    for (const bool with_pending : {false, true}) {
      const std::vector<double> pending = with_pending ? std::vector<double>(f.x.rbegin(), f.x.rend()) : f.x;
      const std::vector<double> before = with_pending ? sum(f.x, pending) : f.x;
      const std::vector<double> middle = sum(before, f.attend(normed(f.layer.attention_norm, before)));
      const ResidualStream stream = f.run(true, with_pending ? pending : std::vector<double>{});
      check_equal(stream.x, middle);
      check_equal(stream.pending,
                  feed_forward_by_hand(f.layer.feed_forward, normed(f.layer.feed_forward_norm, middle)));
    }
  });
}

TEST_CASE("layer: post-norm is norm(x + attend(x)), then the same with the feed-forward layer") {
  for_every_layer([](const simd::Kernels& kernels, NormKind kind, bool gated) {
    Fixture f(kernels, kind, gated);
    const std::vector<double> attended = normed(f.layer.attention_norm, sum(f.x, f.attend(f.x)));
    const std::vector<double> transformed = feed_forward_by_hand(f.layer.feed_forward, attended);
    const ResidualStream stream = f.run(false, {});
    check_equal(stream.x, normed(f.layer.feed_forward_norm, sum(attended, transformed)));
    CHECK_FALSE(stream.pending);
  });
}

// Two layers, so that gradients meet in the residual stream, and buffers of gradients are lent more than once.
TEST_CASE("layer: gradients of two layers with rotary positions and dropout, for x and every parameter") {
  const RotaryAngles angles(4, 4, 100);
  for_every_layer([&](const simd::Kernels& kernels, NormKind kind, bool gated) {
    for (const bool pre_norm : {true, false}) {
      CAPTURE(pre_norm);
      TransformerLayer first = make_layer(kind, gated), second = make_layer(kind, gated);
      std::vector<GradientInput> inputs{random_input("x", Shape::matrix(kTokens, kModel), 1)};
      std::vector<Tensor*> owners;
      const ParameterVisitor collect = [&](const std::string& name, Tensor& tensor, ParameterRole role) {
        owners.push_back(&tensor);
        inputs.push_back(random_input(name, tensor.shape, 10 + owners.size(), 0.5f));
        if (role != ParameterRole::gain) return;
        for (float& value : inputs.back().values) value += 1;
      };
      first.visit("first", collect);
      second.visit("second", collect);
      const LayerOptions options{.pre_norm = pre_norm, .causal = true, .dropout = 0.2f, .angles = &angles, .place = {}};
      const GradientCheck check{.kernels = &kernels, .training = true};
      CHECK(gradient_errors(check, inputs, [&](Context& context, const std::vector<Tensor>& in) -> OperationResult {
              for (std::size_t i = 0; i < owners.size(); ++i) *owners[i] = in[i + 1];
              ResidualStream stream = first.forward(context, {in[0], {}}, kSequences, options);
              stream = second.forward(context, stream, kSequences, options);
              return pre_norm ? OperationResult{stream.x, stream.pending} : OperationResult(stream.x);
            }) == "");
    }
  });
}

}  // namespace
}  // namespace attn
