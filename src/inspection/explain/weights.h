#pragma once
// The learnt matrices of a worked case: drawn as PyTorch draws those of nn.Linear, or read from a file.

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "inspection/explain/explanation.h"

namespace attn {

/// Projections of all heads, one below the other: head h has rows h·D … of query, key and value.
struct HeadWeights {
  std::int64_t heads = 1;    // H
  Matrix query, key, value;  // (H·D, C)
  Matrix output;             // (C, H·D); empty: the heads' outputs stand side by side
};

/// Draws matrices in the order in which they are asked for, and keeps them with the PyTorch lines that draw the same.
class WeightSource {
 public:
  /// `given`: an object with matrices as lists of rows (out, in), or a whole explanation as JSON; `file` names it.
  explicit WeightSource(std::uint64_t seed) : random_(static_cast<std::uint32_t>(seed)), seed_(seed) {}
  WeightSource(std::uint64_t seed, const Json& given, std::string file);

  /// A projection `in` → `out` without bias, (out, in): uniform in ±1/√in, each number u·2b - b with u the lower 24
  /// bits of the next number of a Mersenne Twister, divided by 2²⁴. If a file was given that has `name`, its matrix
  /// instead, and nothing is drawn. Throws Error if its shape differs.
  Matrix linear(const std::string& name, std::int64_t out, std::int64_t in);

  /// W_q, W_k, W_v of each head in turn, then W_o if `with_output`; their names begin with `prefix`. A given file must
  /// have them all, or Error.
  HeadWeights heads(const std::string& prefix, std::int64_t heads, std::int64_t d_head, std::int64_t d_model,
                    bool with_output);

  const std::vector<NamedMatrix>& used() const { return used_; }
  /// Lines of a PyTorch script that define the matrices; empty if there are none.
  std::string code() const;

 private:
  Matrix draw(std::int64_t out, std::int64_t in);
  std::optional<Matrix> find_given(const std::string& name, std::int64_t out, std::int64_t in) const;
  Matrix required(const std::string& name, std::int64_t out, std::int64_t in) const;
  Matrix keep(const std::string& name, Matrix values);

  std::mt19937 random_;
  std::uint64_t seed_;
  std::optional<Json> given_;
  std::string file_;
  std::vector<NamedMatrix> used_;
  std::string code_;
  bool draws_ = false;
};

/// A weight's name in Python: "encoder.W_q" is encoder_W_q.
std::string python_name(std::string_view name);

}  // namespace attn
