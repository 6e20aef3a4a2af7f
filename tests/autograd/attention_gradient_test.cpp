// Gradients of the fused attention. Its values are in attention_test.cpp.
#include "autograd/attention.h"
#include "autograd/attention_cases.h"
#include "autograd/gradient_check.h"

namespace attn {
namespace {

constexpr Layout kLayouts[] = {Layout::packed, Layout::query_apart, Layout::separate};

GradientCheck training(const simd::Kernels& kernels) {
  return {.kernels = &kernels, .training = true};
}

/// T tokens a sequence, as queries and as keys.
AttentionCase self_attention(std::vector<std::int32_t> lengths) {
  return {.queries = lengths, .keys = lengths};
}

GRADIENT_TEST(attention, "self-attention of sequences of different lengths, causal or not, grouped or not, dropout") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    for (const bool causal : {false, true}) {
      for (const std::int64_t kv_heads : {4, 2, 1}) {
        for (const float dropout : {0.0f, 0.3f}) {
          for (const Layout layout : kLayouts) {
            AttentionCase c = self_attention({3, 1, 5});
            c.heads = 4;
            c.kv_heads = kv_heads;
            c.d_head = 3;
            c.causal = causal;
            c.dropout = dropout;
            c.layout = layout;
            CAPTURE(to_string(c));
            CHECK(gradient_errors(training(kernels), c.inputs(), c.operation()) == "");
          }
        }
      }
    }
  });
}

GRADIENT_TEST(attention, "cross-attention: queries and keys of different lengths") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    for (const Layout layout : {Layout::query_apart, Layout::separate}) {
      for (const float dropout : {0.0f, 0.2f}) {
        const AttentionCase c{.queries = {2, 4, 1},
                              .keys = {5, 1, 3},
                              .heads = 2,
                              .kv_heads = 2,
                              .d_head = 5,
                              .dropout = dropout,
                              .layout = layout};
        CAPTURE(to_string(c));
        CHECK(gradient_errors(training(kernels), c.inputs(), c.operation()) == "");
      }
    }
  });
}

GRADIENT_TEST(attention, "the last queries of longer texts, causal") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    const AttentionCase c{.queries = {2, 1, 4},
                          .keys = {5, 3, 4},
                          .heads = 2,
                          .kv_heads = 1,
                          .d_head = 4,
                          .causal = true,
                          .layout = Layout::query_apart};
    CHECK(gradient_errors(training(kernels), c.inputs(), c.operation()) == "");
  });
}

GRADIENT_TEST(attention, "head sizes around a register") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    for (const std::int64_t d_head : {1, 2, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 65}) {
      AttentionCase c = self_attention({3});
      c.d_head = d_head;
      c.causal = true;
      CAPTURE(to_string(c));
      CHECK(gradient_errors(training(kernels), c.inputs(), c.operation()) == "");
    }
  });
}

GRADIENT_TEST(attention, "lengths around a block of rows") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    for (const std::int32_t length : {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33}) {
      for (const bool causal : {false, true}) {
        AttentionCase c = self_attention({length});
        c.d_head = 2;
        c.causal = causal;
        CAPTURE(to_string(c));
        CHECK(gradient_errors(training(kernels), c.inputs(), c.operation()) == "");
      }
    }
  });
}

GRADIENT_TEST(attention, "long sequences on several threads") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    for (const bool causal : {false, true}) {
      for (const float dropout : {0.0f, 0.1f}) {
        AttentionCase c = self_attention({129, 70, 300});
        c.heads = 4;
        c.kv_heads = 2;
        c.d_head = 20;
        c.causal = causal;
        c.dropout = dropout;
        CAPTURE(to_string(c));
        CHECK(large_input_errors(training(kernels), c.inputs(), c.operation()) == "");
      }
    }
  });
}

GRADIENT_TEST(attention, "keys and values alone, or queries alone, want a gradient") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    const AttentionCase c{
        .queries = {2, 3}, .keys = {4, 2}, .heads = 2, .kv_heads = 2, .d_head = 5, .layout = Layout::separate};
    for (std::size_t constant = 0; constant < 3; ++constant) {
      CAPTURE(constant);
      std::vector<GradientInput> varied = c.inputs();
      GradientInput held = varied[constant];
      varied.erase(varied.begin() + static_cast<std::ptrdiff_t>(constant));
      const Operation whole = c.operation();
      const auto operation = [&](Context& context, const std::vector<Tensor>& in) {
        std::vector<Tensor> all = in;
        all.insert(all.begin() + static_cast<std::ptrdiff_t>(constant), {held.values.data(), nullptr, held.shape});
        return whole(context, all);
      };
      CHECK(gradient_errors(training(kernels), varied, operation) == "");
    }
  });
}

}  // namespace
}  // namespace attn
