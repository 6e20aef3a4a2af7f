#pragma once
// The only door to SIMD code: plain structs that describe one operation each, and a table of functions that
// run a block of it. The same generic source (simd/generic/) is compiled once per instruction set; the table
// is chosen once at start. Kernels know neither threads nor tensors: the caller splits an operation into
// blocks or row ranges whose bounds depend on shapes only, gives every running thread its own scratch, and so
// gets the same bits for any number of threads.
//
// Letters: N tokens (rows), C columns, H heads, D head size, F d_ff, V vocabulary. All matrices are
// row-major.

#include <stdint.h>

#include "simd/pair_tile.h"

namespace attn::simd {

enum class Activation : int32_t { none, relu, gelu, gelu_tanh, tanh };

/// Whether the backward pass of an activation needs its slopes, which the forward pass computes almost for nothing. That
/// of the others follows from the result.
constexpr bool keeps_slope(Activation which) {
  return which == Activation::gelu || which == Activation::gelu_tanh;
}

/// Which operands are transposed in memory: c (M, N) = a·b, with a given as (M, K) or, for TN, as (K, M), and
/// b as (K, N) or, for NT, as (N, K).
enum class Form : int32_t { NN, NT, TN };

/// Rows of whole numbers begin this many bytes apart, or a multiple of it.
constexpr int64_t kByteRowUnit = 16;

/// c = activation(a·b + bias) [+ c]. With K = 0 the product is zero.
struct Matmul {
  Form form = Form::NN;
  int64_t m = 0, n = 0, k = 0;
  const float* a = nullptr;
  int64_t lda = 0;
  const float* b = nullptr;
  int64_t ldb = 0;
  /// NT only, in place of b: its row j is byte_scales[j] times row j of b_bytes, whose ldb is a multiple of kByteRowUnit;
  /// what a row holds beyond K must be readable and does not count.
  const int8_t* b_bytes = nullptr;
  const float* byte_scales = nullptr;  // (N)
  /// a and b are rounded to bfloat16 (to the nearest, halves to the even one) before they are multiplied; sums are floats.
  /// (MatmulMethod::amx takes sums below the smallest normal number for 0, and unless operands are rounded, loses bits of
  /// those below 2^-102 and makes NaN of those that bfloat16 cannot hold: beyond 2^128 - 2^119, or infinite.)
  /// Where PairFormat::scaled, small numbers are less exact, and a number that is not finite, or products beyond a float's
  /// range, make NaN of their row's or column's results. Not together with b_bytes.
  bool bf16 = false;
  float* c = nullptr;
  int64_t ldc = 0;
  bool accumulate = false;      // adds to c instead of overwriting it; not together with a bias or an activation
  const float* bias = nullptr;  // (N), or null
  Activation activation = Activation::none;
  float* slopes = nullptr;  // (M, N) with ldc, or null; written if keeps_slope(activation)
  bool alone = false;       // one thread computes all blocks, and fares better with few; no result depends on it
};

enum class MatmulMethod : int32_t {
  dots,          // few rows, form NT: b is streamed once
  small,         // one block that costs hardly more than to cut it would
  in_place,      // tiles read b where it lies
  packed_apart,  // every block copies its columns of b
  packed,        // b is copied once, by all threads together
  amx            // one of the last two, with copies in bfloat16 for a matrix unit
};

/// How a product is cut; a function of its form, sizes, leading dimensions and `alone`. For every round: first pack_matmul
/// for every pack block, then, when all have ended, matmul for every block. No round starts before the last has ended.
struct MatmulPlan {
  MatmulMethod method;
  int64_t rounds, pack_blocks, blocks;
  int64_t parts;           // each a round, or, unless all copy b together, all in one
  int64_t copied_tiles;    // of a's rows at a time, by every block for itself, or 0
  int64_t packed;          // floats of memory, common to all threads, where a round keeps its copy of b
  int64_t scratch;         // floats that one running block needs
  int64_t depth, columns;  // of k and of c in a round
  int64_t block_tiles, row_blocks, block_columns;
  PairFormat pairs;  // of a product in bfloat16 by an instruction; else empty: its copies are rounded floats
};

enum class NormKind : int32_t { layer, rms };

/// sum = x + dropout(delta); out = norm(sum)·gain + bias, row by row.
/// Layer norm: (sum - mean)/sqrt(variance + eps); RMS norm: sum/sqrt(mean of squares + eps), no bias.
struct ResidualNorm {
  NormKind kind = NormKind::layer;
  int64_t columns = 0;  // C
  float eps = 1e-5f;
  float dropout = 0;                   // rate; kept elements are divided by 1 - rate
  uint64_t dropout_key = 0;            // element index = row·C + column
  const float* x = nullptr;            // (N, C)
  const float* delta = nullptr;        // (N, C), or null
  const float* gain = nullptr;         // (C)
  const float* bias = nullptr;         // (C), or null
  float* sum = nullptr;                // (N, C); not written if delta is null (then sum is x)
  float* out = nullptr;                // (N, C)
  float* mean = nullptr;               // (N), layer norm only; null if no backward pass follows
  float* inverse_deviation = nullptr;  // (N), or null likewise
};

/// Gradients of ResidualNorm. `forward.sum` must point to the sums (to x where delta was null).
struct ResidualNormBackward {
  ResidualNorm forward;
  const float* d_out = nullptr;  // (N, C)
  const float* d_sum = nullptr;  // (N, C): gradient that reaches the sum from elsewhere, or null
  float* d_x = nullptr;          // (N, C), or null; may be d_sum itself
  bool accumulate_x = false;
  float* d_delta = nullptr;  // (N, C), or null
  bool accumulate_delta = false;
};

/// Softmax cross-entropy of rows of logits against target ids:
/// loss[i] = (1-ε)·NLL + ε·mean over V of -log p (PyTorch's label smoothing); d_logits = scale · d loss / d
/// logits. With class weights, a row's loss is multiplied by the weight of its target.
struct CrossEntropy {
  int64_t vocabulary = 0;         // V
  const float* logits = nullptr;  // (N, V) with ld
  int64_t ld = 0;
  const int32_t* targets = nullptr;  // (N); a negative target is no target: loss and gradient are 0
  float label_smoothing = 0;         // ε
  float scale = 1;
  const float* class_weights = nullptr;  // (V), or null: all 1
  float* loss = nullptr;                 // (N)
  float* d_logits = nullptr;             // (N, V) with ld, or null; may be logits itself
};

/// Rotary positions (Su et al. 2021) in the half-split layout of `transformers`: within each head, element i
/// < D/2 is paired with element i + D/2. Rotates `heads` consecutive heads of every row, in place.
struct Rotary {
  float* x = nullptr;  // (N, ld): the first head to rotate
  int64_t ld = 0;
  int64_t heads = 0, d_head = 0;
  const int32_t* positions = nullptr;  // (N)
  const float* cosines = nullptr;      // (context, D/2)
  const float* sines = nullptr;        // (context, D/2)
  bool inverse = false;                // the backward pass: rotates the other way
};

/// One AdamW update (Loshchilov, Hutter 2019) of `count` parameters:
/// g = gradient·gradient_scale; m = β1·m + (1-β1)·g; v = β2·v + (1-β2)·g²;
/// p = p·(1 - lr·decay) - lr·(m/correction1)/(sqrt(v/correction2) + eps).
struct AdamW {
  float* parameters = nullptr;
  const float* gradients = nullptr;
  float* first_moment = nullptr;
  float* second_moment = nullptr;
  float learning_rate = 0, beta1 = 0.9f, beta2 = 0.999f, eps = 1e-8f, weight_decay = 0;
  float correction1 = 1, correction2 = 1;  // 1 - β^step
  float gradient_scale = 1;                // clipping
};

/// Scaled dot-product attention over sequences that lie one after the other, without a T×T matrix:
/// out = dropout(softmax(scale·q·kᵀ))·v for every head. Head h reads columns [h·D, (h+1)·D) of query and out,
/// and key/value head h·H_kv/H. Sequence b's queries are rows query_starts[b] … query_starts[b+1]-1; its keys
/// are key_lengths[b] rows from key_starts[b]. Causal: with T queries and S keys, query t sees keys 0 … S - T
/// + t.
struct Attention {
  int64_t sequences = 0;  // B
  int64_t heads = 0, kv_heads = 0, d_head = 0;
  float scale = 1;
  bool causal = false;
  const int32_t* query_starts = nullptr;  // (B + 1)
  const int32_t* key_starts = nullptr;    // (B)
  const int32_t* key_lengths = nullptr;   // (B)
  const float* query = nullptr;           // row i at query + i·ld_query, and so on
  int64_t ld_query = 0;
  const float* key = nullptr;
  int64_t ld_key = 0;
  const float* value = nullptr;
  int64_t ld_value = 0;
  float* out = nullptr;  // (N, H·D) with ld_out
  int64_t ld_out = 0;
  float* log_sum_exp = nullptr;  // (N, H): log Σ exp of the scaled scores; may be null in inference
  float dropout = 0;
  /// A weight is dropped where hash32(hash32(query row·H + head, key) + key position, key) is below the rate's
  /// threshold; query rows count over the whole batch, key positions within the sequence.
  uint64_t dropout_key = 0;
};

/// Gradients of Attention. d_query, d_key and d_value have the leading dimensions of query, key and value.
/// Key rows that no query of the batch owns are not touched. With `accumulate` gradients are added, else
/// written.
struct AttentionBackward {
  Attention forward;             // out and log_sum_exp as the forward pass left them
  const float* d_out = nullptr;  // (N, H·D) with ld_out
  float* d_query = nullptr;
  float* d_key = nullptr;
  float* d_value = nullptr;
  bool accumulate_query = false;
  bool accumulate_key = false;
  bool accumulate_value = false;
};

/// out[i] = dropout(scale·table[ids[i]] + positions[position_ids[i]] + types[type_ids[i]]); null tables are
/// left out.
struct Embedding {
  int64_t columns = 0;           // C
  const float* table = nullptr;  // (V, C)
  const int32_t* ids = nullptr;  // (N)
  float scale = 1;
  const float* positions = nullptr;       // (context, C), or null
  const int32_t* position_ids = nullptr;  // (N)
  const float* types = nullptr;           // (types, C), or null
  const int32_t* type_ids = nullptr;      // (N)
  float dropout = 0;
  uint64_t dropout_key = 0;  // element index = row·C + column
  float* out = nullptr;      // (N, C)
};

/// Adds scale·dropout-mask(d_out[i]) to row ids[i] of d_table, for the ids in one range of rows, in the order
/// of i.
struct EmbeddingBackward {
  int64_t rows = 0;              // N
  int64_t columns = 0;           // C
  const int32_t* ids = nullptr;  // (N)
  const float* d_out = nullptr;  // (N, C)
  float scale = 1;
  float dropout = 0;
  uint64_t dropout_key = 0;
  float* d_table = nullptr;  // (V, C)
};

/// Floats of Kernels::matrix_peak.
constexpr int64_t kMatrixSink = 32 * 32;

/// Every kernel, compiled for one instruction set. Ranges are half-open.
struct Kernels {
  /// "baseline" (on aarch64 that is NEON), "avx2", "avx512", "avx512vnni", "avx512bf16", "avx512amx".
  const char* name;
  int64_t vector_floats;  // floats in a SIMD register
  bool bf16_instruction;  // one is used for products in bfloat16; else these take as long as in float

