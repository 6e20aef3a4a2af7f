#pragma once
// All kernels of one instruction set. Included once by each isa_*.cpp, after it has defined
// ATTN_VECTOR_BYTES.

#include "simd/generic/attention.h"
#include "simd/generic/attention_backward.h"
#include "simd/generic/elementwise.h"
#include "simd/generic/embedding.h"
#include "simd/generic/matmul.h"
#include "simd/generic/norms.h"
#include "simd/generic/optimizer.h"
#include "simd/generic/peak.h"
#include "simd/generic/rotary.h"
#include "simd/generic/softmax_loss.h"
#include "simd/tables.h"

namespace attn::simd {
namespace {

constexpr Kernels make_table(const char* name) {
  return {.name = name,
          .vector_floats = kLanes,
          .bf16_instruction = false,
          .plan_matmul = plan_matmul,
          .pack_matmul = pack_matmul,
          .matmul = matmul,
          .attention_blocks = attention_blocks,
          .attention_scratch = attention_scratch,
          .attention = attention,
          .attention_backward_blocks = attention_backward_blocks,
          .attention_backward_scratch = attention_backward_scratch,
          .attention_backward = attention_backward,
          .attention_weights = attention_weights,
          .residual_norm = residual_norm,
          .residual_norm_backward = residual_norm_backward,
          .softmax = softmax,
          .log_softmax = log_softmax,
          .cross_entropy = cross_entropy,
          .activation = activation,
          .activation_backward = activation_backward,
          .swiglu = swiglu,
          .swiglu_backward = swiglu_backward,
          .rotary = rotary,
          .embedding = embedding,
          .embedding_backward = embedding_backward,
          .column_sums = column_sums,
          .add = add,
          .scale = scale,
          .dot = dot,
          .adamw = adamw,
          .fma_peak = fma_peak,
          .matrix_peak = nullptr,
          .read_all = read_all};
}

}  // namespace
}  // namespace attn::simd
