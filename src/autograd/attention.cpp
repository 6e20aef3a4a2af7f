#include "autograd/attention.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace attn {

namespace {

// Pairs of queries and keys times the size of a head: the arithmetic of one of the products, both ways
// counted.
double product_flops(const simd::Attention& arguments) {
  double pairs = 0;
  for (std::int64_t b = 0; b < arguments.sequences; ++b) {
    const auto queries = static_cast<double>(arguments.query_starts[b + 1] - arguments.query_starts[b]);
    pairs += queries * static_cast<double>(arguments.key_lengths[b]);
  }
  return 2 * pairs * static_cast<double>(arguments.heads * arguments.d_head);
}

struct Backward {
  Context* context;
  HeadColumns query, key, value;
  Tensor out;
  simd::Attention forward;

  void operator()() const {
    // Packed projections share one gradient: whether it is fresh is asked once, then holds for all of its columns.
    const GradientWrite d_query = write(query);
    const GradientWrite d_key = shared(key, query) ? d_query : write(key);
    const GradientWrite d_value = shared(value, query) ? d_query : shared(value, key) ? d_key : write(value);
    const simd::AttentionBackward arguments{.forward = forward,
                                            .d_out = out.gradient->data,
                                            .d_query = d_query.data + query.column,
                                            .d_key = d_key.data + key.column,
                                            .d_value = d_value.data + value.column,
                                            .accumulate_query = d_query.accumulate,
                                            .accumulate_key = d_key.accumulate,
                                            .accumulate_value = d_value.accumulate};
    const auto& kernels = context->kernels;
    context->pool.reserve_scratch(kernels.attention_backward_scratch(arguments));
    context->pool.run(kernels.attention_backward_blocks(arguments), 5 * product_flops(forward),
                      [&](std::int64_t block, int worker) {
                        kernels.attention_backward(arguments, block, context->pool.scratch(worker));
                      });
  }

  // The kernel computes all three gradients in one go; one that nobody asks for goes where nobody looks.
  GradientWrite write(const HeadColumns& columns) const {
    const Tensor& tensor = columns.tensor;
    if (tensor.gradient) return context->tape->write(tensor);
    return {context->arena.array<float>(static_cast<std::size_t>(tensor.size())), false};
  }

  static bool shared(const HeadColumns& a, const HeadColumns& b) {
    return a.tensor.gradient && a.tensor.gradient == b.tensor.gradient;
  }
};

void check(const char* name, const HeadColumns& columns, std::int64_t width) {
  if (columns.column >= 0 && columns.column + width <= columns.tensor.columns()) return;
  fail("attention: ", name, " needs ", width, " columns from column ", columns.column, ", found ",
       to_string(columns.tensor.shape));
}

void check(const AttentionSpans& spans, std::int64_t query_rows, std::int64_t key_rows, bool causal) {
  for (std::int64_t b = 0; b < spans.sequences; ++b) {
    const std::int64_t begin = spans.query_starts[b], end = spans.query_starts[b + 1];
    const std::int64_t first_key = spans.key_starts[b], keys = spans.key_lengths[b];
    if (begin < 0 || end < begin || end > query_rows) {
      fail("attention: sequence ", b, " has queries in rows ", begin, " to ", end, " of ", query_rows);
    }
    if (first_key < 0 || keys < 0 || first_key + keys > key_rows) {
      fail("attention: sequence ", b, " has ", keys, " keys from row ", first_key, " of ", key_rows);
    }
    if (begin < end && keys < (causal ? end - begin : 1)) {
      fail("attention: sequence ", b, " has ", end - begin, " queries, but only ", keys, " keys: one sees none");
    }
  }
}

std::vector<float> copy_rows(const float* data, std::int64_t ld, std::int64_t rows, std::int64_t columns) {
  std::vector<float> copy(static_cast<std::size_t>(rows * columns));
  for (std::int64_t row = 0; row < rows; ++row) std::copy_n(data + row * ld, columns, copy.data() + row * columns);
  return copy;
}

void trace_heads(const simd::Attention& p, std::int64_t sequence, AttentionRecord& record) {
  const std::int64_t query_row = p.query_starts[sequence], key_row = p.key_starts[sequence];
  const std::int64_t width = p.heads * p.d_head, key_width = p.kv_heads * p.d_head;
  record.query = copy_rows(p.query + query_row * p.ld_query, p.ld_query, record.queries, width);
  record.key = copy_rows(p.key + key_row * p.ld_key, p.ld_key, record.keys, key_width);
  record.value = copy_rows(p.value + key_row * p.ld_value, p.ld_value, record.keys, key_width);
  record.output = copy_rows(p.out + query_row * p.ld_out, p.ld_out, record.queries, width);
}

void trace_weights(Context& context, const simd::Attention& arguments, AttentionPlace place) {
  AttentionTrace& trace = *context.trace;
  for (std::int64_t b = 0; b < arguments.sequences; ++b) {
    AttentionRecord record{.kind = place.kind,
                           .layer = place.layer,
                           .sequence = static_cast<int>(b),
                           .heads = static_cast<int>(arguments.heads),
                           .queries = arguments.query_starts[b + 1] - arguments.query_starts[b],
                           .keys = arguments.key_lengths[b],
                           .causal = arguments.causal,
                           .weights = {},
                           .scores = {},
                           .query = {},
                           .key = {},
                           .value = {},
                           .output = {},
                           .kv_heads = static_cast<int>(arguments.kv_heads),
                           .d_head = static_cast<int>(arguments.d_head)};
    const auto matrix = static_cast<std::size_t>(record.queries) * static_cast<std::size_t>(record.keys);
    record.weights.resize(matrix * static_cast<std::size_t>(record.heads));
    if (trace.with_scores) record.scores.resize(record.weights.size());
    for (std::size_t h = 0; h < static_cast<std::size_t>(record.heads); ++h) {
      context.kernels.attention_weights(arguments, b, static_cast<std::int64_t>(h), record.weights.data() + h * matrix,
                                        trace.with_scores ? record.scores.data() + h * matrix : nullptr);
    }
    if (trace.with_heads) trace_heads(arguments, b, record);
    trace.records.push_back(std::move(record));
  }
}

}  // namespace