  MatmulPlan (*plan_matmul)(const Matmul&);
  /// `packed` and `scratch` are aligned to 64 bytes.
  void (*pack_matmul)(const Matmul&, const MatmulPlan&, int64_t round, int64_t block, float* packed);
  void (*matmul)(const Matmul&, const MatmulPlan&, int64_t round, int64_t block, const float* packed, float* scratch);

  int64_t (*attention_blocks)(const Attention&);
  int64_t (*attention_scratch)(const Attention&);
  void (*attention)(const Attention&, int64_t block, float* scratch);
  int64_t (*attention_backward_blocks)(const AttentionBackward&);
  int64_t (*attention_backward_scratch)(const AttentionBackward&);
  void (*attention_backward)(const AttentionBackward&, int64_t block, float* scratch);
  /// Writes one (sequence, head)'s weights (T, S) before dropout, masked pairs 0, and, if not null, the
  /// scaled, unmasked scores (T, S). The largest is subtracted before exp, so that a single
  /// visible key has weight 1 exactly.
  void (*attention_weights)(const Attention&, int64_t sequence, int64_t head, float* weights, float* scores);

  void (*residual_norm)(const ResidualNorm&, int64_t row_begin, int64_t row_end);
  /// Overwrites d_gain (C) and, if not null, d_bias (C) with the sums over these rows.
  void (*residual_norm_backward)(const ResidualNormBackward&, int64_t row_begin, int64_t row_end, float* d_gain,
                                 float* d_bias);

