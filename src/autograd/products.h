#pragma once
// Matrix products on all threads.

#include <algorithm>
#include <cstdint>

#include "autograd/context.h"
#include "tensor/quantized_matrix.h"

namespace attn {

/// Runs `count` products (at most 2) of about the same cost side by side, so that the threads meet as rarely as for
/// one, and, beside their last round, `task(block)` for every block below `more_blocks`. The products are given the
/// context's precision.
template <class Task>
void run_products(Context& context, simd::Matmul* products, int count, std::int64_t more_blocks, const Task& task) {
  constexpr int kMost = 2;
  const simd::Kernels& kernels = context.kernels;
  ThreadPool& pool = context.pool;
  simd::MatmulPlan plans[kMost] = {};
  double flops = 0;
  std::int64_t scratch = 0, rounds = 1;
  for (int i = 0; i < count; ++i) {
    products[i].bf16 = context.bf16;
    products[i].alone = pool.is_alone();
    plans[i] = kernels.plan_matmul(products[i]);
    flops += 2.0 * static_cast<double>(products[i].m * products[i].n) * static_cast<double>(products[i].k);
    scratch = std::max(scratch, plans[i].scratch);
    rounds = std::max(rounds, plans[i].rounds);
  }
  pool.reserve_scratch(scratch);
  pool.reserve_shared(plans[0].packed + plans[1].packed);
  float* const packed[kMost] = {pool.shared(), pool.shared() + plans[0].packed};
  flops /= static_cast<double>(rounds);

  for (std::int64_t round = 0; round < rounds; ++round) {
    std::int64_t packs[kMost] = {}, blocks[kMost] = {};
    for (int i = 0; i < count; ++i) {
      if (round >= plans[i].rounds) continue;
      packs[i] = plans[i].pack_blocks;
      blocks[i] = plans[i].blocks;
    }
    pool.run(packs[0] + packs[1], flops, [&](std::int64_t block, int) {
      const int i = block < packs[0] ? 0 : 1;
      kernels.pack_matmul(products[i], plans[i], round, i == 0 ? block : block - packs[0], packed[i]);
    });
    const std::int64_t more = round + 1 == rounds ? more_blocks : 0;
    pool.run(blocks[0] + blocks[1] + more, flops, [&](std::int64_t block, int worker) {
      if (block >= blocks[0] + blocks[1]) return task(block - blocks[0] - blocks[1]);
      const int i = block < blocks[0] ? 0 : 1;
      kernels.matmul(products[i], plans[i], round, i == 0 ? block : block - blocks[0], packed[i], pool.scratch(worker));
    });
  }
}

static_assert(QuantizedMatrix::kStrideUnit % simd::kByteRowUnit == 0);

/// Makes a product (form NT) one with a weight's transpose: with its numbers, or with their copy in whole numbers where it
/// has one that the context wants read.
inline void set_weight(const Context& context, simd::Matmul& product, const Tensor& weight) {
  if (const QuantizedMatrix* const quantized = context.whole_numbers ? weight.quantized : nullptr) {
    product.b_bytes = quantized->values();
    product.byte_scales = quantized->scales();
    product.ldb = quantized->stride();
  } else {
    product.b = weight.data;
    product.ldb = weight.columns();
  }
}

/// One product on all threads, in the context's precision.
inline void run_matmul(Context& context, simd::Matmul product) {
  product.bf16 = context.bf16;
  product.alone = context.pool.is_alone();
  const simd::MatmulPlan plan = context.kernels.plan_matmul(product);
  if (plan.rounds == 1 && plan.pack_blocks == 0 && plan.blocks == 1) {  // of a small model, most: nothing to share
    float* scratch = nullptr;
    if (plan.scratch > 0) {
      context.pool.reserve_scratch(plan.scratch);
      scratch = context.pool.scratch(0);
    }
    return context.kernels.matmul(product, plan, 0, 0, nullptr, scratch);
  }
  run_products(context, &product, 1, 0, [](std::int64_t) {});
}

}  // namespace attn
