#pragma once
// What `attn bench` measures: the limits of this machine (fused multiply-adds, memory), and how near to them the
// kernels, a training step, decoding and tokenizers come. Figures are medians of repeated runs.

#include <string>
#include <vector>

#include "autograd/types.h"
#include "models/config.h"
#include "simd/kernels.h"
#include "threading/thread_pool.h"

namespace attn {

/// One measured figure.
struct Measurement {
  std::string group;  // "limit", "matmul", "train", "decode"
  std::string name;   // what was run: shapes in words
  int threads = 1;
  double milliseconds = 0;  // of one run
  double value = 0;         // in `unit`
  std::string unit;         // "GFLOP/s", "GB/s", "tokens/s"
  double percent = 0;       // of the limit that applies; 0: this is a limit
};

/// What measures: on which threads, and how long.
struct Bench {
  const simd::Kernels& kernels;
  ThreadPool& pool;
  double seconds = 0.25;  // of one measurement
};

/// The machine's limits with this many threads.
struct Limits {
  double flops = 0;         // per second, single precision
  double matrix_flops = 0;  // of bfloat16 numbers on a matrix unit; 0 without one
  double bandwidth = 0;     // bytes per second, read from a buffer that no cache holds
};

Limits measure_limits(const Bench& bench);
/// Bytes per second read from a buffer of this size, again and again.
double measure_bandwidth(const Bench& bench, std::size_t bytes);

/// A (M, K) times B (K, N).
struct MatmulShape {
  std::int64_t m, n, k;
};
/// Percent of the multiply-add peak that is measured right after each run, at the clock rate of that moment.
Measurement measure_matmul(const Bench& bench, const MatmulShape& shape, simd::Form form);

/// A GPT-2 style model with the batch it is trained on.
struct TrainShape {
  int layers, heads, d_model, context, batch, vocabulary;
};
/// The FLOPs of one training step: 6 per weight and token, and 12·L·C·T per token for attention.
double training_flops(const TrainShape& shape);
/// Percent of the multiply-add peak in f32, as above.
Measurement measure_training(const Bench& bench, const TrainShape& shape, Precision precision);
/// Greedy decoding as `attn generate` does it, one sequence; if that drafts, then without drafts; then with weights in int8.
/// Percent of what reading the weights once a token allows.
std::vector<Measurement> measure_decoding(const Bench& bench, const TrainShape& shape);

/// One run each, on one thread: a byte-pair vocabulary of this size learnt from the first 10 MB of a text, and the whole
/// text encoded with it.
std::vector<Measurement> measure_tokenizer(const std::string& text, int vocabulary);

}  // namespace attn
