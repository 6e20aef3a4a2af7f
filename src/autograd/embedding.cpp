#include "autograd/embedding.h"

#include <algorithm>

#include "base/error.h"

namespace attn {

namespace {

constexpr std::int64_t kRowGrain = 32;
// The gradient's table is cut into this many row ranges, one owner each, which looks through all ids: not for few numbers.
constexpr std::int64_t kTableBlocks = 8;
constexpr double kFewestFlops = 1 << 15;

struct Backward {
  Context* context;
  Tensor out;
  Lookup tokens, positions, types;
  float scale;
  Dropout dropout;

  void operator()() const {
    scatter(tokens, scale);
    scatter(positions, 1);
    scatter(types, 1);
  }

  void scatter(const Lookup& lookup, float factor) const {
    if (!lookup.table || !lookup.table.gradient) return;
    const GradientWrite d = context->tape->write(lookup.table);
    const std::int64_t rows = lookup.table.rows(), columns = lookup.table.columns();
    const simd::EmbeddingBackward arguments{.rows = out.rows(),
                                            .columns = columns,
                                            .ids = lookup.ids,
                                            .d_out = out.gradient->data,
                                            .scale = factor,
                                            .dropout = dropout.rate,
                                            .dropout_key = dropout.key,
                                            .d_table = d.data};
    const double flops = static_cast<double>(out.size()) + (d.accumulate ? 0.0 : static_cast<double>(rows * columns));
    const std::int64_t grain = flops < kFewestFlops ? rows : (rows + kTableBlocks - 1) / kTableBlocks;
    parallel_ranges(*context, rows, grain, flops, [&](std::int64_t begin, std::int64_t end) {
      if (!d.accumulate) std::fill(d.data + begin * columns, d.data + end * columns, 0.0f);
      context->kernels.embedding_backward(arguments, begin, end);
    });
  }
};

void check(const char* name, const Lookup& lookup, std::int64_t n, std::int64_t columns) {
  if (!lookup.table) return;
  expect_shape("embedding", name, lookup.table, Shape::matrix(lookup.table.rows(), columns));
  for (std::int64_t i = 0; i < n; ++i) {
    if (lookup.ids[i] < 0 || lookup.ids[i] >= lookup.table.rows()) {
      fail("embedding: id ", lookup.ids[i], " is outside the table of ", name, " with ", lookup.table.rows(), " rows");
    }
  }
}

}  // namespace

Tensor embedding(Context& context, std::int64_t n, Lookup tokens, float scale, Lookup positions, Lookup types,
                 float dropout_rate) {
  const std::int64_t columns = tokens.table.columns();
  check("tokens", tokens, n, columns);
  check("positions", positions, n, columns);
  check("types", types, n, columns);

  const Tensor out = context.make(Shape::matrix(n, columns));
  const Dropout dropout = make_dropout(context, dropout_rate);
  const simd::Embedding arguments{.columns = columns,
                                  .table = tokens.table.data,
                                  .ids = tokens.ids,
                                  .scale = scale,
                                  .positions = positions.table.data,
                                  .position_ids = positions.ids,
                                  .types = types.table.data,
                                  .type_ids = types.ids,
                                  .dropout = dropout.rate,
                                  .dropout_key = dropout.key,
                                  .out = out.data};
  parallel_ranges(context, n, kRowGrain, 4.0 * static_cast<double>(out.size()),
                  [&](std::int64_t begin, std::int64_t end) { context.kernels.embedding(arguments, begin, end); });
  if (context.tape) context.tape->record(Backward{&context, out, tokens, positions, types, scale, dropout}, out);
  return out;
}

}  // namespace attn
