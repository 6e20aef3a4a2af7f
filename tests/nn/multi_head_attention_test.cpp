#include "nn/multi_head_attention.h"

#include <cmath>
#include <numeric>

#include "autograd/gradient_check.h"
#include "inspection/composed_attention.h"
#include "nn/cache.h"
#include "support/workbench.h"

namespace attn {
namespace {

constexpr std::int64_t kModel = 12, kHead = 6;
constexpr int kLength = 17;

struct Variant {
  std::int64_t kv_heads;  // of 4
  bool rotary;
};
constexpr Variant kVariants[] = {{4, false}, {2, false}, {1, false}, {4, true}, {2, true}};

/// Self-attention with random weights over `sequences` texts of kLength tokens.
struct Fixture {
  Fixture(const simd::Kernels& kernels, const Variant& variant, int sequences)
      : bench(kernels),
        attention({kModel, 4, variant.kv_heads, kHead, true}),
        parameters(random_parameters(attention, 1, 0.4f)),
        angles(kLength, kHead, 100),
        rotates(variant.rotary),
        count(sequences),
        x(random_values(sequences * kLength * kModel, 2)) {}

  /// Tokens [begin, end) of every text, one text after the other.
  std::vector<float> run(int begin, int end, KeyValueCache* cache) {
    const int length = end - begin;
    std::vector<float> rows;
    std::vector<std::int32_t> starts{0}, lengths, positions;
    for (int b = 0; b < count; ++b) {
      const auto first = x.begin() + (b * kLength + begin) * kModel;
      rows.insert(rows.end(), first, first + length * kModel);
      starts.push_back(starts.back() + length);
      lengths.push_back(length);
      for (int t = begin; t < end; ++t) positions.push_back(t);
    }
    bench.begin(false);
    bench.context.cache = cache;
    const Tensor y = attention.forward(bench.context, {rows.data(), nullptr, Shape::matrix(count * length, kModel)},
                                       {count, starts.data(), lengths.data(), positions.data()}, true,
                                       rotates ? &angles : nullptr, 0, {});
    if (cache) cache->advance(starts.data(), count);
    return {y.data, y.data + y.size()};
  }

  KeyValueCache make_cache() const { return KeyValueCache(1, count, kLength, attention.dimensions.kv_heads * kHead); }

  Workbench bench;
  SelfAttention attention;
  std::unique_ptr<Parameters> parameters;
  RotaryAngles angles;
  bool rotates;
  int count;
  std::vector<float> x;  // (count·kLength, C)
};

/// The largest difference between the full pass and one in pieces of these lengths, through a cache.
double difference_in_pieces(Fixture& fixture, const std::vector<int>& pieces) {
  const std::vector<float> full = fixture.run(0, kLength, nullptr);
  KeyValueCache cache = fixture.make_cache();
  double largest = 0;
  int begin = 0;
  for (const int length : pieces) {
    const std::vector<float> piece = fixture.run(begin, begin + length, &cache);
    for (int b = 0; b < fixture.count; ++b) {
      for (std::int64_t i = 0; i < length * kModel; ++i) {
        const float expected = full[static_cast<std::size_t>((b * kLength + begin) * kModel + i)];
        const float found = piece[static_cast<std::size_t>(b * length * kModel + i)];
        largest = std::max(largest, std::abs(static_cast<double>(expected) - static_cast<double>(found)));
      }
    }
    begin += length;
  }
  REQUIRE(begin == kLength);
  return largest;
}

TEST_CASE("self-attention: with a cache, token by token or in pieces, equals the full pass") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    for (const Variant& variant : kVariants) {
      CAPTURE(variant.kv_heads);
      CAPTURE(variant.rotary);
      for (const int sequences : {1, 3}) {
        Fixture fixture(kernels, variant, sequences);
        CHECK(difference_in_pieces(fixture, std::vector<int>(kLength, 1)) < 1e-5);
        CHECK(difference_in_pieces(fixture, {kLength}) < 1e-5);
        CHECK(difference_in_pieces(fixture, {5, 1, 1, 8, 2}) < 1e-5);
      }
    }
  });
}

TEST_CASE("self-attention: a truncated cache goes on from there") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    Fixture fixture(kernels, {2, true}, 2);
    KeyValueCache cache = fixture.make_cache();
    fixture.run(0, 12, &cache);
    cache.truncate(9);
    const std::vector<float> again = fixture.run(9, 12, &cache), full = fixture.run(0, kLength, nullptr);
    for (std::int64_t i = 0; i < 3 * kModel; ++i) {
      CHECK(std::abs(again[static_cast<std::size_t>(i)] - full[static_cast<std::size_t>(9 * kModel + i)]) < 1e-5);
    }
  });
}

// out = concat of heads(softmax(q·kᵀ/√D)·v)·W_outᵀ + b, from naive products and the composed attention.
TEST_CASE("self-attention: equals the projections and heads composed by hand") {
  const auto project = [](const Linear& linear, const Matrix& x) {
    Matrix y(x.rows, linear.weight.rows());
    for (std::int64_t i = 0; i < y.rows; ++i) {
      for (std::int64_t j = 0; j < y.columns; ++j) {
        double sum = linear.bias.data[j];
        for (std::int64_t k = 0; k < x.columns; ++k) sum += double{x.at(i, k)} * linear.weight.data[j * x.columns + k];
        y.at(i, j) = static_cast<float>(sum);
      }
    }
    return y;
  };
  for_every_instruction_set([&](const simd::Kernels& kernels) {
    for (const std::int64_t kv_heads : {4, 2, 1}) {
      Fixture fixture(kernels, {kv_heads, false}, 1);
      Matrix x(kLength, kModel);
      x.values = fixture.x;
      const Matrix qkv = project(fixture.attention.qkv, x);
      Matrix mixed(kLength, 4 * kHead);
      for (std::int64_t head = 0; head < 4; ++head) {
        const std::int64_t kv_head = head / (4 / kv_heads);
        const auto view = [&](std::int64_t column) {
          return MatrixView{qkv.values.data() + column, kLength, kHead, qkv.columns};
        };
        const ComposedAttention steps = composed_attention(view(head * kHead), view((4 + kv_head) * kHead),
                                                           view((4 + kv_heads + kv_head) * kHead), true);
        for (std::int64_t t = 0; t < kLength; ++t) {
          for (std::int64_t d = 0; d < kHead; ++d) mixed.at(t, head * kHead + d) = steps.output.at(t, d);
        }
      }
      const Matrix expected = project(fixture.attention.output, mixed);
      const std::vector<float> found = fixture.run(0, kLength, nullptr);
      for (std::size_t i = 0; i < found.size(); ++i) CHECK(std::abs(found[i] - expected.values[i]) < 1e-5);
    }
  });
}

}  // namespace
}  // namespace attn