  /// Each row of x (rows, columns), leading dimension ld, becomes its softmax.
  void (*softmax)(float* x, int64_t ld, int64_t columns, int64_t row_begin, int64_t row_end);
  /// Each row becomes its logarithm of softmax; -infinity stays so.
  void (*log_softmax)(float* x, int64_t ld, int64_t columns, int64_t row_begin, int64_t row_end);
  void (*cross_entropy)(const CrossEntropy&, int64_t row_begin, int64_t row_end);

  /// y = activation(x), elements [begin, end); y may be x. With keeps_slope, slopes = activation'(x) unless null.
  void (*activation)(Activation, const float* x, float* y, float* slopes, int64_t begin, int64_t end);
  /// d_x = d_y ∘ activation'(x); kept are the slopes, or, without keeps_slope, y. d_x may be d_y.
  void (*activation_backward)(Activation, const float* kept, const float* d_y, float* d_x, int64_t begin, int64_t end);
  /// out (N, F) = silu(gate)∘up with gate_up (N, 2F), gate first.
  void (*swiglu)(const float* gate_up, float* out, int64_t d_ff, int64_t row_begin, int64_t row_end);
  /// d_gate_up (N, 2F), written or, with accumulate, added to.
  void (*swiglu_backward)(const float* gate_up, const float* d_out, float* d_gate_up, bool accumulate, int64_t d_ff,
                          int64_t row_begin, int64_t row_end);
  void (*rotary)(const Rotary&, int64_t row_begin, int64_t row_end);