Tensor attention(Context& context, HeadColumns query, HeadColumns key, HeadColumns value, const AttentionSpans& spans,
                 const AttentionShape& shape, float dropout_rate, AttentionPlace place) {
  if (shape.kv_heads < 1 || shape.heads % shape.kv_heads != 0) {
    fail("attention: ", shape.kv_heads, " key/value heads do not divide ", shape.heads, " heads");
  }
  const std::int64_t width = shape.heads * shape.d_head;
  check("query", query, width);
  check("key", key, shape.kv_heads * shape.d_head);
  check("value", value, shape.kv_heads * shape.d_head);
  check(spans, query.tensor.rows(), std::min(key.tensor.rows(), value.tensor.rows()), shape.causal);

  const std::int64_t n = query.tensor.rows();
  const Tensor out = context.make(Shape::matrix(n, width));
  const Dropout dropout = make_dropout(context, dropout_rate);
  const simd::Attention arguments{.sequences = spans.sequences,
                                  .heads = shape.heads,
                                  .kv_heads = shape.kv_heads,
                                  .d_head = shape.d_head,
                                  .scale = 1.0f / std::sqrt(static_cast<float>(shape.d_head)),
                                  .causal = shape.causal,
                                  .query_starts = spans.query_starts,
                                  .key_starts = spans.key_starts,
                                  .key_lengths = spans.key_lengths,
                                  .query = query.tensor.data + query.column,
                                  .ld_query = query.tensor.columns(),
                                  .key = key.tensor.data + key.column,
                                  .ld_key = key.tensor.columns(),
                                  .value = value.tensor.data + value.column,
                                  .ld_value = value.tensor.columns(),
                                  .out = out.data,
                                  .ld_out = width,
                                  .log_sum_exp = context.arena.array<float>(static_cast<std::size_t>(n * shape.heads)),
                                  .dropout = dropout.rate,
                                  .dropout_key = dropout.key};
  context.pool.reserve_scratch(context.kernels.attention_scratch(arguments));
  context.pool.run(context.kernels.attention_blocks(arguments), 2 * product_flops(arguments),
                   [&](std::int64_t block, int worker) {
                     context.kernels.attention(arguments, block, context.pool.scratch(worker));
                   });
  if (context.trace) trace_weights(context, arguments, place);
  if (context.tape) context.tape->record(Backward{&context, query, key, value, out, arguments}, out);
  return out;
}

}  // namespace attn
