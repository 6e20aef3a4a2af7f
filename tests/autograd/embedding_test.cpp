#include "autograd/embedding.h"

#include "autograd/gradient_check.h"
#include "base/error.h"
#include "support/workbench.h"

namespace attn {
namespace {

// Ids that repeat, leave rows out, and touch the first and the last row.
const std::vector<std::int32_t> kIds{3, 0, 3, 3, 6, 1, 0}, kPositionIds{0, 1, 2, 3, 4, 0, 1},
    kTypeIds{0, 0, 1, 1, 1, 0, 1};
constexpr std::int64_t kRows = 7;

struct Tables {
  bool positions = false, types = false;
};

std::vector<GradientInput> tables(const Tables& with, std::int64_t columns) {
  std::vector<GradientInput> inputs{random_input("tokens", Shape::matrix(7, columns), 1)};
  if (with.positions) inputs.push_back(random_input("positions", Shape::matrix(5, columns), 2));
  if (with.types) inputs.push_back(random_input("types", Shape::matrix(2, columns), 3));
  return inputs;
}

Operation look_up(const Tables& with, float scale, float dropout) {
  return [=](Context& context, const std::vector<Tensor>& in) {
    const Lookup positions = with.positions ? Lookup{in[1], kPositionIds.data()} : Lookup{};
    const Lookup types = with.types ? Lookup{in.back(), kTypeIds.data()} : Lookup{};
    return embedding(context, kRows, {in[0], kIds.data()}, scale, positions, types, dropout);
  };
}

GRADIENT_TEST(embedding, "all tables, repeated ids, scale and dropout") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    const GradientCheck check{.kernels = &kernels, .training = true};
    for (const Tables with : {Tables{}, Tables{true, false}, Tables{false, true}, Tables{true, true}}) {
      for (const float dropout : {0.0f, 0.4f}) {
        CAPTURE(with.positions);
        CAPTURE(with.types);
        CAPTURE(dropout);
        CHECK(gradient_errors(check, tables(with, 5), look_up(with, 1, dropout)) == "");
        CHECK(gradient_errors(check, tables(with, 21), look_up(with, 2.5f, dropout)) == "");
      }
    }
  });
}

GRADIENT_TEST(embedding, "one table used for tokens and positions") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    CHECK(gradient_errors({.kernels = &kernels}, tables({}, 9), [](Context& context, const std::vector<Tensor>& in) {
            return embedding(context, kRows, {in[0], kIds.data()}, 2, {in[0], kPositionIds.data()}, {}, 0);
          }) == "");
  });
}

GRADIENT_TEST(embedding, "large tables on several threads") {
  constexpr std::int64_t kTokens = 3000, kVocabulary = 301, kColumns = 130;
  const RandomStream random(1, RandomPurpose::data);
  std::vector<std::int32_t> ids;
  for (std::uint64_t i = 0; i < kTokens; ++i) ids.push_back(static_cast<std::int32_t>(random.below(i, kVocabulary)));
  for_every_instruction_set([&](const simd::Kernels& kernels) {
    const GradientCheck check{.kernels = &kernels, .training = true};
    const std::vector<GradientInput> table{random_input("tokens", Shape::matrix(kVocabulary, kColumns), 1)};
    CHECK(large_input_errors(check, table, [&](Context& context, const std::vector<Tensor>& in) {
            return embedding(context, kTokens, {in[0], ids.data()}, 1, {}, {}, 0.1f);
          }) == "");
  });
}

TEST_CASE("embedding: the sum of the rows") {
  const auto values = tables({true, true}, 6);
  for_every_instruction_set([&](const simd::Kernels& kernels) {
    Workbench bench(kernels);
    Context& context = bench.context;
    std::vector<std::vector<float>> held;
    std::vector<Tensor> in;
    for (const GradientInput& input : values) held.push_back(input.values);
    for (std::size_t i = 0; i < values.size(); ++i) in.push_back({held[i].data(), nullptr, values[i].shape});
    const Tensor y =
        embedding(context, kRows, {in[0], kIds.data()}, 3, {in[1], kPositionIds.data()}, {in[2], kTypeIds.data()}, 0);
    for (std::int64_t i = 0; i < y.size(); ++i) {
      const auto row = static_cast<std::size_t>(i / 6);
      const std::int64_t column = i % 6;
      const float expected = 3 * in[0].data[kIds[row] * 6 + column] + in[1].data[kPositionIds[row] * 6 + column] +
                             in[2].data[kTypeIds[row] * 6 + column];
      CHECK(y.data[i] == doctest::Approx(expected).epsilon(1e-5));
    }
  });
}

TEST_CASE("embedding: an id outside its table is named") {
  Workbench bench(*available_kernels().front());
  Context& context = bench.context;
  const Tensor table = context.make(Shape::matrix(5, 4)), narrow = context.make(Shape::matrix(5, 3));
  const std::vector<std::int32_t> high{0, 5}, low{0, -1}, right{0, 1};
  CHECK_THROWS_WITH_AS(embedding(context, 2, {table, high.data()}, 1, {}, {}, 0),
                       "embedding: id 5 is outside the table of tokens with 5 rows", Error);
  CHECK_THROWS_WITH_AS(embedding(context, 2, {table, right.data()}, 1, {table, low.data()}, {}, 0),
                       "embedding: id -1 is outside the table of positions with 5 rows", Error);
  CHECK_THROWS_WITH_AS(embedding(context, 2, {table, right.data()}, 1, {}, {narrow, right.data()}, 0),
                       "embedding: types has shape (5, 3), expected (5, 4)", Error);
}

}  // namespace
}  // namespace attn