  void (*embedding)(const Embedding&, int64_t row_begin, int64_t row_end);
  /// Only table rows [id_begin, id_end).
  void (*embedding_backward)(const EmbeddingBackward&, int64_t id_begin, int64_t id_end);

  /// out[c] = Σ over rows of x[row·ld + c] (+ out[c] with accumulate), for columns [begin, end).
  void (*column_sums)(const float* x, int64_t ld, int64_t rows, float* out, bool accumulate, int64_t begin,
                      int64_t end);
  /// out = a + b, elements [begin, end); out may be a or b.
  void (*add)(const float* a, const float* b, float* out, int64_t begin, int64_t end);
  /// x = factor·x, elements [begin, end).
  void (*scale)(float* x, float factor, int64_t begin, int64_t end);
  /// Σ a[i]·b[i] over [begin, end), summed in double.
  double (*dot)(const float* a, const float* b, int64_t begin, int64_t end);
  void (*adamw)(const AdamW&, int64_t begin, int64_t end);

  /// `repeats` rounds of independent fused multiply-adds on registers; returns the FLOPs done. For `attn
  /// bench`.
  double (*fma_peak)(int64_t repeats, float* sink);
  /// The same of products of bfloat16 numbers on a matrix unit, which leaves kMatrixSink floats; null without one.
  double (*matrix_peak)(int64_t repeats, float* sink);
  /// The sum of [begin, end), as fast as memory delivers it. For `attn bench`.
  float (*read_all)(const float* x, int64_t begin, int64_t end);
};

/// One product on the calling thread, in plan.packed + plan.scratch floats of memory aligned to 64 bytes.
inline void multiply_alone(const Kernels& kernels, const Matmul& product, const MatmulPlan& plan, float* memory) {
  for (int64_t round = 0; round < plan.rounds; ++round) {
    for (int64_t block = 0; block < plan.pack_blocks; ++block) {
      kernels.pack_matmul(product, plan, round, block, memory);
    }
    for (int64_t block = 0; block < plan.blocks; ++block) {
      kernels.matmul(product, plan, round, block, memory, memory + plan.packed);
    }
  }
}

/// The kernels of the best instruction set that this machine has ("avx512bf16" instead of "avx512vnni" where that is faster),
/// or of the one that ATTN_SIMD names. Null if that is unknown or the machine lacks it (kernels_named tells).
const Kernels* kernels();
/// By name; null if unknown or not supported by this machine.
const Kernels* kernels_named(const char* name);
/// All names compiled in, best last; null-terminated.
const char* const* kernel_names();

}  // namespace attn::simd
